// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The time that a work list takes. In: the list and a chip. Out: clocks for a
// unit of what its blocks are useful for.
//
// Clocks are sums of what simplicial-compile --analyze walks one by one. Work
// comes in parts of 64 rows: a warpgroup, or four warps, one on each of the
// SM's schedulers. The items of a step keep the units busy with each part for
//
//   tensor  multiply-adds of products
//   mufu    exponentials
//   alu     maxima, comparisons, conversions, half of what fma has
//   issue   an instruction each of these; products and loads; and some for each
//           reduction and step
//   shared  reading right operands, which each warpgroup, or each warp with
//           mma.sync, does for all of them; loads by row, exchanges of lanes
//   l2      copies, also at the rate of memory where they come from there
//
// at the rates of the chip's table. A part alone takes `chain` clocks. Where
// products run beside their warps (wgmma), an instruction begins every GAP
// clocks, and there is what it waits for: of products those that are awaited,
// each with TAIL. With mma.sync one begins every clock, and products hold up
// their warp, those that are used a slice at a time for AFTER_OTHER each, as
// one adds to what the one before did; where slices are evaluated a few at a
// time, so do loads of operands.
//
// `parts` share an SM, on which a step takes no less than parts times what its
// busiest unit does. Nor less than chain and the wait for others: with mma.sync
// once for each other part's busiest unit. Where products run beside, each wait
// finds the tensor cores at work for another one with the probability
// (parts - 1) * tensor / t, for one product of the step more, so
//
//   t = chain + waits * (parts - 1) * tensor / t * tensor / products
//
// What is of no use, as rows that are not filled, is in a block's work and not
// in what it is useful for. Neither is the time of SMs that have no block, if
// it is known how many there are.
//
// Of the cases of test/gpu/estimate.py, with many blocks on an SM one after the
// other, that is within 10% of --analyze's clocks for warpgroups, and within
// 20% for mma.sync, 25% where a tile's rows are of many rows of memory.

#include "estimate.h"

#include "lowering/gpu/target/layout.h"
#include "lowering/gpu/target/limits.h"

#include <math.h>

enum {
  PART_WARPS = 4,
  PART_ROWS = PART_WARPS * WARP_ROWS,
  PART_THREADS = PART_WARPS * WARP,
};

/// Clocks and instructions, beside those of chip.h, fitted to --analyze.
enum {
  GAP = CHIP_WARP_GAP,
  TAIL = CHIP_WGMMA_TAIL,
  REDUCTION = 100,  // until what a reduction gives is there
  REDUCING = 30,    // instructions of one
  SHUFFLES = 9,     // of them
  STEP = 30,        // instructions of a step
  COPY = 24,        // for a chunk
  BARRIERS = 100,   // before a slot is read, and before it is written
  ROWS_OF_LOAD = 8, // of a tile, which may be in as many lines of L1
  FROM_L1 = 16,     // longer than from shared memory a load takes
  AFTER_OTHER = 14, // an mma.sync, whose sum it adds to
  HELD = 2,         // times what some slices' loads take, their warp waits
  FOUR = 4,         // blocks on an SM
};

/// How much longer a block of mma.sync takes that has an SM alone: nobody is
/// there while it begins, ends, or waits for its own warps.
#define ALONE 1.06

/// How much longer a block of warpgroups takes where an SM has four: measured,
/// on an H200, of heads of 64 dimensions with keys of their own 1.09 to 1.2.
#define CROWDED 1.1

/// Clocks of a step of 64 rows.
typedef struct Step {
  double tensor, mufu, alu, issue, shared, l2, memory;
  double waits;             ///< of a part alone, beside its instructions
  double products, awaited; ///< how many
} Step;

/// What is common to the steps of a block.
typedef struct Block {
  const Work *work;
  const Chip *chip;
  const Budget *budget;
  double parts; ///< on an SM
} Block;

// Items -----------------------------------------------------------------------

