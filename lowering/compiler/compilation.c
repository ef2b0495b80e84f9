// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Source -> module -> tile program -> LLVM dialect.

#include "compilation.h"

#include "lowering/ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/RegisterEverything.h"
#include "simplicial/dialect.h"
#include "simplicial/passes.h"

#include <pthread.h>
#include <string.h>

static pthread_once_t passes_registered = PTHREAD_ONCE_INIT;

static bool prepare_context(MlirContext context) {
  pthread_once(&passes_registered, mlirRegisterAllPasses);
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  mlirRegisterAllDialects(registry);
  mlirContextAppendDialectRegistry(context, registry);
  mlirDialectRegistryDestroy(registry);
  mlirRegisterAllLLVMTranslations(context);
  return mlirLogicalResultIsSuccess(simplicialRegisterDialect(context));
}

SimplicialStatus compilation_begin(Compilation *self, const char *source,
                                   size_t length, const char *source_name) {
  *self = (Compilation){.own_context = mlirContextCreateWithThreading(false)};
  diagnostics_begin(&self->diagnostics, self->own_context, source_name);
  if (!prepare_context(self->own_context))
    return diagnostics_status(&self->diagnostics, false,
                              "registering the dialect");
  Text text = {0}; // MLIR's lexer wants a NUL at the end.
  text_append(&text, source, length);
  if (text.failed)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  self->own_source = mlirModuleCreateParse(
      self->own_context, mlirStringRefCreate(text.data, text.size));
  text_free(&text);
  self->source = self->own_source;
  return diagnostics_status(&self->diagnostics, !mlirModuleIsNull(self->source),
                            "parsing");
}

SimplicialStatus compilation_begin_module(Compilation *self,
                                          MlirModule module) {
  *self = (Compilation){.source = module};
  MlirContext context = mlirModuleGetContext(module);
  diagnostics_begin(&self->diagnostics, context, NULL);
  if (!prepare_context(context))
    return diagnostics_status(&self->diagnostics, false,
                              "registering the dialect");
  return diagnostics_status(&self->diagnostics,
                            mlirOperationVerify(mlirModuleGetOperation(module)),
                            "verifying the module");
}

static bool is_public_function(MlirOperation op) {
  if (!ir_is(op, "func.func") ||
      mlirBlockIsNull(mlirRegionGetFirstBlock(mlirOperationGetRegion(op, 0))))
    return false;
  MlirAttribute visibility = ir_get_attr(op, "sym_visibility");
  return mlirAttributeIsNull(visibility) ||
         mlirStringRefEqual(mlirStringAttrGetValue(visibility),
                            ir_str("public"));
}

MlirOperation compilation_find_function(MlirOperation op) {
  while (!mlirOperationIsNull(op) && !is_public_function(op))
    op = mlirOperationGetNextInBlock(op);
  return op;
}

static SimplicialStatus run_pipeline(Compilation *self, const char *name) {
  MlirPassManager manager =
      mlirPassManagerCreate(mlirModuleGetContext(self->lowered));
  Text reason = {0};
  SimplicialStatus status;
  if (mlirLogicalResultIsFailure(
          simplicialAddPipeline(mlirPassManagerGetAsOpPassManager(manager),
                                ir_str(name), text_append_ref, &reason)))
    status = simplicialError(SIMPLICIAL_INTERNAL, "%s: %s", name,
                             reason.data ? reason.data : "not available");
  else
    status =
        diagnostics_status(&self->diagnostics,
                           mlirLogicalResultIsSuccess(mlirPassManagerRunOnOp(
                               manager, mlirModuleGetOperation(self->lowered))),
                           name);
  text_free(&reason);
  mlirPassManagerDestroy(manager);
  return status;
}

SimplicialStatus compilation_to_tile(Compilation *self, const char *target) {
  if (strcmp(target, "cpu"))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "unknown target '%s'; there is: cpu", target);
  MlirBlock body = mlirModuleGetBody(self->source);
  if (mlirOperationIsNull(
          compilation_find_function(mlirBlockGetFirstOperation(body))))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "the module has no public function with a body");
  self->lowered = mlirModuleFromOperation(
      mlirOperationClone(mlirModuleGetOperation(self->source)));
  mlirOperationSetDiscardableAttributeByName(
      mlirModuleGetOperation(self->lowered), ir_str(SIMPLICIAL_TARGET_ATTR),
      mlirStringAttrGet(mlirModuleGetContext(self->lowered), ir_str(target)));
  return run_pipeline(self, "simplicial-to-tile");
}

SimplicialStatus compilation_to_llvm(Compilation *self, const char *target) {
  SimplicialStatus status = compilation_to_tile(self, target);
  return status.code ? status : run_pipeline(self, "simplicial-to-cpu");
}

void compilation_end(Compilation *self) {
  diagnostics_end(&self->diagnostics);
  if (!mlirModuleIsNull(self->lowered))
    mlirModuleDestroy(self->lowered);
  if (!mlirModuleIsNull(self->own_source))
    mlirModuleDestroy(self->own_source);
  if (!mlirContextIsNull(self->own_context))
    mlirContextDestroy(self->own_context);
}
