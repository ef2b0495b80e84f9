// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-block,canonicalize,cse)' | FileCheck %s

// A product becomes loops over registers' worth of its result: 4 columns of 16
// rows. The left operand is transposed first; the right one is read in place.

// CHECK-LABEL: func.func @product(
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<16x16xf32>, %[[B:[a-z0-9]+]]: memref<64x16xf32>
// CHECK: %[[AT:.*]] = memref.alloca() {alignment = 64 : i64} : memref<16x16xf32>
// CHECK: %[[S:.*]] = memref.alloca() {alignment = 64 : i64} : memref<64x16xf32>
// CHECK: scf.for %{{.*}} step %c8
// CHECK-COUNT-8: vector.load %[[A]]
// CHECK-COUNT-24: vector.shuffle {{.*}} : vector<8xf32>, vector<8xf32>
// CHECK-COUNT-8: vector.store %{{.*}}, %[[AT]]
// CHECK: scf.for %[[X:.*]] = %c0 to %c64 step %c4
// CHECK: %[[ACC:.*]]:4 = scf.for %[[K:.*]] = %c0 to %c16 step %c1
// CHECK: %[[V:.*]] = vector.load %[[AT]][%[[K]], %c0] : memref<16x16xf32>, vector<16xf32>
// CHECK: %[[E:.*]] = memref.load %[[B]][%[[X]], %[[K]]]
// CHECK: %[[SPLAT:.*]] = vector.broadcast %[[E]] : f32 to vector<16xf32>
// CHECK: math.fma %[[V]], %[[SPLAT]]
// CHECK-COUNT-3: math.fma %[[V]]
// CHECK: vector.store %[[ACC]]#0, %[[S]][%[[X]], %c0]
// CHECK-NOT: vector.contract
// CHECK-NOT: vector.transfer
func.func @product(%a: memref<16x16xf32>, %b: memref<64x16xf32>, %c: memref<16x64xf32>) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<16x64xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x16xf32>, vector<64x16xf32>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x16xf32>, vector<64x16xf32> into vector<16x64xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x64xf32>, memref<16x64xf32>
  }
  return
}

// -----

// A right operand that is not f32 is widened first, its rows before the count.

// Where its columns end is where the mask ends, so none is left, nor what it would
// put there.

// CHECK-LABEL: func.func @widened(
// CHECK-SAME: %{{[a-z0-9]+}}: memref<16x16xf32>, %[[B:[a-z0-9]+]]: memref<64x16xbf16>, %{{.*}}, %[[N:[a-z0-9]+]]: index
// CHECK-NOT: 0xFF800000
// CHECK: %[[COPY:.*]] = memref.alloca() {alignment = 64 : i64} : memref<64x16xf32>
// CHECK: %[[LEAST:.*]] = arith.minsi %[[N]], %c64
// CHECK: %[[COUNT:.*]] = arith.maxsi %[[LEAST]], %c0
// CHECK: scf.for %[[ROW:.*]] = %c0 to %[[COUNT]] step %c1
// CHECK: %[[LOADED:.*]] = vector.load %[[B]][%[[ROW]], %c0] : memref<64x16xbf16>, vector<16xbf16>
// CHECK: %[[WIDE:.*]] = arith.extf %[[LOADED]]
// CHECK: vector.store %[[WIDE]], %[[COPY]][%[[ROW]], %c0]
// The product's columns end at the count: whole blocks of 4, then one by one.
// CHECK: %[[REST:.*]] = arith.remui %[[COUNT]], %c4
// CHECK: %[[WHOLE:.*]] = arith.subi %[[COUNT]], %[[REST]]
// CHECK: scf.for %{{.*}} = %c0 to %[[WHOLE]] step %c4
// CHECK: memref.load %[[COPY]]
// CHECK: scf.for %{{.*}} = %[[WHOLE]] to %[[COUNT]] step %c1
// CHECK: memref.load %[[COPY]]
func.func @widened(%a: memref<16x16xf32>, %b: memref<64x16xbf16>, %c: memref<16xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %pad = arith.constant 0.0 : f32
    %pad16 = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<16x64xf32>
    %zeros = arith.constant dense<0.0> : vector<16xf32>
    %inf = arith.constant dense<0xFF800000> : vector<16x64xf32>
    %one = arith.constant dense<1.0> : vector<16x64xf32>
    %m = vector.create_mask %n, %c16 : vector<64x16xi1>
    %m1 = vector.create_mask %n : vector<64xi1>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    %y16 = vector.transfer_read %b[%c0, %c0], %pad16, %m {in_bounds = [true, true]} : memref<64x16xbf16>, vector<64x16xbf16>
    %y = arith.extf %y16 : vector<64x16xbf16> to vector<64x16xf32>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x16xf32>, vector<64x16xf32> into vector<16x64xf32>
    %mb = vector.broadcast %m1 : vector<64xi1> to vector<16x64xi1>
    %t = arith.select %mb, %s, %inf : vector<16x64xi1>, vector<16x64xf32>
    %p = arith.subf %t, %one : vector<16x64xf32>
    %r = vector.multi_reduction <maxnumf>, %p, %zeros [1] : vector<16x64xf32> to vector<16xf32>
    vector.transfer_write %r, %c[%c0] {in_bounds = [true]} : vector<16xf32>, memref<16xf32>
  }
  return
}

