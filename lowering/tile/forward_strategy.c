// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The strategies of the forward program. In: an operation, whose
// `simplicial.config` may fix some entries, and what it is for. Out: all of
// them.
//
// A CPU has one strategy: 16 rows, inner tiles that stay in a near cache.
//
// For GPUs there are candidates, the more usual ones first:
//
//  - rows of heads and outer keys, or of heads and queries, with one share of
//    the outer window or several, some left empty or none;
//  - inner tiles of two sizes;
//  - the outer window in shared memory, or not;
//  - one or two steps of inner tiles there.
//
// There are 64 rows or 128: of one warpgroup or two, and where mma.sync
// multiplies, of four warps or eight, which share inner tiles. Where two
// warpgroups multiply, there are two up to four tiles of at most 64 keys in a
// step; one has several only if they are all keys that its queries see, so that
// each outer key is taken once. mma.sync has too few registers for several
// tiles, and for what masks queries.
//
// What is fixed is so in all candidates. Which one is taken, choose.h says.
//
// Few queries are too few to fill rows, and their blocks to fill a machine:
// then rows are of outer keys, steps are short, and `blocks` says how many
// blocks are wanted. Where all outer keys of a query are in one tile, that
// stays, and inner tiles pass it on their way from memory.

#include "forward_strategy.h"

#include "forward_plan.h"
#include "forward_work.h"

#include "lowering/configure/choose.h"
#include "lowering/configure/estimate.h"
#include "lowering/gpu/target/layout.h"
#include "lowering/gpu/target/limits.h"
#include "lowering/ir.h"
#include "lowering/notes.h"

#include "mlir-c/BuiltinTypes.h"

enum { ONE_WARPGROUP = 64 }; // rows

/// A candidate, and why it is not what is better elsewhere.
typedef struct Offer {
  Config config;
  const char *one_tile;    ///< why a step may not have more; NULL: it may
  const char *no_producer; ///< why there may be none; NULL: there may
} Offer;

typedef struct Strategy {
  MlirOperation op;
  ConfigPart part;
  SimplicialAttentionAttributes attributes;
  const ChipList *chips;
  Config given; ///< what is fixed; of numbers, 0: is not
  ForwardShape shape;
  bool few;                           ///< queries
  const char *by_warps;               ///< why no warpgroups; NULL: they may
  bool warpgroups;                    ///< multiply
  const char *one_tile, *no_producer; ///< of the next candidates
  Offer offers[CHOOSE_MOST];
  Choice choice;
} Strategy;

static int64_t min(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t max(int64_t x, int64_t y) { return x > y ? x : y; }
static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }

static MlirType q_type(MlirOperation op) {
  return ir_type(ir_operand(op, SIMPLICIAL_Q));
}

/// How many queries there are; 0: any number.
static int64_t queries_of(MlirOperation op) {
  int64_t queries = ir_dim_size(q_type(op), 1);
  return mlirShapedTypeIsDynamicSize(queries) ? 0 : queries;
}

static bool has_few_queries(MlirOperation op) {
  int64_t queries = queries_of(op);
  return queries && queries <= SIMPLICIAL_FEW_QUERIES;
}

/// The columns of keys, or of values, if these have more.
static int64_t widest(const Strategy *s) {
  return max(s->shape.d, s->shape.dv);
}

/// Whether blocks may share an inner window, of which each has a step at least.
static bool shares_windows(const Strategy *s, const Config *config) {
  int64_t step = config->block_k; // while it has one tile
  return s->few && s->shape.inner > step;
}

/// Whether inner tiles, of few queries, are taken with one outer tile only:
/// then what is made of it is in registers, if there are enough.
static bool has_one_outer_tile(const Strategy *s, const Config *config) {
  return s->few && widest(s) <= LIMITS_WGMMA_COLUMNS &&
         plan_has_one_outer_tile(config, s->shape.outer_window,
                                 s->shape.causal);
}

// The CPU ---------------------------------------------------------------------

