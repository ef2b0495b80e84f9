// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds work lists. What has no room in one is a program that declares more
// than any: an assertion.

#include "work.h"

#include <assert.h>

WorkStep *work_add_step(Work *work, double times) {
  assert(work->n_steps < WORK_STEPS);
  WorkStep *step = &work->steps[work->n_steps++];
  step->times = times;
  step->n = 0;
  return step;
}

static WorkItem *add(WorkStep *step, WorkKind kind, double times) {
  assert(step->n < WORK_ITEMS);
  WorkItem *item = &step->items[step->n++];
  item->kind = kind;
  item->times = times;
  return item;
}

void work_add_product(WorkStep *step, double times, WorkProduct product) {
  add(step, WORK_PRODUCT, times)->product = product;
}

void work_add_elements(WorkStep *step, double times, WorkElements elements) {
  add(step, WORK_ELEMENTS, times)->elements = elements;
}

void work_add_reduction(WorkStep *step, double times) {
  add(step, WORK_REDUCTION, times);
}

void work_add_load(WorkStep *step, double times, WorkLoad load) {
  add(step, WORK_LOAD, times)->load = load;
}

void work_add_copy(WorkStep *step, double times, WorkCopy copy) {
  add(step, WORK_COPY, times)->copy = copy;
}

void work_add_buffer(Work *work, WorkBuffer buffer) {
  assert(work->n_buffers < WORK_BUFFERS);
  work->buffers[work->n_buffers++] = buffer;
}

void work_add_tile(Work *work, WorkTile tile) {
  assert(work->n_tiles < WORK_TILES && tile.moment < WORK_MOMENTS);
  work->tiles[work->n_tiles++] = tile;
}

int work_keep(Work *work, WorkKept kept) {
  assert(work->n_kept < WORK_MOST_KEPT);
  work->kept[work->n_kept] = kept;
  return work->n_kept++;
}
