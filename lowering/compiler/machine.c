// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM dialect -> LLVM IR -> object file.

#include "machine.h"

#include "no_memory.h"
#include "object.h"

#include "lowering/module/workspace.h"

#include "mlir-c/Target/LLVMIR.h"
#include "llvm-c/Target.h"
#include "llvm-c/Transforms/PassBuilder.h"

#include <pthread.h>
#include <string.h>

static pthread_once_t native_initialized = PTHREAD_ONCE_INIT;

static void initialize_native(void) {
  LLVMInitializeNativeTarget();
  LLVMInitializeNativeAsmPrinter();
}

/// A status for the text of an LLVM function that failed, which is consumed.
static SimplicialStatus error_from(char *message) {
  SimplicialStatus status =
      simplicialError(SIMPLICIAL_INTERNAL, "LLVM: %s", message);
  LLVMDisposeMessage(message);
  return status;
}

SimplicialStatus machine_status(LLVMErrorRef error) {
  if (!error)
    return simplicialOk();
  char *message = LLVMGetErrorMessage(error);
  SimplicialStatus status =
      simplicialError(SIMPLICIAL_INTERNAL, "LLVM: %s", message);
  LLVMDisposeErrorMessage(message);
  return status;
}

void machine_initialize(void) {
  pthread_once(&native_initialized, initialize_native);
}

/// What LLVM calls a processor; its strings are LLVM's.
typedef struct Processor {
  char *triple, *name, *features;
} Processor;

static Processor processor_create(const char *name) {
  return (Processor){LLVMGetDefaultTargetTriple(),
                     name ? LLVMCreateMessage(name) : LLVMGetHostCPUName(),
                     name ? LLVMCreateMessage("") : LLVMGetHostCPUFeatures()};
}

static void processor_dispose(Processor self) {
  LLVMDisposeMessage(self.features);
  LLVMDisposeMessage(self.name);
  LLVMDisposeMessage(self.triple);
}

void machine_describe(const char *processor, Text *text) {
  Processor p = processor_create(processor);
  text_format(text, "%s %s %s\n", p.triple, p.name, p.features);
  processor_dispose(p);
}

// An emulated kernel, a call for each instruction, is a block of many thousands
// that runs a few times: it is compiled fast, and needs no more than that what
// is not used goes and blocks are few.
static const char fast_passes[] = "function(sroa,early-cse,simplifycfg)";

static SimplicialStatus create_target(const char *processor,
                                      LLVMCodeGenOptLevel level,
                                      LLVMTargetMachineRef *machine) {
  machine_initialize();
  Processor p = processor_create(processor);
  char *message = NULL;
  LLVMTargetRef target;
  SimplicialStatus status = simplicialOk();
  if (LLVMGetTargetFromTriple(p.triple, &target, &message))
    status = error_from(message);
  else if (!(*machine = LLVMCreateTargetMachine(target, p.triple, p.name,
                                                p.features, level, LLVMRelocPIC,
                                                LLVMCodeModelDefault)))
    status = simplicialError(SIMPLICIAL_UNAVAILABLE,
                             "LLVM cannot make code for %s", p.triple);
  processor_dispose(p);
  return status;
}

static void set_target(Machine *self) {
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(self->target);
  char *triple = LLVMGetTargetMachineTriple(self->target);
  LLVMSetModuleDataLayout(self->module, layout);
  LLVMSetTarget(self->module, triple);
  LLVMDisposeMessage(triple);
  LLVMDisposeTargetData(layout);
}

static bool begins(const char *name, const char *prefix) {
  return !strncmp(name, prefix, strlen(prefix));
}

/// Gives what is made of functions that were renamed, and begins with `prefix`,
/// the names that it has for callers.
static SimplicialStatus restore_names(LLVMModuleRef module,
                                      const char *prefix) {
  size_t length = strlen(prefix) + strlen(COMPILATION_RENAMED);
  for (LLVMValueRef f = LLVMGetFirstFunction(module); f;
       f = LLVMGetNextFunction(f)) {
    size_t size;
    const char *name = LLVMGetValueName2(f, &size);
    if (!begins(name, prefix) ||
        !begins(name + strlen(prefix), COMPILATION_RENAMED))
      continue;
    Text text = {0};
    text_format(&text, "%s", prefix);
    text_append(&text, name + length, size - length);
    if (text.failed)
      return no_memory();
    LLVMSetValueName2(f, text.data, text.size);
    text_free(&text);
  }
  return simplicialOk();
}

