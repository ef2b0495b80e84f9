!q = tensor<2x?x2x16xf32>
!k = tensor<2x?x1x16xf32>
!l = tensor<2x2x?xf32>

func.func @f(%q: !q, %k: !k, %v: !k) -> !q attributes {simplicial.differentiate} {
  %out, %lse = "simplicial.attention"(%q, %k, %k, %v, %v) {causal, w1 = 5 : i64, w2 = 9 : i64}
    : (!q, !k, !k, !k, !k) -> (!q, !l)
  return %out : !q
}

func.func @forward(%q: !q, %k: !k, %v: !k) -> (!q, !l) {
  %out, %lse = "simplicial.attention"(%q, %k, %k, %v, %v) {causal, w1 = 5 : i64, w2 = 9 : i64}
    : (!q, !k, !k, !k, !k) -> (!q, !l)
  return %out, %lse : !q, !l
}

func.func @backward(%q: !q, %k: !k, %v: !k, %out: !q, %lse: !l, %d_out: !q) -> (!q, !k, !k, !k, !k) {
  %d:5 = "simplicial.attention_grad"(%q, %k, %k, %v, %v, %out, %lse, %d_out) {causal, w1 = 5 : i64, w2 = 9 : i64}
    : (!q, !k, !k, !k, !k, !q, !l, !q) -> (!q, !k, !k, !k, !k)
  return %d#0, %d#1, %d#2, %d#3, %d#4 : !q, !k, !k, !k, !k
}
