// A pass may be given any program: one that was made for another kind of target, lowered already, or not yet.

// RUN: split-file %s %t

// Programs for GPUs on the CPU's passes: those have code for them, unless they
// are staged.

// RUN: %mlir-opt %t/sm_80.mlir --pass-pipeline='builtin.module(simplicial-to-tile,simplicial-to-cpu)' | FileCheck %s --check-prefix=LOWERED
// RUN: %mlir-opt %t/queries.mlir --pass-pipeline='builtin.module(simplicial-to-tile,simplicial-to-cpu)' | FileCheck %s --check-prefix=LOWERED
// LOWERED: llvm.func @f(
// LOWERED-NOT: {{vector.contract|scf\.|vector.transfer}}
// RUN: not %mlir-opt %t/sm_80.mlir --pass-pipeline='builtin.module(simplicial-to-tile,simplicial-stage,simplicial-block)' 2>&1 | FileCheck %s --check-prefix=STAGED
// STAGED: sm_80.mlir:[[#]]:[[#]]: error: is not an op of tile programs: 'memref.alloc' is none of them
// STAGED-NOT: error:

// RUN: %mlir-opt %t/bf16.mlir --pass-pipeline='builtin.module(simplicial-to-tile,simplicial-to-cpu)' | FileCheck %s --check-prefix=LOWERED

// What was staged, distributed or blocked stays as it is.

// RUN: %mlir-opt %t/sm_80.mlir --pass-pipeline='builtin.module(simplicial-to-tile,simplicial-stage)' -o %t/once
// RUN: %mlir-opt %t/sm_80.mlir --pass-pipeline='builtin.module(simplicial-to-tile,simplicial-stage,simplicial-stage)' -o %t/twice
// RUN: diff %t/once %t/twice
// RUN: %mlir-opt %t/sm_80.mlir --pass-pipeline='builtin.module(simplicial-to-tile,simplicial-to-gpu)' -o %t/once
// RUN: %mlir-opt %t/once --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,simplicial-block,simplicial-verify)' -o %t/twice
// RUN: diff %t/once %t/twice
// RUN: %mlir-opt %t/cpu.mlir --pass-pipeline='builtin.module(simplicial-to-tile,simplicial-block)' -o %t/once
// RUN: %mlir-opt %t/once --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute)' -o %t/twice
// RUN: diff %t/once %t/twice

// Nothing at all.

// RUN: %mlir-opt %t/empty.mlir --pass-pipeline='builtin.module(simplicial-verify,simplicial-configure,simplicial-bufferize,simplicial-tile,simplicial-stage,simplicial-distribute,simplicial-block,simplicial-outline,simplicial-emulate)' | FileCheck %s --check-prefix=EMPTY
// EMPTY: module {
// EMPTY-NEXT: }

//--- empty.mlir
module {
}

//--- sm_80.mlir
module attributes {simplicial.target = "sm_80"} {
func.func @f(%q: tensor<1x?x4x16xf32>, %k: tensor<1x?x1x16xf32>) -> tensor<1x?x4x16xf32> {
  %out, %lse = "simplicial.attention"(%q, %k, %k, %k, %k) {causal, w1 = 4 : i64, w2 = 40 : i64}
    : (tensor<1x?x4x16xf32>, tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>) -> (tensor<1x?x4x16xf32>, tensor<1x4x?xf32>)
  return %out : tensor<1x?x4x16xf32>
}
}

//--- queries.mlir
module attributes {simplicial.target = "sm_80"} {
func.func @f(%q: tensor<1x4x1x16xf32>) -> tensor<1x4x1x16xf32> {
  %out, %lse = "simplicial.attention"(%q, %q, %q, %q, %q) {w1 = 4 : i64, w2 = 8 : i64, simplicial.config = {block_q = 4 : i64, block_tail = 0 : i64, lazy_rescale = false}}
    : (tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>) -> (tensor<1x4x1x16xf32>, tensor<1x1x4xf32>)
  return %out : tensor<1x4x1x16xf32>
}
}

//--- bf16.mlir
func.func @f(%q: tensor<1x4x1x16xbf16>) -> tensor<1x4x1x16xbf16> {
  %out, %lse = "simplicial.attention"(%q, %q, %q, %q, %q) {w1 = 4 : i64, w2 = 8 : i64, simplicial.config = {operand = bf16}}
    : (tensor<1x4x1x16xbf16>, tensor<1x4x1x16xbf16>, tensor<1x4x1x16xbf16>, tensor<1x4x1x16xbf16>, tensor<1x4x1x16xbf16>) -> (tensor<1x4x1x16xbf16>, tensor<1x1x4xf32>)
  return %out : tensor<1x4x1x16xbf16>
}

//--- cpu.mlir
func.func @f(%q: tensor<1x4x1x16xf32>) -> tensor<1x4x1x16xf32> {
  %out, %lse = "simplicial.attention"(%q, %q, %q, %q, %q) {w1 = 4 : i64, w2 = 8 : i64}
    : (tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>) -> (tensor<1x4x1x16xf32>, tensor<1x1x4xf32>)
  return %out : tensor<1x4x1x16xf32>
}
