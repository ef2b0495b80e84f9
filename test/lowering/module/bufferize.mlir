// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-bufferize)' | FileCheck %s

// Arguments arrive with an innermost stride of 1, and are not to be written; results go where the caller says.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x?x8x64xbf16> {bufferization.buffer_layout = strided<[?, ?, ?, 1], offset: ?>, bufferization.writable = false}
// CHECK-SAME: %[[K:[a-z0-9]+]]: tensor<2x?x1x64xbf16> {bufferization.buffer_layout = strided<[?, ?, ?, 1], offset: ?>, bufferization.writable = false}
// CHECK-SAME: %[[OUT:[a-z0-9]+]]: memref<2x?x8x64xbf16>, %[[LSE:[a-z0-9]+]]: memref<2x8x?xf32>) {
// CHECK: %[[QB:.*]] = bufferization.to_buffer %[[Q]] read_only
// CHECK-SAME: to memref<2x?x8x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
// CHECK-COUNT-4: bufferization.to_buffer %[[K]] read_only
// CHECK-NOT: memref.alloc
// CHECK: "simplicial.attention_into"(%[[QB]], {{.*}}, %[[OUT]], %[[LSE]]) {causal, simplicial.config = {{.*}}, w1 = 32 : i64}
// CHECK-NEXT: return
func.func @f(%q: tensor<2x?x8x64xbf16>, %kv: tensor<2x?x1x64xbf16>) -> (tensor<2x?x8x64xbf16>, tensor<2x8x?xf32>) {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv)
      {w1 = 32 : i64, causal, simplicial.config = {block_k = 16 : i64}}
    : (tensor<2x?x8x64xbf16>, tensor<2x?x1x64xbf16>, tensor<2x?x1x64xbf16>, tensor<2x?x1x64xbf16>,
       tensor<2x?x1x64xbf16>) -> (tensor<2x?x8x64xbf16>, tensor<2x8x?xf32>)
  return %out, %lse : tensor<2x?x8x64xbf16>, tensor<2x8x?xf32>
}

// -----

// An lse that nobody uses is not computed.

// CHECK-LABEL: func.func @unused_lse(
// CHECK: %[[Q:.*]] = tensor.empty
// CHECK: %[[QB:.*]] = bufferization.to_buffer %[[Q]] read_only
// CHECK-NOT: memref.alloc
// CHECK: "simplicial.attention_into"({{.*}}) : ({{.*}}, memref<2x9x8x64xf32>) -> ()
func.func @unused_lse(%kv: tensor<2x?x1x64xf32>) -> tensor<2x9x8x64xf32> {
  %q = tensor.empty() : tensor<2x9x8x64xf32>
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv)
    : (tensor<2x9x8x64xf32>, tensor<2x?x1x64xf32>, tensor<2x?x1x64xf32>, tensor<2x?x1x64xf32>, tensor<2x?x1x64xf32>)
    -> (tensor<2x9x8x64xf32>, tensor<2x8x9xf32>)
  return %out : tensor<2x9x8x64xf32>
}

// -----

// An argument behind a cast.

// CHECK-LABEL: func.func @cast(
// CHECK: bufferization.to_buffer %{{.*}} to memref<1x?x1x16xf32, strided<[?, ?, ?, 1], offset: ?>>
func.func @cast(%x: tensor<1x9x1x16xf32>) -> tensor<1x?x1x16xf32> {
  %q = tensor.cast %x : tensor<1x9x1x16xf32> to tensor<1x?x1x16xf32>
  %out, %lse = "simplicial.attention"(%q, %q, %q, %q, %q)
    : (tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>)
    -> (tensor<1x?x1x16xf32>, tensor<1x1x?xf32>)
  return %out : tensor<1x?x1x16xf32>
}

// -----

// What is returned twice is copied, and what attention did not make. Who writes a result of the caller's, and goes on
// using it as a tensor, may not write that.

