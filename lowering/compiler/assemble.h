// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX -> machine code, by the CUDA toolkit's ptxas.

#ifndef SIMPLICIAL_COMPILER_ASSEMBLE_H
#define SIMPLICIAL_COMPILER_ASSEMBLE_H

#include "lowering/gpu/target/chip.h"
#include "simplicial/runtime.h"
#include "text.h"
#include "trace.h"

/// Appends a chip's machine code to `code`, if that is not NULL, and what ptxas
/// says to `log`, if that is not. `options`, behind which stands NULL, are its
/// options. `trace` may be NULL here.
SimplicialStatus assemble(MlirStringRef ptx, const Chip *chip,
                          const char *const *options, Trace *trace, Text *code,
                          Text *log);

/// The same with the options that kernels are assembled with.
SimplicialStatus assemble_kernels(MlirStringRef ptx, const ChipList *list,
                                  int chip, Trace *trace, Text *code);

/// Makes the objects of each gpu.binary, PTX of each chip, machine code.
SimplicialStatus assemble_module(const ChipList *list, MlirModule module,
                                 Trace *trace);

#endif // SIMPLICIAL_COMPILER_ASSEMBLE_H
