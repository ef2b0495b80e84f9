// RUN: %mlir-opt %s --pass-pipeline="builtin.module(simplicial-distribute,canonicalize,cse)" | FileCheck %s

// Vectors by row and by column.

// What is loaded, chosen from beside constants and stored is by row, since something by row is added to it: a thread has
// two numbers of it, for its two rows, and the first of four threads stores them.

// CHECK-LABEL: llvm.func @by_row_of_other_operand_tiles(
// CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK-COUNT-2: arith.cmpf oeq
// CHECK: %[[LOW:.*]] = arith.select %{{.*}} : f32
// CHECK: %[[HIGH:.*]] = arith.select %{{.*}} : f32
// CHECK: scf.if
// CHECK: llvm.store %[[LOW]], %{{.*}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
// CHECK: scf.if
// CHECK: llvm.store %[[HIGH]], %{{.*}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
// CHECK: scf.if
// CHECK: %[[SUM:.*]] = arith.addf %[[LOW]], %{{.*}} : f32
// CHECK: llvm.store %[[SUM]], %{{.*}} : f32, !llvm.ptr<1>
// CHECK: scf.if
// CHECK: %[[SUM:.*]] = arith.addf %[[HIGH]], %{{.*}} : f32
// CHECK: llvm.store %[[SUM]], %{{.*}} : f32, !llvm.ptr<1>
// CHECK-NOT: llvm.store
// CHECK: llvm.return
func.func @by_row_of_other_operand(%a: memref<32x64xf32>, %v: memref<32xf32>, %c: memref<2x32xf32>) {
  scf.forall (%i) in (1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %pad = arith.constant 0.0 : f32
    %none = arith.constant dense<0xFF800000> : vector<32xf32>
    %zeros = arith.constant dense<0.0> : vector<32xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xf32>, vector<32x64xf32>
    %sum = vector.multi_reduction <add>, %x, %zeros [1] : vector<32x64xf32> to vector<32xf32>
    %l = vector.transfer_read %v[%c0], %pad {in_bounds = [true]} : memref<32xf32>, vector<32xf32>
    %is = arith.cmpf oeq, %l, %none : vector<32xf32>
    %y = arith.select %is, %zeros, %l : vector<32xi1>, vector<32xf32>
    vector.transfer_write %y, %c[%c0, %c0] {in_bounds = [true]} : vector<32xf32>, memref<2x32xf32>
    %z = arith.addf %y, %sum : vector<32xf32>
    vector.transfer_write %z, %c[%c1, %c0] {in_bounds = [true]} : vector<32xf32>, memref<2x32xf32>
  }
  return
}
