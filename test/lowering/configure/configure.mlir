// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-configure)' | FileCheck %s

// The CPU's strategy: 16 rows of (head, j), however many heads there are, and
// inner tiles that stay in a near cache.

// CHECK-LABEL: @eight_heads
// CHECK: simplicial.config = {block_h = 8 : i64, block_j = 2 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @eight_heads(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// CHECK-LABEL: @one_head
// CHECK: simplicial.config = {block_h = 1 : i64, block_j = 16 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @one_head(%q: tensor<1x?x1x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x1x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x1x64xf32>, tensor<1x1x?xf32>)
  return %out : tensor<1x?x1x64xf32>
}

// CHECK-LABEL: @lanes_are_not_wasted
// CHECK: simplicial.config = {block_h = 1 : i64, block_j = 16 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @lanes_are_not_wasted(%q: tensor<1x?x3x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x3x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x3x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x3x64xf32>, tensor<1x3x?xf32>)
  return %out : tensor<1x?x3x64xf32>
}

// CHECK-LABEL: @many_heads_are_split
// CHECK: simplicial.config = {block_h = 16 : i64, block_j = 1 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @many_heads_are_split(%q: tensor<1x?x128x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x128x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x128x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x128x64xf32>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x64xf32>
}

// CHECK-LABEL: @heads_of_a_group
// CHECK: simplicial.config = {block_h = 8 : i64, block_j = 2 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @heads_of_a_group(%q: tensor<1x?x128x64xf32>, %kv: tensor<1x?x16x64xf32>) -> tensor<1x?x128x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x128x64xf32>, tensor<1x?x16x64xf32>, tensor<1x?x16x64xf32>, tensor<1x?x16x64xf32>, tensor<1x?x16x64xf32>) -> (tensor<1x?x128x64xf32>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x64xf32>
}

// CHECK-LABEL: @prime_heads
// CHECK: simplicial.config = {block_h = 1 : i64, block_j = 16 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @prime_heads(%q: tensor<1x?x17x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x17x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x17x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x17x64xf32>, tensor<1x17x?xf32>)
  return %out : tensor<1x?x17x64xf32>
}

// CHECK-LABEL: @large_head_dimension
// CHECK: simplicial.config = {block_h = 8 : i64, block_j = 2 : i64, block_k = 64 : i64, block_last = 64 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @large_head_dimension(%q: tensor<1x?x8x128xf32>, %kv: tensor<1x?x1x128xf32>) -> tensor<1x?x8x128xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x8x128xf32>, tensor<1x?x1x128xf32>, tensor<1x?x1x128xf32>, tensor<1x?x1x128xf32>, tensor<1x?x1x128xf32>) -> (tensor<1x?x8x128xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x128xf32>
}

// CHECK-LABEL: @small_inner_window
// CHECK: simplicial.config = {block_h = 8 : i64, block_j = 2 : i64, block_k = 37 : i64, block_last = 37 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @small_inner_window(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 7 : i64, w2 = 37 : i64}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// CHECK-LABEL: @outer_window_of_one
// CHECK: simplicial.config = {block_h = 8 : i64, block_j = 1 : i64, block_k = 37 : i64, block_last = 37 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @outer_window_of_one(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 1 : i64, w2 = 37 : i64}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// CHECK-LABEL: @windows_change_roles
// CHECK: simplicial.config = {block_h = 1 : i64, block_j = 5 : i64, block_k = 37 : i64, block_last = 37 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @windows_change_roles(%q: tensor<1x?x1x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x1x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 37 : i64, w2 = 5 : i64}
    : (tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x1x64xf32>, tensor<1x1x?xf32>)
  return %out : tensor<1x?x1x64xf32>
}

// CHECK-LABEL: @no_windows
// CHECK: simplicial.config = {block_h = 8 : i64, block_j = 2 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @no_windows(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// What is written stays, what is not is filled in.

