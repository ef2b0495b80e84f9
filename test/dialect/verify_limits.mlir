// RUN: %mlir-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline='builtin.module(simplicial-verify)'

// What simplicial-verify says of sizes, targets and types. In each function, at most one thing is wrong.

// No tensor may have more bytes than an i64 can count, whatever its dynamic sizes are.

!q = tensor<?x288230376151711744x2x16xf32>
!lse = tensor<?x2x288230376151711744xf32>
func.func @large_query(%q: !q) -> !lse {
  // expected-error @below {{q has more than 2^63 - 1 bytes}}
  %0:2 = "simplicial.attention"(%q, %q, %q, %q, %q) : (!q, !q, !q, !q, !q) -> (!q, !lse)
  return %0#1 : !lse
}

// -----

!q = tensor<1x8x2x16xf16>
!k = tensor<1x288230376151711744x1x16xf16>
!lse = tensor<1x2x8xf32>
func.func @large_keys(%q: !q, %k: !k) -> !q {
  // expected-error @below {{k1 has more than 2^63 - 1 bytes}}
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return %0#0 : !q
}

// -----

!q = tensor<1x8x2x16xf16>
!k = tensor<1x144115188075855872x1x16xf16>
!lse = tensor<1x2x8xf32>
func.func @largest_keys(%q: !q, %k: !k) -> !q {
  %0:2 = "simplicial.attention"(%q, %k, %k, %k, %k) : (!q, !k, !k, !k, !k) -> (!q, !lse)
  return %0#0 : !q
}

// -----

func.func @large_result() -> tensor<4611686018427387904x2xi8> {
  // expected-error @below {{result 0 has more than 2^63 - 1 bytes}}
  %0 = tensor.empty() : tensor<4611686018427387904x2xi8>
  return %0 : tensor<4611686018427387904x2xi8>
}

// -----

// expected-error @below {{argument 1 has more than 2^63 - 1 bytes}}
func.func @large_argument(%a: tensor<4xi8>, %b: memref<9223372036854775807x0x2xi8>) {
  return
}

// -----

func.func @large_constant() -> tensor<67108864xf32> {
  // expected-error @below {{holds a constant of 256 MiB or more: it can be an argument instead}}
  %0 = arith.constant dense<0.5> : tensor<67108864xf32>
  return %0 : tensor<67108864xf32>
}

// -----

func.func @endless_constant() -> tensor<4611686018427387904x2x16xf16> {
  // expected-error @below {{holds a constant of 256 MiB or more: it can be an argument instead}}
  %0 = arith.constant dense<0.5> : tensor<4611686018427387904x2x16xf16>
  return %0 : tensor<4611686018427387904x2x16xf16>
}

// -----

func.func @largest_constant() -> tensor<67108863xf32> {
  %0 = arith.constant dense<0.5> : tensor<67108863xf32>
  return %0 : tensor<67108863xf32>
}

// -----

// One compilation is for one target.

// expected-error @below {{simplicial.target is 'sm_80', but the module around it is compiled for 'cpu'}}
func.func @own_target() attributes {simplicial.target = "sm_80"} {
  return
}

// -----

module attributes {simplicial.target = "sm_80"} {
  func.func @same_target() attributes {simplicial.target = "sm_80"} {
    return
  }
  // expected-error @below {{simplicial.target is 'sm_80,sm_90', but the module around it is compiled for 'sm_80'}}
  module attributes {simplicial.target = "sm_80,sm_90"} {
  }
}

// -----

module attributes {simplicial.target = "sm_80"} {
  // expected-error @below {{simplicial.target is 'cpu', but the module around it is compiled for 'sm_80'}}
  func.func @cpu() attributes {simplicial.target = "cpu"} {
    return
  }
}

// -----

// expected-error @below {{unknown target 'sm_1'}}
func.func @unknown_target() attributes {simplicial.target = "sm_1"} {
  return
}

// -----

// Nor may a type be one that nobody knows the size of.

// expected-error @below {{argument 1 has a type that is not known here}}
func.func @unknown_argument(%x: f32, %y: !unknown.type) {
  return
}

// -----

func.func @unknown_element() {
  // expected-error @below {{result 0 has a type that is not known here}}
  %x = tensor.empty() : tensor<4x!unknown.type>
  return
}
