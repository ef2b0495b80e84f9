// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The engine wgmma (sm_90a): a warpgroup, four warps, multiplies 64 rows at
// once, the right operand in shared memory, the left one there too (where it is
// [K, M], or a ring has it) or in their registers.
//
//     a = the left operand's slices, 4 registers for each 16 of its columns
//     fence
//     for each 16 of the reduction dimension:
//       acc = wgmma(a, descriptor of the right operand's tile, acc)
//     commit
//
// It is done in order with others, and waited for where it is used (flight.c).
//
// A result of more columns is computed in parts of a panel's 64, one after the
// other, each when it is used.
//
// The registers of the accumulator and of the left operand are those of the
// smaller instruction (layout.h), one warp's 16 rows above the next one's.
//
// The right operand's rows are in panels of 128, 64 or 32 bytes, each with the
// swizzle of as many (context.h). Where rows run along the reduction it is
// "K-major", else "MN-major".

#include "engine.h"

#include "lowering/gpu/distribute/flight.h"
#include "lowering/gpu/distribute/fragment.h"
#include "lowering/gpu/distribute/transfer.h"
#include "lowering/gpu/target/layout.h"
#include "lowering/gpu/target/limits.h"

#include "lowering/ir_llvm.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/LLVM.h"

enum {
  DEPTH = LIMITS_DEPTH,
  A_REGISTERS = 4,
  MAX_COLUMNS = LIMITS_WGMMA_COLUMNS,
  MAX_REGISTERS = MAX_COLUMNS / 2, ///< of a thread's accumulator
  MAX_STEPS = LIMITS_WGMMA_DEPTH / DEPTH,
  PART_SLICES = LIMITS_WGMMA_PART / SLICE, ///< which are a panel's
  WARPS = LIMITS_WARPGROUP,
  UNIT_ROWS = WARPS * WARP_ROWS,
};

// PTX ISA, "Matrix descriptor format": fields of 16 bytes.
enum {
  UNIT = 16,
  ADDRESS_BITS = 14,
  LEADING_SHIFT = 16, ///< MN-major: from one panel to the next
  STRIDE_SHIFT = 32,  ///< from eight rows to the next eight
  SWIZZLE_SHIFT = 62,
};

static bool is_zero(MlirValue value) {
  MlirOperation op = ir_def(value);
  MlirAttribute constant = ir_is(op, "arith.constant")
                               ? ir_get_attr(op, "value")
                               : mlirAttributeGetNull();
  if (mlirAttributeIsNull(constant))
    return false;
  if (mlirAttributeIsAInteger(constant))
    return mlirIntegerAttrGetValueInt(constant) == 0;
  return mlirAttributeIsADenseElements(constant) &&
         mlirDenseElementsAttrIsSplat(constant) &&
         mlirTypeIsAF32(ir_element(ir_type(value))) &&
         mlirDenseElementsAttrGetFloatSplatValue(constant) == 0;
}

static bool is_in_parts(MlirOperation op) {
  return ir_dim_size(ir_type(ir_result(op, 0)), 1) > MAX_COLUMNS;
}

static bool is_whole(MlirOperation op) { return !is_in_parts(op); }

/// Why an operand cannot be read where it is in shared memory; NULL: it can.
static const char *refuses_place(const Distribute *s, MlirValue operand) {
  MlirOperation read = ir_def(operand);
  if (!ir_is(read, "vector.transfer_read") ||
      !transfer_is_swizzled(s, ir_type(ir_operand(read, 0))))
    return "wgmma takes operands from shared memory that have rows of a "
           "multiple of 16 columns there, and a multiple of 8 of them";
  // The tile is a whole one of the buffer's slots.
  int rank = ir_rank(ir_type(ir_operand(read, 0)));
  for (int d = 1; d < rank; ++d)
    if (!is_zero(ir_operand(read, 1 + d)))
      return "an operand is a part of a tile";
  return NULL;
}

