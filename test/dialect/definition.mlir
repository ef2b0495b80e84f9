// RUN: %mlir-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// What the IRDL definition accepts and prints, and what it rejects by itself.

// CHECK-LABEL: @all_attributes
// CHECK: %[[R:.*]]:2 = "simplicial.attention"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) {causal, form = "determinant",
// CHECK-SAME: k2_bias = 1.000000e+00 : f32, scale = 5.000000e-01 : f32, v2_bias = 2.000000e+00 : f32, w1 = 4 : i64, w2 = 8 : i64}
// CHECK-SAME: -> (tensor<2x?x6x48xbf16>, tensor<2x6x?xf32>)
func.func @all_attributes(%q: tensor<2x?x6x48xbf16>, %kv: tensor<2x?x2x48xbf16>)
    -> (tensor<2x?x6x48xbf16>, tensor<2x6x?xf32>) {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv)
      {w1 = 4 : i64, w2 = 8 : i64, causal, scale = 0.5 : f32, k2_bias = 1.0 : f32, v2_bias = 2.0 : f32,
       form = "determinant"}
    : (tensor<2x?x6x48xbf16>, tensor<2x?x2x48xbf16>, tensor<2x?x2x48xbf16>, tensor<2x?x2x48xbf16>,
       tensor<2x?x2x48xbf16>) -> (tensor<2x?x6x48xbf16>, tensor<2x6x?xf32>)
  return %out, %lse : tensor<2x?x6x48xbf16>, tensor<2x6x?xf32>
}

// CHECK-LABEL: @into
// CHECK: "simplicial.attention_into"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}})
// CHECK: "simplicial.attention_into"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{[^,]*}})
func.func @into(%q: memref<1x8x2x16xf32>, %kv: memref<1x8x1x16xf32>, %lse: memref<1x2x8xf32>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %q, %lse)
    : (memref<1x8x2x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>,
       memref<1x8x2x16xf32>, memref<1x2x8xf32>) -> ()
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %q)
    : (memref<1x8x2x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>,
       memref<1x8x2x16xf32>) -> ()
  return
}

// CHECK-LABEL: @gradient
// CHECK: "simplicial.attention_grad"
func.func @gradient(%q: tensor<1x8x2x16xf32>, %kv: tensor<1x8x1x16xf32>, %lse: tensor<1x2x8xf32>)
    -> tensor<1x8x2x16xf32> {
  %0:5 = "simplicial.attention_grad"(%q, %kv, %kv, %kv, %kv, %q, %lse, %q) {causal}
    : (tensor<1x8x2x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>,
       tensor<1x8x2x16xf32>, tensor<1x2x8xf32>, tensor<1x8x2x16xf32>)
    -> (tensor<1x8x2x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>)
  return %0#0 : tensor<1x8x2x16xf32>
}

// CHECK-LABEL: @gradient_into
// CHECK: "simplicial.attention_grad_into"(%{{.*}}, %[[D_Q:[a-z0-9_]+]], %[[D_V2:[a-z0-9_]+]])
// CHECK-SAME: {causal, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1>}
func.func @gradient_into(%q: memref<1x8x2x16xf32>, %kv: memref<1x8x1x16xf32>, %lse: memref<1x2x8xf32>,
                         %d_q: memref<1x8x2x16xf32>, %d_v2: memref<1x8x1x16xf32>) {
  "simplicial.attention_grad_into"(%q, %kv, %kv, %kv, %kv, %q, %lse, %q, %d_q, %d_v2)
      {causal, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1>}
    : (memref<1x8x2x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>,
       memref<1x8x2x16xf32>, memref<1x2x8xf32>, memref<1x8x2x16xf32>, memref<1x8x2x16xf32>, memref<1x8x1x16xf32>) -> ()
  return
}

// CHECK-LABEL: @wgmma
// CHECK: "simplicial.wgmma"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) {type = bf16}
// CHECK: "simplicial.tie"
llvm.func @wgmma(%acc: !llvm.struct<(f32, f32, f32, f32)>, %a: !llvm.struct<(i32, i32, i32, i32)>, %b: i64, %more: i1) {
  %d = "simplicial.wgmma"(%acc, %a, %b, %more) {type = bf16}
    : (!llvm.struct<(f32, f32, f32, f32)>, !llvm.struct<(i32, i32, i32, i32)>, i64, i1)
    -> !llvm.struct<(f32, f32, f32, f32)>
  %y = "simplicial.tie"(%d) : (!llvm.struct<(f32, f32, f32, f32)>) -> !llvm.struct<(f32, f32, f32, f32)>
  llvm.return
}

