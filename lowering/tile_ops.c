// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions about the ops of tile programs.

#include "tile_ops.h"

#include "mlir-c/AffineExpr.h"
#include "mlir-c/AffineMap.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

bool tile_is(MlirValue value) { return mlirTypeIsAVector(ir_type(value)); }

int64_t tile_rows(MlirType tile, int row_dims) {
  int64_t rows = 1;
  for (int i = 0; i < row_dims; ++i)
    rows *= ir_dim_size(tile, i);
  return rows;
}

bool tile_has_columns(MlirType tile, int row_dims) {
  return ir_rank(tile) > row_dims;
}

int tile_uses(MlirValue tile) {
  int n = 0;
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    ++n;
  return n;
}

bool tile_op_is_elementwise(MlirOperation op) {
  return ir_is_any(
      op, IR_NAMES("arith.addf", "arith.subf", "arith.mulf", "arith.divf",
                   "arith.negf", "arith.maxnumf", "arith.cmpf", "arith.select",
                   "arith.extf", "arith.truncf", "arith.bitcast", "arith.addi",
                   "arith.muli", "arith.maxsi", "arith.xori", "arith.cmpi",
                   "math.fma", "math.exp2", "math.log", "arith.index_cast"));
}

MlirOperation tile_source(MlirValue tile) {
  MlirOperation op = ir_def(tile);
  while (ir_is(op, "vector.broadcast") || ir_is(op, "vector.shape_cast"))
    op = ir_def(ir_operand(op, 0));
  return op;
}

bool tile_op_reduces_all(MlirOperation op) {
  return ir_is(op, "vector.multi_reduction") && !tile_is(ir_result(op, 0));
}

/// The one dimension that a multi_reduction to a tile reduces; -1 for any other
/// op.
static int reduced_dim(MlirOperation op) {
  if (!ir_is(op, "vector.multi_reduction") || tile_op_reduces_all(op))
    return -1;
  MlirAttribute dims = ir_get_attr(op, "reduction_dims");
  return mlirDenseArrayGetNumElements(dims) == 1
             ? (int)mlirDenseI64ArrayGetElement(dims, 0)
             : -1;
}

bool tile_op_reduces_columns(MlirOperation op) {
  int dim = reduced_dim(op);
  return dim >= 0 && dim == ir_rank(ir_type(ir_operand(op, 0))) - 1;
}

bool tile_op_reduces_rows(MlirOperation op) {
  return reduced_dim(op) >= 0 && !tile_op_reduces_columns(op);
}

ReducedRows tile_op_reduced_rows(MlirOperation op, int row_dims) {
  MlirType type = ir_type(ir_operand(op, 0));
  int dim = reduced_dim(op);
  return (ReducedRows){ir_dim_size(type, dim),
                       tile_rows(type, row_dims) / tile_rows(type, dim + 1)};
}

IrReduction tile_op_reduction_kind(MlirOperation op) {
  MlirAttribute sum = mlirAttributeParseGet(mlirOperationGetContext(op),
                                            ir_str("#vector.kind<add>"));
  return mlirAttributeEqual(ir_get_attr(op, "kind"), sum) ? IR_SUM : IR_MAX;
}

int tile_op_source_row_dims(MlirOperation op, int row_dims) {
  MlirType from = ir_type(ir_operand(op, 0)), to = ir_type(ir_result(op, 0));
  if (ir_is(op, "vector.broadcast")) {
    int dims = row_dims - (ir_rank(to) - ir_rank(from));
    return dims > 0 ? dims : 0;
  }
  // A shape_cast keeps the order of elements: rows are as many dimensions as
  // make as many rows, those of size 1 included.
  int64_t rows = tile_rows(to, row_dims);
  int dims = 0;
  while (dims < ir_rank(from) && tile_rows(from, dims + 1) <= rows)
    ++dims;
  return dims ? dims : 1;
}

void tile_op_product_dims(MlirOperation op, int tile, int dims[2]) {
  MlirAttribute maps = ir_get_attr(op, "indexing_maps");
  MlirAffineMap map =
      mlirAffineMapAttrGetValue(mlirArrayAttrGetElement(maps, tile));
  dims[0] = dims[1] = -1;
  for (int i = 0; i < 2 && mlirAffineMapGetNumResults(map) == 2; ++i) {
    MlirAffineExpr expr = mlirAffineMapGetResult(map, i);
    if (mlirAffineExprIsADim(expr))
      dims[i] = (int)mlirAffineDimExprGetPosition(expr);
  }
}

/// Whether the last dimension of an operand is that one of the result.
static bool ends_with(MlirOperation op, int operand, int result_dim) {
  int dims[2], out[2];
  tile_op_product_dims(op, operand, dims);
  tile_op_product_dims(op, 2, out);
  return dims[1] == out[result_dim];
}

bool tile_op_left_is_km(MlirOperation op) { return ends_with(op, 0, 0); }

bool tile_op_right_is_kn(MlirOperation op) { return ends_with(op, 1, 1); }

void tile_op_memref_dims(MlirOperation op, int tile_rank, int *dims) {
  MlirAffineMap map =
      mlirAffineMapAttrGetValue(ir_get_attr(op, "permutation_map"));
  for (int t = 0; t < tile_rank; ++t) {
    MlirAffineExpr expr = mlirAffineMapGetResult(map, t);
    dims[t] = mlirAffineExprIsADim(expr)
                  ? (int)mlirAffineDimExprGetPosition(expr)
                  : -1;
  }
}

