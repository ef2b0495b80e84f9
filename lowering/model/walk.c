// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The clock of an SM while it runs a block. In: a program and a block's number.
// Out: how often each part was run, and for how long.
//
// All four schedulers of an SM do the same, so one is walked, with a quarter of
// the warps and of each unit. Integers and addresses are computed, in some
// lanes, of which the first decides; data is not: a condition on data does not
// hold, and a wait on an mbarrier does not wait. L1 keeps what it has once
// read. A warp issues its instructions in order, each when
//
// - the scheduler is free: one instruction a clock, of any warp,
// - its operands are there: so many clocks after what computes them,
// - its unit is free, which the instruction then keeps busy.
//
// What is asynchronous goes to a queue: products of a warpgroup to the tensor
// cores, which take the next of a warp that has one in turn, copies to L2. A
// wait for a group ends when its last one is done; a barrier when all warps
// are there. So time passes either because a unit is busy or because all warps
// wait, which no sum over units shows.

#include "walk.h"

#include "integer.h"
#include "walk_sample.h"

#include "lowering/ir.h"
#include "lowering/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
  SCHEDULERS = 4,
  THREADS_A_WARP = 32,
  MAX_BARRIERS = 16,
  MAX_STEPS = 1 << 28, // instructions of a block
  LINE_BITS = 7,       // of L1
  // Clocks, beside those of chip.h.
  BRANCH = 2, // of a trip, that nothing hides; fitted as those are
  L2_LATENCY = 270,
};

typedef struct Barrier {
  int arrived;
  double at;
} Barrier;

/// What L1 has, or has asked L2 for.
typedef struct Line {
  uint64_t number;
  double there;
} Line;

typedef struct Sm {
  const Walk *walk;
  WalkResult *result;
  int64_t place[3];
  Warp *warps;
  int n_warps, warps_a_block;
  int running;
  double free_at[COST_UNITS];
  int served;        ///< the warp whose product was multiplied last
  Barrier *barriers; ///< MAX_BARRIERS for each block
  Line *lines;       ///< a hash table
  size_t n_lines, line_capacity;
  int64_t steps;
  MlirLogicalResult status;
} Sm;

static double max(double x, double y) { return x > y ? x : y; }

// L1 --------------------------------------------------------------------------

/// The place of a line, or where it can be put.
static Line *find_line(const Sm *sm, uint64_t number) {
  size_t i = (number * 0x9e3779b97f4a7c15u) >> 20;
  for (i &= sm->line_capacity - 1;
       sm->lines[i].number && sm->lines[i].number != number;)
    i = (i + 1) & (sm->line_capacity - 1);
  return &sm->lines[i];
}

/// The line of this number; it has none if L1 has not asked for it.
static Line *line_of(Sm *sm, uint64_t number) {
  if (2 * sm->n_lines >= sm->line_capacity) {
    Line *old = sm->lines;
    size_t n = sm->line_capacity;
    sm->line_capacity = n ? 2 * n : 1024;
    sm->lines = memory_zeroed(sm->line_capacity, sizeof *sm->lines);
    for (size_t i = 0; i < n; ++i)
      if (old[i].number)
        *find_line(sm, old[i].number) = old[i];
    free(old);
  }
  return find_line(sm, number);
}

// Control ---------------------------------------------------------------------

static ProgramValue lane_value(const Sm *sm, const Warp *warp,
                               const Instruction *instruction, int i,
                               int lane) {
  int slot = program_operand(sm->walk->program, instruction, i);
  return warp->values[slot * LANES + lane];
}

/// The first lane's. Where lanes go different ways, it is followed.
static ProgramValue value_of(const Sm *sm, const Warp *warp,
                             const Instruction *instruction, int i) {
  return lane_value(sm, warp, instruction, i, 0);
}

static void set_value(Warp *warp, int slot, ProgramValue value) {
  for (int lane = 0; lane < LANES; ++lane)
    warp->values[slot * LANES + lane] = value;
}

