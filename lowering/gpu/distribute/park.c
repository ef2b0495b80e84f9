// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parked tiles: slices of loads that loops leave no registers for, kept in
// shared memory meanwhile, as the registers of each thread.

#include "park.h"
#include "transfer.h"

#include "fragment.h"
#include "lowering/gpu/target/layout.h"
#include "lowering/ir_llvm.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

/// A thread's registers of a slice: one for each row, or for both.
static MlirType parked_type(Ir *b, const Entry *entry) {
  return entry->rows_equal ? ir_i32(b) : ir_vector(ir_i32(b), IR_DIMS(2));
}

static int64_t parked_bytes(const Entry *entry) {
  return entry->rows_equal ? 4 : 8;
}

/// The place of this thread's registers of a slice: those of all threads follow
/// each other.
static MlirValue parking(Distribute *s, const Entry *entry, int slice) {
  Ir *b = &s->b;
  int64_t threads = s->warps * WARP;
  return ir_advance(b, entry->pointer, parked_type(b, entry),
                    ir_addi(b, s->thread, ir_const_index(b, slice * threads)));
}

MlirValue park_copied_row(Distribute *s, const Entry *entry, MlirType tile,
                          MlirValue slice, MlirValue row) {
  Ir *b = &s->b;
  MlirValue rows = ir_const_index(b, ir_dim_size(tile, 0));
  row = ir_addi(b, ir_muli(b, slice, rows), row);
  return ir_advance(b, entry->pointer, ir_element(tile),
                    ir_muli(b, row, ir_const_index(b, SLICE)));
}

void park_make_room(Distribute *s, Entry *entry) {
  int64_t threads = s->warps * WARP;
  entry->pointer =
      context_allocate(s, entry->parked * threads * parked_bytes(entry),
                       entry->panels ? SWIZZLE_ROWS * SWIZZLE_BYTES : CHUNK);
}

void park_store(Distribute *s, Entry *entry, const Fragment *fragments) {
  Ir *b = &s->b;
  int slices = entry->parked;
  entry->rows_equal = !entry->panels; // which hold two rows of each thread
  for (int slice = 0; slice < slices; ++slice)
    entry->rows_equal &=
        mlirValueEqual(fragments[slice].v[0][0], fragments[slice].v[1][0]);
  park_make_room(s, entry);
  int64_t bytes = parked_bytes(entry);
  for (int slice = 0; slice < slices; ++slice) {
    MlirValue v[2];
    for (int i = 0; i < 2; ++i)
      v[i] = ir_value(b, "llvm.bitcast", ir_i32(b),
                      IR_VALUES(fragments[slice].v[i][0]), IR_NONE);
    MlirValue all = entry->rows_equal
                        ? v[0]
                        : ir_value(b, "vector.from_elements",
                                   parked_type(b, entry), 2, v, IR_NONE);
    transfer_store(b, all, parking(s, entry, slice), bytes);
  }
}

/// Volatile: or LLVM would load before a loop what is parked for it.
static MlirValue load_parked(Ir *b, MlirType type, MlirValue pointer,
                             int64_t bytes) {
  return ir_value(b, "llvm.load", type, IR_VALUES(pointer),
                  IR_ATTRIBUTES({"alignment", ir_i64_attr(b, bytes)},
                                {"volatile_", mlirUnitAttrGet(b->context)}));
}

Fragment park_load(Distribute *s, MlirValue tile, int slice) {
  Ir *b = &s->b;
  const Entry *entry = context_entry(s, tile);
  MlirType type = ir_type(tile), element = ir_element(type);
  MlirValue v[2];
  if (entry->copied) {
    MlirValue first =
        park_copied_row(s, entry, type, ir_const_index(b, slice),
                        ir_muli(b, s->warp, ir_const_index(b, WARP_ROWS)));
    for (int64_t i = 0; i < 2; ++i)
      v[i] = load_parked(
          b, ir_i32(b),
          ir_advance(b, first, ir_i32(b),
                     ir_addi(b, s->lane, ir_const_index(b, i * WARP))),
          sizeof(int32_t));
  } else {
    MlirValue all = load_parked(b, parked_type(b, entry),
                                parking(s, entry, slice), parked_bytes(entry));
    for (int i = 0; i < 2; ++i)
      v[i] = entry->rows_equal ? all : fragment_element(b, all, i);
  }
  Fragment f;
  for (int i = 0; i < 2; ++i)
    f.v[i][0] = f.v[i][1] =
        ir_value(b, "llvm.bitcast", ir_vector(element, IR_DIMS(2)),
                 IR_VALUES(v[i]), IR_NONE);
  return f;
}
