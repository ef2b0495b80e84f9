// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-workspace,canonicalize,cse)' | FileCheck %s

// A line of 64 bytes holds 16 floats: of 4 * n bytes there are (4 * n - 1) / 64 + 1, and one of none.

// CHECK-LABEL: func.func @vector(
// CHECK: func.func private @_simplicial_workspace_vector(%[[SIZES:.*]]: !llvm.ptr) -> i64 {
// CHECK-DAG: %[[FOUR:.*]] = arith.constant 4 : i64
// CHECK-DAG: %[[ONE:.*]] = arith.constant 1 : i64
// CHECK-DAG: %[[LINE:.*]] = arith.constant 64 : i64
// CHECK-DAG: %[[MOST:.*]] = arith.constant 144115188075855872 : i64
// The second dimension of the second memref, of which the first one has 2.
// CHECK: %[[AT:.*]] = llvm.getelementptr %[[SIZES]][3]
// CHECK: %[[N:.*]] = llvm.load %[[AT]] : !llvm.ptr -> i64
// CHECK: %[[LOW:.*]], %[[HIGH:.*]] = arith.mului_extended %{{.*}}, %{{.*}} : i64
// CHECK: %[[BYTES:.*]] = arith.select
// CHECK: %[[SOME:.*]] = arith.maxsi %{{.*}}, %[[ONE]]
// CHECK: %[[LAST:.*]] = arith.subi %[[SOME]], %[[ONE]]
// CHECK: %[[LINES:.*]] = arith.divui %[[LAST]], %[[LINE]]
// CHECK: arith.addi %[[LINES]], %[[ONE]]
// CHECK: arith.minsi %{{.*}}, %[[MOST]]
// CHECK: return %{{.*}} : i64
func.func @vector(%x: memref<4x?xf32>, %i: index, %y: memref<?x?xf32, strided<[?, 1], offset: ?>>) {
  %c1 = arith.constant 1 : index
  %n = memref.dim %y, %c1 : memref<?x?xf32, strided<[?, 1], offset: ?>>
  %m = memref.alloc(%n) : memref<?xf32>
  memref.dealloc %m : memref<?xf32>
  return
}

// -----

// Sizes may be computed, and be those of what is allocated; what the function does otherwise is not there. 128 bytes of
// halves, one line of an i1, and one of none: four lines.

// CHECK-LABEL: func.func private @_simplicial_workspace_static(
// CHECK-NEXT: %[[BYTES:.*]] = arith.constant 256 : i64
// CHECK-NEXT: return %[[BYTES]]
func.func private @use(memref<?x4xf16>)
func.func @static(%x: memref<6x2xf32>) {
  %c0 = arith.constant 0 : index
  %c10 = arith.constant 10 : index
  %six = memref.dim %x, %c0 : memref<6x2xf32>
  %n = arith.addi %six, %c10 : index
  %m = memref.alloc(%n) : memref<?x4xf16>
  %again = memref.cast %m : memref<?x4xf16> to memref<?x?xf16>
  %sixteen = memref.dim %again, %c0 : memref<?x?xf16>
  %none = arith.subi %sixteen, %n : index
  %o = memref.alloc(%none) : memref<?xf32>
  %p = memref.alloc() : memref<3xi1>
  call @use(%m) : (memref<?x4xf16>) -> ()
  return
}

// -----

// What branches allocate counts where their conditions hold; divisors are 1 elsewhere.

// CHECK-LABEL: func.func private @_simplicial_workspace_taken(
// CHECK: %[[N:.*]] = arith.index_cast %{{.*}} : i64 to index
// CHECK: %[[FEW:.*]] = arith.cmpi slt, %[[N]], %c5
// CHECK: %[[DIVISOR:.*]] = arith.select %[[FEW]], %[[N]], %c1
// CHECK: arith.divui %c100{{.*}}, %[[DIVISOR]]
// CHECK: %[[LINES:.*]] = arith.select %[[FEW]], %{{.*}}, %c0_i64
// CHECK: %[[MANY:.*]] = arith.cmpi sge, %[[N]], %c5
// CHECK: %[[OTHER:.*]] = arith.select %[[MANY]], %c2_i64, %c0_i64
// CHECK: arith.addi %{{.*}}, %[[OTHER]]
func.func @taken(%x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c5 = arith.constant 5 : index
  %c100 = arith.constant 100 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %few = arith.cmpi slt, %n, %c5 : index
  scf.if %few {
    %each = arith.divui %c100, %n : index
    %m = memref.alloc(%each) : memref<?xf32>
  } else {
    %m = memref.alloc() : memref<32xf32>
  }
  return
}

