// An attention of static sizes in f32: on a GPU, products of three of tf32; on the CPU, blocks in parallel.
func.func @attention(%q: tensor<2x40x8x64xf32>, %k1: tensor<2x40x2x64xf32>, %k2: tensor<2x40x2x64xf32>,
                     %v1: tensor<2x40x2x64xf32>, %v2: tensor<2x40x2x64xf32>)
    -> (tensor<2x40x8x64xf32>, tensor<2x8x40xf32>) {
  %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2) {causal, w1 = 8 : i64, w2 = 24 : i64}
    : (tensor<2x40x8x64xf32>, tensor<2x40x2x64xf32>, tensor<2x40x2x64xf32>, tensor<2x40x2x64xf32>, tensor<2x40x2x64xf32>)
   -> (tensor<2x40x8x64xf32>, tensor<2x8x40xf32>)
  return %out, %lse : tensor<2x40x8x64xf32>, tensor<2x8x40xf32>
}
