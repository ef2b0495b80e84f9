// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-distribute,canonicalize,cse)' | FileCheck %s

// Products of a warp.

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
#mk_kn = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
#km_kn = {indexing_maps = [affine_map<(m,n,k)->(k,m)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

module attributes {simplicial.target = "sm_80"} {

// A kept product of f32: each step of 8 is three of tf32, and the left operand is taken apart a step at a time.

// CHECK-LABEL: llvm.func @product_tiles(
// CHECK: nvvm.barrier0
// CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xf32>
// CHECK: llvm.load %{{.*}} : !llvm.ptr<3> -> f32
// CHECK: arith.andi %{{.*}}, %c-8192_i32 : i32
// CHECK: nvvm.convert.float.to.tf32 %{{.*}} {rnd = #nvvm.fp_rnd_mode<rna>}
// CHECK-COUNT-6: nvvm.mma.sync {{.*}} shape = #nvvm.shape<m = 16, n = 8, k = 8>
// CHECK-NOT: nvvm.mma.sync
// Any row of the block.
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

// A left operand [K, M] is read by ldmatrix, which transposes it, two steps of 16 at once with a right one [K, N].

// CHECK-LABEL: llvm.func @transposed_tiles(
// CHECK: %[[A:.*]] = nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<col>, num = 4
// CHECK-NEXT: %[[A0:.*]] = llvm.extractvalue %[[A]][0]
// CHECK-NEXT: %[[A1:.*]] = llvm.extractvalue %[[A]][1]
// CHECK-NEXT: %[[A2:.*]] = llvm.extractvalue %[[A]][2]
// CHECK-NEXT: %[[A3:.*]] = llvm.extractvalue %[[A]][3]
// CHECK: nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<col>, num = 4
// CHECK: %[[B:.*]] = nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<col>, num = 4
// CHECK-NEXT: %[[B0:.*]] = llvm.extractvalue %[[B]][0]
// CHECK-NEXT: %[[B1:.*]] = llvm.extractvalue %[[B]][1]
// CHECK: nvvm.mma.sync A[%[[A0]], %[[A1]], %[[A2]], %[[A3]]] B[%[[B0]], %[[B1]]]
// CHECK-COUNT-3: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK-LABEL: llvm.func @transposed_tiles_unaligned(
func.func @transposed(%a: memref<32x16xbf16>, %b: memref<32x16xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %left = memref.alloc() : memref<1x32x16xbf16, 3>
    %right = memref.alloc() : memref<1x32x16xbf16, 3>
    %x0 = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xbf16>, vector<32x16xbf16>
    vector.transfer_write %x0, %left[%c0, %c0, %c0] {in_bounds = [true, true]} : vector<32x16xbf16>, memref<1x32x16xbf16, 3>
    %y0 = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xbf16>, vector<32x16xbf16>
    vector.transfer_write %y0, %right[%c0, %c0, %c0] {in_bounds = [true, true]} : vector<32x16xbf16>, memref<1x32x16xbf16, 3>
    %x = vector.transfer_read %left[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x32x16xbf16, 3>, vector<32x16xbf16>
    %y = vector.transfer_read %right[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x32x16xbf16, 3>, vector<32x16xbf16>
    %s = vector.contract #km_kn %x, %y, %zero : vector<32x16xbf16>, vector<32x16xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// One [M, K] that is in shared memory anyway is read there, too, as it lies.

// CHECK-LABEL: llvm.func @rows_tiles(
// CHECK: %[[A:.*]] = nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<row>, num = 4
// CHECK-NEXT: %[[A0:.*]] = llvm.extractvalue %[[A]][0]
// CHECK: nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<row>, num = 4
// CHECK: nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<col>, num = 4
// CHECK: nvvm.mma.sync A[%[[A0]],
// CHECK-NOT: layout = #nvvm.mma_layout<row>, num
// CHECK-COUNT-7: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK-LABEL: llvm.func @rows_tiles_unaligned(
func.func @rows(%a: memref<32x32xbf16>, %c: memref<32x32xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<32x32xf32>
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x32x32xbf16, 3>
    %x0 = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x32xbf16>, vector<32x32xbf16>
    vector.transfer_write %x0, %buffer[%c0, %c0, %c0] {in_bounds = [true, true]} : vector<32x32xbf16>, memref<1x32x32xbf16, 3>
    %x = vector.transfer_read %buffer[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x32x32xbf16, 3>, vector<32x32xbf16>
    %s = vector.contract #mk_kn %x, %x, %zero : vector<32x32xbf16>, vector<32x32xbf16> into vector<32x32xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<32x32xf32>, memref<32x32xf32>
  }
  return
}

// What is computed is a left operand as it is, rounded: each thread has the pairs of its rows already.

// CHECK-LABEL: llvm.func @rounded_tiles(
// CHECK: nvvm.mma.sync
// CHECK: %[[E0:.*]] = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// CHECK: %[[E1:.*]] = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// CHECK: %[[E:.*]] = vector.from_elements %[[E0]], %[[E1]]
// CHECK-NEXT: %[[P0:.*]] = arith.truncf %[[E]] : vector<2xf32> to vector<2xf16>
// CHECK: %[[P1:.*]] = arith.truncf %{{.*}} : vector<2xf32> to vector<2xf16>
// CHECK: %[[P2:.*]] = arith.truncf %{{.*}} : vector<2xf32> to vector<2xf16>
// CHECK: %[[P3:.*]] = arith.truncf %{{.*}} : vector<2xf32> to vector<2xf16>
// CHECK: nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<col>, num = 2
// CHECK: nvvm.mma.sync A[%[[P0]], %[[P1]], %[[P2]], %[[P3]]]
// CHECK-LABEL: llvm.func @rounded_tiles_unaligned(
func.func @rounded(%a: memref<16x16xf16>, %b: memref<16x16xf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x16x16xf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf16>, vector<16x16xf16>
    %y0 = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf16>, vector<16x16xf16>
    vector.transfer_write %y0, %buffer[%c0, %c0, %c0] {in_bounds = [true, true]} : vector<16x16xf16>, memref<1x16x16xf16, 3>
    %y = vector.transfer_read %buffer[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x16x16xf16, 3>, vector<16x16xf16>
    %s = vector.contract #mk_nk %x, %y, %zero : vector<16x16xf16>, vector<16x16xf16> into vector<16x16xf32>
    %e = math.exp2 %s : vector<16x16xf32>
    %p = arith.truncf %e : vector<16x16xf32> to vector<16x16xf16>
    %t = vector.contract #mk_kn %p, %y, %zero : vector<16x16xf16>, vector<16x16xf16> into vector<16x16xf32>
    vector.transfer_write %t, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
}
