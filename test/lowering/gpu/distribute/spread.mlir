// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,canonicalize,cse)' | FileCheck %s

module attributes {simplicial.target = "sm_80"} {

// Sums over rows that are added to memory. Two rows of the block stand for each of the 16, and store two slices of
// four: the loads begin before rows are exchanged, and others may load when all have stored.

// CHECK-LABEL: llvm.func @apart_tiles(
// CHECK: %[[HAS:.*]] = arith.cmpi slt, %{{.*}}, %c2
// CHECK-COUNT-4: llvm.getelementptr %arg1[
// CHECK-NOT: llvm.getelementptr %arg1[
// CHECK-COUNT-8: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
// CHECK-NOT: llvm.store
// CHECK: nvvm.barrier0
// CHECK: scf.for %{{.*}} = %c0 to %c32 step %c16
// CHECK-COUNT-4: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK-NOT: llvm.load
// CHECK: scf.if %[[HAS]]
// CHECK-COUNT-2: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
// CHECK-NOT: llvm.store
// CHECK: scf.if %[[HAS]]
// CHECK-COUNT-2: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
// CHECK: nvvm.barrier0
// CHECK-LABEL: llvm.func @apart_tiles_unaligned(
func.func @apart(%a: memref<32x32xf32>, %b: memref<16x32xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %zeros = arith.constant dense<0.0> : vector<16x32xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x32xf32>, vector<32x32xf32>
    %rows = vector.shape_cast %x : vector<32x32xf32> to vector<2x16x32xf32>
    %sums = vector.multi_reduction <add>, %rows, %zeros [0] : vector<2x16x32xf32> to vector<16x32xf32>
    %before = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    %after = arith.addf %before, %sums : vector<16x32xf32>
    vector.transfer_write %after, %b[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xf32>, memref<16x32xf32>
  }
  return
}

// Of neighbours a warp stores one row for those that it sums. Of 16 that stand for one, four have a slice each; in a
// loop all wait before they exchange rows.

// CHECK-LABEL: llvm.func @neighbours_tiles(
// CHECK: scf.for
// CHECK: nvvm.barrier0
// CHECK-COUNT-2: llvm.getelementptr %arg1[
// CHECK-NOT: llvm.getelementptr %arg1[
// CHECK: nvvm.shfl.sync bfly
// CHECK-COUNT-4: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
// CHECK-NOT: llvm.store
// CHECK: nvvm.barrier0
// CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK-COUNT-2: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
// CHECK-NOT: llvm.store
// CHECK: nvvm.barrier0
// CHECK-LABEL: llvm.func @neighbours_tiles_unaligned(
func.func @neighbours(%a: memref<?x32x32xf32>, %b: memref<2x32xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %zeros = arith.constant dense<0.0> : vector<2x32xf32>
    scf.for %at = %c0 to %n step %c1 {
      %x = vector.transfer_read %a[%at, %c0, %c0], %pad {in_bounds = [true, true]} : memref<?x32x32xf32>, vector<32x32xf32>
      %rows = vector.shape_cast %x : vector<32x32xf32> to vector<2x16x32xf32>
      %sums = vector.multi_reduction <add>, %rows, %zeros [1] : vector<2x16x32xf32> to vector<2x32xf32>
      %before = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<2x32xf32>, vector<2x32xf32>
      %after = arith.addf %before, %sums : vector<2x32xf32>
      vector.transfer_write %after, %b[%c0, %c0] {in_bounds = [true, true]} : vector<2x32xf32>, memref<2x32xf32>
    }
  }
  return
}

// Not where what is loaded may be what is stored between: that is loaded where it was, by all for the rows that they
// stand for, and the first 16 rows store.

// CHECK-LABEL: llvm.func @between_tiles(
// CHECK: arith.cmpi slt, %{{.*}}, %c16
// CHECK-COUNT-4: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
// CHECK-LABEL: llvm.func @between_tiles_unaligned(
func.func @between(%a: memref<32x32xf32>, %b: memref<16x32xf32>, %c: memref<16x32xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %zeros = arith.constant dense<0.0> : vector<16x32xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x32xf32>, vector<32x32xf32>
    %rows = vector.shape_cast %x : vector<32x32xf32> to vector<2x16x32xf32>
    %sums = vector.multi_reduction <add>, %rows, %zeros [0] : vector<2x16x32xf32> to vector<16x32xf32>
    vector.transfer_write %zeros, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xf32>, memref<16x32xf32>
    vector.transfer_write %sums, %b[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xf32>, memref<16x32xf32>
  }
  return
}
}

// An operand of 32 rows, made of loads, of a product of four warps: two rows of the block stand for each, and write half of
// its columns.

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

module attributes {simplicial.target = "sm_90a"} {

// CHECK-LABEL: llvm.func @operand_tiles(
// CHECK: "simplicial.tie"
// CHECK: %[[SHARE:.*]] = arith.divui %{{.*}}, %c32
// CHECK-NEXT: arith.cmpi slt, %[[SHARE]], %c2
// CHECK-COUNT-8: llvm.store %{{.*}} {alignment = 4 : i64} : vector<2xbf16>, !llvm.ptr<3>
// CHECK-NOT: llvm.store
// CHECK: nvvm.barrier0
// CHECK: "simplicial.wgmma"
// CHECK-LABEL: llvm.func @operand_tiles_unaligned(
func.func @operand(%a: memref<64x64xbf16>, %b: memref<32x64xf32>, %q: memref<1x64xbf16>, %c: memref<64x32xf32>) {
  %c0 = arith.constant 0 : index
  %zero32 = arith.constant 0.0 : f32
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x32xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %wide = vector.transfer_read %b[%c0, %c0], %zero32 {in_bounds = [true, true]} : memref<32x64xf32>, vector<32x64xf32>
    %k = arith.truncf %wide : vector<32x64xf32> to vector<32x64xbf16>
    %one = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<1x64xbf16>, vector<1x64xbf16>
    %all = vector.broadcast %one : vector<1x64xbf16> to vector<32x64xbf16>
    %y = arith.mulf %k, %all : vector<32x64xbf16>
    %s = vector.contract #mk_nk %x, %y, %zero : vector<64x64xbf16>, vector<32x64xbf16> into vector<64x32xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x32xf32>, memref<64x32xf32>
  }
  return
}
}
