// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Device memory in the order of a stream's work, in the current context.

#ifndef SIMPLICIAL_RUNTIME_CUDA_STREAM_H
#define SIMPLICIAL_RUNTIME_CUDA_STREAM_H

#include "simplicial/runtime.h"

/// Memory that the stream's later work may use.
SimplicialStatus stream_allocate(int64_t bytes, void *stream, void **data);

/// Frees it behind the work that the stream has so far.
SimplicialStatus stream_free(void *data, void *stream);

#endif // SIMPLICIAL_RUNTIME_CUDA_STREAM_H