static double product_clocks(const Block *b, const WorkProduct *p) {
  const ChipRates *rates = &b->chip->rates;
  double flops = 2.0 * PART_ROWS * (double)p->columns * (double)p->depth;
  if (b->work->bytes > 2)
    return flops * (double)b->work->passes / (rates->tensor32 * rates->mma);
  return flops / (rates->tensor * (b->budget->beside ? 1 : rates->mma));
}

/// One beside what its warps do.
static void add_product_beside(const Block *b, const WorkProduct *p,
                               double times, double clocks, double right,
                               Step *step) {
  step->issue += times * (double)p->depth / LIMITS_DEPTH;
  step->shared += times * right / b->chip->rates.shared_bytes;
  if (!p->awaited)
    return;
  int64_t parts = p->columns / budget_columns_at_once(b->budget, p->columns);
  step->waits += times * (clocks + (double)(parts * TAIL));
  step->awaited += times;
}

/// One of a warp's own instructions.
static void add_product_of_warps(const Block *b, const WorkProduct *p,
                                 double times, double clocks, double right,
                                 Step *step) {
  // An mma.sync is 16 x 8 x 32 bytes; a load, 512 bytes.
  enum { MULTIPLY = 16 * 8 * 32, LOAD = 512 };
  double multiplies = WARP_ROWS * right * (double)b->work->passes / MULTIPLY;
  double loads = PART_WARPS * right / b->chip->rates.shared_bytes;
  step->issue += times * (multiplies + right / LOAD);
  step->shared += times * loads;
  double held = p->by_slice ? fmax(clocks, AFTER_OTHER * multiplies) : clocks;
  step->waits += times * (held - multiplies); // which are instructions
  if (b->budget->at_once)
    step->waits += times * HELD * loads / (double)b->budget->at_once;
}

static void add_product(const Block *b, const WorkProduct *p, double times,
                        Step *step) {
  double clocks = product_clocks(b, p);
  double left = (double)(PART_ROWS * p->depth * b->work->bytes);
  double right = (double)(p->columns * p->depth * b->work->bytes);
  step->products += times;
  step->tensor += times * clocks;
  if (b->budget->beside)
    add_product_beside(b, p, times, clocks, right, step);
  else
    add_product_of_warps(b, p, times, clocks, right, step);
  if (p->left_shared)
    step->shared += times * left / b->chip->rates.shared_bytes;
}

static void add_elements(const Block *b, const WorkElements *e, double times,
                         Step *step) {
  const ChipRates *rates = &b->chip->rates;
  double elements = times * (double)(PART_ROWS * e->columns);
  step->mufu += elements * e->exponentials / rates->mufu;
  step->alu += elements * e->alu / rates->alu;
  step->issue += elements / PART_THREADS * (e->exponentials + e->fma + e->alu);
}

static void add_reduction(double times, Step *step) {
  step->issue += times * REDUCING;
  step->shared += times * PART_WARPS * SHUFFLES;
  step->waits += times * REDUCTION;
}

/// A tile by row: so many loads by each warp, each of so many lines of L1, or
/// of shared memory.
static void add_load(const Block *b, const WorkLoad *l, double times,
                     Step *step) {
  double loads = times * (double)l->columns / (l->pair_alike ? 8 : 4);
  double lines = 0;
  if (l->from == WORK_KEPT)
    loads = times * (double)b->budget->parked[l->kept];
  if (l->from == WORK_GLOBAL)
    lines = (double)((ROWS_OF_LOAD + l->alike - 1) / l->alike);
  double shared = PART_WARPS * loads * fmax(1, lines * CHIP_LINE);
  step->issue += l->converted ? 2 * loads : loads;
  step->shared += shared;
  if (l->awaited)
    step->waits += shared;
  else if (l->from == WORK_GLOBAL && b->budget->at_once)
    step->waits += FROM_L1 * times * (double)l->columns /
                   (double)(b->budget->at_once * SLICE);
}

// Copies ----------------------------------------------------------------------

/// Clocks until so many bytes have been copied; none of them were on their way.
static double copy_clocks(const Block *b, double bytes) {
  return BARRIERS + CHIP_COPY_LATENCY + bytes / b->chip->rates.l2_bytes;
}

