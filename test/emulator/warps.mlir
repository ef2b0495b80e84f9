// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=11 %execute | FileCheck %s

// Instructions for a warp that part of it reaches.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    llvm.func @mma_partial(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n16 = arith.constant 16 : i32
      %low = arith.cmpi ult, %tid, %n16 : i32
      %all = arith.constant -1 : i32
      %f = arith.constant 1.0 : f32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      scf.if %low {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:14: nvvm.mma.sync: reached by part of a warp: lanes 0x0000ffff of 0xffffffff; thread 16 has exited [block (0, 0, 0), thread 0]
        %d = nvvm.mma.sync A[%one, %one, %one, %one] B[%one, %one] C[%f, %f, %f, %f] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>} : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
      }
      llvm.return
    }

    // In both branches: yet not the same instruction.
    llvm.func @two_mmas(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n16 = arith.constant 16 : i32
      %low = arith.cmpi ult, %tid, %n16 : i32
      %all = arith.constant -1 : i32
      %f = arith.constant 1.0 : f32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      scf.if %low {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:14: nvvm.mma.sync: reached by part of a warp: lanes 0x0000ffff of 0xffffffff; thread 16 waits at {{.*}}.mlir:[[#@LINE+3]]:14: nvvm.mma.sync [block
        %d = nvvm.mma.sync A[%one, %one, %one, %one] B[%one, %one] C[%f, %f, %f, %f] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>} : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
      } else {
        %d = nvvm.mma.sync A[%one, %one, %one, %one] B[%one, %one] C[%f, %f, %f, %f] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>} : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
      }
      llvm.return
    }

    llvm.func @ldmatrix_partial(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n16 = arith.constant 16 : i32
      %low = arith.cmpi ult, %tid, %n16 : i32
      %all = arith.constant -1 : i32
      %f = arith.constant 1.0 : f32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      scf.if %low {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:14: nvvm.ldmatrix: reached by part of a warp: lanes 0x0000ffff of 0xffffffff; thread 16 has exited
        %m = nvvm.ldmatrix %shared {num = 1 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> i32
      }
      llvm.return
    }

    llvm.func @shuffle_partial(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n16 = arith.constant 16 : i32
      %low = arith.cmpi ult, %tid, %n16 : i32
      %all = arith.constant -1 : i32
      %f = arith.constant 1.0 : f32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      scf.if %low {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:14: nvvm.shfl.sync: reached by part of a warp: lanes 0x0000ffff of 0xffffffff; thread 16 waits at {{.*}}: nvvm.barrier0
        %s = nvvm.shfl.sync bfly %all, %f, %one, %clamp : f32 -> f32
      } else {
        nvvm.barrier0
      }
      llvm.return
    }

    llvm.func @shuffle_not_in_mask(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n16 = arith.constant 16 : i32
      %low = arith.cmpi ult, %tid, %n16 : i32
      %all = arith.constant -1 : i32
      %f = arith.constant 1.0 : f32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      %mask = arith.constant 255 : i32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: nvvm.shfl.sync: lane 8 is not in the mask 0x000000ff [block (0, 0, 0), thread 8]
      %s = nvvm.shfl.sync bfly %mask, %f, %one, %clamp : f32 -> f32
      llvm.return
    }

    // Lanes from 16 on have exited; they do not hold up the others, but have nothing
    // for them either.
    llvm.func @shuffle_from_exited(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n16 = arith.constant 16 : i32
      %low = arith.cmpi ult, %tid, %n16 : i32
      %all = arith.constant -1 : i32
      %f = arith.constant 1.0 : f32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      %far = arith.constant 16 : i32
      scf.if %low {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:14: nvvm.shfl.sync: lane 0 reads lane 16, which takes no part [block (0, 0, 0), thread 0]
        %s = nvvm.shfl.sync bfly %all, %f, %far, %clamp : f32 -> f32
      }
      llvm.return
    }

    llvm.func @warp_barrier_partial(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n16 = arith.constant 16 : i32
      %low = arith.cmpi ult, %tid, %n16 : i32
      %all = arith.constant -1 : i32
      %f = arith.constant 1.0 : f32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      scf.if %low {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.bar.warp.sync: reached by part of a warp: lanes 0x0000ffff of 0xffffffff; thread 16 waits at
        nvvm.bar.warp.sync %all : i32
      } else {
        %s = nvvm.shfl.sync bfly %all, %f, %one, %clamp : f32 -> f32
      }
      llvm.return
    }

    llvm.func @small_warp(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n16 = arith.constant 16 : i32
      %low = arith.cmpi ult, %tid, %n16 : i32
      %all = arith.constant -1 : i32
      %f = arith.constant 1.0 : f32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: nvvm.mma.sync: the block's last warp has not 32 threads
      %d = nvvm.mma.sync A[%one, %one, %one, %one] B[%one, %one] C[%f, %f, %f, %f] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>} : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
      llvm.return
    }
  }

  func.func private @report()
  func.func @main() {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %bytes = arith.constant 256 : i32
    %t16 = arith.constant 16 : index
    %t32 = arith.constant 32 : index
    %t64 = arith.constant 64 : index
    %m = memref.alloc() {alignment = 16 : i64} : memref<64xf32>
    %i = memref.extract_aligned_pointer_as_index %m : memref<64xf32> -> index
    %j = arith.index_cast %i : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@mma_partial blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@two_mmas blocks in (%c1, %c1, %c1) threads in (%t64, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@ldmatrix_partial blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@shuffle_partial blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@shuffle_not_in_mask blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@shuffle_from_exited blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@warp_barrier_partial blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@small_warp blocks in (%c1, %c1, %c1) threads in (%t16, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    memref.dealloc %m : memref<64xf32>
    return
  }
}
