// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a parallel loop's body needs from outside, for the stages that make a
// function of it.

#ifndef SIMPLICIAL_LOWERING_CAPTURES_H
#define SIMPLICIAL_LOWERING_CAPTURES_H

#include "ir.h"

enum { MAX_CAPTURES = 256 };

typedef struct Captures {
  MlirOperation loop;
  int n;
  MlirValue values[MAX_CAPTURES];
  MlirValue replacements[MAX_CAPTURES]; ///< for the stage to fill in
  bool overflow;
} Captures;

/// The `n` values of `also`, and all that ops in `loop` use from outside it.
MlirLogicalResult captures_collect(Captures *captures, MlirOperation loop,
                                   int n, const MlirValue *also);
int captures_find(const Captures *captures, MlirValue value);
/// Constants do not travel: the new function has its own.
bool capture_is_constant(MlirValue value);

/// The extents of an scf.forall: its static bounds as constants, made at `b`,
/// the others as they are. Diagnoses a loop not from 0 in steps of 1.
MlirLogicalResult forall_extents(Ir *b, MlirOperation forall, int *rank,
                                 MlirValue *extents);

/// The function around an scf.forall, which may be in loops and branches of it.
/// Diagnoses one that is in another parallel loop, or in no function.
MlirLogicalResult forall_function(MlirOperation forall,
                                  MlirOperation *function);

#endif // SIMPLICIAL_LOWERING_CAPTURES_H
