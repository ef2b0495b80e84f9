// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forward tile program on its way: what forward.c, softmax.c and load.c
// share.

#ifndef SIMPLICIAL_LOWERING_TILE_FORWARD_H
#define SIMPLICIAL_LOWERING_TILE_FORWARD_H

#include "forward_plan.h"
#include "window.h"

#include "lowering/configure/config.h"
#include "lowering/ir.h"

enum { MAX_PLANES = 3, MAX_STATE = MAX_PLANES + 1 };

/// Dimensions of q, keys and values.
enum { DIM_N = 1, DIM_H = 2, DIM_D = 3 };

/// One pair of keys and values, with its window.
typedef struct Side {
  MlirValue keys, values;
  int64_t window; ///< 0: none
  double key_bias, value_bias;
} Side;

/// What a program carries through its loops over pairs.
typedef struct State {
  int n;
  MlirValue values[MAX_STATE + 1]; ///< and room for one that a loop adds
} State;

/// What blocks make of their parts of inner windows.
typedef struct WindowParts {
  MlirValue n;    ///< how many there are; null: windows are not split
  MlirValue m, l; ///< memrefs [B, Hq, Nq, n] of softmaxes' maxima and sums
  MlirValue acc;  ///< and [B, Nq, Hq, n, Dv] of accumulators; null: not wanted
} WindowParts;

/// The running state of the rows' softmaxes: maximum (in base 2), sum,
/// accumulator, and, within a step, what goes to it times V1 (null: nothing).
typedef struct Softmax {
  MlirValue m, l, acc, pv;
} Softmax;

struct Forward;
struct OuterTile;
struct InnerTile;

/// A program's step: takes an outer tile with `n` inner ones.
typedef void Step(struct Forward *f, State *state,
                  const struct OuterTile *outer, int n,
                  const struct InnerTile *inner);
/// A step of the rest of an inner window: takes `n` outer tiles with an inner
/// one.
typedef void RestStep(struct Forward *f, State *state, int n,
                      const struct OuterTile *outer,
                      const struct InnerTile *inner);
/// What a program does before it takes an outer tile with inner ones, and
/// behind that, where these loops are inside: adds values to what is carried,
/// and takes them away.
typedef void Outer(struct Forward *f, State *state,
                   const struct OuterTile *outer);
/// What a program does for a block of queries, whose outer and inner windows
/// these are: pairs_loop, and writes what comes out.
typedef void Attend(struct Forward *f, Range js, const Window *ks);
/// What a program does before a block takes the first of its queries, or behind
/// the last one.
typedef void Turns(struct Forward *f);

typedef struct Forward {
  Ir *b;
  Step *step;
  RestStep *rest_step; ///< of several outer tiles
  Outer *open, *close; ///< null: nothing
  Attend *attend;
  Turns *begin, *finish; ///< null: nothing
  bool multiplies_keys;  ///< the inner ones, with what may be masked
  Config config;
  bool causal;
  Side outer, inner;
  int outer_of_rest; ///< outer tiles of a `rest_step`; 1 or less: the rest is
                     ///< taken as all else
  bool early_values; ///< products that are waited for begin early
  bool one_tile;     ///< has an outer window, in order "jk"
  bool two_lengths;  ///< outer keys may be others in number than inner ones
  MlirValue q, out, lse; ///< out and lse may be null
  int planes;
  bool swapped;    ///< k2, v2 are the outer keys and values
  bool negated;    ///< combine(q, outer) is -(q x k): roles are swapped
  bool pairwise;   ///< combine(q, outer) is q + k, and q . k belongs to logits
  MlirType factor; ///< element type in which q and outer keys are multiplied
  double scale;    ///< of logits
  double c;        ///< scale * log2(e)
  int64_t d;       ///< of queries and keys
  int64_t dv;      ///< of values and results
  int64_t rows;
  int64_t group;       ///< query heads that share a key head
  WindowParts parts;   ///< that an inner window is split into, a block each
  MlirValue most_keys; ///< inner ones of any sequence
  MlirValue most_outer;
  MlirValue lengths; ///< [B]: how many each one has; null: that many
  MlirValue keys;    ///< how many inner ones there are, of the current sequence
  MlirValue outer_keys; ///< and outer ones
  MlirValue ahead;  ///< from a position, which is one among inner keys, to that
                    ///< among outer ones; null: they are the same
  MlirValue shift;  ///< from a query's number to its position
  MlirValue start;  ///< [B, places]: the first key that a position's query may
                    ///< see; null: any
  MlirValue end;    ///< [B, places]: how many positions' queries may see a key,
                    ///< or keys before it; null: all, or it is not needed
  MlirValue places; ///< how many positions these have
  MlirValue outer_place, inner_place; ///< where the first keys are among them;
                                      ///< null: at 0
  bool has_keys;                      ///< there are some
  // Of the current tile:
  MlirValue batch, query, head, key_head;
  MlirValue block;  ///< its number, of those of these heads
  MlirValue part;   ///< its number of those that an inner window is split into
  MlirValue column; ///< of results, the first one that it has; null: it has all
  MlirValue count;  ///< of its queries
  MlirValue beyond; ///< an i1: keys behind the inner windows are finite; null:
                    ///< it is not known
  Queries positions;                  ///< and where they stand,
  Queries outer_positions;            ///< also among outer keys
  MlirValue local_keys, local_values; ///< of the outer window, or of each
                                      ///< share of it; null: none
  MlirValue local_first;              ///< the position of their first row
  Softmax before;                     ///< the outer tile, in order "jk"
  bool wide_values;                   ///< local values are f32
  MlirValue q_planes[MAX_PLANES];     ///< by row
  MlirValue d_out_rows; ///< by row, in the type in which it is multiplied with
                        ///< outer values; null: is not
} Forward;

