func.func @f(%q: tensor<1x?x4x16xf32>, %k1: tensor<1x?x2x16xf32>, %k2: tensor<1x?x2x16xf32>,
             %v1: tensor<1x?x2x16xf32>, %v2: tensor<1x?x2x16xf32>) -> (tensor<1x?x4x16xf32>, tensor<1x4x?xf32>) {
  %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2) {w1 = 4 : i64, w2 = 8 : i64, causal}
    : (tensor<1x?x4x16xf32>, tensor<1x?x2x16xf32>, tensor<1x?x2x16xf32>, tensor<1x?x2x16xf32>, tensor<1x?x2x16xf32>)
    -> (tensor<1x?x4x16xf32>, tensor<1x4x?xf32>)
  return %out, %lse : tensor<1x?x4x16xf32>, tensor<1x4x?xf32>
}
