// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-configure,simplicial-tile,cse)' | FileCheck %s

// Where a gradient's programs over keys have their rows, and what they sum over outer keys.

// Where shared memory has no room for them they are loaded again for each outer key.

// CHECK-LABEL: func.func @rows_again(
// CHECK-SAME: %{{.*}}, %[[K2:arg2]]: {{.*}}, %{{.*}}, %[[V2:arg4]]: {{[^%]*}}, %arg5
// CHECK: scf.for {{.*}} -> (vector<128x64xf32>, vector<128x64xf32>)
// CHECK: %[[KI:.*]] = vector.transfer_read %[[K2]][{{.*}} vector<128x64xbf16>
// CHECK: %[[VI:.*]] = vector.transfer_read %[[V2]][{{.*}} vector<128x64xbf16>
// CHECK: arith.mulf %{{.*}}, %[[KI]] {simplicial.shared} : vector<128x64xbf16>
// CHECK: arith.mulf %{{.*}}, %[[VI]] {simplicial.shared} : vector<128x64xbf16>
!q = memref<1x?x64x64xbf16>
!k = memref<1x?x1x64xbf16>
!lse = memref<1x64x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @rows_again(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q, %d_k2: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_k2, %d_v2)
      {causal, w1 = 4 : i64, w2 = 60 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1>,
       simplicial.config = {keys = {block_h = 64 : i64, block_k = 128 : i64, local_rows = false}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !k, !k) -> ()
  return
}
}

// -----

// Keys and values apart: each has a program, and what is summed over outer keys is in own memory.

