// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit tests of tensors and memref descriptors.

#include "unit.h"

#include <string.h>

static const DLDataType f32 = {kDLFloat, 32, 1};

static void types_have_their_mlir_names(void **state) {
  (void)state;
  static const char *const names[] = {"f16", "bf16", "f32", "f64", "i32"};
  static const int bits[] = {16, 16, 32, 64, 32};
  static const int codes[] = {kDLFloat, kDLBfloat, kDLFloat, kDLFloat, kDLInt};
  for (int i = 0; i < 5; ++i) {
    DLDataType type;
    assert_true(simplicialTypeFromName(names[i], &type));
    assert_string_equal(names[i], simplicialTypeName(type));
    assert_true(simplicialTypeIsSupported(type));
    assert_int_equal(bits[i], type.bits);
    assert_int_equal(1, type.lanes);
    assert_int_equal(codes[i], type.code);
  }
}

static void other_types_are_unsupported(void **state) {
  (void)state;
  DLDataType type;
  assert_false(simplicialTypeFromName("f8", &type));
  assert_false(simplicialTypeFromName("", &type));
  assert_false(simplicialTypeFromName("f322", &type));
  static const DLDataType others[] = {
      {kDLInt, 64, 1}, {kDLFloat, 8, 1}, {kDLFloat, 32, 4}, {kDLBfloat, 32, 1}};
  for (int i = 0; i < 4; ++i) {
    assert_false(simplicialTypeIsSupported(others[i]));
    assert_string_equal("unsupported", simplicialTypeName(others[i]));
  }
}

static void sizes_count_every_dimension(void **state) {
  (void)state;
  int64_t shape[] = {2, 3, 5};
  DLTensor tensor = {.ndim = 3, .dtype = f32, .shape = shape};
  assert_int_equal(30, simplicialTensorElementCount(&tensor));
  assert_int_equal(120, simplicialTensorByteSize(&tensor));
  shape[1] = 0;
  assert_int_equal(0, simplicialTensorByteSize(&tensor));
  tensor.ndim = 0;
  assert_int_equal(4, simplicialTensorByteSize(&tensor));
}

static void sizes_do_not_overflow(void **state) {
  (void)state;
  int64_t empty[] = {INT64_MAX, 2, 0, INT64_MAX}, huge[] = {INT64_MAX, 2, 3};
  DLTensor tensor = {.ndim = 4, .dtype = f32, .shape = empty};
  assert_int_equal(0, simplicialTensorElementCount(&tensor));
  assert_int_equal(0, simplicialTensorByteSize(&tensor));
  tensor.ndim = 3;
  tensor.shape = huge;
  assert_int_equal(INT64_MAX, simplicialTensorElementCount(&tensor));
  assert_int_equal(INT64_MAX, simplicialTensorByteSize(&tensor));
}

static void contiguity_follows_the_strides(void **state) {
  (void)state;
  int64_t shape[] = {2, 1, 5}, strides[] = {5, 5, 1};
  DLTensor tensor = {.ndim = 3, .dtype = f32, .shape = shape};
  assert_true(simplicialTensorIsContiguous(&tensor));
  tensor.strides = strides;
  assert_true(simplicialTensorIsContiguous(&tensor));
  strides[1] = 77; // the stride of a dimension of 1 is never used
  assert_true(simplicialTensorIsContiguous(&tensor));
  strides[0] = 6;
  assert_false(simplicialTensorIsContiguous(&tensor));
  strides[0] = 1, strides[2] = 2;
  assert_false(simplicialTensorIsContiguous(&tensor));
  shape[0] = 0;
  assert_true(simplicialTensorIsContiguous(&tensor));
}

static void memref_of_a_contiguous_tensor(void **state) {
  (void)state;
  float data[60];
  int64_t shape[] = {3, 4, 5};
  DLTensor tensor = {.data = data, .ndim = 3, .dtype = f32, .shape = shape};
  SimplicialMemref memref;
  simplicialMemrefFromTensor(&tensor, &memref);
  assert_ptr_equal(data, memref.allocated);
  assert_ptr_equal(data, memref.aligned);
  assert_int_equal(0, memref.offset);
  const int64_t dims[] = {3, 4, 5, 20, 5, 1};
  assert_memory_equal(dims, memref.dims, sizeof dims);
}

static void memref_of_a_strided_tensor(void **state) {
  (void)state;
  float data[100];
  int64_t shape[] = {2, 3}, strides[] = {40, -8};
  DLTensor tensor = {.data = data,
                     .ndim = 2,
                     .dtype = f32,
                     .shape = shape,
                     .strides = strides,
                     .byte_offset = 16 * sizeof(float)};
  SimplicialMemref memref;
  simplicialMemrefFromTensor(&tensor, &memref);
  assert_ptr_equal(data + 16, (float *)memref.aligned + memref.offset);
  const int64_t dims[] = {2, 3, 40, -8};
  assert_memory_equal(dims, memref.dims, sizeof dims);
}

static void memref_without_meaningless_strides(void **state) {
  (void)state;
  float data[100];
  int64_t shape[] = {1, 3, 1, 4, 1}, strides[] = {7, 20, -3, 5, INT64_MIN};
  DLTensor tensor = {.data = data,
                     .ndim = 5,
                     .dtype = f32,
                     .shape = shape,
                     .strides = strides};
  SimplicialMemref memref;
  simplicialMemrefFromTensor(&tensor, &memref);
  const int64_t dims[] = {1, 3, 1, 4, 1, 12, 20, 4, 5, 1};
  assert_memory_equal(dims, memref.dims, sizeof dims);

  // All strides of an empty tensor, which NumPy and DLPack make 0.
  int64_t empty[] = {2, 0, 3}, none[3] = {0};
  tensor.ndim = 3;
  tensor.shape = empty;
  tensor.strides = none;
  assert_status(SIMPLICIAL_OK, simplicialTensorCheck(&tensor));
  assert_true(simplicialTensorIsContiguous(&tensor));
  simplicialMemrefFromTensor(&tensor, &memref);
  const int64_t row_major[] = {2, 0, 3, 3, 3, 1};
  assert_memory_equal(row_major, memref.dims, sizeof row_major);
  tensor.strides = NULL;
  simplicialMemrefFromTensor(&tensor, &memref);
  assert_memory_equal(row_major, memref.dims, sizeof row_major);
}

