// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-configure,simplicial-tile,cse)' | FileCheck %s

// Documents: windows begin no earlier than the query's, in both loops, and there is no mask for it. Where there may be no
// keys, a loop that then has no iteration loads the start.

// CHECK-LABEL: func.func @one_query(
// CHECK-SAME: %[[START:[a-z0-9]+]]: memref<2x?xi32>)
// CHECK: scf.forall (%[[B:.*]], %{{.*}}, %{{.*}}) in
// CHECK: %[[LOADED:.*]] = scf.for %[[P:.*]] = %{{.*}} to %{{.*}} step %c1 iter_args(%{{.*}} = %c0) -> (index) {
// CHECK-NEXT: %[[X:.*]] = memref.load %[[START]][%[[B]], %[[P]]]
// CHECK-NEXT: %[[I:.*]] = arith.index_cast %[[X]] : i32 to index
// CHECK-NEXT: scf.yield %[[I]] : index
// CHECK: %[[MOST:.*]] = arith.minsi %[[LOADED]]
// CHECK: %[[BEGIN:.*]] = arith.maxsi %c0, %[[MOST]]
// CHECK: %[[JLO:.*]] = arith.maxsi %{{.*}}, %[[BEGIN]]
// CHECK: %[[KLO:.*]] = arith.maxsi %{{.*}}, %[[BEGIN]]
// CHECK: scf.for %{{.*}} = %[[KLO]] to
// CHECK: scf.for %{{.*}} = %[[JLO]] to
// CHECK-NOT: i32>
// CHECK-NOT: scf.if
// CHECK: vector.transfer_write
func.func @one_query(%q: memref<2x?x8x16xf32>, %k: memref<2x?x1x16xf32>, %out: memref<2x?x8x16xf32>,
                     %start: memref<2x?xi32>) {
  "simplicial.bounded_attention_into"(%q, %k, %k, %k, %k, %out, %start) {causal, w1 = 4 : i64, w2 = 8 : i64}
    : (memref<2x?x8x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>,
       memref<2x?x8x16xf32>, memref<2x?xi32>) -> ()
  return
}

// Several queries at once: the first one's start is where loops begin. Keys before the last one's, of outer tiles or
// inner ones, are masked by each row's own start, which is loaded there.

// CHECK-LABEL: func.func @queries(
// CHECK-SAME: %[[START:[a-z0-9]+]]: memref<2x?xi32>)
// The outer values that some of the queries see are looked at as well.
// CHECK: scf.for {{.*}} -> (vector<4xf32>) {
// CHECK: scf.for {{.*}} -> (vector<4xf32>) {
// CHECK: scf.for {{.*}} -> (vector<4xf32>) {
// CHECK: vector.multi_reduction <or>
// CHECK: memref.load %[[START]]
// CHECK: %[[FIRST:.*]] = arith.maxsi %c0, %{{.*}} : index
// CHECK: memref.load %[[START]]
// CHECK: %[[LAST:.*]] = arith.maxsi %c0, %{{.*}} : index
// CHECK: %[[KLO:.*]] = arith.maxsi %{{.*}}, %[[FIRST]]
// CHECK: scf.for %[[K:.*]] = %[[KLO]] to %{{.*}} step %c16
// CHECK: %[[MIXED_K:.*]] = arith.cmpi slt, %[[K]], %[[LAST]]
// CHECK: %[[MIXED_J:.*]] = arith.cmpi slt, %{{.*}}, %[[LAST]]
// CHECK: %[[S:.*]] = vector.contract
// CHECK: %[[MIXED:.*]] = arith.ori %[[MIXED_J]], %[[MIXED_K]]
// CHECK: %[[ROWS:.*]] = scf.if
// CHECK: } else {
// CHECK-NEXT: scf.yield %[[S]]
// CHECK: %[[SOME:.*]] = arith.ori %{{.*}}, %[[MIXED]]
// CHECK: scf.if %[[SOME]] -> (vector<4x16xf32>) {
// CHECK: %[[STARTS:.*]] = vector.transfer_read %[[START]]{{.*}} vector<4xi32>
// CHECK: arith.cmpi slt, %{{.*}} : vector<4xi32>
// CHECK: arith.cmpi slt, %{{.*}} : vector<4x16xi32>
// CHECK: } else {
// CHECK-NEXT: scf.yield %[[ROWS]]
func.func @queries(%q: memref<2x?x1x48xf32>, %kv: memref<2x?x1x48xf32>, %out: memref<2x?x1x48xf32>,
                   %lse: memref<2x1x?xf32>, %start: memref<2x?xi32>) attributes {simplicial.target = "sm_80"} {
  "simplicial.bounded_attention_into"(%q, %kv, %kv, %kv, %kv, %out, %lse, %start)
      {causal, w1 = 4 : i64, w2 = 16 : i64,
       simplicial.config = {block_q = 4 : i64, block_tail = 16 : i64, local_outer = false}}
    : (memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>,
       memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x1x?xf32>, memref<2x?xi32>) -> ()
  return
}

