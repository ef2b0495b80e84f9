// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=1 %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=2 SIMPLICIAL_NUM_THREADS=1 %execute | FileCheck %s

// A block copies a row through shared memory: every thread brings 16 bytes, in
// two groups, and stores what another thread brought.
// CHECK: ok
// CHECK-NEXT: {{^}}0 of 640 wrong

module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
    llvm.func @copy(%from: !llvm.ptr<1>, %to: !llvm.ptr<1>, %stride: i64) attributes {gpu.kernel, nvvm.kernel} {
      %c8 = arith.constant 8 : i64
      %c16 = arith.constant 16 : i64
      %c32 = arith.constant 32 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %ctaid = nvvm.read.ptx.sreg.ctaid.x : i32
      %row = arith.extui %ctaid : i32 to i64
      %row_bytes = arith.muli %row, %stride : i64
      %t = arith.extui %tid : i32 to i64
      %offset = arith.muli %t, %c16 : i64
      %offset8 = arith.addi %offset, %c8 : i64
      %source = llvm.getelementptr %from[%row_bytes] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, i8
      %s0 = llvm.getelementptr %source[%offset] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, i8
      %s1 = llvm.getelementptr %source[%offset8] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, i8
      %d0 = llvm.getelementptr %shared[%offset] : (!llvm.ptr<3>, i64) -> !llvm.ptr<3>, i8
      %d1 = llvm.getelementptr %shared[%offset8] : (!llvm.ptr<3>, i64) -> !llvm.ptr<3>, i8
      nvvm.cp.async.shared.global %d0, %s0, 8, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.commit.group
      nvvm.cp.async.shared.global %d1, %s1, 8, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.commit.group
      // The first group is there; the thread may read it.
      nvvm.cp.async.wait.group 1
      %mine = llvm.load %d0 : !llvm.ptr<3> -> vector<2xf32>
      nvvm.cp.async.wait.group 0
      nvvm.barrier0
      %c39 = arith.constant 39 : i64
      %other = arith.subi %c39, %t : i64
      %other_offset = arith.muli %other, %c16 : i64
      %p = llvm.getelementptr %shared[%other_offset] : (!llvm.ptr<3>, i64) -> !llvm.ptr<3>, i8
      %v = llvm.load %p : !llvm.ptr<3> -> vector<4xf32>
      %target = llvm.getelementptr %to[%row_bytes] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, i8
      %q = llvm.getelementptr %target[%other_offset] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, i8
      llvm.store %v, %q : vector<4xf32>, !llvm.ptr<1>
      llvm.return
    }
  }

  func.func @copy(%from: memref<4x160xf32>, %to: memref<4x160xf32>) {
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c40 = arith.constant 40 : index
    %bytes = arith.constant 640 : i32
    %stride = arith.constant 640 : i64
    %a = memref.extract_aligned_pointer_as_index %from : memref<4x160xf32> -> index
    %b = memref.extract_aligned_pointer_as_index %to : memref<4x160xf32> -> index
    %ai = arith.index_cast %a : index to i64
    %bi = arith.index_cast %b : index to i64
    %ap = llvm.inttoptr %ai : i64 to !llvm.ptr<1>
    %bp = llvm.inttoptr %bi : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@copy blocks in (%c4, %c1, %c1) threads in (%c40, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%ap : !llvm.ptr<1>, %bp : !llvm.ptr<1>, %stride : i64)
    return
  }

  func.func private @report()
  func.func private @fill_f32(memref<4x160xf32>) attributes {llvm.emit_c_interface}
  func.func private @check_filled(memref<4x160xf32>) attributes {llvm.emit_c_interface}
  func.func @main() {
    %a = memref.alloc() {alignment = 16 : i64} : memref<4x160xf32>
    %b = memref.alloc() {alignment = 16 : i64} : memref<4x160xf32>
    call @fill_f32(%a) : (memref<4x160xf32>) -> ()
    call @copy(%a, %b) : (memref<4x160xf32>, memref<4x160xf32>) -> ()
    call @report() : () -> ()
    call @check_filled(%b) : (memref<4x160xf32>) -> ()
    memref.dealloc %a : memref<4x160xf32>
    memref.dealloc %b : memref<4x160xf32>
    return
  }
}
