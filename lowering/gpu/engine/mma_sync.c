// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The engine mma.sync: a warp multiplies its 16 rows.
//
//     for each 16 (of 32 bits: 8) of the reduction dimension:
//       a (4 registers) = from the left operand's slices
//       for each slice of the result:
//         b (2 registers) = loaded from the right operand in shared memory
//         acc = mma.sync(a, b, acc)
//
// A product that is kept runs as it stands here, so that only a part of the
// left operand is in registers at a time. Another one is evaluated a slice at a
// time, as the slices are used, from a left operand that is kept.
//
// Elements of 16 bits are loaded by ldmatrix, for two steps at once where there
// are as many. Operands of tf32 are rounded ones of f32. Products of f32 are
// split: x is a high part of 11 bits and a low one, and the product of two is
// low * high + high * low + high * high.

#include "engine.h"

#include "lowering/gpu/distribute/fragment.h"
#include "lowering/gpu/distribute/kernel.h"
#include "lowering/gpu/distribute/transfer.h"
#include "lowering/gpu/target/layout.h"

#include "lowering/ir_llvm.h"
#include "lowering/notes.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

enum { LEFT = 4, RIGHT = 2, MATRIX = 8 };

typedef struct Instruction {
  const char *type, *shape;
  int depth;        ///< of the reduction
  int per_register; ///< elements
  const Layout *left, *right;
} Instruction;

static const Instruction mma_bf16 = {"#nvvm.mma_type<bf16>",
                                     "#nvvm.shape<m = 16, n = 8, k = 16>",
                                     16,
                                     2,
                                     &layout_left_16,
                                     &layout_right_16};
static const Instruction mma_f16 = {"#nvvm.mma_type<f16>",
                                    "#nvvm.shape<m = 16, n = 8, k = 16>",
                                    16,
                                    2,
                                    &layout_left_16,
                                    &layout_right_16};
static const Instruction mma_tf32 = {"#nvvm.mma_type<tf32>",
                                     "#nvvm.shape<m = 16, n = 8, k = 8>",
                                     8,
                                     1,
                                     &layout_left_32,
                                     &layout_right_32};

/// The operands' registers of one step.
typedef struct Operands {
  MlirValue left[LEFT], right[RIGHT];
} Operands;

typedef struct Product {
  const Instruction *instruction;
  MlirValue left;
  MlirOperation left_read; ///< its load from shared memory; null: registers
  MlirOperation right;     ///< the other one's
  MlirType element;        ///< of the operands
  bool left_is_km;         ///< the left operand is [K, M]
  bool right_is_kn;        ///< the right operand is [K, N]
} Product;

static const Instruction *instruction_for(MlirType element) {
  if (mlirTypeIsABF16(element))
    return &mma_bf16;
  return mlirTypeIsAF16(element) ? &mma_f16 : &mma_tf32;
}

static MlirType record_of(Ir *b, MlirType type, int n) {
  MlirType types[] = {type, type, type, type};
  return ir_struct(b, n, types);
}

static MlirValue cast(Ir *b, MlirValue value, MlirType type) {
  if (mlirTypeEqual(ir_type(value), type))
    return value;
  return ir_value(b, "llvm.bitcast", type, IR_VALUES(value), IR_NONE);
}

/// A place in a tile that is read from shared memory: along the reduction, and
/// along the result's rows or columns.
typedef struct Source {
  MlirOperation read;
  bool k_first; ///< the tile's first dimension is the reduction's
  MlirValue k, other;
  int64_t first_k, first_other; ///< are added to these
} Source;

