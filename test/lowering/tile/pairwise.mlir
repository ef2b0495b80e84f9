// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-configure,simplicial-tile,cse)' | FileCheck %s

// The pairwise form: A = q + k1, and q . k1 is what the product with k2 starts from, with A's sums times the bias.

// CHECK-LABEL: func.func @forward(
// CHECK: %[[QK:.*]] = arith.mulf %[[Q:.*]], %[[K1:.*]] : vector<8x16xf32>
// CHECK: %[[C:.*]] = vector.multi_reduction <add>, %[[QK]], %{{.*}} [1]
// CHECK: %[[A:.*]] = arith.addf %[[Q]], %[[K1]] : vector<8x16xf32>
// CHECK: %[[SUM:.*]] = vector.multi_reduction <add>, %[[A]], %{{.*}} [1]
// CHECK: %[[START:.*]] = math.fma %[[SUM]], %{{.*}}, %[[C]] : vector<8xf32>
// CHECK: %[[COLUMN:.*]] = vector.shape_cast %[[START]]
// CHECK: %[[ALL:.*]] = vector.broadcast %[[COLUMN]] : vector<8x1xf32> to vector<8x8xf32>
// CHECK: vector.contract {{.*}} %[[A]], %{{.*}}, %[[ALL]] : vector<8x16xf32>, vector<8x16xf32> into vector<8x8xf32>
func.func @forward(%q: memref<2x?x8x16xf32>, %k1: memref<2x?x2x16xf32>, %k2: memref<2x?x2x16xf32>, %v: memref<2x?x2x16xf32>,
                   %out: memref<2x?x8x16xf32>) {
  "simplicial.attention_into"(%q, %k1, %k2, %v, %v, %out)
      {w1 = 5 : i64, w2 = 16 : i64, form = "pairwise", k2_bias = 0.5 : f32,
       simplicial.config = {block_h = 4 : i64, block_j = 2 : i64, block_k = 8 : i64}}
    : (memref<2x?x8x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>,
       memref<2x?x2x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}

// -----

// Where k2 has the place of k1, the bias is one of its elements.

// CHECK-LABEL: func.func @swapped(
// CHECK: %[[K2:.*]] = arith.addf %{{.*}}, %{{.*}} : vector<8x16xf32>
// CHECK: %[[QK:.*]] = arith.mulf %[[Q:.*]], %[[K2]]
// CHECK: %[[C:.*]] = vector.multi_reduction <add>, %[[QK]], %{{.*}} [1]
// CHECK: %[[A:.*]] = arith.addf %[[Q]], %[[K2]]
// CHECK: %[[COLUMN:.*]] = vector.shape_cast %[[C]]
// CHECK: %[[ALL:.*]] = vector.broadcast %[[COLUMN]]
// CHECK: vector.contract {{.*}} %[[A]], %{{.*}}, %[[ALL]]
func.func @swapped(%q: memref<2x?x8x16xf32>, %k1: memref<2x?x2x16xf32>, %k2: memref<2x?x2x16xf32>, %v: memref<2x?x2x16xf32>,
                   %out: memref<2x?x8x16xf32>) {
  "simplicial.attention_into"(%q, %k1, %k2, %v, %v, %out)
      {w1 = 16 : i64, w2 = 5 : i64, form = "pairwise", k2_bias = 0.5 : f32,
       simplicial.config = {block_h = 4 : i64, block_j = 2 : i64, block_k = 8 : i64}}
    : (memref<2x?x8x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>,
       memref<2x?x2x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}

// -----

// Each factor's gradient has the sums of products with a second one, and those of dS times the third.

// CHECK-LABEL: func.func @gradient(
// CHECK: arith.addf {{.*}} : vector<16x16xf32>
// CHECK: math.exp2
// CHECK: %[[LESS:.*]] = arith.addf {{.*}} : vector<16x20xf32>
// CHECK: %[[DS:.*]] = arith.mulf %{{.*}}, %[[LESS]]
// CHECK: %[[W:.*]] = vector.contract {{.*}} %[[DS]], %{{.*}} into vector<16x16xf32>
// CHECK: %[[Z:.*]] = vector.multi_reduction <add>, %[[DS]], %{{.*}} [1] : vector<16x20xf32> to vector<16xf32>
// CHECK: %[[Z1:.*]] = vector.shape_cast %[[Z]]
// CHECK: %[[ZS:.*]] = vector.broadcast %[[Z1]] : vector<16x1xf32> to vector<16x16xf32>
// CHECK: %[[BOTH:.*]] = math.fma %[[ZS]], %{{.*}}, %[[W]]
// CHECK: arith.addf %[[BOTH]], %{{.*}}
// Of keys: what is made of two keys has a constant by row.
// CHECK: scf.forall
// CHECK: %[[A:.*]] = arith.addf %[[K1:.*]], %[[K2:.*]] : vector<16x16xf32>
// CHECK: %[[KK:.*]] = arith.mulf %[[K1]], %[[K2]]
// CHECK: %[[C:.*]] = vector.multi_reduction <add>, %[[KK]], %{{.*}} [1]
// CHECK: %[[C1:.*]] = vector.shape_cast %[[C]]
// CHECK: %[[CS:.*]] = vector.broadcast %[[C1]]
// CHECK: %[[SUMS:.*]]:2 = scf.for {{.*}} iter_args(%[[U0:.*]] = %{{.*}}, %[[Z0:.*]] = %{{.*}}) -> (vector<16x16xf32>, vector<16xf32>)
// Where there is no query, P is 0.
// CHECK: arith.select %{{.*}}, %{{.*}}, %[[NONE:.*]] : vector<16x16xi1>
// CHECK: %[[START:.*]] = arith.addf %{{.*}}, %[[CS]]
// CHECK: vector.contract {{.*}} %[[A]], %{{.*}}, %[[START]]
// CHECK: %[[LESS:.*]] = vector.contract {{.*}} into vector<16x16xf32>
// CHECK: %[[DS:.*]] = arith.mulf %{{.*}}, %[[LESS]]
// CHECK: vector.multi_reduction <add>, %[[DS]], %[[Z0]] [1]
// CHECK: vector.contract {{.*}} %[[DS]], %{{.*}}, %[[U0]]
// CHECK: %[[Z1:.*]] = vector.shape_cast %[[SUMS]]#1
// CHECK: %[[ZS:.*]] = vector.broadcast %[[Z1]]
// CHECK: math.fma %[[ZS]], %[[K1]], %[[SUMS]]#0
// CHECK: math.fma %[[ZS]], %[[K2]], %[[SUMS]]#0
!q = memref<1x?x4x16xbf16>
!k = memref<1x?x1x16xbf16>
!lse = memref<1x4x?xf32>
func.func @gradient(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                    %d_q: !q, %d_k1: !k, %d_k2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2)
      {causal, w1 = 5 : i64, w2 = 20 : i64, form = "pairwise", operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k) -> ()
  return
}

// -----

// Columns of pairs have constants by column, which come to all rows by way of memory; A is 0 where there is no pair.

// CHECK-LABEL: func.func @by_pairs(
// CHECK: %[[OWN:.*]] = memref.alloca() {{.*}} : memref<1x32xf32>
// CHECK: %[[A:.*]] = arith.addf {{.*}} : vector<32x16xbf16>
// CHECK: %[[C:.*]] = vector.multi_reduction <add>, %{{.*}} [1] : vector<32x16xf32> to vector<32xf32>
// CHECK: vector.transfer_write %[[C]], %[[OWN]]
// CHECK: %[[ROW:.*]] = vector.transfer_read %[[OWN]]
// CHECK: %[[ONE:.*]] = vector.shape_cast %[[ROW]]
// CHECK: %[[ALL:.*]] = vector.broadcast %[[ONE]]
// CHECK: %[[CS:.*]] = vector.shape_cast %[[ALL]] : vector<1x64x32xf32> to vector<64x32xf32>
// CHECK: %[[A0:.*]] = arith.select %{{.*}}, %[[A]], %{{.*}} : vector<32x16xi1>
// CHECK: %[[START:.*]] = arith.addf %{{.*}}, %[[CS]] : vector<64x32xf32>
// CHECK: vector.contract {{.*}} %{{.*}}, %[[A0]], %[[START]]
!q = memref<1x?x4x16xbf16>
!k = memref<1x?x1x16xbf16>
!lse = memref<1x4x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @by_pairs(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q, %d_k2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_k2)
      {causal, w1 = 5 : i64, w2 = 20 : i64, form = "pairwise", operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !k) -> ()
  return
}
}
