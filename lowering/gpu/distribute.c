// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-distribute: tile programs -> GPU programs, one thread's view.
//
// In:  func.func @f(%q: memref<...>, ...) {
//        scf.forall (%b, %h, %i) in (%B, %H, %N) { a staged tile program }
//      }
// Out: gpu.module @f_kernels {
//        llvm.func @f_tiles(%q: !llvm.ptr<1>, %q_stride: i64, ...)
//            attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid} {
//          %b, %h, %i from the block's number; tiles as scalars in registers;
//          hardware instructions as nvvm ops
//        }
//      }
//      func.func @f(...) {
//        gpu.launch_func @f_kernels::@f_tiles blocks in (%B * %H * %N) ...
//      }
//
// Tiles that are used twice, carried by a loop, left operands of products, or
// reduced are kept in registers; others are evaluated where they are used.

#include "distribute.h"
#include "layout.h"

#include "lowering/captures.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/LLVM.h"

#include "simplicial/dialect.h"

#include <stdio.h>
#include <stdlib.h>

enum { GLOBAL = 1, SHARED = 3, SHARED_ALIGNMENT = 1024, MAX_WARPS = 8 };

#define SHARED_NAME "shared"

// What is known of values -----------------------------------------------------

static void *checked(void *memory) {
  if (!memory)
    abort();
  return memory;
}

static const Entry unknown = {.row_dims = 1};

Entry *distribute_entry(Distribute *s, MlirValue value) {
  return value_map_entry(&s->entries, value);
}

static void release(void *entry) { free(((Entry *)entry)->fragments); }

MlirValue distribute_scalar(Distribute *s, MlirValue old) {
  MlirValue scalar = distribute_entry(s, old)->scalar;
  if (mlirValueIsNull(scalar))
    distribute_fail(s, ir_def(old), "it is not known in the kernel");
  return scalar;
}

void distribute_fail(Distribute *s, MlirOperation op, const char *reason) {
  if (s->failed.ptr)
    return;
  if (mlirOperationIsNull(op))
    op = s->forall;
  s->failed = op;
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  ir_error(op, "simplicial-distribute cannot lower this '%.*s': %s",
           (int)name.length, name.data, reason);
}

int distribute_slices(MlirType tile, int row_dims) {
  if (!tile_has_columns(tile, row_dims))
    return 1;
  return (int)((ir_dim_size(tile, row_dims) + SLICE - 1) / SLICE);
}

At distribute_at(Distribute *s, MlirType tile, int row_dims, int slice) {
  At at = {.row_dims = row_dims, .slice = slice};
  MlirValue rows = ir_const_index(&s->b, tile_rows(tile, row_dims));
  for (int i = 0; i < 2; ++i)
    at.rows[i] = ir_remui(&s->b, s->rows[i], rows);
  return at;
}

// Which tiles are kept --------------------------------------------------------

static bool is_cheap(MlirValue tile) {
  static const char *const names[] = {"arith.constant", "vector.broadcast",
                                      "vector.shape_cast", "vector.create_mask",
                                      "vector.transfer_read"};
  MlirOperation op = ir_def(tile);
  if (ir_is(op, "arith.extf"))
    op = ir_def(ir_operand(op, 0));
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (ir_is(op, names[i]))
      return true;
  return false;
}

static void keep(Distribute *s, MlirValue tile) {
  if (tile_is(tile) && !ir_is(ir_def(tile), "arith.constant"))
    distribute_entry(s, tile)->kept = true;
}

static void decide_kept(Distribute *s, MlirBlock block) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (ir_is(op, "vector.contract"))
      keep(s, ir_operand(op, 0));
    if (ir_is(op, "vector.multi_reduction")) {
      keep(s, ir_result(op, 0));
      if (tile_op_reduces_columns(op))
        keep(s, ir_operand(op, 0));
    }
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

