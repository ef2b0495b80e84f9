// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=3 %execute | FileCheck %s

// Memory that a kernel may not access so.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    // Thread 3 loads behind the end.
    llvm.func @global_load(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %c61 = arith.constant 61 : i32
      %i = arith.addi %tid, %c61 : i32
      %q = llvm.getelementptr %p[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: out of bounds: reads 4 bytes of global memory, from byte 256 of buffer 0, which has 256 [block (0, 0, 0), thread 3]
      %v = llvm.load %q : !llvm.ptr<1> -> f32
      llvm.return
    }

    llvm.func @global_store(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %q = llvm.getelementptr %p[62] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      %v = arith.constant dense<0.0> : vector<4xf32>
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store: out of bounds: writes 16 bytes of global memory, from byte 248 of buffer 0, which has 256 [block (0, 0, 0), thread 0]
      llvm.store %v, %q {alignment = 8 : i64} : vector<4xf32>, !llvm.ptr<1>
      llvm.return
    }

    llvm.func @global_before(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %q = llvm.getelementptr %p[-1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: out of bounds: reads 4 bytes of global memory at 0x{{[0-9a-f]+}}, before every buffer [block
      %v = llvm.load %q : !llvm.ptr<1> -> f32
      llvm.return
    }

    llvm.func @global_misaligned(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %q = llvm.getelementptr %p[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: misaligned: reads 8 bytes of global memory at 0x{{[0-9a-f]+}}, which is not a multiple of 8 [block
      %v = llvm.load %q : !llvm.ptr<1> -> vector<2xf32>
      llvm.return
    }

    // A copy reads the bytes that it does not fill with zeros.
    llvm.func @copy_global(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %c8 = arith.constant 8 : i32
      %c12 = arith.constant 12 : i32
      %q = llvm.getelementptr %p[60] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      %r = llvm.getelementptr %p[64] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %c0 = arith.constant 0 : i32
      %first = arith.cmpi eq, %tid, %c0 : i32
      scf.if %first {
        nvvm.cp.async.shared.global %shared, %q, 16, cache = cg, %c12 : !llvm.ptr<3>, !llvm.ptr<1>, i32
        %s = llvm.getelementptr %shared[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.shared.global: out of bounds: copies 8 bytes of global memory, from byte 256 of buffer 0, which has 256 [block (0, 0, 0), thread 0]
        nvvm.cp.async.shared.global %s, %r, 16, cache = cg, %c8 : !llvm.ptr<3>, !llvm.ptr<1>, i32
      }
      llvm.return
    }

    llvm.func @copy_misaligned(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %q = llvm.getelementptr %p[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.cp.async.shared.global: misaligned: copies 16 bytes of global memory from 0x{{[0-9a-f]+}}
      nvvm.cp.async.shared.global %shared, %q, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
      llvm.return
    }

    llvm.func @copy_bytes(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %c12 = arith.constant 12 : i32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.cp.async.shared.global: 12 of 8 bytes to be copied
      nvvm.cp.async.shared.global %shared, %p, 8, cache = ca, %c12 : !llvm.ptr<3>, !llvm.ptr<1>, i32
      llvm.return
    }

    llvm.func @shared_load(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %q = llvm.getelementptr %shared[64] : (!llvm.ptr<3>) -> !llvm.ptr<3>, f32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: out of bounds: reads 4 bytes of shared memory, from byte 256 of 256 [block (0, 0, 0), thread 0]
      %v = llvm.load %q : !llvm.ptr<3> -> f32
      llvm.return
    }

    llvm.func @shared_store(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %f = arith.constant 1.0 : f32
      %q = llvm.getelementptr %shared[-1] : (!llvm.ptr<3>) -> !llvm.ptr<3>, f32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store: out of bounds: writes 4 bytes of shared memory, from byte -4 of 256 [block
      llvm.store %f, %q : f32, !llvm.ptr<3>
      llvm.return
    }

    // The rows of the second matrix, which lanes 8 to 15 point to.
    llvm.func @ldmatrix_bounds(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %zero = arith.constant dense<0.0> : vector<2xf32>
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i64
      llvm.store %zero, %mine : vector<2xf32>, !llvm.ptr<3>
      nvvm.barrier0
      %c8 = arith.constant 8 : i32
      %c16 = arith.constant 16 : i32
      %further = arith.addi %tid, %c8 : i32
      %o = arith.muli %further, %c16 : i32
      %q = llvm.getelementptr %shared[%o] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: nvvm.ldmatrix: out of bounds: reads 16 bytes of shared memory, from byte 256 of 256 [block (0, 0, 0), thread 8]
      %v = nvvm.ldmatrix %q {num = 2 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32)>
      llvm.return
    }

    llvm.func @ldmatrix_misaligned(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %q = llvm.getelementptr %shared[8] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: nvvm.ldmatrix: misaligned: reads 16 bytes of shared memory at 0x408, which is not a multiple of 16 [block
      %v = nvvm.ldmatrix %q {num = 1 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> i32
      llvm.return
    }

    llvm.func @stmatrix_misaligned(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %zero = arith.constant 0 : i32
      %q = llvm.getelementptr %shared[8] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.stmatrix: misaligned: writes 16 bytes of shared memory at 0x408, which is not a multiple of 16 [block
      nvvm.stmatrix %q, %zero {layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : !llvm.ptr<3>, i32
      llvm.return
    }

    // Two lanes write the same row.
    llvm.func @stmatrix_race(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %zero = arith.constant 0 : i32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.stmatrix: race: writes byte 0 of shared memory, which thread 0 writes at {{.*}}: nvvm.stmatrix with no barrier between [block (0, 0, 0), thread 1]
      nvvm.stmatrix %shared, %zero, %zero {layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : !llvm.ptr<3>, i32, i32
      llvm.return
    }

    // Two of the four bytes are written.
    llvm.func @uninitialised(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %h = arith.constant 1.0 : f16
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %q = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      llvm.store %h, %q : f16, !llvm.ptr<3>
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: uninitialised: reads byte 2 of shared memory, which nothing has written so far [block (0, 0, 0), thread 0]
      %v = llvm.load %q : !llvm.ptr<3> -> f32
      llvm.return
    }
  }

  func.func private @report()
  func.func @main() {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %bytes = arith.constant 256 : i32
    %t32 = arith.constant 32 : index
    %m = memref.alloc() {alignment = 16 : i64} : memref<64xf32>
    %i = memref.extract_aligned_pointer_as_index %m : memref<64xf32> -> index
    %j = arith.index_cast %i : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@global_load blocks in (%c2, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@global_store blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@global_before blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@global_misaligned blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@copy_global blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@copy_misaligned blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@copy_bytes blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@shared_load blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@shared_store blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@ldmatrix_bounds blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@ldmatrix_misaligned blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@stmatrix_misaligned blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@stmatrix_race blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@uninitialised blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    memref.dealloc %m : memref<64xf32>
    return
  }
}
