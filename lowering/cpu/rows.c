// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluation where rows become other rows: vectors of a column of the source,
// shuffled.
//
//     %y = vector.broadcast %x : vector<1x4xf32> to vector<3x4xf32>   // 3 rows
//     ->
//     %v = vector.shuffle %u, %u [0, 0, 0, 0, ...]                 // a column
//
// Where rows become columns, or the other way, elements are gathered from the
// source's buffer.

#include "block.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

int rows_source_dims(MlirOperation op, int row_dims) {
  MlirType from = ir_type(ir_operand(op, 0)), to = ir_type(ir_result(op, 0));
  if (ir_is(op, "vector.broadcast"))
    return tile_op_source_row_dims(op, row_dims);
  // A shape_cast keeps the order of elements.
  int64_t rows = tile_rows(to, row_dims);
  int dims = 0;
  while (dims < ir_rank(from) && tile_rows(from, dims + 1) <= rows)
    ++dims;
  return tile_rows(from, dims) == rows && ir_rank(from) - dims <= 1 ? dims : -1;
}

// Broadcasts ------------------------------------------------------------------

/// Row `lane` of a broadcast's result, as a row of its source.
static int64_t source_row(MlirType result, int row_dims, MlirType source,
                          int source_row_dims, int64_t lane) {
  int64_t row = 0, stride = 1;
  for (int dim = row_dims - 1, from = source_row_dims - 1; from >= 0;
       --dim, --from) {
    int64_t index = lane % ir_dim_size(result, dim);
    lane /= ir_dim_size(result, dim);
    if (ir_dim_size(source, from) > 1)
      row += index * stride;
    stride *= ir_dim_size(source, from);
  }
  return row;
}

/// Makes `source`, a column of a broadcast's operand, one of its result.
static MlirValue broadcast_rows(Block *s, MlirOperation op, At at,
                                int source_row_dims, MlirValue source) {
  MlirType to = ir_type(ir_result(op, 0)), from = ir_type(ir_operand(op, 0));
  int64_t lanes = block_lanes(to, at.row_dims);
  if (!at.row_dims)
    return source;
  if (!source_row_dims)
    return eval_splat(s, source, lanes);
  int64_t rows = tile_rows(to, at.row_dims), mask[MAX_LANES];
  if (!eval_check_lanes(s, op, lanes))
    return source;
  bool identity = lanes == block_lanes(from, source_row_dims);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    int64_t row = lane < rows ? lane : rows - 1;
    mask[lane] = source_row(to, at.row_dims, from, source_row_dims, row);
    identity &= lane >= rows || mask[lane] == lane;
  }
  return identity ? source
                  : ir_shuffle(&s->b, source, source, (int)lanes, mask);
}

Columns rows_broadcast(Block *s, MlirOperation op, At at) {
  MlirValue operand = ir_operand(op, 0);
  MlirType to = ir_type(ir_result(op, 0)), from = ir_type(operand);
  int64_t lanes = block_lanes(to, at.row_dims);
  if (!mlirTypeIsAVector(from)) {
    MlirValue scalar = block_scalar(s, operand);
    return eval_all(at.row_dims ? eval_splat(s, scalar, lanes) : scalar, at.n);
  }
  At source = at;
  source.row_dims = rows_source_dims(op, at.row_dims);
  bool varies =
      ir_rank(from) > source.row_dims && ir_dim_size(from, source.row_dims) > 1;
  if (!varies) {
    source.x = source.limit = null_value();
    source.n = 1;
  }
  Columns columns = eval(s, operand, source);
  for (int u = 0; u < source.n; ++u)
    columns.v[u] = broadcast_rows(s, op, at, source.row_dims, columns.v[u]);
  return varies ? columns : eval_all(columns.v[0], at.n);
}

// Other shapes ----------------------------------------------------------------

/// The element of a tile in a buffer that has this number in the tile's order.
static MlirValue element_of(Block *s, MlirValue tile, MlirValue number) {
  Ir *b = &s->b;
  const Entry *entry = block_entry(s, tile);
  MlirType type = ir_type(tile);
  int rank = ir_rank(type);
  MlirValue x;
  if (rank == 1 || entry->row_dims == rank) {
    x = ir_load(b, entry->buffer, &number);
  } else {
    MlirValue columns = ir_const_index(b, ir_dim_size(type, rank - 1));
    x = ir_load(b, entry->buffer,
                (const MlirValue[]){ir_remui(b, number, columns),
                                    ir_divui(b, number, columns)});
  }
  return eval_convert(s, x, ir_element(type));
}

Columns rows_gather(Block *s, MlirValue tile, MlirType as, At at) {
  Ir *b = &s->b;
  Columns columns;
  MlirType type = eval_column_type(as, at.row_dims);
  int64_t rows = tile_rows(as, at.row_dims), width = 1;
  bool has_columns = tile_has_columns(as, at.row_dims);
  if (has_columns)
    width = ir_dim_size(as, at.row_dims);
  const Entry *entry = block_entry(s, tile);
  if (mlirValueIsNull(entry->buffer) || !mlirValueIsNull(entry->limit)) {
    block_fail(s, ir_def(tile), "its rows are not where they are needed");
    rows = 0;
  }
  if (!eval_check_lanes(s, ir_def(tile), block_lanes(as, at.row_dims)))
    rows = 0;
  for (int u = 0; u < at.n; ++u) {
    columns.v[u] = eval_zero(s, type);
    for (int64_t row = 0; row < rows; ++row) {
      MlirValue number = ir_const_index(b, row * width);
      if (has_columns)
        number = ir_addi(b, number, block_column(s, at, u));
      MlirValue x = element_of(s, tile, number);
      columns.v[u] =
          at.row_dims
              ? ir_value(b, "vector.insert", type, IR_VALUES(x, columns.v[u]),
                         IR_ATTRIBUTES({"static_position",
                                        ir_i64_array(b, IR_DIMS(row))}))
              : x;
    }
  }
  return columns;
}