/// How many leading dimensions of `tile`, and of what it is evaluated from, are
/// rows.
static void set_row_dims(Distribute *s, MlirValue tile, int row_dims) {
  if (!tile_is(tile))
    return;
  distribute_entry(s, tile)->row_dims = row_dims;
  MlirOperation op = ir_def(tile);
  if (ir_is(op, "vector.broadcast") || ir_is(op, "vector.shape_cast"))
    set_row_dims(s, ir_operand(op, 0), tile_op_source_row_dims(op, row_dims));
  else if (tile_op_is_elementwise(op))
    for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
      set_row_dims(s, ir_operand(op, i), row_dims);
}

static void decide_row_dims(Distribute *s, MlirBlock block) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (tile_op_reduces_rows(op))
      set_row_dims(s, ir_operand(op, 0), 2);
    if (ir_is(op, "scf.for"))
      decide_row_dims(s, ir_body(op, 0));
  }
}

static Fragment *allocate(Distribute *s, MlirValue tile) {
  Entry *entry = distribute_entry(s, tile);
  int n = distribute_slices(ir_type(tile), entry->row_dims);
  return checked(calloc((size_t)n, sizeof(Fragment)));
}

static void keep_tile(Distribute *s, MlirValue tile) {
  Entry *entry = distribute_entry(s, tile);
  Fragment *fragments = allocate(s, tile);
  At at = distribute_at(s, ir_type(tile), entry->row_dims, 0);
  for (; at.slice < distribute_slices(ir_type(tile), entry->row_dims);
       ++at.slice)
    fragments[at.slice] = fragment_definition(s, tile, at);
  entry->fragments = fragments;
}

// The walk --------------------------------------------------------------------

static void convert_body(Distribute *s, MlirBlock block);

/// How a carried tile travels: all distinct values of its fragments. A tile
/// without columns has one value a row.
static int flatten(const Fragment *fragments, int slices, bool columns,
                   MlirValue *values) {
  int n = 0;
  for (int slice = 0; slice < slices; ++slice)
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < (columns ? 2 : 1); ++j)
        values[n++] = fragments[slice].v[i][j];
  return n;
}

static int unflatten(const MlirValue *values, int slices, bool columns,
                     Fragment *fragments) {
  int n = 0;
  for (int slice = 0; slice < slices; ++slice)
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j)
        fragments[slice].v[i][j] = j && !columns ? values[n - 1] : values[n++];
  return n;
}

/// All fragments of `tiles`, flattened; -1 if they are too many.
static int flatten_all(Distribute *s, int n_tiles, const MlirValue *tiles,
                       MlirValue *values) {
  int n = 0;
  for (int t = 0; t < n_tiles; ++t) {
    MlirType type = ir_type(tiles[t]);
    int slices = distribute_slices(type, 1);
    if (n + 4 * slices > IR_MAX_VALUES - 4)
      return -1;
    At at = distribute_at(s, type, 1, 0);
    Fragment fragments[MAX_SLICES];
    for (; at.slice < slices; ++at.slice)
      fragments[at.slice] = fragment(s, tiles[t], at);
    n += flatten(fragments, slices, tile_has_columns(type, 1), values + n);
  }
  return n;
}

static void unflatten_all(Distribute *s, int n_tiles, const MlirValue *tiles,
                          const MlirValue *values) {
  int n = 0;
  for (int t = 0; t < n_tiles; ++t) {
    MlirType type = ir_type(tiles[t]);
    Entry *entry = distribute_entry(s, tiles[t]);
    if (!entry->fragments)
      entry->fragments = allocate(s, tiles[t]);
    n += unflatten(values + n, distribute_slices(type, 1),
                   tile_has_columns(type, 1), entry->fragments);
  }
}

