// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops that are not walked as a whole.

#ifndef SIMPLICIAL_LOWERING_MODEL_WALK_SAMPLE_H
#define SIMPLICIAL_LOWERING_MODEL_WALK_SAMPLE_H

#include "walk_warp.h"

/// Decides, before its first trip, whether all trips of a loop are walked.
void sample_loop(Frame *frame);

/// At the end of a loop's trip, of which all warps leave out the same ones, as
/// they meet at barriers in them.
void sample_trip(const Program *program, Warp *warp, Frame *frame);

void sample_free(Frame *frame);

#endif // SIMPLICIAL_LOWERING_MODEL_WALK_SAMPLE_H
