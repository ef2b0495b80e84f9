// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A small builder over the MLIR C API, so that a pass reads like the program it
// makes. An `Ir` is an insertion point and a location; `ir_xxx(b, ...)` creates
// the upstream op named xxx there and returns its result.

#ifndef SIMPLICIAL_LOWERING_IR_H
#define SIMPLICIAL_LOWERING_IR_H

#include "mlir-c/IR.h"

enum { IR_MAX_RANK = 8, IR_MAX_VALUES = 288 };

typedef struct Ir {
  MlirContext context;
  MlirLocation location;
  MlirBlock block;
  MlirOperation before; ///< insert before this; null: at the end of `block`
} Ir;

Ir ir_before(MlirOperation op);
Ir ir_at_end(MlirBlock block, MlirLocation location);

typedef struct IrAttribute {
  const char *name;
  MlirAttribute value;
} IrAttribute;

#define IR_LIST(T, ...)                                                        \
  (int)(sizeof((T[]){__VA_ARGS__}) / sizeof(T)), (T[]) { __VA_ARGS__ }
#define IR_VALUES(...) IR_LIST(MlirValue, __VA_ARGS__)
#define IR_TYPES(...) IR_LIST(MlirType, __VA_ARGS__)
#define IR_ATTRIBUTES(...) IR_LIST(IrAttribute, __VA_ARGS__)
#define IR_DIMS(...) IR_LIST(int64_t, __VA_ARGS__)
#define IR_NAMES(...) IR_LIST(const char *, __VA_ARGS__)
#define IR_NONE 0, NULL

/// Any op; it takes over the regions.
MlirOperation ir_op_with_regions(Ir *b, const char *name, int n_results,
                                 const MlirType *results, int n_operands,
                                 const MlirValue *operands, int n_attributes,
                                 const IrAttribute *attributes, int n_regions,
                                 const MlirRegion *regions);
/// A region of one block with these arguments.
MlirRegion ir_region(Ir *b, int n_arguments, const MlirType *arguments);
/// Any op without regions.
MlirOperation ir_op(Ir *b, const char *name, int n_results,
                    const MlirType *results, int n_operands,
                    const MlirValue *operands, int n_attributes,
                    const IrAttribute *attributes);
/// The same with one result, which is returned.
MlirValue ir_value(Ir *b, const char *name, MlirType result, int n_operands,
                   const MlirValue *operands, int n_attributes,
                   const IrAttribute *attributes);
/// Inserts a copy of `op` whose operands are `operands` and whose one result
/// has type `result`.
MlirValue ir_clone_with(Ir *b, MlirOperation op, MlirType result,
                        const MlirValue *operands);

// Names, types and attributes -------------------------------------------------

