// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What all our passes share: each is a function on a module.

#ifndef SIMPLICIAL_LOWERING_PASS_H
#define SIMPLICIAL_LOWERING_PASS_H

#include "simplicial/passes.h"

/// A stateless pass on `builtin.module`. On failure it has emitted a
/// diagnostic.
typedef struct PassDefinition {
  const char *name;
  const char *description;
  MlirLogicalResult (*run)(MlirOperation module);
} PassDefinition;

/// `definition` and `id` must outlive every pass: make them static. The
/// address of `id` identifies the pass to MLIR, which wants it 8-aligned.
MlirPass pass_create(const PassDefinition *definition, const int64_t *id);

/// Calls `visit` on each op within `root` that has one of the `n` names; the
/// ops are collected first, so `visit` may erase the one it is given. Stops at
/// the first failure.
MlirLogicalResult pass_for_each(MlirOperation root, int n,
                                const char *const *names,
                                MlirLogicalResult (*visit)(MlirOperation));

#endif // SIMPLICIAL_LOWERING_PASS_H
