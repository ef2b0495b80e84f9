// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Turns what MLIR diagnoses in a context into a status message.

#ifndef SIMPLICIAL_COMPILER_DIAGNOSTICS_H
#define SIMPLICIAL_COMPILER_DIAGNOSTICS_H

#include "mlir-c/Diagnostics.h"
#include "simplicial/runtime.h"
#include "text.h"

typedef struct Diagnostics {
  MlirContext context;
  MlirDiagnosticHandlerID handler;
  const char *source_name; ///< replaces MLIR's "-"; NULL: nothing does
  Text errors;
} Diagnostics;

/// Collects the errors of `context` until diagnostics_end; warnings go where
/// they went before. `self` must not move meanwhile.
void diagnostics_begin(Diagnostics *self, MlirContext context,
                       const char *source_name);

/// Success, or the errors since diagnostics_begin, or, if none was diagnosed,
/// "`what` failed".
SimplicialStatus diagnostics_status(const Diagnostics *self, bool success,
                                    const char *what);

void diagnostics_end(Diagnostics *self);

#endif // SIMPLICIAL_COMPILER_DIAGNOSTICS_H