static void strides_lead_somewhere(void **state) {
  (void)state;
  float data[8];
  int64_t shape[] = {2, 3}, strides[] = {INT64_MAX / 4, 1};
  DLTensor tensor = {.data = data,
                     .ndim = 2,
                     .dtype = f32,
                     .shape = shape,
                     .strides = strides};
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, simplicialTensorCheck(&tensor));
  strides[0] = INT64_MIN;
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, simplicialTensorCheck(&tensor));
  strides[0] = 1, strides[1] = INT64_MAX / 4;
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, simplicialTensorCheck(&tensor));
  strides[1] = -4;
  assert_status(SIMPLICIAL_OK, simplicialTensorCheck(&tensor));
  shape[1] = 1, strides[1] = INT64_MIN; // never used
  assert_status(SIMPLICIAL_OK, simplicialTensorCheck(&tensor));
  shape[0] = 0, strides[0] = INT64_MIN;
  assert_status(SIMPLICIAL_OK, simplicialTensorCheck(&tensor));
}

static void well_formed_tensors_pass(void **state) {
  (void)state;
  float data[6];
  int64_t shape[] = {2, 3};
  DLTensor tensor = {.data = data, .ndim = 2, .dtype = f32, .shape = shape};
  assert_status(SIMPLICIAL_OK, simplicialTensorCheck(&tensor));
  shape[0] = 0;
  tensor.data = NULL; // an empty tensor needs no memory
  assert_status(SIMPLICIAL_OK, simplicialTensorCheck(&tensor));
  DLTensor scalar = {.data = data, .dtype = f32};
  assert_status(SIMPLICIAL_OK, simplicialTensorCheck(&scalar));
}

static void malformed_tensors_are_refused(void **state) {
  (void)state;
  float data[8];
  int64_t shape[] = {2, 3}, negative[] = {2, -3};
  int64_t huge[] = {INT64_MAX / 4, 2}, huge_and_empty[] = {0, INT64_MAX};
  const DLTensor good = {.data = data, .ndim = 2, .dtype = f32, .shape = shape};
  DLTensor bad[9];
  for (int i = 0; i < 9; ++i)
    bad[i] = good;
  bad[0].data = NULL;
  bad[1].byte_offset = 2;
  bad[2].shape = NULL;
  bad[3].shape = negative;
  bad[4].shape = huge;
  bad[5].shape = huge_and_empty;
  bad[6].ndim = -1;
  bad[7].ndim = SIMPLICIAL_MAX_RANK + 1;
  bad[8].dtype.code = kDLUInt;
  for (int i = 0; i < 9; ++i)
    assert_status(SIMPLICIAL_INVALID_ARGUMENT, simplicialTensorCheck(&bad[i]));
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, simplicialTensorCheck(NULL));
  assert_status(SIMPLICIAL_OK, simplicialTensorCheck(&good));
}

static void tensors_of_their_own(void **state) {
  (void)state;
  const int64_t shape[] = {3, 5};
  const DLDevice cpu = {kDLCPU, 0}, other = {kDLVulkan, 0};
  DLManagedTensor *tensor;
  assert_status(SIMPLICIAL_OK,
                simplicialTensorCreate(f32, 2, shape, cpu, &tensor));
  assert_status(SIMPLICIAL_OK, simplicialTensorCheck(&tensor->dl_tensor));
  assert_int_equal(60, simplicialTensorByteSize(&tensor->dl_tensor));
  assert_int_equal(0, (uintptr_t)tensor->dl_tensor.data % 64);
  memset(tensor->dl_tensor.data, 1, 60); // AddressSanitizer looks
  tensor->deleter(tensor);

  const int64_t empty[] = {3, 0}, negative[] = {3, -1}, huge[] = {1, 1ll << 60};
  assert_status(SIMPLICIAL_OK,
                simplicialTensorCreate(f32, 2, empty, cpu, &tensor));
  tensor->deleter(tensor);
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialTensorCreate(f32, 2, negative, cpu, &tensor));
  assert_null(tensor);
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialTensorCreate(f32, 9, shape, cpu, &tensor));
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialTensorCreate(f32, 2, shape, other, &tensor));
  assert_status(SIMPLICIAL_OUT_OF_MEMORY,
                simplicialTensorCreate(f32, 2, huge, cpu, &tensor));
  assert_null(tensor);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(types_have_their_mlir_names),
      cmocka_unit_test(other_types_are_unsupported),
      cmocka_unit_test(sizes_count_every_dimension),
      cmocka_unit_test(sizes_do_not_overflow),
      cmocka_unit_test(contiguity_follows_the_strides),
      cmocka_unit_test(memref_of_a_contiguous_tensor),
      cmocka_unit_test(memref_of_a_strided_tensor),
      cmocka_unit_test(memref_without_meaningless_strides),
      cmocka_unit_test(strides_lead_somewhere),
      cmocka_unit_test(well_formed_tensors_pass),
      cmocka_unit_test(malformed_tensors_are_refused),
      cmocka_unit_test(tensors_of_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
