// RUN: %emulate %s | %execute | FileCheck %s

// A kernel may access a view from its first element to its last.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.func @load(%p: !llvm.ptr<1>, %i: i64) attributes {gpu.kernel, nvvm.kernel} {
      %q = llvm.getelementptr %p[%i] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, f32
      %v = llvm.load %q : !llvm.ptr<1> -> f32
      llvm.return
    }
  }

  func.func private @report()
  func.func @load(%m: memref<?x4xf32, strided<[16, 1], offset: 8>>, %i: i64) {
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %base = memref.extract_aligned_pointer_as_index %m : memref<?x4xf32, strided<[16, 1], offset: 8>> -> index
    %offset = arith.constant 32 : index
    %start = arith.addi %base, %offset : index
    %j = arith.index_cast %start : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@load blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1) args(%p : !llvm.ptr<1>, %i : i64)
    call @report() : () -> ()
    return
  }

  func.func @load_backwards(%m: memref<?x4xf32, strided<[?, 1], offset: ?>>, %i: i64) {
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %base = memref.extract_aligned_pointer_as_index %m : memref<?x4xf32, strided<[?, 1], offset: ?>> -> index
    %buffer, %offset, %sizes:2, %strides:2 = memref.extract_strided_metadata %m
      : memref<?x4xf32, strided<[?, 1], offset: ?>> -> memref<f32>, index, index, index, index, index
    %bytes = arith.muli %offset, %c4 : index
    %start = arith.addi %base, %bytes : index
    %j = arith.index_cast %start : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@load blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%p : !llvm.ptr<1>, %i : i64)
    call @report() : () -> ()
    return
  }

  func.func @main() {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %i0 = arith.constant 0 : i64
    %i1 = arith.constant -1 : i64
    %i19 = arith.constant 19 : i64
    %i20 = arith.constant 20 : i64
    %m = memref.alloc() : memref<4x16xf32>
    %two = memref.subview %m[0, 8] [%c2, 4] [1, 1] : memref<4x16xf32> to memref<?x4xf32, strided<[16, 1], offset: 8>>
    // CHECK: ok
    call @load(%two, %i19) : (memref<?x4xf32, strided<[16, 1], offset: 8>>, i64) -> ()
    // CHECK-NEXT: extent.mlir:9:12: llvm.load: out of bounds: reads 4 bytes of global memory, from byte 80 of buffer 0, which has 80 [block (0, 0, 0), thread 0]
    call @load(%two, %i20) : (memref<?x4xf32, strided<[16, 1], offset: 8>>, i64) -> ()
    // CHECK-NEXT: extent.mlir:9:12: llvm.load: out of bounds: reads 4 bytes of global memory at 0x{{[0-9a-f]+}}, before every buffer
    call @load(%two, %i1) : (memref<?x4xf32, strided<[16, 1], offset: 8>>, i64) -> ()
    %none = memref.subview %m[0, 8] [%c0, 4] [1, 1] : memref<4x16xf32> to memref<?x4xf32, strided<[16, 1], offset: 8>>
    // CHECK-NEXT: extent.mlir:9:12: llvm.load: out of bounds: reads 4 bytes of global memory, from byte 0 of buffer 0, which has 0
    call @load(%none, %i0) : (memref<?x4xf32, strided<[16, 1], offset: 8>>, i64) -> ()
    // Rows in the opposite order: from the last one to the end of the first.
    %minus16 = arith.constant -16 : index
    %back = memref.reinterpret_cast %m to offset: [56], sizes: [%c2, 4], strides: [%minus16, 1] : memref<4x16xf32> to memref<?x4xf32, strided<[?, 1], offset: 56>>
    %rows = memref.cast %back : memref<?x4xf32, strided<[?, 1], offset: 56>> to memref<?x4xf32, strided<[?, 1], offset: ?>>
    %i3 = arith.constant 3 : i64
    %i4 = arith.constant 4 : i64
    %im16 = arith.constant -16 : i64
    %im17 = arith.constant -17 : i64
    // CHECK-NEXT: ok
    call @load_backwards(%rows, %i3) : (memref<?x4xf32, strided<[?, 1], offset: ?>>, i64) -> ()
    // CHECK-NEXT: ok
    call @load_backwards(%rows, %im16) : (memref<?x4xf32, strided<[?, 1], offset: ?>>, i64) -> ()
    // CHECK-NEXT: out of bounds: reads 4 bytes of global memory, from byte 80 of buffer 0, which has 80 [block (0, 0, 0), thread 0]
    call @load_backwards(%rows, %i4) : (memref<?x4xf32, strided<[?, 1], offset: ?>>, i64) -> ()
    // CHECK-NEXT: before every buffer
    call @load_backwards(%rows, %im17) : (memref<?x4xf32, strided<[?, 1], offset: ?>>, i64) -> ()
    memref.dealloc %m : memref<4x16xf32>
    return
  }
}
