// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products in flight: begun, done in order, waited for where they are used or
// before a region that has products of its own. Until then what follows runs
// beside them. Where only the regions of a branch use one, both sides wait: as
// ptxas moves a wait up as far as it can, but into no other block, that is not
// before what decides which side it is.

#include "flight.h"

#include "lowering/gpu/engine/engine.h"

void flight_push(Distribute *s, InFlight product) {
  s->flight.products[s->flight.n++] = product;
}

void flight_make_room(Distribute *s) {
  if (s->flight.n == MAX_IN_FLIGHT)
    flight_await_all(s);
}

void flight_await_oldest(Distribute *s, int n) {
  Flight *flight = &s->flight;
  if (!n)
    return;
  flight->n -= n;
  s->engine->await(s, flight->n);
  for (int i = 0; i < n; ++i)
    s->engine->take(s, &flight->products[i]);
  for (int i = 0; i < flight->n; ++i)
    flight->products[i] = flight->products[n + i];
}

void flight_await_all(Distribute *s) { flight_await_oldest(s, s->flight.n); }

/// How many of the oldest products are done when a tile is; 0: it is none in
/// flight.
static int done_with(const Distribute *s, MlirValue tile) {
  int n = s->flight.n;
  while (n > 0 && !mlirValueEqual(s->flight.products[n - 1].tile, tile))
    --n;
  return n;
}

void flight_await(Distribute *s, MlirValue tile) {
  flight_await_oldest(s, done_with(s, tile));
}

static int larger(int x, int y) { return x > y ? x : y; }

/// The same for all that a value is evaluated from.
static int done_with_sources(Distribute *s, MlirValue value) {
  if (!tile_is(value))
    return 0;
  int n = done_with(s, value);
  MlirOperation op = ir_def(value);
  if (context_entry(s, value)->kept || mlirOperationIsNull(op) ||
      mlirOperationGetNumRegions(op) > 0)
    return n;
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
    n = larger(n, done_with_sources(s, ir_operand(op, i)));
  return n;
}

int flight_needed(Distribute *s, MlirOperation op) {
  if (!s->flight.n)
    return 0;
  if (ir_is(op, "vector.contract"))
    return s->flight.n;
  int n = 0;
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
    n = larger(n, done_with_sources(s, ir_operand(op, i)));
  for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
    for (MlirOperation o = mlirBlockGetFirstOperation(ir_body(op, i));
         !mlirOperationIsNull(o); o = mlirOperationGetNextInBlock(o))
      n = larger(n, flight_needed(s, o));
  return n;
}

bool flight_is_only_for(const Distribute *s, int n, MlirOperation op) {
  for (int i = 0; i < n; ++i)
    for (MlirOpOperand use = mlirValueGetFirstUse(s->flight.products[i].tile);
         !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
      if (!ir_is_within(mlirOpOperandGetOwner(use), op))
        return false;
  return true;
}

/// Whether a product takes an operand from a buffer.
static bool takes_from(MlirOperation product, MlirValue buffer) {
  for (int i = 0; i < 2; ++i) {
    MlirOperation read = context_shared_read(ir_operand(product, i));
    if (!mlirOperationIsNull(read) &&
        mlirValueEqual(ir_operand(read, 0), buffer))
      return true;
  }
  return false;
}

void flight_await_readers(Distribute *s, MlirValue buffer) {
  int n = s->flight.n;
  while (n > 0 && !mlirValueIsNull(s->flight.products[n - 1].tile) &&
         !takes_from(ir_def(s->flight.products[n - 1].tile), buffer))
    --n;
  flight_await_oldest(s, n);
}

void flight_await_for(Distribute *s, MlirOperation op) {
  flight_await_oldest(s, flight_needed(s, op));
}
