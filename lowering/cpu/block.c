// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-block: tile programs -> vectors and scratch buffers, for a CPU.
//
// In:  tile values of any size, in the body of scf.forall
//        %s = vector.contract %a, %k, %zero : ... into vector<16x128xf32>
//        %p = math.exp2 %s : vector<16x128xf32>
// Out: loops over the columns of tiles, on vectors of their rows, between
//      buffers on the stack
//        scf.for %x = %c0 to %count step %c4 {
//          %s:4 = scf.for %k = %c0 to %c64 ... { vector.load, math.fma }
//          vector.store %s#0, %s_buffer[%x, %c0] ...
//        }
//        scf.for %x = %c0 to %count step %c1 { vector.load, ..., vector.store }
//
// A tile is kept in a buffer if it is used twice, carried by a loop, a left
// operand of a product, or reduced; anything else is evaluated where it is used
// and never exists as a whole. Column reductions ride along in the loop that
// makes the tile they reduce. Loops over padded columns stop where the padding
// begins (padding.c), so windows cost what they hold.

#include "block.h"

#include "lowering/memory.h"

#include "lowering/notes.h"
#include "lowering/pass.h"
#include "lowering/tile/check.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stdlib.h>

static MlirValue null_value(void) { return (MlirValue){NULL}; }

// What is known of values -----------------------------------------------------

static const Entry unknown = {.row_dims = 1};

Entry *block_entry(Block *s, MlirValue value) {
  return value_map_entry(&s->entries, value);
}

MlirValue block_scalar(Block *s, MlirValue old) {
  MlirValue scalar = block_entry(s, old)->scalar;
  return mlirValueIsNull(scalar) ? old : scalar;
}

void block_fail(Block *s, MlirOperation op, const char *reason) {
  if (s->failed.ptr)
    return;
  if (mlirOperationIsNull(op))
    op = s->forall;
  s->failed = op;
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  ir_error(op, "simplicial-block cannot lower this '%.*s': %s",
           (int)name.length, name.data, reason);
}

MlirValue block_alloca(Block *s, MlirType element, int rank,
                       const int64_t *shape) {
  return ir_alloca(&s->scratch, ir_memref(element, rank, shape));
}

int64_t block_lanes(MlirType tile, int row_dims) {
  return (tile_rows(tile, row_dims) + LANES - 1) / LANES * LANES;
}

MlirValue block_offset(Block *s, MlirValue x, int64_t k) {
  return k ? ir_addi(&s->b, x, ir_const_index(&s->b, k)) : x;
}

MlirValue block_column(Block *s, At at, int u) {
  return mlirValueIsNull(at.x) ? ir_const_index(&s->b, u)
                               : block_offset(s, at.x, u);
}

bool block_is_contraction(MlirOperation op) {
  return ir_is(op, "vector.contract");
}

// Which tiles are kept --------------------------------------------------------

/// Whether evaluating a tile again costs no more than loading it.
static bool is_cheap(MlirValue tile) {
  MlirOperation op = ir_def(tile);
  Read read;
  return ir_is(op, "arith.constant") || ir_is(op, "vector.broadcast") ||
         ir_is(op, "vector.shape_cast") || ir_is(op, "vector.create_mask") ||
         read_of(tile, &read);
}

static void keep(Block *s, MlirValue tile) {
  if (tile_is(tile) && !ir_is(ir_def(tile), "arith.constant"))
    block_entry(s, tile)->kept = true;
}

/// The tile that `unpack` finds in a buffer: a conversion is left to it.
static MlirValue written_tile(MlirOperation transfer_write) {
  MlirValue tile = ir_operand(transfer_write, 0);
  MlirOperation op = ir_def(tile);
  return ir_is(op, "arith.truncf") ? ir_operand(op, 0) : tile;
}

