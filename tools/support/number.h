// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers in text: on the command line, and in files.

#ifndef SIMPLICIAL_TOOLS_NUMBER_H
#define SIMPLICIAL_TOOLS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/// Whether `text` is a decimal number from `low` to `high`, then in `*value`.
bool number_parse(const char *text, int64_t low, int64_t high, int64_t *value);

/// Takes the decimal digits that `*text` begins with: the number, and moves
/// `*text` behind them. False if there are none, or int64_t cannot hold it.
bool number_take(const char **text, int64_t *value);

#endif // SIMPLICIAL_TOOLS_NUMBER_H
