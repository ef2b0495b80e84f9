#map = affine_map<(d0, d1, d2) -> (d2)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map2 = affine_map<(d0, d1, d2) -> (0, 0, d2)>
#map3 = affine_map<(d0, d1, d2) -> (d0, d1)>
#map4 = affine_map<(d0, d1, d2) -> ()>
#map5 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
#map6 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4)>
#map7 = affine_map<(d0, d1, d2, d3, d4) -> (d4, d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
#map9 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
#map10 = affine_map<(d0, d1, d2, d3, d4) -> (d4, d3, d2)>
#map11 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>
#map12 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
#map13 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#map14 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d1, d2)>
#map15 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d1, d2)>
#map16 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d3, d1, d4)>
#map17 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d2, d1, d5, d3)>
#map18 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d4, d1, d5)>
#map19 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4)>
#map20 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d2, d4)>
#map21 = affine_map<(d0, d1, d2, d3, d4) -> ()>
#map22 = affine_map<(d0) -> (d0)>
#map23 = affine_map<(d0, d1) -> (d0)>
#map24 = affine_map<(d0, d1) -> (d0, d1)>
#map25 = affine_map<(d0, d1) -> (d1)>
#map26 = affine_map<(d0, d1) -> (d0, 0)>
#map27 = affine_map<(d0, d1) -> (0, d1)>
#map28 = affine_map<(d0, d1) -> ()>
#map29 = affine_map<(d0, d1, d2) -> (d0, d2)>
#map30 = affine_map<(d0, d1, d2) -> (d0, 0, d2)>
#map31 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, 0, 0)>
#map32 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d5, d1, d2, d4)>
#map33 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d3, d4, d5)>
#map34 = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>
#map35 = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>
#map36 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map37 = affine_map<() -> ()>
#map38 = affine_map<(d0, d1, d2, d3, d4) -> (d2, d3, d4)>
#map39 = affine_map<(d0, d1, d2, d3) -> ()>
"builtin.module"() <{sym_name = "jit_layer"}> ({
  "func.func"() <{function_type = (tensor<2x9x32xf32>, tensor<32xf32>, tensor<32x4x16xf32>, tensor<32x2x16xf32>, tensor<32x2x16xf32>, tensor<32x2x16xf32>, tensor<32x2x16xf32>, tensor<4x16x32xf32>) -> tensor<2x9x32xf32>, res_attrs = [{jax.result_info = "result"}], sym_name = "main", sym_visibility = "public"}> ({
  ^bb0(%arg175: tensor<2x9x32xf32>, %arg176: tensor<32xf32>, %arg177: tensor<32x4x16xf32>, %arg178: tensor<32x2x16xf32>, %arg179: tensor<32x2x16xf32>, %arg180: tensor<32x2x16xf32>, %arg181: tensor<32x2x16xf32>, %arg182: tensor<4x16x32xf32>):
    %220 = "tensor.empty"() : () -> tensor<1x1x32xf32>
    %221 = "linalg.generic"(%arg176, %220) <{indexing_maps = [#map, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg247: f32, %arg248: f32):
      "linalg.yield"(%arg247) : (f32) -> ()
    }) : (tensor<32xf32>, tensor<1x1x32xf32>) -> tensor<1x1x32xf32>
    %222 = "tensor.empty"() : () -> tensor<2x9x32xf32>
    %223 = "linalg.generic"(%221, %222) <{indexing_maps = [#map2, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg245: f32, %arg246: f32):
      "linalg.yield"(%arg245) : (f32) -> ()
    }) : (tensor<1x1x32xf32>, tensor<2x9x32xf32>) -> tensor<2x9x32xf32>
    %224 = "tensor.empty"() : () -> tensor<2x9x32xf32>
    %225 = "linalg.generic"(%223, %arg175, %224) <{indexing_maps = [#map1, #map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg242: f32, %arg243: f32, %arg244: f32):
      %304 = "arith.mulf"(%arg242, %arg243) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%304) : (f32) -> ()
    }) : (tensor<2x9x32xf32>, tensor<2x9x32xf32>, tensor<2x9x32xf32>) -> tensor<2x9x32xf32>
    %226 = "tensor.empty"() : () -> tensor<2x9x32xf32>
    %227 = "linalg.generic"(%arg175, %arg175, %226) <{indexing_maps = [#map1, #map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg239: f32, %arg240: f32, %arg241: f32):
      %303 = "arith.mulf"(%arg239, %arg240) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%303) : (f32) -> ()
    }) : (tensor<2x9x32xf32>, tensor<2x9x32xf32>, tensor<2x9x32xf32>) -> tensor<2x9x32xf32>
    %228 = "arith.constant"() <{value = dense<0.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %229 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %230 = "tensor.empty"() : () -> tensor<2x9xf32>
    %231 = "linalg.fill"(%229, %230) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg237: f32, %arg238: f32):
      "linalg.yield"(%arg237) : (f32) -> ()
    }) : (f32, tensor<2x9xf32>) -> tensor<2x9xf32>
    %232 = "linalg.generic"(%227, %231) <{indexing_maps = [#map1, #map3], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg235: f32, %arg236: f32):
      %296 = "tensor.from_elements"(%arg235) : (f32) -> tensor<f32>
      %297 = "tensor.from_elements"(%arg236) : (f32) -> tensor<f32>
      %298 = "tensor.extract"(%297) : (tensor<f32>) -> f32
      %299 = "tensor.extract"(%296) : (tensor<f32>) -> f32
      %300 = "arith.addf"(%298, %299) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %301 = "tensor.from_elements"(%300) : (f32) -> tensor<f32>
      %302 = "tensor.extract"(%301) : (tensor<f32>) -> f32
      "linalg.yield"(%302) : (f32) -> ()
    }) : (tensor<2x9x32xf32>, tensor<2x9xf32>) -> tensor<2x9xf32>
    %233 = "tensor.empty"() : () -> tensor<2x9x1xf32>
    %234 = "linalg.generic"(%232, %233) <{indexing_maps = [#map3, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg233: f32, %arg234: f32):
      "linalg.yield"(%arg233) : (f32) -> ()
    }) : (tensor<2x9xf32>, tensor<2x9x1xf32>) -> tensor<2x9x1xf32>
    %235 = "arith.constant"() <{value = dense<3.200000e+01> : tensor<f32>}> : () -> tensor<f32>
    %236 = "tensor.empty"() : () -> tensor<2x9x1xf32>
    %237 = "linalg.generic"(%235, %236) <{indexing_maps = [#map4, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg231: f32, %arg232: f32):
      "linalg.yield"(%arg231) : (f32) -> ()
    }) : (tensor<f32>, tensor<2x9x1xf32>) -> tensor<2x9x1xf32>
    %238 = "tensor.empty"() : () -> tensor<2x9x1xf32>
    %239 = "linalg.generic"(%234, %237, %238) <{indexing_maps = [#map1, #map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg228: f32, %arg229: f32, %arg230: f32):
      %295 = "arith.divf"(%arg228, %arg229) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%295) : (f32) -> ()
    }) : (tensor<2x9x1xf32>, tensor<2x9x1xf32>, tensor<2x9x1xf32>) -> tensor<2x9x1xf32>
    %240 = "arith.constant"() <{value = dense<9.99999974E-6> : tensor<f32>}> : () -> tensor<f32>
    %241 = "tensor.empty"() : () -> tensor<2x9x1xf32>
    %242 = "linalg.generic"(%240, %241) <{indexing_maps = [#map4, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg226: f32, %arg227: f32):
      "linalg.yield"(%arg226) : (f32) -> ()
    }) : (tensor<f32>, tensor<2x9x1xf32>) -> tensor<2x9x1xf32>
    %243 = "tensor.empty"() : () -> tensor<2x9x1xf32>
    %244 = "linalg.generic"(%239, %242, %243) <{indexing_maps = [#map1, #map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg223: f32, %arg224: f32, %arg225: f32):
      %294 = "arith.addf"(%arg223, %arg224) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%294) : (f32) -> ()
    }) : (tensor<2x9x1xf32>, tensor<2x9x1xf32>, tensor<2x9x1xf32>) -> tensor<2x9x1xf32>
    %245 = "tensor.empty"() : () -> tensor<2x9x1xf32>
    %246 = "linalg.generic"(%244, %245) <{indexing_maps = [#map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg221: f32, %arg222: f32):
      %293 = "math.rsqrt"(%arg221) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
      "linalg.yield"(%293) : (f32) -> ()
    }) : (tensor<2x9x1xf32>, tensor<2x9x1xf32>) -> tensor<2x9x1xf32>
    %247 = "tensor.empty"() : () -> tensor<2x9x32xf32>
    %248 = "linalg.generic"(%246, %247) <{indexing_maps = [#map5, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg219: f32, %arg220: f32):
      "linalg.yield"(%arg219) : (f32) -> ()
    }) : (tensor<2x9x1xf32>, tensor<2x9x32xf32>) -> tensor<2x9x32xf32>
    %249 = "tensor.empty"() : () -> tensor<2x9x32xf32>
    %250 = "linalg.generic"(%225, %248, %249) <{indexing_maps = [#map1, #map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg216: f32, %arg217: f32, %arg218: f32):
      %292 = "arith.mulf"(%arg216, %arg217) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%292) : (f32) -> ()
    }) : (tensor<2x9x32xf32>, tensor<2x9x32xf32>, tensor<2x9x32xf32>) -> tensor<2x9x32xf32>
    %251 = "tensor.empty"() : () -> tensor<2x9x4x16xf32>
    %252 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %253 = "linalg.fill"(%252, %251) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg214: f32, %arg215: f32):
      "linalg.yield"(%arg214) : (f32) -> ()
    }) : (f32, tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>
    %254 = "linalg.generic"(%250, %arg177, %253) <{indexing_maps = [#map6, #map7, #map8], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg211: f32, %arg212: f32, %arg213: f32):
      %290 = "arith.mulf"(%arg211, %arg212) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %291 = "arith.addf"(%arg213, %290) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%291) : (f32) -> ()
    }) : (tensor<2x9x32xf32>, tensor<32x4x16xf32>, tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>
    %255 = "tensor.empty"() : () -> tensor<2x9x2x16xf32>
    %256 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %257 = "linalg.fill"(%256, %255) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg209: f32, %arg210: f32):
      "linalg.yield"(%arg209) : (f32) -> ()
    }) : (f32, tensor<2x9x2x16xf32>) -> tensor<2x9x2x16xf32>
    %258 = "linalg.generic"(%250, %arg178, %257) <{indexing_maps = [#map6, #map7, #map8], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg206: f32, %arg207: f32, %arg208: f32):
      %288 = "arith.mulf"(%arg206, %arg207) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %289 = "arith.addf"(%arg208, %288) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%289) : (f32) -> ()
    }) : (tensor<2x9x32xf32>, tensor<32x2x16xf32>, tensor<2x9x2x16xf32>) -> tensor<2x9x2x16xf32>
    %259 = "tensor.empty"() : () -> tensor<2x9x2x16xf32>
    %260 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %261 = "linalg.fill"(%260, %259) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg204: f32, %arg205: f32):
      "linalg.yield"(%arg204) : (f32) -> ()
    }) : (f32, tensor<2x9x2x16xf32>) -> tensor<2x9x2x16xf32>
    %262 = "linalg.generic"(%250, %arg179, %261) <{indexing_maps = [#map6, #map7, #map8], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg201: f32, %arg202: f32, %arg203: f32):
      %286 = "arith.mulf"(%arg201, %arg202) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %287 = "arith.addf"(%arg203, %286) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%287) : (f32) -> ()
    }) : (tensor<2x9x32xf32>, tensor<32x2x16xf32>, tensor<2x9x2x16xf32>) -> tensor<2x9x2x16xf32>
    %263 = "tensor.empty"() : () -> tensor<2x9x2x16xf32>
    %264 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %265 = "linalg.fill"(%264, %263) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg199: f32, %arg200: f32):
      "linalg.yield"(%arg199) : (f32) -> ()
    }) : (f32, tensor<2x9x2x16xf32>) -> tensor<2x9x2x16xf32>
    %266 = "linalg.generic"(%250, %arg180, %265) <{indexing_maps = [#map6, #map7, #map8], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg196: f32, %arg197: f32, %arg198: f32):
      %284 = "arith.mulf"(%arg196, %arg197) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %285 = "arith.addf"(%arg198, %284) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%285) : (f32) -> ()
    }) : (tensor<2x9x32xf32>, tensor<32x2x16xf32>, tensor<2x9x2x16xf32>) -> tensor<2x9x2x16xf32>
    %267 = "tensor.empty"() : () -> tensor<2x9x2x16xf32>
    %268 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %269 = "linalg.fill"(%268, %267) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg194: f32, %arg195: f32):
      "linalg.yield"(%arg194) : (f32) -> ()
    }) : (f32, tensor<2x9x2x16xf32>) -> tensor<2x9x2x16xf32>
    %270 = "linalg.generic"(%250, %arg181, %269) <{indexing_maps = [#map6, #map7, #map8], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg191: f32, %arg192: f32, %arg193: f32):
      %282 = "arith.mulf"(%arg191, %arg192) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %283 = "arith.addf"(%arg193, %282) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%283) : (f32) -> ()
    }) : (tensor<2x9x32xf32>, tensor<32x2x16xf32>, tensor<2x9x2x16xf32>) -> tensor<2x9x2x16xf32>
    %271:2 = "stablehlo.composite"(%254, %258, %262, %266, %270) <{composite_attributes = {causal = true, w1 = 3 : i64, w2 = 4 : i64}, decomposition = @simplicial.attention, name = "simplicial.attention", version = 1 : i32}> : (tensor<2x9x4x16xf32>, tensor<2x9x2x16xf32>, tensor<2x9x2x16xf32>, tensor<2x9x2x16xf32>, tensor<2x9x2x16xf32>) -> (tensor<2x9x4x16xf32>, tensor<2x4x9xf32>)
    %272 = "func.call"(%271#0) <{callee = @silu}> : (tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>
    %273 = "tensor.empty"() : () -> tensor<2x9x32xf32>
    %274 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %275 = "linalg.fill"(%274, %273) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg189: f32, %arg190: f32):
      "linalg.yield"(%arg189) : (f32) -> ()
    }) : (f32, tensor<2x9x32xf32>) -> tensor<2x9x32xf32>
    %276 = "linalg.generic"(%272, %arg182, %275) <{indexing_maps = [#map9, #map10, #map11], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg186: f32, %arg187: f32, %arg188: f32):
      %280 = "arith.mulf"(%arg186, %arg187) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %281 = "arith.addf"(%arg188, %280) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%281) : (f32) -> ()
    }) : (tensor<2x9x4x16xf32>, tensor<4x16x32xf32>, tensor<2x9x32xf32>) -> tensor<2x9x32xf32>
    %277 = "tensor.empty"() : () -> tensor<2x9x32xf32>
    %278 = "linalg.generic"(%arg175, %276, %277) <{indexing_maps = [#map1, #map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg183: f32, %arg184: f32, %arg185: f32):
      %279 = "arith.addf"(%arg183, %arg184) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%279) : (f32) -> ()
    }) : (tensor<2x9x32xf32>, tensor<2x9x32xf32>, tensor<2x9x32xf32>) -> tensor<2x9x32xf32>
    "func.return"(%278) : (tensor<2x9x32xf32>) -> ()
  }) : () -> ()
  "func.func"() <{function_type = (tensor<2x9x4x16xf32>, tensor<2x9x2x16xf32>, tensor<2x9x2x16xf32>, tensor<2x9x2x16xf32>, tensor<2x9x2x16xf32>) -> (tensor<2x9x4x16xf32>, tensor<2x4x9xf32>), sym_name = "simplicial.attention", sym_visibility = "private"}> ({
  ^bb0(%arg31: tensor<2x9x4x16xf32>, %arg32: tensor<2x9x2x16xf32>, %arg33: tensor<2x9x2x16xf32>, %arg34: tensor<2x9x2x16xf32>, %arg35: tensor<2x9x2x16xf32>):
    %30 = "tensor.empty"() : () -> tensor<2x9x2x2x16xf32>
    %31 = "linalg.generic"(%arg32, %30) <{indexing_maps = [#map12, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg173: f32, %arg174: f32):
      "linalg.yield"(%arg173) : (f32) -> ()
    }) : (tensor<2x9x2x16xf32>, tensor<2x9x2x2x16xf32>) -> tensor<2x9x2x2x16xf32>
    %32 = "tensor.collapse_shape"(%31) <{reassociation = [[0], [1], [2, 3], [4]]}> : (tensor<2x9x2x2x16xf32>) -> tensor<2x9x4x16xf32>
    %33 = "tensor.empty"() : () -> tensor<2x9x2x2x16xf32>
    %34 = "linalg.generic"(%arg33, %33) <{indexing_maps = [#map12, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg171: f32, %arg172: f32):
      "linalg.yield"(%arg171) : (f32) -> ()
    }) : (tensor<2x9x2x16xf32>, tensor<2x9x2x2x16xf32>) -> tensor<2x9x2x2x16xf32>
    %35 = "tensor.collapse_shape"(%34) <{reassociation = [[0], [1], [2, 3], [4]]}> : (tensor<2x9x2x2x16xf32>) -> tensor<2x9x4x16xf32>
    %36 = "tensor.empty"() : () -> tensor<2x9x2x2x16xf32>
    %37 = "linalg.generic"(%arg34, %36) <{indexing_maps = [#map12, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg169: f32, %arg170: f32):
      "linalg.yield"(%arg169) : (f32) -> ()
    }) : (tensor<2x9x2x16xf32>, tensor<2x9x2x2x16xf32>) -> tensor<2x9x2x2x16xf32>
    %38 = "tensor.collapse_shape"(%37) <{reassociation = [[0], [1], [2, 3], [4]]}> : (tensor<2x9x2x2x16xf32>) -> tensor<2x9x4x16xf32>
    %39 = "tensor.empty"() : () -> tensor<2x9x2x2x16xf32>
    %40 = "linalg.generic"(%arg35, %39) <{indexing_maps = [#map12, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg167: f32, %arg168: f32):
      "linalg.yield"(%arg167) : (f32) -> ()
    }) : (tensor<2x9x2x16xf32>, tensor<2x9x2x2x16xf32>) -> tensor<2x9x2x2x16xf32>
    %41 = "tensor.collapse_shape"(%40) <{reassociation = [[0], [1], [2, 3], [4]]}> : (tensor<2x9x2x2x16xf32>) -> tensor<2x9x4x16xf32>
    %42 = "tensor.empty"() : () -> tensor<2x4x16x9x9xf32>
    %43 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %44 = "linalg.fill"(%43, %42) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg165: f32, %arg166: f32):
      "linalg.yield"(%arg165) : (f32) -> ()
    }) : (f32, tensor<2x4x16x9x9xf32>) -> tensor<2x4x16x9x9xf32>
    %45 = "linalg.generic"(%32, %arg31, %44) <{indexing_maps = [#map14, #map15, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg162: f32, %arg163: f32, %arg164: f32):
      %218 = "arith.mulf"(%arg162, %arg163) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %219 = "arith.addf"(%arg164, %218) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%219) : (f32) -> ()
    }) : (tensor<2x9x4x16xf32>, tensor<2x9x4x16xf32>, tensor<2x4x16x9x9xf32>) -> tensor<2x4x16x9x9xf32>
    %46 = "tensor.empty"() : () -> tensor<2x9x4x16x9xf32>
    %47 = "linalg.generic"(%45, %46) <{indexing_maps = [#map16, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg160: f32, %arg161: f32):
      "linalg.yield"(%arg160) : (f32) -> ()
    }) : (tensor<2x4x16x9x9xf32>, tensor<2x9x4x16x9xf32>) -> tensor<2x9x4x16x9xf32>
    %48 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %49 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %50 = "linalg.fill"(%49, %48) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg158: f32, %arg159: f32):
      "linalg.yield"(%arg158) : (f32) -> ()
    }) : (f32, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %51 = "linalg.generic"(%47, %35, %50) <{indexing_maps = [#map17, #map18, #map19], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg155: f32, %arg156: f32, %arg157: f32):
      %216 = "arith.mulf"(%arg155, %arg156) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %217 = "arith.addf"(%arg157, %216) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%217) : (f32) -> ()
    }) : (tensor<2x9x4x16x9xf32>, tensor<2x9x4x16xf32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %52 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %53 = "linalg.generic"(%51, %52) <{indexing_maps = [#map20, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg153: f32, %arg154: f32):
      "linalg.yield"(%arg153) : (f32) -> ()
    }) : (tensor<2x4x9x9x9xf32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %54 = "arith.constant"() <{value = dense<2.500000e-01> : tensor<f32>}> : () -> tensor<f32>
    %55 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %56 = "linalg.generic"(%54, %55) <{indexing_maps = [#map21, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg151: f32, %arg152: f32):
      "linalg.yield"(%arg151) : (f32) -> ()
    }) : (tensor<f32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %57 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %58 = "linalg.generic"(%56, %53, %57) <{indexing_maps = [#map13, #map13, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg148: f32, %arg149: f32, %arg150: f32):
      %215 = "arith.mulf"(%arg148, %arg149) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%215) : (f32) -> ()
    }) : (tensor<2x4x9x9x9xf32>, tensor<2x4x9x9x9xf32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %59 = "tensor.empty"() : () -> tensor<9xi32>
    %60 = "linalg.generic"(%59) <{indexing_maps = [#map22], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 0, 1>}> ({
    ^bb0(%arg147: i32):
      %213 = "linalg.index"() <{dim = 0 : i64}> : () -> index
      %214 = "arith.index_cast"(%213) : (index) -> i32
      "linalg.yield"(%214) : (i32) -> ()
    }) : (tensor<9xi32>) -> tensor<9xi32>
    %61 = "tensor.empty"() : () -> tensor<9x1xi32>
    %62 = "linalg.generic"(%60, %61) <{indexing_maps = [#map23, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg145: i32, %arg146: i32):
      "linalg.yield"(%arg145) : (i32) -> ()
    }) : (tensor<9xi32>, tensor<9x1xi32>) -> tensor<9x1xi32>
    %63 = "tensor.empty"() : () -> tensor<9xi32>
    %64 = "linalg.generic"(%63) <{indexing_maps = [#map22], iterator_types = [#linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 0, 1>}> ({
    ^bb0(%arg144: i32):
      %211 = "linalg.index"() <{dim = 0 : i64}> : () -> index
      %212 = "arith.index_cast"(%211) : (index) -> i32
      "linalg.yield"(%212) : (i32) -> ()
    }) : (tensor<9xi32>) -> tensor<9xi32>
    %65 = "tensor.empty"() : () -> tensor<1x9xi32>
    %66 = "linalg.generic"(%64, %65) <{indexing_maps = [#map25, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg142: i32, %arg143: i32):
      "linalg.yield"(%arg142) : (i32) -> ()
    }) : (tensor<9xi32>, tensor<1x9xi32>) -> tensor<1x9xi32>
    %67 = "tensor.empty"() : () -> tensor<9x9xi32>
    %68 = "linalg.generic"(%62, %67) <{indexing_maps = [#map26, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg140: i32, %arg141: i32):
      "linalg.yield"(%arg140) : (i32) -> ()
    }) : (tensor<9x1xi32>, tensor<9x9xi32>) -> tensor<9x9xi32>
    %69 = "tensor.empty"() : () -> tensor<9x9xi32>
    %70 = "linalg.generic"(%66, %69) <{indexing_maps = [#map27, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg138: i32, %arg139: i32):
      "linalg.yield"(%arg138) : (i32) -> ()
    }) : (tensor<1x9xi32>, tensor<9x9xi32>) -> tensor<9x9xi32>
    %71 = "tensor.empty"() : () -> tensor<9x9xi32>
    %72 = "linalg.generic"(%68, %70, %71) <{indexing_maps = [#map24, #map24, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg135: i32, %arg136: i32, %arg137: i32):
      %210 = "arith.subi"(%arg135, %arg136) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
      "linalg.yield"(%210) : (i32) -> ()
    }) : (tensor<9x9xi32>, tensor<9x9xi32>, tensor<9x9xi32>) -> tensor<9x9xi32>
    %73 = "arith.constant"() <{value = dense<3> : tensor<i32>}> : () -> tensor<i32>
    %74 = "tensor.empty"() : () -> tensor<9x9xi32>
    %75 = "linalg.generic"(%73, %74) <{indexing_maps = [#map28, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg133: i32, %arg134: i32):
      "linalg.yield"(%arg133) : (i32) -> ()
    }) : (tensor<i32>, tensor<9x9xi32>) -> tensor<9x9xi32>
    %76 = "tensor.empty"() : () -> tensor<9x9xi1>
    %77 = "linalg.generic"(%72, %75, %76) <{indexing_maps = [#map24, #map24, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg130: i32, %arg131: i32, %arg132: i1):
      %209 = "arith.cmpi"(%arg130, %arg131) <{predicate = 2 : i64}> : (i32, i32) -> i1
      "linalg.yield"(%209) : (i1) -> ()
    }) : (tensor<9x9xi32>, tensor<9x9xi32>, tensor<9x9xi1>) -> tensor<9x9xi1>
    %78 = "arith.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
    %79 = "tensor.empty"() : () -> tensor<9x9xi32>
    %80 = "linalg.generic"(%78, %79) <{indexing_maps = [#map28, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg128: i32, %arg129: i32):
      "linalg.yield"(%arg128) : (i32) -> ()
    }) : (tensor<i32>, tensor<9x9xi32>) -> tensor<9x9xi32>
    %81 = "tensor.empty"() : () -> tensor<9x9xi1>
    %82 = "linalg.generic"(%72, %80, %81) <{indexing_maps = [#map24, #map24, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg125: i32, %arg126: i32, %arg127: i1):
      %208 = "arith.cmpi"(%arg125, %arg126) <{predicate = 5 : i64}> : (i32, i32) -> i1
      "linalg.yield"(%208) : (i1) -> ()
    }) : (tensor<9x9xi32>, tensor<9x9xi32>, tensor<9x9xi1>) -> tensor<9x9xi1>
    %83 = "tensor.empty"() : () -> tensor<9x9xi1>
    %84 = "linalg.generic"(%77, %82, %83) <{indexing_maps = [#map24, #map24, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg122: i1, %arg123: i1, %arg124: i1):
      %207 = "arith.andi"(%arg122, %arg123) : (i1, i1) -> i1
      "linalg.yield"(%207) : (i1) -> ()
    }) : (tensor<9x9xi1>, tensor<9x9xi1>, tensor<9x9xi1>) -> tensor<9x9xi1>
    %85 = "arith.constant"() <{value = dense<4> : tensor<i32>}> : () -> tensor<i32>
    %86 = "tensor.empty"() : () -> tensor<9x9xi32>
    %87 = "linalg.generic"(%85, %86) <{indexing_maps = [#map28, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg120: i32, %arg121: i32):
      "linalg.yield"(%arg120) : (i32) -> ()
    }) : (tensor<i32>, tensor<9x9xi32>) -> tensor<9x9xi32>
    %88 = "tensor.empty"() : () -> tensor<9x9xi1>
    %89 = "linalg.generic"(%72, %87, %88) <{indexing_maps = [#map24, #map24, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg117: i32, %arg118: i32, %arg119: i1):
      %206 = "arith.cmpi"(%arg117, %arg118) <{predicate = 2 : i64}> : (i32, i32) -> i1
      "linalg.yield"(%206) : (i1) -> ()
    }) : (tensor<9x9xi32>, tensor<9x9xi32>, tensor<9x9xi1>) -> tensor<9x9xi1>
    %90 = "arith.constant"() <{value = dense<0> : tensor<i32>}> : () -> tensor<i32>
    %91 = "tensor.empty"() : () -> tensor<9x9xi32>
    %92 = "linalg.generic"(%90, %91) <{indexing_maps = [#map28, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg115: i32, %arg116: i32):
      "linalg.yield"(%arg115) : (i32) -> ()
    }) : (tensor<i32>, tensor<9x9xi32>) -> tensor<9x9xi32>
    %93 = "tensor.empty"() : () -> tensor<9x9xi1>
    %94 = "linalg.generic"(%72, %92, %93) <{indexing_maps = [#map24, #map24, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg112: i32, %arg113: i32, %arg114: i1):
      %205 = "arith.cmpi"(%arg112, %arg113) <{predicate = 5 : i64}> : (i32, i32) -> i1
      "linalg.yield"(%205) : (i1) -> ()
    }) : (tensor<9x9xi32>, tensor<9x9xi32>, tensor<9x9xi1>) -> tensor<9x9xi1>
    %95 = "tensor.empty"() : () -> tensor<9x9xi1>
    %96 = "linalg.generic"(%89, %94, %95) <{indexing_maps = [#map24, #map24, #map24], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg109: i1, %arg110: i1, %arg111: i1):
      %204 = "arith.andi"(%arg109, %arg110) : (i1, i1) -> i1
      "linalg.yield"(%204) : (i1) -> ()
    }) : (tensor<9x9xi1>, tensor<9x9xi1>, tensor<9x9xi1>) -> tensor<9x9xi1>
    %97 = "tensor.empty"() : () -> tensor<9x9x1xi1>
    %98 = "linalg.generic"(%84, %97) <{indexing_maps = [#map3, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg107: i1, %arg108: i1):
      "linalg.yield"(%arg107) : (i1) -> ()
    }) : (tensor<9x9xi1>, tensor<9x9x1xi1>) -> tensor<9x9x1xi1>
    %99 = "tensor.empty"() : () -> tensor<9x1x9xi1>
    %100 = "linalg.generic"(%96, %99) <{indexing_maps = [#map29, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg105: i1, %arg106: i1):
      "linalg.yield"(%arg105) : (i1) -> ()
    }) : (tensor<9x9xi1>, tensor<9x1x9xi1>) -> tensor<9x1x9xi1>
    %101 = "tensor.empty"() : () -> tensor<9x9x9xi1>
    %102 = "linalg.generic"(%98, %101) <{indexing_maps = [#map5, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg103: i1, %arg104: i1):
      "linalg.yield"(%arg103) : (i1) -> ()
    }) : (tensor<9x9x1xi1>, tensor<9x9x9xi1>) -> tensor<9x9x9xi1>
    %103 = "tensor.empty"() : () -> tensor<9x9x9xi1>
    %104 = "linalg.generic"(%100, %103) <{indexing_maps = [#map30, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg101: i1, %arg102: i1):
      "linalg.yield"(%arg101) : (i1) -> ()
    }) : (tensor<9x1x9xi1>, tensor<9x9x9xi1>) -> tensor<9x9x9xi1>
    %105 = "tensor.empty"() : () -> tensor<9x9x9xi1>
    %106 = "linalg.generic"(%102, %104, %105) <{indexing_maps = [#map1, #map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg98: i1, %arg99: i1, %arg100: i1):
      %203 = "arith.andi"(%arg98, %arg99) : (i1, i1) -> i1
      "linalg.yield"(%203) : (i1) -> ()
    }) : (tensor<9x9x9xi1>, tensor<9x9x9xi1>, tensor<9x9x9xi1>) -> tensor<9x9x9xi1>
    %107 = "arith.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
    %108 = "func.call"(%106, %58, %107) <{callee = @_where}> : (tensor<9x9x9xi1>, tensor<2x4x9x9x9xf32>, tensor<f32>) -> tensor<2x4x9x9x9xf32>
    %109 = "arith.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
    %110 = "arith.constant"() <{value = 0xFF800000 : f32}> : () -> f32
    %111 = "tensor.empty"() : () -> tensor<2x4x9xf32>
    %112 = "linalg.fill"(%110, %111) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg96: f32, %arg97: f32):
      "linalg.yield"(%arg96) : (f32) -> ()
    }) : (f32, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %113 = "linalg.generic"(%108, %112) <{indexing_maps = [#map13, #map11], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg94: f32, %arg95: f32):
      %196 = "tensor.from_elements"(%arg94) : (f32) -> tensor<f32>
      %197 = "tensor.from_elements"(%arg95) : (f32) -> tensor<f32>
      %198 = "tensor.extract"(%197) : (tensor<f32>) -> f32
      %199 = "tensor.extract"(%196) : (tensor<f32>) -> f32
      %200 = "arith.maximumf"(%198, %199) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %201 = "tensor.from_elements"(%200) : (f32) -> tensor<f32>
      %202 = "tensor.extract"(%201) : (tensor<f32>) -> f32
      "linalg.yield"(%202) : (f32) -> ()
    }) : (tensor<2x4x9x9x9xf32>, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %114 = "arith.constant"() <{value = dense<0xFF800000> : tensor<f32>}> : () -> tensor<f32>
    %115 = "tensor.empty"() : () -> tensor<2x4x9xf32>
    %116 = "linalg.generic"(%114, %115) <{indexing_maps = [#map4, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg92: f32, %arg93: f32):
      "linalg.yield"(%arg92) : (f32) -> ()
    }) : (tensor<f32>, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %117 = "tensor.empty"() : () -> tensor<2x4x9xf32>
    %118 = "linalg.generic"(%116, %113, %117) <{indexing_maps = [#map1, #map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg89: f32, %arg90: f32, %arg91: f32):
      %195 = "arith.maximumf"(%arg89, %arg90) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%195) : (f32) -> ()
    }) : (tensor<2x4x9xf32>, tensor<2x4x9xf32>, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %119 = "tensor.empty"() : () -> tensor<2x4x9xi1>
    %120 = "linalg.generic"(%118, %119) <{indexing_maps = [#map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg87: f32, %arg88: i1):
      %192 = "arith.constant"() <{value = 0x7F800000 : f32}> : () -> f32
      %193 = "math.absf"(%arg87) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
      %194 = "arith.cmpf"(%193, %192) <{fastmath = #arith.fastmath<none>, predicate = 6 : i64}> : (f32, f32) -> i1
      "linalg.yield"(%194) : (i1) -> ()
    }) : (tensor<2x4x9xf32>, tensor<2x4x9xi1>) -> tensor<2x4x9xi1>
    %121 = "arith.constant"() <{value = dense<0.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %122 = "tensor.empty"() : () -> tensor<2x4x9xf32>
    %123 = "linalg.generic"(%121, %122) <{indexing_maps = [#map4, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg85: f32, %arg86: f32):
      "linalg.yield"(%arg85) : (f32) -> ()
    }) : (tensor<f32>, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %124 = "tensor.empty"() : () -> tensor<2x4x9xf32>
    %125 = "linalg.generic"(%120, %118, %123, %124) <{indexing_maps = [#map1, #map1, #map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 3, 1>}> ({
    ^bb0(%arg81: i1, %arg82: f32, %arg83: f32, %arg84: f32):
      %191 = "arith.select"(%arg81, %arg82, %arg83) : (i1, f32, f32) -> f32
      "linalg.yield"(%191) : (f32) -> ()
    }) : (tensor<2x4x9xi1>, tensor<2x4x9xf32>, tensor<2x4x9xf32>, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %126 = "tensor.empty"() : () -> tensor<2x4x9x1x1xf32>
    %127 = "linalg.generic"(%125, %126) <{indexing_maps = [#map11, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg79: f32, %arg80: f32):
      "linalg.yield"(%arg79) : (f32) -> ()
    }) : (tensor<2x4x9xf32>, tensor<2x4x9x1x1xf32>) -> tensor<2x4x9x1x1xf32>
    %128 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %129 = "linalg.generic"(%127, %128) <{indexing_maps = [#map31, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg77: f32, %arg78: f32):
      "linalg.yield"(%arg77) : (f32) -> ()
    }) : (tensor<2x4x9x1x1xf32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %130 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %131 = "linalg.generic"(%108, %129, %130) <{indexing_maps = [#map13, #map13, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg74: f32, %arg75: f32, %arg76: f32):
      %190 = "arith.subf"(%arg74, %arg75) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%190) : (f32) -> ()
    }) : (tensor<2x4x9x9x9xf32>, tensor<2x4x9x9x9xf32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %132 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %133 = "linalg.generic"(%131, %132) <{indexing_maps = [#map13, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg72: f32, %arg73: f32):
      %189 = "math.exp"(%arg72) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
      "linalg.yield"(%189) : (f32) -> ()
    }) : (tensor<2x4x9x9x9xf32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %134 = "arith.constant"() <{value = dense<0.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %135 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %136 = "tensor.empty"() : () -> tensor<2x4x9xf32>
    %137 = "linalg.fill"(%135, %136) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg70: f32, %arg71: f32):
      "linalg.yield"(%arg70) : (f32) -> ()
    }) : (f32, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %138 = "linalg.generic"(%133, %137) <{indexing_maps = [#map13, #map11], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg68: f32, %arg69: f32):
      %182 = "tensor.from_elements"(%arg68) : (f32) -> tensor<f32>
      %183 = "tensor.from_elements"(%arg69) : (f32) -> tensor<f32>
      %184 = "tensor.extract"(%183) : (tensor<f32>) -> f32
      %185 = "tensor.extract"(%182) : (tensor<f32>) -> f32
      %186 = "arith.addf"(%184, %185) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %187 = "tensor.from_elements"(%186) : (f32) -> tensor<f32>
      %188 = "tensor.extract"(%187) : (tensor<f32>) -> f32
      "linalg.yield"(%188) : (f32) -> ()
    }) : (tensor<2x4x9x9x9xf32>, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %139 = "tensor.empty"() : () -> tensor<2x4x9xf32>
    %140 = "linalg.generic"(%138, %139) <{indexing_maps = [#map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg66: f32, %arg67: f32):
      %176 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
      %177 = "arith.cmpf"(%arg66, %176) <{fastmath = #arith.fastmath<none>, predicate = 6 : i64}> : (f32, f32) -> i1
      %178 = "arith.uitofp"(%177) : (i1) -> f32
      %179 = "math.copysign"(%178, %arg66) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %180 = "arith.cmpf"(%arg66, %arg66) <{fastmath = #arith.fastmath<none>, predicate = 14 : i64}> : (f32, f32) -> i1
      %181 = "arith.select"(%180, %arg66, %179) : (i1, f32, f32) -> f32
      "linalg.yield"(%181) : (f32) -> ()
    }) : (tensor<2x4x9xf32>, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %141 = "tensor.empty"() : () -> tensor<2x4x9xf32>
    %142 = "linalg.generic"(%138, %141) <{indexing_maps = [#map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg64: f32, %arg65: f32):
      %175 = "math.absf"(%arg64) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
      "linalg.yield"(%175) : (f32) -> ()
    }) : (tensor<2x4x9xf32>, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %143 = "tensor.empty"() : () -> tensor<2x4x9xf32>
    %144 = "linalg.generic"(%142, %143) <{indexing_maps = [#map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg62: f32, %arg63: f32):
      %174 = "math.log"(%arg62) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
      "linalg.yield"(%174) : (f32) -> ()
    }) : (tensor<2x4x9xf32>, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %145 = "tensor.empty"() : () -> tensor<2x4x9xf32>
    %146 = "linalg.generic"(%144, %125, %145) <{indexing_maps = [#map1, #map1, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg59: f32, %arg60: f32, %arg61: f32):
      %173 = "arith.addf"(%arg59, %arg60) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%173) : (f32) -> ()
    }) : (tensor<2x4x9xf32>, tensor<2x4x9xf32>, tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %147 = "tensor.empty"() : () -> tensor<2x4x9x1x1xf32>
    %148 = "linalg.generic"(%146, %147) <{indexing_maps = [#map11, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg57: f32, %arg58: f32):
      "linalg.yield"(%arg57) : (f32) -> ()
    }) : (tensor<2x4x9xf32>, tensor<2x4x9x1x1xf32>) -> tensor<2x4x9x1x1xf32>
    %149 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %150 = "linalg.generic"(%148, %149) <{indexing_maps = [#map31, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg55: f32, %arg56: f32):
      "linalg.yield"(%arg55) : (f32) -> ()
    }) : (tensor<2x4x9x1x1xf32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %151 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %152 = "linalg.generic"(%108, %150, %151) <{indexing_maps = [#map13, #map13, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg52: f32, %arg53: f32, %arg54: f32):
      %172 = "arith.subf"(%arg52, %arg53) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%172) : (f32) -> ()
    }) : (tensor<2x4x9x9x9xf32>, tensor<2x4x9x9x9xf32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %153 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %154 = "linalg.generic"(%152, %153) <{indexing_maps = [#map13, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg50: f32, %arg51: f32):
      %171 = "math.exp"(%arg50) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
      "linalg.yield"(%171) : (f32) -> ()
    }) : (tensor<2x4x9x9x9xf32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %155 = "tensor.empty"() : () -> tensor<2x4x16x9x9xf32>
    %156 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %157 = "linalg.fill"(%156, %155) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg48: f32, %arg49: f32):
      "linalg.yield"(%arg48) : (f32) -> ()
    }) : (f32, tensor<2x4x16x9x9xf32>) -> tensor<2x4x16x9x9xf32>
    %158 = "linalg.generic"(%41, %38, %157) <{indexing_maps = [#map14, #map15, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg45: f32, %arg46: f32, %arg47: f32):
      %169 = "arith.mulf"(%arg45, %arg46) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %170 = "arith.addf"(%arg47, %169) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%170) : (f32) -> ()
    }) : (tensor<2x9x4x16xf32>, tensor<2x9x4x16xf32>, tensor<2x4x16x9x9xf32>) -> tensor<2x4x16x9x9xf32>
    %159 = "tensor.empty"() : () -> tensor<2x9x4x16x9xf32>
    %160 = "linalg.generic"(%158, %159) <{indexing_maps = [#map16, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg43: f32, %arg44: f32):
      "linalg.yield"(%arg43) : (f32) -> ()
    }) : (tensor<2x4x16x9x9xf32>, tensor<2x9x4x16x9xf32>) -> tensor<2x9x4x16x9xf32>
    %161 = "tensor.empty"() : () -> tensor<2x4x16x9xf32>
    %162 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %163 = "linalg.fill"(%162, %161) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg41: f32, %arg42: f32):
      "linalg.yield"(%arg41) : (f32) -> ()
    }) : (f32, tensor<2x4x16x9xf32>) -> tensor<2x4x16x9xf32>
    %164 = "linalg.generic"(%160, %154, %163) <{indexing_maps = [#map32, #map33, #map34], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<reduction>, #linalg.iterator_type<reduction>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg38: f32, %arg39: f32, %arg40: f32):
      %167 = "arith.mulf"(%arg38, %arg39) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      %168 = "arith.addf"(%arg40, %167) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%168) : (f32) -> ()
    }) : (tensor<2x9x4x16x9xf32>, tensor<2x4x9x9x9xf32>, tensor<2x4x16x9xf32>) -> tensor<2x4x16x9xf32>
    %165 = "tensor.empty"() : () -> tensor<2x9x4x16xf32>
    %166 = "linalg.generic"(%164, %165) <{indexing_maps = [#map35, #map36], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg36: f32, %arg37: f32):
      "linalg.yield"(%arg36) : (f32) -> ()
    }) : (tensor<2x4x16x9xf32>, tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>
    "func.return"(%166, %146) : (tensor<2x9x4x16xf32>, tensor<2x4x9xf32>) -> ()
  }) : () -> ()
  "func.func"() <{function_type = (tensor<9x9x9xi1>, tensor<2x4x9x9x9xf32>, tensor<f32>) -> tensor<2x4x9x9x9xf32>, sym_name = "_where", sym_visibility = "private"}> ({
  ^bb0(%arg18: tensor<9x9x9xi1>, %arg19: tensor<2x4x9x9x9xf32>, %arg20: tensor<f32>):
    %21 = "tensor.empty"() : () -> tensor<f32>
    %22 = "linalg.generic"(%arg20, %21) <{indexing_maps = [#map37, #map37], iterator_types = [], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg29: f32, %arg30: f32):
      "linalg.yield"(%arg29) : (f32) -> ()
    }) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %23 = "tensor.empty"() : () -> tensor<2x4x9x9x9xi1>
    %24 = "linalg.generic"(%arg18, %23) <{indexing_maps = [#map38, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg27: i1, %arg28: i1):
      "linalg.yield"(%arg27) : (i1) -> ()
    }) : (tensor<9x9x9xi1>, tensor<2x4x9x9x9xi1>) -> tensor<2x4x9x9x9xi1>
    %25 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %26 = "linalg.generic"(%22, %25) <{indexing_maps = [#map21, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg25: f32, %arg26: f32):
      "linalg.yield"(%arg25) : (f32) -> ()
    }) : (tensor<f32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    %27 = "tensor.empty"() : () -> tensor<2x4x9x9x9xf32>
    %28 = "linalg.generic"(%24, %arg19, %26, %27) <{indexing_maps = [#map13, #map13, #map13, #map13], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 3, 1>}> ({
    ^bb0(%arg21: i1, %arg22: f32, %arg23: f32, %arg24: f32):
      %29 = "arith.select"(%arg21, %arg22, %arg23) : (i1, f32, f32) -> f32
      "linalg.yield"(%29) : (f32) -> ()
    }) : (tensor<2x4x9x9x9xi1>, tensor<2x4x9x9x9xf32>, tensor<2x4x9x9x9xf32>, tensor<2x4x9x9x9xf32>) -> tensor<2x4x9x9x9xf32>
    "func.return"(%28) : (tensor<2x4x9x9x9xf32>) -> ()
  }) : () -> ()
  "func.func"() <{function_type = (tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>, sym_name = "silu", sym_visibility = "private"}> ({
  ^bb0(%arg0: tensor<2x9x4x16xf32>):
    %0 = "tensor.empty"() : () -> tensor<2x9x4x16xf32>
    %1 = "linalg.generic"(%arg0, %0) <{indexing_maps = [#map36, #map36], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg16: f32, %arg17: f32):
      %20 = "arith.negf"(%arg16) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
      "linalg.yield"(%20) : (f32) -> ()
    }) : (tensor<2x9x4x16xf32>, tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>
    %2 = "tensor.empty"() : () -> tensor<2x9x4x16xf32>
    %3 = "linalg.generic"(%1, %2) <{indexing_maps = [#map36, #map36], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg14: f32, %arg15: f32):
      %19 = "math.exp"(%arg14) <{fastmath = #arith.fastmath<none>}> : (f32) -> f32
      "linalg.yield"(%19) : (f32) -> ()
    }) : (tensor<2x9x4x16xf32>, tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>
    %4 = "arith.constant"() <{value = dense<1.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %5 = "tensor.empty"() : () -> tensor<2x9x4x16xf32>
    %6 = "linalg.generic"(%4, %5) <{indexing_maps = [#map39, #map36], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg12: f32, %arg13: f32):
      "linalg.yield"(%arg12) : (f32) -> ()
    }) : (tensor<f32>, tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>
    %7 = "tensor.empty"() : () -> tensor<2x9x4x16xf32>
    %8 = "linalg.generic"(%6, %3, %7) <{indexing_maps = [#map36, #map36, #map36], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg9: f32, %arg10: f32, %arg11: f32):
      %18 = "arith.addf"(%arg9, %arg10) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%18) : (f32) -> ()
    }) : (tensor<2x9x4x16xf32>, tensor<2x9x4x16xf32>, tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>
    %9 = "arith.constant"() <{value = dense<1.000000e+00> : tensor<f32>}> : () -> tensor<f32>
    %10 = "tensor.empty"() : () -> tensor<2x9x4x16xf32>
    %11 = "linalg.generic"(%9, %10) <{indexing_maps = [#map39, #map36], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg7: f32, %arg8: f32):
      "linalg.yield"(%arg7) : (f32) -> ()
    }) : (tensor<f32>, tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>
    %12 = "tensor.empty"() : () -> tensor<2x9x4x16xf32>
    %13 = "linalg.generic"(%11, %8, %12) <{indexing_maps = [#map36, #map36, #map36], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg4: f32, %arg5: f32, %arg6: f32):
      %17 = "arith.divf"(%arg4, %arg5) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%17) : (f32) -> ()
    }) : (tensor<2x9x4x16xf32>, tensor<2x9x4x16xf32>, tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>
    %14 = "tensor.empty"() : () -> tensor<2x9x4x16xf32>
    %15 = "linalg.generic"(%arg0, %13, %14) <{indexing_maps = [#map36, #map36, #map36], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 2, 1>}> ({
    ^bb0(%arg1: f32, %arg2: f32, %arg3: f32):
      %16 = "arith.mulf"(%arg1, %arg2) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
      "linalg.yield"(%16) : (f32) -> ()
    }) : (tensor<2x9x4x16xf32>, tensor<2x9x4x16xf32>, tensor<2x9x4x16xf32>) -> tensor<2x9x4x16xf32>
    "func.return"(%15) : (tensor<2x9x4x16xf32>) -> ()
  }) : () -> ()
}) {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} : () -> ()