/// Says of `tile`, and of all it is evaluated from, that it is needed with the
/// first `row_dims` dimensions on lanes.
static void need_on_lanes(Block *s, MlirValue tile, int row_dims) {
  if (!tile_is(tile))
    return;
  Entry *entry = block_entry(s, tile);
  entry->on_lanes = true;
  entry->row_dims = row_dims;
  MlirOperation op = ir_def(tile);
  Read read;
  if (mlirOperationIsNull(op) || entry->kept || read_of(tile, &read) ||
      ir_is(op, "vector.create_mask"))
    return;
  if (ir_is(op, "vector.broadcast") || ir_is(op, "vector.shape_cast"))
    need_on_lanes(s, ir_operand(op, 0), tile_op_source_row_dims(op, row_dims));
  else if (tile_op_is_elementwise(op))
    for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
      need_on_lanes(s, ir_operand(op, i), row_dims);
}

/// What a kept tile, or an op that consumes tiles, needs of its operands.
static void need_operands(Block *s, MlirOperation op) {
  bool product = block_is_contraction(op);
  if (product || ir_is(op, "vector.multi_reduction")) {
    need_on_lanes(s, ir_operand(op, 0), tile_op_reduces_rows(op) ? 2 : 1);
    need_on_lanes(s, ir_operand(op, product ? 2 : 1), 1);
    if (product)
      block_entry(s, ir_operand(op, 1))->in_order = true;
  } else if (ir_is(op, "vector.transfer_write")) {
    need_on_lanes(s, written_tile(op), 1);
  } else if (ir_is(op, "scf.for") || ir_is(op, "scf.yield")) {
    for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
      need_on_lanes(s, ir_operand(op, i), 1);
  } else if (mlirOperationGetNumResults(op) == 1 && tile_is(ir_result(op, 0)) &&
             block_entry(s, ir_result(op, 0))->kept) {
    Entry *entry = block_entry(s, ir_result(op, 0));
    int row_dims = entry->row_dims;
    entry->kept = false; // look through this one
    need_on_lanes(s, ir_result(op, 0), row_dims);
    entry->kept = true;
  }
}

/// Producers before consumers.
static void decide_kept(Block *s, MlirBlock block) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (block_is_contraction(op))
      keep(s, ir_operand(op, 0));
    if (ir_is(op, "vector.multi_reduction")) {
      keep(s, ir_result(op, 0));
      if (tile_op_reduces_columns(op))
        keep(s, ir_operand(op, 0));
    }
    if (ir_is(op, "vector.transfer_write"))
      keep(s, written_tile(op));
    if (ir_is(op, "scf.for") || ir_is(op, "scf.yield"))
      for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
        keep(s, ir_operand(op, i));
    for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i) {
      MlirValue result = ir_result(op, i);
      if (tile_is(result) && tile_uses(result) > 1 && !is_cheap(result))
        keep(s, result);
    }
    if (ir_is(op, "scf.for"))
      decide_kept(s, ir_body(op, 0));
  }
}

/// Consumers before producers.
static void decide_needs(Block *s, MlirOperation op) {
  if (mlirOperationIsNull(op))
    return;
  decide_needs(s, mlirOperationGetNextInBlock(op));
  if (ir_is(op, "scf.for"))
    decide_needs(s, mlirBlockGetFirstOperation(ir_body(op, 0)));
  need_operands(s, op);
}

// Keeping a tile --------------------------------------------------------------

static bool contains_contraction(Block *s, MlirValue tile, bool definition) {
  MlirOperation op = ir_def(tile);
  if (mlirOperationIsNull(op) ||
      (!definition && !mlirValueIsNull(block_entry(s, tile)->buffer)))
    return false;
  if (block_is_contraction(op))
    return true;
  if (!tile_op_is_elementwise(op) && !ir_is(op, "vector.broadcast") &&
      !ir_is(op, "vector.shape_cast"))
    return false;
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
    if (contains_contraction(s, ir_operand(op, i), false))
      return true;
  return false;
}

enum { MAX_RIDERS = 4 };

/// Reductions that ride along in a loop over the columns of a tile.
typedef struct Riders {
  int n;
  MlirOperation ops[MAX_RIDERS];
  MlirValue acc[MAX_RIDERS];
} Riders;