// CHECK-LABEL: @by_hand
// CHECK: simplicial.config = {block_h = 4 : i64, block_j = 2 : i64, block_k = 64 : i64, block_last = 64 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "jk", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @by_hand(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {block_h = 4 : i64, block_j = 2 : i64, block_k = 64 : i64, order = "jk"}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// CHECK-LABEL: @operand_by_hand
// CHECK: simplicial.config = {block_h = 8 : i64, block_j = 2 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = bf16, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @operand_by_hand(%q: tensor<1x?x8x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x8x64xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {operand = bf16}}
    : (tensor<1x?x8x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x8x64xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xbf16>
}

// -----

// A target that says what is the default.

module attributes {simplicial.target = "cpu"} {
// CHECK-LABEL: @on_the_cpu
// CHECK: simplicial.config = {block_h = 8 : i64, block_j = 2 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = false, operand = f32, order = "kj", producer = false, stages = 0 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @on_the_cpu(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}
}

// -----

// A GPU's tiles have 64 rows, and products are of the inputs' type; whole inner
// tiles have a loop without masks.

module attributes {simplicial.target = "sm_90"} {
// CHECK-LABEL: @on_a_gpu
// CHECK: simplicial.config = {block_h = 64 : i64, block_j = 1 : i64, block_k = 32 : i64, block_last = 32 : i64, block_q = 1 : i64, block_tail = 32 : i64, blocks = 0 : i64, lazy_rescale = true, local_outer = true, operand = bf16, order = "kj", producer = false, stages = 1 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @on_a_gpu(%q: tensor<1x?x128x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x?x128x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x128x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x?x128x128xbf16>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x128xbf16>
}
}

// -----

// Elements of 32 bits: half as many keys in a tile.

module attributes {simplicial.target = "sm_90"} {
// CHECK-LABEL: @f32_on_a_gpu
// CHECK: simplicial.config = {block_h = 64 : i64, block_j = 1 : i64, block_k = 32 : i64, block_last = 32 : i64, block_q = 1 : i64, block_tail = 32 : i64, blocks = 0 : i64, lazy_rescale = true, local_outer = false, operand = f32, order = "kj", producer = false, stages = 2 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @f32_on_a_gpu(%q: tensor<1x?x128x128xf32>, %kv: tensor<1x?x1x128xf32>) -> tensor<1x?x128x128xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x128x128xf32>, tensor<1x?x1x128xf32>, tensor<1x?x1x128xf32>, tensor<1x?x1x128xf32>, tensor<1x?x1x128xf32>) -> (tensor<1x?x128x128xf32>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x128xf32>
}
// CHECK-LABEL: @by_hand_on_a_gpu
// CHECK: simplicial.config = {block_h = 8 : i64, block_j = 8 : i64, block_k = 64 : i64, block_last = 64 : i64, block_q = 1 : i64, block_tail = 0 : i64, blocks = 0 : i64, lazy_rescale = false, local_outer = true, operand = tf32, order = "kj", producer = false, stages = 1 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @by_hand_on_a_gpu(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {operand = tf32, block_tail = 0 : i64, lazy_rescale = false}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}
}

// -----

module attributes {simplicial.target = "sm_86"} {
// CHECK-LABEL: @wide_heads_on_a_small_gpu
// CHECK: simplicial.config = {block_h = 8 : i64, block_j = 8 : i64, block_k = 32 : i64, block_last = 32 : i64, block_q = 1 : i64, block_tail = 32 : i64, blocks = 0 : i64, lazy_rescale = true, local_outer = false, operand = bf16, order = "kj", producer = false, stages = 1 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @wide_heads_on_a_small_gpu(%q: tensor<1x?x8x256xbf16>, %kv: tensor<1x?x1x256xbf16>) -> tensor<1x?x8x256xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x8x256xbf16>, tensor<1x?x1x256xbf16>, tensor<1x?x1x256xbf16>, tensor<1x?x1x256xbf16>, tensor<1x?x1x256xbf16>) -> (tensor<1x?x8x256xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x256xbf16>
}
}

// -----

// Several chips are one choice, and keys come in the matrix instruction's steps.

