// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-verify)'

// What simplicial-verify accepts, and each diagnostic of operands and results. In each function, one thing is wrong.

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

func.func @documents(%q: tensor<?x9x4x48xf32>, %k: tensor<2x?x2x48xf32>, %start: tensor<?x12xi32>) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k, %start) {causal, w1 = 4 : i64}
    : (tensor<?x9x4x48xf32>, tensor<2x?x2x48xf32>, tensor<2x?x2x48xf32>, tensor<2x?x2x48xf32>, tensor<2x?x2x48xf32>, tensor<?x12xi32>)
    -> (tensor<?x9x4x48xf32>, tensor<?x4x9xf32>)
  return
}

// -----

!q = tensor<1x8x4x48xf32>
func.func @start_is_no_float(%q: !q, %start: tensor<1x8xf32>) {
  // expected-error @below {{has 6 operands and 2 results, which must be 5 and 2}}
  %0:2 = "simplicial.attention"(%q, %q, %q, %q, %q, %start) : (!q, !q, !q, !q, !q, tensor<1x8xf32>) -> (!q, tensor<1x4x8xf32>)
  return
}

// -----

!q = tensor<1x8x4x48xf32>
func.func @start_is_wide(%q: !q, %start: tensor<1x8xi64>) {
  // expected-error @below {{start must have element type i32}}
  %0:2 = "simplicial.attention"(%q, %q, %q, %q, %q, %start) : (!q, !q, !q, !q, !q, tensor<1x8xi64>) -> (!q, tensor<1x4x8xf32>)
  return
}

// -----

!q = tensor<1x8x4x48xf32>
func.func @start_has_a_sign(%q: !q, %start: tensor<1x8xui32>) {
  // expected-error @below {{start must have element type i32}}
  %0:2 = "simplicial.attention"(%q, %q, %q, %q, %q, %start) : (!q, !q, !q, !q, !q, tensor<1x8xui32>) -> (!q, tensor<1x4x8xf32>)
  return
}

// -----

!q = tensor<1x8x4x48xf32>
func.func @bound_rank(%q: !q, %start: tensor<1x8x1xi32>) {
  // expected-error @below {{what bounds it must be start, of rank 2, or lengths, of rank 1}}
  %0:2 = "simplicial.attention"(%q, %q, %q, %q, %q, %start) : (!q, !q, !q, !q, !q, tensor<1x8x1xi32>) -> (!q, tensor<1x4x8xf32>)
  return
}

// -----

!q = tensor<1x8x4x48xf32>
func.func @start_shape(%q: !q, %start: tensor<1x9xi32>) {
  // expected-error @below {{start must have shape [B, N]}}
  %0:2 = "simplicial.attention"(%q, %q, %q, %q, %q, %start) : (!q, !q, !q, !q, !q, tensor<1x9xi32>) -> (!q, tensor<1x4x8xf32>)
  return
}

// -----

!q = memref<1x8x4x48xf32>
func.func @bounded_without_bound(%q: !q, %lse: memref<1x4x8xf32>) {
  // expected-error @below {{must have a last operand of i32: start, or lengths}}
  "simplicial.bounded_attention_into"(%q, %q, %q, %q, %q, %q, %lse) : (!q, !q, !q, !q, !q, !q, memref<1x4x8xf32>) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
func.func @start_stride(%q: !q, %start: memref<1x8xi32, strided<[16, 2]>>) {
  // expected-error @below {{start must have an innermost stride of 1}}
  "simplicial.bounded_attention_into"(%q, %q, %q, %q, %q, %q, %start) : (!q, !q, !q, !q, !q, !q, memref<1x8xi32, strided<[16, 2]>>) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
func.func @bounded(%q: !q, %lse: memref<1x4x8xf32>, %start: memref<1x8xi32>) {
  "simplicial.bounded_attention_into"(%q, %q, %q, %q, %q, %q, %start) : (!q, !q, !q, !q, !q, !q, memref<1x8xi32>) -> ()
  "simplicial.bounded_attention_into"(%q, %q, %q, %q, %q, %q, %lse, %start) : (!q, !q, !q, !q, !q, !q, memref<1x4x8xf32>, memref<1x8xi32>) -> ()
  "simplicial.bounded_attention_grad_into"(%q, %q, %q, %q, %q, %q, %lse, %q, %q, %start)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1>}
    : (!q, !q, !q, !q, !q, !q, memref<1x4x8xf32>, !q, !q, memref<1x8xi32>) -> ()
  return
}

// -----

!q = memref<1x8x4x48xf32>
func.func @bounded_gradient_segments(%q: !q, %lse: memref<1x4x8xf32>, %start: memref<1x8xi32>) {
  // expected-error @below {{'operandSegmentSizes'}}
  "simplicial.bounded_attention_grad_into"(%q, %q, %q, %q, %q, %q, %lse, %q, %q, %start)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1>}
    : (!q, !q, !q, !q, !q, !q, memref<1x4x8xf32>, !q, !q, memref<1x8xi32>) -> ()
  return
}