/// Those reductions of `tile` whose initial value is a constant.
static Riders riders_of(MlirValue tile) {
  Riders riders = {0};
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation op = mlirOpOperandGetOwner(use);
    if (tile_op_reduces_columns(op) &&
        mlirOpOperandGetOperandNumber(use) == 0 &&
        ir_is(ir_def(ir_operand(op, 1)), "arith.constant") &&
        mlirBlockEqual(mlirOperationGetBlock(op),
                       mlirOperationGetBlock(ir_def(tile))) &&
        riders.n < MAX_RIDERS)
      riders.ops[riders.n++] = op;
  }
  return riders;
}

static void begin_riders(Block *s, Riders *riders) {
  for (int i = 0; i < riders->n; ++i)
    riders->acc[i] =
        eval(s, ir_operand(riders->ops[i], 1), (At){.row_dims = 1, .n = 1})
            .v[0];
}

static void store_vector(Block *s, MlirValue tile, MlirValue vector) {
  Entry *entry = block_entry(s, tile);
  MlirValue zero = ir_const_index(&s->b, 0);
  if (mlirValueIsNull(entry->buffer))
    entry->buffer =
        block_alloca(s, ir_element(ir_type(tile)),
                     IR_DIMS(block_lanes(ir_type(tile), entry->row_dims)));
  ir_vector_store(&s->b, vector, entry->buffer, &zero);
}

static void end_riders(Block *s, Riders *riders) {
  for (int i = 0; i < riders->n; ++i)
    store_vector(s, ir_result(riders->ops[i], 0), riders->acc[i]);
}

/// A loop over the columns [lower, upper) of `tile`, `n` at a time: evaluates
/// them, stores them to `target` unless that is null, and feeds the riders.
static void column_loop(Block *s, MlirValue tile, At at, MlirValue lower,
                        MlirValue upper, MlirValue target, Riders *riders) {
  Ir *b = &s->b;
  IrLoop loop = ir_for_begin(b, lower, upper, ir_const_index(b, at.n),
                             riders->n, riders->acc);
  at.x = loop.iv[0];
  Columns columns = mlirValueIsNull(target) ? eval(s, tile, at)
                                            : eval_definition(s, tile, at);
  for (int u = 0; u < at.n && !mlirValueIsNull(target); ++u)
    ir_vector_store(
        b, columns.v[u], target,
        (const MlirValue[]){block_offset(s, at.x, u), ir_const_index(b, 0)});
  for (int i = 0; i < riders->n; ++i) {
    MlirValue acc = loop.args[i];
    for (int u = 0; u < at.n; ++u)
      acc = eval_combine(s, tile_op_reduction_kind(riders->ops[i]),
                         columns.v[u], acc);
    riders->acc[i] = acc;
  }
  ir_for_end(b, &loop, riders->n, riders->acc);
  for (int i = 0; i < riders->n; ++i)
    riders->acc[i] = loop.results[i];
}

/// All columns before the padding: most of them a few at a time, then the rest.
static void all_columns(Block *s, MlirValue tile, MlirValue target,
                        Riders *riders) {
  Ir *b = &s->b;
  Entry *entry = block_entry(s, tile);
  MlirType type = ir_type(tile);
  int64_t size = ir_dim_size(type, entry->row_dims);
  At at = {.row_dims = entry->row_dims, .n = 1};
  at.limit = padding_of(tile, ir_rank(type) - 1).limit;
  bool exact = mlirValueIsNull(at.limit);
  MlirValue zero = ir_const_index(b, 0);
  MlirValue end = exact ? ir_const_index(b, size) : block_scalar(s, at.limit);
  int64_t vectors = block_lanes(type, entry->row_dims) / LANES;
  if (contains_contraction(s, tile, !mlirValueIsNull(target)) &&
      vectors < ACCUMULATORS)
    at.n = (int)(ACCUMULATORS / vectors);

  begin_riders(s, riders);
  if (exact && size % at.n == 0) {
    column_loop(s, tile, at, zero, end, target, riders);
  } else {
    MlirValue n = ir_const_index(b, at.n);
    MlirValue whole = at.n == 1 ? end : ir_subi(b, end, ir_remui(b, end, n));
    column_loop(s, tile, at, zero, whole, target, riders);
    if (at.n > 1) {
      at.n = 1;
      column_loop(s, tile, at, whole, end, target, riders);
    }
  }
  end_riders(s, riders);
  if (!mlirValueIsNull(target))
    entry->limit = at.limit;
}

