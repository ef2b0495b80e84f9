// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which of a program's candidates is taken.

#ifndef SIMPLICIAL_LOWERING_CONFIGURE_CHOOSE_H
#define SIMPLICIAL_LOWERING_CONFIGURE_CHOOSE_H

#include "work.h"

#include "lowering/gpu/target/chip.h"

enum { CHOOSE_MOST = 512 };

/// What is known of a candidate.
typedef struct Candidate {
  bool fits; ///< the shared memory of all chips
  bool over; ///< the registers of some
  double clocks;
} Candidate;

typedef struct Choice {
  const ChipList *chips;
  int n;
  Candidate candidates[CHOOSE_MOST];
} Choice;

/// Adds a candidate, what is more usual before what is less, and returns its
/// number; without a list it is one that cannot be. There is no room for more
/// than CHOOSE_MOST.
int choose_add(Choice *choice, const Work *work);

/// The number of the candidate to take.
int choose_best(const Choice *choice);

/// How many there are that have all they need.
int choose_fitting(const Choice *choice);

#endif // SIMPLICIAL_LOWERING_CONFIGURE_CHOOSE_H
