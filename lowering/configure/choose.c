// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The choice of a tiling strategy. In: an operation, whose `simplicial.config`
// may fix some entries, and what it is for. Out: all of them.
//
// A CPU has one strategy: 16 rows, inner tiles that stay in a near cache.
//
// For GPUs there are candidates, the more usual ones first:
//
//  - rows of heads and outer keys, or of heads and queries, some left empty or
//    none;
//  - inner tiles of two sizes;
//  - the outer window in shared memory, or not;
//  - one or two steps of inner tiles there.
//
// There are 64 rows or 128: of one warpgroup or two, and where mma.sync
// multiplies, of four warps or eight, which share inner tiles. Where warpgroups
// multiply, there are two up to four tiles of at most 64 keys in a step.
// mma.sync has too few registers for several tiles, and for what masks queries.
//
// What is fixed is so in all candidates. Those that have the shared memory and
// the registers that estimate.h says are compared by the clocks that it says,
// on all chips together. The first one is taken that is as good as the cheapest
// one, as far as estimates tell.

#include "choose.h"

#include "estimate.h"
#include "lowering/ir.h"
#include "lowering/notes.h"

#include "mlir-c/BuiltinTypes.h"

enum { MAX_CANDIDATES = 512 };

enum { ONE_WARPGROUP = 64 }; // rows

typedef struct Candidate {
  Config config;
  bool fits; ///< the shared memory of all chips
  bool over; ///< the registers of some
  double clocks;
  const char *one_tile;    ///< why a step may not have more; NULL: it may
  const char *no_producer; ///< why there may be none; NULL: there may
} Candidate;

typedef struct Choice {
  MlirOperation op;
  SimplicialAttentionAttributes attributes;
  const ChipList *chips;
  Config given; ///< what is fixed; of numbers, 0: is not
  Shape shape;
  bool warpgroups;                    ///< multiply
  const char *one_tile, *no_producer; ///< of the next candidates
  int n;
  Candidate candidates[MAX_CANDIDATES];
} Choice;

static int64_t min(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t max(int64_t x, int64_t y) { return x > y ? x : y; }
static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }

static MlirType q_type(MlirOperation op) {
  return ir_type(ir_operand(op, SIMPLICIAL_Q));
}

static int64_t outer_window(SimplicialAttentionAttributes a) {
  return config_swaps_roles(a) ? a.w2 : a.w1;
}

static int64_t inner_window(SimplicialAttentionAttributes a) {
  return config_swaps_roles(a) ? a.w1 : a.w2;
}

// Rows ------------------------------------------------------------------------

/// Fills `rows` rows with (head, j) pairs: of all ways to take `block_h` of the
/// group's heads and as many j's as then fit, the one that wastes fewest rows
/// over a whole outer window.
static void fill_with_keys(const Choice *s, int64_t rows, Config *config) {
  enum { LONG = 1 << 20 }; // a longer window wastes next to nothing
  int64_t outer = min(LONG, outer_window(s->attributes));
  int64_t fixed = s->given.block_h;
  int64_t group = s->shape.group, best_rows = 0, best_work = 1;
  config->block_q = config->block_j = config->block_h = 1;
  for (int64_t h = fixed ? fixed : min(group, rows); h >= 1; --h) {
    if (group % h || (fixed && h != fixed))
      continue;
    int64_t j = max(1, rows / h);
    if (outer)
      j = min(j, outer);
    int64_t window = outer ? outer : j;
    int64_t cost = rows * ceil_div(window, j), work = h * window;
    if (work * best_rows <= best_work * cost && best_rows)
      continue;
    best_rows = cost, best_work = work;
    config->block_h = h, config->block_j = j;
  }
  if (s->given.block_q > 1)
    config->block_j = 1;
}

