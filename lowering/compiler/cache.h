// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bytes by key, on disk, for later processes and for others of now. Whatever is
// wrong with the disk or with a file, there is just nothing in the cache.
//
// Any number of threads and processes may load and store at once.

#ifndef SIMPLICIAL_COMPILER_CACHE_H
#define SIMPLICIAL_COMPILER_CACHE_H

#include "text.h"

#include <stdint.h>

/// A digest of all that the bytes depend on. 256 bits do not collide.
typedef struct CacheKey {
  uint8_t bytes[32];
} CacheKey;

/// Whether there is a cache at all.
bool cache_is_on(void);

/// Appends what was stored under `key`; false, and nothing appended, if there
/// is none that is whole and this user's own.
bool cache_load(const CacheKey *key, Text *bytes);

/// Stores the bytes under `key`, in place of what is there, and removes what
/// has not been used for longest while there is too much.
void cache_store(const CacheKey *key, const Text *bytes);

#endif // SIMPLICIAL_COMPILER_CACHE_H
