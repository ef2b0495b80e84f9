// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cost of a tiling strategy. In: a configuration, an attention's shape and
// a chip. Out: shared memory and registers, and clocks for a unit of work.
//
// Memory is what simplicial-stage and simplicial-distribute allocate: a ring of
// each tile's keys and values, the outer window, q where it is parked (keep.c),
// scratch, mbarriers. Registers are those of the tiles that are there at once:
// of warpgroups, a sum (D / 2 of a thread) and the products of a step (D / 2),
// logits (keys / 2), pairs of them for the next product (keys / 4), and q * k1
// (D / 4). Products of more than 128 columns are computed in parts of 64.
//
// Clocks are sums of what simplicial-compile --analyze walks one by one. Work
// comes in parts of 64 rows: a warpgroup, or four warps, one on each of the
// SM's schedulers. A step (softmax.c) keeps the units busy with each part for
//
//   tensor  2 products of 64 * keys * D multiply-adds
//   mufu    64 * keys exponentials
//   alu     a maximum and half a conversion to pairs for each logit
//   issue   4.5 instructions for each logit, one of them a multiply-add and one
//           an addition; products and loads; D for q * k1 and v1 times the
//           products' sum; and some for each tile and step
//   shared  reading keys and values, which each warpgroup, or each warp with
//           mma.sync, does for all of a tile; the rows of q, k1 and v1
//   l2      copies of keys and values, if tiles do not stay (order "jk")
//
// at the rates of the chip's table. A part alone takes `chain` clocks. Of a
// warpgroup: an instruction begins every GAP clocks, and there is what it waits
// for, of products the logits of each tile, and the values of the last one,
// each with TAIL. With mma.sync: one begins every clock, and products hold up
// their warp, those with values for AFTER_OTHER each, as one adds to what the
// one before did; where slices are evaluated a few at a time, so do loads of
// keys.
//
// `parts` share an SM, on which a step takes no less than parts times what its
// busiest unit does. Nor less than chain and the wait for others: with mma.sync
// once for each other part's busiest unit. Of warpgroups' waits, of which there
// are tiles + 1, each finds the tensor cores at work for another one with the
// probability (parts - 1) * tensor / t, for half of tensor / tiles more, so
//
//   t = chain + (tiles + 1) * (parts - 1) * tensor / t * tensor / tiles / 2
//
// A block takes steps, and tails for the rest of the inner window, for each of
// its outer tiles; and beside that BLOCK, and MERGE. Useful is what queries
// see; rows that are not filled, tails, and keys that only some of a block's
// queries see are not. Neither is the time of SMs that have no block, if it is
// known how many there are.
//
// Of --analyze's clocks for 160 strategies, with 1 to 128 heads, most are met
// within 10% for warpgroups and within 20% for mma.sync; single heads and many
// outer keys in a tile, within 25%.

#include "estimate.h"

#include "lowering/gpu/distribute/reduce.h"
#include "lowering/gpu/engine/engine.h"
#include "lowering/gpu/target/layout.h"

#include <math.h>

enum {
  PART_WARPS = 4,
  PART_ROWS = PART_WARPS * WARP_ROWS,
  PART_THREADS = PART_WARPS * WARP,
};

/// Bytes of shared memory.
enum {
  RESERVED = 1024,    // of each block, for the system
  TWO_MBARRIERS = 16, // of a slot of a ring
};

/// Registers. Others than those of tiles are fitted to what ptxas says.
enum {
  REGISTERS = 65536, // of an SM
  MOST_REGISTERS = 255,
  CARRIED = 8, // of what a loop carries, maxima and sums
  OTHERS = 20, // addresses, maxima, sums
  OTHERS_OF_MMA = 12,
  OPERANDS = 48, // of the slices of slices_at_once
};

/// Clocks and instructions, beside those of chip.h, fitted to --analyze.
enum {
  GAP = CHIP_WARP_GAP,
  TAIL = CHIP_WGMMA_TAIL,
  REDUCTION = 100,  // until a tile's maxima, and then exponentials, are there
  TILE = 30,        // instructions of a tile that do not depend on its keys
  SHUFFLES = 9,     // of them
  STEP = 30,        // instructions of a step
  MASK = 4,         // for a logit that is masked by row
  COPY = 24,        // for a chunk
  BARRIERS = 100,   // before a slot is read, and before it is written
  BLOCK = 12000,    // to load q and the outer window, and to write results
  MERGE = 3,        // for a column of another row that is merged
  ROWS_OF_LOAD = 8, // of a tile, which may be in as many lines of L1
  FROM_L1 = 16,     // longer than from shared memory a load takes
  AFTER_OTHER = 14, // an mma.sync, whose sum it adds to
};