static void choose_for_cpu(const Strategy *s, Config *config) {
  enum { ROWS = 16, KEYS = 256, CACHE = 32 << 10, BYTES = 4, BLOCKS = 64 };
  int64_t inner = plan_inner_window(s->attributes);
  plan_fill_with_keys(s->shape.group, plan_outer_window(s->attributes),
                      &s->given, ROWS, config);
  config->operand = s->given.operand;
  config->block_k = min(KEYS, CACHE / (widest(s) * BYTES));
  if (inner)
    config->block_k = min(config->block_k, inner);
  config->inner_stationary = true;
  config->blocks = shares_windows(s, config) ? BLOCKS : 0;
  config_read(s->op, s->part, config);
  config_set_for_cpu(s->part, config);
  config_read(s->op, s->part, config);
}

// GPUs ------------------------------------------------------------------------

/// Whether what is fixed goes with the rest of a candidate.
static bool is_possible(const Strategy *s, const Config *config) {
  return config_rows(config) <= CONFIG_MAX_GPU_ROWS &&
         s->shape.group % config->block_h == 0 &&
         plan_has_shares(config, s->attributes) &&
         (config->block_q == 1 || !config->blocks) &&
         (config->tiles == 1 || config->block_tail > 0);
}

static void add_candidate(Strategy *s, const Config *config) {
  if (s->choice.n == CHOOSE_MOST || (s->choice.n && !is_possible(s, config)))
    return;
  Work work;
  forward_work(config, &s->shape, &work);
  int n = choose_add(&s->choice, is_possible(s, config) ? &work : NULL);
  s->offers[n] = (Offer){*config, s->one_tile, s->no_producer};
}

/// Why there is no producer for so many rows; NULL: there is one.
static const char *why_no_producer(const Strategy *s, int64_t rows) {
  if (!s->warpgroups)
    return "products are not warpgroups'";
  return rows > ONE_WARPGROUP ? NULL : "one is for two warpgroups";
}

/// Whether some blocks are on an SM at once, of each chip.
static bool are_beside_others(const Strategy *s, const Config *config) {
  Work work;
  forward_work(config, &s->shape, &work);
  for (int i = 0; i < s->chips->n; ++i)
    if (budget_of(&work, s->chips->chips[i]).blocks < 2)
      return false;
  return true;
}

/// A candidate of one outer tile, which is loaded once; inner tiles pass, as
/// many of them on their way as leave room for a second block on an SM.
static void try_passing(Strategy *s, Config config) {
  enum { LEAST = 2, MOST = 3 };
  config.stages = MOST;
  while (config.stages > LEAST && !are_beside_others(s, &config))
    --config.stages;
  config_read(s->op, s->part, &config);
  add_candidate(s, &config);
}

/// A candidate with what follows from the rest.
static void try_steps(Strategy *s, Config config) {
  int64_t rows = config_rows(&config);
  s->no_producer = why_no_producer(s, rows);
  config.lazy_rescale = true;
  config.inner_stationary = !has_one_outer_tile(s, &config);
  config.producer = !s->no_producer;
  bool columns = s->warpgroups && widest(s) <= LIMITS_WGMMA_COLUMNS;
  config.sum_columns = columns ? CONFIG_GPU_COLUMNS : 1;
  if (!config.inner_stationary) {
    try_passing(s, config);
    return;
  }
  // Tiles that stay for long need not be copied ahead.
  int64_t usual = config.tiles > 1 ? 1 : 2;
  for (int local = s->shape.outer_window > 0; local >= 0; --local)
    for (int i = 0; i < 2; ++i) {
      Config candidate = config;
      candidate.local_outer = local;
      candidate.stages = i ? 3 - usual : usual;
      config_read(s->op, s->part, &candidate);
      add_candidate(s, &candidate);
    }
}

/// The keys that a block's queries see in their inner windows.
static int64_t block_keys(const Strategy *s, const Config *config) {
  return s->shape.inner + config->block_q - 1;
}

/// The keys behind whole steps, in one tile; 0: they are too many.
static int64_t rest_in_one_tile(const Strategy *s, const Config *config) {
  enum { MOST = 64, STEP = CONFIG_GPU_STEP };
  int64_t keys = block_keys(s, config), counts[MAX_PARTS];
  plan_counts(config, keys, counts);
  int64_t rest = ceil_div(keys - counts[0] * config_step(config), STEP) * STEP;
  return rest <= min(MOST, config->block_k) ? rest : 0;
}

