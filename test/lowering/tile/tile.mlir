// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-configure,simplicial-tile,cse)' | FileCheck %s

// The tile program: one query and 4 heads times 2 keys of the outer window, with
// tiles of 8 keys of the inner one.

// CHECK-LABEL: func.func @kj(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>,
// CHECK-SAME: %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<
// CHECK-DAG: %[[N:.*]] = memref.dim %[[K1]]
// CHECK-DAG: %[[NQ:.*]] = memref.dim %[[Q]]
// CHECK-DAG: %[[SHIFT:.*]] = arith.subi %[[N]], %[[NQ]]
// CHECK: scf.forall (%[[B:.*]], %[[HB:.*]], %[[I:.*]]) in
// The first head, and the key head it reads.
// CHECK: %[[HEAD:.*]] = arith.muli %[[HB]], %c4
// CHECK: %[[KEY_HEAD:.*]] = arith.divui %[[HEAD]], %c4
// The query's position and its windows.
// CHECK: %[[P:.*]] = arith.addi %[[I]], %[[SHIFT]]
// CHECK: %[[JLO_:.*]] = arith.subi %[[P]], %c4
// CHECK: %[[JLO:.*]] = arith.maxsi %{{.*}}, %[[JLO_]]
// CHECK: %[[END:.*]] = arith.addi %[[P]], %c1
// CHECK: %[[KLO_:.*]] = arith.subi %[[P]], %c15
// CHECK: %[[KLO:.*]] = arith.maxsi %{{.*}}, %[[KLO_]]
// CHECK: %[[QT:.*]] = vector.transfer_read %[[Q]][%[[B]], %[[I]], %[[HEAD]], {{.*}} vector<4x16xbf16>
// CHECK: scf.for %[[K:.*]] = %[[KLO]] to %[[END]] step %c8
// CHECK-SAME: vector<8xf32>, vector<8xf32>, vector<8x16xf32>
// CHECK: %[[LEFT:.*]] = arith.subi %[[END]], %[[K]]
// CHECK: %[[COUNT:.*]] = arith.minsi %[[LEFT]], %c8
// CHECK: vector.create_mask %[[COUNT]], %c16 : vector<8x16xi1>
// CHECK: vector.transfer_read %[[K2]][%[[B]], %[[K]], %[[KEY_HEAD]], {{.*}} vector<8x16xbf16>
// CHECK: vector.transfer_read %[[V2]][%[[B]], %[[K]], %[[KEY_HEAD]], {{.*}} vector<8x16xbf16>
// CHECK: scf.for %[[J:.*]] = %[[JLO]] to %[[END]] step %c2
// CHECK: vector.transfer_read %[[K1]][%[[B]], %[[J]], {{.*}} vector<2x16xbf16>
// CHECK: %[[A:.*]] = arith.mulf {{.*}} : vector<8x16xf32>
// Logits, with what is outside of either window at minus infinity.
// CHECK: %[[S:.*]] = vector.contract {{.*}} %[[A]], {{.*}} vector<8x16xf32>, vector<8x16xf32> into vector<8x8xf32>
// CHECK: %[[S1:.*]] = arith.select %{{.*}}, %[[S]], %[[INF:.*]] : vector<8x8xi1>
// CHECK: %[[S2:.*]] = arith.select %{{.*}}, %[[S1]], %[[INF]] : vector<8x8xi1>
// One step of the online softmax.
// CHECK: %[[MAX:.*]] = vector.multi_reduction <maxnumf>, %[[S2]], %{{.*}} [1]
// CHECK: %[[SCALED:.*]] = arith.mulf %[[MAX]]
// CHECK: %[[M:.*]] = arith.maxnumf %[[OLD_M:.*]], %[[SCALED]]
// CHECK: %[[X:.*]] = math.fma %[[S2]]
// CHECK: %[[P2:.*]] = math.exp2 %[[X]] : vector<8x8xf32>
// CHECK: %[[DIFF:.*]] = arith.subf %[[OLD_M]], %[[M]]
// CHECK: %[[ALPHA:.*]] = math.exp2 %[[DIFF]]
// CHECK: %[[OLD_L:.*]] = arith.mulf %{{.*}}, %[[ALPHA]] : vector<8xf32>
// CHECK: %[[SUM:.*]] = vector.multi_reduction <add>, %[[P2]], %{{.*}} [1]
// CHECK: %[[L:.*]] = arith.addf %[[OLD_L]], %[[SUM]]
// CHECK: vector.transfer_read %[[V1]][%[[B]], %[[J]], {{.*}} vector<2x16xbf16>
// CHECK: %[[PV:.*]] = vector.contract {{.*}} %[[P2]], {{.*}} into vector<8x16xf32>
// CHECK: %[[ACC:.*]] = math.fma %{{.*}}, %[[PV]], %{{.*}} : vector<8x16xf32>
// CHECK: scf.yield %[[M]], %[[L]], %[[ACC]]
// The rows of a head merge.
// CHECK: vector.multi_reduction <maxnumf>, %{{.*}} [0] : vector<2x4xf32> to vector<4xf32>
// CHECK: vector.multi_reduction <add>, %{{.*}} [0] : vector<2x4xf32> to vector<4xf32>
// CHECK: vector.multi_reduction <add>, %{{.*}} [0] : vector<2x4x16xf32> to vector<4x16xf32>
// CHECK: arith.truncf %{{.*}} : vector<4x16xf32> to vector<4x16xbf16>
// CHECK: vector.transfer_write %{{.*}}, %[[OUT]][%[[B]], %[[I]], %[[HEAD]]
// CHECK: math.log
// CHECK: vector.transfer_write %{{.*}}, %[[LSE]][%[[B]], %[[HEAD]], %[[I]]]
// CHECK-NOT: simplicial.
func.func @kj(%q: memref<2x?x8x16xbf16>, %k1: memref<2x?x2x16xbf16>, %k2: memref<2x?x2x16xbf16>,
              %v1: memref<2x?x2x16xbf16>, %v2: memref<2x?x2x16xbf16>, %out: memref<2x?x8x16xbf16>,
              %lse: memref<2x8x?xf32>) {
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out, %lse)
      {w1 = 5 : i64, w2 = 16 : i64, causal,
       simplicial.config = {block_h = 4 : i64, block_j = 2 : i64, block_k = 8 : i64}}
    : (memref<2x?x8x16xbf16>, memref<2x?x2x16xbf16>, memref<2x?x2x16xbf16>, memref<2x?x2x16xbf16>,
       memref<2x?x2x16xbf16>, memref<2x?x8x16xbf16>, memref<2x8x?xf32>) -> ()
  return
}

