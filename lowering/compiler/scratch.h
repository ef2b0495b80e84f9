// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A folder for what other programs read and write.

#ifndef SIMPLICIAL_COMPILER_SCRATCH_H
#define SIMPLICIAL_COMPILER_SCRATCH_H

#include "lowering/gpu/target/chip.h"
#include "simplicial/runtime.h"
#include "text.h"

/// A folder of files that go with it.
typedef struct Scratch {
  Text path;
  int n;
  Text files[MAX_CHIPS + 3]; // cubins, PTX, fatbin and what a program prints
} Scratch;

/// Whatever the status, the folder must be destroyed.
SimplicialStatus scratch_create(Scratch *self);
void scratch_destroy(Scratch *self);

/// The path of another file; NULL if there is no memory.
const char *scratch_add(Scratch *self);

SimplicialStatus scratch_write(const char *path, MlirStringRef bytes);
SimplicialStatus scratch_read(const char *path, Text *bytes);

/// Runs a program that writes the file `result`. What it prints goes to `log`;
/// if it fails, that is in the status.
SimplicialStatus scratch_run(char *const *command, const char *result,
                             const char *log);

#endif // SIMPLICIAL_COMPILER_SCRATCH_H
