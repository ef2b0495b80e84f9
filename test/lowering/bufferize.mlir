// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-bufferize)' | FileCheck %s

// Arguments arrive with an innermost stride of 1; the results' sizes are q's.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<2x?x8x64xbf16> {bufferization.buffer_layout = strided<[?, ?, ?, 1], offset: ?>}
// CHECK-SAME: %[[K:[a-z0-9]+]]: tensor<2x?x1x64xbf16> {bufferization.buffer_layout = strided<[?, ?, ?, 1], offset: ?>}
// CHECK: %[[QB:.*]] = bufferization.to_buffer %[[Q]] read_only
// CHECK-SAME: to memref<2x?x8x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
// CHECK-COUNT-4: bufferization.to_buffer %[[K]] read_only
// CHECK: %[[NQ:.*]] = memref.dim %[[QB]]
// CHECK: %[[OUT:.*]] = memref.alloc(%[[NQ]]) : memref<2x?x8x64xbf16>
// CHECK: %[[NQ2:.*]] = memref.dim %[[QB]]
// CHECK: %[[LSE:.*]] = memref.alloc(%[[NQ2]]) : memref<2x8x?xf32>
// CHECK: "simplicial.attention_into"(%[[QB]], {{.*}}, %[[OUT]], %[[LSE]]) {causal, simplicial.config = {{.*}}, w1 = 32 : i64}
// CHECK: %[[O:.*]] = bufferization.to_tensor %[[OUT]] restrict writable
// CHECK: %[[L:.*]] = bufferization.to_tensor %[[LSE]] restrict writable
// CHECK: return %[[O]], %[[L]]
func.func @f(%q: tensor<2x?x8x64xbf16>, %kv: tensor<2x?x1x64xbf16>) -> (tensor<2x?x8x64xbf16>, tensor<2x8x?xf32>) {
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv)
      {w1 = 32 : i64, causal, simplicial.config = {block_k = 16 : i64}}
    : (tensor<2x?x8x64xbf16>, tensor<2x?x1x64xbf16>, tensor<2x?x1x64xbf16>, tensor<2x?x1x64xbf16>,
       tensor<2x?x1x64xbf16>) -> (tensor<2x?x8x64xbf16>, tensor<2x8x?xf32>)
  return %out, %lse : tensor<2x?x8x64xbf16>, tensor<2x8x?xf32>
}

// -----

// An lse that nobody uses is not computed. What another op made is contiguous.

// CHECK-LABEL: func.func @unused_lse(
// CHECK: %[[Q:.*]] = tensor.empty
// CHECK: %[[QB:.*]] = bufferization.to_buffer %[[Q]] read_only : tensor<2x9x8x64xf32> to memref<2x9x8x64xf32>
// CHECK: memref.alloc() : memref<2x9x8x64xf32>
// CHECK-NOT: memref.alloc
// CHECK: "simplicial.attention_into"({{.*}}) : ({{.*}}, memref<2x9x8x64xf32>) -> ()
func.func @unused_lse(%kv: tensor<2x?x1x64xf32>) -> tensor<2x9x8x64xf32> {
  %q = tensor.empty() : tensor<2x9x8x64xf32>
  %out, %lse = "simplicial.attention"(%q, %kv, %kv, %kv, %kv)
    : (tensor<2x9x8x64xf32>, tensor<2x?x1x64xf32>, tensor<2x?x1x64xf32>, tensor<2x?x1x64xf32>, tensor<2x?x1x64xf32>)
    -> (tensor<2x9x8x64xf32>, tensor<2x8x9xf32>)
  return %out : tensor<2x9x8x64xf32>
}

// -----

// An argument behind a cast still arrives as it should.

// CHECK-LABEL: func.func @cast(
// CHECK-SAME: tensor<1x9x1x16xf32> {bufferization.buffer_layout = strided<[?, ?, ?, 1], offset: ?>}
// CHECK: bufferization.to_buffer %{{.*}} to memref<1x?x1x16xf32, strided<[?, ?, ?, 1], offset: ?>>
func.func @cast(%x: tensor<1x9x1x16xf32>) -> tensor<1x?x1x16xf32> {
  %q = tensor.cast %x : tensor<1x9x1x16xf32> to tensor<1x?x1x16xf32>
  %out, %lse = "simplicial.attention"(%q, %q, %q, %q, %q)
    : (tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>)
    -> (tensor<1x?x1x16xf32>, tensor<1x1x?xf32>)
  return %out : tensor<1x?x1x16xf32>
}
