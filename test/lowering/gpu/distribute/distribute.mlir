// RUN: split-file %s %t
// RUN: %mlir-opt %t/product.mlir --pass-pipeline="builtin.module(simplicial-distribute,canonicalize,cse)" | FileCheck %t/product.mlir
// RUN: %mlir-opt %t/attention.mlir --pass-pipeline="builtin.module(simplicial-configure,simplicial-tile,simplicial-stage,simplicial-distribute,canonicalize,cse)" | FileCheck %t/attention.mlir
// RUN: %mlir-opt %t/queries.mlir --pass-pipeline="builtin.module(simplicial-configure,simplicial-tile,simplicial-stage,simplicial-distribute,canonicalize,cse)" | FileCheck %t/queries.mlir
// RUN: %mlir-opt %t/tight.mlir --pass-pipeline="builtin.module(simplicial-configure,simplicial-tile,simplicial-stage,simplicial-distribute,canonicalize,cse)" | FileCheck %t/tight.mlir
// RUN: %mlir-opt %t/copied.mlir --pass-pipeline="builtin.module(simplicial-configure,simplicial-tile,simplicial-stage,simplicial-distribute,canonicalize,cse)" | FileCheck %t/copied.mlir
// RUN: %mlir-opt %t/parked.mlir --pass-pipeline="builtin.module(simplicial-configure,simplicial-tile,simplicial-stage,simplicial-distribute,canonicalize,cse)" | FileCheck %t/parked.mlir
// RUN: %mlir-opt %t/parts.mlir --pass-pipeline="builtin.module(simplicial-configure,simplicial-tile,simplicial-stage,simplicial-distribute,canonicalize,cse)" | FileCheck %t/parts.mlir
// RUN: %mlir-opt %t/f32.mlir --pass-pipeline="builtin.module(simplicial-distribute,canonicalize,cse)" | FileCheck %t/f32.mlir
// RUN: %mlir-opt %t/warpgroup.mlir --pass-pipeline="builtin.module(simplicial-distribute,canonicalize,cse)" | FileCheck %t/warpgroup.mlir
// RUN: %mlir-opt %t/steps.mlir --pass-pipeline="builtin.module(simplicial-configure,simplicial-tile,simplicial-stage,simplicial-distribute,canonicalize,cse)" | FileCheck %t/steps.mlir

//--- product.mlir

// A product: one warp, two slices of 8 columns, two steps of 16. Each kernel
// argument is a pointer and what strides are not known.