static void convert_for(Distribute *s, MlirOperation op) {
  enum { FIRST_INIT = 3, MAX_TILES = 16 };
  Ir *b = &s->b;
  MlirBlock body = ir_body(op, 0);
  int n = (int)mlirOperationGetNumResults(op);
  MlirValue inits[MAX_TILES], args[MAX_TILES], results[MAX_TILES];
  MlirValue values[IR_MAX_VALUES];
  for (int i = 0; i < n && n <= MAX_TILES; ++i) {
    inits[i] = ir_operand(op, FIRST_INIT + i);
    args[i] = mlirBlockGetArgument(body, 1 + i);
    results[i] = ir_result(op, i);
    if (!tile_is(inits[i]) || fragment_is_packed(ir_type(inits[i])))
      n = MAX_TILES + 1;
  }
  if (n > MAX_TILES) {
    distribute_fail(s, op, "loops carry a few tiles of f32 only");
    return;
  }
  int count = flatten_all(s, n, inits, values);
  if (count < 0) {
    distribute_fail(s, op, "it carries more than the registers hold");
    return;
  }
  IrLoop loop =
      ir_for_begin(b, distribute_scalar(s, ir_operand(op, 0)),
                   distribute_scalar(s, ir_operand(op, 1)),
                   distribute_scalar(s, ir_operand(op, 2)), count, values);
  distribute_entry(s, mlirBlockGetArgument(body, 0))->scalar = loop.iv[0];
  unflatten_all(s, n, args, loop.args);
  convert_body(s, body);
  MlirOperation yield = mlirBlockGetTerminator(body);
  for (int i = 0; i < n; ++i)
    args[i] = ir_operand(yield, i);
  flatten_all(s, n, args, values);
  ir_for_end(b, &loop, count, values);
  unflatten_all(s, n, results, loop.results);
}

/// A buffer in shared memory: the next bytes of the block's.
static void convert_alloc(Distribute *s, MlirOperation op) {
  Ir *b = &s->b;
  MlirType type = ir_type(ir_result(op, 0));
  Entry *entry = distribute_entry(s, ir_result(op, 0));
  int64_t strides[IR_MAX_RANK], offset, elements = 1;
  mlirMemRefTypeGetStridesAndOffset(type, strides, &offset);
  for (int d = 0; d < ir_rank(type); ++d) {
    entry->strides[d] = ir_const_index(b, strides[d]);
    elements *= ir_dim_size(type, d);
  }
  const int32_t at = (int32_t)s->shared_bytes;
  entry->pointer = ir_value(
      b, "llvm.getelementptr", ir_type(s->shared), IR_VALUES(s->shared),
      IR_ATTRIBUTES(
          {"elem_type", mlirTypeAttrGet(mlirIntegerTypeGet(b->context, 8))},
          {"rawConstantIndices", mlirDenseI32ArrayGet(b->context, 1, &at)}));
  int64_t bytes = elements * mlirFloatTypeGetWidth(ir_element(type)) / 8;
  s->shared_bytes += (bytes + 15) / 16 * 16;
}

static void convert_wait(Distribute *s, MlirOperation op) {
  Ir *b = &s->b;
  ir_op(b, "nvvm.cp.async.wait.group", IR_NONE, IR_NONE,
        IR_ATTRIBUTES({"n", mlirIntegerAttrGet(
                                ir_i32(b), mlirIntegerAttrGetValueInt(
                                               ir_get_attr(op, "pending")))}));
  ir_op(b, "nvvm.barrier0", IR_NONE, IR_NONE, IR_NONE);
}

static void convert_tile(Distribute *s, MlirOperation op) {
  MlirValue tile = ir_result(op, 0);
  Entry *entry = distribute_entry(s, tile);
  if (!entry->kept)
    return;
  if (tile_op_reduces_columns(op)) {
    entry->fragments = allocate(s, tile);
    fragment_reduce_columns(s, op);
  } else if (tile_op_reduces_rows(op)) {
    entry->fragments = allocate(s, tile);
    transfer_reduce_rows(s, op);
  } else {
    keep_tile(s, tile);
  }
}