module attributes {simplicial.target = "sm_120,sm_80"} {
// CHECK-LABEL: @on_two_gpus
// CHECK: simplicial.config = {block_h = 8 : i64, block_j = 8 : i64, block_k = 32 : i64, block_last = 32 : i64, block_q = 1 : i64, block_tail = 32 : i64, blocks = 0 : i64, lazy_rescale = true, local_outer = false, operand = f16, order = "kj", producer = false, stages = 2 : i64, sum_columns = 1 : i64, tiles = 1 : i64}
func.func @on_two_gpus(%q: tensor<1x?x8x144xf16>, %kv: tensor<1x?x1x144xf16>) -> tensor<1x?x8x144xf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x8x144xf16>, tensor<1x?x1x144xf16>, tensor<1x?x1x144xf16>, tensor<1x?x1x144xf16>, tensor<1x?x1x144xf16>) -> (tensor<1x?x8x144xf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x144xf16>
}
}

// -----

// Where warpgroups multiply, tiles have the rows of two, or of one if heads are
// small: then three blocks share a multiprocessor.

module attributes {simplicial.target = "sm_90a"} {
// CHECK-LABEL: @two_warpgroups
// CHECK: simplicial.config = {block_h = 64 : i64, block_j = 2 : i64, block_k = 64 : i64, block_last = 64 : i64, block_q = 1 : i64, block_tail = 64 : i64, blocks = 0 : i64, lazy_rescale = true, local_outer = true, operand = bf16, order = "kj", producer = true, stages = 1 : i64, sum_columns = 8 : i64, tiles = 4 : i64}
func.func @two_warpgroups(%q: tensor<1x?x64x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x?x64x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x64x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x?x64x128xbf16>, tensor<1x64x?xf32>)
  return %out : tensor<1x?x64x128xbf16>
}
// A window of fewer keys has fewer tiles in a step.
// CHECK-LABEL: @two_tiles
// CHECK: block_k = 64 : i64, block_last = 64 : i64, {{.*}} stages = 1 : i64, {{.*}} tiles = 2 : i64}
func.func @two_tiles(%q: tensor<1x?x64x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x?x64x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 128 : i64}
    : (tensor<1x?x64x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x?x64x128xbf16>, tensor<1x64x?xf32>)
  return %out : tensor<1x?x64x128xbf16>
}
// What is not given follows from what is.
// CHECK-LABEL: @given
// CHECK: block_k = 32 : i64, block_last = 48 : i64, block_q = 4 : i64, block_tail = 32 : i64, {{.*}} stages = 1 : i64, {{.*}} tiles = 3 : i64}
func.func @given(%q: tensor<1x?x32x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x?x32x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 512 : i64, simplicial.config = {block_k = 32 : i64, tiles = 3 : i64}}
    : (tensor<1x?x32x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x?x32x128xbf16>, tensor<1x32x?xf32>)
  return %out : tensor<1x?x32x128xbf16>
}
// Products of 192 columns are computed in parts, with one tile in a step, unless
// a bias is what they start from.
// CHECK-LABEL: @parts
// CHECK: simplicial.config = {block_h = 64 : i64, block_j = 2 : i64, block_k = 64 : i64, {{.*}} producer = true, {{.*}} sum_columns = 1 : i64, tiles = 1 : i64}
func.func @parts(%q: tensor<1x?x64x192xbf16>, %kv: tensor<1x?x1x192xbf16>) -> tensor<1x?x64x192xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x64x192xbf16>, tensor<1x?x1x192xbf16>, tensor<1x?x1x192xbf16>, tensor<1x?x1x192xbf16>, tensor<1x?x1x192xbf16>) -> (tensor<1x?x64x192xbf16>, tensor<1x64x?xf32>)
  return %out : tensor<1x?x64x192xbf16>
}
// CHECK-LABEL: @no_parts
// CHECK: block_k = 32 : i64, {{.*}} producer = false,
func.func @no_parts(%q: tensor<1x?x64x192xbf16>, %kv: tensor<1x?x1x192xbf16>) -> tensor<1x?x64x192xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 512 : i64, v2_bias = 1.0 : f32}
    : (tensor<1x?x64x192xbf16>, tensor<1x?x1x192xbf16>, tensor<1x?x1x192xbf16>, tensor<1x?x1x192xbf16>, tensor<1x?x1x192xbf16>) -> (tensor<1x?x64x192xbf16>, tensor<1x64x?xf32>)
  return %out : tensor<1x?x64x192xbf16>
}
// CHECK-LABEL: @one_warpgroup
// CHECK: simplicial.config = {block_h = 64 : i64, block_j = 1 : i64, block_k = 128 : i64, block_last = 128 : i64, block_q = 1 : i64, block_tail = 32 : i64, blocks = 0 : i64, lazy_rescale = true, local_outer = true, operand = bf16,
func.func @one_warpgroup(%q: tensor<1x?x64x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x64x64xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x64x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x64x64xbf16>, tensor<1x64x?xf32>)
  return %out : tensor<1x?x64x64xbf16>
}
// CHECK-LABEL: @no_warpgroup
// CHECK: simplicial.config = {block_h = 1 : i64, block_j = 4 : i64, block_k = 64 : i64, block_last = 80 : i64, block_q = 32 : i64, block_tail = 64 : i64, blocks = 0 : i64, lazy_rescale = true, local_outer = true, operand = bf16,
func.func @no_warpgroup(%q: tensor<1x?x1x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x?x1x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x?x1x128xbf16>, tensor<1x1x?xf32>)
  return %out : tensor<1x?x1x128xbf16>
}
// CHECK-LABEL: @sums_in_columns
// CHECK: simplicial.config = {block_h = 128 : i64, block_j = 1 : i64, block_k = 64 : i64, block_last = 64 : i64, block_q = 1 : i64, block_tail = 64 : i64, blocks = 0 : i64, lazy_rescale = true, local_outer = true, operand = f16, order = "kj", producer = true, stages = 1 : i64, sum_columns = 8 : i64, tiles = 4 : i64}
func.func @sums_in_columns(%q: tensor<1x?x128x128xf16>, %kv: tensor<1x?x1x128xf16>) -> tensor<1x?x128x128xf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x128x128xf16>, tensor<1x?x1x128xf16>, tensor<1x?x1x128xf16>, tensor<1x?x1x128xf16>, tensor<1x?x1x128xf16>) -> (tensor<1x?x128x128xf16>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x128xf16>
}
// Steps that fill a window are better than longer ones with a rest.
// CHECK-LABEL: @three_tiles
// CHECK: block_k = 64 : i64, block_last = 64 : i64, {{.*}} tiles = 3 : i64}
func.func @three_tiles(%q: tensor<1x?x128x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x?x128x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 384 : i64}
    : (tensor<1x?x128x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x?x128x128xbf16>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x128xbf16>
}
// Windows of 1023 keys are filled by two queries together.
// CHECK-LABEL: @two_queries
// CHECK: block_h = 64 : i64, block_j = 1 : i64, block_k = 64 : i64, block_last = 64 : i64, block_q = 2 : i64, {{.*}} tiles = 4 : i64}
func.func @two_queries(%q: tensor<1x?x64x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x?x64x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x64x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x?x64x128xbf16>, tensor<1x64x?xf32>)
  return %out : tensor<1x?x64x128xbf16>
}
// Few heads: rows are queries, if there are some.
// CHECK-LABEL: @few_heads
// CHECK: block_h = 8 : i64, block_j = 1 : i64, block_k = 64 : i64, block_last = 80 : i64, block_q = 16 : i64, {{.*}} tiles = 4 : i64}
func.func @few_heads(%q: tensor<1x?x8x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x?x8x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x?x8x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x?x8x128xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x128xbf16>
}
// Fewer of a group's heads are in a block, if all would leave rows empty.
// CHECK-LABEL: @no_empty_rows
// CHECK: block_h = 16 : i64, block_j = 1 : i64, {{.*}} block_q = 8 : i64, {{.*}} sum_columns = 8 : i64, tiles = 4 : i64}
func.func @no_empty_rows(%q: tensor<1x?x48x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x?x48x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 256 : i64}
    : (tensor<1x?x48x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x?x48x128xbf16>, tensor<1x48x?xf32>)
  return %out : tensor<1x?x48x128xbf16>
}
// One warpgroup has several tiles only if they are all 128 + 31 keys that its queries see.
// CHECK-LABEL: @all_in_one_step
// CHECK: block_h = 1 : i64, block_j = 2 : i64, block_k = 64 : i64, block_last = 32 : i64, block_q = 32 : i64, {{.*}} local_outer = true, {{.*}} tiles = 3 : i64}
func.func @all_in_one_step(%q: tensor<1x?x16x64xbf16>, %kv: tensor<1x?x16x64xbf16>) -> tensor<1x?x16x64xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 128 : i64, w2 = 32 : i64}
    : (tensor<1x?x16x64xbf16>, tensor<1x?x16x64xbf16>, tensor<1x?x16x64xbf16>, tensor<1x?x16x64xbf16>, tensor<1x?x16x64xbf16>) -> (tensor<1x?x16x64xbf16>, tensor<1x16x?xf32>)
  return %out : tensor<1x?x16x64xbf16>
}
// CHECK-LABEL: @not_all_in_one_step
// CHECK: block_h = 1 : i64, block_j = 2 : i64, block_k = 128 : i64, {{.*}} block_q = 32 : i64, {{.*}} tiles = 1 : i64}
func.func @not_all_in_one_step(%q: tensor<1x?x16x64xbf16>, %kv: tensor<1x?x16x64xbf16>) -> tensor<1x?x16x64xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 512 : i64, w2 = 32 : i64}
    : (tensor<1x?x16x64xbf16>, tensor<1x?x16x64xbf16>, tensor<1x?x16x64xbf16>, tensor<1x?x16x64xbf16>, tensor<1x?x16x64xbf16>) -> (tensor<1x?x16x64xbf16>, tensor<1x16x?xf32>)
  return %out : tensor<1x?x16x64xbf16>
}
// CHECK-LABEL: @few_heads_of_one_query
// CHECK: block_h = 8 : i64, block_j = 16 : i64, {{.*}} block_q = 1 : i64,
func.func @few_heads_of_one_query(%q: tensor<1x1x8x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x1x8x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x1x8x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x1x8x128xbf16>, tensor<1x8x1xf32>)
  return %out : tensor<1x1x8x128xbf16>
}
// The same where there are too few queries for all multiprocessors.
// CHECK-LABEL: @few_blocks
// CHECK: block_h = 8 : i64, block_j = 16 : i64, {{.*}} block_q = 1 : i64,
func.func @few_blocks(%q: tensor<1x64x8x128xbf16>, %kv: tensor<1x512x1x128xbf16>) -> tensor<1x64x8x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<1x64x8x128xbf16>, tensor<1x512x1x128xbf16>, tensor<1x512x1x128xbf16>, tensor<1x512x1x128xbf16>, tensor<1x512x1x128xbf16>) -> (tensor<1x64x8x128xbf16>, tensor<1x8x64xf32>)
  return %out : tensor<1x64x8x128xbf16>
}
// What is fixed is so in what is chosen.
// CHECK-LABEL: @few_heads_by_hand
// CHECK: block_h = 4 : i64, block_j = 32 : i64, {{.*}} block_q = 1 : i64, {{.*}} tiles = 2 : i64}
func.func @few_heads_by_hand(%q: tensor<1x?x8x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x?x8x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 512 : i64, simplicial.config = {block_h = 4 : i64, block_q = 1 : i64, tiles = 2 : i64}}
    : (tensor<1x?x8x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x?x8x128xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x128xbf16>
}
}

