// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-distribute,canonicalize,cse)' | FileCheck %s

// Loads and stores of global memory by threads.

// A vector by row: an element for each of a thread's rows, by the first of the four threads that share it. Elements that
// the mask leaves out are not read: another one is.

// CHECK-LABEL: llvm.func @row_tiles(
// CHECK: nvvm.shfl.sync
// CHECK: scf.if
// CHECK: %[[INSIDE:.*]] = arith.cmpi slt, %[[ROW:.*]], %[[N:.*]] : index
// CHECK-NEXT: %[[LAST:.*]] = arith.subi %[[N]], %c1
// CHECK-NEXT: %[[READ:.*]] = arith.minsi %[[ROW]], %[[LAST]]
// CHECK: %[[X:.*]] = llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK-NEXT: arith.select %[[INSIDE]], %[[X]], %cst : f32
// CHECK: llvm.store %{{.*}} {alignment = 2 : i64} : bf16, !llvm.ptr<1>
// CHECK-NOT: llvm.store
// CHECK: scf.if
// CHECK: llvm.store %{{.*}} {alignment = 2 : i64} : bf16, !llvm.ptr<1>
// CHECK-NOT: llvm.store
// CHECK-LABEL: llvm.func @row_tiles_unaligned(
func.func @row(%a: memref<?x16xf32>, %v: memref<?xf32>, %c: memref<?xbf16>, %n: index) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %none = arith.constant dense<0.0> : vector<16xf32>
    %mask = vector.create_mask %n : vector<16xi1>
    %b = vector.transfer_read %v[%c0], %pad, %mask {in_bounds = [true]} : memref<?xf32>, vector<16xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<?x16xf32>, vector<16x16xf32>
    %sum = vector.multi_reduction <add>, %x, %none [1] : vector<16x16xf32> to vector<16xf32>
    %z = arith.addf %sum, %b : vector<16xf32>
    %r = arith.truncf %z : vector<16xf32> to vector<16xbf16>
    vector.transfer_write %r, %c[%c0], %mask {in_bounds = [true]} : vector<16xbf16>, memref<?xbf16>
  }
  return
}

// One by column: two elements of each slice of 8, which the threads of the block's first row store.

// CHECK-LABEL: llvm.func @column_tiles(
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %{{.*}}, %c0 : index
// CHECK: scf.if %[[FIRST]] {
// CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK-COUNT-2: llvm.store %{{.*}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
// CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK-COUNT-2: llvm.store %{{.*}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
// To all rows it is brought as it is.
// CHECK: %[[X:.*]] = llvm.load
// CHECK-NEXT: %[[LEFT:.*]] = arith.select %{{.*}}, %[[X]], %cst
// CHECK: %[[Y:.*]] = llvm.load
// CHECK-NEXT: %[[RIGHT:.*]] = arith.select %{{.*}}, %[[Y]], %cst
// CHECK: vector.from_elements %[[LEFT]], %[[RIGHT]]
// CHECK-LABEL: llvm.func @column_tiles_unaligned(
func.func @column(%a: memref<16x16xf32>, %v: memref<?xf32>, %w: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %mask = vector.create_mask %n : vector<16xi1>
    %b = vector.transfer_read %v[%c0], %pad, %mask {in_bounds = [true]} : memref<?xf32>, vector<16xf32>
    %d = arith.addf %b, %b : vector<16xf32>
    vector.transfer_write %d, %w[%c0], %mask {in_bounds = [true]} : vector<16xf32>, memref<?xf32>
    %e = vector.broadcast %b : vector<16xf32> to vector<16x16xf32>
    vector.transfer_write %e, %a[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// Elements are loaded and stored by pairs where they are neighbours in memory.

// CHECK-LABEL: llvm.func @apart_tiles(
// CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
// CHECK-LABEL: llvm.func @apart_tiles_unaligned(
func.func @apart(%a: memref<8x16xf32>, %b: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true], permutation_map = affine_map<(r, c) -> (c, r)>} : memref<8x16xf32>, vector<16x8xf32>
    vector.transfer_write %x, %b[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
  }
  return
}
