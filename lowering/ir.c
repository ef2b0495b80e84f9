// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The builder of ir.h: operations, types and attributes, memory and control
// flow.

#include "ir.h"

#include "memory.h"

#include "mlir-c/AffineMap.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Diagnostics.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

Ir ir_before(MlirOperation op) {
  return (Ir){mlirOperationGetContext(op), mlirOperationGetLocation(op),
              mlirOperationGetBlock(op), op};
}

Ir ir_at_end(MlirBlock block, MlirLocation location) {
  return (Ir){mlirLocationGetContext(location), location, block, {NULL}};
}

static MlirOperation insert(Ir *b, MlirOperation op) {
  if (mlirOperationIsNull(b->before))
    mlirBlockAppendOwnedOperation(b->block, op);
  else
    mlirBlockInsertOwnedOperationBefore(b->block, b->before, op);
  return op;
}

/// A copy of an array, for MLIR to free: its own functions that make one do not
/// look whether there is memory.
static void *copied(int n, size_t size, const void *array) {
  if (!n)
    return NULL;
  void *copy = memory_resized(NULL, (size_t)n * size);
  memcpy(copy, array, (size_t)n * size);
  return copy;
}

static MlirNamedAttribute named(Ir *b, const IrAttribute *attribute) {
  return mlirNamedAttributeGet(
      mlirIdentifierGet(b->context, ir_str(attribute->name)), attribute->value);
}

MlirOperation ir_op_with_regions(Ir *b, const char *name, int n_results,
                                 const MlirType *results, int n_operands,
                                 const MlirValue *operands, int n_attributes,
                                 const IrAttribute *attributes, int n_regions,
                                 const MlirRegion *regions) {
  MlirOperationState state = mlirOperationStateGet(ir_str(name), b->location);
  state.nResults = n_results;
  state.results = copied(n_results, sizeof *results, results);
  state.nOperands = n_operands;
  state.operands = copied(n_operands, sizeof *operands, operands);
  state.nRegions = n_regions;
  state.regions = copied(n_regions, sizeof *regions, regions);
  state.nAttributes = n_attributes;
  if (n_attributes)
    state.attributes =
        memory_zeroed((size_t)n_attributes, sizeof *state.attributes);
  for (int i = 0; i < n_attributes; ++i)
    state.attributes[i] = named(b, &attributes[i]);
  return insert(b, mlirOperationCreate(&state));
}

void ir_branch(Ir *b, MlirValue condition, MlirBlock then,
               MlirBlock otherwise) {
  const MlirBlock blocks[] = {then, otherwise};
  IrAttribute segments = ir_segments(b, 3, (int32_t[]){1, 0, 0});
  MlirNamedAttribute attribute = named(b, &segments);
  MlirOperationState state =
      mlirOperationStateGet(ir_str("cf.cond_br"), b->location);
  state.nOperands = 1;
  state.operands = copied(1, sizeof condition, &condition);
  state.nSuccessors = 2;
  state.successors = copied(2, sizeof *blocks, blocks);
  state.nAttributes = 1;
  state.attributes = copied(1, sizeof attribute, &attribute);
  insert(b, mlirOperationCreate(&state));
}

MlirRegion ir_region(Ir *b, int n_arguments, const MlirType *arguments) {
  assert(n_arguments <= IR_MAX_VALUES);
  MlirLocation locations[IR_MAX_VALUES];
  for (int i = 0; i < n_arguments; ++i)
    locations[i] = b->location;
  MlirRegion region = mlirRegionCreate();
  mlirRegionAppendOwnedBlock(
      region, mlirBlockCreate(n_arguments, arguments, locations));
  return region;
}

MlirOperation ir_op(Ir *b, const char *name, int n_results,
                    const MlirType *results, int n_operands,
                    const MlirValue *operands, int n_attributes,
                    const IrAttribute *attributes) {
  return ir_op_with_regions(b, name, n_results, results, n_operands, operands,
                            n_attributes, attributes, IR_NONE);
}

MlirValue ir_value(Ir *b, const char *name, MlirType result, int n_operands,
                   const MlirValue *operands, int n_attributes,
                   const IrAttribute *attributes) {
  return ir_result(ir_op(b, name, 1, &result, n_operands, operands,
                         n_attributes, attributes),
                   0);
}

MlirValue ir_clone_with(Ir *b, MlirOperation op, MlirType result,
                        const MlirValue *operands) {
  MlirOperation copy = mlirOperationClone(op);
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    mlirOperationSetOperand(copy, i, operands[i]);
  insert(b, copy);
  MlirValue value = ir_result(copy, 0);
  mlirValueSetType(value, result);
  return value;
}

