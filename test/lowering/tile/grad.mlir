// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-configure,simplicial-tile,cse)' | FileCheck %s

// The programs of a gradient.

// The CPU. All programs, with columns that are the heads that share keys.

// CHECK-LABEL: func.func @heads(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V2:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK-DAG: %[[NQ:.*]] = memref.dim %[[Q]], %c1
// CHECK-COUNT-3: memref.alloc(%[[NQ]]) : memref<2x?x16xf32>
// What is known of queries: a block for the heads of one.
// CHECK: scf.forall (%[[B:.*]], %[[HB:.*]], %[[I:.*]]) in (%c2, %c1, %[[NQ]])
// CHECK: %[[HEAD:.*]] = arith.muli %[[HB]], %c16
// CHECK: %[[X:.*]] = vector.transfer_read %[[Q]][%[[B]], %[[I]], %[[HEAD]], {{.*}} vector<16x16xbf16>
// CHECK: %[[D:.*]] = vector.transfer_read %[[D_OUT]][
// CHECK: %[[DF:.*]] = arith.extf %[[D]]
// CHECK: %[[O:.*]] = vector.transfer_read %[[OUT]][
// CHECK: %[[OF:.*]] = arith.extf %[[O]]
// CHECK: %[[OD:.*]] = arith.mulf %[[OF]], %[[DF]]
// CHECK: %[[SUM:.*]] = vector.multi_reduction <add>, %[[OD]], %{{.*}} [1] : vector<16x16xf32> to vector<16xf32>
// CHECK: %[[MINUS:.*]] = arith.subf %[[ZERO:.*]], %[[SUM]]
// CHECK: vector.transfer_write %[[MINUS]], %[[LESS:.*]][%[[B]], %[[I]], %[[HEAD]]]
// A query that sees nothing has P = exp(-inf).
// CHECK: %[[L:.*]] = vector.transfer_read %[[LSE]][%[[B]], %[[HEAD]], %[[I]]]
// CHECK: %[[NONE:.*]] = arith.cmpf oeq, %[[L]], %{{.*}}
// CHECK: %[[NEGATED:.*]] = arith.mulf %[[L]], %{{.*}} :
// CHECK: %[[LOG:.*]] = arith.select %[[NONE]], %[[ZERO]], %[[NEGATED]]
// CHECK: vector.transfer_write %[[LOG]], %[[LOGS:.*]][%[[B]], %[[I]], %[[HEAD]]]
// CHECK: %[[BOTH:.*]] = arith.addf %[[LOG]], %[[MINUS]]
// CHECK: %[[NAN:.*]] = math.fma %[[BOTH]], %[[ZERO]], %{{.*}}
// CHECK: vector.transfer_write %[[NAN]], %[[FINITE:.*]][%[[B]], %[[I]], %[[HEAD]]]
// CHECK: }
// Sums by tile of outer keys: 16 rows share queries with at most 16 + 5 + 20 - 2 of them.
// CHECK: %[[MOST:.*]] = arith.minsi %{{.*}}, %c39
// CHECK: %[[TILES:.*]] = arith.divui %{{.*}}, %c16
// CHECK: %[[KEY_SUMS:.*]] = memref.alloc(%[[TILES]], %[[MOST]]) : memref<2x2x?x?x16xf32>
// CHECK: %[[VALUE_SUMS:.*]] = memref.alloc(%[[TILES]], %[[MOST]]) : memref<2x2x?x?x16xf32>
// The gradient of q: rows are 4 heads times 2 outer keys.
// CHECK: scf.forall (%[[B:.*]], %[[HB:.*]], %[[I:.*]]) in (%c2, %c4, %[[NQ]])
// CHECK: %[[KEY_HEAD:.*]] = arith.divui %{{.*}}, %c8
// CHECK: vector.transfer_read %[[Q]][{{.*}} vector<4x16xbf16>
// CHECK: vector.transfer_read %[[D_OUT]][{{.*}} vector<4x16xbf16>
// CHECK: vector.transfer_read %[[LOGS]][{{.*}} vector<4xf32>
// CHECK: vector.transfer_read %[[LESS]][{{.*}} vector<4xf32>
// CHECK: scf.for {{.*}} step %c8 iter_args(%{{.*}}) -> (vector<8x16xf32>)
// CHECK: %[[K16:.*]] = vector.transfer_read %[[K2]][%[[B]], %{{.*}}, %[[KEY_HEAD]], {{.*}} vector<8x16xbf16>
// CHECK: %[[K:.*]] = arith.extf %[[K16]]
// CHECK: %[[V16:.*]] = vector.transfer_read %[[V2]][{{.*}} vector<8x16xbf16>
// CHECK: %[[V:.*]] = arith.extf %[[V16]]
// CHECK: scf.for {{.*}} step %c2 iter_args(%[[DQ:.*]] = %{{.*}}) -> (vector<8x16xf32>)
// CHECK: vector.transfer_read %[[K1]][{{.*}} vector<2x16xbf16>
// CHECK: %[[OUTER:.*]] = arith.extf {{.*}} vector<8x16xbf16> to vector<8x16xf32>
// CHECK: %[[A:.*]] = arith.mulf %{{.*}}, %[[OUTER]]
// CHECK: vector.transfer_read %[[V1]][{{.*}} vector<2x16xbf16>
// CHECK: %[[W:.*]] = arith.mulf {{.*}} : vector<8x16xf32>
// CHECK: %[[S:.*]] = vector.contract {{.*}} %[[A]], %[[K]], %{{.*}} : vector<8x16xf32>, vector<8x16xf32> into vector<8x8xf32>
// CHECK: %[[DP:.*]] = vector.contract {{.*}} %[[W]], %[[V]], %{{.*}} into vector<8x8xf32>
// CHECK: arith.select %{{.*}}, %[[S]], %{{.*}} : vector<8x8xi1>
// CHECK: %[[S2:.*]] = arith.select {{.*}} : vector<8x8xi1>
// CHECK: %[[X:.*]] = arith.addf %[[S2]], %{{.*}} : vector<8x8xf32>
// CHECK: %[[X2:.*]] = arith.mulf %[[X]]
// CHECK: %[[P:.*]] = math.exp2 %[[X2]]
// CHECK: %[[DP2:.*]] = arith.addf %[[DP]], %{{.*}}
// CHECK: %[[DS:.*]] = arith.mulf %[[P]], %[[DP2]]
// CHECK: %[[U:.*]] = vector.contract {{.*}} %[[DS]], %[[K]], %{{.*}} : vector<8x8xf32>, vector<8x16xf32> into vector<8x16xf32>
// CHECK: math.fma %[[OUTER]], %[[U]], %[[DQ]]
// CHECK: vector.multi_reduction <add>, %{{.*}} [0] : vector<2x4x16xf32> to vector<4x16xf32>
// CHECK: vector.transfer_write %{{.*}}, %[[D_Q]][
// CHECK: }
// CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %[[T:.*]]) in (%c2, %c2, %[[TILES]])
// Are all queries finite that see one of the rows?
// CHECK: scf.for {{.*}} -> (vector<8xf32>)
// CHECK: vector.transfer_read %[[FINITE]][%[[B]], {{.*}} vector<8xf32>
// CHECK: arith.cmpf uno
// CHECK: %[[ROWS:.*]] = arith.select %{{.*}}, %c1, %c16
// CHECK: scf.for %[[K:.*]] = {{.*}} step %[[ROWS]] iter_args(%[[DONE:[a-z0-9]+]] = %{{.*}}) -> (index)
// CHECK: %[[KI:.*]] = vector.transfer_read %[[K2]][%[[B]], %[[K]], %[[H]], {{.*}} vector<16x16xbf16>
// CHECK: %[[VI:.*]] = vector.transfer_read %[[V2]][%[[B]], %[[K]], %[[H]], {{.*}} vector<16x16xbf16>
// CHECK: %[[ALL:.*]] = arith.subi %[[UPPER:.*]], %[[LOWER:[a-z0-9]+]]
// CHECK: scf.for %[[N:.*]] = %c0{{.*}} to %[[ALL]] step {{.*}} iter_args(%[[DK:.*]] = %{{.*}}, %[[DV:.*]] = %{{.*}}) -> (vector<16x16xf32>, vector<16x16xf32>)
// Which one of them is it at this trip? Blocks that begin elsewhere take the same.
// CHECK: %[[BEHIND:.*]] = arith.remui %[[LOWER]], %{{.*}}
// CHECK: %[[TURN:.*]] = arith.subi %[[ALL]], %[[BEHIND]]
// CHECK: %[[NEXT:.*]] = arith.addi %[[N]], %[[TURN]]
// CHECK: %[[AGAIN:.*]] = arith.subi %[[NEXT]], %[[ALL]]
// CHECK: %[[IN:.*]] = arith.cmpi slt, %[[NEXT]], %[[ALL]]
// CHECK: %[[TIME:.*]] = arith.select %[[IN]], %[[NEXT]], %[[AGAIN]]
// CHECK: %[[J:.*]] = arith.addi %[[LOWER]], %[[TIME]]
// CHECK: %[[MORE:.*]] = arith.cmpi slt, %[[J]], %[[DONE]]
// CHECK: vector.transfer_read %[[K1]][%[[B]], %[[J]], %[[H]], {{.*}} vector<1x16xbf16>
// CHECK: vector.transfer_read %[[V1]][%[[B]], %[[J]], %[[H]], {{.*}} vector<1x16xbf16>
// CHECK: %[[LEFT:.*]] = arith.mulf
// CHECK: %[[WEIGHED:.*]] = arith.mulf
// A trip for each query: there are as many heads as columns.
// CHECK: %[[UT:.*]]:2 = scf.for {{.*}} iter_args(%[[U:.*]] = %{{.*}}, %[[TS:.*]] = %{{.*}})
// CHECK: %[[QT:.*]] = vector.transfer_read %[[Q]][{{.*}} vector<8x16xbf16>
// CHECK: %[[QF:.*]] = arith.extf %[[QT]]
// CHECK: %[[DT:.*]] = vector.transfer_read %[[D_OUT]][{{.*}} vector<8x16xbf16>
// CHECK: %[[DF:.*]] = arith.extf %[[DT]]
// Products begin with what they are less.
// CHECK: vector.transfer_read %[[LOGS]][{{.*}} : memref<2x?x16xf32>, vector<1x8xf32>
// CHECK: %[[LOG:.*]] = vector.shape_cast {{.*}} to vector<16x8xf32>
// CHECK: vector.transfer_read %[[LESS]][{{.*}} : memref<2x?x16xf32>, vector<1x8xf32>
// CHECK: %[[DELTA:.*]] = vector.shape_cast {{.*}} to vector<16x8xf32>
// CHECK: %[[S:.*]] = vector.contract {{.*}} %[[LEFT]], %[[QF]], %[[LOG]] {{.*}} into vector<16x8xf32>
// CHECK: %[[DP:.*]] = vector.contract {{.*}} %[[WEIGHED]], %[[DF]], %[[DELTA]] {{.*}} into vector<16x8xf32>
// CHECK: %[[PARTIAL:.*]] = arith.ori
// CHECK: %[[S2:.*]] = scf.if %[[PARTIAL]] -> (vector<16x8xf32>)
// CHECK-COUNT-2: arith.select {{.*}} : vector<16x8xi1>
// CHECK: } else {
// CHECK: scf.yield %[[S]]
// CHECK: %[[X:.*]] = arith.mulf %[[S2]]
// CHECK: %[[P:.*]] = math.exp2 %[[X]]
// CHECK: %[[T2:.*]] = vector.contract {{.*}} %[[P]], %[[DF]], %[[TS]] {{.*}} into vector<16x16xf32>
// CHECK: %[[DS:.*]] = arith.mulf %[[P]], %[[DP]]
// CHECK: %[[U2:.*]] = vector.contract {{.*}} %[[DS]], %[[QF]], %[[U]] {{.*}} into vector<16x16xf32>
// CHECK: scf.yield %[[U2]], %[[T2]]
// What outer key j adds to the rows' gradients, and the rows to its sums.
// CHECK: %[[KU:.*]] = arith.mulf %[[UT]]#0, %{{.*}}
// CHECK: %[[SEEN:.*]] = arith.select %{{.*}}, %[[KU]], %{{.*}} : vector<16x16xi1>
// CHECK: %[[DK2:.*]] = arith.addf %[[DK]], %[[SEEN]]
// CHECK: %[[SUM:.*]] = vector.multi_reduction <add>, %{{.*}} [1] : vector<1x16x16xf32> to vector<1x16xf32>
// There is nothing before but from other rows of the tile that have been taken.
// CHECK: %[[THERE:.*]] = arith.select %[[MORE]], %c1{{.*}}, %c0
// CHECK: %[[MASK:.*]] = vector.create_mask %[[THERE]], %c16{{.*}} : vector<1x16xi1>
// CHECK: %[[BEFORE:.*]] = vector.transfer_read %[[KEY_SUMS]][%[[B]], %[[H]], %[[T]], {{.*}}, %[[MASK]] {{.*}} vector<1x16xf32>
// CHECK: %[[ALL:.*]] = arith.addf %[[BEFORE]], %[[SUM]]
// CHECK: vector.transfer_write %[[ALL]], %[[KEY_SUMS]][%[[B]], %[[H]], %[[T]]
// CHECK: %[[DV2:.*]] = arith.addf %[[DV]]
// CHECK: vector.transfer_read %[[VALUE_SUMS]][%[[B]], %[[H]], %[[T]], {{.*}}, %{{.*}} {{.*}} vector<1x16xf32>
// CHECK: vector.transfer_write %{{.*}}, %[[VALUE_SUMS]][%[[B]], %[[H]], %[[T]]
// CHECK: scf.yield %[[DK2]], %[[DV2]]
// CHECK: vector.transfer_write %{{.*}}, %[[D_K2]][%[[B]], %[[K]], %[[H]]
// CHECK: vector.transfer_write %{{.*}}, %[[D_V2]][%[[B]], %[[K]], %[[H]]
// CHECK: }
// The sums of 32 outer keys, in the order of tiles.
// CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %{{.*}}) in
// CHECK: %[[R:.*]] = scf.for %[[T:.*]] = {{.*}} step %c1 iter_args(%[[SO_FAR:.*]] = %{{.*}}) -> (vector<32x16xf32>)
// CHECK: scf.if
// CHECK: arith.xori {{.*}} : vector<32x16xi1>
// CHECK: %[[PART:.*]] = vector.transfer_read %[[KEY_SUMS]][%[[B]], %[[H]], %[[T]], {{.*}} vector<32x16xf32>
// CHECK: arith.addf %[[SO_FAR]], %[[PART]]
// CHECK: arith.mulf %[[R]], %{{.*}}
// CHECK: vector.transfer_write %{{.*}}, %[[D_K1]][%[[B]],
// CHECK: scf.forall
// CHECK: vector.transfer_read %[[VALUE_SUMS]]
// CHECK: vector.transfer_write %{{.*}}, %[[D_V1]][
// CHECK-NOT: scf.forall
// CHECK-NOT: simplicial.
!q = memref<2x?x16x16xbf16>
!k = memref<2x?x2x16xbf16>
!lse = memref<2x16x?xf32>
func.func @heads(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                 %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {causal, w1 = 5 : i64, w2 = 20 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
       simplicial.config = {query = {block_h = 4 : i64, block_j = 2 : i64, block_k = 8 : i64, block_last = 8 : i64},
                            keys = {block_h = 8 : i64, block_q = 1 : i64, block_k = 16 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k) -> ()
  return
}

// -----

// Columns that are queries of one head. What is known of them has a dimension of its own, behind which there is room
// for a tile, and four copies, each of which begins an element later: tiles begin at a multiple of 16 bytes.

// CHECK-LABEL: func.func @queries(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V2:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK: %[[ROOM:.*]] = arith.addi %[[NQ:.*]], %c40{{[_0-9]*}}
// CHECK: %[[PARTS:.*]] = arith.divui %[[ROOM]], %c4{{[_0-9]*}}
// CHECK: %[[LENGTH:.*]] = arith.muli %[[PARTS]], %c4{{[_0-9]*}}
// CHECK-COUNT-3: memref.alloc(%[[LENGTH]]) : memref<2x3x4x?xf32>
// With few heads a block is for 32 queries of one.
// CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %{{.*}}) in (%c2{{[_0-9]*}}, %c3{{[_0-9]*}}, %{{.*}})
// CHECK: %[[I:.*]] = arith.muli %{{.*}}, %c32{{[_0-9]*}}
// CHECK: vector.transfer_read %[[Q]][%[[B]], %[[I]], %[[H]], {{.*}} vector<32x16xf32>
// CHECK: vector.transfer_write %[[DELTA:.*]], %[[DELTAS:.*]][%[[B]], %[[H]], %c0{{[_0-9]*}}, %{{.*}}], %{{.*}}
// CHECK: %[[I1:.*]] = arith.addi %[[I]], %c1{{[_0-9]*}}
// CHECK: vector.transfer_write %[[DELTA]], %[[DELTAS]][%[[B]], %[[H]], %c1{{[_0-9]*}}, %[[I1]]]
// CHECK: %[[I2:.*]] = arith.addi %[[I]], %c2{{[_0-9]*}}
// CHECK: vector.transfer_write %[[DELTA]], %[[DELTAS]][%[[B]], %[[H]], %c2{{[_0-9]*}}, %[[I2]]]
// CHECK: %[[I3:.*]] = arith.addi %[[I]], %c3{{[_0-9]*}}
// CHECK: vector.transfer_write %[[DELTA]], %[[DELTAS]][%[[B]], %[[H]], %c3{{[_0-9]*}}, %[[I3]]]
// CHECK-COUNT-4: vector.transfer_write %{{.*}}, %[[LOGS:.*]][%[[B]], %[[H]],
// CHECK-COUNT-4: vector.transfer_write %{{.*}}, %{{.*}}[%[[B]], %[[H]],
// CHECK-NOT: vector.transfer_write
// CHECK: memref.alloc
// CHECK: scf.forall
// CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %{{.*}}) in
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.for
// All tiles of queries of a head, then those of the next one.
// CHECK: scf.for %[[AT:.*]] = %c0{{.*}} to %[[TILES:.*]] step %c1{{[_0-9]*}}
// CHECK: %[[EACH_:.*]] = arith.divui %[[TILES]], %c3{{[_0-9]*}}
// CHECK: %[[EACH:.*]] = arith.maxsi %c1{{[_0-9]*}}, %[[EACH_]]
// CHECK: %[[NUMBER:.*]] = arith.remui %[[AT]], %[[EACH]]
// CHECK: %[[PART:.*]] = arith.divui %[[AT]], %[[EACH]]
// CHECK: %[[HEADS:.*]] = arith.muli %[[PART]], %c1{{[_0-9]*}} :
// CHECK: %[[HEAD:.*]] = arith.addi %{{.*}}, %[[HEADS]]
// CHECK: %[[FIRST:.*]] = arith.muli %[[NUMBER]], %c32{{[_0-9]*}}
// CHECK: %[[POSITION:.*]] = arith.addi %{{.*}}, %[[FIRST]]
// CHECK: %[[I:.*]] = arith.subi %[[POSITION]], %{{.*}}
// CHECK: %[[LEFT:.*]] = arith.subi %{{.*}}, %[[POSITION]]
// CHECK: %[[COUNT:.*]] = arith.minsi %c32{{[_0-9]*}}, %[[LEFT]]
// CHECK: %[[MASK:.*]] = vector.create_mask %[[COUNT]], %c16{{[_0-9]*}} : vector<32x16xi1>
// CHECK: vector.transfer_read %[[Q]][%[[B]], %[[I]], %[[HEAD]], %c0{{[_0-9]*}}], %{{.*}}, %[[MASK]] {{.*}} vector<32x16xf32>
// CHECK: vector.transfer_read %[[D_OUT]][%[[B]], %[[I]], %[[HEAD]], %c0{{[_0-9]*}}], %{{.*}}, %[[MASK]] {{.*}} vector<32x16xf32>
// CHECK: %[[BEYOND:.*]] = arith.remui %[[I]], %c4{{[_0-9]*}}
// CHECK: %[[COPY_:.*]] = arith.subi %c4{{[_0-9]*}}, %[[BEYOND]]
// CHECK: %[[COPY:.*]] = arith.remui %[[COPY_]], %c4{{[_0-9]*}}
// CHECK: %[[BEGIN:.*]] = arith.addi %[[I]], %[[COPY]]
// CHECK: %[[ROW:.*]] = vector.transfer_read %[[LOGS]][%[[B]], %[[HEAD]], %[[COPY]], %[[BEGIN]]], {{.*}} : memref<2x3x4x?xf32>, vector<1x32xf32>
// Columns that there are not have numbers that nobody has written.
// CHECK: %[[THERE:.*]] = vector.create_mask %[[COUNT]] : vector<32xi1>
// CHECK: %[[COLUMNS:.*]] = vector.broadcast %[[THERE]] : vector<32xi1> to vector<16x32xi1>
// CHECK: arith.select %[[COLUMNS]], %{{.*}}, %{{.*}} : vector<16x32xi1>
// CHECK: vector.transfer_read %[[DELTAS]][%[[B]], %[[HEAD]], %[[COPY]], %[[BEGIN]]]
// CHECK: vector.contract {{.*}} into vector<16x32xf32>
// Each next query sees one row further on.
// CHECK: scf.if
// CHECK: %[[ROW:.*]] = vector.step : vector<16xindex>
// CHECK: %[[COLUMN:.*]] = vector.step : vector<32xindex>
// CHECK: arith.cmpi slt, {{.*}} : vector<16x32xi32>
!q = memref<2x?x3x16xf32>
!k = memref<2x?x1x16xf32>
!lse = memref<2x3x?xf32>
func.func @queries(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                   %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {w1 = 5 : i64, w2 = 20 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
       simplicial.config = {keys = {block_h = 1 : i64, block_q = 32 : i64, block_k = 16 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k) -> ()
  return
}

// -----

// A GPU: P of the program over queries has one operation less, as what is multiplied has 16 bits, and who copies is said of
// each program that multiplies.

// CHECK-LABEL: func.func @warpgroups(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V2:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK-NOT: simplicial.stages
// CHECK: scf.forall
// CHECK: vector.contract {{.*}} : vector<128x64xbf16>, vector<64x64xbf16> into vector<128x64xf32>
// CHECK: math.fma
// CHECK-NEXT: math.exp2
// CHECK: } {simplicial.producer, simplicial.stages = 2 : i64}
// CHECK: scf.forall
// Rows are loaded once, and what an outer key makes of them is multiplied from shared memory.
// CHECK: %[[KI:.*]] = vector.transfer_read %[[K2]][{{.*}} vector<128x64xbf16>
// CHECK: %[[VI:.*]] = vector.transfer_read %[[V2]][{{.*}} vector<128x64xbf16>
// CHECK: scf.for {{.*}} -> (vector<128x64xf32>, vector<128x64xf32>)
// CHECK-NOT: vector.transfer_read {{.*}} vector<128x64xbf16>
// CHECK: %[[A:.*]] = arith.mulf %{{.*}}, %[[KI]] {simplicial.shared} : vector<128x64xbf16>
// CHECK: %[[B:.*]] = arith.mulf %{{.*}}, %[[VI]] {simplicial.shared} : vector<128x64xbf16>
// CHECK: scf.for
// CHECK: vector.contract {{.*}} %[[A]], %{{.*}} : vector<128x64xbf16>, vector<64x64xbf16> into vector<128x64xf32>
// CHECK: vector.contract {{.*}} %[[B]], %{{.*}} : vector<128x64xbf16>, vector<64x64xbf16> into vector<128x64xf32>
// CHECK: %[[P:.*]] = math.exp2 {{.*}} : vector<128x64xf32>
// CHECK: %[[P16:.*]] = arith.truncf %[[P]] : vector<128x64xf32> to vector<128x64xbf16>
// CHECK: vector.contract {{.*}} %[[P16]], %{{.*}} : vector<128x64xbf16>, vector<64x64xbf16> into vector<128x64xf32>
// CHECK-NOT: simplicial.shared
// CHECK: } {simplicial.producer, simplicial.stages = 3 : i64}
// CHECK: scf.forall
// CHECK-NOT: simplicial.stages
// CHECK: return
!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @warpgroups(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                      %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {causal, w1 = 4 : i64, w2 = 60 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
       simplicial.config = {query = {block_h = 64 : i64, block_j = 2 : i64, block_k = 64 : i64, block_last = 64 : i64, stages = 2 : i64},
                            keys = {block_h = 64 : i64, block_q = 1 : i64, block_k = 128 : i64, stages = 3 : i64, split = false}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k) -> ()
  return
}
}

// -----

// w1 > w2: k1 and v1 are the inner ones, whose gradients a tile has whole; those of k2 and v2 are summed by tile. Biases
// are those of the outer pair.

// CHECK-LABEL: func.func @swapped(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V2:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK: vector.transfer_write %{{.*}}, %[[D_Q]][
// CHECK: scf.forall
// CHECK: vector.transfer_read %[[K1]][{{.*}} vector<16x16xf32>
// CHECK: vector.transfer_read %[[V1]][{{.*}} vector<16x16xf32>
// CHECK: %[[K:.*]] = vector.transfer_read %[[K2]][{{.*}} vector<1x16xf32>
// CHECK: %[[V:.*]] = vector.transfer_read %[[V2]][{{.*}} vector<1x16xf32>
// CHECK: %[[KB:.*]] = arith.constant dense<5.000000e-01> : vector<16x16xf32>
// CHECK: arith.addf %{{.*}}, %[[KB]]
// CHECK: %[[VB:.*]] = arith.constant dense<2.000000e+00> : vector<16x16xf32>
// CHECK: arith.addf %{{.*}}, %[[VB]]
// CHECK: vector.transfer_write %{{.*}}, %[[D_K1]][
// CHECK: vector.transfer_write %{{.*}}, %[[D_V1]][
// CHECK: scf.forall
// CHECK: vector.transfer_write %{{.*}}, %[[D_K2]][
// CHECK: scf.forall
// CHECK: vector.transfer_write %{{.*}}, %[[D_V2]][
!q = memref<1x?x8x16xf32>
!k = memref<1x?x1x16xf32>
!lse = memref<1x8x?xf32>
func.func @swapped(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                   %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {w1 = 20 : i64, w2 = 5 : i64, k2_bias = 0.5 : f32, v2_bias = 2.0 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
       simplicial.config = {}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k) -> ()
  return
}

// -----

// Biases of the inner pair: in the program of queries products begin with them, in that of keys they are added to rows.

// CHECK-LABEL: func.func @inner_bias(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V2:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK: scf.forall
// CHECK: scf.forall
// CHECK: %[[A_SUM:.*]] = vector.multi_reduction <add>, %[[A:.*]], %{{.*}} [1] : vector<16x16xf32> to vector<16xf32>
// CHECK: %[[A_BIAS:.*]] = arith.constant dense<5.000000e-01> : vector<16xf32>
// CHECK: arith.mulf %[[A_SUM]], %[[A_BIAS]]
// CHECK: vector.contract {{.*}} %[[A]],
// CHECK: %[[B_SUM:.*]] = vector.multi_reduction <add>, %[[B:.*]], %{{.*}} [1] : vector<16x16xf32> to vector<16xf32>
// CHECK: %[[B_BIAS:.*]] = arith.constant dense<2.000000e+00> : vector<16xf32>
// CHECK: arith.mulf %[[B_SUM]], %[[B_BIAS]]
// CHECK: vector.contract {{.*}} %[[B]],
// CHECK: %[[DS_SUM:.*]] = vector.multi_reduction <add>, %[[DS:.*]], %{{.*}} [1] : vector<16x20xf32> to vector<16xf32>
// CHECK: arith.mulf %[[DS_SUM]], %[[A_BIAS]]
// CHECK: vector.contract {{.*}} %[[DS]],
// CHECK: scf.forall
// CHECK: %[[K:.*]] = vector.transfer_read %[[K2]][{{.*}} vector<16x16xf32>
// CHECK: %[[V:.*]] = vector.transfer_read %[[V2]][{{.*}} vector<16x16xf32>
// CHECK-DAG: arith.addf %[[K]], %{{.*}}
// CHECK-DAG: arith.addf %[[V]], %{{.*}}
// CHECK: return
!q = memref<1x?x8x16xf32>
!k = memref<1x?x1x16xf32>
!lse = memref<1x8x?xf32>
func.func @inner_bias(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                      %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {w1 = 5 : i64, w2 = 20 : i64, k2_bias = 0.5 : f32, v2_bias = 2.0 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
       simplicial.config = {}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k) -> ()
  return
}

// -----

// Cross products of planes: three products for logits, and three for what is summed over queries.

// CHECK-LABEL: func.func @determinant(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V2:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK: scf.forall
// CHECK: scf.forall
// CHECK-COUNT-3: vector.contract {{.*}} into vector<16x20xf32>
// CHECK: vector.contract {{.*}} vector<16x48xf32>, vector<20x48xf32> into vector<16x20xf32>
// CHECK: math.exp2
// CHECK-COUNT-3: vector.contract {{.*}} vector<16x20xf32>, vector<20x16xf32> into vector<16x16xf32>
// CHECK-COUNT-3: vector.transfer_write %{{.*}}, %[[D_Q]][
// CHECK: scf.forall
// CHECK: scf.for {{.*}} -> (vector<16x16xf32>, vector<16x16xf32>, vector<16x16xf32>, vector<16x48xf32>)
// CHECK-COUNT-3: arith.subf {{.*}} : vector<16x16xf32>
// CHECK: scf.for {{.*}} -> (vector<16x16xf32>, vector<16x16xf32>, vector<16x16xf32>, vector<16x48xf32>)
// CHECK-COUNT-4: vector.contract {{.*}} into vector<16x8xf32>
// CHECK: math.exp2
// CHECK: vector.contract {{.*}} into vector<16x48xf32>
// CHECK-COUNT-3: vector.contract {{.*}} into vector<16x16xf32>
// CHECK-NOT: vector.contract
// CHECK-COUNT-3: vector.transfer_write %{{.*}}, %[[D_K2]][
// CHECK: vector.transfer_write %{{.*}}, %[[D_V2]][
!q = memref<1x?x8x48xf32>
!k = memref<1x?x1x48xf32>
!lse = memref<1x8x?xf32>
func.func @determinant(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                       %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {w1 = 5 : i64, w2 = 20 : i64, form = "determinant", operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
       simplicial.config = {}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k) -> ()
  return
}

// -----

// Without windows a tile shares queries with all keys.

// CHECK-LABEL: func.func @without_windows(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK: %[[N:.*]] = memref.dim %[[K1]], %c1
// CHECK: %[[TILES:.*]] = arith.divui %{{.*}}, %c16
// CHECK: %[[SUMS:.*]] = memref.alloc(%[[TILES]], %[[N]]) : memref<1x1x?x?x16xf32>
// CHECK-NOT: scf.if {{.*}} -> (vector<16x8xf32>)
// CHECK: vector.transfer_write %{{.*}}, %[[SUMS]][
!q = memref<1x?x8x16xf32>
!k = memref<1x?x1x16xf32>
!lse = memref<1x8x?xf32>
func.func @without_windows(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                           %d_k1: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_k1)
      {k2_bias = 0.0 : f32, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0>,
       simplicial.config = {}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !k) -> ()
  return
}

// -----

// Programs whose gradients are not wanted are left out.

// CHECK-LABEL: func.func @only_d_q(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_Q:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK-COUNT-2: scf.forall
// CHECK: vector.transfer_write %{{.*}}, %[[D_Q]][
// CHECK-NOT: memref.alloc
// CHECK-NOT: scf.forall
// CHECK: return
!q = memref<1x?x8x16xf32>
!k = memref<1x?x1x16xf32>
!lse = memref<1x8x?xf32>
func.func @only_d_q(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                    %d_q: !q) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q)
      {causal, w1 = 5 : i64, w2 = 20 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// Of the inner values: no sums by tile, and one product beside that of the logits.

// CHECK-LABEL: func.func @only_d_v2(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V2:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK: scf.forall
// CHECK-NOT: vector.contract
// CHECK: scf.forall
// CHECK: scf.for {{.*}} -> (vector<16x16xf32>)
// CHECK-COUNT-2: vector.contract
// CHECK-NOT: vector.contract
// CHECK: vector.transfer_write %{{.*}}, %[[D_V2]][
// CHECK-NOT: scf.forall
// CHECK: return
!q = memref<1x?x8x16xf32>
!k = memref<1x?x1x16xf32>
!lse = memref<1x8x?xf32>
func.func @only_d_v2(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                     %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_v2)
      {causal, w1 = 5 : i64, w2 = 20 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1>,
       simplicial.config = {}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !k) -> ()
  return
}

// -----

// Of the outer keys: what they are sums of, and no gradient of the rows.

// CHECK-LABEL: func.func @only_d_k1(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK: scf.forall
// CHECK: %[[SUMS:.*]] = memref.alloc({{.*}}) : memref<1x1x?x?x16xf32>
// CHECK-NOT: memref.alloc
// CHECK: scf.forall
// CHECK-COUNT-3: vector.contract
// CHECK-NOT: vector.contract
// CHECK: vector.transfer_write %{{.*}}, %[[SUMS]][
// CHECK-NOT: vector.transfer_write
// CHECK: scf.forall
// CHECK: vector.transfer_write %{{.*}}, %[[D_K1]][
// CHECK-NOT: scf.forall
// CHECK: return
!q = memref<1x?x8x16xf32>
!k = memref<1x?x1x16xf32>
!lse = memref<1x8x?xf32>
func.func @only_d_k1(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                     %d_k1: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_k1)
      {causal, w1 = 5 : i64, w2 = 20 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0>,
       simplicial.config = {}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !k) -> ()
  return
}

// -----

// Columns of pairs: outer keys' gradients are the program's over queries, in parts of as many queries as a block takes in turn;
// that of inner keys multiplies rows as they are, and has what queries see in own memory.

// CHECK-LABEL: func.func @pairs(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V2:[a-z0-9]+]]: memref<{{[^>]*}}>
// Numbers of queries also for all columns of a tile, 8 outer keys times 2 heads.
// CHECK-COUNT-2: memref.alloc(%{{.*}}) : memref<1x?x4x16xf32>
// CHECK: scf.forall
// CHECK: scf.for {{.*}} to %c16{{.*}} step %c2
// Three queries see at most 3 - 1 + 5 outer keys.
// CHECK: arith.minsi %{{.*}}, %c7
// CHECK: %[[KEY_SUMS:.*]] = memref.alloc({{.*}} : memref<1x2x?x?x16xf32>
// CHECK: %[[VALUE_SUMS:.*]] = memref.alloc({{.*}} : memref<1x2x?x?x16xf32>
// CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %[[T:.*]]) in
// CHECK: scf.for %[[I:.*]] = {{.*}} step %c1
// All outer keys that a query sees are in one tile: d_q is what that gives, or 0 where there is none.
// CHECK-NOT: memref.alloca
// CHECK: %[[NONE:.*]] = arith.select %{{.*}}, %c0, %c1
// CHECK: scf.for %{{.*}} = %c0 to %[[NONE]] step %c1
// CHECK: vector.transfer_write %{{.*}}, %[[D_Q]][
// CHECK: scf.for %[[J:.*]] = {{.*}} step %c16{{[_0-9]*}} {
// CHECK: %[[A:.*]] = arith.mulf {{.*}} {simplicial.shared} : vector<64x16xbf16>
// CHECK: %[[W:.*]] = arith.mulf {{.*}} {simplicial.shared} : vector<64x16xbf16>
// CHECK: %[[WY:.*]]:2 = scf.for {{.*}} iter_args(%[[W0:.*]] = %{{.*}}, %[[Y0:.*]] = %{{.*}}) -> (vector<64x16xf32>, vector<64x16xf32>)
// CHECK: vector.contract {{.*}} %[[A]],
// CHECK: vector.contract {{.*}} %[[W]],
// CHECK: vector.contract {{.*}} %[[Y0]] :
// CHECK: vector.contract {{.*}} %[[W0]] :
// The outer tile's part of d_q, summed over outer keys, and of their gradients, summed over heads.
// CHECK: vector.multi_reduction <add>, %{{.*}} [0] : vector<16x4x16xf32> to vector<4x16xf32>
// CHECK: vector.transfer_write %{{.*}}, %[[D_Q]][
// CHECK: %[[KW:.*]] = arith.mulf %[[WY]]#0
// CHECK: %[[HEADS:.*]] = vector.shape_cast %[[KW]] : vector<64x16xf32> to vector<16x4x16xf32>
// CHECK: %[[PART:.*]] = vector.multi_reduction <add>, %[[HEADS]], %{{.*}} [1] : vector<16x4x16xf32> to vector<16x16xf32>
// CHECK: %[[BEFORE:.*]] = vector.transfer_read %[[KEY_SUMS]][%[[B]], %{{.*}}, %[[T]], {{.*}} vector<16x16xf32>
// CHECK: arith.addf %[[BEFORE]], %[[PART]]
// CHECK: vector.transfer_write %{{.*}}, %[[KEY_SUMS]][%[[B]], %{{.*}}, %[[T]]
// CHECK: arith.mulf %[[WY]]#1
// CHECK: vector.transfer_write %{{.*}}, %[[VALUE_SUMS]][
// CHECK-NOT: vector.transfer_write
// CHECK: } {simplicial.producer, simplicial.stages = 2 : i64}
// CHECK: scf.forall
// CHECK: %[[KI:.*]] = vector.transfer_read %[[K2]][{{.*}}simplicial.shared{{.*}} vector<64x16xbf16>
// CHECK: %[[VI:.*]] = vector.transfer_read %[[V2]][{{.*}}simplicial.shared{{.*}} vector<64x16xbf16>
// CHECK: scf.for {{.*}} step %c4{{[_0-9]*}} iter_args
// CHECK: memref.alloca() {{.*}}xbf16>
// CHECK: scf.for
// CHECK: scf.for {{.*}} step %c8{{[_0-9]*}} iter_args(%[[DK:.*]] = %{{.*}}, %[[DV:.*]] = %{{.*}})
// CHECK: %[[QK:.*]] = arith.mulf {{.*}} : vector<16x16xbf16>
// CHECK: %[[DOV:.*]] = arith.mulf {{.*}} : vector<16x16xbf16>
// CHECK: vector.contract {{.*}} %[[KI]], %[[QK]], %{{.*}} into vector<64x16xf32>
// CHECK: vector.contract {{.*}} %[[VI]], %[[DOV]], %{{.*}} into vector<64x16xf32>
// CHECK: math.exp2
// CHECK: vector.contract {{.*}}, %[[DOV]], %[[DV]] :
// CHECK: vector.contract {{.*}}, %[[QK]], %[[DK]] :
// CHECK: vector.transfer_write %{{.*}}, %[[D_K2]][
// CHECK: vector.transfer_write %{{.*}}, %[[D_V2]][
// CHECK: scf.forall
// CHECK: vector.transfer_read %[[KEY_SUMS]]
// CHECK: vector.transfer_write %{{.*}}, %[[D_K1]][
// CHECK: scf.forall
// CHECK: vector.transfer_read %[[VALUE_SUMS]]
// CHECK: vector.transfer_write %{{.*}}, %[[D_V1]][
!q = memref<1x?x8x16xbf16>
!k = memref<1x?x2x16xbf16>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @pairs(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                 %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {causal, w1 = 5 : i64, w2 = 60 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
       simplicial.config = {query = {turns = 3 : i64, block_j = 16 : i64, local_sums = false},
                            keys = {by_pairs = true, block_h = 2 : i64, turns = 4 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k) -> ()
  return
}
}

// -----

// What a block's queries add to outer keys' gradients is in memory of its own, with a row for each key that some of three
// queries see, and is written to the parts behind the last one.

// CHECK-LABEL: func.func @local_sums(
// CHECK: %[[KEY_SUMS:.*]] = memref.alloc({{.*}} : memref<1x2x?x?x16xf32>
// CHECK: %[[VALUE_SUMS:.*]] = memref.alloc({{.*}} : memref<1x2x?x?x16xf32>
// CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %[[T:.*]]) in
// CHECK: %[[OWN_KEYS:.*]] = memref.alloca() {{.*}} : memref<7x16xf32>
// CHECK: %[[OWN_VALUES:.*]] = memref.alloca() {{.*}} : memref<7x16xf32>
// CHECK: scf.for %[[I:.*]] = {{.*}} step %c1
// CHECK: %[[BEFORE:.*]] = vector.transfer_read %[[OWN_KEYS]][{{.*}} vector<16x16xf32>
// CHECK: %[[SUM:.*]] = arith.addf %[[BEFORE]],
// CHECK: vector.transfer_write %[[SUM]], %[[OWN_KEYS]][
// CHECK: vector.transfer_write %{{.*}}, %[[OWN_VALUES]][
// CHECK-NOT: vector.transfer_write
// CHECK: scf.for %[[J:.*]] = %c0 to %{{.*}} step %c16
// CHECK: %[[KEY_PART:.*]] = vector.transfer_read %[[OWN_KEYS]][%[[J]], %c0]
// CHECK: vector.transfer_write %[[KEY_PART]], %[[KEY_SUMS]][%[[B]], %{{.*}}, %[[T]], %[[J]], %c0]
// CHECK: scf.for %[[J2:.*]] = %c0 to %{{.*}} step %c16
// CHECK: %[[VALUE_PART:.*]] = vector.transfer_read %[[OWN_VALUES]][%[[J2]], %c0]
// CHECK: vector.transfer_write %[[VALUE_PART]], %[[VALUE_SUMS]][%[[B]], %{{.*}}, %[[T]], %[[J2]], %c0]
!q = memref<1x?x8x16xbf16>
!k = memref<1x?x2x16xbf16>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @local_sums(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                      %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {causal, w1 = 5 : i64, w2 = 60 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
       simplicial.config = {query = {turns = 3 : i64, block_j = 16 : i64, local_sums = true}, keys = {by_pairs = true}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k) -> ()
  return
}
}

// -----

// With several outer tiles d_q is in the block's own memory, which is written to the result behind them.

// CHECK-LABEL: func.func @pairs_of_tiles(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK: %[[OWN:.*]] = memref.alloca() {{.*}} : memref<4x16xf32>
// CHECK: vector.transfer_write %{{.*}}, %[[OWN]]
// CHECK: scf.for %{{.*}} step %c32
// CHECK: vector.multi_reduction <add>, %{{.*}} [0] : vector<32x4x16xf32> to vector<4x16xf32>
// CHECK: %[[SO_FAR:.*]] = vector.transfer_read %[[OWN]]
// CHECK: %[[MORE:.*]] = arith.addf %[[SO_FAR]], %{{.*}}
// CHECK: vector.transfer_write %[[MORE]], %[[OWN]]
// CHECK: vector.transfer_read %[[OWN]]
// CHECK: vector.transfer_write %{{.*}}, %[[D_Q]][
!q = memref<1x?x8x16xbf16>
!k = memref<1x?x2x16xbf16>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @pairs_of_tiles(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                          %d_q: !q, %d_k1: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1)
      {causal, w1 = 40 : i64, w2 = 60 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0>,
       simplicial.config = {query = {local_sums = false}, keys = {by_pairs = true, block_h = 2 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k) -> ()
  return
}
}
