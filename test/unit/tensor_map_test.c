// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit test of what tensor maps there are.

#include "unit.h"

#include "simplicial/tensor_map.h"

#include <string.h>

static _Alignas(16) uint16_t data[64];

/// Boxes of 8 by 64 of a matrix of 100 by 200 elements of 16 bits.
static SimplicialTensorMapInfo valid(void) {
  return (SimplicialTensorMapInfo){.data = data,
                                   .elementBytes = 2,
                                   .rank = 2,
                                   .swizzle = 128,
                                   .sizes = {200, 100},
                                   .strides = {2, 400},
                                   .box = {64, 8}};
}

static void valid_maps(void **state) {
  (void)state;
  SimplicialTensorMapInfo info = valid();
  assert_status(SIMPLICIAL_OK, simplicialTensorMapCheck(&info));
  info.sizes[1] = INT64_C(1) << 31;
  info.strides[1] = (INT64_C(1) << 40) - 16;
  info.box[1] = 256;
  assert_status(SIMPLICIAL_OK, simplicialTensorMapCheck(&info));
  info.swizzle = 0;
  info.box[0] = 256;
  assert_status(SIMPLICIAL_OK, simplicialTensorMapCheck(&info));
  info.box[0] = 8;
  info.strides[1] = 0; // one row, again and again
  assert_status(SIMPLICIAL_OK, simplicialTensorMapCheck(&info));
  info = (SimplicialTensorMapInfo){.data = data,
                                   .elementBytes = 8,
                                   .rank = 5,
                                   .swizzle = 32,
                                   .sizes = {1, 1, 1, 1, 1},
                                   .strides = {8, 16, 16, 16, 16},
                                   .box = {4, 1, 1, 1, 1}};
  assert_status(SIMPLICIAL_OK, simplicialTensorMapCheck(&info));
}

static void expect_invalid(SimplicialTensorMapInfo info, const char *message) {
  SimplicialStatus status = simplicialTensorMapCheck(&info);
  assert_int_equal(SIMPLICIAL_INVALID_ARGUMENT, status.code);
  assert_string_equal(message, simplicialStatusMessage(status));
  simplicialStatusFree(status);
}

/// `field`, changed to each of the values, is reported so.
#define EXPECT_INVALID(field, value, message)                                  \
  do {                                                                         \
    SimplicialTensorMapInfo info = valid();                                    \
    info.field = value;                                                        \
    expect_invalid(info, message);                                             \
  } while (0)

static void invalid_maps(void **state) {
  (void)state;
  EXPECT_INVALID(rank, 1, "a tensor map has 2 to 5 dimensions, not 1");
  EXPECT_INVALID(rank, 6, "a tensor map has 2 to 5 dimensions, not 6");
  EXPECT_INVALID(elementBytes, 3,
                 "a tensor map's elements have 1, 2, 4 or 8 bytes, not 3");
  EXPECT_INVALID(elementBytes, 16,
                 "a tensor map's elements have 1, 2, 4 or 8 bytes, not 16");
  EXPECT_INVALID(swizzle, 16,
                 "a tensor map swizzles 0, 32, 64 or 128 bytes, not 16");
  EXPECT_INVALID(swizzle, 256,
                 "a tensor map swizzles 0, 32, 64 or 128 bytes, not 256");
  EXPECT_INVALID(sizes[1], 0,
                 "a tensor map's dimension 1 has 1 to 2^31 elements, not 0");
  EXPECT_INVALID(sizes[0], (INT64_C(1) << 31) + 1,
                 "a tensor map's dimension 0 has 1 to 2^31 elements, not "
                 "2147483649");
  EXPECT_INVALID(strides[0], 4,
                 "a tensor map's innermost dimension is contiguous: its stride "
                 "is 2 bytes, not 4");
  EXPECT_INVALID(strides[1], 408,
                 "a tensor map's strides are multiples of 16 bytes below 2^40; "
                 "that of dimension 1 is 408");
  EXPECT_INVALID(strides[1], -400,
                 "a tensor map's strides are multiples of 16 bytes below 2^40; "
                 "that of dimension 1 is -400");
  EXPECT_INVALID(strides[1], INT64_C(1) << 40,
                 "a tensor map's strides are multiples of 16 bytes below 2^40; "
                 "that of dimension 1 is 1099511627776");
  EXPECT_INVALID(box[1], 0,
                 "a tensor map's box has 1 to 256 elements in dimension 1, not "
                 "0");
  EXPECT_INVALID(box[1], 257,
                 "a tensor map's box has 1 to 256 elements in dimension 1, not "
                 "257");
  EXPECT_INVALID(
      box[0], 60,
      "the rows of a tensor map's box are multiples of 16 bytes, not "
      "120");
  EXPECT_INVALID(box[0], 32,
                 "the rows of a tensor map's box have the 128 bytes that are "
                 "swizzled, not 64");
  EXPECT_INVALID(box[0], 128,
                 "the rows of a tensor map's box have the 128 bytes that are "
                 "swizzled, not 256");
}

static void misaligned_memory(void **state) {
  (void)state;
  SimplicialTensorMapInfo info = valid();
  info.data = &data[4];
  SimplicialStatus status = simplicialTensorMapCheck(&info);
  assert_int_equal(SIMPLICIAL_INVALID_ARGUMENT, status.code);
  assert_non_null(strstr(simplicialStatusMessage(status),
                         "a tensor map's memory is aligned to 16 bytes; 0x"));
  simplicialStatusFree(status);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(valid_maps),
      cmocka_unit_test(invalid_maps),
      cmocka_unit_test(misaligned_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
