// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the programs of a gradient want to know of each query: three numbers, in
// fresh buffers.
//
//     for a tile of heads, or of neighbouring queries of a head, as rows:
//       less   = -sum over columns of out .* d_out
//       logs   = lse == -inf ? 0 : -lse / scale
//       finite = 0 * (logs + less) + sum over columns of 0 * q + 0 * d_out
//
// P is exp2((S + logs) * scale * log2(e)), and what it is multiplied with, dP -
// delta, is dP + less: products of programs over keys begin with these.
//
// A query that attends to nothing has lse = -inf. All its pairs are masked:
// with logs = 0 their P is exp2(-inf + 0) = 0.

#include "grad.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <math.h>
#include <stddef.h>

/// A tile of rows along one dimension, DIM_N or DIM_H.
typedef struct Rows {
  Ir *b;
  unsigned dim;
  int64_t n;
  MlirValue batch, query, head; ///< the first row's
  MlirValue count;              ///< of those that there are; null: all are
} Rows;

static MlirValue mask_of(const Rows *r, int rank, const int64_t *shape) {
  if (mlirValueIsNull(r->count))
    return null_value();
  return window_mask(r->b, ir_vector(ir_i1(r->b), rank, shape), null_value(),
                     r->count);
}

/// All columns of q, out or d_out, as f32.
static MlirValue load_rows(const Rows *r, MlirValue memref) {
  MlirType type = ir_type(memref);
  const int64_t shape[] = {r->n, ir_dim_size(type, DIM_D)};
  MlirValue x = ir_transfer_read(
      r->b, ir_vector(ir_element(type), 2, shape), memref,
      (const MlirValue[]){r->batch, r->query, r->head, ir_const_index(r->b, 0)},
      (const unsigned[]){r->dim, DIM_D}, mask_of(r, 2, shape));
  return ir_convert(r->b, x, ir_f32(r->b));
}

static MlirValue load_lse(const Rows *r, MlirValue memref) {
  return ir_transfer_read(r->b, ir_vector(ir_f32(r->b), IR_DIMS(r->n)), memref,
                          (const MlirValue[]){r->batch, r->head, r->query},
                          (const unsigned[]){r->dim == DIM_N ? 2 : 1},
                          mask_of(r, IR_DIMS(r->n)));
}

GradStatsPlace grad_stats_place(Ir *b, const GradStats *stats, MlirValue batch,
                                MlirValue query, MlirValue head,
                                MlirValue copy) {
  if (!stats->by_head)
    return (GradStatsPlace){{batch, query, head}, 1, 2, 0};
  return (GradStatsPlace){
      {batch, head, copy, ir_addi(b, query, copy)}, 3, 1, 2};
}

static void store(const Rows *r, const GradStats *stats, MlirValue x,
                  MlirValue memref) {
  for (int64_t i = 0; i < (stats->by_head ? GRAD_STATS_COPIES : 1); ++i) {
    GradStatsPlace place = grad_stats_place(r->b, stats, r->batch, r->query,
                                            r->head, ir_const_index(r->b, i));
    const unsigned dims[] = {r->dim == DIM_N ? place.query : place.head};
    ir_transfer_write(r->b, x, memref, place.indices, dims,
                      mask_of(r, IR_DIMS(r->n)));
  }
}

/// The same in `repeated`, for each of the outer keys of a tile of pairs: at
/// once where they are next to each other, as those of a single head are.
static void store_repeated(const Rows *r, const Config *keys, MlirValue x,
                           MlirValue repeated) {
  if (mlirValueIsNull(repeated))
    return;
  Ir *b = r->b;
  if (keys->block_h == 1) {
    const int64_t shape[] = {r->n, keys->block_j};
    ir_transfer_write(
        b, ir_broadcast_rows(b, x, keys->block_j), repeated,
        (const MlirValue[]){r->batch, r->query, r->head, ir_const_index(b, 0)},
        (const unsigned[]){DIM_N, 3}, mask_of(r, 2, shape));
    return;
  }
  MlirValue heads = ir_const_index(b, keys->block_h);
  IrLoop loop = ir_for_begin(b, ir_const_index(b, 0),
                             ir_const_index(b, keys->block_j * keys->block_h),
                             heads, 0, NULL);
  MlirValue column = ir_addi(b, loop.iv[0], ir_remui(b, r->head, heads));
  ir_transfer_write(b, x, repeated,
                    (const MlirValue[]){r->batch, r->query,
                                        ir_divui(b, r->head, heads), column},
                    (const unsigned[]){DIM_N}, mask_of(r, IR_DIMS(r->n)));
  ir_for_end(b, &loop, 0, NULL);
}