// Names, types and attributes -------------------------------------------------

MlirStringRef ir_str(const char *text) {
  return mlirStringRefCreateFromCString(text);
}

bool ir_is(MlirOperation op, const char *name) {
  return !mlirOperationIsNull(op) &&
         mlirStringRefEqual(mlirIdentifierStr(mlirOperationGetName(op)),
                            ir_str(name));
}

bool ir_is_any(MlirOperation op, int n, const char *const *names) {
  bool found = false;
  for (int i = 0; i < n && !found; ++i)
    found = ir_is(op, names[i]);
  return found;
}

bool ir_starts_with(MlirStringRef text, const char *prefix) {
  size_t length = strlen(prefix);
  return text.length >= length && !memcmp(text.data, prefix, length);
}

bool ir_is_of(MlirOperation op, const char *prefix) {
  return !mlirOperationIsNull(op) &&
         ir_starts_with(mlirIdentifierStr(mlirOperationGetName(op)), prefix);
}

bool ir_is_within(MlirOperation op, MlirOperation outer) {
  while (!mlirOperationIsNull(op) && !mlirOperationEqual(op, outer))
    op = mlirOperationGetParentOperation(op);
  return !mlirOperationIsNull(op);
}

MlirOperation ir_def(MlirValue value) {
  if (mlirValueIsAOpResult(value))
    return mlirOpResultGetOwner(value);
  return (MlirOperation){NULL};
}

MlirValue ir_operand(MlirOperation op, int number) {
  return mlirOperationGetOperand(op, number);
}

MlirValue ir_result(MlirOperation op, int number) {
  return mlirOperationGetResult(op, number);
}

MlirAttribute ir_get_attr(MlirOperation op, const char *name) {
  return mlirOperationGetAttributeByName(op, ir_str(name));
}

bool ir_is_number(MlirValue value, int64_t *number) {
  MlirAttribute attribute = ir_is(ir_def(value), "arith.constant")
                                ? ir_get_attr(ir_def(value), "value")
                                : mlirAttributeGetNull();
  if (mlirAttributeIsNull(attribute) || !mlirAttributeIsAInteger(attribute))
    return false;
  *number = mlirIntegerAttrGetValueInt(attribute);
  return true;
}

MlirBlock ir_body(MlirOperation op, int region) {
  return mlirRegionGetFirstBlock(mlirOperationGetRegion(op, region));
}

MlirLogicalResult ir_error(MlirOperation op, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  mlirEmitError(mlirOperationGetLocation(op), text);
  return mlirLogicalResultFailure();
}

MlirType ir_f32(Ir *b) { return mlirF32TypeGet(b->context); }
MlirType ir_index(Ir *b) { return mlirIndexTypeGet(b->context); }
MlirType ir_i64(Ir *b) { return mlirIntegerTypeGet(b->context, 64); }
MlirType ir_i32(Ir *b) { return mlirIntegerTypeGet(b->context, 32); }
MlirType ir_i1(Ir *b) { return mlirIntegerTypeGet(b->context, 1); }

MlirType ir_vector(MlirType element, int rank, const int64_t *shape) {
  return mlirVectorTypeGet(rank, shape, element);
}

MlirType ir_memref(MlirType element, int rank, const int64_t *shape) {
  return mlirMemRefTypeContiguousGet(element, rank, shape,
                                     mlirAttributeGetNull());
}

MlirType ir_element(MlirType shaped) {
  return mlirShapedTypeGetElementType(shaped);
}

int64_t ir_float_bytes(MlirType element) {
  return mlirFloatTypeGetWidth(element) / 8;
}

int64_t ir_element_bytes(MlirType element) {
  enum { BITS = 8, INDEX_BYTES = 8 };
  if (mlirTypeIsAFloat(element))
    return (mlirFloatTypeGetWidth(element) + BITS - 1) / BITS;
  if (mlirTypeIsAInteger(element))
    return ((int64_t)mlirIntegerTypeGetWidth(element) + BITS - 1) / BITS;
  return mlirTypeIsAIndex(element) ? INDEX_BYTES : 0;
}

MlirType ir_type(MlirValue value) { return mlirValueGetType(value); }

int ir_rank(MlirType shaped) { return (int)mlirShapedTypeGetRank(shaped); }

int64_t ir_dim_size(MlirType shaped, int dim) {
  return mlirShapedTypeGetDimSize(shaped, dim);
}

