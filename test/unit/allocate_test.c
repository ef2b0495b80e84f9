// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory between operations, and the pool's scratch.

#include "unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/// Asserts that `status` has this code and this word in its message.
static void expect_error(SimplicialStatus status, SimplicialCode code,
                         const char *word) {
  assert_int_equal(code, status.code);
  assert_non_null(strstr(simplicialStatusMessage(status), word));
  simplicialStatusFree(status);
}

/// An allocator that fails from some allocation on.
typedef struct Counting {
  int left, allocated, freed;
  int64_t bytes;
} Counting;

static void *counting_allocate(void *context, int64_t bytes,
                               DLDeviceType device, void *stream) {
  Counting *self = context;
  assert_int_equal(device, kDLCPU);
  assert_null(stream);
  if (!self->left)
    return NULL;
  --self->left;
  ++self->allocated;
  self->bytes = bytes;
  return malloc((size_t)bytes);
}

static void counting_free(void *context, void *data, DLDeviceType device,
                          void *stream) {
  (void)device, (void)stream;
  ++((Counting *)context)->freed;
  free(data);
}

static void memory_is_aligned_and_freed(void **state) {
  (void)state;
  void *x = simplicialAllocate(100, kDLCPU);
  void *y = simplicialAllocate(0, kDLCPU);
  assert_non_null(x);
  assert_non_null(y);
  assert_ptr_not_equal(x, y);
  assert_int_equal((uintptr_t)x % 64, 0);
  memset(x, 1, 100);
  simplicialFree(x);
  simplicialFree(y);
  assert_status(SIMPLICIAL_OK, simplicialTakeLaunchStatus());
}

static void sizes_that_overflow_fail(void **state) {
  (void)state;
  assert_null(simplicialAllocate(-1, kDLCPU));
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_INVALID_ARGUMENT,
               "too large");
  assert_null(simplicialAllocate(INT64_MAX, kDLCPU));
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_OUT_OF_MEMORY,
               "9223372036854775807 bytes");
}

static void another_allocator_takes_over(void **state) {
  (void)state;
  Counting counting = {.left = 2};
  void *before = simplicialAllocate(8, kDLCPU);
  simplicialSetAllocator(
      &(SimplicialAllocator){counting_allocate, counting_free, &counting});
  void *x = simplicialAllocate(0, kDLCPU);
  assert_int_equal(counting.bytes, 1);
  assert_non_null(simplicialAllocate(24, kDLCPU));
  assert_int_equal(counting.bytes, 24);
  // The third fails; a call that ends there has the others freed.
  assert_null(simplicialAllocate(8, kDLCPU));
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_OUT_OF_MEMORY,
               "8 bytes");
  simplicialFree(before);
  assert_int_equal(counting.freed, 0);
  simplicialFree(x);
  assert_int_equal(counting.freed, 1);
  simplicialAbandon();
  assert_int_equal(counting.freed, 2);
  simplicialAbandon();
  assert_int_equal(counting.freed, 2);
  simplicialSetAllocator(NULL);
}

enum { SCRATCH = 1000, CHUNKS = 10000 };

/// Fills its thread's scratch with what no other thread does.
static void use_scratch(void *context, void *scratch, int64_t lo, int64_t hi) {
  assert_int_equal((uintptr_t)scratch % 64, 0);
  int64_t *sum = context;
  for (int64_t i = lo; i < hi; ++i) {
    memset(scratch, (int)i, SCRATCH);
    for (int j = 0; j < SCRATCH; ++j)
      if (((unsigned char *)scratch)[j] != (unsigned char)i)
        return;
    __atomic_fetch_add(sum, i, __ATOMIC_RELAXED);
  }
}

static void threads_have_scratch_of_their_own(void **state) {
  (void)state;
  for (int threads = 1; threads <= 4; ++threads) {
    int64_t sum = 0;
    simplicialSetThreadCount(threads);
    simplicialParallelForWithScratch(use_scratch, &sum, CHUNKS, SCRATCH);
    assert_int_equal(sum, (int64_t)CHUNKS * (CHUNKS - 1) / 2);
  }
  simplicialSetThreadCount(0);
}

/// Says where the scratch is.
static void note_scratch(void *context, void *scratch, int64_t lo, int64_t hi) {
  (void)lo, (void)hi;
  *(void **)context = scratch;
}

static void *scratch_of(int64_t bytes) {
  void *scratch = NULL;
  simplicialParallelForWithScratch(note_scratch, &scratch, 1, bytes);
  return scratch;
}

static void scratch_is_kept_and_grows(void **state) {
  (void)state;
  void *first = scratch_of(1 << 20);
  assert_ptr_equal(first, scratch_of(1 << 20));
  assert_ptr_equal(first, scratch_of(1));
  assert_non_null(scratch_of(1 << 21)); // the first makes way for it
  void *larger = scratch_of(1 << 21);
  assert_ptr_equal(larger, scratch_of(1 << 20));
}

static void call_inside(void *context, void *scratch, int64_t lo, int64_t hi) {
  (void)lo, (void)hi;
  *(bool *)context = scratch != scratch_of(64);
}

static void a_call_inside_has_scratch_of_its_own(void **state) {
  (void)state;
  bool own = false;
  simplicialParallelForWithScratch(call_inside, &own, 1, 64);
  assert_true(own);
}

static void *call_often(void *sum) {
  for (int i = 0; i < 20; ++i)
    simplicialParallelForWithScratch(use_scratch, sum, 100, SCRATCH + 64 * i);
  return NULL;
}

static void callers_do_not_share_scratch(void **state) {
  (void)state;
  enum { CALLERS = 4 };
  pthread_t callers[CALLERS];
  int64_t sums[CALLERS] = {0};
  simplicialSetThreadCount(2);
  for (int i = 0; i < CALLERS; ++i)
    assert_int_equal(0,
                     pthread_create(&callers[i], NULL, call_often, &sums[i]));
  for (int i = 0; i < CALLERS; ++i) {
    pthread_join(callers[i], NULL);
    assert_int_equal(sums[i], 20 * 100 * 99 / 2);
  }
  simplicialSetThreadCount(0);
}

static void too_much_scratch_is_an_error(void **state) {
  (void)state;
  int64_t sum = 0;
  simplicialParallelForWithScratch(use_scratch, &sum, CHUNKS, INT64_MAX / 2);
  expect_error(simplicialTakeLaunchStatus(), SIMPLICIAL_OUT_OF_MEMORY,
               "a thread's tiles");
  assert_int_equal(sum, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_is_aligned_and_freed),
      cmocka_unit_test(sizes_that_overflow_fail),
      cmocka_unit_test(another_allocator_takes_over),
      cmocka_unit_test(threads_have_scratch_of_their_own),
      cmocka_unit_test(scratch_is_kept_and_grows),
      cmocka_unit_test(a_call_inside_has_scratch_of_its_own),
      cmocka_unit_test(callers_do_not_share_scratch),
      cmocka_unit_test(too_much_scratch_is_an_error)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
