// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MLIR diagnostics -> `file:line:column: error: text` lines.

#include "diagnostics.h"

#include <string.h>

/// The place in a file that `location` stands for, if there is one.
static MlirLocation place_in_file(MlirLocation location) {
  for (;;) {
    if (mlirLocationIsAName(location))
      location = mlirLocationNameGetChildLoc(location);
    else if (mlirLocationIsACallSite(location))
      location = mlirLocationCallSiteGetCallee(location);
    else if (mlirLocationIsAFused(location) &&
             mlirLocationFusedGetNumLocations(location) == 1)
      mlirLocationFusedGetLocations(location, &location);
    else
      return location;
  }
}

static void append_location(Diagnostics *self, MlirLocation location) {
  Text *text = &self->errors;
  location = place_in_file(location);
  if (mlirLocationIsAFileLineColRange(location)) {
    MlirStringRef file =
        mlirIdentifierStr(mlirLocationFileLineColRangeGetFilename(location));
    if (self->source_name && file.length == 1 && file.data[0] == '-')
      file = mlirStringRefCreateFromCString(self->source_name);
    text_append(text, file.data, file.length);
    text_format(text,
                ":%d:%d: ", mlirLocationFileLineColRangeGetStartLine(location),
                mlirLocationFileLineColRangeGetStartColumn(location));
  } else if (self->source_name) {
    text_format(text, "%s: ", self->source_name);
  }
}

static void append(Diagnostics *self, MlirDiagnostic diagnostic,
                   const char *severity) {
  if (self->errors.size)
    text_append(&self->errors, "\n", 1);
  append_location(self, mlirDiagnosticGetLocation(diagnostic));
  text_format(&self->errors, "%s: ", severity);
  mlirDiagnosticPrint(diagnostic, text_append_ref, &self->errors);
}

/// Leaves out the whole operation that MLIR prints below an error about it.
static void append_note(Diagnostics *self, MlirDiagnostic note) {
  static const char current[] = "see current operation";
  size_t size = self->errors.size;
  append(self, note, "note");
  if (!self->errors.failed && strstr(self->errors.data + size, current)) {
    self->errors.size = size;
    self->errors.data[size] = '\0';
  }
}

static MlirLogicalResult collect(MlirDiagnostic diagnostic, void *data) {
  Diagnostics *self = data;
  if (mlirDiagnosticGetSeverity(diagnostic) != MlirDiagnosticError)
    return mlirLogicalResultFailure();
  append(self, diagnostic, "error");
  intptr_t notes = mlirDiagnosticGetNumNotes(diagnostic);
  for (intptr_t i = 0; i < notes; ++i)
    append_note(self, mlirDiagnosticGetNote(diagnostic, i));
  return mlirLogicalResultSuccess();
}

void diagnostics_begin(Diagnostics *self, MlirContext context,
                       const char *source_name) {
  *self = (Diagnostics){.context = context, .source_name = source_name};
  self->handler =
      mlirContextAttachDiagnosticHandler(context, collect, self, NULL);
}

SimplicialStatus diagnostics_status(const Diagnostics *self, bool success,
                                    const char *what) {
  if (success)
    return simplicialOk();
  if (self->errors.failed)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  if (!self->errors.size)
    return simplicialError(SIMPLICIAL_COMPILE_ERROR, "%s failed", what);
  return simplicialError(SIMPLICIAL_COMPILE_ERROR, "%s", self->errors.data);
}

void diagnostics_end(Diagnostics *self) {
  mlirContextDetachDiagnosticHandler(self->context, self->handler);
  text_free(&self->errors);
}
