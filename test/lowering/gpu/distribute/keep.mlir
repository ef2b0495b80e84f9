// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-distribute,canonicalize,cse)' | FileCheck %s

// Which tiles are kept in registers.

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

// A load is made where it stands if its memory is written behind it; another one where it is used.

// CHECK-LABEL: llvm.func @overwritten_tiles(
// CHECK-SAME: %[[A:[a-z0-9]+]]: !llvm.ptr<1>, %[[B:[a-z0-9]+]]: !llvm.ptr<1>
// CHECK: %[[PLACE:.*]] = llvm.getelementptr %[[A]]
// CHECK-NEXT: llvm.load %[[PLACE]] {alignment = 8 : i64}
// CHECK: llvm.store %cst, %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
// CHECK-NOT: llvm.load
// CHECK: llvm.return
func.func @overwritten(%a: memref<16x8xf32>, %b: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %ones = arith.constant dense<1.0> : vector<16x8xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    vector.transfer_write %ones, %a[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
    %z = arith.addf %x, %y : vector<16x8xf32>
    vector.transfer_write %z, %b[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
  }
  return
}

// CHECK-LABEL: llvm.func @in_loop_tiles(
// CHECK-SAME: %[[A:[a-z0-9]+]]: !llvm.ptr<1>, %{{[a-z0-9]+}}: i64, %[[B:[a-z0-9]+]]: !llvm.ptr<1>
// CHECK: scf.for
// CHECK: %[[PLACE:.*]] = llvm.getelementptr %[[B]]
// CHECK-NEXT: llvm.load %[[PLACE]]
// CHECK: "simplicial.tie"
// CHECK: %[[OTHER:.*]] = llvm.getelementptr %[[A]]
// CHECK-NEXT: llvm.load %[[OTHER]]
// CHECK: llvm.store
// CHECK: llvm.return
func.func @in_loop(%a: memref<16x8xf32>, %b: memref<?x8xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xf32>, vector<16x8xf32>
    scf.for %at = %c0 to %n step %c16 {
      %y = vector.transfer_read %b[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x8xf32>, vector<16x8xf32>
      %z = arith.mulf %x, %y : vector<16x8xf32>
      vector.transfer_write %z, %b[%at, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<?x8xf32>
    }
  }
  return
}

// All lanes of a warp multiply, but not all store: what is made of a product is kept before the branch.

// CHECK-LABEL: llvm.func @stored_tiles(
// CHECK: nvvm.mma.sync
// CHECK-COUNT-4: arith.mulf
// CHECK: scf.if
// CHECK-NOT: nvvm.mma.sync
// CHECK-LABEL: llvm.func @stored_tiles_unaligned(
func.func @stored(%a: memref<16x16xbf16>, %c: memref<?x8xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x8xf32>
  %two = arith.constant dense<2.0> : vector<16x8xf32>
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x8x16xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %y = vector.transfer_read %buffer[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x8x16xbf16, 3>, vector<8x16xbf16>
    %s = vector.contract #mk_nk %x, %y, %zero : vector<16x16xbf16>, vector<8x16xbf16> into vector<16x8xf32>
    %d = arith.mulf %s, %two : vector<16x8xf32>
    %mask = vector.create_mask %n, %c8 : vector<16x8xi1>
    vector.transfer_write %d, %c[%c0, %c0], %mask {in_bounds = [true, true]} : vector<16x8xf32>, memref<?x8xf32>
  }
  return
}

// What is made of numbers of rows that are loaded is made once for a loop that uses it.

// CHECK-LABEL: llvm.func @numbers_tiles(
// CHECK-SAME: %[[N:[a-z0-9]+]]: !llvm.ptr<1>
// CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK-COUNT-2: arith.mulf
// CHECK: scf.for
// CHECK-NOT: llvm.load %{{.*}} {alignment = 4 : i64}
// CHECK-LABEL: llvm.func @numbers_tiles_unaligned(
func.func @numbers(%numbers: memref<16xf32>, %b: memref<?x8xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %two = arith.constant dense<2.0> : vector<16xf32>
    %x = vector.transfer_read %numbers[%c0], %pad {in_bounds = [true]} : memref<16xf32>, vector<16xf32>
    %twice = arith.mulf %x, %two : vector<16xf32>
    scf.for %at = %c0 to %n step %c16 {
      %rows = vector.shape_cast %twice : vector<16xf32> to vector<16x1xf32>
      %all = vector.broadcast %rows : vector<16x1xf32> to vector<16x8xf32>
      %y = vector.transfer_read %b[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x8xf32>, vector<16x8xf32>
      %z = arith.mulf %all, %y : vector<16x8xf32>
      vector.transfer_write %z, %b[%at, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<?x8xf32>
    }
  }
  return
}