// The other order: the loop over the outer window is outside. Products in the
// input's type: the combined tile and the probabilities are rounded to it.

// CHECK-LABEL: func.func @jk(
// CHECK: scf.for %{{.*}} step %c2
// CHECK: arith.mulf {{.*}} : vector<8x16xbf16>
// CHECK: scf.for %{{.*}} step %c8
// CHECK: vector.contract {{.*}} vector<8x16xbf16>, vector<8x16xbf16> into vector<8x8xf32>
// CHECK: arith.truncf %{{.*}} : vector<8x8xf32> to vector<8x8xbf16>
// CHECK: %[[PV:.*]] = vector.contract {{.*}} vector<8x8xbf16>, vector<8x16xbf16> into vector<8x16xf32>
// CHECK: scf.yield {{.*}}%[[PV]] :
// Behind it the sum is multiplied by v1, and added to what it was before.
// CHECK: %[[BEFORE:.*]] = arith.mulf %{{.*}} : vector<8x16xf32>
// CHECK: math.fma %{{.*}}, %{{.*}}, %[[BEFORE]] : vector<8x16xf32>
// There is no lse, so no logarithm.
// CHECK-NOT: math.log
// CHECK: return
func.func @jk(%q: memref<2x?x8x16xbf16>, %kv: memref<2x?x2x16xbf16>, %out: memref<2x?x8x16xbf16>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {w1 = 5 : i64, w2 = 16 : i64,
       simplicial.config = {block_h = 4 : i64, block_j = 2 : i64, block_k = 8 : i64, order = "jk", operand = bf16}}
    : (memref<2x?x8x16xbf16>, memref<2x?x2x16xbf16>, memref<2x?x2x16xbf16>, memref<2x?x2x16xbf16>,
       memref<2x?x2x16xbf16>, memref<2x?x8x16xbf16>) -> ()
  return
}

// Where one outer tile has all keys of a window there is no loop over them, and
// none over inner keys where it is empty.

