// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-differentiate)' | FileCheck %s

// A function stays, without the attribute, and behind it comes its gradient. The forward results are computed again as
// far as they are needed, the strategy is the forward operation's own, and gradients of one tensor are summed.

// CHECK-LABEL: func.func @residual(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<1x9x1x16xf32>) -> tensor<1x9x1x16xf32> {
// CHECK: %[[A:.*]]:2 = "simplicial.attention"
// CHECK: %[[S:.*]] = arith.mulf %[[A]]#0
// CHECK: %[[Y:.*]] = arith.addf %[[X]], %[[S]]
// CHECK: return %[[Y]]
// CHECK-LABEL: func.func @residual_grad(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<1x9x1x16xf32>, %[[D:[a-z0-9]+]]: tensor<1x9x1x16xf32>) -> tensor<1x9x1x16xf32> {
// CHECK-NEXT: %[[H:.*]] = arith.constant dense<5.0
// CHECK-NEXT: %[[A:.*]]:2 = "simplicial.attention"(%[[X]], %[[X]], %[[X]], %[[X]], %[[X]])
// CHECK-SAME: {causal, simplicial.config = {block_k = 16 : i64}, w1 = 4 : i64}
// CHECK-NEXT: %[[DA:.*]] = arith.mulf %[[D]], %[[H]]
// CHECK-NEXT: %[[G:.*]]:5 = "simplicial.attention_grad"(%[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[A]]#0, %[[A]]#1, %[[DA]])
// CHECK-SAME: {causal, w1 = 4 : i64}
// CHECK-NEXT: %[[S0:.*]] = arith.addf %[[D]], %[[G]]#0
// CHECK-NEXT: %[[S1:.*]] = arith.addf %[[S0]], %[[G]]#1
// CHECK-NEXT: %[[S2:.*]] = arith.addf %[[S1]], %[[G]]#2
// CHECK-NEXT: %[[S3:.*]] = arith.addf %[[S2]], %[[G]]#3
// CHECK-NEXT: %[[S4:.*]] = arith.addf %[[S3]], %[[G]]#4
// CHECK-NEXT: return %[[S4]]
!t = tensor<1x9x1x16xf32>
func.func @residual(%x: !t) -> !t attributes {simplicial.differentiate} {
  %h = arith.constant dense<0.5> : !t
  %a, %lse = "simplicial.attention"(%x, %x, %x, %x, %x)
      {causal, w1 = 4 : i64, simplicial.config = {block_k = 16 : i64}}
    : (!t, !t, !t, !t, !t) -> (!t, tensor<1x1x9xf32>)
  %s = arith.mulf %a, %h : !t
  %y = arith.addf %x, %s : !t
  return %y : !t
}

// -----

// Nobody asks.

// CHECK-LABEL: func.func @f(
// CHECK-NEXT: return
// CHECK-NEXT: }
// CHECK-NEXT: }
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

// Two operations, the second one's gradient first, each with its own attributes.

