// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles a module into memory.
//
// C cannot call a function with a number of arguments that is known only now;
// each `_mlir_ciface_NAME(a, b, ...)` gets an entry `simplicial_entry_NAME(v)`
// that calls it with v[0], v[1], ...

#include "executable.h"

#include "function.h"
#include "machine.h"

#include "simplicial/cuda.h"
#include "simplicial/emulator.h"
#include "llvm-c/LLJIT.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED "simplicial_"
#define ENTRY EXPORTED "entry_"
#define UNLOAD EXPORTED "unload" ///< see simplicial-launch

struct SimplicialExecutable {
  atomic_int references;
  LLVMOrcLLJITRef jit;  ///< owns the code
  void (*unload)(void); ///< unloads kernels; NULL if there are none
  SimplicialFunction *functions;
  int function_count;
};

static bool format_name(Text *name, const char *prefix,
                        const SimplicialFunction *f) {
  name->size = 0;
  text_format(name, "%s%s", prefix, f->name);
  return !name->failed;
}

/// Adds the entry of `f` to `module`.
static SimplicialStatus add_entry(LLVMModuleRef module,
                                  const SimplicialFunction *f, Text *name) {
  if (!format_name(name, MACHINE_INTERFACE, f))
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  unsigned count = (unsigned)(f->input_count + f->output_count);
  LLVMValueRef callee = LLVMGetNamedFunction(module, name->data);
  if (!callee || LLVMCountParams(callee) != count)
    return simplicialError(SIMPLICIAL_INTERNAL,
                           "no %s of %u arguments came out of the lowering",
                           name->data, count);
  LLVMValueRef *values = malloc((count + 1) * sizeof *values);
  if (!values || !format_name(name, ENTRY, f)) {
    free(values);
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  }
  LLVMContextRef context = LLVMGetModuleContext(module);
  LLVMTypeRef pointer = LLVMPointerTypeInContext(context, 0);
  LLVMTypeRef type =
      LLVMFunctionType(LLVMVoidTypeInContext(context), &pointer, 1, false);
  LLVMValueRef entry = LLVMAddFunction(module, name->data, type);
  LLVMBuilderRef b = LLVMCreateBuilderInContext(context);
  LLVMPositionBuilderAtEnd(b,
                           LLVMAppendBasicBlockInContext(context, entry, ""));
  for (unsigned i = 0; i < count; ++i) {
    LLVMValueRef index =
        LLVMConstInt(LLVMInt64TypeInContext(context), i, false);
    values[i] = LLVMBuildLoad2(
        b, pointer,
        LLVMBuildGEP2(b, pointer, LLVMGetParam(entry, 0), &index, 1, ""), "");
  }
  LLVMBuildCall2(b, LLVMGlobalGetValueType(callee), callee, values, count, "");
  LLVMBuildRetVoid(b);
  LLVMDisposeBuilder(b);
  free(values);
  return simplicialOk();
}

static LLVMErrorRef define(LLVMOrcLLJITRef jit, const char *name,
                           uintptr_t address) {
  LLVMOrcCSymbolMapPair symbol = {
      LLVMOrcLLJITMangleAndIntern(jit, name),
      {address, {LLVMJITSymbolGenericFlagsExported, 0}}};
  return LLVMOrcJITDylibDefine(LLVMOrcLLJITGetMainJITDylib(jit),
                               LLVMOrcAbsoluteSymbols(&symbol, 1));
}

/// Makes the runtime visible to the code, wherever this library was loaded.
static LLVMErrorRef define_runtime(LLVMOrcLLJITRef jit) {
  const struct {
    const char *name;
    uintptr_t address;
  } functions[] = {{"simplicialParallelFor", (uintptr_t)simplicialParallelFor},
                   {"memrefCopy", (uintptr_t)memrefCopy},
                   {"simplicialCudaLaunch", (uintptr_t)simplicialCudaLaunch},
                   {"simplicialCudaUnload", (uintptr_t)simplicialCudaUnload}};
  size_t n = sizeof functions / sizeof *functions, n_emulator;
  const SimplicialEmulatorSymbol *emulator =
      simplicialEmulatorSymbols(&n_emulator);
  LLVMErrorRef error = LLVMErrorSuccess;
  for (size_t i = 0; i < n && !error; ++i)
    error = define(jit, functions[i].name, functions[i].address);
  for (size_t i = 0; i < n_emulator && !error; ++i)
    error = define(jit, emulator[i].name, emulator[i].address);
  return error;
}