// CHECK-LABEL: func.func @several(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<1x9x1x16xf32>
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<1x9x1x16xf32>, %[[B:[a-z0-9]+]]: memref<1x9x1x16xf32>, %[[C:[a-z0-9]+]]: memref<1x9x1x16xf32>
// CHECK: %[[T:.*]] = bufferization.to_tensor %[[B]] restrict :
// CHECK: "simplicial.attention_into"({{.*}}, %[[B]])
// CHECK: bufferization.materialize_in_destination %[[T]] in restrict writable %[[A]]
// CHECK: bufferization.materialize_in_destination %[[X]] in restrict writable %[[C]]
// CHECK: return
!t = tensor<1x9x1x16xf32>
func.func @several(%x: !t) -> (!t, !t, !t) {
  %out, %lse = "simplicial.attention"(%x, %x, %x, %x, %x) : (!t, !t, !t, !t, !t) -> (!t, tensor<1x1x9xf32>)
  return %out, %out, %x : !t, !t, !t
}

// -----

// Between two operations there is a buffer, which is contiguous; its sizes are q's.

// CHECK-LABEL: func.func @chain(
// CHECK-SAME: %[[OUT:[a-z0-9]+]]: memref<1x?x1x16xf32>)
// CHECK: %[[QB:.*]] = bufferization.to_buffer
// CHECK: %[[N:.*]] = memref.dim %[[QB]]
// CHECK: %[[ALLOC:.*]] = memref.alloc(%[[N]]) : memref<1x?x1x16xf32>
// CHECK: %[[T:.*]] = bufferization.to_tensor %[[ALLOC]] restrict writable
// CHECK: "simplicial.attention_into"({{.*}}, %[[ALLOC]])
// CHECK: %[[B:.*]] = bufferization.to_buffer %[[T]] read_only : tensor<1x?x1x16xf32> to memref<1x?x1x16xf32>
// CHECK: "simplicial.attention_into"(%[[B]], {{.*}}, %[[OUT]])
!t = tensor<1x?x1x16xf32>
func.func @chain(%x: !t) -> !t {
  %a, %lse = "simplicial.attention"(%x, %x, %x, %x, %x) : (!t, !t, !t, !t, !t) -> (!t, tensor<1x1x?xf32>)
  %b, %lse2 = "simplicial.attention"(%a, %x, %x, %x, %x) : (!t, !t, !t, !t, !t) -> (!t, tensor<1x1x?xf32>)
  return %b : !t
}

// -----

// What is made in a loop is not what the function returns, and results that are no tensors stay.

// CHECK-LABEL: func.func @loop(
// CHECK-SAME: memref<1x9x1x16xf32>) -> index {
// CHECK: scf.for
// CHECK: memref.alloc
// CHECK: materialize_in_destination
// CHECK: return %{{.*}} : index
!t = tensor<1x9x1x16xf32>
func.func @loop(%x: !t, %n: index) -> (!t, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %o = scf.for %i = %c0 to %n step %c1 iter_args(%y = %x) -> (!t) {
    %a, %lse = "simplicial.attention"(%y, %x, %x, %x, %x) : (!t, !t, !t, !t, !t) -> (!t, tensor<1x1x9xf32>)
    scf.yield %a : !t
  }
  return %o, %n : !t, index
}

// -----

// All gradients, which the function returns: all are written where the caller says.

