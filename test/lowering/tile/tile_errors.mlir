// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-tile)'

func.func @not_configured(%q: memref<2x?x8x16xf32>, %kv: memref<2x?x2x16xf32>) {
  // expected-error @below {{has no simplicial.config: run simplicial-configure first}}
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %q)
    : (memref<2x?x8x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>,
       memref<2x?x2x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}

// -----

func.func @half_configured(%q: memref<2x?x8x16xf32>, %kv: memref<2x?x2x16xf32>) {
  // expected-error @below {{simplicial.config is incomplete: run simplicial-configure first}}
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %q) {simplicial.config = {block_h = 4 : i64}}
    : (memref<2x?x8x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>,
       memref<2x?x2x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}

// -----

func.func @gradient_not_configured(%q: memref<1x8x2x16xf32>, %kv: memref<1x8x1x16xf32>, %lse: memref<1x2x8xf32>) {
  // expected-error @below {{has no simplicial.config: run simplicial-configure first}}
  "simplicial.attention_grad_into"(%q, %kv, %kv, %kv, %kv, %q, %lse, %q, %q)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (memref<1x8x2x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>,
       memref<1x8x2x16xf32>, memref<1x2x8xf32>, memref<1x8x2x16xf32>, memref<1x8x2x16xf32>) -> ()
  return
}

// -----

// Both parts' strategies must be complete.

func.func @gradient_half_configured(%q: memref<1x8x2x16xf32>, %kv: memref<1x8x1x16xf32>, %lse: memref<1x2x8xf32>) {
  // expected-error @below {{simplicial.config is incomplete: run simplicial-configure first}}
  "simplicial.attention_grad_into"(%q, %kv, %kv, %kv, %kv, %q, %lse, %q, %q)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_q = 8 : i64, block_h = 1 : i64, block_k = 16 : i64, stages = 0 : i64,
                                    producer = false, operand = f32, split = false}}}
    : (memref<1x8x2x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>,
       memref<1x8x2x16xf32>, memref<1x2x8xf32>, memref<1x8x2x16xf32>, memref<1x8x2x16xf32>) -> ()
  return
}

// -----

func.func @gradient_without_keys(%q: memref<1x8x2x16xf32>, %kv: memref<1x8x1x16xf32>, %lse: memref<1x2x8xf32>) {
  // expected-error @below {{simplicial.config is incomplete: run simplicial-configure first}}
  "simplicial.attention_grad_into"(%q, %kv, %kv, %kv, %kv, %q, %lse, %q, %kv)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0>, simplicial.config = {}}
    : (memref<1x8x2x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>,
       memref<1x8x2x16xf32>, memref<1x2x8xf32>, memref<1x8x2x16xf32>, memref<1x8x1x16xf32>) -> ()
  return
}

// -----

func.func @gradient_heads_and_queries(%q: memref<1x8x2x16xf32>, %kv: memref<1x8x1x16xf32>, %lse: memref<1x2x8xf32>) {
  // expected-error @below {{simplicial.config: 'block_h' must be 1 with 'block_q' above 1}}
  "simplicial.attention_grad_into"(%q, %kv, %kv, %kv, %kv, %q, %lse, %q, %kv)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0>,
       simplicial.config = {keys = {block_q = 8 : i64, block_h = 2 : i64, block_k = 16 : i64, stages = 0 : i64,
                                    producer = false, operand = f32, split = false}}}
    : (memref<1x8x2x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>,
       memref<1x8x2x16xf32>, memref<1x2x8xf32>, memref<1x8x2x16xf32>, memref<1x8x1x16xf32>) -> ()
  return
}

// -----

func.func @gradient_not_verified(%q: memref<1x8x2x16xf32>, %kv: memref<1x8x1x16xf32>, %lse: memref<1x2x8xf32>) {
  // expected-error @below {{d_q and q disagree in dimension 2: 1 and 2}}
  "simplicial.attention_grad_into"(%q, %kv, %kv, %kv, %kv, %q, %lse, %q, %kv)
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (memref<1x8x2x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>, memref<1x8x1x16xf32>,
       memref<1x8x2x16xf32>, memref<1x2x8xf32>, memref<1x8x2x16xf32>, memref<1x8x1x16xf32>) -> ()
  return
}

// -----

func.func @not_verified(%q: memref<2x?x8x16xf32>, %kv: memref<2x?x0x16xf32>) {
  // expected-error @below {{8 query heads are not a multiple of 0 key heads}}
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %q) {simplicial.config = {block_h = 4 : i64}}
    : (memref<2x?x8x16xf32>, memref<2x?x0x16xf32>, memref<2x?x0x16xf32>, memref<2x?x0x16xf32>,
       memref<2x?x0x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}