/// How much longer a block of mma.sync takes that has an SM alone: nobody is
/// there while it begins, ends, or waits for its own warps.
#define ALONE 1.06

// Budgets ---------------------------------------------------------------------

static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }
static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t most(int64_t x, int64_t y) { return x > y ? x : y; }

static int64_t warps_of(const Config *config) {
  return ceil_div(config_rows(config), WARP_ROWS);
}

/// The keys of the largest tile.
static int64_t most_keys(const Config *config) {
  int64_t keys = most(config->block_last, config->block_tail);
  return config->tiles > 1 ? most(keys, config->block_k) : keys;
}

const char *estimate_refuses_warpgroups(const Shape *shape) {
  if (shape->bytes != 2)
    return "they take f16 and bf16 only";
  if (shape->d != 64 && shape->d != 128 && shape->d != CONFIG_MOST_IN_PARTS)
    return "they take heads of 64, 128 and 192 columns only";
  if (shape->d <= CONFIG_MOST_OF_PRODUCT)
    return NULL;
  // Parts are added to nothing.
  if (shape->planes > 1)
    return "they take determinants of heads of up to 128 columns only";
  if (shape->value_bias)
    return "with v2_bias, they take heads of up to 128 columns only";
  return NULL;
}

static bool multiplied_by_warpgroups(const Config *config, const Shape *shape,
                                     const Chip *chip) {
  return chip->warpgroups && !estimate_refuses_warpgroups(shape) &&
         (shape->d <= CONFIG_MOST_OF_PRODUCT ||
          warps_of(config) > PART_WARPS) &&
         warps_of(config) % PART_WARPS == 0 &&
         most_keys(config) <= CONFIG_MOST_OF_PRODUCT;
}

/// The columns of a warpgroup's product with values that are there at once.
static int64_t columns_at_once(const Shape *shape) {
  return shape->d > CONFIG_MOST_OF_PRODUCT ? CONFIG_PART_COLUMNS : shape->d;
}

/// Whether q is kept while outer keys pass; else it is loaded for each.
static bool keeps_queries(const Shape *shape) { return shape->bytes == 2; }

/// A thread's registers for a slice of q: one where its two rows, 8 apart, are
/// of the same query and head.
static int64_t query_registers(const Config *config, bool warpgroups) {
  enum { APART = WARP_ROWS / 2 };
  bool same = config->block_q == 1 && APART % config->block_h == 0;
  return same && !warpgroups ? 1 : 2;
}

/// Registers that a loop carries.
static int64_t carried_registers(const Shape *shape) {
  return shape->d / 2 + CARRIED;
}

/// How many slices its loops evaluate at once (distribute_pause); 0: all.
static int64_t slices_at_once(const Config *config, const Shape *shape,
                              bool warpgroups) {
  return warpgroups ? 0
                    : engine_mma_sync.slices_at_once(most_keys(config) / 2,
                                                     carried_registers(shape));
}

/// How many slices of q are parked (keep.c).
static int64_t parked_slices(const Config *config, const Shape *shape,
                             bool warpgroups) {
  int64_t product =
      warpgroups ? most(most_keys(config), shape->d) : most_keys(config);
  int64_t left = (warpgroups ? &engine_wgmma : &engine_mma_sync)
                     ->registers_left(product / 2 + carried_registers(shape));
  int64_t kept = left / query_registers(config, warpgroups);
  return keeps_queries(shape) ? most(0, shape->d / SLICE - kept) : 0;
}

static int64_t shared_bytes(const Config *config, const Shape *shape,
                            bool warpgroups) {
  int64_t row = shape->d * shape->bytes, rows = config_step(config);
  if (config->block_tail > most(config->block_k, config->block_last))
    rows += config->block_tail;
  int64_t padding = warpgroups ? 0 : (shape->planes + 1) * PADDING;
  int64_t bytes = config->stages * rows * (2 * row + padding);
  if (config->local_outer)
    bytes += 2 * (row + config_local_padding(config, row)) *
             config_outer_rows(config, shape->outer_window, shape->causal);
  bytes += parked_slices(config, shape, warpgroups) * warps_of(config) * WARP *
           query_registers(config, warpgroups) * (int64_t)sizeof(int32_t);
  int64_t ring = config->stages * config->block_k * row;
  int64_t scratch =
      config->block_j > 1 ? config_rows(config) * REDUCE_SCRATCH : 0;
  if (config->block_q > 1 || ring < scratch)
    bytes += scratch;
  if (config->producer && warpgroups)
    bytes += 2 * config->tiles * config->stages * TWO_MBARRIERS;
  return bytes;
}