static void copy_scalar(Distribute *s, MlirOperation op) {
  MlirValue operands[IR_MAX_VALUES];
  int n = (int)mlirOperationGetNumOperands(op);
  if (mlirOperationGetNumResults(op) != 1 || mlirOperationGetNumRegions(op) ||
      n > IR_MAX_VALUES) {
    distribute_fail(s, op, "it is not an op of tile programs");
    return;
  }
  for (int i = 0; i < n; ++i)
    operands[i] = distribute_scalar(s, ir_operand(op, i));
  MlirValue result = ir_result(op, 0);
  if (!s->failed.ptr)
    distribute_entry(s, result)->scalar =
        ir_clone_with(&s->b, op, ir_type(result), operands);
}

static void convert(Distribute *s, MlirOperation op) {
  if (ir_is(op, "scf.for"))
    convert_for(s, op);
  else if (ir_is(op, "vector.transfer_write"))
    transfer_write(s, op);
  else if (ir_is(op, SIMPLICIAL_COPY_ASYNC))
    transfer_copy_async(s, op);
  else if (ir_is(op, SIMPLICIAL_COPY_COMMIT))
    ir_op(&s->b, "nvvm.cp.async.commit.group", IR_NONE, IR_NONE, IR_NONE);
  else if (ir_is(op, SIMPLICIAL_COPY_WAIT))
    convert_wait(s, op);
  else if (ir_is(op, "memref.alloc"))
    convert_alloc(s, op);
  else if (mlirOperationGetNumResults(op) == 1 && tile_is(ir_result(op, 0)))
    convert_tile(s, op);
  else
    copy_scalar(s, op);
}

static void convert_body(Distribute *s, MlirBlock block) {
  MlirOperation end = mlirBlockGetTerminator(block);
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationEqual(op, end) && !s->failed.ptr;
       op = mlirOperationGetNextInBlock(op))
    convert(s, op);
}

// Kernels ---------------------------------------------------------------------

static MlirType i64(Ir *b) { return mlirIntegerTypeGet(b->context, 64); }

static MlirValue index_of(Ir *b, MlirValue integer) {
  return ir_value(b, "arith.index_cast", ir_index(b), IR_VALUES(integer),
                  IR_NONE);
}

/// What the kernel gets for each capture: for a memref a pointer to its first
/// element and its dynamic strides, for an index an i64.
typedef struct Arguments {
  int n;
  MlirType types[IR_MAX_VALUES];
  MlirValue values[IR_MAX_VALUES]; ///< on the host
  MlirValue bits; ///< of all addresses and strides, in bytes, that must be
                  ///< aligned: their "or"
} Arguments;

static void add_argument(Arguments *arguments, MlirType type, MlirValue value) {
  arguments->types[arguments->n] = type;
  arguments->values[arguments->n++] = value;
}

static MlirValue host_i64(Ir *b, MlirValue index) {
  return ir_value(b, "arith.index_cast", i64(b), IR_VALUES(index), IR_NONE);
}

static MlirValue either(Ir *b, MlirValue x, MlirValue y) {
  return ir_value(b, "arith.ori", ir_type(x), IR_VALUES(x, y), IR_NONE);
}

static void add_memref(Ir *b, Arguments *arguments, MlirValue memref) {
  MlirType type = ir_type(memref);
  int rank = ir_rank(type);
  int64_t strides[IR_MAX_RANK], offset;
  mlirMemRefTypeGetStridesAndOffset(type, strides, &offset);
  MlirType results[2 + 2 * IR_MAX_RANK];
  results[0] = mlirMemRefTypeContiguousGet(ir_element(type), 0, NULL,
                                           mlirAttributeGetNull());
  for (int i = 0; i < 1 + 2 * rank; ++i)
    results[1 + i] = ir_index(b);
  MlirOperation metadata =
      ir_op(b, "memref.extract_strided_metadata", 2 + 2 * rank, results,
            IR_VALUES(memref), IR_NONE);
  MlirValue base = ir_value(b, "memref.extract_aligned_pointer_as_index",
                            ir_index(b), IR_VALUES(memref), IR_NONE);
  MlirValue bytes =
      ir_const_index(b, mlirFloatTypeGetWidth(ir_element(type)) / 8);
  MlirValue address =
      ir_addi(b, base, ir_muli(b, ir_result(metadata, 1), bytes));
  MlirType pointer = mlirLLVMPointerTypeGet(b->context, GLOBAL);
  bool checked = mlirFloatTypeGetWidth(ir_element(type)) == 16;
  if (checked)
    arguments->bits = either(b, arguments->bits, address);
  add_argument(arguments, pointer,
               ir_value(b, "llvm.inttoptr", pointer,
                        IR_VALUES(host_i64(b, address)), IR_NONE));
  for (int d = 0; d < rank; ++d)
    if (mlirShapedTypeIsDynamicStrideOrOffset(strides[d])) {
      MlirValue stride = ir_result(metadata, 2 + rank + d);
      if (checked)
        arguments->bits = either(b, arguments->bits, ir_muli(b, stride, bytes));
      add_argument(arguments, i64(b), host_i64(b, stride));
    }
}

