// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Open addressing with linear probing, at most half full.

#include "value_map.h"
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct ValueMapSlot {
  const void *key; ///< NULL: free
  void *entry;
} ValueMapSlot;

static ValueMapSlot *find(const ValueMap *map, const void *key) {
  size_t i = ((uintptr_t)key >> 4) * 0x9e3779b97f4a7c15u;
  for (i &= map->capacity - 1; map->slots[i].key && map->slots[i].key != key;)
    i = (i + 1) & (map->capacity - 1);
  return &map->slots[i];
}

static void grow(ValueMap *map) {
  ValueMapSlot *old = map->slots;
  size_t n = map->capacity;
  map->capacity = n ? 2 * n : 256;
  map->slots = memory_zeroed(map->capacity, sizeof *map->slots);
  for (size_t i = 0; i < n; ++i)
    if (old[i].key)
      *find(map, old[i].key) = old[i];
  free(old);
}

void *value_map_entry(ValueMap *map, MlirValue value) {
  if (2 * map->count >= map->capacity)
    grow(map);
  ValueMapSlot *slot = find(map, value.ptr);
  if (!slot->key) {
    *slot = (ValueMapSlot){value.ptr, memory_zeroed(1, map->entry_size)};
    memcpy(slot->entry, map->initial, map->entry_size);
    ++map->count;
  }
  return slot->entry;
}

void value_map_free(ValueMap *map, void (*release)(void *entry)) {
  for (size_t i = 0; i < map->capacity; ++i) {
    if (release && map->slots[i].key)
      release(map->slots[i].entry);
    free(map->slots[i].entry);
  }
  free(map->slots);
}