// -----

// Nothing is copied ahead where more blocks share a multiprocessor without.

module attributes {simplicial.target = "sm_86"} {
// CHECK-LABEL: @on_a_small_gpu
// CHECK: block_k = 128 : i64, {{.*}} stages = 1 : i64,
func.func @on_a_small_gpu(%q: tensor<1x?x128x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x128x64xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 256 : i64}
    : (tensor<1x?x128x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x128x64xbf16>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x64xbf16>
}
}

// -----

module attributes {simplicial.target = "sm_80"} {
// CHECK-LABEL: @on_a_larger_one
// CHECK: block_k = 128 : i64, {{.*}} stages = 2 : i64,
func.func @on_a_larger_one(%q: tensor<1x?x128x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x128x64xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 256 : i64}
    : (tensor<1x?x128x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x128x64xbf16>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x64xbf16>
}
// Tiles are smaller where three blocks share a multiprocessor only then.
// CHECK-LABEL: @more_registers
// CHECK: block_k = 32 : i64, {{.*}} stages = 1 : i64,
func.func @more_registers(%q: tensor<1x?x128x128xbf16>, %kv: tensor<1x?x1x128xbf16>) -> tensor<1x?x128x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 256 : i64}
    : (tensor<1x?x128x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>, tensor<1x?x1x128xbf16>) -> (tensor<1x?x128x128xbf16>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x128xbf16>
}
}