MlirType ir_with_element(MlirType type, MlirType element) {
  if (!mlirTypeIsAVector(type))
    return element;
  int64_t shape[IR_MAX_RANK];
  int rank = ir_rank(type);
  for (int i = 0; i < rank; ++i)
    shape[i] = ir_dim_size(type, i);
  return ir_vector(element, rank, shape);
}

MlirAttribute ir_parse_attr(Ir *b, const char *text) {
  return mlirAttributeParseGet(b->context, ir_str(text));
}

MlirAttribute ir_string_attr(Ir *b, const char *text) {
  return mlirStringAttrGet(b->context, ir_str(text));
}

MlirAttribute ir_i64_attr(Ir *b, int64_t value) {
  return mlirIntegerAttrGet(ir_i64(b), value);
}

MlirAttribute ir_i64_array(Ir *b, int n, const int64_t *values) {
  return mlirDenseI64ArrayGet(b->context, n, values);
}

MlirAttribute ir_bool_array(Ir *b, int n, bool value) {
  MlirAttribute elements[IR_MAX_RANK];
  for (int i = 0; i < n; ++i)
    elements[i] = mlirBoolAttrGet(b->context, value);
  return mlirArrayAttrGet(b->context, n, elements);
}

IrAttribute ir_segments(Ir *b, int n, const int32_t *sizes) {
  return (IrAttribute){"operandSegmentSizes",
                       mlirDenseI32ArrayGet(b->context, n, sizes)};
}

// Memory ----------------------------------------------------------------------

MlirValue ir_dim(Ir *b, MlirValue memref, int dim) {
  int64_t size = ir_dim_size(ir_type(memref), dim);
  if (!mlirShapedTypeIsDynamicSize(size))
    return ir_const_index(b, size);
  return ir_value(b, "memref.dim", ir_index(b),
                  IR_VALUES(memref, ir_const_index(b, dim)), IR_NONE);
}

enum { CACHE_LINE = 64 };

MlirValue ir_alloca(Ir *b, MlirType memref) {
  return ir_value(b, "memref.alloca", memref, IR_NONE,
                  IR_ATTRIBUTES({"alignment", ir_i64_attr(b, CACHE_LINE)},
                                ir_segments(b, 2, (int32_t[]){0, 0})));
}

MlirValue ir_reinterpret(Ir *b, MlirValue memref, int rank,
                         const int64_t *sizes, const int64_t *strides) {
  MlirType type =
      mlirMemRefTypeGet(ir_element(ir_type(memref)), rank, sizes,
                        mlirStridedLayoutAttrGet(b->context, 0, rank, strides),
                        mlirAttributeGetNull());
  return ir_value(
      b, "memref.reinterpret_cast", type, IR_VALUES(memref),
      IR_ATTRIBUTES({"static_offsets", ir_i64_array(b, IR_DIMS(0))},
                    {"static_sizes", ir_i64_array(b, rank, sizes)},
                    {"static_strides", ir_i64_array(b, rank, strides)},
                    ir_segments(b, 4, (int32_t[]){1, 0, 0, 0})));
}

MlirValue ir_expand_last(Ir *b, MlirValue memref, int64_t size) {
  MlirType type = ir_type(memref), i64 = ir_i64(b);
  int last = ir_rank(type) - 1, n = 0;
  int64_t sizes[IR_MAX_RANK], strides[IR_MAX_RANK], offset;
  const int64_t any = mlirShapedTypeGetDynamicStrideOrOffset();
  mlirMemRefTypeGetStridesAndOffset(type, strides, &offset);
  MlirValue operands[IR_MAX_RANK] = {memref};
  MlirAttribute groups[IR_MAX_RANK];
  for (int d = 0; d <= last; ++d) {
    sizes[d] = ir_dim_size(type, d);
    if (mlirShapedTypeIsDynamicSize(sizes[d]))
      operands[++n] = ir_dim(b, memref, d);
    MlirAttribute dims[] = {mlirIntegerAttrGet(i64, d),
                            mlirIntegerAttrGet(i64, d + 1)};
    groups[d] = mlirArrayAttrGet(b->context, d == last ? 2 : 1, dims);
  }
  sizes[last] /= size;
  sizes[last + 1] = size;
  strides[last + 1] = strides[last];
  if (strides[last] != any)
    strides[last] *= size;
  bool plain = mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(type));
  MlirAttribute layout =
      plain ? mlirAttributeGetNull()
            : mlirStridedLayoutAttrGet(b->context, offset, last + 2, strides);
  MlirType view = mlirMemRefTypeGet(ir_element(type), last + 2, sizes, layout,
                                    mlirMemRefTypeGetMemorySpace(type));
  return ir_value(
      b, "memref.expand_shape", view, 1 + n, operands,
      IR_ATTRIBUTES(
          {"reassociation", mlirArrayAttrGet(b->context, last + 1, groups)},
          {"static_output_shape", ir_i64_array(b, last + 2, sizes)}));
}