MlirStringRef ir_str(const char *text);
bool ir_is(MlirOperation op, const char *name);
/// Whether `op` has one of the names.
bool ir_is_any(MlirOperation op, int n, const char *const *names);
bool ir_starts_with(MlirStringRef text, const char *prefix);
/// Whether `op`'s name begins so, as with "arith.".
bool ir_is_of(MlirOperation op, const char *prefix);
/// Whether an op is `outer` or in a region of it.
bool ir_is_within(MlirOperation op, MlirOperation outer);
/// The op that defines `value`; a null op for a block argument.
MlirOperation ir_def(MlirValue value);
MlirValue ir_operand(MlirOperation op, int number);
MlirValue ir_result(MlirOperation op, int number);
MlirAttribute ir_get_attr(MlirOperation op, const char *name);
/// Whether `value` is an arith.constant of an integer or index; which one.
bool ir_is_number(MlirValue value, int64_t *number);
MlirBlock ir_body(MlirOperation op, int region);
/// A diagnostic at `op`'s location, formatted as by printf.
MlirLogicalResult ir_error(MlirOperation op, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

MlirType ir_f32(Ir *b);
MlirType ir_index(Ir *b);
MlirType ir_i64(Ir *b);
MlirType ir_i32(Ir *b);
MlirType ir_i1(Ir *b);
MlirType ir_vector(MlirType element, int rank, const int64_t *shape);
/// A contiguous memref.
MlirType ir_memref(MlirType element, int rank, const int64_t *shape);
MlirType ir_element(MlirType shaped);
/// Of a type of floats.
int64_t ir_float_bytes(MlirType element);
/// Of a type of floats, integers or indices, in memory; 0 for others.
int64_t ir_element_bytes(MlirType element);
MlirType ir_type(MlirValue value);
int ir_rank(MlirType shaped);
int64_t ir_dim_size(MlirType shaped, int dim);
/// `type`'s shape with another element type; a scalar's element type.
MlirType ir_with_element(MlirType type, MlirType element);
MlirAttribute ir_parse_attr(Ir *b, const char *text);
MlirAttribute ir_string_attr(Ir *b, const char *text);
MlirAttribute ir_i64_attr(Ir *b, int64_t value);
MlirAttribute ir_i64_array(Ir *b, int n, const int64_t *values);
MlirAttribute ir_bool_array(Ir *b, int n, bool value);
/// The attribute that says how an op's operands split into groups.
IrAttribute ir_segments(Ir *b, int n, const int32_t *sizes);

// Scalars and elementwise arithmetic (scalars and vectors alike) --------------

MlirValue ir_const_index(Ir *b, int64_t value);
MlirValue ir_const_i64(Ir *b, int64_t value);
/// A float constant of `type`, a splat if that is a vector.
MlirValue ir_const_f(Ir *b, MlirType type, double value);
MlirValue ir_const_i32(Ir *b, MlirType type, int32_t value);
/// An integer constant of any width.
MlirValue ir_const_int(Ir *b, MlirType type, int64_t value);
MlirValue ir_zero(Ir *b, MlirType type);
/// A constant of `type`, a splat of `scalar` if that is a vector.
MlirValue ir_constant(Ir *b, MlirType type, MlirAttribute scalar);

MlirValue ir_addi(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_subi(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_muli(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_ori(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_xori(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_divui(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_remui(Ir *b, MlirValue x, MlirValue y);
/// x / y, rounded up; of indices.
MlirValue ir_ceil_div(Ir *b, MlirValue x, int64_t y);
MlirValue ir_minsi(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_maxsi(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_addf(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_subf(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_mulf(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_divf(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_maxnumf(Ir *b, MlirValue x, MlirValue y);
MlirValue ir_negf(Ir *b, MlirValue x);
MlirValue ir_fma(Ir *b, MlirValue x, MlirValue y, MlirValue z);
MlirValue ir_exp2(Ir *b, MlirValue x);
MlirValue ir_log(Ir *b, MlirValue x);
MlirValue ir_select(Ir *b, MlirValue condition, MlirValue x, MlirValue y);
typedef enum { IR_EQ = 0, IR_SLT = 2, IR_SGT = 4 } IrIntPredicate;
MlirValue ir_cmpi(Ir *b, IrIntPredicate predicate, MlirValue x, MlirValue y);
typedef enum {
  IR_OEQ = 1,
  IR_OGT = 2,
  IR_OGE = 3,
  IR_OLT = 4,
  IR_UNO = 14
} IrFloatPredicate;
MlirValue ir_cmpf(Ir *b, IrFloatPredicate predicate, MlirValue x, MlirValue y);
/// Between index and an integer type, or vectors of them; nothing if that is
/// its type.
MlirValue ir_index_cast(Ir *b, MlirValue x, MlirType type);
/// An index, or an integer with its sign, as an i64.
MlirValue ir_as_i64(Ir *b, MlirValue x);
/// extf, truncf or nothing, whichever makes `x`'s elements `element`.
MlirValue ir_convert(Ir *b, MlirValue x, MlirType element);
MlirValue ir_bitcast(Ir *b, MlirValue x, MlirType element);

// Vectors ---------------------------------------------------------------------

MlirValue ir_broadcast(Ir *b, MlirValue x, MlirType vector);
/// 0, 1, ..., n - 1, of type index.
MlirValue ir_step(Ir *b, int64_t n);
MlirValue ir_shape_cast(Ir *b, MlirValue x, MlirType vector);
/// x [M] -> [M, n]: every column is x.
MlirValue ir_broadcast_rows(Ir *b, MlirValue x, int64_t n);
/// Whether any element of a vector of i1 is set.
MlirValue ir_any(Ir *b, MlirValue x);
/// Columns [first, first + n) of x [M, N].
MlirValue ir_columns(Ir *b, MlirValue x, int64_t first, int64_t n);
MlirValue ir_create_mask(Ir *b, int n, const MlirValue *sizes, MlirType mask);
typedef enum { IR_SUM, IR_MAX } IrReduction;
/// Reduces dimension `dim` of `x` into `init`.
MlirValue ir_multi_reduction(Ir *b, IrReduction kind, MlirValue x, int dim,
                             MlirValue init);
/// lhs [M, K] times rhs [N, K] (or, with `rhs_is_kn`, [K, N]), plus acc
/// [M, N].
MlirValue ir_contract(Ir *b, MlirValue lhs, MlirValue rhs, bool rhs_is_kn,
                      MlirValue acc);
MlirValue ir_shuffle(Ir *b, MlirValue x, MlirValue y, int n,
                     const int64_t *mask);

// Memory ----------------------------------------------------------------------

MlirValue ir_dim(Ir *b, MlirValue memref, int dim);
MlirValue ir_alloca(Ir *b, MlirType memref);
/// A view of a memref whose last dimension, a multiple of `size`, is two, the
/// last one of that size.
MlirValue ir_expand_last(Ir *b, MlirValue memref, int64_t size);
/// A memref that begins where this one does, with these sizes and strides.
MlirValue ir_reinterpret(Ir *b, MlirValue memref, int rank,
                         const int64_t *sizes, const int64_t *strides);
MlirValue ir_alloc(Ir *b, MlirType memref);
/// The same with a size for each dimension; those of static ones may be null.
MlirValue ir_alloc_sized(Ir *b, MlirType memref, const MlirValue *sizes);
MlirValue ir_load(Ir *b, MlirValue memref, const MlirValue *indices);
void ir_store(Ir *b, MlirValue value, MlirValue memref,
              const MlirValue *indices);
MlirValue ir_vector_load(Ir *b, MlirType vector, MlirValue memref,
                         const MlirValue *indices);
void ir_vector_store(Ir *b, MlirValue value, MlirValue memref,
                     const MlirValue *indices);
/// Reads or writes a tile: dimension t of the tile runs along dimension
/// `dims[t]` of the memref. With a `mask` (a vector of i1 shaped as the tile;
/// null: none, and the tile is in bounds) what it leaves out reads as zero and
/// is not written.
MlirValue ir_transfer_read(Ir *b, MlirType tile, MlirValue memref,
                           const MlirValue *indices, const unsigned *dims,
                           MlirValue mask);
void ir_transfer_write(Ir *b, MlirValue tile, MlirValue memref,
                       const MlirValue *indices, const unsigned *dims,
                       MlirValue mask);

// Control flow ----------------------------------------------------------------

/// cf.cond_br, to blocks without arguments.
void ir_branch(Ir *b, MlirValue condition, MlirBlock then, MlirBlock otherwise);

/// A loop under construction: between begin and end, `b` inserts in its body.
typedef struct IrLoop {
  MlirOperation op;
  MlirValue iv[IR_MAX_RANK];        ///< scf.for has one, scf.forall its rank
  MlirValue args[IR_MAX_VALUES];    ///< loop-carried values in the body
  MlirValue results[IR_MAX_VALUES]; ///< and after ir_for_end
  Ir outer;
} IrLoop;

IrLoop ir_for_begin(Ir *b, MlirValue lower, MlirValue upper, MlirValue step,
                    int n_inits, const MlirValue *inits);
void ir_for_end(Ir *b, IrLoop *loop, int n_yields, const MlirValue *yields);
/// scf.forall over [0, sizes[0]) x [0, sizes[1]) x ...
IrLoop ir_forall_begin(Ir *b, int rank, const MlirValue *sizes);
void ir_forall_end(Ir *b, IrLoop *loop);

/// An scf.if under construction: `b` inserts where the condition holds, then,
/// after ir_if_else, where it does not.
typedef struct IrIf {
  MlirOperation op;
  Ir outer;
} IrIf;

IrIf ir_if_begin(Ir *b, MlirValue condition, int n_results,
                 const MlirType *results);
void ir_if_else(Ir *b, IrIf *branch, int n_yields, const MlirValue *yields);
void ir_if_end(Ir *b, IrIf *branch, int n_yields, const MlirValue *yields);

#endif // SIMPLICIAL_LOWERING_IR_H