// -----

// Where shared memory holds two blocks with smaller tiles only, one of twice as
// many rows has larger ones.

module attributes {simplicial.target = "sm_86"} {
// CHECK-LABEL: @more_rows
// CHECK: block_h = 128 : i64, block_j = 1 : i64, block_k = 32 : i64,
func.func @more_rows(%q: tensor<1x?x128x256xbf16>, %kv: tensor<1x?x1x256xbf16>) -> tensor<1x?x128x256xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 256 : i64}
    : (tensor<1x?x128x256xbf16>, tensor<1x?x1x256xbf16>, tensor<1x?x1x256xbf16>, tensor<1x?x1x256xbf16>, tensor<1x?x1x256xbf16>) -> (tensor<1x?x128x256xbf16>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x256xbf16>
}
// CHECK-LABEL: @two_blocks
// CHECK: block_h = 64 : i64, block_j = 1 : i64, block_k = 32 : i64,
func.func @two_blocks(%q: tensor<1x?x128x192xbf16>, %kv: tensor<1x?x1x192xbf16>) -> tensor<1x?x128x192xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 256 : i64}
    : (tensor<1x?x128x192xbf16>, tensor<1x?x1x192xbf16>, tensor<1x?x1x192xbf16>, tensor<1x?x1x192xbf16>, tensor<1x?x1x192xbf16>) -> (tensor<1x?x128x192xbf16>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x192xbf16>
}
}

