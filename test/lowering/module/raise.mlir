// RUN: %mlir-opt %s --allow-unregistered-dialect --pass-pipeline='builtin.module(simplicial-raise,symbol-dce)' \
// RUN:   | FileCheck %s --implicit-check-not='func.func private'

!q = tensor<2x18x4x32xf32>
!k = tensor<2x22x2x32xf32>
!lse = tensor<2x4x18xf32>

// What a composite decomposed into, and what was declared, nobody needs any more.

// CHECK-LABEL: func @composite
// CHECK-SAME: %[[Q:.*]]: tensor<2x18x4x32xf32>, %[[K1:.*]]: tensor<2x22x2x32xf32>, %[[K2:[^ ]*]]: {{.*}}, %[[V1:.*]]: {{.*}}, %[[V2:.*]]: tensor<2x22x2x32xf32>)
// CHECK: %[[R:.*]]:2 = "simplicial.attention"(%[[Q]], %[[K1]], %[[K2]], %[[V1]], %[[V2]])
// CHECK-SAME: {causal, form = "trilinear", k2_bias = 5.000000e-01 : f32, scale = 3.000000e-01 : f32, w1 = 5 : i64, w2 = 11 : i64}
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @composite(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k) -> (!q, !lse) {
  %r:2 = "stablehlo.composite"(%q, %k1, %k2, %v1, %v2) <{
    name = "simplicial.attention", version = 1 : i32, decomposition = @reference, composite_attributes = {
      causal = true, form = "trilinear", k2_bias = 0.5 : f16, scale = 0.3 : f64, w1 = 5 : si32, w2 = 11 : ui64}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return %r#0, %r#1 : !q, !lse
}
func.func private @reference(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k) -> (!q, !lse) {
  %r:2 = "stablehlo.anything"(%q) : (!q) -> (!q, !lse)
  return %r#0, %r#1 : !q, !lse
}

// A result that nobody wants may be left out, and so may attributes.

// CHECK-LABEL: func @out_alone
// CHECK: %[[R:.*]]:2 = "simplicial.attention"(%{{.*}}) :
// CHECK-SAME: -> (tensor<2x18x4x32xf32>, tensor<2x4x18xf32>)
// CHECK: return %[[R]]#0
func.func @out_alone(%q: !q, %k: !k) -> !q {
  %r = "stablehlo.composite"(%q, %k, %k, %k, %k) <{name = "simplicial.attention", decomposition = @out_alone_reference}>
    : (!q, !k, !k, !k, !k) -> !q
  return %r : !q
}

func.func private @out_alone_reference(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k) -> !q {
  return %q : !q
}

// CHECK-LABEL: func @custom_call
// CHECK: "simplicial.attention"(%{{.*}}) {two_lengths, w1 = 3 : i64}
// CHECK: "simplicial.attention"(%{{.*}}) {causal, w2 = 4 : i64}
func.func @custom_call(%q: !q, %k: !k) -> (!q, !q) {
  %a:2 = "stablehlo.custom_call"(%q, %k, %k, %k, %k) <{
    call_target_name = "simplicial.attention", api_version = 4 : i32, has_side_effect = false,
    backend_config = {causal = false, two_lengths = true, w1 = 3 : i64}}>
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  %b:2 = "stablehlo.custom_call"(%q, %k, %k, %k, %k) <{
    call_target_name = "simplicial.attention", api_version = 1 : i32, backend_config = "",
    operand_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>, dense<[3, 2, 1, 0]> : tensor<4xindex>,
      dense<[3, 2, 1, 0]> : tensor<4xindex>, dense<[3, 2, 1, 0]> : tensor<4xindex>,
      dense<[3, 2, 1, 0]> : tensor<4xindex>],
    result_layouts = [dense<[3, 2, 1, 0]> : tensor<4xindex>, dense<[2, 1, 0]> : tensor<3xindex>]}>
    {mhlo.backend_config = {causal = true, w2 = 4 : i32}}
    : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return %a#0, %b#0 : !q, !q
}