static void fail(Sm *sm, MlirOperation op, const char *reason) {
  if (mlirLogicalResultIsSuccess(sm->status))
    sm->status = ir_error(op, "cannot be analysed: %s", reason);
}

/// Gives slots `to` ... what operands `from` ... of `instruction` have.
static void pass_on(const Sm *sm, Warp *warp, const Instruction *instruction,
                    int from, int to, int n) {
  // Loops may swap values.
  enum { AT_ONCE = 256 };
  ProgramValue values[AT_ONCE][LANES];
  double ready[AT_ONCE];
  n = n < AT_ONCE ? n : AT_ONCE;
  for (int i = 0; i < n; ++i) {
    int slot = program_operand(sm->walk->program, instruction, from + i);
    memcpy(values[i], &warp->values[slot * LANES], sizeof values[i]);
    ready[i] = warp->ready[slot];
  }
  for (int i = 0; i < n; ++i) {
    memcpy(&warp->values[(to + i) * LANES], values[i], sizeof values[i]);
    warp->ready[to + i] = ready[i];
  }
}

static void enter(Sm *sm, Warp *warp, const Instruction *owner, int block) {
  if (warp->depth == MAX_DEPTH) {
    fail(sm, owner->op, "it is nested too deeply");
    return;
  }
  warp->frames[warp->depth++] =
      (Frame){.block = block, .owner = owner, .entered = warp->time};
  warp->counts[block].times += 1;
}

static void leave(Warp *warp) {
  Frame *frame = &warp->frames[--warp->depth];
  warp->counts[frame->block].clocks += warp->time - frame->entered;
}

static void set_place(const Sm *sm, Warp *warp, const Frame *frame) {
  int slot = sm->walk->program->blocks[frame->block].argument;
  set_value(warp, slot, (ProgramValue){frame->place, true});
  warp->ready[slot] = warp->time;
}

static void start_for(Sm *sm, Warp *warp, const Instruction *loop) {
  ProgramValue begin = value_of(sm, warp, loop, 0);
  ProgramValue end = value_of(sm, warp, loop, 1);
  ProgramValue step = value_of(sm, warp, loop, 2);
  if (!begin.known || !end.known || !step.known || step.value <= 0) {
    fail(sm, loop->op, "the bounds of this loop depend on data");
    return;
  }
  if (begin.value >= end.value) {
    pass_on(sm, warp, loop, 3, loop->result, loop->n_results);
    return;
  }
  int block = loop->blocks[0];
  const ProgramBlock *body = &sm->walk->program->blocks[block];
  pass_on(sm, warp, loop, 3, body->argument + 1, body->n_arguments - 1);
  enter(sm, warp, loop, block);
  Frame *frame = &warp->frames[warp->depth - 1];
  frame->place = begin.value;
  frame->end = end.value;
  frame->step = step.value;
  sample_loop(frame);
  set_place(sm, warp, frame);
}

static void start_if(Sm *sm, Warp *warp, const Instruction *branch) {
  ProgramValue condition = value_of(sm, warp, branch, 0);
  warp->assumed += !condition.known;
  int block = branch->blocks[condition.known && condition.value ? 0 : 1];
  if (block >= 0)
    enter(sm, warp, branch, block);
}

/// At the terminator of a block: goes on in it or behind it.
static void end_block(Sm *sm, Warp *warp, const Instruction *terminator) {
  Frame *frame = &warp->frames[warp->depth - 1];
  const Instruction *owner = frame->owner;
  if (!owner) {
    leave(warp);
    --sm->running;
    return;
  }
  const ProgramBlock *block = &sm->walk->program->blocks[frame->block];
  if (ir_is(owner->op, "scf.for")) {
    warp->time += BRANCH;
    frame->place += frame->step;
    if (frame->place < frame->end) {
      pass_on(sm, warp, terminator, 0, block->argument + 1,
              block->n_arguments - 1);
      WalkCount *count = &warp->counts[frame->block];
      count->clocks += warp->time - frame->entered;
      count->times += 1;
      sample_trip(sm->walk->program, warp, frame);
      frame->entered = warp->time;
      frame->at = 0;
      set_place(sm, warp, frame);
      return;
    }
  }
  // The first operand of scf.condition is whether to go on.
  int first = ir_is(terminator->op, "scf.condition");
  pass_on(sm, warp, terminator, first, owner->result, owner->n_results);
  leave(warp);
}

