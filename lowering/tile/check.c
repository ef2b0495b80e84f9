// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-check-tiles: verifies that tile programs are such, and changes
// nothing. What they may contain docs/tile-program.md says.
//
// In:  scf.forall (%i) in (%n) {
//        %x = vector.transfer_read %a[%i, %c0], %one, %mask ...
//      }
// Out: error: is not an op of tile programs: 'vector.transfer_read' must pad
//      with zeros
//
// Each op is looked at for itself, together with what its operands are made
// of. Passes that take programs apart check them too: they are passes of their
// own, and may be run without this one.

#include "check.h"

#include "check_memory.h"

#include "lowering/ir.h"
#include "lowering/pass.h"
#include "lowering/tile_ops.h"
#include "lowering/tile_rows.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

MlirLogicalResult check_refuse(MlirOperation op, const char *what) {
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  return ir_error(op, "is not an op of tile programs: '%.*s' %s",
                  (int)name.length, name.data, what);
}

static MlirLogicalResult accept(void) { return mlirLogicalResultSuccess(); }

static bool failed(MlirLogicalResult result) {
  return mlirLogicalResultIsFailure(result);
}

static bool is_attribute(MlirOperation op, MlirAttribute x, const char *text) {
  return mlirAttributeEqual(
      x, mlirAttributeParseGet(mlirOperationGetContext(op), ir_str(text)));
}

/// Attributes that say something by being there.
static MlirLogicalResult check_unit(MlirOperation op, const char *name) {
  MlirAttribute attribute = ir_get_attr(op, name);
  return mlirAttributeIsNull(attribute) || mlirAttributeIsAUnit(attribute)
             ? accept()
             : ir_error(op, "%s must be a unit attribute", name);
}

/// One that not all ops may have.
static MlirLogicalResult check_unit_for(MlirOperation op, const char *name,
                                        bool may_have, const char *what) {
  return may_have || mlirAttributeIsNull(ir_get_attr(op, name))
             ? check_unit(op, name)
             : ir_error(op, "%s is for %s", name, what);
}

static bool is_index(MlirValue value) {
  return mlirTypeIsAIndex(ir_type(value));
}

static MlirLogicalResult check_hints(MlirOperation op) {
  bool tile = mlirOperationGetNumResults(op) == 1 && tile_is(ir_result(op, 0));
  MlirLogicalResult shared =
      check_unit_for(op, SIMPLICIAL_SHARED_ATTR, tile, "what makes a tile");
  return failed(shared)
             ? shared
             : check_unit_for(op, SIMPLICIAL_EARLY_ATTR,
                              ir_is(op, "vector.contract"), "products");
}

// Types -----------------------------------------------------------------------

static bool is_integer(MlirType type, int n, const unsigned *widths) {
  bool is = false;
  for (int i = 0; i < n && mlirTypeIsAInteger(type); ++i)
    is |= mlirIntegerTypeIsSignless(type) &&
          mlirIntegerTypeGetWidth(type) == widths[i];
  return is;
}

static bool is_scalar_type(MlirType type) {
  return mlirTypeIsAIndex(type) || mlirTypeIsAF32(type) ||
         mlirTypeIsAF16(type) || mlirTypeIsABF16(type) ||
         is_integer(type, 3, (const unsigned[]){1, 32, 64});
}

static bool is_tile_element(MlirType type) {
  return mlirTypeIsAIndex(type) || mlirTypeIsAF32(type) ||
         mlirTypeIsAF16(type) || mlirTypeIsABF16(type) ||
         mlirTypeIsATF32(type) ||
         is_integer(type, 2, (const unsigned[]){1, 32});
}

static MlirLogicalResult check_type(MlirOperation op, MlirType type) {
  bool tile = mlirTypeIsAVector(type);
  if ((tile || mlirTypeIsAMemRef(type)) && ir_rank(type) > IR_MAX_RANK)
    return check_refuse(op, "has values of too many dimensions");
  if (mlirTypeIsAMemRef(type))
    return accept();
  if (tile && (ir_rank(type) == 0 || mlirVectorTypeIsScalable(type)))
    return check_refuse(
        op, "must have tiles of one dimension or more, none of them scalable");
  if (tile ? is_tile_element(ir_element(type)) : is_scalar_type(type))
    return accept();
  return check_refuse(
      op, tile ? "must have tiles of f32, f16, bf16, tf32, i1, i32 or index"
               : "must have scalars of f32, f16, bf16, i1, i32, i64 or index");
}

