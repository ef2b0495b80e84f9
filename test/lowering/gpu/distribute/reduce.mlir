// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,canonicalize,cse)' | FileCheck %s

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

module attributes {simplicial.target = "sm_80"} {

// Reductions. For the one of @ring there is no shared memory but its ring: two slots of 16 rows of 144 bytes.

// CHECK: gpu.launch_func @ring_kernels::@ring_tiles blocks
// CHECK-SAME: dynamic_shared_memory_size %c4608_i32

// Over columns: in a thread, then between the four lanes that share a row. What it begins with comes last.

// CHECK-LABEL: llvm.func @columns_tiles(
// CHECK-COUNT-6: arith.maxnumf
// CHECK: %[[A1:.*]] = nvvm.shfl.sync bfly %c-1_i32, %[[A:.*]], %c1_i32, %c31_i32
// CHECK-NEXT: %[[A2:.*]] = arith.maxnumf %[[A]], %[[A1]]
// CHECK: %[[A3:.*]] = nvvm.shfl.sync bfly %c-1_i32, %[[A2]], %c2_i32, %c31_i32
// CHECK-NEXT: %[[A4:.*]] = arith.maxnumf %[[A2]], %[[A3]]
// CHECK-NOT: nvvm.shfl.sync bfly {{.*}}, %c4_i32
// CHECK: arith.maxnumf %[[A4]], %cst
// CHECK-LABEL: llvm.func @columns_tiles_unaligned(
func.func @columns(%a: memref<16x16xf32>, %b: memref<16xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %low = arith.constant dense<-1.0> : vector<16xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    %max = vector.multi_reduction <maxnumf>, %x, %low [1] : vector<16x16xf32> to vector<16xf32>
    vector.transfer_write %max, %b[%c0] {in_bounds = [true]} : vector<16xf32>, memref<16xf32>
  }
  return
}

// Over rows that lie 4 apart: a thread's two rows, then the lanes that differ in the bits of a row from 4 on.

// CHECK-LABEL: llvm.func @warp_tiles(
// CHECK: %[[TWO:.*]] = arith.addf
// CHECK-NEXT: %[[OTHER:.*]] = nvvm.shfl.sync bfly %c-1_i32, %[[TWO]], %c16_i32, %c31_i32
// CHECK-NEXT: arith.addf %[[TWO]], %[[OTHER]]
// CHECK-COUNT-3: nvvm.shfl.sync bfly {{.*}}, %c16_i32
// CHECK-NOT: nvvm.shfl.sync
// CHECK-NOT: nvvm.barrier
// CHECK-LABEL: llvm.func @warp_tiles_unaligned(
func.func @warp(%a: memref<16x16xf32>, %b: memref<4x16xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %zeros = arith.constant dense<0.0> : vector<4x16xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    %y = arith.mulf %x, %x : vector<16x16xf32>
    %rows = vector.shape_cast %y : vector<16x16xf32> to vector<4x4x16xf32>
    %sums = vector.multi_reduction <add>, %rows, %zeros [0] : vector<4x4x16xf32> to vector<4x16xf32>
    vector.transfer_write %sums, %b[%c0, %c0] {in_bounds = [true, true]} : vector<4x16xf32>, memref<4x16xf32>
  }
  return
}

// Over rows that lie 8 apart, of two warps: a thread's two rows, then those of the warps by shared memory, in which
// nothing else is yet: of each warp once. Both rows of a thread are of one of the result.

