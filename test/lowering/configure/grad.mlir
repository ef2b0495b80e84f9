// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-configure)' | FileCheck %s

// The strategies of a gradient's two parts.

// The CPU: 16 rows of keys, in products with the heads of a query that share them.

// CHECK-LABEL: @eight_heads(
// CHECK: simplicial.config = {keys = {block_h = 8 : i64, block_j = 1 : i64, block_k = 16 : i64, block_q = 1 : i64, blocks = 0 : i64, by_pairs = false, global_sums = false, local_outer = false, local_rows = false, local_sums = false, operand = f32, producer = false, shared_left = false, split = false, stages = 0 : i64, turns = 1 : i64},
// CHECK-SAME: query = {block_h = 8 : i64, block_j = 2 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, local_outer = false, local_sums = false, operand = f32, order = "kj", producer = false, shared_left = false, stages = 0 : i64, tiles = 1 : i64, turns = 1 : i64}}
!q = memref<1x?x8x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x8x?xf32>
func.func @eight_heads(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// Too few heads to be columns: queries of one head are, 64, or as many as the outer window has keys.

// CHECK-LABEL: @three_heads(
// CHECK: keys = {block_h = 1 : i64, block_j = 1 : i64, block_k = 16 : i64, block_q = 32 : i64,
!q = memref<1x?x3x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x3x?xf32>
func.func @three_heads(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// CHECK-LABEL: @three_heads_without_windows(
// CHECK: keys = {block_h = 1 : i64, block_j = 1 : i64, block_k = 16 : i64, block_q = 64 : i64,
!q = memref<1x?x3x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x3x?xf32>
func.func @three_heads_without_windows(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// When roles are changed the outer window is the second one.

// CHECK-LABEL: @roles(
// CHECK: keys = {block_h = 1 : i64, block_j = 1 : i64, block_k = 16 : i64, block_q = 16 : i64,
// CHECK-SAME: query = {{.[^{]*}} block_k = 24 : i64, block_last = 24 : i64,
!q = memref<1x?x1x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x1x?xf32>
func.func @roles(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 24 : i64, w2 = 9 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// A group is divided by what it can be divided by.

// CHECK-LABEL: @many_heads(
// CHECK: keys = {block_h = 48 : i64,
!q = memref<1x?x192x64xf32>
!k = memref<1x?x2x64xf32>
!lse = memref<1x192x?xf32>
func.func @many_heads(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// Of tensors it is the same.

// CHECK-LABEL: @on_tensors(
// CHECK: "simplicial.attention_grad"
// CHECK-SAME: simplicial.config = {keys = {block_h = 8 : i64, block_j = 1 : i64, block_k = 16 : i64,
!q = tensor<1x?x8x64xf32>
!k = tensor<1x?x1x64xf32>
!lse = tensor<1x8x?xf32>
func.func @on_tensors(%q: !q, %k: !k, %lse: !lse) -> !q {
  %d:5 = "simplicial.attention_grad"(%q, %k, %k, %k, %k, %q, %lse, %q) {causal, w1 = 32 : i64, w2 = 256 : i64}
    : (!q, !k, !k, !k, !k, !q, !lse, !q) -> (!q, !k, !k, !k, !k)
  return %d#0 : !q
}

// -----

// A GPU of warps that multiply alone: as many heads as a matrix instruction has columns, and all warps copy.

// CHECK-LABEL: @sm_80(
// CHECK: simplicial.config = {keys = {block_h = 32 : i64, block_j = 1 : i64, block_k = 64 : i64, block_q = 1 : i64, blocks = 216 : i64, by_pairs = false, global_sums = false, local_outer = false, local_rows = false, local_sums = false, operand = bf16, producer = false, shared_left = false, split = false, stages = 2 : i64, turns = 1 : i64},
// CHECK-SAME: query = {block_h = 64 : i64, block_j = 1 : i64, block_k = 32 : i64, block_last = 32 : i64, block_q = 1 : i64, block_tail = 0 : i64, local_outer = false, local_sums = false, operand = bf16, order = "kj", producer = false, shared_left = false, stages = 2 : i64, tiles = 1 : i64, turns = 1 : i64}}
!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @sm_80(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// Fewer heads than a matrix instruction has columns, and a number that it does not divide.

// CHECK-LABEL: @sm_80_few(
// CHECK: keys = {block_h = 1 : i64, block_j = 1 : i64, block_k = 64 : i64, block_q = 32 : i64,
!q = memref<1x?x8x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @sm_80_few(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// CHECK-LABEL: @sm_80_odd(
// CHECK: keys = {block_h = 1 : i64, block_j = 1 : i64, block_k = 64 : i64, block_q = 32 : i64,
!q = memref<1x?x24x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x24x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @sm_80_odd(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// Warpgroups multiply: twice the rows, a producer, and left operands from shared memory.

// CHECK-LABEL: @sm_90a(
// CHECK: simplicial.config = {keys = {block_h = 64 : i64, block_j = 1 : i64, block_k = 64 : i64, block_q = 1 : i64, blocks = 264 : i64, by_pairs = false, global_sums = false, local_outer = false, local_rows = true, local_sums = false, operand = bf16, producer = true, shared_left = true, split = false, stages = 2 : i64, turns = 1 : i64},
// CHECK-SAME: query = {block_h = 64 : i64, block_j = 2 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, local_outer = true, local_sums = false, operand = bf16, order = "kj", producer = true, shared_left = false, stages = 2 : i64, tiles = 1 : i64, turns = 1 : i64}}
!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @sm_90a(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// Where heads are large, registers have not room for all sums. With many pairs of queries and heads they are in
// global memory: 8 * 64 are many, and so are those of any outer window that is the whole sequence.

// CHECK-LABEL: @sm_90a_large_many(
// CHECK: keys = {{.[^{]*}} global_sums = true, local_outer = false, local_rows = false, local_sums = true, operand = bf16, producer = true, shared_left = true, split = false,
!q = memref<1x?x64x128xbf16>
!k = memref<1x?x1x128xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @sm_90a_large_many(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 8 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// CHECK-LABEL: @sm_90a_large_without_windows(
// CHECK: keys = {{.[^{]*}} global_sums = true, local_outer = false, local_rows = false, local_sums = true, operand = bf16, producer = true, shared_left = true, split = false,
!q = memref<1x?x64x128xbf16>
!k = memref<1x?x1x128xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @sm_90a_large_without_windows(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// With less, keys and values are apart.

// CHECK-LABEL: @sm_90a_large_few(
// CHECK: keys = {{.[^{]*}} global_sums = false, local_outer = false, local_rows = false, local_sums = false, operand = bf16, producer = true, shared_left = true, split = true,
!q = memref<1x?x64x128xbf16>
!k = memref<1x?x1x128xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @sm_90a_large_few(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 7 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// As they always are where warps multiply alone.

// CHECK-LABEL: @sm_80_large(
// CHECK: keys = {{.[^{]*}} global_sums = false, local_outer = false, local_rows = false, local_sums = false, operand = bf16, producer = false, shared_left = false, split = true,
!q = memref<1x?x64x128xbf16>
!k = memref<1x?x1x128xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @sm_80_large(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// They multiply no f32, and no determinants.

// CHECK-LABEL: @sm_90a_f32(
// CHECK: keys = {{.[^{]*}} block_k = 64 : i64, {{[^{]*}} operand = f32, producer = false, shared_left = false,
// CHECK-SAME: query = {{.[^{]*}} operand = f32, order = "kj", producer = false,
!q = memref<1x?x64x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @sm_90a_f32(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// CHECK-LABEL: @sm_90a_determinant(
// CHECK: keys = {{.[^{]*}} block_k = 64 : i64, {{[^{]*}} producer = false, shared_left = false,
// CHECK-SAME: query = {{.[^{]*}} local_outer = false, local_sums = false, {{[^{]*}} producer = false,
!q = memref<1x?x64x48xbf16>
!k = memref<1x?x1x48xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @sm_90a_determinant(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {form = "determinant", w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// What is given in a part is kept there, and the other one is chosen.

// CHECK-LABEL: @given_query(
// CHECK: simplicial.config = {keys = {block_h = 8 : i64, block_j = 1 : i64, block_k = 16 : i64, block_q = 1 : i64, blocks = 0 : i64, by_pairs = false, global_sums = false, local_outer = false, local_rows = false, local_sums = false, operand = f32,
// CHECK-SAME: query = {block_h = 4 : i64, block_j = 3 : i64, block_k = 20 : i64, block_last = 20 : i64, {{[^{]*}} order = "jk",
!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @given_query(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {block_h = 4 : i64, block_j = 3 : i64, block_k = 20 : i64, block_last = 20 : i64, order = "jk"}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// CHECK-LABEL: @given_keys(
// CHECK: simplicial.config = {keys = {block_h = 1 : i64, block_j = 1 : i64, block_k = 5 : i64, block_q = 7 : i64, blocks = 0 : i64, by_pairs = false, global_sums = false, local_outer = false, local_rows = false, local_sums = false, operand = bf16,
// CHECK-SAME: query = {block_h = 8 : i64, block_j = 2 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, local_outer = false, local_sums = false, operand = f32, order = "kj", producer = false, shared_left = false, stages = 0 : i64, tiles = 1 : i64, turns = 1 : i64}}
!q = memref<1x?x8x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x8x?xf32>
func.func @given_keys(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_h = 1 : i64, block_k = 5 : i64, block_q = 7 : i64, operand = bf16}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// CHECK-LABEL: @given_on_a_gpu(
// CHECK: simplicial.config = {keys = {block_h = 16 : i64, block_j = 1 : i64, block_k = 64 : i64, block_q = 1 : i64, blocks = 264 : i64, by_pairs = false, global_sums = false, local_outer = false, local_rows = false, local_sums = false, operand = bf16, producer = false, shared_left = true, split = true, stages = 3 : i64, turns = 1 : i64},
// CHECK-SAME: query = {{.[^{]*}} block_tail = 16 : i64, {{[^{]*}} tiles = 2 : i64, turns = 1 : i64}}
!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @given_on_a_gpu(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_h = 16 : i64, block_k = 64 : i64, producer = false, split = true, stages = 3 : i64},
                            query = {block_tail = 16 : i64, tiles = 2 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// CHECK-LABEL: @given_sums(
// CHECK: simplicial.config = {keys = {{.[^{]*}} global_sums = true, local_outer = false, local_rows = true, local_sums = true, operand = bf16, producer = true, shared_left = false, split = false,
!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @given_sums(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {global_sums = true, shared_left = false}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// CHECK-LABEL: @tf32(
// CHECK: simplicial.config = {keys = {{.[^{]*}} operand = tf32,
// CHECK-SAME: query = {{.[^{]*}} operand = f32,
!q = memref<1x?x64x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @tf32(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {operand = tf32}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// Few heads, with warpgroups: columns of pairs, of which what queries see is in own memory, and of as many queries in turn as
// fit. What an outer window is too long for is not. Sums of outer keys' gradients would take more than a quarter of shared
// memory.

// CHECK-LABEL: func.func @pairs(
// CHECK: keys = {block_h = 4 : i64, block_j = 16 : i64, block_k = 128 : i64, block_q = 1 : i64, blocks = 132 : i64, by_pairs = true, global_sums = false, local_outer = true, local_rows = false, local_sums = false, operand = bf16, producer = false, shared_left = true, split = false, stages = 1 : i64, turns = 16 : i64},
// CHECK-SAME: query = {block_h = 4 : i64, block_j = 32 : i64, {{[^{]*}} local_outer = false, local_sums = false, operand = bf16, order = "jk", producer = true, shared_left = true, stages = 2 : i64, tiles = 1 : i64, turns = 32 : i64}}
// CHECK: keys = {{.[^{]*}} by_pairs = true, global_sums = false, local_outer = false, {{[^{]*}} turns = 1 : i64},
!q = memref<1x?x8x128xbf16>
!k = memref<1x?x2x128xbf16>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @pairs(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 512 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 512 : i64, w2 = 512 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// Where a query's outer keys and heads are half of a warpgroup's rows or fewer, warps multiply in the program over queries,
// tiles of as many keys as their registers have room for; elsewhere the warpgroup has empty rows. Both have sums of outer keys'
// gradients in own memory, of fewer queries where blocks are small.

// CHECK-LABEL: func.func @few_rows(
// CHECK: by_pairs = true
// CHECK-SAME: query = {block_h = 1 : i64, block_j = 32 : i64, block_k = 16 : i64, {{[^{]*}} local_sums = true, {{[^{]*}} order = "jk", producer = false, shared_left = false, stages = 2 : i64, {{[^{]*}} turns = 16 : i64}}
// CHECK: by_pairs = true
// CHECK-SAME: query = {block_h = 1 : i64, block_j = 64 : i64, block_k = 64 : i64, {{[^{]*}} local_sums = true, {{[^{]*}} producer = true, shared_left = true, {{[^{]*}} turns = 32 : i64}}
!q = memref<1x?x8x64xbf16>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @few_rows(%q: !q, %lse: !lse) {
  "simplicial.attention_grad_into"(%q, %q, %q, %q, %q, %q, %lse, %q, %q)
      {causal, w1 = 32 : i64, w2 = 512 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !q, !q, !q, !q, !q, !lse, !q, !q) -> ()
  "simplicial.attention_grad_into"(%q, %q, %q, %q, %q, %q, %lse, %q, %q)
      {causal, w1 = 48 : i64, w2 = 512 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !q, !q, !q, !q, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// Where a sequence has tiles enough for a machine, with many heads of keys or wide ones, no blocks share them.

// CHECK-LABEL: func.func @many_tiles(
// CHECK: keys = {{.[^{]*}} block_k = 64 : i64, block_q = 1 : i64, blocks = 264 : i64, by_pairs
// CHECK: keys = {{.[^{]*}} block_k = 64 : i64, block_q = 1 : i64, blocks = 0 : i64, by_pairs
!eight = memref<1x?x8x64xbf16>
!nine = memref<1x?x9x64xbf16>
!lse8 = memref<1x8x?xf32>
!lse9 = memref<1x9x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @many_tiles(%q8: !eight, %lse8: !lse8, %q9: !nine, %lse9: !lse9) {
  "simplicial.attention_grad_into"(%q8, %q8, %q8, %q8, %q8, %q8, %lse8, %q8, %q8)
      {causal, w1 = 32 : i64, w2 = 512 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!eight, !eight, !eight, !eight, !eight, !eight, !lse8, !eight, !eight) -> ()
  "simplicial.attention_grad_into"(%q9, %q9, %q9, %q9, %q9, %q9, %lse9, %q9, %q9)
      {causal, w1 = 32 : i64, w2 = 512 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!nine, !nine, !nine, !nine, !nine, !nine, !lse9, !nine, !nine) -> ()
  return
}
}

// -----

// They are not for heads of which the sums of keys and values leave no registers, nor with columns of queries.

// CHECK-LABEL: func.func @no_pairs(
// CHECK: keys = {{.[^{]*}} by_pairs = false
// CHECK-LABEL: func.func @given_queries(
// CHECK: keys = {{.[^{]*}} block_q = 16 : i64, blocks = 264 : i64, by_pairs = false
!q = memref<1x?x8x192xbf16>
!k = memref<1x?x2x192xbf16>
!r = memref<1x?x8x64xbf16>
!l = memref<1x?x2x64xbf16>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @no_pairs(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 512 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
func.func @given_queries(%q: !r, %k: !l, %lse: !lse, %d: !r) {
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 16 : i64, w2 = 512 : i64, simplicial.config = {keys = {block_q = 16 : i64}},
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!r, !l, !l, !l, !l, !r, !lse, !r, !r) -> ()
  return
}
}
