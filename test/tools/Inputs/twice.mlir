!q = tensor<1x?x4x16xf32>
!kv = tensor<1x?x2x16xf32>
!lse = tensor<1x4x?xf32>
func.func @f(%q: !q, %k1: !kv, %k2: !kv, %v1: !kv, %v2: !kv) -> !q {
  %first:2 = "simplicial.attention"(%q, %k1, %k2, %v1, %v2) {w1 = 4 : i64, w2 = 8 : i64, causal}
    : (!q, !kv, !kv, !kv, !kv) -> (!q, !lse)
  %second:2 = "simplicial.attention"(%first#0, %k1, %k2, %v1, %v2) {w1 = 4 : i64, w2 = 8 : i64, causal}
    : (!q, !kv, !kv, !kv, !kv) -> (!q, !lse)
  return %second#0 : !q
}
