// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-verify)'

// What simplicial-verify says of attributes. In each function, one is wrong.

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
  // expected-error @below {{'form' must be "trilinear", "determinant" or "pairwise"}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {form = "Determinant"} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @form_empty(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'form' must be "trilinear", "determinant" or "pairwise"}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) {form = ""} : (!q, !k, !k, !k, !k) -> (!out, !lse)
  return %0#0, %0#1 : !out, !lse
}

// -----

!q = tensor<1x8x4x48xf32>
!k = tensor<1x8x2x48xf32>
!out = tensor<1x8x4x48xf32>
!lse = tensor<1x4x8xf32>
func.func @form_integer(%q: !q, %k: !k) -> (!out, !lse) {
  // expected-error @below {{'form' must be "trilinear", "determinant" or "pairwise"}}
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
