// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a stage knows of the values of the program it takes apart.

#ifndef SIMPLICIAL_LOWERING_VALUE_MAP_H
#define SIMPLICIAL_LOWERING_VALUE_MAP_H

#include "mlir-c/IR.h"

#include <stddef.h>

/// A hash table. Its entries stay where they are until the map is freed.
typedef struct ValueMap {
  size_t entry_size;   ///< set these two, zero the rest
  const void *initial; ///< what a new entry is
  struct ValueMapSlot *slots;
  size_t count, capacity;
} ValueMap;

/// The value's entry, made if there is none.
void *value_map_entry(ValueMap *map, MlirValue value);
/// Calls `release`, if not NULL, with each entry, and frees everything.
void value_map_free(ValueMap *map, void (*release)(void *entry));

#endif // SIMPLICIAL_LOWERING_VALUE_MAP_H
