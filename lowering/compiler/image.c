// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes, writes and reads images.

#include "image.h"

#include "machine.h"
#include "no_memory.h"
#include "object.h"

#include <stdlib.h>
#include <string.h>

// Making ----------------------------------------------------------------------

static SimplicialStatus compile(Image *self, Machine *machine) {
  LLVMValueRef load = LLVMGetNamedFunction(machine->module, IMAGE_LOAD);
  LLVMValueRef unload = LLVMGetNamedFunction(machine->module, IMAGE_UNLOAD);
  self->has_kernels = load && unload;
  if (self->has_kernels) {
    LLVMSetLinkage(load, LLVMExternalLinkage);
    LLVMSetLinkage(unload, LLVMExternalLinkage);
  }
  SimplicialStatus status = object_add_entries(machine->module, self->functions,
                                               self->function_count);
  return status.code ? status
                     : machine_object(machine, IMAGE_EXPORTED, &self->object);
}

SimplicialStatus image_create(Image *self, Compilation *compilation,
                              const char *target) {
  *self = (Image){0};
  SimplicialStatus status = compilation_to_llvm(compilation, target, NULL);
  if (!status.code)
    status =
        functions_read(compilation, &self->function_count, &self->functions);
  if (status.code)
    return status;
  Machine machine;
  status = machine_begin(&machine, compilation);
  if (!status.code)
    status = compile(self, &machine);
  machine_end(&machine);
  return status;
}

void image_free(Image *self) {
  functions_free(self->functions, self->function_count);
  if (self->object)
    LLVMDisposeMemoryBuffer(self->object);
}

// Writing and reading ---------------------------------------------------------
//
// A Start, for each function a FunctionStart and its arrays, the object file.

typedef struct Start {
  int32_t functions, has_kernels;
  uint64_t object_size;
} Start;

typedef struct FunctionStart {
  int32_t name_length, inputs, outputs, symbols, attentions, gpu, emulated,
      has_workspace;
} FunctionStart;

static void write_function(const SimplicialFunction *f, Text *bytes) {
  FunctionStart start = {.name_length = (int32_t)strlen(f->name),
                         .inputs = f->input_count,
                         .outputs = f->output_count,
                         .symbols = f->symbol_count,
                         .attentions = f->attention_count,
                         .gpu = f->gpu,
                         .emulated = f->emulated,
                         .has_workspace = f->has_workspace};
  size_t arguments = (size_t)(f->input_count + f->output_count);
  text_append(bytes, (const char *)&start, sizeof start);
  text_append(bytes, f->name, strlen(f->name));
  text_append(bytes, (const char *)f->arguments,
              arguments * sizeof *f->arguments);
  text_append(bytes, (const char *)f->sizes,
              (size_t)f->symbol_count * sizeof *f->sizes);
  text_append(bytes, (const char *)f->attentions,
              (size_t)f->attention_count * sizeof *f->attentions);
}

void image_write(const Image *self, Text *bytes) {
  Start start = {self->function_count, self->has_kernels,
                 LLVMGetBufferSize(self->object)};
  text_append(bytes, (const char *)&start, sizeof start);
  for (int i = 0; i < self->function_count; ++i)
    write_function(&self->functions[i], bytes);
  text_append(bytes, LLVMGetBufferStart(self->object), start.object_size);
}

typedef struct Reader {
  const char *at;
  size_t left;
} Reader;

static bool take(Reader *self, void *data, size_t size) {
  if (size > self->left)
    return false;
  memcpy(data, self->at, size);
  self->at += size;
  self->left -= size;
  return true;
}

/// A copy of the next elements, with a zero behind them; NULL if there are not
/// so many, or there is no memory.
static void *take_array(Reader *self, int32_t count, size_t size) {
  if (count < 0 || (size_t)count > self->left / size)
    return NULL;
  char *data = calloc((size_t)count + 1, size);
  if (data)
    take(self, data, (size_t)count * size);
  return data;
}

static bool read_function(Reader *reader, SimplicialFunction *f) {
  FunctionStart start;
  if (!take(reader, &start, sizeof start) || start.inputs < 0 ||
      start.outputs < 0 || start.inputs > INT32_MAX - start.outputs)
    return false;
  *f = (SimplicialFunction){.gpu = start.gpu,
                            .emulated = start.emulated,
                            .has_workspace = start.has_workspace,
                            .input_count = start.inputs,
                            .output_count = start.outputs,
                            .symbol_count = start.symbols,
                            .attention_count = start.attentions};
  return (f->name = take_array(reader, start.name_length, 1)) &&
         (f->arguments = take_array(reader, start.inputs + start.outputs,
                                    sizeof *f->arguments)) &&
         (f->sizes = take_array(reader, start.symbols, sizeof *f->sizes)) &&
         (f->attentions =
              take_array(reader, start.attentions, sizeof *f->attentions));
}

bool image_read(Image *self, const char *bytes, size_t size) {
  *self = (Image){0};
  Reader reader = {bytes, size};
  Start start;
  if (!take(&reader, &start, sizeof start) || start.functions <= 0 ||
      (size_t)start.functions > reader.left / sizeof(FunctionStart))
    return false;
  self->has_kernels = start.has_kernels;
  self->functions = calloc((size_t)start.functions, sizeof *self->functions);
  if (!self->functions)
    return false;
  while (self->function_count < start.functions)
    if (!read_function(&reader, &self->functions[self->function_count++]))
      return false;
  if (reader.left != start.object_size)
    return false;
  self->object = LLVMCreateMemoryBufferWithMemoryRangeCopy(
      reader.at, reader.left, "simplicial");
  return self->object;
}
