// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversions between f16, bf16, f32 and f64.
//
// A 16-bit format has 1 sign bit, 15 - m exponent bits and m mantissa bits:
// m = 10 for f16, m = 7 for bf16. Narrowing starts from double, which holds
// every float, so that each conversion rounds once.

#include "simplicial/runtime.h"

#include <math.h>
#include <string.h>

enum { F16_MANTISSA = 10, BF16_MANTISSA = 7, F64_MANTISSA = 52 };

static float float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// value / 2^shift to the nearest integer, ties to even; value < 2^62.
static uint64_t shift_right_to_nearest(uint64_t value, int shift) {
  uint64_t odd = value >> shift & 1, half = UINT64_C(1) << (shift - 1);
  return (value + half - 1 + odd) >> shift;
}

static uint16_t narrow(double value, int mantissa) {
  const int lowest_exponent = 2 - (1 << (14 - mantissa)); // of a normal number
  const uint16_t infinity = 0x7fff >> mantissa << mantissa;
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint16_t sign = bits >> 63 << 15;
  if (isnan(value)) {
    uint16_t payload = bits << 12 >> (64 - mantissa);
    return sign | infinity | 1 << (mantissa - 1) | payload;
  }

  // |value| = significand * 2^(exponent - 52). Counted in steps of the target
  // format, 2^(exponent - mantissa), it is the low part of the result; counting
  // on from the lowest exponent makes subnormals and carries come out right.
  int exponent = (int)(bits >> F64_MANTISSA & 0x7ff) - 1023;
  uint64_t implicit = UINT64_C(1) << F64_MANTISSA;
  uint64_t significand = (bits & (implicit - 1)) | implicit;
  int shift = F64_MANTISSA - mantissa;
  if (exponent < lowest_exponent) {
    shift += lowest_exponent - exponent;
    exponent = lowest_exponent;
  }
  uint64_t steps = shift_right_to_nearest(significand, shift < 63 ? shift : 63);
  uint64_t result =
      ((uint64_t)(exponent - lowest_exponent) << mantissa) + steps;
  return sign | (result < infinity ? (uint16_t)result : infinity);
}

float simplicialF16ToF32(uint16_t bits) {
  uint32_t exponent = bits >> F16_MANTISSA & 0x1f, mantissa = bits & 0x3ff;
  float magnitude;
  if (exponent == 0)
    magnitude = (float)mantissa * 0x1p-24f;
  else {
    uint32_t rebias = exponent == 0x1f ? 255 - 31 : 127 - 15;
    magnitude = float_from_bits((exponent + rebias) << 23 | mantissa << 13);
  }
  return bits >> 15 ? -magnitude : magnitude;
}

float simplicialBf16ToF32(uint16_t bits) {
  return float_from_bits((uint32_t)bits << 16);
}

uint16_t simplicialF32ToF16(float value) { return narrow(value, F16_MANTISSA); }

uint16_t simplicialF32ToBf16(float value) {
  return narrow(value, BF16_MANTISSA);
}

float __truncsfbf2(float x) { return float_from_bits(simplicialF32ToBf16(x)); }

static double load(const void *array, DLDataType type, int64_t i) {
  if (type.code == kDLBfloat)
    return simplicialBf16ToF32(((const uint16_t *)array)[i]);
  switch (type.bits) {
  case 16:
    return simplicialF16ToF32(((const uint16_t *)array)[i]);
  case 32:
    return ((const float *)array)[i];
  default:
    return ((const double *)array)[i];
  }
}

static void store(void *array, DLDataType type, int64_t i, double value) {
  if (type.code == kDLBfloat) {
    ((uint16_t *)array)[i] = narrow(value, BF16_MANTISSA);
    return;
  }
  switch (type.bits) {
  case 16:
    ((uint16_t *)array)[i] = narrow(value, F16_MANTISSA);
    return;
  case 32:
    ((float *)array)[i] = (float)value;
    return;
  default:
    ((double *)array)[i] = value;
  }
}

SimplicialStatus simplicialConvert(void *to, DLDataType toType,
                                   const void *from, DLDataType fromType,
                                   int64_t count) {
  bool integers = toType.code == kDLInt || fromType.code == kDLInt;
  if (!simplicialTypeIsSupported(toType) ||
      !simplicialTypeIsSupported(fromType) ||
      (integers && toType.code != fromType.code))
    return simplicialError(
        SIMPLICIAL_INVALID_ARGUMENT, "cannot convert from type %s to type %s",
        simplicialTypeName(fromType), simplicialTypeName(toType));
  if (integers && count > 0)
    memcpy(to, from, (size_t)count * sizeof(int32_t));
  for (int64_t i = 0; i < count && !integers; ++i)
    store(to, toType, i, load(from, fromType, i));
  return simplicialOk();
}
