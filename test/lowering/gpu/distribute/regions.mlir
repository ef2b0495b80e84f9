// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-distribute,canonicalize,cse)' | FileCheck %s

// A loop that may be left out is, in the kernel for rows that are not aligned: what it gives is what it carries at
// first.

// CHECK-LABEL: llvm.func @rest_tiles(
// CHECK: scf.for
// CHECK: scf.for
// CHECK: llvm.return
// CHECK-LABEL: llvm.func @rest_tiles_unaligned(
// CHECK: scf.for %{{.*}} = %c0 to
// CHECK-NOT: scf.for
// CHECK: llvm.return
func.func @rest(%a: memref<?x64xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %zeros = arith.constant dense<0.0> : vector<16x64xf32>
    %part = arith.remui %n, %c16 : index
    %whole = arith.subi %n, %part : index
    %r:2 = scf.for %at = %c0 to %whole step %c16 iter_args(%s = %zeros, %end = %c0) -> (vector<16x64xf32>, index) {
      %x = vector.transfer_read %a[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x64xf32>, vector<16x64xf32>
      %t = arith.addf %s, %x : vector<16x64xf32>
      %next = arith.addi %at, %c16 : index
      scf.yield %t, %next : vector<16x64xf32>, index
    } {simplicial.optional}
    %sum = scf.for %at = %r#1 to %n step %c16 iter_args(%s = %r#0) -> (vector<16x64xf32>) {
      %left = arith.subi %n, %at : index
      %mask = vector.create_mask %left, %c64 : vector<16x64xi1>
      %x = vector.transfer_read %a[%at, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x64xf32>, vector<16x64xf32>
      %t = arith.addf %s, %x : vector<16x64xf32>
      scf.yield %t : vector<16x64xf32>
    }
    vector.transfer_write %sum, %a[%c0, %c0] {in_bounds = [true, true]} : vector<16x64xf32>, memref<?x64xf32>
  }
  return
}