static MlirLogicalResult add_arguments(Ir *b, Arguments *arguments,
                                       const Captures *captures) {
  arguments->n = 0;
  arguments->bits = ir_const_index(b, 0);
  for (int i = 0; i < captures->n; ++i) {
    MlirValue value = captures->values[i];
    if (capture_is_constant(value))
      continue;
    if (arguments->n + 1 + IR_MAX_RANK > IR_MAX_VALUES - 16)
      return ir_error(captures->loop, "needs too many kernel arguments");
    if (mlirTypeIsAMemRef(ir_type(value)))
      add_memref(b, arguments, value);
    else if (mlirTypeIsAIndex(ir_type(value)))
      add_argument(arguments, i64(b), host_i64(b, value));
    else
      return ir_error(captures->loop,
                      "a kernel's arguments are memrefs and indices");
  }
  return mlirLogicalResultSuccess();
}

/// Gives each capture its value in the kernel.
static void take_arguments(Distribute *s, const Captures *captures,
                           MlirBlock body) {
  Ir *b = &s->b;
  int n = 0;
  for (int i = 0; i < captures->n; ++i) {
    MlirValue value = captures->values[i];
    Entry *entry = distribute_entry(s, value);
    MlirType type = ir_type(value);
    if (capture_is_constant(value)) {
      if (!tile_is(value))
        entry->scalar = ir_clone_with(b, ir_def(value), type, NULL);
    } else if (mlirTypeIsAMemRef(type)) {
      int64_t strides[IR_MAX_RANK], offset;
      mlirMemRefTypeGetStridesAndOffset(type, strides, &offset);
      entry->pointer = mlirBlockGetArgument(body, n++);
      for (int d = 0; d < ir_rank(type); ++d)
        entry->strides[d] = mlirShapedTypeIsDynamicStrideOrOffset(strides[d])
                                ? index_of(b, mlirBlockGetArgument(body, n++))
                                : ir_const_index(b, strides[d]);
    } else {
      entry->scalar = index_of(b, mlirBlockGetArgument(body, n++));
    }
  }
}

static MlirValue register_of(Ir *b, const char *name) {
  MlirValue value = ir_value(b, name, ir_i32(b), IR_NONE, IR_NONE);
  return ir_value(b, "arith.index_castui", ir_index(b), IR_VALUES(value),
                  IR_NONE);
}

/// The sum of the steps of the bits that are set in `lane`.
static MlirValue place(Ir *b, MlirValue lane, bool row) {
  MlirValue sum = ir_const_index(b, 0);
  for (int bit = 0; bit < LANE_BITS; ++bit) {
    Place step = layout_accumulator.lane[bit];
    int size = row ? step.row : step.column;
    if (!size)
      continue;
    MlirValue set = ir_remui(b, ir_divui(b, lane, ir_const_index(b, 1 << bit)),
                             ir_const_index(b, 2));
    sum = ir_addi(b, sum, ir_muli(b, set, ir_const_index(b, size)));
  }
  return sum;
}

