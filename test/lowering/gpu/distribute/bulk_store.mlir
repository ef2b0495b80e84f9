// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,canonicalize{top-down=false},cse)' | FileCheck %s

// A tile of 64 rows of two panels, stored from where %x was parked: 16 rows of
// each warp, 4096 bytes.

// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %{{.*}}: memref<64x128xbf16>, %[[B:.*]]: memref<?x128xbf16>, %[[C:.*]]: memref<64x128xbf16>
// CHECK: "simplicial.tensor_map"(%[[B]]) {box = array<i64: 128, 64>, swizzle = 128 : i64}
// CHECK: "simplicial.tensor_map"(%[[C]]) {box = array<i64: 16, 64>, swizzle = 128 : i64}
// CHECK: llvm.func @rows_tiles(
// CHECK-SAME: %[[MAP:[a-z0-9]+]]: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<16 x i64>, nvvm.grid_constant})
// Two slots of the ring and their mbarriers come before; panels are aligned.
// CHECK: nvvm.setmaxregister increase
// CHECK: llvm.getelementptr %{{.*}}[66560] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
// CHECK: scf.for
// CHECK: llvm.load volatile
// CHECK: simplicial.wgmma
// CHECK: }
// CHECK: arith.truncf
// CHECK-NOT: llvm.store
// CHECK: nvvm.barrier id = %c1_i32 number_of_threads = %c128_i32
// CHECK-COUNT-8: nvvm.stmatrix %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>}
// CHECK-NEXT: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
// CHECK-NEXT: nvvm.bar.warp.sync
// CHECK-NEXT: %[[ONE:.*]] = nvvm.elect.sync
// CHECK-NEXT: scf.if %[[ONE]] {
// CHECK: nvvm.cp.async.bulk.tensor.global.shared.cta %[[MAP]], %{{.*}}, box[%c0_i32, %[[ROW:.*]]] {simplicial.bytes = 2048 : i64} : !llvm.ptr, <3>
// CHECK: %[[SECOND:.*]] = llvm.getelementptr %{{.*}}[2048] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
// CHECK: nvvm.cp.async.bulk.tensor.global.shared.cta %[[MAP]], %[[SECOND]], box[%c64_i32, %[[ROW]]] {simplicial.bytes = 2048 : i64} : !llvm.ptr, <3>
// CHECK-NEXT: nvvm.cp.async.bulk.commit.group
// CHECK-NEXT: nvvm.cp.async.bulk.wait_group 0 {read}
// CHECK-NEXT: }
// CHECK-NOT: nvvm.barrier

// CHECK: llvm.func @rows_tiles_unaligned(
// CHECK-NOT: bulk
module attributes {simplicial.target = "sm_90a"} {
func.func @rows(%a: memref<64x128xbf16>, %b: memref<?x128xbf16>, %c: memref<64x128xbf16>, %n: index) {
  %c0 = arith.constant 0 : index
  %c128 = arith.constant 128 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x128xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x128xbf16>, vector<64x128xbf16>
    %r = scf.for %k = %c0 to %n step %c128 iter_args(%acc = %zero) -> (vector<64x128xf32>) {
      %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x128xbf16>, vector<128x128xbf16>
      %xx = arith.mulf %x, %x : vector<64x128xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %xx, %y, %acc
         : vector<64x128xbf16>, vector<128x128xbf16> into vector<64x128xf32>
      scf.yield %s : vector<64x128xf32>
    }
    %t = arith.truncf %r : vector<64x128xf32> to vector<64x128xbf16>
    vector.transfer_write %t, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x128xbf16>, memref<64x128xbf16>
  } {simplicial.producer}
  return
}
}

// -----

// Rows are (query, head) pairs: a box has 4 queries of 4 heads. Where there are
// fewer than 16 queries, the lanes copy; something is parked again only when
// all have stored.

