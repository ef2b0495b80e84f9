// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of what operations of kernels cost. In: an operation after
// simplicial-to-gpu, where each instruction of the hardware is one. Out: the
// units that it keeps busy, and for how long.
//
// A scheduler has a quarter of each unit of its SM: a warp's instruction of 32
// results takes 128 / (results/clk/SM) of its clocks, and B bytes of a warp
// 4 B / (bytes/clk/SM). Latencies are of the order that microbenchmarks of
// sm_80 and sm_90 report, and the same for all chips here.
//
// To add an operation, add a row. A row that depends on types or attributes has
// a function.

#include "cost.h"

#include "lowering/gpu/ops/wgmma.h"

#include "lowering/ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/LLVM.h"
#include "simplicial/dialect.h"

#include <string.h>

enum {
  WARP = 32,
  SCHEDULERS = 4,
  SHARED = 3, // address space
  // Clocks until a result can be used.
  ARITHMETIC = 4,
  CONVERSION = 6,
  SPECIAL = 22,
  LANES = 24,
  FROM_SHARED = 24,
  MATRIX = 29,
  FROM_L1 = 38,
  FROM_L2 = 270,
  MMA = 33,
  BARRIER = 20,
};

typedef struct Row {
  const char *op;
  CostKind kind;
  CostRole role;
  CostUnit unit;
  double count; ///< instructions
  double latency;
  void (*refine)(MlirOperation op, const Chip *chip, Cost *cost);
} Row;

// Rows that depend on the operation -------------------------------------------

static int64_t bits(MlirType type) {
  if (mlirTypeIsAVector(type))
    return ir_dim_size(type, 0) * bits(ir_element(type));
  if (mlirTypeIsAInteger(type))
    return mlirIntegerTypeGetWidth(type);
  return mlirTypeIsAFloat(type) ? mlirFloatTypeGetWidth(type) : 64;
}

static int64_t integer(MlirOperation op, const char *name, int64_t otherwise) {
  MlirAttribute attribute = ir_get_attr(op, name);
  return mlirAttributeIsNull(attribute) || !mlirAttributeIsAInteger(attribute)
             ? otherwise
             : mlirIntegerAttrGetValueInt(attribute);
}

static void moves_shared(Cost *cost, const Chip *chip, double bytes) {
  cost->cycles[COST_SHARED] += SCHEDULERS * bytes / chip->rates.shared_bytes;
}

static void moves_global(Cost *cost, const Chip *chip, double bytes) {
  cost->cycles[COST_L2] += SCHEDULERS * bytes / chip->rates.l2_bytes;
}

static bool is_shared(MlirValue pointer) {
  return mlirTypeIsALLVMPointerType(ir_type(pointer)) &&
         mlirLLVMPointerTypeGetAddressSpace(ir_type(pointer)) == SHARED;
}

static void refine_load(MlirOperation op, const Chip *chip, Cost *cost) {
  double bytes = WARP * (double)bits(ir_type(ir_result(op, 0))) / 8;
  bool shared = is_shared(ir_operand(op, 0));
  cost->kind = shared ? COST_LOAD_SHARED : COST_LOAD_GLOBAL;
  cost->role = shared ? COST_PLAIN : COST_LOOKS_UP;
  cost->latency = shared ? FROM_SHARED : FROM_L1;
  moves_shared(cost, chip, bytes);
  if (!shared)
    moves_global(cost, chip, bytes);
}

static void refine_store(MlirOperation op, const Chip *chip, Cost *cost) {
  double bytes = WARP * (double)bits(ir_type(ir_operand(op, 0))) / 8;
  bool shared = is_shared(ir_operand(op, 1));
  cost->kind = shared ? COST_STORE_SHARED : COST_STORE_GLOBAL;
  moves_shared(cost, chip, bytes);
  if (!shared)
    moves_global(cost, chip, bytes);
}

static void refine_copy(MlirOperation op, const Chip *chip, Cost *cost) {
  double bytes = WARP * (double)integer(op, "size", 16);
  moves_shared(cost, chip, bytes);
  moves_global(cost, chip, bytes);
}

static void refine_ldmatrix(MlirOperation op, const Chip *chip, Cost *cost) {
  moves_shared(cost, chip, 128 * (double)integer(op, "num", 1));
}

static void refine_stmatrix(MlirOperation op, const Chip *chip, Cost *cost) {
  moves_shared(cost, chip,
               128.0 * (double)(mlirOperationGetNumOperands(op) - 1));
}

/// Of the maximum of three numbers, which sm_90 and later ones make at once.
static void refine_maximum(MlirOperation op, const Chip *chip, Cost *cost) {
  (void)op;
  if (chip->major >= 9)
    for (int unit = 0; unit < COST_UNITS; ++unit)
      cost->cycles[unit] /= 2;
}

