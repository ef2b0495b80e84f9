// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers on the command line.

#include "number.h"

#include <errno.h>
#include <stdlib.h>

bool number_parse(const char *text, int64_t low, int64_t high, int64_t *value) {
  char *end;
  errno = 0;
  long long number = strtoll(text, &end, 10);
  if (end == text || *end || errno || number < low || number > high)
    return false;
  *value = number;
  return true;
}
