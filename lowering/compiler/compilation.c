// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Source -> module -> tile program -> LLVM dialect, or GPU program -> kernels.

#include "compilation.h"

#include "assemble.h"
#include "binary.h"
#include "fatbin.h"
#include "nesting.h"
#include "no_memory.h"
#include "object.h"
#include "toolkit.h"

#include "lowering/ir_llvm.h"
#include "lowering/module/workspace.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/RegisterEverything.h"
#include "simplicial/dialect.h"
#include "simplicial/passes.h"

#include <pthread.h>
#include <string.h>

static pthread_once_t passes_registered = PTHREAD_ONCE_INIT;

static bool prepare_context(MlirContext context) {
  pthread_once(&passes_registered, mlirRegisterAllPasses);
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  mlirRegisterAllDialects(registry);
  mlirContextAppendDialectRegistry(context, registry);
  mlirDialectRegistryDestroy(registry);
  mlirRegisterAllLLVMTranslations(context);
  // What simplicial-raise takes is of dialects that are not here.
  mlirContextSetAllowUnregisteredDialects(context, true);
  return mlirLogicalResultIsSuccess(simplicialRegisterDialect(context));
}

/// Gives what the parser calls "-" the source's name: kernels on the emulator
/// say where they failed.
static MlirWalkResult name_source(MlirOperation op, void *user) {
  MlirLocation location = mlirOperationGetLocation(op);
  if (!mlirLocationIsAFileLineColRange(location) ||
      !mlirStringRefEqual(
          mlirIdentifierStr(mlirLocationFileLineColRangeGetFilename(location)),
          ir_str("-")))
    return MlirWalkResultAdvance;
  mlirOperationSetLocation(
      op, mlirLocationFileLineColRangeGet(
              mlirOperationGetContext(op), ir_str(user),
              (unsigned)mlirLocationFileLineColRangeGetStartLine(location),
              (unsigned)mlirLocationFileLineColRangeGetStartColumn(location),
              (unsigned)mlirLocationFileLineColRangeGetEndLine(location),
              (unsigned)mlirLocationFileLineColRangeGetEndColumn(location)));
  return MlirWalkResultAdvance;
}

SimplicialStatus compilation_begin(Compilation *self, const char *source,
                                   size_t length, const char *source_name) {
  *self = (Compilation){.context = mlirContextCreateWithThreading(false)};
  diagnostics_begin(&self->diagnostics, self->context, source_name);
  if (!prepare_context(self->context))
    return diagnostics_status(&self->diagnostics, false,
                              "registering the dialect");
  int line, column;
  nesting_find(source, length, &line, &column);
  if (line)
    return simplicialError(SIMPLICIAL_COMPILE_ERROR,
                           "%s%s%d:%d: error: more than %d levels",
                           source_name ? source_name : "",
                           source_name ? ":" : "", line, column, NESTING_MOST);
  Text text = {0}; // MLIR's lexer wants a NUL at the end.
  text_append(&text, source, length);
  if (text.failed)
    return no_memory();
  self->source = mlirModuleCreateParse(
      self->context, mlirStringRefCreate(text.data, text.size));
  text_free(&text);
  if (source_name && !mlirModuleIsNull(self->source))
    mlirOperationWalk(mlirModuleGetOperation(self->source), name_source,
                      (void *)source_name, MlirWalkPreOrder);
  return diagnostics_status(&self->diagnostics, !mlirModuleIsNull(self->source),
                            "parsing");
}

static bool is_public_function(MlirOperation op) {
  return ir_is(op, "func.func") && ir_is_public(op) &&
         !mlirBlockIsNull(ir_body(op, 0));
}

MlirOperation compilation_find_function(MlirOperation op) {
  while (!mlirOperationIsNull(op) && !is_public_function(op))
    op = mlirOperationGetNextInBlock(op);
  return op;
}

/// Runs the sequence of ours of this name, or, with `upstream`, the pipeline of
/// this text, and verifies the result.
static SimplicialStatus run(Compilation *self, const char *name,
                            bool upstream) {
  if (self->trace)
    return trace_passes(self->trace, self->lowered, name, upstream,
                        &self->diagnostics);
  MlirPassManager manager =
      mlirPassManagerCreate(mlirModuleGetContext(self->lowered));
  MlirOpPassManager passes = mlirPassManagerGetAsOpPassManager(manager);
  MlirOperation module = mlirModuleGetOperation(self->lowered);
  // Verifying after each pass would be a good part of the passes' time.
  mlirPassManagerEnableVerifier(manager, false);
  Text reason = {0};
  MlirLogicalResult added =
      upstream ? mlirOpPassManagerAddPipeline(passes, ir_str(name),
                                              text_append_ref, &reason)
               : simplicialAddPipeline(passes, ir_str(name), text_append_ref,
                                       &reason);
  SimplicialStatus status;
  if (mlirLogicalResultIsFailure(added))
    status = simplicialError(SIMPLICIAL_INTERNAL, "%s: %s", name,
                             reason.data ? reason.data : "not available");
  else
    status = diagnostics_status(
        &self->diagnostics,
        mlirLogicalResultIsSuccess(mlirPassManagerRunOnOp(manager, module)) &&
            mlirOperationVerify(module),
        name);
  text_free(&reason);
  mlirPassManagerDestroy(manager);
  return status;
}

