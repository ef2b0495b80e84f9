// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-verify)'

// What simplicial-verify says of gradients on memory. Of these functions each is right.

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
func.func @all(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
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
func.func @only_d_q(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>, causal, w1 = 4 : i64}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q) -> ()
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
!d_v2 = memref<1x8x2x48xf32>
func.func @only_d_v2(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_v2: !d_v2) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1>, form = "determinant"}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_v2) -> ()
  return
}

// -----

!q = memref<?x?x4x48xbf16, strided<[?, ?, ?, 1], offset: ?>>
!k1 = memref<?x?x2x48xbf16, strided<[?, ?, ?, 1], offset: ?>>
!k2 = memref<?x?x2x48xbf16, strided<[?, ?, ?, 1], offset: ?>>
!v1 = memref<?x?x2x48xbf16, strided<[?, ?, ?, 1], offset: ?>>
!v2 = memref<?x?x2x48xbf16, strided<[?, ?, ?, 1], offset: ?>>
!out = memref<?x?x4x48xbf16>
!lse = memref<?x4x?xf32>
!d_out = memref<?x?x4x48xbf16>
!d_k1 = memref<?x?x2x48xbf16>
!d_v2 = memref<?x?x2x48xbf16, strided<[?, ?, ?, 1], offset: ?>>
func.func @some(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_k1: !d_k1, %d_v2: !d_v2) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_k1, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_k1, !d_v2) -> ()
  return
}

// -----

// In each of these one thing is wrong.

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x7x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_q_shape(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_q and q disagree in dimension 1: 7 and 8}}
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
!d_out = memref<1x7x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_out_shape(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_out and q disagree in dimension 1: 7 and 8}}
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
!out = memref<1x7x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @out_shape(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{out and q disagree in dimension 1: 7 and 8}}
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
!d_q = memref<1x8x2x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_q_heads(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_q and q disagree in dimension 2: 2 and 4}}
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
!d_k1 = memref<1x9x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_k1_shape(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_k1 and k1 disagree in dimension 1: 9 and 8}}
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
!d_k2 = memref<1x9x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_k2_shape(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_k2 and k1 disagree in dimension 1: 9 and 8}}
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
!d_v1 = memref<1x9x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_v1_shape(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_v1 and k1 disagree in dimension 1: 9 and 8}}
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
!d_v2 = memref<1x9x2x48xf32>
func.func @d_v2_shape(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_v2 and k1 disagree in dimension 1: 9 and 8}}
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
!d_k1 = memref<1x8x4x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_k1_heads(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_k1 and k1 disagree in dimension 2: 4 and 2}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1, !d_v2) -> ()
  return
}

// -----

// The name is that of the gradient, whichever others there are.

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
!d_out = memref<1x8x4x48xf32>
!d_v1 = memref<2x8x2x48xf32>
func.func @only_d_v1(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_v1: !d_v1) {
  // expected-error @below {{d_v1 and k1 disagree in dimension 0: 2 and 1}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_v1)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0>}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_v1) -> ()
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
!d_q = memref<1x8x4x48xf16>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_q_element(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_q and q have different element types}}
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
!d_v2 = memref<1x8x2x48xbf16>
func.func @d_v2_element(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_v2 and k1 have different element types}}
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
!d_out = memref<1x8x4x48xbf16>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_out_element(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_out and q have different element types}}
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
!d_k2 = memref<8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_k2_rank(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_k2 must have rank 4}}
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
!d_k2 = memref<1x8x2x48xf32, strided<[1536, 192, 96, 2]>>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_k2_stride(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_k2 must have an innermost stride of 1}}
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
!d_q = memref<1x8x4x48xf32, strided<[?, ?, ?, ?]>>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @d_q_stride(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{d_q must have an innermost stride of 1}}
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
!lse = memref<1x4x8xf16>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @lse_element(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{lse must have element type f32}}
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
!lse = memref<1x8x4xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @lse_shape(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{lse must have shape}}
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
!lse = memref<1x4x8x1xf32>
!d_out = memref<1x8x4x48xf32>
!d_q = memref<1x8x4x48xf32>
!d_k1 = memref<1x8x2x48xf32>
!d_k2 = memref<1x8x2x48xf32>
!d_v1 = memref<1x8x2x48xf32>
!d_v2 = memref<1x8x2x48xf32>
func.func @lse_rank(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{lse must have rank 3}}
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
func.func @window(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{'w2' must be at least 1, not 0}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>, w2 = 0 : i64}
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
func.func @name(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse, %d_out: !d_out, %d_q: !d_q, %d_k1: !d_k1, %d_k2: !d_k2, %d_v1: !d_v1, %d_v2: !d_v2) {
  // expected-error @below {{'windows'}}
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>, windows = 4 : i64}
    : (!q, !k1, !k2, !v1, !v2, !out, !lse, !d_out, !d_q, !d_k1, !d_k2, !d_v1, !d_v2) -> ()
  return
}

// -----

// On tensors, gradients have the types of what they are gradients of.

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!lse = tensor<1x4x8xf32>
func.func @on_tensors(%q: !q, %k: !k, %lse: !lse) -> (!q, !k) {
  %0:5 = "simplicial.attention_grad"(%q, %k, %k, %k, %k, %q, %lse, %q) {causal, w1 = 3 : i64, v2_bias = 2.0 : f32} : (!q, !k, !k, !k, !k, !q, !lse, !q) -> (!q, !k, !k, !k, !k)
  return %0#0, %0#4 : !q, !k
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!lse = tensor<1x4x8xf32>
func.func @key_gradient_type(%q: !q, %k: !k, %lse: !lse) {
  // expected-error @below {{expected 'tensor<1x8x2x48xf32>' but got 'tensor<1x8x4x48xf32>'}}
  %0:5 = "simplicial.attention_grad"(%q, %k, %k, %k, %k, %q, %lse, %q) : (!q, !k, !k, !k, !k, !q, !lse, !q) -> (!q, !q, !k, !k, !k)
  return
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!v = tensor<1x8x2x16xf32>
!out = tensor<1x8x4x16xf32>
!lse = tensor<1x4x8xf32>
func.func @values_of_another_width(%q: !q, %k: !k, %v: !v, %out: !out, %lse: !lse) -> (!q, !v) {
  %0:5 = "simplicial.attention_grad"(%q, %k, %k, %v, %v, %out, %lse, %out)
    : (!q, !k, !k, !v, !v, !out, !lse, !out) -> (!q, !k, !k, !v, !v)
  return %0#0, %0#4 : !q, !v
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!v = tensor<1x8x2x16xf32>
!lse = tensor<1x4x8xf32>
func.func @out_is_as_wide_as_q(%q: !q, %k: !k, %v: !v, %lse: !lse) -> !q {
  // expected-error @below {{out and v1 disagree in dimension 3: 48 and 16}}
  %0:5 = "simplicial.attention_grad"(%q, %k, %k, %v, %v, %q, %lse, %q)
    : (!q, !k, !k, !v, !v, !q, !lse, !q) -> (!q, !k, !k, !v, !v)
  return %0#0 : !q
}
