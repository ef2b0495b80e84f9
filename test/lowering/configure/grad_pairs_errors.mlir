// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-configure)'

// Columns of pairs, and queries in turns.

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @pairs_of_queries(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'block_q' must be 1 with 'by_pairs'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {by_pairs = true, block_q = 2 : i64, block_h = 1 : i64, block_j = 1 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @pairs_split(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'split', 'global_sums' and 'local_rows' are not for 'by_pairs'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {by_pairs = true, split = true}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @pairs_rows(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'split', 'global_sums' and 'local_rows' are not for 'by_pairs'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {by_pairs = true, local_rows = true}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @pairs_order(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'query' must have order "jk" and 'block_q' 1 with 'by_pairs' of 'keys'}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {by_pairs = true}, query = {order = "kj"}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @turns(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'turns' must be 1 with 'block_q' above 1}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {block_q = 2 : i64, turns = 2 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @no_turns(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'turns' must be 1 to 1024}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {turns = 0 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @sums_without_pairs(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'local_sums' of 'query' is for 'by_pairs' of 'keys', 'turns' above 1, and a window}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {query = {local_sums = true, turns = 2 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @sums_of_one_query(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'local_sums' of 'query' is for 'by_pairs' of 'keys', 'turns' above 1, and a window}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {by_pairs = true}, query = {local_sums = true, turns = 1 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @sums_without_window(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'local_sums' of 'query' is for 'by_pairs' of 'keys', 'turns' above 1, and a window}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, 
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {by_pairs = true}, query = {local_sums = true, turns = 2 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}

// -----

!q = memref<1x?x8x64xf32>
!k = memref<1x?x1x64xf32>
!lse = memref<1x8x?xf32>
func.func @sums_on_a_cpu(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'local_sums' is for GPUs}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {by_pairs = true}, query = {local_sums = true, turns = 2 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}

// -----

!q = memref<1x?x64x128xbf16>
!k = memref<1x?x1x128xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @local_sums_of_a_block(%q: !q, %k: !k, %lse: !lse, %d: !q) {
  // expected-error @below {{simplicial.config: 'local_sums' of 'keys' is for 'global_sums', and form "trilinear"}}
  "simplicial.attention_grad_into"(%q, %k, %k, %k, %k, %q, %lse, %q, %d)
      {causal, w1 = 32 : i64, w2 = 256 : i64,
       operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>,
       simplicial.config = {keys = {global_sums = false, local_sums = true}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q) -> ()
  return
}
}
