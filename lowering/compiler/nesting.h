// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How deep MLIR's text is nested: its parser, verifier and printer call
// themselves for each level, and end with the stack.

#ifndef SIMPLICIAL_COMPILER_NESTING_H
#define SIMPLICIAL_COMPILER_NESTING_H

#include <stddef.h>

enum { NESTING_MOST = 1000 };

/// Where `text` first has more than NESTING_MOST levels of brackets, or as many
/// signs in a row: the line and column there, from 1 on. A line of 0: nowhere.
void nesting_find(const char *text, size_t length, int *line, int *column);

#endif // SIMPLICIAL_COMPILER_NESTING_H
