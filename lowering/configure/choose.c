// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The choice between strategies. In: the work lists of a program's candidates,
// and chips. Out: the number of one of them.
//
// Those that have the shared memory and the registers that budget.h says are
// compared by the clocks that estimate.h says, on all chips together. The first
// one is taken that is as good as the cheapest one, as far as estimates tell.

#include "choose.h"

#include "estimate.h"

#include <assert.h>

int choose_add(Choice *choice, const Work *work) {
  assert(choice->n < CHOOSE_MOST);
  Candidate *c = &choice->candidates[choice->n];
  *c = (Candidate){.fits = work};
  for (int i = 0; i < choice->chips->n && c->fits; ++i) {
    Estimate e = estimate(work, choice->chips->chips[i]);
    c->fits = e.budget.blocks > 0;
    c->over |= e.budget.registers > e.budget.most_registers;
    c->clocks += e.clocks;
  }
  return choice->n++;
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

int choose_best(const Choice *choice) {
  const double as_good = 1.03;
  const Candidate *candidates = choice->candidates;
  int best = 0, first = 0;
  for (int i = 1; i < choice->n; ++i)
    if (is_better(&candidates[i], &candidates[best], 1))
      best = i;
  while (is_better(&candidates[best], &candidates[first], as_good))
    ++first;
  return first;
}

int choose_fitting(const Choice *choice) {
  int n = 0;
  for (int i = 0; i < choice->n; ++i)
    n += choice->candidates[i].fits && !choice->candidates[i].over;
  return n;
}