static void find_place(Distribute *s) {
  Ir *b = &s->b;
  s->thread = register_of(b, "nvvm.read.ptx.sreg.tid.x");
  s->lane = ir_remui(b, s->thread, ir_const_index(b, WARP));
  s->warp = ir_divui(b, s->thread, ir_const_index(b, WARP));
  s->column = place(b, s->lane, false);
  s->rows[0] = ir_addi(b, ir_muli(b, s->warp, ir_const_index(b, WARP_ROWS)),
                       place(b, s->lane, true));
  int below = layout_accumulator.element[1].row;
  s->rows[1] = ir_addi(b, s->rows[0], ir_const_index(b, below));
  s->shared = ir_value(
      b, "llvm.mlir.addressof", mlirLLVMPointerTypeGet(b->context, SHARED),
      IR_NONE,
      IR_ATTRIBUTES({"global_name", mlirFlatSymbolRefAttrGet(
                                        b->context, ir_str(SHARED_NAME))}));
}

/// The most rows that any product's result in the loop has.
static int64_t most_rows(MlirBlock block) {
  int64_t most = 0;
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    int64_t rows = 0;
    if (ir_is(op, "vector.contract"))
      rows = ir_dim_size(ir_type(ir_result(op, 0)), 0);
    if (ir_is(op, "scf.for"))
      rows = most_rows(ir_body(op, 0));
    most = rows > most ? rows : most;
  }
  return most;
}

static MlirOperation create(MlirBlock block, MlirLocation location,
                            const char *name, int n_attributes,
                            const IrAttribute *attributes, MlirBlock body) {
  MlirContext context = mlirLocationGetContext(location);
  MlirOperationState state = mlirOperationStateGet(ir_str(name), location);
  for (int i = 0; i < n_attributes; ++i) {
    MlirNamedAttribute attribute = mlirNamedAttributeGet(
        mlirIdentifierGet(context, ir_str(attributes[i].name)),
        attributes[i].value);
    mlirOperationStateAddAttributes(&state, 1, &attribute);
  }
  MlirRegion region = mlirRegionCreate();
  if (!mlirBlockIsNull(body))
    mlirRegionAppendOwnedBlock(region, body);
  mlirOperationStateAddOwnedRegions(&state, 1, &region);
  MlirOperation op = mlirOperationCreate(&state);
  mlirBlockAppendOwnedOperation(block, op);
  return op;
}

/// gpu.module @<function>_kernels with its shared memory, at the module's end.
static MlirBlock add_kernels(MlirOperation module, Ir *b, const char *name) {
  MlirBlock body = mlirBlockCreate(0, NULL, NULL);
  const IrAttribute attributes[] = {
      {"sym_name", mlirStringAttrGet(b->context, ir_str(name))}};
  create(ir_body(module, 0), b->location, "gpu.module", 1, attributes, body);
  MlirType bytes = mlirLLVMArrayTypeGet(mlirIntegerTypeGet(b->context, 8), 0);
  const IrAttribute shared[] = {
      {"sym_name", mlirStringAttrGet(b->context, ir_str(SHARED_NAME))},
      {"global_type", mlirTypeAttrGet(bytes)},
      {"linkage", ir_parse_attr(b, "#llvm.linkage<external>")},
      {"addr_space", mlirIntegerAttrGet(ir_i32(b), SHARED)},
      {"alignment", ir_i64_attr(b, SHARED_ALIGNMENT)}};
  create(body, b->location, "llvm.mlir.global", 5, shared, (MlirBlock){NULL});
  return body;
}