// CHECK-LABEL: func.func @one_outer_tile(
// CHECK: scf.forall
// CHECK-NOT: scf.for
// CHECK: %[[SOME:.*]] = arith.cmpi slt, %{{.*}}, %{{.*}} : index
// CHECK: %[[END:.*]] = arith.select %[[SOME]], %{{.*}}, %[[BEGIN:[a-z0-9_]+]] : index
// CHECK-NOT: scf.for
// CHECK: arith.mulf {{.*}} : vector<32x16xbf16>
// CHECK: %[[SUMS:.*]]:3 = scf.for %{{.*}} = %[[BEGIN]] to %[[END]] step %c8
// CHECK-NOT: scf.for
// CHECK: arith.mulf %{{.*}}, %[[SUMS]]#2 : vector<32x16xf32>
// CHECK-NOT: scf.for
// CHECK: return
func.func @one_outer_tile(%q: memref<2x?x8x16xbf16>, %kv: memref<2x20x2x16xbf16>, %out: memref<2x?x8x16xbf16>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {w1 = 5 : i64, w2 = 16 : i64, causal,
       simplicial.config = {block_h = 4 : i64, block_j = 8 : i64, block_k = 8 : i64, order = "jk", operand = bf16}}
    : (memref<2x?x8x16xbf16>, memref<2x20x2x16xbf16>, memref<2x20x2x16xbf16>, memref<2x20x2x16xbf16>,
       memref<2x20x2x16xbf16>, memref<2x?x8x16xbf16>) -> ()
  return
}

// Where there may be no key at all there is: nothing is loaded then.

// CHECK-LABEL: func.func @one_outer_tile_or_none(
// CHECK: scf.forall
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c8
// CHECK: vector.transfer_read %arg1[
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c8
// CHECK-NOT: scf.for
// CHECK: return
func.func @one_outer_tile_or_none(%q: memref<2x?x8x16xbf16>, %kv: memref<2x?x2x16xbf16>, %out: memref<2x?x8x16xbf16>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {w1 = 5 : i64, w2 = 16 : i64, causal,
       simplicial.config = {block_h = 4 : i64, block_j = 8 : i64, block_k = 8 : i64, order = "jk", operand = bf16}}
    : (memref<2x?x8x16xbf16>, memref<2x?x2x16xbf16>, memref<2x?x2x16xbf16>, memref<2x?x2x16xbf16>,
       memref<2x?x2x16xbf16>, memref<2x?x8x16xbf16>) -> ()
  return
}

// w1 > w2: the pairs change roles, and k2, v2 and their biases are outer.

// CHECK-LABEL: func.func @swapped(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]:
// CHECK: scf.for
// CHECK: vector.transfer_read %[[K1]][{{.*}} vector<8x16xf32>
// CHECK: vector.transfer_read %[[V1]][{{.*}} vector<8x16xf32>
// CHECK: scf.for
// CHECK: vector.transfer_read %[[K2]][{{.*}} vector<2x16xf32>
// CHECK: %[[K:.*]] = vector.shape_cast %{{.*}} : vector<2x4x16xf32> to vector<8x16xf32>
// CHECK: %[[KB:.*]] = arith.constant dense<5.000000e-01> : vector<8x16xf32>
// CHECK: arith.addf %[[K]], %[[KB]]
// CHECK: vector.transfer_read %[[V2]][{{.*}} vector<2x16xf32>
// CHECK: %[[V:.*]] = vector.shape_cast %{{.*}} : vector<2x4x16xf32> to vector<8x16xf32>
// CHECK: %[[VB:.*]] = arith.constant dense<2.000000e+00> : vector<8x16xf32>
// CHECK: arith.addf %[[V]], %[[VB]]
func.func @swapped(%q: memref<2x?x8x16xf32>, %k1: memref<2x?x2x16xf32>, %k2: memref<2x?x2x16xf32>,
                   %v1: memref<2x?x2x16xf32>, %v2: memref<2x?x2x16xf32>, %out: memref<2x?x8x16xf32>) {
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out)
      {w1 = 16 : i64, w2 = 5 : i64, k2_bias = 0.5 : f32, v2_bias = 2.0 : f32,
       simplicial.config = {block_h = 4 : i64, block_j = 2 : i64, block_k = 8 : i64}}
    : (memref<2x?x8x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>,
       memref<2x?x2x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}

// Biases of the inner pair are what the products start from.