// CHECK-LABEL: func.func @chain_grad(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<1x9x2x16xf32>, %[[K:[a-z0-9]+]]: tensor<1x9x1x16xf32>, %[[L:[a-z0-9]+]]: tensor<1x9x1x16xf32>, %[[D:[a-z0-9]+]]:
// CHECK: %[[A:.*]]:2 = "simplicial.attention"(%[[Q]], %[[K]], %[[L]], %[[K]], %[[L]]) {scale = 2.0
// CHECK: %[[B:.*]]:2 = "simplicial.attention"(%[[A]]#0, %[[L]], %[[K]], %[[L]], %[[K]]) {k2_bias = 1.0{{.*}}, v2_bias = 3.0
// CHECK-NEXT: %[[GB:.*]]:5 = "simplicial.attention_grad"(%[[A]]#0, %[[L]], %[[K]], %[[L]], %[[K]], %[[B]]#0, %[[B]]#1, %[[D]])
// CHECK-SAME: {k2_bias = 1.0{{.*}}, v2_bias = 3.0
// CHECK: %[[GA:.*]]:5 = "simplicial.attention_grad"(%[[Q]], %[[K]], %[[L]], %[[K]], %[[L]], %[[A]]#0, %[[A]]#1, %[[GB]]#0)
// CHECK-SAME: {scale = 2.0
// CHECK: return %[[GA]]#0, %{{.*}}, %{{.*}} : tensor<1x9x2x16xf32>, tensor<1x9x1x16xf32>, tensor<1x9x1x16xf32>
!q = tensor<1x9x2x16xf32>
!k = tensor<1x9x1x16xf32>
func.func @chain(%q: !q, %k: !k, %l: !k) -> !q attributes {simplicial.differentiate} {
  %a, %lse = "simplicial.attention"(%q, %k, %l, %k, %l) {scale = 2.0 : f32}
    : (!q, !k, !k, !k, !k) -> (!q, tensor<1x2x9xf32>)
  %b, %lse2 = "simplicial.attention"(%a, %l, %k, %l, %k) {k2_bias = 1.0 : f32, v2_bias = 3.0 : f32}
    : (!q, !k, !k, !k, !k) -> (!q, tensor<1x2x9xf32>)
  return %b : !q
}

// -----

// Slices that do not overlap are put side by side into zeros of the dynamic size.

// CHECK-LABEL: func.func @packed_grad(
// CHECK-SAME: %[[P:[a-z0-9]+]]: tensor<?x9x3x16xf32>, %[[D:[a-z0-9]+]]: tensor<?x9x1x16xf32>) -> tensor<?x9x3x16xf32> {
// CHECK: %[[N:.*]] = tensor.dim %[[P]]
// CHECK: %[[G:.*]]:5 = "simplicial.attention_grad"
// CHECK: %[[K:.*]] = arith.addf %[[G]]#1, %[[G]]#2
// CHECK: %[[V:.*]] = arith.addf %[[G]]#3, %[[G]]#4
// CHECK: %[[M:.*]] = tensor.dim %[[P]]
// CHECK: %[[E:.*]] = tensor.empty(%[[M]])
// CHECK: %[[Z:.*]] = linalg.fill ins(%{{.*}} : f32) outs(%[[E]]
// CHECK-NEXT: %[[Z1:.*]] = tensor.insert_slice %[[V]] into %[[Z]][0, 0, 2, 0] [%[[N]], 9, 1, 16]
// CHECK-NEXT: %[[Z2:.*]] = tensor.insert_slice %[[K]] into %[[Z1]][0, 0, 1, 0] [%[[N]], 9, 1, 16]
// CHECK-NEXT: %[[Z3:.*]] = tensor.insert_slice %[[G]]#0 into %[[Z2]][0, 0, 0, 0] [%[[N]], 9, 1, 16]
// CHECK-NEXT: return %[[Z3]]
!p = tensor<?x9x3x16xf32>
!t = tensor<?x9x1x16xf32>
func.func @packed(%p: !p) -> !t attributes {simplicial.differentiate} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %p, %c0 : !p
  %q = tensor.extract_slice %p[0, 0, 0, 0] [%n, 9, 1, 16] [1, 1, 1, 1] : !p to !t
  %k = tensor.extract_slice %p[0, 0, 1, 0] [%n, 9, 1, 16] [1, 1, 1, 1] : !p to !t
  %v = tensor.extract_slice %p[0, 0, 2, 0] [%n, 9, 1, 16] [1, 1, 1, 1] : !p to !t
  %a, %lse = "simplicial.attention"(%q, %k, %k, %v, %v) : (!t, !t, !t, !t, !t) -> (!t, tensor<?x1x9xf32>)
  return %a : !t
}

// -----

// Slices that overlap, or of which nobody knows, are added to what is there. One of fewer dimensions goes into one row.

