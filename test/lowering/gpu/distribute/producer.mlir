// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,canonicalize{top-down=false},cse)' | FileCheck %s

// Copies by a warp of its own: two slots of 16 rows of 128 columns, two panels.

// CHECK-LABEL: func.func @copies(
// CHECK-SAME: %{{.*}}: memref<64x128xbf16>, %[[B:.*]]: memref<?x3x128xbf16, strided<[?, ?, 1]>>
// CHECK: %[[BITS:.*]] = arith.cmpi eq
// CHECK: %[[MAP:.*]]:2 = "simplicial.tensor_map"(%[[B]]) {box = array<i64: 16, 1, 64>, swizzle = 128 : i64}
// CHECK: %[[BOTH:.*]] = arith.andi %[[BITS]], %[[MAP]]#1
// CHECK: scf.if %[[BOTH]]
// CHECK: gpu.launch_func @copies_kernels::@copies_tiles
// CHECK-SAME: threads in (%c256_i64, %c1_i64, %c1_i64)
// CHECK-SAME: args({{.*}}, %[[MAP]]#0 : !llvm.array<16 x i64>)
// CHECK: else
// CHECK: gpu.launch_func @copies_kernels::@copies_tiles_unaligned
// CHECK-SAME: threads in (%c128_i64, %c1_i64, %c1_i64)
// CHECK-NOT: !llvm.array<16 x i64>

// CHECK: llvm.func @copies_tiles(
// CHECK-SAME: %[[PARAMETER:[a-z0-9]+]]: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<16 x i64>, nvvm.grid_constant})
// CHECK-SAME: nvvm.minctasm = 2 : i32, nvvm.reqntid = array<i32: 256, 1, 1>
// CHECK: %[[WARP:.*]] = nvvm.shfl.sync idx
// "Full" of two slots, for the producer; then "empty", for four warps.
// CHECK: llvm.getelementptr %{{.*}}[8192] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
// CHECK: scf.if
// CHECK: nvvm.mbarrier.init %{{.*}}, %c1_i32
// CHECK: nvvm.mbarrier.init %{{.*}}, %c1_i32
// CHECK: nvvm.mbarrier.init %{{.*}}, %c4_i32
// CHECK: nvvm.mbarrier.init %{{.*}}, %c4_i32
// CHECK: nvvm.fence.mbarrier.init
// CHECK: nvvm.barrier0
// CHECK: %[[COPIES:.*]] = arith.cmpi sgt, %[[WARP]], %c3_i32
// CHECK: scf.if %[[COPIES]]
// CHECK: nvvm.setmaxregister decrease 24
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[WARP]], %c4_i32
// CHECK: scf.if %[[FIRST]]
// Tile 0: there is none if the loop has no iterations.
// CHECK: %[[COUNT:.*]] = arith.select %{{.*}}, %{{.*}}, %c0
// CHECK: %[[ANY:.*]] = arith.cmpi sgt, %[[COUNT]], %c0
// Nothing has been in its slot.
// CHECK: scf.if %[[ANY]]
// CHECK-NOT: nvvm.mbarrier.try_wait
// Fewer rows: all lanes copy.
// CHECK: %[[PART:.*]] = arith.cmpi slt, %[[COUNT]], %c16
// CHECK: scf.if %[[PART]]
// CHECK: nvvm.cp.async.shared.global
// CHECK: nvvm.cp.async.commit.group
// CHECK: nvvm.cp.async.wait.group 0
// CHECK-NEXT: nvvm.fence.proxy
// CHECK-NEXT: nvvm.bar.warp.sync
// CHECK: nvvm.elect.sync
// CHECK: nvvm.mbarrier.arrive %[[FULL:[0-9a-z_]+]]
// CHECK: else
// CHECK: nvvm.elect.sync
// CHECK: nvvm.mbarrier.arrive.expect_tx %[[FULL]], %c4096_i32
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %[[PARAMETER]], %[[FULL]], box[%c0_i32, %{{.*}}, %{{.*}}] {isCTAOnly = true}
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %[[PARAMETER]], %[[FULL]], box[%c64_i32, %{{.*}}, %{{.*}}] {isCTAOnly = true}
// The next ones, whose slots have to be free: the phase before is complete.
// CHECK: scf.for
// CHECK-NOT: iter_args
// CHECK: %[[PHASE:.*]] = arith.divui %{{.*}}, %c2_i32
// CHECK: %[[PARITY:.*]] = arith.remui %[[PHASE]], %c2_i32
// CHECK: %[[OTHER:.*]] = arith.xori %[[PARITY]], %c1_i32
// CHECK: nvvm.mbarrier.try_wait %{{.*}}, %[[OTHER]]
// CHECK: scf.condition
// CHECK: nvvm.cp.async.bulk.tensor
// CHECK-NOT: simplicial.wgmma
// CHECK: } else {
// CHECK: nvvm.setmaxregister increase 232
// CHECK: scf.for
// CHECK: nvvm.mbarrier.try_wait
// CHECK-NOT: cp.async
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: nvvm.elect.sync
// CHECK-NEXT: scf.if
// CHECK-NEXT: nvvm.mbarrier.arrive
// CHECK: llvm.return