/// Whether the left operand is taken from shared memory: where it is [K, M], or
/// is there anyway.
static bool is_left_in_memory(const Distribute *s, MlirOperation op) {
  MlirValue left = ir_operand(op, 0);
  return !mlirOperationIsNull(context_shared_read(left)) &&
         !refuses_place(s, left) &&
         ir_dim_size(ir_type(ir_result(op, 0)), 0) % UNIT_ROWS == 0;
}

static const char *refuses_product(const Distribute *s, MlirOperation op) {
  MlirType left = ir_type(ir_operand(op, 0)), type = ir_type(ir_result(op, 0));
  bool left_is_km = tile_op_left_is_km(op);
  int64_t depth = ir_dim_size(left, !left_is_km);
  if (!fragment_is_packed(left))
    return "wgmma takes operands of f16 and bf16 only";
  const char *why = refuses_place(s, ir_operand(op, 1));
  if (!why && left_is_km)
    why = refuses_place(s, ir_operand(op, 0));
  if (why)
    return why;
  if (left_is_km && ir_dim_size(type, 0) % UNIT_ROWS)
    return "wgmma takes left operands [K, M] of a multiple of 64 rows";
  MlirOperation right = ir_def(ir_operand(op, 1));
  return limits_wgmma_refuses(
      &(ProductShape){.warps = s->warps,
                      .columns = ir_dim_size(type, 1),
                      .depth = depth,
                      .bytes = ir_float_bytes(ir_element(left)),
                      .row = ir_dim_size(ir_type(ir_operand(right, 0)), 2),
                      .by_depth = tile_op_right_is_kn(op),
                      .added = !is_zero(ir_operand(op, 2))});
}

// Registers -------------------------------------------------------------------

/// A struct of `n` values of a type, not known yet.
static MlirValue undefined(Ir *b, MlirType type, int n) {
  MlirType types[MAX_REGISTERS] = {type};
  for (int i = 1; i < n; ++i)
    types[i] = type;
  return ir_value(b, "llvm.mlir.undef", ir_struct(b, n, types), IR_NONE,
                  IR_NONE);
}

/// Values of one type as a struct, behind what comes before.
static MlirValue tied(Ir *b, int n, const MlirValue *values) {
  MlirValue all = undefined(b, ir_type(values[0]), n);
  for (int i = 0; i < n; ++i)
    all = ir_insert(b, all, values[i], i);
  return ir_value(b, SIMPLICIAL_TIE, ir_type(all), IR_VALUES(all), IR_NONE);
}

/// The left operand's registers at `k`.
static MlirValue left_at(Distribute *s, MlirValue left, int64_t k, At at) {
  Ir *b = &s->b;
  MlirValue registers[A_REGISTERS];
  Fragment slice;
  at.slice = -1;
  for (int i = 0; i < A_REGISTERS; ++i) {
    Place place = layout_place(&layout_left_16, 0, 2 * i);
    int number = (int)(k + place.column) / SLICE;
    if (number != at.slice) {
      at.slice = number;
      slice = fragment(s, left, at);
    }
    registers[i] = ir_value(b, "llvm.bitcast", ir_i32(b),
                            IR_VALUES(slice.v[place.row / SLICE][0]), IR_NONE);
  }
  return tied(b, A_REGISTERS, registers);
}

static MlirValue initial(Distribute *s, MlirValue init, int n, At at) {
  Ir *b = &s->b;
  MlirValue registers[MAX_REGISTERS];
  for (at.slice = 0; at.slice < n; ++at.slice) {
    Fragment f = fragment(s, init, at);
    for (int i = 0; i < 4; ++i)
      registers[4 * at.slice + i] = f.v[i / 2][i % 2];
  }
  return tied(b, 4 * n, registers);
}

// The right operand -----------------------------------------------------------

