// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Processors by their names, such as "x86-64-v3", of this machine's
// architecture.

#ifndef SIMPLICIAL_COMPILER_PROCESSOR_H
#define SIMPLICIAL_COMPILER_PROCESSOR_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

bool processor_is_known(const char *name);

/// Whether this machine's processor has what code for a known one uses.
bool processor_runs_here(const char *name);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_COMPILER_PROCESSOR_H
