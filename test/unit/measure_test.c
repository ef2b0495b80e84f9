// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit tests of the measurements of the machine.

#include "unit.h"

#include <math.h>
#include <sys/mman.h>

static void fma_peak_is_a_rate(void **state) {
  (void)state;
  simplicialSetThreadCount(1);
  double peak = simplicialMeasureFmaPeak();
  // No CPU core does less than one multiply-add in 10 ns, or more than 512
  // floating-point operations in a cycle of 0.1 ns.
  assert_true(isfinite(peak) && peak > 0.2 && peak < 5120);
}

static void peak_memory_sees_an_allocation(void **state) {
  (void)state;
  enum { BYTES = 64 << 20, ALMOST = BYTES / 10 * 9, OTHERS = 4 << 20 };
  assert_status(SIMPLICIAL_OK, simplicialResetPeakMemory());
  int64_t before = simplicialPeakMemory();
  assert_true(before > 0);

  // The system fills the pages: a sanitizer keeps no notes about them.
  void *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  assert_true(memory != MAP_FAILED);
  assert_int_equal(0, munmap(memory, BYTES));
  int64_t peak = simplicialPeakMemory();
  assert_true(peak >= before + ALMOST);
  assert_true(peak <= before + BYTES + OTHERS);

  assert_status(SIMPLICIAL_OK, simplicialResetPeakMemory());
  assert_true(simplicialPeakMemory() <= peak - ALMOST);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fma_peak_is_a_rate),
      cmocka_unit_test(peak_memory_sees_an_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
