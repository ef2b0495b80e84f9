// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-distribute,canonicalize,cse)' | FileCheck %s

// Kernels and their launches.

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

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
    %s = vector.contract #mk_nk %x, %y, %zero : vector<16x32xbf16>, vector<16x32xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

// Blocks are numbered along one dimension of the grid, the last block of the last dimension first: the most work is
// there where masks are causal. A size has to fit in 32 bits.

// CHECK-LABEL: func.func @blocks(
// CHECK: %[[OVER:.*]] = arith.cmpi sgt, %{{.*}}, %c1073741824
// CHECK: scf.if %[[OVER]] {
// CHECK-NEXT: arith.index_cast
// CHECK-NEXT: func.call @simplicialLaunchTooLarge(%{{.*}}, %c1073741824_i64) : (i64, i64) -> ()
// CHECK-NEXT: } else {
// CHECK: gpu.launch_func
// CHECK: llvm.func @blocks_tiles(
// CHECK: %[[NUMBER:.*]] = nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK: %[[BLOCK:.*]] = arith.index_castui %[[NUMBER]] : i32 to index
// CHECK: arith.remui %[[BLOCK]], %[[N:.*]] : index
// CHECK: %[[REST:.*]] = arith.divui %[[BLOCK]], %[[N]] : index
// CHECK: arith.subi %c8, %[[REST]] : index
func.func @blocks(%a: memref<?x9x64xf32>) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %a, %c0 : memref<?x9x64xf32>
  scf.forall (%i, %j) in (%n, 9) {
    %ones = arith.constant dense<1.0> : vector<1x64xf32>
    vector.transfer_write %ones, %a[%i, %j, %c0] {in_bounds = [true, true], permutation_map = affine_map<(d0, d1, d2) -> (d1, d2)>} : vector<1x64xf32>, memref<?x9x64xf32>
  }
  return
}

// -----

// Where a tile has one column, as sums of rows do, elements are stored one by one, at any place: which kernel runs is not
// a question of it. All that must be aligned is the input's address and its stride.

// CHECK-LABEL: func.func @column(
// CHECK: %[[INPUT:.*]] = memref.extract_aligned_pointer_as_index %arg0
// CHECK-NOT: arith.ori
// CHECK: %[[BITS:.*]] = arith.ori %[[INPUT]], %{{.*}} : index
// CHECK-NOT: arith.ori
// CHECK: arith.remui %[[BITS]], %c16
// CHECK: gpu.launch_func @column_kernels::@column_tiles blocks in
func.func @column(%a: memref<?x16xf32, strided<[?, 1]>>, %c: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %none = arith.constant dense<0.0> : vector<16xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<?x16xf32, strided<[?, 1]>>, vector<16x16xf32>
    %sum = vector.multi_reduction <add>, %x, %none [1] : vector<16x16xf32> to vector<16xf32>
    %column = vector.shape_cast %sum : vector<16xf32> to vector<16x1xf32>
    vector.transfer_write %column, %c[%c0, %c0] {in_bounds = [true, true], permutation_map = affine_map<(h, q) -> (q, h)>}
      : vector<16x1xf32>, memref<?x?xf32>
  }
  return
}