/// A thread's instructions for them.
static double copy_issue(const Block *b, double bytes) {
  double threads = (double)b->budget->warps * WARP;
  return b->work->producer ? 0 : bytes / CHUNK / threads * COPY;
}

static void add_copy(const Block *b, const WorkCopy *c, double times,
                     Step *step) {
  const ChipRates *rates = &b->chip->rates;
  double issue = times * copy_issue(b, c->bytes);
  double bytes = times * c->bytes * PART_WARPS / (double)b->budget->warps;
  step->l2 += bytes / rates->l2_bytes;
  if (c->first)
    step->memory += bytes / rates->memory_bytes;
  step->issue += issue;
  step->alu += issue * PART_THREADS / rates->alu;
  step->waits += times * (BARRIERS + copy_clocks(b, c->bytes) / c->ahead);
}

// Steps -----------------------------------------------------------------------

static Step add_up(const Block *b, const WorkStep *list) {
  Step step = {.issue = STEP};
  for (const WorkItem *i = list->items; i < list->items + list->n; ++i)
    switch (i->kind) {
    case WORK_PRODUCT:
      add_product(b, &i->product, i->times, &step);
      break;
    case WORK_ELEMENTS:
      add_elements(b, &i->elements, i->times, &step);
      break;
    case WORK_REDUCTION:
      add_reduction(i->times, &step);
      break;
    case WORK_LOAD:
      add_load(b, &i->load, i->times, &step);
      break;
    case WORK_COPY:
      add_copy(b, &i->copy, i->times, &step);
      break;
    }
  return step;
}

/// How long a step takes where others like it share the SM.
static double step_clocks(const Block *b, const WorkStep *list) {
  const Step s = add_up(b, list);
  double busy = fmax(fmax(fmax(s.tensor, s.mufu), fmax(s.alu, s.issue)),
                     fmax(s.shared, s.l2));
  double most = b->parts * fmax(busy, s.memory);
  double others = fmax(0, b->parts - 1);
  double chain = (b->budget->beside ? GAP : 1) * s.issue + s.waits;
  if (!b->budget->beside)
    return fmax(most, chain + others * busy);
  double queue = s.products > 0
                     ? s.awaited * others * s.tensor * s.tensor / s.products
                     : 0;
  return fmax(most, (chain + sqrt(chain * chain + 4 * queue)) / 2);
}

// Blocks ----------------------------------------------------------------------

/// The clocks of a block, beside as many as an SM holds.
static double block_clocks(const Block *b, double *first) {
  const Work *work = b->work;
  double clocks = work->once;
  for (int i = 0; i < work->n_steps; ++i) {
    double step = step_clocks(b, &work->steps[i]);
    clocks += work->steps[i].times * step;
    if (i == 0)
      *first = step;
  }
  clocks += work->starts * (copy_clocks(b, work->start_bytes) +
                            GAP * copy_issue(b, work->start_bytes));
  if (b->budget->beside)
    return clocks * (work->crowds && b->budget->blocks >= FOUR ? CROWDED : 1);
  bool alone = b->parts * PART_WARPS <= (double)b->budget->warps;
  return clocks * (alone ? ALONE : 1);
}

Estimate estimate(const Work *work, const Chip *chip) {
  Estimate e = {.budget = budget_of(work, chip)};
  // Blocks on an SM, on the busiest one.
  double blocks = (double)(e.budget.blocks > 1 ? e.budget.blocks : 1);
  double idle = 1;
  if (work->blocks > 0) {
    blocks = fmin(blocks, ceil(work->blocks / chip->rates.sms));
    idle = fmax(1, chip->rates.sms * blocks / work->blocks);
  }
  Block b = {.work = work,
             .chip = chip,
             .budget = &e.budget,
             .parts = blocks * (double)e.budget.warps / PART_WARPS};
  e.clocks = block_clocks(&b, &e.step) * idle / (blocks * work->useful);
  return e;
}
