// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-distribute,canonicalize,cse)' | FileCheck %s

// Products of a warp.

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

// A kept product of f32: each step of 8 is three of tf32, and the left operand
// is taken apart a step at a time.

module attributes {simplicial.target = "sm_80"} {
// CHECK-LABEL: llvm.func @product_tiles(
// CHECK: nvvm.barrier0
// CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xf32>
// CHECK: llvm.load %{{.*}} : !llvm.ptr<3> -> f32
// CHECK: arith.andi %{{.*}}, %c-8192_i32 : i32
// CHECK: nvvm.convert.float.to.tf32 %{{.*}} {rnd = #nvvm.fp_rnd_mode<rna>}
// CHECK-COUNT-6: nvvm.mma.sync {{.*}} shape = #nvvm.shape<m = 16, n = 8, k = 8>
// CHECK-NOT: nvvm.mma.sync
// Any row of the warp.
// CHECK: nvvm.vote.sync any %c-1_i32
// CHECK: scf.if
// CHECK: llvm.return
func.func @product(%a: memref<16x16xf32>, %b: memref<8x16xf32>, %c: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %pad = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x8xf32>
  %low = arith.constant dense<0.0> : vector<16xf32>
  %false = arith.constant false
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x8x16xf32, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    "simplicial.copy_async"(%b, %buffer, %c0, %c0, %c8, %c0, %c0) {dims = array<i64: 0, 1, 8, 16>}
      : (memref<8x16xf32>, memref<1x8x16xf32, 3>, index, index, index, index, index) -> ()
    "simplicial.copy_commit"() : () -> ()
    %slot = "simplicial.copy_wait"(%c0, %c0, %buffer) {pending = 0 : i64} : (index, index, memref<1x8x16xf32, 3>) -> index
    %y = vector.transfer_read %buffer[%slot, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x8x16xf32, 3>, vector<8x16xf32>
    %s = vector.contract #mk_nk %x, %y, %zero : vector<16x16xf32>, vector<8x16xf32> into vector<16x8xf32>
    %max = vector.multi_reduction <maxnumf>, %s, %low [1] : vector<16x8xf32> to vector<16xf32>
    %positive = arith.cmpf ogt, %max, %low : vector<16xf32>
    %any = vector.multi_reduction <or>, %positive, %false [0] : vector<16xi1> to i1
    %r = scf.if %any -> (vector<16x8xf32>) {
      %double = arith.addf %s, %s : vector<16x8xf32>
      scf.yield %double : vector<16x8xf32>
    } else {
      scf.yield %s : vector<16x8xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
  }
  return
}
}