// CHECK-LABEL: func.func @inner_bias(
// CHECK: %[[ROWS:.*]] = vector.multi_reduction <add>, %[[A:.*]], %{{.*}} [1] : vector<8x16xf32> to vector<8xf32>
// CHECK: %[[INIT:.*]] = arith.mulf %[[ROWS]], %{{.*}} : vector<8xf32>
// CHECK: %[[COLUMN:.*]] = vector.shape_cast %[[INIT]]
// CHECK: %[[TILE:.*]] = vector.broadcast %[[COLUMN]] : vector<8x1xf32> to vector<8x8xf32>
// CHECK: vector.contract {{.*}} %[[A]], %{{.*}}, %[[TILE]]
// CHECK: %[[SUM:.*]] = vector.multi_reduction <add>, %[[P:.*]], %{{.*}} [1] : vector<8x8xf32> to vector<8xf32>
// CHECK: arith.mulf %[[SUM]]
// CHECK: vector.contract {{.*}} %[[P]]
func.func @inner_bias(%q: memref<2x?x8x16xf32>, %kv: memref<2x?x2x16xf32>, %out: memref<2x?x8x16xf32>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {w1 = 5 : i64, w2 = 16 : i64, k2_bias = 0.5 : f32, v2_bias = 2.0 : f32,
       simplicial.config = {block_h = 4 : i64, block_j = 2 : i64, block_k = 8 : i64}}
    : (memref<2x?x8x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>,
       memref<2x?x2x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}

// The determinant: three planes of a cross product, three products.

// CHECK-LABEL: func.func @determinant(
// CHECK-COUNT-3: arith.subf {{.*}} : vector<8x16xf32>
// CHECK: %[[S0:.*]] = vector.contract {{.*}} vector<8x16xf32>, vector<8x16xf32> into vector<8x8xf32>
// CHECK: %[[S1:.*]] = vector.contract {{.*}}, %[[S0]] : vector<8x16xf32>, vector<8x16xf32> into vector<8x8xf32>
// CHECK: vector.contract {{.*}}, %[[S1]] : vector<8x16xf32>, vector<8x16xf32> into vector<8x8xf32>
// CHECK: vector.contract {{.*}} into vector<8x48xf32>
func.func @determinant(%q: memref<2x?x8x48xf32>, %kv: memref<2x?x2x48xf32>, %out: memref<2x?x8x48xf32>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {w1 = 5 : i64, w2 = 16 : i64, form = "determinant",
       simplicial.config = {block_h = 4 : i64, block_j = 2 : i64, block_k = 8 : i64}}
    : (memref<2x?x8x48xf32>, memref<2x?x2x48xf32>, memref<2x?x2x48xf32>, memref<2x?x2x48xf32>,
       memref<2x?x2x48xf32>, memref<2x?x8x48xf32>) -> ()
  return
}

// Without windows and mask every key is attended to.

// CHECK-LABEL: func.func @unbounded(
// CHECK: %[[N:.*]] = memref.dim %{{[a-z0-9]+}}, %c1{{.*}} : memref<2x?x2x16xf32>
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %[[N]]
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %[[N]]
func.func @unbounded(%q: memref<2x?x8x16xf32>, %kv: memref<2x?x2x16xf32>, %out: memref<2x?x8x16xf32>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
    : (memref<2x?x8x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>,
       memref<2x?x2x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}

// Whole inner tiles first, without masks, then the rest. Sums are scaled only
// where a logit is more than 8 above its row's m, and m moves only there.

// CHECK-LABEL: func.func @gpu(
// CHECK: %[[TILES:.*]] = arith.divui %{{.*}}, %c16
// CHECK: %[[WHOLE:.*]] = arith.muli %[[TILES]], %c16
// CHECK: %[[MIDDLE:.*]] = arith.addi %[[LOWER:.*]], %[[WHOLE]]
// CHECK: %[[STATE:.*]]:3 = scf.for %{{.*}} = %[[LOWER]] to %[[MIDDLE]] step %c16
// CHECK-NOT: vector.create_mask
// CHECK: %[[S:.*]] = vector.contract {{.*}} into vector<4x16xf32>
// CHECK: %[[S0:.*]] = vector.extract_strided_slice %[[S]] {offsets = [0, 0], sizes = [4, 8]
// CHECK: %[[S1:.*]] = vector.extract_strided_slice %[[S]] {offsets = [0, 8], sizes = [4, 8]
// CHECK: %[[MAX:.*]] = arith.maxnumf %[[S0]], %[[S1]] : vector<4x8xf32>
// CHECK: %[[SCALED:.*]] = arith.mulf %[[MAX]]
// CHECK: %[[BOUND:.*]] = arith.addf %[[M:.*]], %{{.*}} : vector<4xf32>
// CHECK: %[[ABOVE:.*]] = arith.cmpf ogt, %[[SCALED]], %{{.*}} : vector<4x8xf32>
// CHECK: %[[ANY:.*]] = vector.multi_reduction <or>, %[[ABOVE]], %false {{.*}}[0, 1] : vector<4x8xi1> to i1
// CHECK: %[[NEW:.*]]:3 = scf.if %[[ANY]] -> (vector<4xf32>, vector<4xf32>, vector<4x48xf32>) {
// CHECK: %[[ROW_MAX:.*]] = vector.multi_reduction <maxnumf>, %[[SCALED]]
// CHECK: %[[MOVED:.*]] = arith.cmpf ogt, %[[ROW_MAX]], %[[BOUND]]
// CHECK: %[[NEW_M:.*]] = arith.select %[[MOVED]], %[[ROW_MAX]], %[[M]]
// CHECK: math.exp2
// CHECK: scf.yield %[[NEW_M]]
// CHECK: } else {
// CHECK: scf.yield %[[M]]
// CHECK: arith.negf %[[NEW]]#0
// CHECK: scf.for %{{.*}} = %[[MIDDLE]] to %{{.*}} step %c16 iter_args(%{{.*}} = %[[STATE]]#0
// CHECK: vector.create_mask
// CHECK: arith.select %{{.*}} : vector<4x16xi1>, vector<4x16xf32>
func.func @gpu(%q: memref<2x?x4x48xf32>, %kv: memref<2x?x1x48xf32>, %out: memref<2x?x4x48xf32>) attributes {simplicial.target = "sm_80"} {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {w1 = 5 : i64, w2 = 16 : i64, simplicial.config = {block_q = 1 : i64, block_j = 1 : i64, local_outer = false}}
    : (memref<2x?x4x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>,
       memref<2x?x1x48xf32>, memref<2x?x4x48xf32>) -> ()
  return
}

// Operands of tf32 are rounded where they enter products; what they are made of
// is f32.

// CHECK-LABEL: func.func @tf32(
// CHECK: arith.truncf {{.*}} vector<16x48xf32> to vector<16x48xtf32>
// CHECK: arith.mulf {{.*}} : vector<4x48xf32>
// CHECK: arith.truncf {{.*}} vector<4x48xf32> to vector<4x48xtf32>
// CHECK: vector.contract {{.*}} vector<4x48xtf32>, vector<16x48xtf32> into vector<4x16xf32>
func.func @tf32(%q: memref<2x?x4x48xf32>, %kv: memref<2x?x1x48xf32>, %out: memref<2x?x4x48xf32>) attributes {simplicial.target = "sm_80"} {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {w1 = 5 : i64, w2 = 16 : i64, simplicial.config = {block_q = 1 : i64, block_j = 1 : i64, local_outer = false, operand = tf32}}
    : (memref<2x?x4x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>,
       memref<2x?x1x48xf32>, memref<2x?x4x48xf32>) -> ()
  return
}

// Sums in columns: of a tile of 16 columns, the first 8 and the next are added
// to l as they are. It is scaled by row, and its columns are added at the end.

// CHECK-LABEL: func.func @sum_columns(
// CHECK: scf.for {{.*}} -> (vector<4xf32>, vector<4x8xf32>, vector<4x48xf32>)
// CHECK: %[[P:.*]] = math.exp2 %{{.*}} : vector<4x16xf32>
// CHECK-NOT: vector.multi_reduction <add>
// CHECK: %[[FIRST:.*]] = vector.extract_strided_slice %[[P]] {offsets = [0, 0], sizes = [4, 8], strides = [1, 1]}
// CHECK: %[[L:.*]] = arith.addf %{{.*}}, %[[FIRST]] : vector<4x8xf32>
// CHECK: %[[SECOND:.*]] = vector.extract_strided_slice %[[P]] {offsets = [0, 8], sizes = [4, 8], strides = [1, 1]}
// CHECK: arith.addf %[[L]], %[[SECOND]] : vector<4x8xf32>
// CHECK: vector.multi_reduction <add>, %{{.*}} [1] : vector<4x8xf32> to vector<4xf32>
func.func @sum_columns(%q: memref<2x?x4x48xf32>, %kv: memref<2x?x1x48xf32>, %out: memref<2x?x4x48xf32>) attributes {simplicial.target = "sm_80"} {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {w1 = 5 : i64, w2 = 16 : i64, simplicial.config = {block_q = 1 : i64, block_j = 1 : i64, local_outer = false, sum_columns = 8 : i64}}
    : (memref<2x?x4x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>,
       memref<2x?x1x48xf32>, memref<2x?x4x48xf32>) -> ()
  return
}

// Four queries are the rows of a tile, a head of each. The outer window of all
// of them is loaded once. Inner tiles are masked by row where not all queries
// see all of them, in their three first and three last keys; and where they do
// not, and a value is not finite, one query at a time is taken.

// CHECK-LABEL: func.func @queries(
// CHECK: scf.forall
// CHECK: scf.for {{.*}} -> (vector<4xf32>) {
// CHECK: vector.transfer_read {{.*}} vector<4x48xf32>
// CHECK: arith.mulf
// CHECK: vector.multi_reduction <add>
// CHECK: %[[NAN:.*]] = arith.cmpf uno
// CHECK: %[[ANY:.*]] = vector.multi_reduction <or>, %[[NAN]]
// CHECK: %[[AT_ONCE:.*]] = arith.select %[[ANY]], %c1{{.*}}, %c4
// CHECK: scf.for %{{.*}} step %[[AT_ONCE]] {
// CHECK: %[[KEYS:.*]] = memref.alloca() {alignment = 64 : i64} : memref<4x48xf32>
// CHECK: arith.xori %{{.*}} : vector<4x48xi1>
// CHECK: vector.transfer_write %{{.*}}, %[[KEYS]]
// CHECK: vector.create_mask %{{.*}} : vector<4x1x48xi1>
// CHECK: %[[Q:.*]] = vector.transfer_read %arg0{{.*}} vector<4x1x48xf32>
// CHECK: vector.shape_cast %[[Q]] : vector<4x1x48xf32> to vector<4x48xf32>
// CHECK: scf.for %[[K:.*]] = {{.*}} step %c16
// CHECK: vector.transfer_read %[[KEYS]]{{.*}} vector<4x48xf32>
// CHECK: %[[S:.*]] = vector.contract {{.*}} into vector<4x16xf32>
// CHECK: %[[ROWS:.*]] = scf.if %{{.*}} -> (vector<4x16xf32>) {
// CHECK: } else {
// CHECK: scf.yield %[[S]]
// CHECK: scf.if %{{.*}} -> (vector<4x16xf32>) {
// CHECK: %[[QUERY:.*]] = vector.step : vector<4xindex>
// CHECK: %[[COLUMN:.*]] = vector.step : vector<16xindex>
// CHECK: arith.cmpi slt, {{.*}} : vector<4x16xi32>
// CHECK: %[[LAST:.*]] = vector.create_mask %c13{{.*}} : vector<16xi1>
// CHECK: vector.broadcast %[[LAST]]
// CHECK: %[[FIRST:.*]] = vector.create_mask %c3{{.*}} : vector<16xi1>
// CHECK: vector.broadcast %[[FIRST]]
// CHECK: } else {
// CHECK: scf.yield %[[ROWS]]
// CHECK: vector.transfer_write {{.*}} : vector<4x1x48xf32>, memref<2x?x1x48xf32>
// CHECK: vector.transfer_write {{.*}} : vector<4x1xf32>, memref<2x1x?xf32>
func.func @queries(%q: memref<2x?x1x48xf32>, %kv: memref<2x?x1x48xf32>, %out: memref<2x?x1x48xf32>, %lse: memref<2x1x?xf32>) attributes {simplicial.target = "sm_80"} {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out, %lse)
      {causal, w1 = 1 : i64, w2 = 16 : i64,
       simplicial.config = {block_q = 4 : i64, block_tail = 16 : i64, local_outer = true}}
    : (memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>,
       memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x1x?xf32>) -> ()
  return
}

// Rows of two shares of each query's outer window of six keys: own memory has
// these for all queries once, and is read as [share, query].

// CHECK-LABEL: func.func @shares(
// CHECK: %[[OWN:.*]] = memref.alloca() {{.*}} : memref<9x48xf32>
// CHECK: %[[KEYS:.*]] = memref.reinterpret_cast %[[OWN]] to offset: [0], sizes: [2, 6, 48], strides: [144, 48, 1]
// CHECK: scf.for %[[STEP:.*]] = %{{.*}} to %c3 step %c1
// CHECK: vector.transfer_read %[[KEYS]][%c0, %{{.*}}, %c0], {{.*}} vector<2x4x48xf32>
// CHECK: arith.muli {{.*}} : vector<8xi32>
// CHECK: vector.contract {{.*}} into vector<8x16xf32>
// CHECK: vector.multi_reduction <maxnumf>, {{.*}} [0] : vector<2x4xf32> to vector<4xf32>
func.func @shares(%q: memref<2x?x1x48xf32>, %kv: memref<2x?x1x48xf32>, %out: memref<2x?x1x48xf32>, %lse: memref<2x1x?xf32>) attributes {simplicial.target = "sm_80"} {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out, %lse)
      {causal, w1 = 6 : i64, w2 = 16 : i64,
       simplicial.config = {block_q = 4 : i64, block_j = 2 : i64, block_k = 16 : i64, block_tail = 0 : i64, local_outer = true}}
    : (memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x?x1x48xf32>,
       memref<2x?x1x48xf32>, memref<2x?x1x48xf32>, memref<2x1x?xf32>) -> ()
  return
}