// -----

// The condition of a side is made once, whatever is in it.

// CHECK-LABEL: func.func private @_simplicial_workspace_side(
// CHECK: arith.cmpi sge
// CHECK-NOT: arith.cmpi sge
// CHECK: return
func.func @side(%x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c5 = arith.constant 5 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %few = arith.cmpi slt, %n, %c5 : index
  scf.if %few {
  } else {
    %each = arith.divui %c5, %n : index
    %m = memref.alloc(%each) : memref<?xf32>
    %k = memref.alloc(%n) : memref<?xf32>
  }
  return
}

// -----

// CHECK-LABEL: func.func private @_simplicial_workspace_nothing(
// CHECK-NEXT: %[[BYTES:.*]] = arith.constant 0 : i64
// CHECK-NEXT: return %[[BYTES]]
func.func @nothing() {
  return
}

// -----

// -1, where the bytes are no i64: of one, and of all together.

// CHECK-LABEL: func.func private @_simplicial_workspace_large(
// CHECK-NEXT: %[[BYTES:.*]] = arith.constant -1 : i64
// CHECK-NEXT: return %[[BYTES]]
func.func @large() {
  %m = memref.alloc() : memref<2305843009213693952xf32>
  %n = memref.alloc() : memref<16xf32>
  return
}

// CHECK-LABEL: func.func private @_simplicial_workspace_together(
// CHECK-NEXT: %[[BYTES:.*]] = arith.constant -1 : i64
// CHECK-NEXT: return %[[BYTES]]
func.func @together() {
  %m = memref.alloc() : memref<1152921504606846976xf32>
  %n = memref.alloc() : memref<1152921504606846976xf32>
  return
}

// -----

// On a GPU a constant is copied to its memory, once, wherever it stands.

// CHECK-LABEL: func.func private @_simplicial_workspace_constants(
// CHECK-NEXT: %[[BYTES:.*]] = arith.constant 192 : i64
// CHECK-NEXT: return %[[BYTES]]
module attributes {simplicial.target = "sm_80"} {
  memref.global "private" constant @c : memref<20xf32> = dense<1.0>
  func.func private @use(memref<20xf32>, memref<1xf32>)
  func.func @constants(%n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %m = memref.alloc() : memref<1xf32>
    scf.for %i = %c0 to %n step %c1 {
      %g = memref.get_global @c : memref<20xf32>
      func.call @use(%g, %m) : (memref<20xf32>, memref<1xf32>) -> ()
    }
    return
  }
}

// -----

// More than sizes decides, or what does is not computed here.

// CHECK-NOT: _simplicial_workspace
func.func private @declared()
func.func private @callee(%c: i1) {
  cf.cond_br %c, ^a, ^b
^a:
  %m = memref.alloc() : memref<4xf32>
  cf.br ^b
^b:
  return
}
func.func @calls(%c: i1) {
  call @callee(%c) : (i1) -> ()
  return
}
func.func @loops(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %m = memref.alloc() : memref<4xf32>
  }
  return
}
func.func @branches(%c: i1, %x: memref<4xf32>) {
  %m = memref.alloc() : memref<4xf32>
  %y = scf.if %c -> memref<4xf32> {
    scf.yield %x : memref<4xf32>
  } else {
    scf.yield %m : memref<4xf32>
  }
  return
}
func.func @blocks() {
  cf.br ^b
^b:
  return
}
func.func @numbers(%n: index) {
  %m = memref.alloc(%n) : memref<?xf32>
  return
}
func.func @dimensions(%x: memref<?x?xf32>, %i: index) {
  %n = memref.dim %x, %i : memref<?x?xf32>
  %m = memref.alloc(%n) : memref<?xf32>
  return
}
func.func @clones(%x: memref<4xf32>) {
  %m = bufferization.clone %x : memref<4xf32> to memref<4xf32>
  return
}
func.func @reads(%x: memref<4xindex>) {
  %c0 = arith.constant 0 : index
  %n = memref.load %x[%c0] : memref<4xindex>
  %m = memref.alloc(%n) : memref<?xf32>
  return
}
module attributes {simplicial.target = "sm_80"} {
  // Which is the host's.
  func.func @lists() {
    %m = memref.alloc() : memref<4xindex>
    return
  }
}
