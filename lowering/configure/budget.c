// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shared memory and the registers of a work list. In: the list and a chip.
// Out: which engine multiplies, and what its kernel will allocate.
//
// Shared memory is what simplicial-stage and simplicial-distribute allocate:
// rings, the block's own memory, what is parked of kept tiles (keep.c), memory
// through which warps reduce, mbarriers. Registers are those of the tiles that
// are there at once, at the moment when there are most. An engine beside whose
// products warps go on has all of a tile's left operand in registers, and
// results until they are used; of one that has not, operands are on their way
// to as many registers as results have, or to some slices where a loop carries
// many. How near that is to what comes out, test/gpu/estimate.py says.

#include "budget.h"

#include "lowering/gpu/distribute/reduce.h"
#include "lowering/gpu/target/layout.h"
#include "lowering/gpu/target/limits.h"

/// Registers beside those of tiles, fitted to what ptxas says.
enum {
  OTHERS_BESIDE = 20, // addresses, maxima, sums
  OTHERS = 12,
  OPERANDS = 48,     // of slices_at_once
  OF_ROW_VECTOR = 4, // as keep.c counts
};

/// What the budget must know of engines, the fastest first. A new one is a row.
typedef struct Model {
  const Engine *engine;
  const char *(*refuses)(const ProductShape *product); ///< NULL: takes all
  bool beside; ///< products run beside what their warps do
} Model;

static const Model models[] = {{&engine_wgmma, limits_wgmma_refuses, true},
                               {&engine_mma_sync, NULL, false}};

static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }
static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t most(int64_t x, int64_t y) { return x > y ? x : y; }

static int64_t warps_of(const Work *work) {
  return ceil_div(work->rows, WARP_ROWS);
}

// Engines ---------------------------------------------------------------------

/// Why an engine does not multiply for the block; NULL: it does, where it is.
static const char *refuses(const Model *model, const Work *work) {
  const char *why = NULL;
  if (model->engine->warps > 1 && work->by_warps)
    return work->by_warps;
  if (warps_of(work) % model->engine->warps)
    return "rows are not those of groups of warps";
  for (const WorkStep *s = work->steps; s < work->steps + work->n_steps; ++s)
    for (const WorkItem *i = s->items; i < s->items + s->n && !why; ++i)
      if (i->kind == WORK_PRODUCT && model->refuses)
        why = model->refuses(&(ProductShape){.warps = warps_of(work),
                                             .columns = i->product.columns,
                                             .depth = i->product.depth,
                                             .bytes = work->bytes,
                                             .row = i->product.row,
                                             .by_depth = i->product.by_depth,
                                             .added = i->product.added});
  return why;
}

const char *budget_refuses_groups(const Work *work) {
  return refuses(&models[0], work);
}

static const Model *model_of(const Work *work, const Chip *chip) {
  const Model *model = models;
  while (!model->engine->is_on(chip) || refuses(model, work))
    ++model;
  return model;
}

int64_t budget_columns_at_once(const Budget *budget, int64_t columns) {
  return budget->beside && columns > LIMITS_WGMMA_COLUMNS ? LIMITS_WGMMA_PART
                                                          : columns;
}

// Tiles -----------------------------------------------------------------------

static int64_t registers_of(const Budget *budget, const WorkTile *tile) {
  int64_t columns = tile->in_parts
                        ? budget_columns_at_once(budget, tile->columns)
                        : tile->columns;
  return columns * tile->bytes / 8 / (tile->pair_alike ? 2 : 1);
}

/// Registers of the largest product that is kept; `slices`: or another one.
static int64_t largest_product(const Work *work, bool slices) {
  int64_t columns = 0;
  for (const WorkStep *s = work->steps; s < work->steps + work->n_steps; ++s)
    for (const WorkItem *i = s->items; i < s->items + s->n; ++i)
      if (i->kind == WORK_PRODUCT && (slices || !i->product.by_slice))
        columns = most(columns, i->product.columns);
  return columns / 2;
}

/// Registers that loops carry.
static int64_t carried(const Work *work) {
  int64_t n = work->row_vectors * OF_ROW_VECTOR;
  for (int i = 0; i < work->n_tiles; ++i)
    if (work->tiles[i].moment == 0)
      n += work->tiles[i].columns / 2;
  return n;
}

/// Registers that a loop's products and what is carried leave to nothing else.
static int64_t taken(const Work *work, const Budget *budget) {
  int64_t n = largest_product(work, budget->beside) + carried(work);
  for (int i = 0; i < work->n_tiles; ++i)
    if (work->tiles[i].runs_on)
      n += work->tiles[i].columns / 2;
  return n;
}

/// A thread's registers for a slice of a kept tile.
static int64_t of_kept_slice(const Budget *budget, const WorkKept *kept) {
  return kept->pair_alike && !budget->beside ? 1 : 2;
}

/// Kept tiles: as many slices as there are registers for; the others are
/// parked.
static void keep(const Work *work, Budget *budget) {
  int64_t product = largest_product(work, budget->beside);
  int64_t all = taken(work, budget);
  ChipShare share = budget->engine->share(budget->warps, work->producer, all);
  int64_t left = budget->engine->registers_left(product, all, share.consumer);
  for (int i = 0; i < work->n_kept; ++i) {
    int64_t slice = of_kept_slice(budget, &work->kept[i]);
    int64_t slices = work->kept[i].columns / SLICE;
    int64_t kept = least(slices, left / slice);
    budget->parked[i] = slices - kept;
    left -= kept * slice;
  }
}

static int64_t kept_registers(const Work *work, const Budget *budget) {
  int64_t n = 0;
  for (int i = 0; i < work->n_kept; ++i)
    n += (work->kept[i].columns / SLICE - budget->parked[i]) *
         of_kept_slice(budget, &work->kept[i]);
  return n;
}

