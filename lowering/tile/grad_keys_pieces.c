// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is summed up for outer keys that are taken at once, where what comes of
// it goes to global memory, that of inner keys, too (`local_sums`).
//
// In an accumulator of products neighbouring lanes have neighbouring rows: an
// access of global memory would be of 16 or 32 bytes of eight rows. By way of
// the block's own memory the sums become tiles of other rows, which are pieces
// of eight columns, neighbouring ones of a key, [keys * pieces, 8]:
//
//     local = u                                          [outer * inner, D]
//     for inner keys k, so many at once:
//       own[k] = own[k] + sum over outer keys j of u[j, k] .* ko[j]
//       x[j] = x[j] + u[j, k] .* ki[k]
//     parts[j] = parts[j] + sum over keys of x[j]
//
// and so with t and values.

#include "grad_keys.h"

#include <stddef.h>

enum {
  PIECE = 8,        ///< columns
  MOST_PIECES = 16, ///< of a key, in a tile
  MOST_TILES = 8,   ///< whose loads begin together
};

/// Keys, or values.
typedef struct Pieces {
  const Keys *g;
  int64_t width;
  MlirValue outer, inner;
  double outer_bias, inner_bias;
  const Parts *parts;
  int64_t own;          ///< the first column of what inner keys have
  int64_t keys, pieces; ///< of a tile
} Pieces;

/// A tile: `keys` from inner key `key` on, `pieces` from `column` on.
typedef struct At {
  int64_t key, column;
} At;

int64_t keys_local_width(const Keys *g) {
  return g->f.d > g->f.dv ? g->f.d : g->f.dv;
}

// Loads and stores ------------------------------------------------------------

static MlirType tile_of(const Pieces *p, MlirType element) {
  return ir_vector(element, IR_DIMS(p->keys, p->pieces, PIECE));
}

/// x [keys or 1, pieces, PIECE] as a tile [keys * pieces, PIECE].
static MlirValue by_piece(const Pieces *p, MlirValue x) {
  Ir *b = p->g->f.b;
  MlirType tile = tile_of(p, ir_element(ir_type(x)));
  return ir_shape_cast(
      b, ir_broadcast(b, x, tile),
      ir_vector(ir_element(tile), IR_DIMS(p->keys * p->pieces, PIECE)));
}

/// `n` less the number of a tile's first key.
static MlirValue from(const Pieces *p, MlirValue n, At at) {
  Ir *b = p->g->f.b;
  return ir_subi(b, n, ir_const_index(b, at.key));
}

/// Where key n's columns from `column` on are, of a sequence, in pieces.
typedef struct KeyPlace {
  MlirValue view, indices[5];
} KeyPlace;

static const unsigned key_dims[] = {DIM_N, DIM_D, DIM_D + 1};

static KeyPlace place_of(const Pieces *p, MlirValue memref, MlirValue sequence,
                         MlirValue n, int64_t column) {
  const Keys *g = p->g;
  Ir *b = g->f.b;
  return (KeyPlace){ir_expand_last(b, memref, PIECE),
                    {sequence, n, g->f.key_head,
                     ir_const_index(b, column / PIECE), ir_const_index(b, 0)}};
}

static MlirValue read_inner(const Pieces *p, At at) {
  const Keys *g = p->g;
  Ir *b = g->f.b;
  MlirValue key = ir_const_index(b, at.key);
  MlirType tile = tile_of(p, ir_element(ir_type(p->inner)));
  // Behind the last key there is no memory.
  if (at.key)
    key = ir_minsi(b, key, ir_subi(b, g->count, ir_const_index(b, 1)));
  KeyPlace place =
      place_of(p, p->inner, g->f.batch, ir_addi(b, g->first, key), at.column);
  MlirValue mask = window_mask(b, ir_with_element(tile, ir_i1(b)), null_value(),
                               from(p, g->live, at));
  MlirValue x =
      ir_transfer_read(b, tile, place.view, place.indices, key_dims, mask);
  return by_piece(p, x);
}

/// What inner keys are summed up in, which is there for any tile's keys.
static KeyPlace own_place(const Pieces *p, At at) {
  const Keys *g = p->g;
  Ir *b = g->f.b;
  return place_of(p, g->global, g->number,
                  ir_addi(b, g->first, ir_const_index(b, at.key)),
                  p->own + at.column);
}