// CHECK-LABEL: func.func @queries(
// CHECK-SAME: %[[C:[a-z0-9]*]]: memref<?x8x128xbf16>
// CHECK: "simplicial.tensor_map"(%[[C]]) {box = array<i64: 4, 4, 64>, swizzle = 128 : i64}
// CHECK: llvm.func @queries_tiles(
// CHECK: nvvm.setmaxregister increase
// CHECK: nvvm.fence.proxy
// CHECK-NEXT: nvvm.bar.warp.sync
// CHECK-NEXT: %[[FEWER:.*]] = arith.cmpi slt, %[[COUNT:.*]], %c16 : index
// CHECK-NEXT: scf.if %[[FEWER]] {
// CHECK: scf.for
// CHECK: %[[THERE:.*]] = arith.cmpi slt, %{{.*}}, %[[COUNT]] : index
// CHECK: scf.if %[[THERE]] {
// CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
// CHECK: llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
// CHECK: } else {
// CHECK-COUNT-2: nvvm.cp.async.bulk.tensor.global.shared.cta %{{.*}}, %{{.*}}, box[%{{.*}}, %{{.*}}, %{{.*}}]
// CHECK: nvvm.cp.async.bulk.wait_group 0 {read}
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: nvvm.barrier id = %c1_i32 number_of_threads = %c128_i32
module attributes {simplicial.target = "sm_90a"} {
func.func @queries(%a: memref<64x128xbf16>, %b: memref<?x128xbf16>, %c: memref<?x8x128xbf16>, %n: index) {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c16 = arith.constant 16 : index
  %c128 = arith.constant 128 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x128xf32>
  scf.forall (%i) in (1) {
    scf.for %q = %c0 to %n step %c16 {
      %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x128xbf16>, vector<64x128xbf16>
      %r = scf.for %k = %c0 to %n step %c128 iter_args(%acc = %zero) -> (vector<64x128xf32>) {
        %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x128xbf16>, vector<128x128xbf16>
        %xx = arith.mulf %x, %x : vector<64x128xbf16>
        %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                              iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %xx, %y, %acc
           : vector<64x128xbf16>, vector<128x128xbf16> into vector<64x128xf32>
        scf.yield %s : vector<64x128xf32>
      }
      %t = arith.truncf %r : vector<64x128xf32> to vector<64x128xbf16>
      %pairs = vector.shape_cast %t : vector<64x128xbf16> to vector<16x4x128xbf16>
      %left = arith.subi %n, %q : index
      %count = arith.minsi %left, %c16 : index
      %m = vector.create_mask %count, %c4, %c128 : vector<16x4x128xi1>
      vector.transfer_write %pairs, %c[%q, %c4, %c0], %m {in_bounds = [true, true, true]} : vector<16x4x128xbf16>, memref<?x8x128xbf16>
    }
  } {simplicial.producer}
  return
}
}

// -----

// What is parked is used outside the loop too: no store may take its place.

// CHECK-LABEL: func.func @fragments(
// CHECK-COUNT-1: simplicial.tensor_map
// CHECK-NOT: simplicial.tensor_map
// CHECK: llvm.func @fragments_tiles(
// CHECK-NOT: bulk.tensor.global
module attributes {simplicial.target = "sm_90a"} {
func.func @fragments(%a: memref<64x128xbf16>, %b: memref<?x128xbf16>, %c: memref<64x128xbf16>, %n: index) {
  %c0 = arith.constant 0 : index
  %c128 = arith.constant 128 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x128xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x128xbf16>, vector<64x128xbf16>
    %r = scf.for %k = %c0 to %n step %c128 iter_args(%acc = %zero) -> (vector<64x128xf32>) {
      %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x128xbf16>, vector<128x128xbf16>
      %xx = arith.mulf %x, %x : vector<64x128xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %xx, %y, %acc
         : vector<64x128xbf16>, vector<128x128xbf16> into vector<64x128xf32>
      scf.yield %s : vector<64x128xf32>
    }
    %t = arith.truncf %r : vector<64x128xf32> to vector<64x128xbf16>
    %u = arith.addf %t, %x : vector<64x128xbf16>
    vector.transfer_write %u, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x128xbf16>, memref<64x128xbf16>
  } {simplicial.producer}
  return
}
}