// -----

// Sizes of tensors in kernels are at most 2^30: a window as large is none.

module attributes {simplicial.target = "sm_80"} {
// CHECK-LABEL: @endless
// CHECK-NOT: w1 =
// CHECK: w2 = 1073741823 : i64
func.func @endless(%q: tensor<1x?x128x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x128x64xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 1073741824 : i64, w2 = 1073741823 : i64}
    : (tensor<1x?x128x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x128x64xbf16>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x64xbf16>
}
}

// -----

// On a CPU it is what it says.

// CHECK-LABEL: @endless_on_a_cpu
// CHECK: w1 = 9223372036854775807 : i64
func.func @endless_on_a_cpu(%q: tensor<1x?x128x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x128x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 9223372036854775807 : i64, w2 = 256 : i64}
    : (tensor<1x?x128x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x128x64xf32>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x64xf32>
}

// -----

// CHECK-LABEL: @endless_both_ways_on_a_cpu
// CHECK: w1 = 9223372036854775807 : i64, w2 = 9223372036854775807 : i64
func.func @endless_both_ways_on_a_cpu(%q: tensor<1x?x128x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x128x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 9223372036854775807 : i64, w2 = 9223372036854775807 : i64}
    : (tensor<1x?x128x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x128x64xf32>, tensor<1x128x?xf32>)
  return %out : tensor<1x?x128x64xf32>
}

// -----

// The largest sizes that simplicial-verify lets pass: sums and products of them do not overflow.

// CHECK-LABEL: @many_keys
// CHECK: simplicial.config
func.func @many_keys(%q: tensor<1x8x2x16xf16>, %k: tensor<1x144115188075855872x1x16xf16>) -> tensor<1x8x2x16xf16> {
  %o, %lse = "simplicial.attention"(%q, %k, %k, %k, %k)
    : (tensor<1x8x2x16xf16>, tensor<1x144115188075855872x1x16xf16>, tensor<1x144115188075855872x1x16xf16>, tensor<1x144115188075855872x1x16xf16>, tensor<1x144115188075855872x1x16xf16>) -> (tensor<1x8x2x16xf16>, tensor<1x2x8xf32>)
  return %o : tensor<1x8x2x16xf16>
}

