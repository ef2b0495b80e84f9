// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What all our passes share: each is a function on a module, which on failure
// has emitted a diagnostic.

#ifndef SIMPLICIAL_LOWERING_PASS_H
#define SIMPLICIAL_LOWERING_PASS_H

#include "simplicial/passes.h"

/// X(Name, function, pass name, description) for each pass, in pipeline order.
#define FOR_EACH_PASS(X)                                                       \
  X(Raise, pass_raise, "simplicial-raise",                                     \
    "Replace what carries an operation by its name by the operation")          \
  X(Verify, pass_verify, "simplicial-verify",                                  \
    "Check the semantics of simplicial operations")                            \
  X(Inline, pass_inline, "simplicial-inline",                                  \
    "Replace calls by the bodies of the functions of a module")                \
  X(Differentiate, pass_differentiate, "simplicial-differentiate",             \
    "Add the gradients of the functions that ask for them")                    \
  X(Configure, pass_configure, "simplicial-configure",                         \
    "Choose the tiling strategy of each operation")                            \
  X(Bufferize, pass_bufferize, "simplicial-bufferize",                         \
    "Rewrite attention on tensors to memrefs")                                 \
  X(Tile, pass_tile, "simplicial-tile",                                        \
    "Lower attention on memrefs to tile programs")                             \
  X(CheckTiles, pass_check_tiles, "simplicial-check-tiles",                    \
    "Check that tile programs are such")                                       \
  X(Workspace, pass_workspace, "simplicial-workspace",                         \
    "Add functions that compute how much memory others allocate")              \
  X(Stage, pass_stage, "simplicial-stage",                                     \
    "Copy what feeds products to shared memory asynchronously")                \
  X(Distribute, pass_distribute, "simplicial-distribute",                      \
    "Distribute tiles over the threads of a GPU")                              \
  X(Interleave, pass_interleave, "simplicial-interleave",                      \
    "Begin products before all of their left operands are there")              \
  X(Emulate, pass_emulate, "simplicial-emulate",                               \
    "Lower GPU programs to calls of the emulator")                             \
  X(Block, pass_block, "simplicial-block",                                     \
    "Lower tile values to CPU vectors and scratch buffers")                    \
  X(Outline, pass_outline, "simplicial-outline",                               \
    "Outline parallel loops for the thread pool")                              \
  X(Nvvm, pass_nvvm, "simplicial-nvvm",                                        \
    "Attach the target to GPU modules, and lower our own ops in them")         \
  X(Launch, pass_launch, "simplicial-launch",                                  \
    "Lower kernel launches to calls of the runtime")                           \
  X(Allocate, pass_allocate, "simplicial-allocate",                            \
    "Lower allocations to calls of the runtime, with what is done if one "     \
    "fails")

#define DECLARE(Name, function, name, description)                             \
  MlirLogicalResult function(MlirOperation module);
FOR_EACH_PASS(DECLARE)
#undef DECLARE

/// Calls `visit` on each op within `root` that has one of the `n` names; the
/// ops are collected first, so `visit` may erase the one it is given. Stops at
/// the first failure.
MlirLogicalResult pass_for_each(MlirOperation root, int n,
                                const char *const *names,
                                MlirLogicalResult (*visit)(MlirOperation));

/// Leaves memory that the program frees itself to it: upstream's deallocation
/// takes all other.
MlirLogicalResult pass_keep_deallocations(MlirOperation module);

/// Gives public functions C wrappers, being what a host program calls.
MlirLogicalResult pass_request_c_interfaces(MlirOperation module);

#endif // SIMPLICIAL_LOWERING_PASS_H
