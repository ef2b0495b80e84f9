// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,canonicalize,cse)' | FileCheck %s

// Products of a warpgroup in flight: each is waited for where it is used.

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
#mk_kn = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

module attributes {simplicial.target = "sm_90a"} {

// The second product, of 32 columns, is asked for before the one of the first, 64 columns, is used; both sides of a
// branch wait if only they use a product.

// CHECK-LABEL: llvm.func @steps_tiles(
// CHECK: nvvm.mbarrier.try_wait
// CHECK: scf.for
// CHECK-COUNT-4: "simplicial.wgmma"({{.*}}) {type = bf16}
// CHECK: nvvm.wgmma.commit.group.sync.aligned
// CHECK: scf.if
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: } else {
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK-COUNT-4: "simplicial.wgmma"({{.*}}) {type = bf16}
// CHECK: nvvm.wgmma.commit.group.sync.aligned
// CHECK-NOT: wait.group
// CHECK-COUNT-2: "simplicial.wgmma"({{.*}}) {b_mn_major, type = bf16}
// CHECK: nvvm.wgmma.commit.group.sync.aligned
// CHECK: scf.if
// CHECK: nvvm.wgmma.wait.group.sync.aligned 1
// CHECK: } else {
// CHECK: nvvm.wgmma.wait.group.sync.aligned 1
// The first sum of products is scaled in a branch: until it is known on which side nothing waits for it.
// CHECK-NOT: wait.group
// CHECK: %[[ANY:.*]] = nvvm.vote.sync any
// CHECK-NOT: wait.group
// CHECK: scf.if %[[ANY]]
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// CHECK: } else {
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// Another product is added to what it gives.
// CHECK-COUNT-2: "simplicial.wgmma"({{.*}}, %true) {b_mn_major, type = bf16}
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: arith.addf
// CHECK-NOT: wait.group
// CHECK: nvvm.mbarrier.arrive
// Where all warps copy into rings of one slot, they meet behind the copies, and when all have read the slot.
// CHECK-LABEL: llvm.func @steps_tiles_unaligned(
// CHECK: scf.for
// CHECK: nvvm.barrier0
// CHECK-COUNT-12: "simplicial.wgmma"
// CHECK-NOT: "simplicial.wgmma"
// CHECK: nvvm.barrier0
// CHECK-NEXT: scf.yield
func.func @steps(%q: memref<64x64xbf16>, %k: memref<?x64xbf16>, %v: memref<?x64xbf16>, %out: memref<64x64xf32>, %n: index, %number: index) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : bf16
    %no = arith.constant false
    %some = arith.cmpi slt, %number, %c32 : index
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %zero32 = arith.constant dense<0.0> : vector<64x32xf32>
    %none = arith.constant dense<0.0> : vector<64xf32>
    %x = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r = scf.for %at = %c0 to %n step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %next = arith.addi %at, %c32 : index
      %k0 = vector.transfer_read %k[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<32x64xbf16>
      %k1 = vector.transfer_read %k[%next, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<32x64xbf16>
      %v0 = vector.transfer_read %v[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<32x64xbf16>
      %v1 = vector.transfer_read %v[%next, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<32x64xbf16>
      %s0 = vector.contract #mk_nk %x, %k0, %zero32 : vector<64x64xbf16>, vector<32x64xbf16> into vector<64x32xf32>
      %t0 = scf.if %some -> (vector<64x32xf32>) {
        %double = arith.addf %s0, %s0 : vector<64x32xf32>
        scf.yield %double : vector<64x32xf32>
      } else {
        scf.yield %s0 : vector<64x32xf32>
      }
      %p0 = arith.truncf %t0 : vector<64x32xf32> to vector<64x32xbf16>
      %s1 = vector.contract #mk_nk %x, %k1, %zero32 : vector<64x64xbf16>, vector<32x64xbf16> into vector<64x32xf32>
      %o0 = vector.contract #mk_kn %p0, %v0, %zero : vector<64x32xbf16>, vector<32x64xbf16> into vector<64x64xf32>
      %t1 = scf.if %some -> (vector<64x32xf32>) {
        %double = arith.addf %s1, %s1 : vector<64x32xf32>
        scf.yield %double : vector<64x32xf32>
      } else {
        scf.yield %s1 : vector<64x32xf32>
      }
      %top = vector.multi_reduction <maxnumf>, %t1, %none [1] : vector<64x32xf32> to vector<64xf32>
      %above = arith.cmpf ogt, %top, %none : vector<64xf32>
      %any = vector.multi_reduction <or>, %above, %no [0] : vector<64xi1> to i1
      %scaled = scf.if %any -> (vector<64x64xf32>) {
        %w = math.exp2 %top : vector<64xf32>
        %w1 = vector.shape_cast %w : vector<64xf32> to vector<64x1xf32>
        %w2 = vector.broadcast %w1 : vector<64x1xf32> to vector<64x64xf32>
        %o = arith.mulf %o0, %w2 : vector<64x64xf32>
        scf.yield %o : vector<64x64xf32>
      } else {
        scf.yield %o0 : vector<64x64xf32>
      } {simplicial.rowwise}
      %p1 = arith.truncf %t1 : vector<64x32xf32> to vector<64x32xbf16>
      %o1 = vector.contract #mk_kn %p1, %v1, %scaled : vector<64x32xbf16>, vector<32x64xbf16> into vector<64x64xf32>
      %sum = arith.addf %acc, %o1 : vector<64x64xf32>
      scf.yield %sum : vector<64x64xf32>
    }
    vector.transfer_write %r, %out[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
  } {simplicial.producer, simplicial.stages = 1 : i64}
  return
}
}
