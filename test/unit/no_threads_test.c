// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit test of the thread pool where the system grants no threads: the
// pthread_create below takes the place of the C library's.

#include "unit.h"

#include <errno.h>
#include <pthread.h>

static int refusals;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *argument) {
  (void)thread, (void)attributes, (void)start, (void)argument;
  ++refusals;
  return EAGAIN;
}

static void add_indices(void *context, int64_t lo, int64_t hi) {
  for (int64_t i = lo; i < hi; ++i)
    *(int64_t *)context += i;
}

static void the_caller_does_all_the_work(void **state) {
  (void)state;
  simplicialSetThreadCount(8);
  int64_t sum = 0;
  simplicialParallelFor(add_indices, &sum, 1000);
  assert_int_equal(499500, sum);
  assert_true(refusals > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_caller_does_all_the_work)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
