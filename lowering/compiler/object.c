// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adds entries, descriptions (object.h of the runtime), and functions of TVM
// FFI (its tvm_ffi.h).

#include "object.h"

#include "machine.h"
#include "no_memory.h"

#include <stdlib.h>
#include <string.h>

/// Adds something of `f`. `name` is for names, one after the other.
typedef SimplicialStatus Add(LLVMModuleRef module, const SimplicialFunction *f,
                             Text *name);

static SimplicialStatus add_all(LLVMModuleRef module,
                                const SimplicialFunction *functions, int count,
                                Add *add) {
  Text name = {0};
  SimplicialStatus status = simplicialOk();
  for (int i = 0; i < count && !status.code; ++i)
    status = add(module, &functions[i], &name);
  text_free(&name);
  return status;
}

static bool format_name(Text *name, const char *prefix,
                        const SimplicialFunction *f) {
  name->size = 0;
  text_format(name, "%s%s", prefix, f->name);
  return !name->failed;
}

/// A new function, and what builds its body.
static LLVMValueRef begin_function(LLVMModuleRef module, const Text *name,
                                   LLVMTypeRef type, LLVMBuilderRef *b) {
  LLVMContextRef context = LLVMGetModuleContext(module);
  LLVMValueRef function = LLVMAddFunction(module, name->data, type);
  *b = LLVMCreateBuilderInContext(context);
  LLVMPositionBuilderAtEnd(
      *b, LLVMAppendBasicBlockInContext(context, function, ""));
  return function;
}

// Entries ---------------------------------------------------------------------