/// The address of the tile in units, and so many more for each of `multiple`,
/// an i32 (null: none), from bit 0 on.
static MlirValue units_of(Distribute *s, MlirOperation read, MlirValue multiple,
                          int64_t more) {
  Ir *b = &s->b;
  MlirType i32 = ir_i32(b), type = ir_type(ir_operand(read, 0));
  MlirValue shared =
      ir_value(b, "llvm.ptrtoint", i32, IR_VALUES(s->shared), IR_NONE);
  MlirValue base = ir_value(
      b, "arith.andi", i32,
      IR_VALUES(ir_value(b, "arith.shrui", i32,
                         IR_VALUES(shared, ir_const_i32(b, i32, 4)), IR_NONE),
                ir_const_i32(b, i32, (1 << ADDRESS_BITS) - 1)),
      IR_NONE);
  int64_t slot = ir_dim_size(type, 1) * ir_dim_size(type, 2) *
                 ir_float_bytes(ir_element(type));
  MlirValue number =
      ir_index_cast(b, context_scalar(s, ir_operand(read, 1)), i32);
  MlirValue at =
      ir_muli(b, number, ir_const_i32(b, i32, (int32_t)(slot / UNIT)));
  if (!mlirValueIsNull(multiple))
    at = ir_addi(b, at,
                 ir_muli(b, multiple, ir_const_i32(b, i32, (int32_t)more)));
  return context_pinned(s, ir_addi(b, base, at));
}

/// Bytes of a row in a panel.
static int64_t width_of(MlirOperation read) {
  return transfer_panel_bytes(ir_type(ir_operand(read, 0)));
}

static int64_t panel_of(MlirOperation read) {
  return ir_dim_size(ir_type(ir_operand(read, 0)), 1) * width_of(read);
}

/// The address of the warpgroup's 64 rows of a left operand.
static MlirValue left_units(Distribute *s, MlirOperation op) {
  Ir *b = &s->b;
  MlirOperation read = ir_def(ir_operand(op, 0));
  int64_t groups = ir_dim_size(ir_type(ir_result(op, 0)), 0) / UNIT_ROWS;
  // A row of [K, M] has panels of 64, as it has a multiple of 64.
  int64_t bytes =
      tile_op_left_is_km(op) ? panel_of(read) : UNIT_ROWS * width_of(read);
  MlirType i32 = ir_i32(b);
  MlirValue group = ir_divui(b, s->warp_number, ir_const_i32(b, i32, WARPS));
  group = ir_remui(b, group, ir_const_i32(b, i32, (int32_t)groups));
  return units_of(s, read, group, bytes / UNIT);
}

/// What says that panels of so many bytes are swizzled.
static uint64_t swizzle_of(int64_t width) {
  enum { SWIZZLE_128 = 1, SWIZZLE_64 = 2, SWIZZLE_32 = 3 };
  return width == 128 ? SWIZZLE_128 : width == 64 ? SWIZZLE_64 : SWIZZLE_32;
}

/// The descriptor of the tile at `units`, and so many bytes further.
static MlirValue descriptor(Distribute *s, MlirOperation read, MlirValue units,
                            int64_t bytes) {
  Ir *b = &s->b;
  MlirType i64 = ir_i64(b);
  MlirValue memref = ir_operand(read, 0);
  int64_t panel = panel_of(read), width = width_of(read);
  int64_t first = context_entry(s, memref)->offset + bytes;
  int64_t low = panel / UNIT << LEADING_SHIFT | first / UNIT;
  uint64_t high = (uint64_t)(SWIZZLE_ROWS * width / UNIT) << STRIDE_SHIFT |
                  swizzle_of(width) << SWIZZLE_SHIFT;
  MlirValue bits = ir_value(b, "arith.extui", i64, IR_VALUES(units), IR_NONE);
  return ir_addi(b, bits,
                 ir_const_int(b, i64, (int64_t)(high | (uint64_t)low)));
}

/// How far `k` of the reduction is from the tile's beginning, in bytes.
static int64_t offset_of(MlirOperation read, bool mn_major, int64_t k) {
  int64_t bytes = k * 2, width = width_of(read);
  if (mn_major)
    return k * width;
  return bytes / width * panel_of(read) + bytes % width;
}

// Products --------------------------------------------------------------------