// Instructions ----------------------------------------------------------------

static ProgramValue special_register(const Sm *sm, const Warp *warp,
                                     ProgramEval eval, int lane) {
  int number = lane * (THREADS_A_WARP / LANES);
  switch (eval) {
  case EVAL_THREAD:
    return (ProgramValue){(int64_t)warp->number * THREADS_A_WARP + number,
                          true};
  case EVAL_LANE:
    return (ProgramValue){number, true};
  case EVAL_BLOCK_X:
  case EVAL_BLOCK_Y:
  case EVAL_BLOCK_Z:
    return (ProgramValue){sm->place[eval - EVAL_BLOCK_X], true};
  default:
    return (ProgramValue){0, false};
  }
}

static void set_results(const Sm *sm, Warp *warp,
                        const Instruction *instruction, double ready) {
  for (int i = 0; i < instruction->n_results; ++i) {
    set_value(warp, instruction->result + i, (ProgramValue){0, false});
    warp->ready[instruction->result + i] = ready;
  }
  if (instruction->eval == EVAL_UNKNOWN)
    return;
  bool is_special =
      instruction->eval >= EVAL_THREAD && instruction->eval <= EVAL_BLOCK_Z;
  for (int lane = 0; lane < LANES; ++lane) {
    ProgramValue operands[3] = {{0}};
    for (int i = 0; i < 3 && i < instruction->n_operands; ++i)
      operands[i] = lane_value(sm, warp, instruction, i, lane);
    if (instruction->eval == EVAL_SELECT && !operands[0].known)
      operands[0] = (ProgramValue){0, true}; // it does not hold
    warp->values[instruction->result * LANES + lane] =
        is_special ? special_register(sm, warp, instruction->eval, lane)
                   : integer_evaluate(instruction, operands);
  }
}

/// When a load of L1's gives its result. The lines that it asks for take their
/// time; `*extra` is what that is more than the instruction's cost.
static double look_up(Sm *sm, const Warp *warp, const Instruction *load,
                      WalkCount *count, double at, double *extra) {
  const Cost *cost = &load->cost;
  double ready = at + cost->latency;
  uint64_t lines[LANES];
  int n = 0;
  for (int lane = 0; lane < LANES; ++lane) {
    ProgramValue address = lane_value(sm, warp, load, 0, lane);
    bool seen = !address.known;
    uint64_t number = ((uint64_t)address.value >> LINE_BITS) + 1;
    for (int i = 0; i < n; ++i)
      seen |= lines[i] == number;
    if (seen)
      continue;
    lines[n++] = number;
    Line *line = line_of(sm, number);
    if (!line->number) {
      sm->free_at[COST_L2] =
          max(sm->free_at[COST_L2], at) + cost->cycles[COST_L2];
      count->l2 += cost->cycles[COST_L2];
      *line = (Line){number, sm->free_at[COST_L2] + L2_LATENCY};
      ++sm->n_lines;
    }
    ready = max(ready, line->there);
  }
  double clocks = SCHEDULERS * CHIP_LINE * n;
  *extra = max(0, clocks - cost->cycles[COST_SHARED]);
  count->shared += *extra;
  return ready + *extra;
}

static double operands_ready(const Sm *sm, const Warp *warp,
                             const Instruction *instruction) {
  double ready = 0;
  for (int i = 0; i < instruction->n_operands; ++i)
    ready = max(
        ready, warp->ready[program_operand(sm->walk->program, instruction, i)]);
  return ready;
}

