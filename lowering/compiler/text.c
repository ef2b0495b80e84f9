// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The growing string of text.h.

#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Makes room for `size` more bytes and a NUL.
static bool reserve(Text *text, size_t size) {
  if (text->failed)
    return false;
  if (text->capacity - text->size > size)
    return true;
  size_t capacity = 2 * (text->size + size) + 64;
  char *data = realloc(text->data, capacity);
  text->failed = !data;
  if (text->failed)
    return false;
  text->data = data;
  text->capacity = capacity;
  return true;
}

void text_append(Text *text, const char *data, size_t size) {
  if (!reserve(text, size))
    return;
  if (size)
    memcpy(text->data + text->size, data, size);
  text->size += size;
  text->data[text->size] = '\0';
}

void text_format(Text *text, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int size = vsnprintf(NULL, 0, format, arguments);
  if (size < 0)
    text->failed = true;
  else if (reserve(text, (size_t)size))
    text->size += (size_t)vsnprintf(text->data + text->size, (size_t)size + 1,
                                    format, again);
  va_end(again);
  va_end(arguments);
}

void text_append_ref(MlirStringRef part, void *text) {
  text_append(text, part.data, part.length);
}

void text_free(Text *text) {
  free(text->data);
  *text = (Text){0};
}