static MlirValue address_of(Distribute *s, const Source *source) {
  Ir *b = &s->b;
  const MlirValue place[] = {source->k, source->other};
  const int64_t first[] = {source->first_k, source->first_other};
  MlirOperation read = source->read;
  MlirValue memref = ir_operand(read, 0), indices[IR_MAX_RANK];
  int64_t by[IR_MAX_RANK] = {0};
  int rank = ir_rank(ir_type(memref)), dims[2];
  tile_op_memref_dims(read, 2, dims);
  for (int d = 0; d < rank; ++d)
    indices[d] = context_scalar(s, ir_operand(read, 1 + d));
  for (int t = 0; t < 2; ++t) {
    int of = source->k_first ? t : 1 - t;
    indices[dims[t]] = ir_addi(b, indices[dims[t]], place[of]);
    by[dims[t]] = first[of];
  }
  return transfer_moved(s, memref, transfer_address(s, memref, indices), by);
}

/// A row of the warp's 16, as one of the left operand's.
static MlirValue left_row(Distribute *s, const Product *product,
                          MlirValue row) {
  Ir *b = &s->b;
  MlirType left = ir_type(product->left);
  int64_t rows = ir_dim_size(left, product->left_is_km);
  MlirValue size = ir_const_index(b, rows);
  MlirValue first = ir_muli(b, s->warp, ir_const_index(b, WARP_ROWS));
  if (rows == s->warps * WARP_ROWS)
    return ir_addi(b, first, row);
  if (rows % WARP_ROWS == 0)
    return ir_addi(b, ir_remui(b, first, size), row);
  return ir_remui(b, ir_addi(b, first, row), size);
}

// Operands of 16 bits ---------------------------------------------------------

/// A register of two elements: nvvm.mma.sync takes bf16 as integers, and f16 as
/// what it is.
static MlirValue as_operand(Ir *b, MlirValue two, MlirType element) {
  return cast(b, two,
              mlirTypeIsABF16(element) ? ir_i32(b)
                                       : ir_vector(element, IR_DIMS(2)));
}

/// Matrices of 8 x 8, each transposed if `transposes`: registers of operands.
static void load_matrices(Distribute *s, MlirValue address, int n,
                          bool transposes, MlirType element,
                          MlirValue *registers) {
  Ir *b = &s->b;
  transfer_load_matrices(b, address, n, transposes, registers);
  for (int i = 0; i < n; ++i)
    registers[i] = as_operand(b, registers[i], element);
}

/// Loads the right operand's registers for `n` (1 or 2) steps from `k` on.
static void load_right(Distribute *s, const Product *product, int slice,
                       int64_t k, int n, Operands *steps) {
  Ir *b = &s->b;
  int matrices = RIGHT * n;
  MlirValue registers[2 * RIGHT];
  MlirValue lane = ir_remui(b, s->lane, ir_const_index(b, matrices * MATRIX));
  const Layout *addresses =
      product->right_is_kn ? &layout_addresses_transposing : &layout_addresses;
  MlirValue column = kernel_column(b, addresses, lane);
  MlirValue row = kernel_row(b, addresses, lane);
  Source source = {.read = product->right,
                   .k_first = product->right_is_kn,
                   .k = row,
                   .other = column,
                   .first_k = k,
                   .first_other = slice * SLICE};
  load_matrices(s, address_of(s, &source), matrices, product->right_is_kn,
                product->element, registers);
  for (int i = 0; i < matrices; ++i)
    steps[i / RIGHT].right[i % RIGHT] = registers[i];
}

/// Loads the left operand's registers from `k` on.
static void load_left_matrices(Distribute *s, const Product *product, int64_t k,
                               MlirValue *registers) {
  Ir *b = &s->b;
  const Layout *addresses = product->left_is_km
                                ? &layout_addresses_left_transposed
                                : &layout_addresses_left;
  MlirValue column = kernel_column(b, addresses, s->lane);
  MlirValue row = kernel_row(b, addresses, s->lane);
  Source source = {.read = product->left_read,
                   .k_first = product->left_is_km,
                   .k = column,
                   .other = left_row(s, product, row),
                   .first_k = k};
  load_matrices(s, address_of(s, &source), LEFT, product->left_is_km,
                product->element, registers);
}

