// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-nvvm)' | FileCheck %s

// CHECK: gpu.module @kernels [#nvvm.target<chip = "sm_80", features = "+ptx78">]
// CHECK-SAME: attributes {llvm.data_layout = "e-{{.*}}i64:64
module attributes {simplicial.target = "sm_80"} {
  gpu.module @kernels {
    llvm.func @f() attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
}

// -----

// What was attached before does not count.

// CHECK: gpu.module @x [#nvvm.target<chip = "sm_120", features = "+ptx87">]
// CHECK: gpu.module @y [#nvvm.target<chip = "sm_120", features = "+ptx87">]
module attributes {simplicial.target = "sm_120"} {
  gpu.module @x [#nvvm.target<chip = "sm_75">] {
  }
  gpu.module @y {
  }
}

// -----

// Several chips, by compute capability.

// CHECK: gpu.module @kernels [#nvvm.target<chip = "sm_80", features = "+ptx78">, #nvvm.target<chip = "sm_90", features = "+ptx78">, #nvvm.target<chip = "sm_90a", features = "+ptx86">, #nvvm.target<chip = "sm_100", features = "+ptx86">]
module attributes {simplicial.target = "sm_90a,sm_90,sm_100,sm_80"} {
  gpu.module @kernels {
  }
}

// -----

// Nothing to do.

// CHECK: func.func private @f()
func.func private @f()
