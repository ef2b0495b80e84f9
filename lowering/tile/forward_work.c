// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a block of the forward program does (forward.c, softmax.c), as a work
// list. In: a strategy and an attention's shape. Out: steps of
//
//     for each tile:   logits = A ki^T, exponentials of them, maxima and sums,
//                      pv = pv + p vi
//     outer tile:      A = q * k1, or, pairwise, q + k1 and q . k1;
//                      acc = acc + v1 * pv, loads of q, k1 and v1
//     copies           of the tiles' keys and values
//
// one kind of step for whole steps and one for the rest of the inner window.
// Order "kj" has inner tiles that stay while outer keys pass: they are copied
// once for all of these, and A is made for each step; in order "jk" it is the
// other way round.

#include "forward_work.h"

#include "forward_plan.h"

#include "lowering/gpu/target/limits.h"

enum { F32 = 4, PAIRS = 2 }; // bytes of elements

/// Clocks of a block beside its steps, fitted to --analyze.
enum {
  BLOCK = 12000,  // to load q and the outer window, and to write results
  QUERIES = 5500, // of several queries,
  QUERY = 105,    // and for each one: are the keys finite that some see?
  MERGE = 2,      // for a column of another row that is merged
};

/// Instructions for an element of logits: a multiply-add and an addition; a
/// maximum and half a conversion; where it is masked by row, MASK more.
#define FMA 2
#define ALU 1.5
#define MASK 4

static int64_t max(int64_t x, int64_t y) { return x > y ? x : y; }
static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }

/// What the parts of a list are made from.
typedef struct Block {
  const Config *config;
  const ForwardShape *shape;
  Work *work;
  int q;        ///< the kept tile; -1: it is loaded again for each outer tile
  double outer; ///< outer tiles of a block
} Block;

/// Whether q is kept while outer keys pass.
static bool keeps_queries(const ForwardShape *shape) {
  return shape->bytes == PAIRS;
}

/// Whether neighbouring rows of a tile are of different outer keys.
static bool is_by_row(const Config *config) {
  return config->block_q > 1 || config->block_j > 1;
}

/// The keys of the largest tile.
static int64_t most_keys(const Config *config) {
  int64_t keys = max(config->block_last, config->block_tail);
  return config->tiles > 1 ? max(keys, config->block_k) : keys;
}

// Steps -----------------------------------------------------------------------

/// Inner tiles; `masked` is the share of them that is by row. The product with
/// values of a step's `last` one is waited for.
static void add_tiles(const Block *b, WorkStep *step, int64_t n, int64_t keys,
                      double masked, bool last) {
  const ForwardShape *s = b->shape;
  int64_t width = s->d / s->planes;
  if (!n)
    return;
  work_add_product(step, (double)(n * s->planes),
                   (WorkProduct){.columns = keys,
                                 .depth = width,
                                 .row = width,
                                 .added = s->planes > 1 || s->pairwise,
                                 .awaited = true});
  work_add_elements(step, (double)n,
                    (WorkElements){keys, 1, FMA, ALU + MASK * masked});
  work_add_reduction(step, (double)n);
  work_add_product(step, (double)n,
                   (WorkProduct){.columns = s->dv,
                                 .depth = keys,
                                 .row = s->dv,
                                 .by_depth = true,
                                 .added = s->value_bias,
                                 .by_slice = true,
                                 .awaited = last});
}

/// Bytes of an outer value where it is loaded from.
static int64_t value_bytes(const Config *config, const ForwardShape *shape) {
  return plan_widens_values(config, shape->outer_window, shape->causal)
             ? F32
             : shape->bytes;
}

/// A load of outer keys or values, of so many columns and bytes.
static WorkLoad outer_load(const Block *b, int64_t columns, int64_t bytes) {
  const Config *config = b->config;
  return (WorkLoad){.from = config->local_outer ? WORK_OWN : WORK_GLOBAL,
                    .columns = columns,
                    .alike = config->block_h,
                    .pair_alike = !is_by_row(config),
                    .converted = bytes == b->shape->bytes,
                    .bytes = bytes};
}

/// v1 times what products with values have added up to, and q * k1: `share` of
/// both is in each step.
static void add_outer(const Block *b, double share, WorkStep *step) {
  int64_t d = b->shape->d, dv = b->shape->dv;
  const double packed = 0.5; // instructions for one of a pair
  work_add_elements(step, share, (WorkElements){.columns = dv, .fma = 1});
  work_add_load(step, share,
                outer_load(b, dv, value_bytes(b->config, b->shape)));
  work_add_elements(step, share, (WorkElements){.columns = d, .fma = packed});
  work_add_load(step, share, outer_load(b, d, b->shape->bytes));
  WorkLoad q = {.from = WORK_GLOBAL,
                .columns = d,
                .alike = 1,
                .awaited = true,
                .bytes = b->shape->bytes};
  if (b->q >= 0)
    q = (WorkLoad){.from = WORK_KEPT, .kept = b->q};
  work_add_load(step, share, q);
  if (!b->shape->pairwise)
    return;
  work_add_elements(step, share,
                    (WorkElements){.columns = d, .fma = 1, .alu = 1});
  work_add_reduction(step, share);
}

