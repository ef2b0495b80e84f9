// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-configure,simplicial-tile,cse)' | FileCheck %s

// Values of another width than keys: tiles of products with values, of sums and of results have that.

// CHECK-LABEL: func.func @forward(
// CHECK: scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>, vector<8x48xf32>)
// CHECK: vector.transfer_read {{.*}} memref<2x?x2x16xf32>, vector<8x16xf32>
// CHECK: vector.transfer_read {{.*}} memref<2x?x2x48xf32>, vector<8x48xf32>
// CHECK: vector.contract {{.*}} : vector<8x16xf32>, vector<8x16xf32> into vector<8x8xf32>
// CHECK: vector.transfer_read {{.*}} memref<2x?x2x48xf32>, vector<2x48xf32>
// CHECK: vector.contract {{.*}} : vector<8x8xf32>, vector<8x48xf32> into vector<8x48xf32>
// CHECK: vector.transfer_write {{.*}} vector<4x48xf32>, memref<2x?x8x48xf32>
func.func @forward(%q: memref<2x?x8x16xf32>, %k: memref<2x?x2x16xf32>, %v: memref<2x?x2x48xf32>,
                   %out: memref<2x?x8x48xf32>) {
  "simplicial.attention_into"(%q, %k, %k, %v, %v, %out)
      {w1 = 5 : i64, w2 = 16 : i64, simplicial.config = {block_h = 4 : i64, block_j = 2 : i64, block_k = 8 : i64}}
    : (memref<2x?x8x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x48xf32>,
       memref<2x?x2x48xf32>, memref<2x?x8x48xf32>) -> ()
  return
}

// -----

// The outer window in a block's memory, and what blocks that share a window sum up.

// CHECK-LABEL: func.func @few(
// CHECK: memref.alloc({{.*}}) : memref<1x?x4x?x128xf32>
// CHECK: memref.alloca() {{.*}} : memref<{{[0-9]+}}x64xbf16>
// CHECK: memref.alloca() {{.*}} : memref<{{[0-9]+}}x128xbf16>
!q = memref<1x1x4x64xbf16>
!k = memref<1x?x1x64xbf16>
!v = memref<1x?x1x128xbf16>
!out = memref<1x1x4x128xbf16>
module attributes {simplicial.target = "sm_90a"} {
func.func @few(%q: !q, %k: !k, %v: !v, %out: !out) {
  "simplicial.attention_into"(%q, %k, %k, %v, %v, %out)
      {causal, w1 = 4 : i64, simplicial.config = {local_outer = true}} : (!q, !k, !k, !v, !v, !out) -> ()
  return
}
}

// -----

// Gradients have the widths of what they are of; sums of queries' q and d_out are of two widths.

// CHECK-LABEL: func.func @gradient(
// CHECK: %[[SUM:.*]] = vector.multi_reduction <add>, %{{.*}} [1] : vector<32x16xf32> to vector<32xf32>
// CHECK: vector.multi_reduction <add>, %{{.*}}, %[[SUM]] [1] : vector<32x48xf32> to vector<32xf32>
// CHECK: memref.alloc({{.*}}) : memref<1x1x?x?x16xf32>
// CHECK: memref.alloc({{.*}}) : memref<1x1x?x?x48xf32>
// CHECK: scf.for {{.*}} -> (vector<16x16xf32>, vector<16x48xf32>)
// CHECK: vector.transfer_write {{.*}} vector<16x16xbf16>, memref<1x?x1x16xbf16>
// CHECK: vector.transfer_write {{.*}} vector<16x48xbf16>, memref<1x?x1x48xbf16>
!q = memref<1x?x4x16xbf16>
!k = memref<1x?x1x16xbf16>
!v = memref<1x?x1x48xbf16>
!out = memref<1x?x4x48xbf16>
!lse = memref<1x4x?xf32>
func.func @gradient(%q: !q, %k: !k, %v: !v, %out: !out, %lse: !lse, %d_k1: !k, %d_k2: !k, %d_v1: !v, %d_v2: !v) {
  "simplicial.attention_grad_into"(%q, %k, %k, %v, %v, %out, %lse, %out, %d_k1, %d_k2, %d_v1, %d_v2)
      {causal, w1 = 5 : i64, w2 = 20 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1>}
    : (!q, !k, !k, !v, !v, !out, !lse, !out, !k, !k, !v, !v) -> ()
  return
}