/// What the left operand's steps are: descriptors, or registers.
static void take_left(Distribute *s, MlirOperation op, MlirValue *steps) {
  MlirValue left = ir_operand(op, 0);
  bool mn_major = tile_op_left_is_km(op);
  int64_t size = ir_dim_size(ir_type(left), !mn_major);
  At at = context_at(s, ir_type(ir_result(op, 0)), 1, 0);
  if (is_left_in_memory(s, op)) {
    MlirOperation read = ir_def(left);
    MlirValue units = left_units(s, op);
    for (int64_t k = 0; k < size; k += DEPTH)
      steps[k / DEPTH] =
          descriptor(s, read, units, offset_of(read, mn_major, k));
    return;
  }
  for (int64_t k = 0; k < size; k += DEPTH) {
    context_pause(s, k / SLICE);
    steps[k / DEPTH] = left_at(s, left, k, at);
  }
}

/// Begins a product of the left operand with the right one's slices from
/// `first` on, of which `acc` has the registers.
static void begin_product(Distribute *s, MlirOperation op, int first,
                          MlirValue acc, bool fresh, InFlight product) {
  Ir *b = &s->b;
  MlirType left = ir_type(ir_operand(op, 0));
  MlirOperation read = ir_def(ir_operand(op, 1));
  bool mn_major = tile_op_right_is_kn(op), left_is_km = tile_op_left_is_km(op);
  int64_t size = ir_dim_size(left, !left_is_km);
  MlirValue a[MAX_STEPS];
  take_left(s, op, a);
  MlirValue units = units_of(s, read, (MlirValue){NULL}, 0);
  flight_make_room(s);
  MlirAttribute early = ir_get_attr(op, SIMPLICIAL_EARLY_ATTR);
  ir_op(b, "nvvm.wgmma.fence.aligned", IR_NONE, IR_NONE,
        !mlirAttributeIsNull(early),
        (const IrAttribute[]){{SIMPLICIAL_EARLY_ATTR, early}});
  for (int64_t k = 0; k < size; k += DEPTH) {
    int64_t offset =
        offset_of(read, mn_major, k) + first / PART_SLICES * panel_of(read);
    MlirValue right = descriptor(s, read, units, offset);
    MlirValue accumulate = ir_const_int(b, ir_i1(b), k > 0 || !fresh);
    IrAttribute attributes[3] = {{"type", mlirTypeAttrGet(ir_element(left))}};
    int n = 1;
    if (mn_major)
      attributes[n++] =
          (IrAttribute){"b_mn_major", mlirUnitAttrGet(b->context)};
    if (left_is_km)
      attributes[n++] =
          (IrAttribute){"a_mn_major", mlirUnitAttrGet(b->context)};
    acc = ir_value(b, SIMPLICIAL_WGMMA, ir_type(acc),
                   IR_VALUES(acc, a[k / DEPTH], right, accumulate), n,
                   attributes);
  }
  ir_op(b, "nvvm.wgmma.commit.group.sync.aligned", IR_NONE, IR_NONE, IR_NONE);
  product.registers = acc;
  flight_push(s, product);
}

/// What a product is added to, in its registers.
static MlirValue accumulator(Distribute *s, MlirOperation op) {
  MlirType type = ir_type(ir_result(op, 0));
  int n = context_slices(type, 1);
  return is_zero(ir_operand(op, 2))
             ? undefined(&s->b, ir_f32(&s->b), 4 * n)
             : initial(s, ir_operand(op, 2), n, context_at(s, type, 1, 0));
}

/// A product that has its registers before it is begun.
typedef struct Prepared {
  MlirOperation op; ///< null: there is none
  MlirValue registers;
} Prepared;

/// Whether a tile is loaded before an op, whatever its shape then is.
static bool is_loaded_before(MlirValue tile, MlirOperation op) {
  MlirOperation read = tile_source(tile);
  return ir_is(read, "vector.transfer_read") &&
         mlirBlockEqual(mlirOperationGetBlock(read),
                        mlirOperationGetBlock(op)) &&
         mlirOperationIsBeforeInBlock(read, op);
}

