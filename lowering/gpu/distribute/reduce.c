// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions. Over columns: in a thread, then between the four lanes that have
// a row. Over everything: between all lanes of a warp, or all threads. Over
// rows that lie some distance apart:
//
//     in a thread   its two rows, where both are of the same row of the result
//     in a warp     the lanes whose rows are
//     in a block    what is left, as many slices at a time as there is room
//                   for: warps store a row for those that they have combined
//                   in shared memory, where a ring was if nothing is copied
//                   any more, and each row sums those it needs
//
// What is only stored behind that, spread.c takes from there.

#include "reduce.h"
#include "copies.h"
#include "fragment.h"
#include "transfer.h"

#include "lowering/gpu/target/layout.h"

#include "lowering/ir_llvm.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

/// `value` of the lane whose number differs in `bit`.
static MlirValue exchange(Ir *b, MlirValue value, int bit) {
  MlirType i32 = ir_i32(b);
  MlirAttribute kind = ir_parse_attr(b, "#nvvm<shfl_kind bfly>");
  return ir_value(b, "nvvm.shfl.sync", ir_type(value),
                  IR_VALUES(ir_const_i32(b, i32, -1), value,
                            ir_const_i32(b, i32, 1 << bit),
                            ir_const_i32(b, i32, WARP - 1)),
                  IR_ATTRIBUTES({"kind", kind}));
}

void reduce_columns(Distribute *s, MlirOperation op) {
  MlirValue source = ir_operand(op, 0), result = ir_result(op, 0);
  IrReduction kind = tile_op_reduction_kind(op);
  int slices = context_slices(ir_type(source), 1);
  At at = context_at(s, ir_type(source), 1, 0);
  MlirValue acc[2] = {{NULL}, {NULL}};
  for (at.slice = 0; at.slice < slices; ++at.slice) {
    Fragment f = fragment(s, source, at);
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j)
        acc[i] = mlirValueIsNull(acc[i])
                     ? f.v[i][j]
                     : fragment_combine(s, kind, acc[i], f.v[i][j]);
  }
  for (int bit = 0; bit < LANE_BITS; ++bit)
    if (layout_accumulator.lane[bit].column)
      for (int i = 0; i < 2; ++i)
        acc[i] =
            fragment_combine(s, kind, acc[i], exchange(&s->b, acc[i], bit));
  at.slice = 0;
  Fragment init = fragment(s, ir_operand(op, 1), at), f;
  for (int i = 0; i < 2; ++i)
    f.v[i][0] = f.v[i][1] = fragment_combine(s, kind, acc[i], init.v[i][0]);
  Entry *entry = context_entry(s, result);
  entry->fragments[0] = f;
}

/// Whether it is so in any thread of the warp.
static MlirValue any_of_warp(Ir *b, MlirValue own) {
  return ir_value(
      b, "nvvm.vote.sync", ir_i1(b),
      IR_VALUES(ir_const_i32(b, ir_i32(b), -1), own),
      IR_ATTRIBUTES({"kind", ir_parse_attr(b, "#nvvm<vote_sync_kind any>")}));
}

/// Of the block. That it is the same for all lanes the vote tells ptxas, which
/// then keeps what depends on it in uniform registers.
static MlirValue any_of_block(Distribute *s, MlirValue own) {
  Ir *b = &s->b;
  const int32_t segments[] = {0, 0, 1}, bundles[] = {3, 0};
  MlirType i32 = ir_i32(b);
  if (s->role != ROLE_ALL) // nvvm.barrier reduces over all threads only
    return any_of_warp(
        b,
        ir_value(
            b, "llvm.call_intrinsic", ir_i1(b),
            IR_VALUES(ir_const_i32(b, i32, CONSUMERS_BARRIER),
                      ir_const_i32(b, i32, (int32_t)s->warps * WARP), own),
            IR_ATTRIBUTES(
                {"intrin",
                 ir_string_attr(b,
                                "llvm.nvvm.barrier.cta.red.or.aligned.count")},
                {"op_bundle_sizes", mlirDenseI32ArrayGet(b->context, 0, NULL)},
                ir_segments(b, 2, bundles))));
  MlirValue any = ir_value(
      b, "nvvm.barrier", i32,
      IR_VALUES(ir_value(b, "arith.extui", i32, IR_VALUES(own), IR_NONE)),
      IR_ATTRIBUTES({"reductionOp", ir_parse_attr(b, "#nvvm.reduction<or>")},
                    ir_segments(b, 3, segments)));
  return any_of_warp(b, ir_cmpi(b, IR_SGT, any, ir_const_i32(b, i32, 0)));
}

