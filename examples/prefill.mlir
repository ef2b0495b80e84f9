// Four sequences of 4096 tokens, 64 query heads that share one key head of 128,
// in bf16. All sizes are static, as `simplicial-compile --analyze` wants them.

func.func @prefill(%q: tensor<4x4096x64x128xbf16>,
                   %k1: tensor<4x4096x1x128xbf16>, %k2: tensor<4x4096x1x128xbf16>,
                   %v1: tensor<4x4096x1x128xbf16>, %v2: tensor<4x4096x1x128xbf16>)
    -> (tensor<4x4096x64x128xbf16>, tensor<4x64x4096xf32>) {
  %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2)
      {causal, w1 = 32 : i64, w2 = 512 : i64}
    : (tensor<4x4096x64x128xbf16>, tensor<4x4096x1x128xbf16>,
       tensor<4x4096x1x128xbf16>, tensor<4x4096x1x128xbf16>,
       tensor<4x4096x1x128xbf16>)
   -> (tensor<4x4096x64x128xbf16>, tensor<4x64x4096xf32>)
  return %out, %lse : tensor<4x4096x64x128xbf16>, tensor<4x64x4096xf32>
}
