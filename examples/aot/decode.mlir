// One decoding step: each of B sequences has one new query, which attends to
// the last 16 and the last 64 keys of a cache of N (N grows with every step).

func.func @decode(%q: tensor<?x1x8x64xf32>,
                  %k1: tensor<?x?x2x64xf32>, %k2: tensor<?x?x2x64xf32>,
                  %v1: tensor<?x?x2x64xf32>, %v2: tensor<?x?x2x64xf32>)
    -> tensor<?x1x8x64xf32> {
  %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2)
      {causal, w1 = 16 : i64, w2 = 64 : i64}
    : (tensor<?x1x8x64xf32>, tensor<?x?x2x64xf32>, tensor<?x?x2x64xf32>,
       tensor<?x?x2x64xf32>, tensor<?x?x2x64xf32>)
   -> (tensor<?x1x8x64xf32>, tensor<?x8x1xf32>)
  return %out : tensor<?x1x8x64xf32>
}
