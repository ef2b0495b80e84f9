// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that were compiled ahead of time, by their descriptions: an object
// has `_simplicial_function_NAME` for each public function NAME.
//
//   extern const SimplicialObjectFunction _simplicial_function_f;
//   status = simplicialObjectCall(&_simplicial_function_f,
//                                 (DLTensor *[]){q, k1, k2, v1, v2, out}, 6);
//
// A description is constant, and its object's. Any thread may call, on the same
// description too.

#ifndef SIMPLICIAL_OBJECT_H
#define SIMPLICIAL_OBJECT_H

#include "simplicial/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A dimension that each call chooses.
#define SIMPLICIAL_DYNAMIC (-1)

/// What an argument must be. Dimensions that must be equal, in whatever
/// arguments they are, have the same symbol.
typedef struct SimplicialObjectArgument {
  DLDataType dtype;
  int32_t rank;
  int32_t symbols[SIMPLICIAL_MAX_RANK]; ///< one a dimension
} SimplicialObjectArgument;

typedef struct SimplicialObjectFunction {
  const char *name;
  /// Calls with pointers to the arguments' SimplicialMemrefs. Nothing is
  /// checked.
  void (*entry)(void **descriptors);
  const SimplicialObjectArgument *arguments; ///< inputs, then outputs
  const int64_t *sizes; ///< of symbols; SIMPLICIAL_DYNAMIC: the call's
  int32_t input_count, output_count, symbol_count;
  int32_t device; ///< where tensors are: kDLCPU or kDLCUDA
} SimplicialObjectFunction;

/// Checks the arguments and calls, as simplicialFunctionCall (compiler.h) does,
/// which says what is checked.
SIMPLICIAL_API SimplicialStatus
simplicialObjectCall(const SimplicialObjectFunction *function,
                     DLTensor *const *arguments, int count);

/// The same on a stream, as simplicialFunctionCallOn (compiler.h) does.
SIMPLICIAL_API SimplicialStatus
simplicialObjectCallOn(const SimplicialObjectFunction *function,
                       DLTensor *const *arguments, int count, void *stream);

/// Checks the `count` inputs, and writes what size each symbol has with them to
/// `sizes` (`symbol_count` elements); SIMPLICIAL_DYNAMIC if they do not say.
SIMPLICIAL_API SimplicialStatus
simplicialObjectBind(const SimplicialObjectFunction *function,
                     DLTensor *const *inputs, int count, int64_t *sizes);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_OBJECT_H
