// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decimal numbers.

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

bool number_take(const char **text, int64_t *value) {
  if (**text < '0' || **text > '9')
    return false;
  *value = 0;
  for (; **text >= '0' && **text <= '9'; ++*text)
    if (__builtin_mul_overflow(*value, 10, value) ||
        __builtin_add_overflow(*value, **text - '0', value))
      return false;
  return true;
}
