// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels and their launches.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KERNEL_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KERNEL_H

#include "context.h"
#include "lowering/gpu/target/layout.h"

#include "lowering/captures.h"

/// The sizes of names of kernels, and of what a function's begin with.
enum { KERNEL_PREFIX = 96, KERNEL_NAME = 128 };

/// What the kernel gets for each capture: for a memref a pointer to its first
/// element and its dynamic strides, for an index an i64. In the kernel an index
/// is at most CHIP_MOST_INDEX; strides, and so addresses, are i64 there too.
typedef struct Arguments {
  int n;
  MlirType types[IR_MAX_VALUES];
  MlirValue values[IR_MAX_VALUES]; ///< on the host
  MlirValue bits;    ///< of all addresses and strides, in bytes, that must be
                     ///< aligned: their "or"
  MlirValue largest; ///< of the indices
} Arguments;

typedef struct Kernel {
  char name[KERNEL_NAME];
  MlirOperation function;
  int64_t shared_bytes;
  int64_t threads; ///< of a block
  int64_t blocks;  ///< that must fit a multiprocessor; 0: any
  int n_maps;      ///< arguments behind the others
  TensorMap maps[MAX_MAPS];
} Kernel;

/// What names of a function's kernels begin with: its own name, as far as PTX
/// has such names.
void kernel_prefix(MlirStringRef function, char prefix[KERNEL_PREFIX]);

/// What the host passes; made at `b`. Diagnoses what cannot travel.
MlirLogicalResult kernel_arguments(Ir *b, Arguments *arguments,
                                   const Captures *captures);
/// Gives each capture its value in the kernel with this body.
void kernel_take_arguments(Distribute *s, const Captures *captures,
                           MlirBlock body);
/// The place of a lane's first element.
MlirValue kernel_row(Ir *b, const Layout *layout, MlirValue lane);
MlirValue kernel_column(Ir *b, const Layout *layout, MlirValue lane);
/// The thread's number and place, and the block's shared memory.
void kernel_find_place(Distribute *s);
/// The place again, computed from here on: what is computed from it is not
/// computed before loops around here, nor kept from earlier uses, each of which
/// would take a register through all that is between.
void kernel_find_place_anew(Distribute *s);
/// The place that was known `before` a region: what was found in it is not
/// known behind it.
void kernel_take_place(Distribute *s, const Distribute *before);
/// Which iterations there are: `extents` of them on the host, in each
/// dimension.
void kernel_set_iterations(Distribute *s, int rank, const MlirValue *extents);
/// Which iteration of the scf.forall this block is. Those that are last in the
/// last dimension come first: in causal programs they have most to do, and what
/// is short fills the gaps at the end. Where registers are few it is computed
/// anew, not kept from earlier uses.
void kernel_take_iteration(Distribute *s);
/// A special register, as an index.
MlirValue kernel_register(Ir *b, const char *name);

/// The body of a gpu.module of this name, with its shared memory, at the end of
/// `module`.
MlirBlock kernel_module(MlirOperation module, Ir *b, const char *name);
/// The body of a kernel in it; sets its function.
MlirBlock kernel_create(MlirBlock kernels, Ir *b, Kernel *kernel,
                        const Arguments *arguments);
/// Launches the first kernel if all that must be aligned is and its tensor maps
/// are there, else the second, which has none. An index that is too large is
/// reported to the runtime instead.
void kernel_launch_either(Ir *b, const char *kernels, const Kernel *kernel,
                          MlirValue blocks, const Arguments *arguments);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KERNEL_H