// Rows that are not aligned are copied by all.
// CHECK: llvm.func @copies_tiles_unaligned(
// CHECK-SAME: nvvm.reqntid = array<i32: 128, 1, 1>
// CHECK-NOT: mbarrier
// CHECK-NOT: setmaxregister
module attributes {simplicial.target = "sm_90a"} {
func.func @copies(%a: memref<64x128xbf16>, %b: memref<?x3x128xbf16, strided<[?, ?, 1]>>, %c: memref<64x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c16 = arith.constant 16 : index
  %c128 = arith.constant 128 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x128xbf16>, vector<64x128xbf16>
    %r = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zero) -> (vector<64x16xf32>) {
      %left = arith.subi %n, %k : index
      %count = arith.minsi %left, %c16 : index
      %m = vector.create_mask %count, %c128 : vector<16x128xi1>
      %y = vector.transfer_read %b[%k, %c2, %c0], %pad, %m {in_bounds = [true, true], permutation_map = affine_map<(d0, d1, d2) -> (d0, d2)>}
         : memref<?x3x128xbf16, strided<[?, ?, 1]>>, vector<16x128xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<64x128xbf16>, vector<16x128xbf16> into vector<64x16xf32>
      scf.yield %s : vector<64x16xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
  } {simplicial.producer}
  return
}
}

// -----

// Tensor maps have at most five dimensions: of more, all warps copy.

// CHECK-LABEL: func.func @six_dimensions(
// CHECK-NOT: simplicial.tensor_map
// CHECK: llvm.func @six_dimensions_tiles(
// CHECK-NOT: mbarrier
module attributes {simplicial.target = "sm_90a"} {
func.func @six_dimensions(%a: memref<64x64xbf16>, %b: memref<1x1x1x1x?x64xbf16>, %c: memref<64x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zero) -> (vector<64x16xf32>) {
      %y = vector.transfer_read %b[%c0, %c0, %c0, %c0, %k, %c0], %pad {in_bounds = [true, true]} : memref<1x1x1x1x?x64xbf16>, vector<16x64xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<64x64xbf16>, vector<16x64xbf16> into vector<64x16xf32>
      scf.yield %s : vector<64x16xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
  } {simplicial.producer}
  return
}
}

// -----

// Rings that get their tiles together, of as many rows, and lose them together: the last one has mbarriers, for both. Fewer
// rows are copied into both before they are full.

