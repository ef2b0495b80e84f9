// RUN: %emulate %s | %execute | FileCheck %s

// A warp multiplies A [16, 16] by B [16, 8]. A's columns are contiguous: a
// transposing load makes it a left operand, of addresses in the order of
// layout_addresses_left_transposed (lowering/gpu/target/layout.h).

// CHECK: {{^}}0 of 128 wrong
// CHECK-NEXT: ok

!matrix = memref<?x?xbf16, strided<[?, ?]>>
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
    llvm.func @product(%a: !llvm.ptr<1>, %b: !llvm.ptr<1>, %c: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i2 = arith.constant 2 : i32
      %i4 = arith.constant 4 : i32
      %i8 = arith.constant 8 : i32
      %i16 = arith.constant 16 : i32
      %zero = arith.constant 0.0 : f32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %lane = nvvm.read.ptx.sreg.tid.x : i32
      %from = llvm.getelementptr %a[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, vector<8xbf16>
      %to = llvm.getelementptr %shared[%lane] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, vector<8xbf16>
      %eight = llvm.load %from : !llvm.ptr<1> -> vector<8xbf16>
      llvm.store %eight, %to : vector<8xbf16>, !llvm.ptr<3>
      nvvm.barrier0

      // Column lane % 8 + lane / 16 * 8, from row lane / 8 % 2 * 8 on.
      %in_matrix = arith.remui %lane, %i8 : i32
      %right = arith.divui %lane, %i16 : i32
      %right8 = arith.muli %right, %i8 : i32
      %column = arith.addi %in_matrix, %right8 : i32
      %matrix = arith.divui %lane, %i8 : i32
      %lower = arith.remui %matrix, %i2 : i32
      %column_at = arith.muli %column, %i2 : i32
      %at = arith.addi %column_at, %lower : i32
      %address = llvm.getelementptr %shared[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, vector<8xbf16>
      %left = nvvm.ldmatrix %address {num = 4 : i32, layout = #nvvm.mma_layout<col>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
      %a0 = llvm.extractvalue %left[0] : !llvm.struct<(i32, i32, i32, i32)>
      %a1 = llvm.extractvalue %left[1] : !llvm.struct<(i32, i32, i32, i32)>
      %a2 = llvm.extractvalue %left[2] : !llvm.struct<(i32, i32, i32, i32)>
      %a3 = llvm.extractvalue %left[3] : !llvm.struct<(i32, i32, i32, i32)>

      // B, whose columns are contiguous, from global memory.
      %g = arith.divui %lane, %i4 : i32
      %t = arith.remui %lane, %i4 : i32
      %g8 = arith.muli %g, %i8 : i32
      %b_at = arith.addi %g8, %t : i32
      %p0 = llvm.getelementptr %b[%b_at] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
      %p1 = llvm.getelementptr %p0[4] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
      %b0 = llvm.load %p0 : !llvm.ptr<1> -> i32
      %b1 = llvm.load %p1 : !llvm.ptr<1> -> i32
      %d = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%zero, %zero, %zero, %zero]
        {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
        : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
      %d0 = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>
      %d1 = llvm.extractvalue %d[1] : !llvm.struct<(f32, f32, f32, f32)>
      %d2 = llvm.extractvalue %d[2] : !llvm.struct<(f32, f32, f32, f32)>
      %d3 = llvm.extractvalue %d[3] : !llvm.struct<(f32, f32, f32, f32)>
      %v0 = vector.from_elements %d0, %d1 : vector<2xf32>
      %v1 = vector.from_elements %d2, %d3 : vector<2xf32>
      %q0 = llvm.getelementptr %c[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, vector<2xf32>
      %q1 = llvm.getelementptr %q0[32] : (!llvm.ptr<1>) -> !llvm.ptr<1>, vector<2xf32>
      llvm.store %v0, %q0 : vector<2xf32>, !llvm.ptr<1>
      llvm.store %v1, %q1 : vector<2xf32>, !llvm.ptr<1>
      llvm.return
    }
  }

  func.func private @report()
  func.func private @fill_bf16(!matrix) attributes {llvm.emit_c_interface}
  func.func private @check_product(memref<16x8xf32>, i64, i1) attributes {llvm.emit_c_interface}

  func.func @main() {
    %false = arith.constant false
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %c32 = arith.constant 32 : index
    %k = arith.constant 16 : i64
    %bytes = arith.constant 512 : i32
    %a = memref.alloc() {alignment = 16 : i64} : memref<256xbf16>
    %b = memref.alloc() {alignment = 16 : i64} : memref<128xbf16>
    %c = memref.alloc() {alignment = 16 : i64} : memref<16x8xf32>
    %a_view = memref.reinterpret_cast %a to offset: [0], sizes: [%c16, %c16], strides: [%c1, %c16] : memref<256xbf16> to !matrix
    %b_view = memref.reinterpret_cast %b to offset: [0], sizes: [%c8, %c16], strides: [%c16, %c1] : memref<128xbf16> to !matrix
    call @fill_bf16(%a_view) : (!matrix) -> ()
    call @fill_bf16(%b_view) : (!matrix) -> ()
    %ai = memref.extract_aligned_pointer_as_index %a : memref<256xbf16> -> index
    %bi = memref.extract_aligned_pointer_as_index %b : memref<128xbf16> -> index
    %ci = memref.extract_aligned_pointer_as_index %c : memref<16x8xf32> -> index
    %aj = arith.index_cast %ai : index to i64
    %bj = arith.index_cast %bi : index to i64
    %cj = arith.index_cast %ci : index to i64
    %ap = llvm.inttoptr %aj : i64 to !llvm.ptr<1>
    %bp = llvm.inttoptr %bj : i64 to !llvm.ptr<1>
    %cp = llvm.inttoptr %cj : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@product blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%ap : !llvm.ptr<1>, %bp : !llvm.ptr<1>, %cp : !llvm.ptr<1>)
    call @check_product(%c, %k, %false) : (memref<16x8xf32>, i64, i1) -> ()
    call @report() : () -> ()
    memref.dealloc %a : memref<256xbf16>
    memref.dealloc %b : memref<128xbf16>
    memref.dealloc %c : memref<16x8xf32>
    return
  }
}