// CHECK-LABEL: func.func @split(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V2:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK: scf.forall
// CHECK: %[[KEY_SUMS:.*]] = memref.alloc({{.*}}x16xf32>
// CHECK: %[[VALUE_SUMS:.*]] = memref.alloc({{.*}}x16xf32>
// CHECK: scf.forall
// CHECK: vector.transfer_write %{{.*}}, %[[D_Q]][
// CHECK: scf.forall
// CHECK: %[[OWN:.*]] = memref.alloca() {{.*}} : memref<64x16xf32>
// CHECK: vector.transfer_write %{{.*}}, %[[OWN]][%c0{{.*}}, %c0{{.*}}]
// CHECK: scf.for %{{[a-z0-9]+}} = %{{[^(]*}} {
// CHECK-NOT: simplicial.shared
// CHECK: scf.for {{.*}} -> (vector<64x16xf32>)
// CHECK-COUNT-3: vector.contract
// CHECK-NOT: vector.contract
// CHECK: %[[SO_FAR:.*]] = vector.transfer_read %[[OWN]][
// CHECK: %[[MORE:.*]] = arith.addf %[[SO_FAR]], %{{.*}}
// CHECK: vector.transfer_write %[[MORE]], %[[OWN]][
// CHECK: vector.transfer_write %{{.*}}, %[[KEY_SUMS]][
// CHECK: %[[ALL:.*]] = vector.transfer_read %[[OWN]][
// CHECK: arith.mulf %[[ALL]], %{{.*}}
// CHECK: vector.transfer_write %{{.*}}, %[[D_K2]][
// CHECK: scf.forall
// CHECK: memref.alloca() {{.*}} : memref<64x16xf32>
// CHECK-COUNT-2: vector.contract
// CHECK-NOT: vector.contract
// CHECK: vector.transfer_write %{{.*}}, %[[VALUE_SUMS]][
// CHECK: vector.transfer_write %{{.*}}, %[[D_V2]][
// CHECK: scf.forall
// CHECK: vector.transfer_write %{{.*}}, %[[D_K1]][
// CHECK: scf.forall
// CHECK: vector.transfer_write %{{.*}}, %[[D_V1]][
!q = memref<1x?x32x16xbf16>
!k = memref<1x?x1x16xbf16>
!lse = memref<1x32x?xf32>
module attributes {simplicial.target = "sm_80"} {
func.func @split(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                 %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {causal, w1 = 4 : i64, w2 = 60 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
       simplicial.config = {keys = {blocks = 0 : i64, split = true, block_h = 32 : i64, block_k = 64 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k) -> ()
  return
}
}

// -----

// The same sums in global memory, where one program has keys and values, in rows that have both. Of a head it takes those
// rows that there are.

// CHECK-LABEL: func.func @global_sums(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[V2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[LSE:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_OUT:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_Q:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_K2:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V1:[a-z0-9]+]]: memref<{{[^>]*}}>, %[[D_V2:[a-z0-9]+]]: memref<{{[^>]*}}>
// CHECK: %[[N:.*]] = memref.dim %[[K1]], %c1
// CHECK: %[[KEY_SUMS:.*]] = memref.alloc({{.*}} : memref<2x2x?x?x16xf32>
// CHECK: %[[VALUE_SUMS:.*]] = memref.alloc({{.*}} : memref<2x2x?x?x16xf32>
// CHECK: vector.transfer_write %{{.*}}, %[[D_Q]][
// CHECK: %[[OWN:.*]] = memref.alloc(%[[N]]) {{.*}}: memref<2x?x2x32xf32>
// CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %{{.*}}) in
// CHECK-NOT: memref.alloca
// CHECK: scf.for %[[I:[a-z0-9]+]] = {{.*}} -> (index)
// CHECK: %[[THERE:.*]] = vector.create_mask %{{.*}}, %c16{{[_0-9]*}} : vector<128x16xi1>
// CHECK: vector.transfer_write %{{.*}}, %[[OWN]][%[[B]], %[[I]], %[[H]], %c0{{[_0-9]*}}], %[[THERE]]
// CHECK: vector.transfer_write %{{.*}}, %[[OWN]][%[[B]], %[[I]], %[[H]], %c16{{[_0-9]*}}], %[[THERE]]
// CHECK: scf.for %{{[a-z0-9]+}} = %{{[^(]*}} {
// CHECK: scf.for {{.*}} -> (vector<128x16xf32>, vector<128x16xf32>)
// CHECK-COUNT-4: vector.contract
// CHECK-NOT: vector.contract
// CHECK: %[[SO_FAR:.*]] = vector.transfer_read %[[OWN]][%[[B]], %[[I]], %[[H]], %c0{{[_0-9]*}}], %{{.*}}, %[[THERE]]
// CHECK: %[[MORE:.*]] = arith.addf %[[SO_FAR]], %{{.*}}
// CHECK: vector.transfer_write %[[MORE]], %[[OWN]][%[[B]], %[[I]], %[[H]], %c0{{[_0-9]*}}], %[[THERE]]
// CHECK: vector.transfer_write %{{.*}}, %[[KEY_SUMS]][
// CHECK: %[[SO_FAR:.*]] = vector.transfer_read %[[OWN]][%[[B]], %[[I]], %[[H]], %c16{{[_0-9]*}}], %{{.*}}, %[[THERE]]
// CHECK: %[[MORE:.*]] = arith.addf %[[SO_FAR]], %{{.*}}
// CHECK: vector.transfer_write %[[MORE]], %[[OWN]][%[[B]], %[[I]], %[[H]], %c16{{[_0-9]*}}], %[[THERE]]
// CHECK: vector.transfer_write %{{.*}}, %[[VALUE_SUMS]][
// CHECK: %[[KEYS:.*]] = vector.transfer_read %[[OWN]][%[[B]], %[[I]], %[[H]], %c0{{[_0-9]*}}], %{{.*}}, %[[THERE]]
// CHECK: %[[VALUES:.*]] = vector.transfer_read %[[OWN]][%[[B]], %[[I]], %[[H]], %c16{{[_0-9]*}}], %{{.*}}, %[[THERE]]
// CHECK: arith.mulf %[[KEYS]], %{{.*}}
// CHECK: vector.transfer_write %{{.*}}, %[[D_K2]][
// CHECK: arith.mulf %[[VALUES]], %{{.*}}
// CHECK: vector.transfer_write %{{.*}}, %[[D_V2]][
// CHECK: scf.forall
// CHECK: vector.transfer_write %{{.*}}, %[[D_K1]][
// CHECK: scf.forall
// CHECK: vector.transfer_write %{{.*}}, %[[D_V1]][
// CHECK-NOT: scf.forall
// CHECK: return
!q = memref<2x?x32x16xbf16>
!k = memref<2x?x2x16xbf16>
!lse = memref<2x32x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @global_sums(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                       %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {causal, w1 = 4 : i64, w2 = 60 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
       simplicial.config = {keys = {blocks = 0 : i64, global_sums = true, local_sums = false, split = false, block_h = 16 : i64, block_k = 128 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k) -> ()
  return
}
}

// -----

// With `local_sums` tiles of other rows add to them, of 16 keys and of two pieces of their 16 columns. What was summed up
// for a key is written to the block's memory behind their first loads, and read from there.

// CHECK-LABEL: func.func @local_sums(
// CHECK: %[[OWN:.*]] = memref.alloc({{.*}}: memref<2x?x2x32xf32>
// CHECK: scf.forall
// CHECK: %[[LOCAL:.*]] = memref.alloca() {{.*}}: memref<64x16xf32>
// CHECK-COUNT-4: vector.contract
// CHECK: %[[VIEW:.*]] = memref.expand_shape %[[OWN]] {{.*}}: memref<2x?x2x32xf32> into memref<2x?x2x4x8xf32>
// CHECK: %[[SO_FAR:.*]] = vector.transfer_read %[[VIEW]]{{.*}} : memref<2x?x2x4x8xf32>, vector<32x2x8xf32>
// CHECK: vector.transfer_write %{{.*}}, %[[LOCAL]][%c0{{[_0-9]*}}, %c0{{[_0-9]*}}] {{.*}} : vector<64x16xf32>
// CHECK: %[[PIECES:.*]] = memref.expand_shape %[[LOCAL]] {{.*}}: memref<64x16xf32> into memref<64x2x8xf32>
// CHECK: %[[U:.*]] = vector.transfer_read %[[PIECES]]{{.*}} vector<32x2x8xf32>
// CHECK: math.fma
// CHECK: arith.select
// CHECK: vector.transfer_write %{{.*}} : vector<32x2x8xf32>, memref<2x?x2x4x8xf32>
// CHECK: vector.multi_reduction <add>, {{.*}} [0] : vector<32x2x8xf32> to vector<2x8xf32>
// CHECK: vector.transfer_write %{{.*}} : vector<2x8xf32>, memref<2x2x?x?x2x8xf32>
// CHECK: return
!q = memref<2x?x32x16xbf16>
!k = memref<2x?x2x16xbf16>
!lse = memref<2x32x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @local_sums(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                      %d_q: !q, %d_k1: !k, %d_k2: !k, %d_v1: !k, %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
      {causal, w1 = 4 : i64, w2 = 60 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
       simplicial.config = {keys = {blocks = 0 : i64, global_sums = true, local_sums = true, split = false, block_h = 16 : i64, block_k = 64 : i64}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !q, !k, !k, !k, !k) -> ()
  return
}
}

// -----

// What is not wanted has no room there.

// CHECK-LABEL: func.func @global_sums_of_values(
// CHECK: memref.alloc({{.*}}: memref<2x?x2x16xf32>
// CHECK: return
!q = memref<2x?x32x16xbf16>
!k = memref<2x?x2x16xbf16>
!lse = memref<2x32x?xf32>
module attributes {simplicial.target = "sm_90a"} {
func.func @global_sums_of_values(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k, %out: !q, %lse: !lse, %d_out: !q,
                                 %d_v2: !k) {
  "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out, %d_v2)
      {causal, w1 = 4 : i64, w2 = 60 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1>,
       simplicial.config = {keys = {blocks = 0 : i64, global_sums = true}}}
    : (!q, !k, !k, !k, !k, !q, !lse, !q, !k) -> ()
  return
}
}
