// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-interleave)' | FileCheck %s

!acc = !llvm.struct<(f32, f32, f32, f32)>
!a = !llvm.struct<(i32, i32, i32, i32)>
gpu.module @kernels {
  // Three of four instructions begin together, before what only the last one needs is made. What is the last to need
  // what they take is done as soon as that is there.
  // CHECK-LABEL: @early
  // CHECK: llvm.load
  // CHECK-NOT: math.exp2
  // CHECK: %[[E0:.*]] = math.exp2
  // CHECK: %[[A0:.*]] = "simplicial.tie"
  // CHECK-NEXT: %[[L0:.*]] = arith.addf %{{.*}}, %[[E0]]
  // CHECK-NEXT: %[[E1:.*]] = math.exp2
  // CHECK: %[[A1:.*]] = "simplicial.tie"
  // CHECK-NEXT: %[[L1:.*]] = arith.addf %[[L0]], %[[E1]]
  // CHECK-NEXT: %[[E2:.*]] = math.exp2
  // CHECK: %[[A2:.*]] = "simplicial.tie"
  // CHECK-NEXT: nvvm.wgmma.fence.aligned{{ *}}
  // CHECK-NEXT: %[[X0:.*]] = "simplicial.wgmma"(%{{.*}}, %[[A0]],
  // CHECK-NEXT: %[[X1:.*]] = "simplicial.wgmma"(%[[X0]], %[[A1]],
  // CHECK-NEXT: %[[X2:.*]] = "simplicial.wgmma"(%[[X1]], %[[A2]],
  // CHECK-NEXT: %[[L2:.*]] = arith.addf %[[L1]], %[[E2]]
  // CHECK-NEXT: %[[E3:.*]] = math.exp2
  // CHECK: %[[A3:.*]] = "simplicial.tie"
  // CHECK: nvvm.wgmma.fence.aligned{{ *}}
  // CHECK-NEXT: %[[X3:.*]] = "simplicial.wgmma"(%[[X2]], %[[A3]],
  // CHECK-NEXT: %[[L3:.*]] = arith.addf %[[L2]], %[[E3]]
  // CHECK-NEXT: nvvm.wgmma.commit.group.sync.aligned
  // CHECK-NEXT: llvm.store %[[L3]]
  // CHECK-NEXT: nvvm.wgmma.wait.group.sync.aligned 0
  llvm.func @early(%s0: f32, %s1: f32, %s2: f32, %s3: f32, %p: !llvm.ptr<3>, %acc: !acc, %b: i64, %more: i1) -> !acc {
    %x = "simplicial.tie"(%acc) : (!acc) -> !acc
    %none = llvm.mlir.undef : !a
    %l = llvm.load %p : !llvm.ptr<3> -> f32
    %e0 = math.exp2 %s0 : f32
    %e1 = math.exp2 %s1 : f32
    %e2 = math.exp2 %s2 : f32
    %e3 = math.exp2 %s3 : f32
    %l0 = arith.addf %l, %e0 : f32
    %l1 = arith.addf %l0, %e1 : f32
    %l2 = arith.addf %l1, %e2 : f32
    %l3 = arith.addf %l2, %e3 : f32
    %i0 = llvm.bitcast %e0 : f32 to i32
    %t0 = llvm.insertvalue %i0, %none[0] : !a
    %a0 = "simplicial.tie"(%t0) : (!a) -> !a
    %i1 = llvm.bitcast %e1 : f32 to i32
    %t1 = llvm.insertvalue %i1, %none[0] : !a
    %a1 = "simplicial.tie"(%t1) : (!a) -> !a
    %i2 = llvm.bitcast %e2 : f32 to i32
    %t2 = llvm.insertvalue %i2, %none[0] : !a
    %a2 = "simplicial.tie"(%t2) : (!a) -> !a
    %i3 = llvm.bitcast %e3 : f32 to i32
    %t3 = llvm.insertvalue %i3, %none[0] : !a
    %a3 = "simplicial.tie"(%t3) : (!a) -> !a
    nvvm.wgmma.fence.aligned {simplicial.early}
    %x0 = "simplicial.wgmma"(%x, %a0, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    %x1 = "simplicial.wgmma"(%x0, %a1, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    %x2 = "simplicial.wgmma"(%x1, %a2, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    %x3 = "simplicial.wgmma"(%x2, %a3, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    nvvm.wgmma.commit.group.sync.aligned
    llvm.store %l3, %p : f32, !llvm.ptr<3>
    nvvm.wgmma.wait.group.sync.aligned 0
    %y = "simplicial.tie"(%x3) : (!acc) -> !acc
    llvm.return %y : !acc
  }

  // Only where a fence says so.
  // CHECK-LABEL: @not_early
  // CHECK: math.exp2
  // CHECK: math.exp2
  // CHECK: math.exp2
  // CHECK: math.exp2
  // CHECK: nvvm.wgmma.fence.aligned
  // CHECK-NOT: nvvm.wgmma.fence.aligned
  // CHECK: llvm.return
  llvm.func @not_early(%s0: f32, %s1: f32, %s2: f32, %s3: f32, %acc: !acc, %b: i64, %more: i1) -> !acc {
    %x = "simplicial.tie"(%acc) : (!acc) -> !acc
    %none = llvm.mlir.undef : !a
    %e0 = math.exp2 %s0 : f32
    %e1 = math.exp2 %s1 : f32
    %e2 = math.exp2 %s2 : f32
    %e3 = math.exp2 %s3 : f32
    %i0 = llvm.bitcast %e0 : f32 to i32
    %i1 = llvm.bitcast %e1 : f32 to i32
    %i2 = llvm.bitcast %e2 : f32 to i32
    %i3 = llvm.bitcast %e3 : f32 to i32
    %t0 = llvm.insertvalue %i0, %none[0] : !a
    %a0 = "simplicial.tie"(%t0) : (!a) -> !a
    %t1 = llvm.insertvalue %i1, %none[0] : !a
    %a1 = "simplicial.tie"(%t1) : (!a) -> !a
    %t2 = llvm.insertvalue %i2, %none[0] : !a
    %a2 = "simplicial.tie"(%t2) : (!a) -> !a
    %t3 = llvm.insertvalue %i3, %none[0] : !a
    %a3 = "simplicial.tie"(%t3) : (!a) -> !a
    nvvm.wgmma.fence.aligned
    %x0 = "simplicial.wgmma"(%x, %a0, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    %x1 = "simplicial.wgmma"(%x0, %a1, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    %x2 = "simplicial.wgmma"(%x1, %a2, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    %x3 = "simplicial.wgmma"(%x2, %a3, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    nvvm.wgmma.commit.group.sync.aligned
    nvvm.wgmma.wait.group.sync.aligned 0
    %y = "simplicial.tie"(%x3) : (!acc) -> !acc
    llvm.return %y : !acc
  }

  // Nothing is moved that a load, which is not, needs; nor where left operands are in shared memory.
  // CHECK-LABEL: @stays
  // CHECK: %[[E0:.*]] = math.exp2
  // CHECK: %[[E1:.*]] = math.exp2
  // CHECK: llvm.load
  // CHECK: nvvm.wgmma.fence.aligned{{$}}
  // CHECK-NOT: nvvm.wgmma.fence.aligned
  // CHECK: nvvm.wgmma.commit.group.sync.aligned
  // CHECK: nvvm.wgmma.fence.aligned{{$}}
  // CHECK-NOT: nvvm.wgmma.fence.aligned
  // CHECK: llvm.return
  llvm.func @stays(%s0: f32, %s1: f32, %p: !llvm.ptr<3>, %acc: !acc, %b: i64, %more: i1) -> (!acc) {
    %x = "simplicial.tie"(%acc) : (!acc) -> !acc
    %none = llvm.mlir.undef : !a
    %e0 = math.exp2 %s0 : f32
    %e1 = math.exp2 %s1 : f32
    %i0 = llvm.bitcast %e0 : f32 to i32
    %at = llvm.getelementptr %p[%i0] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
    %l = llvm.load %at : !llvm.ptr<3> -> f32
    %i1 = llvm.bitcast %e1 : f32 to i32
    %t0 = llvm.insertvalue %i0, %none[0] : !a
    %a0 = "simplicial.tie"(%t0) : (!a) -> !a
    %t1 = llvm.insertvalue %i1, %none[0] : !a
    %a1 = "simplicial.tie"(%t1) : (!a) -> !a
    nvvm.wgmma.fence.aligned {simplicial.early}
    %x0 = "simplicial.wgmma"(%x, %a0, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    %x1 = "simplicial.wgmma"(%x0, %a0, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    %x2 = "simplicial.wgmma"(%x1, %a1, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    %x3 = "simplicial.wgmma"(%x2, %a1, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
    nvvm.wgmma.commit.group.sync.aligned
    nvvm.wgmma.fence.aligned {simplicial.early}
    %y0 = "simplicial.wgmma"(%x3, %b, %b, %more) {type = bf16} : (!acc, i64, i64, i1) -> !acc
    %y1 = "simplicial.wgmma"(%y0, %b, %b, %more) {type = bf16} : (!acc, i64, i64, i1) -> !acc
    %y2 = "simplicial.wgmma"(%y1, %b, %b, %more) {type = bf16} : (!acc, i64, i64, i1) -> !acc
    %y3 = "simplicial.wgmma"(%y2, %b, %b, %more) {type = bf16} : (!acc, i64, i64, i1) -> !acc
    nvvm.wgmma.commit.group.sync.aligned
    nvvm.wgmma.wait.group.sync.aligned 0
    llvm.store %l, %p : f32, !llvm.ptr<3>
    %y = "simplicial.tie"(%y3) : (!acc) -> !acc
    llvm.return %y : !acc
  }
}