// CHECK-LABEL: func.func @product(
// The fast kernel runs if all addresses and strides are multiples of 16 bytes.
// CHECK: arith.ori
// CHECK: %[[ALIGNED:.*]] = arith.cmpi eq
// CHECK: scf.if %[[ALIGNED]] {
// CHECK: gpu.launch_func @product_kernels::@product_tiles blocks in
// CHECK-SAME: dynamic_shared_memory_size %c1280_i32
// CHECK: } else {
// CHECK: gpu.launch_func @product_kernels::@product_tiles_unaligned
// CHECK: gpu.module @product_kernels
// CHECK: llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
// CHECK: llvm.func @product_tiles(%{{.*}}: !llvm.ptr<1>, %[[STRIDE:.*]]: i64, %{{.*}}: !llvm.ptr<1>, %{{.*}}: !llvm.ptr<1>
// CHECK-SAME: gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 32, 1, 1>
// The right operand: 16 bytes a thread at a time.
// CHECK: scf.for
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg, %{{.*}}
// CHECK: nvvm.cp.async.commit.group
// CHECK: nvvm.cp.async.wait.group 0
// CHECK: nvvm.barrier0
// The left one, where it is multiplied: two rows times four pairs of columns,
// for two steps.
// CHECK-COUNT-8: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK-NOT: llvm.load
// CHECK: nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<row>, num = 4
// CHECK: nvvm.mma.sync A[%{{.*}}] B[%{{.*}}] C[%[[Z:.*]], %[[Z]], %[[Z]], %[[Z]]]
// CHECK: nvvm.mma.sync
// CHECK-NOT: nvvm.ldmatrix
// CHECK: nvvm.ldmatrix
// CHECK-COUNT-2: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK: llvm.store %{{.*}}, %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
// CHECK: llvm.return
// The slow kernel reads element by element.
// CHECK: llvm.func @product_tiles_unaligned(
// CHECK-NOT: nvvm.cp.async.shared.global
// CHECK: llvm.load %{{.*}} {alignment = 2 : i64} : !llvm.ptr<1> -> bf16
// CHECK: nvvm.mma.sync
func.func @product(%a: memref<16x32xbf16, strided<[?, 1]>>, %b: memref<16x32xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x16x32xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16, strided<[?, 1]>>, vector<16x32xbf16>
    "simplicial.copy_async"(%b, %buffer, %c0, %c0, %c16, %c0, %c0) {dims = array<i64: 0, 1, 16, 32>}
      : (memref<16x32xbf16>, memref<1x16x32xbf16, 3>, index, index, index, index, index) -> ()
    "simplicial.copy_commit"() : () -> ()
    %slot = "simplicial.copy_wait"(%c0, %c0, %buffer) {pending = 0 : i64} : (index, index, memref<1x16x32xbf16, 3>) -> index
    %y = vector.transfer_read %buffer[%slot, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x16x32xbf16, 3>, vector<16x32xbf16>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xbf16>, vector<16x32xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

//--- attention.mlir

module attributes {simplicial.target = "sm_80"} {

// The whole of attention: what its tile program becomes.

// CHECK-LABEL: gpu.module @attention_kernels
// CHECK: llvm.func @attention_tiles(
// The last of 9 queries is the first block's.
// CHECK: %[[NUMBER:.*]] = nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK: %[[BLOCK:.*]] = arith.index_castui %[[NUMBER]] : i32 to index
// CHECK: arith.subi %c8, %[[BLOCK]] : index
// Row maxima go over the four lanes that share a row.
// CHECK: nvvm.shfl.sync bfly %{{.*}}, %{{.*}}, %c1_i32
// CHECK: nvvm.shfl.sync bfly %{{.*}}, %{{.*}}, %c2_i32
// CHECK: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// The rounded probabilities are left operands as they are.
// CHECK: arith.truncf %{{.*}} : vector<2xf32> to vector<2xf16>
// CHECK: nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<col>
// Rows of one head meet in a thread, then, those of the two warps, in shared
// memory: where the first ring was, of which the kernel reads no more.
// CHECK: arith.maxnumf
// CHECK: nvvm.barrier0
// CHECK: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
// CHECK: nvvm.barrier0
// CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
func.func @attention(%q: memref<1x9x8x16xf16>, %kv: memref<1x9x1x16xf16>, %out: memref<1x9x8x16xf16>) {
  %c0 = arith.constant 0 : index
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out) {w1 = 4 : i64, w2 = 16 : i64, simplicial.config = {block_q = 1 : i64, local_outer = false}}
    : (memref<1x9x8x16xf16>, memref<1x9x1x16xf16>, memref<1x9x1x16xf16>, memref<1x9x1x16xf16>,
       memref<1x9x1x16xf16>, memref<1x9x8x16xf16>) -> ()
  return
}
}

//--- queries.mlir

// Two queries of 8 heads are the rows of a warp.

module attributes {simplicial.target = "sm_80"} {
// CHECK-LABEL: llvm.func @queries_tiles(
// Values that only some of the queries see are looked at by all threads.
// CHECK: nvvm.barrier #nvvm.reduction<or> %{{.*}} -> i32
// Keys and values of the outer window are copied to shared memory by all
// threads, two elements at a time, a thread's four slices behind each other.
// Queries are loaded meanwhile.
// CHECK: nvvm.barrier0
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache =  ca, %{{.*}}
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache =  ca, %{{.*}}
// CHECK: llvm.load %{{.*}} : !llvm.ptr<1> -> i32
// CHECK: nvvm.cp.async.commit.group
// CHECK: nvvm.cp.async.wait.group 0
// CHECK: nvvm.barrier0
// CHECK: scf.for
// CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> i32
// CHECK: nvvm.mma.sync
// Masks: what is left of a row's limit is compared with constants.
// CHECK: scf.if
// CHECK: %[[FIRST:.*]] = "simplicial.tie"(%{{.*}}) : (i32) -> i32
// CHECK: %[[LIMIT:.*]] = arith.addi %[[FIRST]], %{{.*}} : i32
// CHECK: %[[LEFT:.*]] = arith.subi %[[LIMIT]], %{{.*}} : i32
// CHECK: arith.cmpi sgt, %[[LEFT]], %c0_i32 : i32
// CHECK: } else {
// A row of the results is written if its query is there.
// CHECK: llvm.store %{{.*}} : f32, !llvm.ptr<1>
// CHECK: llvm.return
func.func @queries(%q: memref<1x9x8x64xbf16>, %kv: memref<1x9x1x64xbf16>, %out: memref<1x9x8x64xbf16>, %lse: memref<1x8x9xf32>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out, %lse)
      {causal, w1 = 4 : i64, w2 = 16 : i64, simplicial.config = {block_q = 2 : i64, local_outer = true}}
    : (memref<1x9x8x64xbf16>, memref<1x9x1x64xbf16>, memref<1x9x1x64xbf16>, memref<1x9x1x64xbf16>,
       memref<1x9x1x64xbf16>, memref<1x9x8x64xbf16>, memref<1x8x9xf32>) -> ()
  return
}
}

