// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-emulate)'

gpu.module @kernels {
  llvm.func @f(%p: !llvm.ptr<3>, %n: i32) {
    // expected-error @+1 {{simplicial-emulate has no rule for this operation}}
    nvvm.mbarrier.complete_tx %p, %n : !llvm.ptr<3>, i32
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @f(%p: !llvm.ptr<1>, %x: f32) {
    // expected-error @+1 {{simplicial-emulate has no rule for this operation}}
    %y = llvm.atomicrmw fadd %p, %x monotonic : !llvm.ptr<1>, f32
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @f(%a: vector<2xf16>) {
    // f16 accumulators are no part of it.
    // expected-error @+1 {{simplicial-emulate has no rule for this operation}}
    %d = nvvm.mma.sync A[%a, %a, %a, %a] B[%a, %a] C[%a, %a]
      {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
      : (vector<2xf16>, vector<2xf16>, vector<2xf16>) -> !llvm.struct<(vector<2xf16>, vector<2xf16>)>
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @f(%m: i32, %x: f32) {
    // expected-error @+1 {{simplicial-emulate does not take the result's type}}
    %s = nvvm.shfl.sync bfly %m, %x, %m, %m {return_value_and_is_valid} : f32 -> !llvm.struct<(f32, i1)>
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @f(%p: !llvm.ptr<1>) {
    // expected-error @+1 {{simplicial-emulate takes loads and stores of numbers and vectors of whole bytes}}
    %x = llvm.load %p : !llvm.ptr<1> -> !llvm.struct<(f32, f32)>
    llvm.return
  }
}

// -----

!acc = !llvm.struct<(f32, f32, f32, f32)>
gpu.module @kernels {
  llvm.func @f(%acc: !acc, %b: i64, %more: i1, %p: !llvm.ptr) {
    %d = "simplicial.wgmma"(%acc, %b, %b, %more) {type = bf16} : (!acc, i64, i64, i1) -> !acc
    // expected-error @+1 {{simplicial-emulate takes structs of registers where they go to products, ties and llvm.extractvalue, or are passed on}}
    llvm.store %d, %p : !acc, !llvm.ptr
    llvm.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{simplicial-emulate takes no globals but dynamic shared memory}}
  llvm.mlir.global external @shared() {addr_space = 3 : i32} : !llvm.array<64 x i8>
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{simplicial-emulate takes kernels with bodies}}
  llvm.func @f(%p: !llvm.ptr<1>)
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.func @f() attributes {gpu.kernel} {
      llvm.return
    }
  }
  func.func @launch(%n: index, %stream: !llvm.ptr) {
    // expected-error @+1 {{simplicial-emulate takes synchronous launches without clusters, of at most 256 arguments}}
    gpu.launch_func @kernels::@f clusters in (%n, %n, %n) blocks in (%n, %n, %n) threads in (%n, %n, %n)
    return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{simplicial-emulate takes no argument by value that has no bytes, as number 1}}
  llvm.func @f(%p: !llvm.ptr<1>, %map: !llvm.ptr {llvm.byval = !llvm.array<0 x i8>, llvm.align = 64 : i64}) attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{simplicial-emulate takes no argument by value that has no bytes, as number 0}}
  llvm.func @f(%map: !llvm.ptr {llvm.byval = !llvm.struct<(array<4 x array<0 x i8>>, struct<()>)>}) attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}
