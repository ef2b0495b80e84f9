// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-distribute,canonicalize,cse)' | FileCheck %s

// Products of a warpgroup.

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
#mk_kn = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
#km_kn = {indexing_maps = [affine_map<(m,n,k)->(k,m)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

// Products of four warps together: rows of 128 bytes, swizzled in panels, which
// descriptors point at. Two panels here, of 16 rows: 2048 bytes, 128 units.

module attributes {simplicial.target = "sm_90a"} {
// CHECK-LABEL: llvm.func @product_tiles(
// CHECK-SAME: nvvm.reqntid = array<i32: 128, 1, 1>
// The chunks of a row change places.
// CHECK: arith.xori
// CHECK: nvvm.cp.async.shared.global
// CHECK: nvvm.cp.async.wait.group 0
// CHECK-NEXT: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
// CHECK-NEXT: nvvm.barrier0
// x y^T: K-major, steps of 32 bytes, then the next panel.
// CHECK: %[[A:.*]] = "simplicial.tie"(%{{.*}}) : (!llvm.struct<(i32, i32, i32, i32)>)
// CHECK: %[[ADDRESS:.*]] = llvm.ptrtoint %{{.*}} : !llvm.ptr<3> to i32
// CHECK: %[[UNITS:.*]] = arith.shrui %[[ADDRESS]], %c4_i32
// CHECK: %[[MASKED:.*]] = arith.andi %[[UNITS]], %c16383_i32
// CHECK: %[[PLACE:.*]] = "simplicial.tie"(%[[MASKED]]) : (i32) -> i32
// CHECK: nvvm.wgmma.fence.aligned
// What is added to the place is 1 << 62 | 64 << 32 | 128 << 16 and the step.
// CHECK: %[[WIDE:.*]] = arith.extui %[[PLACE]] : i32 to i64
// CHECK: %[[D:.*]] = arith.addi %[[WIDE]], %c4611686293313683456_i64
// CHECK: %[[S0:.*]] = "simplicial.wgmma"(%{{.*}}, %[[A]], %[[D]], %false) {type = bf16} : (!llvm.struct<(f32, f32, f32, f32, f32, f32, f32, f32)>
// CHECK: %[[D2:.*]] = arith.addi %[[WIDE]], %c4611686293313683458_i64
// CHECK: "simplicial.wgmma"(%[[S0]], %{{.*}}, %[[D2]], %true)
// CHECK: arith.addi %[[WIDE]], %c4611686293313683460_i64
// CHECK: arith.addi %[[WIDE]], %c4611686293313683462_i64
// CHECK: arith.addi %[[WIDE]], %c4611686293313683584_i64
// CHECK-COUNT-4: "simplicial.wgmma"
// CHECK-NOT: "simplicial.wgmma"
// CHECK: nvvm.wgmma.commit.group.sync.aligned
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: %[[S:.*]] = "simplicial.tie"
// CHECK: llvm.extractvalue %[[S]][0]
// s y: MN-major, one step of 16 rows, 128 columns; the same tile.
// CHECK: %[[SAME:.*]] = "simplicial.tie"(%[[MASKED]]) : (i32) -> i32
// CHECK: %[[SAME_WIDE:.*]] = arith.extui %[[SAME]]
// CHECK: arith.addi %[[SAME_WIDE]], %c4611686293313683456_i64
// CHECK: "simplicial.wgmma"(%{{.*}}, %{{.*}}, %{{.*}}, %false) {b_mn_major, type = bf16}
// CHECK-NOT: nvvm.mma.sync
// CHECK: llvm.func @product_tiles_unaligned(
func.func @product(%a: memref<64x128xbf16>, %b: memref<16x128xbf16>, %c: memref<64x128xf32>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x16xf32>
  %zeros = arith.constant dense<0.0> : vector<64x128xf32>
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x16x128xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x128xbf16>, vector<64x128xbf16>
    "simplicial.copy_async"(%b, %buffer, %c0, %c0, %c16, %c0, %c0) {dims = array<i64: 0, 1, 16, 128>}
      : (memref<16x128xbf16>, memref<1x16x128xbf16, 3>, index, index, index, index, index) -> ()
    "simplicial.copy_commit"() : () -> ()
    %slot = "simplicial.copy_wait"(%c0, %c0, %buffer) {pending = 0 : i64} : (index, index, memref<1x16x128xbf16, 3>) -> index
    %y = vector.transfer_read %buffer[%slot, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x16x128xbf16, 3>, vector<16x128xbf16>
    %s = vector.contract #mk_nk %x, %y, %zero : vector<64x128xbf16>, vector<16x128xbf16> into vector<64x16xf32>
    %p = arith.truncf %s : vector<64x16xf32> to vector<64x16xbf16>
    %r = vector.contract #mk_kn %p, %y, %zeros : vector<64x16xbf16>, vector<16x128xbf16> into vector<64x128xf32>
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x128xf32>, memref<64x128xf32>
  }
  return
}

// Rows of 64 bytes are one panel, which is swizzled by 64: 2 << 62 | 32 << 32 | 64 << 16 and the step. Chunks change
// places by pairs of rows.
// CHECK-LABEL: llvm.func @narrow_tiles(
// CHECK: arith.divui %{{.*}}, %c2 : index
// CHECK: arith.remui %{{.*}}, %c4 : index
// CHECK: arith.xori
// CHECK: "simplicial.tie"(%{{.*}}) : (i32) -> i32
// CHECK: %[[WIDE:.*]] = arith.extui
// CHECK: arith.addi %[[WIDE]], %c-9223371899411628032_i64
// CHECK: arith.addi %[[WIDE]], %c-9223371899411628030_i64
// CHECK: %[[SAME_WIDE:.*]] = arith.extui
// CHECK: arith.addi %[[SAME_WIDE]], %c-9223371899411628032_i64
// CHECK: "simplicial.wgmma"(%{{.*}}, %{{.*}}, %{{.*}}, %false) {b_mn_major, type = bf16}
// CHECK: llvm.func @narrow_tiles_unaligned(
func.func @narrow(%a: memref<64x32xbf16>, %b: memref<16x32xbf16>, %c: memref<64x32xf32>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x16xf32>
  %zeros = arith.constant dense<0.0> : vector<64x32xf32>
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x16x32xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x32xbf16>, vector<64x32xbf16>
    "simplicial.copy_async"(%b, %buffer, %c0, %c0, %c16, %c0, %c0) {dims = array<i64: 0, 1, 16, 32>}
      : (memref<16x32xbf16>, memref<1x16x32xbf16, 3>, index, index, index, index, index) -> ()
    "simplicial.copy_commit"() : () -> ()
    %slot = "simplicial.copy_wait"(%c0, %c0, %buffer) {pending = 0 : i64} : (index, index, memref<1x16x32xbf16, 3>) -> index
    %y = vector.transfer_read %buffer[%slot, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x16x32xbf16, 3>, vector<16x32xbf16>
    %s = vector.contract #mk_nk %x, %y, %zero : vector<64x32xbf16>, vector<16x32xbf16> into vector<64x16xf32>
    %p = arith.truncf %s : vector<64x16xf32> to vector<64x16xbf16>
    %r = vector.contract #mk_kn %p, %y, %zeros : vector<64x16xbf16>, vector<16x32xbf16> into vector<64x32xf32>
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x32xf32>, memref<64x32xf32>
  }
  return
}

// Rows of 96 bytes are three panels of 32, a step of the reduction each: 3 << 62 | 16 << 32 | 32 << 16 and 32 a panel.
// CHECK-LABEL: llvm.func @three_panels_tiles(
// CHECK: "simplicial.tie"(%{{.*}}) : (i32) -> i32
// CHECK: %[[WIDE:.*]] = arith.extui
// CHECK: arith.addi %[[WIDE]], %c-4611685949705814016_i64
// CHECK: arith.addi %[[WIDE]], %c-4611685949705813984_i64
// CHECK: arith.addi %[[WIDE]], %c-4611685949705813952_i64
// CHECK: %[[SAME_WIDE:.*]] = arith.extui
// CHECK: arith.addi %[[SAME_WIDE]], %c-4611685949705814016_i64
// CHECK: "simplicial.wgmma"(%{{.*}}, %{{.*}}, %{{.*}}, %false) {b_mn_major, type = bf16}
// CHECK: llvm.func @three_panels_tiles_unaligned(
func.func @three_panels(%a: memref<64x48xbf16>, %b: memref<16x48xbf16>, %c: memref<64x48xf32>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x16xf32>
  %zeros = arith.constant dense<0.0> : vector<64x48xf32>
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x16x48xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x48xbf16>, vector<64x48xbf16>
    "simplicial.copy_async"(%b, %buffer, %c0, %c0, %c16, %c0, %c0) {dims = array<i64: 0, 1, 16, 48>}
      : (memref<16x48xbf16>, memref<1x16x48xbf16, 3>, index, index, index, index, index) -> ()
    "simplicial.copy_commit"() : () -> ()
    %slot = "simplicial.copy_wait"(%c0, %c0, %buffer) {pending = 0 : i64} : (index, index, memref<1x16x48xbf16, 3>) -> index
    %y = vector.transfer_read %buffer[%slot, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x16x48xbf16, 3>, vector<16x48xbf16>
    %s = vector.contract #mk_nk %x, %y, %zero : vector<64x48xbf16>, vector<16x48xbf16> into vector<64x16xf32>
    %p = arith.truncf %s : vector<64x16xf32> to vector<64x16xbf16>
    %r = vector.contract #mk_kn %p, %y, %zeros : vector<64x16xbf16>, vector<16x48xbf16> into vector<64x48xf32>
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x48xf32>, memref<64x48xf32>
  }
  return
}

// Of products with 192 columns there are registers for 64 at a time, which are a panel, the next one 64 * 128 bytes,
// 512 units, further. They are computed where they are used.

// CHECK-LABEL: llvm.func @parts_tiles(
// CHECK: scf.for
// CHECK: nvvm.wgmma.fence.aligned
// CHECK-COUNT-12: "simplicial.wgmma"({{.*}}) {type = bf16}
// CHECK-NOT: "simplicial.wgmma"
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: nvvm.wgmma.fence.aligned
// CHECK-NEXT: %[[WIDE0:.*]] = arith.extui
// CHECK-NEXT: arith.addi %[[WIDE0]], %c4611686293338849280_i64
// CHECK: "simplicial.wgmma"({{.*}}, %false) {b_mn_major, type = bf16}
// CHECK-COUNT-3: "simplicial.wgmma"({{.*}}, %true) {b_mn_major, type = bf16}
// CHECK-NOT: "simplicial.wgmma"
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: math.fma
// CHECK: nvvm.wgmma.fence.aligned
// CHECK-NEXT: %[[WIDE1:.*]] = arith.extui
// CHECK-NEXT: arith.addi %[[WIDE1]], %c4611686293338849792_i64
// CHECK: "simplicial.wgmma"({{.*}}, %false) {b_mn_major, type = bf16}
// CHECK-COUNT-3: "simplicial.wgmma"({{.*}}, %true) {b_mn_major, type = bf16}
// CHECK-NOT: "simplicial.wgmma"
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: math.fma
// CHECK: nvvm.wgmma.fence.aligned
// CHECK-NEXT: %[[WIDE2:.*]] = arith.extui
// CHECK-NEXT: arith.addi %[[WIDE2]], %c4611686293338850304_i64
// CHECK: "simplicial.wgmma"({{.*}}, %false) {b_mn_major, type = bf16}
// CHECK-COUNT-3: "simplicial.wgmma"({{.*}}, %true) {b_mn_major, type = bf16}
// CHECK-NOT: "simplicial.wgmma"
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: math.fma
func.func @parts(%q: memref<128x192xbf16>, %k: memref<?x192xbf16>, %out: memref<128x192xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<128x64xf32>
  %zeros = arith.constant dense<0.0> : vector<128x192xf32>
  %half = arith.constant dense<0.5> : vector<128x192xf32>
  scf.forall (%i) in (1) {
    %ring = memref.alloc() : memref<1x64x192xbf16, 3>
    %x = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<128x192xbf16>, vector<128x192xbf16>
    %r = scf.for %at = %c0 to %n step %c64 iter_args(%acc = %zeros) -> (vector<128x192xf32>) {
      "simplicial.copy_async"(%k, %ring, %c0, %c0, %c64, %at, %c0) {dims = array<i64: 0, 1, 64, 192>}
        : (memref<?x192xbf16>, memref<1x64x192xbf16, 3>, index, index, index, index, index) -> ()
      "simplicial.copy_commit"() : () -> ()
      %slot = "simplicial.copy_wait"(%c0, %c0, %ring) {pending = 0 : i64} : (index, index, memref<1x64x192xbf16, 3>) -> index
      %y = vector.transfer_read %ring[%slot, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x64x192xbf16, 3>, vector<64x192xbf16>
      %s = vector.contract #mk_nk %x, %y, %zero : vector<128x192xbf16>, vector<64x192xbf16> into vector<128x64xf32>
      %p = arith.truncf %s : vector<128x64xf32> to vector<128x64xbf16>
      %o = vector.contract #mk_kn %p, %y, %zeros : vector<128x64xbf16>, vector<64x192xbf16> into vector<128x192xf32>
      %t = math.fma %o, %half, %acc : vector<128x192xf32>
      "simplicial.copy_release"(%c0, %c0, %ring) : (index, index, memref<1x64x192xbf16, 3>) -> ()
      scf.yield %t : vector<128x192xf32>
    }
    vector.transfer_write %r, %out[%c0, %c0] {in_bounds = [true, true]} : vector<128x192xf32>, memref<128x192xf32>
  }
  return
}

// A left operand [K, M] is taken from where it lies, MN-major: a step is 16 rows of 128 bytes further, 128 units. One
// panel, of 128 rows: 1024 units.

// There is one warpgroup here: its rows begin where the tile does.

// CHECK-LABEL: llvm.func @transposed_tiles(
// CHECK: %[[UNITS:.*]] = arith.andi %{{.*}}, %c16383_i32 : i32
// CHECK-NEXT: %[[PLACE:.*]] = "simplicial.tie"(%[[UNITS]]) : (i32) -> i32
// CHECK-NEXT: %[[WIDE:.*]] = arith.extui %[[PLACE]]
// CHECK-NEXT: %[[A0:.*]] = arith.addi %[[WIDE]], %c4611686293372403712_i64
// CHECK-NEXT: %[[A1:.*]] = arith.addi %[[WIDE]], %c4611686293372403840_i64
// CHECK: nvvm.wgmma.fence.aligned
// The right one is behind it.
// CHECK: %[[B0:.*]] = arith.addi %{{.*}}, %c4611686293372404736_i64
// CHECK-NEXT: %[[ACC:.*]] = "simplicial.wgmma"(%{{.*}}, %[[A0]], %[[B0]], %false) {a_mn_major, b_mn_major, type = bf16}
// CHECK: "simplicial.wgmma"(%[[ACC]], %[[A1]], %{{.*}}, %true) {a_mn_major, b_mn_major, type = bf16}
// CHECK-COUNT-6: "simplicial.wgmma"
// CHECK-NOT: "simplicial.wgmma"
// CHECK: llvm.return
func.func @transposed(%a: memref<128x64xbf16>, %b: memref<128x64xbf16>, %c: memref<64x64xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x64xf32>
  scf.forall (%i) in (1) {
    %left = memref.alloc() : memref<1x128x64xbf16, 3>
    %right = memref.alloc() : memref<1x128x64xbf16, 3>
    %x0 = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<128x64xbf16>, vector<128x64xbf16>
    vector.transfer_write %x0, %left[%c0, %c0, %c0] {in_bounds = [true, true]} : vector<128x64xbf16>, memref<1x128x64xbf16, 3>
    %y0 = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<128x64xbf16>, vector<128x64xbf16>
    vector.transfer_write %y0, %right[%c0, %c0, %c0] {in_bounds = [true, true]} : vector<128x64xbf16>, memref<1x128x64xbf16, 3>
    %x = vector.transfer_read %left[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x128x64xbf16, 3>, vector<128x64xbf16>
    %y = vector.transfer_read %right[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x128x64xbf16, 3>, vector<128x64xbf16>
    %s = vector.contract #km_kn %x, %y, %zero : vector<128x64xbf16>, vector<128x64xbf16> into vector<64x64xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
  }
  return
}

// One [M, K] that is in shared memory anyway is, too: each warpgroup's 64 rows are 512 units further, a step 2.

// CHECK-LABEL: llvm.func @rows_tiles(
// CHECK: %[[GROUP:.*]] = arith.muli %{{.*}}, %c512_i32 : i32
// CHECK-NEXT: %[[AT:.*]] = arith.addi %{{.*}}, %[[GROUP]] : i32
// CHECK-NEXT: %[[PLACE:.*]] = "simplicial.tie"(%[[AT]]) : (i32) -> i32
// CHECK-NEXT: %[[WIDE:.*]] = arith.extui %[[PLACE]]
// CHECK-NEXT: %[[A0:.*]] = arith.addi %[[WIDE]], %c4611686293372403712_i64
// CHECK-NEXT: %[[A1:.*]] = arith.addi %[[WIDE]], %c4611686293372403714_i64
// CHECK: nvvm.wgmma.fence.aligned
// CHECK: "simplicial.wgmma"(%{{.*}}, %[[A0]], %{{.*}}, %false) {type = bf16}
// CHECK: "simplicial.wgmma"(%{{.*}}, %[[A1]], %{{.*}}, %true) {type = bf16}
// CHECK-COUNT-2: "simplicial.wgmma"
// CHECK-NOT: "simplicial.wgmma"
// CHECK: llvm.return
func.func @rows(%a: memref<128x64xbf16>, %c: memref<128x128xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<128x128xf32>
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x128x64xbf16, 3>
    %x0 = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<128x64xbf16>, vector<128x64xbf16>
    vector.transfer_write %x0, %buffer[%c0, %c0, %c0] {in_bounds = [true, true]} : vector<128x64xbf16>, memref<1x128x64xbf16, 3>
    %x = vector.transfer_read %buffer[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x128x64xbf16, 3>, vector<128x64xbf16>
    %s = vector.contract #mk_nk %x, %x, %zero : vector<128x64xbf16>, vector<128x64xbf16> into vector<128x128xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<128x128xf32>, memref<128x128xf32>
  }
  return
}
}