//--- copied.mlir

// Where queries that a loop goes over are parked, they are copied there beside
// the outer window, and each lane takes the words of its two rows.

module attributes {simplicial.target = "sm_90a"} {
// CHECK-LABEL: llvm.func @copied_tiles(
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache =  ca, %{{.*}}
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache =  ca, %{{.*}}
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache =  cg, %{{.*}}
// CHECK: nvvm.cp.async.commit.group
// CHECK: nvvm.cp.async.wait.group 0
// CHECK: nvvm.barrier id
// CHECK: scf.for
// CHECK-COUNT-32: llvm.load volatile %{{.*}} {alignment = 4 : i64} : !llvm.ptr<3> -> i32
// CHECK: simplicial.wgmma
// CHECK-LABEL: llvm.func @copied_tiles_unaligned(
func.func @copied(%q: memref<1x64x8x128xbf16>, %kv: memref<1x64x1x128xbf16>, %out: memref<1x64x8x128xbf16>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {causal, w1 = 4 : i64, w2 = 16 : i64,
       simplicial.config = {block_q = 16 : i64, block_k = 16 : i64, block_last = 16 : i64, block_tail = 16 : i64,
                            local_outer = true, producer = true, stages = 1 : i64, tiles = 2 : i64}}
    : (memref<1x64x8x128xbf16>, memref<1x64x1x128xbf16>, memref<1x64x1x128xbf16>, memref<1x64x1x128xbf16>,
       memref<1x64x1x128xbf16>, memref<1x64x8x128xbf16>) -> ()
  return
}
}

//--- parked.mlir

// Accumulators of 64 registers, and as many for a product: what was loaded
// before the loop waits in shared memory.

module attributes {simplicial.target = "sm_90a"} {
// CHECK-LABEL: llvm.func @parked_tiles(
// CHECK-COUNT-16: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<3>
// CHECK: scf.for
// CHECK-COUNT-16: llvm.load volatile %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
// CHECK: simplicial.wgmma
func.func @parked(%q: memref<1x9x128x128xbf16>, %kv: memref<1x9x1x128xbf16>, %out: memref<1x9x128x128xbf16>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out) {causal, w1 = 4 : i64, w2 = 512 : i64}
    : (memref<1x9x128x128xbf16>, memref<1x9x1x128xbf16>, memref<1x9x1x128xbf16>, memref<1x9x1x128xbf16>,
       memref<1x9x1x128xbf16>, memref<1x9x128x128xbf16>) -> ()
  return
}
}

//--- parts.mlir

// Of products with 192 columns of values there are registers for 64 at a time,
// which are a panel, the next one 64 * 128 bytes further. Logits are a product
// of twelve steps.

module attributes {simplicial.target = "sm_90a"} {
// CHECK-LABEL: llvm.func @parts_tiles(
// CHECK: scf.for
// CHECK: scf.for
// CHECK: nvvm.wgmma.fence.aligned
// CHECK-COUNT-12: "simplicial.wgmma"({{.*}}) {type = bf16}
// CHECK-NOT: "simplicial.wgmma"
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: nvvm.wgmma.fence.aligned
// CHECK: "simplicial.wgmma"({{.*}}, %false) {b_mn_major, type = bf16}
// CHECK-COUNT-3: "simplicial.wgmma"({{.*}}, %true{{.*}}) {b_mn_major, type = bf16}
// CHECK-NOT: "simplicial.wgmma"
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: math.fma
// CHECK: "simplicial.wgmma"({{.*}}, %false{{.*}}) {b_mn_major, type = bf16}
// CHECK-COUNT-3: "simplicial.wgmma"({{.*}}, %true{{.*}}) {b_mn_major, type = bf16}
// CHECK-NOT: "simplicial.wgmma"
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: math.fma
// CHECK: "simplicial.wgmma"({{.*}}, %false{{.*}}) {b_mn_major, type = bf16}
// CHECK-COUNT-3: "simplicial.wgmma"({{.*}}, %true{{.*}}) {b_mn_major, type = bf16}
// CHECK-NOT: "simplicial.wgmma"
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: math.fma
func.func @parts(%q: memref<1x9x128x192xbf16>, %kv: memref<1x9x1x192xbf16>, %out: memref<1x9x128x192xbf16>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {causal, w1 = 4 : i64, w2 = 512 : i64,
       simplicial.config = {block_h = 128 : i64, block_k = 64 : i64, block_last = 64 : i64, block_tail = 64 : i64,
                            producer = true, stages = 1 : i64}}
    : (memref<1x9x128x192xbf16>, memref<1x9x1x192xbf16>, memref<1x9x1x192xbf16>, memref<1x9x1x192xbf16>,
       memref<1x9x1x192xbf16>, memref<1x9x128x192xbf16>) -> ()
  return
}
}

