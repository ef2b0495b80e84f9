// 16 x 8 = 16 x 16 times 16 x 8, of bf16: cp.async, ldmatrix and mma.sync, with
// more dynamic shared memory than a kernel has without asking.
module attributes {gpu.container_module} {
  gpu.module @mma_kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
    llvm.func @mma_tiles(%a: !llvm.ptr<1>, %b: !llvm.ptr<1>, %out: !llvm.ptr<1>)
        attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 32, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      %zero = arith.constant 0.0 : f32
      %i16 = arith.constant 16 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %byte = arith.muli %tid, %i16 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %sb = llvm.getelementptr %shared[512] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %to_a = llvm.getelementptr %shared[%byte] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to_b = llvm.getelementptr %sb[%byte] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %from_a = llvm.getelementptr %a[%byte] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %from_b = llvm.getelementptr %b[%byte] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      nvvm.cp.async.shared.global %to_a, %from_a, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
      %first_half = arith.cmpi ult, %tid, %i16 : i32
      scf.if %first_half {
        nvvm.cp.async.shared.global %to_b, %from_b, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
      }
      nvvm.cp.async.commit.group
      nvvm.cp.async.wait.group 0
      nvvm.barrier0
      %fa = nvvm.ldmatrix %to_a {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
      %fb = nvvm.ldmatrix %to_b {num = 2 : i32, layout = #nvvm.mma_layout<col>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32)>
      %a0 = llvm.extractvalue %fa[0] : !llvm.struct<(i32, i32, i32, i32)>
      %a1 = llvm.extractvalue %fa[1] : !llvm.struct<(i32, i32, i32, i32)>
      %a2 = llvm.extractvalue %fa[2] : !llvm.struct<(i32, i32, i32, i32)>
      %a3 = llvm.extractvalue %fa[3] : !llvm.struct<(i32, i32, i32, i32)>
      %b0 = llvm.extractvalue %fb[0] : !llvm.struct<(i32, i32)>
      %b1 = llvm.extractvalue %fb[1] : !llvm.struct<(i32, i32)>
      %d:4 = scf.for %i = %c0 to %c4 step %c1 iter_args(%x0 = %zero, %x1 = %zero, %x2 = %zero, %x3 = %zero) -> (f32, f32, f32, f32) {
        %d = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%x0, %x1, %x2, %x3] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>} : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
        %y0 = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>
        %y1 = llvm.extractvalue %d[1] : !llvm.struct<(f32, f32, f32, f32)>
        %y2 = llvm.extractvalue %d[2] : !llvm.struct<(f32, f32, f32, f32)>
        %y3 = llvm.extractvalue %d[3] : !llvm.struct<(f32, f32, f32, f32)>
        scf.yield %y0, %y1, %y2, %y3 : f32, f32, f32, f32
      }
      %full = arith.constant -1 : i32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      %other = nvvm.shfl.sync bfly %full, %d#0, %one, %clamp : f32 -> f32
      %max = arith.maxnumf %d#0, %other : f32
      %exp = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%max) : (f32) -> f32
      %v = vector.from_elements %exp, %d#1, %d#2, %d#3 : vector<4xf32>
      %to = llvm.getelementptr %out[%byte] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      llvm.store %v, %to {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<1>
      llvm.return
    }
  }
  func.func @mma(%a: memref<16x16xbf16>, %b: memref<16x8xbf16>, %out: memref<16x8xf32>) {
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %bytes = arith.constant 65536 : i32
    %ai = memref.extract_aligned_pointer_as_index %a : memref<16x16xbf16> -> index
    %bi = memref.extract_aligned_pointer_as_index %b : memref<16x8xbf16> -> index
    %oi = memref.extract_aligned_pointer_as_index %out : memref<16x8xf32> -> index
    %a64 = arith.index_cast %ai : index to i64
    %b64 = arith.index_cast %bi : index to i64
    %o64 = arith.index_cast %oi : index to i64
    %pa = llvm.inttoptr %a64 : i64 to !llvm.ptr<1>
    %pb = llvm.inttoptr %b64 : i64 to !llvm.ptr<1>
    %po = llvm.inttoptr %o64 : i64 to !llvm.ptr<1>
    gpu.launch_func @mma_kernels::@mma_tiles blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1)
        dynamic_shared_memory_size %bytes args(%pa : !llvm.ptr<1>, %pb : !llvm.ptr<1>, %po : !llvm.ptr<1>)
    return
  }
}
