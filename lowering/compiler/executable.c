// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Image -> executable: links the object file into memory.

#include "executable.h"

#include "cache_key.h"
#include "compilation.h"
#include "guard.h"
#include "image.h"
#include "machine.h"
#include "no_memory.h"
#include "object.h"
#include "processor.h"

#include "lowering/module/workspace.h"

#include "simplicial/cuda.h"
#include "simplicial/emulator.h"
#include "simplicial/jit.h"
#include "llvm-c/LLJIT.h"

#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct SimplicialExecutable {
  atomic_int references;
  LLVMOrcLLJITRef jit;  ///< owns the code
  void (*unload)(void); ///< unloads kernels; NULL if there are none
  SimplicialFunction *functions;
  int function_count;
};

static LLVMErrorRef define(LLVMOrcLLJITRef jit, const char *name,
                           uintptr_t address) {
  LLVMOrcCSymbolMapPair symbol = {
      LLVMOrcLLJITMangleAndIntern(jit, name),
      {address, {LLVMJITSymbolGenericFlagsExported, 0}}};
  return LLVMOrcJITDylibDefine(LLVMOrcLLJITGetMainJITDylib(jit),
                               LLVMOrcAbsoluteSymbols(&symbol, 1));
}

static void open_libm(void) { dlopen(LIBM_SO, RTLD_NOW | RTLD_GLOBAL); }

/// Makes the runtime and libm visible to the code, wherever this library was
/// loaded: what it needs may be in the process for it alone.
static LLVMErrorRef define_runtime(LLVMOrcLLJITRef jit) {
  const struct {
    const char *name;
    uintptr_t address;
  } functions[] = {
      {"simplicialParallelForWithScratch",
       (uintptr_t)simplicialParallelForWithScratch},
      {"simplicialAllocate", (uintptr_t)simplicialAllocate},
      {"simplicialFree", (uintptr_t)simplicialFree},
      {"simplicialAbandon", (uintptr_t)simplicialAbandon},
      {"memrefCopy", (uintptr_t)memrefCopy},
      {"__truncsfbf2", (uintptr_t)__truncsfbf2},
      {"simplicialLaunchTooLarge", (uintptr_t)simplicialLaunchTooLarge},
      {"simplicialCudaLaunch", (uintptr_t)simplicialCudaLaunch},
      {"simplicialCudaCopyStrided", (uintptr_t)simplicialCudaCopyStrided},
      {"simplicialCudaTensorMap", (uintptr_t)simplicialCudaTensorMap},
      {"simplicialCudaLoad", (uintptr_t)simplicialCudaLoad},
      {"simplicialCudaUnload", (uintptr_t)simplicialCudaUnload}};
  size_t n = sizeof functions / sizeof *functions, n_emulator;
  const SimplicialEmulatorSymbol *emulator =
      simplicialEmulatorSymbols(&n_emulator);
  LLVMErrorRef error = LLVMErrorSuccess;
  static pthread_once_t libm_opened = PTHREAD_ONCE_INIT;
  pthread_once(&libm_opened, open_libm);
  for (size_t i = 0; i < n && !error; ++i)
    error = define(jit, functions[i].name, functions[i].address);
  for (size_t i = 0; i < n_emulator && !error; ++i)
    error = define(jit, emulator[i].name, emulator[i].address);
  return error;
}

/// What the session would print is in the error that its caller gets.
static void keep_silent(void *unused, LLVMErrorRef error) {
  (void)unused;
  LLVMConsumeError(error);
}