//--- tight.mlir

// mma.sync with 256 columns: the accumulator takes half of the registers. The
// two rows of a thread are of one head, so that a slice of q is one register; 18
// of 32 are kept, and the others in shared memory meanwhile. No more than four
// slices, of logits and of values, are loaded at a time; and the block's number
// is read anew behind the loops.

module attributes {simplicial.target = "sm_80"} {
// A size has to fit in 32 bits.
// CHECK-LABEL: func.func @tight(
// CHECK: %[[OVER:.*]] = arith.cmpi sgt, %{{.*}}, %c1073741824
// CHECK: scf.if %[[OVER]] {
// CHECK-NEXT: arith.index_cast
// CHECK-NEXT: func.call @simplicialLaunchTooLarge(%{{.*}}, %c1073741824_i64) : (i64, i64) -> ()
// CHECK-NEXT: } else {
// CHECK: gpu.launch_func
// CHECK-LABEL: llvm.func @tight_tiles(
// CHECK: nvvm.read.ptx.sreg.ctaid.x
// CHECK-COUNT-14: llvm.store %{{.*}} {alignment = 4 : i64} : i32, !llvm.ptr<3>
// CHECK-NOT: {alignment = 4 : i64} : i32, !llvm.ptr<3>
// CHECK: scf.for
// CHECK: scf.for
// CHECK: llvm.load volatile %{{.*}} {alignment = 4 : i64} : !llvm.ptr<3> -> i32
// CHECK-COUNT-8: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK: nvvm.bar.warp.sync
// CHECK-COUNT-8: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK: nvvm.bar.warp.sync
// CHECK: nvvm.vote.sync any
// CHECK-COUNT-8: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK: nvvm.bar.warp.sync
// CHECK: scf.yield
// CHECK: nvvm.read.ptx.sreg.ctaid.x
func.func @tight(%q: memref<1x?x8x256xbf16>, %kv: memref<1x?x1x256xbf16>, %out: memref<1x?x8x256xbf16>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out) {causal, w1 = 32 : i64, w2 = 256 : i64}
    : (memref<1x?x8x256xbf16>, memref<1x?x1x256xbf16>, memref<1x?x1x256xbf16>, memref<1x?x1x256xbf16>, memref<1x?x1x256xbf16>, memref<1x?x8x256xbf16>) -> ()
  return
}
}

//--- f32.mlir

// A kept product of f32: each step of 8 is three of tf32, and the left operand
// is taken apart a step at a time.