static void take_rows(const Rows *r, MlirOperation op, const Config *keys,
                      const GradStats *stats) {
  Ir *b = r->b;
  MlirType per_row = ir_vector(ir_f32(b), IR_DIMS(r->n));
  MlirValue zero = ir_zero(b, per_row);
  MlirValue q = load_rows(r, ir_operand(op, SIMPLICIAL_Q));
  MlirValue d_out = load_rows(r, ir_operand(op, SIMPLICIAL_D_OUT));
  MlirValue out = load_rows(r, ir_operand(op, SIMPLICIAL_OUT));
  MlirValue product = ir_mulf(b, out, d_out);
  MlirValue less = ir_multi_reduction(b, IR_SUM, product, 1, zero);
  less = ir_subf(b, zero, less);
  store(r, stats, less, stats->less);
  store_repeated(r, keys, less, stats->repeated_less);
  MlirValue nothing = ir_mulf(b, d_out, ir_zero(b, ir_type(d_out)));
  MlirValue sum = zero;
  if (mlirTypeEqual(ir_type(q), ir_type(d_out)))
    nothing = ir_fma(b, q, ir_zero(b, ir_type(q)), nothing);
  else
    sum = ir_multi_reduction(b, IR_SUM, ir_mulf(b, q, ir_zero(b, ir_type(q))),
                             1, zero);
  MlirValue lse = load_lse(r, ir_operand(op, SIMPLICIAL_LSE));
  MlirValue none = ir_cmpf(b, IR_OEQ, lse, ir_const_f(b, per_row, -INFINITY));
  MlirValue logs = ir_mulf(b, lse, ir_const_f(b, per_row, -1 / stats->scale));
  logs = ir_select(b, none, zero, logs);
  store(r, stats, logs, stats->logs);
  store_repeated(r, keys, logs, stats->repeated_logs);
  MlirValue finite = ir_fma(b, ir_addf(b, logs, less), zero,
                            ir_multi_reduction(b, IR_SUM, nothing, 1, sum));
  store(r, stats, finite, stats->finite);
}

/// A memref for numbers: with copies, where tiles have columns of queries.
static MlirValue allocate(Ir *b, MlirValue q, int64_t columns) {
  MlirType type = ir_type(q);
  int64_t batches = ir_dim_size(type, 0), heads = ir_dim_size(type, DIM_H);
  MlirValue queries = ir_dim(b, q, DIM_N);
  if (!columns) {
    MlirValue sizes[] = {ir_dim(b, q, 0), queries, null_value()};
    return ir_alloc_sized(
        b,
        ir_memref(ir_f32(b), IR_DIMS(batches, ir_dim_size(type, DIM_N), heads)),
        sizes);
  }
  // Rows of a multiple of 16 bytes, with room for a tile behind each query.
  MlirValue copies = ir_const_index(b, GRAD_STATS_COPIES);
  MlirValue n =
      ir_addi(b, queries, ir_const_index(b, columns + 2 * GRAD_STATS_COPIES));
  n = ir_muli(b, ir_divui(b, n, copies), copies);
  MlirValue sizes[] = {ir_dim(b, q, 0), null_value(), null_value(), n};
  return ir_alloc_sized(
      b,
      ir_memref(ir_f32(b), IR_DIMS(batches, heads, GRAD_STATS_COPIES,
                                   mlirShapedTypeGetDynamicSize())),
      sizes);
}

/// A memref for numbers of columns of pairs.
static MlirValue allocate_repeated(Ir *b, MlirValue q, const Config *keys) {
  MlirType type = ir_type(q);
  MlirValue sizes[] = {ir_dim(b, q, 0), ir_dim(b, q, DIM_N), null_value(),
                       null_value()};
  return ir_alloc_sized(
      b,
      ir_memref(ir_f32(b),
                IR_DIMS(ir_dim_size(type, 0), ir_dim_size(type, DIM_N),
                        ir_dim_size(type, DIM_H) / keys->block_h,
                        keys->block_j * keys->block_h)),
      sizes);
}

MlirValue grad_stats_probabilities(Ir *b, const GradStats *stats, MlirValue s) {
  MlirValue c = ir_const_f(b, ir_type(s), stats->scale / log(2));
  return ir_exp2(b, ir_mulf(b, s, c));
}

GradStats grad_stats(Ir *b, MlirOperation op, const Config *keys,
                     double scale) {
  enum { MOST = 64, FEW = 8, QUERIES = 32 };
  MlirValue q = ir_operand(op, SIMPLICIAL_Q);
  int64_t columns = keys->block_q > 1 ? keys->block_q : 0;
  GradStats stats = {.scale = scale,
                     .by_head = columns > 0,
                     .logs = allocate(b, q, columns),
                     .less = allocate(b, q, columns),
                     .finite = allocate(b, q, columns)};
  if (keys->by_pairs) {
    stats.repeated_logs = allocate_repeated(b, q, keys);
    stats.repeated_less = allocate_repeated(b, q, keys);
  }
  int64_t heads = ir_dim_size(ir_type(q), DIM_H);
  int64_t rows = heads < MOST ? heads : MOST;
  while (heads % rows)
    --rows;
  Rows r = {.b = b, .dim = DIM_H, .n = rows, .count = null_value()};
  if (rows < FEW || keys->by_pairs)
    r.dim = DIM_N, r.n = QUERIES;
  MlirValue n = ir_const_index(b, r.n), queries = ir_dim(b, q, DIM_N);
  bool by_query = r.dim == DIM_N;
  MlirValue sizes[] = {ir_dim(b, q, 0),
                       ir_const_index(b, by_query ? heads : heads / r.n),
                       by_query ? ir_ceil_div(b, queries, r.n) : queries};
  IrLoop tiles = ir_forall_begin(b, 3, sizes);
  r.batch = tiles.iv[0];
  r.head = by_query ? tiles.iv[1] : ir_muli(b, tiles.iv[1], n);
  r.query = by_query ? ir_muli(b, tiles.iv[2], n) : tiles.iv[2];
  if (by_query)
    r.count = ir_minsi(b, n, ir_subi(b, queries, r.query));
  take_rows(&r, op, keys, &stats);
  ir_forall_end(b, &tiles);
  return stats;
}