// CHECK-LABEL: @many_heads
// CHECK: simplicial.config
func.func @many_heads(%q: tensor<1x1x72057594037927936x16xf32>, %k: tensor<1x1x1x16xf32>) -> tensor<1x1x72057594037927936x16xf32> {
  %o, %lse = "simplicial.attention"(%q, %k, %k, %k, %k)
    : (tensor<1x1x72057594037927936x16xf32>, tensor<1x1x1x16xf32>, tensor<1x1x1x16xf32>, tensor<1x1x1x16xf32>, tensor<1x1x1x16xf32>) -> (tensor<1x1x72057594037927936x16xf32>, tensor<1x72057594037927936x1xf32>)
  return %o : tensor<1x1x72057594037927936x16xf32>
}

// -----

// In kernels too, where each size is at most 2^30.

module attributes {simplicial.target = "sm_80,sm_90a"} {
// CHECK-LABEL: @many_of_all
// CHECK: simplicial.config
func.func @many_of_all(%q: tensor<?x1073741824x67108864x16xf32>) -> tensor<?x1073741824x67108864x16xf32> {
  %o, %lse = "simplicial.attention"(%q, %q, %q, %q, %q) {w1 = 1073741823 : i64}
    : (tensor<?x1073741824x67108864x16xf32>, tensor<?x1073741824x67108864x16xf32>, tensor<?x1073741824x67108864x16xf32>, tensor<?x1073741824x67108864x16xf32>, tensor<?x1073741824x67108864x16xf32>) -> (tensor<?x1073741824x67108864x16xf32>, tensor<?x67108864x1073741824xf32>)
  return %o : tensor<?x1073741824x67108864x16xf32>
}

// CHECK-LABEL: @many_blocks
// CHECK: simplicial.config
func.func @many_blocks(%q: tensor<?x1073741824x134217728x16xf16>, %k: tensor<1073741824x?x67108864x16xf16>) -> tensor<?x1073741824x134217728x16xf16> {
  %o, %lse = "simplicial.attention"(%q, %k, %k, %k, %k) {causal, w1 = 2 : i64}
    : (tensor<?x1073741824x134217728x16xf16>, tensor<1073741824x?x67108864x16xf16>, tensor<1073741824x?x67108864x16xf16>, tensor<1073741824x?x67108864x16xf16>, tensor<1073741824x?x67108864x16xf16>) -> (tensor<?x1073741824x134217728x16xf16>, tensor<?x134217728x1073741824xf32>)
  return %o : tensor<?x1073741824x134217728x16xf16>
}
}

// -----

// Few queries: rows of outer keys, and more blocks than there are queries and
// heads; products are as exact as those of many. Of at most 16 there is no
// other strategy; of any number, if it is asked for.