module attributes {simplicial.target = "sm_80"} {
// CHECK-LABEL: llvm.func @product_tiles(
// CHECK: nvvm.barrier0
// CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xf32>
// CHECK: llvm.load %{{.*}} : !llvm.ptr<3> -> f32
// CHECK: arith.andi %{{.*}}, %c-8192_i32 : i32
// CHECK: nvvm.convert.float.to.tf32 %{{.*}} {rnd = #nvvm.fp_rnd_mode<rna>}
// CHECK-COUNT-6: nvvm.mma.sync {{.*}} shape = #nvvm.shape<m = 16, n = 8, k = 8>
// CHECK-NOT: nvvm.mma.sync
// Any row of the warp.
// CHECK: nvvm.vote.sync any %c-1_i32
// CHECK: scf.if
// CHECK: llvm.return
func.func @product(%a: memref<16x16xf32>, %b: memref<8x16xf32>, %c: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %pad = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x8xf32>
  %low = arith.constant dense<0.0> : vector<16xf32>
  %false = arith.constant false
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x8x16xf32, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    "simplicial.copy_async"(%b, %buffer, %c0, %c0, %c8, %c0, %c0) {dims = array<i64: 0, 1, 8, 16>}
      : (memref<8x16xf32>, memref<1x8x16xf32, 3>, index, index, index, index, index) -> ()
    "simplicial.copy_commit"() : () -> ()
    %slot = "simplicial.copy_wait"(%c0, %c0, %buffer) {pending = 0 : i64} : (index, index, memref<1x8x16xf32, 3>) -> index
    %y = vector.transfer_read %buffer[%slot, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x8x16xf32, 3>, vector<8x16xf32>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x16xf32>, vector<8x16xf32> into vector<16x8xf32>
    %max = vector.multi_reduction <maxnumf>, %s, %low [1] : vector<16x8xf32> to vector<16xf32>
    %positive = arith.cmpf ogt, %max, %low : vector<16xf32>
    %any = vector.multi_reduction <or>, %positive, %false [0] : vector<16xi1> to i1
    %r = scf.if %any -> (vector<16x8xf32>) {
      %double = arith.addf %s, %s : vector<16x8xf32>
      scf.yield %double : vector<16x8xf32>
    } else {
      scf.yield %s : vector<16x8xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x8xf32>
  }
  return
}
}

//--- warpgroup.mlir

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
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<64x128xbf16>, vector<16x128xbf16> into vector<64x16xf32>
    %p = arith.truncf %s : vector<64x16xf32> to vector<64x16xbf16>
    %r = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %p, %y, %zeros
       : vector<64x16xbf16>, vector<16x128xbf16> into vector<64x128xf32>
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x128xf32>, memref<64x128xf32>
  }
  return
}
}

//--- steps.mlir

// Steps of two inner tiles. The logits of the second one, 32 columns, are asked
// for before the product of the first one, 64 columns; each is waited for where
// it is used, and on both sides of a branch if only they use it.

module attributes {simplicial.target = "sm_90a"} {
// CHECK-LABEL: llvm.func @steps_tiles(
// CHECK: nvvm.mbarrier.try_wait
// CHECK: scf.for
// CHECK-COUNT-4: "simplicial.wgmma"({{.*}}) {type = bf16}
// CHECK: nvvm.wgmma.commit.group.sync.aligned
// Some rows may not see all columns.
// CHECK: scf.if
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: } else {
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK-COUNT-4: "simplicial.wgmma"({{.*}}) {type = bf16}
// CHECK: nvvm.wgmma.commit.group.sync.aligned
// CHECK-NOT: wait.group
// CHECK-COUNT-2: "simplicial.wgmma"({{.*}}) {b_mn_major, type = bf16}
// CHECK: nvvm.wgmma.commit.group.sync.aligned
// CHECK: scf.if
// CHECK: nvvm.wgmma.wait.group.sync.aligned 1
// CHECK: } else {
// CHECK: nvvm.wgmma.wait.group.sync.aligned 1
// The sum of products is scaled where a maximum moves: until that is known
// nothing waits for it.
// CHECK-NOT: wait.group
// CHECK: %[[ANY:.*]] = nvvm.vote.sync any
// CHECK-NOT: wait.group
// CHECK: scf.if %[[ANY]]
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
// CHECK: } else {
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK-COUNT-2: "simplicial.wgmma"({{.*}}, %true) {b_mn_major, type = bf16}
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: math.fma
// The slow kernel has the tiles of the rest alone. Where all warps copy into
// rings of one slot, they meet behind each tile.
// CHECK-LABEL: llvm.func @steps_tiles_unaligned(
// CHECK: "simplicial.wgmma"({{.*}}, %false) {b_mn_major, type = bf16}
// CHECK: "simplicial.wgmma"({{.*}}, %true) {b_mn_major, type = bf16}
// CHECK-NOT: simplicial.wgmma
// CHECK: scf.yield
// CHECK: nvvm.barrier0
// CHECK: scf.yield
// CHECK-NOT: simplicial.wgmma
func.func @steps(%q: memref<1x9x64x64xbf16>, %kv: memref<1x99x1x64xbf16>, %out: memref<1x9x64x64xbf16>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {causal, w1 = 4 : i64, w2 = 64 : i64,
       simplicial.config = {block_k = 32 : i64, tiles = 2 : i64, producer = true}}
    : (memref<1x9x64x64xbf16>, memref<1x99x1x64xbf16>, memref<1x99x1x64xbf16>, memref<1x99x1x64xbf16>,
       memref<1x99x1x64xbf16>, memref<1x9x64x64xbf16>) -> ()
  return
}
}