MlirValue ir_alloc(Ir *b, MlirType memref) {
  return ir_alloc_sized(b, memref, NULL);
}

MlirValue ir_alloc_sized(Ir *b, MlirType memref, const MlirValue *sizes) {
  MlirValue dynamic[IR_MAX_RANK];
  int n = 0;
  for (int i = 0; i < ir_rank(memref); ++i)
    if (mlirShapedTypeIsDynamicSize(ir_dim_size(memref, i)))
      dynamic[n++] = sizes[i];
  return ir_value(b, "memref.alloc", memref, n, dynamic,
                  IR_ATTRIBUTES(ir_segments(b, 2, (int32_t[]){n, 0})));
}

/// `first`, `memref`, then one index for each of its dimensions.
static int access_operands(MlirValue *operands, const MlirValue *first,
                           MlirValue memref, const MlirValue *indices) {
  int n = 0, rank = ir_rank(ir_type(memref));
  assert(rank + 4 <= IR_MAX_VALUES);
  if (first)
    operands[n++] = *first;
  operands[n++] = memref;
  for (int i = 0; i < rank; ++i)
    operands[n++] = indices[i];
  return n;
}

static MlirValue load(Ir *b, const char *name, MlirType type, MlirValue memref,
                      const MlirValue *indices) {
  MlirValue operands[IR_MAX_VALUES];
  int n = access_operands(operands, NULL, memref, indices);
  return ir_value(b, name, type, n, operands, IR_NONE);
}

static void store(Ir *b, const char *name, MlirValue value, MlirValue memref,
                  const MlirValue *indices) {
  MlirValue operands[IR_MAX_VALUES];
  int n = access_operands(operands, &value, memref, indices);
  ir_op(b, name, IR_NONE, n, operands, IR_NONE);
}

MlirValue ir_load(Ir *b, MlirValue memref, const MlirValue *indices) {
  return load(b, "memref.load", ir_element(ir_type(memref)), memref, indices);
}

void ir_store(Ir *b, MlirValue value, MlirValue memref,
              const MlirValue *indices) {
  store(b, "memref.store", value, memref, indices);
}

MlirValue ir_vector_load(Ir *b, MlirType vector, MlirValue memref,
                         const MlirValue *indices) {
  return load(b, "vector.load", vector, memref, indices);
}

void ir_vector_store(Ir *b, MlirValue value, MlirValue memref,
                     const MlirValue *indices) {
  store(b, "vector.store", value, memref, indices);
}

static IrAttribute permutation(Ir *b, MlirValue memref, int tile_rank,
                               const unsigned *dims) {
  int rank = ir_rank(ir_type(memref));
  MlirAffineExpr exprs[IR_MAX_RANK];
  for (int i = 0; i < tile_rank; ++i)
    exprs[i] = mlirAffineDimExprGet(b->context, dims[i]);
  return (IrAttribute){"permutation_map",
                       mlirAffineMapAttrGet(mlirAffineMapGet(
                           b->context, rank, 0, tile_rank, exprs))};
}

MlirValue ir_transfer_read(Ir *b, MlirType tile, MlirValue memref,
                           const MlirValue *indices, const unsigned *dims,
                           MlirValue mask) {
  MlirValue operands[IR_MAX_VALUES];
  int rank = ir_rank(ir_type(memref)), tile_rank = ir_rank(tile);
  int n = access_operands(operands, NULL, memref, indices);
  operands[n++] = ir_zero(b, ir_element(tile));
  bool masked = !mlirValueIsNull(mask);
  if (masked)
    operands[n++] = mask;
  return ir_value(
      b, "vector.transfer_read", tile, n, operands,
      IR_ATTRIBUTES({"in_bounds", ir_bool_array(b, tile_rank, true)},
                    permutation(b, memref, tile_rank, dims),
                    ir_segments(b, 4, (int32_t[]){1, rank, 1, masked})));
}

void ir_transfer_write(Ir *b, MlirValue tile, MlirValue memref,
                       const MlirValue *indices, const unsigned *dims,
                       MlirValue mask) {
  MlirValue operands[IR_MAX_VALUES];
  int rank = ir_rank(ir_type(memref)), tile_rank = ir_rank(ir_type(tile));
  int n = access_operands(operands, &tile, memref, indices);
  bool masked = !mlirValueIsNull(mask);
  if (masked)
    operands[n++] = mask;
  ir_op(b, "vector.transfer_write", IR_NONE, n, operands,
        IR_ATTRIBUTES({"in_bounds", ir_bool_array(b, tile_rank, true)},
                      permutation(b, memref, tile_rank, dims),
                      ir_segments(b, 4, (int32_t[]){1, 1, rank, masked})));
}

