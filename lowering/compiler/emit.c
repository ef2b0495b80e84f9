// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Source -> tile program, GPU program, kernels, LLVM IR, object file, C header
// or analysis, as bytes.

#include "analysis.h"
#include "header.h"
#include "machine.h"

#include "lowering/ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/Dialect/GPU.h"

/// How kernels travel in objects: machine code, and PTX for later chips.
#define OBJECT_FORMAT "fatbin"

static SimplicialStatus emit_llvm(Compilation *compilation, const char *target,
                                  Text *out) {
  SimplicialStatus status =
      compilation_to_llvm(compilation, target, OBJECT_FORMAT);
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
  SimplicialStatus status =
      compilation_to_llvm(compilation, target, OBJECT_FORMAT);
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

/// The module as it is now.
static SimplicialStatus emit_module(const Compilation *compilation,
                                    SimplicialStatus lowered, Text *out) {
  if (!lowered.code)
    mlirOperationPrint(mlirModuleGetOperation(compilation->lowered),
                       text_append_ref, out);
  return lowered;
}

/// The next gpu.binary at or after `op`; null if there is none.
static MlirOperation find_binary(MlirOperation op) {
  while (!mlirOperationIsNull(op) && !ir_is(op, "gpu.binary"))
    op = mlirOperationGetNextInBlock(op);
  return op;
}

static SimplicialStatus emit_binary(Compilation *compilation,
                                    const char *target, const char *format,
                                    Text *out) {
  SimplicialStatus status = compilation_to_binary(compilation, target, format);
  if (status.code)
    return status;
  MlirOperation binary = find_binary(
      mlirBlockGetFirstOperation(mlirModuleGetBody(compilation->lowered)));
  if (mlirOperationIsNull(binary) ||
      !mlirOperationIsNull(find_binary(mlirOperationGetNextInBlock(binary))))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "one file holds the kernels of one function; the "
                           "module has %s",
                           mlirOperationIsNull(binary) ? "none" : "several");
  MlirStringRef object = mlirGPUObjectAttrGetObject(
      mlirArrayAttrGetElement(ir_get_attr(binary, "objects"), 0));
  text_append(out, object.data, object.length);
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
    return emit_module(compilation, compilation_to_tile(compilation, target),
                       out);
  case SIMPLICIAL_EMIT_GPU:
    return emit_module(compilation, compilation_to_gpu(compilation, target),
                       out);
  case SIMPLICIAL_EMIT_NVVM:
    return emit_module(compilation, compilation_to_nvvm(compilation, target),
                       out);
  case SIMPLICIAL_EMIT_PTX:
    return emit_binary(compilation, target, "isa", out);
  case SIMPLICIAL_EMIT_CUBIN:
    return emit_binary(compilation, target, "bin", out);
  case SIMPLICIAL_EMIT_FATBIN:
    return emit_binary(compilation, target, "fatbin", out);
  case SIMPLICIAL_EMIT_ANALYSIS:
    status = compilation_to_gpu(compilation, target);
    return status.code ? status : analysis_print(compilation, out);
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