static MlirValue read_own(const Pieces *p, At at) {
  Ir *b = p->g->f.b;
  KeyPlace place = own_place(p, at);
  return by_piece(p, ir_transfer_read(b, tile_of(p, ir_f32(b)), place.view,
                                      place.indices, key_dims, null_value()));
}

static void write_own(const Pieces *p, At at, MlirValue x) {
  Ir *b = p->g->f.b;
  KeyPlace place = own_place(p, at);
  ir_transfer_write(b, ir_shape_cast(b, x, tile_of(p, ir_f32(b))), place.view,
                    place.indices, key_dims, null_value());
}

/// The n-th of the outer keys, or, if there is none, the last one.
static MlirValue outer_key(const Keys *g, int64_t n) {
  Ir *b = g->f.b;
  MlirValue number = ir_const_index(b, n);
  if (n)
    number =
        ir_minsi(b, number, ir_subi(b, g->outer_count, ir_const_index(b, 1)));
  return ir_addi(b, g->outer, number);
}

static MlirValue read_outer(const Pieces *p, int64_t n, int64_t column) {
  Ir *b = p->g->f.b;
  MlirType tile =
      ir_vector(ir_element(ir_type(p->outer)), IR_DIMS(1, p->pieces, PIECE));
  KeyPlace place =
      place_of(p, p->outer, p->g->f.batch, outer_key(p->g, n), column);
  return by_piece(p, ir_transfer_read(b, tile, place.view, place.indices,
                                      key_dims, null_value()));
}

/// What was summed up for the n-th outer key.
static MlirValue read_sums(const Pieces *p, int64_t n, At at) {
  Ir *b = p->g->f.b;
  MlirValue indices[] = {ir_const_index(b, n * keys_inner(p->g) + at.key),
                         ir_const_index(b, at.column / PIECE),
                         ir_const_index(b, 0)};
  return by_piece(p, ir_transfer_read(b, tile_of(p, ir_f32(b)),
                                      ir_expand_last(b, p->g->local, PIECE),
                                      indices, (const unsigned[]){0, 1, 2},
                                      null_value()));
}

static void write_sums(const Pieces *p, MlirValue x) {
  Ir *b = p->g->f.b;
  MlirValue zero = ir_const_index(b, 0);
  ir_transfer_write(b, x, p->g->local, (const MlirValue[]){zero, zero},
                    (const unsigned[]){0, 1}, null_value());
}

/// Adds x, summed over keys, to the n-th outer key's part.
static void add_part(const Pieces *p, int64_t n, int64_t column, MlirValue x,
                     MlirValue more) {
  const Keys *g = p->g;
  Ir *b = g->f.b;
  MlirType f32 = ir_f32(b), type = ir_vector(f32, IR_DIMS(p->pieces, PIECE));
  x = ir_shape_cast(b, x, tile_of(p, f32));
  MlirValue sum = ir_multi_reduction(b, IR_SUM, x, 0, ir_zero(b, type));
  MlirValue view = ir_expand_last(b, p->parts->sums, PIECE);
  MlirValue indices[] = {g->f.batch,
                         g->f.key_head,
                         g->tile,
                         documents_from(&g->f, outer_key(g, n), g->base),
                         ir_const_index(b, column / PIECE),
                         ir_const_index(b, 0)};
  const unsigned dims[] = {4, 5};
  MlirType bits = ir_with_element(type, ir_i1(b));
  MlirValue none = ir_const_index(b, 0), all = ir_const_index(b, p->pieces);
  MlirValue mask = null_value();
  if (n) { // it may not be there
    all = ir_select(b, ir_cmpi(b, IR_SLT, ir_const_index(b, n), g->outer_count),
                    all, none);
    mask = window_mask(b, bits, null_value(), all);
  }
  MlirValue there =
      window_mask(b, bits, null_value(), ir_select(b, more, all, none));
  MlirValue before = ir_transfer_read(b, type, view, indices, dims, there);
  ir_transfer_write(b, ir_addf(b, before, sum), view, indices, dims, mask);
}

// Tiles -----------------------------------------------------------------------

