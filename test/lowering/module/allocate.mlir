// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-allocate)' | FileCheck %s

// The bytes are checked, the memory is the runtime's, and without it the function ends.

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[N:.*]]: index)
// CHECK: %[[LOW:.*]], %[[HIGH:.*]] = arith.mului_extended %{{.*}}, %{{.*}} : i64
// CHECK: arith.cmpi eq, %[[HIGH]]
// CHECK: %[[DEVICE:.*]] = arith.constant 1 : i32
// CHECK: %[[P:.*]] = call @simplicialAllocate(%{{.*}}, %[[DEVICE]]) : (i64, i32) -> !llvm.ptr
// CHECK: %[[A:.*]] = llvm.ptrtoint %[[P]]
// CHECK: %[[FAILED:.*]] = arith.cmpi eq, %[[A]]
// CHECK: cf.cond_br %[[FAILED]], ^[[END:.*]], ^[[REST:.*]]
// CHECK: ^[[REST]]:
// CHECK: builtin.unrealized_conversion_cast %{{.*}} to memref<?x64xf32>
// CHECK: call @use
// CHECK: call @simplicialFree(
// CHECK: return
// CHECK: ^[[END]]:
// CHECK-NEXT: call @simplicialAbandon() : () -> ()
// CHECK-NEXT: return
func.func private @use(memref<?x64xf32>)
func.func @f(%n: index) {
  %m = memref.alloc(%n) : memref<?x64xf32>
  call @use(%m) : (memref<?x64xf32>) -> ()
  memref.dealloc %m : memref<?x64xf32>
  return
}

// -----

// On a GPU it is the GPU's. Two allocations end in one place.

// CHECK-LABEL: func.func @two(
// CHECK: %[[DEVICE:.*]] = arith.constant 2 : i32
// CHECK: call @simplicialAllocate(%{{.*}}, %[[DEVICE]])
// CHECK: cf.cond_br %{{.*}}, ^[[END:.*]], ^
// CHECK: call @simplicialAllocate
// CHECK: cf.cond_br %{{.*}}, ^[[END]], ^
// CHECK: simplicialAbandon
// CHECK-NOT: call @simplicialAbandon
module attributes {simplicial.target = "sm_80"} {
  func.func private @use(memref<4xbf16>, memref<f32>)
  func.func @two() {
    %m = memref.alloc() : memref<4xbf16>
    %n = memref.alloc() : memref<f32>
    call @use(%m, %n) : (memref<4xbf16>, memref<f32>) -> ()
    return
  }
}

// -----

// What deallocation keeps lists in is the host's everywhere.

// CHECK-LABEL: func.func @lists(
// CHECK: %[[HOST:.*]] = arith.constant 1 : i32
// CHECK: call @simplicialAllocate(%{{.*}}, %[[HOST]])
// CHECK: %[[HOST2:.*]] = arith.constant 1 : i32
// CHECK: call @simplicialAllocate(%{{.*}}, %[[HOST2]])
module attributes {simplicial.target = "sm_80"} {
  func.func private @use(memref<2xindex>, memref<2xi1>)
  func.func @lists() {
    %m = memref.alloc() : memref<2xindex>
    %n = memref.alloc() : memref<2xi1>
    call @use(%m, %n) : (memref<2xindex>, memref<2xi1>) -> ()
    return
  }
}

// -----

// Copies on GPUs are the runtime's; a clone is a copy, contiguous whatever its type.

// CHECK-LABEL: func.func @copies(
// CHECK-SAME: %[[A:[a-z0-9]+]]: memref<2x?xf32, strided<[?, 1], offset: ?>>, %[[B:[a-z0-9]+]]: memref<2x?xf32>
// CHECK: memref.extract_strided_metadata %[[A]]
// CHECK: memref.extract_strided_metadata %[[B]]
// CHECK: call @simplicialCudaCopyStrided(%{{.*}}) : (!llvm.ptr) -> ()
// CHECK: memref.dim %[[A]]
// CHECK: call @simplicialAllocate
// CHECK: call @simplicialCudaCopyStrided
// CHECK: memref.cast %{{.*}} : memref<2x?xf32> to memref<2x?xf32, strided<[?, 1], offset: ?>>
// CHECK-NOT: memref.copy
module attributes {simplicial.target = "sm_80"} {
  func.func private @use(memref<2x?xf32, strided<[?, 1], offset: ?>>)
  func.func @copies(%a: memref<2x?xf32, strided<[?, 1], offset: ?>>, %b: memref<2x?xf32>) {
    memref.copy %a, %b : memref<2x?xf32, strided<[?, 1], offset: ?>> to memref<2x?xf32>
    %c = bufferization.clone %a : memref<2x?xf32, strided<[?, 1], offset: ?>> to memref<2x?xf32, strided<[?, 1], offset: ?>>
    call @use(%c) : (memref<2x?xf32, strided<[?, 1], offset: ?>>) -> ()
    return
  }
}

// -----

// CHECK-LABEL: func.func @host(
// CHECK: memref.copy
func.func @host(%a: memref<4xf32>, %b: memref<4xf32>) {
  memref.copy %a, %b : memref<4xf32> to memref<4xf32>
  return
}
