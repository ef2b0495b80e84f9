// RUN: mlir-opt %s --load-pass-plugin=%library/SimplicialPlugin.so --allow-unregistered-dialect --split-input-file \
// RUN:   --verify-diagnostics --pass-pipeline='builtin.module(simplicial-verify)'
// UNSUPPORTED: asan

// What simplicial-verify says of gradients on memory where nobody has loaded the dialect's definition, which says as much.

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @sizes(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1, !d_v2) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @none(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{'operandSegmentSizes' must have 13 numbers: 1 of q to d_out, then 1 of each gradient that there is, 0 of others}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1, !d_v2) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @no_array(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{'operandSegmentSizes' must have 13 numbers: 1 of q to d_out, then 1 of each gradient that there is, 0 of others}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {operandSegmentSizes = 13 : i64}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1, !d_v2) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @of_i64(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{'operandSegmentSizes' must have 13 numbers: 1 of q to d_out, then 1 of each gradient that there is, 0 of others}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {operandSegmentSizes = array<i64: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1, !d_v2) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @twelve(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{'operandSegmentSizes' must have 13 numbers: 1 of q to d_out, then 1 of each gradient that there is, 0 of others}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1, !d_v2) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @fourteen(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{'operandSegmentSizes' must have 13 numbers: 1 of q to d_out, then 1 of each gradient that there is, 0 of others}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1, !d_v2) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
func.func @without_q(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1) {
  // expected-error @below {{'operandSegmentSizes' must have 13 numbers: 1 of q to d_out, then 1 of each gradient that there is, 0 of others}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1)
      {operandSegmentSizes = array<i32: 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @two_d_q(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{'operandSegmentSizes' must have 13 numbers: 1 of q to d_out, then 1 of each gradient that there is, 0 of others}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 0>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1, !d_v2) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @negative(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{'operandSegmentSizes' must have 13 numbers: 1 of q to d_out, then 1 of each gradient that there is, 0 of others}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, -1, 1, 1, 1, 1>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1, !d_v2) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @too_few(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{'operandSegmentSizes' must have 13 numbers: 1 of q to d_out, then 1 of each gradient that there is, 0 of others}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1, !d_v2) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
func.func @too_many(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2) {
  // expected-error @below {{'operandSegmentSizes' must have 13 numbers: 1 of q to d_out, then 1 of each gradient that there is, 0 of others}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
func.func @no_gradients(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out) {
  // expected-error @below {{has 8 operands and 0 results, which must be 13 and 0}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_v2 = memref<1x9x2x48xf32>
func.func @other_gradient(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_v2: !d_v2) {
  // expected-error @below {{d_v2 and k1 disagree in dimension 1: 9 and 8}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_v2) -> ()
  return
}

// -----

!q = tensor<1x8x4x48xf32>
func.func @bound_without_rank(%q: !q, %start: tensor<*xi32>) {
  // expected-error @below {{operand 5 must be a tensor with a rank}}
  %0:2 = "simplicial.attention"(%q, %q, %q, %q, %q, %start) : (!q, !q, !q, !q, !q, tensor<*xi32>) -> (!q, tensor<1x4x8xf32>)
  return
}
