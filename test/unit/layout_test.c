// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fragment layouts, for every lane and element, against the formulas of the
// PTX ISA ("Matrix Fragments for mma.m16n8k16 with floating point type",
// "ldmatrix").

#include "lowering/gpu/layout.h"
#include "unit.h"

// groupID = lane / 4 and threadID_in_group = lane % 4 in the ISA's words.

static void accumulator(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane)
    for (int i = 0; i < 4; ++i) {
      Place place = layout_place(&layout_accumulator, lane, i);
      assert_int_equal(place.row, i < 2 ? lane / 4 : lane / 4 + 8);
      assert_int_equal(place.column, lane % 4 * 2 + (i & 1));
    }
}

static void left(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane)
    for (int i = 0; i < 8; ++i) {
      Place place = layout_place(&layout_left, lane, i);
      int upper = i < 2 || (i >= 4 && i < 6);
      assert_int_equal(place.row, upper ? lane / 4 : lane / 4 + 8);
      assert_int_equal(place.column, lane % 4 * 2 + (i & 1) + (i < 4 ? 0 : 8));
    }
}

static void right(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane)
    for (int i = 0; i < 4; ++i) {
      Place place = layout_place(&layout_right, lane, i);
      assert_int_equal(place.row, lane % 4 * 2 + (i & 1) + (i < 2 ? 0 : 8));
      assert_int_equal(place.column, lane / 4);
    }
}

static void matrix_load(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane)
    for (int i = 0; i < 2; ++i) {
      Place place = layout_place(&layout_matrix_load, lane, i);
      assert_int_equal(place.row, lane / 4);
      assert_int_equal(place.column, lane % 4 * 2 + i);
    }
}

// What distribution relies on: two accumulators side by side, rounded, are a
// left operand; and a loaded matrix, transposed, is half a right operand.
static void layouts_fit(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane) {
    for (int i = 0; i < 8; ++i) {
      Place operand = layout_place(&layout_left, lane, i);
      Place value = layout_place(&layout_accumulator, lane, i % 4);
      assert_int_equal(operand.row, value.row);
      assert_int_equal(operand.column, value.column + i / 4 * 8);
    }
    for (int i = 0; i < 2; ++i) {
      Place operand = layout_place(&layout_right, lane, i);
      Place loaded = layout_place(&layout_matrix_load, lane, i);
      assert_int_equal(operand.row, loaded.column);
      assert_int_equal(operand.column, loaded.row);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accumulator), cmocka_unit_test(left),
      cmocka_unit_test(right), cmocka_unit_test(matrix_load),
      cmocka_unit_test(layouts_fit)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
