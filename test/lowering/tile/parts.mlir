// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-configure,simplicial-tile,canonicalize,cse)' | FileCheck %s

// Of at most 16 queries blocks share the inner window, here one of all keys, in
// parts of at least a step of 32 keys; of more queries each has its own.

// CHECK-LABEL: func.func @few_or_many(
// CHECK-DAG: %[[C16:.*]] = arith.constant 16 : index
// CHECK-DAG: %[[C17:.*]] = arith.constant 17 : index
// CHECK: %[[FEW:.*]] = arith.cmpi slt, %[[NQ:.*]], %[[C17]]
// CHECK: scf.if %[[FEW]] {
// 2 batches times 2 blocks of heads a query: 100 blocks for them.
// CHECK: %[[BLOCKS:.*]] = arith.muli %[[NQ]], %c4
// CHECK: %[[SOME:.*]] = arith.maxsi %[[BLOCKS]], %c1
// CHECK: %[[WANTED:.*]] = arith.divui %c100, %[[SOME]]
// CHECK: %[[STEPS:.*]] = arith.divui %{{.*}}, %c32
// As many steps in each as there are at most, and no more parts than have some.
// CHECK: %[[MOST:.*]] = arith.maxsi %[[WANTED]], %c1
// CHECK: arith.divui %{{.*}}, %[[MOST]]
// CHECK: %[[EACH:.*]] = arith.maxsi %{{.*}}, %c1
// CHECK: %[[SHARES:.*]] = arith.divui %{{.*}}, %[[EACH]]
// CHECK: %[[SOME_PARTS:.*]] = arith.maxsi %[[SHARES]], %c1
// Without outer keys there are none.
// CHECK: %[[KEYS_THERE:.*]] = arith.cmpi sgt, %{{.*}}, %c0
// CHECK: %[[PARTS:.*]] = arith.select %[[KEYS_THERE]], %[[SOME_PARTS]], %c0
// CHECK: %[[M:.*]] = memref.alloc(%[[NQ]], %[[PARTS]]) : memref<2x8x?x?xf32>
// CHECK: %[[L:.*]] = memref.alloc(%[[NQ]], %[[PARTS]]) : memref<2x8x?x?xf32>
// CHECK: %[[ACC:.*]] = memref.alloc(%[[NQ]], %[[PARTS]]) : memref<2x?x8x?x16xf32>
// CHECK: %[[ALL:.*]] = arith.muli %[[NQ]], %[[PARTS]]
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %[[BLOCK:.*]]) in (2, 2, %[[ALL]]) {
// CHECK: %[[PART:.*]] = arith.remui %[[BLOCK]], %[[PARTS]]
// CHECK: %[[QUERY:.*]] = arith.divui %[[BLOCK]], %[[PARTS]]
// The part's keys.
// CHECK: arith.divui %{{.*}}, %[[PARTS]]
// CHECK: %[[OWN:.*]] = arith.maxsi %{{.*}}, %c1
// CHECK: %[[KEYS:.*]] = arith.muli %[[OWN]], %c32
// CHECK: %[[FIRST:.*]] = arith.muli %[[PART]], %[[KEYS]]
// CHECK: %[[LOWER:.*]] = arith.minsi %{{.*}}, %[[FIRST]]
// CHECK: %[[END:.*]] = arith.addi %[[LOWER]], %[[KEYS]]
// CHECK: %[[UPPER:.*]] = arith.minsi %{{.*}}, %[[END]]
// CHECK: scf.for %{{.*}} = %[[LOWER]] to %[[UPPER]] step %c32
// CHECK: vector.transfer_write %{{.*}}, %[[M]][%{{.*}}, %{{.*}}, %[[QUERY]], %[[PART]]]
// CHECK: vector.transfer_write %{{.*}}, %[[L]][%{{.*}}, %{{.*}}, %[[QUERY]], %[[PART]]]
// CHECK: vector.transfer_write %{{.*}}, %[[ACC]][%{{.*}}, %[[QUERY]], %{{.*}}, %[[PART]], %c0]
// What they are together, for each query and head; 100 / (2 * 2) parts at most.
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (2, 8, %[[NQ]]) {
// CHECK: scf.for %{{.*}} = %c0 to %[[PARTS]] step %c32
// CHECK: vector.transfer_read %[[ACC]]
// CHECK: vector.multi_reduction <maxnumf>, {{.*}} [0] : vector<32x1xf32> to vector<1xf32>
// CHECK: } else {
// CHECK-NOT: memref.alloc
// CHECK: scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in (2, 2, %[[NQ]]) {
// CHECK: scf.for
// CHECK: }
// CHECK: return
func.func @few_or_many(%q: memref<2x?x8x16xf32>, %kv: memref<2x?x2x16xf32>, %out: memref<2x?x8x16xf32>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {w1 = 5 : i64, causal, simplicial.config = {few = {block_j = 2 : i64, block_k = 32 : i64, blocks = 100 : i64}}}
    : (memref<2x?x8x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>,
       memref<2x?x2x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}

// Where it is known that there are few, there is one program; out, which
// nobody reads, has no parts.

// CHECK-LABEL: func.func @only_lse(
// CHECK-NOT: scf.if
// CHECK: memref.alloc(%{{.*}}) : memref<1x2x3x?xf32>
// CHECK: memref.alloc(%{{.*}}) : memref<1x2x3x?xf32>
// CHECK-NOT: memref.alloc
// CHECK-COUNT-2: scf.forall
// CHECK-NOT: scf.forall
func.func @only_lse(%q: memref<1x3x2x16xf32>, %kv: memref<1x?x1x16xf32>, %lse: memref<1x2x3xf32>) {
  %out = memref.alloc() : memref<1x3x2x16xf32>
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out, %lse)
    : (memref<1x3x2x16xf32>, memref<1x?x1x16xf32>, memref<1x?x1x16xf32>, memref<1x?x1x16xf32>,
       memref<1x?x1x16xf32>, memref<1x3x2x16xf32>, memref<1x2x3xf32>) -> ()
  return
}

// Of many columns blocks merge 32 each, of 6 parts, the steps of 90 keys; the
// first one writes lse. Many parts are merged 128 at a time.

// CHECK-LABEL: func.func @columns(
// CHECK: scf.forall
// CHECK: scf.forall (%{{.*}}, %[[AT:.*]], %{{.*}}) in (2, 6, 3) {
// CHECK: %[[HEAD:.*]] = arith.divui %[[AT]], %c3
// CHECK: %[[NUMBER:.*]] = arith.remui %[[AT]], %c3
// CHECK: %[[COLUMN:.*]] = arith.muli %[[NUMBER]], %c32
// CHECK: vector.transfer_read {{.*}}%[[HEAD]], %{{.*}}, %[[COLUMN]]], {{.*}} vector<16x32xf32>
// CHECK: vector.transfer_write {{.*}}%[[HEAD]], %[[COLUMN]]] {{.*}} vector<1x32xf32>
// CHECK: scf.for %{{.*}} = %[[COLUMN]] to %c1 step %c1 {
// CHECK-NEXT: vector.transfer_write
// CHECK: return
func.func @columns(%q: memref<2x3x2x96xf32>, %kv: memref<2x90x1x96xf32>, %out: memref<2x3x2x96xf32>, %lse: memref<2x2x3xf32>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out, %lse)
      {w1 = 2 : i64, causal, simplicial.config = {block_k = 16 : i64, blocks = 1000 : i64}}
    : (memref<2x3x2x96xf32>, memref<2x90x1x96xf32>, memref<2x90x1x96xf32>, memref<2x90x1x96xf32>,
       memref<2x90x1x96xf32>, memref<2x3x2x96xf32>, memref<2x2x3xf32>) -> ()
  return
}

// CHECK-LABEL: func.func @many_parts(
// CHECK: scf.forall
// CHECK: scf.forall
// CHECK: scf.for %{{.*}} = %c0 to %{{.*}} step %c128
// CHECK: return
func.func @many_parts(%q: memref<1x1x2x16xf32>, %kv: memref<1x?x1x16xf32>, %out: memref<1x1x2x16xf32>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {w1 = 2 : i64, causal, simplicial.config = {block_k = 16 : i64, blocks = 1000 : i64}}
    : (memref<1x1x2x16xf32>, memref<1x?x1x16xf32>, memref<1x?x1x16xf32>, memref<1x?x1x16xf32>,
       memref<1x?x1x16xf32>, memref<1x1x2x16xf32>) -> ()
  return
}

// blocks = 0: each block has its own window.

// CHECK-LABEL: func.func @apart(
// CHECK-NOT: memref.alloc
// CHECK-COUNT-1: scf.forall
// CHECK-NOT: scf.forall
func.func @apart(%q: memref<2x3x2x16xf32>, %kv: memref<2x?x1x16xf32>, %out: memref<2x3x2x16xf32>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out) {simplicial.config = {blocks = 0 : i64}}
    : (memref<2x3x2x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>, memref<2x?x1x16xf32>,
       memref<2x?x1x16xf32>, memref<2x3x2x16xf32>) -> ()
  return
}

