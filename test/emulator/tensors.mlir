// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=1 %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=7 %execute | FileCheck %s

// Copies of boxes of tensors, used wrongly: what they read and write in shared
// memory, and what they are waited for by. Boxes have 2048 bytes.

!map = !llvm.array<16 x i64>
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    llvm.func @read_early(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
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
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:14: llvm.load: reads byte 1024 of shared memory without having waited for the load that writes it, from {{.*}}: nvvm.cp.async.bulk.tensor.shared.cluster.global [block (0, 0, 0), thread 0]
        %x = llvm.load %slot : !llvm.ptr<3> -> f32
        llvm.store %x, %p : f32, !llvm.ptr<1>
      }
      llvm.return
    }

    // What one thread has waited for, the others have not.
    llvm.func @one_waits(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
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
        nvvm.mbarrier.arrive.expect_tx %bar, %i2048 : !llvm.ptr<3>, i32
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
        scf.while : () -> () {
          %done = nvvm.mbarrier.try_wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
          %again = arith.xori %done, %true : i1
          scf.condition(%again)
        } do {
          scf.yield
        }
      }
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: llvm.load: reads byte 1024 of shared memory without having waited for the load that writes it, from {{.*}}: nvvm.cp.async.bulk.tensor.shared.cluster.global [block (0, 0, 0), thread 1]
      %x = llvm.load %slot : !llvm.ptr<3> -> f32
      llvm.store %x, %p : f32, !llvm.ptr<1>
      llvm.return
    }

    // But a barrier tells them.
    llvm.func @one_waits_for_all(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
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
        nvvm.mbarrier.arrive.expect_tx %bar, %i2048 : !llvm.ptr<3>, i32
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
        scf.while : () -> () {
          %done = nvvm.mbarrier.try_wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
          %again = arith.xori %done, %true : i1
          scf.condition(%again)
        } do {
          scf.yield
        }
      }
      nvvm.barrier0
      %x = llvm.load %slot : !llvm.ptr<3> -> f32
      %q = llvm.getelementptr %p[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      llvm.store %x, %q : f32, !llvm.ptr<1>
      // CHECK: ok
      llvm.return
    }

    llvm.func @write_early(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i2048 = arith.constant 2048 : i32
      %zero = arith.constant 0.0 : f32
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
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: llvm.store: writes byte 1024 of shared memory without having waited for the load that writes it, from {{.*}}: nvvm.cp.async.bulk.tensor.shared.cluster.global
        llvm.store %zero, %slot : f32, !llvm.ptr<3>
      }
      llvm.return
    }

    // While another thread still reads what was there.
    llvm.func @load_early(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i31 = arith.constant 31 : i32
      %i2048 = arith.constant 2048 : i32
      %zero = arith.constant 0.0 : f32
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
        llvm.store %zero, %slot : f32, !llvm.ptr<3>
      }
      nvvm.barrier0
      %last = arith.cmpi eq, %tid, %i31 : i32
      scf.if %last {
        nvvm.mbarrier.arrive.expect_tx %bar, %i2048 : !llvm.ptr<3>, i32
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.shared.cluster.global: race: writes byte 1024 of shared memory, which thread {{[0-9]+}} reads at {{.*}}: llvm.load with no barrier between
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
      } else {
        %x = llvm.load %slot : !llvm.ptr<3> -> f32
        llvm.store %x, %p : f32, !llvm.ptr<1>
      }
      llvm.return
    }

    llvm.func @misaligned(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
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
        %to = llvm.getelementptr %slot[64] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.shared.cluster.global: misaligned: writes 2048 bytes of shared memory at 0x840, which is not a multiple of 128
        nvvm.cp.async.bulk.tensor.shared.cluster.global %to, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
      }
      llvm.return
    }

    llvm.func @outside(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
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
        %to = llvm.getelementptr %slot[15360] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.shared.cluster.global: out of bounds: writes 2048 bytes of shared memory, from byte 16384 of 17408
        nvvm.cp.async.bulk.tensor.shared.cluster.global %to, %map, %bar, box[%i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
      }
      llvm.return
    }

    llvm.func @rank(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
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
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.shared.cluster.global: 3 coordinates for a tensor map of 2
        nvvm.cp.async.bulk.tensor.shared.cluster.global %slot, %map, %bar, box[%i0, %i0, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
      }
      llvm.return
    }

    llvm.func @no_map(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.prefetch: this is no tensor map
      nvvm.prefetch tensormap, %map : !llvm.ptr
      llvm.return
    }

    llvm.func @no_fence(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i64 = arith.constant 64 : i32
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i64 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to0 = llvm.getelementptr %to[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to0 : vector<4xi32>, !llvm.ptr<3>
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      %to2 = llvm.getelementptr %to[32] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to2 : vector<4xi32>, !llvm.ptr<3>
      %to3 = llvm.getelementptr %to[48] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to3 : vector<4xi32>, !llvm.ptr<3>
      nvvm.barrier0
      scf.if %first {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.global.shared.cta: reads byte 1024 of shared memory, which thread 0 writes at {{.*}}: llvm.store with no fence.proxy.async of its own behind
        nvvm.cp.async.bulk.tensor.global.shared.cta %map, %slot, box[%i0, %i0] : !llvm.ptr, !llvm.ptr<3>
        nvvm.cp.async.bulk.commit.group
        nvvm.cp.async.bulk.wait_group 0 {read}
      }
      llvm.return
    }

    // Who reads cannot fence for those who wrote.
    llvm.func @fence_of_reader(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i64 = arith.constant 64 : i32
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i64 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to0 = llvm.getelementptr %to[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to0 : vector<4xi32>, !llvm.ptr<3>
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      %to2 = llvm.getelementptr %to[32] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to2 : vector<4xi32>, !llvm.ptr<3>
      %to3 = llvm.getelementptr %to[48] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to3 : vector<4xi32>, !llvm.ptr<3>
      nvvm.barrier0
      scf.if %first {
        nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.global.shared.cta: reads byte 1088 of shared memory, which thread 1 writes at {{.*}}: llvm.store with no fence.proxy.async of its own behind
        nvvm.cp.async.bulk.tensor.global.shared.cta %map, %slot, box[%i0, %i0] : !llvm.ptr, !llvm.ptr<3>
        nvvm.cp.async.bulk.commit.group
        nvvm.cp.async.bulk.wait_group 0 {read}
      }
      llvm.return
    }

    llvm.func @fence_too_early(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i64 = arith.constant 64 : i32
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      %at = arith.muli %tid, %i64 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to0 = llvm.getelementptr %to[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to0 : vector<4xi32>, !llvm.ptr<3>
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      %to2 = llvm.getelementptr %to[32] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to2 : vector<4xi32>, !llvm.ptr<3>
      %to3 = llvm.getelementptr %to[48] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to3 : vector<4xi32>, !llvm.ptr<3>
      nvvm.barrier0
      scf.if %first {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.global.shared.cta: reads byte 1024 of shared memory, which thread 0 writes at {{.*}}: llvm.store with no fence.proxy.async of its own behind
        nvvm.cp.async.bulk.tensor.global.shared.cta %map, %slot, box[%i0, %i0] : !llvm.ptr, !llvm.ptr<3>
        nvvm.cp.async.bulk.commit.group
        nvvm.cp.async.bulk.wait_group 0 {read}
      }
      llvm.return
    }

    llvm.func @no_store_barrier(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i31 = arith.constant 31 : i32
      %i64 = arith.constant 64 : i32
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i64 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to0 = llvm.getelementptr %to[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to0 : vector<4xi32>, !llvm.ptr<3>
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      %to2 = llvm.getelementptr %to[32] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to2 : vector<4xi32>, !llvm.ptr<3>
      %to3 = llvm.getelementptr %to[48] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to3 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      %last = arith.cmpi eq, %tid, %i31 : i32
      scf.if %last {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.global.shared.cta: race: reads byte 1024 of shared memory, which thread 0 writes at {{.*}}: llvm.store with no barrier between
        nvvm.cp.async.bulk.tensor.global.shared.cta %map, %slot, box[%i0, %i0] : !llvm.ptr, !llvm.ptr<3>
      }
      llvm.return
    }

    llvm.func @uninitialised(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.global.shared.cta: uninitialised: reads byte 1024 of shared memory, which nothing has written so far
        nvvm.cp.async.bulk.tensor.global.shared.cta %map, %slot, box[%i0, %i0] : !llvm.ptr, !llvm.ptr<3>
      }
      llvm.return
    }

    llvm.func @overwritten(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i64 = arith.constant 64 : i32
      %zero = arith.constant 0.0 : f32
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i64 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to0 = llvm.getelementptr %to[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to0 : vector<4xi32>, !llvm.ptr<3>
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      %to2 = llvm.getelementptr %to[32] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to2 : vector<4xi32>, !llvm.ptr<3>
      %to3 = llvm.getelementptr %to[48] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to3 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      scf.if %first {
        nvvm.cp.async.bulk.tensor.global.shared.cta %map, %slot, box[%i0, %i0] : !llvm.ptr, !llvm.ptr<3>
        nvvm.cp.async.bulk.commit.group
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: llvm.store: writes byte 1024 of shared memory without having waited for what reads it, from {{.*}}: nvvm.cp.async.bulk.tensor.global.shared.cta
        llvm.store %zero, %slot : f32, !llvm.ptr<3>
      }
      llvm.return
    }

    // A wait is for groups.
    llvm.func @not_committed(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i64 = arith.constant 64 : i32
      %zero = arith.constant 0.0 : f32
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i64 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to0 = llvm.getelementptr %to[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to0 : vector<4xi32>, !llvm.ptr<3>
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      %to2 = llvm.getelementptr %to[32] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to2 : vector<4xi32>, !llvm.ptr<3>
      %to3 = llvm.getelementptr %to[48] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to3 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      scf.if %first {
        nvvm.cp.async.bulk.tensor.global.shared.cta %map, %slot, box[%i0, %i0] : !llvm.ptr, !llvm.ptr<3>
        nvvm.cp.async.bulk.wait_group 0 {read}
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: llvm.store: writes byte 1024 of shared memory without having waited for what reads it, from {{.*}}: nvvm.cp.async.bulk.tensor.global.shared.cta
        llvm.store %zero, %slot : f32, !llvm.ptr<3>
      }
      llvm.return
    }

    llvm.func @overwritten_by_another(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i64 = arith.constant 64 : i32
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i64 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to0 = llvm.getelementptr %to[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to0 : vector<4xi32>, !llvm.ptr<3>
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      %to2 = llvm.getelementptr %to[32] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to2 : vector<4xi32>, !llvm.ptr<3>
      %to3 = llvm.getelementptr %to[48] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to3 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      scf.if %first {
        nvvm.cp.async.bulk.tensor.global.shared.cta %map, %slot, box[%i0, %i0] : !llvm.ptr, !llvm.ptr<3>
        nvvm.cp.async.bulk.commit.group
      }
      nvvm.barrier0
      scf.if %first {
        nvvm.cp.async.bulk.wait_group 0 {read}
      }
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store: writes byte {{[0-9]+}} of shared memory without having waited for what reads it, from {{.*}}: nvvm.cp.async.bulk.tensor.global.shared.cta [block (0, 0, 0), thread {{[1-9]}}
      llvm.store %zeros, %to0 : vector<4xi32>, !llvm.ptr<3>
      llvm.return
    }

    // With a barrier behind the wait, it may be used again.
    llvm.func @reused(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i64 = arith.constant 64 : i32
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i64 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to0 = llvm.getelementptr %to[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to0 : vector<4xi32>, !llvm.ptr<3>
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      %to2 = llvm.getelementptr %to[32] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to2 : vector<4xi32>, !llvm.ptr<3>
      %to3 = llvm.getelementptr %to[48] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to3 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      scf.if %first {
        nvvm.cp.async.bulk.tensor.global.shared.cta %map, %slot, box[%i0, %i0] : !llvm.ptr, !llvm.ptr<3>
        nvvm.cp.async.bulk.commit.group
        nvvm.cp.async.bulk.wait_group 0 {read}
      }
      nvvm.barrier0
      llvm.store %zeros, %to0 : vector<4xi32>, !llvm.ptr<3>
      // CHECK: ok
      llvm.return
    }

    llvm.func @ends_with_store(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i64 = arith.constant 64 : i32
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i64 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to0 = llvm.getelementptr %to[0] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to0 : vector<4xi32>, !llvm.ptr<3>
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      %to2 = llvm.getelementptr %to[32] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to2 : vector<4xi32>, !llvm.ptr<3>
      %to3 = llvm.getelementptr %to[48] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to3 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      scf.if %first {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.bulk.tensor.global.shared.cta: the kernel ends and the thread has not waited for this
        nvvm.cp.async.bulk.tensor.global.shared.cta %map, %slot, box[%i0, %i0] : !llvm.ptr, !llvm.ptr<3>
        nvvm.cp.async.bulk.commit.group
      }
      llvm.return
    }

    // cp.async is waited for, too.
    llvm.func @ends_with_copy(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %first = arith.cmpi eq, %tid, %i0 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      scf.if %first {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.cp.async.shared.global: the kernel ends and the thread has not waited for this
        nvvm.cp.async.shared.global %slot, %p, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
        nvvm.cp.async.commit.group
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
    %m = memref.alloc() {alignment = 16 : i64} : memref<64x64xi16>
    call @fill_bf16(%m) : (memref<64x64xi16>) -> ()
    %place = llvm.alloca %l1 x !map : (i64) -> !llvm.ptr
    call @tensor_map(%m, %place, %l2, %l2, %l128, %l16, %l64) : (memref<64x64xi16>, !llvm.ptr, i64, i64, i64, i64, i64) -> ()
    %map = llvm.load %place : !llvm.ptr -> !map
    %i = memref.extract_aligned_pointer_as_index %m : memref<64x64xi16> -> index
    %j = arith.index_cast %i : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@read_early blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@one_waits blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@one_waits_for_all blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@write_early blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@load_early blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@misaligned blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@outside blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@rank blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    %zeros = llvm.mlir.zero : !map
    gpu.launch_func @kernels::@no_map blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%zeros : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@no_fence blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@fence_of_reader blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@fence_too_early blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@no_store_barrier blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@uninitialised blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@overwritten blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@not_committed blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@overwritten_by_another blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@reused blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@ends_with_store blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@ends_with_copy blocks in (%c1, %c1, %c1) threads in (%t32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    memref.dealloc %m : memref<64x64xi16>
    return
  }
}