// Steps of two inner tiles: the second one's logits come before the product of
// the first one with its values, which is scaled with the rest. V1 multiplies
// what the step has summed. Of a window of 60 keys a step takes 48; the rest
// comes in tiles of 16, as all of it may.

// CHECK-LABEL: func.func @steps(
// CHECK: %[[STEPS:.*]] = arith.divui %{{.*}}, %c48
// CHECK: %[[WHOLE:.*]] = arith.muli %[[STEPS]], %c48
// CHECK: %[[END:.*]] = arith.addi %[[LO:.*]], %[[WHOLE]]
// CHECK: %[[FIRST:.*]]:4 = scf.for %[[K:.*]] = %[[LO]] to %[[END]] step %c48 iter_args({{.*}} = %[[LO]])
// CHECK-NOT: vector.create_mask
// CHECK: %[[K0:.*]] = vector.transfer_read %{{.*}}[%{{.*}}, %[[K]], {{.*}} vector<32x64xbf16>
// CHECK: %[[V0:.*]] = vector.transfer_read %{{.*}}[%{{.*}}, %[[K]], {{.*}} vector<32x64xbf16>
// CHECK: %[[SECOND:.*]] = arith.addi %[[K]], %c32
// CHECK: %[[K1:.*]] = vector.transfer_read %{{.*}}[%{{.*}}, %[[SECOND]], {{.*}} vector<16x64xbf16>
// CHECK: %[[V1:.*]] = vector.transfer_read %{{.*}}[%{{.*}}, %[[SECOND]], {{.*}} vector<16x64xbf16>
// CHECK: scf.for %[[J:.*]] = %{{.*}} to
// CHECK: %[[S0:.*]] = vector.contract {{.*}} %{{.*}}, %[[K0]],
// CHECK: vector.extract_strided_slice %[[S0]]
// CHECK: scf.if %{{.*}} -> (vector<64xf32>, vector<64xf32>, vector<64x64xf32>)
// CHECK: %[[P0:.*]] = arith.truncf %{{.*}} : vector<64x32xf32> to vector<64x32xbf16>
// CHECK: %[[S1:.*]] = vector.contract {{.*}} %{{.*}}, %[[K1]],
// CHECK: %[[PV0:.*]] = vector.contract {{.*}} %[[P0]], %[[V0]],
// CHECK: vector.extract_strided_slice %[[S1]]
// CHECK: %[[SCALED:.*]]:4 = scf.if %{{.*}} -> (vector<64xf32>, vector<64xf32>, vector<64x64xf32>, vector<64x64xf32>) {
// CHECK: arith.mulf %[[PV0]], %{{.*}}
// CHECK: %[[P1:.*]] = arith.truncf %{{.*}} : vector<64x16xf32> to vector<64x16xbf16>
// CHECK: vector.transfer_read %{{.*}}[%{{.*}}, %[[J]], {{.*}} vector<1x64xbf16>
// CHECK: %[[PV1:.*]] = vector.contract {{.*}} %[[P1]], %[[V1]], %[[SCALED]]#3
// CHECK: math.fma %{{.*}}, %[[PV1]], %[[SCALED]]#2
// CHECK: %[[NEXT:.*]] = arith.addi %[[K]], %c48
// CHECK: scf.yield {{.*}}, %[[NEXT]]
// CHECK: } {simplicial.optional}
// CHECK: scf.for %{{.*}} = %[[FIRST]]#3 to %{{.*}} step %c16
// CHECK: vector.create_mask
func.func @steps(%q: memref<1x?x64x64xbf16>, %k: memref<1x?x1x64xbf16>, %v: memref<1x?x1x64xbf16>, %out: memref<1x?x64x64xbf16>) attributes {simplicial.target = "sm_90a"} {
  "simplicial.attention_into"(%q, %k, %k, %v, %v, %out)
      {causal, w1 = 4 : i64, w2 = 60 : i64,
       simplicial.config = {block_q = 1 : i64, block_h = 64 : i64, block_j = 1 : i64, block_k = 32 : i64,
                            block_last = 16 : i64, block_tail = 16 : i64, tiles = 2 : i64, order = "kj",
                            local_outer = false, lazy_rescale = true, sum_columns = 1 : i64, stages = 1 : i64,
                            producer = false, operand = bf16}}
    : (memref<1x?x64x64xbf16>, memref<1x?x1x64xbf16>, memref<1x?x1x64xbf16>, memref<1x?x1x64xbf16>,
       memref<1x?x1x64xbf16>, memref<1x?x64x64xbf16>) -> ()
  return
}

