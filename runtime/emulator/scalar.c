// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a thread does by itself: special registers, approximate functions.

#include "block.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define REGISTER(Name, value)                                                  \
  uint32_t simplicialEmulate##Name(Thread *thread, uint32_t site) {            \
    (void)site;                                                                \
    return (uint32_t)(value);                                                  \
  }
REGISTER(TidX, thread->index)
REGISTER(NtidX, thread->block->n)
REGISTER(LaneId, lane_of(thread))
REGISTER(CtaidX, thread->block->index[0])
REGISTER(CtaidY, thread->block->index[1])
REGISTER(CtaidZ, thread->block->index[2])
REGISTER(NctaidX, thread->block->launch->grid[0])
REGISTER(NctaidY, thread->block->launch->grid[1])
REGISTER(NctaidZ, thread->block->launch->grid[2])

/// .ftz: subnormal values are zero, of their sign.
static float flushed(float x) {
  return fabsf(x) < FLT_MIN ? copysignf(0, x) : x;
}

#define APPROXIMATE(Name, expression)                                          \
  uint32_t simplicialEmulate##Name(Thread *thread, uint32_t site,              \
                                   uint32_t bits) {                            \
    (void)thread, (void)site;                                                  \
    float x;                                                                   \
    memcpy(&x, &bits, sizeof x);                                               \
    x = flushed(x);                                                            \
    x = flushed(expression);                                                   \
    memcpy(&bits, &x, sizeof x);                                               \
    return bits;                                                               \
  }
APPROXIMATE(Ex2, exp2f(x))
APPROXIMATE(Lg2, log2f(x))
APPROXIMATE(Rcp, 1 / x)

/// Half a unit of the last of the 10 bits kept is added to the magnitude: to
/// nearest, ties away from zero. An infinity or a NaN stays one.
uint32_t simplicialEmulateTf32(Thread *thread, uint32_t site, uint32_t bits) {
  (void)thread, (void)site;
  enum { DROPPED = 13 };
  bool finite = (bits & 0x7f800000) != 0x7f800000;
  uint32_t rounded = finite ? bits + (1u << (DROPPED - 1)) : bits;
  return rounded >> DROPPED << DROPPED;
}
