// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-launch)'

module attributes {gpu.container_module, simplicial.target = "sm_80"} {
  // expected-error @below {{must hold one object, of a format that the driver loads}}
  gpu.binary @kernels [#gpu.object<#nvvm.target, bin = "a">, #gpu.object<#nvvm.target, bin = "b">]
}

// -----

module attributes {gpu.container_module, simplicial.target = "sm_80"} {
  // expected-error @below {{must hold one object, of a format that the driver loads}}
  gpu.binary @kernels [#gpu.object<#nvvm.target, offload = "a">]
}

// -----

// expected-error @below {{'simplicial.target' must name a GPU}}
module attributes {gpu.container_module} {
  gpu.binary @kernels [#gpu.object<#nvvm.target, bin = "a">]
}

// -----

module attributes {gpu.container_module, simplicial.target = "sm_90"} {
  gpu.binary @kernels [#gpu.object<#nvvm.target, bin = "a">]
  func.func @f(%x: index) {
    // expected-error @below {{takes launches without tokens, streams and clusters}}
    gpu.launch_func @kernels::@f clusters in (%x, %x, %x) blocks in (%x, %x, %x) threads in (%x, %x, %x)
    return
  }
}

// -----

module attributes {gpu.container_module, simplicial.target = "sm_80"} {
  gpu.binary @kernels [#gpu.object<#nvvm.target, bin = "a">]
  func.func @f(%x: index, %stream: !llvm.ptr) {
    // expected-error @below {{takes launches without tokens, streams and clusters}}
    gpu.launch_func <%stream : !llvm.ptr> @kernels::@f blocks in (%x, %x, %x) threads in (%x, %x, %x)
    return
  }
}

// -----

module attributes {gpu.container_module, simplicial.target = "sm_80"} {
  gpu.binary @kernels [#gpu.object<#nvvm.target, bin = "a">]
  func.func @f(%x: index, %i: i32, %m: memref<4xf32>) {
    // expected-error @below {{kernel argument 1 must be a number, an LLVM pointer or struct, or a tensor map}}
    gpu.launch_func @kernels::@f blocks in (%x, %x, %x) threads in (%x, %x, %x) args(%i : i32, %m : memref<4xf32>)
    return
  }
}

// -----

module attributes {gpu.container_module, simplicial.target = "sm_80"} {
  func.func @f(%a: memref<4xf32>, %i: index) -> f32 {
    // expected-error @below {{would touch device memory on the host}}
    %x = memref.load %a[%i] : memref<4xf32>
    return %x : f32
  }
}

// -----

module attributes {gpu.container_module, simplicial.target = "sm_80"} {
  func.func @f(%x: f32, %i: index) {
    %a = memref.alloc() : memref<4xf32>
    // expected-error @below {{would touch device memory on the host}}
    memref.store %x, %a[%i] : memref<4xf32>
    return
  }
}

// -----

module attributes {gpu.container_module, simplicial.target = "sm_90a"} {
  func.func @f(%m: memref<?x64xbf16>) {
    // expected-error @below {{takes a memref of numbers of at most 5 dimensions, a box of as many, and a swizzle}}
    %map, %there = "simplicial.tensor_map"(%m) {box = array<i64: 8>, swizzle = 128 : i64} : (memref<?x64xbf16>) -> (!llvm.array<16 x i64>, i1)
    return
  }
}