/// Whether a value is there for branches only, and whether each part of the
/// rows may take its own side of them.
static bool decides_branches(MlirValue value, bool *rowwise) {
  bool branches = *rowwise = true;
  for (MlirOpOperand use = mlirValueGetFirstUse(value);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    branches &= ir_is(user, "scf.if");
    *rowwise &=
        !mlirAttributeIsNull(ir_get_attr(user, SIMPLICIAL_ROWWISE_ATTR));
  }
  return branches;
}

bool reduce_all_meets(MlirOperation op) {
  bool rowwise;
  decides_branches(ir_result(op, 0), &rowwise);
  return !rowwise;
}

void reduce_all(Distribute *s, MlirOperation op) {
  Ir *b = &s->b;
  MlirValue tile = ir_operand(op, 0), result = ir_result(op, 0);
  MlirAttribute any = ir_parse_attr(b, "#vector.kind<or>");
  if (!mlirAttributeEqual(ir_get_attr(op, "kind"), any)) {
    context_fail(s, op, "only an 'or' of all elements is known");
    return;
  }
  bool rowwise;
  if (!decides_branches(result, &rowwise) && s->role != ROLE_ALL) {
    context_fail(s, op, "scalars of tiles come before copies");
    return;
  }
  int slices = context_slices(ir_type(tile), 1);
  bool columns = tile_has_columns(ir_type(tile), 1);
  At at = context_at(s, ir_type(tile), 1, 0);
  MlirValue own = ir_const_int(b, ir_i1(b), 0);
  for (; at.slice < slices; ++at.slice) {
    Fragment f = fragment(s, tile, at);
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < (columns ? 2 : 1); ++j)
        own = ir_ori(b, own, f.v[i][j]);
  }
  context_entry(s, result)->scalar =
      rowwise ? any_of_warp(b, own) : any_of_block(s, own);
}

// Over rows -------------------------------------------------------------------

/// Whether rows that become one follow each other.
static bool are_neighbours(const ReduceRows *rows) {
  return rows->distance == 1 && rows->left > 1;
}

ReduceRows reduce_rows_of(MlirOperation op) {
  ReducedRows reduced = tile_op_reduced_rows(op, 2);
  return reduce_rows_with(tile_op_reduction_kind(op), reduced.n,
                          reduced.distance,
                          tile_rows(ir_type(ir_result(op, 0)), 1));
}

ReduceRows reduce_rows_with(IrReduction kind, int64_t n, int64_t distance,
                            int64_t left) {
  ReduceRows rows = {kind, n, distance, left, 1};
  int64_t in_warp = rows.distance < WARP_ROWS ? WARP_ROWS / rows.distance : 1;
  if (are_neighbours(&rows))
    rows.in_warp = WARP_ROWS % rows.n == 0   ? rows.n
                   : rows.n % WARP_ROWS == 0 ? WARP_ROWS
                                             : 1;
  else if (rows.left == rows.distance && WARP_ROWS % rows.distance == 0 &&
           rows.n % in_warp == 0)
    rows.in_warp = in_warp;
  return rows;
}

bool reduce_exchanges(const ReduceRows *rows) {
  // Other threads than those that have them want what neighbours become.
  return rows->n > rows->in_warp || are_neighbours(rows);
}

int reduce_slices_at_once(const ReduceRows *rows) {
  int64_t slices =
      REDUCE_SCRATCH * rows->in_warp / (SLICE * (int)sizeof(float));
  return slices < MAX_SLICES ? (int)slices : MAX_SLICES;
}

int64_t reduce_scratch(const ReduceRows *rows, int64_t block, int64_t slices) {
  int64_t most = reduce_slices_at_once(rows);
  if (!reduce_exchanges(rows))
    return 0;
  return block / rows->in_warp * (slices < most ? slices : most) * SLICE *
         (int64_t)sizeof(float);
}