/// A loop-carried tile may be overwritten by its next value if nothing but that
/// value is evaluated from it: then both share a buffer.
static MlirValue buffer_to_overwrite(Block *s, MlirValue tile) {
  MlirOperation yield = {NULL};
  int position = 0;
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    if (ir_is(mlirOpOperandGetOwner(use), "scf.yield")) {
      yield = mlirOpOperandGetOwner(use);
      position = (int)mlirOpOperandGetOperandNumber(use);
    }
  if (mlirOperationIsNull(yield))
    return null_value();
  MlirValue carried =
      mlirBlockGetArgument(mlirOperationGetBlock(yield), 1 + position);
  for (MlirValue v = carried; !mlirValueEqual(v, tile);) {
    MlirOpOperand use = mlirValueGetFirstUse(v);
    if (mlirOpOperandIsNull(use) || tile_uses(v) > 1)
      return null_value();
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (!tile_op_is_elementwise(user))
      return null_value();
    v = ir_result(user, 0);
    if (block_entry(s, v)->kept && !mlirValueEqual(v, tile))
      return null_value();
  }
  return block_entry(s, carried)->buffer;
}

static void keep_tile(Block *s, MlirValue tile) {
  Entry *entry = block_entry(s, tile);
  MlirType type = ir_type(tile);
  if (!mlirValueIsNull(entry->buffer))
    return; // it rode along
  if (!tile_has_columns(type, entry->row_dims)) {
    MlirValue vector =
        eval_definition(s, tile, (At){.row_dims = entry->row_dims, .n = 1})
            .v[0];
    entry->buffer = buffer_to_overwrite(s, tile);
    store_vector(s, tile, vector);
    return;
  }
  MlirValue target = buffer_to_overwrite(s, tile);
  if (mlirValueIsNull(target))
    target = block_alloca(s, ir_element(type),
                          IR_DIMS(ir_dim_size(type, entry->row_dims),
                                  block_lanes(type, entry->row_dims)));
  Riders riders = riders_of(tile);
  all_columns(s, tile, target, &riders);
  entry->buffer = target;
}

/// A column reduction that could not ride along.
static void reduce_columns(Block *s, MlirOperation op) {
  if (!mlirValueIsNull(block_entry(s, ir_result(op, 0))->buffer))
    return;
  Riders rider = {.n = 1, .ops = {op}};
  all_columns(s, ir_operand(op, 0), null_value(), &rider);
}

// The walk --------------------------------------------------------------------

static void convert_body(Block *s, MlirBlock block);

/// Copies a tile into `target`, another's buffer.
static void copy_to(Block *s, MlirValue tile, MlirValue target) {
  Ir *b = &s->b;
  if (mlirValueEqual(block_entry(s, tile)->buffer, target))
    return;
  MlirType type = ir_type(tile);
  MlirValue zero = ir_const_index(b, 0);
  if (!tile_has_columns(type, 1)) {
    At at = {.row_dims = 1, .n = 1};
    ir_vector_store(b, eval(s, tile, at).v[0], target, &zero);
    return;
  }
  IrLoop loop = ir_for_begin(b, zero, ir_const_index(b, ir_dim_size(type, 1)),
                             ir_const_index(b, 1), IR_NONE);
  At at = {.row_dims = 1, .x = loop.iv[0], .n = 1};
  ir_vector_store(b, eval(s, tile, at).v[0], target,
                  (const MlirValue[]){at.x, zero});
  ir_for_end(b, &loop, IR_NONE);
}