// Backward, a program finds the end of each key's documents in the starts; programs over keys have it as what bounds
// queries, and mask rows by it.

// CHECK-LABEL: func.func @gradient(
// CHECK-SAME: %[[START:[a-z0-9]+]]: memref<2x?xi32>)
// CHECK: %[[ENDS:.*]] = memref.alloc(%{{.*}}) : memref<2x?xi32>
// CHECK: scf.forall (%[[B:.*]], %{{.*}}) in
// CHECK: scf.for %[[KEY:.*]] =
// CHECK: %[[RANGE:.*]]:2 = scf.for %{{.*}} = %c0 to %c32 step %c1 iter_args({{.*}}) -> (index, index) {
// CHECK: memref.load %[[START]][%[[B]]
// CHECK: scf.yield {{.*}} : index, index
// CHECK: %[[END:.*]] = arith.index_cast %[[RANGE]]#0 : index to i32
// CHECK: %[[TILE:.*]] = vector.broadcast %[[END]] : i32 to vector<1xi32>
// CHECK: vector.transfer_write %[[TILE]], %[[ENDS]][%[[B]], %[[KEY]]]
// The gradient of q, as forward.
// CHECK: scf.forall
// CHECK: memref.load %[[START]]
// CHECK-NOT: memref.load
// Those of keys and values.
// CHECK: scf.forall
// CHECK: memref.load %[[ENDS]]
// CHECK: scf.for {{.*}} -> (vector<16x16xf32>, vector<16x16xf32>) {
// CHECK: memref.load %[[ENDS]]
// CHECK: scf.for {{.*}} -> (vector<16x16xf32>, vector<16x16xf32>) {
// CHECK: scf.if {{.*}} -> (vector<16x16xf32>) {
// CHECK: vector.transfer_read %[[ENDS]]{{.*}} vector<16xi32>
// What no query sees has no gradient, and no part of one.
// CHECK: vector.transfer_read %[[ENDS]]{{.*}} vector<16xi32>
// CHECK: scf.forall
// CHECK: vector.transfer_read %[[ENDS]]{{.*}} vector<32xi32>

!q = memref<2x?x4x16xf32>
!k = memref<2x?x1x16xf32>
!lse = memref<2x4x?xf32>
func.func @gradient(%q: !q, %k: !k, %out: !q, %lse: !lse, %d_out: !q, %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k,
                    %d_v2: !k, %start: memref<2x?xi32>) {
  "simplicial.bounded_attention_grad_into"(%q, %k, %k, %k, %k, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2,
                                           %start)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>, causal, w1 = 4 : i64, w2 = 8 : i64}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k, memref<2x?xi32>) -> ()
  return
}

// Lengths: a sequence's keys are as many as it has, from 0 to all, and positions are fewer by what is missing.

// CHECK-LABEL: func.func @lengths(
// CHECK-SAME: %[[LENGTHS:[a-z0-9]+]]: memref<2xi32>)
// CHECK: %[[N:.*]] = memref.dim %arg1
// CHECK: %[[SHIFT:.*]] = arith.subi %[[N]]
// CHECK: scf.forall (%[[B:.*]], %{{.*}}, %{{.*}}) in
// CHECK: %[[X:.*]] = memref.load %[[LENGTHS]][%[[B]]]
// CHECK: %[[LENGTH:.*]] = arith.index_cast %[[X]] : i32 to index
// CHECK: %[[MOST:.*]] = arith.minsi %[[LENGTH]], %[[N]]
// CHECK: %[[KEYS:.*]] = arith.maxsi %c0, %[[MOST]]
// CHECK: %[[MISSING:.*]] = arith.subi %[[N]], %[[KEYS]]
// CHECK: arith.subi %[[SHIFT]], %[[MISSING]]
// CHECK: scf.for %{{.*}} = %c0 to %[[KEYS]] step %c256
func.func @lengths(%q: memref<2x?x8x16xf32>, %k: memref<2x?x1x16xf32>, %out: memref<2x?x8x16xf32>,
                   %lengths: memref<2xi32>) {
  "simplicial.bounded_attention_into"(%q, %k, %k, %k, %k, %out, %lengths)
    : (memref<2x?x8x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>,
       memref<2x?x8x16xf32>, memref<2xi32>) -> ()
  return
}