// CHECK-LABEL: func @call
// CHECK: %[[R:.*]]:2 = "simplicial.attention"(%{{.*}}) {causal, w1 = 5 : i64}
// CHECK: %[[G:.*]]:5 = "simplicial.attention_grad"(%{{.*}}, %[[R]]#0, %[[R]]#1, %{{.*}}) {causal, w1 = 5 : i64}
// CHECK: return %[[G]]#0, %[[G]]#4
func.func private @declared(!q, !k, !k, !k, !k) -> (!q, !lse) attributes {simplicial.attention = {causal, w1 = 5 : i64}}
func.func private @grad(!q, !k, !k, !k, !k, !q, !lse, !q) -> (!q, !k, !k, !k, !k)
  attributes {simplicial.attention_grad = {causal, w1 = 5 : i64}}
func.func @call(%q: !q, %k: !k) -> (!q, !k) {
  %r:2 = call @declared(%q, %k, %k, %k, %k) : (!q, !k, !k, !k, !k) -> (!q, !lse)
  %g:5 = call @grad(%q, %k, %k, %k, %k, %r#0, %r#1, %q) : (!q, !k, !k, !k, !k, !q, !lse, !q) -> (!q, !k, !k, !k, !k)
  return %g#0, %g#4 : !q, !k
}

// Each module has names of its own.

// CHECK-LABEL: func @outer
// CHECK: call @f
// CHECK-LABEL: func @inner
// CHECK: "simplicial.attention"(%{{.*}}) :
// CHECK-LABEL: func @outer_again
// CHECK: call @f
func.func nested @f(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k) -> !q {
  return %q : !q
}
func.func @outer(%q: !q, %k: !k) -> !q {
  %r = call @f(%q, %k, %k, %k, %k) : (!q, !k, !k, !k, !k) -> !q
  return %r : !q
}
module @nested {
  func.func private @f(!q, !k, !k, !k, !k) -> !q attributes {simplicial.attention = {}}
  func.func @inner(%q: !q, %k: !k) -> !q {
    %r = call @f(%q, %k, %k, %k, %k) : (!q, !k, !k, !k, !k) -> !q
    return %r : !q
  }
}
func.func @outer_again(%q: !q, %k: !k) -> !q {
  %r = call @f(%q, %k, %k, %k, %k) : (!q, !k, !k, !k, !k) -> !q
  return %r : !q
}

// Others are left as they are.

// CHECK-LABEL: func @others
// CHECK: "stablehlo.composite"(%{{.*}}) <{decomposition = @g, name = "simplicial.attentions"}>
// CHECK: "stablehlo.custom_call"(%{{.*}}) <{call_target_name = "Sharding"}>
// CHECK: "stablehlo.add"
func.func @others(%q: !q) -> !q {
  %a = "stablehlo.composite"(%q) <{name = "simplicial.attentions", decomposition = @g}> : (!q) -> !q
  %b = "stablehlo.custom_call"(%a) <{call_target_name = "Sharding"}> : (!q) -> !q
  %c = "stablehlo.add"(%b, %b) : (!q, !q) -> !q
  return %c : !q
}

// What bounds attention is one operand more.

// CHECK-LABEL: func @documents
// CHECK: %[[R:.*]]:2 = "simplicial.attention"({{.*}}, %{{.*}}) : ({{.*}}, tensor<2x22xi32>) -> (tensor<2x18x4x32xf32>, tensor<2x4x18xf32>)
// CHECK: return %[[R]]#0
func.func @documents(%q: !q, %k: !k, %start: tensor<2x22xi32>) -> !q {
  %r = "stablehlo.custom_call"(%q, %k, %k, %k, %k, %start) <{call_target_name = "simplicial.attention"}>
    : (!q, !k, !k, !k, !k, tensor<2x22xi32>) -> !q
  return %r : !q
}