/// A warpgroup's product; each scheduler's part is a quarter.
static void refine_wgmma(MlirOperation op, const Chip *chip, Cost *cost) {
  enum { M = 64, K = 16, LEAST_N = 64, BYTES = 2 };
  Wgmma wgmma;
  if (mlirLogicalResultIsFailure(wgmma_read(op, &wgmma)))
    return;
  double n = wgmma.n;
  cost->flops = 2.0 * M * n * K / SCHEDULERS;
  // Narrower products take as long as one of 64 columns.
  cost->cycles[COST_TENSOR] =
      2.0 * M * K * (n < LEAST_N ? LEAST_N : n) / chip->rates.tensor;
  cost->cycles[COST_SHARED] = (n + (wgmma.a_in_registers ? 0 : M)) * K * BYTES /
                              chip->rates.shared_bytes;
}

static void refine_mma(MlirOperation op, const Chip *chip, Cost *cost) {
  enum { M = 16, N = 8 };
  // {m, n, k}, which has no C accessor, follows from the registers of A.
  int32_t a =
      mlirDenseI32ArrayGetElement(ir_get_attr(op, "operandSegmentSizes"), 0);
  MlirAttribute tf32 = mlirAttributeParseGet(mlirOperationGetContext(op),
                                             ir_str("#nvvm.mma_type<tf32>"));
  MlirAttribute type = ir_get_attr(op, "multiplicandAPtxType");
  bool is_tf32 = mlirAttributeEqual(type, tf32);
  double k = (double)a * (is_tf32 ? 2 : 4);
  cost->flops = 2 * M * N * k;
  cost->cycles[COST_TENSOR] =
      SCHEDULERS * cost->flops /
      ((is_tf32 ? chip->rates.tensor32 : chip->rates.tensor) * chip->rates.mma);
}

/// A thread says how many bytes TMA will copy; that counts as the copies, whose
/// sizes are in tensor maps. The other schedulers' warps have no part in it.
static void refine_expect(MlirOperation op, const Chip *chip, Cost *cost) {
  int last = (int)mlirOperationGetNumOperands(op) - 1;
  MlirOperation def = ir_def(ir_operand(op, last));
  if (!ir_is(def, "arith.constant"))
    return;
  double bytes = (double)mlirIntegerAttrGetValueInt(ir_get_attr(def, "value"));
  moves_shared(cost, chip, bytes / SCHEDULERS);
  moves_global(cost, chip, bytes / SCHEDULERS);
}

/// A tensor map's box, if the op says how large that is.
static void refine_store_box(MlirOperation op, const Chip *chip, Cost *cost) {
  double bytes = (double)integer(op, SIMPLICIAL_BYTES_ATTR, 0);
  moves_shared(cost, chip, bytes);
  moves_global(cost, chip, bytes);
}

static void refine_intrinsic(MlirOperation op, const Chip *chip, Cost *cost) {
  (void)chip;
  MlirAttribute name = ir_get_attr(op, "intrin");
  MlirStringRef text = mlirStringAttrGetValue(name);
  bool arrives = mlirStringRefEqual(
      text, ir_str("llvm.nvvm.barrier.cta.arrive.aligned.count"));
  if (!arrives &&
      !mlirStringRefEqual(text,
                          ir_str("llvm.nvvm.barrier.cta.red.or.aligned.count")))
    return;
  *cost = (Cost){.kind = COST_SYNC,
                 .role = arrives ? COST_ARRIVES : COST_PLAIN,
                 .unit = COST_ISSUE};
  cost->cycles[COST_ISSUE] = 1;
}

static void refine_wait(MlirOperation op, const Chip *chip, Cost *cost) {
  (void)chip;
  cost->pending = (int)integer(op, "group", integer(op, "n", 0));
}

// The table -------------------------------------------------------------------