/// How many tiles, in one step, are all keys of one warpgroup's queries.
static int64_t tiles_of_one_step(const Strategy *s, const Config *config) {
  return ceil_div(block_keys(s, config), config->block_k);
}

/// So many tiles in a step. Beside whole steps of the inner window are the keys
/// of a block's later queries: some keys more of each step's last tile, or
/// tiles of their own.
static void try_tiles(Strategy *s, Config config) {
  enum { TAIL = 32, STEP = CONFIG_GPU_STEP };
  int64_t others = config.block_q - 1;
  config.block_last = config.block_tail = config.block_k;
  if (has_one_outer_tile(s, &config)) {
    config.block_tail = 0; // another loop is more than masks of all steps
  } else if (config.tiles == 1) {
    config.block_tail = min(config.block_k, TAIL);
    if (others) {
      config.block_tail = min(config.block_tail, ceil_div(others, STEP) * STEP);
      int64_t rest = rest_in_one_tile(s, &config), usual = config.block_tail;
      if (rest > usual) {
        config.block_tail = rest;
        try_steps(s, config);
        config.block_tail = usual;
      }
    }
  } else if (config_rows(&config) <= ONE_WARPGROUP) {
    int64_t rest = block_keys(s, &config) - (config.tiles - 1) * config.block_k;
    if (rest > 0 && rest <= config.block_k)
      config.block_last = ceil_div(rest, STEP) * STEP;
    config.block_tail = min(config.block_k, TAIL);
  } else if (others) {
    config.block_last += STEP;
    try_steps(s, config);
    config.block_last -= STEP;
  }
  try_steps(s, config);
}

/// Why a step has one tile; NULL: it may have several.
static const char *why_one_tile(const Strategy *s, const Config *config) {
  enum { MOST_KEYS = 64 };
  if (!s->warpgroups)
    return "mma.sync has too few registers for several";
  if (widest(s) > LIMITS_WGMMA_COLUMNS)
    return "heads of more than 128 columns leave too few registers for several";
  if (config->block_k > MOST_KEYS)
    return "several are of at most 64 keys each";
  if (config_rows(config) <= ONE_WARPGROUP &&
      (config->block_q == 1 || tiles_of_one_step(s, config) > CONFIG_MAX_TILES))
    return "one warpgroup has several only if they are all that it sees";
  if (s->few)
    return "of few queries blocks share steps, of which there are more";
  return NULL;
}

/// The most tiles in a step: one where `one_tile` says why.
static int64_t most_tiles(const Strategy *s, const Config *config) {
  if (s->one_tile)
    return 1;
  if (config_rows(config) <= ONE_WARPGROUP)
    return tiles_of_one_step(s, config);
  return min(CONFIG_MAX_TILES, ceil_div(s->shape.inner, config->block_k));
}

/// Inner tiles that leave room for others in shared memory, and half as large
/// ones, or where rows are of several queries, whose windows are no multiples
/// of one, three quarters. Of determinants, ptxas would have the registers of
/// smaller ones on the stack. Tiles that pass one outer tile are no larger than
/// parts of windows are to be.
static void try_rows(Strategy *s, Config config) {
  enum { KEYS = 128, LEAST = 64, BYTES = 16 << 10, STEP = CONFIG_GPU_STEP };
  int64_t steps = min(KEYS, BYTES / (widest(s) * s->shape.bytes)) / STEP;
  int64_t window = plan_inner_window(s->attributes);
  if (s->warpgroups)
    steps = max(steps, LEAST / STEP);
  if (window)
    steps = min(steps, ceil_div(window, STEP));
  bool passes = has_one_outer_tile(s, &config);
  if (passes)
    steps = min(steps, LEAST / STEP);
  int least = s->shape.planes > 1 || passes ? 4 : 2;
  for (int quarters = 4; quarters >= least; --quarters) {
    if (quarters == 3 && config.block_q == 1)
      continue;
    config.block_k = ceil_div(quarters * steps, 4) * STEP;
    s->one_tile = why_one_tile(s, &config);
    int64_t most = most_tiles(s, &config);
    bool all_or_one = config_rows(&config) <= ONE_WARPGROUP;
    for (config.tiles = most; config.tiles; --config.tiles) {
      if (all_or_one && config.tiles > 1 && config.tiles < most)
        continue;
      Config candidate = config;
      config_read(s->op, s->part, &candidate);
      try_tiles(s, candidate);
    }
  }
}

