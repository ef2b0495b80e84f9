// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A host of the compiler's library:
//
//   host SOURCE TARGET ptx|object|call SCOPE:LIBRARY...
//
// opens the libraries in their order, with RTLD_GLOBAL or RTLD_LOCAL as SCOPE
// (global, local) says, and takes the compiler from the one that has it, or, if
// there are none, from what it is linked with. The bytes it compiles, or what
// the first function returns for random inputs, go to the standard output.

#include "simplicial/compiler.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(SimplicialStatus status) {
  if (!status.code)
    return;
  fprintf(stderr, "host: %s\n", status.message);
  exit(EXIT_FAILURE);
}

static void *checked(void *pointer, const char *what) {
  if (pointer)
    return pointer;
  const char *error = dlerror();
  fprintf(stderr, "host: %s: %s\n", what, error ? error : "failed");
  exit(EXIT_FAILURE);
}

static void *compiler; ///< the library

/// The library's function, as the header declares it.
#define API(name)                                                              \
  ((__typeof__(&name))(uintptr_t)checked(dlsym(compiler, #name), #name))

static void open_libraries(int count, char **arguments) {
  compiler = checked(dlopen(NULL, RTLD_NOW), "dlopen");
  for (int i = 0; i < count; ++i) {
    const char *path = strchr(arguments[i], ':') + 1;
    int scope = arguments[i][0] == 'g' ? RTLD_GLOBAL : RTLD_LOCAL;
    void *library = checked(dlopen(path, RTLD_NOW | scope), path);
    if (dlsym(library, "simplicialCompile"))
      compiler = library;
  }
}

static char *read_file(const char *path, size_t *size) {
  static char text[1 << 16];
  FILE *file = checked(fopen(path, "r"), path);
  *size = fread(text, 1, sizeof text, file);
  fclose(file);
  return text;
}

static void compile(const char *path, const char *target, SimplicialEmit emit) {
  size_t length, size;
  char *data, *source = read_file(path, &length);
  check(
      API(simplicialCompile)(source, length, path, target, emit, &data, &size));
  fwrite(data, 1, size, stdout);
  free(data);
}

/// A tensor of f32, which has static sizes, of random values.
static size_t make(SimplicialTensorType *type, DLTensor *tensor) {
  size_t count = 1;
  for (int i = 0; i < type->rank; ++i)
    count *= (size_t)type->shape[i];
  float *data = checked(malloc(count * sizeof(float)), "malloc");
  for (size_t i = 0; i < count; ++i)
    data[i] = (float)rand() / (float)RAND_MAX - 0.5f;
  *tensor = (DLTensor){.data = data,
                       .device = {kDLCPU, 0},
                       .ndim = type->rank,
                       .dtype = type->dtype,
                       .shape = type->shape};
  return count * sizeof(float);
}

static void call(const char *path, const char *target) {
  enum { MOST = 16 };
  SimplicialTensorType types[MOST];
  DLTensor tensors[MOST], *arguments[MOST];
  size_t length, sizes[MOST];
  char *source = read_file(path, &length);
  SimplicialCompiler *self;
  SimplicialExecutable *executable;
  check(API(simplicialCompilerCreate)(&self));
  check(API(simplicialCompilerLoad)(self, source, length, path, target,
                                    &executable));
  const SimplicialFunction *f =
      API(simplicialExecutableFunction)(executable, 0);
  int inputs = API(simplicialFunctionInputCount)(f);
  int count = inputs + API(simplicialFunctionOutputCount)(f);
  for (int i = 0; i < count; ++i) {
    types[i] = API(simplicialFunctionArgument)(f, i);
    sizes[i] = make(&types[i], arguments[i] = &tensors[i]);
  }
  check(API(simplicialFunctionCall)(f, arguments, count));
  for (int i = 0; i < count; ++i) {
    if (i >= inputs)
      fwrite(tensors[i].data, 1, sizes[i], stdout);
    free(tensors[i].data);
  }
  API(simplicialExecutableRelease)(executable);
  API(simplicialCompilerDestroy)(self);
}

int main(int argc, char **argv) {
  if (argc < 4)
    return EXIT_FAILURE;
  open_libraries(argc - 4, argv + 4);
  if (!strcmp(argv[3], "call"))
    call(argv[1], argv[2]);
  else
    compile(argv[1], argv[2],
            strcmp(argv[3], "ptx") ? SIMPLICIAL_EMIT_OBJECT
                                   : SIMPLICIAL_EMIT_PTX);
  return EXIT_SUCCESS;
}