/// Saves the module as it is, if files are wanted.
static SimplicialStatus save_module(const Machine *self, const char *name) {
  if (!trace_saves(self->trace))
    return simplicialOk();
  char *text = LLVMPrintModuleToString(self->module);
  if (!text)
    return no_memory();
  SimplicialStatus status =
      trace_save(self->trace, name, mlirStringRefCreateFromCString(text));
  LLVMDisposeMessage(text);
  return status;
}

SimplicialStatus machine_begin(Machine *self, const Compilation *compilation) {
  *self = (Machine){.trace = compilation->trace,
                    .emulated = compilation->target.emulated};
  double begun = trace_now();
  SimplicialStatus status = create_target(
      compilation->target.processor,
      self->emulated ? LLVMCodeGenLevelNone : LLVMCodeGenLevelAggressive,
      &self->target);
  if (status.code)
    return status;
  self->context = LLVMContextCreate();
  self->module = mlirTranslateModuleToLLVMIR(
      mlirModuleGetOperation(compilation->lowered), self->context);
  if (self->module)
    set_target(self);
  trace_time(self->trace, "translation to LLVM IR", begun);
  if (!self->module)
    return diagnostics_status(&compilation->diagnostics, false,
                              "translation to LLVM IR");
  status = restore_names(self->module, MACHINE_INTERFACE);
  if (!status.code)
    status = restore_names(self->module, WORKSPACE_PREFIX);
  return status.code ? status : save_module(self, "module.ll");
}

/// Makes what is not exported the optimiser's, to inline and drop. LLVM must
/// not take a function for one of libm's that its name is.
static SimplicialStatus hide_others(LLVMModuleRef module,
                                    const char *exported) {
  for (LLVMValueRef f = LLVMGetFirstFunction(module); f;
       f = LLVMGetNextFunction(f)) {
    size_t length;
    const char *name = LLVMGetValueName2(f, &length);
    if (LLVMIsDeclaration(f) || begins(name, exported) ||
        begins(name, WORKSPACE_PREFIX) || begins(name, OBJECT_TVM_FFI))
      continue;
    Text hidden = {0};
    text_format(&hidden, "simplicial.");
    text_append(&hidden, name, length);
    if (hidden.failed)
      return no_memory();
    LLVMSetLinkage(f, LLVMInternalLinkage);
    LLVMSetValueName2(f, hidden.data, hidden.size);
    text_free(&hidden);
  }
  return simplicialOk();
}

SimplicialStatus machine_object(Machine *self, const char *exported,
                                LLVMMemoryBufferRef *object) {
  SimplicialStatus status = hide_others(self->module, exported);
  if (status.code)
    return status;
  const char *passes = self->emulated ? fast_passes : "default<O3>";
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  double begun = trace_now();
  status = machine_status(
      LLVMRunPasses(self->module, passes, self->target, options));
  trace_time(self->trace, "LLVM's optimiser", begun);
  LLVMDisposePassBuilderOptions(options);
  if (!status.code)
    status = save_module(self, "module.optimised.ll");
  if (status.code)
    return status;
  char *message = NULL;
  begun = trace_now();
  if (LLVMTargetMachineEmitToMemoryBuffer(self->target, self->module,
                                          LLVMObjectFile, &message, object))
    return error_from(message);
  if (!*object)
    return no_memory();
  trace_time(self->trace, "LLVM's code generation", begun);
  status = trace_save(self->trace, "module.o",
                      mlirStringRefCreate(LLVMGetBufferStart(*object),
                                          LLVMGetBufferSize(*object)));
  if (status.code)
    LLVMDisposeMemoryBuffer(*object);
  return status;
}

void machine_end(Machine *self) {
  if (self->module)
    LLVMDisposeModule(self->module);
  if (self->context)
    LLVMContextDispose(self->context);
  if (self->target)
    LLVMDisposeTargetMachine(self->target);
}
