// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the operations of kernels become in the emulator.

#include "emulate.h"

#include "mlir-c/BuiltinAttributes.h"

#define MMA(TYPE, K)                                                           \
  "{layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, "        \
  "multiplicandAPtxType = #nvvm.mma_type<" TYPE ">, "                          \
  "multiplicandBPtxType = #nvvm.mma_type<" TYPE ">, "                          \
  "shape = #nvvm.shape<m = 16, n = 8, k = " K ">}"
#define MATRIX(LAYOUT)                                                         \
  "{layout = #nvvm.mma_layout<" LAYOUT ">, "                                   \
  "shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, "                           \
  "eltType = #nvvm.ld_st_matrix_elt_type<b16>"
#define ACQUIRE_RELEASE "{scope = #nvvm.mem_scope<cta>, relaxed = false}"
#define LOAD(RANK)                                                             \
  "{operandSegmentSizes = array<i32: 1, 1, " RANK ", 1, 0, 0, 0, 0>, "         \
  "mode = #nvvm.tma_load_mode<tile>, isCTAOnly = true}"
#define STORE(RANK)                                                            \
  "{operandSegmentSizes = array<i32: 1, 1, " RANK ", 0, 0>, "                  \
  "mode = #nvvm.tma_store_mode<tile>}"
#define INTRINSIC(NAME) "{intrin = \"llvm.nvvm." NAME "\"}"

