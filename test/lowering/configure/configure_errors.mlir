// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-configure)'

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'block_h' must divide the group of 8 heads}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {block_h = 3 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'block_q' * 'block_h' * 'block_j' must be at most 1024}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {block_h = 8 : i64, block_j = 1024 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'block_j' must be 1 to 1024}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {block_j = 0 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'block_k' must be 1 to 1024}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {block_k = 4096 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'block_k' must be an integer}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {block_k = "64"}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'order' must be "kj" or "jk"}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {order = "ijk"}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'operand' must be f32 or the operands' element type, or tf32 for that of f32}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {operand = f64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'operand' must be f32 or the operands' element type, or tf32 for that of f32}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {operand = bf16}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: unknown entry 'depth'}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {depth = 2 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config must be a dictionary}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = 3 : i64}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

// expected-error @below {{unknown target 'sm_1'; there are: cpu, sm_80, sm_86, sm_89, sm_90, sm_90a, sm_100, sm_120}}
module attributes {simplicial.target = "sm_1"} {
}

// -----

// expected-error @below {{unknown target ''; there are: cpu, sm_80}}
module attributes {simplicial.target = ""} {
}

// -----

// expected-error @below {{'sm_1' cannot be one of several targets; these can: sm_80, sm_86, sm_89, sm_90, sm_90a, sm_100, sm_120}}
module attributes {simplicial.target = "sm_80,sm_1"} {
}

// -----

// expected-error @below {{'cpu' cannot be one of several targets; these can: sm_80}}
module attributes {simplicial.target = "cpu,sm_80"} {
}

// -----

// expected-error @below {{'' cannot be one of several targets; these can: sm_80}}
module attributes {simplicial.target = "sm_80,"} {
}

// -----

// expected-error @below {{the target 'sm_90' is named twice}}
module attributes {simplicial.target = "sm_90,sm_80,sm_90"} {
}

// -----

// expected-error @below {{simplicial.target must be a string}}
module attributes {simplicial.target = 80 : i64} {
}

// -----

module attributes {simplicial.target = "sm_80"} {
func.func @f(%q: tensor<1x?x8x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x8x64xbf16> {
  // expected-error @below {{simplicial.config: 'operand' must be the operands' element type for sm_80}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {operand = f32}}
    : (tensor<1x?x8x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x8x64xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xbf16>
}
}

// -----

module attributes {simplicial.target = "cpu"} {
func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'operand' tf32 is for GPUs}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {operand = tf32}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}
}

// -----

module attributes {simplicial.target = "cpu"} {
func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'lazy_rescale' is for GPUs}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {lazy_rescale = true}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}
}

// -----

module attributes {simplicial.target = "cpu"} {
func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'sum_columns' is for GPUs}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {sum_columns = 8 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}
}

// -----

module attributes {simplicial.target = "sm_80"} {
func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'sum_columns' must be 1 or 8 for sm_80}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {sum_columns = 4 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}
}

// -----

module attributes {simplicial.target = "cpu"} {
func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'lazy_rescale' must be true or false}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {lazy_rescale = 1 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}
}

// -----