/// The buffer of a loop-carried tile: that of its initial value, if nobody else
/// wants that.
static MlirValue carried_buffer(Block *s, MlirValue init) {
  MlirValue buffer = block_entry(s, init)->buffer;
  if (!mlirValueIsNull(buffer) && tile_uses(init) == 1)
    return buffer;
  MlirType type = ir_type(init);
  int64_t shape[] = {0, block_lanes(type, 1)};
  bool columns = tile_has_columns(type, 1);
  if (columns)
    shape[0] = ir_dim_size(type, 1);
  buffer = block_alloca(s, ir_element(type), columns ? 2 : 1,
                        columns ? shape : shape + 1);
  copy_to(s, init, buffer);
  return buffer;
}

static void convert_for(Block *s, MlirOperation op) {
  enum { FIRST_INIT = 3 };
  Ir *b = &s->b;
  MlirBlock body = ir_body(op, 0);
  int n = (int)mlirOperationGetNumResults(op);
  for (int i = 0; i < n; ++i) {
    MlirValue init = ir_operand(op, FIRST_INIT + i);
    if (!tile_is(init)) {
      block_fail(s, op, "loops carry tiles only");
      return;
    }
    MlirValue buffer = carried_buffer(s, init);
    block_entry(s, mlirBlockGetArgument(body, 1 + i))->buffer = buffer;
    block_entry(s, ir_result(op, i))->buffer = buffer;
  }
  IrLoop loop = ir_for_begin(b, block_scalar(s, ir_operand(op, 0)),
                             block_scalar(s, ir_operand(op, 1)),
                             block_scalar(s, ir_operand(op, 2)), IR_NONE);
  block_entry(s, mlirBlockGetArgument(body, 0))->scalar = loop.iv[0];
  convert_body(s, body);
  MlirOperation yield = mlirBlockGetTerminator(body);
  for (int i = 0; i < n; ++i) {
    MlirValue next = ir_operand(yield, i);
    if (mlirValueIsABlockArgument(next) &&
        mlirBlockEqual(mlirBlockArgumentGetOwner(next), body) &&
        mlirBlockArgumentGetArgNumber(next) != 1 + i)
      block_fail(s, yield, "loop-carried tiles change places");
    copy_to(s, next, block_entry(s, ir_result(op, i))->buffer);
  }
  ir_for_end(b, &loop, IR_NONE);
}

static bool has_tiles(MlirOperation op) {
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i)
    if (tile_is(ir_result(op, i)))
      return true;
  return false;
}

/// A scalar op of a loop's body: copied into the new one.
static void copy_scalar(Block *s, MlirOperation op) {
  MlirValue operands[IR_MAX_VALUES];
  int n = (int)mlirOperationGetNumOperands(op);
  if (mlirOperationGetNumResults(op) != 1 || mlirOperationGetNumRegions(op) ||
      n > IR_MAX_VALUES) {
    block_fail(s, op, "it is not an op of tile programs");
    return;
  }
  for (int i = 0; i < n; ++i) {
    operands[i] = block_scalar(s, ir_operand(op, i));
    if (tile_is(ir_operand(op, i))) {
      block_fail(s, op, "it makes a scalar of a tile");
      return;
    }
  }
  MlirValue result = ir_result(op, 0);
  block_entry(s, result)->scalar =
      ir_clone_with(&s->b, op, ir_type(result), operands);
}

static void convert_tile(Block *s, MlirOperation op) {
  MlirValue tile = ir_result(op, 0);
  const Entry *entry = block_entry(s, tile);
  Read read;
  if (read_of(tile, &read)) {
    bool plain = mlirTypeEqual(ir_element(read.tile), read.element) &&
                 mlirTypeIsAF32(read.element);
    if (entry->on_lanes && (read_is_packed(&read) || entry->kept))
      pack_on_lanes(s, tile, &read);
    if (entry->in_order && !plain)
      pack_in_order(s, tile, &read);
  } else if (tile_op_reduces_columns(op)) {
    reduce_columns(s, op);
  } else if (entry->kept && entry->on_lanes) {
    keep_tile(s, tile);
  }
}

