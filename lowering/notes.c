// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Notes of passes, as attributes.
//
// In:  module attributes {simplicial.explain} { ... op ... }
// Out: ... op {simplicial.notes = ["products: mma.sync by 8 warps", ...]} ...

#include "notes.h"

#include "ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "simplicial/dialect.h"

#include <stdarg.h>
#include <stdio.h>

enum { MOST_NOTES = 64, LONGEST = 512 };

bool notes_wanted(MlirOperation op) {
  bool wanted = false;
  for (; !mlirOperationIsNull(op) && !wanted;
       op = mlirOperationGetParentOperation(op))
    wanted = !mlirAttributeIsNull(ir_get_attr(op, SIMPLICIAL_EXPLAIN_ATTR));
  return wanted;
}

MlirAttribute notes_get(MlirOperation op) {
  MlirAttribute notes = ir_get_attr(op, SIMPLICIAL_NOTES_ATTR);
  bool valid = !mlirAttributeIsNull(notes) && mlirAttributeIsAArray(notes);
  return valid ? notes : mlirAttributeGetNull();
}

static void set(MlirOperation op, const char *name, MlirAttribute notes) {
  if (mlirAttributeIsNull(notes))
    mlirOperationRemoveAttributeByName(op, ir_str(name));
  else
    mlirOperationSetAttributeByName(op, ir_str(name), notes);
}

void notes_set(MlirOperation to, MlirAttribute notes) {
  set(to, SIMPLICIAL_NOTES_ATTR, notes);
}

void notes_exchange(MlirOperation op) {
  static const char aside[] = SIMPLICIAL_NOTES_ATTR ".aside";
  MlirAttribute notes = notes_get(op);
  notes_set(op, ir_get_attr(op, aside));
  set(op, aside, notes);
}

void note(MlirOperation op, const char *format, ...) {
  if (!notes_wanted(op))
    return;
  char text[LONGEST];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  MlirContext context = mlirOperationGetContext(op);
  MlirAttribute added = mlirStringAttrGet(context, ir_str(text));
  MlirAttribute before = notes_get(op), notes[MOST_NOTES];
  intptr_t n =
      mlirAttributeIsNull(before) ? 0 : mlirArrayAttrGetNumElements(before);
  if (n >= MOST_NOTES)
    return;
  for (intptr_t i = 0; i < n; ++i) {
    notes[i] = mlirArrayAttrGetElement(before, i);
    if (mlirAttributeEqual(notes[i], added))
      return;
  }
  notes[n++] = added;
  notes_set(op, mlirArrayAttrGet(context, n, notes));
}