// clang-format off
static const Row rows[] = {
    {SIMPLICIAL_WGMMA, COST_WGMMA, COST_MULTIPLIES, COST_TENSOR, 1, 0, refine_wgmma},
    {"nvvm.mma.sync", COST_MMA, COST_PLAIN, COST_TENSOR, 1, MMA, refine_mma},
    {SIMPLICIAL_TIE, COST_NOTHING, COST_PLAIN, COST_ISSUE, 0, 0, NULL},

    {"arith.mulf", COST_FLOAT, COST_PURE, COST_FMA, 1, ARITHMETIC, NULL},
    {"arith.addf", COST_FLOAT, COST_PURE, COST_FMA, 1, ARITHMETIC, NULL},
    {"arith.subf", COST_FLOAT, COST_PURE, COST_FMA, 1, ARITHMETIC, NULL},
    {"math.fma", COST_FLOAT, COST_PURE, COST_FMA, 1, ARITHMETIC, NULL},
    {"arith.divf", COST_FLOAT, COST_PURE, COST_FMA, 9, 50, NULL},
    {"arith.negf", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"math.absf", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"arith.maxnumf", COST_MAX, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.minnumf", COST_MAX, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"llvm.call_intrinsic", COST_EX2, COST_PURE, COST_MUFU, 1, SPECIAL, refine_intrinsic},
    {"nvvm.rcp.approx.ftz.f", COST_EX2, COST_PURE, COST_MUFU, 1, SPECIAL, NULL},

    {"arith.truncf", COST_CONVERT, COST_PURE, COST_ALU, 1, CONVERSION, NULL},
    {"arith.extf", COST_CONVERT, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"nvvm.convert.float.to.tf32", COST_CONVERT, COST_PURE, COST_ALU, 1, CONVERSION, NULL},
    {"arith.sitofp", COST_CONVERT, COST_PURE, COST_ALU, 1, CONVERSION, NULL},

    {"arith.select", COST_SELECT, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.cmpf", COST_SELECT, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.cmpi", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.addi", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.subi", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.muli", COST_INTEGER, COST_PURE, COST_FMA, 1, ARITHMETIC, NULL},
    {"arith.divui", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.remui", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.divsi", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.remsi", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.andi", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.ori", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.xori", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.shli", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.shrui", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.minsi", COST_INTEGER, COST_PURE, COST_ALU, 1, ARITHMETIC, NULL},
    {"arith.maxsi", COST_MAX, COST_PURE, COST_ALU, 1, ARITHMETIC, refine_maximum},
    {"llvm.getelementptr", COST_INTEGER, COST_PURE, COST_ALU, 2, ARITHMETIC, NULL},

    {"llvm.load", COST_LOAD_SHARED, COST_PLAIN, COST_SHARED, 1, FROM_SHARED, refine_load},
    {"llvm.store", COST_STORE_SHARED, COST_PLAIN, COST_SHARED, 1, 0, refine_store},
    {"nvvm.ldmatrix", COST_LOAD_MATRIX, COST_PLAIN, COST_SHARED, 1, MATRIX, refine_ldmatrix},
    {"nvvm.stmatrix", COST_STORE_SHARED, COST_PLAIN, COST_SHARED, 1, 0, refine_stmatrix},
    {"nvvm.cp.async.shared.global", COST_COPY, COST_COPIES, COST_SHARED, 1, 0, refine_copy},
    {"nvvm.shfl.sync", COST_SHUFFLE, COST_PLAIN, COST_SHARED, 1, LANES, NULL},
    {"nvvm.vote.sync", COST_SHUFFLE, COST_PLAIN, COST_ALU, 1, ARITHMETIC, NULL},

    {"nvvm.cp.async.commit.group", COST_SYNC, COST_ENDS_COPIES, COST_ISSUE, 1, 0, NULL},
    {"nvvm.cp.async.wait.group", COST_SYNC, COST_AWAITS_COPIES, COST_ISSUE, 1, 0, refine_wait},
    {"nvvm.wgmma.commit.group.sync.aligned", COST_SYNC, COST_ENDS_GROUP, COST_ISSUE, 1, 0, NULL},
    {"nvvm.wgmma.wait.group.sync.aligned", COST_SYNC, COST_AWAITS_GROUP, COST_ISSUE, 1, 0, refine_wait},
    {"nvvm.wgmma.fence.aligned", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, 0, NULL},
    {"nvvm.fence.proxy", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, 0, NULL},
    {"nvvm.barrier0", COST_SYNC, COST_MEETS, COST_ISSUE, 1, BARRIER, NULL},
    {"nvvm.barrier", COST_SYNC, COST_MEETS, COST_ISSUE, 1, BARRIER, NULL},
    {"nvvm.barrier.arrive", COST_SYNC, COST_ARRIVES, COST_ISSUE, 1, 0, NULL},
    {"nvvm.bar.warp.sync", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, 0, NULL},

    {"nvvm.mbarrier.init", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, 0, NULL},
    {"nvvm.mbarrier.inval", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, 0, NULL},
    {"nvvm.fence.mbarrier.init", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, 0, NULL},
    {"nvvm.mbarrier.arrive", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, FROM_SHARED, NULL},
    {"nvvm.mbarrier.arrive.expect_tx", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, FROM_SHARED, refine_expect},
    {"nvvm.mbarrier.expect_tx", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, 0, refine_expect},
    {"nvvm.mbarrier.try_wait", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, FROM_SHARED, NULL},
    {"nvvm.mbarrier.test.wait", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, FROM_SHARED, NULL},
    {"nvvm.cp.async.bulk.tensor.shared.cluster.global", COST_COPY, COST_ORDERS, COST_ISSUE, 1, 0, NULL},
    {"nvvm.cp.async.bulk.tensor.global.shared.cta", COST_COPY, COST_ORDERS, COST_ISSUE, 1, 0, refine_store_box},
    {"nvvm.cp.async.bulk.commit.group", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, 0, NULL},
    {"nvvm.cp.async.bulk.wait_group", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, 0, NULL},
    {"nvvm.prefetch", COST_COPY, COST_ORDERS, COST_ISSUE, 1, 0, NULL},
    {"nvvm.elect.sync", COST_SHUFFLE, COST_PLAIN, COST_ALU, 1, ARITHMETIC, NULL},
    {"nvvm.setmaxregister", COST_SYNC, COST_ORDERS, COST_ISSUE, 1, 0, NULL},

    {"nvvm.read.ptx.sreg.tid.x", COST_INTEGER, COST_PURE, COST_ALU, 1, 20, NULL},
    {"nvvm.read.ptx.sreg.laneid", COST_INTEGER, COST_PURE, COST_ALU, 1, 20, NULL},
    {"nvvm.read.ptx.sreg.ctaid.x", COST_INTEGER, COST_PURE, COST_ALU, 1, 20, NULL},
    {"nvvm.read.ptx.sreg.ctaid.y", COST_INTEGER, COST_PURE, COST_ALU, 1, 20, NULL},
    {"nvvm.read.ptx.sreg.ctaid.z", COST_INTEGER, COST_PURE, COST_ALU, 1, 20, NULL},

    {"arith.constant", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"arith.index_cast", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"arith.index_castui", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"arith.extui", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"arith.extsi", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"arith.trunci", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"arith.bitcast", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"llvm.bitcast", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"llvm.ptrtoint", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"llvm.inttoptr", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"llvm.extractvalue", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"llvm.insertvalue", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"llvm.mlir.undef", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"llvm.mlir.zero", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"llvm.mlir.addressof", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"vector.extract", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"vector.from_elements", COST_NOTHING, COST_PURE, COST_ISSUE, 0, 0, NULL},
    {"scf.for", COST_NOTHING, COST_ORDERS, COST_ISSUE, 0, 0, NULL},
    {"scf.if", COST_NOTHING, COST_ORDERS, COST_ISSUE, 0, 0, NULL},
    {"scf.while", COST_NOTHING, COST_ORDERS, COST_ISSUE, 0, 0, NULL},
    {"scf.yield", COST_NOTHING, COST_ORDERS, COST_ISSUE, 0, 0, NULL},
    {"scf.condition", COST_NOTHING, COST_ORDERS, COST_ISSUE, 0, 0, NULL},
    {"llvm.return", COST_NOTHING, COST_ORDERS, COST_ISSUE, 0, 0, NULL},
};
// clang-format on

/// Clocks of a scheduler that one instruction of the unit takes.
static double rate(const Chip *chip, CostUnit unit) {
  const double lanes = WARP * SCHEDULERS;
  switch (unit) {
  case COST_MUFU:
    return lanes / chip->rates.mufu;
  case COST_FMA:
    return lanes / chip->rates.fma;
  case COST_ALU:
    return lanes / chip->rates.alu;
  default:
    return 1;
  }
}

static const Row *find(MlirOperation op) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
    if (ir_is(op, rows[i].op))
      return &rows[i];
  return NULL;
}

Cost cost_of(MlirOperation op, const Chip *chip) {
  static const Row other = {NULL, COST_OTHER, COST_ORDERS, COST_ISSUE,
                            1,    ARITHMETIC, NULL};
  const Row *row = find(op);
  if (!row)
    row = &other;
  Cost cost = {.kind = row->kind,
               .role = row->role,
               .unit = row->unit,
               .latency = row->latency};
  cost.cycles[COST_ISSUE] = row->count;
  if (row->unit != COST_ISSUE && row->unit != COST_TENSOR &&
      row->unit != COST_SHARED)
    cost.cycles[row->unit] = row->count * rate(chip, row->unit);
  if (row->unit == COST_SHARED && !row->refine) // shuffles: a word a lane
    moves_shared(&cost, chip, WARP * 4);
  if (row->refine)
    row->refine(op, chip, &cost);
  return cost;
}

// Names -----------------------------------------------------------------------

const char *cost_unit_name(CostUnit unit) {
  static const char *const names[COST_UNITS] = {
      "issue", "tensor", "mufu", "fma", "alu", "shared", "l2"};
  return names[unit];
}

const char *cost_kind_name(CostKind kind) {
  static const char *const names[COST_KINDS] = {
      "nothing",     "wgmma",        "mma.sync",    "special functions",
      "float",       "max",          "convert",     "select",
      "integer",     "ldmatrix",     "load shared", "store shared",
      "load global", "store global", "copy",        "shuffle",
      "synchronise", "other"};
  return names[kind];
}