// Operands of 32 bits ---------------------------------------------------------

/// An operand's element of 32 bits, of which tf32 are rounded.
static MlirValue load_element(Distribute *s, const Product *product,
                              const Source *source) {
  Ir *b = &s->b;
  MlirValue x = ir_value(b, "llvm.load", ir_f32(b),
                         IR_VALUES(address_of(s, source)), IR_NONE);
  return mlirTypeIsATF32(product->element) ? fragment_to_tf32(b, x) : x;
}

/// The place of a register's element of 32 bits in an operand.
static void find_element(Distribute *s, const Layout *layout, int number,
                         MlirValue *row, MlirValue *column) {
  Ir *b = &s->b;
  Place first = layout_place(layout, 0, number);
  *row =
      ir_addi(b, kernel_row(b, layout, s->lane), ir_const_index(b, first.row));
  *column = ir_addi(b, kernel_column(b, layout, s->lane),
                    ir_const_index(b, first.column));
}

/// The right operand's element of one register.
static MlirValue load_right_element(Distribute *s, const Product *product,
                                    int slice, int64_t k, int number) {
  Source source = {.read = product->right,
                   .k_first = product->right_is_kn,
                   .first_k = k,
                   .first_other = slice * SLICE};
  find_element(s, &layout_right_32, number, &source.k, &source.other);
  return load_element(s, product, &source);
}

/// The left operand's.
static MlirValue load_left_element(Distribute *s, const Product *product,
                                   int64_t k, int number) {
  Source source = {
      .read = product->left_read, .k_first = product->left_is_km, .first_k = k};
  find_element(s, &layout_left_32, number, &source.other, &source.k);
  source.other = left_row(s, product, source.other);
  return load_element(s, product, &source);
}

/// The left operand's registers from `k` on, from shared memory.
static void load_left(Distribute *s, const Product *product, int64_t k,
                      MlirValue *registers) {
  if (product->instruction->per_register == 2) {
    load_left_matrices(s, product, k, registers);
    return;
  }
  for (int i = 0; i < LEFT; ++i)
    registers[i] = load_left_element(s, product, k, i);
}

/// x = high + low, each of them a tf32. An infinite x has no low part.
static void split(Ir *b, MlirValue x, MlirValue *high, MlirValue *low) {
  MlirType f32 = ir_f32(b), i32 = ir_i32(b);
  *high = ir_value(
      b, "arith.andi", i32,
      IR_VALUES(cast(b, x, i32), ir_const_i32(b, i32, ~((1 << 13) - 1))),
      IR_NONE);
  MlirValue part = cast(b, *high, f32);
  MlirValue rest = ir_select(b, ir_cmpf(b, IR_OEQ, x, part), ir_zero(b, f32),
                             ir_subf(b, x, part));
  *low = fragment_to_tf32(b, rest);
}

// Products --------------------------------------------------------------------

static void multiply(Ir *b, const Instruction *instruction,
                     const MlirValue *left, const MlirValue *right,
                     Fragment *acc) {
  MlirAttribute type = ir_parse_attr(b, instruction->type);
  const int32_t segments[] = {LEFT, RIGHT, 4};
  MlirValue result = ir_value(
      b, "nvvm.mma.sync", record_of(b, ir_f32(b), 4),
      IR_VALUES(left[0], left[1], left[2], left[3], right[0], right[1],
                acc->v[0][0], acc->v[0][1], acc->v[1][0], acc->v[1][1]),
      IR_ATTRIBUTES({"shape", ir_parse_attr(b, instruction->shape)},
                    {"layoutA", ir_parse_attr(b, "#nvvm.mma_layout<row>")},
                    {"layoutB", ir_parse_attr(b, "#nvvm.mma_layout<col>")},
                    {"multiplicandAPtxType", type},
                    {"multiplicandBPtxType", type},
                    ir_segments(b, 3, segments)));
  for (int i = 0; i < 4; ++i)
    acc->v[i / 2][i % 2] = ir_extract(b, result, i);
}