/// The same with (query, head) pairs: then an inner tile serves all of them.
/// `whole`: with no more heads than leave no row empty.
static void fill_with_queries(const Choice *s, int64_t rows, bool whole,
                              Config *config) {
  int64_t group = s->shape.group;
  int64_t heads = max(1, min(group, rows / max(1, s->given.block_q)));
  while (group % heads || (whole && rows % heads))
    --heads;
  if (s->given.block_h)
    heads = min(s->given.block_h, rows);
  config->block_q = rows / heads;
  config->block_h = heads;
  config->block_j = 1;
}

// The CPU ---------------------------------------------------------------------

static void choose_for_cpu(const Choice *s, Config *config) {
  enum { ROWS = 16, KEYS = 256, CACHE = 32 << 10, BYTES = 4 };
  int64_t inner = inner_window(s->attributes);
  fill_with_keys(s, ROWS, config);
  config->operand = mlirF32TypeGet(mlirOperationGetContext(s->op));
  config->block_k = min(KEYS, CACHE / (s->shape.d * BYTES));
  if (inner)
    config->block_k = min(config->block_k, inner);
  config->inner_stationary = true;
  config->tiles = config->sum_columns = 1;
  config_read(s->op, config);
  config->block_last = config->block_k;
  config_read(s->op, config);
}

// GPUs ------------------------------------------------------------------------

/// Whether what is fixed goes with the rest of a candidate.
static bool is_possible(const Choice *s, const Config *config) {
  return config_rows(config) <= CONFIG_MAX_GPU_ROWS &&
         s->shape.group % config->block_h == 0 &&
         (config->block_q == 1 || config->block_j == 1) &&
         (config->tiles == 1 || config->block_tail > 0);
}

/// Whether `x` is to be taken, not `y`, whose clocks may be `as_good` times as
/// many.
static bool is_better(const Candidate *x, const Candidate *y, double as_good) {
  if (x->fits != y->fits)
    return x->fits;
  if (x->over != y->over)
    return y->over;
  return x->clocks * as_good < y->clocks;
}

static void add_candidate(Choice *s, const Config *config) {
  if (s->n == MAX_CANDIDATES || (s->n && !is_possible(s, config)))
    return;
  Candidate *c = &s->candidates[s->n++];
  *c = (Candidate){.config = *config,
                   .fits = is_possible(s, config),
                   .one_tile = s->one_tile,
                   .no_producer = s->no_producer};
  for (int i = 0; i < s->chips->n && c->fits; ++i) {
    Estimate e = estimate(config, &s->shape, s->chips->chips[i]);
    c->fits = e.blocks > 0;
    c->over |= e.registers > e.most_registers;
    c->clocks += e.clocks;
  }
}

/// Why there is no producer for so many rows; NULL: there is one.
static const char *why_no_producer(const Choice *s, int64_t rows) {
  if (!s->warpgroups)
    return "products are not warpgroups'";
  return rows > ONE_WARPGROUP ? NULL : "one is for two warpgroups";
}

/// A candidate with what follows from the rest.
static void try_steps(Choice *s, Config config) {
  int64_t rows = config_rows(&config);
  s->no_producer = why_no_producer(s, rows);
  config.lazy_rescale = true;
  config.inner_stationary = true;
  config.producer = !s->no_producer;
  bool columns = rows % ONE_WARPGROUP == 0 && s->warpgroups &&
                 s->shape.d <= CONFIG_MOST_OF_PRODUCT;
  config.sum_columns = columns ? CONFIG_GPU_COLUMNS : 1;
  // Tiles that stay for long need not be copied ahead.
  int64_t usual = config.tiles > 1 ? 1 : 2;
  for (int local = s->shape.outer_window > 0; local >= 0; --local)
    for (int i = 0; i < 2; ++i) {
      Config candidate = config;
      candidate.local_outer = local;
      candidate.stages = i ? 3 - usual : usual;
      config_read(s->op, &candidate);
      add_candidate(s, &candidate);
    }
}

