// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-nvvm: makes each gpu.module one that upstream can compile.
//
// In:  module attributes {simplicial.target = "sm_80,sm_90"} {
//        gpu.module @f_kernels { ... }
// Out:   gpu.module @f_kernels [#nvvm.target<chip = "sm_80", ...>,
//                               #nvvm.target<chip = "sm_90", ...>]
//            attributes {llvm.data_layout = "..."} { ... }
//
// The targets stand by compute capability. Our own ops become inline assembly
// (wgmma.c); the others go to upstream's conversions as they are.

#include "lowering/gpu/target/chip.h"
#include "wgmma.h"

#include "lowering/ir.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"

#include <stdio.h>

/// LLVM's layout of 64-bit CUDA. Without it i64 is aligned to 4 bytes, and each
/// access split in two.
#define DATA_LAYOUT                                                            \
  "e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64"

static MlirLogicalResult attach(MlirOperation gpu_module) {
  ChipList list;
  if (mlirLogicalResultIsFailure(
          chip_list_of_gpu(mlirOperationGetParentOperation(gpu_module), &list)))
    return mlirLogicalResultFailure();
  Ir b = ir_before(gpu_module);
  MlirAttribute targets[MAX_CHIPS];
  for (int i = 0; i < list.n; ++i) {
    char text[128];
    snprintf(text, sizeof text,
             "#nvvm.target<chip = \"%s\", features = \"%s\">",
             list.chips[i]->name, list.chips[i]->ptx);
    targets[i] = ir_parse_attr(&b, text);
  }
  mlirOperationSetAttributeByName(gpu_module, ir_str("targets"),
                                  mlirArrayAttrGet(b.context, list.n, targets));
  mlirOperationSetAttributeByName(
      gpu_module, ir_str("llvm.data_layout"),
      mlirStringAttrGet(b.context, ir_str(DATA_LAYOUT)));
  return wgmma_lower(gpu_module);
}

MlirLogicalResult pass_nvvm(MlirOperation module) {
  static const char *const names[] = {"gpu.module"};
  return pass_for_each(module, 1, names, attach);
}
