// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fragment layouts, for every lane and element, against the formulas of the
// PTX ISA ("Matrix Fragments for mma.m16n8k16 with floating point type",
// "... for mma.m16n8k8", "ldmatrix").

#include "lowering/gpu/target/layout.h"
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

static void left_16(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane)
    for (int i = 0; i < 8; ++i) {
      Place place = layout_place(&layout_left_16, lane, i);
      int upper = i < 2 || (i >= 4 && i < 6);
      assert_int_equal(place.row, upper ? lane / 4 : lane / 4 + 8);
      assert_int_equal(place.column, lane % 4 * 2 + (i & 1) + (i < 4 ? 0 : 8));
    }
}

static void right_16(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane)
    for (int i = 0; i < 4; ++i) {
      Place place = layout_place(&layout_right_16, lane, i);
      assert_int_equal(place.row, lane % 4 * 2 + (i & 1) + (i < 2 ? 0 : 8));
      assert_int_equal(place.column, lane / 4);
    }
}

/// The tile's column (or k) that is the instruction's.
static int shuffled(int column) { return column % 4 * 2 + column / 4; }

static void left_32(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane)
    for (int i = 0; i < 4; ++i) {
      Place place = layout_place(&layout_left_32, lane, i);
      assert_int_equal(place.row, i % 2 ? lane / 4 + 8 : lane / 4);
      assert_int_equal(place.column, shuffled(i < 2 ? lane % 4 : lane % 4 + 4));
    }
}

static void right_32(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane)
    for (int i = 0; i < 2; ++i) {
      Place place = layout_place(&layout_right_32, lane, i);
      assert_int_equal(place.row, shuffled(i ? lane % 4 + 4 : lane % 4));
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
// left operand of 16 bits, and one is a left operand of 32.
static void accumulators_are_operands(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane) {
    for (int i = 0; i < 8; ++i) {
      Place operand = layout_place(&layout_left_16, lane, i);
      Place value = layout_place(&layout_accumulator, lane, i % 4);
      assert_int_equal(operand.row, value.row);
      assert_int_equal(operand.column, value.column + i / 4 * 8);
    }
    for (int i = 0; i < 4; ++i) {
      Place operand = layout_place(&layout_left_32, lane, i);
      Place value = layout_place(&layout_accumulator, lane, i % 2 * 2 + i / 2);
      assert_int_equal(operand.row, value.row);
      assert_int_equal(operand.column, value.column);
    }
  }
}

// A load of four matrices whose addresses the lanes give in this order makes
// the registers of two right operands. Lanes 8m to 8m + 7 give the rows of
// matrix m; transposed, a lane receives column and row exchanged.
static void loads_are_operands(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane)
    for (int m = 0; m < 4; ++m)
      for (int half = 0; half < 2; ++half) {
        Place operand = layout_place(&layout_right_16, lane, m % 2 * 2 + half);
        operand.row += m / 2 * 16;
        Place in = layout_place(&layout_matrix_load, lane, half);
        Place first = layout_place(&layout_addresses, 8 * m + in.row, 0);
        assert_int_equal(operand.row, first.row + in.column);
        assert_int_equal(operand.column, first.column);
        first =
            layout_place(&layout_addresses_transposing, 8 * m + in.column, 0);
        assert_int_equal(operand.row, first.row);
        assert_int_equal(operand.column, first.column + in.row);
      }
}

// The same of the four registers of one left operand.
static void loads_are_left_operands(void **state) {
  (void)state;
  for (int lane = 0; lane < WARP; ++lane)
    for (int m = 0; m < 4; ++m)
      for (int half = 0; half < 2; ++half) {
        Place operand = layout_place(&layout_left_16, lane, 2 * m + half);
        Place in = layout_place(&layout_matrix_load, lane, half);
        Place first = layout_place(&layout_addresses_left, 8 * m + in.row, 0);
        assert_int_equal(operand.row, first.row);
        assert_int_equal(operand.column, first.column + in.column);
        first = layout_place(&layout_addresses_left_transposed,
                             8 * m + in.column, 0);
        assert_int_equal(operand.row, first.row + in.row);
        assert_int_equal(operand.column, first.column);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accumulator),
      cmocka_unit_test(left_16),
      cmocka_unit_test(right_16),
      cmocka_unit_test(left_32),
      cmocka_unit_test(right_32),
      cmocka_unit_test(matrix_load),
      cmocka_unit_test(accumulators_are_operands),
      cmocka_unit_test(loads_are_operands),
      cmocka_unit_test(loads_are_left_operands)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