/// Registers that tiles have: the sums, and what is there with most logits, or
/// with v1. Operands of mma.sync are on their way to as many again, or to some
/// slices where a loop carries many; among the former, ptxas loads rows of f32
/// early from global memory.
static int64_t registers_of(const Config *config, const Shape *shape,
                            bool warpgroups) {
  int64_t sums = shape->d / 2, values = shape->d / 2;
  int64_t left = shape->d / 8 * shape->bytes;
  int64_t logits = most_keys(config) / 2, pairs = logits / 2;
  int64_t others = 0;
  if (keeps_queries(shape))
    others = (shape->d / SLICE - parked_slices(config, shape, warpgroups)) *
             query_registers(config, warpgroups);
  if (!warpgroups) {
    int64_t tiles = sums + logits + (config->tiles > 1 ? values : 0);
    int64_t operands = OPERANDS;
    if (!slices_at_once(config, shape, warpgroups)) {
      bool early = !config->local_outer && shape->bytes > 2;
      operands = tiles + (early ? logits : 0);
    }
    return tiles + operands + (config->inner_stationary ? 0 : left) + others +
           OTHERS_OF_MMA;
  }
  bool by_row = config->block_q > 1 || config->block_j > 1;
  int64_t columns = columns_at_once(shape), first = logits + left;
  int64_t last = pairs + columns / 2 + columns / (by_row ? 4 : 8);
  if (config->tiles > 1)
    first += values + pairs;
  return sums + most(first, last) + others + OTHERS;
}

static int64_t blocks_of(const Config *config, const Chip *chip,
                         const Estimate *e) {
  int64_t warps = warps_of(config);
  int64_t threads = warps * WARP;
  int64_t n = chip->rates.shared_capacity / (e->shared_bytes + RESERVED);
  if (e->shared_bytes > chip->shared_bytes)
    n = 0;
  if (e->warpgroups) {
    ChipShare share = chip_share(warps / PART_WARPS, config->producer);
    return least(n, share.blocks);
  }
  int64_t registers = least(e->registers, MOST_REGISTERS);
  n = least(n, REGISTERS / (threads * ceil_div(registers, 8) * 8));
  return least(n, least(chip->rates.threads / threads, chip->rates.blocks));
}

// Steps -----------------------------------------------------------------------

/// Clocks of a step of 64 rows.
typedef struct Step {
  int64_t tiles;
  double tensor, mufu, alu, issue, shared, l2;
  double waits; ///< of a part alone, beside its instructions
} Step;

/// What is common to the steps of a block.
typedef struct Block {
  const Config *config;
  const Shape *shape;
  const Chip *chip;
  bool warpgroups;
  int64_t keys;  ///< of its inner window
  double parts;  ///< on an SM
  double masked; ///< the share of tiles with masks by row
} Block;

static double product_clocks(const Block *b, double keys) {
  const ChipRates *rates = &b->chip->rates;
  double flops = 2.0 * PART_ROWS * keys * (double)b->shape->d;
  if (b->shape->bytes > 2)
    return flops * (double)b->shape->passes / (rates->tensor32 * rates->mma);
  return flops / (rates->tensor * (b->warpgroups ? 1 : rates->mma));
}

/// Logits, and the product with values.
static void add_products(const Block *b, double keys, Step *step) {
  // An mma.sync is 16 x 8 x 32 bytes; a load, 512 bytes.
  enum { MULTIPLY = 16 * 8 * 32, LOAD = 512 };
  double row = (double)(b->shape->d * b->shape->bytes);
  double product = product_clocks(b, keys), tile = 2 * keys * row;
  step->tensor += 2 * product;
  if (b->warpgroups) {
    step->issue += ((double)b->shape->d + keys) / WARP_ROWS;
    step->shared += tile / b->chip->rates.shared_bytes;
    step->waits += product + TAIL;
    return;
  }
  double multiplies = WARP_ROWS * tile * (double)b->shape->passes / MULTIPLY;
  step->issue += multiplies + tile / LOAD;
  double loads = PART_WARPS * tile / b->chip->rates.shared_bytes;
  step->shared += loads;
  step->waits += product + fmax(product, AFTER_OTHER * multiplies / 2);
  step->waits -= multiplies; // are instructions
  int64_t at_once = slices_at_once(b->config, b->shape, b->warpgroups);
  if (at_once)
    step->waits += 2 * loads / (double)at_once;
}

