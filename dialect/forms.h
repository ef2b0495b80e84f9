// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What forms are called where they are text.

#ifndef SIMPLICIAL_DIALECT_FORMS_H
#define SIMPLICIAL_DIALECT_FORMS_H

#include "simplicial/attributes.h"

#include <stddef.h>
#include <string.h>

static const char *const form_names[] = {[SIMPLICIAL_TRILINEAR] = "trilinear",
                                         [SIMPLICIAL_DETERMINANT] =
                                             "determinant",
                                         [SIMPLICIAL_PAIRWISE] = "pairwise"};

enum { FORMS = sizeof form_names / sizeof *form_names };

/// All of them, for diagnostics.
#define FORM_NAMES "\"trilinear\", \"determinant\" or \"pairwise\""

/// Whether there is a form of this name, and which one.
static inline bool form_of_name(const char *name, size_t length,
                                SimplicialForm *form) {
  for (int i = 0; i < FORMS; ++i)
    if (length == strlen(form_names[i]) &&
        !memcmp(name, form_names[i], length)) {
      *form = (SimplicialForm)i;
      return true;
    }
  return false;
}

#endif // SIMPLICIAL_DIALECT_FORMS_H
