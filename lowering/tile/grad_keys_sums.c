// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the program of keys' and values' gradients adds up: over inner keys, for
// the outer ones that are taken at once; and over all outer keys in turn, the
// block's own, which are carried, by row, or in memory, [inner keys, n]:
//
//     x [outer * inner, n] -> sum over inner, [outer, n] -> a part in memory
//                          -> own = own + x
//                          -> own[m] = own[m] + sum over outer, [inner, n]

#include "grad_keys.h"

#include "mlir-c/BuiltinTypes.h"

#include <stddef.h>

/// x [rows, n] summed over inner keys, or over outer keys.
static MlirValue sum_over(const Keys *g, bool outer, MlirValue x) {
  Ir *b = g->f.b;
  int64_t n = ir_dim_size(ir_type(x), 1);
  MlirType f32 = ir_f32(b);
  x = ir_shape_cast(b, x,
                    ir_vector(f32, IR_DIMS(keys_outer(g), keys_inner(g), n)));
  int64_t left = outer ? keys_inner(g) : keys_outer(g);
  return ir_multi_reduction(b, IR_SUM, x, outer ? 0 : 1,
                            ir_zero(b, ir_vector(f32, IR_DIMS(left, n))));
}

/// So many columns are summed at once: of rows of several outer keys, which
/// warps sum over memory, no more than registers are free for.
static int64_t columns_at_once(const Keys *g, int64_t columns) {
  enum { MOST = 32, LEAST = 16 };
  if (keys_outer(g) == 1 || columns <= MOST)
    return columns;
  return columns % MOST ? LEAST : MOST;
}

void keys_add_part(const Keys *g, const Parts *parts, MlirValue x,
                   MlirValue more, int64_t d) {
  Ir *b = g->f.b;
  MlirValue sum = sum_over(g, false, x), mask = null_value();
  MlirType type = ir_type(sum), bits = ir_with_element(type, ir_i1(b));
  MlirValue indices[] = {g->f.batch, g->f.key_head, g->tile,
                         documents_from(&g->f, g->outer, g->base),
                         ir_const_index(b, d)};
  const unsigned dims[] = {3, 4};
  MlirValue there = ir_select(b, more, g->outer_count, ir_const_index(b, 0));
  MlirValue before =
      ir_transfer_read(b, type, parts->sums, indices, dims,
                       window_mask(b, bits, null_value(), there));
  if (keys_outer(g) > 1)
    mask = window_mask(b, bits, null_value(), g->outer_count);
  ir_transfer_write(b, ir_addf(b, before, sum), parts->sums, indices, dims,
                    mask);
}

/// Columns [at, at + width) of what is summed over outer keys, in memory: of
/// keys, then values.
typedef struct OwnPlace {
  MlirValue memory, indices[4], mask;
  unsigned dims[2];
  MlirType type;
} OwnPlace;

static OwnPlace own_place(const Keys *g, MlirValue memory, int64_t at,
                          int64_t width) {
  Ir *b = g->f.b;
  MlirValue column = ir_const_index(b, at);
  MlirType type = ir_vector(ir_f32(b), IR_DIMS(keys_inner(g), width));
  if (mlirValueIsNull(memory))
    return (OwnPlace){.memory = memory};
  if (ir_rank(ir_type(memory)) == 2)
    return (OwnPlace){
        memory, {ir_const_index(b, 0), column}, null_value(), {0, 1}, type};
  MlirValue mask =
      window_mask(b, ir_with_element(type, ir_i1(b)), null_value(), g->count);
  return (OwnPlace){memory,
                    {g->number, g->first, g->f.key_head, column},
                    mask,
                    {DIM_N, DIM_D},
                    type};
}

static MlirValue load_own(const Keys *g, const OwnPlace *place) {
  return ir_transfer_read(g->f.b, place->type, place->memory, place->indices,
                          place->dims, place->mask);
}

static void store_own(const Keys *g, const OwnPlace *place, MlirValue x) {
  ir_transfer_write(g->f.b, x, place->memory, place->indices, place->dims,
                    place->mask);
}

/// Where that of plane t of keys (of values: that behind them) is.
static OwnPlace own_keys(const Keys *g, MlirValue memory, int t) {
  return own_place(g, memory, t * keys_width(g), keys_width(g));
}