// -----

func.func @lengths(%q: tensor<?x9x4x48xf32>, %k: tensor<2x?x2x48xf32>, %lengths: tensor<?xi32>) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k, %lengths) {causal, w1 = 4 : i64}
    : (tensor<?x9x4x48xf32>, tensor<2x?x2x48xf32>, tensor<2x?x2x48xf32>, tensor<2x?x2x48xf32>, tensor<2x?x2x48xf32>, tensor<?xi32>)
    -> (tensor<?x9x4x48xf32>, tensor<?x4x9xf32>)
  return
}

// -----

!q = tensor<1x8x4x48xf32>
func.func @lengths_shape(%q: !q, %lengths: tensor<8xi32>) {
  // expected-error @below {{lengths must have shape [B]}}
  %0:2 = "simplicial.attention"(%q, %q, %q, %q, %q, %lengths) : (!q, !q, !q, !q, !q, tensor<8xi32>) -> (!q, tensor<1x4x8xf32>)
  return
}

// -----

!q = tensor<1x8x4x48xf32>
func.func @lengths_are_wide(%q: !q, %lengths: tensor<1xi64>) {
  // expected-error @below {{lengths must have element type i32}}
  %0:2 = "simplicial.attention"(%q, %q, %q, %q, %q, %lengths) : (!q, !q, !q, !q, !q, tensor<1xi64>) -> (!q, tensor<1x4x8xf32>)
  return
}

// -----

// Values of another width than keys.

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!v = tensor<1x8x2x16xf32>
!out = tensor<1x8x4x16xf32>
!lse = tensor<1x4x8xf32>
func.func @values_of_another_width(%q: !q, %k: !k, %v: !v) -> (!out, !lse) {
  %0:2 = "simplicial.attention"(%q, %k, %k, %v, %v) {} : (!q, !k, !k, !v, !v) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!v = tensor<1x8x2x16xf32>
!lse = tensor<1x4x8xf32>
func.func @out_is_as_wide_as_q(%q: !q, %k: !k, %v: !v) -> (!q, !lse) {
  // expected-error @below {{out must have q's type, with v1's head dimension}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %v, %v) {} : (!q, !k, !k, !v, !v) -> (!q, !lse)
  return %0#0, %0#1 : !q, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!v = tensor<1x8x2x24xf32>
!out = tensor<1x8x4x24xf32>
!lse = tensor<1x4x8xf32>
func.func @values_of_24(%q: !q, %k: !k, %v: !v) -> (!out, !lse) {
  // expected-error @below {{v1's head dimension must be a multiple of 16 from 16 to 256, not 24}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %v, %v) {} : (!q, !k, !k, !v, !v) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!v = tensor<1x8x2x?xf32>
!out = tensor<1x8x4x?xf32>
!lse = tensor<1x4x8xf32>
func.func @values_of_any_width(%q: !q, %k: !k, %v: !v) -> (!out, !lse) {
  // expected-error @below {{v1's head dimension must be static}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %v, %v) {} : (!q, !k, !k, !v, !v) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}
