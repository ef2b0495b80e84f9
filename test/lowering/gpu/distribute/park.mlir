// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,canonicalize,cse)' | FileCheck %s

// What was loaded before a loop that leaves no registers for it waits in shared memory.

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
#mk_kn = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

module attributes {simplicial.target = "sm_90a"} {

// An accumulator of 64 registers, and as many for a product: the 16 slices of %x are stored, each thread's registers of
// its two rows behind each other, and loaded where they are multiplied with %scale.

// CHECK-LABEL: llvm.func @parked_tiles(
// CHECK-COUNT-16: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<3>
// CHECK: scf.for
// CHECK-COUNT-16: llvm.load volatile %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
// CHECK: simplicial.wgmma
// CHECK: llvm.return
func.func @parked(%q: memref<128x128xbf16>, %w: memref<?x128xbf16>, %k: memref<?x128xbf16>, %out: memref<128x128xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c128 = arith.constant 128 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<128x128xf32>
    %x = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<128x128xbf16>, vector<128x128xbf16>
    %r = scf.for %at = %c0 to %n step %c128 iter_args(%acc = %zero) -> (vector<128x128xf32>) {
      %scale = vector.transfer_read %w[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x128xbf16>, vector<128x128xbf16>
      %a = arith.mulf %x, %scale : vector<128x128xbf16>
      %y = vector.transfer_read %k[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x128xbf16>, vector<128x128xbf16>
      %s = vector.contract #mk_nk %a, %y, %zero : vector<128x128xbf16>, vector<128x128xbf16> into vector<128x128xf32>
      %p = arith.truncf %s : vector<128x128xf32> to vector<128x128xbf16>
      %t = vector.contract #mk_kn %p, %y, %acc : vector<128x128xbf16>, vector<128x128xbf16> into vector<128x128xf32>
      scf.yield %t : vector<128x128xf32>
    }
    vector.transfer_write %r, %out[%c0, %c0] {in_bounds = [true, true]} : vector<128x128xf32>, memref<128x128xf32>
  } {simplicial.stages = 1 : i64}
  return
}

// Where a loop begins with copies to its own memory, what is parked is copied beside them, and each lane takes the words
// of its two rows.

// CHECK-LABEL: llvm.func @copied_tiles(
// CHECK: scf.for
// CHECK: nvvm.barrier0
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache =  ca, %{{.*}}
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache =  cg, %{{.*}}
// CHECK: nvvm.cp.async.commit.group
// CHECK: nvvm.cp.async.wait.group 0
// CHECK: nvvm.barrier0
// CHECK: scf.for
// CHECK-COUNT-32: llvm.load volatile %{{.*}} {alignment = 4 : i64} : !llvm.ptr<3> -> i32
// CHECK: simplicial.wgmma
// Rows that are not aligned are loaded, and stored as registers.
// CHECK-LABEL: llvm.func @copied_tiles_unaligned(
// CHECK-NOT: nvvm.cp.async
// CHECK-COUNT-16: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<3>
// CHECK: llvm.return
func.func @copied(%q: memref<?x128xbf16>, %w: memref<?x128xbf16>, %k: memref<?x128xbf16>, %out: memref<128x128xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c128 = arith.constant 128 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<128x128xf32>
    %own = memref.alloca() : memref<16x128xbf16>
    %r = scf.for %j = %c0 to %n step %c128 iter_args(%before = %zero) -> (vector<128x128xf32>) {
      %o = vector.transfer_read %w[%j, %c0], %pad {in_bounds = [true, true]} : memref<?x128xbf16>, vector<16x128xbf16>
      vector.transfer_write %o, %own[%c0, %c0] {in_bounds = [true, true]} : vector<16x128xbf16>, memref<16x128xbf16>
      %x = vector.transfer_read %q[%j, %c0], %pad {in_bounds = [true, true]} : memref<?x128xbf16>, vector<128x128xbf16>
      %after = scf.for %l = %c0 to %c16 step %c1 iter_args(%acc = %before) -> (vector<128x128xf32>) {
        %one = vector.transfer_read %own[%l, %c0], %pad {in_bounds = [true, true]} : memref<16x128xbf16>, vector<1x128xbf16>
        %scale = vector.broadcast %one : vector<1x128xbf16> to vector<128x128xbf16>
        %a = arith.mulf %x, %scale : vector<128x128xbf16>
        %y = vector.transfer_read %k[%l, %c0], %pad {in_bounds = [true, true]} : memref<?x128xbf16>, vector<128x128xbf16>
        %s = vector.contract #mk_nk %a, %y, %zero : vector<128x128xbf16>, vector<128x128xbf16> into vector<128x128xf32>
        %p = arith.truncf %s : vector<128x128xf32> to vector<128x128xbf16>
        %t = vector.contract #mk_kn %p, %y, %acc : vector<128x128xbf16>, vector<128x128xbf16> into vector<128x128xf32>
        scf.yield %t : vector<128x128xf32>
      }
      scf.yield %after : vector<128x128xf32>
    }
    vector.transfer_write %r, %out[%c0, %c0] {in_bounds = [true, true]} : vector<128x128xf32>, memref<128x128xf32>
  } {simplicial.stages = 1 : i64}
  return
}
}
