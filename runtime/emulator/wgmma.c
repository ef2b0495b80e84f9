// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// wgmma.mma_async, by the fragment layouts of the PTX ISA: a warpgroup
// multiplies A (64 x 16) by B (16 x n). It reads shared memory and
// gives its results at some moment between its issue and the wait for it; until
// then its registers hold tags. With w = the warp, g = lane / 4, t = lane % 4,
// a thread has
//
//   A, registers 0..3   rows 16 w + g, + 8, + 0, + 8; columns 2t, 2t+1 in
//                       registers 0 and 1, 2t+8, 2t+9 in 2 and 3
//   D, register r       row 16 w + g, + 8 if r % 4 > 1; column
//                       8 (r / 4) + 2t + r % 2
//
// A tag is a signalling NaN, as no arithmetic gives one, with the number of an
// accumulator and the register. Every wgmma makes a new accumulator: of an old
// one, which then has no value any more, or of numbers.

#include "warpgroup.h"

#include "warp.h"
#include "wgmma_operand.h"

#include <stdlib.h>
#include <string.h>

enum { M = 64, K = WGMMA_K };

/// Accumulators are numbered from 1 on; as many as this are remembered.
enum { REMEMBERED = 256, NUMBERS = (1 << 15) - 1 };

struct Product {
  uint32_t site, group;
  uint32_t n;
  bool is_bf16, a_mn_major, b_mn_major, a_in_registers, accumulate;
  uint64_t a, b; ///< descriptors
  float registers[M][K];
  float *d; ///< [64][n]: acc, then the result
};

struct Accumulator {
  uint32_t number; ///< 0: none
  uint32_t site, group, n;
  float *d; ///< [64][n]
};

/// A thread's operands.
typedef struct Issue {
  uint32_t *registers; ///< acc, then the tags of d
  const uint32_t *a;   ///< NULL: in memory
  uint64_t descriptor_a, descriptor_b;
  bool accumulate;
  uint32_t n;
  bool is_bf16, a_mn_major, b_mn_major;
} Issue;

// Tags ------------------------------------------------------------------------

enum { REGISTER_BITS = 7, TAG_BITS = 22 };

static uint32_t tag(uint32_t number, uint32_t r) {
  return UINT32_C(0x7f800000) | number << REGISTER_BITS | r;
}

static uint32_t tag_register(uint32_t bits) {
  return bits & ((1u << REGISTER_BITS) - 1);
}

static uint32_t tag_number(uint32_t bits) {
  return (bits & ((1u << TAG_BITS) - 1)) >> REGISTER_BITS;
}

static bool is_tag(uint32_t bits) {
  return bits >> TAG_BITS == UINT32_C(0x7f800000) >> TAG_BITS &&
         tag_number(bits);
}

// Doing it --------------------------------------------------------------------

static void multiply(Thread *first, const Product *p) {
  float a[K][WGMMA_MAX_ROWS], b[K][WGMMA_MAX_ROWS];
  Operand operand = operand_of(first, p->site, p->b, p->n, p->b_mn_major);
  operand_read(first->block, &operand, p->is_bf16, b);
  if (!p->a_in_registers) {
    operand = operand_of(first, p->site, p->a, M, p->a_mn_major);
    operand_read(first->block, &operand, p->is_bf16, a);
  }
  for (int r = 0; r < M; ++r) {
    float *d = p->d + (size_t)r * p->n;
    if (!p->accumulate)
      memset(d, 0, p->n * sizeof *d);
    for (int k = 0; k < K; ++k) {
      float x = p->a_in_registers ? p->registers[r][k] : a[k][r];
      for (uint32_t c = 0; c < p->n; ++c)
        d[c] += x * b[k][c];
    }
  }
}

static Product *oldest(Warpgroup *group) {
  return group->product_count ? &group->products[group->first_product] : NULL;
}

static void do_oldest(Thread *first) {
  Warpgroup *group = warpgroup_of(first);
  multiply(first, oldest(group));
  group->first_product = (group->first_product + 1) % group->product_capacity;
  --group->product_count;
}

void products_drift(Block *block) {
  for (int g = 0; g < warpgroup_count(block); ++g)
    if (block->warpgroups[g].product_count && !random_below(block, 16))
      do_oldest(&block->threads[g * WARPGROUP]);
}

static Product *add_product(Thread *first) {
  Warpgroup *group = warpgroup_of(first);
  size_t capacity = group->product_capacity;
  if (group->product_count == capacity) {
    size_t larger = capacity ? 2 * capacity : 16;
    Product *products = malloc(larger * sizeof *products);
    if (!products)
      thread_fail(first, first->site, "out of memory");
    for (size_t i = 0; i < capacity; ++i)
      products[i] = group->products[(group->first_product + i) % capacity];
    free(group->products);
    group->products = products;
    group->first_product = 0;
    group->product_capacity = capacity = larger;
  }
  return &group->products[(group->first_product + group->product_count++) %
                          capacity];
}

