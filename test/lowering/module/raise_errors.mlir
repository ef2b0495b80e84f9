// RUN: %mlir-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline='builtin.module(simplicial-raise)'

// Attributes.

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has no attribute 'window'}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {window = 4 : i64}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{'w1' must be an i64 attribute}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {w1 = false}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{'w1' must be an i64 attribute}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {w1 = 4 : index}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{'w1' must be an i64 attribute}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {w1 = 4 : i128}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{'w1' must be at least 1, not -3}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {w1 = -3 : i8}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{'w1' must be at least 1, not -1}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {w1 = 18446744073709551615 : ui64}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{'scale' must be an f32 attribute}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {scale = 1 : i64}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{'scale' must be finite}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {scale = 1.0e300 : f64}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{'causal' must be a unit attribute}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {causal = 1 : i32}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has attributes that are no dictionary}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = [4]}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has attributes that are no dictionary}}
  %r:2 = "stablehlo.custom_call"(%q, %k, %k, %k, %k) <{call_target_name = "simplicial.attention", backend_config = "w1 = 4"}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has no attribute 'window'}}
  %r:2 = "stablehlo.custom_call"(%q, %k, %k, %k, %k) <{call_target_name = "simplicial.attention", backend_config = {window = 4 : i64}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has no attribute 'window'}}
  %r:2 = "stablehlo.custom_call"(%q, %k, %k, %k, %k) <{call_target_name = "simplicial.attention", backend_config = ""}> {mhlo.backend_config = {window = 4 : i64}}
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func private @carrier(!q, !k, !k, !k, !k) -> (!q, !lse) attributes {simplicial.attention = {window = 4 : i64}}
func.func @f(%q: !q, %k: !k, %n: i32) {
  // expected-error @below {{has no attribute 'window'}}
  %r:2 = call @carrier(%q, %k, %k, %k, %k) : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func private @carrier(!q, !k, !k, !k, !k) -> (!q, !lse) attributes {simplicial.attention}
func.func @f(%q: !q, %k: !k, %n: i32) {
  // expected-error @below {{has attributes that are no dictionary}}
  %r:2 = call @carrier(%q, %k, %k, %k, %k) : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

// Operands and results.

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has 4 operands and 2 results, which must be 5 and 2}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {}}>
    : (!q, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has 0 operands and 1 results, which must be 5 and 2}}
  %r:1 = "stablehlo.composite"() <{name = "simplicial.attention", composite_attributes = {}}>
    : () -> (!q)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has 5 operands and 3 results, which must be 5 and 2}}
  %r:3 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has 5 operands and 2 results, which must be 8 and 5}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention_grad", composite_attributes = {}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has 8 operands and 1 results, which must be 8 and 5}}
  %r:1 = "stablehlo.composite"(%q, %k, %k, %k, %k, %q, %q, %q) <{name = "simplicial.attention_grad", composite_attributes = {}}>
    : (!q, !k, !k, !k, !k, !q, !q, !q) -> (!q)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{out must have q's type}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {}}>
    : (!q, !k, !k, !k, !k) -> (!k, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{lse must have shape [B, Hq, Nq]}}
  %r:2 = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", composite_attributes = {}}>
    : (!q, !k, !k, !k, !k) -> (!q, tensor<2x18x4xf32>)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{k2 and k1 disagree in dimension 2: 4 and 2}}
  %r:2 = "stablehlo.composite"(%q, %k, %q, %k, %k) <{name = "simplicial.attention", composite_attributes = {}}>
    : (!q, !k, !q, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func private @carrier(!q, !k, !k, !k, i32) -> (!q, !lse) attributes {simplicial.attention = {}}
func.func @f(%q: !q, %k: !k, %n: i32) {
  // expected-error @below {{operand 4 must be a tensor with a rank}}
  %r:2 = call @carrier(%q, %k, %k, %k, %n) : (!q, !k, !k, !k, i32) -> (!q, !lse)
  return
}

// -----

// Layouts.

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has operand_layouts whose last dimension is not innermost}}
  %r:2 = "stablehlo.custom_call"(%q, %k, %k, %k, %k) <{call_target_name = "simplicial.attention", operand_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>, dense<[3, 1, 2, 0]> : tensor<4xindex>]}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has result_layouts whose last dimension is not innermost}}
  %r:2 = "stablehlo.custom_call"(%q, %k, %k, %k, %k) <{call_target_name = "simplicial.attention", result_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>, dense<[0, 1, 2]> : tensor<3xindex>]}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}

// -----

!q = tensor<2x18x4x32xf32>
!k = tensor<2x18x2x32xf32>
!lse = tensor<2x4x18xf32>
func.func @f(%q: !q, %k: !k) {
  // expected-error @below {{has result_layouts whose last dimension is not innermost}}
  %r:2 = "stablehlo.custom_call"(%q, %k, %k, %k, %k) <{call_target_name = "simplicial.attention", result_layouts = [4]}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return
}