/// Tiles of constants may be made before the program, others may not.
static bool is_from_outside(MlirValue value) {
  MlirBlock block = mlirValueIsABlockArgument(value)
                        ? mlirBlockArgumentGetOwner(value)
                        : mlirOperationGetBlock(ir_def(value));
  MlirOperation parent = mlirBlockGetParentOperation(block);
  while (!mlirOperationIsNull(parent) && !ir_is(parent, "scf.forall"))
    parent = mlirOperationGetParentOperation(parent);
  return mlirOperationIsNull(parent);
}

static MlirLogicalResult check_constant(MlirOperation op) {
  MlirAttribute value = ir_get_attr(op, "value");
  return !tile_is(ir_result(op, 0)) || mlirDenseElementsAttrIsSplat(value)
             ? accept()
             : check_refuse(op, "must have one value for all elements");
}

static MlirLogicalResult check_operand(MlirOperation op, MlirValue value) {
  if (!tile_is(value) || !is_from_outside(value))
    return accept();
  return ir_is(ir_def(value), "arith.constant")
             ? check_constant(ir_def(value))
             : check_refuse(op, "must have tiles that are made in the program");
}

static MlirLogicalResult check_values(MlirOperation op) {
  int n = (int)mlirOperationGetNumOperands(op);
  int results = (int)mlirOperationGetNumResults(op);
  if (n + results > IR_MAX_VALUES / 2)
    return check_refuse(op, "has too many operands or results");
  for (int i = 0; i < n; ++i)
    if (failed(check_type(op, ir_type(ir_operand(op, i)))) ||
        failed(check_operand(op, ir_operand(op, i))))
      return mlirLogicalResultFailure();
  for (int i = 0; i < results; ++i)
    if (failed(check_type(op, ir_type(ir_result(op, i)))))
      return mlirLogicalResultFailure();
  for (intptr_t i = 0; i < mlirOperationGetNumRegions(op); ++i) {
    MlirBlock block = ir_body(op, (int)i);
    if (mlirBlockIsNull(block) ||
        !mlirBlockIsNull(mlirBlockGetNextInRegion(block)))
      return check_refuse(op, "must have regions of one block each");
  }
  return accept();
}

/// The number of a tile's rows; -1: it may have any.
static int64_t rows_of(MlirValue tile) {
  int dims = tile_row_dims(tile);
  return dims < 0 ? -1 : tile_rows(ir_type(tile), dims);
}

static bool rows_agree(MlirValue x, MlirValue y) {
  int64_t rows = rows_of(x), others = rows_of(y);
  return rows < 0 || others < 0 || rows == others;
}

// Products and reductions -----------------------------------------------------

static MlirLogicalResult check_product(MlirOperation op) {
  enum { LOOPS = 3 };
  MlirAttribute iterators = ir_get_attr(op, "iterator_types");
  MlirAttribute kind = ir_get_attr(op, "kind");
  if (mlirArrayAttrGetNumElements(iterators) != LOOPS)
    return check_refuse(op, "must have three loops: over m, n and k");
  int left[2], right[2], out[2];
  tile_op_product_dims(op, 0, left);
  tile_op_product_dims(op, 1, right);
  tile_op_product_dims(op, 2, out);
  int m = out[0], n = out[1], k = LOOPS - m - n;
  if (m < 0 || n < 0 || m == n)
    return check_refuse(op, "must have a result [M, N]");
  if ((left[0] != m || left[1] != k) && (left[0] != k || left[1] != m))
    return check_refuse(op, "must have a left operand [M, K] or [K, M]");
  if ((right[0] != n || right[1] != k) && (right[0] != k || right[1] != n))
    return check_refuse(op, "must have a right operand [N, K] or [K, N]");
  for (int i = 0; i < LOOPS; ++i)
    if (!is_attribute(op, mlirArrayAttrGetElement(iterators, i),
                      i == k ? "#vector.iterator_type<reduction>"
                             : "#vector.iterator_type<parallel>"))
      return check_refuse(op, "must reduce k");
  if (!mlirAttributeIsNull(kind) &&
      !is_attribute(op, kind, "#vector.kind<add>"))
    return check_refuse(op, "must add products");
  MlirType type = ir_element(ir_type(ir_operand(op, 0)));
  if (!mlirTypeEqual(type, ir_element(ir_type(ir_operand(op, 1)))) ||
      !mlirTypeIsAFloat(type) ||
      !mlirTypeIsAF32(ir_element(ir_type(ir_result(op, 0)))))
    return check_refuse(
        op, "must multiply floats of one type, and add them as f32");
  for (int i = 0; i < LOOPS; ++i) {
    int64_t rows = rows_of(ir_operand(op, i));
    if (rows >= 0 && rows != ir_dim_size(ir_type(ir_operand(op, i)), 0))
      return check_refuse(op, "must have operands of rows and columns");
  }
  return accept();
}

