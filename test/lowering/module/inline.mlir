// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-inline,symbol-dce)' | FileCheck %s

// A call becomes the body of its callee, also in loops, also of a public one, which stays.

// CHECK-LABEL: func.func @square(
// CHECK: arith.mulf
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[a-z0-9]+]]: f32
// CHECK: scf.for {{.*}} iter_args(%[[Y:.*]] = %[[X]])
// CHECK: %[[S:.*]] = arith.mulf %[[Y]], %[[Y]]
// CHECK: %[[T:.*]] = arith.mulf %[[S]], %[[S]]
// CHECK: scf.yield %[[T]]
// CHECK-NOT: call
// CHECK-NOT: @fourth
func.func @square(%x: f32) -> f32 {
  %y = arith.mulf %x, %x : f32
  return %y : f32
}
func.func private @fourth(%x: f32) -> f32 {
  %y = func.call @square(%x) : (f32) -> f32
  %z = func.call @square(%y) : (f32) -> f32
  return %z : f32
}
func.func @main(%x: f32, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%y = %x) -> (f32) {
    %z = func.call @fourth(%y) : (f32) -> f32
    scf.yield %z : f32
  }
  return %r : f32
}

// -----

// A callee's arguments may come back in any order.

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[a-z0-9]+]]: f32, %[[Y:[a-z0-9]+]]: f32
// CHECK-NEXT: return %[[Y]], %[[X]], %[[Y]]
func.func private @swap(%x: f32, %y: f32) -> (f32, f32) {
  return %y, %x : f32, f32
}
func.func @main(%x: f32, %y: f32) -> (f32, f32, f32) {
  %a:2 = call @swap(%x, %y) : (f32, f32) -> (f32, f32)
  return %a#0, %a#1, %y : f32, f32, f32
}

// -----

// Modules in modules: the private one of two functions of a name gets another.

// CHECK: module {
// CHECK-NOT: module
// CHECK: func.func @a() -> index {
// CHECK-NEXT: constant 1
// CHECK: func.func @b() -> index {
// CHECK-NEXT: constant 2
// CHECK: func.func @c() -> index {
// CHECK-NEXT: constant 3
module {
  module @first {
    func.func private @one() -> index {
      %x = arith.constant 1 : index
      return %x : index
    }
    func.func @a() -> index {
      %x = call @one() : () -> index
      return %x : index
    }
    module {
      func.func private @one() -> index {
        %x = arith.constant 2 : index
        return %x : index
      }
      func.func @b() -> index {
        %x = call @one() : () -> index
        return %x : index
      }
    }
  }
  func.func private @one() -> index {
    %x = arith.constant 3 : index
    return %x : index
  }
  func.func @c() -> index {
    %x = call @one() : () -> index
    return %x : index
  }
}