/// A tile; `masked` is the share of it that is.
static void add_tile(const Block *b, double keys, double masked, Step *step) {
  const ChipRates *rates = &b->chip->rates;
  double logits = PART_ROWS * keys, own = logits / PART_THREADS;
  add_products(b, keys, step);
  step->mufu += logits / rates->mufu;
  step->alu += logits * (1.5 + MASK * masked) / rates->alu;
  step->issue += own * (4.5 + MASK * masked) + TILE;
  step->shared += PART_WARPS * SHUFFLES;
  step->waits += REDUCTION;
  step->tiles += 1;
}

/// The wait for the last tile's product with values.
static void add_last_wait(const Block *b, double keys, Step *step) {
  int64_t parts = b->shape->d / columns_at_once(b->shape);
  if (b->warpgroups)
    step->waits += product_clocks(b, keys) + (double)(parts * TAIL);
}

/// So many loads by each warp, each of so many lines of L1; 0: of shared
/// memory.
static void add_loads(double loads, double lines, Step *step) {
  step->issue += loads;
  step->shared += PART_WARPS * loads * fmax(1, lines * CHIP_LINE);
}

/// What a step has to do beside its tiles: q * k1, of which `share` is in each
/// step, and v1 times the sums.
static void add_outer(const Block *b, double share, Step *step) {
  const Config *config = b->config;
  bool by_row = config->block_q > 1 || config->block_j > 1;
  double d = (double)b->shape->d, pairs = d / 4;
  double loads = by_row ? pairs : pairs / 2;
  double lines = (double)ceil_div(ROWS_OF_LOAD, config->block_h);
  step->issue += d / 2 + loads + STEP + share * (pairs + loads);
  add_loads((1 + share) * loads, config->local_outer ? 0 : lines, step);
  int64_t at_once = slices_at_once(config, b->shape, b->warpgroups);
  if (!config->local_outer && at_once)
    step->waits += FROM_L1 * (1 + share) * d / (double)(at_once * SLICE);
  if (keeps_queries(b->shape)) {
    int64_t parked = parked_slices(config, b->shape, b->warpgroups);
    add_loads(share * (double)parked, 0, step);
    return;
  }
  double before = step->shared;
  add_loads(share * pairs, ROWS_OF_LOAD, step);
  step->waits += step->shared - before;
}

/// Clocks until so many keys have been copied; none of them were on their way.
static double copy_clocks(const Block *b, double keys) {
  double bytes = 2 * keys * (double)(b->shape->d * b->shape->bytes);
  return BARRIERS + CHIP_COPY_LATENCY + bytes / b->chip->rates.l2_bytes;
}

/// A thread's instructions for them.
static double copy_issue(const Block *b, double keys) {
  double bytes = 2 * keys * (double)(b->shape->d * b->shape->bytes);
  double threads = (double)warps_of(b->config) * WARP;
  return b->config->producer ? 0 : bytes / CHUNK / threads * COPY;
}

/// Copies of a step's tiles, of which one in `reuse` steps has new ones; of
/// these one in `ahead` is waited for.
static void add_copies(const Block *b, double keys, double reuse, double ahead,
                       Step *step) {
  const ChipRates *rates = &b->chip->rates;
  double bytes = 2 * keys * (double)(b->shape->d * b->shape->bytes);
  double issue = copy_issue(b, keys) / reuse;
  step->l2 += bytes / rates->l2_bytes * PART_WARPS /
              (double)warps_of(b->config) / reuse;
  step->issue += issue;
  step->alu += issue * PART_THREADS / rates->alu;
  step->waits += (BARRIERS + copy_clocks(b, keys) / ahead) / reuse;
}

/// How long a step takes where others like it share the SM.
static double step_clocks(const Block *b, const Step *step) {
  double busy =
      fmax(fmax(fmax(step->tensor, step->mufu), fmax(step->alu, step->issue)),
           fmax(step->shared, step->l2));
  double others = fmax(0, b->parts - 1);
  double chain = (b->warpgroups ? GAP : 1) * step->issue + step->waits;
  if (!b->warpgroups)
    return fmax(b->parts * busy, chain + others * busy);
  double tiles = (double)step->tiles;
  double queue = (tiles + 1) * others * step->tensor * step->tensor / tiles / 2;
  return fmax(b->parts * busy, (chain + sqrt(chain * chain + 4 * queue)) / 2);
}

// Blocks ----------------------------------------------------------------------

