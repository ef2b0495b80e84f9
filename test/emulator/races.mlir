// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=5 %execute | FileCheck %s

// Shared memory that needs a barrier, or a wait. A kernel's threads each have an
// element, and reach for that of another.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    // A shuffle lets all of a warp come, but orders no memory.
    llvm.func @read_after_write(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %all = arith.constant -1 : i32
      // CHECK: {{.*}}.mlir:[[#@LINE+3]]:12: llvm.load: race: reads byte {{[0-9]+}} of shared memory, which thread {{[0-9]+}} writes at {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store with no barrier between [block (0, 0, 0), thread {{[0-9]+}}]
      llvm.store %f, %mine : f32, !llvm.ptr<3>
      %s = nvvm.shfl.sync idx %all, %f, %tid, %last : f32 -> f32
      %v = llvm.load %other : !llvm.ptr<3> -> f32
      llvm.return
    }

    llvm.func @write_after_read(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %all = arith.constant -1 : i32
      llvm.store %f, %mine : f32, !llvm.ptr<3>
      nvvm.barrier0
      // CHECK: {{.*}}.mlir:[[#@LINE+3]]:7: llvm.store: race: writes byte {{[0-9]+}} of shared memory, which thread {{[0-9]+}} reads at {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load with no barrier between
      %v = llvm.load %other : !llvm.ptr<3> -> f32
      %s = nvvm.shfl.sync idx %all, %f, %tid, %last : f32 -> f32
      llvm.store %v, %mine : f32, !llvm.ptr<3>
      llvm.return
    }

    // All read what thread 0, the first to have read, then writes.
    llvm.func @write_after_many_reads(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %f = arith.constant 1.0 : f32
      %zero = arith.constant 0 : i32
      %first = arith.cmpi eq, %tid, %zero : i32
      scf.if %first {
        llvm.store %f, %shared : f32, !llvm.ptr<3>
      }
      nvvm.barrier0
      %v = llvm.load %shared : !llvm.ptr<3> -> f32
      %all = arith.constant -1 : i32
      %clamp = arith.constant 31 : i32
      %w = nvvm.shfl.sync idx %all, %v, %zero, %clamp : f32 -> f32
      scf.if %first {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: llvm.store: race: writes byte 0 of shared memory, which thread {{[1-9][0-9]*}} reads at
        llvm.store %w, %shared : f32, !llvm.ptr<3>
      }
      llvm.return
    }

    llvm.func @write_after_write(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store: race: writes byte 0 of shared memory, which thread 0 writes at {{.*}} with no barrier between [block (0, 0, 0), thread 1]
      llvm.store %f, %shared : f32, !llvm.ptr<3>
      llvm.return
    }

    // A barrier orders those that come to it: not one warp and the other.
    llvm.func @barrier_of_another_warp(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %id = arith.constant 1 : i32
      %n = arith.constant 32 : i32
      %c5 = arith.constant 5 : i32
      %warp = arith.shrui %tid, %c5 : i32
      %ids = arith.addi %warp, %id : i32
      %flip = arith.constant 63 : i32
      %far = arith.xori %tid, %flip : i32
      %q = llvm.getelementptr %shared[%far] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      llvm.store %f, %mine : f32, !llvm.ptr<3>
      nvvm.barrier0
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store: race: writes byte {{[0-9]+}} of shared memory, which thread {{30|31}} reads at
      llvm.store %f, %mine : f32, !llvm.ptr<3>
      nvvm.barrier id = %ids number_of_threads = %n
      %v = llvm.load %q : !llvm.ptr<3> -> f32
      llvm.return
    }

    // The thread's own copy.
    llvm.func @no_wait(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      nvvm.cp.async.shared.global %mine, %from, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.commit.group
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: reads byte 0 of shared memory while thread 0's copy to it has not been waited for, from {{.*}}: nvvm.cp.async.shared.global [block (0, 0, 0), thread 0]
      %v = llvm.load %mine : !llvm.ptr<3> -> f32
      llvm.return
    }

    llvm.func @wait_for_older_group(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      nvvm.cp.async.commit.group
      nvvm.cp.async.shared.global %mine, %from, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.commit.group
      nvvm.cp.async.wait.group 1
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: reads byte 0 of shared memory while thread 0's copy to it has not been waited for
      %v = llvm.load %mine : !llvm.ptr<3> -> f32
      llvm.return
    }

    llvm.func @no_commit(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      nvvm.cp.async.shared.global %mine, %from, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.wait.group 0
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: reads byte 0 of shared memory while thread 0's copy to it has not been waited for
      %v = llvm.load %mine : !llvm.ptr<3> -> f32
      llvm.return
    }

    // A wait is for the thread's own copies.
    llvm.func @wait_without_barrier(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      nvvm.cp.async.shared.global %mine, %from, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.commit.group
      nvvm.cp.async.wait.group 0
      %all = arith.constant -1 : i32
      %s = nvvm.shfl.sync idx %all, %f, %tid, %last : f32 -> f32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: race: reads byte {{[0-9]+}} of shared memory, which thread {{[0-9]+}} writes at {{.*}}: nvvm.cp.async.shared.global with no barrier between
      %v = llvm.load %other : !llvm.ptr<3> -> f32
      llvm.return
    }

    llvm.func @barrier_without_wait(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      nvvm.cp.async.shared.global %mine, %from, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.commit.group
      nvvm.barrier0
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: reads byte {{[0-9]+}} of shared memory while thread {{[0-9]+}}'s copy to it has not been waited for
      %v = llvm.load %other : !llvm.ptr<3> -> f32
      llvm.return
    }

    llvm.func @wait_after_barrier(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      nvvm.cp.async.shared.global %mine, %from, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.commit.group
      nvvm.barrier0
      nvvm.cp.async.wait.group 0
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: reads byte 0 of shared memory while thread 0's copy to it has not been waited for
      %v = llvm.load %other : !llvm.ptr<3> -> f32
      llvm.return
    }

    llvm.func @store_under_copy(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      nvvm.cp.async.shared.global %mine, %from, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store: writes byte 0 of shared memory while thread 0's copy to it has not been waited for
      llvm.store %f, %mine : f32, !llvm.ptr<3>
      llvm.return
    }

    // The buffer is filled again while others still read it.
    llvm.func @copy_over_read(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %last = arith.constant 31 : i32
      %rest = arith.subi %last, %tid : i32
      %f = arith.constant 1.0 : f32
      %from = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %mine = llvm.getelementptr %shared[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %all = arith.constant -1 : i32
      llvm.store %f, %mine : f32, !llvm.ptr<3>
      nvvm.barrier0
      %v = llvm.load %other : !llvm.ptr<3> -> f32
      %s = nvvm.shfl.sync idx %all, %f, %tid, %last : f32 -> f32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.cp.async.shared.global: race: writes byte {{[0-9]+}} of shared memory, which thread {{[0-9]+}} reads at
      nvvm.cp.async.shared.global %mine, %from, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
      llvm.return
    }
  }

  func.func private @report()
  func.func @main() {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %bytes = arith.constant 256 : i32
    %t32 = arith.constant 32 : index
    %t64 = arith.constant 64 : index
    %m = memref.alloc() {alignment = 16 : i64} : memref<64xf32>
    %i = memref.extract_aligned_pointer_as_index %m : memref<64xf32> -> index
    %j = arith.index_cast %i : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@read_after_write blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@write_after_read blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@write_after_many_reads blocks in (%c1, %c1, %c1) threads in (%t64, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@write_after_write blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@barrier_of_another_warp blocks in (%c1, %c1, %c1) threads in (%t64, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@no_wait blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@wait_for_older_group blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@no_commit blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@wait_without_barrier blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@barrier_without_wait blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@wait_after_barrier blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@store_under_copy blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@copy_over_read blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    memref.dealloc %m : memref<64xf32>
    return
  }
}