/// Notes what the chosen strategy should take of each chip.
static void note_estimates(const Strategy *s, const Config *config) {
  const double pairs = 1000;
  Work work;
  forward_work(config, &s->shape, &work);
  for (int i = 0; i < s->chips->n; ++i) {
    const Chip *chip = s->chips->chips[i];
    Estimate e = estimate(&work, chip);
    note(
        s->op,
        "estimated for %s: %lld bytes of shared memory, %lld registers, %lld "
        "blocks an SM; %.4g clocks of an SM for %.0f pairs of a query and head",
        chip->name, (long long)e.budget.shared_bytes,
        (long long)e.budget.registers, (long long)e.budget.blocks,
        e.clocks * pairs, pairs);
  }
}

/// Notes what the choice was between, and why it is not what is better
/// elsewhere.
static void note_choice(const Strategy *s, const Offer *chosen) {
  const Config *config = &chosen->config;
  const Chip *chip = chip_list_without_warpgroups(s->chips);
  note(s->op,
       "chosen: by estimated clocks, from %d strategies, of which %d "
       "have the shared memory and the registers",
       s->choice.n, choose_fitting(&s->choice));
  if (s->choice.candidates[chosen - s->offers].fits)
    note_estimates(s, config);
  if (s->warpgroups)
    note(s->op, "chosen for warpgroups");
  else if (chip)
    note(s->op, "chosen for mma.sync, not warpgroups: %s has none", chip->name);
  else
    note(s->op,
         "chosen for mma.sync, not warpgroups: %s; here are %lld columns of "
         "%lld bytes",
         s->by_warps, (long long)s->shape.d, (long long)s->shape.bytes);
  if (config->tiles == 1)
    note(s->op, "tiles = 1: %s",
         config_has(s->op, s->part, "tiles") ? "given"
         : chosen->one_tile                  ? chosen->one_tile
         : s->shape.inner <= config->block_k
             ? "there are no more keys in the inner window"
             : "estimated to be as fast as more");
  if (!config->local_outer)
    note(s->op, "local_outer = false: %s",
         config_has(s->op, s->part, "local_outer") ? "given"
         : s->shape.outer_window ? "estimated to be faster, or all that fits"
                                 : "the outer window has no bound");
  if (!config->producer)
    note(s->op, "producer = false: %s",
         config_has(s->op, s->part, "producer") ? "given"
                                                : chosen->no_producer);
}

/// Blocks that an SM has at once, should ptxas take some registers more where
/// it is told no limit.
static int64_t sure_blocks(const Budget *budget) {
  enum { MORE = 16, STEP = LIMITS_REGISTER_STEP };
  if (budget->most_registers < LIMITS_THREAD_REGISTERS)
    return budget->blocks;
  int64_t registers = ceil_div(budget->registers + MORE, STEP) * STEP;
  int64_t n = LIMITS_REGISTERS / (budget->warps * WARP * registers);
  return max(1, min(n, budget->blocks));
}

/// As many blocks as run at once.
static int64_t wanted_blocks(const Strategy *s, const Config *config) {
  int64_t most = 1;
  Work work;
  forward_work(config, &s->shape, &work);
  for (int i = 0; i < s->chips->n; ++i) {
    const Chip *chip = s->chips->chips[i];
    Budget budget = estimate(&work, chip).budget;
    most = max(most, sure_blocks(&budget) * chip->rates.sms);
  }
  return min(most, CONFIG_MAX_BLOCK);
}

/// `rows` rows of queries, with so many shares of the outer window of each.
static void try_queries(Strategy *s, int64_t rows, int64_t shares) {
  Config config = {.operand = s->given.operand};
  plan_fill_with_queries(s->shape.group, &s->given, rows / shares, false,
                         &config);
  int64_t most_heads = config.block_h;
  config.block_j = shares;
  if (shares == 1 || config.block_q > 1)
    try_rows(s, config);
  plan_fill_with_queries(s->shape.group, &s->given, rows / shares, true,
                         &config);
  config.block_j = shares;
  if (config.block_h < most_heads && config.block_q > 1)
    try_rows(s, config);
}

