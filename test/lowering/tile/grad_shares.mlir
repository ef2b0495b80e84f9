// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-configure,simplicial-tile,canonicalize,cse)' | FileCheck %s

// Where tiles of inner keys are few for a machine, several blocks share each.

// 5 tiles of 16 keys, and 4 blocks at once: without shares these take twice a tile's time, with 2 shares, of 10 blocks, 3
// halves, and with 3 shares 4 thirds. Each share has 13 of the at most 16 - 1 + 5 + 20 - 1 = 39 outer keys.

// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[D_K2:[a-z0-9]+]]: memref<1x80x1x16xf32>)
// CHECK: memref.alloc
// CHECK: %[[SUMS:.*]] = memref.alloc({{.*}}: memref<3x80x1x16xf32>
// CHECK: scf.forall (%[[BLOCK:.*]]) in (15)
// CHECK: %[[TILE:.*]] = arith.divui %[[BLOCK]], %c3
// CHECK: %[[SHARE:.*]] = arith.remui %[[BLOCK]], %c3
// CHECK: %{{.*}} = arith.muli %[[SHARE]], %
// CHECK: vector.contract
// CHECK: vector.transfer_write %{{.*}}, %[[SUMS]][%[[SHARE]], %{{.*}} vector<16x16xf32>
// CHECK-NOT: %[[D_K2]]
// They are added up in their order.
// CHECK: scf.forall (%{{.*}}) in (3)
// CHECK: %[[SUM:.*]] = scf.for %[[S:.*]] = %c0 to %c3 step %c1 {{.*}} -> (vector<32x16xf32>)
// CHECK: %[[PART:.*]] = vector.transfer_read %[[SUMS]][%[[S]], %{{.*}} vector<32x16xf32>
// CHECK: %[[MORE:.*]] = arith.addf %{{.*}}, %[[PART]]
// CHECK: scf.yield %[[MORE]]
// CHECK: %[[SCALED:.*]] = arith.mulf %[[SUM]], %{{.*}}
// CHECK: vector.transfer_write %[[SCALED]], %[[D_K2]][
!q = memref<1x80x8x16xf32>
!k = memref<1x80x1x16xf32>
!lse = memref<1x8x80xf32>
func.func @rows(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q, %d_k2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_k2)
      {causal, w1 = 5 : i64, w2 = 20 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0>,
       simplicial.config = {keys = {by_pairs = false, blocks = 4 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !k) -> ()
  return
}

// -----

// By pairs: a part of the queries, in whole turns. 30 blocks at once are 6 for each tile, of whose at most 16 - 1 + 20 = 35
// queries there are 9 turns of 4: in 5 shares of 2, which is not more than 1 turn slower than 6.

// CHECK-LABEL: func.func @pairs(
// CHECK-SAME: %[[D_K2:[a-z0-9]+]]: memref<1x80x1x16xf32>)
// CHECK: %[[SUMS:.*]] = memref.alloc({{.*}}: memref<5x80x1x16xf32>
// CHECK: scf.forall (%{{.*}}) in (25)
// CHECK: vector.transfer_write %{{.*}}, %[[SUMS]][
// CHECK-NOT: %[[D_K2]]
// CHECK: scf.forall
// CHECK: scf.for %{{.*}} = %c0 to %c5 step %c1
// CHECK: vector.transfer_write %{{.*}}, %[[D_K2]][
!q = memref<1x80x8x16xf32>
!k = memref<1x80x1x16xf32>
!lse = memref<1x8x80xf32>
func.func @pairs(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q, %d_k2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_k2)
      {causal, w1 = 5 : i64, w2 = 20 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0>,
       simplicial.config = {keys = {by_pairs = true, turns = 4 : i64, blocks = 30 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !k) -> ()
  return
}

// -----

// Two turns of all blocks are as good as one, and are not taken.

// CHECK-LABEL: func.func @one_turn(
// CHECK: memref.alloc({{.*}}: memref<2x80x1x16xf32>
// CHECK: scf.forall (%{{.*}}) in (10)
!q = memref<1x80x8x16xf32>
!k = memref<1x80x1x16xf32>
!lse = memref<1x8x80xf32>
func.func @one_turn(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_v2)
      {causal, w1 = 5 : i64, w2 = 20 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1>,
       simplicial.config = {keys = {by_pairs = false, blocks = 10 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !k) -> ()
  return
}
