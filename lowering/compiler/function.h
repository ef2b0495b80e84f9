// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known about a public function apart from its code.
//
// Dimensions that must be equal, in whatever arguments they are, share a
// *symbol*: for attention on dynamic shapes, one for B, one for Nq and one for
// N. A symbol has a static size or gets one from the inputs of each call.

#ifndef SIMPLICIAL_COMPILER_FUNCTION_H
#define SIMPLICIAL_COMPILER_FUNCTION_H

#include "compilation.h"

#include "simplicial/compiler.h"
#include "simplicial/dialect.h"

typedef SimplicialObjectArgument Argument;

/// An attention operation in the function, or the gradient of one.
typedef struct Attention {
  bool gradient;
  SimplicialAttentionAttributes attributes;
  int b, nq, hq, n, n2, d; ///< symbols; n2, of k2 and v2, may be n
} Attention;

struct SimplicialFunction {
  char *name;
  bool gpu;      ///< tensors are in the GPU's memory
  bool emulated; ///< kernels run on the emulator
  int input_count, output_count;
  Argument *arguments; ///< inputs, then outputs
  int symbol_count;
  int64_t *sizes; ///< of symbols: static or SIMPLICIAL_DYNAMIC
  int attention_count;
  Attention *attentions;
  bool has_workspace; ///< there is a function that computes it
  // NULL until it is loaded:
  void (*entry)(void **descriptors);
  void (*load)(void); ///< loads the module's kernels; NULL if there are none
  int64_t (*workspace)(const int64_t *sizes); ///< of all dimensions of all
                                              ///< arguments, see workspace.c
};

/// Whether all public functions are of tensors that calls can check.
bool functions_are_of_tensors(const Compilation *compilation);

/// The public functions with a body of the module as it was written, which has
/// been lowered successfully, to where workspaces are known or further. The
/// caller frees them, whatever the status.
SimplicialStatus functions_read(const Compilation *compilation, int *count,
                                SimplicialFunction **functions);
void functions_free(SimplicialFunction *functions, int count);

/// call.c: what the runtime knows of a function. It points into it.
SimplicialObjectFunction
function_description(const SimplicialFunction *function);

/// call.c: what simplicialFunctionFlops counts, for these sizes of symbols.
double function_flops(const SimplicialFunction *function, const int64_t *sizes);

/// dims.c: sets `arguments[].symbols` and all below them of a function whose
/// other fields are set, from the operations in `op`.
SimplicialStatus function_read_dims(SimplicialFunction *function,
                                    MlirOperation op,
                                    const Diagnostics *diagnostics);

#endif // SIMPLICIAL_COMPILER_FUNCTION_H
