// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Source -> module -> tile program -> LLVM dialect, or GPU program -> kernels.

#include "compilation.h"

#include "fatbin.h"
#include "toolkit.h"

#include "lowering/ir_llvm.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/Dialect/GPU.h"
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
  return mlirLogicalResultIsSuccess(simplicialRegisterDialect(context));
}

SimplicialStatus compilation_begin(Compilation *self, const char *source,
                                   size_t length, const char *source_name) {
  *self = (Compilation){.own_context = mlirContextCreateWithThreading(false)};
  diagnostics_begin(&self->diagnostics, self->own_context, source_name);
  if (!prepare_context(self->own_context))
    return diagnostics_status(&self->diagnostics, false,
                              "registering the dialect");
  Text text = {0}; // MLIR's lexer wants a NUL at the end.
  text_append(&text, source, length);
  if (text.failed)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  self->own_source = mlirModuleCreateParse(
      self->own_context, mlirStringRefCreate(text.data, text.size));
  text_free(&text);
  self->source = self->own_source;
  return diagnostics_status(&self->diagnostics, !mlirModuleIsNull(self->source),
                            "parsing");
}

SimplicialStatus compilation_begin_module(Compilation *self,
                                          MlirModule module) {
  *self = (Compilation){.source = module};
  MlirContext context = mlirModuleGetContext(module);
  diagnostics_begin(&self->diagnostics, context, NULL);
  if (!prepare_context(context))
    return diagnostics_status(&self->diagnostics, false,
                              "registering the dialect");
  return diagnostics_status(&self->diagnostics,
                            mlirOperationVerify(mlirModuleGetOperation(module)),
                            "verifying the module");
}

static bool is_public_function(MlirOperation op) {
  if (!ir_is(op, "func.func") ||
      mlirBlockIsNull(mlirRegionGetFirstBlock(mlirOperationGetRegion(op, 0))))
    return false;
  MlirAttribute visibility = ir_get_attr(op, "sym_visibility");
  return mlirAttributeIsNull(visibility) ||
         mlirStringRefEqual(mlirStringAttrGetValue(visibility),
                            ir_str("public"));
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

SimplicialStatus compilation_to_tile(Compilation *self, const char *target) {
  SimplicialStatus status = target_parse(target, &self->target);
  if (status.code)
    return status;
  MlirBlock body = mlirModuleGetBody(self->source);
  if (mlirOperationIsNull(
          compilation_find_function(mlirBlockGetFirstOperation(body))))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "the module has no public function with a body");
  self->lowered = mlirModuleFromOperation(
      mlirOperationClone(mlirModuleGetOperation(self->source)));
  mlirOperationSetDiscardableAttributeByName(
      mlirModuleGetOperation(self->lowered), ir_str(SIMPLICIAL_TARGET_ATTR),
      mlirStringAttrGet(mlirModuleGetContext(self->lowered),
                        ir_str(self->target.name)));
  return run_pipeline(self, "simplicial-to-tile");
}

SimplicialStatus compilation_to_gpu(Compilation *self, const char *target) {
  SimplicialStatus status = compilation_to_tile(self, target);
  if (!status.code && !self->target.gpu && !self->target.emulated)
    status = simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "the target '%s' is no GPU", target);
  return status.code ? status : run_pipeline(self, "simplicial-to-gpu");
}

SimplicialStatus compilation_to_nvvm(Compilation *self, const char *target) {
  SimplicialStatus status = compilation_to_gpu(self, target);
  return status.code ? status : run_pipeline(self, "simplicial-to-nvvm");
}

/// Options for ptxas. A function has two kernels, which it can compile side by
/// side into the same code. That option is not older than PTX 8.6, so any ptxas
/// that takes it for one of the chips has it.
static const char *ptxas_options(const Compilation *self) {
  ChipList list;
  if (mlirLogicalResultIsSuccess(
          chip_list_of_gpu(mlirModuleGetOperation(self->lowered), &list)))
    for (int i = 0; i < list.n; ++i)
      if (strcmp(list.chips[i]->ptx, "+ptx86") >= 0)
        return " opts=--split-compile=2";
  return "";
}

