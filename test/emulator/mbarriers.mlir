// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=1 %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=7 %execute | FileCheck %s

// mbarriers, used wrongly.

!map = !llvm.array<16 x i64>
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    llvm.func @not_initialised(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.mbarrier.arrive: byte 0 of shared memory is no mbarrier: nothing has initialised it [block (0, 0, 0), thread 0]
      nvvm.mbarrier.arrive %bar : !llvm.ptr<3>
      llvm.return
    }

    llvm.func @twice(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i1 = arith.constant 1 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.mbarrier.init: byte 0 of shared memory has been initialised as an mbarrier before, at {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.mbarrier.init [block (0, 0, 0), thread 1]
      nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
      llvm.return
    }

    // After an mbarrier.inval it is memory as any other.
    llvm.func @again(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %zero = arith.constant 0.0 : f32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.mbarrier.inval %bar : !llvm.ptr<3>
        llvm.store %zero, %bar : f32, !llvm.ptr<3>
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.mbarrier.inval %bar : !llvm.ptr<3>
      }
      // CHECK: ok
      llvm.return
    }

    llvm.func @written(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %zero = arith.constant 0.0 : f32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.if %first {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: llvm.store: writes byte 0 of shared memory, which is an mbarrier's since {{.*}}: nvvm.mbarrier.init
        llvm.store %zero, %bar : f32, !llvm.ptr<3>
      }
      llvm.return
    }

    llvm.func @read(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: reads byte 0 of shared memory, which is an mbarrier's since {{.*}}: nvvm.mbarrier.init
      %x = llvm.load %bar : !llvm.ptr<3> -> f32
      llvm.store %x, %p : f32, !llvm.ptr<1>
      llvm.return
    }

    // Where another thread's data is.
    llvm.func @of_data(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i31 = arith.constant 31 : i32
      %zero = arith.constant 0.0 : f32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        llvm.store %zero, %bar : f32, !llvm.ptr<3>
      }
      %last = arith.cmpi eq, %tid, %i31 : i32
      scf.if %last {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.mbarrier.init: race: writes byte 0 of shared memory, which thread 0 writes at {{.*}}: llvm.store with no barrier between
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
      }
      llvm.return
    }

    llvm.func @no_barrier(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i32 = arith.constant 32 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i32 : !llvm.ptr<3>, i32
      }
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.mbarrier.arrive: race: uses the mbarrier at byte 0 of shared memory, which thread 0 initialises at {{.*}}: nvvm.mbarrier.init with no barrier between [block (0, 0, 0), thread 1]
      nvvm.mbarrier.arrive %bar : !llvm.ptr<3>
      llvm.return
    }

    llvm.func @count(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.mbarrier.init: an mbarrier counts 1 to 1048575 arrivals, not 0
        nvvm.mbarrier.init %bar, %i0 : !llvm.ptr<3>, i32
      }
      llvm.return
    }

    llvm.func @arrivals(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i2 = arith.constant 2 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.if %first {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.mbarrier.arrive: arrives 2 times at the mbarrier at byte 0 of shared memory, whose phase misses 1 of 1 arrivals
        nvvm.mbarrier.arrive %bar, %i2 : !llvm.ptr<3>
      }
      llvm.return
    }

    llvm.func @nobody_arrives(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %true = arith.constant true
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.while : () -> () {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:17: nvvm.mbarrier.try_wait: deadlock: the mbarrier at byte 0 of shared memory never completes a phase of parity 0: its phase 0 misses 1 of 1 arrivals and 0 bytes
        %done = nvvm.mbarrier.try_wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
        %again = arith.xori %done, %true : i1
        scf.condition(%again)
      } do {
        scf.yield
      }
      llvm.return
    }

    // The second warp waits for the phase after the one that is complete, while the
    // first one is at a barrier.
    llvm.func @wrong_phase(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i32 = arith.constant 32 : i32
      %true = arith.constant true
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.if %first {
        nvvm.mbarrier.arrive %bar : !llvm.ptr<3>
      }
      %low = arith.cmpi ult, %tid, %i32 : i32
      scf.if %low {
        scf.while : () -> () {
          %done = nvvm.mbarrier.try_wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
          %again = arith.xori %done, %true : i1
          scf.condition(%again)
        } do {
          scf.yield
        }
      } else {
        scf.while : () -> () {
          // CHECK: {{.*}}.mlir:[[#@LINE+1]]:19: nvvm.mbarrier.try_wait: deadlock: the mbarrier at byte 0 of shared memory never completes a phase of parity 1: its phase 1 misses 1 of 1 arrivals and 0 bytes [block (0, 0, 0), thread 32]
          %done = nvvm.mbarrier.try_wait %bar, %i1 : !llvm.ptr<3>, i32 -> i1
          %again = arith.xori %done, %true : i1
          scf.condition(%again)
        } do {
          scf.yield
        }
      }
      nvvm.barrier0
      llvm.return
    }

    llvm.func @polling(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %true = arith.constant true
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.while : () -> () {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:17: nvvm.mbarrier.test.wait: deadlock: the mbarrier at byte 0 of shared memory never completes a phase of parity 0
        %done = nvvm.mbarrier.test.wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
        %again = arith.xori %done, %true : i1
        scf.condition(%again)
      } do {
        scf.yield
      }
      llvm.return
    }

    llvm.func @too_many_bytes_expected(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i4096 = arith.constant 4096 : i32
      %true = arith.constant true
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.if %first {
        nvvm.mbarrier.arrive.expect_tx %bar, %i4096 : !llvm.ptr<3>, i32
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
      }
      scf.while : () -> () {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:17: nvvm.mbarrier.try_wait: deadlock: the mbarrier at byte 0 of shared memory never completes a phase of parity 0: its phase 0 misses 0 of 1 arrivals and 2048 bytes
        %done = nvvm.mbarrier.try_wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
        %again = arith.xori %done, %true : i1
        scf.condition(%again)
      } do {
        scf.yield
      }
      llvm.return
    }

    llvm.func @too_few_bytes_expected(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i1024 = arith.constant 1024 : i32
      %true = arith.constant true
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.if %first {
        nvvm.mbarrier.arrive.expect_tx %bar, %i1024 : !llvm.ptr<3>, i32
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.shared.cluster.global: the mbarrier at byte 0 of shared memory expected 1024 bytes fewer than have been loaded
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
      }
      scf.while : () -> () {
        %done = nvvm.mbarrier.try_wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
        %again = arith.xori %done, %true : i1
        scf.condition(%again)
      } do {
        scf.yield
      }
      llvm.return
    }

    // Bytes may arrive before they are expected, but in the same phase.
    llvm.func @expected_later(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i2048 = arith.constant 2048 : i32
      %true = arith.constant true
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.if %first {
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
        nvvm.mbarrier.expect_tx %bar, %i2048 : !llvm.ptr<3>, i32
        nvvm.mbarrier.arrive %bar : !llvm.ptr<3>
      }
      scf.while : () -> () {
        %done = nvvm.mbarrier.try_wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
        %again = arith.xori %done, %true : i1
        scf.condition(%again)
      } do {
        scf.yield
      }
      // CHECK: ok
      llvm.return
    }

    llvm.func @one_of_two_expected(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i2048 = arith.constant 2048 : i32
      %true = arith.constant true
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.if %first {
        %next = llvm.getelementptr %slot[2048] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
        nvvm.mbarrier.arrive.expect_tx %bar, %i2048 : !llvm.ptr<3>, i32
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
        nvvm.cp.async.bulk.tensor.shared.cluster.global %next, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
      }
      scf.while : () -> () {
        %done = nvvm.mbarrier.try_wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
        %again = arith.xori %done, %true : i1
        scf.condition(%again)
      } do {
        scf.yield
      }
      // What is reported depends on whether the phase is complete before the second load begins.
      // CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global: {{2048 bytes arrive after the phase of the mbarrier at byte 0 of shared memory was complete, which did not expect them|the kernel ends and nothing has waited for this}}
      llvm.return
    }

    llvm.func @not_fenced(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i2048 = arith.constant 2048 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
      }
      nvvm.barrier0
      scf.if %first {
        nvvm.mbarrier.arrive.expect_tx %bar, %i2048 : !llvm.ptr<3>, i32
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.shared.cluster.global: loads for the mbarrier at byte 0 of shared memory, whose initialisation at {{.*}}: nvvm.mbarrier.init no fence.mbarrier_init follows
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
      }
      llvm.return
    }

    // No barrier is between the fence and what another thread loads.
    llvm.func @fenced_too_late(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i2048 = arith.constant 2048 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %other = arith.cmpi eq, %tid, %i1 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
      }
      nvvm.barrier0
      scf.if %first {
        nvvm.fence.mbarrier.init
      }
      scf.if %other {
        nvvm.mbarrier.arrive.expect_tx %bar, %i2048 : !llvm.ptr<3>, i32
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.shared.cluster.global: loads for the mbarrier at byte 0 of shared memory, whose initialisation at {{.*}}: nvvm.mbarrier.init no fence.mbarrier_init follows
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
      }
      llvm.return
    }

    llvm.func @ends_with_bytes(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i16 = arith.constant 16 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.mbarrier.init: the kernel ends and the mbarrier misses 16 bytes [block (0, 0, 0), thread 0]
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.mbarrier.arrive.expect_tx %bar, %i16 : !llvm.ptr<3>, i32
      }
      llvm.return
    }

    llvm.func @ends_with_load(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i2048 = arith.constant 2048 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %bar = llvm.getelementptr %shared[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.if %first {
        nvvm.mbarrier.arrive.expect_tx %bar, %i2048 : !llvm.ptr<3>, i32
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.shared.cluster.global: the kernel ends and nothing has waited for this [block (0, 0, 0), thread 0]
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
      }
      llvm.return
    }
  }

  func.func private @report()
  func.func private @fill_bf16(memref<64x64xi16>) attributes {llvm.emit_c_interface}
  func.func private @tensor_map(memref<64x64xi16>, !llvm.ptr, i64, i64, i64, i64, i64) attributes {llvm.emit_c_interface}
  func.func @main() {
    %c1 = arith.constant 1 : index
    %bytes = arith.constant 17408 : i32
    %l1 = arith.constant 1 : i64
    %l2 = arith.constant 2 : i64
    %l16 = arith.constant 16 : i64
    %l64 = arith.constant 64 : i64
    %l128 = arith.constant 128 : i64
    %t32 = arith.constant 32 : index
    %t64 = arith.constant 64 : index
    %m = memref.alloc() {alignment = 16 : i64} : memref<64x64xi16>
    call @fill_bf16(%m) : (memref<64x64xi16>) -> ()
    %place = llvm.alloca %l1 x !map : (i64) -> !llvm.ptr
    call @tensor_map(%m, %place, %l2, %l2, %l128, %l16, %l64) : (memref<64x64xi16>, !llvm.ptr, i64, i64, i64, i64, i64) -> ()
    %map = llvm.load %place : !llvm.ptr -> !map
    %i = memref.extract_aligned_pointer_as_index %m : memref<64x64xi16> -> index
    %j = arith.index_cast %i : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@not_initialised blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@twice blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@again blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@written blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@read blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@of_data blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@no_barrier blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@count blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@arrivals blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@nobody_arrives blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@wrong_phase blocks in (%c1, %c1, %c1) threads in (%t64, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@polling blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@too_many_bytes_expected blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@too_few_bytes_expected blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@expected_later blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@one_of_two_expected blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@not_fenced blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@fenced_too_late blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@ends_with_bytes blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@ends_with_load blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    memref.dealloc %m : memref<64x64xi16>
    return
  }
}