/// Whether there is code for the ops of a block, as far as their types say.
static bool check_ops(Block *s, MlirBlock block) {
  MlirOperation terminator = mlirBlockGetTerminator(block);
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationEqual(op, terminator) && !s->failed.ptr;
       op = mlirOperationGetNextInBlock(op)) {
    bool reads = ir_is(op, "vector.transfer_read");
    bool writes = ir_is(op, "vector.transfer_write");
    MlirValue tile = {NULL};
    if (reads || writes)
      tile = reads ? ir_result(op, 0) : ir_operand(op, 0);
    if (tile.ptr && ir_rank(ir_type(tile)) > MAX_TILE_RANK)
      block_fail(s, op, "tiles in memory have rows and columns");
    if (block_is_contraction(op) &&
        !mlirTypeIsAF32(ir_element(ir_type(ir_operand(op, 0)))))
      block_fail(s, op, "its operands must be f32");
    if (ir_is(op, "scf.for"))
      check_ops(s, ir_body(op, 0));
    else if (mlirOperationGetNumRegions(op))
      block_fail(s, op, "it is not an op of tile programs");
  }
  return !s->failed.ptr;
}

/// A block's ops but for the terminator, as they are now; the caller frees
/// them.
static MlirOperation *ops_of(MlirBlock block, size_t *n) {
  size_t capacity = 0;
  MlirOperation *ops = NULL, terminator = mlirBlockGetTerminator(block);
  *n = 0;
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationEqual(op, terminator);
       op = mlirOperationGetNextInBlock(op)) {
    if (*n == capacity) {
      capacity = capacity ? 2 * capacity : 64;
      ops = memory_resized(ops, capacity * sizeof *ops);
    }
    ops[(*n)++] = op;
  }
  return ops;
}

static void convert_ops(Block *s, size_t n, const MlirOperation *ops) {
  for (size_t i = 0; i < n && !s->failed.ptr; ++i) {
    if (ir_is(ops[i], "scf.for"))
      convert_for(s, ops[i]);
    else if (ir_is(ops[i], "vector.transfer_write"))
      unpack(s, ops[i]);
    else if (has_tiles(ops[i]))
      convert_tile(s, ops[i]);
    else
      copy_scalar(s, ops[i]);
  }
}

static void convert_body(Block *s, MlirBlock block) {
  size_t n;
  MlirOperation *ops = ops_of(block, &n);
  convert_ops(s, n, ops);
  free(ops);
}

/// The new ops come behind the old ones, which then go.
static MlirLogicalResult convert_forall(MlirOperation forall) {
  MlirBlock body = ir_body(forall, 0);
  size_t n;
  MlirOperation *ops = ops_of(body, &n);
  bool any = false;
  for (size_t i = 0; i < n; ++i)
    any |= has_tiles(ops[i]);
  Block s = {.b = ir_before(mlirBlockGetTerminator(body)),
             .scratch = ir_before(mlirBlockGetFirstOperation(body)),
             .forall = forall,
             .entries = {sizeof(Entry), &unknown, NULL, 0, 0}};
  if (any && (mlirLogicalResultIsFailure(tile_check(forall)) ||
              mlirLogicalResultIsFailure(tile_refuse_left_km(forall)) ||
              !check_ops(&s, body))) {
    s.failed = forall;
  } else if (any) {
    note(forall,
         "vectors: of f32, a block's rows beside each other, rounded up to a "
         "multiple of %d, which LLVM splits into the processor's registers",
         LANES);
    decide_kept(&s, body);
    decide_needs(&s, mlirBlockGetFirstOperation(body));
    convert_ops(&s, n, ops);
    for (size_t i = n; i-- > 0 && !s.failed.ptr;)
      mlirOperationDestroy(ops[i]);
  }
  value_map_free(&s.entries, NULL);
  free(ops);
  return s.failed.ptr ? mlirLogicalResultFailure() : mlirLogicalResultSuccess();
}

MlirLogicalResult pass_block(MlirOperation module) {
  static const char *const names[] = {"scf.forall"};
  return pass_for_each(module, 1, names, convert_forall);
}
