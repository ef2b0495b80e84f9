// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,canonicalize{top-down=false},cse)' | FileCheck %s

// A scalar from memory: all threads load it. Of a vector of i32 by row each thread loads its rows', and one of a row is
// stored by the first column's.

// CHECK-LABEL: llvm.func @loads_tiles(
// CHECK-SAME: %[[STARTS:[a-z0-9]+]]: !llvm.ptr<1>
// CHECK: %[[AT:.*]] = llvm.getelementptr %[[STARTS]]
// CHECK: %[[X:.*]] = llvm.load %[[AT]] {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK: %[[ALL:.*]] = "simplicial.tie"(%[[X]])
// CHECK: arith.cmpi slt, %{{.*}}, %[[ALL]] : i32
// CHECK: llvm.store %{{.*}}, %{{.*}} {alignment = 4 : i64} : i32
module attributes {simplicial.target = "sm_80"} {
func.func @loads(%starts: memref<?xi32>, %y: memref<?x16xf32>, %z: memref<?xi32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c0_i32 = arith.constant 0 : i32
  %zeros = arith.constant dense<0.0> : vector<16x16xf32>
  %ones = arith.constant dense<1.0> : vector<16x16xf32>
  scf.forall (%i) in (%n) {
    %x = memref.load %starts[%i] : memref<?xi32>
    %all = vector.broadcast %x : i32 to vector<16xi32>
    %rows = vector.transfer_read %starts[%c0], %c0_i32 {in_bounds = [true]} : memref<?xi32>, vector<16xi32>
    %below = arith.cmpi slt, %rows, %all : vector<16xi32>
    %by_row = vector.shape_cast %below : vector<16xi1> to vector<16x1xi1>
    %mask = vector.broadcast %by_row : vector<16x1xi1> to vector<16x16xi1>
    %t = arith.select %mask, %ones, %zeros : vector<16x16xi1>, vector<16x16xf32>
    vector.transfer_write %t, %y[%i, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<?x16xf32>
    %one = vector.broadcast %x : i32 to vector<1xi32>
    vector.transfer_write %one, %z[%i] {in_bounds = [true]} : vector<1xi32>, memref<?xi32>
  }
  return
}
}

// -----

// A loop of scalars is run by those who copy as well: here it is before they part, and within a loop both have it.

// CHECK-LABEL: llvm.func @both_tiles(
// CHECK: %[[COPIES:.*]] = arith.cmpi sgt, %{{.*}}, %c3_i32
// CHECK: scf.if %[[COPIES]]
// CHECK: scf.for
// CHECK: %[[END:.*]] = scf.for {{.*}} -> (index) {
// CHECK: llvm.load {{.*}} -> i32
// CHECK: scf.yield
// CHECK: nvvm.cp.async.bulk.tensor
// CHECK: } else {
// CHECK: scf.for {{.*}} -> (f32
// CHECK: scf.for {{.*}} -> (index) {
// CHECK: llvm.load {{.*}} -> i32
// CHECK: nvvm.mbarrier.try_wait
module attributes {simplicial.target = "sm_90a"} {
func.func @both(%a: memref<64x128xbf16>, %b: memref<?x128xbf16>, %ends: memref<?xi32>, %c: memref<64x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x128xbf16>, vector<64x128xbf16>
    %sum = scf.for %j = %c0 to %n step %c1 iter_args(%before = %zero) -> (vector<64x16xf32>) {
      %next = arith.addi %j, %c1 : index
      %end = scf.for %at = %j to %next step %c1 iter_args(%none = %c0) -> (index) {
        %loaded = memref.load %ends[%at] : memref<?xi32>
        %index = arith.index_cast %loaded : i32 to index
        scf.yield %index : index
      }
      %r = scf.for %k = %c0 to %end step %c16 iter_args(%acc = %before) -> (vector<64x16xf32>) {
        %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x128xbf16>, vector<16x128xbf16>
        %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                              iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
           : vector<64x128xbf16>, vector<16x128xbf16> into vector<64x16xf32>
        scf.yield %s : vector<64x16xf32>
      }
      scf.yield %r : vector<64x16xf32>
    }
    vector.transfer_write %sum, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
  } {simplicial.producer}
  return
}
}
