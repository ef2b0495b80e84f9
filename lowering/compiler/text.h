// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A growing string. A failed allocation sets `failed` and later appends do
// nothing, so that only the end result needs a check.

#ifndef SIMPLICIAL_COMPILER_TEXT_H
#define SIMPLICIAL_COMPILER_TEXT_H

#include "mlir-c/Support.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct Text {
  char *data; ///< NUL-terminated, or NULL while empty
  size_t size, capacity;
  bool failed;
} Text;

void text_append(Text *text, const char *data, size_t size);
void text_format(Text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// An MlirStringCallback; `text` is a Text.
void text_append_ref(MlirStringRef part, void *text);
void text_free(Text *text);

#endif // SIMPLICIAL_COMPILER_TEXT_H