static int64_t own_width_of_keys(const Keys *g) {
  return keys_wants_keys(g) ? g->f.d : 0;
}

int64_t keys_own_width(const Keys *g) {
  return own_width_of_keys(g) + (keys_wants_values(g) ? g->f.dv : 0);
}

static OwnPlace own_values(const Keys *g, MlirValue memory) {
  return own_place(g, memory, own_width_of_keys(g), g->f.dv);
}

/// Adds x by row to columns from `at` on of what there is in memory.
static void add(const Keys *g, MlirValue memory, int64_t at, MlirValue x) {
  int64_t columns = ir_dim_size(ir_type(x), 1), n = columns_at_once(g, columns);
  for (int64_t first = 0; first < columns; first += n) {
    MlirValue some = n < columns ? ir_columns(g->f.b, x, first, n) : x;
    if (keys_outer(g) > 1)
      some = sum_over(g, true, some);
    OwnPlace place = own_place(g, memory, at + first, n);
    store_own(g, &place, ir_addf(g->f.b, load_own(g, &place), some));
  }
}

void keys_add_own_keys(const Keys *g, MlirValue memory, int t, MlirValue x,
                       Sums *own) {
  if (mlirValueIsNull(memory)) {
    own->u.x[t] = ir_addf(g->f.b, own->u.x[t], x);
    return;
  }
  add(g, memory, t * keys_width(g), x);
}

void keys_add_own_values(const Keys *g, MlirValue memory, MlirValue x,
                         Sums *own) {
  if (mlirValueIsNull(memory)) {
    own->t = ir_addf(g->f.b, own->t, x);
    return;
  }
  add(g, memory, own_width_of_keys(g), x);
}

MlirValue keys_own_memory(const Keys *g) {
  Ir *b = g->f.b;
  return ir_alloca(
      b, ir_memref(ir_f32(b), IR_DIMS(keys_inner(g), keys_own_width(g))));
}

MlirValue keys_allocate_sums(const Keys *g) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  MlirType type = ir_type(f->inner.keys);
  const int64_t any = mlirShapedTypeGetDynamicSize();
  int64_t batches = ir_dim_size(type, 0), n = ir_dim_size(type, DIM_N);
  MlirValue sizes[] = {ir_dim(b, f->inner.keys, 0), f->most_keys, null_value(),
                       null_value()};
  if (!mlirValueIsNull(g->shares)) {
    batches = any;
    sizes[0] = ir_muli(b, sizes[0], g->shares);
  }
  if (f->config.local_sums) { // of whole tiles, wherever they begin
    n = any;
    sizes[1] = ir_addi(b, sizes[1], ir_const_index(b, keys_inner(g) - 1));
  }
  return ir_alloc_sized(
      b,
      ir_memref(ir_f32(b), IR_DIMS(batches, n, ir_dim_size(type, DIM_H),
                                   keys_own_width(g))),
      sizes);
}

/// Writes x, or, if there is none, zeros.
static void write(const Keys *g, const OwnPlace *place, const MlirValue *x) {
  store_own(g, place, x ? *x : ir_zero(g->f.b, place->type));
}

void keys_write_own(const Keys *g, MlirValue memory, const Sums *own) {
  for (int t = 0; t < g->f.planes && keys_wants_keys(g); ++t) {
    OwnPlace place = own_keys(g, memory, t);
    write(g, &place, own ? &own->u.x[t] : NULL);
  }
  if (!keys_wants_values(g))
    return;
  OwnPlace place = own_values(g, memory);
  write(g, &place, own ? &own->t : NULL);
}

/// One of them by inner key, from memory or, null, of those of the rows.
static MlirValue finished(const Keys *g, MlirValue memory,
                          const OwnPlace *place, MlirValue own) {
  if (!mlirValueIsNull(memory))
    return load_own(g, place);
  return keys_outer(g) > 1 ? sum_over(g, true, own) : own;
}

void keys_finish_own(const Keys *g, MlirValue memory, Sums *own) {
  for (int t = 0; t < g->f.planes && keys_wants_keys(g); ++t) {
    OwnPlace place = own_keys(g, memory, t);
    own->u.x[t] = finished(g, memory, &place, own->u.x[t]);
  }
  if (!keys_wants_values(g))
    return;
  OwnPlace place = own_values(g, memory);
  own->t = finished(g, memory, &place, own->t);
}