/// A slice, combined over a warp's rows. Of neighbours the rows of a lane are
/// two different ones, unless they are all that a warp has.
static Fragment reduce_in_warp(Distribute *s, Fragment f,
                               const ReduceRows *rows) {
  bool apart = are_neighbours(rows) && rows->n < WARP_ROWS;
  for (int j = 0; j < 2; ++j) {
    if (!apart)
      f.v[0][j] = fragment_combine(s, rows->kind, f.v[0][j], f.v[1][j]);
    for (int i = 0; i < (apart ? 2 : 1); ++i)
      for (int bit = 0; bit < LANE_BITS; ++bit) {
        int64_t row = layout_accumulator.lane[bit].row;
        if (row &&
            (are_neighbours(rows) ? row < rows->n : row >= rows->distance))
          f.v[i][j] = fragment_combine(s, rows->kind, f.v[i][j],
                                       exchange(&s->b, f.v[i][j], bit));
      }
    if (!apart)
      f.v[1][j] = f.v[0][j];
  }
  return f;
}

/// A slice of what a reduction is over, combined over a warp's rows.
static Fragment combined(Distribute *s, MlirOperation op,
                         const ReduceRows *rows, int slice) {
  MlirValue source = ir_operand(op, 0);
  Fragment f = fragment(s, source, context_at(s, ir_type(source), 2, slice));
  return rows->in_warp > 1 ? reduce_in_warp(s, f, rows) : f;
}

/// A ring with so many bytes that nothing is copied to any more; NULL if there
/// is none.
static const Entry *find_free_ring(Distribute *s, MlirOperation op,
                                   int64_t bytes) {
  if (copies_follow(s, op))
    return NULL;
  for (MlirOperation o = mlirBlockGetFirstOperation(ir_body(s->forall, 0));
       !mlirOperationEqual(o, op); o = mlirOperationGetNextInBlock(o))
    if (ir_is(o, "memref.alloc") && copies_is_ring(ir_result(o, 0)) &&
        context_entry(s, ir_result(o, 0))->bytes >= bytes)
      return context_entry(s, ir_result(o, 0));
  return NULL;
}

/// Where the block's rows are exchanged: [slices][stored rows][SLICE] of f32.
typedef struct Scratch {
  bool found;
  MlirBlock free; ///< of the program, where nobody reads what is there
  int64_t offset; ///< in the block's shared memory
} Scratch;

static Scratch *scratch_of(Distribute *s) {
  return context_state(s, "reduce", sizeof(Scratch));
}

/// The most bytes that a reduction of the block wants.
static int64_t most_scratch(const Distribute *s, MlirBlock block) {
  int64_t most = 0, bytes;
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (tile_op_reduces_rows(op)) {
      ReduceRows rows = reduce_rows_of(op);
      bytes = reduce_scratch(&rows, s->warps * WARP_ROWS,
                             context_slices(ir_type(ir_result(op, 0)), 1));
      most = bytes > most ? bytes : most;
    }
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i) {
      bytes = most_scratch(s, ir_body(op, i));
      most = bytes > most ? bytes : most;
    }
  }
  return most;
}

static void find_scratch(Distribute *s, MlirOperation op) {
  Scratch *self = scratch_of(s);
  if (self->found)
    return;
  int64_t bytes = most_scratch(s, ir_body(s->forall, 0));
  const Entry *ring = find_free_ring(s, op, bytes);
  if (!ring)
    context_allocate(s, bytes, CHUNK);
  self->found = true;
  if (!ring)
    self->free = ir_body(s->forall, 0);
  self->offset = ring ? ring->offset : s->shared_bytes - bytes;
}

/// The address of this thread's pair of a slice, in a stored row.
static MlirValue scratch(Distribute *s, const ReduceRows *rows, MlirValue slice,
                         MlirValue row) {
  Ir *b = &s->b;
  int64_t plane = s->warps * WARP_ROWS / rows->in_warp * SLICE;
  int64_t first = scratch_of(s)->offset / (int)sizeof(float);
  MlirValue at = ir_addi(b, s->column, ir_const_index(b, first));
  at = ir_addi(b, at, ir_muli(b, slice, ir_const_index(b, plane)));
  at = ir_addi(b, at, ir_muli(b, row, ir_const_index(b, SLICE)));
  return ir_advance(b, s->shared, ir_f32(b), at);
}

static IrAttribute alignment_of_pairs(Ir *b) {
  return (IrAttribute){"alignment", ir_i64_attr(b, 2 * sizeof(float))};
}

static void store_scratch(Distribute *s, const ReduceRows *rows,
                          MlirValue slice, MlirValue row,
                          const MlirValue pair[2]) {
  Ir *b = &s->b;
  IrAttribute alignment = alignment_of_pairs(b);
  MlirValue value =
      ir_value(b, "vector.from_elements", ir_vector(ir_f32(b), IR_DIMS(2)), 2,
               pair, IR_NONE);
  ir_op(b, "llvm.store", IR_NONE,
        IR_VALUES(value, scratch(s, rows, slice, row)), 1, &alignment);
}

