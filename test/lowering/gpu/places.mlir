// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-stage,canonicalize,cse)' | FileCheck %s

// Where operands of products live: what a ring cannot have is put into shared memory where it is made.

#mk_kn = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
#km_kn = {indexing_maps = [affine_map<(m,n,k)->(k,m)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

// A copy ahead is of an iteration that there may be none of: nothing may be read for it. The place is read in the
// iteration, and so is the tile.

// CHECK-LABEL: func.func @place_in_memory(
// CHECK: %[[BUFFER:.*]] = memref.alloc() : memref<1x16x16xbf16, 3>
// CHECK: scf.for
// CHECK: %[[PLACE:.*]] = memref.load
// CHECK-NEXT: %[[Y:.*]] = vector.transfer_read %{{.*}}[%[[PLACE]], %c0]
// CHECK-NEXT: vector.transfer_write %[[Y]], %[[BUFFER]][%c0, %c0, %c0]
// CHECK-NEXT: %[[READ:.*]] = vector.transfer_read %[[BUFFER]][%c0, %c0, %c0]
// CHECK-NEXT: vector.contract {{.*}} %{{.*}}, %[[READ]], %{{.*}} :
// CHECK-NOT: simplicial.copy_async
func.func @place_in_memory(%a: memref<16x16xbf16>, %b: memref<?x16xbf16>, %places: memref<?xindex>, %c: memref<16x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %r = scf.for %k = %c0 to %n step %c16 iter_args(%s0 = %zero) -> (vector<16x16xf32>) {
      %place = memref.load %places[%k] : memref<?xindex>
      %y = vector.transfer_read %b[%place, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<16x16xbf16>
      %s = vector.contract #mk_kn %x, %y, %s0 : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
      scf.yield %s : vector<16x16xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// A computed tile is put there once, for all products that take it from there; one that takes it from registers has
// the tile itself. What is loaded for products in a loop is in a ring, also as a left operand [K, M].

// CHECK-LABEL: func.func @roles(
// CHECK-DAG: %[[P_BUFFER:.*]] = memref.alloc() : memref<1x32x32xbf16, 3>
// CHECK-DAG: %[[RING:.*]] = memref.alloc() : memref<2x32x32xbf16, 3>
// CHECK: "simplicial.copy_async"(%{{[^,]*}}, %[[RING]],
// CHECK: scf.for
// CHECK: %[[X:.*]] = vector.transfer_read %[[RING]][%
// CHECK: %[[P:.*]] = arith.truncf
// CHECK-NEXT: vector.transfer_write %[[P]], %[[P_BUFFER]]
// CHECK: %[[READ:.*]] = vector.transfer_read %[[P_BUFFER]]
// CHECK: vector.contract {{.*}} %[[X]], %[[READ]], %{{.*}} :
// CHECK: vector.contract {{.*}} %[[P]], %[[READ]], %{{.*}} :
// CHECK: vector.contract {{.*}} %[[READ]], %[[X]], %{{.*}} :
// CHECK-NOT: vector.transfer_write {{.*}}, 3>
func.func @roles(%a: memref<?x32xbf16>, %c: memref<3x32x32xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c32 = arith.constant 32 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<32x32xf32>
  scf.forall (%i) in (1) {
    %r:3 = scf.for %k = %c0 to %n step %c32 iter_args(%s = %zero, %t = %zero, %u = %zero) -> (vector<32x32xf32>, vector<32x32xf32>, vector<32x32xf32>) {
      %x = vector.transfer_read %a[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x32xbf16>, vector<32x32xbf16>
      %p = arith.truncf %u : vector<32x32xf32> to vector<32x32xbf16>
      %s1 = vector.contract #km_kn %x, %p, %s : vector<32x32xbf16>, vector<32x32xbf16> into vector<32x32xf32>
      %t1 = vector.contract #mk_nk %p, %p, %t : vector<32x32xbf16>, vector<32x32xbf16> into vector<32x32xf32>
      %u1 = vector.contract #km_kn %p, %x, %u : vector<32x32xbf16>, vector<32x32xbf16> into vector<32x32xf32>
      scf.yield %s1, %t1, %u1 : vector<32x32xf32>, vector<32x32xf32>, vector<32x32xf32>
    }
    vector.transfer_write %r#0, %c[%c0, %c0, %c0] {in_bounds = [true, true]} : vector<32x32xf32>, memref<3x32x32xf32>
    vector.transfer_write %r#1, %c[%c1, %c0, %c0] {in_bounds = [true, true]} : vector<32x32xf32>, memref<3x32x32xf32>
    vector.transfer_write %r#2, %c[%c2, %c0, %c0] {in_bounds = [true, true]} : vector<32x32xf32>, memref<3x32x32xf32>
  }
  return
}
