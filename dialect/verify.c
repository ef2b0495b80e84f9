// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-verify: what the dialect's definition cannot say.
//
// In and out: any IR. Each operation of the dialect has ranks, shapes, heads,
// element types and attributes that fit together, all tensors and constants
// have sizes that can be computed with and held, and all is for one target; or
// there is a diagnostic.

#include "verify.h"

#include "simplicial/dialect.h"

#include "lowering/gpu/target/chip.h"
#include "lowering/ir.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

enum { B, N, H, D };                        // dimensions of q, keys and values
enum { LSE_B, LSE_H, LSE_N, LSE_RANK = 3 }; // and of lse
enum { GRADIENTS = SIMPLICIAL_V2 + 1 };     // q's to v2's
enum { MAX_VALUES = SIMPLICIAL_D_OUT + 1 + GRADIENTS };
enum { MIN_D = 16, MAX_D = 256, PLANES = 3 };

static const char *const operand_names[] = {
    "q",     "k1",  "k2",   "v1",   "v2",   "out", "lse",
    "d_out", "d_q", "d_k1", "d_k2", "d_v1", "d_v2"};

// Sizes -----------------------------------------------------------------------

static uint64_t bits_of(MlirType element) {
  if (mlirTypeIsAInteger(element))
    return mlirIntegerTypeGetWidth(element);
  if (mlirTypeIsAFloat(element))
    return mlirFloatTypeGetWidth(element);
  if (mlirTypeIsAComplex(element))
    return 2 * bits_of(mlirComplexTypeGetElementType(element));
  return 64; // an index; others are left to upstream
}

/// The bytes of a tensor or memref without its dynamic dimensions and those of
/// size 0: what sizes and strides are computed from. Saturates; 0 of any other
/// type.
static uint64_t bytes_of(MlirType type) {
  if (!mlirTypeIsAShaped(type) || !mlirShapedTypeHasRank(type))
    return 0;
  uint64_t bytes = (bits_of(ir_element(type)) + 7) / 8;
  for (int i = 0; i < ir_rank(type); ++i) {
    int64_t size = ir_dim_size(type, i);
    if (size > 0 && !mlirShapedTypeIsDynamicSize(size) &&
        __builtin_mul_overflow(bytes, (uint64_t)size, &bytes))
      return UINT64_MAX;
  }
  return bytes;
}

static bool is_too_large(MlirType type) { return bytes_of(type) > INT64_MAX; }

#define TOO_LARGE "has more than 2^63 - 1 bytes"

/// A type, or element type, of a dialect that is not registered.
static bool is_unknown(MlirType type) {
  return mlirTypeIsAOpaque(mlirTypeIsAShaped(type) ? ir_element(type) : type);
}

#define UNKNOWN "has a type that is not known here"

// One operation ---------------------------------------------------------------

static bool sizes_agree(int64_t x, int64_t y) {
  return x == y || mlirShapedTypeIsDynamicSize(x) ||
         mlirShapedTypeIsDynamicSize(y);
}

static MlirLogicalResult check_rank(MlirOperation op, const char *name,
                                    MlirType type, int rank) {
  if (!mlirShapedTypeHasRank(type) || ir_rank(type) != rank)
    return ir_error(op, "%s must have rank %d", name, rank);
  if (is_too_large(type))
    return ir_error(op, "%s " TOO_LARGE, name);
  return mlirLogicalResultSuccess();
}

/// A memref's innermost stride must be 1: tiles are loaded by rows.
static MlirLogicalResult check_layout(MlirOperation op, const char *name,
                                      MlirType type) {
  if (!mlirTypeIsAMemRef(type))
    return mlirLogicalResultSuccess();
  int64_t strides[IR_MAX_RANK], offset;
  if (mlirLogicalResultIsFailure(
          mlirMemRefTypeGetStridesAndOffset(type, strides, &offset)) ||
      strides[ir_rank(type) - 1] != 1)
    return ir_error(op, "%s must have an innermost stride of 1", name);
  return mlirLogicalResultSuccess();
}

