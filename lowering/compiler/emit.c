// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Source -> tile program, LLVM IR, object file or C header, as bytes.

#include "header.h"
#include "machine.h"

static SimplicialStatus emit_llvm(Compilation *compilation, const char *target,
                                  Text *out) {
  SimplicialStatus status = compilation_to_llvm(compilation, target);
  if (status.code)
    return status;
  Machine machine;
  status = machine_begin(&machine, compilation);
  if (!status.code) {
    char *text = LLVMPrintModuleToString(machine.module);
    text_format(out, "%s", text);
    LLVMDisposeMessage(text);
  }
  machine_end(&machine);
  return status;
}

static SimplicialStatus emit_object(Compilation *compilation,
                                    const char *target, Text *out) {
  SimplicialStatus status = compilation_to_llvm(compilation, target);
  if (status.code)
    return status;
  Machine machine;
  LLVMMemoryBufferRef object;
  status = machine_begin(&machine, compilation);
  if (!status.code)
    status = machine_object(&machine, MACHINE_INTERFACE, &object);
  if (!status.code) {
    text_append(out, LLVMGetBufferStart(object), LLVMGetBufferSize(object));
    LLVMDisposeMemoryBuffer(object);
  }
  machine_end(&machine);
  return status;
}

static SimplicialStatus emit(Compilation *compilation, const char *target,
                             SimplicialEmit what, Text *out) {
  SimplicialFunction *functions;
  int count;
  SimplicialStatus status;
  switch (what) {
  case SIMPLICIAL_EMIT_LLVM:
    return emit_llvm(compilation, target, out);
  case SIMPLICIAL_EMIT_OBJECT:
    return emit_object(compilation, target, out);
  case SIMPLICIAL_EMIT_TILE:
    status = compilation_to_tile(compilation, target);
    if (!status.code)
      mlirOperationPrint(mlirModuleGetOperation(compilation->lowered),
                         text_append_ref, out);
    return status;
  case SIMPLICIAL_EMIT_HEADER:
    status = compilation_to_tile(compilation, target);
    if (status.code)
      return status;
    status = functions_read(compilation, &count, &functions);
    if (!status.code)
      status = header_print(functions, count, out);
    functions_free(functions, count);
    return status;
  }
  return simplicialError(SIMPLICIAL_INVALID_ARGUMENT, "nothing to emit");
}

SimplicialStatus simplicialCompile(const char *source, size_t length,
                                   const char *source_name, const char *target,
                                   SimplicialEmit what, char **data,
                                   size_t *size) {
  Compilation compilation;
  Text out = {0};
  *data = NULL;
  *size = 0;
  SimplicialStatus status =
      compilation_begin(&compilation, source, length, source_name);
  if (!status.code)
    status = emit(&compilation, target, what, &out);
  if (!status.code && out.failed)
    status = simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  compilation_end(&compilation);
  if (status.code) {
    text_free(&out);
    return status;
  }
  *data = out.data;
  *size = out.size;
  return status;
}
