// RUN: %mlir-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline='builtin.module(simplicial-inline)'

func.func private @external(tensor<4xf32>) -> f32
func.func @f(%x: tensor<4xf32>) -> f32 {
  // expected-error @below {{calls 'external', which has no body here}}
  %y = call @external(%x) : (tensor<4xf32>) -> f32
  return %y : f32
}

// -----

// Of memory and numbers it may be the host's.

func.func private @external(memref<4xf32>) -> f32
func.func @f(%x: memref<4xf32>) -> f32 {
  %y = call @external(%x) : (memref<4xf32>) -> f32
  return %y : f32
}

// -----

func.func private @g(%x: f32) -> f32 {
  // expected-error @below {{calls 'h' recursively}}
  %y = call @h(%x) : (f32) -> f32
  return %y : f32
}
func.func private @h(%x: f32) -> f32 {
  %y = call @g(%x) : (f32) -> f32
  return %y : f32
}
func.func @f(%x: f32) -> f32 {
  %y = call @h(%x) : (f32) -> f32
  return %y : f32
}

// -----

func.func @f(%x: f32) -> f32 {
  // expected-error @below {{calls 'f' recursively}}
  %y = call @f(%x) : (f32) -> f32
  return %y : f32
}

// -----

func.func private @blocks(%c: i1) -> index {
  %x = arith.constant 1 : index
  cf.cond_br %c, ^a, ^b
^a:
  return %x : index
^b:
  %y = arith.constant 2 : index
  return %y : index
}
func.func @f(%c: i1) -> index {
  // expected-error @below {{calls 'blocks', which has several blocks}}
  %x = call @blocks(%c) : (i1) -> index
  return %x : index
}

// -----

module {
  module @a {
    // expected-error @below {{'f' is public in another module, too}}
    func.func @f() {
      return
    }
  }
  func.func @f() {
    return
  }
}

// -----

// What is not registered may call what it likes, where it is run.

func.func private @nobody_calls(%x: f32) {
  "unknown.op"(%x) : (f32) -> ()
  return
}
func.func private @g(%x: f32) {
  scf.execute_region {
    // expected-error @below {{'unknown.op' is no operation that is known here}}
    "unknown.op"(%x) : (f32) -> ()
    scf.yield
  }
  return
}
func.func @f(%x: f32) {
  call @g(%x) : (f32) -> ()
  return
}

// -----

// expected-error @below {{'unknown.op' is no operation that is known here}}
"unknown.op"() ({}) : () -> ()
