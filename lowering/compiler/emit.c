// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Source -> tile program, GPU program, kernels, LLVM IR, object file, C header,
// library for TVM FFI, analysis or explanation, as bytes.

#include "analysis.h"
#include "binary.h"
#include "explanation.h"
#include "guard.h"
#include "header.h"
#include "link.h"
#include "machine.h"
#include "no_memory.h"
#include "object.h"

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
    out->failed |= !text;
    text_format(out, "%s", text ? text : "");
    LLVMDisposeMessage(text);
  }
  machine_end(&machine);
  return status;
}

/// Adds to the module what its callers need; functions that are not all of
/// tensors have none but those that know their types.
static SimplicialStatus complete(const Compilation *compilation,
                                 LLVMModuleRef module, bool tvm_ffi) {
  SimplicialFunction *functions;
  int count;
  if (!tvm_ffi && !functions_are_of_tensors(compilation))
    return simplicialOk();
  SimplicialStatus status = functions_read(compilation, &count, &functions);
  if (!status.code)
    status = object_add_entries(module, functions, count);
  if (!status.code)
    status = object_add_descriptions(module, functions, count);
  if (!status.code && tvm_ffi)
    status = object_add_tvm_ffi(module, functions, count);
  functions_free(functions, count);
  return status;
}

static SimplicialStatus emit_object(Compilation *compilation,
                                    const char *target, bool tvm_ffi,
                                    Text *out) {
  SimplicialStatus status =
      compilation_to_llvm(compilation, target, OBJECT_FORMAT);
  if (status.code)
    return status;
  Machine machine;
  LLVMMemoryBufferRef object;
  status = machine_begin(&machine, compilation);
  if (!status.code)
    status = complete(compilation, machine.module, tvm_ffi);
  if (!status.code)
    status = machine_object(&machine, MACHINE_INTERFACE, &object);
  if (!status.code) {
    text_append(out, LLVMGetBufferStart(object), LLVMGetBufferSize(object));
    LLVMDisposeMemoryBuffer(object);
  }
  machine_end(&machine);
  return status;
}

static SimplicialStatus emit_tvm_ffi(Compilation *compilation,
                                     const char *target, Text *out) {
  Text object = {0};
  SimplicialStatus status = emit_object(compilation, target, true, &object);
  if (!status.code && compilation->target.emulated)
    status = simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "there are no libraries of emulated kernels");
  if (!status.code && object.failed)
    status = no_memory();
  if (!status.code)
    status = link_library(mlirStringRefCreate(object.data, object.size),
                          compilation->trace, out);
  text_free(&object);
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

static SimplicialStatus emit_binary(Compilation *compilation,
                                    const char *target, const char *format,
                                    Text *out) {
  SimplicialStatus status = compilation_to_binary(compilation, target, format);
  if (status.code)
    return status;
  MlirOperation binary = binary_first(compilation->lowered);
  if (mlirOperationIsNull(binary) || !mlirOperationIsNull(binary_next(binary)))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "one file holds the kernels of one function; the "
                           "module has %s",
                           mlirOperationIsNull(binary) ? "none" : "several");
  MlirStringRef object = binary_bytes(binary, 0);
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
    return emit_object(compilation, target, false, out);
  case SIMPLICIAL_EMIT_TVM_FFI:
    return emit_tvm_ffi(compilation, target, out);
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
  case SIMPLICIAL_EMIT_EXPLANATION:
    return explanation_print(compilation, target, out);
  case SIMPLICIAL_EMIT_HEADER:
    status = compilation_to_workspaces(compilation, target);
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

/// A call of simplicialCompileTraced.
typedef struct Request {
  const char *source;
  size_t length;
  const char *source_name, *target;
  SimplicialEmit what;
  Trace *trace; ///< may be NULL
  Text out;
} Request;

static SimplicialStatus compile(void *data) {
  Request *self = data;
  Compilation compilation;
  double begun = trace_now();
  SimplicialStatus status = compilation_begin(&compilation, self->source,
                                              self->length, self->source_name);
  trace_time(self->trace, "context and parsing", begun);
  compilation.trace = self->trace;
  if (!status.code)
    status = emit(&compilation, self->target, self->what, &self->out);
  if (!status.code && self->out.failed)
    status = no_memory();
  compilation_end(&compilation);
  return status;
}

SimplicialStatus simplicialCompileTraced(const char *source, size_t length,
                                         const char *source_name,
                                         const char *target,
                                         SimplicialEmit what,
                                         const SimplicialTrace *options,
                                         char **data, size_t *size) {
  bool traced = options && (options->print_ir_after || options->save_temps ||
                            options->timing);
  Trace trace = {0};
  Request request = {
      source, length, source_name, target, what, traced ? &trace : NULL, {0}};
  *data = NULL;
  *size = 0;
  SimplicialStatus status = target_resolve(&request.target);
  if (!status.code && traced)
    status = trace_begin(&trace, options);
  if (!status.code)
    status = guard_run(compile, &request);
  if (!status.code && traced)
    status = trace_finish(&trace);
  trace_free(&trace);
  if (status.code) {
    text_free(&request.out);
    return status;
  }
  *data = request.out.data;
  *size = request.out.size;
  return status;
}

SimplicialStatus simplicialCompile(const char *source, size_t length,
                                   const char *source_name, const char *target,
                                   SimplicialEmit what, char **data,
                                   size_t *size) {
  return simplicialCompileTraced(source, length, source_name, target, what,
                                 NULL, data, size);
}