// CHECK-LABEL: llvm.func @two_rings_tiles(
// CHECK-COUNT-2: nvvm.mbarrier.init %{{.*}}, %c1_i32
// CHECK-COUNT-2: nvvm.mbarrier.init %{{.*}}, %c4_i32
// CHECK-NOT: nvvm.mbarrier.init
// CHECK: nvvm.setmaxregister decrease
// CHECK: scf.for
// CHECK: nvvm.mbarrier.try_wait
// CHECK-NOT: nvvm.mbarrier.try_wait
// CHECK: nvvm.cp.async.shared.global
// CHECK-NOT: nvvm.cp.async.commit
// CHECK: nvvm.cp.async.shared.global
// CHECK: nvvm.cp.async.commit.group
// CHECK: nvvm.bar.warp.sync
// CHECK-NEXT: nvvm.elect.sync
// CHECK-NEXT: scf.if
// CHECK: nvvm.mbarrier.arrive %[[FULL:[0-9a-z_]+]] :
// CHECK: else
// CHECK-NEXT: nvvm.elect.sync
// CHECK-NEXT: scf.if
// CHECK: nvvm.mbarrier.arrive.expect_tx %[[FULL]], %c4096_i32
// CHECK-COUNT-2: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %{{.*}}, %[[FULL]],
// CHECK-NOT: nvvm.mbarrier.arrive
// CHECK: nvvm.setmaxregister increase
// CHECK: nvvm.mbarrier.try_wait
// CHECK-NOT: nvvm.mbarrier.try_wait
// CHECK: nvvm.mbarrier.arrive
// CHECK-NOT: nvvm.mbarrier.arrive
// CHECK-LABEL: llvm.func @two_rings_tiles_unaligned(
module attributes {simplicial.target = "sm_90a"} {
func.func @two_rings(%a: memref<64x64xbf16>, %b: memref<?x64xbf16>, %d: memref<?x64xbf16>, %c: memref<64x64xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x16xf32>
  %zeros = arith.constant dense<0.0> : vector<64x64xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r = scf.for %k = %c0 to %n step %c16 iter_args(%acc = %zeros) -> (vector<64x64xf32>) {
      %left = arith.subi %n, %k : index
      %count = arith.minsi %left, %c16 : index
      %m = vector.create_mask %count, %c64 : vector<16x64xi1>
      %y = vector.transfer_read %b[%k, %c0], %pad, %m {in_bounds = [true, true]} : memref<?x64xbf16>, vector<16x64xbf16>
      %z = vector.transfer_read %d[%k, %c0], %pad, %m {in_bounds = [true, true]} : memref<?x64xbf16>, vector<16x64xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
         : vector<64x64xbf16>, vector<16x64xbf16> into vector<64x16xf32>
      %p = arith.truncf %s : vector<64x16xf32> to vector<64x16xbf16>
      %t = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %p, %z, %acc
         : vector<64x16xbf16>, vector<16x64xbf16> into vector<64x64xf32>
      scf.yield %t : vector<64x64xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
  } {simplicial.producer}
  return
}
}

// -----

// Where all threads vote before, the mbarriers need no barrier of their own.

// CHECK-LABEL: llvm.func @vote_tiles(
// CHECK-COUNT-4: nvvm.mbarrier.init
// CHECK: nvvm.fence.mbarrier.init
// CHECK-NOT: nvvm.barrier0
// CHECK: nvvm.barrier #nvvm.reduction<or>
// CHECK-NOT: nvvm.barrier0
// CHECK: nvvm.setmaxregister decrease
// CHECK-LABEL: llvm.func @vote_tiles_unaligned(
module attributes {simplicial.target = "sm_90a"} {
func.func @vote(%a: memref<64x64xbf16>, %b: memref<?x64xbf16>, %c: memref<64x16xf32>, %n: index, %m: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %false = arith.constant false
  %limit = arith.constant dense<1.0> : vector<64x64xf32>
  %zero = arith.constant dense<0.0> : vector<64x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %wide = arith.extf %x : vector<64x64xbf16> to vector<64x64xf32>
    %large = arith.cmpf ogt, %wide, %limit : vector<64x64xf32>
    %any = vector.multi_reduction <or>, %large, %false [0, 1] : vector<64x64xi1> to i1
    %end = arith.select %any, %n, %m : index
    %r = scf.for %k = %c0 to %end step %c16 iter_args(%acc = %zero) -> (vector<64x16xf32>) {
      %y = vector.transfer_read %b[%k, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<16x64xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %acc
         : vector<64x64xbf16>, vector<16x64xbf16> into vector<64x16xf32>
      scf.yield %s : vector<64x16xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
  } {simplicial.producer}
  return
}
}