/// Goes on to the next instruction that takes time.
static void fetch(Sm *sm, Warp *warp) {
  const Program *program = sm->walk->program;
  warp->next = NULL;
  while (warp->depth && mlirLogicalResultIsSuccess(sm->status)) {
    Frame *frame = &warp->frames[warp->depth - 1];
    const ProgramBlock *block = &program->blocks[frame->block];
    if (frame->at == block->n) { // no terminator
      fail(sm, block->owner, "its block does not end");
      return;
    }
    const Instruction *next = &program->instructions[block->first + frame->at];
    ++frame->at;
    if (frame->at == block->n) {
      end_block(sm, warp, next);
    } else if (ir_is(next->op, "scf.for")) {
      start_for(sm, warp, next);
    } else if (ir_is(next->op, "scf.if")) {
      start_if(sm, warp, next);
    } else if (ir_is(next->op, "scf.while")) {
      const ProgramBlock *before = &program->blocks[next->blocks[0]];
      pass_on(sm, warp, next, 0, before->argument, before->n_arguments);
      enter(sm, warp, next, next->blocks[0]);
    } else if (next->cost.cycles[COST_ISSUE] > 0) {
      warp->next = next;
      warp->operands = operands_ready(sm, warp, next);
      return;
    } else {
      set_results(sm, warp, next, operands_ready(sm, warp, next));
    }
  }
}

static void meet(Sm *sm, Warp *warp, const Instruction *barrier) {
  int number = 0, expected = sm->warps_a_block;
  bool reduces = !mlirAttributeIsNull(ir_get_attr(barrier->op, "reductionOp"));
  if (barrier->n_operands > 0 && !reduces)
    number = (int)(value_of(sm, warp, barrier, 0).value & (MAX_BARRIERS - 1));
  if (barrier->n_operands > 1) {
    int64_t threads = value_of(sm, warp, barrier, 1).value;
    int64_t all = (int64_t)sm->walk->warps * THREADS_A_WARP;
    expected = (int)((threads * sm->warps_a_block + all - 1) / all);
  }
  Barrier *state = &sm->barriers[warp->block * MAX_BARRIERS + number];
  state->at = max(state->at, warp->time);
  if (barrier->cost.role == COST_MEETS) {
    warp->at_barrier = true;
    warp->awaits = number + 1;
  }
  if (++state->arrived < expected)
    return;
  for (int i = 0; i < sm->n_warps; ++i) {
    Warp *other = &sm->warps[i];
    if (other->block == warp->block && other->at_barrier &&
        other->awaits == number + 1) {
      other->at_barrier = false;
      other->awaits = 0;
      other->time = state->at + barrier->cost.latency;
      if (other != warp)
        fetch(sm, other);
    }
  }
  *state = (Barrier){0};
}

static void add_job(Warp *warp, double at, const Cost *cost) {
  if (warp->issued == warp->job_capacity) {
    warp->job_capacity = warp->job_capacity ? 2 * warp->job_capacity : 64;
    warp->jobs = memory_resized(warp->jobs, (size_t)warp->job_capacity *
                                                sizeof *warp->jobs);
  }
  warp->jobs[warp->issued++] =
      (Job){at, max(cost->cycles[COST_TENSOR], cost->cycles[COST_SHARED])};
}

/// The tensor cores are idle as far as this warp is concerned.
static void await_jobs(Warp *warp, int pending) {
  int64_t group = warp->groups - pending;
  int64_t jobs = group > 0 ? warp->group_jobs[(group - 1) % GROUPS] : 0;
  if (warp->done >= jobs) {
    if (jobs)
      warp->time = max(warp->time, warp->done_at + CHIP_WGMMA_TAIL);
  } else {
    warp->awaits = jobs;
  }
  if (warp->done == warp->issued) {
    warp->issued = warp->done = 0;
    warp->groups = 0;
  }
}

/// When the warp can issue its next instruction.
static double issue_time(const Sm *sm, const Warp *warp) {
  const Cost *cost = &warp->next->cost;
  double at = max(max(warp->time, warp->operands), sm->free_at[COST_ISSUE]);
  if (cost->role != COST_MULTIPLIES && cost->cycles[cost->unit] > 0)
    at = max(at, sm->free_at[cost->unit]);
  return at;
}

