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
// Shared memory. Of a buffer in a block's own memory, which is read by row, a
// thread's elements of neighbouring slices follow each other. A tile is parked
// there as the fragments of each thread, for nobody else to read. Rows of a
// buffer are PADDING bytes longer than what they hold: the eight rows that a
// matrix load reads at once then lie in different banks, whatever the row's
// length. Warpgroups (sm_90a) want panels of 128 bytes of every row, one behind
// the other, in which the 16-byte chunks of row r have changed places: chunk c
// is where chunk c ^ (r % 8) would be.
//
//   distribute.c  the pass: loops, branches, what is neither
//   roles.c       programs of a producer and its consumers
//   copies.c      asynchronous copies
//   keep.c        which tiles are kept in registers
//   kernel.c      kernels and their launches
//   fragment.c    a slice of a tile, from the op that defines it
//   product.c     matrix products and their right operands
//   warpgroup.c   the same where four warps multiply together
//   transfer.c    global and shared memory
//   bulk_copy.c   copies into shared memory by a warp that does nothing else
//   bulk_store.c  stores of tiles from there

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_DISTRIBUTE_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_DISTRIBUTE_H

#include "lowering/configure/config.h"
#include "lowering/tile_ops.h"
#include "lowering/value_map.h"

enum {
  WARP_ROWS = 16,      ///< rows of the accumulator of one matrix instruction
  SLICE = 8,           ///< and its columns
  MAX_SLICES = 64,     ///< of a tile
  CHUNK = 16,          ///< bytes of an asynchronous copy
  PADDING = 16,        ///< bytes, of a row in shared memory
  WARPGROUP = 4,       ///< warps
  SWIZZLE_BYTES = 128, ///< of a row in a panel
  SWIZZLE_ROWS = 8,    ///< after which places repeat
  LOCAL_BYTES = 64,    ///< of a row in local memory, that four threads hold
  MAX_MAPS = 8,        ///< tensor maps of a kernel
  MAX_IN_FLIGHT = 8,   ///< products
  PART_SLICES = CONFIG_PART_COLUMNS / SLICE, ///< which are a panel's
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
  bool local;                     ///< a block's own, to be read by row
  MlirValue strides[IR_MAX_RANK]; ///< in elements, of type index
  MlirValue mbarriers; ///< a ring's: "full" of each slot, then "empty"
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

/// A product that warpgroups have begun, or (no tile) a part of one: where its
/// fragments go when it has been waited for, and the registers that it is in.
typedef struct InFlight {
  MlirValue tile, registers;
  Fragment *fragments;
} InFlight;

/// The products that have not been waited for, the oldest first.
typedef struct Flight {
  int n;
  InFlight products[MAX_IN_FLIGHT];
} Flight;

/// A kernel on its way.
typedef struct Distribute {
  Ir b; ///< in the kernel
  MlirOperation forall;
  int rank;                 ///< of its iterations
  const MlirValue *extents; ///< so many on the host
  MlirOperation failed;
  ValueMap entries; ///< of Entry, by value of the tile program
  int64_t warps;    ///< that hold tiles; others are behind them
  bool warpgroups;  ///< products are theirs
  int64_t at_once;  ///< slices, if loops carry many registers; else 0
  Role role;
  int n_maps; ///< some if there is a producer
  TensorMap maps[MAX_MAPS];
  int64_t alignment; ///< bytes, of rows of 16-bit elements in global memory
  MlirValue number;  ///< of the thread, an i32
  MlirValue thread, lane, warp; ///< of type index
  MlirValue rows[2];            ///< this thread's two rows of the block
  MlirValue column;             ///< its first column of a slice
  MlirValue shared;             ///< the block's shared memory
  int64_t shared_bytes;         ///< allocated of it so far
  int64_t scratch_offset;       ///< for exchanges between rows; -1: none yet
  Flight flight;
  Fragment part[PART_SLICES]; ///< of the product that is computed in parts
  bool copies_own;            ///< copy_await_own has something to wait for
} Distribute;

/// Where a tile is evaluated: this slice of it (no matter if it has no
/// columns), its first `row_dims` dimensions being rows; the two rows of it are
/// `rows`.
typedef struct At {
  int row_dims, slice;
  MlirValue rows[2];
} At;

// distribute.c
Entry *distribute_entry(Distribute *s, MlirValue value);
MlirValue distribute_scalar(Distribute *s, MlirValue old);
void distribute_fail(Distribute *s, MlirOperation op, const char *reason);
/// This thread's rows of a tile with so many.
At distribute_at(Distribute *s, MlirType tile, int row_dims, int slice);
int distribute_slices(MlirType tile, int row_dims);
/// Converts the ops from `first` on and before `end`.
void distribute_range(Distribute *s, MlirOperation first, MlirOperation end);
/// Makes a buffer in shared memory, unless it is there.
void distribute_make_buffer(Distribute *s, MlirOperation op);
/// Whether a buffer is for tiles to be read by row, not one of copies.
bool distribute_is_local(MlirType memref);
/// Whether a buffer lies in shared memory as warpgroups want it.
bool distribute_is_swizzled(const Distribute *s, MlirType memref);
/// The next bytes of the block's shared memory.
MlirValue distribute_allocate(Distribute *s, int64_t bytes, int64_t alignment);
/// Lets asynchronous operations see what the thread wrote to shared memory.
void distribute_fence(Distribute *s);
/// Waits for all threads that hold tiles.
void distribute_barrier(Distribute *s);
/// Waits for the warp's.
void distribute_warp_barrier(Distribute *s);
/// Before slice `slice` of what a loop evaluates a slice at a time. Where it
/// carries many registers there is a barrier of the warp now and then: ptxas
/// moves no load up across it, and without would begin them all at once.
void distribute_pause(Distribute *s, int64_t slice);
/// Begins what one thread of the warp does.
IrIf distribute_begin_elected(Distribute *s);
/// An i32 that LLVM computes nothing from before this point: not before a loop,
/// where much that is made from it would be in registers all the time.
MlirValue distribute_pinned(Distribute *s, MlirValue x);
/// The same of an index that an i32 holds.
MlirValue distribute_pinned_index(Distribute *s, MlirValue index);

/// The same of the indices of a transfer, operands from `first` on, where
/// warpgroups' loops carry many registers: until they are what they were
/// `before`.
void distribute_pin_indices(Distribute *s, MlirOperation transfer, int first,
                            MlirValue *before);
void distribute_restore_indices(Distribute *s, MlirOperation transfer,
                                int first, const MlirValue *before);

// roles.c
/// Whether the producer's program has `op`: a copy, a loop with some, or what
/// is no tile, nor made of any.
bool roles_producer_has(MlirOperation op);
/// The program twice: in the first warp of the last warpgroup only what copies,
/// in the others the rest. All threads run what both need of tiles.
void roles_convert(Distribute *s, MlirBlock program);

// copies.c
/// Whether an op is one of simplicial-stage's.
bool copies_is_one(MlirOperation op);
/// What the role does of it.
void copies_convert(Distribute *s, MlirOperation op);
/// Makes a group of the thread's copies.
void copies_commit(Distribute *s);
/// Waits for all groups of the thread's copies but the newest ones, and fences
/// what they wrote.
void copies_wait_for_own(Distribute *s, int64_t pending);

// keep.c
/// Sets `at_once`, and `kept`, `parked` and `row_dims` of the tiles of a tile
/// program.
void keep_decide(Distribute *s, MlirBlock program);

// fragment.c
Fragment fragment(Distribute *s, MlirValue tile, At at);
/// The same from the defining op, even if the tile is kept.
Fragment fragment_definition(Distribute *s, MlirValue tile, At at);
bool fragment_is_packed(MlirType tile);
/// Whether a thread's two rows of what has been broadcast are one row of it.
bool fragment_shares_rows(MlirValue tile);
/// One of the two elements of a packed pair.
MlirValue fragment_element(Ir *b, MlirValue pair, int64_t i);
/// An f32 rounded to a tf32, which is an i32 here.
MlirValue fragment_to_tf32(Ir *b, MlirValue x);
MlirValue fragment_combine(Distribute *s, IrReduction kind, MlirValue x,
                           MlirValue y);

// reduce.c
/// Keeps the result of a reduction over columns.
void reduce_columns(Distribute *s, MlirOperation op);
/// Keeps the result of a reduction over rows.
void reduce_rows(Distribute *s, MlirOperation op);
/// The result of an "or" over everything; one that only decides branches is
/// over the warp's rows.
void reduce_all(Distribute *s, MlirOperation op);

// product.c
Fragment product(Distribute *s, MlirOperation contraction, At at);
/// All slices of it.
void product_keep(Distribute *s, MlirOperation contraction,
                  Fragment *fragments);

// warpgroup.c
/// Why there are no instructions for a product; NULL: there are.
const char *warpgroup_refuses(const Distribute *s, MlirOperation contraction);
/// Begins a product. Its fragments are there when it has been waited for.
void warpgroup_product(Distribute *s, MlirOperation contraction,
                       Fragment *fragments);
/// Whether a product has more columns than registers are left for: then it is
/// computed in parts, each when its first slice is asked for.
bool warpgroup_in_parts(MlirOperation contraction);
/// A slice of such a product, of which slices are asked for in order.
Fragment warpgroup_part(Distribute *s, MlirOperation contraction, At at);
/// Waits for a tile if it is a product in flight, and for all before it.
void warpgroup_await(Distribute *s, MlirValue tile);
void warpgroup_await_oldest(Distribute *s, int n);
void warpgroup_await_all(Distribute *s);
/// How many of the oldest products an op, or its regions, are evaluated from;
/// all if it holds products.
int warpgroup_needed(Distribute *s, MlirOperation op);
/// Whether the `n` oldest products are used in the regions of `op` alone.
bool warpgroup_is_only_for(const Distribute *s, int n, MlirOperation op);
/// Waits for what an op, or its regions, are evaluated from.
void warpgroup_await_for(Distribute *s, MlirOperation op);

// transfer.c
/// A pointer to element `indices` of a memref.
MlirValue transfer_address(Distribute *s, MlirValue memref,
                           const MlirValue *indices);
/// A pointer to the element so many further in each dimension, which is not
/// swizzled. Pointers that differ by constants take one register.
MlirValue transfer_moved(Distribute *s, MlirValue memref, MlirValue address,
                         const int64_t *by);
Fragment transfer_read(Distribute *s, MlirOperation op, At at);
void transfer_write(Distribute *s, MlirOperation op);
/// Where an element of a written tile with columns is, by dimension: in the
/// tile, and in memory.
void transfer_write_indices(Distribute *s, MlirOperation write, MlirValue row,
                            MlirValue column, MlirValue *places,
                            MlirValue *indices);
/// Stores the slices of a tile of packed pairs that are parked for this thread,
/// and loads one.
void transfer_park(Distribute *s, Entry *entry, const Fragment *fragments);
Fragment transfer_parked(Distribute *s, MlirValue tile, int slice);
/// The address of an element of the tile that a vector.transfer_read reads, or
/// of another row's if the mask leaves this one out; `inside` says whether it
/// does not, null: there is no mask.
MlirValue transfer_source(Distribute *s, MlirOperation read, MlirValue row,
                          MlirValue column, MlirValue *inside);
/// The address of a pair in a buffer of a block's own: in `column` of a slice.
MlirValue transfer_local_address(Distribute *s, MlirValue memref, MlirValue row,
                                 MlirValue slice, MlirValue column);
/// Makes room for what is parked of a tile.
void transfer_make_parking(Distribute *s, Entry *entry);
/// Where the copy of a parked tile has a row of a slice: a slice's rows follow
/// each other, so that no two of a warp are in the same banks.
MlirValue transfer_copied_row(Distribute *s, const Entry *entry, MlirType tile,
                              MlirValue slice, MlirValue row);
MlirValue transfer_load(Ir *b, MlirType type, MlirValue pointer,
                        int64_t alignment);
void transfer_store(Ir *b, MlirValue value, MlirValue pointer,
                    int64_t alignment);
/// Unrolled, a loop would keep in registers what each iteration needs.
void transfer_keep_rolled(Ir *b, IrLoop *loop);

// copy.c
/// A simplicial.copy_async into a slot by so many threads; this one is number
/// `thread`.
void copy_tile(Distribute *s, MlirOperation op, MlirValue slot,
               MlirValue thread, int64_t threads);
/// Begins the copy that a vector.transfer_write into a block's own memory is.
void copy_own(Distribute *s, MlirOperation write);
/// Begins to copy a tile to where it is parked, if other copies are under way
/// for queries that a loop goes over, and it is a load of aligned rows, all of
/// which are parked. Elsewhere kernels are faster that load it to registers.
bool copy_to_park(Distribute *s, MlirValue tile);
/// Waits for the copies of the two kinds before that have been begun.
void copy_await_own(Distribute *s);

// bulk_copy.c
/// Plans a tensor map, if there is none such; false if there are too many.
bool bulk_copy_plan_map(Distribute *s, MlirValue memref, const int64_t *box);
/// The one that is planned; NULL: none.
const TensorMap *bulk_copy_map(const Distribute *s, MlirValue memref,
                               const int64_t *box);
/// Why a producer cannot make all copies in the block; NULL: it can, and its
/// tensor maps are planned.
const char *bulk_copy_plan(Distribute *s, MlirBlock block);
/// Makes the mbarriers of the rings. Behind it, all threads see them.
void bulk_copy_begin(Distribute *s, int n, const MlirValue *rings);
/// The producer's part of a simplicial.copy_async.
void bulk_copy_fill(Distribute *s, MlirOperation copy);
/// The consumers' of simplicial.copy_wait and copy_release.
void bulk_copy_wait(Distribute *s, MlirOperation op);
void bulk_copy_release(Distribute *s, MlirOperation op);

// bulk_store.c
/// Plans tensor maps for what consumers can store in boxes.
void bulk_store_plan(Distribute *s, MlirBlock block);
/// A vector.transfer_write, if it is one of those; else why it is not.
const char *bulk_store(Distribute *s, MlirOperation write);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_DISTRIBUTE_H
