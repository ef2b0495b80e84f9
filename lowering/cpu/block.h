// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the parts of simplicial-block share.
//
// A tile value has leading row dimensions and at most one trailing column
// dimension. Its rows, flattened, lie on the lanes of vectors; their number is
// rounded up to a multiple of LANES, and lanes past the last row hold anything.
// A tile is either kept in a scratch buffer [columns][lanes], or evaluated
// where it is used: `eval` gives the vectors of a few of its columns.
//
//   block.c     the pass: walks the program, keeps what must be kept
//   eval.c      vectors of a tile's columns, from the op that defines it
//   contract.c  register-blocked products, and their right operands
//   padding.c   what is known of a tile past a run-time number of columns
//   pack.c      tiles from and to memory whose rows are not on lanes there
//   exp2.c      2^x by a polynomial

#ifndef SIMPLICIAL_LOWERING_CPU_BLOCK_H
#define SIMPLICIAL_LOWERING_CPU_BLOCK_H

#include "lowering/tile_ops.h"
#include "lowering/value_map.h"

enum {
  LANES = 8,         ///< f32 lanes of the vectors that tiles are made of
  MAX_COLUMNS = 8,   ///< columns evaluated together at most
  ACCUMULATORS = 8,  ///< vectors of LANES that a product accumulates in
  MAX_LANES = 1024,  ///< of a tile
  MAX_TILE_RANK = 2, ///< of a tile in memory
};

/// What the pass knows of one value of the program it rewrites.
typedef struct Entry {
  MlirValue scalar;  ///< what replaces a value that is no tile
  MlirValue buffer;  ///< rows on lanes: [columns][lanes] or [lanes]
  MlirValue limit;   ///< columns the buffer holds (null: all), as an old value
  MlirValue natural; ///< as in memory: [rows][columns]
  int row_dims;      ///< leading dimensions that are rows
  bool on_lanes;     ///< somebody needs it with rows on lanes
  bool in_order;     ///< somebody needs it as it is in memory
  bool kept;         ///< must have a buffer
} Entry;

typedef struct Block {
  Ir b;
  Ir scratch;           ///< where buffers are allocated
  ValueMap entries;     ///< of Entry, by old value
  MlirOperation forall; ///< whose body is converted
  MlirOperation failed; ///< the first op that could not be lowered; null: none
} Block;

/// Which columns of a tile: `n` of them from `x` on. A tile without a column
/// dimension, or with one of size 1, has a null `x`.
typedef struct At {
  int row_dims; ///< 0: the value is the same for all rows, a scalar
  MlirValue x;
  int n;
  MlirValue
      limit; ///< columns stay below this old value (null: the tile's size)
} At;

typedef struct Columns {
  MlirValue v[MAX_COLUMNS];
} Columns;

// block.c
Entry *block_entry(Block *s, MlirValue value);
/// The value that replaces a scalar of the old program.
MlirValue block_scalar(Block *s, MlirValue old);
/// Reports, once, that `op` is not among the things a tile program is made of.
void block_fail(Block *s, MlirOperation op, const char *reason);
MlirValue block_alloca(Block *s, MlirType element, int rank,
                       const int64_t *shape);
/// Lanes of a tile: its rows, rounded up.
int64_t block_lanes(MlirType tile, int row_dims);
/// x + k
MlirValue block_offset(Block *s, MlirValue x, int64_t k);
/// The u-th of the columns that `at` names.
MlirValue block_column(Block *s, At at, int u);
bool block_is_contraction(MlirOperation op);

// eval.c
Columns eval(Block *s, MlirValue tile, At at);
/// The same from the defining op, even if the tile has a buffer.
Columns eval_definition(Block *s, MlirValue tile, At at);
MlirValue eval_splat(Block *s, MlirValue scalar, int64_t lanes);
/// `kind` of x and y, as elementwise evaluation has it.
MlirValue eval_combine(Block *s, IrReduction kind, MlirValue x, MlirValue y);

// contract.c
Columns eval_contraction(Block *s, MlirOperation contraction, At at);

// padding.c
/// Past `limit` along a dimension, every element is `value`.
typedef struct Padding {
  MlirValue limit; ///< an old value; null: nothing is known
  double value;
} Padding;
Padding padding_of(MlirValue tile, int dim);

// pack.c
/// A vector.transfer_read, with the arith.extf of it if there is one.
typedef struct Read {
  MlirOperation op;
  MlirValue memref;
  MlirType tile, element;  ///< the tile's type in memory; the element wanted
  int dims[MAX_TILE_RANK]; ///< memref dimension of each tile dimension
  MlirValue count;         ///< rows from here on read as zero (null: none)
} Read;
/// Whether `value` is such a read.
bool read_of(MlirValue value, Read *read);
/// memref indices of element (row, column) of the tile; null means 0.
void read_indices(Block *s, const Read *read, MlirValue row, MlirValue column,
                  MlirValue *indices);
/// Few rows are read as scalars where they are used; others are packed first.
bool read_is_packed(const Read *read);
Columns read_columns(Block *s, const Read *read, At at);
/// Copies into a buffer [columns][lanes].
void pack_on_lanes(Block *s, MlirValue value, const Read *read);
/// Copies, widening the elements, into a buffer [rows][columns].
void pack_in_order(Block *s, MlirValue value, const Read *read);
/// Writes a tile from its buffer to memory.
void unpack(Block *s, MlirOperation transfer_write);

// exp2.c
MlirValue exp2_polynomial(Ir *b, MlirValue x);

#endif // SIMPLICIAL_LOWERING_CPU_BLOCK_H
