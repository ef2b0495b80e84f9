// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MLIR diagnostics -> `file:line:column: error: text` lines.

#include "diagnostics.h"

#include "no_memory.h"

#include <stdlib.h>
#include <string.h>

/// How many locations are looked at in search of a place: there may be any
/// number, as one location can contain another twice, and that again.
enum { MOST_LOCATIONS = 4096 };

static bool find_place(MlirLocation location, int *budget, MlirLocation *place);

static bool find_in_fused(MlirLocation fused, int *budget,
                          MlirLocation *place) {
  intptr_t count = mlirLocationFusedGetNumLocations(fused);
  MlirLocation *parts = malloc((size_t)count * sizeof *parts + 1);
  if (!parts)
    return false;
  mlirLocationFusedGetLocations(fused, parts);
  bool found = false;
  for (intptr_t i = 0; i < count && !found; ++i)
    found = find_place(parts[i], budget, place);
  free(parts);
  return found;
}

/// The first part of `location` that is a place in a file. Of a call it is the
/// callee's, if that has one.
static bool find_place(MlirLocation location, int *budget,
                       MlirLocation *place) {
  if (--*budget < 0)
    return false;
  if (mlirLocationIsAName(location))
    return find_place(mlirLocationNameGetChildLoc(location), budget, place);
  if (mlirLocationIsACallSite(location))
    return find_place(mlirLocationCallSiteGetCallee(location), budget, place) ||
           find_place(mlirLocationCallSiteGetCaller(location), budget, place);
  if (mlirLocationIsAFused(location))
    return find_in_fused(location, budget, place);
  *place = location;
  return mlirLocationIsAFileLineColRange(location);
}

static void append_file(Diagnostics *self, MlirLocation place) {
  MlirStringRef file =
      mlirIdentifierStr(mlirLocationFileLineColRangeGetFilename(place));
  if (self->source_name && file.length == 1 && file.data[0] == '-')
    file = mlirStringRefCreateFromCString(self->source_name);
  text_append(&self->errors, file.data, file.length);
  text_format(&self->errors,
              ":%d:%d: ", mlirLocationFileLineColRangeGetStartLine(place),
              mlirLocationFileLineColRangeGetStartColumn(place));
}

static void append_location(Diagnostics *self, MlirLocation location) {
  int budget = MOST_LOCATIONS;
  MlirLocation place;
  if (find_place(location, &budget, &place))
    append_file(self, place);
  else if (self->source_name)
    text_format(&self->errors, "%s: ", self->source_name);
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
  if (self->errors.size) // What follows from it is none of its own.
    return mlirLogicalResultSuccess();
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
    return no_memory();
  if (!self->errors.size)
    return simplicialError(SIMPLICIAL_COMPILE_ERROR, "%s%serror: %s failed",
                           self->source_name ? self->source_name : "",
                           self->source_name ? ": " : "", what);
  return simplicialError(SIMPLICIAL_COMPILE_ERROR, "%s", self->errors.data);
}

void diagnostics_end(Diagnostics *self) {
  mlirContextDetachDiagnosticHandler(self->context, self->handler);
  text_free(&self->errors);
}
