// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counts the brackets of MLIR's text, outside of comments and strings.

#include "nesting.h"

#include <stdbool.h>
#include <string.h>

/// The end of the comment or string that begins at `at`; `at` if none does.
static const char *skip(const char *at, const char *end) {
  if (*at == '/' && at + 1 < end && at[1] == '/') {
    const char *line = memchr(at, '\n', (size_t)(end - at));
    return line ? line : end;
  }
  if (*at != '"')
    return at;
  for (++at; at < end && *at != '"'; ++at)
    if (*at == '\\' && at + 1 < end)
      ++at;
  return at < end ? at + 1 : end;
}

static bool is_bytecode(const char *text, size_t length) {
  static const char magic[] = "ML\xefR";
  return length >= sizeof magic - 1 && !memcmp(text, magic, sizeof magic - 1);
}

void nesting_find(const char *text, size_t length, int *line, int *column) {
  const char *end = text + length, *start = text;
  int depth = 0, signs = 0, lines = 1;
  *line = *column = 0;
  if (is_bytecode(text, length))
    return;
  for (const char *at = text; at < end;) {
    const char *behind = skip(at, end);
    if (behind != at) {
      at = behind;
      continue;
    }
    char c = *at;
    char next = at + 1 < end ? at[1] : '\0';
    bool compares = (c == '<' || c == '>') && next == '=';
    bool arrow = c == '>' && at > text && at[-1] == '-';
    bool bracket = c && !compares && !arrow;
    if (bracket && strchr("([{<", c))
      ++depth;
    else if (bracket && depth && strchr(")]}>", c))
      --depth;
    signs = c == '-' ? signs + 1 : c == ' ' ? signs : 0;
    if (depth > NESTING_MOST || signs > NESTING_MOST) {
      *line = lines;
      *column = (int)(at - start) + 1;
      return;
    }
    ++at;
    if (c == '\n') {
      ++lines;
      start = at;
    }
  }
}