/// The next product behind one, if it is added to what is loaded before that:
/// ptxas would wait for the first one where it is loaded while that runs.
static Prepared prepare_next(Distribute *s, MlirOperation op) {
  MlirOperation next = mlirOperationGetNextInBlock(op);
  while (!mlirOperationIsNull(next) && !ir_is(next, "vector.contract"))
    next = mlirOperationGetNextInBlock(next);
  if (mlirOperationIsNull(next) || is_in_parts(next) ||
      !is_loaded_before(ir_operand(next, 2), op))
    return (Prepared){.op = {NULL}};
  return (Prepared){next, accumulator(s, next)};
}

static void begin(Distribute *s, MlirOperation op, Fragment *result) {
  Prepared *next = context_state(s, "wgmma next", sizeof(Prepared));
  MlirValue acc =
      mlirOperationEqual(next->op, op) ? next->registers : accumulator(s, op);
  *next = prepare_next(s, op);
  begin_product(s, op, 0, acc, is_zero(ir_operand(op, 2)),
                (InFlight){.tile = ir_result(op, 0), .fragments = result});
}

static Fragment slice(Distribute *s, MlirOperation op, At at) {
  Fragment *part = context_state(s, "wgmma", PART_SLICES * sizeof(Fragment));
  if (at.slice % PART_SLICES == 0) {
    MlirValue acc = undefined(&s->b, ir_f32(&s->b), 4 * PART_SLICES);
    begin_product(s, op, at.slice, acc, true, (InFlight){.fragments = part});
    flight_await_all(s);
  }
  return part[at.slice % PART_SLICES];
}

// Waits -----------------------------------------------------------------------

static void await(Distribute *s, int pending) {
  Ir *b = &s->b;
  ir_op(b, "nvvm.wgmma.wait.group.sync.aligned", IR_NONE, IR_NONE,
        IR_ATTRIBUTES({"group", ir_i64_attr(b, pending)}));
}

static void take(Distribute *s, const InFlight *product) {
  Ir *b = &s->b;
  MlirType type = ir_type(product->registers);
  MlirValue ready =
      ir_value(b, SIMPLICIAL_TIE, type, IR_VALUES(product->registers), IR_NONE);
  int n = (int)mlirLLVMStructTypeGetNumElementTypes(type);
  for (int i = 0; i < n; ++i)
    product->fragments[i / 4].v[i / 2 % 2][i % 2] = ir_extract(b, ready, i);
}

// The table -------------------------------------------------------------------

static bool is_on(const Chip *chip) { return chip->warpgroups; }

static bool is_swizzled(MlirType buffer) {
  return mlirFloatTypeGetWidth(ir_element(buffer)) == 16 &&
         transfer_panel_bytes(buffer) &&
         ir_dim_size(buffer, 1) % SWIZZLE_ROWS == 0;
}

static int64_t slices_at_once(int64_t product, int64_t carried) {
  enum { TIGHT_FROM = 96 };
  (void)product;
  return carried >= TIGHT_FROM;
}

/// Where registers are few, because an SM has four blocks, a product that
/// becomes the next one's operand needs half as many more as pairs.
static int64_t registers_left(int64_t product, int64_t taken, int64_t all) {
  enum { MOST = 128, OTHERS = 12 }; // more leave none at all for loads
  if (all == MOST) {
    int64_t left = all - OTHERS - product / 2 - taken;
    return left > 0 ? left : 0;
  }
  return taken < MOST ? INT64_MAX : 0;
}

static ChipShare share(int64_t warps, bool producer, int64_t taken) {
  enum { OTHERS = 40 }; // addresses, operands, what masks rows
  if (!producer && warps > WARPS)
    return (ChipShare){0};
  return chip_share(warps / WARPS, producer, taken + OTHERS);
}

const Engine engine_wgmma = {
    .name = "wgmma",
    .unit = "warpgroup",
    .warps = WARPS,
    .is_on = is_on,
    .refuses_product = refuses_product,
    .is_swizzled = is_swizzled,
    .reads_by_proxy = true,
    .is_whole = is_whole,
    .begin = begin,
    .slice = slice,
    .await = await,
    .take = take,
    .is_tight = true,
    .most_of_load = 32, // right operands take no registers
    .slices_at_once = slices_at_once,
    .registers_left = registers_left,
    .share = share,
};
