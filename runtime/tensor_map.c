// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules for tensor maps, which are those of cuTensorMapEncodeTiled, but
// that there are no elements that no coordinate, of 32 bits with a sign,
// reaches.

#include "simplicial/tensor_map.h"

enum { MIN_RANK = 2, MAX_BOX = 256, UNIT = 16 };

static const int64_t max_size = INT64_C(1) << 31;
static const int64_t max_stride = INT64_C(1) << 40; // this is too much

#define FAIL(...) simplicialError(SIMPLICIAL_INVALID_ARGUMENT, __VA_ARGS__)

static bool is_power_of_two(int64_t x, int64_t low, int64_t high) {
  return x >= low && x <= high && !(x & (x - 1));
}

static SimplicialStatus check_dimension(const SimplicialTensorMapInfo *info,
                                        int d) {
  long long size = info->sizes[d], box = info->box[d],
            stride = info->strides[d];
  if (size < 1 || size > max_size)
    return FAIL("a tensor map's dimension %d has 1 to 2^31 elements, not %lld",
                d, size);
  if (box < 1 || box > MAX_BOX)
    return FAIL("a tensor map's box has 1 to %d elements in dimension %d, not "
                "%lld",
                MAX_BOX, d, box);
  if (d == 0)
    return stride == info->elementBytes
               ? simplicialOk()
               : FAIL("a tensor map's innermost dimension is contiguous: its "
                      "stride is %lld bytes, not %lld",
                      (long long)info->elementBytes, stride);
  if (stride < 0 || stride >= max_stride || stride % UNIT)
    return FAIL("a tensor map's strides are multiples of %d bytes below 2^40; "
                "that of dimension %d is %lld",
                UNIT, d, stride);
  return simplicialOk();
}

SimplicialStatus simplicialTensorMapCheck(const SimplicialTensorMapInfo *info) {
  if (info->rank < MIN_RANK || info->rank > SIMPLICIAL_TENSOR_MAP_RANK)
    return FAIL("a tensor map has %d to %d dimensions, not %lld", MIN_RANK,
                SIMPLICIAL_TENSOR_MAP_RANK, (long long)info->rank);
  if (!is_power_of_two(info->elementBytes, 1, 8))
    return FAIL("a tensor map's elements have 1, 2, 4 or 8 bytes, not %lld",
                (long long)info->elementBytes);
  if (info->swizzle && !is_power_of_two(info->swizzle, 32, 128))
    return FAIL("a tensor map swizzles 0, 32, 64 or 128 bytes, not %lld",
                (long long)info->swizzle);
  if ((uintptr_t)info->data % UNIT)
    return FAIL("a tensor map's memory is aligned to %d bytes; %p is not", UNIT,
                info->data);
  for (int d = 0; d < info->rank; ++d) {
    SimplicialStatus status = check_dimension(info, d);
    if (status.code)
      return status;
  }
  long long row = info->box[0] * info->elementBytes;
  if (row % UNIT)
    return FAIL("the rows of a tensor map's box are multiples of %d bytes, not "
                "%lld",
                UNIT, row);
  if (info->swizzle && row != info->swizzle)
    return FAIL("the rows of a tensor map's box have the %lld bytes that are "
                "swizzled, not %lld",
                (long long)info->swizzle, row);
  return simplicialOk();
}