// CHECK-LABEL: func.func @gradients(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x?x8x64xbf16> {{{.*}}}, %[[K:[a-z0-9]+]]: tensor<2x?x1x64xbf16> {{{.*}}}, %[[LSE:[a-z0-9]+]]: tensor<2x8x?xf32>
// CHECK-SAME: %[[D_OUT:[a-z0-9]+]]: tensor<2x?x8x64xbf16>
// CHECK-SAME: %[[DQ:[a-z0-9]+]]: memref<2x?x8x64xbf16>, %[[DK1:[a-z0-9]+]]: memref<2x?x1x64xbf16>, %[[DK2:[a-z0-9]+]]: memref<2x?x1x64xbf16>,
// CHECK-SAME: %[[DV1:[a-z0-9]+]]: memref<2x?x1x64xbf16>, %[[DV2:[a-z0-9]+]]: memref<2x?x1x64xbf16>) {
// CHECK: %[[QB:.*]] = bufferization.to_buffer %[[Q]] read_only
// CHECK-COUNT-4: bufferization.to_buffer %[[K]] read_only
// CHECK: %[[OUTB:.*]] = bufferization.to_buffer %[[Q]] read_only
// CHECK: %[[LSEB:.*]] = bufferization.to_buffer %[[LSE]] read_only : tensor<2x8x?xf32> to memref<2x8x?xf32, strided<[?, ?, 1], offset: ?>>
// CHECK: %[[D_OUTB:.*]] = bufferization.to_buffer %[[D_OUT]] read_only
// CHECK-NOT: memref.alloc
// CHECK: "simplicial.attention_grad_into"(%[[QB]], {{.*}}, %[[OUTB]], %[[LSEB]], %[[D_OUTB]], %[[DQ]], %[[DK1]], %[[DK2]], %[[DV1]], %[[DV2]])
// CHECK-SAME: {causal, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>, simplicial.config = {keys = {block_k = 16 : i64}}, w1 = 32 : i64}
// CHECK-NEXT: return
// CHECK-NEXT: }
!q = tensor<2x?x8x64xbf16>
!k = tensor<2x?x1x64xbf16>
!lse = tensor<2x8x?xf32>
func.func @gradients(%q: !q, %k: !k, %lse: !lse, %d_out: !q) -> (!q, !k, !k, !k, !k) {
  %d:5 = "simplicial.attention_grad"(%q, %k, %k, %k, %k, %q, %lse, %d_out)
      {w1 = 32 : i64, causal, simplicial.config = {keys = {block_k = 16 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q) -> (!q, !k, !k, !k, !k)
  return %d#0, %d#1, %d#2, %d#3, %d#4 : !q, !k, !k, !k, !k
}

// -----

// Of some gradients, only those that are used are written. What something else uses is in a buffer of the sizes of what
// it is a gradient of: d_k1 is, of k1, not of q.

// CHECK-LABEL: func.func @some_gradients(
// CHECK-SAME: %[[DV2:[a-z0-9]+]]: memref<?x?x1x16xf32>, %[[SLICE:[a-z0-9]+]]: memref<1x1x1x16xf32>)
// CHECK: %[[QB:.*]] = bufferization.to_buffer
// CHECK: %[[K1B:.*]] = bufferization.to_buffer
// CHECK: %[[B:.*]] = memref.dim %[[K1B]], %c0
// CHECK: %[[N:.*]] = memref.dim %[[K1B]], %c1
// CHECK: %[[DK1:.*]] = memref.alloc(%[[B]], %[[N]]) : memref<?x?x1x16xf32>
// CHECK: %[[T:.*]] = bufferization.to_tensor %[[DK1]] restrict writable
// CHECK-NOT: memref.alloc
// CHECK: "simplicial.attention_grad_into"(%[[QB]], %[[K1B]], {{.*}}, %[[DK1]], %[[DV2]])
// CHECK-SAME: operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1>
// CHECK: tensor.extract_slice %[[T]]
!q = tensor<?x?x2x16xf32>
!k = tensor<?x?x1x16xf32>
!lse = tensor<?x2x?xf32>
!one = tensor<1x1x1x16xf32>
func.func @some_gradients(%q: !q, %k: !k, %lse: !lse) -> (!k, !one) {
  %d:5 = "simplicial.attention_grad"(%q, %k, %k, %k, %k, %q, %lse, %q)
    : (!q, !k, !k, !k, !k, !q, !lse, !q) -> (!q, !k, !k, !k, !k)
  %one = tensor.extract_slice %d#1[0, 0, 0, 0] [1, 1, 1, 16] [1, 1, 1, 1] : !k to !one
  return %d#4, %one : !k, !one
}

// -----

// With no gradient that is used there is nothing to do.

// CHECK-LABEL: func.func @no_gradient(
// CHECK-NOT: attention_grad
// CHECK: return
!q = tensor<1x8x2x16xf32>
!k = tensor<1x8x1x16xf32>
!lse = tensor<1x2x8xf32>
func.func @no_gradient(%q: !q, %k: !k, %lse: !lse) -> !q {
  %d:5 = "simplicial.attention_grad"(%q, %k, %k, %k, %k, %q, %lse, %q)
    : (!q, !k, !k, !k, !k, !q, !lse, !q) -> (!q, !k, !k, !k, !k)
  return %q : !q
}

// -----

// What attention made is where gradients are taken from: lse, which the gradient uses, is computed. One that is returned
// twice is copied to one of the places.

// CHECK-LABEL: func.func @forward_and_gradient(
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<1x8x2x16xf32>, %[[B:[a-z0-9]+]]: memref<1x8x2x16xf32>)
// CHECK-DAG: %[[OUT:.*]] = memref.alloc() : memref<1x8x2x16xf32>
// CHECK-DAG: %[[LSE:.*]] = memref.alloc() : memref<1x2x8xf32>
// CHECK: "simplicial.attention_into"({{.*}}, %[[OUT]], %[[LSE]])
// CHECK-DAG: bufferization.to_buffer %{{.*}} read_only : tensor<1x8x2x16xf32> to memref<1x8x2x16xf32>
// CHECK-DAG: bufferization.to_buffer %{{.*}} read_only : tensor<1x2x8xf32> to memref<1x2x8xf32>
// CHECK: %[[T:.*]] = bufferization.to_tensor %[[D:.*]] restrict :
// CHECK: "simplicial.attention_grad_into"({{.*}}, %[[D]])
// CHECK-SAME: operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>
// CHECK: bufferization.materialize_in_destination %[[T]] in restrict writable
!q = tensor<1x8x2x16xf32>
!k = tensor<1x8x1x16xf32>
!lse = tensor<1x2x8xf32>
func.func @forward_and_gradient(%q: !q, %k: !k, %d_out: !q) -> (!q, !q) {
  %out, %lse = "simplicial.attention"(%q, %k, %k, %k, %k) : (!q, !k, !k, !k, !k) -> (!q, !lse)
  %d:5 = "simplicial.attention_grad"(%q, %k, %k, %k, %k, %out, %lse, %d_out)
    : (!q, !k, !k, !k, !k, !q, !lse, !q) -> (!q, !k, !k, !k, !k)
  return %d#0, %d#0 : !q, !q
}

// -----

// What bounds attention is the last operand, an input.

// CHECK-LABEL: func.func @documents(
// CHECK-SAME: %[[START:[a-z0-9]+]]: tensor<1x8xi32> {bufferization.buffer_layout = strided<[?, 1], offset: ?>, bufferization.writable = false}
// CHECK: %[[BOUND:.*]] = bufferization.to_buffer %[[START]] read_only : tensor<1x8xi32> to memref<1x8xi32, strided<[?, 1], offset: ?>>
// CHECK: "simplicial.bounded_attention_into"({{.*}}, %[[BOUND]]) {causal}
// CHECK: "simplicial.bounded_attention_grad_into"({{.*}}, %{{.*}}) {causal, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1>}
// CHECK-SAME: memref<1x8xi32, strided<[?, 1], offset: ?>>) -> ()
!q = tensor<1x8x4x48xf32>
func.func @documents(%q: !q, %lse: tensor<1x4x8xf32>, %start: tensor<1x8xi32>) -> (!q, !q) {
  %out, %more = "simplicial.attention"(%q, %q, %q, %q, %q, %start) {causal}
    : (!q, !q, !q, !q, !q, tensor<1x8xi32>) -> (!q, tensor<1x4x8xf32>)
  %d:5 = "simplicial.attention_grad"(%q, %q, %q, %q, %q, %q, %lse, %q, %start) {causal}
    : (!q, !q, !q, !q, !q, !q, tensor<1x4x8xf32>, !q, tensor<1x8xi32>) -> (!q, !q, !q, !q, !q)
  return %out, %d#0 : !q, !q
}
