// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the elements of a matrix instruction's operands lie in the registers of
// a warp's 32 lanes (PTX ISA, "Matrix Fragments for mma.m16n8k16" and
// "ldmatrix").
//
// Each bit of the lane's number and of the element's number in the lane moves
// the place in the matrix by a (row, column) step; the place is the sum.
// Layouts are data: code that needs a place computes it from these tables.

#ifndef SIMPLICIAL_LOWERING_GPU_TARGET_LAYOUT_H
#define SIMPLICIAL_LOWERING_GPU_TARGET_LAYOUT_H

enum { WARP = 32, LANE_BITS = 5, MAX_ELEMENT_BITS = 3 };

typedef struct Place {
  int row, column;
} Place;

typedef struct Layout {
  Place lane[LANE_BITS];
  int element_bits;
  Place element[MAX_ELEMENT_BITS];
} Layout;

/// Accumulator, 16 x 8 of f32; element = register.
///
///     row\column  0      1      2      3    ...  7
///       0        T0:e0  T0:e1  T1:e0  T1:e1 ... T3:e1
///       1        T4:e0  T4:e1  T5:e0  ...
///       ...
///       8        T0:e2  T0:e3  T1:e2  ...
extern const Layout layout_accumulator;

/// Left operand, 16 x 16 of 16 bits; element = 2 * register + half. As two
/// accumulators side by side, so that a rounded accumulator is a left operand.
///
///     row\column  0..1   2..3  ...  8..9   10..11
///       0        T0:r0  T1:r0  ... T0:r2  T1:r2
///       8        T0:r1  T1:r1  ... T0:r3  T1:r3
extern const Layout layout_left_16;

/// Right operand, 16 (k) x 8 (n) of 16 bits; element = 2 * register + half.
///
///     k\n    0      1   ...  7
///     0..1  T0:r0  T4:r0 ... T28:r0
///     2..3  T1:r0  T5:r0 ...
///     8..9  T0:r1  T4:r1 ...
extern const Layout layout_right_16;

/// Left operand, 16 x 8 of 32 bits (tf32); element = register. The
/// instruction's columns 0 to 3 are the even ones here and 4 to 7 the odd ones,
/// of which the sum knows nothing: so an accumulator is a left operand.
///
///     row\column  0      1      2      3    ...  7
///       0        T0:r0  T0:r2  T1:r0  T1:r2 ... T3:r2
///       8        T0:r1  T0:r3  T1:r1  ...
extern const Layout layout_left_32;

/// Right operand, 8 (k, in the same order) x 8 (n) of 32 bits; element =
/// register.
///
///     k\n    0      1   ...  7
///     0     T0:r0  T4:r0 ... T28:r0
///     1     T0:r1  T4:r1 ...
///     2     T1:r0  T5:r0 ...
extern const Layout layout_right_32;

/// What a lane receives of an 8 x 8 matrix loaded by ldmatrix; element = half.
extern const Layout layout_matrix_load;

/// Where the eight elements begin whose address each lane gives to an ldmatrix
/// of four matrices, which are the registers of two right operands, one k below
/// the other. In memory they follow each other along k.
///
///     k\n    0    1   ...  7
///      0    T0   T1   ...  T7
///      8    T8   T9   ...  T15
///      16   T16  T17  ...  T23
extern const Layout layout_addresses;

/// The same for elements that follow each other along n, in a transposing load.
///
///     k\n    0
///      0    T0
///      1    T1
///      31   T31
extern const Layout layout_addresses_transposing;

/// Where the eight elements begin whose address each lane gives to an ldmatrix
/// of four matrices, which are the registers of a left operand of 16 bits. In
/// memory they follow each other along its columns.
///
///     row\column  0    8
///       0         T0   T16
///       1         T1   T17
///       ...
///       15        T15  T31
extern const Layout layout_addresses_left;

/// The same for elements that follow each other along its rows, in a
/// transposing load.
///
///     row\column  0   ...  7    8    ...  15
///       0         T0  ...  T7   T16  ...  T23
///       8         T8  ...  T15  T24  ...  T31
extern const Layout layout_addresses_left_transposed;

Place layout_place(const Layout *layout, int lane, int element);

#endif // SIMPLICIAL_LOWERING_GPU_TARGET_LAYOUT_H
