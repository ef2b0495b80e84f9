// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every unit test includes: cmocka, with the headers it asks for.

#ifndef SIMPLICIAL_TEST_UNIT_UNIT_H
#define SIMPLICIAL_TEST_UNIT_UNIT_H

#include "simplicial/runtime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// Asserts that a call gave this code, and frees its status.
#define assert_status(EXPECTED, CALL)                                          \
  do {                                                                         \
    SimplicialStatus status_ = (CALL);                                         \
    SimplicialCode code_ = status_.code;                                       \
    simplicialStatusFree(status_);                                             \
    assert_int_equal(EXPECTED, code_);                                         \
  } while (0)

#endif // SIMPLICIAL_TEST_UNIT_UNIT_H
