// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One module on its way from source to LLVM dialect, or to kernels. Each
// compilation has a context of its own, so that they can run side by side.

#ifndef SIMPLICIAL_COMPILER_COMPILATION_H
#define SIMPLICIAL_COMPILER_COMPILATION_H

#include "diagnostics.h"
#include "target.h"
#include "trace.h"

typedef struct Compilation {
  MlirContext context;
  MlirModule source;  ///< as the user wrote it
  MlirModule flat;    ///< the same without calls and nested modules
  MlirModule lowered; ///< the copy that passes transform
  Target target;      ///< of `lowered`
  Diagnostics diagnostics;
  Trace *trace; ///< NULL: nothing is shown
} Compilation;

/// Parses `source`. Whatever the status, the compilation must be ended.
SimplicialStatus compilation_begin(Compilation *self, const char *source,
                                   size_t length, const char *source_name);

/// The first public function with a body at or after `op`, which is in the
/// body of a module or null; null if there is none.
MlirOperation compilation_find_function(MlirOperation op);

/// What names of functions in `lowered` begin with that are others, behind it,
/// in `flat`: those that mean something there.
#define COMPILATION_RENAMED "simplicial_renamed."

/// `flat` is made, and `lowered` becomes the tile program for `target`. A
/// source without a public function is an error.
SimplicialStatus compilation_to_tile(Compilation *self, const char *target);

/// `lowered` becomes the GPU program for `target`, which must be a GPU.
SimplicialStatus compilation_to_gpu(Compilation *self, const char *target);

/// `lowered` becomes what can be made for `target` without the CUDA toolkit and
/// knows workspaces.
SimplicialStatus compilation_to_workspaces(Compilation *self,
                                           const char *target);

/// The kernels in it become the NVVM dialect's.
SimplicialStatus compilation_to_nvvm(Compilation *self, const char *target);

/// The kernels become a gpu.binary of upstream's `format`: "isa" (PTX), "bin"
/// or, which is the only one for several chips, "fatbin".
SimplicialStatus compilation_to_binary(Compilation *self, const char *target,
                                       const char *format);

/// Calls `visit` with the PTX of each gpu.module of `lowered`, which is a GPU
/// program for one chip and stays that.
SimplicialStatus compilation_ptx(Compilation *self,
                                 void (*visit)(MlirStringRef module,
                                               MlirStringRef ptx, void *user),
                                 void *user);

/// `lowered` becomes the LLVM dialect's. A GPU's kernels are embedded as
/// compilation_to_binary makes them; NULL for `gpu_format` is what fits this
/// machine: machine code, or PTX if there is no CUDA toolkit.
SimplicialStatus compilation_to_llvm(Compilation *self, const char *target,
                                     const char *gpu_format);

void compilation_end(Compilation *self);

#endif // SIMPLICIAL_COMPILER_COMPILATION_H