bool tile_op_is_contiguous(MlirOperation transfer) {
  bool writes = ir_is(transfer, "vector.transfer_write");
  MlirType memref = ir_type(ir_operand(transfer, writes));
  MlirType tile =
      ir_type(writes ? ir_operand(transfer, 0) : ir_result(transfer, 0));
  int64_t strides[IR_MAX_RANK], offset;
  int dims[IR_MAX_RANK], last = ir_rank(memref) - 1;
  tile_op_memref_dims(transfer, ir_rank(tile), dims);
  mlirMemRefTypeGetStridesAndOffset(memref, strides, &offset);
  return dims[ir_rank(tile) - 1] == last && strides[last] == 1;
}

MlirValue tile_op_mask_count(MlirOperation create_mask, int dim) {
  MlirValue count = ir_operand(create_mask, dim);
  MlirOperation op = ir_def(count);
  bool whole = ir_is(op, "arith.constant") &&
               mlirIntegerAttrGetValueInt(ir_get_attr(op, "value")) >=
                   ir_dim_size(ir_type(ir_result(create_mask, 0)), dim);
  return whole ? (MlirValue){NULL} : count;
}

bool tile_op_mask(MlirOperation transfer, MlirValue *first, MlirValue *end) {
  *first = *end = (MlirValue){NULL};
  bool writes = ir_is(transfer, "vector.transfer_write");
  MlirValue memref = ir_operand(transfer, writes);
  // Behind the tile or before what pads it: the memref, and indices.
  int number = 2 + ir_rank(ir_type(memref));
  if (mlirOperationGetNumOperands(transfer) <= number)
    return true;
  // A mask has its dimensions in the memref's order.
  int rank = ir_rank(ir_type(ir_operand(transfer, number)));
  int dims[IR_MAX_RANK], dim = 0;
  tile_op_memref_dims(transfer, rank, dims);
  for (int t = 1; t < rank; ++t)
    dim += dims[t] < dims[0];
  MlirOperation mask = ir_def(ir_operand(transfer, number));
  if (ir_is(mask, "arith.xori")) {
    MlirOperation before = ir_def(ir_operand(mask, 1));
    if (!ir_is(before, "vector.create_mask"))
      return false;
    *first = ir_operand(before, dim);
    mask = ir_def(ir_operand(mask, 0));
  }
  if (!ir_is(mask, "vector.create_mask"))
    return false;
  *end = tile_op_mask_count(mask, dim);
  return true;
}

MlirValue tile_op_column_limit(MlirOperation op) {
  MlirValue none = {NULL};
  if (!ir_is(op, "arith.cmpi") || !tile_is(ir_operand(op, 0)) ||
      mlirIntegerAttrGetValueInt(ir_get_attr(op, "predicate")) != IR_SLT)
    return none;
  MlirOperation columns = ir_def(ir_operand(op, 0));
  MlirOperation rows = ir_def(ir_operand(op, 1));
  if (!ir_is(columns, "vector.broadcast") || !ir_is(rows, "vector.broadcast"))
    return none;
  columns = ir_def(ir_operand(columns, 0));
  if (ir_is(columns, "arith.index_cast"))
    columns = ir_def(ir_operand(columns, 0));
  rows = ir_def(ir_operand(rows, 0));
  return ir_is(columns, "vector.step") && ir_is(rows, "vector.shape_cast")
             ? ir_operand(rows, 0)
             : none;
}

// What is written between a load and its uses ---------------------------------

/// The memref that a view is of.
static MlirValue root_of(MlirValue memref) {
  for (;;) {
    MlirOperation op = ir_def(memref);
    if (mlirOperationIsNull(op) || mlirOperationGetNumOperands(op) == 0 ||
        !mlirTypeIsAMemRef(ir_type(ir_operand(op, 0))))
      return memref;
    memref = ir_operand(op, 0);
  }
}

static MlirWalkResult find_write(MlirOperation op, void *user) {
  MlirValue *root = user;
  bool writes = ir_is(op, "vector.transfer_write") &&
                mlirValueEqual(root_of(ir_operand(op, 1)), *root);
  if (writes)
    *root = (MlirValue){NULL};
  return writes ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

/// Uses are behind the read in its block, or in the regions of ops there.
bool tile_op_is_overwritten(MlirOperation transfer_read, MlirOperation forall) {
  MlirValue root = root_of(ir_operand(transfer_read, 0));
  MlirValue found = root;
  mlirOperationWalk(forall, find_write, &found, MlirWalkPreOrder);
  if (!mlirValueIsNull(found))
    return false;
  for (MlirOperation op = mlirOperationGetNextInBlock(transfer_read);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    found = root;
    mlirOperationWalk(op, find_write, &found, MlirWalkPreOrder);
    if (mlirValueIsNull(found))
      return true;
  }
  return false;
}

// Programs --------------------------------------------------------------------

void tile_fail(MlirOperation *failed, const char *pass, MlirOperation forall,
               MlirOperation op, const char *reason) {
  if (failed->ptr)
    return;
  *failed = mlirOperationIsNull(op) ? forall : op;
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(*failed));
  ir_error(*failed, "%s cannot lower this '%.*s': %s", pass, (int)name.length,
           name.data, reason);
}

static MlirWalkResult find_tile(MlirOperation op, void *found) {
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i)
    *(bool *)found |= tile_is(ir_result(op, i));
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
    *(bool *)found |= tile_is(ir_operand(op, i));
  return *(bool *)found ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

static MlirWalkResult find_blocked(MlirOperation op, void *found) {
  *(bool *)found = ir_is(op, "vector.load") || ir_is(op, "vector.store");
  return *(bool *)found ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

bool tile_has_tiles(MlirOperation forall) {
  bool found = false;
  mlirOperationWalk(forall, find_tile, &found, MlirWalkPreOrder);
  return found;
}

bool tile_is_program(MlirOperation forall) {
  bool blocked = false;
  mlirOperationWalk(forall, find_blocked, &blocked, MlirWalkPreOrder);
  return tile_has_tiles(forall) && !blocked;
}