static void issue(Sm *sm, Warp *warp, double at) {
  const Instruction *instruction = warp->next;
  const Cost *cost = &instruction->cost;
  int block = warp->frames[warp->depth - 1].block;
  sm->free_at[COST_ISSUE] = at + cost->cycles[COST_ISSUE];
  warp->time = at + CHIP_WARP_GAP * cost->cycles[COST_ISSUE];
  warp->steps += 1;
  if (cost->role != COST_MULTIPLIES && cost->unit != COST_ISSUE)
    sm->free_at[cost->unit] = at + cost->cycles[cost->unit];
  double ready = at + cost->latency;
  if (cost->role == COST_LOOKS_UP) {
    double extra;
    ready = look_up(sm, warp, instruction, &warp->counts[block], at, &extra);
    sm->free_at[COST_SHARED] += extra;
  } else if (cost->cycles[COST_L2] > 0) {
    sm->free_at[COST_L2] =
        max(sm->free_at[COST_L2], at) + cost->cycles[COST_L2];
    warp->counts[block].l2 += cost->cycles[COST_L2];
  }
  set_results(sm, warp, instruction, ready);
  switch (cost->role) {
  case COST_MULTIPLIES:
    add_job(warp, at, cost);
    break;
  case COST_ENDS_GROUP:
    warp->group_jobs[warp->groups++ % GROUPS] = warp->issued;
    break;
  case COST_AWAITS_GROUP:
    await_jobs(warp, cost->pending);
    break;
  case COST_COPIES:
    warp->copies_done = sm->free_at[COST_L2] + CHIP_COPY_LATENCY;
    break;
  case COST_ENDS_COPIES:
    warp->copy_groups[warp->n_copy_groups++ % GROUPS] = warp->copies_done;
    break;
  case COST_AWAITS_COPIES:
    if (warp->n_copy_groups > cost->pending)
      warp->time =
          max(warp->time,
              warp->copy_groups[(warp->n_copy_groups - 1 - cost->pending) %
                                GROUPS]);
    break;
  case COST_MEETS:
  case COST_ARRIVES:
    meet(sm, warp, instruction);
    break;
  default:
    break;
  }
}

// The tensor cores ------------------------------------------------------------

/// The warp whose product is next, and when it starts; -1: there is none.
static int next_product(const Sm *sm, double *at) {
  int next = -1;
  for (int i = 0; i < sm->n_warps; ++i) {
    int number = (sm->served + 1 + i) % sm->n_warps;
    const Warp *warp = &sm->warps[number];
    if (warp->done == warp->issued)
      continue;
    double start = max(sm->free_at[COST_TENSOR], warp->jobs[warp->done].issued);
    if (next < 0 || start < *at) {
      next = number;
      *at = start;
    }
  }
  return next;
}

static void multiply(Sm *sm, int number, double at) {
  Warp *warp = &sm->warps[number];
  sm->served = number;
  warp->done_at = at + warp->jobs[warp->done++].cycles;
  sm->free_at[COST_TENSOR] = warp->done_at;
  if (!warp->at_barrier && warp->awaits && warp->done >= warp->awaits) {
    warp->awaits = 0;
    warp->time = max(warp->time, warp->done_at + CHIP_WGMMA_TAIL);
    fetch(sm, warp);
  }
}

// The walk --------------------------------------------------------------------

