// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-to-flat)' | FileCheck %s
// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-to-flat,simplicial-to-flat)' | FileCheck %s

// Calls are inlined before gradients are made, also one of a function with a gradient of its own; what nobody calls is
// gone. On what is flat the sequence does nothing.

// CHECK: module {
// CHECK-NEXT: func.func @twice(
// CHECK-SAME: -> tensor<4xf32> {
// CHECK-NEXT: arith.addf
// CHECK-NEXT: return
// CHECK: func.func @twice_grad(
// CHECK-SAME: %{{.*}}: tensor<4xf32>, %[[D:.*]]: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT: %[[G:.*]] = arith.addf %[[D]], %[[D]]
// CHECK-NEXT: return %[[G]]
// CHECK: func.func @f(
// CHECK-NEXT: arith.addf
// CHECK-NEXT: arith.negf
// CHECK-NEXT: return
// CHECK: func.func @f_grad(
// CHECK-SAME: %{{.*}}: tensor<4xf32>, %[[D:.*]]: tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT: %[[N:.*]] = arith.negf %[[D]]
// CHECK-NEXT: %[[G:.*]] = arith.addf %[[N]], %[[N]]
// CHECK-NEXT: return %[[G]]
// CHECK-NOT: func.func
!t = tensor<4xf32>
func.func @twice(%x: !t) -> !t attributes {simplicial.differentiate} {
  %y = arith.addf %x, %x : !t
  return %y : !t
}
func.func private @negative(%x: !t) -> !t attributes {simplicial.differentiate} {
  %y = arith.negf %x : !t
  return %y : !t
}
func.func @f(%x: !t) -> !t attributes {simplicial.differentiate} {
  %y = func.call @twice(%x) : (!t) -> !t
  %z = func.call @negative(%y) : (!t) -> !t
  return %z : !t
}
