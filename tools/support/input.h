// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What --input says:
//
//   @FILE.npy                        the elements of a file
//   2x128x8x64xbf16:random=SEED      normally distributed numbers
//
// and after either `:pad=N` (that many unused elements after each innermost
// row), and after the latter `:std=S` (the standard deviation; 1 if absent).

#ifndef SIMPLICIAL_TOOLS_INPUT_H
#define SIMPLICIAL_TOOLS_INPUT_H

#include "tensor.h"

/// Makes the tensor that `spec` describes. Elements of a file are converted to
/// `type`; those of a random tensor must be of that type already. On success
/// the caller frees the tensor.
SimplicialStatus input_make(const char *spec, DLDataType type, Tensor *tensor);

/// The file that `spec` names; NULL where it names none, or memory runs out.
/// The caller frees it.
char *input_path(const char *spec);

#endif // SIMPLICIAL_TOOLS_INPUT_H
