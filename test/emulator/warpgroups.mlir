// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=1 %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=7 %execute | FileCheck %s

// Instructions for whole warpgroups that threads reach in different ways, and
// operands that descriptors cannot describe.

!map = !llvm.array<16 x i64>
!acc = !llvm.struct<(f32, f32, f32, f32)>
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    llvm.func @part(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %i64 = arith.constant 64 : i32
      %false = arith.constant false
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %low = arith.cmpi ult, %tid, %i64 : i32
      %at = arith.muli %tid, %i32 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to : vector<4xi32>, !llvm.ptr<3>
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      %address = llvm.ptrtoint %slot : !llvm.ptr<3> to i64
      %l4 = arith.constant 4 : i64
      %field = arith.shrui %address, %l4 : i64
      %fields_a = arith.constant 34363932672 : i64
      %fields_b = arith.constant 34360262656 : i64
      %l128 = arith.constant 128 : i64
      %a = arith.ori %fields_a, %field : i64
      %field_b = arith.addi %field, %l128 : i64
      %b = arith.ori %fields_b, %field_b : i64
      %none = llvm.mlir.undef : !acc
      scf.if %low {
        nvvm.wgmma.fence.aligned
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:14: simplicial.wgmma: reached by part of a warpgroup: 64 of 128 threads; thread 64 has exited [block (0, 0, 0), thread 0]
        %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      }
      llvm.return
    }

    // Not the same instruction.
    llvm.func @branches(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %i64 = arith.constant 64 : i32
      %false = arith.constant false
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %low = arith.cmpi ult, %tid, %i64 : i32
      %at = arith.muli %tid, %i32 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to : vector<4xi32>, !llvm.ptr<3>
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      %address = llvm.ptrtoint %slot : !llvm.ptr<3> to i64
      %l4 = arith.constant 4 : i64
      %field = arith.shrui %address, %l4 : i64
      %fields_a = arith.constant 34363932672 : i64
      %fields_b = arith.constant 34360262656 : i64
      %l128 = arith.constant 128 : i64
      %a = arith.ori %fields_a, %field : i64
      %field_b = arith.addi %field, %l128 : i64
      %b = arith.ori %fields_b, %field_b : i64
      %none = llvm.mlir.undef : !acc
      nvvm.wgmma.fence.aligned
      scf.if %low {
        %c = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      } else {
        %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      }
      // CHECK: simplicial.wgmma: reached by part of a warpgroup: thread {{[0-9]+}} is at {{.*}}: simplicial.wgmma
      llvm.return
    }

    llvm.func @small(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %false = arith.constant false
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i32 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to : vector<4xi32>, !llvm.ptr<3>
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      %address = llvm.ptrtoint %slot : !llvm.ptr<3> to i64
      %l4 = arith.constant 4 : i64
      %field = arith.shrui %address, %l4 : i64
      %fields_a = arith.constant 34363932672 : i64
      %fields_b = arith.constant 34360262656 : i64
      %l128 = arith.constant 128 : i64
      %a = arith.ori %fields_a, %field : i64
      %field_b = arith.addi %field, %l128 : i64
      %b = arith.ori %fields_b, %field_b : i64
      %none = llvm.mlir.undef : !acc
      nvvm.wgmma.fence.aligned
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: the block's last warpgroup has not 128 threads
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      llvm.return
    }

    // Each thread multiplies something else.
    llvm.func @different(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %false = arith.constant false
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i32 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to : vector<4xi32>, !llvm.ptr<3>
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      %address = llvm.ptrtoint %slot : !llvm.ptr<3> to i64
      %l4 = arith.constant 4 : i64
      %field = arith.shrui %address, %l4 : i64
      %fields_a = arith.constant 34363932672 : i64
      %fields_b = arith.constant 34360262656 : i64
      %l128 = arith.constant 128 : i64
      %a = arith.ori %fields_a, %field : i64
      %field_b = arith.addi %field, %l128 : i64
      %b = arith.ori %fields_b, %field_b : i64
      %none = llvm.mlir.undef : !acc
      %t = arith.extui %tid : i32 to i64
      %mine = arith.addi %a, %t : i64
      nvvm.wgmma.fence.aligned
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: operands or groups differ from those of thread 0 [block (0, 0, 0), thread 1]
      %d = "simplicial.wgmma"(%none, %mine, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      llvm.return
    }

    llvm.func @middle_of_pattern(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %false = arith.constant false
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i32 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to : vector<4xi32>, !llvm.ptr<3>
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      %address = llvm.ptrtoint %slot : !llvm.ptr<3> to i64
      %l4 = arith.constant 4 : i64
      %field = arith.shrui %address, %l4 : i64
      %fields_a = arith.constant 34363932672 : i64
      %a = arith.ori %fields_a, %field : i64
      %none = llvm.mlir.undef : !acc
      %swizzled = arith.constant 4611686293305294848 : i64
      %l8 = arith.constant 8 : i64
      %middle = arith.addi %field, %l8 : i64
      %c = arith.ori %swizzled, %middle : i64
      nvvm.wgmma.fence.aligned
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: misaligned: a matrix at 0x880, in the middle of the pattern of its 128-byte swizzle
      %d = "simplicial.wgmma"(%none, %a, %c, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      llvm.return
    }

    llvm.func @outside_of_pattern(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %false = arith.constant false
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i32 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to : vector<4xi32>, !llvm.ptr<3>
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      %address = llvm.ptrtoint %slot : !llvm.ptr<3> to i64
      %l4 = arith.constant 4 : i64
      %field = arith.shrui %address, %l4 : i64
      %fields_a = arith.constant 34363932672 : i64
      %a = arith.ori %fields_a, %field : i64
      %none = llvm.mlir.undef : !acc
      %swizzled = arith.constant 4611686293305294848 : i64
      %l6 = arith.constant 6 : i64
      %middle = arith.addi %field, %l6 : i64
      %c = arith.ori %swizzled, %middle : i64
      %l1 = arith.constant 1 : i64
      %e = arith.addi %c, %l1 : i64
      nvvm.wgmma.fence.aligned
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: misaligned: a matrix at 0x870, whose rows are partly outside of the 128 bytes that are swizzled
      %d = "simplicial.wgmma"(%none, %a, %e, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      llvm.return
    }

    llvm.func @ends(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %false = arith.constant false
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i32 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to : vector<4xi32>, !llvm.ptr<3>
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      %address = llvm.ptrtoint %slot : !llvm.ptr<3> to i64
      %l4 = arith.constant 4 : i64
      %field = arith.shrui %address, %l4 : i64
      %fields_a = arith.constant 34363932672 : i64
      %fields_b = arith.constant 34360262656 : i64
      %l128 = arith.constant 128 : i64
      %a = arith.ori %fields_a, %field : i64
      %field_b = arith.addi %field, %l128 : i64
      %b = arith.ori %fields_b, %field_b : i64
      %none = llvm.mlir.undef : !acc
      nvvm.wgmma.fence.aligned
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: the kernel ends and the thread has not waited for this [block (0, 0, 0), thread 0]
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      llvm.return
    }

    // One warp has not waited.
    llvm.func @ends_in_part(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %i96 = arith.constant 96 : i32
      %false = arith.constant false
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %low = arith.cmpi ult, %tid, %i96 : i32
      %at = arith.muli %tid, %i32 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      llvm.store %zeros, %to : vector<4xi32>, !llvm.ptr<3>
      llvm.store %zeros, %to1 : vector<4xi32>, !llvm.ptr<3>
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.barrier0
      %address = llvm.ptrtoint %slot : !llvm.ptr<3> to i64
      %l4 = arith.constant 4 : i64
      %field = arith.shrui %address, %l4 : i64
      %fields_a = arith.constant 34363932672 : i64
      %fields_b = arith.constant 34360262656 : i64
      %l128 = arith.constant 128 : i64
      %a = arith.ori %fields_a, %field : i64
      %field_b = arith.addi %field, %l128 : i64
      %b = arith.ori %fields_b, %field_b : i64
      %none = llvm.mlir.undef : !acc
      nvvm.wgmma.fence.aligned
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: the kernel ends and the thread has not waited for this [block (0, 0, 0), thread 96]
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      scf.if %low {
        nvvm.wgmma.wait.group.sync.aligned 0
      }
      llvm.return
    }

    // Twice 176 and once 168 are too many.
    llvm.func @registers(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      nvvm.setmaxregister increase 168
      // CHECK: nvvm.setmaxregister: the block's threads have 66560 registers together, more than 65536
      nvvm.setmaxregister increase 176
      llvm.return
    }

    llvm.func @registers_backwards(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      nvvm.setmaxregister increase 168
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: nvvm.setmaxregister: an increase of registers from 168 to 160
      nvvm.setmaxregister increase 160
      llvm.return
    }

    llvm.func @registers_in_part(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %low = arith.cmpi ult, %tid, %i32 : i32
      scf.if %low {
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: nvvm.setmaxregister: reached by part of a warpgroup: 32 of 128 threads; thread 32 has exited
        nvvm.setmaxregister decrease 24
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
    %t96 = arith.constant 96 : index
    %t128 = arith.constant 128 : index
    %t384 = arith.constant 384 : index
    %m = memref.alloc() {alignment = 16 : i64} : memref<64x64xi16>
    call @fill_bf16(%m) : (memref<64x64xi16>) -> ()
    %place = llvm.alloca %l1 x !map : (i64) -> !llvm.ptr
    call @tensor_map(%m, %place, %l2, %l2, %l128, %l16, %l64) : (memref<64x64xi16>, !llvm.ptr, i64, i64, i64, i64, i64) -> ()
    %map = llvm.load %place : !llvm.ptr -> !map
    %i = memref.extract_aligned_pointer_as_index %m : memref<64x64xi16> -> index
    %j = arith.index_cast %i : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@part blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@branches blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@small blocks in (%c1, %c1, %c1) threads in (%t96, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@different blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@middle_of_pattern blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@outside_of_pattern blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@ends blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@ends_in_part blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@registers blocks in (%c1, %c1, %c1) threads in (%t384, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@registers_backwards blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@registers_in_part blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    memref.dealloc %m : memref<64x64xi16>
    return
  }
}