// CHECK-LABEL: func.func @overlap_grad(
// CHECK-SAME: %{{[a-z0-9]+}}: tensor<4x8xf32>, %[[I:[a-z0-9]+]]: index, %[[D0:[a-z0-9]+]]: tensor<4x3xf32>, %[[D1:[a-z0-9]+]]: tensor<4x3xf32>, %[[D2:[a-z0-9]+]]: tensor<8xf32>, %[[D3:[a-z0-9]+]]: tensor<4x4xf32>)
// CHECK: %[[Z:.*]] = linalg.fill
// CHECK: %[[Z1:.*]] = tensor.insert_slice %[[D3]] into %[[Z]][0, 0] [4, 4] [1, 2]
// CHECK: %[[E1:.*]] = tensor.extract_slice %[[Z1]][%[[I]], 0] [1, 8] [1, 1] : tensor<4x8xf32> to tensor<8xf32>
// CHECK: %[[S1:.*]] = arith.addf %[[E1]], %[[D2]]
// CHECK: %[[Z2:.*]] = tensor.insert_slice %[[S1]] into %[[Z1]][%[[I]], 0] [1, 8] [1, 1] : tensor<8xf32> into tensor<4x8xf32>
// CHECK: %[[E2:.*]] = tensor.extract_slice %[[Z2]][0, 2] [4, 3] [1, 1]
// CHECK: %[[S2:.*]] = arith.addf %[[E2]], %[[D1]]
// CHECK: %[[Z3:.*]] = tensor.insert_slice %[[S2]] into %[[Z2]][0, 2] [4, 3] [1, 1]
// CHECK: %[[E3:.*]] = tensor.extract_slice %[[Z3]][0, 0] [4, 3] [1, 1]
// CHECK: %[[S3:.*]] = arith.addf %[[E3]], %[[D0]]
// CHECK: %[[Z4:.*]] = tensor.insert_slice %[[S3]] into %[[Z3]][0, 0] [4, 3] [1, 1]
// CHECK: return %[[Z4]]
func.func @overlap(%x: tensor<4x8xf32>, %i: index)
    -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<8xf32>, tensor<4x4xf32>) attributes {simplicial.differentiate} {
  %a = tensor.extract_slice %x[0, 0] [4, 3] [1, 1] : tensor<4x8xf32> to tensor<4x3xf32>
  %b = tensor.extract_slice %x[0, 2] [4, 3] [1, 1] : tensor<4x8xf32> to tensor<4x3xf32>
  %c = tensor.extract_slice %x[%i, 0] [1, 8] [1, 1] : tensor<4x8xf32> to tensor<8xf32>
  %d = tensor.extract_slice %x[0, 0] [4, 4] [1, 2] : tensor<4x8xf32> to tensor<4x4xf32>
  return %a, %b, %c, %d : tensor<4x3xf32>, tensor<4x3xf32>, tensor<8xf32>, tensor<4x4xf32>
}

// -----

// Steps reach behind a slice's size.