void products_reset(Warpgroup *group) {
  group->first_product = group->product_count = 0;
  group->agent = -1;
  for (int i = 0; group->accumulators && i < REMEMBERED; ++i)
    group->accumulators[i].number = 0;
}

void products_destroy(Warpgroup *group) {
  for (int i = 0; group->accumulators && i < REMEMBERED; ++i)
    free(group->accumulators[i].d);
  free(group->accumulators);
  free(group->products);
}

// Accumulators ----------------------------------------------------------------

/// The one with that number, or NULL.
static Accumulator *find(const Warpgroup *group, uint32_t number) {
  if (!group->accumulators)
    return NULL;
  Accumulator *self = &group->accumulators[number % REMEMBERED];
  return self->number == number ? self : NULL;
}

/// Where register `r` of `thread` is.
static float *element(const Accumulator *self, const Thread *thread,
                      uint32_t r) {
  uint32_t t = (uint32_t)thread->index % WARPGROUP, lane = t % WARP;
  uint32_t row = t / WARP * 16 + lane / 4 + r / 2 % 2 * 8;
  return &self->d[row * self->n + r / 4 * 8 + lane % 4 * 2 + r % 2];
}

static bool in_flight(const Accumulator *self, const Thread *thread) {
  return self->group >= thread->products_retired;
}

/// The accumulator whose tags all threads hold; NULL if they hold none.
static Accumulator *held(Thread *first, uint32_t n) {
  const Issue *issue = first->operands;
  if (!is_tag(issue->registers[0]))
    return NULL;
  uint32_t number = tag_number(issue->registers[0]);
  Accumulator *self = find(warpgroup_of(first), number);
  if (!self)
    thread_fail(first, first->site,
                "accumulates in registers that a later wgmma has taken over");
  for (int t = 0; t < WARPGROUP; ++t)
    for (uint32_t r = 0; r < n / 2; ++r)
      if (((const Issue *)first[t].operands)->registers[r] != tag(number, r) ||
          self->n != n)
        thread_fail(&first[t], first->site,
                    "accumulates in part of the registers of the wgmma at %s",
                    site_text(first->block, self->site));
  return self;
}

/// A new one, without elements.
static Accumulator *add_accumulator(Thread *first) {
  Warpgroup *group = warpgroup_of(first);
  if (!group->accumulators)
    group->accumulators = calloc(REMEMBERED, sizeof *group->accumulators);
  if (!group->accumulators)
    thread_fail(first, first->site, "out of memory");
  group->accumulator = group->accumulator % NUMBERS + 1;
  Accumulator *self = &group->accumulators[group->accumulator % REMEMBERED];
  if (self->number && in_flight(self, first))
    thread_fail(first, first->site, "more than %d wgmmas in flight",
                REMEMBERED);
  self->number = group->accumulator;
  return self;
}

static void take_registers(Thread *first, const Accumulator *self) {
  for (int t = 0; t < WARPGROUP; ++t) {
    const Issue *issue = first[t].operands;
    for (uint32_t r = 0; r < self->n / 2; ++r)
      memcpy(element(self, &first[t], r), &issue->registers[r], sizeof(float));
  }
}

/// The accumulator of the wgmma that `first` issues, in its place.
static Accumulator *accumulator_for(Thread *first, uint32_t n,
                                    bool accumulate) {
  Accumulator *old = accumulate ? held(first, n) : NULL;
  Accumulator *self = add_accumulator(first);
  self->site = first->site;
  self->group = first->products_committed;
  self->n = n;
  if (old) {
    float *spare = self->d;
    self->d = old->d;
    old->d = spare;
    old->number = 0;
    return self;
  }
  free(self->d);
  self->d = malloc((size_t)M * n * sizeof *self->d);
  if (!self->d)
    thread_fail(first, first->site, "out of memory");
  if (accumulate)
    take_registers(first, self);
  return self;
}

// Issue -----------------------------------------------------------------------

static void check_threads(Thread *first) {
  const Issue *issue = first->operands;
  for (int t = 0; t < WARPGROUP; ++t) {
    const Issue *other = first[t].operands;
    if (!first[t].products_fenced)
      thread_fail(&first[t], first->site,
                  "no wgmma.fence since the last wgmma.commit_group");
    if (other->descriptor_a != issue->descriptor_a ||
        other->descriptor_b != issue->descriptor_b ||
        other->accumulate != issue->accumulate ||
        first[t].products_committed != first->products_committed)
      thread_fail(&first[t], first->site,
                  "operands or groups differ from those of thread %d",
                  first->index);
  }
}

