// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-nvvm)' | FileCheck %s

// Our own ops become inline assembly.

!acc = !llvm.struct<(f32, f32, f32, f32)>
!a = !llvm.struct<(i32, i32, i32, i32)>
module attributes {simplicial.target = "sm_90a"} {
  // CHECK: gpu.module @kernels [#nvvm.target<chip = "sm_90a", features = "+ptx86">]
  gpu.module @kernels {
    // CHECK-LABEL: @products
    // CHECK-SAME: (%[[ACC:.*]]: !llvm.struct<(f32, f32, f32, f32)>, %[[A:.*]]: !llvm.struct<(i32, i32, i32, i32)>, %[[D:.*]]: i64, %[[B:.*]]: i64, %[[MORE:.*]]: i1)
    llvm.func @products(%acc: !acc, %a: !a, %d: i64, %b: i64, %more: i1) -> !acc {
      // CHECK-DAG: %[[C0:.*]] = llvm.extractvalue %[[ACC]][0]
      // CHECK-DAG: %[[C1:.*]] = llvm.extractvalue %[[ACC]][1]
      // CHECK-DAG: %[[C2:.*]] = llvm.extractvalue %[[ACC]][2]
      // CHECK-DAG: %[[C3:.*]] = llvm.extractvalue %[[ACC]][3]
      // CHECK: %[[X:.*]] = llvm.inline_asm has_side_effects asm_dialect = att "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {$0, $1, $2, $3}, $4, $5, $6, 1, 1, 0, 1;", "=f,=f,=f,=f,l,l,b,0,1,2,3" %[[D]], %[[B]], %[[MORE]], %[[C0]], %[[C1]], %[[C2]], %[[C3]] : (i64, i64, i1, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
      %x = "simplicial.wgmma"(%acc, %d, %b, %more) {type = f16, b_mn_major} : (!acc, i64, i64, i1) -> !acc
      // CHECK-DAG: %[[A0:.*]] = llvm.extractvalue %[[A]][0]
      // CHECK-DAG: %[[A3:.*]] = llvm.extractvalue %[[A]][3]
      // CHECK-DAG: %[[X0:.*]] = llvm.extractvalue %[[X]][0]
      // CHECK: %[[Y:.*]] = llvm.inline_asm has_side_effects asm_dialect = att "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$4, $5, $6, $7}, $8, $9, 1, 1, 0;", "=f,=f,=f,=f,r,r,r,r,l,b,0,1,2,3" %[[A0]], {{.*}}, %[[A3]], %[[B]], %[[MORE]], %[[X0]], {{.*}} : (i32, i32, i32, i32, i64, i1, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
      %y = "simplicial.wgmma"(%x, %a, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
      // CHECK: "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, $4, $5, $6, 1, 1, 1, 0;", "=f,=f,=f,=f,l,l,b,0,1,2,3" %[[D]], %[[B]]
      %u = "simplicial.wgmma"(%y, %d, %b, %more) {type = bf16, a_mn_major} : (!acc, i64, i64, i1) -> !acc
      // CHECK: "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {$0, $1, $2, $3}, $4, $5, $6, 1, 1, 1, 1;", "=f,=f,=f,=f,l,l,b,0,1,2,3" %[[D]], %[[B]]
      %v = "simplicial.wgmma"(%u, %d, %b, %more) {type = f16, a_mn_major, b_mn_major} : (!acc, i64, i64, i1) -> !acc
      // CHECK: %[[Z:.*]] = llvm.inline_asm has_side_effects asm_dialect = att "", "=f,=f,=f,=f,0,1,2,3" {{.*}} : (f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
      %z = "simplicial.tie"(%v) : (!acc) -> !acc
      // CHECK: llvm.return %[[Z]]
      llvm.return %z : !acc
    }

    // CHECK-LABEL: @ties
    llvm.func @ties(%i: i32, %f: f32, %s: !llvm.struct<(i32, f32)>) -> !llvm.struct<(i32, f32)> {
      // CHECK: llvm.inline_asm has_side_effects asm_dialect = att "", "=r,0" %{{.*}} : (i32) -> i32
      %0 = "simplicial.tie"(%i) : (i32) -> i32
      // CHECK: llvm.inline_asm has_side_effects asm_dialect = att "", "=f,0" %{{.*}} : (f32) -> f32
      %1 = "simplicial.tie"(%f) : (f32) -> f32
      // CHECK: llvm.inline_asm has_side_effects asm_dialect = att "", "=r,=f,0,1" %{{.*}}, %{{.*}} : (i32, f32) -> !llvm.struct<(i32, f32)>
      %2 = "simplicial.tie"(%s) : (!llvm.struct<(i32, f32)>) -> !llvm.struct<(i32, f32)>
      llvm.return %2 : !llvm.struct<(i32, f32)>
    }
  }
}