// Two lengths: each side's keys end at the last query, so that positions among outer keys are some further on; each has as
// many of the sequence's keys as it has room for. Where types say that there is one length, nothing is said of another.

// CHECK-LABEL: func.func @two_lengths(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<2x?x8x16xf32>, %[[K1:[a-z0-9]+]]: memref<2x?x1x16xf32>, %[[K2:[a-z0-9]+]]: memref
// CHECK-SAME: %[[LENGTHS:[a-z0-9]+]]: memref<2xi32>)
// CHECK: %[[OUTER:.*]] = memref.dim %[[K1]]
// CHECK: %[[INNER:.*]] = memref.dim %[[K2]]
// CHECK: scf.forall
// CHECK: %[[X:.*]] = memref.load %[[LENGTHS]]
// CHECK: %[[LENGTH:.*]] = arith.index_cast %[[X]]
// CHECK: %[[MOST:.*]] = arith.minsi %[[LENGTH]], %[[INNER]]
// CHECK: %[[KEYS:.*]] = arith.maxsi %c0, %[[MOST]]
// CHECK: %[[MOST:.*]] = arith.minsi %[[LENGTH]], %[[OUTER]]
// CHECK: %[[OUTER_KEYS:.*]] = arith.maxsi %c0, %[[MOST]]
// CHECK: %[[AHEAD:.*]] = arith.subi %[[OUTER_KEYS]], %[[KEYS]]
// CHECK: %[[POSITION:.*]] = arith.addi
// CHECK: arith.addi %[[POSITION]], %[[AHEAD]]
// CHECK: scf.for %{{.*}} = %c0 to %[[KEYS]] step
func.func @two_lengths(%q: memref<2x?x8x16xf32>, %k1: memref<2x?x1x16xf32>, %k2: memref<2x?x1x16xf32>,
                       %out: memref<2x?x8x16xf32>, %lengths: memref<2xi32>) {
  "simplicial.bounded_attention_into"(%q, %k1, %k2, %k1, %k2, %out, %lengths) {two_lengths, w1 = 4 : i64}
    : (memref<2x?x8x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>,
       memref<2x?x8x16xf32>, memref<2xi32>) -> ()
  return
}

// Starts are then of places of their own, of which both sides have the last ones.

// CHECK-LABEL: func.func @places(
// CHECK: memref.dim %{{.*}}, %c1 : memref<2x?xi32>
// CHECK: scf.forall
// CHECK-COUNT-2: memref.load %{{.*}} : memref<2x?xi32>
func.func @places(%q: memref<2x?x8x16xf32>, %k1: memref<2x?x1x16xf32>, %k2: memref<2x?x1x16xf32>,
                  %out: memref<2x?x8x16xf32>, %start: memref<2x?xi32>) {
  "simplicial.bounded_attention_into"(%q, %k1, %k2, %k1, %k2, %out, %start) {two_lengths, causal}
    : (memref<2x?x8x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>,
       memref<2x?x8x16xf32>, memref<2x?xi32>) -> ()
  return
}

// CHECK-LABEL: func.func @one_length(
// CHECK: scf.forall
// CHECK: %[[END:.*]] = arith.addi %{{.*}}, %c1
// CHECK: scf.for %{{.*}} = %c0 to %[[END]] step %c256
// CHECK: scf.for %{{.*}} = %c0 to %[[END]] step %c2
func.func @one_length(%q: memref<2x9x8x16xf32>, %k1: memref<2x9x1x16xf32>, %k2: memref<2x9x1x16xf32>,
                      %out: memref<2x9x8x16xf32>) {
  "simplicial.attention_into"(%q, %k1, %k2, %k1, %k2, %out)
      {two_lengths, causal, simplicial.config = {blocks = 0 : i64}}
    : (memref<2x9x8x16xf32>, memref<2x9x1x16xf32>, memref<2x9x1x16xf32>, memref<2x9x1x16xf32>, memref<2x9x1x16xf32>,
       memref<2x9x8x16xf32>) -> ()
  return
}
