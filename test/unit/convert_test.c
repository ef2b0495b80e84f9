// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit tests of the floating-point conversions. The 16-bit formats are checked
// on every value and at every rounding boundary, against their definition.

#include "unit.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef struct Format {
  DLDataType type;
  int exponent_bits, mantissa_bits;
  float (*widen)(uint16_t bits);
  uint16_t (*narrow)(float value);
} Format;

static const Format formats[] = {
    {{kDLFloat, 16, 1}, 5, 10, simplicialF16ToF32, simplicialF32ToF16},
    {{kDLBfloat, 16, 1}, 8, 7, simplicialBf16ToF32, simplicialF32ToBf16},
};

static const DLDataType f32 = {kDLFloat, 32, 1}, f64 = {kDLFloat, 64, 1};

// The bits of +infinity; those of finite positive numbers are below.
static uint16_t infinity_of(const Format *format) {
  return 0x7fff >> format->mantissa_bits << format->mantissa_bits;
}

// What the format defines the bits of a finite positive number to mean. Beyond
// the largest, it continues to the first power of two that is too large.
static double meaning(const Format *format, uint16_t bits) {
  int exponent = bits >> format->mantissa_bits;
  int mantissa = bits & ((1 << format->mantissa_bits) - 1);
  int bias = (1 << (format->exponent_bits - 1)) - 1;
  if (exponent == 0)
    return ldexp(mantissa, 1 - bias - format->mantissa_bits);
  return ldexp((1 << format->mantissa_bits) + mantissa,
               exponent - bias - format->mantissa_bits);
}

static void widening_gives_every_value(void **state) {
  const Format *format = *state;
  for (uint16_t bits = 0; bits < infinity_of(format); ++bits) {
    float value = format->widen(bits), negative = format->widen(bits | 0x8000);
    assert_true(value == meaning(format, bits));
    assert_true(negative == -value && signbit(negative));
  }
  assert_true(format->widen(infinity_of(format)) == INFINITY);
  assert_true(format->widen(infinity_of(format) | 0x8000) == -INFINITY);
  for (int bits = infinity_of(format) + 1; bits < 0x8000; ++bits)
    assert_true(isnan(format->widen(bits)) &&
                isnan(format->widen(bits | 0x8000)));
}

static void narrowing_gives_back_every_value(void **state) {
  const Format *format = *state;
  for (int bits = 0; bits <= infinity_of(format); ++bits) {
    assert_int_equal(bits, format->narrow(format->widen(bits)));
    assert_int_equal(bits | 0x8000,
                     format->narrow(format->widen(bits | 0x8000)));
  }
}

static uint16_t narrow_f32(const Format *format, double value) {
  float single = (float)value;
  assert_true(single == value);
  return format->narrow(single);
}

static uint16_t narrow_f64(const Format *format, double value) {
  uint16_t bits;
  assert_status(SIMPLICIAL_OK,
                simplicialConvert(&bits, format->type, &value, f64, 1));
  return bits;
}

// At and around the middle between each value and the next.
static void narrowing_rounds_to_nearest_even(void **state) {
  const Format *format = *state;
  for (uint16_t bits = 0; bits < infinity_of(format); ++bits) {
    uint16_t next = bits + 1, even = bits & 1 ? next : bits;
    double middle = (meaning(format, bits) + meaning(format, next)) / 2;
    assert_int_equal(even, narrow_f32(format, middle));
    assert_int_equal(bits, narrow_f32(format, nextafterf(middle, 0)));
    assert_int_equal(next, narrow_f32(format, nextafterf(middle, FLT_MAX)));
    assert_int_equal(even, narrow_f64(format, middle));
    assert_int_equal(bits, narrow_f64(format, nextafter(middle, 0)));
    assert_int_equal(next, narrow_f64(format, nextafter(middle, DBL_MAX)));
    assert_int_equal(even | 0x8000, narrow_f64(format, -middle));
  }
}

static void extreme_numbers_become_infinity_or_zero(void **state) {
  const Format *format = *state;
  uint16_t infinity = infinity_of(format);
  assert_int_equal(infinity, format->narrow(FLT_MAX));
  assert_int_equal(infinity | 0x8000, format->narrow(-FLT_MAX));
  assert_int_equal(infinity, narrow_f64(format, DBL_MAX));
  assert_int_equal(0, format->narrow(FLT_TRUE_MIN));
  assert_int_equal(0x8000, format->narrow(-FLT_TRUE_MIN));
  assert_int_equal(0, narrow_f64(format, DBL_TRUE_MIN));
  assert_int_equal(0, narrow_f64(format, DBL_MIN));
}

