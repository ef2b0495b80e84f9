// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM dialect -> LLVM IR -> object file.

#include "machine.h"

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

void machine_describe_host(Text *text) {
  char *triple = LLVMGetDefaultTargetTriple();
  char *cpu = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();
  text_format(text, "%s %s %s\n", triple, cpu, features);
  LLVMDisposeMessage(features);
  LLVMDisposeMessage(cpu);
  LLVMDisposeMessage(triple);
}

static SimplicialStatus create_target(LLVMTargetMachineRef *machine) {
  machine_initialize();
  char *triple = LLVMGetDefaultTargetTriple();
  char *cpu = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();
  char *message = NULL;
  LLVMTargetRef target;
  SimplicialStatus status = simplicialOk();
  if (LLVMGetTargetFromTriple(triple, &target, &message))
    status = error_from(message);
  else if (!(*machine = LLVMCreateTargetMachine(
                 target, triple, cpu, features, LLVMCodeGenLevelAggressive,
                 LLVMRelocPIC, LLVMCodeModelDefault)))
    status = simplicialError(SIMPLICIAL_UNAVAILABLE,
                             "LLVM cannot make code for %s", triple);
  LLVMDisposeMessage(features);
  LLVMDisposeMessage(cpu);
  LLVMDisposeMessage(triple);
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

SimplicialStatus machine_begin(Machine *self, const Compilation *compilation) {
  *self = (Machine){0};
  SimplicialStatus status = create_target(&self->target);
  if (status.code)
    return status;
  self->context = LLVMContextCreate();
  self->module = mlirTranslateModuleToLLVMIR(
      mlirModuleGetOperation(compilation->lowered), self->context);
  if (self->module)
    set_target(self);
  return diagnostics_status(&compilation->diagnostics, self->module,
                            "translation to LLVM IR");
}

/// Makes what is not exported the optimiser's, to inline and drop.
static void hide_others(LLVMModuleRef module, const char *exported) {
  for (LLVMValueRef f = LLVMGetFirstFunction(module); f;
       f = LLVMGetNextFunction(f)) {
    size_t length;
    const char *name = LLVMGetValueName2(f, &length);
    if (!LLVMIsDeclaration(f) && strncmp(name, exported, strlen(exported)))
      LLVMSetLinkage(f, LLVMInternalLinkage);
  }
}

SimplicialStatus machine_object(Machine *self, const char *exported,
                                LLVMMemoryBufferRef *object) {
  hide_others(self->module, exported);
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  SimplicialStatus status = machine_status(
      LLVMRunPasses(self->module, "default<O3>", self->target, options));
  LLVMDisposePassBuilderOptions(options);
  char *message = NULL;
  if (!status.code &&
      LLVMTargetMachineEmitToMemoryBuffer(self->target, self->module,
                                          LLVMObjectFile, &message, object))
    status = error_from(message);
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
