// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,canonicalize{top-down=false},cse)' | FileCheck %s

// Rows of numbers, one for all rows of a tile, beside operands of products.

// By TMA a row is a box without swizzle, and its slots begin at multiples of 128 bytes: of 64 that there are, and 64 behind
// them. All lanes of a warp have read it before one of them releases it.

// CHECK-LABEL: func.func @row(
// CHECK-SAME: %{{.*}}: memref<64x64xbf16>, %[[B:[a-z0-9]+]]: memref<?x64xbf16>, %[[S:[a-z0-9]+]]: memref<3x?xf32>
// CHECK-DAG: "simplicial.tensor_map"(%[[B]]) {box = array<i64: 16, 64>, swizzle = 128 : i64}
// CHECK-DAG: "simplicial.tensor_map"(%[[S]]) {box = array<i64: 1, 16>, swizzle = 0 : i64}
// CHECK: llvm.func @row_tiles(
// CHECK: nvvm.setmaxregister decrease
// The producer, of the loop's first tile.
// CHECK: nvvm.mbarrier.arrive.expect_tx %{{.*}}, %c2048_i32
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global
// CHECK: nvvm.mbarrier.arrive.expect_tx %[[FULL:.*]], %c64_i32
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %[[ROWS:.*]], %{{.*}}, %[[FULL]], box[%c0_i32, %c2_i32] {isCTAOnly = true}
// CHECK: scf.for
// CHECK: %[[BYTES:.*]] = arith.muli %{{.*}}, %c32_i64
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %{{.*}}, %{{.*}}, box[%{{.*}}, %c2_i32] {isCTAOnly = true}
// The consumers.
// CHECK: nvvm.setmaxregister increase
// CHECK-COUNT-2: nvvm.mbarrier.try_wait
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// Operands of products are released as they are.
// CHECK-NOT: nvvm.bar.warp.sync
// CHECK: nvvm.mbarrier.arrive
// CHECK: nvvm.bar.warp.sync
// CHECK-NEXT: nvvm.elect.sync
// CHECK-NEXT: scf.if
// CHECK-NEXT: nvvm.mbarrier.arrive
module attributes {simplicial.target = "sm_90a"} {
func.func @row(%a: memref<64x64xbf16>, %b: memref<?x64xbf16>, %s: memref<3x?xf32>, %c: memref<64x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %nothing = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<64x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zero) -> (vector<64x16xf32>) {
      %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<16x64xbf16>
      %t = vector.transfer_read %s[%c2, %k], %nothing {in_bounds = [true, true]} : memref<3x?xf32>, vector<1x16xf32>
      %t1 = vector.shape_cast %t : vector<1x16xf32> to vector<1x1x16xf32>
      %t2 = vector.broadcast %t1 : vector<1x1x16xf32> to vector<1x64x16xf32>
      %t3 = vector.shape_cast %t2 : vector<1x64x16xf32> to vector<64x16xf32>
      %p = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<64x64xbf16>, vector<16x64xbf16> into vector<64x16xf32>
      %q = arith.mulf %p, %t3 : vector<64x16xf32>
      scf.yield %q : vector<64x16xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
  } {simplicial.producer}
  return
}
}

// -----

// Two rows get and lose their slots together: one barrier, one "full" and one "empty" are for both.

// CHECK-LABEL: llvm.func @two_rows_tiles(
// CHECK: nvvm.setmaxregister increase
// CHECK-COUNT-2: nvvm.mbarrier.try_wait
// CHECK-NOT: nvvm.mbarrier.try_wait
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: nvvm.mbarrier.arrive
// CHECK: nvvm.bar.warp.sync
// CHECK: nvvm.mbarrier.arrive
// CHECK-NOT: nvvm.bar.warp.sync
// CHECK-NOT: nvvm.mbarrier.arrive
// CHECK-LABEL: llvm.func @two_rows_tiles_unaligned(
module attributes {simplicial.target = "sm_90a"} {
func.func @two_rows(%a: memref<64x64xbf16>, %b: memref<?x64xbf16>, %s: memref<3x?xf32>, %c: memref<64x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %nothing = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<64x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zero) -> (vector<64x16xf32>) {
      %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<16x64xbf16>
      %t = vector.transfer_read %s[%c2, %k], %nothing {in_bounds = [true, true]} : memref<3x?xf32>, vector<1x16xf32>
      %t1 = vector.shape_cast %t : vector<1x16xf32> to vector<1x1x16xf32>
      %t2 = vector.broadcast %t1 : vector<1x1x16xf32> to vector<1x64x16xf32>
      %t3 = vector.shape_cast %t2 : vector<1x64x16xf32> to vector<64x16xf32>
      %u = vector.transfer_read %s[%c0, %k], %nothing {in_bounds = [true, true]} : memref<3x?xf32>, vector<1x16xf32>
      %u1 = vector.shape_cast %u : vector<1x16xf32> to vector<1x1x16xf32>
      %u2 = vector.broadcast %u1 : vector<1x1x16xf32> to vector<1x64x16xf32>
      %u3 = vector.shape_cast %u2 : vector<1x64x16xf32> to vector<64x16xf32>
      %p = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<64x64xbf16>, vector<16x64xbf16> into vector<64x16xf32>
      %q = math.fma %p, %t3, %u3 : vector<64x16xf32>
      scf.yield %q : vector<64x16xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
  } {simplicial.producer}
  return
}
}

// -----

// Where all threads copy, numbers are copied one by one: they may begin anywhere. There is no cp.async of less than 4 bytes,
// so rows that are not aligned are loaded and stored.

// CHECK-LABEL: llvm.func @by_threads_tiles(
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg
// CHECK: arith.cmpi slt, %{{.*}}, %c16
// CHECK: scf.if
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache = ca
// CHECK: nvvm.cp.async.commit.group
// CHECK: scf.for
// CHECK: nvvm.cp.async.wait.group 0
// CHECK-NEXT: nvvm.barrier0
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache = ca
// CHECK-NOT: nvvm.bar.warp.sync
// CHECK: llvm.return
// CHECK-LABEL: llvm.func @by_threads_tiles_unaligned(
// CHECK-NOT: nvvm.cp.async
module attributes {simplicial.target = "sm_80"} {
func.func @by_threads(%a: memref<64x64xbf16>, %b: memref<?x64xbf16>, %s: memref<3x?xf32>, %c: memref<64x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %nothing = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<64x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zero) -> (vector<64x16xf32>) {
      %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<16x64xbf16>
      %t = vector.transfer_read %s[%c2, %k], %nothing {in_bounds = [true, true]} : memref<3x?xf32>, vector<1x16xf32>
      %t1 = vector.shape_cast %t : vector<1x16xf32> to vector<1x1x16xf32>
      %t2 = vector.broadcast %t1 : vector<1x1x16xf32> to vector<1x64x16xf32>
      %t3 = vector.shape_cast %t2 : vector<1x64x16xf32> to vector<64x16xf32>
      %p = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<64x64xbf16>, vector<16x64xbf16> into vector<64x16xf32>
      %q = arith.mulf %p, %t3 : vector<64x16xf32>
      scf.yield %q : vector<64x16xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
  } {simplicial.producer}
  return
}
}
