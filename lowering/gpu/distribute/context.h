// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the parts of simplicial-distribute share.
//
// A block's threads are warps of 32 lanes; warp w owns rows [16 w, 16 w + 16)
// of every tile with rows on the accumulator layout. A tile's columns go in
// slices of 8: of each slice a thread holds two rows ("low" and "high", 8
// apart) times two neighbouring columns. 16-bit elements stay packed in pairs,
// which is what a left operand's registers are. A value without rows, or
// without columns, is the same for all of them.
//
// A row dimension may be smaller than the block's rows: then row r of the block
// stands for row r % size of the tile, so that what rows share (a head's sum
// over all its keys) is held by each of them.
//
// Shared memory. A tile is parked there as the fragments of each thread, for
// nobody else to read. A block's own memory is there (buffer.c), and so are
// operands of products, in buffers of address space 3. Rows of these are
// PADDING bytes longer than what they hold: the eight rows that a
// matrix load reads at once then lie in different banks, whatever the row's
// length. Warpgroups (sm_90a) want panels of 128 bytes of every row, one behind
// the other, in which the 16-byte chunks of row r have changed places: chunk c
// is where chunk c ^ (r % 8) would be. Of rows that are no multiple of 128
// bytes panels have 64, or 32, and chunk c is where c ^ (r / 2 % 4) would be,
// or c ^ (r / 4 % 2).
//
// The parts of the pass, all of which use what is here:
//
//   distribute.c  the pass: kernels, and who multiplies and copies in them
//   roles.c       programs of a producer and its consumers
//   convert.c     the walk over a program
//   regions.c     loops and branches
//   keep.c        which tiles are kept in registers
//   copies.c      asynchronous copies, by who makes them
//   bulk_copy.c   copies into shared memory by a warp that does nothing else
//   bulk_store.c  stores of tiles from there
//   copy.c        copies by threads
//   reduce.c      reductions
//   spread.c      stores of what rows are reduced to, or of few rows, by all
//                 threads
//   piece.c       operands that are made of loads, by pieces of their rows
//   fragment.c    a slice of a tile, from the op that defines it
//   flight.c      products that have been begun
//   transfer.c    global and shared memory
//   kernel.c      kernels, their launches, and a thread's place
//
// Products are an engine's (gpu/engine), which uses fragment.c and below.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_CONTEXT_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_CONTEXT_H

#include "lowering/gpu/target/limits.h"
#include "lowering/tile_ops.h"
#include "lowering/value_map.h"

enum {
  MAX_SLICES = 64,   ///< of a tile
  MAX_MAPS = 8,      ///< tensor maps of a kernel
  MAX_IN_FLIGHT = 8, ///< products
};

/// One thread's part of a slice. f32, tf32 and i1: v[row][column]; 16 bits:
/// v[row][0], a vector of both columns.
typedef struct Fragment {
  MlirValue v[2][2];
} Fragment;

typedef struct Entry {
  MlirValue scalar;    ///< what replaces a value that is no tile
  Fragment *fragments; ///< a kept tile's slices; NULL: not kept (yet)
  int row_dims;
  bool kept;
  int parked;      ///< so many first slices are kept in shared memory, from
                   ///< `pointer` on
  bool copied;     ///< parked by copies of its rows
  bool rows_equal; ///< parked, and a thread's two rows are the same
  bool panels;     ///< parked, where a store will have panels
  // Memrefs, as the kernel sees them:
  MlirValue pointer;              ///< null: not a memref the kernel has seen
  int64_t offset, bytes;          ///< of a buffer in shared memory
  bool interleaved, alternates;   ///< how rows are, as buffer.c says
  bool matrices, pieces;          ///< how they are read
  MlirValue strides[IR_MAX_RANK]; ///< in elements, of type index
  MlirValue mbarriers; ///< a ring's: "full" of each slot, then "empty"
  bool joined;         ///< a ring whose mbarriers are the next one's
} Entry;

/// Whose program is made: that of all threads, or where some only copy, theirs
/// or the others'.
typedef enum Role { ROLE_ALL, ROLE_PRODUCER, ROLE_CONSUMER } Role;

/// Boxes of a memref: so much of each dimension, of the last one a panel's
/// columns.
typedef struct TensorMap {
  MlirValue memref;
  int64_t box[IR_MAX_RANK];
  MlirValue pointer; ///< to the map, in the kernel
} TensorMap;

/// A product that has been begun, or (no tile) a part of one: where its
/// fragments go when it has been waited for, and where the engine has it.
typedef struct InFlight {
  MlirValue tile, registers;
  Fragment *fragments;
} InFlight;