// On a GPU so many of all sequences are few, too, of which many have no blocks for a machine.

// CHECK-LABEL: func.func @few_of_all(
// CHECK-DAG: %[[C17:.*]] = arith.constant 17 : index
// CHECK-DAG: %[[C101:.*]] = arith.constant 101 : index
// CHECK: %[[NQ:.*]] = memref.dim %[[Q:.*]], %c1
// CHECK: %[[OF_EACH:.*]] = arith.cmpi slt, %[[NQ]], %[[C17]]
// CHECK: %[[B:.*]] = memref.dim %[[Q]], %c0
// CHECK: %[[ALL:.*]] = arith.muli %[[B]], %[[NQ]]
// CHECK: %[[OF_ALL:.*]] = arith.cmpi slt, %[[ALL]], %[[C101]]
// CHECK: %[[FEW:.*]] = arith.ori %[[OF_EACH]], %[[OF_ALL]]
// CHECK: scf.if %[[FEW]] {
// CHECK-COUNT-2: scf.forall
// CHECK-NOT: scf.forall
// CHECK: } else {
// CHECK: scf.forall
// CHECK: return
module attributes {simplicial.target = "sm_90a"} {
func.func @few_of_all(%q: memref<?x?x8x16xbf16>, %kv: memref<?x?x2x16xbf16>, %out: memref<?x?x8x16xbf16>) {
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %out)
      {w1 = 5 : i64, causal, simplicial.config = {few = {queries = 100 : i64}}}
    : (memref<?x?x8x16xbf16>, memref<?x?x2x16xbf16>, memref<?x?x2x16xbf16>, memref<?x?x2x16xbf16>,
       memref<?x?x2x16xbf16>, memref<?x?x8x16xbf16>) -> ()
  return
}
}