/// Links `object`, which is consumed, into memory.
static LLVMErrorRef link_object(LLVMOrcLLJITRef *jit,
                                LLVMMemoryBufferRef object) {
  machine_initialize();
  LLVMErrorRef error = LLVMOrcCreateLLJIT(jit, NULL);
  if (!error) {
    LLVMOrcExecutionSessionSetErrorReporter(
        LLVMOrcLLJITGetExecutionSession(*jit), keep_silent, NULL);
    error = define_runtime(*jit);
  }
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

static SimplicialStatus load_kernel_functions(SimplicialExecutable *self) {
  uintptr_t load = 0, unload = 0;
  SimplicialStatus status = look_up(self, IMAGE_LOAD, &load);
  if (!status.code)
    status = look_up(self, IMAGE_UNLOAD, &unload);
  for (int i = 0; i < self->function_count; ++i)
    self->functions[i].load = (void (*)(void))load;
  self->unload = (void (*)(void))unload;
  return status;
}

static SimplicialStatus load(SimplicialExecutable *self, Image *image,
                             Text *name) {
  LLVMMemoryBufferRef object = image->object;
  image->object = NULL;
  SimplicialStatus status = machine_status(link_object(&self->jit, object));
  for (int i = 0; i < self->function_count && !status.code; ++i) {
    SimplicialFunction *f = &self->functions[i];
    uintptr_t address = 0;
    name->size = 0;
    text_format(name, OBJECT_ENTRY "%s", f->name);
    if (name->failed)
      return no_memory();
    status = look_up(self, name->data, &address);
    f->entry = (void (*)(void **))address;
    if (status.code || !f->has_workspace)
      continue;
    name->size = 0;
    text_format(name, WORKSPACE_PREFIX "%s", f->name);
    if (name->failed)
      return no_memory();
    status = look_up(self, name->data, &address);
    f->workspace = (int64_t (*)(const int64_t *))address;
  }
  if (!status.code && image->has_kernels)
    status = load_kernel_functions(self);
  return status;
}

/// The functions and the object file become the executable's.
static SimplicialStatus executable_load(Image *image,
                                        SimplicialExecutable **executable) {
  SimplicialExecutable *self = calloc(1, sizeof *self);
  if (!self)
    return no_memory();
  atomic_init(&self->references, 1);
  self->functions = image->functions;
  self->function_count = image->function_count;
  image->functions = NULL;
  image->function_count = 0;
  Text name = {0};
  SimplicialStatus status = load(self, image, &name);
  text_free(&name);
  if (status.code)
    simplicialExecutableRelease(self);
  else
    *executable = self;
  return status;
}

bool executable_restore(const CacheKey *key,
                        SimplicialExecutable **executable) {
  Text bytes = {0};
  *executable = NULL;
  if (cache_load(key, &bytes)) {
    Image image;
    if (image_read(&image, bytes.data, bytes.size))
      simplicialStatusFree(executable_load(&image, executable));
    image_free(&image);
  }
  text_free(&bytes);
  return *executable;
}

static void store(const CacheKey *key, const Image *image) {
  Text bytes = {0};
  image_write(image, &bytes);
  if (!bytes.failed)
    cache_store(key, &bytes);
  text_free(&bytes);
}

/// Lowers a compilation that began well, and loads the result. With a `key`, it
/// is also left in the cache.
static SimplicialStatus create(Compilation *compilation, const char *target,
                               const CacheKey *key,
                               SimplicialExecutable **executable) {
  Image image;
  *executable = NULL;
  SimplicialStatus status = image_create(&image, compilation, target);
  if (!status.code && key)
    store(key, &image);
  if (!status.code)
    status = executable_load(&image, executable);
  image_free(&image);
  return status;
}

/// A call of executable_load_source.
typedef struct Request {
  const char *source;
  size_t length;
  const char *source_name, *target;
  SimplicialExecutable *executable;
} Request;

/// Code for another processor may use what this one lacks.
static SimplicialStatus check_processor(const char *target) {
  Target parsed;
  SimplicialStatus status = target_parse(target, &parsed);
  if (status.code || !parsed.processor || processor_runs_here(parsed.processor))
    return status;
  return simplicialError(SIMPLICIAL_UNAVAILABLE,
                         "this machine's processor does not run code for '%s'",
                         parsed.processor);
}

/// Emulated kernels hold the names of their places in the source.
static bool is_emulated(const char *target) {
  Target parsed;
  SimplicialStatus status = target_parse(target, &parsed);
  bool emulated = !status.code && parsed.emulated;
  simplicialStatusFree(status);
  return emulated;
}

static SimplicialStatus load_source(void *data) {
  Request *self = data;
  SimplicialStatus status = check_processor(self->target);
  if (status.code)
    return status;
  CacheKey key;
  bool cached = cache_key(self->source, self->length, self->target, &key);
  if (cached && self->source_name && is_emulated(self->target))
    cache_key_add(&key, self->source_name);
  if (cached && executable_restore(&key, &self->executable))
    return simplicialOk();
  Compilation compilation;
  status = compilation_begin(&compilation, self->source, self->length,
                             self->source_name);
  if (!status.code)
    status = create(&compilation, self->target, cached ? &key : NULL,
                    &self->executable);
  compilation_end(&compilation);
  return status;
}

SimplicialStatus executable_load_source(const char *source, size_t length,
                                        const char *source_name,
                                        const char *target,
                                        SimplicialExecutable **executable) {
  Request request = {source, length, source_name, target, NULL};
  SimplicialStatus status = guard_run(load_source, &request);
  *executable = status.code ? NULL : request.executable;
  return status;
}

/// A module, and its bytecode.
typedef struct Writing {
  MlirModule module;
  Text bytecode;
} Writing;

static SimplicialStatus write_bytecode(void *data) {
  Writing *self = data;
  mlirOperationWriteBytecode(mlirModuleGetOperation(self->module),
                             text_append_ref, &self->bytecode);
  return self->bytecode.failed ? no_memory() : simplicialOk();
}

/// The module goes from its context into one of ours as bytecode, which has all
/// that its text would have, locations too: its context may lack our dialect
/// and others, and is not ours to add them to.
SimplicialStatus simplicialJit(MlirModule module, const char *target,
                               SimplicialExecutable **executable) {
  *executable = NULL;
  Writing writing = {.module = module};
  SimplicialStatus status = target_resolve(&target);
  if (!status.code)
    status = guard_run(write_bytecode, &writing);
  if (!status.code)
    status = executable_load_source(
        writing.bytecode.data, writing.bytecode.size, NULL, target, executable);
  text_free(&writing.bytecode);
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
