// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Of a loop of many trips the first and the last ones are walked; those between
// are taken to be like the last of the first. In: a warp at the end of a trip.
// Out: the same, or, after the last of the first trips, as if those between had
// been walked:
//
//     trips 0 ... 11 | 12 ... 35 (sampled) | left out | the last 12
//
// of a loop that takes long; 468 trips come first where they are short.

#include "walk_sample.h"

#include "lowering/ir.h"
#include "lowering/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
  // Trips of a loop that is not walked as a whole: the least, those before what
  // is left out, and those behind it. It takes some for warps to get out of
  // each other's way, which are walked once, if that is not for long.
  MANY_TRIPS = 512,
  FIRST_TRIPS = 36,
  SETTLING_TRIPS = 468,
  LAST_TRIPS = 12,
  FEW_INNER_TRIPS = 4, // of each
};

static bool is_loop(MlirOperation op) {
  return ir_is(op, "scf.for") || ir_is(op, "scf.while");
}

/// Whether the trips of loops within a loop, which began for the first time,
/// are few.
static bool is_short(const Program *program, const Warp *warp,
                     const Frame *frame) {
  double inner = 0;
  for (int i = 0; i < program->n_blocks; ++i) {
    int block = is_loop(program->blocks[i].owner) ? i : -1;
    while (block >= 0 && block != frame->block)
      block = program->blocks[block].parent;
    if (block >= 0 && i != block)
      inner += warp->counts[i].times;
  }
  return inner <= FEW_INNER_TRIPS * (double)frame->trips;
}

/// The trips of a loop that are sampled.
static int64_t sampled(const Frame *frame) { return frame->first * 2 / 3; }

/// The trips from here on.
static uint64_t trips_left(const Frame *frame) {
  uint64_t length = (uint64_t)frame->end - (uint64_t)frame->place;
  return (length - 1) / (uint64_t)frame->step + 1;
}

void sample_loop(Frame *frame) {
  if (trips_left(frame) > MANY_TRIPS)
    frame->first = FIRST_TRIPS;
}

/// The slots and lanes of what a loop carries.
static size_t carried_values(const ProgramBlock *block) {
  return (size_t)(block->n_arguments - 1) * LANES;
}

static void begin_sample(const Program *program, Warp *warp, Frame *frame) {
  const ProgramBlock *block = &program->blocks[frame->block];
  size_t blocks = (size_t)program->n_blocks, values = carried_values(block);
  Sample *sample = &frame->sample;
  *sample = (Sample){.time = warp->time,
                     .steps = warp->steps,
                     .assumed = warp->assumed,
                     .counts = memory_zeroed(blocks, sizeof *sample->counts),
                     .values = memory_zeroed(values, sizeof *sample->values)};
  memcpy(sample->counts, warp->counts, blocks * sizeof *sample->counts);
  memcpy(sample->values, &warp->values[(block->argument + 1) * LANES],
         values * sizeof *sample->values);
}

/// Leaves out all but the last trips, each like one of those since the sample
/// began. What a loop carries then is what it would be if it grows by the same
/// each trip, as counts do; what goes round stays.
static void skip_trips(const Program *program, Warp *warp, Frame *frame) {
  const ProgramBlock *block = &program->blocks[frame->block];
  Sample *sample = &frame->sample;
  int64_t n = (int64_t)trips_left(frame) - LAST_TRIPS;
  double times = (double)n / (double)sampled(frame);
  frame->place += n * frame->step;
  warp->time += times * (warp->time - sample->time);
  warp->steps += times * (warp->steps - sample->steps);
  warp->assumed += (int64_t)(times * (double)(warp->assumed - sample->assumed));
  for (int i = 0; i < program->n_blocks; ++i) {
    WalkCount *now = &warp->counts[i];
    const WalkCount *then = &sample->counts[i];
    now->times += times * (now->times - then->times);
    now->clocks += times * (now->clocks - then->clocks);
    now->l2 += times * (now->l2 - then->l2);
    now->shared += times * (now->shared - then->shared);
  }
  ProgramValue *carried = &warp->values[(block->argument + 1) * LANES];
  for (size_t i = 0; i < carried_values(block); ++i) {
    uint64_t now = (uint64_t)carried[i].value;
    int64_t grown = (int64_t)(now - (uint64_t)sample->values[i].value);
    if (carried[i].known && grown % sampled(frame) == 0)
      carried[i].value =
          (int64_t)(now + (uint64_t)(grown / sampled(frame)) * (uint64_t)n);
  }
}

void sample_free(Frame *frame) {
  free(frame->sample.counts);
  free(frame->sample.values);
  frame->sample = (Sample){0};
  frame->first = 0;
}

void sample_trip(const Program *program, Warp *warp, Frame *frame) {
  ++frame->trips;
  if (!frame->first)
    return;
  // How often a block was run is the same for all warps, too.
  bool anew = warp->counts[frame->block].times == (double)frame->trips + 1;
  if (frame->trips == FIRST_TRIPS - sampled(frame) && anew &&
      is_short(program, warp, frame))
    frame->first = SETTLING_TRIPS;
  if (frame->trips == frame->first - sampled(frame))
    begin_sample(program, warp, frame);
  if (frame->trips < frame->first)
    return;
  skip_trips(program, warp, frame);
  sample_free(frame);
}
