// RUN: %mlir-opt %s --pass-pipeline="builtin.module(simplicial-distribute,canonicalize,cse)" | FileCheck %s

// Where each part of the rows may take its own side of a branch a warp votes, else all threads of the block do.

// CHECK-LABEL: llvm.func @rowwise_tiles(
// CHECK-NOT: nvvm.barrier
// CHECK: %[[ANY:.*]] = nvvm.vote.sync any
// CHECK-NOT: nvvm.barrier
// CHECK: scf.if %[[ANY]]
func.func @rowwise(%a: memref<32x64xf32>) {
  scf.forall (%i) in (1) {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %no = arith.constant false
    %zeros = arith.constant dense<0.0> : vector<32x64xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xf32>, vector<32x64xf32>
    %above = arith.cmpf ogt, %x, %zeros : vector<32x64xf32>
    %any = vector.multi_reduction <or>, %above, %no [0, 1] : vector<32x64xi1> to i1
    %y = scf.if %any -> (vector<32x64xf32>) {
      %z = arith.select %above, %zeros, %x : vector<32x64xi1>, vector<32x64xf32>
      scf.yield %z : vector<32x64xf32>
    } else {
      scf.yield %x : vector<32x64xf32>
    } {simplicial.rowwise}
    vector.transfer_write %y, %a[%c0, %c0] {in_bounds = [true, true]} : vector<32x64xf32>, memref<32x64xf32>
  }
  return
}

// CHECK-LABEL: llvm.func @together_tiles(
// CHECK: %[[FLAG:.*]] = nvvm.barrier #nvvm.reduction<or>
// CHECK: %[[IS:.*]] = arith.cmpi sgt, %[[FLAG]]
// CHECK: %[[ANY:.*]] = nvvm.vote.sync any %{{.*}}, %[[IS]]
// CHECK: scf.if %[[ANY]]
func.func @together(%a: memref<32x64xf32>) {
  scf.forall (%i) in (1) {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %no = arith.constant false
    %zeros = arith.constant dense<0.0> : vector<32x64xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xf32>, vector<32x64xf32>
    %above = arith.cmpf ogt, %x, %zeros : vector<32x64xf32>
    %any = vector.multi_reduction <or>, %above, %no [0, 1] : vector<32x64xi1> to i1
    %y = scf.if %any -> (vector<32x64xf32>) {
      %z = arith.addf %x, %x : vector<32x64xf32>
      scf.yield %z : vector<32x64xf32>
    } else {
      scf.yield %x : vector<32x64xf32>
    }
    vector.transfer_write %y, %a[%c0, %c0] {in_bounds = [true, true]} : vector<32x64xf32>, memref<32x64xf32>
  }
  return
}
