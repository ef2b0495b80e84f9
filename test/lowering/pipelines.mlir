// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-to-tile)' | FileCheck %s --check-prefix=TILE
// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-to-tile,simplicial-to-cpu)' | FileCheck %s --check-prefix=CPU
// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-to-tile,simplicial-to-cpu)' | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=LLVM
// RUN: not %mlir-opt %s --pass-pipeline='builtin.module(simplicial-to-tile{x=1})' 2>&1 | FileCheck %s --check-prefix=OPTION

// Results become arguments, and nothing is allocated.

// TILE: func.func @f(%{{.*}}: memref<2x?x8x64xbf16, strided<[?, ?, ?, 1], offset: ?>>,
// TILE-SAME: %{{.*}}: memref<2x?x8x64xbf16>, %{{.*}}: memref<2x8x?xf32>) {
// TILE-NOT: memref.alloc
// TILE: scf.forall
// TILE: vector.contract
// TILE-NOT: simplicial.attention

// CPU: llvm.func @f(
// CPU-NOT: @malloc
// CPU: llvm.func @_mlir_ciface_f(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// CPU: llvm.func internal @f_tiles(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64)
// CPU: llvm.func @simplicialParallelForWithScratch(!llvm.ptr, !llvm.ptr, i64, i64)
// CPU-NOT: unrealized_conversion_cast

// LLVM: define void @_mlir_ciface_f(
// LLVM: define internal void @f_tiles(
// LLVM: call <16 x float> @llvm.fma.v16f32

// OPTION: simplicial-to-tile takes no options

func.func @f(%q: tensor<2x?x8x64xbf16>, %kv: tensor<2x?x1x64xbf16>) -> (tensor<2x?x8x64xbf16>, tensor<2x8x?xf32>) {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64, causal}
    : (tensor<2x?x8x64xbf16>, tensor<2x?x1x64xbf16>, tensor<2x?x1x64xbf16>, tensor<2x?x1x64xbf16>,
       tensor<2x?x1x64xbf16>) -> (tensor<2x?x8x64xbf16>, tensor<2x8x?xf32>)
  return %out, %lse : tensor<2x?x8x64xbf16>, tensor<2x8x?xf32>
}
