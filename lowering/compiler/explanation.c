// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the notes of passes (lowering/notes.h). In: a source. Out: lines of
// text for each function that has notes: a kernel, or on a CPU what threads
// run.

#include "explanation.h"

#include "machine.h"

#include "lowering/ir_llvm.h"
#include "lowering/notes.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/Pass.h"
#include "simplicial/dialect.h"
#include "simplicial/passes.h"

typedef struct Printer {
  Text *out;
  Text target;
} Printer;

static MlirWalkResult print(MlirOperation op, void *user) {
  const Printer *self = user;
  MlirAttribute notes = notes_get(op);
  if (mlirAttributeIsNull(notes) ||
      !(ir_is(op, "llvm.func") || ir_is(op, "func.func")))
    return MlirWalkResultAdvance;
  MlirStringRef name = ir_symbol_name(op);
  text_format(self->out, "kernel %.*s for %s\n", (int)name.length, name.data,
              self->target.data ? self->target.data : "");
  for (intptr_t i = 0; i < mlirArrayAttrGetNumElements(notes); ++i) {
    MlirStringRef text =
        mlirStringAttrGetValue(mlirArrayAttrGetElement(notes, i));
    text_format(self->out, "  %.*s\n", (int)text.length, text.data);
  }
  return MlirWalkResultAdvance;
}

/// Lowers to functions of a range of blocks.
static SimplicialStatus to_outlined(Compilation *compilation,
                                    const char *target) {
  SimplicialStatus status = compilation_to_tile(compilation, target);
  if (status.code)
    return status;
  MlirOperation module = mlirModuleGetOperation(compilation->lowered);
  MlirPassManager manager =
      mlirPassManagerCreate(mlirOperationGetContext(module));
  mlirPassManagerAddOwnedPass(manager, simplicialCreateBlockPass());
  mlirPassManagerAddOwnedPass(manager, simplicialCreateOutlinePass());
  status = diagnostics_status(
      &compilation->diagnostics,
      mlirLogicalResultIsSuccess(mlirPassManagerRunOnOp(manager, module)),
      "simplicial-to-cpu");
  mlirPassManagerDestroy(manager);
  return status;
}

static void append_processor(const char *processor, Text *text) {
  char *host = LLVMGetHostCPUName();
  text_format(text, " (%s)", processor ? processor : host);
  LLVMDisposeMessage(host);
}

SimplicialStatus explanation_print(Compilation *compilation, const char *target,
                                   Text *out) {
  Target parsed;
  SimplicialStatus status = target_parse(target, &parsed);
  if (status.code)
    return status;
  bool gpu = parsed.gpu || parsed.emulated;
  mlirOperationSetDiscardableAttributeByName(
      mlirModuleGetOperation(compilation->source),
      ir_str(SIMPLICIAL_EXPLAIN_ATTR),
      mlirUnitAttrGet(mlirModuleGetContext(compilation->source)));
  status = gpu ? compilation_to_gpu(compilation, target)
               : to_outlined(compilation, target);
  if (status.code)
    return status;
  Printer printer = {.out = out};
  text_format(&printer.target, "%s", compilation->target.name);
  if (!gpu)
    append_processor(parsed.processor, &printer.target);
  mlirOperationWalk(mlirModuleGetOperation(compilation->lowered), print,
                    &printer, MlirWalkPreOrder);
  out->failed |= printer.target.failed;
  text_free(&printer.target);
  if (!out->size && !out->failed)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "the module has no kernel to explain");
  return status;
}
