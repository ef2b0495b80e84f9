// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,canonicalize,cse)' | FileCheck %s

// mma.sync with 256 columns: the accumulator takes half of the registers.

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
#mk_kn = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

module attributes {simplicial.target = "sm_80"} {

// A thread's two rows are the same row of %x, so that a slice of it is one register; 18 of 32 are kept, and
// the others in shared memory meanwhile. No more than a few slices, of products and of their left operands, are evaluated
// at a time; and the block's place is computed anew behind the loop.

// CHECK-LABEL: llvm.func @tight_tiles(
// CHECK: %[[NUMBER:.*]] = nvvm.read.ptx.sreg.ctaid.x
// CHECK-NEXT: %[[INDEX:.*]] = arith.index_castui %[[NUMBER]]
// CHECK-NEXT: %[[BLOCK:.*]] = arith.index_cast %[[INDEX]]
// CHECK-NEXT: "simplicial.tie"(%[[BLOCK]])
// CHECK-COUNT-14: llvm.store %{{.*}} {alignment = 4 : i64} : i32, !llvm.ptr<3>
// CHECK-NOT: {alignment = 4 : i64} : i32, !llvm.ptr<3>
// CHECK: scf.for
// CHECK: nvvm.barrier0
// CHECK: llvm.load volatile %{{.*}} {alignment = 4 : i64} : !llvm.ptr<3> -> i32
// CHECK-COUNT-8: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK: nvvm.bar.warp.sync
// CHECK-COUNT-8: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK: nvvm.bar.warp.sync
// CHECK: nvvm.vote.sync any
// CHECK-COUNT-4: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK: nvvm.bar.warp.sync
// CHECK: scf.yield
// CHECK: "simplicial.tie"(%[[BLOCK]])
// CHECK: llvm.return
// CHECK-LABEL: llvm.func @tight_tiles_unaligned(
func.func @tight(%q: memref<?x8x256xbf16>, %w: memref<?x256xbf16>, %k: memref<?x256xbf16>, %out: memref<?x256xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  scf.forall (%i) in (%n) {
    %pad = arith.constant 0.0 : bf16
    %no = arith.constant false
    %none = arith.constant dense<0.0> : vector<16xf32>
    %zero = arith.constant dense<0.0> : vector<16x32xf32>
    %zeros = arith.constant dense<0.0> : vector<16x256xf32>
    %heads = vector.transfer_read %q[%i, %c0, %c0], %pad {in_bounds = [true, true]} : memref<?x8x256xbf16>, vector<8x256xbf16>
    %more = vector.broadcast %heads : vector<8x256xbf16> to vector<2x8x256xbf16>
    %x = vector.shape_cast %more : vector<2x8x256xbf16> to vector<16x256xbf16>
    %r:3 = scf.for %at = %c0 to %n step %c32 iter_args(%acc = %zeros, %m = %none, %l = %none) -> (vector<16x256xf32>, vector<16xf32>, vector<16xf32>) {
      %one = vector.transfer_read %w[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x256xbf16>, vector<1x256xbf16>
      %scale = vector.broadcast %one : vector<1x256xbf16> to vector<16x256xbf16>
      %a = arith.mulf %x, %scale : vector<16x256xbf16>
      %y = vector.transfer_read %k[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x256xbf16>, vector<32x256xbf16>
      %s = vector.contract #mk_nk %a, %y, %zero : vector<16x256xbf16>, vector<32x256xbf16> into vector<16x32xf32>
      %top = vector.multi_reduction <maxnumf>, %s, %none [1] : vector<16x32xf32> to vector<16xf32>
      %above = arith.cmpf ogt, %top, %m : vector<16xf32>
      %any = vector.multi_reduction <or>, %above, %no [0] : vector<16xi1> to i1
      %b:2 = scf.if %any -> (vector<16xf32>, vector<16xf32>) {
        %max = arith.maxnumf %top, %m : vector<16xf32>
        %double = arith.addf %l, %l : vector<16xf32>
        %sum = arith.select %above, %double, %l : vector<16xi1>, vector<16xf32>
        scf.yield %max, %sum : vector<16xf32>, vector<16xf32>
      } else {
        scf.yield %m, %l : vector<16xf32>, vector<16xf32>
      } {simplicial.rowwise}
      %p = arith.truncf %s : vector<16x32xf32> to vector<16x32xbf16>
      %o = vector.contract #mk_kn %p, %y, %zeros : vector<16x32xbf16>, vector<32x256xbf16> into vector<16x256xf32>
      %wide = arith.extf %scale : vector<16x256xbf16> to vector<16x256xf32>
      %t = math.fma %o, %wide, %acc : vector<16x256xf32>
      scf.yield %t, %b#0, %b#1 : vector<16x256xf32>, vector<16xf32>, vector<16xf32>
    }
    %l1 = vector.shape_cast %r#2 : vector<16xf32> to vector<16x1xf32>
    %l2 = vector.broadcast %l1 : vector<16x1xf32> to vector<16x256xf32>
    %u = arith.mulf %r#0, %l2 : vector<16x256xf32>
    %row = arith.muli %i, %c16 : index
    vector.transfer_write %u, %out[%row, %c0] {in_bounds = [true, true]} : vector<16x256xf32>, memref<?x256xf32>
  } {simplicial.stages = 1 : i64}
  return
}
}
