// A constant that takes much memory to compile, and is not too large yet.
!q = tensor<1x8x1x16xf32>
!k = tensor<1x1048576x1x16xf32>
func.func @main(%q: !q, %k: !k) -> !q {
  %c = arith.constant dense<0.5> : !k
  %o, %l = "simplicial.attention"(%q, %k, %c, %k, %k) {causal, w1 = 4 : i64, w2 = 8 : i64}
    : (!q, !k, !k, !k, !k) -> (!q, tensor<1x1x8xf32>)
  return %o : !q
}