static SimplicialStatus add_entry(LLVMModuleRef module,
                                  const SimplicialFunction *f, Text *name) {
  if (!format_name(name, MACHINE_INTERFACE, f))
    return no_memory();
  unsigned count = (unsigned)(f->input_count + f->output_count);
  LLVMValueRef callee = LLVMGetNamedFunction(module, name->data);
  if (!callee || LLVMCountParams(callee) != count)
    return simplicialError(SIMPLICIAL_INTERNAL,
                           "no %s of %u arguments came out of the lowering",
                           name->data, count);
  LLVMValueRef *values = malloc((count + 1) * sizeof *values);
  if (!values || !format_name(name, OBJECT_ENTRY, f)) {
    free(values);
    return no_memory();
  }
  LLVMContextRef context = LLVMGetModuleContext(module);
  LLVMTypeRef pointer = LLVMPointerTypeInContext(context, 0);
  LLVMTypeRef type =
      LLVMFunctionType(LLVMVoidTypeInContext(context), &pointer, 1, false);
  LLVMBuilderRef b;
  LLVMValueRef entry = begin_function(module, name, type, &b);
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

SimplicialStatus object_add_entries(LLVMModuleRef module,
                                    const SimplicialFunction *functions,
                                    int count) {
  return add_all(module, functions, count, add_entry);
}

// Descriptions ----------------------------------------------------------------

/// A constant of these bytes; what is made here runs on machines that lay out
/// structures as this one does.
static LLVMValueRef add_bytes(LLVMModuleRef module, const void *data,
                              size_t size) {
  LLVMValueRef value =
      LLVMConstStringInContext2(LLVMGetModuleContext(module), data, size, true);
  LLVMValueRef constant =
      LLVMAddGlobal(module, LLVMTypeOf(value), "simplicial.described");
  LLVMSetInitializer(constant, value);
  LLVMSetGlobalConstant(constant, true);
  LLVMSetLinkage(constant, LLVMPrivateLinkage);
  LLVMSetAlignment(constant, _Alignof(int64_t));
  return constant;
}

static SimplicialStatus
add_description(LLVMModuleRef module, const SimplicialFunction *f, Text *name) {
  if (!format_name(name, OBJECT_ENTRY, f))
    return no_memory();
  LLVMValueRef entry = LLVMGetNamedFunction(module, name->data);
  if (!format_name(name, OBJECT_DESCRIPTION, f))
    return no_memory();
  SimplicialObjectFunction d = function_description(f);
  LLVMContextRef context = LLVMGetModuleContext(module);
  LLVMTypeRef word = LLVMInt32TypeInContext(context);
  size_t arguments = (size_t)(d.input_count + d.output_count);
  // As SimplicialObjectFunction has them.
  LLVMValueRef fields[] = {
      add_bytes(module, d.name, strlen(d.name) + 1),
      entry,
      add_bytes(module, d.arguments, arguments * sizeof *d.arguments),
      add_bytes(module, d.sizes, (size_t)d.symbol_count * sizeof *d.sizes),
      LLVMConstInt(word, (uint64_t)d.input_count, false),
      LLVMConstInt(word, (uint64_t)d.output_count, false),
      LLVMConstInt(word, (uint64_t)d.symbol_count, false),
      LLVMConstInt(word, (uint64_t)d.device, false)};
  LLVMValueRef value = LLVMConstStructInContext(
      context, fields, sizeof fields / sizeof *fields, false);
  LLVMValueRef description =
      LLVMAddGlobal(module, LLVMTypeOf(value), name->data);
  LLVMSetInitializer(description, value);
  LLVMSetGlobalConstant(description, true);
  return simplicialOk();
}

SimplicialStatus object_add_descriptions(LLVMModuleRef module,
                                         const SimplicialFunction *functions,
                                         int count) {
  return add_all(module, functions, count, add_description);
}

// TVM FFI ---------------------------------------------------------------------

/// A function that is not here. What its type is matters where it is called.
static LLVMValueRef declare(LLVMModuleRef module, const char *name,
                            LLVMTypeRef type) {
  LLVMValueRef function = LLVMGetNamedFunction(module, name);
  return function ? function : LLVMAddFunction(module, name, type);
}

/// int __tvm_ffi_NAME(void *self, const TVMFFIAny *arguments, int32_t count,
/// TVMFFIAny *result): a call of simplicialTvmFfiCall.
static SimplicialStatus add_tvm_ffi(LLVMModuleRef module,
                                    const SimplicialFunction *f, Text *name) {
  if (!format_name(name, OBJECT_DESCRIPTION, f))
    return no_memory();
  LLVMValueRef description = LLVMGetNamedGlobal(module, name->data);
  if (!format_name(name, OBJECT_TVM_FFI, f))
    return no_memory();
  LLVMContextRef context = LLVMGetModuleContext(module);
  LLVMTypeRef pointer = LLVMPointerTypeInContext(context, 0);
  LLVMTypeRef word = LLVMInt32TypeInContext(context);
  LLVMTypeRef type = LLVMFunctionType(
      word, (LLVMTypeRef[]){pointer, pointer, word, pointer}, 4, false);
  LLVMTypeRef call_type = LLVMFunctionType(
      word, (LLVMTypeRef[]){pointer, pointer, word, pointer, pointer, pointer},
      6, false);
  LLVMBuilderRef b;
  LLVMValueRef function = begin_function(module, name, type, &b);
  LLVMValueRef values[] = {
      description,
      LLVMGetParam(function, 1),
      LLVMGetParam(function, 2),
      LLVMGetParam(function, 3),
      declare(module, "TVMFFIErrorSetRaisedFromCStr", type),
      declare(module, "TVMFFIEnvGetStream", type)};
  LLVMBuildRet(
      b, LLVMBuildCall2(b, call_type,
                        declare(module, "simplicialTvmFfiCall", call_type),
                        values, 6, ""));
  LLVMDisposeBuilder(b);
  return simplicialOk();
}

SimplicialStatus object_add_tvm_ffi(LLVMModuleRef module,
                                    const SimplicialFunction *functions,
                                    int count) {
  return add_all(module, functions, count, add_tvm_ffi);
}
