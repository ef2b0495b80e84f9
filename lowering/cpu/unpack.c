// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles from buffers to memory, the way back of pack.c:
//
//     vector.transfer_write %x, %m[%i, %j], %mask
//     ->
//     scf.for %column = %c0 to %c64 step %c8 {
//       %v:8 = vector.load, ..., vector.shuffle, ...  // 8 x 8, transposed
//       scf.if %row_is_in_mask { vector.store %v#0, %m[%i + 0, %j + %column] }

#include "block.h"

#include "mlir-c/BuiltinTypes.h"

static MlirValue memory_of(Block *s, const Read *write) {
  return block_scalar(s, write->memref);
}

static MlirType memory_element(const Read *write) {
  return ir_element(ir_type(write->memref));
}

/// A vector, element by element.
static void unpack_vector(Block *s, const Read *write, MlirValue tile) {
  Ir *b = &s->b;
  MlirValue value = eval(s, tile, (At){.row_dims = 1, .n = 1}).v[0];
  for (int64_t row = 0; row < ir_dim_size(write->tile, 0); ++row) {
    MlirValue element = ir_const_index(b, row), indices[IR_MAX_RANK];
    read_indices(s, write, &element, indices);
    MlirValue x = ir_value(
        b, "vector.extract", ir_element(ir_type(value)), IR_VALUES(value),
        IR_ATTRIBUTES({"static_position", ir_i64_array(b, IR_DIMS(row))}));
    ir_store(b, eval_convert(s, x, memory_element(write)), memory_of(s, write),
             indices);
  }
}

/// Stores a row's columns from x on.
static void store_row(Block *s, const Read *write, int64_t row, MlirValue x,
                      MlirValue v) {
  Ir *b = &s->b;
  MlirValue element[IR_MAX_RANK], indices[IR_MAX_RANK];
  read_row(s, write, row, element);
  element[ir_rank(write->tile) - 1] = x;
  MlirValue inside = read_is_inside(s, write, element[0]);
  IrIf branch;
  if (!mlirValueIsNull(inside))
    branch = ir_if_begin(b, inside, IR_NONE);
  read_indices(s, write, element, indices);
  ir_vector_store(b, eval_convert(s, v, memory_element(write)),
                  memory_of(s, write), indices);
  if (!mlirValueIsNull(inside))
    ir_if_end(b, &branch, IR_NONE);
}

/// `n` columns from x on, all rows of each.
static void unpack_columns(Block *s, const Read *write, MlirValue buffer,
                           MlirValue x, int64_t n) {
  Ir *b = &s->b;
  MlirType vector = ir_vector(ir_element(ir_type(buffer)), IR_DIMS(LANES));
  int64_t rows = tile_rows(write->tile, ir_rank(write->tile) - 1), mask[LANES];
  for (int lane = 0; lane < LANES; ++lane)
    mask[lane] = lane;
  for (int64_t first = 0; first < block_round_up(rows); first += LANES) {
    MlirValue v[LANES];
    for (int i = 0; i < LANES; ++i)
      v[i] =
          ir_vector_load(b, vector, buffer,
                         (const MlirValue[]){block_offset(s, x, i < n ? i : 0),
                                             ir_const_index(b, first)});
    pack_transpose(s, v);
    for (int i = 0; i < LANES && first + i < rows; ++i)
      store_row(s, write, first + i, x,
                n < LANES ? ir_shuffle(b, v[i], v[i], (int)n, mask) : v[i]);
  }
}

/// Any tile, element by element, in loops.
static void unpack_elements(Block *s, const Read *write, MlirValue buffer) {
  Ir *b = &s->b;
  int rank = ir_rank(write->tile);
  MlirValue element[IR_MAX_RANK], indices[IR_MAX_RANK];
  IrLoop loops[IR_MAX_RANK];
  MlirValue row = pack_begin(s, write, rank, loops, element);
  read_indices(s, write, element, indices);
  const MlirValue from[] = {element[rank - 1], row};
  MlirValue x = ir_load(b, buffer, rank > 1 ? from : &row);
  ir_store(b, eval_convert(s, x, memory_element(write)), memory_of(s, write),
           indices);
  pack_end(s, rank, loops);
}

void unpack(Block *s, MlirOperation op) {
  MlirValue tile = keep_written_tile(op);
  Read write = read_of_transfer(op);
  int rank = ir_rank(write.tile);
  if (rank == 1 && !read_is_masked(&write)) {
    unpack_vector(s, &write, tile);
    return;
  }
  MlirValue buffer = columns_of(s, tile);
  if (rank == 1 || !read_is_contiguous(&write)) {
    unpack_elements(s, &write, buffer);
    return;
  }
  int64_t columns = ir_dim_size(write.tile, rank - 1), rest = columns % LANES;
  if (columns > rest) {
    IrLoop loop = pack_begin_columns(s, columns, LANES);
    unpack_columns(s, &write, buffer, loop.iv[0], LANES);
    ir_for_end(&s->b, &loop, IR_NONE);
  }
  if (rest)
    unpack_columns(s, &write, buffer, ir_const_index(&s->b, columns - rest),
                   rest);
}