static void run(Sm *sm) {
  for (int i = 0; i < sm->n_warps; ++i)
    fetch(sm, &sm->warps[i]);
  while (sm->running && mlirLogicalResultIsSuccess(sm->status)) {
    int next = -1;
    double at = 0;
    for (int i = 0; i < sm->n_warps; ++i) {
      const Warp *warp = &sm->warps[i];
      if (!warp->next || warp->awaits)
        continue;
      double time = issue_time(sm, warp);
      if (next < 0 || time < at ||
          (time <= at && warp->time < sm->warps[next].time)) {
        next = i;
        at = time;
      }
    }
    double product_at = 0;
    int product = next_product(sm, &product_at);
    MlirOperation function = sm->walk->program->blocks[0].owner;
    if (product >= 0 && (next < 0 || product_at <= at))
      multiply(sm, product, product_at);
    else if (next < 0)
      fail(sm, function, "its warps wait for each other");
    else if (++sm->steps > MAX_STEPS)
      fail(sm, function, "a block of it runs for too long");
    else {
      issue(sm, &sm->warps[next], at);
      if (!sm->warps[next].awaits)
        fetch(sm, &sm->warps[next]);
    }
  }
}

/// The warps that the first scheduler has of the resident blocks.
static void add_warps(Sm *sm) {
  const Walk *walk = sm->walk;
  bool many = walk->warps >= SCHEDULERS;
  sm->warps_a_block = many ? (walk->warps + SCHEDULERS - 1) / SCHEDULERS : 1;
  int blocks =
      many ? walk->resident
           : (walk->resident * walk->warps + SCHEDULERS - 1) / SCHEDULERS;
  sm->n_warps = blocks * sm->warps_a_block;
  sm->running = sm->n_warps;
  sm->warps = memory_zeroed((size_t)sm->n_warps, sizeof *sm->warps);
  sm->barriers =
      memory_zeroed((size_t)blocks * MAX_BARRIERS, sizeof *sm->barriers);
  for (int i = 0; i < sm->n_warps; ++i) {
    Warp *warp = &sm->warps[i];
    warp->block = i / sm->warps_a_block;
    warp->number = i % sm->warps_a_block * SCHEDULERS;
    warp->values = memory_zeroed((size_t)walk->program->n_slots * LANES,
                                 sizeof *warp->values);
    warp->ready =
        memory_zeroed((size_t)walk->program->n_slots, sizeof *warp->ready);
    warp->counts =
        memory_zeroed((size_t)walk->program->n_blocks, sizeof *warp->counts);
    const ProgramBlock *body = &walk->program->blocks[0];
    for (int a = 0; a < body->n_arguments; ++a)
      set_value(warp, body->argument + a, walk->arguments[a]);
    enter(sm, warp, NULL, 0);
  }
}

static void add_counts(const Sm *sm) {
  for (int block = 0; block < sm->walk->program->n_blocks; ++block) {
    double n = 0;
    WalkCount *count = &sm->result->counts[block];
    for (int i = 0; i < sm->n_warps; ++i) {
      const WalkCount *own = &sm->warps[i].counts[block];
      count->times += own->times;
      count->clocks += own->clocks;
      count->l2 += own->l2;
      count->shared += own->shared;
      n += own->times > 0;
    }
    count->warps = max(count->warps, n);
  }
  for (int i = 0; i < sm->n_warps; ++i) {
    sm->result->assumed += sm->warps[i].assumed;
    sm->result->steps += sm->warps[i].steps;
  }
}

MlirLogicalResult walk_block(const Walk *walk, const int64_t place[3],
                             WalkResult *result) {
  Sm sm = {.walk = walk,
           .result = result,
           .place = {place[0], place[1], place[2]},
           .status = mlirLogicalResultSuccess()};
  add_warps(&sm);
  run(&sm);
  add_counts(&sm);
  result->warps = sm.n_warps;
  result->clocks = 0;
  for (int i = 0; i < sm.n_warps; ++i) {
    result->clocks = max(result->clocks, sm.warps[i].time);
    free(sm.warps[i].values);
    free(sm.warps[i].ready);
    free(sm.warps[i].jobs);
    free(sm.warps[i].counts);
    for (int f = 0; f < sm.warps[i].depth; ++f) // of a walk that failed
      sample_free(&sm.warps[i].frames[f]);
  }
  free(sm.warps);
  free(sm.barriers);
  free(sm.lines);
  return sm.status;
}
