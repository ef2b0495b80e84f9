// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-allocate)'

func.func @results() -> index {
  %c0 = arith.constant 0 : index
  // expected-error @below {{a function with results cannot allocate}}
  %m = memref.alloc() : memref<4xf32>
  return %c0 : index
}

// -----

func.func @layout() {
  // expected-error @below {{only contiguous memrefs of numbers, of at most 8 dimensions, can be allocated}}
  %m = memref.alloc() : memref<4x4xf32, strided<[1, 4]>>
  return
}

// -----

func.func @loop(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    // expected-error @below {{simplicial-allocate takes functions of blocks}}
    %m = memref.alloc() : memref<4xf32>
  }
  return
}

// -----

module attributes {simplicial.target = "sm_80"} {
  func.func @f(%a: memref<1x1x1x1x1x1x1x1x4xf32>, %b: memref<1x1x1x1x1x1x1x1x4xf32>) {
    // expected-error @below {{only memrefs of numbers, of at most 8 dimensions, are copied}}
    memref.copy %a, %b : memref<1x1x1x1x1x1x1x1x4xf32> to memref<1x1x1x1x1x1x1x1x4xf32>
    return
  }
}
