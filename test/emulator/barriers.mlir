// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=9 %execute | FileCheck %s

// Barriers that are never complete, or not for those that come.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    // The second warp has nothing to do, and leaves.
    llvm.func @exited(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n32 = arith.constant 32 : i32
      %low = arith.cmpi ult, %tid, %n32 : i32
      scf.if %low {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.barrier0: barrier 0 has 32 of the 64 threads it waits for, and 32 of the block's 64 have exited [block (0, 0, 0), thread 0]
        nvvm.barrier0
      }
      llvm.return
    }

    // Each warp waits for the other somewhere else.
    llvm.func @deadlock(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n32 = arith.constant 32 : i32
      %low = arith.cmpi ult, %tid, %n32 : i32
      %id1 = arith.constant 1 : i32
      %id2 = arith.constant 2 : i32
      %n64 = arith.constant 64 : i32
      scf.if %low {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.barrier: deadlock: barrier 1 has 32 of the 64 threads it waits for; thread 32 waits at {{.*}}.mlir:[[#@LINE+3]]:9: nvvm.barrier [block (0, 0, 0), thread 0]
        nvvm.barrier id = %id1 number_of_threads = %n64
      } else {
        nvvm.barrier id = %id2 number_of_threads = %n64
      }
      llvm.return
    }

    llvm.func @different_counts(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n32 = arith.constant 32 : i32
      %low = arith.cmpi ult, %tid, %n32 : i32
      %id1 = arith.constant 1 : i32
      %n64 = arith.constant 64 : i32
      %n96 = arith.constant 96 : i32
      %n = arith.select %low, %n96, %n64 : i32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.barrier: barrier 1 for 64 threads here, and for 96 at {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.barrier [block (0, 0, 0), thread 32]
      nvvm.barrier id = %id1 number_of_threads = %n
      llvm.return
    }

    llvm.func @odd_count(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %id1 = arith.constant 1 : i32
      %n = arith.constant 48 : i32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.barrier: barrier 1 for 48 threads: not some of the block's 2 warps
      nvvm.barrier id = %id1 number_of_threads = %n
      llvm.return
    }

    llvm.func @too_many(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %id1 = arith.constant 1 : i32
      %n = arith.constant 96 : i32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.barrier: barrier 1 for 96 threads: not some of the block's 2 warps
      nvvm.barrier id = %id1 number_of_threads = %n
      llvm.return
    }

    llvm.func @no_such_barrier(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %id16 = arith.constant 16 : i32
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.barrier: no barrier 16: there are 16
      nvvm.barrier id = %id16
      llvm.return
    }

    // A branch that half of a warp takes.
    llvm.func @part_of_a_warp(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n16 = arith.constant 16 : i32
      %low = arith.cmpi ult, %tid, %n16 : i32
      %all = arith.constant -1 : i32
      %f = arith.constant 1.0 : f32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      scf.if %low {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.barrier0: reached by part of a warp: lanes 0x0000ffff of 0xffffffff; thread 16 has exited [block (0, 0, 0), thread 0]
        nvvm.barrier0
      }
      llvm.return
    }

    // All come, but to two instructions.
    llvm.func @two_barriers(%p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %n16 = arith.constant 16 : i32
      %low = arith.cmpi ult, %tid, %n16 : i32
      %all = arith.constant -1 : i32
      %f = arith.constant 1.0 : f32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      scf.if %low {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.barrier0: reached by part of a warp: thread 16 is not here [block (0, 0, 0), thread 0]
        nvvm.barrier0
      } else {
        nvvm.barrier0
      }
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
    %t96 = arith.constant 96 : index
    %m = memref.alloc() {alignment = 16 : i64} : memref<64xf32>
    %i = memref.extract_aligned_pointer_as_index %m : memref<64xf32> -> index
    %j = arith.index_cast %i : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@exited blocks in (%c1, %c1, %c1) threads in (%t64, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@deadlock blocks in (%c1, %c1, %c1) threads in (%t64, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@different_counts blocks in (%c1, %c1, %c1) threads in (%t96, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@odd_count blocks in (%c1, %c1, %c1) threads in (%t64, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@too_many blocks in (%c1, %c1, %c1) threads in (%t64, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@no_such_barrier blocks in (%c1, %c1, %c1) threads in (%t64, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@part_of_a_warp blocks in (%c1, %c1, %c1) threads in (%t64, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@two_barriers blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    memref.dealloc %m : memref<64xf32>
    return
  }
}