// -----

// A result that nobody reads is not stored, and has no memory.

// CHECK-LABEL: func.func @unread(
// CHECK-SAME: %[[LSE:[a-z0-9]+]]: memref<1x1x8xf32>
// CHECK-NOT: memref.alloc()
// CHECK: vector.transfer_write %{{.*}}, %[[LSE]]
// CHECK-NOT: vector.transfer_write
!t = memref<1x8x1x16xf32>
func.func @unread(%q: !t, %k: !t, %lse: memref<1x1x8xf32>) {
  %out = memref.alloc() : !t
  "simplicial.attention_into"(%q, %k, %k, %k, %k, %out, %lse)
      {causal, w1 = 2 : i64, w2 = 4 : i64,
       simplicial.config = {block_q = 1 : i64, block_h = 1 : i64, block_j = 2 : i64, block_k = 4 : i64,
                            block_last = 4 : i64, block_tail = 0 : i64, tiles = 1 : i64, order = "kj",
                            local_outer = false, lazy_rescale = false, sum_columns = 1 : i64, stages = 0 : i64,
                            producer = false, operand = f32}}
    : (!t, !t, !t, !t, !t, !t, memref<1x1x8xf32>) -> ()
  return
}

// -----

// Of narrow heads, the rest of an inner window takes as many outer keys at once as make a tile of a whole one's size, from
// a multiple of them on: all logits, one look at their maxima, then products with values. Whole steps have one, and begin
// the product that they wait for early.

