// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-interleave)'

gpu.module @kernels {
  llvm.func @f() {
    // expected-error @below {{no nvvm.wgmma.commit.group.sync.aligned follows in its block}}
    nvvm.wgmma.fence.aligned {simplicial.early}
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @f() {
    // expected-error @below {{no nvvm.wgmma.commit.group.sync.aligned follows in its block}}
    nvvm.wgmma.fence.aligned {simplicial.early}
    nvvm.wgmma.fence.aligned
    nvvm.wgmma.commit.group.sync.aligned
    llvm.return
  }
}