module attributes {simplicial.target = "sm_90"} {
func.func @f(%q: tensor<1x?x8x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x8x64xbf16> {
  // expected-error @below {{simplicial.config: 'block_k' must be a multiple of 16 for sm_90}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {block_k = 24 : i64}}
    : (tensor<1x?x8x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x8x64xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xbf16>
}
}

// -----

module attributes {simplicial.target = "sm_80,sm_90"} {
func.func @f(%q: tensor<1x?x8x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x8x64xbf16> {
  // expected-error @below {{simplicial.config: 'block_q' * 'block_h' * 'block_j' must be at most 128 for sm_80,sm_90}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {block_h = 8 : i64, block_j = 32 : i64}}
    : (tensor<1x?x8x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x8x64xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xbf16>
}
}

// -----

module attributes {simplicial.target = "sm_90"} {
func.func @f(%q: tensor<1x?x8x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x8x64xbf16> {
  // expected-error @below {{simplicial.config: 'block_tail' must be a multiple of 16 for sm_90}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {block_tail = 8 : i64}}
    : (tensor<1x?x8x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x8x64xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xbf16>
}
}

// -----

module attributes {simplicial.target = "sm_90"} {
func.func @f(%q: tensor<1x?x8x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x8x64xbf16> {
  // expected-error @below {{simplicial.config: 'block_tail' must be 0 to 1024}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {block_tail = -1 : i64}}
    : (tensor<1x?x8x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x8x64xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xbf16>
}
}

// -----

module attributes {simplicial.target = "sm_90"} {
func.func @f(%q: tensor<1x?x8x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x8x64xbf16> {
  // expected-error @below {{simplicial.config: 'block_j' above 1 with 'block_q' above 1 must divide a causal outer window that is local}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 9 : i64, w2 = 32 : i64, simplicial.config = {block_j = 2 : i64, block_q = 2 : i64}}
    : (tensor<1x?x8x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x8x64xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xbf16>
}
}

// -----

module attributes {simplicial.target = "sm_90"} {
func.func @f(%q: tensor<1x?x8x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x8x64xbf16> {
  // expected-error @below {{simplicial.config: 'local_outer' is for an outer window with a bound}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {local_outer = true}}
    : (tensor<1x?x8x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x8x64xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xbf16>
}
}

// -----

module attributes {simplicial.target = "cpu"} {
func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'block_q' is for GPUs}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {block_q = 2 : i64, block_j = 1 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}
}

// -----

module attributes {simplicial.target = "cpu"} {
func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'block_tail' is for GPUs}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {block_tail = 16 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}
}

// -----

module attributes {simplicial.target = "cpu"} {
func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'local_outer' is for GPUs}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 8 : i64, simplicial.config = {local_outer = true}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'stages' is for GPUs}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {stages = 2 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'producer' is for GPUs}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {producer = true}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

module attributes {simplicial.target = "sm_80"} {
func.func @f(%q: tensor<1x?x8x64xf16>, %kv: tensor<1x?x1x64xf16>) -> tensor<1x?x8x64xf16> {
  // expected-error @below {{simplicial.config: 'stages' must be 1 to 8 for sm_80}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {stages = 0 : i64}}
    : (tensor<1x?x8x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>) -> (tensor<1x?x8x64xf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf16>
}
}

// -----

module attributes {simplicial.target = "sm_90a"} {
func.func @f(%q: tensor<1x?x8x64xf16>, %kv: tensor<1x?x1x64xf16>) -> tensor<1x?x8x64xf16> {
  // expected-error @below {{simplicial.config: 'stages' must be 1 to 8 for sm_90a}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {stages = 9 : i64}}
    : (tensor<1x?x8x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>) -> (tensor<1x?x8x64xf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf16>
}
}

// -----

module attributes {simplicial.target = "sm_90"} {
func.func @f(%q: tensor<1x?x8x64xf16>, %kv: tensor<1x?x1x64xf16>) -> tensor<1x?x8x64xf16> {
  // expected-error @below {{simplicial.config: 'producer' needs warpgroups, which there are none of on sm_90}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {producer = true}}
    : (tensor<1x?x8x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>) -> (tensor<1x?x8x64xf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf16>
}
}

// -----

module attributes {simplicial.target = "sm_90a"} {
func.func @f(%q: tensor<1x?x8x64xf16>, %kv: tensor<1x?x1x64xf16>) -> tensor<1x?x8x64xf16> {
  // expected-error @below {{simplicial.config: 'producer' must be true or false}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {producer = 1 : i64}}
    : (tensor<1x?x8x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>) -> (tensor<1x?x8x64xf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf16>
}
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'tiles' is for GPUs}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {tiles = 2 : i64, block_tail = 0 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'block_last' is for GPUs}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {block_last = 64 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

module attributes {simplicial.target = "sm_90a"} {
func.func @f(%q: tensor<1x?x8x64xf16>, %kv: tensor<1x?x1x64xf16>) -> tensor<1x?x8x64xf16> {
  // expected-error @below {{simplicial.config: 'tiles' must be 1 to 4}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {tiles = 5 : i64}}
    : (tensor<1x?x8x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>) -> (tensor<1x?x8x64xf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf16>
}
}

// -----

module attributes {simplicial.target = "sm_90a"} {
func.func @f(%q: tensor<1x?x8x64xf16>, %kv: tensor<1x?x1x64xf16>) -> tensor<1x?x8x64xf16> {
  // expected-error @below {{simplicial.config: 'tiles' above 1 needs a 'block_tail'}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {tiles = 2 : i64, block_tail = 0 : i64}}
    : (tensor<1x?x8x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>) -> (tensor<1x?x8x64xf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf16>
}
}

// -----

module attributes {simplicial.target = "sm_90a"} {
func.func @f(%q: tensor<1x?x8x64xf16>, %kv: tensor<1x?x1x64xf16>) -> tensor<1x?x8x64xf16> {
  // expected-error @below {{simplicial.config: 'block_last' must be a multiple of 16 for sm_90a}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {block_last = 8 : i64}}
    : (tensor<1x?x8x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>) -> (tensor<1x?x8x64xf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf16>
}
}

// -----

module attributes {simplicial.target = "sm_90a"} {
func.func @f(%q: tensor<1x?x8x64xf16>, %kv: tensor<1x?x1x64xf16>) -> tensor<1x?x8x64xf16> {
  // expected-error @below {{simplicial.config: 'block_last' must be 1 to 1024}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {simplicial.config = {block_last = 0 : i64}}
    : (tensor<1x?x8x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>, tensor<1x?x1x64xf16>) -> (tensor<1x?x8x64xf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf16>
}
}

// -----

module attributes {simplicial.target = "sm_80"} {
func.func @f(%q: tensor<1x8x8x64xbf16>, %kv: tensor<1x1073741825x1x64xbf16>) -> tensor<1x8x8x64xbf16> {
  // expected-error @below {{kernels take sizes of at most 1073741824, not 1073741825}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {causal, w1 = 32 : i64, w2 = 256 : i64}
    : (tensor<1x8x8x64xbf16>, tensor<1x1073741825x1x64xbf16>, tensor<1x1073741825x1x64xbf16>, tensor<1x1073741825x1x64xbf16>, tensor<1x1073741825x1x64xbf16>) -> (tensor<1x8x8x64xbf16>, tensor<1x8x8xf32>)
  return %out : tensor<1x8x8x64xbf16>
}
}

// -----

// What simplicial-verify refuses is diagnosed by each pass that takes an attention.

func.func @not_verified(%q: tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32> {
  // expected-error @below {{the number of heads and the head dimension must be static}}
  %o, %l = "simplicial.attention"(%q, %q, %q, %q, %q)
    : (tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>) -> (tensor<?x?x?x?xf32>, tensor<?x?x?xf32>)
  return %o : tensor<?x?x?x?xf32>
}

// -----

func.func @no_key_heads(%q: memref<1x?x8x64xf32>, %kv: memref<1x?x0x64xf32>) {
  // expected-error @below {{8 query heads are not a multiple of 0 key heads}}
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %q)
    : (memref<1x?x8x64xf32>, memref<1x?x0x64xf32>, memref<1x?x0x64xf32>, memref<1x?x0x64xf32>, memref<1x?x0x64xf32>, memref<1x?x8x64xf32>) -> ()
  return
}

// -----

func.func @too_large(%q: tensor<4611686018427387904x4x4611686018427387904x16xf32>) -> tensor<4611686018427387904x4x4611686018427387904x16xf32> {
  // expected-error @below {{q has more than 2^63 - 1 bytes}}
  %o, %l = "simplicial.attention"(%q, %q, %q, %q, %q)
    : (tensor<4611686018427387904x4x4611686018427387904x16xf32>, tensor<4611686018427387904x4x4611686018427387904x16xf32>, tensor<4611686018427387904x4x4611686018427387904x16xf32>, tensor<4611686018427387904x4x4611686018427387904x16xf32>, tensor<4611686018427387904x4x4611686018427387904x16xf32>) -> (tensor<4611686018427387904x4x4611686018427387904x16xf32>, tensor<4611686018427387904x4611686018427387904x4xf32>)
  return %o : tensor<4611686018427387904x4x4611686018427387904x16xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'blocks' must be 0 to 1024}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {blocks = -1 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'queries' must be 0 to 1048576}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {few = {queries = -1 : i64}}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'queries' is for GPUs}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {few = {queries = 9 : i64}}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: unknown entry 'queries'}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {queries = 9 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: unknown entry 'blocs'}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {few = {blocs = 1 : i64}}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config: 'block_h' must divide the group of 8 heads}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {few = {block_h = 3 : i64}}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

func.func @f(%q: tensor<1x?x8x64xf32>, %kv: tensor<1x?x1x64xf32>) -> tensor<1x?x8x64xf32> {
  // expected-error @below {{simplicial.config must be a dictionary}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {few = 3 : i64}}
    : (tensor<1x?x8x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>, tensor<1x?x1x64xf32>) -> (tensor<1x?x8x64xf32>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xf32>
}

// -----

module attributes {simplicial.target = "sm_90a"} {
func.func @f(%q: tensor<1x?x8x64xbf16>, %kv: tensor<1x?x1x64xbf16>) -> tensor<1x?x8x64xbf16> {
  // expected-error @below {{simplicial.config: 'blocks' must be 0 with 'block_q' above 1}}
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv) {w1 = 32 : i64, simplicial.config = {block_q = 2 : i64, block_j = 1 : i64, blocks = 9 : i64}}
    : (tensor<1x?x8x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>, tensor<1x?x1x64xbf16>) -> (tensor<1x?x8x64xbf16>, tensor<1x8x?xf32>)
  return %out : tensor<1x?x8x64xbf16>
}
}
