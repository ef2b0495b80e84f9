// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What passes do where memory runs out: they cannot go on, and have no status
// to return. Who runs them says what then happens to his thread.

#ifndef SIMPLICIAL_LOWERING_MEMORY_H
#define SIMPLICIAL_LOWERING_MEMORY_H

#include <stddef.h>

/// Sets what this thread does where memory runs out, which must not return;
/// NULL, as at the start: abort(). What it was before.
typedef void MemoryHandler(void);
MemoryHandler *memory_set_handler(MemoryHandler *handler);

/// calloc and realloc of at least one byte, never NULL.
void *memory_zeroed(size_t count, size_t size);
void *memory_resized(void *memory, size_t size);

#endif // SIMPLICIAL_LOWERING_MEMORY_H
