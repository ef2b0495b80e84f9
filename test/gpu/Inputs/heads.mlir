// On sm_90a, warpgroups multiply and a producer copies.
func.func @heads(%q: tensor<1x9x64x64xbf16>, %k1: tensor<1x9x1x64xbf16>, %k2: tensor<1x9x1x64xbf16>,
                 %v1: tensor<1x9x1x64xbf16>, %v2: tensor<1x9x1x64xbf16>) -> tensor<1x9x64x64xbf16> {
  %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2) {w1 = 2 : i64, causal}
    : (tensor<1x9x64x64xbf16>, tensor<1x9x1x64xbf16>, tensor<1x9x1x64xbf16>, tensor<1x9x1x64xbf16>, tensor<1x9x1x64xbf16>) -> (tensor<1x9x64x64xbf16>, tensor<1x64x9xf32>)
  return %out : tensor<1x9x64x64xbf16>
}