/// Where the keys of an outer tile stand.
typedef struct OuterPlace {
  int64_t size;                   ///< how many there are, of a share
  int64_t share;                  ///< from those of one share to the next one's
  MlirValue n;                    ///< the first one
  MlirValue first, end;           ///< of them, those that there are: load_keys
  MlirValue live_first, live_end; ///< those in the window; null: all
} OuterPlace;

/// A tile of the outer window, by row.
typedef struct OuterTile {
  OuterPlace place;
  MlirValue keys[MAX_PLANES];     ///< [rows, D / planes] each
  MlirValue combined[MAX_PLANES]; ///< A, with queries, as many
  MlirValue constants; ///< [rows]: what all logits of a row have; null: nothing
  MlirValue weighed;   ///< B, the values with d_out, [rows, Dv]; null: not made
  MlirValue rows;    ///< [rows]: those whose j is in the window; null: all are
  MlirValue partial; ///< an i1: not all are
  MlirValue mixed;   ///< an i1: some are before their query's document; null:
                     ///< none
} OuterTile;

/// A tile of the inner window.
typedef struct InnerTile {
  int64_t size;
  MlirValue n;                ///< the first one
  MlirValue keys[MAX_PLANES]; ///< [size, D / planes] each
  MlirValue values;           ///< [size, Dv]
  MlirValue columns; ///< [size]: those whose k is in the window; null: all are
  Range seen; ///< by the first of several queries: the limits of the first of
              ///< the keys, and of the first behind them, from the beginning
              ///< of the step; each next query sees one further on. Null: no
              ///< bound
  int64_t before, behind; ///< how many of the first keys may be below a query's
                          ///< lower limit, and of the last ones above an upper
  int64_t offset;         ///< of the tile in the step, in keys
  MlirValue over, under;  ///< i1's: some queries do not see the last keys, or
                          ///< the first ones; null: all do
  MlirValue mixed; ///< an i1: some are before a query's document; null: none
} InnerTile;

/// A part of the inner window.
typedef struct Part {
  PlanPart plan;
  Range range;
  MlirValue end; ///< of the keys that there are; null: all of whole steps
} Part;

/// What a block's rows are: shares are of one query's outer window, or, of one
/// query, its outer keys.
static inline WindowRows forward_rows(const Forward *f) {
  return (WindowRows){f->config.block_j, f->config.block_q, f->config.block_h};
}

static inline MlirType f32_vector(const Forward *f, int rank,
                                  const int64_t *shape) {
  return ir_vector(ir_f32(f->b), rank, shape);
}

// documents.c
/// The first inner or outer key that the query at a position among them may
/// see, no more than there are; null: any.
MlirValue documents_begin(const Forward *f, bool outer, MlirValue position);

/// Queries at positions among inner or outer keys, with what they may see.
Queries documents_of(const Forward *f, bool outer, MlirValue first,
                     MlirValue last);

