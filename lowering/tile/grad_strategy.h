// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tiling strategies a gradient gets.

#ifndef SIMPLICIAL_LOWERING_TILE_GRAD_STRATEGY_H
#define SIMPLICIAL_LOWERING_TILE_GRAD_STRATEGY_H

#include "lowering/configure/config.h"
#include "lowering/gpu/target/chip.h"

/// Strategies of the program over queries and of that over keys, with all that
/// the operation's `simplicial.config` says. Diagnoses entries that are not
/// what they must be; what does not go with them is not checked here.
MlirLogicalResult grad_strategy(MlirOperation op, const ChipList *chips,
                                Config *query, Config *keys);

#endif // SIMPLICIAL_LOWERING_TILE_GRAD_STRATEGY_H
