// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the named sequences are made of, for who runs them a pass at a time.

#ifndef SIMPLICIAL_LOWERING_PIPELINES_H
#define SIMPLICIAL_LOWERING_PIPELINES_H

#include "simplicial/passes.h"

/// A step is a pass of ours or a piece of textual pipeline.
typedef struct PipelineStep {
  MlirPass (*create)(void);
  const char *upstream; ///< if `create` is NULL
} PipelineStep;

/// The steps of the named sequence, `*count` of them; NULL if there is none.
const PipelineStep *pipeline_steps(MlirStringRef name, int *count);

#endif // SIMPLICIAL_LOWERING_PIPELINES_H
