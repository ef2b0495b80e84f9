// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-bufferize)'

!t = tensor<1x9x1x16xf32>
module attributes {simplicial.target = "sm_80"} {
  func.func @elementwise(%x: !t) -> !t {
    %a, %lse = "simplicial.attention"(%x, %x, %x, %x, %x) : (!t, !t, !t, !t, !t) -> (!t, tensor<1x1x9xf32>)
    // expected-error @below {{has no code for GPUs: beside attention they take constants, slices and other views of tensors only}}
    %b = arith.addf %a, %x : !t
    return %b : !t
  }
}

// -----

module attributes {simplicial.target = "sm_90a"} {
  func.func @linalg(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
    // expected-error @below {{has no code for GPUs}}
    %t = linalg.transpose ins(%x : tensor<4x4xf32>) outs(%x : tensor<4x4xf32>) permutation = [1, 0]
    return %t : tensor<4x4xf32>
  }
}

// -----

// Indices and branches are the host's.

module attributes {simplicial.target = "sm_80"} {
  func.func @scalars(%x: tensor<4x4xf32>, %i: index) -> tensor<4x4xf32> {
    %j = arith.addi %i, %i : index
    %c = arith.cmpi slt, %j, %i : index
    %y = scf.if %c -> tensor<4x4xf32> {
      scf.yield %x : tensor<4x4xf32>
    } else {
      %z = arith.constant dense<0.0> : tensor<4x4xf32>
      scf.yield %z : tensor<4x4xf32>
    }
    return %y : tensor<4x4xf32>
  }
}

// -----

// What simplicial-verify refuses is diagnosed here as well.

func.func @rank(%q: tensor<8x2x16xf32>, %k: tensor<1x8x1x16xf32>) -> tensor<8x2x16xf32> {
  // expected-error @below {{q must have rank 4}}
  %o, %lse = "simplicial.attention"(%q, %k, %k, %k, %k)
    : (tensor<8x2x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>, tensor<1x8x1x16xf32>) -> (tensor<8x2x16xf32>, tensor<1x2x8xf32>)
  return %o : tensor<8x2x16xf32>
}

// -----

// On CPUs linalg's loops are code, and what is no loop is not.

func.func @softmax(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %n = linalg.exp ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-error @below {{'linalg.softmax' has no code: linalg.generic can say the same}}
  %y = linalg.softmax dimension(1) ins(%n : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