static void multiply_split(Ir *b, const Instruction *instruction,
                           const Operands *x, Fragment *acc) {
  Operands high, low;
  for (int i = 0; i < LEFT; ++i)
    split(b, x->left[i], &high.left[i], &low.left[i]);
  for (int i = 0; i < RIGHT; ++i)
    split(b, x->right[i], &high.right[i], &low.right[i]);
  multiply(b, instruction, low.left, high.right, acc);
  multiply(b, instruction, high.left, low.right, acc);
  multiply(b, instruction, high.left, high.right, acc);
}

/// The left operand's registers at `k`: elements of its slices, or loaded.
static void take_left(Distribute *s, const Product *product, int64_t k, At at,
                      MlirValue *registers) {
  const Instruction *instruction = product->instruction;
  if (!mlirOperationIsNull(product->left_read)) {
    load_left(s, product, k, registers);
    return;
  }
  Fragment f;
  at.slice = -1;
  for (int i = 0; i < LEFT; ++i) {
    Place place =
        layout_place(instruction->left, 0, i * instruction->per_register);
    int slice = (int)(k + place.column) / SLICE;
    if (slice != at.slice) {
      at.slice = slice;
      f = fragment(s, product->left, at);
    }
    registers[i] = f.v[place.row / MATRIX][place.column % SLICE];
    if (instruction->per_register == 2)
      registers[i] = as_operand(&s->b, registers[i], product->element);
  }
}

/// The right operand's registers of `n` steps for a slice of the result.
static void take_right(Distribute *s, const Product *product, int slice,
                       int64_t k, int n, Operands *steps) {
  const Instruction *instruction = product->instruction;
  if (instruction->per_register == 2) {
    load_right(s, product, slice, k, n, steps);
    return;
  }
  for (int step = 0; step < n; ++step)
    for (int i = 0; i < RIGHT; ++i)
      steps[step].right[i] = load_right_element(
          s, product, slice, k + step * instruction->depth, i);
}

/// Adds all products to `acc`, slices [first, first + n) of the result.
static void accumulate(Distribute *s, const Product *product, int first, int n,
                       At at, Fragment *acc) {
  enum { STEPS = 2 }; // are loaded at once
  const Instruction *instruction = product->instruction;
  int64_t size = ir_dim_size(ir_type(product->left), !product->left_is_km);
  for (int64_t k = 0; k < size; k += STEPS * instruction->depth) {
    if (n > 1)
      context_pause(s, k / SLICE);
    Operands steps[STEPS];
    int n_steps = k + instruction->depth < size ? STEPS : 1;
    for (int step = 0; step < n_steps; ++step)
      take_left(s, product, k + step * instruction->depth, at,
                steps[step].left);
    for (int i = 0; i < n; ++i) {
      take_right(s, product, first + i, k, n_steps, steps);
      for (int step = 0; step < n_steps; ++step)
        if (mlirTypeIsAF32(product->element))
          multiply_split(&s->b, instruction, &steps[step], &acc[i]);
        else
          multiply(&s->b, instruction, steps[step].left, steps[step].right,
                   &acc[i]);
    }
  }
}

static const char *refuses_product(const Distribute *s, MlirOperation op) {
  (void)s;
  MlirType left = ir_type(ir_operand(op, 0)),
           result = ir_type(ir_result(op, 0));
  bool left_is_km = tile_op_left_is_km(op);
  const Instruction *instruction = instruction_for(ir_element(left));
  if (mlirOperationIsNull(context_shared_read(ir_operand(op, 1))))
    return "its right operand must be in shared memory: run simplicial-stage "
           "first";
  if (left_is_km && mlirOperationIsNull(context_shared_read(ir_operand(op, 0))))
    return "a left operand [K, M] must be in shared memory: run "
           "simplicial-stage first";
  if (left_is_km && instruction->per_register == 2 &&
      ir_dim_size(left, 1) % MATRIX)
    return "ldmatrix transposes left operands [K, M] of a multiple of 8 rows";
  if (ir_dim_size(left, !left_is_km) % instruction->depth)
    return instruction->per_register == 2
               ? "mma.sync reduces multiples of 16 elements of 16 bits"
               : "mma.sync reduces multiples of 8 elements of 32 bits";
  return ir_dim_size(result, 1) % SLICE
             ? "mma.sync makes multiples of 8 columns"
             : NULL;
}