static SimplicialStatus run_pipeline(Compilation *self, const char *name) {
  return run(self, name, false);
}

static MlirModule copy_of(MlirModule module) {
  return mlirModuleFromOperation(
      mlirOperationClone(mlirModuleGetOperation(module)));
}

// Names -----------------------------------------------------------------------

/// Whether the lowering has a meaning of its own for a symbol of this name:
/// what it declares of the runtime, of libc and libm, and what it makes of
/// others.
static bool is_reserved(MlirStringRef name) {
  static const char *const functions[] = {
      "acos",        "acosh",     "aligned_alloc", "asin",    "asinh",
      "atan",        "atan2",     "atanh",         "cbrt",    "ceil",
      "cos",         "cosh",      "erf",           "erfc",    "exp",
      "exp2",        "expm1",     "fabs",          "floor",   "fma",
      "fmod",        "free",      "log",           "log10",   "log1p",
      "log2",        "malloc",    "memcpy",        "memset",  "pow",
      "round",       "roundeven", "sin",           "sinh",    "sqrt",
      "tan",         "tanh",      "trunc",         "memmove", "memrefCopy",
      "__truncsfbf2"};
  MlirStringRef stem = name;
  if (stem.length > 1 && stem.data[stem.length - 1] == 'f')
    --stem.length; // libm's functions of floats
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i)
    if (mlirStringRefEqual(name, ir_str(functions[i])) ||
        mlirStringRefEqual(stem, ir_str(functions[i])))
      return true;
  return ir_starts_with(name, "simplicial") ||
         ir_starts_with(name, WORKSPACE_PREFIX) ||
         ir_starts_with(name, OBJECT_DESCRIPTION) ||
         ir_starts_with(name, OBJECT_TVM_FFI) ||
         ir_starts_with(name, "TVMFFI") || ir_starts_with(name, "_mlir_") ||
         ir_starts_with(name, "llvm.");
}

static SimplicialStatus check_name(const Compilation *self, MlirOperation op) {
  MlirStringRef name = ir_symbol_name(op);
  if (!name.length || !memchr(name.data, '\0', name.length))
    return simplicialOk();
  ir_error(op, "the name of a function must have no NUL byte, which ends a "
               "symbol's name in an object");
  return diagnostics_status(&self->diagnostics, false, "naming functions");
}

/// Gives functions whose names mean something to the lowering others.
static SimplicialStatus rename_reserved(Compilation *self) {
  MlirOperation module = mlirModuleGetOperation(self->lowered);
  MlirBlock body = mlirModuleGetBody(self->lowered);
  for (MlirOperation op = mlirBlockGetFirstOperation(body);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (!ir_is(op, "func.func"))
      continue;
    SimplicialStatus status = check_name(self, op);
    if (status.code)
      return status;
    if (!is_reserved(ir_symbol_name(op)))
      continue;
    Text name = {0};
    MlirStringRef old = ir_symbol_name(op);
    text_format(&name, COMPILATION_RENAMED);
    text_append(&name, old.data, old.length);
    if (name.failed)
      return no_memory();
    MlirStringRef renamed = mlirStringRefCreate(name.data, name.size);
    bool done = mlirLogicalResultIsSuccess(
        mlirSymbolTableReplaceAllSymbolUses(old, renamed, module));
    mlirOperationSetAttributeByName(op, ir_str("sym_name"),
                                    mlirStringAttrGet(self->context, renamed));
    text_free(&name);
    if (!done)
      return simplicialError(SIMPLICIAL_INTERNAL, "renaming a function");
  }
  return simplicialOk();
}

SimplicialStatus compilation_to_tile(Compilation *self, const char *target) {
  SimplicialStatus status = target_parse(target, &self->target);
  if (status.code)
    return status;
  self->lowered = copy_of(self->source);
  mlirOperationSetDiscardableAttributeByName(
      mlirModuleGetOperation(self->lowered), ir_str(SIMPLICIAL_TARGET_ATTR),
      mlirStringAttrGet(self->context, ir_str(self->target.name)));
  status = run_pipeline(self, "simplicial-to-flat");
  if (status.code)
    return status;
  MlirBlock body = mlirModuleGetBody(self->lowered);
  if (mlirOperationIsNull(
          compilation_find_function(mlirBlockGetFirstOperation(body))))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "the module has no public function with a body");
  self->flat = copy_of(self->lowered);
  status = rename_reserved(self);
  return status.code ? status : run_pipeline(self, "simplicial-to-tile");
}