static MlirBlock add_kernel(MlirBlock kernels, Ir *b, const char *name,
                            const Arguments *arguments, int64_t threads) {
  MlirLocation locations[IR_MAX_VALUES];
  for (int i = 0; i < arguments->n; ++i)
    locations[i] = b->location;
  MlirBlock body = mlirBlockCreate(arguments->n, arguments->types, locations);
  MlirType type = mlirLLVMFunctionTypeGet(
      mlirLLVMVoidTypeGet(b->context), arguments->n, arguments->types, false);
  const int32_t size[] = {(int32_t)threads, 1, 1};
  MlirAttribute unit = mlirUnitAttrGet(b->context);
  const IrAttribute attributes[] = {
      {"sym_name", mlirStringAttrGet(b->context, ir_str(name))},
      {"function_type", mlirTypeAttrGet(type)},
      {"gpu.kernel", unit},
      {"nvvm.kernel", unit},
      {"nvvm.reqntid", mlirDenseI32ArrayGet(b->context, 3, size)}};
  create(kernels, b->location, "llvm.func", 5, attributes, body);
  return body;
}

static void launch(Ir *b, const char *kernels, const char *kernel,
                   MlirValue blocks, int64_t threads, int64_t shared_bytes,
                   const Arguments *arguments) {
  MlirValue operands[IR_MAX_VALUES];
  int n = 0;
  MlirValue one = host_i64(b, ir_const_index(b, 1));
  operands[n++] = host_i64(b, blocks);
  operands[n++] = one;
  operands[n++] = one;
  operands[n++] = host_i64(b, ir_const_index(b, threads));
  operands[n++] = one;
  operands[n++] = one;
  operands[n++] = ir_const_i32(b, ir_i32(b), (int32_t)shared_bytes);
  for (int i = 0; i < arguments->n; ++i)
    operands[n++] = arguments->values[i];
  MlirAttribute nested = mlirFlatSymbolRefAttrGet(b->context, ir_str(kernel));
  MlirAttribute symbol =
      mlirSymbolRefAttrGet(b->context, ir_str(kernels), 1, &nested);
  const int32_t segments[] = {0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, arguments->n, 0};
  ir_op(b, "gpu.launch_func", IR_NONE, n, operands,
        IR_ATTRIBUTES({"kernel", symbol},
                      {"operandSegmentSizes",
                       mlirDenseI32ArrayGet(b->context, 13, segments)}));
}

static void fill_kernel(Distribute *s, MlirBlock body, const Captures *captures,
                        int rank, const MlirValue *extents) {
  Ir *b = &s->b;
  *b = ir_at_end(body, mlirOperationGetLocation(s->forall));
  MlirBlock old = ir_body(s->forall, 0);
  take_arguments(s, captures, body);
  find_place(s);
  MlirValue rest = register_of(b, "nvvm.read.ptx.sreg.ctaid.x");
  for (int i = rank - 1; i >= 0; --i) {
    MlirValue extent = distribute_scalar(s, extents[i]);
    distribute_entry(s, mlirBlockGetArgument(old, i))->scalar =
        i ? ir_remui(b, rest, extent) : rest;
    if (i)
      rest = ir_divui(b, rest, extent);
  }
  decide_kept(s, old);
  decide_row_dims(s, old);
  convert_body(s, old);
  ir_op(b, "llvm.return", IR_NONE, IR_NONE, IR_NONE);
}

typedef struct Kernel {
  char name[256];
  int64_t shared_bytes;
} Kernel;

/// The kernel for inputs whose rows are aligned to so many bytes.
static MlirLogicalResult make_kernel(MlirOperation forall, MlirBlock kernels,
                                     int64_t warps, int64_t alignment,
                                     const Captures *captures,
                                     const Arguments *arguments, int rank,
                                     const MlirValue *extents, Kernel *kernel) {
  Distribute s = {.forall = forall,
                  .warps = warps,
                  .alignment = alignment,
                  .scratch_offset = -1,
                  .entries = {sizeof(Entry), &unknown, NULL, 0, 0}};
  Ir b = ir_before(forall);
  MlirBlock body =
      add_kernel(kernels, &b, kernel->name, arguments, warps * WARP);
  fill_kernel(&s, body, captures, rank, extents);
  kernel->shared_bytes = s.shared_bytes;
  value_map_free(&s.entries, release);
  return s.failed.ptr ? mlirLogicalResultFailure() : mlirLogicalResultSuccess();
}