// -----

// exp2 is a polynomial; a maximum is one comparison and one selection.

// CHECK-LABEL: func.func @elementwise(
// CHECK: arith.select
// CHECK: arith.select
// CHECK-COUNT-6: math.fma
// CHECK: arith.shli
// CHECK: arith.mulf
// CHECK: arith.cmpf ogt
// CHECK: arith.select
// CHECK-NOT: math.exp2
// CHECK-NOT: arith.maxnumf
// CHECK: return
func.func @elementwise(%a: memref<8x16xf32>) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<8x16xf32>, vector<8x16xf32>
    %y = math.exp2 %x : vector<8x16xf32>
    %z = arith.maxnumf %x, %y : vector<8x16xf32>
    vector.transfer_write %z, %a[%c0, %c0] {in_bounds = [true, true]} : vector<8x16xf32>, memref<8x16xf32>
  }
  return
}

// -----

// A loop-carried tile lives in one buffer if only its next value is made of it,
// and in two otherwise.

// CHECK-LABEL: func.func @carried(
// CHECK-DAG: %[[X:.*]] = memref.alloca() {alignment = 64 : i64} : memref<8xf32>
// CHECK: scf.for
// CHECK: vector.load %[[ONE:.*]][%c0] : memref<8xf32>, vector<8xf32>
// CHECK: vector.store %{{.*}}, %[[ONE]][%c0]
// CHECK: vector.load %[[OLD:.*]][%c0] : memref<8xf32>, vector<8xf32>
// CHECK: vector.store %{{.*}}, %[[NEXT:.*]][%c0]
// CHECK: vector.load %[[OLD]][%c0]
// CHECK: vector.load %[[NEXT]][%c0]
// CHECK: vector.store %{{.*}}, %[[OLD]][%c0]
func.func @carried(%a: memref<8xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %zero = arith.constant dense<0.0> : vector<8xf32>
    %two = arith.constant dense<2.0> : vector<8xf32>
    %r:2 = scf.for %k = %c0 to %n step %c1 iter_args(%x = %zero, %y = %two) -> (vector<8xf32>, vector<8xf32>) {
      %x1 = arith.addf %x, %two : vector<8xf32>
      %y1 = arith.mulf %y, %two : vector<8xf32>
      %d = arith.subf %y, %y1 : vector<8xf32>
      %e = arith.addf %d, %y1 : vector<8xf32>
      vector.transfer_write %e, %a[%c0] {in_bounds = [true]} : vector<8xf32>, memref<8xf32>
      scf.yield %x1, %y1 : vector<8xf32>, vector<8xf32>
    }
    %s = arith.addf %r#0, %r#1 : vector<8xf32>
    vector.transfer_write %s, %a[%c0] {in_bounds = [true]} : vector<8xf32>, memref<8xf32>
  }
  return
}

// -----

// Loops without tiles are none of this pass's business.

// CHECK-LABEL: func.func @scalars(
// CHECK: scf.forall
// CHECK: memref.load
// CHECK: arith.addf
// CHECK: memref.store
func.func @scalars(%a: memref<8xf32>) {
  %c8 = arith.constant 8 : index
  scf.forall (%i) in (%c8) {
    %x = memref.load %a[%i] : memref<8xf32>
    %y = arith.addf %x, %x : f32
    memref.store %y, %a[%i] : memref<8xf32>
  }
  return
}