static void llvm_finds_bf16_in_the_low_half(void **state) {
  (void)state;
  const float values[] = {1.0f, -2.5f, 0x1.018p0f, FLT_MAX, -0.0f, NAN};
  for (int i = 0; i < 6; ++i) {
    float rounded = __truncsfbf2(values[i]);
    uint32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    assert_int_equal(simplicialF32ToBf16(values[i]), bits);
  }
}

static void nan_stays_nan(void **state) {
  const Format *format = *state;
  // Quiet, signalling, and with payloads that a 16-bit format cannot hold.
  static const uint32_t nans[] = {0x7fc00000, 0x7f800001, 0xff800001,
                                  0x7fffffff, 0xffc00001, 0x7f801fff};
  for (int i = 0; i < 6; ++i) {
    float nan;
    memcpy(&nan, &nans[i], sizeof nan);
    uint16_t bits = format->narrow(nan);
    assert_true(isnan(format->widen(bits)));
    assert_int_equal(nans[i] >> 31, bits >> 15);
  }
}

static void arrays_convert_between_all_types(void **state) {
  (void)state;
  // Exact in every type.
  const double values[] = {0.0, -0.0, 1.5, -65280.0, 0x1p-14, -INFINITY};
  const DLDataType types[] = {formats[0].type, formats[1].type, f32, f64};
  for (int from = 0; from < 4; ++from)
    for (int to = 0; to < 4; ++to) {
      double a[6], b[6], result[6]; // large enough for each type
      assert_status(SIMPLICIAL_OK,
                    simplicialConvert(a, types[from], values, f64, 6));
      assert_status(SIMPLICIAL_OK,
                    simplicialConvert(b, types[to], a, types[from], 6));
      assert_status(SIMPLICIAL_OK,
                    simplicialConvert(result, f64, b, types[to], 6));
      for (int i = 0; i < 6; ++i) {
        assert_true(result[i] == values[i]);
        assert_int_equal(signbit(values[i]) != 0, signbit(result[i]) != 0);
      }
    }
}

static void f64_rounds_once(void **state) {
  (void)state;
  // Rounded to f32 first, this would become the tie 1 + 2^-11, and then 1.
  double value = 1 + 0x1p-11 + 0x1p-40;
  assert_int_equal(0x3c01, narrow_f64(&formats[0], value));
}

static void other_types_are_refused(void **state) {
  (void)state;
  const DLDataType i32 = {kDLInt, 32, 1};
  float to = 7, from = 1;
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialConvert(&to, i32, &from, f32, 1));
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialConvert(&to, f32, &from, i32, 1));
  assert_true(to == 7);
}

static void integers_are_copied(void **state) {
  (void)state;
  const DLDataType i32 = {kDLInt, 32, 1};
  const int32_t from[] = {-1, INT32_MAX, INT32_MIN};
  int32_t to[3];
  assert_status(SIMPLICIAL_OK, simplicialConvert(to, i32, from, i32, 3));
  assert_memory_equal(from, to, sizeof to);
}

#define TEST_OF(FORMAT, TEST)                                                  \
  {#TEST " (" #FORMAT ")", TEST, NULL, NULL, (void *)&formats[FORMAT]}
#define TEST_OF_BOTH(TEST) TEST_OF(F16, TEST), TEST_OF(BF16, TEST)

int main(void) {
  enum { F16, BF16 };
  const struct CMUnitTest tests[] = {
      TEST_OF_BOTH(widening_gives_every_value),
      TEST_OF_BOTH(narrowing_gives_back_every_value),
      TEST_OF_BOTH(narrowing_rounds_to_nearest_even),
      TEST_OF_BOTH(extreme_numbers_become_infinity_or_zero),
      TEST_OF_BOTH(nan_stays_nan),
      cmocka_unit_test(llvm_finds_bf16_in_the_low_half),
      cmocka_unit_test(arrays_convert_between_all_types),
      cmocka_unit_test(f64_rounds_once),
      cmocka_unit_test(other_types_are_refused),
      cmocka_unit_test(integers_are_copied),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
