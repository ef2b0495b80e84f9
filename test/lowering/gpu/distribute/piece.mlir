// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-stage,simplicial-distribute,canonicalize,cse)' | FileCheck %s

// Operands of products that are made of loads of global memory, and what a memref.expand_shape has as pieces of rows.

#mk_nk = {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}

module attributes {simplicial.target = "sm_90a"} {

// 32 rows of 64 columns are 256 pieces of 16 bytes, two for each thread of four warps: of row t / 8, and 16 rows further on.
// Where rows are not aligned, fragments are written.

// CHECK-LABEL: llvm.func @operand_tiles(
// CHECK: %[[T:.*]] = "simplicial.tie"
// CHECK: %[[THREAD:.*]] = arith.remui %{{.*}}, %c128
// CHECK: %[[PIECE:.*]] = arith.remui %[[THREAD]], %c8
// CHECK: arith.muli %[[PIECE]], %c8
// CHECK: arith.divui %[[THREAD]], %c8
// CHECK: %[[X:.*]] = llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<8xbf16>
// CHECK: %[[Y:.*]] = llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<8xbf16>
// CHECK: %[[XY:.*]] = arith.mulf %[[X]], %[[Y]] : vector<8xbf16>
// CHECK: llvm.store %[[XY]], %{{.*}} {alignment = 16 : i64} : vector<8xbf16>, !llvm.ptr<3>
// CHECK: llvm.store %{{.*}} {alignment = 16 : i64} : vector<8xbf16>, !llvm.ptr<3>
// CHECK-NOT: llvm.store
// CHECK: nvvm.barrier0
// CHECK: "simplicial.wgmma"
// CHECK-LABEL: llvm.func @operand_tiles_unaligned(
// CHECK-NOT: vector<8xbf16>
// CHECK: llvm.return
func.func @operand(%a: memref<64x64xbf16>, %b: memref<32x64xbf16>, %q: memref<1x64xbf16>, %c: memref<64x32xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x32xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %k = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x64xbf16>, vector<32x64xbf16>
    %one = vector.transfer_read %q[%c0, %c0], %pad {in_bounds = [true, true]} : memref<1x64xbf16>, vector<1x64xbf16>
    %all = vector.broadcast %one : vector<1x64xbf16> to vector<32x64xbf16>
    %y = arith.mulf %k, %all : vector<32x64xbf16>
    %s = vector.contract #mk_nk %x, %y, %zero : vector<64x64xbf16>, vector<32x64xbf16> into vector<64x32xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x32xf32>, memref<64x32xf32>
  }
  return
}

// So it is with loads of a block's own memory, whose rows are then as they are written: copied and read by 16 bytes. Rows
// that a mask leaves out are 0. Two operands that follow each other are written between the same barriers.