// CHECK-LABEL: llvm.func @block_tiles(
// CHECK-NOT: nvvm.barrier
// CHECK: arith.cmpi slt, %{{.*}}, %c8
// CHECK-COUNT-2: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
// CHECK-NOT: llvm.store
// CHECK: nvvm.barrier0
// CHECK-NEXT: scf.for %{{.*}} = %c0 to %c16 step %c8
// CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK-NOT: llvm.load
// CHECK: scf.yield
// CHECK-LABEL: llvm.func @block_tiles_unaligned(
func.func @block(%a: memref<32x16xf32>, %b: memref<8x16xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %zeros = arith.constant dense<0.0> : vector<8x16xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xf32>, vector<32x16xf32>
    %y = arith.mulf %x, %x : vector<32x16xf32>
    %top = arith.constant dense<0.0> : vector<32xf32>
    %max = vector.multi_reduction <maxnumf>, %y, %top [1] : vector<32x16xf32> to vector<32xf32>
    %max1 = vector.shape_cast %max : vector<32xf32> to vector<32x1xf32>
    %max2 = vector.broadcast %max1 : vector<32x1xf32> to vector<32x16xf32>
    %z = arith.mulf %y, %max2 : vector<32x16xf32>
    %rows = vector.shape_cast %z : vector<32x16xf32> to vector<4x8x16xf32>
    %sums = vector.multi_reduction <maxnumf>, %rows, %zeros [0] : vector<4x8x16xf32> to vector<8x16xf32>
    %twice = arith.addf %sums, %sums : vector<8x16xf32>
    vector.transfer_write %twice, %b[%c0, %c0] {in_bounds = [true, true]} : vector<8x16xf32>, memref<8x16xf32>
  }
  return
}

// A row of all 16 of a warp: of eight slices the three bits of the lane that tell rows apart leave each lane one, whose sum
// it stores, as every lane does. Exchanges are 4, 2 and 1 slices of two numbers.

// CHECK-LABEL: llvm.func @one_tiles(
// CHECK-COUNT-14: nvvm.shfl.sync bfly
// CHECK-NOT: nvvm.shfl.sync
// CHECK-NOT: scf.if
// CHECK: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
// CHECK-NOT: llvm.store
// CHECK: nvvm.barrier0
// CHECK-LABEL: llvm.func @one_tiles_unaligned(
func.func @one(%a: memref<32x64xf32>, %b: memref<1x64xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %zeros = arith.constant dense<0.0> : vector<1x64xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xf32>, vector<32x64xf32>
    %rows = vector.shape_cast %x : vector<32x64xf32> to vector<32x1x64xf32>
    %sums = vector.multi_reduction <add>, %rows, %zeros [0] : vector<32x1x64xf32> to vector<1x64xf32>
    vector.transfer_write %sums, %b[%c0, %c0] {in_bounds = [true, true]} : vector<1x64xf32>, memref<1x64xf32>
  }
  return
}

// Behind a loop: where its ring was, when all have read what they need of that.

// CHECK-LABEL: llvm.func @ring_tiles(
// CHECK: scf.for
// CHECK: scf.yield
// CHECK: nvvm.barrier0
// CHECK-COUNT-2: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
// CHECK: nvvm.barrier0
// CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK-LABEL: llvm.func @ring_tiles_unaligned(
func.func @ring(%a: memref<32x64xbf16>, %k: memref<?x64xbf16>, %b: memref<8x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<32x16xf32>
    %zeros = arith.constant dense<0.0> : vector<8x16xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xbf16>, vector<32x64xbf16>
    %r = scf.for %at = %c0 to %n step %c16 iter_args(%acc = %zero) -> (vector<32x16xf32>) {
      %y = vector.transfer_read %k[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<16x64xbf16>
      %s = vector.contract #mk_nk %x, %y, %acc : vector<32x64xbf16>, vector<16x64xbf16> into vector<32x16xf32>
      scf.yield %s : vector<32x16xf32>
    }
    %rows = vector.shape_cast %r : vector<32x16xf32> to vector<4x8x16xf32>
    %sums = vector.multi_reduction <add>, %rows, %zeros [0] : vector<4x8x16xf32> to vector<8x16xf32>
    %twice = arith.addf %sums, %sums : vector<8x16xf32>
    vector.transfer_write %twice, %b[%c0, %c0] {in_bounds = [true, true]} : vector<8x16xf32>, memref<8x16xf32>
  }
  return
}
}
