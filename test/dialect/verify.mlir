// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-verify)'

// What simplicial-verify accepts, and every diagnostic of it. In each function, one thing is wrong.

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @plain(%q: !q, %k: !k) -> (!out, !lse) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @all_attributes(%q: !q, %k: !k) -> (!out, !lse) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w1 = 1 : i64, w2 = 9223372036854775807 : i64, causal, scale = 1.0e-3 : f32, k2_bias = -1.0 : f32, v2_bias = 0.0 : f32, form = "determinant"} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @trilinear(%q: !q, %k: !k) -> (!out, !lse) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {form = "trilinear"} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<?x?x4x48xbf16>
!k = tensor<?x?x1x48xbf16>
!out = tensor<?x?x4x48xbf16>
!lse = tensor<?x4x?xf32>
func.func @dynamic(%q: !q, %k: !k) -> (!out, !lse) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<2x?x4x48xf16>
!k = tensor<?x7x4x48xf16>
!out = tensor<2x?x4x48xf16>
!lse = tensor<?x4x5xf32>
func.func @partly_dynamic(%q: !q, %k: !k) -> (!out, !lse) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x9x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x9x4x48xf32>
!lse = tensor<1x4x9xf32>
func.func @more_queries_than_keys(%q: !q, %k: !k) -> (!out, !lse) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @discardable(%q: !q, %k: !k) -> (!out, !lse) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {other.attribute = 1 : i64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x1x1x16xf32>
!k = tensor<1x1x1x16xf32>
!out = tensor<1x1x1x16xf32>
!lse = tensor<1x1x1xf32>
func.func @smallest(%q: !q, %k: !k) -> (!out, !lse) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x1x128x256xf32>
!k = tensor<1x1x1x256xf32>
!out = tensor<1x1x128x256xf32>
!lse = tensor<1x128x1xf32>
func.func @largest(%q: !q, %k: !k) -> (!out, !lse) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = memref<1x8x4x48xf32>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
func.func @into(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse) {
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
func.func @into_without_lse(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out) {
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out) {} : (!q, !k1, !k2, !v1, !v2, !out) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32, strided<[9999, 200, 50, 1], offset: ?>>
!k1 = memref<1x8x2x48xf32>
!k2 = memref<1x8x2x48xf32, strided<[?, ?, ?, 1]>>
!v1 = memref<1x8x2x48xf32>
!v2 = memref<1x8x2x48xf32>
!out = memref<1x8x4x48xf32>
!lse = memref<1x4x8xf32>
func.func @into_strided(%q: !q, %k1: !k1, %k2: !k2, %v1: !v1, %v2: !v2, %out: !out, %lse: !lse) {
  "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out, %lse) {} : (!q, !k1, !k2, !v1, !v2, !out, !lse) -> ()
  return
}

// -----

!q = tensor<8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @q_rank(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{q must have rank 4}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<*xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @q_unranked(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{expected base type 'builtin.tensor' but got 'builtin.unranked_tensor'}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48x1xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @key_rank(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{k1 must have rank 4}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<*xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @key_unranked(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{expected base type 'builtin.tensor' but got 'builtin.unranked_tensor'}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<4x8xf32>
func.func @lse_rank(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{lse must have rank 3}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf64>
!k = tensor<1x8x2x48xf64>
!out = tensor<1x8x4x48xf64>
!lse = tensor<1x4x8xf32>
func.func @element_f64(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{element type must be f32, f16 or bf16}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xi32>
!k = tensor<1x8x2x48xi32>
!out = tensor<1x8x4x48xi32>
!lse = tensor<1x4x8xf32>
func.func @element_i32(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{element type must be f32, f16 or bf16}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf8E4M3FN>
!k = tensor<1x8x2x48xf8E4M3FN>
!out = tensor<1x8x4x48xf8E4M3FN>
!lse = tensor<1x4x8xf32>
func.func @element_f8(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{element type must be f32, f16 or bf16}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf16>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @elements_differ(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{k1 and q have different element types}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf16>
!k = tensor<1x8x2x48xf16>
!out = tensor<1x8x4x48xf16>
!lse = tensor<1x4x8xf16>
func.func @lse_element(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{lse must have element type f32}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xbf16>
!lse = tensor<1x4x8xf32>
func.func @out_type(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{out must have q's type}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x9x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @out_shape(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{out must have q's type}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<2x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @batches_differ(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{k1 and q disagree in dimension 0: 2 and 1}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x32xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @dims_differ(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{k1 and q disagree in dimension 3: 32 and 48}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x?xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x?xf32>
!lse = tensor<1x4x8xf32>
func.func @dim_dynamic(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{the number of heads and the head dimension must be static}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x?xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @key_dim_dynamic(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{the number of heads and the head dimension must be static}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x?x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x?x48xf32>
!lse = tensor<1x?x8xf32>
func.func @heads_dynamic(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{the number of heads and the head dimension must be static}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x?x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @key_heads_dynamic(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{the number of heads and the head dimension must be static}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x0x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x0x48xf32>
!lse = tensor<1x0x8xf32>
func.func @no_heads(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{q has no heads}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x0x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @no_key_heads(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{4 query heads are not a multiple of 0 key heads}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x3x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @heads_do_not_divide(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{4 query heads are not a multiple of 3 key heads}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x8x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @more_key_heads(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{4 query heads are not a multiple of 8 key heads}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x0xf32>
!k = tensor<1x8x2x0xf32>
!out = tensor<1x8x4x0xf32>
!lse = tensor<1x4x8xf32>
func.func @dim_0(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{head dimension must be a multiple of 16 from 16 to 256, not 0}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x8xf32>
!k = tensor<1x8x2x8xf32>
!out = tensor<1x8x4x8xf32>
!lse = tensor<1x4x8xf32>
func.func @dim_8(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{head dimension must be a multiple of 16 from 16 to 256, not 8}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x40xf32>
!k = tensor<1x8x2x40xf32>
!out = tensor<1x8x4x40xf32>
!lse = tensor<1x4x8xf32>
func.func @dim_40(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{head dimension must be a multiple of 16 from 16 to 256, not 40}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x272xf32>
!k = tensor<1x8x2x272xf32>
!out = tensor<1x8x4x272xf32>
!lse = tensor<1x4x8xf32>
func.func @dim_272(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{head dimension must be a multiple of 16 from 16 to 256, not 272}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x64xf32>
!k = tensor<1x8x2x64xf32>
!out = tensor<1x8x4x64xf32>
!lse = tensor<1x4x8xf32>
func.func @determinant_of_64(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{form "determinant" needs a head dimension of 3 planes that are multiples of 16, not 64}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {form = "determinant"} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<2x4x8xf32>
func.func @lse_batch(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{lse must have shape}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x2x8xf32>
func.func @lse_heads(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{lse must have shape}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x9xf32>
func.func @lse_queries(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{lse must have shape}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w1_zero(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w1' must be at least 1, not 0}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w1 = 0 : i64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w1_negative(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w1' must be at least 1, not -4}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w1 = -4 : i64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w1_i32(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w1' must be an i64 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w1 = 4 : i32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w1_float(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w1' must be an i64 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w1 = 4.0 : f32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w1_string(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w1' must be an i64 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w1 = "4"} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w1_index(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w1' must be an i64 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w1 = 4 : index} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w2_zero(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w2' must be at least 1, not 0}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w2 = 0 : i64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w2_negative(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w2' must be at least 1, not -4}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w2 = -4 : i64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w2_i32(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w2' must be an i64 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w2 = 4 : i32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w2_float(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w2' must be an i64 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w2 = 4.0 : f32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w2_string(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w2' must be an i64 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w2 = "4"} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @w2_index(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'w2' must be an i64 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {w2 = 4 : index} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @scale_integer(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'scale' must be an f32 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {scale = 1 : i64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @scale_f64(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'scale' must be an f32 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {scale = 1.0 : f64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @scale_nan(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'scale' must be finite}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {scale = 0x7FC00000 : f32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @scale_infinite(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'scale' must be finite}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {scale = 0xFF800000 : f32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @k2_bias_integer(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'k2_bias' must be an f32 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {k2_bias = 1 : i64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @k2_bias_f64(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'k2_bias' must be an f32 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {k2_bias = 1.0 : f64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @k2_bias_nan(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'k2_bias' must be finite}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {k2_bias = 0x7FC00000 : f32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @k2_bias_infinite(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'k2_bias' must be finite}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {k2_bias = 0xFF800000 : f32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @v2_bias_integer(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'v2_bias' must be an f32 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {v2_bias = 1 : i64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @v2_bias_f64(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'v2_bias' must be an f32 attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {v2_bias = 1.0 : f64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @v2_bias_nan(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'v2_bias' must be finite}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {v2_bias = 0x7FC00000 : f32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @v2_bias_infinite(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'v2_bias' must be finite}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {v2_bias = 0xFF800000 : f32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @scale_zero(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'scale' must be positive}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {scale = 0.0 : f32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @scale_negative(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'scale' must be positive}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {scale = -0.5 : f32} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @causal_false(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'causal' must be a unit attribute}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {causal = false} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @form_unknown(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'form' must be "trilinear" or "determinant"}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {form = "Determinant"} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @form_empty(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'form' must be "trilinear" or "determinant"}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {form = ""} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @form_integer(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'form' must be "trilinear" or "determinant"}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {form = 1 : i64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @misspelt(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{has no attribute 'windows'}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {windows = 4 : i64} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

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

// No tensor may have more bytes than an i64 can count, whatever its dynamic sizes are.

!q = tensor<?x288230376151711744x2x16xf32>
!lse = tensor<?x2x288230376151711744xf32>
func.func @large_query(%q: !q) -> !lse {
  // expected-error @below {{q has more than 2^63 - 1 bytes}}
  %0:2 = "simplicial.attention"(%q, %q, %q, %q, %q) : (!q, !q, !q, !q, !q) -> (!q, !lse)
  return %0#1 : !lse
}

// -----

!q = tensor<1x8x2x16xf16>
!k = tensor<1x288230376151711744x1x16xf16>
!lse = tensor<1x2x8xf32>
func.func @large_keys(%q: !q, %k: !k) -> !q {
  // expected-error @below {{k1 has more than 2^63 - 1 bytes}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return %0#0 : !q
}

// -----

!q = tensor<1x8x2x16xf16>
!k = tensor<1x144115188075855872x1x16xf16>
!lse = tensor<1x2x8xf32>
func.func @largest_keys(%q: !q, %k: !k) -> !q {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return %0#0 : !q
}

// -----

func.func @large_result() -> tensor<4611686018427387904x2xi8> {
  // expected-error @below {{result 0 has more than 2^63 - 1 bytes}}
  %0 = tensor.empty() : tensor<4611686018427387904x2xi8>
  return %0 : tensor<4611686018427387904x2xi8>
}

// -----

// expected-error @below {{argument 1 has more than 2^63 - 1 bytes}}
func.func @large_argument(%a: tensor<4xi8>, %b: memref<9223372036854775807x0x2xi8>) {
  return
}

// -----

func.func @large_constant() -> tensor<67108864xf32> {
  // expected-error @below {{holds a constant of 256 MiB or more: it can be an argument instead}}
  %0 = arith.constant dense<0.5> : tensor<67108864xf32>
  return %0 : tensor<67108864xf32>
}

// -----

func.func @endless_constant() -> tensor<4611686018427387904x2x16xf16> {
  // expected-error @below {{holds a constant of 256 MiB or more: it can be an argument instead}}
  %0 = arith.constant dense<0.5> : tensor<4611686018427387904x2x16xf16>
  return %0 : tensor<4611686018427387904x2x16xf16>
}

// -----

func.func @largest_constant() -> tensor<67108863xf32> {
  %0 = arith.constant dense<0.5> : tensor<67108863xf32>
  return %0 : tensor<67108863xf32>
}

// -----

// One compilation is for one target.

// expected-error @below {{simplicial.target is 'sm_80', but the module around it is compiled for 'cpu'}}
func.func @own_target() attributes {simplicial.target = "sm_80"} {
  return
}

// -----

module attributes {simplicial.target = "sm_80"} {
  func.func @same_target() attributes {simplicial.target = "sm_80"} {
    return
  }
  // expected-error @below {{simplicial.target is 'sm_80,sm_90', but the module around it is compiled for 'sm_80'}}
  module attributes {simplicial.target = "sm_80,sm_90"} {
  }
}

// -----

module attributes {simplicial.target = "sm_80"} {
  // expected-error @below {{simplicial.target is 'cpu', but the module around it is compiled for 'sm_80'}}
  func.func @cpu() attributes {simplicial.target = "cpu"} {
    return
  }
}

// -----

// expected-error @below {{unknown target 'sm_1'}}
func.func @unknown_target() attributes {simplicial.target = "sm_1"} {
  return
}