/// Stores a slice, combined over a warp's rows: of those a warp stores one.
static void store_slice(Distribute *s, const ReduceRows *rows, int slice,
                        const Fragment *f) {
  enum { APART = WARP_ROWS / 2 }; // a thread's two rows
  Ir *b = &s->b;
  bool one = rows->in_warp > 1, next = are_neighbours(rows);
  bool both = !one || (next && rows->in_warp <= APART);
  MlirValue n = ir_const_index(b, next ? rows->in_warp : WARP_ROWS);
  for (int i = 0; i < (both ? 2 : 1); ++i) {
    MlirValue row = s->rows[i];
    IrIf first;
    if (one) {
      MlirValue rest = ir_remui(b, row, n);
      MlirValue left = ir_const_index(b, next ? 1 : rows->distance);
      first = ir_if_begin(b, ir_cmpi(b, IR_SLT, rest, left), IR_NONE);
      row = ir_divui(b, row, n);
      if (!next)
        row = ir_addi(b, ir_muli(b, row, left), rest);
    }
    store_scratch(s, rows, ir_const_index(b, slice), row, f->v[i]);
    if (one)
      ir_if_end(b, &first, IR_NONE);
  }
}

/// The bits of the lane's number that tell rows apart which become one, if a
/// thread's two rows do, too.
static int combined_bits(const ReduceRows *rows, int bits[LANE_BITS]) {
  int n = 0;
  if (rows->in_warp == 1 || (are_neighbours(rows) && rows->in_warp < WARP_ROWS))
    return 0;
  for (int bit = 0; bit < LANE_BITS; ++bit)
    if (layout_accumulator.lane[bit].row >= rows->distance)
      bits[n++] = bit;
  return n;
}

/// Stores 2^n slices from `first` on, combined over rows that n bits of the
/// lane tell apart: each bit leaves a lane half of the slices it has, and in
/// the end it stores one.
static void scatter_slices(Distribute *s, MlirOperation op,
                           const ReduceRows *rows, int first, int slot,
                           const int *bits, int n) {
  Ir *b = &s->b;
  MlirValue x[MAX_SLICES][2], source = ir_operand(op, 0);
  int left = 1 << n;
  for (int k = 0; k < left; ++k) {
    At at = context_at(s, ir_type(source), 2, first + k);
    Fragment f = fragment(s, source, at);
    for (int j = 0; j < 2; ++j)
      x[k][j] = fragment_combine(s, rows->kind, f.v[0][j], f.v[1][j]);
  }
  MlirValue two = ir_const_index(b, 2), slice = ir_const_index(b, slot);
  for (int i = 0; i < n; ++i) {
    MlirValue lanes = ir_const_index(b, 1 << bits[i]);
    MlirValue bit = ir_remui(b, ir_divui(b, s->lane, lanes), two);
    MlirValue upper = ir_cmpi(b, IR_SGT, bit, ir_const_index(b, 0));
    left /= 2;
    slice = ir_addi(b, slice, ir_muli(b, bit, ir_const_index(b, left)));
    for (int k = 0; k < left; ++k)
      for (int j = 0; j < 2; ++j) {
        MlirValue own = ir_select(b, upper, x[k + left][j], x[k][j]);
        MlirValue other = ir_select(b, upper, x[k][j], x[k + left][j]);
        x[k][j] =
            fragment_combine(s, rows->kind, own, exchange(b, other, bits[i]));
      }
  }
  MlirValue distance = ir_const_index(b, rows->distance);
  MlirValue warp = ir_divui(b, s->rows[0], ir_const_index(b, WARP_ROWS));
  MlirValue row =
      ir_addi(b, ir_muli(b, warp, distance), ir_remui(b, s->rows[0], distance));
  store_scratch(s, rows, slice, row, x[0]);
}

void reduce_begin_exchange(Distribute *s, MlirOperation op) {
  find_scratch(s, op);
  MlirBlock *free = &scratch_of(s)->free;
  if (!mlirBlockEqual(*free, mlirOperationGetBlock(op)))
    context_barrier(s);
  *free = (MlirBlock){NULL};
}

void reduce_end_exchange(Distribute *s, MlirOperation op) {
  context_barrier(s);
  scratch_of(s)->free = mlirOperationGetBlock(op);
}