Columns rows_shape_cast(Block *s, MlirOperation op, At at) {
  MlirValue operand = ir_operand(op, 0);
  At source = at;
  source.row_dims = rows_source_dims(op, at.row_dims);
  if (source.row_dims < 0)
    return rows_gather(s, operand, ir_type(ir_result(op, 0)), at);
  Columns columns = eval(s, operand, source);
  for (int u = 0; u < at.n; ++u) {
    if (at.row_dims && !source.row_dims)
      columns.v[u] = eval_splat(
          s, columns.v[u], block_lanes(ir_type(ir_result(op, 0)), at.row_dims));
    else if (!at.row_dims && source.row_dims)
      columns.v[u] = ir_value(
          &s->b, "vector.extract", ir_element(ir_type(operand)),
          IR_VALUES(columns.v[u]),
          IR_ATTRIBUTES({"static_position", ir_i64_array(&s->b, IR_DIMS(0))}));
  }
  return columns;
}

/// The offset of a slice along a dimension.
static int64_t offset_of(MlirOperation op, int dim) {
  MlirAttribute offsets = ir_get_attr(op, "offsets");
  return dim < mlirArrayAttrGetNumElements(offsets)
             ? mlirIntegerAttrGetValueInt(mlirArrayAttrGetElement(offsets, dim))
             : 0;
}

Columns rows_slice(Block *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirValue operand = ir_operand(op, 0);
  MlirType to = ir_type(ir_result(op, 0)), from = ir_type(operand);
  int64_t lanes = block_lanes(to, at.row_dims), mask[MAX_LANES];
  At source = {.row_dims = at.row_dims, .n = at.n};
  if (!eval_check_lanes(s, op, lanes))
    return eval_nothing(s, ir_result(op, 0), at);
  if (tile_has_columns(to, at.row_dims))
    source.x = ir_addi(b, block_column(s, at, 0),
                       ir_const_index(b, offset_of(op, at.row_dims)));
  Columns columns = eval(s, operand, source);
  if (!at.row_dims)
    return columns;
  bool identity = lanes == block_lanes(from, at.row_dims);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    int64_t row = 0, stride = 1, rest = lane;
    for (int t = at.row_dims - 1; t >= 0; --t) {
      row += (rest % ir_dim_size(to, t) + offset_of(op, t)) * stride;
      rest /= ir_dim_size(to, t);
      stride *= ir_dim_size(from, t);
    }
    mask[lane] = lane < tile_rows(to, at.row_dims) ? row : 0;
    identity &= lane >= tile_rows(to, at.row_dims) || row == lane;
  }
  for (int u = 0; u < at.n && !identity; ++u)
    columns.v[u] = ir_shuffle(b, columns.v[u], columns.v[u], (int)lanes, mask);
  return columns;
}

// Reductions ------------------------------------------------------------------

MlirValue rows_first(Block *s, MlirValue vector, int64_t n) {
  int64_t mask[MAX_LANES];
  for (int64_t lane = 0; lane < n; ++lane)
    mask[lane] = lane;
  return ir_shuffle(&s->b, vector, vector, (int)n, mask);
}

/// All of the first n lanes.
static MlirValue reduced(Block *s, MlirOperation op, MlirValue vector,
                         int64_t n) {
  Ir *b = &s->b;
  return ir_value(
      b, "vector.reduction", ir_element(ir_type(vector)),
      IR_VALUES(rows_first(s, vector, n)),
      IR_ATTRIBUTES(
          {"kind", ir_get_attr(op, "kind")},
          {"fastmath", ir_parse_attr(b, "#arith.fastmath<reassoc>")}));
}

/// Lanes of a vector combine to fewer, or to a scalar.
Columns rows_reduce(Block *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirType to = ir_type(ir_result(op, 0));
  IrReduction kind = tile_op_reduction_kind(op);
  int64_t rows = tile_rows(to, at.row_dims);
  ReducedRows reduced_rows = tile_op_reduced_rows(op, at.row_dims + 1);
  int64_t n = reduced_rows.n, distance = reduced_rows.distance;
  int64_t lanes = block_lanes(to, at.row_dims), mask[MAX_LANES];
  At inner = at;
  inner.row_dims = at.row_dims + 1;
  Columns acc = eval(s, ir_operand(op, 1), at);
  if (!eval_check_lanes(s, op, lanes) || !eval_check_lanes(s, op, n * rows))
    return acc;
  Columns columns = eval(s, ir_operand(op, 0), inner);
  for (int u = 0; u < at.n; ++u) {
    if (!at.row_dims || (rows == 1 && n > 1)) {
      MlirValue x = reduced(s, op, columns.v[u], n);
      if (at.row_dims)
        x = eval_splat(s, x, lanes);
      acc.v[u] = eval_combine(s, kind, x, acc.v[u]);
      continue;
    }
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t lane = 0; lane < lanes; ++lane) {
        int64_t row = lane < rows ? lane : rows - 1;
        mask[lane] = (row / distance * n + i) * distance + row % distance;
      }
      MlirValue part =
          ir_shuffle(b, columns.v[u], columns.v[u], (int)lanes, mask);
      acc.v[u] = eval_combine(s, kind, part, acc.v[u]);
    }
  }
  return acc;
}
