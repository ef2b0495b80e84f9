// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-outline)' | FileCheck %s

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<?x4xf32>, %[[N:[a-z0-9]+]]: index) attributes {llvm.emit_c_interface}
// CHECK: %[[CONTEXT:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(i64, struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>)>
// CHECK: %[[C4:.*]] = arith.constant 4 : index
// Constants do not travel, everything else does.
// CHECK: llvm.store %{{.*}} : i64
// CHECK: llvm.store %{{.*}} : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
// CHECK: %[[COUNT:.*]] = arith.muli %[[N]], %[[C4]]
// CHECK: %[[F:.*]] = constant @f_tiles_1 : (!llvm.ptr, !llvm.ptr, i64, i64) -> ()
// CHECK: %[[POINTER:.*]] = builtin.unrealized_conversion_cast %[[F]]
// CHECK: %[[TOTAL:.*]] = arith.index_cast %[[COUNT]]
// The buffer takes a cache line.
// CHECK: %[[BYTES:.*]] = arith.constant 64 : i64
// CHECK: call @simplicialParallelForWithScratch(%[[POINTER]], %[[CONTEXT]], %[[TOTAL]], %[[BYTES]])
// CHECK-NOT: scf.forall
// CHECK: return

// CHECK-LABEL: func.func private @f_tiles(

// CHECK-LABEL: func.func private @f_tiles_1(
// CHECK-SAME: %[[CTX:.*]]: !llvm.ptr, %[[S:.*]]: !llvm.ptr, %[[LO:.*]]: i64, %[[HI:.*]]: i64) attributes {llvm.linkage = #llvm.linkage<internal>}
// CHECK: %[[M:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<?x4xf32>
// The stack buffer has its place before the loop.
// CHECK: llvm.getelementptr %[[S]]
// CHECK: %[[SCRATCH:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<4xf32>
// CHECK: %[[LOWER:.*]] = arith.index_cast %[[LO]]
// CHECK: %[[UPPER:.*]] = arith.index_cast %[[HI]]
// CHECK: scf.for %[[T:.*]] = %[[LOWER]] to %[[UPPER]]
// CHECK: %[[J:.*]] = arith.remui %[[T]], %[[FOUR:.*]] : index
// CHECK: %[[I:.*]] = arith.divui %[[T]], %[[FOUR]] : index
// CHECK: memref.load %[[M]][%[[I]], %[[J]]]
// CHECK: memref.store %{{.*}}, %[[SCRATCH]]
// CHECK: func.func private @simplicialParallelForWithScratch(!llvm.ptr, !llvm.ptr, i64, i64)
func.func @f(%a: memref<?x4xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  scf.forall (%i, %j) in (%n, 4) {
    %scratch = memref.alloca() : memref<4xf32>
    %x = memref.load %a[%i, %j] : memref<?x4xf32>
    memref.store %x, %scratch[%c0] : memref<4xf32>
    %y = memref.load %scratch[%c0] : memref<4xf32>
    memref.store %y, %a[%i, %j] : memref<?x4xf32>
  }
  return
}
func.func private @f_tiles() {
  return
}

// -----

// Private functions and declarations are not called by a host program.

// CHECK: func.func private @declared()
// CHECK-NOT: emit_c_interface
// CHECK: func.func private @helper() {
func.func private @declared()
func.func private @helper() {
  return
}

// -----

// Two loops of one function.

// CHECK-LABEL: func.func @two(
// CHECK: constant @two_tiles :
// CHECK: constant @two_tiles_1 :
// CHECK: func.func private @two_tiles(
// CHECK: func.func private @simplicialParallelForWithScratch
// CHECK-NOT: func.func private @simplicialParallelForWithScratch
// CHECK: func.func private @two_tiles_1(
func.func @two(%a: memref<?xf32>, %x: f32, %n: index) {
  scf.forall (%i) in (%n) {
    memref.store %x, %a[%i] : memref<?xf32>
  }
  scf.forall (%i) in (%n) {
    memref.store %x, %a[%i] : memref<?xf32>
  }
  return
}

// -----

// A loop in a loop: the context is on the stack once a call, not once an iteration.

// CHECK-LABEL: func.func @nested(
// CHECK: llvm.alloca
// CHECK: scf.for
// CHECK-NOT: llvm.alloca
// CHECK: call @simplicialParallelForWithScratch
func.func @nested(%a: memref<?xf32>, %x: f32, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %j = %c0 to %n step %c1 {
    scf.forall (%i) in (%n) {
      memref.store %x, %a[%i] : memref<?xf32>
    }
  }
  return
}
