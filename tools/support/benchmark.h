// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --benchmark: how fast a function is on given arguments.

#ifndef SIMPLICIAL_TOOLS_BENCHMARK_H
#define SIMPLICIAL_TOOLS_BENCHMARK_H

#include "simplicial/compiler.h"

/// Calls the function once to warm up and `repetitions` times more, and prints
/// the time of a call and the throughput, and on the CPU its share of this
/// machine's peak and the memory needed.
SimplicialStatus benchmark(const SimplicialFunction *function,
                           DLTensor *const *arguments, int count,
                           int repetitions);

#endif // SIMPLICIAL_TOOLS_BENCHMARK_H
