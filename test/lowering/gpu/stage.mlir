// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-stage,cse)' | FileCheck %s

// A load that feeds a product is copied one iteration ahead, into the other of
// two slots. The mask's count goes with it; past the loop's end it is 0.

// CHECK-LABEL: func.func @staged(
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<16x16xbf16>, %[[B:[a-z0-9]+]]: memref<?x16xbf16>
// CHECK: scf.forall
// CHECK: %[[BUFFER:.*]] = memref.alloc() : memref<2x32x16xbf16, 3>
// CHECK: %[[ANY:.*]] = arith.cmpi slt, %[[LO:.*]], %[[N:.*]] : index
// CHECK: %[[FIRST_LEFT:.*]] = arith.subi %[[N]], %[[LO]] : index
// CHECK: %[[FIRST_MIN:.*]] = arith.minsi %[[FIRST_LEFT]], %c32
// CHECK: %[[FIRST_COUNT:.*]] = arith.select %[[ANY]], %[[FIRST_MIN]], %c0
// CHECK: "simplicial.copy_async"(%[[B]], %[[BUFFER]], %c0, %c0, %[[FIRST_COUNT]], %[[LO]], %c0) {dims = array<i64: 0, 1, 32, 16>}
// CHECK: "simplicial.copy_commit"()
// CHECK: scf.for %[[K:.*]] = %[[LO]] to %[[N]] step %c32
// CHECK: %[[DONE:.*]] = arith.subi %[[K]], %[[LO]]
// CHECK: %[[NUMBER:.*]] = arith.divui %[[DONE]], %c32
// CHECK: %[[SLOT:.*]] = "simplicial.copy_wait"(%[[NUMBER]], %c0, %[[BUFFER]]) {pending = 0 : i64}
// CHECK: %[[NEXT:.*]] = arith.addi %[[K]], %c32
// CHECK: %[[NEXT_NUMBER:.*]] = arith.addi %[[NUMBER]], %c1
// CHECK: %[[GOES_ON:.*]] = arith.cmpi slt, %[[NEXT]], %[[N]]
// CHECK: %[[LEFT:.*]] = arith.subi %[[N]], %[[NEXT]]
// CHECK: %[[MIN:.*]] = arith.minsi %[[LEFT]], %c32
// CHECK: %[[COUNT:.*]] = arith.select %[[GOES_ON]], %[[MIN]], %c0
// CHECK: "simplicial.copy_async"(%[[B]], %[[BUFFER]], %[[NEXT_NUMBER]], %c0, %[[COUNT]], %[[NEXT]], %c0)
// CHECK: "simplicial.copy_commit"()
// CHECK: %[[T:.*]] = vector.transfer_read %[[BUFFER]][%[[SLOT]], %c0, %c0], {{.*}} : memref<2x32x16xbf16, 3>, vector<32x16xbf16>
// CHECK: vector.contract {{.*}} %{{.*}}, %[[T]], %{{.*}}
// CHECK: "simplicial.copy_release"(%[[NUMBER]], %c0, %[[BUFFER]])
// CHECK: scf.yield
// CHECK: "simplicial.copy_finish"()
func.func @staged(%a: memref<16x16xbf16>, %b: memref<?x16xbf16>, %c: memref<16x32xf32>, %lo: index, %n: index) {
  %c1 = arith.constant 1 : index
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x32xf32>
  scf.forall (%i) in (%c1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %r = scf.for %k = %lo to %n step %c32 iter_args(%acc = %zero) -> (vector<16x32xf32>) {
      %left = arith.subi %n, %k : index
      %count = arith.minsi %left, %c32 : index
      %m = vector.create_mask %count, %c16 : vector<32x16xi1>
      %y = vector.transfer_read %b[%k, %c0], %pad, %m {in_bounds = [true, true]} : memref<?x16xbf16>, vector<32x16xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<16x16xbf16>, vector<32x16xbf16> into vector<16x32xf32>
      scf.yield %s : vector<16x32xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xf32>, memref<16x32xf32>
  }
  return
}

// -----

// What feeds anything else stays where it is.

// CHECK-LABEL: func.func @elementwise(
// CHECK-NOT: memref.alloc
// CHECK-NOT: simplicial.copy
// CHECK: return
func.func @elementwise(%a: memref<?x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : f32
  scf.forall (%i) in (%n) {
    scf.for %k = %c0 to %n step %c16 {
      %x = vector.transfer_read %a[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x16xf32>, vector<16x16xf32>
      %y = arith.addf %x, %x : vector<16x16xf32>
      vector.transfer_write %y, %a[%k, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<?x16xf32>
    }
  }
  return
}

// -----

// Two loops, one behind the other, copy into the same buffer; a loop within
// another that copies has its own.

// CHECK-LABEL: func.func @sharing(
// CHECK: scf.forall
// CHECK-COUNT-2: memref.alloc() : memref<2x16x16xbf16, 3>
// CHECK-NOT: memref.alloc
func.func @sharing(%a: memref<16x16xbf16>, %b: memref<?x16xbf16>, %c: memref<16x16xf32>, %n: index, %m: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (%c1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %r = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zero) -> (vector<16x16xf32>) {
      %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<16x16xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
      %inner = scf.for %l = %c0 to %m step %c16 iter_args(%acc2 = %s) -> (vector<16x16xf32>) {
        %z = vector.transfer_read %b[%l, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<16x16xbf16>
        %t = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                              iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %z, %acc2
           : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
        scf.yield %t : vector<16x16xf32>
      }
      scf.yield %inner : vector<16x16xf32>
    }
    %q = scf.for %k = %n to %m step %c16 iter_args(%acc = %r) -> (vector<16x16xf32>) {
      %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<16x16xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
      scf.yield %s : vector<16x16xf32>
    }
    vector.transfer_write %q, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

// With three slots copies are two iterations ahead.

// CHECK-LABEL: func.func @three_slots(
// CHECK: memref.alloc() : memref<3x16x16xbf16, 3>
// CHECK: "simplicial.copy_async"(%{{.*}}, %{{.*}}, %c0, %c0, %{{.*}}, %[[LO:.*]], %c0)
// CHECK: "simplicial.copy_commit"
// CHECK: %[[SECOND:.*]] = arith.addi %[[LO]], %c16
// CHECK: "simplicial.copy_async"(%{{.*}}, %{{.*}}, %c1, %c0, %{{.*}}, %[[SECOND]], %c0)
// CHECK: "simplicial.copy_commit"
// CHECK: scf.for %[[K:.*]] = %[[LO]]
// CHECK: "simplicial.copy_wait"(%[[NUMBER:.*]], %c0, %{{.*}}) {pending = 1 : i64}
// CHECK: %[[AHEAD:.*]] = arith.muli %{{.*}}, %c2
// CHECK: %[[THIRD:.*]] = arith.addi %[[K]], %[[AHEAD]]
// CHECK: %[[THIRD_NUMBER:.*]] = arith.addi %[[NUMBER]], %c2
// CHECK: "simplicial.copy_async"(%{{.*}}, %{{.*}}, %[[THIRD_NUMBER]], %c0, %{{.*}}, %[[THIRD]], %c0)
func.func @three_slots(%a: memref<16x16xbf16>, %b: memref<?x16xbf16>, %c: memref<16x16xf32>, %lo: index, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (%c1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %r = scf.for %k = %lo to %n step %c16 iter_args(%acc = %zero) -> (vector<16x16xf32>) {
      %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<16x16xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
      scf.yield %s : vector<16x16xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  } {simplicial.stages = 3 : i64}
  return
}

// -----

// With one slot a copy begins in its own iteration. A loop's loads have rings of
// their own; a later loop's takes the first one that its tile fits.

// CHECK-LABEL: func.func @one_slot(
// CHECK: %[[X:.*]] = memref.alloc() : memref<1x16x16xbf16, 3>
// CHECK: %[[Y:.*]] = memref.alloc() : memref<1x32x16xbf16, 3>
// CHECK-NOT: memref.alloc
// CHECK-NOT: simplicial.copy_async
// CHECK: scf.for
// CHECK: "simplicial.copy_async"(%{{.*}}, %[[Y]], %[[NUMBER:.*]], %c0,
// CHECK: "simplicial.copy_async"(%{{.*}}, %[[X]], %[[NUMBER]], %c0,
// CHECK: "simplicial.copy_commit"
// CHECK: "simplicial.copy_wait"(%[[NUMBER]], %c0, %[[Y]]) {pending = 0 : i64}
// CHECK: "simplicial.copy_wait"(%[[NUMBER]], %c0, %[[X]]) {pending = 0 : i64}
// CHECK-NOT: simplicial.copy_async
// CHECK: "simplicial.copy_release"(%[[NUMBER]], %c0, %[[Y]])
// CHECK: "simplicial.copy_release"(%[[NUMBER]], %c0, %[[X]])
// CHECK: scf.for
// CHECK: "simplicial.copy_async"(%{{.*}}, %[[Y]],
// CHECK: "simplicial.copy_release"(%{{.*}}, %{{.*}}, %[[Y]])
func.func @one_slot(%a: memref<16x16xbf16>, %b: memref<?x16xbf16>, %c: memref<16x32xf32>, %n: index, %m: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x32xf32>
  %zeros = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (%c1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %r:2 = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zero, %acc2 = %zeros) -> (vector<16x32xf32>, vector<16x16xf32>) {
      %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<32x16xbf16>
      %z = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<16x16xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<16x16xbf16>, vector<32x16xbf16> into vector<16x32xf32>
      %t = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %z, %acc2
         : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
      scf.yield %s, %t : vector<16x32xf32>, vector<16x16xf32>
    }
    %u = scf.for %k = %n to %m step %c16 iter_args(%acc = %r#1) -> (vector<16x16xf32>) {
      %z = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<16x16xbf16>
      %t = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %z, %acc
         : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
      scf.yield %t : vector<16x16xf32>
    }
    vector.transfer_write %r#0, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xf32>, memref<16x32xf32>
    vector.transfer_write %u, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x32xf32>
  } {simplicial.stages = 1 : i64}
  return
}

// -----

// Where there is a producer, what passed a ring is counted: from loop to loop,
// and from one iteration of what is around them to the next.

// CHECK-LABEL: func.func @counted(
// CHECK-SAME: %[[N:[a-z0-9]+]]: index, %[[M:[a-z0-9]+]]: index
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %[[BEFORE:.*]] = %c0) -> (vector<16x16xf32>, index)
// CHECK: %[[LENGTH:.*]] = arith.subi %[[N]], %c0
// CHECK: %[[NOT_NEGATIVE:.*]] = arith.maxsi %[[LENGTH]], %c0
// CHECK: %[[ROUND_UP:.*]] = arith.subi %c16, %c1
// CHECK: %[[UP:.*]] = arith.addi %[[NOT_NEGATIVE]], %[[ROUND_UP]]
// CHECK: %[[TRIPS:.*]] = arith.divui %[[UP]], %c16
// CHECK: %[[BETWEEN:.*]] = arith.addi %[[BEFORE]], %[[TRIPS]]
// CHECK: "simplicial.copy_async"(%{{.*}}, %[[RING:.*]], %c0, %[[BEFORE]], %{{.*}}, %c0, %c0)
// CHECK: scf.for %[[K:.*]] = %c0 to %[[N]] step %c16
// CHECK: %[[DONE:.*]] = arith.subi %[[K]], %c0
// CHECK: %[[TILE:.*]] = arith.divui %[[DONE]], %c16
// CHECK: "simplicial.copy_wait"(%[[TILE]], %[[BEFORE]], %[[RING]])
// CHECK: "simplicial.copy_finish"()
// CHECK: %[[AFTER:.*]] = arith.addi %[[BETWEEN]], %{{.*}}
// CHECK: "simplicial.copy_async"(%{{.*}}, %[[RING]], %c0, %[[BETWEEN]], %{{.*}}, %[[N]], %c0)
// CHECK: "simplicial.copy_finish"()
// CHECK: scf.yield %{{.*}}, %[[AFTER]] : vector<16x16xf32>, index
func.func @counted(%n: index, %m: index, %a: memref<16x16xbf16>, %b: memref<?x16xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (%c1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %all = scf.for %j = %c0 to %n step %c1 iter_args(%before = %zero) -> (vector<16x16xf32>) {
      %r = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %before) -> (vector<16x16xf32>) {
        %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<16x16xbf16>
        %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
           : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
        scf.yield %s : vector<16x16xf32>
      }
      %q = scf.for %k = %n to %m step %c16 iter_args(%acc = %r) -> (vector<16x16xf32>) {
        %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<16x16xbf16>
        %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
           : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
        scf.yield %s : vector<16x16xf32>
      }
      scf.yield %q : vector<16x16xf32>
    }
    vector.transfer_write %all, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  } {simplicial.producer}
  return
}

// -----

// One row of f32 for all rows, beside what feeds a product, has a ring of its own, which is filled, waited for and
// released with the other. Rows of other types, and several rows, stay where they are.

// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %{{[a-z0-9]+}}: memref<16x16xbf16>, %[[B:[a-z0-9]+]]: memref<?x16xbf16>, %[[S:[a-z0-9]+]]: memref<3x?xf32>, %[[H:[a-z0-9]+]]: memref<3x?xbf16>
// CHECK-DAG: %[[ROW:.*]] = memref.alloc() : memref<2x1x16xf32, 3>
// CHECK-DAG: %[[RING:.*]] = memref.alloc() : memref<2x16x16xbf16, 3>
// CHECK-NOT: memref.alloc
// CHECK: %[[ANY:.*]] = arith.cmpi slt, %c0, %{{.*}}
// CHECK: %[[COUNT:.*]] = arith.select %[[ANY]], %c16, %c0
// CHECK: "simplicial.copy_async"(%[[B]], %[[RING]], %c0, %c0, %[[COUNT]], %c0, %c0) {dims = array<i64: 0, 1, 16, 16>, whole}
// CHECK: %[[ONE:.*]] = arith.select %[[ANY]], %c1, %c0
// CHECK: "simplicial.copy_async"(%[[S]], %[[ROW]], %c0, %c0, %[[ONE]], %c2, %c0) {dims = array<i64: 0, 1, 1, 16>, whole}
// CHECK: "simplicial.copy_commit"
// CHECK: scf.for %[[K:.*]] = %c0
// CHECK: %[[SLOT:.*]] = "simplicial.copy_wait"(%[[NUMBER:.*]], %c0, %[[RING]]) {pending = 0 : i64}
// CHECK: %[[ROW_SLOT:.*]] = "simplicial.copy_wait"(%[[NUMBER]], %c0, %[[ROW]]) {pending = 0 : i64}
// CHECK: %[[NEXT:.*]] = arith.addi %[[K]], %c16
// CHECK: "simplicial.copy_async"(%[[B]], %[[RING]], %[[NEXT_NUMBER:.*]], %c0, %{{.*}}, %[[NEXT]], %c0)
// CHECK: "simplicial.copy_async"(%[[S]], %[[ROW]], %[[NEXT_NUMBER]], %c0, %{{.*}}, %c2, %[[NEXT]])
// CHECK: "simplicial.copy_commit"
// CHECK: vector.transfer_read %[[RING]][%[[SLOT]], %c0, %c0]
// CHECK: vector.transfer_read %[[ROW]][%[[ROW_SLOT]], %c0, %c0], {{.*}} : memref<2x1x16xf32, 3>, vector<1x16xf32>
// CHECK: vector.transfer_read %[[H]][%c2, %[[K]]]
// CHECK: vector.transfer_read %[[S]][%c0, %[[K]]], {{.*}} vector<2x16xf32>
// CHECK: "simplicial.copy_release"(%[[NUMBER]], %c0, %[[RING]])
// CHECK: "simplicial.copy_release"(%[[NUMBER]], %c0, %[[ROW]])
func.func @rows(%a: memref<16x16xbf16>, %b: memref<?x16xbf16>, %s: memref<3x?xf32>, %h: memref<3x?xbf16>, %c: memref<16x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %nothing = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (%c1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %r = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zero) -> (vector<16x16xf32>) {
      %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<16x16xbf16>
      %s1 = vector.transfer_read %s[%c2, %k], %nothing {in_bounds = [true, true]} : memref<3x?xf32>, vector<1x16xf32>
      %h1 = vector.transfer_read %h[%c2, %k], %pad {in_bounds = [true, true]} : memref<3x?xbf16>, vector<1x16xbf16>
      %t1 = vector.transfer_read %s[%c0, %k], %nothing {in_bounds = [true, true]} : memref<3x?xf32>, vector<2x16xf32>
      %s2 = vector.shape_cast %s1 : vector<1x16xf32> to vector<1x1x16xf32>
      %s3 = vector.broadcast %s2 : vector<1x1x16xf32> to vector<1x16x16xf32>
      %s4 = vector.shape_cast %s3 : vector<1x16x16xf32> to vector<16x16xf32>
      %h2 = arith.extf %h1 : vector<1x16xbf16> to vector<1x16xf32>
      %h3 = vector.shape_cast %h2 : vector<1x16xf32> to vector<1x1x16xf32>
      %h4 = vector.broadcast %h3 : vector<1x1x16xf32> to vector<1x16x16xf32>
      %h5 = vector.shape_cast %h4 : vector<1x16x16xf32> to vector<16x16xf32>
      %t2 = vector.shape_cast %t1 : vector<2x16xf32> to vector<2x1x16xf32>
      %t3 = vector.broadcast %t2 : vector<2x1x16xf32> to vector<2x8x16xf32>
      %t4 = vector.shape_cast %t3 : vector<2x8x16xf32> to vector<16x16xf32>
      %p = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
      %q = arith.addf %p, %s4 : vector<16x16xf32>
      %u = math.fma %q, %h5, %t4 : vector<16x16xf32>
      scf.yield %u : vector<16x16xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

// In a loop without a product's operands nothing is copied.

// CHECK-LABEL: func.func @rows_alone(
// CHECK-NOT: memref.alloc
// CHECK-NOT: simplicial.copy
// CHECK: return
func.func @rows_alone(%s: memref<3x?xf32>, %c: memref<16x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %nothing = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (%c1) {
    %r = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zero) -> (vector<16x16xf32>) {
      %s1 = vector.transfer_read %s[%c0, %k], %nothing {in_bounds = [true, true]} : memref<3x?xf32>, vector<1x16xf32>
      %s2 = vector.shape_cast %s1 : vector<1x16xf32> to vector<1x1x16xf32>
      %s3 = vector.broadcast %s2 : vector<1x1x16xf32> to vector<1x16x16xf32>
      %s4 = vector.shape_cast %s3 : vector<1x16x16xf32> to vector<16x16xf32>
      %q = arith.addf %acc, %s4 : vector<16x16xf32>
      scf.yield %q : vector<16x16xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