/// So many tiles in a step. Beside whole steps of the inner window are the keys
/// of a block's later queries: some keys more of each step's last tile, or
/// tiles of their own.
static void try_tiles(Choice *s, Config config) {
  enum { TAIL = 32, STEP = CONFIG_GPU_STEP };
  int64_t others = config.block_q - 1;
  config.block_last = config.block_tail = config.block_k;
  if (config.tiles == 1) {
    config.block_tail = min(config.block_k, TAIL);
    if (others)
      config.block_tail = min(config.block_tail, ceil_div(others, STEP) * STEP);
  } else if (others) {
    config.block_last += STEP;
    try_steps(s, config);
    config.block_last -= STEP;
  }
  try_steps(s, config);
}

/// Why a step has one tile; NULL: it may have several.
static const char *why_one_tile(const Choice *s, const Config *config) {
  enum { MOST_KEYS = 64 };
  if (!s->warpgroups)
    return "mma.sync has too few registers for several";
  if (s->shape.d > CONFIG_MOST_OF_PRODUCT)
    return "heads of more than 128 columns leave too few registers for several";
  if (config_rows(config) <= ONE_WARPGROUP)
    return "several are for two warpgroups";
  if (config->block_k > MOST_KEYS)
    return "several are of at most 64 keys each";
  return NULL;
}

/// Inner tiles that leave room for others in shared memory, and half as large
/// ones; of determinants, ptxas would have their registers on the stack.
static void try_rows(Choice *s, Config config) {
  enum { KEYS = 128, LEAST = 64, BYTES = 16 << 10, STEP = CONFIG_GPU_STEP };
  int64_t steps = min(KEYS, BYTES / (s->shape.d * s->shape.bytes)) / STEP;
  int64_t window = inner_window(s->attributes);
  if (s->warpgroups)
    steps = max(steps, LEAST / STEP);
  if (window)
    steps = min(steps, ceil_div(window, STEP));
  int sizes = s->shape.planes > 1 ? 1 : 2;
  for (int part = 1; part <= sizes; ++part) {
    config.block_k = ceil_div(steps, part) * STEP;
    s->one_tile = why_one_tile(s, &config);
    config.tiles = 1;
    if (!s->one_tile)
      config.tiles =
          min(CONFIG_MAX_TILES, ceil_div(s->shape.inner, config.block_k));
    for (; config.tiles; --config.tiles) {
      Config candidate = config;
      config_read(s->op, &candidate);
      try_tiles(s, candidate);
    }
  }
}

/// The first candidate that is about as good as the best one.
static const Candidate *best_candidate(const Choice *s) {
  const double as_good = 1.03;
  const Candidate *best = s->candidates;
  for (int i = 1; i < s->n; ++i)
    if (is_better(&s->candidates[i], best, 1))
      best = &s->candidates[i];
  const Candidate *first = s->candidates;
  while (is_better(best, first, as_good))
    ++first;
  return first;
}

/// Notes what the choice was between, and why it is not what is better
/// elsewhere.
static void note_choice(const Choice *s, const Candidate *chosen) {
  const Config *config = &chosen->config;
  const Chip *chip = chip_list_without_warpgroups(s->chips);
  int fit = 0;
  for (int i = 0; i < s->n; ++i)
    fit += s->candidates[i].fits && !s->candidates[i].over;
  note(s->op,
       "chosen: by estimated clocks, from %d strategies, of which %d "
       "have the shared memory and the registers",
       s->n, fit);
  if (s->warpgroups)
    note(s->op, "chosen for warpgroups");
  else if (chip)
    note(s->op, "chosen for mma.sync, not warpgroups: %s has none", chip->name);
  else
    note(s->op,
         "chosen for mma.sync, not warpgroups: %s; here are %lld columns of "
         "%lld bytes",
         estimate_refuses_warpgroups(&s->shape), (long long)s->shape.d,
         (long long)s->shape.bytes);
  if (config->tiles == 1)
    note(s->op, "tiles = 1: %s",
         config_has(s->op, "tiles") ? "given"
         : chosen->one_tile         ? chosen->one_tile
         : s->shape.inner <= config->block_k
             ? "there are no more keys in the inner window"
             : "estimated to be as fast as more");
  if (!config->local_outer)
    note(s->op, "local_outer = false: %s",
         config_has(s->op, "local_outer") ? "given"
         : s->shape.outer_window ? "estimated to be faster, or all that fits"
                                 : "the outer window has no bound");
  if (!config->producer)
    note(s->op, "producer = false: %s",
         config_has(s->op, "producer") ? "given" : chosen->no_producer);
}