static Product describe(Distribute *s, MlirOperation op) {
  MlirValue left = ir_operand(op, 0);
  MlirType element = ir_element(ir_type(left));
  if (mlirTypeIsAF32(element))
    note(s->forall, "products of f32: each is a sum of three of tf32");
  return (Product){.instruction = instruction_for(element),
                   .left = left,
                   .left_read = context_shared_read(left),
                   .right = context_shared_read(ir_operand(op, 1)),
                   .element = element,
                   .left_is_km = tile_op_left_is_km(op),
                   .right_is_kn = tile_op_right_is_kn(op)};
}

static Fragment slice(Distribute *s, MlirOperation op, At at) {
  Fragment acc = fragment(s, ir_operand(op, 2), at);
  Product product = describe(s, op);
  accumulate(s, &product, at.slice, 1, at, &acc);
  return acc;
}

static void begin(Distribute *s, MlirOperation op, Fragment *acc) {
  MlirType type = ir_type(ir_result(op, 0));
  int n = context_slices(type, 1);
  At at = context_at(s, type, 1, 0);
  for (; at.slice < n; ++at.slice)
    acc[at.slice] = fragment(s, ir_operand(op, 2), at);
  Product product = describe(s, op);
  accumulate(s, &product, 0, n, at, acc);
}

// The table -------------------------------------------------------------------

static bool is_on(const Chip *chip) { return chip->name; }

static bool is_swizzled(MlirType buffer) {
  (void)buffer;
  return false;
}

static bool is_whole(MlirOperation op) {
  (void)op;
  return false;
}

/// Nothing is in flight: a product is there when its last instruction is.
static void await(Distribute *s, int pending) {
  (void)s;
  (void)pending;
}

static void take(Distribute *s, const InFlight *product) {
  (void)s;
  (void)product;
}

/// A loop's product and what it carries need `taken` registers, its operands
/// and addresses OTHERS. With THREE, or TWO, in all, three, or two, blocks of
/// four warps share an SM.
enum { OTHERS = 72, THREE = 168, TWO = 242 };

static bool is_for_three(int64_t taken) { return taken + OTHERS <= THREE; }

static int64_t slices_at_once(int64_t product, int64_t carried) {
  enum { TIGHT_FROM = 64 };
  if (carried < TIGHT_FROM)
    return 0;
  return is_for_three(product + carried) ? 4 : 2;
}

static int64_t registers_left(int64_t product, int64_t taken, int64_t all) {
  (void)product, (void)all;
  int64_t left = (is_for_three(taken) ? THREE : TWO) - OTHERS - taken;
  return left > 0 ? left : 0;
}

static ChipShare share(int64_t warps, bool producer, int64_t taken) {
  (void)warps;
  (void)producer;
  (void)taken;
  return (ChipShare){0};
}

const Engine engine_mma_sync = {
    .name = "mma.sync",
    .unit = "warp",
    .warps = 1,
    .is_on = is_on,
    .refuses_product = refuses_product,
    .is_swizzled = is_swizzled,
    .is_whole = is_whole,
    .begin = begin,
    .slice = slice,
    .await = await,
    .take = take,
    .most_of_load = 24, // with more, ptxas keeps others on the stack
    .slices_at_once = slices_at_once,
    .registers_left = registers_left,
    .share = share,
    .no_producer = "products are not wgmma",
};
