// Products of operands in shared memory, K-major and MN-major (test/gpu/ptxas_wgmma.test).

!acc = !llvm.struct<(f32, f32, f32, f32)>
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.func @majors(%a: i64, %b: i64, %to: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
      %false = arith.constant false
      %true = arith.constant true
      %none = llvm.mlir.undef : !acc
      nvvm.wgmma.fence.aligned
      %d0 = "simplicial.wgmma"(%none, %a, %b, %false) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      %d1 = "simplicial.wgmma"(%d0, %a, %b, %true) {type = bf16, a_mn_major} : (!acc, i64, i64, i1) -> !acc
      %d2 = "simplicial.wgmma"(%d1, %a, %b, %true) {type = bf16, b_mn_major} : (!acc, i64, i64, i1) -> !acc
      %d3 = "simplicial.wgmma"(%d2, %a, %b, %true) {type = bf16, a_mn_major, b_mn_major} : (!acc, i64, i64, i1) -> !acc
      %d4 = "simplicial.wgmma"(%d3, %a, %b, %true) {type = f16} : (!acc, i64, i64, i1) -> !acc
      %d5 = "simplicial.wgmma"(%d4, %a, %b, %true) {type = f16, a_mn_major} : (!acc, i64, i64, i1) -> !acc
      %d6 = "simplicial.wgmma"(%d5, %a, %b, %true) {type = f16, b_mn_major} : (!acc, i64, i64, i1) -> !acc
      %d7 = "simplicial.wgmma"(%d6, %a, %b, %true) {type = f16, a_mn_major, b_mn_major} : (!acc, i64, i64, i1) -> !acc
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      %result = "simplicial.tie"(%d7) : (!acc) -> !acc
      %x0 = llvm.extractvalue %result[0] : !acc
      %q0 = llvm.getelementptr %to[0] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x0, %q0 : f32, !llvm.ptr<1>
      %x1 = llvm.extractvalue %result[1] : !acc
      %q1 = llvm.getelementptr %to[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x1, %q1 : f32, !llvm.ptr<1>
      %x2 = llvm.extractvalue %result[2] : !acc
      %q2 = llvm.getelementptr %to[2] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x2, %q2 : f32, !llvm.ptr<1>
      %x3 = llvm.extractvalue %result[3] : !acc
      %q3 = llvm.getelementptr %to[3] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x3, %q3 : f32, !llvm.ptr<1>
      llvm.return
    }
  }
  func.func @launch(%a: i64, %b: i64, %to: memref<4xf32>) {
    %c1 = arith.constant 1 : index
    %c128 = arith.constant 128 : index
    %at = memref.extract_aligned_pointer_as_index %to : memref<4xf32> -> index
    %address = arith.index_cast %at : index to i64
    %p = llvm.inttoptr %address : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@majors blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1)
      args(%a : i64, %b : i64, %p : !llvm.ptr<1>)
    return
  }
}
