// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=1 %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=7 %execute | FileCheck %s

// Products of warpgroups, used wrongly: while they are in flight their registers
// and operands are theirs.

!map = !llvm.array<16 x i64>
!acc = !llvm.struct<(f32, f32, f32, f32)>
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    llvm.func @in_flight(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
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
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      %x = llvm.extractvalue %d[1] : !acc
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: arith.mulf: touches register 1 of the wgmma at {{.*}}: simplicial.wgmma, which is in flight [block
      %y = arith.mulf %x, %x : f32
      llvm.store %y, %p : f32, !llvm.ptr<1>
      nvvm.wgmma.wait.group.sync.aligned 0
      llvm.return
    }

    llvm.func @not_tied(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
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
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      %x = llvm.extractvalue %d[1] : !acc
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store: touches register 1 of the wgmma at {{.*}}: simplicial.wgmma, which has been waited for, but no simplicial.tie is between
      llvm.store %x, %p : f32, !llvm.ptr<1>
      llvm.return
    }

    llvm.func @tied_too_early(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
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
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      %y0 = "simplicial.tie"(%d) : (!acc) -> !acc
      nvvm.wgmma.wait.group.sync.aligned 0
      %x = llvm.extractvalue %y0[1] : !acc
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store: touches register 1 of the wgmma at {{.*}}: simplicial.wgmma, which has been waited for, but no simplicial.tie is between
      llvm.store %x, %p : f32, !llvm.ptr<1>
      llvm.return
    }

    // The second group is still in flight.
    llvm.func @wait_for_another(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
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
      %c = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.fence.aligned
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 1
      %y1 = "simplicial.tie"(%c) : (!acc) -> !acc
      %y0 = "simplicial.tie"(%d) : (!acc) -> !acc
      %z = llvm.extractvalue %y1[1] : !acc
      llvm.store %z, %p : f32, !llvm.ptr<1>
      %x = llvm.extractvalue %y0[1] : !acc
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store: touches register 1 of the wgmma at {{.*}}: simplicial.wgmma, which is in flight
      llvm.store %x, %p : f32, !llvm.ptr<1>
      nvvm.wgmma.wait.group.sync.aligned 0
      llvm.return
    }

    // Through a loop and a branch.
    llvm.func @through_a_loop(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %i64 = arith.constant 64 : i32
      %false = arith.constant false
      %zero = arith.constant 0.0 : f32
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
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
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      %r = scf.for %i = %c0 to %c2 step %c1 iter_args(%e = %d) -> (!acc) {
        scf.yield %e : !acc
      }
      %x = llvm.extractvalue %r[1] : !acc
      %lead = arith.cmpi ult, %tid, %i64 : i32
      %s = scf.if %lead -> (f32) {
        scf.yield %x : f32
      } else {
        scf.yield %zero : f32
      }
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store: touches register 1 of the wgmma at {{.*}}: simplicial.wgmma, which is in flight
      llvm.store %s, %p : f32, !llvm.ptr<1>
      nvvm.wgmma.wait.group.sync.aligned 0
      llvm.return
    }

    // One accumulator for two products.
    llvm.func @taken_over(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %true = arith.constant true
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
      %c = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      %d = "simplicial.wgmma"(%c, %a, %b, %true) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: accumulates in registers that a later wgmma has taken over
      %e = "simplicial.wgmma"(%c, %a, %b, %true) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      llvm.return
    }

    // From one to the next, and on to a third after a wait.
    llvm.func @passed_on(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %true = arith.constant true
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
      %c = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      %d = "simplicial.wgmma"(%c, %a, %b, %true) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      nvvm.wgmma.fence.aligned
      %e = "simplicial.wgmma"(%d, %a, %b, %true) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      %y0 = "simplicial.tie"(%e) : (!acc) -> !acc
      %x = llvm.extractvalue %y0[1] : !acc
      llvm.store %x, %p : f32, !llvm.ptr<1>
      // CHECK: ok
      llvm.return
    }

    llvm.func @no_fence(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
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
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: no wgmma.fence since the last wgmma.commit_group
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      llvm.return
    }

    llvm.func @one_fence(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %true = arith.constant true
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
      %c = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: no wgmma.fence since the last wgmma.commit_group
      %d = "simplicial.wgmma"(%c, %a, %b, %true) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      llvm.return
    }

    llvm.func @no_proxy_fence(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
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
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: reads byte {{[0-9]+}} of shared memory, which thread {{[0-9]+}} writes at {{.*}}: llvm.store with no fence.proxy.async of its own behind
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      llvm.return
    }

    // cp.async writes like a thread does.
    llvm.func @no_copy_fence(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i32 = arith.constant 32 : i32
      %false = arith.constant false
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %at = arith.muli %tid, %i32 : i32
      %to = llvm.getelementptr %slot[%at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      %from = llvm.getelementptr %p[%at] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
      %to1 = llvm.getelementptr %to[16] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      nvvm.cp.async.shared.global %to, %from, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.shared.global %to1, %from, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.commit.group
      nvvm.cp.async.wait.group 0
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
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: reads byte {{[0-9]+}} of shared memory, which thread {{[0-9]+}} writes at {{.*}}: nvvm.cp.async.shared.global with no fence.proxy.async of its own behind
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      llvm.return
    }

    llvm.func @no_barrier(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
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
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: race: reads byte {{[0-9]+}} of shared memory, which thread {{[0-9]+}} writes at {{.*}}: llvm.store with no barrier between
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      llvm.return
    }

    llvm.func @not_waited_for_load(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i2048 = arith.constant 2048 : i32
      %true = arith.constant true
      %false = arith.constant false
      %zeros = arith.constant dense<0> : vector<4xi32>
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
      }
      llvm.store %zeros, %p : vector<4xi32>, !llvm.ptr<1>
      %address = llvm.ptrtoint %slot : !llvm.ptr<3> to i64
      %l4 = arith.constant 4 : i64
      %field = arith.shrui %address, %l4 : i64
      %fields_a = arith.constant 34363932672 : i64
      %a = arith.ori %fields_a, %field : i64
      %none = llvm.mlir.undef : !acc
      nvvm.wgmma.fence.aligned
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:12: simplicial.wgmma: {{uninitialised: reads byte|reads byte 1024 of shared memory without having waited for the load that writes it}}
      %d = "simplicial.wgmma"(%none, %a, %a, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      scf.while : () -> () {
        %done = nvvm.mbarrier.try_wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
        %again = arith.xori %done, %true : i1
        scf.condition(%again)
      } do {
        scf.yield
      }
      llvm.return
    }

    llvm.func @operand_overwritten(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
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
      %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      // CHECK: {{.*}}.mlir:[[#@LINE+1]]:7: llvm.store: writes byte {{[0-9]+}} of shared memory without having waited for what reads it, from {{.*}}: simplicial.wgmma
      llvm.store %zeros, %to : vector<4xi32>, !llvm.ptr<3>
      nvvm.wgmma.wait.group.sync.aligned 0
      llvm.return
    }

    // Another warpgroup knows that the product was begun, and no more.
    llvm.func @overwritten_by_another(%map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant}, %p: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i32 = arith.constant 32 : i32
      %i128 = arith.constant 128 : i32
      %i256 = arith.constant 256 : i32
      %i4096 = arith.constant 4096 : i32
      %false = arith.constant false
      %zeros = arith.constant dense<0> : vector<4xi32>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %slot = llvm.getelementptr %shared[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %group = arith.divui %tid, %i128 : i32
      %consumes = arith.cmpi eq, %group, %i0 : i32
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
      scf.if %consumes {
        nvvm.wgmma.fence.aligned
        %d = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
        nvvm.wgmma.commit.group.sync.aligned
        nvvm.barrier.arrive id = %i1 number_of_threads = %i256
        nvvm.wgmma.wait.group.sync.aligned 0
      } else {
        nvvm.barrier id = %i1 number_of_threads = %i256
        %there = arith.subi %at, %i4096 : i32
        %other = llvm.getelementptr %slot[%there] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
        // CHECK: {{.*}}.mlir:[[#@LINE+1]]:9: llvm.store: writes byte {{[0-9]+}} of shared memory without having waited for what reads it, from {{.*}}: simplicial.wgmma
        llvm.store %zeros, %other : vector<4xi32>, !llvm.ptr<3>
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
    %t128 = arith.constant 128 : index
    %t256 = arith.constant 256 : index
    %m = memref.alloc() {alignment = 16 : i64} : memref<64x64xi16>
    call @fill_bf16(%m) : (memref<64x64xi16>) -> ()
    %place = llvm.alloca %l1 x !map : (i64) -> !llvm.ptr
    call @tensor_map(%m, %place, %l2, %l2, %l128, %l16, %l64) : (memref<64x64xi16>, !llvm.ptr, i64, i64, i64, i64, i64) -> ()
    %map = llvm.load %place : !llvm.ptr -> !map
    %i = memref.extract_aligned_pointer_as_index %m : memref<64x64xi16> -> index
    %j = arith.index_cast %i : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@in_flight blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@not_tied blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@tied_too_early blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@wait_for_another blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@through_a_loop blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@taken_over blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@passed_on blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@no_fence blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@one_fence blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@no_proxy_fence blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@no_copy_fence blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@no_barrier blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@not_waited_for_load blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@operand_overwritten blocks in (%c1, %c1, %c1) threads in (%t128, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    gpu.launch_func @kernels::@overwritten_by_another blocks in (%c1, %c1, %c1) threads in (%t256, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%map : !map, %p : !llvm.ptr<1>)
    call @report() : () -> ()
    memref.dealloc %m : memref<64x64xi16>
    return
  }
}
