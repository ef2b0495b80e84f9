// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-differentiate)'

!t = tensor<1x9x1x16xf32>
!l = tensor<1x1x9xf32>
func.func @lse(%x: !t) -> (!t, !l) attributes {simplicial.differentiate} {
  // expected-error @below {{the gradient of lse is not supported}}
  %a, %lse = "simplicial.attention"(%x, %x, %x, %x, %x) : (!t, !t, !t, !t, !t) -> (!t, !l)
  return %a, %lse : !t, !l
}

// -----

// An lse of constants has no gradient.

!t = tensor<1x9x1x16xf32>
!l = tensor<1x1x9xf32>
func.func @constant_lse(%x: !t) -> (!t, !l) attributes {simplicial.differentiate} {
  %c = arith.constant dense<1.0> : !t
  %a, %lse = "simplicial.attention"(%c, %c, %c, %c, %c) : (!t, !t, !t, !t, !t) -> (!t, !l)
  return %x, %lse : !t, !l
}

// -----

// What simplicial-verify refuses is diagnosed here as well.

!t = tensor<1x9x1x8xf32>
func.func @verified(%x: !t) -> !t attributes {simplicial.differentiate} {
  // expected-error @below {{head dimension must be a multiple of 16}}
  %a, %lse = "simplicial.attention"(%x, %x, %x, %x, %x) : (!t, !t, !t, !t, !t) -> (!t, tensor<1x1x9xf32>)
  return %a : !t
}

// -----

func.func @elementwise(%x: tensor<4xf32>) -> tensor<4xf32> attributes {simplicial.differentiate} {
  // expected-error @below {{'math.exp' cannot be differentiated}}
  %y = math.exp %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func private @g(tensor<4xf32>) -> tensor<4xf32>
func.func @call(%x: tensor<4xf32>) -> tensor<4xf32> attributes {simplicial.differentiate} {
  // expected-error @below {{'func.call' cannot be differentiated}}
  %y = func.call @g(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// A loop that only looks into its body for the tensor.

func.func @loop(%x: tensor<4xf32>, %y: tensor<4xf32>, %n: index) -> tensor<4xf32>
    attributes {simplicial.differentiate} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c = arith.constant dense<1.0> : tensor<4xf32>
  // expected-error @below {{'scf.for' cannot be differentiated}}
  %z = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c) -> (tensor<4xf32>) {
    %b = arith.addf %a, %x : tensor<4xf32>
    scf.yield %b : tensor<4xf32>
  }
  return %z : tensor<4xf32>
}

// -----

// By way of integers.

func.func @integers(%x: tensor<4xf32>) -> tensor<4xf32> attributes {simplicial.differentiate} {
  %i = arith.bitcast %x : tensor<4xf32> to tensor<4xi32>
  // expected-error @below {{'arith.bitcast' cannot be differentiated}}
  %y = arith.bitcast %i : tensor<4xi32> to tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// By way of a number, which depends on the argument.

func.func @number(%x: tensor<4xf32>) -> tensor<4xf32> attributes {simplicial.differentiate} {
  %c0 = arith.constant 0 : index
  %s = tensor.extract %x[%c0] : tensor<4xf32>
  %e = tensor.empty() : tensor<4xf32>
  // expected-error @below {{'linalg.fill' cannot be differentiated}}
  %y = linalg.fill ins(%s : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// By way of memory.

func.func @memory(%x: tensor<4xf32>, %m: memref<f32>) -> tensor<4xf32> attributes {simplicial.differentiate} {
  %c0 = arith.constant 0 : index
  %s = tensor.extract %x[%c0] : tensor<4xf32>
  // expected-error @below {{'memref.store' cannot be differentiated}}
  memref.store %s, %m[] : memref<f32>
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{tensors without a rank, or of more than 8 dimensions, cannot be differentiated}}
func.func @no_rank(%x: tensor<*xf32>) -> tensor<*xf32> attributes {simplicial.differentiate} {
  return %x : tensor<*xf32>
}

// -----

func.func @rank(%x: tensor<4xf32>) -> tensor<1x1x1x1x1x1x1x1x4xf32> attributes {simplicial.differentiate} {
  // expected-error @below {{tensors without a rank, or of more than 8 dimensions, cannot be differentiated}}
  %y = tensor.expand_shape %x [[0, 1, 2, 3, 4, 5, 6, 7, 8]] output_shape [1, 1, 1, 1, 1, 1, 1, 1, 4]
    : tensor<4xf32> into tensor<1x1x1x1x1x1x1x1x4xf32>
  return %y : tensor<1x1x1x1x1x1x1x1x4xf32>
}

// -----

// expected-error @below {{the name of its gradient, 'f_grad', is taken}}
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> attributes {simplicial.differentiate} {
  return %x : tensor<4xf32>
}
func.func private @f_grad(tensor<4xf32>)

// -----

// expected-error @below {{simplicial.differentiate must be a unit attribute}}
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> attributes {simplicial.differentiate = true} {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{only functions of one block can be differentiated}}
func.func private @f(tensor<4xf32>) -> tensor<4xf32> attributes {simplicial.differentiate}

// -----

// expected-error @below {{only functions of one block can be differentiated}}
func.func @f(%x: tensor<4xf32>, %c: i1) -> tensor<4xf32> attributes {simplicial.differentiate} {
  cf.cond_br %c, ^a, ^b
^a:
  return %x : tensor<4xf32>
^b:
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{unknown target 'sm_1'}}
module attributes {simplicial.target = "sm_1"} {
  func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> attributes {simplicial.differentiate} {
    return %x : tensor<4xf32>
  }
}