// Control flow ----------------------------------------------------------------

/// The body of `op`'s region becomes where `b` inserts.
static void enter(Ir *b, MlirOperation op, int region) {
  *b = ir_at_end(ir_body(op, region), b->location);
}

IrLoop ir_for_begin(Ir *b, MlirValue lower, MlirValue upper, MlirValue step,
                    int n_inits, const MlirValue *inits) {
  assert(n_inits + 3 <= IR_MAX_VALUES);
  MlirValue operands[IR_MAX_VALUES] = {lower, upper, step};
  MlirType types[IR_MAX_VALUES] = {ir_index(b)};
  for (int i = 0; i < n_inits; ++i) {
    operands[3 + i] = inits[i];
    types[1 + i] = ir_type(inits[i]);
  }
  MlirRegion region = ir_region(b, 1 + n_inits, types);
  IrLoop loop = {.outer = *b};
  loop.op = ir_op_with_regions(b, "scf.for", n_inits, types + 1, 3 + n_inits,
                               operands, IR_NONE, 1, &region);
  enter(b, loop.op, 0);
  loop.iv[0] = mlirBlockGetArgument(b->block, 0);
  for (int i = 0; i < n_inits; ++i)
    loop.args[i] = mlirBlockGetArgument(b->block, 1 + i);
  return loop;
}

void ir_for_end(Ir *b, IrLoop *loop, int n_yields, const MlirValue *yields) {
  ir_op(b, "scf.yield", IR_NONE, n_yields, yields, IR_NONE);
  for (int i = 0; i < n_yields; ++i)
    loop->results[i] = ir_result(loop->op, i);
  *b = loop->outer;
}

IrLoop ir_forall_begin(Ir *b, int rank, const MlirValue *sizes) {
  assert(rank <= IR_MAX_RANK);
  MlirType types[IR_MAX_RANK];
  int64_t zeros[IR_MAX_RANK] = {0}, ones[IR_MAX_RANK], dynamic[IR_MAX_RANK];
  for (int i = 0; i < rank; ++i) {
    types[i] = ir_index(b);
    ones[i] = 1;
    dynamic[i] = mlirShapedTypeGetDynamicSize();
  }
  MlirRegion region = ir_region(b, rank, types);
  IrLoop loop = {.outer = *b};
  loop.op = ir_op_with_regions(
      b, "scf.forall", IR_NONE, rank, sizes,
      IR_ATTRIBUTES({"staticLowerBound", ir_i64_array(b, rank, zeros)},
                    {"staticUpperBound", ir_i64_array(b, rank, dynamic)},
                    {"staticStep", ir_i64_array(b, rank, ones)},
                    ir_segments(b, 4, (int32_t[]){0, rank, 0, 0})),
      1, &region);
  enter(b, loop.op, 0);
  for (int i = 0; i < rank; ++i)
    loop.iv[i] = mlirBlockGetArgument(b->block, i);
  return loop;
}

void ir_forall_end(Ir *b, IrLoop *loop) {
  MlirRegion region = ir_region(b, IR_NONE);
  ir_op_with_regions(b, "scf.forall.in_parallel", IR_NONE, IR_NONE, IR_NONE, 1,
                     &region);
  *b = loop->outer;
}

IrIf ir_if_begin(Ir *b, MlirValue condition, int n_results,
                 const MlirType *results) {
  MlirRegion regions[] = {ir_region(b, IR_NONE), mlirRegionCreate()};
  IrIf branch = {.outer = *b};
  branch.op = ir_op_with_regions(b, "scf.if", n_results, results,
                                 IR_VALUES(condition), IR_NONE, 2, regions);
  enter(b, branch.op, 0);
  return branch;
}

void ir_if_else(Ir *b, IrIf *branch, int n_yields, const MlirValue *yields) {
  ir_op(b, "scf.yield", IR_NONE, n_yields, yields, IR_NONE);
  mlirRegionAppendOwnedBlock(mlirOperationGetRegion(branch->op, 1),
                             mlirBlockCreate(0, NULL, NULL));
  enter(b, branch->op, 1);
}

void ir_if_end(Ir *b, IrIf *branch, int n_yields, const MlirValue *yields) {
  ir_op(b, "scf.yield", IR_NONE, n_yields, yields, IR_NONE);
  *b = branch->outer;
}
