// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-verify)'

// Keys of two lengths, if that is asked for: k2 and v2 are alike then, and k2 is like k1 in all but N.

!q = tensor<1x4x4x48xf32>
!k = tensor<1x8x2x48xf32>
!k2 = tensor<1x9x2x48xf32>
func.func @two_lengths(%q: !q, %k: !k, %k2: !k2, %start: tensor<1x12xi32>, %lengths: tensor<1xi32>) {
  %0:2 = "simplicial.attention"(%q, %k, %k2, %k, %k2) {two_lengths} : (!q, !k, !k2, !k, !k2) -> (!q, tensor<1x4x4xf32>)
  %1:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {two_lengths} : (!q, !k, !k, !k, !k) -> (!q, tensor<1x4x4xf32>)
  %2:2 = "simplicial.attention"(%q, %k, %k2, %k, %k2, %start) {two_lengths} : (!q, !k, !k2, !k, !k2, tensor<1x12xi32>) -> (!q, tensor<1x4x4xf32>)
  %3:2 = "simplicial.attention"(%q, %k, %k2, %k, %k2, %lengths) {two_lengths} : (!q, !k, !k2, !k, !k2, tensor<1xi32>) -> (!q, tensor<1x4x4xf32>)
  %4:5 = "simplicial.attention_grad"(%q, %k, %k2, %k, %k2, %0#0, %0#1, %q) {two_lengths}
    : (!q, !k, !k2, !k, !k2, !q, tensor<1x4x4xf32>, !q) -> (!q, !k, !k2, !k, !k2)
  return
}

// -----

!q = tensor<1x4x4x48xf32>
!k = tensor<1x8x2x48xf32>
!k2 = tensor<1x9x2x48xf32>
func.func @two_lengths_by_mistake(%q: !q, %k: !k, %k2: !k2) {
  // expected-error @below {{k2 and k1 disagree in dimension 1: 9 and 8}}
  %0:2 = "simplicial.attention"(%q, %k, %k2, %k, %k2) {causal} : (!q, !k, !k2, !k, !k2) -> (!q, tensor<1x4x4xf32>)
  return
}

// -----

!q = tensor<1x4x4x48xf32>
!k = tensor<1x8x2x48xf32>
!k2 = tensor<1x?x2x48xf32>
func.func @one_length_of_two_types(%q: !q, %k: !k, %k2: !k2) {
  // expected-error @below {{k2 must have k1's type}}
  %0:2 = "simplicial.attention"(%q, %k, %k2, %k, %k2) {causal} : (!q, !k, !k2, !k, !k2) -> (!q, tensor<1x4x4xf32>)
  return
}

// -----

!q = tensor<1x4x4x48xf32>
!k = tensor<1x8x2x48xf32>
!k2 = tensor<1x9x1x48xf32>
func.func @two_lengths_heads(%q: !q, %k: !k, %k2: !k2) {
  // expected-error @below {{k2 and k1 disagree in dimension 2: 1 and 2}}
  %0:2 = "simplicial.attention"(%q, %k, %k2, %k, %k2) {two_lengths} : (!q, !k, !k2, !k, !k2) -> (!q, tensor<1x4x4xf32>)
  return
}

// -----

!q = memref<1x4x4x48xf32>
!k = memref<1x8x2x48xf32>
!k2 = memref<1x9x2x48xf32>
func.func @two_lengths_values(%q: !q, %k: !k, %k2: !k2) {
  "simplicial.attention_into"(%q, %k, %k2, %k, %k2, %q) {two_lengths} : (!q, !k, !k2, !k, !k2, !q) -> ()
  // expected-error @below {{v2 and k2 disagree in dimension 1: 8 and 9}}
  "simplicial.attention_into"(%q, %k, %k2, %k, %k, %q) {two_lengths} : (!q, !k, !k2, !k, !k, !q) -> ()
  return
}

// -----

!q = memref<1x4x4x48xf32>
!k = memref<1x8x2x48xf32>
!k2 = memref<1x9x2x48xf32>
func.func @two_lengths_gradient(%q: !q, %k: !k, %k2: !k2, %lse: memref<1x4x4xf32>) {
  // expected-error @below {{d_v2 and k2 disagree in dimension 1: 8 and 9}}
  "simplicial.attention_grad_into"(%q, %k, %k2, %k, %k2, %q, %lse, %q, %k, %k)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1>, two_lengths}
    : (!q, !k, !k2, !k, !k2, !q, memref<1x4x4xf32>, !q, !k, !k) -> ()
  return
}

// -----

!q = tensor<1x8x4x48xf32>
func.func @two_lengths_and_start(%q: !q, %start: tensor<2x8xi32>) {
  // expected-error @below {{start must have shape [B, N]}}
  %0:2 = "simplicial.attention"(%q, %q, %q, %q, %q, %start) {two_lengths} : (!q, !q, !q, !q, !q, tensor<2x8xi32>) -> (!q, tensor<1x4x8xf32>)
  return
}
