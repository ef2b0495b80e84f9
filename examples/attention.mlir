// 2-simplicial attention for 8 query heads that share one key head of 64, any
// batch size and sequence length. Query i attends to the pairs (j, k) of the
// last 32 and the last 256 keys:
//
//   out[i] = sum_{j,k} softmax(sum_d q[i,d] k1[j,d] k2[k,d] / 8) v1[j] * v2[k]

func.func @attention(%q: tensor<?x?x8x64xf32>,
                     %k1: tensor<?x?x1x64xf32>, %k2: tensor<?x?x1x64xf32>,
                     %v1: tensor<?x?x1x64xf32>, %v2: tensor<?x?x1x64xf32>)
    -> (tensor<?x?x8x64xf32>, tensor<?x8x?xf32>) {
  %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2)
      {causal, w1 = 32 : i64, w2 = 256 : i64}
    : (tensor<?x?x8x64xf32>, tensor<?x?x1x64xf32>, tensor<?x?x1x64xf32>,
       tensor<?x?x1x64xf32>, tensor<?x?x1x64xf32>)
   -> (tensor<?x?x8x64xf32>, tensor<?x8x?xf32>)
  return %out, %lse : tensor<?x?x8x64xf32>, tensor<?x8x?xf32>
}