static MlirLogicalResult check_reduction(MlirOperation op) {
  MlirAttribute kind = ir_get_attr(op, "kind");
  MlirType element = ir_element(ir_type(ir_operand(op, 0)));
  if (tile_op_reduces_all(op))
    return is_attribute(op, kind, "#vector.kind<or>") &&
                   is_integer(element, 1, (const unsigned[]){1})
               ? accept()
               : check_refuse(op, "must, to a scalar, be an 'or' of i1");
  if (!tile_op_reduces_columns(op) && !tile_op_reduces_rows(op))
    return check_refuse(op, "must reduce one dimension");
  if (!is_attribute(op, kind, "#vector.kind<add>") &&
      !is_attribute(op, kind, "#vector.kind<maxnumf>"))
    return check_refuse(op, "must be a sum or a maximum");
  return mlirTypeIsAF32(element) ? accept()
                                 : check_refuse(op, "must be of f32");
}

// Shapes ----------------------------------------------------------------------

/// Rows stay rows, and columns columns.
static MlirLogicalResult check_shape_cast(MlirOperation op) {
  bool known = tile_row_dims(ir_operand(op, 0)) >= 0;
  return !known || tile_row_dims(ir_result(op, 0)) >= 0
             ? accept()
             : check_refuse(op, "must keep rows and columns apart");
}

/// Of masks of more than one dimension nothing is known but that transfers have
/// them.
static MlirLogicalResult check_mask(MlirOperation op) {
  MlirValue mask = ir_result(op, 0);
  for (MlirOpOperand use = mlirValueGetFirstUse(mask);
       !mlirOpOperandIsNull(use) && ir_rank(ir_type(mask)) > 1;
       use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (!ir_is(user, "vector.transfer_read") &&
        !ir_is(user, "vector.transfer_write") && !ir_is(user, "arith.xori"))
      return check_refuse(op,
                          "of several dimensions must be a mask of transfers");
  }
  return accept();
}

static int64_t number_in(MlirOperation op, const char *name, int i) {
  return mlirIntegerAttrGetValueInt(
      mlirArrayAttrGetElement(ir_get_attr(op, name), i));
}

/// Whole columns.
static MlirLogicalResult check_slice(MlirOperation op) {
  MlirType from = ir_type(ir_operand(op, 0)), to = ir_type(ir_result(op, 0));
  int rank = ir_rank(from);
  for (int i = 0; i < rank; ++i) {
    bool whole = ir_dim_size(from, i) == ir_dim_size(to, i);
    if (rank < 2 || (i < rank - 1 && !whole) ||
        (i < mlirArrayAttrGetNumElements(ir_get_attr(op, "strides")) &&
         number_in(op, "strides", i) != 1))
      return check_refuse(op, "must take columns that follow each other");
  }
  return accept();
}

static bool is_f32_or_i32(MlirValue tile) {
  MlirType element = ir_element(ir_type(tile));
  return mlirTypeIsAF32(element) || (mlirTypeIsAInteger(element) &&
                                     mlirIntegerTypeGetWidth(element) == 32);
}

static MlirLogicalResult check_elementwise(MlirOperation op) {
  MlirValue result = ir_result(op, 0);
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i) {
    MlirValue operand = ir_operand(op, i);
    if (!tile_is(operand))
      return check_refuse(op, "must have tiles as operands");
    if (i && !rows_agree(ir_operand(op, 0), operand))
      return check_refuse(op, "must have operands of the same rows");
  }
  if (!tile_is(result))
    return check_refuse(op, "must make a tile");
  if (ir_is(op, "arith.bitcast") &&
      !(is_f32_or_i32(result) && is_f32_or_i32(ir_operand(op, 0))))
    return check_refuse(op, "must be between f32 and i32");
  return accept();
}

// Loops and branches ----------------------------------------------------------

/// The tiles that the end of a region gives on.
static MlirLogicalResult check_carried(MlirOperation op, MlirValue tile,
                                       MlirValue yielded) {
  if (!tile_is(tile))
    return accept();
  if (!mlirTypeIsAF32(ir_element(ir_type(tile))))
    return check_refuse(op, "must give on tiles of f32");
  return rows_agree(tile, yielded)
             ? accept()
             : check_refuse(op, "must give on tiles of the same rows");
}