void reduce_exchange(Distribute *s, MlirOperation op, const ReduceRows *rows,
                     int first, int n) {
  int bits[LANE_BITS], n_bits = combined_bits(rows, bits), k = 0;
  for (; n_bits && k + (1 << n_bits) <= n; k += 1 << n_bits)
    scatter_slices(s, op, rows, first + k, k, bits, n_bits);
  for (; k < n; ++k) {
    Fragment f = combined(s, op, rows, first + k);
    store_slice(s, rows, k, &f);
  }
  context_barrier(s);
}

/// The first of the stored rows that become `row`.
static MlirValue first_row(Ir *b, const ReduceRows *rows, MlirValue row) {
  if (rows->left == rows->distance)
    return row;
  MlirValue distance = ir_const_index(b, rows->distance);
  MlirValue all = ir_const_index(b, rows->n / rows->in_warp * rows->distance);
  return ir_addi(b, ir_muli(b, ir_divui(b, row, distance), all),
                 ir_remui(b, row, distance));
}

void reduce_gather(Distribute *s, const ReduceRows *rows, const At *to,
                   MlirValue slice, int n, Fragment *inits) {
  enum { PAIR = 2, MOST = 4, FEW = 32 };
  bool one = mlirValueEqual(to->rows[0], to->rows[1]);
  int own = one ? 1 : 2, in_slice = PAIR * own;
  Ir *b = &s->b;
  MlirType pair = ir_vector(ir_f32(b), IR_DIMS(2));
  IrAttribute alignment = alignment_of_pairs(b);
  MlirValue values[MOST * MAX_SLICES], from[2];
  for (int i = 0; i < own; ++i)
    from[i] = first_row(b, rows, to->rows[i]);
  for (int k = 0; k < n; ++k)
    for (int v = 0; v < in_slice; ++v)
      values[in_slice * k + v] = inits[k].v[v / PAIR][v % PAIR];
  MlirValue all = ir_const_index(b, rows->n / rows->in_warp * rows->distance);
  IrLoop loop =
      ir_for_begin(b, ir_const_index(b, 0), all,
                   ir_const_index(b, rows->distance), in_slice * n, values);
  if (rows->n / rows->in_warp * in_slice * n > FEW)
    transfer_keep_rolled(b, &loop);
  for (int k = 0; k < n; ++k)
    for (int i = 0; i < own; ++i) {
      MlirValue at = scratch(s, rows, ir_addi(b, slice, ir_const_index(b, k)),
                             ir_addi(b, from[i], loop.iv[0]));
      MlirValue both =
          ir_value(b, "llvm.load", pair, IR_VALUES(at), 1, &alignment);
      for (int j = 0; j < PAIR; ++j) {
        int v = in_slice * k + PAIR * i + j;
        values[v] = fragment_combine(s, rows->kind, loop.args[v],
                                     fragment_element(b, both, j));
      }
    }
  ir_for_end(b, &loop, in_slice * n, values);
  for (int k = 0; k < n; ++k)
    for (int v = 0; v < MOST; ++v)
      inits[k].v[v / PAIR][v % PAIR] =
          loop.results[in_slice * k + v % in_slice];
}

void reduce_rows(Distribute *s, MlirOperation op) {
  MlirType to = ir_type(ir_result(op, 0));
  ReduceRows rows = reduce_rows_of(op);
  int slices = context_slices(to, 1), most = reduce_slices_at_once(&rows);
  Fragment *results = context_entry(s, ir_result(op, 0))->fragments;
  At at = context_at(s, to, 1, 0);
  for (; at.slice < slices; ++at.slice)
    results[at.slice] = fragment(s, ir_operand(op, 1), at);
  // A thread's two rows may be of one row of the result.
  if (WARP_ROWS / 2 % rows.left == 0)
    at.rows[1] = at.rows[0];
  for (int first = 0; first < slices; first += most) {
    int n = slices - first < most ? slices - first : most;
    if (reduce_exchanges(&rows)) {
      reduce_begin_exchange(s, op);
      reduce_exchange(s, op, &rows, first, n);
      reduce_gather(s, &rows, &at, ir_const_index(&s->b, 0), n,
                    results + first);
      continue;
    }
    for (int k = first; k < first + n; ++k) {
      Fragment f = combined(s, op, &rows, k);
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j)
          results[k].v[i][j] =
              fragment_combine(s, rows.kind, f.v[i][j], results[k].v[i][j]);
    }
  }
}