/// Links `object`, which is consumed, into memory.
static LLVMErrorRef link_object(LLVMOrcLLJITRef *jit,
                                LLVMMemoryBufferRef object) {
  LLVMErrorRef error = LLVMOrcCreateLLJIT(jit, NULL);
  if (!error)
    error = define_runtime(*jit);
  if (error) {
    LLVMDisposeMemoryBuffer(object);
    return error;
  }
  return LLVMOrcLLJITAddObjectFile(*jit, LLVMOrcLLJITGetMainJITDylib(*jit),
                                   object);
}

static SimplicialStatus look_up(const SimplicialExecutable *self,
                                const char *name, uintptr_t *address) {
  LLVMOrcExecutorAddress found = 0;
  SimplicialStatus status =
      machine_status(LLVMOrcLLJITLookup(self->jit, &found, name));
  *address = (uintptr_t)found;
  return status;
}

static SimplicialStatus load(SimplicialExecutable *self, Machine *machine,
                             Text *name) {
  SimplicialStatus status = simplicialOk();
  LLVMValueRef unload = LLVMGetNamedFunction(machine->module, UNLOAD);
  if (unload)
    LLVMSetLinkage(unload, LLVMExternalLinkage);
  for (int i = 0; i < self->function_count && !status.code; ++i)
    status = add_entry(machine->module, &self->functions[i], name);
  LLVMMemoryBufferRef object;
  if (!status.code)
    status = machine_object(machine, EXPORTED, &object);
  if (!status.code)
    status = machine_status(link_object(&self->jit, object));
  for (int i = 0; i < self->function_count && !status.code; ++i) {
    SimplicialFunction *f = &self->functions[i];
    uintptr_t address = 0;
    if (!format_name(name, ENTRY, f))
      return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
    status = look_up(self, name->data, &address);
    f->entry = (void (*)(void **))address;
  }
  if (!status.code && unload) {
    uintptr_t address;
    status = look_up(self, UNLOAD, &address);
    self->unload = (void (*)(void))address;
  }
  return status;
}

SimplicialStatus executable_create(Compilation *compilation, const char *target,
                                   SimplicialExecutable **executable) {
  *executable = NULL;
  SimplicialStatus status = compilation_to_llvm(compilation, target, NULL);
  if (status.code)
    return status;
  SimplicialExecutable *self = calloc(1, sizeof *self);
  if (!self)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  atomic_init(&self->references, 1);
  status = functions_read(compilation, &self->function_count, &self->functions);
  if (!status.code) {
    Machine machine;
    Text name = {0};
    status = machine_begin(&machine, compilation);
    if (!status.code)
      status = load(self, &machine, &name);
    machine_end(&machine);
    text_free(&name);
  }
  if (status.code)
    simplicialExecutableRelease(self);
  else
    *executable = self;
  return status;
}

SimplicialStatus simplicialJit(MlirModule module, const char *target,
                               SimplicialExecutable **executable) {
  *executable = NULL;
  Compilation compilation;
  SimplicialStatus status = compilation_begin_module(&compilation, module);
  if (!status.code)
    status = executable_create(&compilation, target, executable);
  compilation_end(&compilation);
  return status;
}

void simplicialExecutableRetain(SimplicialExecutable *self) {
  atomic_fetch_add(&self->references, 1);
}

void simplicialExecutableRelease(SimplicialExecutable *self) {
  if (!self || atomic_fetch_sub(&self->references, 1) != 1)
    return;
  if (self->unload)
    self->unload();
  if (self->jit)
    LLVMConsumeError(LLVMOrcDisposeLLJIT(self->jit));
  functions_free(self->functions, self->function_count);
  free(self);
}

int simplicialExecutableFunctionCount(const SimplicialExecutable *self) {
  return self->function_count;
}

const SimplicialFunction *
simplicialExecutableFunction(const SimplicialExecutable *self, int index) {
  return &self->functions[index];
}

const SimplicialFunction *
simplicialExecutableLookup(const SimplicialExecutable *self, const char *name) {
  for (int i = 0; i < self->function_count; ++i)
    if (!strcmp(self->functions[i].name, name))
      return &self->functions[i];
  return NULL;
}

const char *simplicialFunctionName(const SimplicialFunction *f) {
  return f->name;
}

int simplicialFunctionInputCount(const SimplicialFunction *f) {
  return f->input_count;
}

int simplicialFunctionOutputCount(const SimplicialFunction *f) {
  return f->output_count;
}

DLDeviceType simplicialFunctionDevice(const SimplicialFunction *f) {
  return f->gpu ? kDLCUDA : kDLCPU;
}

SimplicialTensorType simplicialFunctionArgument(const SimplicialFunction *f,
                                                int index) {
  const Argument *argument = &f->arguments[index];
  SimplicialTensorType type = {argument->dtype, argument->rank, {0}};
  for (int d = 0; d < type.rank; ++d)
    type.shape[d] = f->sizes[argument->symbols[d]];
  return type;
}