/// x + w y where queries see the tile's keys together with an outer key, whose
/// are `seen`, elsewhere x.
static MlirValue add_seen(const Pieces *p, const Range *seen, At at,
                          MlirValue x, MlirValue w, MlirValue y) {
  Ir *b = p->g->f.b;
  MlirValue mask =
      window_mask(b, ir_vector(ir_i1(b), IR_DIMS(p->keys)),
                  from(p, seen->lower, at), from(p, seen->upper, at));
  mask = load_repeated(b, ir_broadcast_rows(b, mask, PIECE),
                       p->keys * p->pieces, p->pieces);
  return ir_select(b, mask, ir_fma(b, w, y, x), x);
}

static MlirValue as_factor(const Pieces *p, MlirValue x, double bias) {
  return load_as(p->g->f.b, x, ir_f32(p->g->f.b), bias);
}

/// Pieces from a column on. What has been summed up is written to the block's
/// memory behind the first loads; null: it is there.
static void take_columns(const Pieces *p, int64_t column, MlirValue sums,
                         MlirValue more) {
  const Keys *g = p->g;
  Ir *b = g->f.b;
  const int64_t n = keys_outer(g);
  const bool adds = !mlirValueIsNull(p->parts->result);
  MlirType tile = ir_vector(ir_f32(b), IR_DIMS(p->keys * p->pieces, PIECE));
  MlirValue x[CONFIG_MAX_GPU_ROWS], outer[CONFIG_MAX_GPU_ROWS];
  Range seen[CONFIG_MAX_GPU_ROWS];
  for (int64_t j = 0; j < n; ++j) {
    outer[j] = read_outer(p, j, column);
    seen[j] = keys_seen(g, j);
    x[j] = ir_zero(b, tile);
  }
  for (At at = {0, column}; at.key < keys_inner(g);) {
    MlirValue own[MOST_TILES], inner[MOST_TILES];
    int64_t tiles = (keys_inner(g) - at.key) / p->keys;
    tiles = tiles < MOST_TILES ? tiles : MOST_TILES;
    for (int64_t i = 0; i < tiles; ++i) {
      At next = {at.key + i * p->keys, column};
      own[i] = read_own(p, next);
      if (adds)
        inner[i] = read_inner(p, next);
    }
    if (!mlirValueIsNull(sums))
      write_sums(p, sums);
    sums = null_value();
    for (int64_t i = 0; i < tiles; ++i, at.key += p->keys) {
      for (int64_t j = 0; j < n; ++j) {
        MlirValue w = read_sums(p, j, at);
        own[i] = add_seen(p, &seen[j], at, own[i], w,
                          as_factor(p, outer[j], p->outer_bias));
        if (adds)
          x[j] = add_seen(p, &seen[j], at, x[j], w,
                          as_factor(p, inner[i], p->inner_bias));
      }
      write_own(p, at, own[i]);
    }
  }
  for (int64_t j = 0; j < n && adds; ++j)
    add_part(p, j, column, x[j], more);
}

static void take(Pieces *p, MlirValue sums, MlirValue more) {
  p->pieces = 1;
  while (2 * p->pieces <= MOST_PIECES &&
         p->width / PIECE % (2 * p->pieces) == 0)
    p->pieces *= 2;
  p->keys = keys_rows(p->g) / p->pieces;
  while (keys_inner(p->g) % p->keys)
    --p->keys;
  for (int64_t c = 0; c < p->width; c += p->pieces * PIECE)
    take_columns(p, c, c ? null_value() : sums, more);
}

void keys_add_sums(const Keys *g, const Sums *sums, MlirValue more) {
  const Side *outer = &g->f.outer, *inner = &g->f.inner;
  Pieces keys = {.g = g,
                 .width = g->f.d,
                 .outer = outer->keys,
                 .inner = inner->keys,
                 .outer_bias = outer->key_bias,
                 .inner_bias = inner->key_bias,
                 .parts = &g->keys};
  Pieces values = {.g = g,
                   .width = g->f.dv,
                   .outer = outer->values,
                   .inner = inner->values,
                   .outer_bias = outer->value_bias,
                   .inner_bias = inner->value_bias,
                   .parts = &g->values,
                   .own = keys_own_width(g) - g->f.dv};
  if (keys_wants_keys(g))
    take(&keys, sums->u.x[0], more);
  if (keys_wants_values(g))
    take(&values, sums->t, more);
}
