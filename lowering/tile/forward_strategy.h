// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tiling strategy an attention gets.

#ifndef SIMPLICIAL_LOWERING_TILE_FORWARD_STRATEGY_H
#define SIMPLICIAL_LOWERING_TILE_FORWARD_STRATEGY_H

#include "lowering/configure/config.h"
#include "lowering/gpu/target/chip.h"

/// A strategy with all that the operation's `simplicial.config` says: for GPUs
/// the one that should take least time of those that fit. Diagnoses entries
/// that are not what they must be; if nothing goes with them, what comes out
/// does not either. CONFIG_FEW is CONFIG_FORWARD's for few queries.
MlirLogicalResult forward_strategy(MlirOperation op, const ChipList *chips,
                                   ConfigPart part, Config *config);

/// How many queries, of all sequences, are taken as `few`, as that is faster
/// than as `many`.
int64_t forward_few_queries(MlirOperation op,
                            SimplicialAttentionAttributes attributes,
                            const ChipList *chips, const Config *few,
                            const Config *many);

#endif // SIMPLICIAL_LOWERING_TILE_FORWARD_STRATEGY_H
