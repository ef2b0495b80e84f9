// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a compilation into memory depends on -> its key in the cache.

#ifndef SIMPLICIAL_COMPILER_CACHE_KEY_H
#define SIMPLICIAL_COMPILER_CACHE_KEY_H

#include "cache.h"

/// The key of compiling a module (`length` bytes of text or bytecode) for
/// `target`; false if there is no cache, or something has no identity.
bool cache_key(const char *source, size_t length, const char *target,
               CacheKey *key);

/// Makes the key one of what also depends on `text`.
void cache_key_add(CacheKey *key, const char *text);

#endif // SIMPLICIAL_COMPILER_CACHE_KEY_H
