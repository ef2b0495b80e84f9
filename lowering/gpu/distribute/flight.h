// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products that an engine has begun, and waits for them.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_FLIGHT_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_FLIGHT_H

#include "context.h"

/// Adds one that has been begun.
void flight_push(Distribute *s, InFlight product);
/// Waits for all if there are as many as may be in flight.
void flight_make_room(Distribute *s);
/// Waits for a tile if it is a product in flight, and for all before it.
void flight_await(Distribute *s, MlirValue tile);
void flight_await_oldest(Distribute *s, int n);
void flight_await_all(Distribute *s);
/// Waits for those that take an operand from a buffer.
void flight_await_readers(Distribute *s, MlirValue buffer);
/// How many of the oldest products an op, or its regions, are evaluated from;
/// all if it holds products.
int flight_needed(Distribute *s, MlirOperation op);
/// Whether the `n` oldest products are used in the regions of `op` alone.
bool flight_is_only_for(const Distribute *s, int n, MlirOperation op);
/// Waits for what an op, or its regions, are evaluated from.
void flight_await_for(Distribute *s, MlirOperation op);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_FLIGHT_H
