// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-outline)'

func.func @strided(%a: memref<?xf32>, %x: f32, %n: index) {
  // expected-error @below {{can only take parallel loops from 0 in steps of 1}}
  scf.forall (%i) = (0) to (%n) step (2) {
    memref.store %x, %a[%i] : memref<?xf32>
  }
  return
}

// -----

func.func @shifted(%a: memref<?xf32>, %x: f32, %n: index) {
  // expected-error @below {{can only take parallel loops from 0 in steps of 1}}
  scf.forall (%i) = (1) to (%n) step (1) {
    memref.store %x, %a[%i] : memref<?xf32>
  }
  return
}

// -----

func.func @results(%t: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @below {{can only take parallel loops without results of at most 8 dimensions}}
  %r = scf.forall (%i) in (8) shared_outs(%o = %t) -> tensor<8xf32> {
    scf.forall.in_parallel {
    }
  }
  return %r : tensor<8xf32>
}