static void issue_product(Thread *first, uint32_t lanes) {
  (void)lanes;
  const Issue *issue = first->operands;
  Warpgroup *group = warpgroup_of(first);
  uint32_t site = first->site;
  check_threads(first);
  if (group->agent < 0)
    group->agent = clocks_add_agent(&first->block->clocks);
  if (group->agent < 0)
    thread_fail(first, site, "the emulator has no agent left for this");

  Epoch epoch = agent_epoch(group->agent, first->products_committed + 1);
  Operand operand =
      operand_of(first, site, issue->descriptor_b, issue->n, issue->b_mn_major);
  operand_begin(first, site, &operand, epoch);
  if (!issue->a) {
    operand =
        operand_of(first, site, issue->descriptor_a, M, issue->a_mn_major);
    operand_begin(first, site, &operand, epoch);
  }
  const Accumulator *acc = accumulator_for(first, issue->n, issue->accumulate);
  Product *p = add_product(first);
  *p = (Product){.site = site,
                 .group = first->products_committed,
                 .n = issue->n,
                 .is_bf16 = issue->is_bf16,
                 .a_mn_major = issue->a_mn_major,
                 .b_mn_major = issue->b_mn_major,
                 .a_in_registers = issue->a,
                 .accumulate = issue->accumulate,
                 .a = issue->descriptor_a,
                 .b = issue->descriptor_b,
                 .d = acc->d};
  for (int t = 0; t < WARPGROUP; ++t) {
    const Issue *thread = first[t].operands;
    int row = t / WARP * 16 + t % WARP / 4, column = t % 4 * 2;
    for (int i = 0; thread->a && i < 8; ++i) // four registers' halves
      p->registers[row + i / 2 % 2 * 8][column + i / 4 * 8 + i % 2] =
          operand_to_float((uint16_t)(thread->a[i / 2] >> 16 * (i % 2)),
                           issue->is_bf16);
    for (uint32_t r = 0; r < issue->n / 2; ++r)
      thread->registers[r] = tag(acc->number, r);
  }
}

void simplicialEmulateWgmma(Thread *thread, uint32_t site, uint32_t *acc,
                            const uint32_t *a, uint64_t descriptor_a,
                            uint64_t descriptor_b, uint32_t accumulate,
                            uint32_t n, uint32_t is_bf16, uint32_t a_mn_major,
                            uint32_t b_mn_major) {
  Issue issue = {.registers = acc,
                 .a = a,
                 .descriptor_a = descriptor_a,
                 .descriptor_b = descriptor_b,
                 .accumulate = accumulate,
                 .n = n,
                 .is_bf16 = is_bf16,
                 .a_mn_major = a_mn_major,
                 .b_mn_major = b_mn_major};
  warpgroup_together(thread, site, issue_product, &issue);
}

// Fences, groups, waits -------------------------------------------------------

static void nothing(Thread *warp, uint32_t lanes) { (void)warp, (void)lanes; }

void simplicialEmulateWgmmaFence(Thread *thread, uint32_t site) {
  warp_together(thread, site, nothing, NULL);
  thread->products_fenced = true;
}

void simplicialEmulateWgmmaCommit(Thread *thread, uint32_t site) {
  warp_together(thread, site, nothing, NULL);
  ++thread->products_committed;
  thread->products_fenced = false;
}

void simplicialEmulateWgmmaWait(Thread *thread, uint32_t site,
                                uint32_t groups) {
  warp_together(thread, site, nothing, NULL);
  if (groups > thread->products_committed)
    return;
  Warpgroup *group = warpgroup_of(thread);
  uint32_t retired = thread->products_committed - groups;
  while (oldest(group) && oldest(group)->group < retired)
    do_oldest(warpgroup_first(thread));
  if (retired > thread->products_retired)
    thread->products_retired = retired;
  if (group->agent >= 0)
    clocks_see_agent(&thread->block->clocks, thread->index, group->agent,
                     retired);
}

void simplicialEmulateTie(Thread *thread, uint32_t site, uint32_t *registers,
                          uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    if (!is_tag(registers[i]))
      continue;
    const Accumulator *acc =
        find(warpgroup_of(thread), tag_number(registers[i]));
    if (!acc)
      thread_fail(thread, site,
                  "ties registers that a later wgmma has taken over");
    if (!in_flight(acc, thread))
      memcpy(&registers[i], element(acc, thread, tag_register(registers[i])),
             sizeof *registers);
  }
}

void simplicialEmulateTouch(Thread *thread, uint32_t site, uint32_t bits) {
  if (!is_tag(bits))
    return;
  const Accumulator *acc = find(warpgroup_of(thread), tag_number(bits));
  if (!acc)
    thread_fail(thread, site,
                "touches a register that a later wgmma has taken over");
  thread_fail(thread, site, "touches register %u of the wgmma at %s, which %s",
              tag_register(bits), site_text(thread->block, acc->site),
              in_flight(acc, thread)
                  ? "is in flight"
                  : "has been waited for, but no simplicial.tie is between");
}

void products_finish(Block *block) {
  for (int g = 0; g < warpgroup_count(block); ++g) {
    const Warpgroup *group = &block->warpgroups[g];
    for (int t = g * WARPGROUP; t < block->n && t < (g + 1) * WARPGROUP; ++t) {
      Thread *thread = &block->threads[t];
      const Accumulator *acc = find(group, group->accumulator);
      if (group->agent >= 0 && acc && in_flight(acc, thread))
        thread_error(thread, acc->site,
                     "the kernel ends and the thread has not waited for this");
    }
  }
}