/// Whether rows have documents, which masks then need registers for.
static bool has_documents(MlirOperation op) {
  MlirValue bound = simplicialAttentionGetBound(op);
  return !mlirValueIsNull(bound) && ir_rank(ir_type(bound)) == 2;
}

/// How many shares an outer window may be taken in: with documents one, unless
/// queries alone fill rows.
static int64_t most_shares(const Strategy *s) {
  enum { SHARES = 8 };
  bool one = s->given.block_q || (has_documents(s->op) && s->shape.group > 1);
  return one ? 1 : SHARES;
}

static void choose_for_gpu(Strategy *s, Config *config) {
  enum { MOST = CONFIG_MAX_GPU_ROWS, LEAST = MOST / 2 };
  Config rows = {.operand = s->given.operand};
  for (int i = 0; i < 2; ++i) {
    int n = (i == 0) == s->warpgroups ? MOST : LEAST;
    plan_fill_with_keys(s->shape.group, plan_outer_window(s->attributes),
                        &s->given, n, &rows);
    try_rows(s, rows);
    if (s->few || (!s->warpgroups && s->given.block_q <= 1))
      continue;
    int64_t most = most_shares(s);
    // Of as good ones the first is taken: of one warpgroup whose heads have
    // keys of their own, the one of the fewest queries, of whose keys most see
    // more.
    bool fewest = n == ONE_WARPGROUP && s->shape.group == 1;
    for (int64_t k = 1; k <= most; k *= 2)
      try_queries(s, n, fewest ? most / k : k);
  }
  const Offer *chosen = &s->offers[choose_best(&s->choice)];
  note_choice(s, chosen);
  *config = chosen->config;
  if (shares_windows(s, config) && !config_has(s->op, s->part, "blocks"))
    config->blocks = wanted_blocks(s, config);
}

/// Notes whether blocks share inner windows, and why not where they might.
static void note_blocks(const Strategy *s, const Config *config) {
  if (config->blocks)
    note(s->op,
         "blocks = %lld: where there are fewer, several share an inner window, "
         "in parts of whole steps",
         (long long)config->blocks);
  else if (s->few)
    note(s->op, "blocks = 0: %s",
         config_has(s->op, s->part, "blocks")
             ? "given"
             : "an inner window has no more than a step");
}

/// The keys that a query sees in a window; of an unbounded one, in a sequence
/// that is longer than all tiles.
static int64_t seen(int64_t window, bool causal, int64_t keys) {
  enum { LONG = 4096, MOST = 1 << 20 };
  int64_t n = window ? window_most(min(window, MOST), causal) : LONG;
  return mlirShapedTypeIsDynamicSize(keys) ? n : max(1, min(n, keys));
}

static ForwardShape shape_of(const Strategy *s) {
  SimplicialAttentionAttributes a = s->attributes;
  MlirType q = q_type(s->op), k = ir_type(ir_operand(s->op, SIMPLICIAL_K1));
  MlirType other = ir_type(ir_operand(s->op, SIMPLICIAL_K2));
  bool swap = plan_swaps_roles(a);
  int64_t batches = ir_dim_size(k, 0), heads = ir_dim_size(k, 2);
  bool wide = mlirTypeIsAF32(ir_element(q));
  return (ForwardShape){
      .d = ir_dim_size(q, 3),
      .dv = ir_dim_size(ir_type(ir_operand(s->op, SIMPLICIAL_V1)), 3),
      .group = ir_dim_size(q, 2) / heads,
      .groups = mlirShapedTypeIsDynamicSize(batches) ? 0 : batches * heads,
      .queries = s->few ? 0 : queries_of(s->op),
      .one_query = s->few && queries_of(s->op) <= 1,
      .few = s->few,
      .outer = seen(plan_outer_window(a), a.causal,
                    ir_dim_size(swap ? other : k, 1)),
      .inner = seen(plan_inner_window(a), a.causal,
                    ir_dim_size(swap ? k : other, 1)),
      .outer_window = plan_outer_window(a),
      .causal = a.causal,
      .value_bias = a.v2_bias != 0 && !swap,
      .planes = a.form == SIMPLICIAL_DETERMINANT ? 3 : 1,
      .pairwise = a.form == SIMPLICIAL_PAIRWISE,
      .bytes = wide ? 4 : 2,
      .passes = mlirTypeIsAF32(s->given.operand) ? 3 : 1};
}

