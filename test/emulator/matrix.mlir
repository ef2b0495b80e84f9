// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=7 %execute | FileCheck %s

// A warp a block multiplies a tile of 16 rows of A by B.
// CHECK: ok
// CHECK-NEXT: {{^}}0 of 256 wrong
// CHECK-NEXT: ok
// CHECK-NEXT: {{^}}0 of 256 wrong
// CHECK-NEXT: ok
// CHECK-NEXT: {{^}}0 of 256 wrong

#row = #nvvm.mma_layout<row>
#col = #nvvm.mma_layout<col>
#m8n8 = #nvvm.ld_st_matrix_shape<m = 8, n = 8>
#b16 = #nvvm.ld_st_matrix_elt_type<b16>
#bf16 = #nvvm.mma_type<bf16>
#tf32 = #nvvm.mma_type<tf32>

module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    // A [32][16] by B [8][16]: both brought by cp.async to rows of 48 bytes, of
    // which B's begin at 768 (lanes from 16 on bring zeros behind it).
    llvm.func @bf16(%a: !llvm.ptr<1>, %b: !llvm.ptr<1>, %c: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      %c8 = arith.constant 8 : i32
      %c15 = arith.constant 15 : i32
      %c16 = arith.constant 16 : i32
      %c32 = arith.constant 32 : i32
      %c48 = arith.constant 48 : i32
      %c512 = arith.constant 512 : i32
      %c768 = arith.constant 768 : i32
      %c0 = arith.constant 0 : i32
      %zero = arith.constant 0.0 : f32
      %full = arith.constant -1 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %lane = nvvm.read.ptx.sreg.tid.x : i32
      %block = nvvm.read.ptx.sreg.ctaid.x : i32

      %row = arith.divui %lane, %c2 : i32
      %half = arith.remui %lane, %c2 : i32
      %half_bytes = arith.muli %half, %c16 : i32
      %row_bytes = arith.muli %row, %c32 : i32
      %tile_bytes = arith.muli %block, %c512 : i32
      %pitch_bytes = arith.muli %row, %c48 : i32
      %g0 = arith.addi %row_bytes, %half_bytes : i32
      %g = arith.addi %g0, %tile_bytes : i32
      %s = arith.addi %pitch_bytes, %half_bytes : i32
      %sb = arith.addi %s, %c768 : i32
      %pa = llvm.getelementptr %a[%g] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %pb = llvm.getelementptr %b[%g0] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %qa = llvm.getelementptr %shared[%s] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %qb = llvm.getelementptr %shared[%sb] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %has_b = arith.cmpi ult, %lane, %c16 : i32
      %b_bytes = arith.select %has_b, %c16, %c0 : i32
      nvvm.cp.async.shared.global %qa, %pa, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.shared.global %qb, %pb, 16, cache = cg, %b_bytes : !llvm.ptr<3>, !llvm.ptr<1>, i32
      nvvm.cp.async.commit.group
      nvvm.cp.async.wait.group 0
      nvvm.bar.warp.sync %full : i32

      %a_row = arith.remui %lane, %c16 : i32
      %a_half = arith.divui %lane, %c16 : i32
      %ar = arith.muli %a_row, %c48 : i32
      %ah = arith.muli %a_half, %c16 : i32
      %ao = arith.addi %ar, %ah : i32
      %ap = llvm.getelementptr %shared[%ao] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %fa = nvvm.ldmatrix %ap {num = 4 : i32, layout = #row, shape = #m8n8, eltType = #b16} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
      %b_row = arith.remui %lane, %c8 : i32
      %b_half0 = arith.divui %lane, %c8 : i32
      %b_half = arith.remui %b_half0, %c2 : i32
      %br = arith.muli %b_row, %c48 : i32
      %bh = arith.muli %b_half, %c16 : i32
      %bo0 = arith.addi %br, %bh : i32
      %bo = arith.addi %bo0, %c768 : i32
      %bp = llvm.getelementptr %shared[%bo] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %fb = nvvm.ldmatrix %bp {num = 2 : i32, layout = #row, shape = #m8n8, eltType = #b16} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32)>
      %a0 = llvm.extractvalue %fa[0] : !llvm.struct<(i32, i32, i32, i32)>
      %a1 = llvm.extractvalue %fa[1] : !llvm.struct<(i32, i32, i32, i32)>
      %a2 = llvm.extractvalue %fa[2] : !llvm.struct<(i32, i32, i32, i32)>
      %a3 = llvm.extractvalue %fa[3] : !llvm.struct<(i32, i32, i32, i32)>
      %b0 = llvm.extractvalue %fb[0] : !llvm.struct<(i32, i32)>
      %b1 = llvm.extractvalue %fb[1] : !llvm.struct<(i32, i32)>
      %d = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%zero, %zero, %zero, %zero]
        {layoutA = #row, layoutB = #col, multiplicandAPtxType = #bf16, multiplicandBPtxType = #bf16, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
        : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>

      // Row g of the result, then row g + 8: 256 bytes further.
      %g_row = arith.divui %lane, %c4 : i32
      %t = arith.remui %lane, %c4 : i32
      %or = arith.muli %g_row, %c32 : i32
      %oc = arith.muli %t, %c8 : i32
      %o0 = arith.addi %or, %oc : i32
      %o = arith.addi %o0, %tile_bytes : i32
      %p0 = llvm.getelementptr %c[%o] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %p1 = llvm.getelementptr %p0[256] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
      %d0 = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>
      %d1 = llvm.extractvalue %d[1] : !llvm.struct<(f32, f32, f32, f32)>
      %d2 = llvm.extractvalue %d[2] : !llvm.struct<(f32, f32, f32, f32)>
      %d3 = llvm.extractvalue %d[3] : !llvm.struct<(f32, f32, f32, f32)>
      %v0 = vector.from_elements %d0, %d1 : vector<2xf32>
      %v1 = vector.from_elements %d2, %d3 : vector<2xf32>
      llvm.store %v0, %p0 : vector<2xf32>, !llvm.ptr<1>
      llvm.store %v1, %p1 : vector<2xf32>, !llvm.ptr<1>
      llvm.return
    }

    // A [32][16] by B [16][8], through registers to shared memory: A to rows of
    // 48 bytes, B to rows of 16 from 768 on, where it is transposed.
    llvm.func @f16(%a: !llvm.ptr<1>, %b: !llvm.ptr<1>, %c: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %c2 = arith.constant 2 : i32
      %c4 = arith.constant 4 : i32
      %c8 = arith.constant 8 : i32
      %c16 = arith.constant 16 : i32
      %c32 = arith.constant 32 : i32
      %c48 = arith.constant 48 : i32
      %c512 = arith.constant 512 : i32
      %c768 = arith.constant 768 : i32
      %zero = arith.constant 0.0 : f32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %lane = nvvm.read.ptx.sreg.tid.x : i32
      %block = nvvm.read.ptx.sreg.ctaid.x : i32

      %row = arith.divui %lane, %c2 : i32
      %half = arith.remui %lane, %c2 : i32
      %half_bytes = arith.muli %half, %c16 : i32
      %row_bytes = arith.muli %row, %c32 : i32
      %tile_bytes = arith.muli %block, %c512 : i32
      %pitch_bytes = arith.muli %row, %c48 : i32
      %g0 = arith.addi %row_bytes, %half_bytes : i32
      %g = arith.addi %g0, %tile_bytes : i32
      %s = arith.addi %pitch_bytes, %half_bytes : i32
      %pa = llvm.getelementptr %a[%g] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %qa = llvm.getelementptr %shared[%s] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %va = llvm.load %pa : !llvm.ptr<1> -> vector<8xf16>
      llvm.store %va, %qa : vector<8xf16>, !llvm.ptr<3>
      %lane8 = arith.muli %lane, %c8 : i32
      %lane8s = arith.addi %lane8, %c768 : i32
      %pb = llvm.getelementptr %b[%lane8] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %qb = llvm.getelementptr %shared[%lane8s] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %vb = llvm.load %pb : !llvm.ptr<1> -> vector<4xf16>
      llvm.store %vb, %qb : vector<4xf16>, !llvm.ptr<3>
      nvvm.barrier0

      %a_row = arith.remui %lane, %c16 : i32
      %a_half = arith.divui %lane, %c16 : i32
      %ar = arith.muli %a_row, %c48 : i32
      %ah = arith.muli %a_half, %c16 : i32
      %ao = arith.addi %ar, %ah : i32
      %ap = llvm.getelementptr %shared[%ao] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %fa = nvvm.ldmatrix %ap {num = 4 : i32, layout = #row, shape = #m8n8, eltType = #b16} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
      // One matrix at a time.
      %b_row = arith.remui %lane, %c8 : i32
      %br = arith.muli %b_row, %c16 : i32
      %bo = arith.addi %br, %c768 : i32
      %bp0 = llvm.getelementptr %shared[%bo] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %bp1 = llvm.getelementptr %bp0[128] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %b0 = nvvm.ldmatrix %bp0 {num = 1 : i32, layout = #col, shape = #m8n8, eltType = #b16} : (!llvm.ptr<3>) -> i32
      %b1 = nvvm.ldmatrix %bp1 {num = 1 : i32, layout = #col, shape = #m8n8, eltType = #b16} : (!llvm.ptr<3>) -> i32
      %a0 = llvm.extractvalue %fa[0] : !llvm.struct<(i32, i32, i32, i32)>
      %a1 = llvm.extractvalue %fa[1] : !llvm.struct<(i32, i32, i32, i32)>
      %a2 = llvm.extractvalue %fa[2] : !llvm.struct<(i32, i32, i32, i32)>
      %a3 = llvm.extractvalue %fa[3] : !llvm.struct<(i32, i32, i32, i32)>
      %ha0 = llvm.bitcast %a0 : i32 to vector<2xf16>
      %ha1 = llvm.bitcast %a1 : i32 to vector<2xf16>
      %ha2 = llvm.bitcast %a2 : i32 to vector<2xf16>
      %ha3 = llvm.bitcast %a3 : i32 to vector<2xf16>
      %hb0 = llvm.bitcast %b0 : i32 to vector<2xf16>
      %hb1 = llvm.bitcast %b1 : i32 to vector<2xf16>
      %d = nvvm.mma.sync A[%ha0, %ha1, %ha2, %ha3] B[%hb0, %hb1] C[%zero, %zero, %zero, %zero]
        {layoutA = #row, layoutB = #col, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
        : (vector<2xf16>, vector<2xf16>, f32) -> !llvm.struct<(f32, f32, f32, f32)>

      %g_row = arith.divui %lane, %c4 : i32
      %t = arith.remui %lane, %c4 : i32
      %or = arith.muli %g_row, %c32 : i32
      %oc = arith.muli %t, %c8 : i32
      %o0 = arith.addi %or, %oc : i32
      %o = arith.addi %o0, %tile_bytes : i32
      %p0 = llvm.getelementptr %c[%o] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %p1 = llvm.getelementptr %p0[256] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
      %d0 = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>
      %d1 = llvm.extractvalue %d[1] : !llvm.struct<(f32, f32, f32, f32)>
      %d2 = llvm.extractvalue %d[2] : !llvm.struct<(f32, f32, f32, f32)>
      %d3 = llvm.extractvalue %d[3] : !llvm.struct<(f32, f32, f32, f32)>
      %v0 = vector.from_elements %d0, %d1 : vector<2xf32>
      %v1 = vector.from_elements %d2, %d3 : vector<2xf32>
      llvm.store %v0, %p0 : vector<2xf32>, !llvm.ptr<1>
      llvm.store %v1, %p1 : vector<2xf32>, !llvm.ptr<1>
      llvm.return
    }

    // A [32][16] by B [8][16], in two steps of 8, from global memory.
    llvm.func @tf32(%a: !llvm.ptr<1>, %b: !llvm.ptr<1>, %c: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : index
      %i1 = arith.constant 1 : index
      %i2 = arith.constant 2 : index
      %c4 = arith.constant 4 : i32
      %c8 = arith.constant 8 : i32
      %c16 = arith.constant 16 : i32
      %c32 = arith.constant 32 : i32
      %c512 = arith.constant 512 : i32
      %zero = arith.constant 0.0 : f32
      %lane = nvvm.read.ptx.sreg.laneid : i32
      %block = nvvm.read.ptx.sreg.ctaid.x : i32
      %g = arith.divui %lane, %c4 : i32
      %t = arith.remui %lane, %c4 : i32
      %g16 = arith.muli %g, %c16 : i32
      %first = arith.addi %g16, %t : i32
      %tile = arith.muli %block, %c512 : i32
      %tile_a = llvm.getelementptr %a[%tile] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i16
      %d:4 = scf.for %k = %i0 to %i2 step %i1 iter_args(%e0 = %zero, %e1 = %zero, %e2 = %zero, %e3 = %zero) -> (f32, f32, f32, f32) {
        %ki = arith.index_cast %k : index to i32
        %k8 = arith.muli %ki, %c8 : i32
        %o = arith.addi %first, %k8 : i32
        %pa0 = llvm.getelementptr %tile_a[%o] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
        %pa1 = llvm.getelementptr %pa0[128] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
        %pa2 = llvm.getelementptr %pa0[4] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
        %pa3 = llvm.getelementptr %pa0[132] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
        %pb0 = llvm.getelementptr %b[%o] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
        %pb1 = llvm.getelementptr %pb0[4] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
        %a0 = llvm.load %pa0 : !llvm.ptr<1> -> i32
        %a1 = llvm.load %pa1 : !llvm.ptr<1> -> i32
        %a2 = llvm.load %pa2 : !llvm.ptr<1> -> i32
        %a3 = llvm.load %pa3 : !llvm.ptr<1> -> i32
        %b0 = llvm.load %pb0 : !llvm.ptr<1> -> i32
        %b1 = llvm.load %pb1 : !llvm.ptr<1> -> i32
        %e = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%e0, %e1, %e2, %e3]
          {layoutA = #row, layoutB = #col, multiplicandAPtxType = #tf32, multiplicandBPtxType = #tf32, shape = #nvvm.shape<m = 16, n = 8, k = 8>}
          : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
        %f0 = llvm.extractvalue %e[0] : !llvm.struct<(f32, f32, f32, f32)>
        %f1 = llvm.extractvalue %e[1] : !llvm.struct<(f32, f32, f32, f32)>
        %f2 = llvm.extractvalue %e[2] : !llvm.struct<(f32, f32, f32, f32)>
        %f3 = llvm.extractvalue %e[3] : !llvm.struct<(f32, f32, f32, f32)>
        scf.yield %f0, %f1, %f2, %f3 : f32, f32, f32, f32
      }
      %or = arith.muli %g, %c32 : i32
      %oc = arith.muli %t, %c8 : i32
      %o0 = arith.addi %or, %oc : i32
      %oo = arith.addi %o0, %tile : i32
      %p0 = llvm.getelementptr %c[%oo] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %p1 = llvm.getelementptr %p0[256] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i8
      %v0 = vector.from_elements %d#0, %d#1 : vector<2xf32>
      %v1 = vector.from_elements %d#2, %d#3 : vector<2xf32>
      llvm.store %v0, %p0 : vector<2xf32>, !llvm.ptr<1>
      llvm.store %v1, %p1 : vector<2xf32>, !llvm.ptr<1>
      llvm.return
    }
  }

  func.func @bf16(%a: memref<32x16xbf16>, %b: memref<8x16xbf16>, %c: memref<32x8xf32>) {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    %bytes = arith.constant 1536 : i32
    %ai = memref.extract_aligned_pointer_as_index %a : memref<32x16xbf16> -> index
    %bi = memref.extract_aligned_pointer_as_index %b : memref<8x16xbf16> -> index
    %ci = memref.extract_aligned_pointer_as_index %c : memref<32x8xf32> -> index
    %aj = arith.index_cast %ai : index to i64
    %bj = arith.index_cast %bi : index to i64
    %cj = arith.index_cast %ci : index to i64
    %ap = llvm.inttoptr %aj : i64 to !llvm.ptr<1>
    %bp = llvm.inttoptr %bj : i64 to !llvm.ptr<1>
    %cp = llvm.inttoptr %cj : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@bf16 blocks in (%c2, %c1, %c1) threads in (%c32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%ap : !llvm.ptr<1>, %bp : !llvm.ptr<1>, %cp : !llvm.ptr<1>)
    return
  }
  func.func @f16(%a: memref<32x16xf16>, %b: memref<16x8xf16>, %c: memref<32x8xf32>) {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    %bytes = arith.constant 1024 : i32
    %ai = memref.extract_aligned_pointer_as_index %a : memref<32x16xf16> -> index
    %bi = memref.extract_aligned_pointer_as_index %b : memref<16x8xf16> -> index
    %ci = memref.extract_aligned_pointer_as_index %c : memref<32x8xf32> -> index
    %aj = arith.index_cast %ai : index to i64
    %bj = arith.index_cast %bi : index to i64
    %cj = arith.index_cast %ci : index to i64
    %ap = llvm.inttoptr %aj : i64 to !llvm.ptr<1>
    %bp = llvm.inttoptr %bj : i64 to !llvm.ptr<1>
    %cp = llvm.inttoptr %cj : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@f16 blocks in (%c2, %c1, %c1) threads in (%c32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%ap : !llvm.ptr<1>, %bp : !llvm.ptr<1>, %cp : !llvm.ptr<1>)
    return
  }
  func.func @tf32(%a: memref<32x16xf32>, %b: memref<8x16xf32>, %c: memref<32x8xf32>) {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    %ai = memref.extract_aligned_pointer_as_index %a : memref<32x16xf32> -> index
    %bi = memref.extract_aligned_pointer_as_index %b : memref<8x16xf32> -> index
    %ci = memref.extract_aligned_pointer_as_index %c : memref<32x8xf32> -> index
    %aj = arith.index_cast %ai : index to i64
    %bj = arith.index_cast %bi : index to i64
    %cj = arith.index_cast %ci : index to i64
    %ap = llvm.inttoptr %aj : i64 to !llvm.ptr<1>
    %bp = llvm.inttoptr %bj : i64 to !llvm.ptr<1>
    %cp = llvm.inttoptr %cj : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@tf32 blocks in (%c2, %c1, %c1) threads in (%c32, %c1, %c1)
      args(%ap : !llvm.ptr<1>, %bp : !llvm.ptr<1>, %cp : !llvm.ptr<1>)
    return
  }

  func.func private @report()
  func.func private @fill_bf16(memref<?x?xbf16>) attributes {llvm.emit_c_interface}
  func.func private @fill_f16(memref<?x?xf16>) attributes {llvm.emit_c_interface}
  func.func private @fill_f32(memref<?x?xf32>) attributes {llvm.emit_c_interface}
  func.func private @check_product(memref<32x8xf32>, i64, i1) attributes {llvm.emit_c_interface}

  func.func @main() {
    %k = arith.constant 16 : i64
    %false = arith.constant false
    %true = arith.constant true

    %a0 = memref.alloc() {alignment = 16 : i64} : memref<32x16xbf16>
    %b0 = memref.alloc() {alignment = 16 : i64} : memref<8x16xbf16>
    %c0 = memref.alloc() {alignment = 16 : i64} : memref<32x8xf32>
    %da0 = memref.cast %a0 : memref<32x16xbf16> to memref<?x?xbf16>
    %db0 = memref.cast %b0 : memref<8x16xbf16> to memref<?x?xbf16>
    call @fill_bf16(%da0) : (memref<?x?xbf16>) -> ()
    call @fill_bf16(%db0) : (memref<?x?xbf16>) -> ()
    call @bf16(%a0, %b0, %c0) : (memref<32x16xbf16>, memref<8x16xbf16>, memref<32x8xf32>) -> ()
    call @report() : () -> ()
    call @check_product(%c0, %k, %false) : (memref<32x8xf32>, i64, i1) -> ()

    %a1 = memref.alloc() {alignment = 16 : i64} : memref<32x16xf16>
    %b1 = memref.alloc() {alignment = 16 : i64} : memref<16x8xf16>
    %c1 = memref.alloc() {alignment = 16 : i64} : memref<32x8xf32>
    %da1 = memref.cast %a1 : memref<32x16xf16> to memref<?x?xf16>
    %db1 = memref.cast %b1 : memref<16x8xf16> to memref<?x?xf16>
    call @fill_f16(%da1) : (memref<?x?xf16>) -> ()
    call @fill_f16(%db1) : (memref<?x?xf16>) -> ()
    call @f16(%a1, %b1, %c1) : (memref<32x16xf16>, memref<16x8xf16>, memref<32x8xf32>) -> ()
    call @report() : () -> ()
    call @check_product(%c1, %k, %true) : (memref<32x8xf32>, i64, i1) -> ()

    %a2 = memref.alloc() {alignment = 16 : i64} : memref<32x16xf32>
    %b2 = memref.alloc() {alignment = 16 : i64} : memref<8x16xf32>
    %c2 = memref.alloc() {alignment = 16 : i64} : memref<32x8xf32>
    %da2 = memref.cast %a2 : memref<32x16xf32> to memref<?x?xf32>
    %db2 = memref.cast %b2 : memref<8x16xf32> to memref<?x?xf32>
    call @fill_f32(%da2) : (memref<?x?xf32>) -> ()
    call @fill_f32(%db2) : (memref<?x?xf32>) -> ()
    call @tf32(%a2, %b2, %c2) : (memref<32x16xf32>, memref<8x16xf32>, memref<32x8xf32>) -> ()
    call @report() : () -> ()
    call @check_product(%c2, %k, %false) : (memref<32x8xf32>, i64, i1) -> ()
    memref.dealloc %a0 : memref<32x16xbf16>
    memref.dealloc %b0 : memref<8x16xbf16>
    memref.dealloc %c0 : memref<32x8xf32>
    memref.dealloc %a1 : memref<32x16xf16>
    memref.dealloc %b1 : memref<16x8xf16>
    memref.dealloc %c1 : memref<32x8xf32>
    memref.dealloc %a2 : memref<32x16xf32>
    memref.dealloc %b2 : memref<8x16xf32>
    memref.dealloc %c2 : memref<32x8xf32>
    return
  }
}
