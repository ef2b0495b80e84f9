// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-verify)'

// What simplicial-verify says of the ops on memory, and of gradients. In each function, one thing is wrong.

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x9x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
func.func @into_k2_shape(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse) {
  // expected-error @below {{k2 and k1 disagree in dimension 1: 9 and 8}}
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out, %lse) {} : (!q, !k1, !k2, !v1, !v2, !out, !lse) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x4x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
func.func @into_v1_heads(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse) {
  // expected-error @below {{v1 and k1 disagree in dimension 2: 4 and 2}}
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out, %lse) {} : (!q, !k1, !k2, !v1, !v2, !out, !lse) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf16>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
func.func @into_v2_element(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse) {
  // expected-error @below {{v2 and k1 have different element types}}
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out, %lse) {} : (!q, !k1, !k2, !v1, !v2, !out, !lse) -> ()
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
func.func @into_out_shape(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse) {
  // expected-error @below {{out and q disagree in dimension 1: 7 and 8}}
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out, %lse) {} : (!q, !k1, !k2, !v1, !v2, !out, !lse) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x7xf32>
func.func @into_lse_shape(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse) {
  // expected-error @below {{lse must have shape}}
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out, %lse) {} : (!q, !k1, !k2, !v1, !v2, !out, !lse) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32, strided<[1536, 192, 48, 2]>>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
func.func @into_q_stride(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse) {
  // expected-error @below {{q must have an innermost stride of 1}}
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out, %lse) {} : (!q, !k1, !k2, !v1, !v2, !out, !lse) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32, strided<[?, ?, ?, ?]>>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
func.func @into_v2_stride(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse) {
  // expected-error @below {{v2 must have an innermost stride of 1}}
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out, %lse) {} : (!q, !k1, !k2, !v1, !v2, !out, !lse) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32, strided<[1536, 192, 1, 4]>>
!lse = memref<1x4x8xf32>
func.func @into_out_stride(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse) {
  // expected-error @below {{out must have an innermost stride of 1}}
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out, %lse) {} : (!q, !k1, !k2, !v1, !v2, !out, !lse) -> ()
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
func.func @into_window(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse) {
  // expected-error @below {{'w1' must be at least 1, not 0}}
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out, %lse) {w1 = 0 : i64} : (!q, !k1, !k2, !v1, !v2, !out, !lse) -> ()
  return
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x3x48xf32>
!lse = tensor<1x4x8xf32>
func.func @gradient_heads(%q: !q, %k: !k, %lse: !lse) {
  // expected-error @below {{4 query heads are not a multiple of 3 key heads}}
  %0:5 = "simplicial.attention_grad"(%q, %k, %k, %k, %k, %q, %lse, %q) : (!q, !k, !k, !k, !k, !q, !lse, !q) -> (!q, !k, !k, !k, !k)
  return
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!lse = tensor<1x4x9xf32>
func.func @gradient_lse(%q: !q, %k: !k, %lse: !lse) {
  // expected-error @below {{lse must have shape}}
  %0:5 = "simplicial.attention_grad"(%q, %k, %k, %k, %k, %q, %lse, %q) : (!q, !k, !k, !k, !k, !q, !lse, !q) -> (!q, !k, !k, !k, !k)
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k = memref<1x8x2x48xf32>
!v = memref<1x8x2x16xf32>
!out = memref<1x8x4x16xf32>
func.func @values_of_another_width(%q: !q, %k: !k, %v: !v, %out: !out) {
  "simplicial.attention_into"(%q, %k, %k, %v, %v, %out) : (!q, !k, !k, !v, !v, !out) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k = memref<1x8x2x48xf32>
!v = memref<1x8x2x16xf32>
!out = memref<1x8x4x16xf32>
func.func @widths_of_values_differ(%q: !q, %k: !k, %v: !v, %out: !out) {
  // expected-error @below {{v2 and v1 disagree in dimension 3: 48 and 16}}
  "simplicial.attention_into"(%q, %k, %k, %v, %k, %out) : (!q, !k, !k, !v, !k, !out) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
!k = memref<1x8x2x48xf32>
!v = memref<1x8x2x16xf32>
func.func @out_of_another_width(%q: !q, %k: !k, %v: !v) {
  // expected-error @below {{out and v1 disagree in dimension 3: 48 and 16}}
  "simplicial.attention_into"(%q, %k, %k, %v, %v, %q) : (!q, !k, !k, !v, !v, !q) -> ()
  return
}