// CHECK-LABEL: func.func @rest(
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c64 iter_args
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c1 iter_args
// CHECK: vector.contract {{.*}} : vector<64x32xbf16>, vector<64x32xbf16> into vector<64x64xf32>
// CHECK-NOT: vector.contract
// CHECK: vector.contract {{.*}} {simplicial.early} : vector<64x64xbf16>, vector<64x32xbf16> into vector<64x32xf32>
// CHECK-NOT: vector.contract
// CHECK: scf.yield
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c16 iter_args
// CHECK: %[[PAIRS:.*]] = arith.divui %[[LOWER:.*]], %c2
// CHECK: %[[MULTIPLE:.*]] = arith.muli %[[PAIRS]], %c2
// CHECK: %[[BEGIN:.*]] = arith.select %{{.*}}, %[[MULTIPLE]], %[[UPPER:.*]] : index
// CHECK: scf.for %{{.*}} = %[[BEGIN]] to %[[UPPER]] step %c2 iter_args
// CHECK: vector.contract {{.*}} : vector<64x32xbf16>, vector<16x32xbf16> into vector<64x16xf32>
// CHECK: vector.contract {{.*}} : vector<64x32xbf16>, vector<16x32xbf16> into vector<64x16xf32>
// CHECK: vector.multi_reduction <or>
// CHECK-NOT: vector.multi_reduction <or>
// CHECK: %[[FIRST:.*]] = vector.contract {{.*}} : vector<64x16xbf16>, vector<16x32xbf16> into vector<64x32xf32>
// CHECK: %[[SECOND:.*]] = vector.contract {{.*}} : vector<64x16xbf16>, vector<16x32xbf16> into vector<64x32xf32>
// CHECK: %[[ACC:.*]] = math.fma %{{.*}}, %[[FIRST]], %{{.*}}#2
// CHECK: math.fma %{{.*}}, %[[SECOND]], %[[ACC]]
// CHECK-NOT: vector.contract
// CHECK: return
func.func @rest(%q: memref<1x?x4x32xbf16>, %k: memref<1x?x1x32xbf16>, %out: memref<1x?x4x32xbf16>) attributes {simplicial.target = "sm_90a"} {
  "simplicial.attention_into"(%q, %k, %k, %k, %k, %out)
      {causal, w1 = 6 : i64, w2 = 128 : i64,
       simplicial.config = {block_q = 16 : i64, block_h = 4 : i64, block_j = 1 : i64, block_k = 64 : i64,
                            block_last = 64 : i64, block_tail = 16 : i64, tiles = 1 : i64, order = "kj",
                            local_outer = true, lazy_rescale = true, sum_columns = 8 : i64, stages = 1 : i64,
                            producer = false, operand = bf16}}
    : (memref<1x?x4x32xbf16>, memref<1x?x1x32xbf16>, memref<1x?x1x32xbf16>, memref<1x?x1x32xbf16>,
       memref<1x?x1x32xbf16>, memref<1x?x4x32xbf16>) -> ()
  return
}
