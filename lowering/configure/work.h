// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a block of a tile program does, as a list: enough to know what it will
// take of a GPU before there is a program. A program declares it, budget.c and
// estimate.c add it up, and know no program.
//
//     row softmax of [64 x 512] tiles    steps = {{.times = trips, items = {
//     for each tile:                       load of 512 columns from memory,
//       load, exponentials, sum              512 exponentials a row,
//                                            1 reduction}}}
//                                        tiles = {{.columns = 512, .bytes = 4}}
//
// A step is one trip of the innermost loop, with what loops around it do for
// each trip on average (`times` of an item). All numbers of columns and
// elements are those of a row of the block's, which has `rows`.
//
// To declare a new program, as an example the product W = dS K2 of a backward:
//
//  1. Write PROGRAM_work.c: a function from the strategy's Config and the
//     operation's shape to a Work. Begin with work_begin.
//  2. For each loop over tiles add a step (work_add_step) and what a trip of it
//     does: a work_product {.columns = D, .depth = keys, .by_slice = false,
//     .added = true} for W += dS K2, work_elements for P = exp2(S - lse), ...
//     The copies that fill its rings are one item.
//  3. Declare each buffer in shared memory (work_add_buffer), each tile that is
//     in registers all the time (`moment` 0, say dQ), or at one of the moments
//     when there are most of them (S and dP at moment 1, dS and W at 2), and
//     what is loaded before the loop and kept in registers if there are some
//     left (work_keep: q, dO).
//  4. Say what one block is useful for, in any unit that strategies of the
//     program share.
//  5. Offer candidates to a Choice (choose.h) with the list of each.
//
// What is not said is free. Numbers that are no facts of the program, such as
// how long a copy takes, are in estimate.c and gpu/target/chip.c.

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
} WorkBuffer;

/// A tile in registers.
typedef struct WorkTile {
  int moment; ///< when it is there; 0: always
  int64_t columns, bytes;
  bool result;     ///< of a product
  bool by_slice;   ///< it may be evaluated a slice at a time
  bool in_parts;   ///< it is there as far as a product that is made in parts
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
  int64_t scratch_rows; ///< that warps reduce together; 0: none do
  bool rings_needed;    ///< then still; else a ring may be the scratch memory
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