// clang-format off
static const Rule rules[] = {
    {"nvvm.read.ptx.sreg.tid.x", 0, "TidX", NULL, NULL},
    {"nvvm.read.ptx.sreg.ntid.x", 0, "NtidX", NULL, NULL},
    {"nvvm.read.ptx.sreg.laneid", 0, "LaneId", NULL, NULL},
    {"nvvm.read.ptx.sreg.ctaid.x", 0, "CtaidX", NULL, NULL},
    {"nvvm.read.ptx.sreg.ctaid.y", 0, "CtaidY", NULL, NULL},
    {"nvvm.read.ptx.sreg.ctaid.z", 0, "CtaidZ", NULL, NULL},
    {"nvvm.read.ptx.sreg.nctaid.x", 0, "NctaidX", NULL, NULL},
    {"nvvm.read.ptx.sreg.nctaid.y", 0, "NctaidY", NULL, NULL},
    {"nvvm.read.ptx.sreg.nctaid.z", 0, "NctaidZ", NULL, NULL},
    {"nvvm.barrier0", 0, "BarrierAll", NULL, NULL},
    {"nvvm.barrier", 0, "BarrierAll", NULL, NULL},
    {"nvvm.barrier", 1, "BarrierId", NULL, "{operandSegmentSizes = array<i32: 1, 0, 0>}"},
    {"nvvm.barrier", 1, "BarrierOr", NULL, "{operandSegmentSizes = array<i32: 0, 0, 1>, reductionOp = #nvvm.reduction<or>}"},
    {"nvvm.barrier", 2, "Barrier", NULL, "{operandSegmentSizes = array<i32: 1, 1, 0>}"},
    {"nvvm.barrier.arrive", 2, "BarrierArrive", NULL, NULL},
    {"llvm.call_intrinsic", 2, "BarrierArrive", NULL, INTRINSIC("barrier.cta.arrive.aligned.count")},
    {"llvm.call_intrinsic", 3, "BarrierOrCount", NULL, INTRINSIC("barrier.cta.red.or.aligned.count")},
    {"nvvm.bar.warp.sync", 1, "WarpBarrier", NULL, NULL},
    {"nvvm.vote.sync", 2, "VoteAny", NULL, "{kind = #nvvm<vote_sync_kind any>}"},
    {"nvvm.shfl.sync", 4, "ShuffleUp", NULL, "{kind = #nvvm<shfl_kind up>}"},
    {"nvvm.shfl.sync", 4, "ShuffleDown", NULL, "{kind = #nvvm<shfl_kind down>}"},
    {"nvvm.shfl.sync", 4, "ShuffleBfly", NULL, "{kind = #nvvm<shfl_kind bfly>}"},
    {"nvvm.shfl.sync", 4, "ShuffleIdx", NULL, "{kind = #nvvm<shfl_kind idx>}"},
    {"nvvm.cp.async.shared.global", 2, "Copy", "size", NULL},
    {"nvvm.cp.async.shared.global", 3, "CopyFill", "size", NULL},
    {"nvvm.cp.async.commit.group", 0, "CopyCommit", NULL, NULL},
    {"nvvm.cp.async.wait.group", 0, "CopyWait", "n", NULL},
    {"nvvm.mbarrier.init", 2, "MbarrierInit", NULL, NULL},
    {"nvvm.mbarrier.inval", 1, "MbarrierInval", NULL, NULL},
    {"nvvm.fence.mbarrier.init", 0, "MbarrierFence", NULL, NULL},
    {"nvvm.mbarrier.arrive", 1, "MbarrierArrive", NULL, ACQUIRE_RELEASE},
    {"nvvm.mbarrier.arrive", 2, "MbarrierArriveCount", NULL, ACQUIRE_RELEASE},
    {"nvvm.mbarrier.arrive.expect_tx", 2, "MbarrierArriveExpect", NULL, ACQUIRE_RELEASE},
    {"nvvm.mbarrier.expect_tx", 2, "MbarrierExpect", NULL, NULL},
    {"nvvm.mbarrier.try_wait", 2, "MbarrierTryWait", NULL, ACQUIRE_RELEASE},
    {"nvvm.mbarrier.try_wait", 3, "MbarrierTryWaitTicks", NULL, ACQUIRE_RELEASE},
    {"nvvm.mbarrier.test.wait", 2, "MbarrierTestWait", NULL, ACQUIRE_RELEASE},
    {"nvvm.cp.async.bulk.tensor.shared.cluster.global", 5, "TensorLoad2", NULL, LOAD("2")},
    {"nvvm.cp.async.bulk.tensor.shared.cluster.global", 6, "TensorLoad3", NULL, LOAD("3")},
    {"nvvm.cp.async.bulk.tensor.shared.cluster.global", 7, "TensorLoad4", NULL, LOAD("4")},
    {"nvvm.cp.async.bulk.tensor.shared.cluster.global", 8, "TensorLoad5", NULL, LOAD("5")},
    {"nvvm.cp.async.bulk.tensor.global.shared.cta", 4, "TensorStore2", NULL, STORE("2")},
    {"nvvm.cp.async.bulk.tensor.global.shared.cta", 5, "TensorStore3", NULL, STORE("3")},
    {"nvvm.cp.async.bulk.tensor.global.shared.cta", 6, "TensorStore4", NULL, STORE("4")},
    {"nvvm.cp.async.bulk.tensor.global.shared.cta", 7, "TensorStore5", NULL, STORE("5")},
    {"nvvm.prefetch", 1, "TensorPrefetch", NULL, "{tensormap}"},
    {"nvvm.cp.async.bulk.commit.group", 0, "StoreCommit", NULL, NULL},
    {"nvvm.cp.async.bulk.wait_group", 0, "StoreWait", "group", NULL},
    {"nvvm.fence.proxy", 0, "ProxyFence", NULL, "{kind = #nvvm.proxy_kind<async>}"},
    {"nvvm.fence.proxy", 0, "ProxyFence", NULL, "{kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}"},
    {"nvvm.wgmma.fence.aligned", 0, "WgmmaFence", NULL, NULL},
    {"nvvm.wgmma.commit.group.sync.aligned", 0, "WgmmaCommit", NULL, NULL},
    {"nvvm.wgmma.wait.group.sync.aligned", 0, "WgmmaWait", "group", NULL},
    {"nvvm.elect.sync", 0, "Elect", NULL, NULL},
    {"nvvm.elect.sync", 1, "ElectMask", NULL, NULL},
    {"nvvm.setmaxregister", 0, "IncreaseRegisters", "regCount", "{action = #nvvm<action increase>}"},
    {"nvvm.setmaxregister", 0, "DecreaseRegisters", "regCount", "{action = #nvvm<action decrease>}"},
    {"nvvm.ldmatrix", 1, "Ldmatrix1", NULL, MATRIX("row") ", num = 1 : i32}"},
    {"nvvm.ldmatrix", 1, "Ldmatrix1Trans", NULL, MATRIX("col") ", num = 1 : i32}"},
    {"nvvm.ldmatrix", 1, "Ldmatrix", "num", MATRIX("row") "}"},
    {"nvvm.ldmatrix", 1, "LdmatrixTrans", "num", MATRIX("col") "}"},
    {"nvvm.stmatrix", 2, "Stmatrix1", NULL, MATRIX("row") "}"},
    {"nvvm.stmatrix", 3, "Stmatrix2", NULL, MATRIX("row") "}"},
    {"nvvm.stmatrix", 5, "Stmatrix4", NULL, MATRIX("row") "}"},
    {"nvvm.mma.sync", 10, "MmaF16", NULL, MMA("f16", "16")},
    {"nvvm.mma.sync", 10, "MmaBf16", NULL, MMA("bf16", "16")},
    {"nvvm.mma.sync", 10, "MmaTf32", NULL, MMA("tf32", "8")},
    {"nvvm.convert.float.to.tf32", 1, "Tf32", NULL, "{rnd = #nvvm.fp_rnd_mode<rna>, relu = false, sat = #nvvm.sat_mode<none>}"},
    {"llvm.call_intrinsic", 1, "Ex2", NULL, INTRINSIC("ex2.approx.ftz.f")},
    {"llvm.call_intrinsic", 1, "Lg2", NULL, INTRINSIC("lg2.approx.ftz.f")},
    {"llvm.call_intrinsic", 1, "Rcp", NULL, INTRINSIC("rcp.approx.ftz.f")},
    {"nvvm.rcp.approx.ftz.f", 1, "Rcp", NULL, NULL},
};
// clang-format on

static bool has_attributes(MlirOperation op, const char *text) {
  Ir b = ir_before(op);
  MlirAttribute wanted = ir_parse_attr(&b, text);
  for (intptr_t i = 0; i < mlirDictionaryAttrGetNumElements(wanted); ++i) {
    MlirNamedAttribute entry = mlirDictionaryAttrGetElement(wanted, i);
    if (!mlirAttributeEqual(
            mlirOperationGetAttributeByName(op, mlirIdentifierStr(entry.name)),
            entry.attribute))
      return false;
  }
  return true;
}

const Rule *emulate_rule(MlirOperation op) {
  for (size_t i = 0; i < sizeof rules / sizeof *rules; ++i) {
    const Rule *rule = &rules[i];
    if (ir_is(op, rule->op) &&
        mlirOperationGetNumOperands(op) == rule->operands &&
        (!rule->when || has_attributes(op, rule->when)))
      return rule;
  }
  return NULL;
}
