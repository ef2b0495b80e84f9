// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-configure)'

// What is no strategy of a gradient.

// Nesting.

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @attention_entries(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config of a gradient must be a dictionary of two, 'query' and 'keys'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {block_k = 16 : i64}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @number(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config of a gradient must be a dictionary of two, 'query' and 'keys'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = 7 : i64}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @part(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config of a gradient must be a dictionary of two, 'query' and 'keys'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {}, values = {}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @number_for_part(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config of a gradient must be a dictionary of two, 'query' and 'keys'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {}, query = 3 : i64}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// Entries that the other part has, or an attention.

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @key_rows(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_j' * 'block_k' must be at most 1024 without 'by_pairs'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_j = 65 : i64, block_k = 16 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @order(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: unknown entry 'order'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {order = "kj"}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @tiles(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: unknown entry 'tiles'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {tiles = 1 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @block_tail(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: unknown entry 'block_tail'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_tail = 0 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @local_outer(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'local_outer' and 'turns' of 'keys' are for 'by_pairs'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {local_outer = true}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @split_queries(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: unknown entry 'split'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {split = false}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @sum_columns(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: unknown entry 'sum_columns'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {sum_columns = 1 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @lazy_rescale(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: unknown entry 'lazy_rescale'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {lazy_rescale = false}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @misspelt(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: unknown entry 'block_n'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {}, keys = {block_n = 1 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// Values.

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @zero(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_k' must be 1 to 1024}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_k = 0 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @large(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_k' must be 1 to 1024}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {block_k = 1025 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @text(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_q' must be an integer}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_q = "8"}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @split_number(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'split' must be true or false}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {split = 1 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @query_order(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'order' must be "kj" or "jk"}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {order = "k"}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @operand(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'operand' must be f32 or the operands' element type, or tf32 for that of f32}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {operand = bf16}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// What does not go together.

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @query_heads(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_h' must divide the group of 8 heads}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {block_h = 3 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @key_heads(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_h' must divide the group of 8 heads}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_h = 3 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @heads_and_queries(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_h' must be 1 with 'block_q' above 1}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_h = 4 : i64, block_q = 8 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @outer_and_queries(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_j' must be 1 with 'block_q' above 1}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {block_q = 2 : i64, block_j = 2 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// CPUs.

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @cpu_split(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'split' is for GPUs}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {split = true}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @cpu_stages(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'stages' is for GPUs}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {stages = 1 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @cpu_producer(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'producer' is for GPUs}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {producer = true}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @cpu_queries(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_q' is for GPUs}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {block_q = 2 : i64, block_j = 1 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @cpu_local(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'local_outer' is for GPUs}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {local_outer = true}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @cpu_tf32(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'operand' tf32 is for GPUs}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {operand = tf32}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

// GPUs.

!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @columns(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 8 columns and 64 rows: columns must be a multiple of 16, and both at most 128}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_h = 8 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x3x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x3x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @query_columns(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 24 columns and 64 rows: columns must be a multiple of 16, and both at most 128}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_q = 24 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x3x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x3x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @many_columns(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 144 columns and 64 rows: columns must be a multiple of 16, and both at most 128}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_q = 144 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x3x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x3x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @many_rows(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 32 columns and 144 rows: columns must be a multiple of 16, and both at most 128}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_k = 144 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x3x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x3x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @rows(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_k' must be a multiple of 16 for sm_80}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {block_k = 24 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @query_rows(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_q' * 'block_h' * 'block_j' must be at most 128 for sm_80}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {block_h = 64 : i64, block_j = 4 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @no_stages(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'stages' must be 1 to 8 for sm_80}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {stages = 0 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @stages(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'stages' must be 1 to 8 for sm_80}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {stages = 9 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @producer(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'producer' needs warpgroups, which there are none of on sm_80}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {producer = true}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @f32_products(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'operand' must be the operands' element type for sm_80}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {operand = f32}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @query_tiles(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'tiles' above 1 needs a 'block_tail'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {tiles = 2 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @unbounded(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'local_outer' is for an outer window with a bound}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {local_outer = true}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

// What simplicial-verify refuses.

!q = memref<1x?x8x64xf32>
!k = memref<1x?x3x64xf32>
!lse = memref<1x8x?xf32>
func.func @not_verified(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{8 query heads are not a multiple of 3 key heads}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
