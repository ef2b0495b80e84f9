// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-nvvm)'
// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-emulate)'

// Products and ties that there are no instructions for, or whose registers may
// be written when they must not; the emulator says the same.

module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%acc: !llvm.struct<(f32, f32, f32)>, %b: i64, %more: i1) {
      // expected-error @below {{must accumulate in an LLVM struct of n/2 values of f32, n a multiple of 8 up to 256}}
      %x = "simplicial.wgmma"(%acc, %b, %b, %more) {type = f16} : (!llvm.struct<(f32, f32, f32)>, i64, i64, i1) -> !llvm.struct<(f32, f32, f32)>
      llvm.return
    }
  }
}

// -----

module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%acc: !llvm.struct<(f32, f32, f32, i32)>, %b: i64, %more: i1) {
      // expected-error @below {{must accumulate in an LLVM struct of n/2 values of f32, n a multiple of 8 up to 256}}
      %x = "simplicial.wgmma"(%acc, %b, %b, %more) {type = f16} : (!llvm.struct<(f32, f32, f32, i32)>, i64, i64, i1) -> !llvm.struct<(f32, f32, f32, i32)>
      llvm.return
    }
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%acc: !acc, %b: i64, %more: i1) {
      // expected-error @below {{'type' must be bf16 or f16}}
      %x = "simplicial.wgmma"(%acc, %b, %b, %more) {type = f32} : (!acc, i64, i64, i1) -> !acc
      llvm.return
    }
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%acc: !acc, %b: i64, %more: i1) {
      // expected-error @below {{'type' must be bf16 or f16}}
      %x = "simplicial.wgmma"(%acc, %b, %b, %more) : (!acc, i64, i64, i1) -> !acc
      llvm.return
    }
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%acc: !acc, %b: i64, %more: i1) {
      // expected-error @below {{'b_mn_major' must be a unit attribute}}
      %x = "simplicial.wgmma"(%acc, %b, %b, %more) {type = bf16, b_mn_major = false} : (!acc, i64, i64, i1) -> !acc
      llvm.return
    }
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%acc: !acc, %b: i64, %more: i1) {
      // expected-error @below {{'a_mn_major' must be a unit attribute}}
      %x = "simplicial.wgmma"(%acc, %b, %b, %more) {type = bf16, a_mn_major = true} : (!acc, i64, i64, i1) -> !acc
      llvm.return
    }
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
!a = !llvm.struct<(i32, i32, i32, i32)>
module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%acc: !acc, %a: !a, %b: i64, %more: i1) {
      // expected-error @below {{'a' has one layout in registers: 'a_mn_major' is for a descriptor}}
      %x = "simplicial.wgmma"(%acc, %a, %b, %more) {type = bf16, a_mn_major} : (!acc, !a, i64, i1) -> !acc
      llvm.return
    }
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%acc: !acc, %b: i64, %more: i1) {
      // expected-error @below {{'a' must be an i64 or an LLVM struct of four i32}}
      %x = "simplicial.wgmma"(%acc, %acc, %b, %more) {type = bf16} : (!acc, !acc, i64, i1) -> !acc
      llvm.return
    }
  }
}

// -----

module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%x: i64) {
      // expected-error @below {{must take an i32, an f32 or an LLVM struct of 2 to 128 of them}}
      %y = "simplicial.tie"(%x) : (i64) -> i64
      llvm.return
    }
  }
}

// -----

module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%x: !llvm.struct<(f32)>) {
      // expected-error @below {{must take an i32, an f32 or an LLVM struct of 2 to 128 of them}}
      %y = "simplicial.tie"(%x) : (!llvm.struct<(f32)>) -> !llvm.struct<(f32)>
      llvm.return
    }
  }
}

// -----

// Registers that are written behind the fence.

!acc = !llvm.struct<(f32, f32, f32, f32)>
module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%acc: !acc, %x: f32, %b: i64, %more: i1) {
      nvvm.wgmma.fence.aligned
      %y = arith.mulf %x, %x : f32
      %written = llvm.insertvalue %y, %acc[0] : !acc
      // expected-error @below {{the registers of 'acc' must be tied behind what writes them, and a wgmma.fence must follow}}
      %d = "simplicial.wgmma"(%written, %b, %b, %more) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      llvm.return
    }
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%acc: !acc, %b: i64, %more: i1) {
      nvvm.wgmma.fence.aligned
      %tied = "simplicial.tie"(%acc) : (!acc) -> !acc
      // expected-error @below {{the registers of 'acc' must be tied behind what writes them, and a wgmma.fence must follow}}
      %d = "simplicial.wgmma"(%tied, %b, %b, %more) {type = bf16} : (!acc, i64, i64, i1) -> !acc
      llvm.return
    }
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
!a = !llvm.struct<(i32, i32, i32, i32)>
module attributes {simplicial.target = "sm_90a"} {
  gpu.module @kernels {
    llvm.func @f(%acc: !acc, %a: !a, %x: i32, %b: i64, %more: i1) {
      %written = llvm.insertvalue %x, %a[0] : !a
      nvvm.wgmma.fence.aligned
      // expected-error @below {{the registers of 'a' must be tied behind what writes them, and a wgmma.fence must follow}}
      %d = "simplicial.wgmma"(%acc, %written, %b, %more) {type = bf16} : (!acc, !a, i64, i1) -> !acc
      llvm.return
    }
  }
}