SimplicialStatus compilation_to_gpu(Compilation *self, const char *target) {
  SimplicialStatus status = compilation_to_tile(self, target);
  if (!status.code && !self->target.gpu && !self->target.emulated)
    status = simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "the target '%s' is no GPU", target);
  return status.code ? status : run_pipeline(self, "simplicial-to-gpu");
}

SimplicialStatus compilation_to_workspaces(Compilation *self,
                                           const char *target) {
  SimplicialStatus status = compilation_to_tile(self, target);
  if (status.code)
    return status;
  bool cpu = !self->target.gpu && !self->target.emulated;
  return run_pipeline(self, cpu ? "simplicial-to-cpu" : "simplicial-to-gpu");
}

SimplicialStatus compilation_to_nvvm(Compilation *self, const char *target) {
  SimplicialStatus status = compilation_to_gpu(self, target);
  return status.code ? status : run_pipeline(self, "simplicial-to-nvvm");
}

/// Makes kernels PTX by upstream's compiler, and that what `format` says, each
/// by its program of the CUDA toolkit.
static SimplicialStatus make_binary(Compilation *self, const char *format) {
  bool fatbin = !strcmp(format, "fatbin"), code = !strcmp(format, "bin");
  ChipList list;
  Text folder = {0};
  SimplicialStatus status = simplicialOk();
  if (mlirLogicalResultIsFailure(
          chip_list_of_gpu(mlirModuleGetOperation(self->lowered), &list)))
    status = simplicialError(SIMPLICIAL_INTERNAL, "no chips");
  if (!status.code && (fatbin || code)) // before time is spent
    status = toolkit_find("ptxas", &folder);
  if (!status.code && fatbin)
    status = toolkit_find("fatbinary", &folder);
  text_free(&folder);
  if (!status.code)
    status = run(self, "gpu-module-to-binary{format=isa}", true);
  if (!status.code)
    status = trace_save_kernels(self->trace, self->lowered);
  if (!status.code && fatbin)
    status = fatbin_make(&list, self->lowered, self->trace);
  if (!status.code && code)
    status = assemble_module(&list, self->lowered, self->trace);
  if (!status.code && (fatbin || code))
    status = trace_save_kernels(self->trace, self->lowered);
  return status;
}

SimplicialStatus compilation_to_binary(Compilation *self, const char *target,
                                       const char *format) {
  SimplicialStatus status = compilation_to_nvvm(self, target);
  if (!status.code && self->target.several && strcmp(format, "fatbin"))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "only a fatbin holds kernels for several chips, "
                           "as '%s' are",
                           target);
  return status.code ? status : make_binary(self, format);
}

SimplicialStatus compilation_ptx(Compilation *self,
                                 void (*visit)(MlirStringRef module,
                                               MlirStringRef ptx, void *user),
                                 void *user) {
  MlirModule program = self->lowered;
  self->lowered = copy_of(program);
  SimplicialStatus status = run_pipeline(self, "simplicial-to-nvvm");
  if (!status.code)
    status = make_binary(self, "isa");
  if (!status.code)
    for (MlirOperation binary = binary_first(self->lowered);
         !mlirOperationIsNull(binary); binary = binary_next(binary))
      visit(ir_symbol_name(binary), binary_bytes(binary, 0), user);
  mlirModuleDestroy(self->lowered);
  self->lowered = program;
  return status;
}

/// What a driver on this machine can load best.
static const char *format_for_this_machine(void) {
  Text folder = {0};
  SimplicialStatus status = toolkit_find("ptxas", &folder);
  const char *format = status.code ? "isa" : "bin";
  simplicialStatusFree(status);
  text_free(&folder);
  return format;
}

SimplicialStatus compilation_to_llvm(Compilation *self, const char *target,
                                     const char *gpu_format) {
  Target parsed;
  SimplicialStatus status = target_parse(target, &parsed);
  if (status.code)
    return status;
  if (parsed.emulated) {
    status = compilation_to_gpu(self, target);
    return status.code ? status : run_pipeline(self, "simplicial-to-emulator");
  }
  if (!parsed.gpu) {
    status = compilation_to_tile(self, target);
    return status.code ? status : run_pipeline(self, "simplicial-to-cpu");
  }
  if (!gpu_format)
    gpu_format = parsed.several ? "fatbin" : format_for_this_machine();
  status = compilation_to_binary(self, target, gpu_format);
  return status.code ? status : run_pipeline(self, "simplicial-to-host");
}

void compilation_end(Compilation *self) {
  diagnostics_end(&self->diagnostics);
  MlirModule modules[] = {self->lowered, self->flat, self->source};
  for (size_t i = 0; i < sizeof modules / sizeof *modules; ++i)
    if (!mlirModuleIsNull(modules[i]))
      mlirModuleDestroy(modules[i]);
  if (!mlirContextIsNull(self->context))
    mlirContextDestroy(self->context);
}