static MlirLogicalResult check_loop(MlirOperation op) {
  enum { FIRST_INIT = 3 };
  MlirOperation yield = mlirBlockGetTerminator(ir_body(op, 0));
  for (int i = 0; i < FIRST_INIT; ++i)
    if (!is_index(ir_operand(op, i)))
      return check_refuse(op, "must count in indices");
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i) {
    MlirValue result = ir_result(op, i);
    if (!tile_is(result) && !is_index(result))
      return check_refuse(op, "must carry tiles and indices");
    if (failed(check_carried(op, ir_operand(op, FIRST_INIT + i),
                             ir_operand(yield, i))))
      return mlirLogicalResultFailure();
  }
  return check_unit(op, SIMPLICIAL_OPTIONAL_ATTR);
}

static MlirWalkResult find_all_rows(MlirOperation op, void *found) {
  bool all =
      ir_is_any(op, IR_NAMES("vector.contract", "vector.transfer_write",
                             "scf.for")) ||
      (ir_is(op, "vector.multi_reduction") && !tile_op_reduces_columns(op));
  *(bool *)found |= all;
  return all ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

/// Whether it may be that some rows run a branch and others do not.
static MlirLogicalResult check_rowwise(MlirOperation op) {
  bool all_rows = false;
  if (mlirAttributeIsNull(ir_get_attr(op, SIMPLICIAL_ROWWISE_ATTR)))
    return accept();
  mlirOperationWalk(op, find_all_rows, &all_rows, MlirWalkPreOrder);
  if (all_rows)
    return ir_error(op, SIMPLICIAL_ROWWISE_ATTR
                    " is for branches that take each row for itself");
  return ir_is(ir_def(ir_operand(op, 0)), "vector.multi_reduction")
             ? check_unit(op, SIMPLICIAL_ROWWISE_ATTR)
             : ir_error(op, SIMPLICIAL_ROWWISE_ATTR
                        " is for branches on an 'or' over rows");
}

static MlirLogicalResult check_branch(MlirOperation op) {
  int n = (int)mlirOperationGetNumResults(op);
  if (!n)
    return check_refuse(op, "must have tiles as results");
  for (int i = 0; i < n; ++i) {
    if (!tile_is(ir_result(op, i)))
      return check_refuse(op, "must have tiles as results");
    MlirValue sides[2];
    for (int side = 0; side < 2; ++side)
      sides[side] = ir_operand(mlirBlockGetTerminator(ir_body(op, side)), i);
    if (failed(check_carried(op, sides[0], sides[1])))
      return mlirLogicalResultFailure();
  }
  return check_rowwise(op);
}

static bool is_all(MlirAttribute numbers, int64_t value) {
  bool all = true;
  for (intptr_t i = 0; i < mlirDenseArrayGetNumElements(numbers); ++i)
    all &= mlirDenseI64ArrayGetElement(numbers, i) == value;
  return all;
}

static MlirLogicalResult check_blocks(MlirOperation forall) {
  if (mlirOperationGetNumResults(forall))
    return check_refuse(forall, "must be on memrefs");
  if (!is_all(ir_get_attr(forall, "staticLowerBound"), 0) ||
      !is_all(ir_get_attr(forall, "staticStep"), 1))
    return check_refuse(forall, "must count from 0 by 1");
  MlirAttribute stages = ir_get_attr(forall, SIMPLICIAL_STAGES_ATTR);
  if (!mlirAttributeIsNull(stages) && !mlirAttributeIsAInteger(stages))
    return ir_error(forall, SIMPLICIAL_STAGES_ATTR " must be an integer");
  return check_unit(forall, SIMPLICIAL_PRODUCER_ATTR);
}

static MlirLogicalResult check_nested(MlirOperation op) {
  return check_refuse(op, "must not be in another");
}

// Ops -------------------------------------------------------------------------

static MlirLogicalResult check_nothing(MlirOperation op) {
  (void)op;
  return accept();
}

typedef struct Rule {
  const char *name;
  MlirLogicalResult (*check)(MlirOperation op);
} Rule;

static const Rule rules[] = {
    {"vector.contract", check_product},
    {"vector.multi_reduction", check_reduction},
    {"vector.transfer_read", check_unstaged_transfer},
    {"vector.transfer_write", check_unstaged_transfer},
    {"vector.broadcast", check_nothing},
    {"vector.shape_cast", check_shape_cast},
    {"vector.create_mask", check_mask},
    {"vector.step", check_nothing},
    {"vector.extract_strided_slice", check_slice},
    {"arith.constant", check_constant},
    {"scf.for", check_loop},
    {"scf.if", check_branch},
    {"scf.yield", check_nothing},
    {"scf.forall", check_nested},
    {"scf.forall.in_parallel", check_nothing},
    {"memref.alloca", check_own_memory},
    {"memref.reinterpret_cast", check_view},
    {"memref.expand_shape", check_pieces},
    {"memref.dim", check_nothing},
    {"memref.load", check_nothing},
};

static const Rule staged_rules[] = {
    {"vector.transfer_read", check_transfer},
    {"vector.transfer_write", check_transfer},
    {"memref.alloc", check_ring},
    {SIMPLICIAL_COPY_ASYNC, check_nothing},
    {SIMPLICIAL_COPY_COMMIT, check_nothing},
    {SIMPLICIAL_COPY_WAIT, check_nothing},
    {SIMPLICIAL_COPY_RELEASE, check_nothing},
    {SIMPLICIAL_COPY_FINISH, check_nothing},
};

static const Rule *find_rule(MlirOperation op, size_t n, const Rule *of) {
  for (size_t i = 0; i < n; ++i)
    if (ir_is(op, of[i].name))
      return &of[i];
  return NULL;
}

/// Arithmetic of scalars.
static bool is_scalar_op(MlirOperation op) {
  return ir_is_any(
      op, IR_NAMES("arith.addi", "arith.subi", "arith.muli", "arith.divui",
                   "arith.divsi", "arith.remui", "arith.remsi", "arith.andi",
                   "arith.ori", "arith.xori", "arith.shli", "arith.shrui",
                   "arith.shrsi", "arith.minsi", "arith.maxsi", "arith.minui",
                   "arith.maxui", "arith.cmpi", "arith.select", "arith.extui",
                   "arith.extsi", "arith.trunci", "arith.addf", "arith.subf",
                   "arith.mulf", "arith.divf", "arith.negf", "arith.maxnumf",
                   "arith.cmpf", "arith.extf", "arith.truncf",
                   "arith.index_cast", "arith.index_castui"));
}

static bool has_tiles(MlirOperation op) {
  bool has = false;
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
    has |= tile_is(ir_operand(op, i));
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i)
    has |= tile_is(ir_result(op, i));
  return has;
}