/// `type` is [B, Nq or N, Hq or Hk, D] with the sizes of `like` in all
/// dimensions (`mask` bit clear) or in those whose bit is set.
static MlirLogicalResult check_like(MlirOperation op, const char *name,
                                    MlirType type, const char *like_name,
                                    MlirType like, const int *dims, int n) {
  for (int i = 0; i < n; ++i)
    if (!sizes_agree(ir_dim_size(type, dims[i]), ir_dim_size(like, dims[i])))
      return ir_error(op, "%s and %s disagree in dimension %d: %lld and %lld",
                      name, like_name, dims[i],
                      (long long)ir_dim_size(type, dims[i]),
                      (long long)ir_dim_size(like, dims[i]));
  if (!mlirTypeEqual(ir_element(type), ir_element(like)))
    return ir_error(op, "%s and %s have different element types", name,
                    like_name);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult check_width(MlirOperation op, const char *name,
                                     int64_t d) {
  if (mlirShapedTypeIsDynamicSize(d))
    return ir_error(op, "%s must be static", name);
  if (d < MIN_D || d > MAX_D || d % 16)
    return ir_error(op, "%s must be a multiple of 16 from %d to %d, not %lld",
                    name, MIN_D, MAX_D, (long long)d);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult check_query(MlirOperation op, MlirType q,
                                     SimplicialForm form) {
  MlirType element = ir_element(q);
  if (!mlirTypeIsAF32(element) && !mlirTypeIsAF16(element) &&
      !mlirTypeIsABF16(element))
    return ir_error(op, "element type must be f32, f16 or bf16");
  int64_t heads = ir_dim_size(q, H), d = ir_dim_size(q, D);
  if (mlirShapedTypeIsDynamicSize(heads) || mlirShapedTypeIsDynamicSize(d))
    return ir_error(op, "the number of heads and the head dimension must be "
                        "static");
  if (heads < 1)
    return ir_error(op, "q has no heads");
  if (mlirLogicalResultIsFailure(check_width(op, "head dimension", d)))
    return mlirLogicalResultFailure();
  if (form == SIMPLICIAL_DETERMINANT && d % (PLANES * 16))
    return ir_error(op,
                    "form \"determinant\" needs a head dimension of 3 planes "
                    "that are multiples of 16, not %lld",
                    (long long)d);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult check_keys(MlirOperation op, MlirType q, MlirType k1) {
  const int shared[] = {B, D};
  if (mlirLogicalResultIsFailure(check_like(op, "k1", k1, "q", q, shared, 2)))
    return mlirLogicalResultFailure();
  int64_t hq = ir_dim_size(q, H), hk = ir_dim_size(k1, H);
  if (mlirShapedTypeIsDynamicSize(hk) ||
      mlirShapedTypeIsDynamicSize(ir_dim_size(k1, D)))
    return ir_error(op, "the number of heads and the head dimension must be "
                        "static");
  if (hk < 1 || hq % hk)
    return ir_error(op, "%lld query heads are not a multiple of %lld key heads",
                    (long long)hq, (long long)hk);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult check_lse(MlirOperation op, MlirType lse, MlirType q) {
  if (mlirLogicalResultIsFailure(check_rank(op, "lse", lse, LSE_RANK)))
    return mlirLogicalResultFailure();
  if (!mlirTypeIsAF32(ir_element(lse)))
    return ir_error(op, "lse must have element type f32");
  if (!sizes_agree(ir_dim_size(lse, LSE_B), ir_dim_size(q, B)) ||
      !sizes_agree(ir_dim_size(lse, LSE_H), ir_dim_size(q, H)) ||
      !sizes_agree(ir_dim_size(lse, LSE_N), ir_dim_size(q, N)))
    return ir_error(op, "lse must have shape [B, Hq, Nq]");
  return mlirLogicalResultSuccess();
}

/// start, [B, N], or lengths, [B], of i32. With two lengths of keys N is any.
static MlirLogicalResult check_bound(MlirOperation op, MlirType bound,
                                     MlirType k1, bool two_lengths) {
  enum { START_RANK = 2 };
  bool lengths = ir_rank(bound) == 1;
  const char *name = lengths ? "lengths" : "start";
  if (!lengths && ir_rank(bound) != START_RANK)
    return ir_error(op, "what bounds it must be start, of rank 2, or lengths, "
                        "of rank 1");
  if (mlirLogicalResultIsFailure(check_rank(op, name, bound, ir_rank(bound))) ||
      mlirLogicalResultIsFailure(check_layout(op, name, bound)))
    return mlirLogicalResultFailure();
  MlirType element = ir_element(bound);
  if (!mlirTypeIsAInteger(element) || !mlirIntegerTypeIsSignless(element) ||
      mlirIntegerTypeGetWidth(element) != 32)
    return ir_error(op, "%s must have element type i32", name);
  if (!sizes_agree(ir_dim_size(bound, B), ir_dim_size(k1, B)) ||
      (!lengths && !two_lengths &&
       !sizes_agree(ir_dim_size(bound, N), ir_dim_size(k1, N))))
    return ir_error(op, "%s must have shape %s", name,
                    lengths ? "[B]" : "[B, N]");
  return mlirLogicalResultSuccess();
}

/// What an operation is made of.
typedef struct Form {
  const char *name;
  int least, most; ///< operands, without a bound
  int results;
  bool memrefs; ///< not tensors
  bool bounded; ///< must have a bound
} Form;

static const Form forms[] = {
    {SIMPLICIAL_ATTENTION, SIMPLICIAL_V2 + 1, SIMPLICIAL_V2 + 1, 2, false,
     false},
    {SIMPLICIAL_ATTENTION_INTO, SIMPLICIAL_OUT + 1, SIMPLICIAL_LSE + 1, 0, true,
     false},
    {SIMPLICIAL_BOUNDED_INTO, SIMPLICIAL_OUT + 1, SIMPLICIAL_LSE + 1, 0, true,
     true},
    {SIMPLICIAL_ATTENTION_GRAD, SIMPLICIAL_D_OUT + 1, SIMPLICIAL_D_OUT + 1,
     GRADIENTS, false, false},
    {SIMPLICIAL_ATTENTION_GRAD_INTO, SIMPLICIAL_D_OUT + 2, MAX_VALUES, 0, true,
     false},
    {SIMPLICIAL_BOUNDED_GRAD_INTO, SIMPLICIAL_D_OUT + 2, MAX_VALUES, 0, true,
     true},
};

/// The operands without a bound.
static int count_operands(MlirOperation op) {
  return (int)mlirOperationGetNumOperands(op) -
         !mlirValueIsNull(simplicialAttentionGetBound(op));
}

/// How many operands and results there are, and of which kind. The dialect's
/// definition says so as well, where it was loaded before the operation.
static MlirLogicalResult check_values(MlirOperation op) {
  const Form *form = forms;
  while (!ir_is(op, form->name))
    ++form;
  if (form->bounded && mlirValueIsNull(simplicialAttentionGetBound(op)))
    return ir_error(op, "must have a last operand of i32: start, or lengths");
  int n = count_operands(op);
  int results = (int)mlirOperationGetNumResults(op);
  if (n > form->most || n < form->least || results != form->results)
    return ir_error(op,
                    "has %d operands and %d results, which must be %d and "
                    "%d",
                    n, results, form->most, form->results);
  n = (int)mlirOperationGetNumOperands(op);
  for (int i = 0; i < n + results; ++i) {
    MlirType type = ir_type(i < n ? ir_operand(op, i) : ir_result(op, i - n));
    if (form->memrefs ? !mlirTypeIsAMemRef(type)
                      : !mlirTypeIsARankedTensor(type))
      return ir_error(op, "%s %d must be a %s with a rank",
                      i < n ? "operand" : "result", i < n ? i : i - n,
                      form->memrefs ? "memref" : "tensor");
  }
  return mlirLogicalResultSuccess();
}

static bool is_grad_into(MlirOperation op) {
  return ir_is_any(op, IR_NAMES(SIMPLICIAL_ATTENTION_GRAD_INTO,
                                SIMPLICIAL_BOUNDED_GRAD_INTO));
}

/// Which of operand_names the operands are.
static MlirLogicalResult find_names(MlirOperation op, int *names) {
  int n = count_operands(op);
  for (int i = 0; i < n; ++i)
    names[i] = i;
  MlirValue gradients[GRADIENTS];
  if (!is_grad_into(op))
    return mlirLogicalResultSuccess();
  if (mlirLogicalResultIsFailure(verify_gradients(op, gradients)))
    return mlirLogicalResultFailure();
  for (int g = 0, i = SIMPLICIAL_D_OUT + 1; g < GRADIENTS; ++g)
    if (!mlirValueIsNull(gradients[g]))
      names[i++] = SIMPLICIAL_D_OUT + 1 + g;
  return mlirLogicalResultSuccess();
}

MlirLogicalResult verify_gradients(MlirOperation op, MlirValue *gradients) {
  MlirAttribute sizes = ir_get_attr(op, "operandSegmentSizes");
  int n = count_operands(op), at = 0;
  int bounds = (int)mlirOperationGetNumOperands(op) - n;
  bool right = !mlirAttributeIsNull(sizes) &&
               mlirAttributeIsADenseI32Array(sizes) &&
               mlirDenseArrayGetNumElements(sizes) == MAX_VALUES + bounds;
  for (int i = 0; i < MAX_VALUES && right; ++i) {
    int32_t size = mlirDenseI32ArrayGetElement(sizes, i);
    right = size == 1 || (size == 0 && i > SIMPLICIAL_D_OUT);
    if (i > SIMPLICIAL_D_OUT)
      gradients[i - SIMPLICIAL_D_OUT - 1] =
          size && at < n ? ir_operand(op, at) : (MlirValue){NULL};
    at += size;
  }
  return right && at == n
             ? mlirLogicalResultSuccess()
             : ir_error(op,
                        "'operandSegmentSizes' must have %d numbers: 1 of "
                        "q to d_out, then 1 of each gradient that there "
                        "is, 0 of others",
                        MAX_VALUES + bounds);
}

/// What other operands and results are like.
typedef struct Like {
  MlirType q, k1, k2, v1;
  bool two_lengths; ///< of k1 and of k2
} Like;

/// Keys or values: like k1, or, with two lengths, that or k2, which is like k1
/// in all but N. How wide values are is not checked here.
static MlirLogicalResult check_key(MlirOperation op, int number, int of,
                                   MlirType type, const Like *like) {
  static const int all[] = {B, N, H, D}, others[] = {B, H, D};
  const char *name = operand_names[number];
  bool second = of == SIMPLICIAL_K2 || of == SIMPLICIAL_V2;
  int n = of < SIMPLICIAL_V1 ? 4 : 3;
  if (!like->two_lengths || !second)
    return check_like(op, name, type, "k1", like->k1, all, n);
  return number == SIMPLICIAL_K2
             ? check_like(op, name, type, "k1", like->k1, others, 3)
             : check_like(op, name, type, "k2", like->k2, all, n);
}

/// An operand or result that is like q, like the keys, or lse; values, and what
/// is made of them, have v1's head dimension.
static MlirLogicalResult check_value(MlirOperation op, int number,
                                     MlirType type, const Like *like) {
  static const int all[] = {B, N, H, D};
  const char *name = operand_names[number];
  if (number == SIMPLICIAL_LSE)
    return check_lse(op, type, like->q);
  bool gradient = number > SIMPLICIAL_D_OUT;
  int of = gradient ? number - SIMPLICIAL_D_OUT - 1 : number;
  bool key = of > SIMPLICIAL_Q && of < SIMPLICIAL_OUT;
  MlirLogicalResult checked = key ? check_key(op, number, of, type, like)
                                  : check_like(op, name, type, "q", like->q,
                                               all, of < SIMPLICIAL_V1 ? 4 : 3);
  if (of < SIMPLICIAL_V1 || mlirLogicalResultIsFailure(checked))
    return checked;
  if (number == SIMPLICIAL_V1)
    return check_width(op, "v1's head dimension", ir_dim_size(type, D));
  return check_like(op, name, type, "v1", like->v1, &all[D], 1);
}

MlirLogicalResult verify_attention(MlirOperation op) {
  SimplicialAttentionAttributes attributes;
  int names[MAX_VALUES];
  if (mlirLogicalResultIsFailure(check_values(op)) ||
      mlirLogicalResultIsFailure(find_names(op, names)) ||
      mlirLogicalResultIsFailure(
          simplicialAttentionGetAttributes(op, &attributes)))
    return mlirLogicalResultFailure();

  int n = count_operands(op);
  MlirType types[MAX_VALUES];
  for (int i = 0; i < n; ++i) {
    types[i] = ir_type(ir_operand(op, i));
    const char *name = operand_names[names[i]];
    bool lse = names[i] == SIMPLICIAL_LSE;
    if (mlirLogicalResultIsFailure(
            check_rank(op, name, types[i], lse ? LSE_RANK : 4)) ||
        (!lse && mlirLogicalResultIsFailure(check_layout(op, name, types[i]))))
      return mlirLogicalResultFailure();
  }
  MlirType q = types[SIMPLICIAL_Q], k1 = types[SIMPLICIAL_K1];
  Like like = {q, k1, types[SIMPLICIAL_K2], types[SIMPLICIAL_V1],
               attributes.two_lengths};
  if (mlirLogicalResultIsFailure(check_query(op, q, attributes.form)) ||
      mlirLogicalResultIsFailure(check_keys(op, q, k1)))
    return mlirLogicalResultFailure();
  for (int i = SIMPLICIAL_K2; i < n; ++i)
    if (mlirLogicalResultIsFailure(check_value(op, names[i], types[i], &like)))
      return mlirLogicalResultFailure();
  bool alike = mlirTypeIsARankedTensor(k1) && !attributes.two_lengths;
  if (alike && !mlirTypeEqual(like.k2, k1))
    return ir_error(op, "k2 must have k1's type");
  if (alike && !mlirTypeEqual(types[SIMPLICIAL_V2], like.v1))
    return ir_error(op, "v2 must have v1's type");
  MlirValue bound = simplicialAttentionGetBound(op);
  if (!mlirValueIsNull(bound) &&
      mlirLogicalResultIsFailure(
          check_bound(op, ir_type(bound), k1, attributes.two_lengths)))
    return mlirLogicalResultFailure();
  if (ir_is(op, SIMPLICIAL_ATTENTION_GRAD))
    for (int i = 0; i < GRADIENTS; ++i)
      if (!mlirTypeEqual(ir_type(ir_result(op, i)), types[i]))
        return ir_error(op, "%s must have %s's type",
                        operand_names[SIMPLICIAL_D_OUT + 1 + i],
                        operand_names[i]);
  if (!ir_is(op, SIMPLICIAL_ATTENTION))
    return mlirLogicalResultSuccess();
  if (!mlirTypeEqual(ir_type(ir_result(op, 0)), attention_out_type(q, like.v1)))
    return ir_error(op, "out must have q's type, with v1's head dimension");
  return check_lse(op, ir_type(ir_result(op, 1)), q);
}

// The module ------------------------------------------------------------------

/// A compiler holds constants whole, and more than once.
enum { MOST_MIB_OF_CONSTANT = 256 };

typedef struct Walk {
  ChipList target;
  MlirLogicalResult status;
} Walk;

static MlirWalkResult stop(Walk *walk, MlirLogicalResult status) {
  walk->status = status;
  return MlirWalkResultInterrupt;
}

static MlirWalkResult check_constants(MlirOperation op, void *user) {
  for (intptr_t i = 0; i < mlirOperationGetNumAttributes(op); ++i) {
    MlirAttribute value = mlirOperationGetAttribute(op, i).attribute;
    if (mlirAttributeIsAElements(value) &&
        bytes_of(mlirAttributeGetType(value)) >> 20 >= MOST_MIB_OF_CONSTANT)
      return stop(user, ir_error(op,
                                 "holds a constant of %d MiB or more: it can "
                                 "be an argument instead",
                                 MOST_MIB_OF_CONSTANT));
  }
  return MlirWalkResultAdvance;
}

/// `kind` and `number` say which value of `op` has the type.
static MlirLogicalResult check_type(MlirOperation op, const char *kind,
                                    int number, MlirType type) {
  if (is_too_large(type))
    return ir_error(op, "%s %d " TOO_LARGE, kind, number);
  if (is_unknown(type))
    return ir_error(op, "%s %d " UNKNOWN, kind, number);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult check_arguments(MlirOperation op, MlirBlock block) {
  MlirLogicalResult status = mlirLogicalResultSuccess();
  int n = (int)mlirBlockGetNumArguments(block);
  for (int i = 0; i < n && mlirLogicalResultIsSuccess(status); ++i)
    status =
        check_type(op, "argument", i, ir_type(mlirBlockGetArgument(block, i)));
  return status;
}

static MlirWalkResult check_types(MlirOperation op, void *user) {
  MlirLogicalResult status = mlirLogicalResultSuccess();
  int results = (int)mlirOperationGetNumResults(op);
  for (int i = 0; i < results && mlirLogicalResultIsSuccess(status); ++i)
    status = check_type(op, "result", i, ir_type(ir_result(op, i)));
  for (intptr_t r = 0; r < mlirOperationGetNumRegions(op); ++r)
    for (MlirBlock block =
             mlirRegionGetFirstBlock(mlirOperationGetRegion(op, r));
         !mlirBlockIsNull(block) && mlirLogicalResultIsSuccess(status);
         block = mlirBlockGetNextInRegion(block))
      status = check_arguments(op, block);
  return mlirLogicalResultIsSuccess(status) ? MlirWalkResultAdvance
                                            : stop(user, status);
}

static bool is_same_target(const ChipList *x, const ChipList *y) {
  bool same = x->n == y->n;
  for (int i = 0; i < x->n && same; ++i)
    same = x->chips[i] == y->chips[i];
  return same;
}

/// One compilation is for one target, which the outermost module names.
static MlirWalkResult check_target(MlirOperation op, void *user) {
  Walk *walk = user;
  ChipList list;
  if (mlirAttributeIsNull(ir_get_attr(op, SIMPLICIAL_TARGET_ATTR)))
    return MlirWalkResultAdvance;
  if (mlirLogicalResultIsFailure(chip_list_of(op, &list)))
    return stop(walk, mlirLogicalResultFailure());
  if (is_same_target(&list, &walk->target))
    return MlirWalkResultAdvance;
  MlirStringRef module = walk->target.names;
  MlirStringRef own = list.n ? list.names : ir_str(CHIP_NONE);
  if (!walk->target.n)
    module = ir_str(CHIP_NONE);
  return stop(walk, ir_error(op,
                             SIMPLICIAL_TARGET_ATTR
                             " is '%.*s', but the module around it is "
                             "compiled for '%.*s'",
                             (int)own.length, own.data, (int)module.length,
                             module.data));
}

MlirLogicalResult pass_verify(MlirOperation module) {
  static const char *const names[] = {
      SIMPLICIAL_ATTENTION,      SIMPLICIAL_ATTENTION_INTO,
      SIMPLICIAL_ATTENTION_GRAD, SIMPLICIAL_ATTENTION_GRAD_INTO,
      SIMPLICIAL_BOUNDED_INTO,   SIMPLICIAL_BOUNDED_GRAD_INTO};
  Walk walk = {.status = chip_list_of(module, &walk.target)};
  if (mlirLogicalResultIsSuccess(walk.status))
    mlirOperationWalk(module, check_target, &walk, MlirWalkPreOrder);
  if (mlirLogicalResultIsSuccess(walk.status))
    mlirOperationWalk(module, check_constants, &walk, MlirWalkPreOrder);
  if (mlirLogicalResultIsSuccess(walk.status))
    walk.status = pass_for_each(module, 6, names, verify_attention);
  if (mlirLogicalResultIsSuccess(walk.status))
    mlirOperationWalk(module, check_types, &walk, MlirWalkPreOrder);
  return walk.status;
}
