// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-nvvm)'

// expected-error @below {{'simplicial.target' must name a GPU}}
module attributes {simplicial.target = "cpu"} {
  gpu.module @kernels {
  }
}

// -----

// expected-error @below {{'simplicial.target' must name a GPU}}
module {
  gpu.module @kernels {
  }
}

// -----

// expected-error @below {{simplicial.target must be a string}}
module attributes {simplicial.target = 80 : i64} {
  gpu.module @kernels {
  }
}