static void choose_for_gpu(Choice *s, Config *config) {
  enum { MOST = CONFIG_MAX_GPU_ROWS, LEAST = MOST / 2 };
  Config rows = {.operand = ir_element(q_type(s->op))};
  for (int i = 0; i < 2; ++i) {
    int n = (i == 0) == s->warpgroups ? MOST : LEAST;
    fill_with_keys(s, n, &rows);
    try_rows(s, rows);
    if (!s->warpgroups && s->given.block_q <= 1)
      continue;
    fill_with_queries(s, n, false, &rows);
    try_rows(s, rows);
    int64_t most_heads = rows.block_h;
    fill_with_queries(s, n, true, &rows);
    if (rows.block_h < most_heads)
      try_rows(s, rows);
  }
  const Candidate *chosen = best_candidate(s);
  note_choice(s, chosen);
  *config = chosen->config;
}

/// The keys that a query sees in a window; of an unbounded one, in a sequence
/// that is longer than all tiles.
static int64_t seen(int64_t window, bool causal, int64_t keys) {
  enum { LONG = 4096, MOST = 1 << 20 };
  int64_t n = window ? min(window, MOST) : LONG;
  if (window && !causal)
    n = 2 * n - 1;
  return mlirShapedTypeIsDynamicSize(keys) ? n : max(1, min(n, keys));
}

static Shape shape_of(const Choice *s) {
  SimplicialAttentionAttributes a = s->attributes;
  MlirType q = q_type(s->op), k = ir_type(ir_operand(s->op, SIMPLICIAL_K1));
  MlirType operand =
      mlirTypeIsNull(s->given.operand) ? ir_element(q) : s->given.operand;
  int64_t batches = ir_dim_size(k, 0), heads = ir_dim_size(k, 2);
  int64_t queries = ir_dim_size(q, 1), keys = ir_dim_size(k, 1);
  bool wide = mlirTypeIsAF32(ir_element(q));
  return (Shape){.d = ir_dim_size(q, 3),
                 .group = ir_dim_size(q, 2) / heads,
                 .groups =
                     mlirShapedTypeIsDynamicSize(batches) ? 0 : batches * heads,
                 .queries = mlirShapedTypeIsDynamicSize(queries) ? 0 : queries,
                 .outer = seen(outer_window(a), a.causal, keys),
                 .inner = seen(inner_window(a), a.causal, keys),
                 .outer_window = outer_window(a),
                 .causal = a.causal,
                 .value_bias = a.v2_bias != 0 && !config_swaps_roles(a),
                 .planes = a.form == SIMPLICIAL_DETERMINANT ? 3 : 1,
                 .bytes = wide ? 4 : 2,
                 .passes = mlirTypeIsAF32(operand) ? 3 : 1};
}

MlirLogicalResult choose_config(MlirOperation op,
                                SimplicialAttentionAttributes attributes,
                                const ChipList *chips, Config *config) {
  *config = (Config){0};
  Choice s = {.op = op, .attributes = attributes, .chips = chips};
  if (mlirLogicalResultIsFailure(config_read(op, &s.given)))
    return mlirLogicalResultFailure();
  s.shape = shape_of(&s);
  s.warpgroups =
      chip_list_has_warpgroups(chips) && !estimate_refuses_warpgroups(&s.shape);
  if (chips->n)
    choose_for_gpu(&s, config);
  else
    choose_for_cpu(&s, config);
  return mlirLogicalResultSuccess();
}
