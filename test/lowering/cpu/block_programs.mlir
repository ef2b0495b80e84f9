// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-block,canonicalize,cse)' | FileCheck %s

// -----

// Carried tiles that change places go through another buffer.

// CHECK-LABEL: func.func @exchanged(
// CHECK: scf.for
// CHECK-NEXT: %[[Y:.*]] = vector.load %[[YS:.*]][%c0]
// CHECK-NEXT: vector.store %[[Y]], %[[T:.*]][%c0]
// CHECK-NEXT: %[[X:.*]] = vector.load %[[XS:.*]][%c0]
// CHECK-NEXT: vector.store %[[X]], %[[U:.*]][%c0]
// CHECK-NEXT: vector.load %[[T]][%c0]
// CHECK-NEXT: vector.store %{{.*}}, %[[XS]][%c0]
// CHECK-NEXT: vector.load %[[U]][%c0]
// CHECK-NEXT: vector.store %{{.*}}, %[[YS]][%c0]
func.func @exchanged(%a: memref<8xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %zero = arith.constant dense<0.0> : vector<8xf32>
    %two = arith.constant dense<2.0> : vector<8xf32>
    %r:2 = scf.for %k = %c0 to %n step %c1 iter_args(%x = %zero, %y = %two) -> (vector<8xf32>, vector<8xf32>) {
      scf.yield %y, %x : vector<8xf32>, vector<8xf32>
    }
    vector.transfer_write %r#0, %a[%c0] {in_bounds = [true]} : vector<8xf32>, memref<8xf32>
  }
  return
}

// -----

// CHECK-LABEL: func.func @carried_scalar(
// CHECK-NOT: iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}})
// CHECK: vector.store
// CHECK: return
func.func @carried_scalar(%a: memref<8xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %zero = arith.constant dense<0.0> : vector<8xf32>
    %r:2 = scf.for %k = %c0 to %n step %c1 iter_args(%x = %zero, %y = %c0) -> (vector<8xf32>, index) {
      scf.yield %x, %y : vector<8xf32>, index
    }
    vector.transfer_write %r#0, %a[%c0] {in_bounds = [true]} : vector<8xf32>, memref<8xf32>
  }
  return
}

// -----

// The padding of one operand is not that of the other: its rows past the count
// become zeros in a copy.

// CHECK-LABEL: func.func @unpadded_product(
// CHECK-SAME: %{{[a-z0-9]+}}: memref<16x16xf32>, %[[B:[a-z0-9]+]]: memref<64x16xf32>
// CHECK: scf.for
// CHECK: vector.store %{{.*}}, %[[COPY:.*]][%{{.*}}, %{{.*}}] : memref<64x16xf32>, vector<8xf32>
// CHECK: scf.for %[[ROW:.*]] = %c0 to %{{.*}} step %c1
// CHECK: %[[LOADED:.*]] = vector.load %[[B]][%[[ROW]], %c0]
// CHECK: vector.store %[[LOADED]], %[[COPY]][%[[ROW]], %c0]
// CHECK: memref.load %[[COPY]]
func.func @unpadded_product(%a: memref<16x16xf32>, %b: memref<64x16xf32>, %c: memref<16x64xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %pad = arith.constant 0.0 : f32
    %one = arith.constant dense<1.0> : vector<16x64xf32>
    %m = vector.create_mask %n, %c16 : vector<64x16xi1>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad, %m {in_bounds = [true, true]} : memref<64x16xf32>, vector<64x16xf32>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %one
       : vector<16x16xf32>, vector<64x16xf32> into vector<16x64xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x64xf32>, memref<16x64xf32>
  }
  return
}

// -----

// A left operand [K, M] has its rows beside each other in memory.

// CHECK-LABEL: func.func @transposed_left(
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<32x16xf32>, %[[B:[a-z0-9]+]]: memref<32x16xf32>
// CHECK: scf.for %[[K:.*]] = %c0 to %c32 step %c1
// CHECK: vector.load %[[A]][%[[K]], %c0] : memref<32x16xf32>, vector<16xf32>
// CHECK: memref.load %[[B]][%[[K]], %{{.*}}]
func.func @transposed_left(%a: memref<32x16xf32>, %b: memref<32x16xf32>, %c: memref<16x16xf32>, %d: memref<32xf32>, %m: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xf32>, vector<32x16xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xf32>, vector<32x16xf32>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(k,m)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<32x16xf32>, vector<32x16xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

// CHECK-LABEL: func.func @square_left(
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<16x16xf32>, %[[B:[a-z0-9]+]]: memref<16x16xf32>
// CHECK: scf.for %[[K:.*]] = %c0 to %c16 step %c1
// CHECK: vector.load %[[A]][%[[K]], %c0] : memref<16x16xf32>, vector<16xf32>
// CHECK: memref.load %[[B]][%{{.*}}, %[[K]]]
func.func @square_left(%a: memref<16x16xf32>, %b: memref<16x16xf32>, %c: memref<16x16xf32>, %d: memref<32xf32>, %m: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(k,m)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x16xf32>, vector<16x16xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

// A store's mask says which rows it has; a branch gives its tile in a buffer; a
// product's sum is carried in one buffer, and starts where it is.

// CHECK-LABEL: func.func @sum(
// CHECK: vector.load %[[SUM:.*]][%[[X:.*]], %c0] : memref<16x8xf32>, vector<8xf32>
// CHECK: %[[ACC:.*]]:8 = scf.for
// CHECK: vector.store %[[ACC]]#0, %[[SUM]][%[[X]], %c0]
// CHECK: scf.if %{{.*}} {
// CHECK: } else {
// CHECK: scf.if
// CHECK-NEXT: vector.store {{.*}} memref<8x16xf32>, vector<8xf32>
func.func @sum(%a: memref<8x32xf32>, %b: memref<32x16xf32>, %c: memref<8x16xf32>, %n: index, %p: i1) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %pad = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<8x16xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<8x32xf32>, vector<8x32xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xf32>, vector<32x16xf32>
    %r = scf.for %k = %c0 to %n step %c1 iter_args(%t = %zero) -> (vector<8x16xf32>) {
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %t
         : vector<8x32xf32>, vector<32x16xf32> into vector<8x16xf32>
      scf.yield %s : vector<8x16xf32>
    }
    %u = scf.if %p -> (vector<8x16xf32>) {
      %v = arith.addf %r, %r : vector<8x16xf32>
      scf.yield %v : vector<8x16xf32>
    } else {
      scf.yield %r : vector<8x16xf32>
    }
    %m = vector.create_mask %n, %c16 : vector<8x16xi1>
    vector.transfer_write %u, %c[%c0, %c0], %m {in_bounds = [true, true]} : vector<8x16xf32>, memref<8x16xf32>
  }
  return
}