/// The products that have not been waited for, the oldest first.
typedef struct Flight {
  int n;
  InFlight products[MAX_IN_FLIGHT];
} Flight;

typedef struct Engine Engine;

/// A kernel on its way.
typedef struct Distribute {
  Ir b; ///< in the kernel
  MlirOperation forall;
  MlirOperation failed;
  ValueMap entries;     ///< of Entry, by value of the tile program
  int64_t warps;        ///< that hold tiles; others are behind them
  const Engine *engine; ///< multiplies
  int64_t at_once;      ///< slices, if loops carry many registers; else 0
  int64_t taken;        ///< registers, by a product and what loops carry
  Role role;
  bool by_warp; ///< in a branch that each warp decides for itself
  int n_maps;   ///< some if there is a producer
  TensorMap maps[MAX_MAPS];
  int64_t alignment; ///< bytes, of rows of 16-bit elements in global memory
  MlirValue thread, lane, warp; ///< of type index
  MlirValue warp_number;        ///< an i32, of which the compiler knows that it
                                ///< is the same in all lanes
  MlirValue rows[2];            ///< this thread's two rows of the block
  MlirValue column;             ///< its first column of a slice
  MlirValue first_slice;        ///< of a tile, that it evaluates as its first
                                ///< one; null: the first one
  MlirValue shared;             ///< the block's shared memory
  int64_t shared_bytes;         ///< allocated of it so far
  Flight flight;
  struct ContextState *states; ///< of parts: context_state
} Distribute;

/// Where a tile is evaluated: this slice of it (no matter if it has no
/// columns), its first `row_dims` dimensions being rows; the two rows of it are
/// `rows`, `moved` if these are not what the thread's two rows of the block
/// stand for, `own` if they are these.
typedef struct At {
  int row_dims, slice;
  MlirValue rows[2];
  bool moved, own;
} At;

/// What is known of a value at first.
extern const Entry context_unknown;
Entry *context_entry(Distribute *s, MlirValue value);
MlirValue context_scalar(Distribute *s, MlirValue old);
void context_fail(Distribute *s, MlirOperation op, const char *reason);
/// This thread's rows of a tile with so many.
At context_at(Distribute *s, MlirType tile, int row_dims, int slice);
int context_slices(MlirType tile, int row_dims);
/// Room for all slices of a tile.
Fragment *context_fragments(Distribute *s, MlirValue tile);
/// What the part of that name remembers of the kernel: so many bytes, zeroed
/// when it first asks.
void *context_state(Distribute *s, const char *part, size_t size);
/// Frees what the kernel's values and parts have.
void context_free(Distribute *s);
/// Whether a buffer is for tiles to be read by row, not one of copies.
bool context_is_own(MlirType memref);
/// Whether a memref, or its view, is none of a buffer that has been made, nor a
/// block's own memory.
bool context_is_global(Distribute *s, MlirValue memref);
/// The load of a tile from an operand's buffer in shared memory, if it is one,
/// perhaps rounded to tf32; else null.
MlirOperation context_shared_read(MlirValue tile);
/// The next bytes of the block's shared memory.
MlirValue context_allocate(Distribute *s, int64_t bytes, int64_t alignment);
/// Lets asynchronous operations see what the thread wrote to shared memory.
void context_fence(Distribute *s);
/// Waits for all threads that hold tiles.
void context_barrier(Distribute *s);
/// The name of the barrier of those who consume what others copy; 0 is that of
/// all threads of the block.
enum { CONSUMERS_BARRIER = 1 };
/// Waits for the warp's.
void context_warp_barrier(Distribute *s);
/// Before slice `slice` of what a loop evaluates a slice at a time. Where it
/// carries many registers there is a barrier of the warp now and then: ptxas
/// moves no load up across it, and without would begin them all at once.
void context_pause(Distribute *s, int64_t slice);
/// Begins what one thread of the warp does.
IrIf context_begin_elected(Distribute *s);
/// An i32 that LLVM computes nothing from before this point: not before a loop,
/// where much that is made from it would be in registers all the time.
MlirValue context_pinned(Distribute *s, MlirValue x);
/// An index that is the same in all lanes of a warp, as an i32 of which the
/// compiler knows that.
MlirValue context_uniform(Distribute *s, MlirValue index);
/// The same of an index that an i32 holds.
MlirValue context_pinned_index(Distribute *s, MlirValue index);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_CONTEXT_H