/// Launches the first kernel if all that must be aligned is, else the second.
static void launch_either(Ir *b, const char *kernels, const Kernel *kernel,
                          MlirValue blocks, int64_t threads,
                          const Arguments *arguments) {
  MlirValue aligned =
      ir_cmpi(b, IR_EQ, ir_remui(b, arguments->bits, ir_const_index(b, CHUNK)),
              ir_const_index(b, 0));
  MlirOperationState state =
      mlirOperationStateGet(ir_str("scf.if"), b->location);
  mlirOperationStateAddOperands(&state, 1, &aligned);
  MlirRegion regions[] = {mlirRegionCreate(), mlirRegionCreate()};
  for (int i = 0; i < 2; ++i) {
    MlirBlock block = mlirBlockCreate(0, NULL, NULL);
    mlirRegionAppendOwnedBlock(regions[i], block);
    Ir inner = ir_at_end(block, b->location);
    launch(&inner, kernels, kernel[i].name, blocks, threads,
           kernel[i].shared_bytes, arguments);
    ir_op(&inner, "scf.yield", IR_NONE, IR_NONE, IR_NONE);
  }
  mlirOperationStateAddOwnedRegions(&state, 2, regions);
  mlirBlockInsertOwnedOperationBefore(b->block, b->before,
                                      mlirOperationCreate(&state));
}

static MlirLogicalResult distribute(MlirOperation forall) {
  MlirOperation function = mlirOperationGetParentOperation(forall);
  int64_t rows = most_rows(ir_body(forall, 0));
  if (!rows)
    return mlirLogicalResultSuccess();
  if (!ir_is(function, "func.func"))
    return ir_error(forall, "simplicial-distribute takes loops of functions");
  MlirOperation module = mlirOperationGetParentOperation(function);
  int64_t warps = (rows + WARP_ROWS - 1) / WARP_ROWS;
  if (warps > MAX_WARPS)
    return ir_error(forall,
                    "simplicial-distribute takes tiles of at most %d rows, "
                    "not %lld",
                    MAX_WARPS * WARP_ROWS, (long long)rows);

  Ir b = ir_before(forall);
  int rank;
  MlirValue extents[IR_MAX_RANK];
  Captures captures;
  Arguments arguments;
  if (mlirLogicalResultIsFailure(forall_extents(&b, forall, &rank, extents)) ||
      mlirLogicalResultIsFailure(
          captures_collect(&captures, forall, rank, extents)) ||
      mlirLogicalResultIsFailure(add_arguments(&b, &arguments, &captures)))
    return mlirLogicalResultFailure();

  MlirStringRef name =
      mlirStringAttrGetValue(ir_get_attr(function, "sym_name"));
  char kernels[256];
  ir_unique_name(module, name, "_kernels", kernels, sizeof kernels);
  MlirBlock container = add_kernels(module, &b, kernels);
  const int64_t alignments[] = {CHUNK, 1};
  Kernel kernel[2];
  for (int i = 0; i < 2; ++i) {
    snprintf(kernel[i].name, sizeof kernel[i].name, "%.*s_tiles%s",
             (int)name.length, name.data, i ? "_unaligned" : "");
    if (mlirLogicalResultIsFailure(
            make_kernel(forall, container, warps, alignments[i], &captures,
                        &arguments, rank, extents, &kernel[i])))
      return mlirLogicalResultFailure();
  }
  MlirValue blocks = extents[0];
  for (int i = 1; i < rank; ++i)
    blocks = ir_muli(&b, blocks, extents[i]);
  launch_either(&b, kernels, kernel, blocks, warps * WARP, &arguments);
  mlirOperationDestroy(forall);
  mlirOperationSetAttributeByName(module, ir_str("gpu.container_module"),
                                  mlirUnitAttrGet(b.context));
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_distribute(MlirOperation module) {
  static const char *const names[] = {"scf.forall"};
  return pass_for_each(module, 1, names, distribute);
}