// CHECK-LABEL: func.func @steps_grad(
// CHECK: tensor.insert_slice %{{.*}}[4] [4] [1]
// CHECK: tensor.extract_slice %{{.*}}[0] [4] [2]
// CHECK: arith.addf
// CHECK: tensor.insert_slice %{{.*}}[0] [4] [2]
func.func @steps(%x: tensor<8xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {simplicial.differentiate} {
  %a = tensor.extract_slice %x[0] [4] [2] : tensor<8xf32> to tensor<4xf32>
  %b = tensor.extract_slice %x[4] [4] [1] : tensor<8xf32> to tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// A gradient that began elsewhere is not zero anywhere.

// CHECK-LABEL: func.func @used_grad(
// CHECK-SAME: %{{.*}}: tensor<8xf32>, %[[D0:[a-z0-9]+]]: tensor<8xf32>, %[[D1:[a-z0-9]+]]: tensor<4xf32>)
// CHECK: %[[E:.*]] = tensor.extract_slice %[[D0]][4] [4] [1]
// CHECK: %[[S:.*]] = arith.addf %[[E]], %[[D1]]
// CHECK: tensor.insert_slice %[[S]] into %[[D0]][4] [4] [1]
func.func @used(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<4xf32>) attributes {simplicial.differentiate} {
  %a = tensor.extract_slice %x[4] [4] [1] : tensor<8xf32> to tensor<4xf32>
  return %x, %a : tensor<8xf32>, tensor<4xf32>
}

// -----

// What is inserted gets its part of the gradient, and what it goes into the rest; a constant nothing.

// CHECK-LABEL: func.func @cache_grad(
// CHECK-SAME: %{{.*}}: tensor<8x4xf32>, %{{.*}}: tensor<1x4xf32>, %[[I:[a-z0-9]+]]: index, %[[D0:[a-z0-9]+]]: tensor<8x4xf32>, %[[D1:[a-z0-9]+]]: tensor<8x4xf32>)
// CHECK: %[[N1:.*]] = tensor.extract_slice %[[D1]][0, 0] [1, 4] [1, 1]
// CHECK: %[[N0:.*]] = tensor.extract_slice %[[D0]][%[[I]], 0] [1, 4] [1, 1]
// CHECK: %[[N:.*]] = arith.addf %[[N1]], %[[N0]]
// CHECK: %[[Z:.*]] = linalg.fill {{.*}} -> tensor<1x4xf32>
// CHECK: %[[C:.*]] = tensor.insert_slice %[[Z]] into %[[D0]][%[[I]], 0] [1, 4] [1, 1]
// CHECK: return %[[C]], %[[N]]
func.func @cache(%cache: tensor<8x4xf32>, %new: tensor<1x4xf32>, %i: index) -> (tensor<8x4xf32>, tensor<8x4xf32>)
    attributes {simplicial.differentiate} {
  %a = tensor.insert_slice %new into %cache[%i, 0] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<8x4xf32>
  %one = arith.constant dense<1.0> : tensor<8x4xf32>
  %b = tensor.insert_slice %new into %one[0, 0] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<8x4xf32>
  return %a, %b : tensor<8x4xf32>, tensor<8x4xf32>
}

// -----

// CHECK-LABEL: func.func @arithmetic_grad(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4xf32>, %[[Y:[a-z0-9]+]]: tensor<4xf32>, %[[D:[a-z0-9]+]]: tensor<4xf32>)
// CHECK: %[[SUM:.*]] = arith.addf %[[X]], %[[Y]]
// CHECK: %[[PRODUCT:.*]] = arith.mulf %[[SUM]], %[[X]]
// CHECK: %[[QUOTIENT:.*]] = arith.divf %[[PRODUCT]], %[[Y]]
// CHECK-NOT: arith.subf
// CHECK: %[[DN:.*]] = arith.negf %[[D]]
// CHECK: %[[DQ:.*]] = arith.negf %[[DN]]
// CHECK: %[[DP:.*]] = arith.divf %[[DQ]], %[[Y]]
// CHECK: %[[DR:.*]] = arith.mulf %[[DP]], %[[QUOTIENT]]
// CHECK: %[[DY0:.*]] = arith.negf %[[DR]]
// CHECK: %[[DS:.*]] = arith.mulf %[[DP]], %[[X]]
// CHECK: %[[DX0:.*]] = arith.mulf %[[DP]], %[[SUM]]
// CHECK: %[[DX1:.*]] = arith.addf %[[D]], %[[DX0]]
// CHECK: %[[DX:.*]] = arith.addf %[[DX1]], %[[DS]]
// CHECK: %[[DY:.*]] = arith.addf %[[DY0]], %[[DS]]
// CHECK: return %[[DX]], %[[DY]]
func.func @arithmetic(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> attributes {simplicial.differentiate} {
  %sum = arith.addf %x, %y : tensor<4xf32>
  %product = arith.mulf %sum, %x : tensor<4xf32>
  %quotient = arith.divf %product, %y : tensor<4xf32>
  %negative = arith.negf %quotient : tensor<4xf32>
  %difference = arith.subf %x, %negative : tensor<4xf32>
  return %difference : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @types_grad(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x8xf32>, %[[Y:[a-z0-9]+]]: tensor<4x?xbf16>, %[[DX:[a-z0-9]+]]: tensor<?x2x4xbf16>, %[[DY:[a-z0-9]+]]: tensor<?xf32>)
// CHECK: %[[Y1:.*]] = arith.truncf %[[DY]] : tensor<?xf32> to tensor<?xbf16>
// CHECK: %[[N:.*]] = tensor.dim %[[Y]]
// CHECK: %[[Y2:.*]] = tensor.expand_shape %[[Y1]] {{\[\[}}0, 1]] output_shape [4, %[[N]]] : tensor<?xbf16> into tensor<4x?xbf16>
// CHECK: %[[X1:.*]] = tensor.collapse_shape %[[DX]] {{\[\[}}0], [1, 2]] : tensor<?x2x4xbf16> into tensor<?x8xbf16>
// CHECK: %[[X2:.*]] = tensor.cast %[[X1]] : tensor<?x8xbf16> to tensor<5x8xbf16>
// CHECK: %[[X3:.*]] = arith.extf %[[X2]] : tensor<5x8xbf16> to tensor<5x8xf32>
// CHECK: %[[X4:.*]] = tensor.cast %[[X3]] : tensor<5x8xf32> to tensor<?x8xf32>
// CHECK: return %[[X4]], %[[Y2]]
func.func @types(%x: tensor<?x8xf32>, %y: tensor<4x?xbf16>) -> (tensor<?x2x4xbf16>, tensor<?xf32>)
    attributes {simplicial.differentiate} {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %y, %c1 : tensor<4x?xbf16>
  %a = tensor.cast %x : tensor<?x8xf32> to tensor<5x8xf32>
  %b = arith.truncf %a : tensor<5x8xf32> to tensor<5x8xbf16>
  %c = tensor.cast %b : tensor<5x8xbf16> to tensor<?x8xbf16>
  %d = tensor.expand_shape %c [[0], [1, 2]] output_shape [%n, 2, 4] : tensor<?x8xbf16> into tensor<?x2x4xbf16>
  %e = tensor.collapse_shape %y [[0, 1]] : tensor<4x?xbf16> into tensor<?xbf16>
  %f = arith.extf %e : tensor<?xbf16> to tensor<?xf32>
  return %d, %f : tensor<?x2x4xbf16>, tensor<?xf32>
}

// -----

// What is no tensor of floats has no gradient, and what nothing depends on has zeros. Attributes of arguments stay with
// them, and those of the function.

// CHECK-LABEL: func.func @others_grad(
// CHECK-SAME: %[[N:[a-z0-9]+]]: index {llvm.noundef}, %[[S:[a-z0-9]+]]: f32, %{{[a-z0-9]+}}: tensor<?x4xf16>, %{{[a-z0-9]+}}: tensor<4xi32>, %{{[a-z0-9]+}}: tensor<4xf32>, %[[D:[a-z0-9]+]]: tensor<4xf32>, %{{[a-z0-9]+}}: tensor<4xf32>)
// CHECK-SAME: -> (tensor<?x4xf16>, tensor<4xf32>) attributes {llvm.emit_c_interface} {
// CHECK: %[[T:.*]] = linalg.generic
// CHECK: %[[DX:.*]] = arith.mulf %[[D]], %[[T]]
// CHECK: tensor.dim
// CHECK: %[[Z:.*]] = linalg.fill {{.*}} -> tensor<?x4xf16>
// CHECK: return %[[Z]], %[[DX]]
#id = affine_map<(i) -> (i)>
func.func @others(%n: index {llvm.noundef}, %s: f32, %unused: tensor<?x4xf16>, %i: tensor<4xi32>, %x: tensor<4xf32>)
    -> (index, tensor<4xf32> {test.name = "y"}, tensor<4xi32>, tensor<4xf32>)
    attributes {simplicial.differentiate, llvm.emit_c_interface} {
  %c1 = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<4xf32>
  %f = linalg.fill ins(%s : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %t = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%f : tensor<4xf32>) outs(%e : tensor<4xf32>) {
    ^bb0(%a: f32, %b: f32):
      %u = math.exp %a : f32
      linalg.yield %u : f32
  } -> tensor<4xf32>
  %y = arith.mulf %x, %t : tensor<4xf32>
  %one = linalg.fill ins(%c1 : f32) outs(%x : tensor<4xf32>) -> tensor<4xf32>
  return %n, %y, %i, %one : index, tensor<4xf32>, tensor<4xi32>, tensor<4xf32>
}

// -----

// On GPUs zeros are constants, if they are static. A private function's gradient is private.

// CHECK-LABEL: func.func private @f_grad(
// CHECK: %[[Z:.*]] = arith.constant dense<0.000000e+00> : tensor<8xf32>
// CHECK: tensor.insert_slice %{{.*}} into %[[Z]][0] [4] [1]
// CHECK: linalg.fill {{.*}} -> tensor<?xf32>
module attributes {simplicial.target = "sm_80"} {
  func.func private @f(%x: tensor<8xf32>, %y: tensor<?xf32>) -> tensor<4xf32> attributes {simplicial.differentiate} {
    %a = tensor.extract_slice %x[0] [4] [1] : tensor<8xf32> to tensor<4xf32>
    return %a : tensor<4xf32>
  }
}

// -----

// What does not come back needs no rule: an op whose results the returned ones do not depend on.

// CHECK-LABEL: func.func @aside_grad(
// CHECK-NOT: math.exp
// CHECK: return %arg1
func.func @aside(%x: tensor<4xf32>) -> (tensor<4xf32>, f32) attributes {simplicial.differentiate} {
  %c0 = arith.constant 0 : index
  %e = math.exp %x : tensor<4xf32>
  %s = tensor.extract %e[%c0] : tensor<4xf32>
  return %x, %s : tensor<4xf32>, f32
}

// -----

// No gradient passes where elements only say which slice of a constant it is, nor the size of an argument.

// CHECK-LABEL: func.func @numbers_grad(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?xf32>, %[[D0:[a-z0-9]+]]: tensor<4xf32>, %[[D1:[a-z0-9]+]]: tensor<?xf32>)
// CHECK: %[[N:.*]] = arith.sitofp
// CHECK: %[[F:.*]] = linalg.fill ins(%[[N]] : f32)
// CHECK: %[[DX:.*]] = arith.mulf %[[D1]], %[[F]]
// CHECK-NEXT: return %[[DX]]
func.func @numbers(%x: tensor<?xf32>) -> (tensor<4xf32>, tensor<?xf32>) attributes {simplicial.differentiate} {
  %c0 = arith.constant 0 : index
  %e = tensor.extract %x[%c0] : tensor<?xf32>
  %s = arith.fptosi %e : f32 to i64
  %i = arith.index_cast %s : i64 to index
  %c = arith.constant dense<1.0> : tensor<8xf32>
  %a = tensor.extract_slice %c[%i] [4] [1] : tensor<8xf32> to tensor<4xf32>
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %j = arith.index_cast %n : index to i64
  %f = arith.sitofp %j : i64 to f32
  %empty = tensor.empty(%n) : tensor<?xf32>
  %all = linalg.fill ins(%f : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %b = arith.mulf %x, %all : tensor<?xf32>
  return %a, %b : tensor<4xf32>, tensor<?xf32>
}

// -----

// What bounds attention bounds its gradient, and has none.

// CHECK-LABEL: func.func @documents_grad(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<1x9x1x16xf32>, %[[START:[a-z0-9]+]]: tensor<1x9xi32>, %[[D:[a-z0-9]+]]: tensor<1x9x1x16xf32>) -> tensor<1x9x1x16xf32> {
// CHECK: %[[A:.*]]:2 = "simplicial.attention"({{.*}}, %[[START]])
// CHECK: "simplicial.attention_grad"({{.*}}, %[[A]]#0, %[[A]]#1, %[[D]], %[[START]]) {causal}
!t = tensor<1x9x1x16xf32>
func.func @documents(%x: !t, %start: tensor<1x9xi32>) -> !t attributes {simplicial.differentiate} {
  %a, %lse = "simplicial.attention"(%x, %x, %x, %x, %x, %start) {causal}
    : (!t, !t, !t, !t, !t, tensor<1x9xi32>) -> (!t, tensor<1x1x9xf32>)
  return %a : !t
}
