// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit tests of status values.

#include "unit.h"

#include <string.h>

static void ok_has_no_message(void **state) {
  (void)state;
  SimplicialStatus status = simplicialOk();
  assert_int_equal(SIMPLICIAL_OK, status.code);
  assert_null(status.message);
  assert_string_equal("ok", simplicialStatusMessage(status));
  simplicialStatusFree(status);
}

static void error_formats_its_message(void **state) {
  (void)state;
  SimplicialStatus status = simplicialError(
      SIMPLICIAL_NOT_FOUND, "no function '%s' among %d", "attend", 3);
  assert_int_equal(SIMPLICIAL_NOT_FOUND, status.code);
  assert_string_equal("no function 'attend' among 3", status.message);
  assert_ptr_equal(status.message, simplicialStatusMessage(status));
  simplicialStatusFree(status);
}

static void long_messages_are_whole(void **state) {
  (void)state;
  SimplicialStatus status =
      simplicialError(SIMPLICIAL_IO_ERROR, "%*d", 100000, 7);
  assert_int_equal(100000, strlen(status.message));
  assert_int_equal('7', status.message[99999]);
  simplicialStatusFree(status);
}

static void error_without_message_shows_its_code(void **state) {
  (void)state;
  SimplicialStatus status = {SIMPLICIAL_OUT_OF_MEMORY, NULL};
  assert_string_equal("out of memory", simplicialStatusMessage(status));
  simplicialStatusFree(status);
}

static void codes_have_distinct_names(void **state) {
  (void)state;
  for (int a = SIMPLICIAL_OK; a <= SIMPLICIAL_INTERNAL; ++a)
    for (int b = a + 1; b <= SIMPLICIAL_INTERNAL + 1; ++b)
      assert_string_not_equal(simplicialCodeName(a), simplicialCodeName(b));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ok_has_no_message),
      cmocka_unit_test(error_formats_its_message),
      cmocka_unit_test(long_messages_are_whole),
      cmocka_unit_test(error_without_message_shows_its_code),
      cmocka_unit_test(codes_have_distinct_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
