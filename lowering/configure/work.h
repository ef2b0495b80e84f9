// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a block of a tile program does, as a list: enough to know what it will
// take of a GPU before there is a program. A program declares it; budget.c and
// estimate.c add it up, and know no program.
//
// A step is one trip of the innermost loop, with what loops around it do for
// each trip on average (`times` of an item). Columns are those of a row; a
// block has `rows`.
//
// How a new program declares its work, by the example of W = dS K2, where
// dS = P * (dP - delta), for 128 rows and tiles of 64 keys (test/unit/
// estimate_test.c has it whole):
//
//  1. PROGRAM_work.c makes a Work from the strategy's Config and the
//  operation's
//     shape: at first {.rows, .producer, .bytes, .passes, .once}.
//  2. For each loop over tiles a step, and what a trip of it does:
//
//       WorkStep *step = work_add_step(work, trips);
//       S, dP   work_add_product(step, 2, {.columns = 64, .depth = d, .row = d,
//                                          .awaited = true});
//       P, dS   work_add_elements(step, 1, {.columns = 64, .exponentials = 1,
//                                           .fma = 3, .alu = 0.5});
//       W       work_add_product(step, 1, {.columns = d, .depth = 64, .row = d,
//                                          .by_depth = true, .added = true});
//       K2, V2  work_add_copy(step, 1, {.bytes = 2 * 64 * row, .ahead =
//       trips});
//
//     `awaited` is a product that there is nothing to do beside.
//  3. Shared memory: a ring each for K2 and V2 (work_add_buffer). Registers: W
//     is there all the time, moment 0; S and dP are at moment 1, P and dS as
//     the left operand at 2 (work_add_tile). What is loaded before the loops,
//     as q and dO, is kept in registers if there are some (work_keep).
//  4. What a block is `useful` for, in any unit that all strategies of the
//     program share.
//  5. PROGRAM_strategy.c adds each candidate's list to a Choice (choose.h).
//
// What is not said is free. Numbers that are no facts of a program, such as how
// long a copy takes, are in estimate.c and gpu/target.

#ifndef SIMPLICIAL_LOWERING_CONFIGURE_WORK_H
#define SIMPLICIAL_LOWERING_CONFIGURE_WORK_H

#include <stdbool.h>
#include <stdint.h>

enum {
  WORK_STEPS = 4,
  WORK_ITEMS = 16,
  WORK_BUFFERS = 16,
  WORK_TILES = 12,
  WORK_MOST_KEPT = 4,
  WORK_MOMENTS = 4, ///< with number 0
};

/// rows x `columns` results, each a sum over `depth`. Right operands are in
/// shared memory, left ones in registers.
typedef struct WorkProduct {
  int64_t columns, depth;
  int64_t row;      ///< columns of what has the right operand in shared memory
  bool by_depth;    ///< the right operand's rows are the reduction's
  bool left_shared; ///< the left operand is in shared memory, too
  bool added;       ///< to something else than zero
  bool by_slice;    ///< the result is used a slice at a time
  bool awaited;     ///< there is nothing to do until it is done
} WorkProduct;

/// Arithmetic on a tile; numbers of instructions for an element.
typedef struct WorkElements {
  int64_t columns;
  double exponentials, fma, alu;
} WorkElements;

typedef enum WorkPlace {
  WORK_GLOBAL, ///< memory
  WORK_OWN,    ///< shared memory of the block's own
  WORK_KEPT,   ///< registers, or where it is parked: `kept`
} WorkPlace;

/// A load of a tile by row.
typedef struct WorkLoad {
  WorkPlace from;
  int kept; ///< its number
  int64_t columns;
  int64_t alike;   ///< so many neighbouring rows are one row of memory
  bool pair_alike; ///< the two rows of a thread are
  bool converted;  ///< an instruction more for each
  bool awaited;    ///< there is nothing to do meanwhile; else it begins early
  int64_t bytes;   ///< of an element
} WorkLoad;

/// Copies from memory into the slots of rings, for the next steps or this one.
typedef struct WorkCopy {
  double bytes;
  double ahead; ///< one in so many is waited for
  bool first;   ///< L2 does not have them, since no block has asked before
} WorkCopy;

typedef enum WorkKind {
  WORK_PRODUCT,
  WORK_ELEMENTS,
  WORK_REDUCTION, ///< over a tile's columns, and what depends on it by row
  WORK_LOAD,
  WORK_COPY,
} WorkKind;

typedef struct WorkItem {
  WorkKind kind;
  double times; ///< in a step, on average
  union {
    WorkProduct product;
    WorkElements elements;
    WorkLoad load;
    WorkCopy copy;
  };
} WorkItem;

typedef struct WorkStep {
  double times; ///< in a block
  int n;
  WorkItem items[WORK_ITEMS];
} WorkStep;

/// Shared memory: so many rings of some slots, or (slots = 0) buffers of the
/// block's own.
typedef struct WorkBuffer {
  int64_t count, slots, rows;
  int64_t row; ///< bytes
  bool joined; ///< of two rings that get and lose their tiles together, the
               ///< first one: only the other has mbarriers
} WorkBuffer;

/// A tile in registers.
typedef struct WorkTile {
  int moment; ///< when it is there; 0: always
  int64_t columns, bytes;
  bool result;     ///< of a product
  bool by_slice;   ///< it may be evaluated a slice at a time
  bool in_parts;   ///< it is there as far as a product that is made in parts
  bool runs_on;    ///< of products that add to it, others between them
  bool pair_alike; ///< a thread's two rows are one row
} WorkTile;

/// A tile of pairs that is loaded before the loops, to be used in them.
typedef struct WorkKept {
  int64_t columns;
  bool pair_alike;
} WorkKept;

typedef struct Work {
  int64_t rows;         ///< of a block
  bool producer;        ///< warps that only copy
  int64_t bytes;        ///< of an element of a product's operand
  int64_t passes;       ///< instructions for one of it
  const char *by_warps; ///< why no group of warps is to multiply; NULL: one may
  int n_steps;
  WorkStep steps[WORK_STEPS];
  int n_buffers;
  WorkBuffer buffers[WORK_BUFFERS];
  int64_t merged;         ///< rows of a block that become one; 1: none do
  int64_t merged_columns; ///< of what they are
  bool rings_needed;      ///< then still; else a ring may be the scratch memory
  int n_tiles;
  WorkTile tiles[WORK_TILES];
  int64_t row_vectors; ///< that loops carry: a number for each row
  int n_kept;
  WorkKept kept[WORK_MOST_KEPT];
  double once;        ///< clocks of a block beside its steps
  double starts;      ///< of loops whose first copies are waited for
  double start_bytes; ///< of these
  double useful;      ///< units of what a block is there for, on average
  double blocks;      ///< how many there are; 0: any number
  bool crowds;        ///< they are many, and hold each other up on an SM
} Work;

WorkStep *work_add_step(Work *work, double times);
void work_add_product(WorkStep *step, double times, WorkProduct product);
void work_add_elements(WorkStep *step, double times, WorkElements elements);
void work_add_reduction(WorkStep *step, double times);
void work_add_load(WorkStep *step, double times, WorkLoad load);
void work_add_copy(WorkStep *step, double times, WorkCopy copy);
void work_add_buffer(Work *work, WorkBuffer buffer);
void work_add_tile(Work *work, WorkTile tile);
/// Its number.
int work_keep(Work *work, WorkKept kept);

#endif // SIMPLICIAL_LOWERING_CONFIGURE_WORK_H