typedef struct Check {
  MlirOperation forall;
  bool staged;
  MlirLogicalResult status;
} Check;

static MlirLogicalResult check_op(const Check *check, MlirOperation op) {
  if (mlirOperationEqual(op, check->forall))
    return check_blocks(op);
  const Rule *rule = NULL;
  if (check->staged)
    rule =
        find_rule(op, sizeof staged_rules / sizeof *staged_rules, staged_rules);
  if (!rule)
    rule = find_rule(op, sizeof rules / sizeof *rules, rules);
  bool tiles = has_tiles(op);
  bool elementwise = tiles && tile_op_is_elementwise(op);
  if (!rule && !elementwise && (tiles || !is_scalar_op(op)))
    return check_refuse(op, "is none of them");
  MlirLogicalResult status = check_values(op);
  if (mlirLogicalResultIsSuccess(status))
    status = check_hints(op);
  if (failed(status))
    return status;
  if (rule)
    return rule->check(op);
  return elementwise ? check_elementwise(op) : accept();
}

static MlirWalkResult visit(MlirOperation op, void *user) {
  Check *check = user;
  check->status = check_op(check, op);
  return failed(check->status) ? MlirWalkResultInterrupt
                               : MlirWalkResultAdvance;
}

static MlirLogicalResult check_all(MlirOperation forall, bool staged) {
  Check check = {forall, staged, accept()};
  mlirOperationWalk(forall, visit, &check, MlirWalkPreOrder);
  return check.status;
}

MlirLogicalResult tile_check(MlirOperation forall) {
  return check_all(forall, false);
}

MlirLogicalResult tile_check_staged(MlirOperation forall) {
  return check_all(forall, true);
}

static MlirLogicalResult check_program(MlirOperation forall) {
  return tile_has_tiles(forall) ? tile_check(forall) : accept();
}

MlirLogicalResult pass_check_tiles(MlirOperation module) {
  static const char *const names[] = {"scf.forall"};
  return pass_for_each(module, 1, names, check_program);
}