static double bytes_of_keys(const Block *b, int64_t keys) {
  const ForwardShape *s = b->shape;
  return (double)(keys * (s->d + s->dv) * s->bytes);
}

/// A copy of so many keys and values.
static WorkCopy copy_of_keys(const Block *b, int64_t keys, double ahead) {
  return (WorkCopy){.bytes = bytes_of_keys(b, keys),
                    .ahead = ahead,
                    .first = b->shape->one_query &&
                             b->config->block_h == b->shape->group};
}

/// The share of tiles in which some queries' windows begin or end.
static double masked_share(const Config *config, int64_t keys) {
  int64_t others = config->block_q - 1;
  if (!config->block_tail && others == 0)
    return 1;
  int64_t edges = 2 * ceil_div(others, config->block_k);
  double share = (double)(edges * config->block_k) / (double)keys;
  return share < 1 ? share : 1;
}

static void add_whole_steps(const Block *b, double steps, int64_t keys) {
  const Config *config = b->config;
  bool stays = config->inner_stationary;
  WorkStep *step = work_add_step(b->work, b->outer * steps);
  double masked = masked_share(config, keys);
  double n = steps > 1 ? steps : 1; // of what is said of one that is not there
  double copies = stays ? n : n * b->outer;
  add_tiles(b, step, config->tiles - 1, config->block_k, masked, false);
  add_tiles(b, step, 1, config->block_last, masked, true);
  add_outer(b, stays ? 1 : 1 / n, step);
  // Tiles that stay are copied once for all outer keys.
  work_add_copy(
      step, stays ? 1 / b->outer : 1,
      copy_of_keys(b, config_step(config), config->stages > 1 ? copies : 1));
}

static void add_rest(const Block *b, double tails) {
  const Config *config = b->config;
  const ForwardShape *s = b->shape;
  bool stays = config->inner_stationary;
  int64_t n =
      plan_outer_of_rest(config, s->outer_window, s->causal, max(s->d, s->dv));
  WorkStep *step = work_add_step(b->work, b->outer * tails / (double)n);
  add_tiles(b, step, n, config->block_tail, 1, true);
  add_outer(b, stays ? (double)n : 0, step);
  work_add_copy(step, stays ? (double)n / b->outer : 1,
                copy_of_keys(b, config->block_tail, 1));
}

static void add_steps(const Block *b, int64_t keys) {
  const Config *config = b->config;
  int64_t counts[MAX_PARTS];
  plan_counts(config, keys, counts);
  add_whole_steps(b, (double)counts[0], keys);
  if (config->block_tail)
    add_rest(b, (double)counts[1]);
  // Where inner tiles do not stay, both loops over them begin anew for each
  // outer one.
  b->work->starts = config->inner_stationary ? 0 : 2 * b->outer;
  b->work->start_bytes = bytes_of_keys(b, config_step(config));
}

// Memory ----------------------------------------------------------------------

/// Rings of a tile's keys, of each plane, and values. `alone`: no other tile's
/// rings have as many rows and get their tiles whenever these do.
static void add_rings(const Block *b, int64_t keys, bool alone) {
  const ForwardShape *s = b->shape;
  int64_t row = s->d * s->bytes, slots = b->config->stages;
  work_add_buffer(b->work, (WorkBuffer){s->planes, slots, keys, row / s->planes,
                                        alone && s->planes == 1});
  work_add_buffer(b->work,
                  (WorkBuffer){1, slots, keys, s->dv * s->bytes, false});
}

/// The tile of a step through whose rings the rest goes, too: the first one
/// that is large enough; none: `tiles`.
static int64_t tile_of_rest(const Config *config) {
  int64_t last = config->tiles - 1;
  if (!config->block_tail)
    return config->tiles;
  if (last && config->block_tail <= config->block_k)
    return 0;
  return config->block_tail <= config->block_last ? last : config->tiles;
}

/// Whether two tiles of a step have rings that are used alike: of as many rows,
/// and, where loops over steps and the rest begin again, as often.
static bool are_alike(const Config *config, int64_t tile, int64_t other) {
  int64_t last = config->tiles - 1, rest = tile_of_rest(config);
  bool again = config->block_q > 1 || !config->inner_stationary;
  return other >= 0 && other <= last &&
         (!again || (tile == rest) == (other == rest)) &&
         (config->block_k == config->block_last ||
          (tile == last) == (other == last));
}