/// How many positions' queries may see an inner or outer key that there is, or
/// keys before it; null: there is no bound.
MlirValue documents_end(const Forward *f, bool outer, MlirValue key);

/// x - base, which is not negative, even if starts decrease.
MlirValue documents_from(const Forward *f, MlirValue x, MlirValue base);

/// Logits with -inf for keys before the rows' documents.
MlirValue documents_cut_rows(const Forward *f, MlirValue s,
                             const OuterTile *outer, const InnerTile *inner);

/// Limits [n], of i32, of the columns, which are queries from `position` on,
/// whose documents n inner or outer keys from `first` on are not before; of the
/// keys there are `count`.
MlirValue documents_limits(const Forward *f, bool outer, int64_t n,
                           MlirValue first, MlirValue count,
                           MlirValue position);

/// x where rows, which are inner or outer keys, are seen by a query; 0
/// elsewhere.
MlirValue documents_only_seen(const Forward *f, bool outer, MlirValue x,
                              MlirValue first, MlirValue count);

/// A memref for `end`, and the program that writes it; null: there is no bound.
MlirValue documents_ends(const Forward *f);

// queries.c
/// Says how many keys there are, in a sequence that has all of them.
void queries_count_keys(Forward *f);

/// x, a position among inner keys, as one among outer ones.
MlirValue queries_outer(const Forward *f, MlirValue x);

/// Takes a sequence of the batch: how many keys it has, and where queries are.
void queries_enter(Forward *f, MlirValue batch);

/// Takes an operation's operands and attributes, and the strategy of a part.
MlirLogicalResult queries_take(Forward *f, MlirOperation op, ConfigPart part);

/// The scf.forall of a program over blocks of queries.
MlirOperation queries_program(Forward *f);

/// Says on a program's scf.forall what the strategy says to GPUs.
void queries_annotate(Ir *b, MlirOperation forall, const Config *config);

/// Writes values by (query, head), and columns if `columns` is not 0.
void queries_store(Forward *f, MlirValue x, MlirValue memref,
                   const MlirValue *indices, const unsigned *memory_dims,
                   int64_t columns);

// forward.c
/// The forward program; into `parts`, if there are some.
MlirOperation forward_program(Forward *f);

/// Merges the softmaxes of rows of (outer key, head) and writes what comes out.
void forward_finish(Forward *f, Softmax state);

// forward_parts.c
/// The forward program of inner windows that several blocks share.
MlirOperation forward_by_parts(Forward *f);

/// In how many parts of as many steps `steps` are taken: `wanted`, which is not
/// 0, or fewer.
MlirValue forward_count_parts(Ir *b, MlirValue steps, MlirValue wanted);

/// Part number `part` of a range that is taken in steps; the parts are whole
/// ones, and the last ones may be empty.
Range forward_part(Ir *b, Range all, int64_t step, MlirValue parts,
                   MlirValue part);

/// The keys of an inner window that the block's part has.
Window forward_part_of(Forward *f, const Window *window);

// pairs.c
/// The program's step for all pairs of keys in the windows.
State pairs_loop(Forward *f, State state, Range js, const Window *ks);

// logits.c
MlirValue logits_row_constant(Forward *f, double value);

/// The initial value of a product whose right operand has `bias` added to it:
/// bias * row_sum in every column.
MlirValue logits_product_init(Forward *f, double bias, MlirValue row_sum,
                              int64_t columns);

/// Logits of a tile, of all its keys.
MlirValue logits_of(Forward *f, const OuterTile *outer, const InnerTile *inner);

/// Logits with -inf for what is not in the windows.
MlirValue logits_masked(Forward *f, MlirValue s, const OuterTile *outer,
                        const InnerTile *inner);

// softmax.c
/// The state of rows that have seen nothing.
Softmax softmax_begin(Forward *f);
/// Before an outer tile is taken with inner ones in order "jk": acc is what
/// they sum until it is multiplied by V1, behind them.
Softmax softmax_open(Forward *f, Softmax state);
Softmax softmax_close(Forward *f, Softmax state, const OuterTile *outer);
/// Takes an outer tile with `n` inner ones.
Softmax softmax_step(Forward *f, Softmax state, const OuterTile *outer, int n,
                     const InnerTile *inner);
/// Takes `n` outer tiles at once with an inner one, in order "kj", and follows
/// maxima lazily.
Softmax softmax_rest_step(Forward *f, Softmax state, int n,
                          const OuterTile *outer, const InnerTile *inner);