/// Runs upstream's compiler of kernels.
static SimplicialStatus make_binary(Compilation *self, const char *format) {
  Text toolkit = {0}, pipeline = {0};
  SimplicialStatus status = simplicialOk();
  if (strcmp(format, "isa"))
    status = toolkit_find("ptxas", &toolkit);
  if (!status.code && !strcmp(format, "fatbin"))
    status = toolkit_find("fatbinary", &toolkit);
  text_format(&pipeline, "gpu-module-to-binary{format=%s%s%s%s}", format,
              toolkit.data ? " toolkit=" : "", toolkit.data ? toolkit.data : "",
              ptxas_options(self));
  if (!status.code && pipeline.failed)
    status = simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  if (!status.code)
    status = run(self, pipeline.data, true);
  text_free(&pipeline);
  text_free(&toolkit);
  return status;
}

/// Leaves each gpu.module one of its targets.
static void keep_target(MlirModule module, int number) {
  for (MlirOperation op = mlirBlockGetFirstOperation(mlirModuleGetBody(module));
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (!ir_is(op, "gpu.module"))
      continue;
    MlirAttribute target =
        mlirArrayAttrGetElement(ir_get_attr(op, "targets"), number);
    mlirOperationSetAttributeByName(
        op, ir_str("targets"),
        mlirArrayAttrGet(mlirModuleGetContext(module), 1, &target));
  }
}

/// Several chips' machine code, and PTX for later ones, in one fatbin.
static SimplicialStatus make_fatbin(Compilation *self) {
  MlirModule kernels = self->lowered;
  ChipList list;
  if (mlirLogicalResultIsFailure(
          chip_list_of_gpu(mlirModuleGetOperation(kernels), &list)))
    return simplicialError(SIMPLICIAL_INTERNAL, "no chips");
  MlirModule copy = mlirModuleFromOperation(
      mlirOperationClone(mlirModuleGetOperation(kernels)));
  keep_target(copy, chip_list_ptx(&list));
  SimplicialStatus status = make_binary(self, "bin");
  self->lowered = copy;
  if (!status.code)
    status = make_binary(self, "isa");
  self->lowered = kernels;
  if (!status.code)
    status = fatbin_join(&list, kernels, copy);
  mlirModuleDestroy(copy);
  return status;
}

SimplicialStatus compilation_to_binary(Compilation *self, const char *target,
                                       const char *format) {
  SimplicialStatus status = compilation_to_nvvm(self, target);
  if (status.code || !self->target.several)
    return status.code ? status : make_binary(self, format);
  if (strcmp(format, "fatbin"))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "only a fatbin holds kernels for several chips, "
                           "as '%s' are",
                           target);
  return make_fatbin(self);
}

SimplicialStatus compilation_ptx(Compilation *self,
                                 void (*visit)(MlirStringRef module,
                                               MlirStringRef ptx, void *user),
                                 void *user) {
  MlirModule program = self->lowered;
  self->lowered = mlirModuleFromOperation(
      mlirOperationClone(mlirModuleGetOperation(program)));
  SimplicialStatus status = run_pipeline(self, "simplicial-to-nvvm");
  if (!status.code)
    status = make_binary(self, "isa");
  MlirOperation op =
      mlirBlockGetFirstOperation(mlirModuleGetBody(self->lowered));
  for (; !status.code && !mlirOperationIsNull(op);
       op = mlirOperationGetNextInBlock(op))
    if (ir_is(op, "gpu.binary"))
      visit(ir_symbol_name(op),
            mlirGPUObjectAttrGetObject(
                mlirArrayAttrGetElement(ir_get_attr(op, "objects"), 0)),
            user);
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
  if (!mlirModuleIsNull(self->lowered))
    mlirModuleDestroy(self->lowered);
  if (!mlirModuleIsNull(self->own_source))
    mlirModuleDestroy(self->own_source);
  if (!mlirContextIsNull(self->own_context))
    mlirContextDestroy(self->own_context);
}
