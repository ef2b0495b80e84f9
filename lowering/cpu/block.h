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
//   block.c     the pass: walks the program
//   keep.c      decides which tiles are kept, and what of them is needed
//   columns.c   keeps a tile: loops over its columns, reductions in them
//   regions.c   loops and branches
//   eval.c      vectors of a tile's columns, from the op that defines it
//   rows.c      the same where rows become other rows, or columns
//   contract.c  register-blocked products, and their right operands
//   padding.c   what is known of a tile past a run-time number of columns
//   bounds.c    what is known of a run-time number
//   read.c      tiles in memory: where, and which rows of them
//   pack.c      from memory to buffers
//   unpack.c    from buffers to memory
//   exp2.c      2^x by a polynomial

#ifndef SIMPLICIAL_LOWERING_CPU_BLOCK_H
#define SIMPLICIAL_LOWERING_CPU_BLOCK_H

#include "lowering/tile_ops.h"
#include "lowering/value_map.h"

enum {
  LANES = 8,        ///< f32 lanes of the vectors that tiles are made of
  MAX_COLUMNS = 8,  ///< columns evaluated together at most
  ACCUMULATORS = 8, ///< vectors of LANES that a product accumulates in
  MAX_LANES = 1024, ///< of a tile
};

/// Past `limit` along a dimension, every element is `value`.
typedef struct Padding {
  MlirValue limit; ///< an old value; null: nothing is known
  double value;    ///< a number, unless nothing is known
} Padding;