/// Sums by row.
MlirValue softmax_row_sum(Forward *f, MlirValue x);

// load.c
/// The dimensions that the rows of a block of queries have, and which ones of
/// memory they are, where queries and heads are `memory`.
int load_query_dims(const Forward *f, const unsigned memory[2], int64_t dims[2],
                    unsigned memory_dims[2]);

/// The queries of a block that there are, for a transfer of a tile of (query,
/// head, ...); null if that is all of them. A mask has its dimensions in the
/// memref's order.
MlirValue load_query_mask(Forward *f, int rank, const int64_t *shape,
                          const unsigned *memory_dims);

/// `size` rows of keys or values from n on, columns [d, d + width). Only those
/// of [first, end) are in memory, the others read as zero. Null: from 0; all.
MlirValue load_keys(const Forward *f, MlirValue memref, MlirValue n,
                    int64_t size, MlirValue first, MlirValue end, int64_t d,
                    int64_t width);

/// x [rows] plus 0 times the elements that keys [lower, upper) have in
/// `memref`: not a number if one of those is not finite.
MlirValue load_not_finite(const Forward *f, MlirValue x, MlirValue memref,
                          MlirValue lower, MlirValue upper);
/// The same of no more inner keys than x has rows, where there is one at all.
MlirValue load_few_not_finite(const Forward *f, MlirValue x, MlirValue memref,
                              MlirValue lower, MlirValue upper);

/// The type in which factors of left operands are multiplied: what is more than
/// `one` multiplication is rounded once, at its end.
MlirType load_factor(const Forward *f, bool one);

/// Has products take a left operand from shared memory, if the strategy says
/// so.
void load_share(const Forward *f, MlirValue tile);

/// x with elements of that type, and `bias` added to them.
MlirValue load_as(Ir *b, MlirValue x, MlirType element, double bias);

/// x [m, n] as [rows, n]: each of its rows, if there are several, so many times
/// after each other, or its only one in all rows.
MlirValue load_repeated(Ir *b, MlirValue x, int64_t rows, int64_t times);

/// Plane t of x .* y, or, of determinants, of the cross product of their
/// planes, negated where roles are changed; pairwise, of x + y.
MlirValue load_combined(const Forward *f, const MlirValue *x,
                        const MlirValue *y, int t);

/// What the logits of two factors x and y [rows, D] have beside what they are
/// combined, [rows] of f32: pairwise, x . y; else null.
MlirValue load_constants(const Forward *f, MlirValue x, MlirValue y);

/// The sums by row of the gradients of logits, added to `sums` (null: nothing),
/// which factors' gradients have of each other factor; null if they have none.
MlirValue load_d_sums(const Forward *f, MlirValue sums, MlirValue ds);

/// Plane t of a factor's gradient: w, the sum of `ds` times the third factor,
/// combined with the other factor x, w being the first of the two if
/// `w_first`; pairwise, w + d_sums x.
MlirValue load_d_combined(const Forward *f, const MlirValue *w,
                          MlirValue d_sums, const MlirValue *x, int t,
                          bool w_first);

/// The queries of the block, into its `q_planes`.
void load_query(Forward *f);

/// Columns [d, d + width) of what is as q is, by row.
MlirValue load_by_query(Forward *f, MlirValue memref, int64_t d, int64_t width);

/// A number of each row, [rows], from a memref of f32, whose dimensions of
/// queries and of heads `memory_dims` are.
MlirValue load_number(Forward *f, MlirValue memref, const MlirValue *indices,
                      const unsigned *memory_dims);

/// The outer window of all queries of the block, into memory of its own.
void load_local(Forward *f, const Window *window);

/// Plane t of the keys of an outer tile, by row.
MlirValue load_outer_keys(Forward *f, const OuterPlace *place, int t);

/// Tile j of the outer window, combined with the queries.
OuterTile load_outer(Forward *f, MlirValue j, Range window);

/// Its values, V1 [rows, Dv].
MlirValue load_outer_values(Forward *f, const OuterTile *tile);

/// The tiles of the part's step that begins at k.
void load_inner(Forward *f, MlirValue k, const Part *part, const Window *window,
                InnerTile *tiles);

#endif // SIMPLICIAL_LOWERING_TILE_FORWARD_H