// -----

func.func @four_operands(%x: tensor<1x8x1x16xf32>) {
  // expected-error @below {{op expects at least 5 operands, but got 4}}
  %out, %lse = "simplicial.attention"(%x, %x, %x, %x)
    : (tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>)
    -> (tensor<1x8x1x16xf32>, tensor<1x1x8xf32>)
  return
}

// -----

func.func @one_result(%x: tensor<1x8x1x16xf32>) {
  // expected-error @below {{op expects exactly 2 results, but got 1}}
  %out = "simplicial.attention"(%x, %x, %x, %x, %x)
    : (tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>)
    -> tensor<1x8x1x16xf32>
  return
}

// -----

func.func @not_a_tensor(%x: tensor<1x8x1x16xf32>, %y: memref<1x8x1x16xf32>) {
  // expected-error @below {{expected base type 'builtin.tensor' but got 'builtin.memref'}}
  %out, %lse = "simplicial.attention"(%y, %x, %x, %x, %x)
    : (memref<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>)
    -> (tensor<1x8x1x16xf32>, tensor<1x1x8xf32>)
  return
}

// -----

func.func @into_tensors(%x: tensor<1x8x1x16xf32>) {
  // expected-error @below {{expected base type 'builtin.memref' but got 'builtin.tensor'}}
  "simplicial.attention_into"(%x, %x, %x, %x, %x, %x)
    : (tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>,
       tensor<1x8x1x16xf32>) -> ()
  return
}

// -----

func.func @gradient_types_differ(%q: tensor<1x8x2x16xf32>, %kv: tensor<1x8x1x16xf32>, %lse: tensor<1x2x8xf32>) {
  // expected-error @below {{expected 'tensor<1x8x1x16xf32>' but got 'tensor<1x8x2x16xf32>'}}
  %0:5 = "simplicial.attention_grad"(%q, %kv, %kv, %kv, %kv, %kv, %lse, %q)
    : (tensor<1x8x2x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>,
       tensor<1x8x1x16xf32>, tensor<1x2x8xf32>, tensor<1x8x2x16xf32>)
    -> (tensor<1x8x2x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>)
  return
}

// -----

func.func @unknown_operation() {
  // expected-error @below {{unregistered operation 'simplicial.atention' found in dialect ('simplicial')}}
  "simplicial.atention"() : () -> ()
  return
}

// -----

func.func @wgmma_type(%acc: f32, %b: i64, %more: i1) {
  // expected-error @below {{expected 'f32' but got 'i64'}}
  %d = "simplicial.wgmma"(%acc, %b, %b, %more) {type = bf16} : (f32, i64, i64, i1) -> i64
  return
}

// -----

func.func @gradient_without_sizes(%q: memref<1x8x2x16xf32>, %kv: memref<1x8x1x16xf32>, %lse: memref<1x2x8xf32>) {
  // expected-error @below {{'operandSegmentSizes' attribute is expected but not provided}}
  "simplicial.attention_grad_into"(%q, %kv, %kv, %kv, %kv, %q, %lse, %q, %q)
    : (memref<1x8x2x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>,
       memref<1x8x2x16xf32>, memref<1x2x8xf32>, memref<1x8x2x16xf32>, memref<1x8x2x16xf32>) -> ()
  return
}

// -----

func.func @gradient_with_two_of_one(%q: memref<1x8x2x16xf32>, %kv: memref<1x8x1x16xf32>, %lse: memref<1x2x8xf32>) {
  // expected-error @below {{operandSegmentSizes}}
  "simplicial.attention_grad_into"(%q, %kv, %kv, %kv, %kv, %q, %lse, %q, %q, %q)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 2, 0, 0, 0, 0>}
    : (memref<1x8x2x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>,
       memref<1x8x2x16xf32>, memref<1x2x8xf32>, memref<1x8x2x16xf32>, memref<1x8x2x16xf32>, memref<1x8x2x16xf32>) -> ()
  return
}

// -----

func.func @gradient_on_tensors(%q: tensor<1x8x2x16xf32>, %kv: tensor<1x8x1x16xf32>, %lse: tensor<1x2x8xf32>) {
  // expected-error @below {{expected base type 'builtin.memref' but got 'builtin.tensor'}}
  "simplicial.attention_grad_into"(%q, %kv, %kv, %kv, %kv, %q, %lse, %q, %q)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (tensor<1x8x2x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>,
       tensor<1x8x2x16xf32>, tensor<1x2x8xf32>, tensor<1x8x2x16xf32>, tensor<1x8x2x16xf32>) -> ()
  return
}