// CHECK-LABEL: llvm.func @own_tiles(
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache =  cg, %{{.*}}
// CHECK: scf.for %{{.*}} iter_args
// CHECK-NEXT: nvvm.barrier0
// CHECK-NOT: nvvm.barrier0
// CHECK-NOT: nvvm.fence.proxy
// CHECK: %[[ONE:.*]] = llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<8xbf16>
// CHECK: %[[IN:.*]] = arith.cmpi slt, %{{.*}}, %{{.*}} : i32
// CHECK: %[[K:.*]] = llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<8xbf16>
// CHECK: %[[SEEN:.*]] = arith.select %[[IN]], %[[K]], %{{.*}} : vector<8xbf16>
// CHECK: %[[Y:.*]] = arith.mulf %[[ONE]], %[[SEEN]] : vector<8xbf16>
// CHECK-NEXT: llvm.store %[[Y]], %{{.*}} {alignment = 16 : i64} : vector<8xbf16>, !llvm.ptr<3>
// CHECK-NOT: nvvm.barrier0
// CHECK-NOT: nvvm.fence.proxy
// CHECK-COUNT-3: llvm.store %{{.*}} {alignment = 16 : i64} : vector<8xbf16>, !llvm.ptr<3>
// CHECK-NEXT: nvvm.fence.proxy
// CHECK-NEXT: nvvm.barrier0
// CHECK-NOT: nvvm.barrier0
// CHECK-COUNT-2: "simplicial.wgmma"
// CHECK-LABEL: llvm.func @own_tiles_unaligned(
func.func @own(%a: memref<64x64xbf16>, %b: memref<?x64xbf16>, %q: memref<?x64xbf16>, %c: memref<64x32xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<64x32xf32>
  %none = arith.constant dense<0.0> : vector<32x64xbf16>
  scf.forall (%i) in (1) {
    %own = memref.alloca() : memref<40x64xbf16>
    %o = vector.transfer_read %b[%n, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<40x64xbf16>
    vector.transfer_write %o, %own[%c0, %c0] {in_bounds = [true, true]} : vector<40x64xbf16>, memref<40x64xbf16>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %sum = scf.for %at = %c0 to %n step %c1 iter_args(%acc = %zero) -> (vector<64x32xf32>) {
      %rows = vector.create_mask %at : vector<32xi1>
      %column = vector.shape_cast %rows : vector<32xi1> to vector<32x1xi1>
      %mask = vector.broadcast %column : vector<32x1xi1> to vector<32x64xi1>
      %k = vector.transfer_read %own[%at, %c0], %pad {in_bounds = [true, true]} : memref<40x64xbf16>, vector<32x64xbf16>
      %seen = arith.select %mask, %k, %none : vector<32x64xi1>, vector<32x64xbf16>
      %one = vector.transfer_read %own[%c0, %c0], %pad {in_bounds = [true, true]} : memref<40x64xbf16>, vector<1x64xbf16>
      %all = vector.broadcast %one : vector<1x64xbf16> to vector<32x64xbf16>
      %y = arith.mulf %all, %seen : vector<32x64xbf16>
      %z = vector.transfer_read %q[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<32x64xbf16>
      %twice = vector.transfer_read %q[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<32x64xbf16>
      %zz = arith.addf %z, %twice : vector<32x64xbf16>
      %s = vector.contract #mk_nk %x, %y, %acc : vector<64x64xbf16>, vector<32x64xbf16> into vector<64x32xf32>
      %t = vector.contract #mk_nk %x, %zz, %s : vector<64x64xbf16>, vector<32x64xbf16> into vector<64x32xf32>
      scf.yield %t : vector<64x32xf32>
    }
    vector.transfer_write %sum, %c[%c0, %c0] {in_bounds = [true, true]} : vector<64x32xf32>, memref<64x32xf32>
  }
  return
}

// Pieces of eight columns: rows of own memory that are read so are 32 bytes longer, of 72 elements here. Row r of the block
// is piece r mod 8 of key r / 8. Behind a loop its place is found anew, and its addresses are no more than moved by
// constants.

// CHECK-LABEL: llvm.func @pieces_tiles(
// CHECK: scf.for
// CHECK: %[[ANEW:.*]] = "simplicial.tie"
// CHECK: %[[INDEX:.*]] = arith.index_castui %[[ANEW]]
// CHECK: llvm.store {{.*}}vector<2xf32>, !llvm.ptr<3>
// CHECK: nvvm.barrier0
// CHECK: %[[KEY:.*]] = arith.divui %{{.*}}, %c8
// CHECK: %[[WIDE:.*]] = arith.index_cast %[[KEY]] : index to i64
// CHECK: arith.muli %[[WIDE]], %c72_i64
// CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK-NOT: "simplicial.tie"
// CHECK: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
// CHECK-LABEL: llvm.func @pieces_tiles_unaligned(
func.func @pieces(%a: memref<16x64xbf16>, %y: memref<16x64xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %pad = arith.constant 0.0 : bf16
  %nothing = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x64xf32>
  scf.forall (%i) in (1) {
    %own = memref.alloca() : memref<16x64xf32>
    %own8 = memref.expand_shape %own [[0], [1, 2]] output_shape [16, 8, 8] : memref<16x64xf32> into memref<16x8x8xf32>
    %y8 = memref.expand_shape %y [[0], [1, 2]] output_shape [16, 8, 8] : memref<16x64xf32> into memref<16x8x8xf32>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x64xbf16>, vector<16x64xbf16>
    %f = arith.extf %x : vector<16x64xbf16> to vector<16x64xf32>
    %sum = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zero) -> (vector<16x64xf32>) {
      %next = arith.addf %s, %f : vector<16x64xf32>
      scf.yield %next : vector<16x64xf32>
    }
    vector.transfer_write %sum, %own[%c0, %c0] {in_bounds = [true, true]} : vector<16x64xf32>, memref<16x64xf32>
    %p = vector.transfer_read %own8[%c0, %c0, %c0], %nothing {in_bounds = [true, true, true]} : memref<16x8x8xf32>, vector<2x8x8xf32>
    vector.transfer_write %p, %y8[%c0, %c0, %c0] {in_bounds = [true, true, true]} : vector<2x8x8xf32>, memref<16x8x8xf32>
  }
  return
}
}