/// Whether so many queries of a head of keys are faster as few: these are
/// enough for a machine, where many may have no block for some SMs.
static bool are_few(const Config *few, const Config *many, ForwardShape shape,
                    int64_t queries, const Chip *chip) {
  enum { MERGE = 6000 }; // clocks of what merges parts
  // By more than estimates are wrong, where SMs do not have several blocks.
  const double surely = 1.125, several = 1.5;
  shape.one_query = false;
  shape.groups = 1;
  double sms = (double)chip->rates.sms;
  double pairs = (double)(queries * shape.group * shape.outer * shape.inner);
  Work work;
  shape.few = true;
  shape.queries = 0;
  forward_work(few, &shape, &work);
  double as_few = MERGE + estimate(&work, chip).clocks * pairs / sms;
  shape.few = false;
  shape.queries = queries;
  forward_work(many, &shape, &work);
  double as_many = estimate(&work, chip).clocks * pairs / sms;
  return work.blocks <= several * sms && surely * as_few < as_many;
}

int64_t forward_few_queries(MlirOperation op,
                            SimplicialAttentionAttributes attributes,
                            const ChipList *chips, const Config *few,
                            const Config *many) {
  enum { STEP = 16 }; // a 16th more at a time
  const Strategy s = {.op = op, .attributes = attributes, .given = *many};
  const ForwardShape shape = shape_of(&s);
  int64_t heads = ir_dim_size(ir_type(ir_operand(op, SIMPLICIAL_K1)), 2);
  int64_t queries = 0;
  for (int64_t n = STEP; few->block_q == 1; n += n / STEP) {
    bool faster = n <= CONFIG_MAX_QUERIES;
    for (int i = 0; i < chips->n; ++i)
      faster &= are_few(few, many, shape, n * heads, chips->chips[i]);
    if (!faster)
      break;
    queries = n;
  }
  return queries;
}

/// Why warpgroups do not multiply for such heads: not even for a block of as
/// many rows and keys as there usually are.
static const char *why_by_warps(const ForwardShape *shape) {
  enum { KEYS = 64 };
  const Config usual = {.block_q = 1,
                        .block_h = 1,
                        .block_j = CONFIG_MAX_GPU_ROWS,
                        .block_k = KEYS,
                        .block_tail = KEYS,
                        .tiles = 1,
                        .block_last = KEYS,
                        .stages = 1};
  Work work;
  forward_work(&usual, shape, &work);
  return budget_refuses_groups(&work);
}

MlirLogicalResult forward_strategy(MlirOperation op, const ChipList *chips,
                                   ConfigPart part, Config *config) {
  Strategy s = {.op = op, .part = part, .chips = chips, .choice.chips = chips};
  *config = (Config){0};
  Config forward = {.operand =
                        chips->n ? ir_element(q_type(op))
                                 : mlirF32TypeGet(mlirOperationGetContext(op))};
  if (mlirLogicalResultIsFailure(
          simplicialAttentionGetAttributes(op, &s.attributes)) ||
      mlirLogicalResultIsFailure(config_read(op, CONFIG_FORWARD, &forward)))
    return mlirLogicalResultFailure();
  // Few queries' products are as exact as those of many.
  s.given.operand = forward.operand;
  if (mlirLogicalResultIsFailure(config_read(op, part, &s.given)))
    return mlirLogicalResultFailure();
  bool apart = s.given.block_q > 1 ||
               (config_has(op, part, "blocks") && !s.given.blocks);
  s.few = !apart && (part == CONFIG_FEW || has_few_queries(op));
  s.shape = shape_of(&s);
  s.by_warps = why_by_warps(&s.shape);
  s.warpgroups = chip_list_has_warpgroups(chips) && !s.by_warps;
  if (chips->n)
    choose_for_gpu(&s, config);
  else
    choose_for_cpu(&s, config);
  note_blocks(&s, config);
  return mlirLogicalResultSuccess();
}
