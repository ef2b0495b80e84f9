// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,canonicalize,cse)' | FileCheck %s

// Buffers in shared memory that programs write: a block's own memory, and operands that are made.

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
#mk_kn = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

module attributes {simplicial.target = "sm_90a"} {

// What is loaded is copied by all threads, two elements at a time, as a thread's four slices follow each other. Nobody has
// read the memory before. What is loaded behind it is loaded meanwhile. A loop waits for it; no product reads it, so that
// there is no fence.

// CHECK-LABEL: llvm.func @copied_tiles(
// CHECK-NOT: nvvm.barrier0
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache =  ca, %{{.*}}
// CHECK: llvm.load %{{.*}} : !llvm.ptr<1> -> i32
// CHECK: nvvm.cp.async.commit.group
// CHECK-NEXT: nvvm.cp.async.wait.group 0
// CHECK-NEXT: nvvm.barrier0
// CHECK-NEXT: scf.for
// CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> i32
// CHECK-COUNT-3: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<3> -> i32
// CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> i32
// CHECK-LABEL: llvm.func @copied_tiles_unaligned(
// CHECK-NOT: nvvm.cp.async
// CHECK: llvm.load %{{.*}} {alignment = 2 : i64} : !llvm.ptr<1> -> bf16
func.func @copied(%a: memref<?x64xbf16>, %b: memref<32x64xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : bf16
    %zeros = arith.constant dense<0.0> : vector<32x64xf32>
    %own = memref.alloca() : memref<16x64xbf16>
    %o = vector.transfer_read %a[%n, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<16x64xbf16>
    vector.transfer_write %o, %own[%c0, %c0] {in_bounds = [true, true]} : vector<16x64xbf16>, memref<16x64xbf16>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<32x64xbf16>
    %r = scf.for %at = %c0 to %c16 step %c1 iter_args(%acc = %zeros) -> (vector<32x64xf32>) {
      %one = vector.transfer_read %own[%at, %c0], %pad {in_bounds = [true, true]} : memref<16x64xbf16>, vector<1x64xbf16>
      %scale = vector.broadcast %one : vector<1x64xbf16> to vector<32x64xbf16>
      %y = arith.mulf %x, %scale : vector<32x64xbf16>
      %wide = arith.extf %y : vector<32x64xbf16> to vector<32x64xf32>
      %sum = arith.addf %acc, %wide : vector<32x64xf32>
      scf.yield %sum : vector<32x64xf32>
    }
    vector.transfer_write %r, %b[%c0, %c0] {in_bounds = [true, true]} : vector<32x64xf32>, memref<32x64xf32>
  }
  return
}

// A loop that begins with a wait for copies of a ring waits there for the others too, which are in the first tile's group.
// Behind a loop all threads meet if it may not have run, or another one copies to its ring, but not behind the last.

// CHECK-LABEL: llvm.func @beside_a_ring_tiles(
// CHECK-NOT: nvvm.barrier0
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache =  ca, %{{.*}}
// CHECK-NOT: nvvm.cp.async.commit
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache =  cg, %{{.*}}
// CHECK: nvvm.cp.async.commit.group
// CHECK-NOT: nvvm.cp.async.wait
// CHECK: scf.for
// CHECK: nvvm.cp.async.wait.group 0
// CHECK-NEXT: nvvm.fence.proxy
// CHECK-NEXT: nvvm.barrier0
// CHECK: "simplicial.wgmma"
// CHECK: nvvm.cp.async.wait.group 0
// CHECK-NEXT: nvvm.barrier0
// CHECK: nvvm.cp.async.commit.group
// CHECK: scf.for
// CHECK: nvvm.cp.async.wait.group 0
// CHECK: nvvm.barrier0
// CHECK: "simplicial.wgmma"
// CHECK: nvvm.cp.async.wait.group 0
// CHECK-NOT: nvvm.barrier0
// CHECK-LABEL: llvm.func @beside_a_ring_tiles_unaligned(
func.func @beside_a_ring(%q: memref<64x64xbf16>, %k: memref<?x64xbf16>, %out: memref<64x16xf32>, %n: index, %end: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x16xf32>
    %own = memref.alloca() : memref<16x64xbf16>
    %o = vector.transfer_read %k[%n, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<16x64xbf16>
    vector.transfer_write %o, %own[%c0, %c0] {in_bounds = [true, true]} : vector<16x64xbf16>, memref<16x64xbf16>
    %x = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %r = scf.for %at = %c0 to %n step %c16 iter_args(%acc = %zero) -> (vector<64x16xf32>) {
      %one = vector.transfer_read %own[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x64xbf16>, vector<1x64xbf16>
      %scale = vector.broadcast %one : vector<1x64xbf16> to vector<64x64xbf16>
      %a = arith.mulf %x, %scale : vector<64x64xbf16>
      %y = vector.transfer_read %k[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<16x64xbf16>
      %s = vector.contract #mk_nk %a, %y, %acc : vector<64x64xbf16>, vector<16x64xbf16> into vector<64x16xf32>
      scf.yield %s : vector<64x16xf32>
    }
    %t = scf.for %at = %n to %end step %c16 iter_args(%acc = %r) -> (vector<64x16xf32>) {
      %y = vector.transfer_read %k[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<16x64xbf16>
      %s = vector.contract #mk_nk %x, %y, %acc : vector<64x64xbf16>, vector<16x64xbf16> into vector<64x16xf32>
      scf.yield %s : vector<64x16xf32>
    }
    vector.transfer_write %t, %out[%c0, %c0] {in_bounds = [true, true]} : vector<64x16xf32>, memref<64x16xf32>
  }
  return
}

// What is computed is stored by the threads that hold it, when all have read what was there, and read when all have.

// CHECK-LABEL: llvm.func @by_row_tiles(
// CHECK: nvvm.barrier0
// CHECK: scf.if
// CHECK-COUNT-8: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
// CHECK: scf.if
// CHECK-COUNT-8: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
// CHECK-NOT: !llvm.ptr<3> -> vector
// CHECK: nvvm.barrier0
// CHECK-NOT: nvvm.barrier0
// A thread's two neighbouring slices of f32 follow each other, 16 bytes.
// CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK-LABEL: llvm.func @by_row_tiles_unaligned(
func.func @by_row(%a: memref<32x64xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %own = memref.alloca() : memref<32x64xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xf32>, vector<32x64xf32>
    %y = arith.addf %x, %x : vector<32x64xf32>
    vector.transfer_write %y, %own[%c0, %c0] {in_bounds = [true, true]} : vector<32x64xf32>, memref<32x64xf32>
    %one = vector.transfer_read %own[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xf32>, vector<1x64xf32>
    %z = vector.broadcast %one : vector<1x64xf32> to vector<32x64xf32>
    vector.transfer_write %z, %a[%c0, %c0] {in_bounds = [true, true]} : vector<32x64xf32>, memref<32x64xf32>
  }
  return
}

// Rows of a tile that has all of the block's, behind each of which 16 bytes are left, are as they are loaded: copied by 16
// bytes, and read by ldmatrix, two slices of both rows of a thread at once, each lane saying where a row is. The third slice
// is of a matrix instruction of its own.

// CHECK-LABEL: llvm.func @by_matrices_tiles(
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache =  cg, %{{.*}}
// CHECK: nvvm.cp.async.wait.group 0
// CHECK-NEXT: nvvm.barrier0
// CHECK: scf.for
// CHECK: arith.muli %{{.*}}, %c40_i64
// CHECK: %[[PAIR:.*]] = nvvm.ldmatrix %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>, num = 4 : i32
// CHECK: llvm.extractvalue %[[PAIR]][3]
// CHECK: nvvm.ldmatrix %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>, num = 2 : i32
// CHECK-NOT: nvvm.ldmatrix
// CHECK-NOT: !llvm.ptr<3> -> i32
// CHECK-LABEL: llvm.func @by_matrices_tiles_unaligned(
// CHECK-NOT: nvvm.cp.async
// CHECK: nvvm.ldmatrix
func.func @by_matrices(%k: memref<?x24xbf16>, %q: memref<64x24xbf16>, %out: memref<64x24xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x24xf32>
    %own = memref.alloca() : memref<70x40xbf16>
    %o = vector.transfer_read %k[%c0, %c0], %pad {in_bounds = [true, true]} : memref<?x24xbf16>, vector<70x24xbf16>
    vector.transfer_write %o, %own[%c0, %c0] {in_bounds = [true, true]} : vector<70x24xbf16>, memref<70x40xbf16>
    %x = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x24xbf16>, vector<64x24xbf16>
    %r = scf.for %at = %c0 to %n step %c1 iter_args(%acc = %zero) -> (vector<64x24xf32>) {
      %y = vector.transfer_read %own[%at, %c0], %pad {in_bounds = [true, true]} : memref<70x40xbf16>, vector<64x24xbf16>
      %xy = arith.mulf %x, %y : vector<64x24xbf16>
      %wide = arith.extf %xy : vector<64x24xbf16> to vector<64x24xf32>
      %sum = arith.addf %acc, %wide : vector<64x24xf32>
      scf.yield %sum : vector<64x24xf32>
    }
    vector.transfer_write %r, %out[%c0, %c0] {in_bounds = [true, true]} : vector<64x24xf32>, memref<64x24xf32>
  }
  return
}

// Rows of 256 bytes begin in the same bank: where neighbouring rows are loaded by neighbouring lanes, pieces of 64 bytes,
// 16 numbers, have changed places in odd ones.

// CHECK-LABEL: llvm.func @alternating_tiles(
// CHECK: nvvm.barrier0
// CHECK: %[[ODD:[0-9]+]] = arith.remui %{{.*}}, %c2
// CHECK-NEXT: %[[MOVED:.*]] = arith.muli %[[ODD]], %c16
// CHECK: arith.xori %[[MOVED]], %c48
// CHECK: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<3>
// CHECK: nvvm.barrier0
// CHECK: arith.xori
// CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK-LABEL: llvm.func @alternating_tiles_unaligned(
func.func @alternating(%a: memref<32x64xf32>, %at: index) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %own = memref.alloca() : memref<40x64xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xf32>, vector<32x64xf32>
    %y = arith.addf %x, %x : vector<32x64xf32>
    vector.transfer_write %y, %own[%at, %c0] {in_bounds = [true, true]} : vector<32x64xf32>, memref<40x64xf32>
    %z = vector.transfer_read %own[%c0, %c0], %pad {in_bounds = [true, true]} : memref<40x64xf32>, vector<32x64xf32>
    vector.transfer_write %z, %a[%c0, %c0] {in_bounds = [true, true]} : vector<32x64xf32>, memref<32x64xf32>
  }
  return
}

// A right operand that is made, on sm_90a: wgmma reads shared memory through another proxy, which sees what threads wrote
// behind a fence. No product is in flight that may still read what was there.

// CHECK-LABEL: llvm.func @published_tiles(
// CHECK: "simplicial.wgmma"
// CHECK: nvvm.wgmma.wait.group.sync.aligned 0
// CHECK: nvvm.barrier0
// CHECK-COUNT-16: llvm.store %{{.*}} {alignment = 4 : i64} : vector<2xbf16>, !llvm.ptr<3>
// CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
// CHECK-NEXT: nvvm.barrier0
// CHECK-COUNT-4: "simplicial.wgmma"({{.*}}) {b_mn_major, type = bf16}
// CHECK-LABEL: llvm.func @published_tiles_unaligned(
func.func @published(%a: memref<64x64xbf16>, %c: memref<64x64xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x64xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %s = vector.contract #mk_nk %x, %x, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    %p = arith.truncf %s : vector<64x64xf32> to vector<64x64xbf16>
    %t = vector.contract #mk_kn %x, %p, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    vector.transfer_write %t, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
  }
  return
}
}