/// The inner window of a block in whole steps and tiles behind them, as
/// forward.c splits it.
static void split(const Config *config, int64_t keys, double *steps,
                  double *tails) {
  int64_t step = config_step(config), whole = keys / step, rest = keys % step;
  bool beyond = config->block_q > 1 && config->tiles > 1 &&
                step - rest < config->block_last;
  if (rest && (!config->block_tail || beyond)) {
    ++whole;
    rest = 0;
  }
  *steps = (double)whole;
  *tails = rest ? (double)ceil_div(rest, config->block_tail) : 0;
}

/// The share of tiles in which some queries' windows begin or end.
static double masked_share(const Config *config, int64_t keys) {
  int64_t others = config->block_q - 1;
  if (!config->block_tail && others == 0)
    return 1;
  double edges = 2 * (double)ceil_div(others, config->block_k);
  return fmin(1, edges * (double)config->block_k / (double)keys);
}

static double whole_step(const Block *b, double steps, double outer) {
  const Config *config = b->config;
  bool stays = config->inner_stationary;
  Step step = {0};
  for (int64_t t = 0; t < config->tiles - 1; ++t)
    add_tile(b, (double)config->block_k, b->masked, &step);
  add_tile(b, (double)config->block_last, b->masked, &step);
  add_last_wait(b, (double)config->block_last, &step);
  double copies = stays ? steps : steps * outer;
  add_outer(b, stays ? 1 : 1 / steps, &step);
  add_copies(b, (double)config_step(config), stays ? outer : 1,
             config->stages > 1 ? copies : 1, &step);
  return step_clocks(b, &step);
}

/// Where inner tiles do not stay, both loops over them begin anew for each
/// outer one, with nothing on its way.
static double begin_loops(const Block *b) {
  double keys = (double)config_step(b->config);
  return b->config->inner_stationary
             ? 0
             : 2 * (copy_clocks(b, keys) + GAP * copy_issue(b, keys));
}

static double tail_step(const Block *b, double outer) {
  const Config *config = b->config;
  bool stays = config->inner_stationary;
  Step step = {0};
  add_tile(b, (double)config->block_tail, 1, &step);
  add_last_wait(b, (double)config->block_tail, &step);
  add_outer(b, stays ? 1 : 0, &step);
  add_copies(b, (double)config->block_tail, stays ? outer : 1, 1, &step);
  return step_clocks(b, &step);
}

/// The clocks of a block, beside as many as an SM holds.
static double block_clocks(const Block *b, double *step) {
  const Config *config = b->config;
  double steps, tails;
  split(config, b->keys, &steps, &tails);
  double outer = (double)ceil_div(b->shape->outer, config->block_j);
  *step = whole_step(b, fmax(1, steps), outer);
  double clocks = steps * *step + begin_loops(b);
  if (tails > 0)
    clocks += tails * tail_step(b, outer);
  bool alone = b->parts * PART_WARPS <= (double)warps_of(config);
  return (BLOCK + MERGE * (double)((config->block_j - 1) * b->shape->d) +
          outer * clocks) *
         (alone && !b->warpgroups ? ALONE : 1);
}

Estimate estimate(const Config *config, const Shape *shape, const Chip *chip) {
  Estimate e = {.warpgroups = multiplied_by_warpgroups(config, shape, chip),
                .most_registers = MOST_REGISTERS};
  e.shared_bytes = shared_bytes(config, shape, e.warpgroups);
  e.registers = registers_of(config, shape, e.warpgroups);
  if (e.warpgroups)
    e.most_registers =
        chip_share(warps_of(config) / PART_WARPS, config->producer).consumer;
  e.blocks = blocks_of(config, chip, &e);

  // Queries of a block, on average; and blocks on an SM, on the busiest one.
  double queries = (double)config->block_q, blocks = (double)most(1, e.blocks);
  double idle = 1;
  if (shape->queries) {
    int64_t n = ceil_div(shape->queries, config->block_q);
    queries = (double)shape->queries / (double)n;
    double heads = (double)(shape->group / config->block_h);
    double all = (double)shape->groups * heads * (double)n;
    if (all > 0) {
      double sms = chip->rates.sms;
      blocks = fmin(blocks, ceil(all / sms));
      idle = fmax(1, sms * blocks / all);
    }
  }
  Block b = {.config = config,
             .shape = shape,
             .chip = chip,
             .warpgroups = e.warpgroups,
             .keys = shape->inner + config->block_q - 1,
             .parts = blocks * (double)warps_of(config) / PART_WARPS};
  b.masked = masked_share(config, b.keys);
  double seen =
      queries * (double)config->block_h * (double)(shape->outer * shape->inner);
  e.clocks = block_clocks(&b, &e.step) * idle / (blocks * seen);
  return e;
}