module attributes {simplicial.target = "sm_90a"} {
// CHECK-LABEL: @one_query
// CHECK: simplicial.config = {block_h = 4 : i64, block_j = 32 : i64, {{.*}}, block_q = 1 : i64, {{.*}}, blocks = 132 : i64, lazy_rescale
// CHECK-SAME: tiles = 1
func.func @one_query(%q: tensor<4x1x8x128xbf16>, %kv: tensor<4x?x2x128xbf16>) -> tensor<4x1x8x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 512 : i64, w2 = 32 : i64, causal}
    : (tensor<4x1x8x128xbf16>, tensor<4x?x2x128xbf16>, tensor<4x?x2x128xbf16>, tensor<4x?x2x128xbf16>, tensor<4x?x2x128xbf16>) -> (tensor<4x1x8x128xbf16>, tensor<4x8x1xf32>)
  return %out : tensor<4x1x8x128xbf16>
}
// CHECK-LABEL: @few_or_many
// CHECK: simplicial.config = {block_h = 4 : i64, block_j = 1 : i64, {{.*}}, block_q = 32 : i64, {{.*}}, blocks = 0 : i64,
// CHECK-SAME: few = {block_h = 4 : i64, block_j = 32 : i64, {{.*}}, blocks = 132 : i64, {{.*}}, queries = 531 : i64, {{.*}}}, lazy_rescale
func.func @few_or_many(%q: tensor<4x?x8x128xbf16>, %kv: tensor<4x?x2x128xbf16>) -> tensor<4x?x8x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 512 : i64, w2 = 32 : i64, causal, simplicial.config = {few = {}}}
    : (tensor<4x?x8x128xbf16>, tensor<4x?x2x128xbf16>, tensor<4x?x2x128xbf16>, tensor<4x?x2x128xbf16>, tensor<4x?x2x128xbf16>) -> (tensor<4x?x8x128xbf16>, tensor<4x8x?xf32>)
  return %out : tensor<4x?x8x128xbf16>
}
// How many are few: the fewer, the sooner many fill the machine, as 64 heads do.
// CHECK-LABEL: @one_head
// CHECK: few = {{{.*}}, queries = 418 : i64, {{.*}}}, lazy_rescale
func.func @one_head(%q: tensor<4x?x1x128xbf16>, %kv: tensor<4x?x1x128xbf16>) -> tensor<4x?x1x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64, causal, simplicial.config = {few = {}}}
    : (tensor<4x?x1x128xbf16>, tensor<4x?x1x128xbf16>, tensor<4x?x1x128xbf16>, tensor<4x?x1x128xbf16>, tensor<4x?x1x128xbf16>) -> (tensor<4x?x1x128xbf16>, tensor<4x1x?xf32>)
  return %out : tensor<4x?x1x128xbf16>
}
// CHECK-LABEL: @many_heads
// CHECK: few = {{{.*}}, queries = 74 : i64, {{.*}}}, lazy_rescale
func.func @many_heads(%q: tensor<4x?x64x128xbf16>, %kv: tensor<4x?x1x128xbf16>) -> tensor<4x?x64x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, w2 = 512 : i64, causal, simplicial.config = {few = {}}}
    : (tensor<4x?x64x128xbf16>, tensor<4x?x1x128xbf16>, tensor<4x?x1x128xbf16>, tensor<4x?x1x128xbf16>, tensor<4x?x1x128xbf16>) -> (tensor<4x?x64x128xbf16>, tensor<4x64x?xf32>)
  return %out : tensor<4x?x64x128xbf16>
}
// Rows of several queries are no others than many have.
// CHECK-LABEL: @given_rows
// CHECK: few = {{{.*}}block_q = 32 : i64, {{.*}}, queries = 0 : i64, {{.*}}}, lazy_rescale
func.func @given_rows(%q: tensor<4x?x8x128xbf16>, %kv: tensor<4x?x2x128xbf16>) -> tensor<4x?x8x128xbf16> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 512 : i64, w2 = 32 : i64, causal, simplicial.config = {few = {block_q = 32 : i64}}}
    : (tensor<4x?x8x128xbf16>, tensor<4x?x2x128xbf16>, tensor<4x?x2x128xbf16>, tensor<4x?x2x128xbf16>, tensor<4x?x2x128xbf16>) -> (tensor<4x?x8x128xbf16>, tensor<4x8x?xf32>)
  return %out : tensor<4x?x8x128xbf16>
}
// CHECK-LABEL: @as_exact
// CHECK: few = {{.*}}, operand = tf32, {{.*}}}, lazy_rescale = {{.*}}, operand = tf32
func.func @as_exact(%q: tensor<4x?x8x128xf32>, %kv: tensor<4x?x2x128xf32>) -> tensor<4x?x8x128xf32> {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 512 : i64, w2 = 32 : i64, causal, simplicial.config = {few = {}, operand = tf32}}
    : (tensor<4x?x8x128xf32>, tensor<4x?x2x128xf32>, tensor<4x?x2x128xf32>, tensor<4x?x2x128xf32>, tensor<4x?x2x128xf32>) -> (tensor<4x?x8x128xf32>, tensor<4x8x?xf32>)
  return %out : tensor<4x?x8x128xf32>
}
}