/// What the pass knows of one value of the program it rewrites.
typedef struct Entry {
  MlirValue scalar;  ///< what replaces a value that is no tile
  MlirValue buffer;  ///< rows on lanes: [columns][lanes] or [lanes]
  MlirValue limit;   ///< columns the buffer holds (null: all), as an old value
  MlirValue natural; ///< f32 as in memory: [rows][columns, rounded up]
  int row_dims;      ///< leading dimensions that are rows
  bool fixed;        ///< whatever its uses would like them to be
  bool inside;       ///< it is of the program, not of what is around it
  bool kept;         ///< must have a buffer
  bool on_lanes;     ///< somebody needs it with rows on lanes
  bool in_order;     ///< somebody needs `natural`
  bool wide;         ///< a float of 16 bits whose buffer has f32
  bool whole;        ///< somebody needs its columns past the padding's limit
  bool filled;       ///< and rows of `natural` that a mask leaves out
  bool overwritten;  ///< a read of what may be written before it is used
  bool has_padding[IR_MAX_RANK];
  Padding padding[IR_MAX_RANK]; ///< along each dimension, once asked for
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

static inline MlirValue null_value(void) { return (MlirValue){NULL}; }

// block.c
Entry *block_entry(Block *s, MlirValue value);
/// The value that replaces a scalar, or a memref, of the old program.
MlirValue block_scalar(Block *s, MlirValue old);
/// An old count (null: size) as one in [0, size].
MlirValue block_count(Block *s, MlirValue old, int64_t size);
/// Reports, once, that `op` is not among the things a tile program is made of.
void block_fail(Block *s, MlirOperation op, const char *reason);
/// The leading dimensions of a tile that are rows if the last one is columns; a
/// vector has rows only.
int block_row_dims(MlirType tile);
/// Lanes of a tile: its rows, rounded up.
int64_t block_lanes(MlirType tile, int row_dims);
int64_t block_round_up(int64_t n);
/// x + k
MlirValue block_offset(Block *s, MlirValue x, int64_t k);
/// The u-th of the columns that `at` names.
MlirValue block_column(Block *s, At at, int u);
bool block_is_contraction(MlirOperation op);
/// A block's ops but for the terminator, as they are now; the caller frees
/// them.
MlirOperation *block_ops(MlirBlock block, size_t *n);
void block_convert_body(Block *s, MlirBlock block);

// keep.c
/// Fills in what entries say of needs, for the program's body.
void keep_tiles(Block *s, MlirBlock body);
bool keep_is_cheap(Block *s, MlirValue tile);
/// The tile that `unpack` finds in a buffer: a conversion is left to it.
MlirValue keep_written_tile(MlirOperation transfer_write);
/// Where columns of a kept tile need not be made from; null: nowhere.
MlirValue keep_limit(Block *s, MlirValue tile);
/// Whether what is past the padding's limit makes no difference to a reduction.
bool keep_is_neutral(MlirOperation reduction, Padding padding);

// columns.c
/// Makes a tile's buffer.
void columns_keep(Block *s, MlirValue tile);
/// A column reduction, unless it is done.
void columns_reduce(Block *s, MlirOperation op);
/// Makes the scalar of a reduction of all of a tile.
void columns_reduce_all(Block *s, MlirOperation op);
/// A buffer for a tile, as its entry has it.
MlirValue columns_buffer(Block *s, MlirValue tile);
/// Copies a tile into `target`, a buffer of its rows on lanes.
void columns_copy(Block *s, MlirValue tile, MlirValue target);
/// The buffer of a tile with columns, of which it has all; a new one if it is
/// kept otherwise, or not at all.
MlirValue columns_of(Block *s, MlirValue tile);
/// What is to be done once a tile has its buffer.
void columns_kept(Block *s, MlirValue tile);

// regions.c
void regions_convert_for(Block *s, MlirOperation op);
void regions_convert_if(Block *s, MlirOperation op);

// eval.c
Columns eval(Block *s, MlirValue tile, At at);
/// The same from the defining op, even if the tile has a buffer.
Columns eval_definition(Block *s, MlirValue tile, At at);
MlirValue eval_splat(Block *s, MlirValue scalar, int64_t lanes);
Columns eval_all(MlirValue value, int n);
MlirValue eval_zero(Block *s, MlirType type);
/// Zeros, after a failure.
Columns eval_nothing(Block *s, MlirValue tile, At at);
/// The type that one column of `tile` is evaluated to.
MlirType eval_column_type(MlirType tile, int row_dims);
/// `kind` of x and y, as elementwise evaluation has it.
MlirValue eval_combine(Block *s, IrReduction kind, MlirValue x, MlirValue y);
/// Whether a tile has no more lanes than there is code for.
bool eval_check_lanes(Block *s, MlirOperation op, int64_t lanes);
/// x with elements as a buffer of `element` has them, or as a tile has them.
MlirValue eval_convert(Block *s, MlirValue x, MlirType element);

// rows.c
/// The `row_dims` of the operand of a broadcast or shape_cast whose result has
/// `row_dims`; negative if its rows are not those of the result.
int rows_source_dims(MlirOperation op, int row_dims);
Columns rows_broadcast(Block *s, MlirOperation op, At at);
Columns rows_shape_cast(Block *s, MlirOperation op, At at);
Columns rows_slice(Block *s, MlirOperation op, At at);
/// A reduction over the outermost dimension of the rows.
Columns rows_reduce(Block *s, MlirOperation op, At at);
/// The first `n` lanes of a vector.
MlirValue rows_first(Block *s, MlirValue vector, int64_t n);
/// Elements of a tile in a buffer, in the order of `as`, another shape of it.
Columns rows_gather(Block *s, MlirValue tile, MlirType as, At at);

// contract.c
Columns contract_eval(Block *s, MlirOperation contraction, At at);
/// Whether products can take an operand from memory, as the read has it.
bool contract_takes_left_in_place(Block *s, MlirOperation contraction);
bool contract_takes_right_in_place(Block *s, MlirValue rhs);

// padding.c
Padding padding_of(Block *s, MlirValue tile, int dim);

// read.c
/// A vector.transfer_read, with what converts and flattens it, if anything.
typedef struct Read {
  MlirOperation op;
  MlirValue memref;
  MlirType tile, element; ///< the tile's type in memory; the element wanted
  int dims[IR_MAX_RANK];  ///< memref dimension of each tile dimension
  MlirValue first, count; ///< all but [first, count) of dimension 0 reads as
                          ///< zero (null: from 0; all), as old values
} Read;
/// Whether `value` is such a read, and memory is then still what it was.
bool read_of(Block *s, MlirValue value, Read *read);
/// Which rows of a tile a transfer reads or writes.
Read read_of_transfer(MlirOperation transfer);
/// Whether a memref's last dimension is contiguous, and a tile's last one.
bool read_is_contiguous(const Read *read);
bool read_is_masked(const Read *read);
/// memref indices of the tile's element with these; null means 0.
void read_indices(Block *s, const Read *read, const MlirValue *element,
                  MlirValue *indices);
/// Those of row `row`, flattened, in the tile: of all but the last dimension
/// if it has more than one.
void read_row(Block *s, const Read *read, int64_t row, MlirValue *element);
/// The row, or for a masked one another that may be loaded in its place.
void read_safe_row(Block *s, const Read *read, int64_t row, MlirValue *element);
/// `value` of row `row`, or zero if that is masked.
MlirValue read_zero_outside(Block *s, const Read *read, int64_t row,
                            MlirValue value);
/// Whether rows that are masked have safe ones in their place.
bool read_has_safe_rows(const Read *read);
/// Whether element `index` of dimension 0 is not masked; null: none is.
MlirValue read_is_inside(Block *s, const Read *read, MlirValue index);
/// The bounds of those.
void read_bounds(Block *s, const Read *read, MlirValue *lower,
                 MlirValue *upper);
/// Few rows are read as scalars where they are used; others are packed first.
bool read_is_packed(Block *s, const Read *read);
Columns read_columns(Block *s, const Read *read, At at);

// pack.c
/// Copies into a buffer [columns][lanes].
void pack_on_lanes(Block *s, MlirValue value, const Read *read);
/// Copies, widening the elements, into a buffer [rows][columns].
void pack_in_order(Block *s, MlirValue value, const Read *read);
/// Transposes 8 vectors of 8.
void pack_transpose(Block *s, MlirValue *v);
/// The same of a whole buffer [columns][lanes].
MlirValue pack_transposed(Block *s, MlirType tile, MlirValue buffer);
/// Begins loops over dimensions [0, n) of a tile in memory, those elements of
/// dimension 0 that are not masked: the elements' indices, and the number of
/// the row that they are of.
MlirValue pack_begin(Block *s, const Read *read, int n, IrLoop *loops,
                     MlirValue *element);
void pack_end(Block *s, int n, IrLoop *loops);
/// A loop over columns, `step` at a time, but for a rest of less than that.
IrLoop pack_begin_columns(Block *s, int64_t columns, int64_t step);

// unpack.c
/// Writes a tile from its buffer to memory.
void unpack(Block *s, MlirOperation transfer_write);

// exp2.c
MlirValue exp2_polynomial(Ir *b, MlirValue x);

#endif // SIMPLICIAL_LOWERING_CPU_BLOCK_H