/// Whether ptxas begins loads of 32 bits early from memory.
static bool loads_early(const Work *work) {
  bool early = false;
  for (const WorkStep *s = work->steps; s < work->steps + work->n_steps; ++s)
    for (const WorkItem *i = s->items; i < s->items + s->n; ++i)
      early |= i->kind == WORK_LOAD && i->load.from == WORK_GLOBAL &&
               !i->load.awaited && i->load.bytes > 2;
  return early;
}

/// The registers of what is there at a moment. Of an engine that multiplies a
/// slice at a time that is what is not evaluated so, and its operands.
static int64_t registers_at(const Work *work, const Budget *budget,
                            int moment) {
  int64_t results = 0, others = 0;
  for (const WorkTile *t = work->tiles; t < work->tiles + work->n_tiles; ++t)
    if ((t->moment == 0 || t->moment == moment) &&
        (budget->beside || !t->by_slice))
      *(t->result ? &results : &others) += registers_of(budget, t);
  if (budget->beside)
    return results + others + OTHERS_BESIDE;
  int64_t operands = OPERANDS;
  if (!budget->at_once)
    operands = results + (loads_early(work) ? largest_product(work, false) : 0);
  return results + operands + others + OTHERS;
}

static int64_t registers(const Work *work, const Budget *budget) {
  int64_t n = 0;
  for (int moment = 0; moment < WORK_MOMENTS; ++moment)
    n = most(n, registers_at(work, budget, moment));
  return n + kept_registers(work, budget);
}

// Shared memory ---------------------------------------------------------------

static int64_t aligned(int64_t bytes, int64_t alignment) {
  return ceil_div(bytes, alignment) * alignment;
}

/// Rings, and their mbarriers behind them. The last one is the first in memory.
static int64_t ring_bytes(const Work *work, const Budget *budget) {
  int64_t bytes = 0, mbarriers = 0;
  for (const WorkBuffer *b = work->buffers + work->n_buffers;
       b-- > work->buffers;) {
    if (!b->slots)
      continue;
    int64_t padding = budget->beside ? 0 : PADDING, alignment = CHUNK;
    if (budget->beside)
      alignment = SWIZZLE_ROWS * limits_panel_bytes(b->row);
    int64_t ring = b->slots * b->rows * (b->row + padding);
    for (int64_t i = 0; i < b->count; ++i)
      bytes = aligned(bytes, alignment) + ring;
    mbarriers += b->count * b->slots * (b->joined ? 0 : 2);
  }
  bool producer = work->producer && !budget->engine->no_producer;
  return producer ? bytes + mbarriers * LIMITS_MBARRIER : bytes;
}

/// Of what warps reduce rows through.
static int64_t scratch_bytes(const Work *work) {
  if (work->merged <= 1)
    return 0;
  int64_t left = work->rows / work->merged;
  const ReduceRows rows = reduce_rows_with(IR_SUM, work->merged, left, left);
  return reduce_scratch(&rows, work->rows,
                        (work->merged_columns + SLICE - 1) / SLICE);
}

static int64_t shared_bytes(const Work *work, const Budget *budget) {
  int64_t others = 0, ring = 0;
  for (int i = 0; i < work->n_buffers; ++i) {
    const WorkBuffer *b = &work->buffers[i];
    if (b->slots)
      ring = most(ring, b->slots * b->rows * b->row);
    else
      others += b->count * b->rows * b->row;
  }
  for (int i = 0; i < work->n_kept; ++i)
    others += budget->parked[i] * budget->warps * WARP *
              of_kept_slice(budget, &work->kept[i]) * (int64_t)sizeof(int32_t);
  int64_t scratch = scratch_bytes(work);
  if (work->rings_needed || ring < scratch)
    others += scratch;
  int64_t rings = ring_bytes(work, budget);
  return others ? aligned(rings, CHUNK) + others : rings;
}

// Blocks ----------------------------------------------------------------------

/// Blocks on an SM, and the registers that a thread may have.
static void share(const Work *work, const Chip *chip, Budget *budget) {
  int64_t threads = budget->warps * WARP;
  int64_t n = chip->rates.shared_capacity /
              (budget->shared_bytes + LIMITS_RESERVED_SHARED);
  if (budget->shared_bytes > chip->shared_bytes)
    n = 0;
  budget->most_registers = LIMITS_THREAD_REGISTERS;
  ChipShare share =
      budget->engine->share(budget->warps, work->producer, taken(work, budget));
  if (budget->beside && !share.blocks) // and nothing else is said
    share = (ChipShare){1, 0, LIMITS_THREAD_REGISTERS, 0};
  if (share.blocks) {
    budget->most_registers = share.consumer + share.spilled;
    budget->blocks = least(n, share.blocks);
    return;
  }
  int64_t registers = least(budget->registers, LIMITS_THREAD_REGISTERS);
  registers = ceil_div(registers, LIMITS_REGISTER_STEP) * LIMITS_REGISTER_STEP;
  n = least(n, LIMITS_REGISTERS / (threads * registers));
  budget->blocks =
      least(n, least(chip->rates.threads / threads, chip->rates.blocks));
}

Budget budget_of(const Work *work, const Chip *chip) {
  const Model *model = model_of(work, chip);
  Budget budget = {.engine = model->engine,
                   .beside = model->beside,
                   .warps = warps_of(work)};
  if (!budget.beside)
    budget.at_once = budget.engine->slices_at_once(largest_product(work, false),
                                                   carried(work));
  keep(work, &budget);
  budget.shared_bytes = shared_bytes(work, &budget);
  budget.registers = registers(work, &budget);
  share(work, chip, &budget);
  return budget;
}