static void add_buffers(const Block *b) {
  const Config *config = b->config;
  const ForwardShape *s = b->shape;
  const int64_t bytes[] = {s->bytes, value_bytes(config, s)};
  const int64_t rows[] = {s->d * bytes[0], s->dv * bytes[1]};
  for (int64_t i = 0; i < config->tiles; ++i)
    add_rings(b, i + 1 < config->tiles ? config->block_k : config->block_last,
              !are_alike(config, i, i - 1) && !are_alike(config, i, i + 1));
  if (config->block_tail && tile_of_rest(config) == config->tiles)
    add_rings(b, config->block_tail, true);
  for (int i = 0; i < 2 && config->local_outer; ++i)
    work_add_buffer(
        b->work,
        (WorkBuffer){1, 0, plan_outer_rows(config, s->outer_window, s->causal),
                     rows[i] + plan_local_padding(config, rows[i], bytes[i]),
                     false});
  // Rows of a head are merged behind all loops, but that over queries.
  b->work->merged = config->block_j;
  b->work->merged_columns = s->dv;
  b->work->rings_needed = config->block_q > 1;
}

/// The sums are there all the time; there is most beside them either with most
/// logits, or with v1 and what it multiplies: of one outer tile the sums.
static void add_registers(const Block *b) {
  enum { LOGITS = 1, VALUES = 2, MAXIMA_AND_SUMS = 2 };
  const Config *config = b->config;
  int64_t d = b->shape->d, dv = b->shape->dv;
  int64_t bytes = b->shape->bytes, keys = most_keys(config);
  int64_t others = config->inner_stationary || b->outer > 1 ? dv : 0;
  const WorkTile tiles[] = {
      {.moment = 0, .columns = dv, .bytes = F32, .result = true},
      {.moment = LOGITS, .columns = keys, .bytes = F32, .result = true},
      {.moment = LOGITS,
       .columns = d,
       .bytes = bytes,
       .by_slice = config->inner_stationary},
      {.moment = VALUES, .columns = keys, .bytes = PAIRS, .by_slice = true},
      {.moment = VALUES,
       .columns = others,
       .bytes = F32,
       .result = true,
       .by_slice = true,
       .in_parts = true},
      {.moment = VALUES,
       .columns = others,
       .bytes = PAIRS,
       .by_slice = true,
       .in_parts = true,
       .pair_alike = !is_by_row(config)}};
  for (size_t i = 0; i < sizeof tiles / sizeof *tiles; ++i)
    work_add_tile(b->work, tiles[i]);
  b->work->row_vectors = MAXIMA_AND_SUMS;
  if (b->shape->pairwise) // outer keys, which constants are made of, too
    work_add_tile(b->work, (WorkTile){.moment = LOGITS,
                                      .columns = d,
                                      .bytes = F32,
                                      .result = true,
                                      .pair_alike = !is_by_row(config)});
  if (config->tiles == 1)
    return;
  // Products with values run on while the next tile's logits come.
  work_add_tile(b->work, (WorkTile){.moment = LOGITS,
                                    .columns = dv,
                                    .bytes = F32,
                                    .result = true,
                                    .runs_on = true});
  work_add_tile(b->work, (WorkTile){.moment = LOGITS,
                                    .columns = keys,
                                    .bytes = PAIRS,
                                    .by_slice = true});
}

// Blocks ----------------------------------------------------------------------

/// What a block is useful for, on average, and how many blocks there are.
static void count_blocks(const Block *b) {
  const Config *config = b->config;
  const ForwardShape *s = b->shape;
  double queries = (double)config->block_q;
  if (s->queries) {
    int64_t n = ceil_div(s->queries, config->block_q);
    queries = (double)s->queries / (double)n;
    b->work->blocks =
        (double)(s->groups * (s->group / config->block_h)) * (double)n;
  }
  b->work->useful =
      queries * (double)config->block_h * (double)(s->outer * s->inner);
}

void forward_work(const Config *config, const ForwardShape *shape, Work *work) {
  enum { APART = WARP_ROWS / 2 }; // a thread's two rows
  *work = (Work){.rows = config_rows(config),
                 .producer = config->producer,
                 .bytes = shape->bytes,
                 .passes = shape->passes,
                 .crowds = !shape->few,
                 .once = (config->block_q > 1
                              ? QUERIES + QUERY * (double)config->block_q
                              : BLOCK) +
                         MERGE * (double)((config->block_j - 1) * shape->dv)};
  Block b = {.config = config,
             .shape = shape,
             .work = work,
             .q = -1,
             .outer = (double)ceil_div(shape->outer, config->block_j)};
  if (shape->planes > 1 && shape->d > LIMITS_WGMMA_COLUMNS)
    work->by_warps =
        "determinants of heads of more than 128 columns need more registers "
        "than there are";
  if (keeps_queries(shape) && (config->inner_stationary || b.outer > 1))
    b.q =
        work_keep(work, (WorkKept){.columns = shape->d,
                                   .pair_alike = config->block_q == 1 &&
                                                 APART % config->block_h == 0});
  add_steps(&b, shape->inner + config->block_q - 1);
  add_buffers(&b);
  add_registers(&b);
  count_blocks(&b);
}
