// RUN: %mlir-opt %s --split-input-file --pass-pipeline='builtin.module(simplicial-launch)' | FileCheck %s

// CHECK: module attributes {simplicial.target = "sm_80"} {
// What is known only at the launch, the launch asks for.
// CHECK: llvm.func internal @simplicial_load() {
// CHECK: %[[KERNELS:.*]] = llvm.mlir.addressof @kernels
// CHECK: %[[NAME:.*]] = llvm.mlir.addressof @kernels_f
// CHECK: %[[NONE:.*]] = arith.constant 0 : i64
// CHECK: call @simplicialCudaLoad(%[[KERNELS]], %[[NAME]], %[[NONE]])

// CHECK-DAG: llvm.mlir.global internal constant @kernels_image("\7FELF\00ab\00") {{.*}}alignment = 16
// CHECK-DAG: llvm.mlir.global internal constant @kernels_target("sm_80\00")
// CHECK-DAG: llvm.mlir.global internal constant @kernels_f("f\00")

// A SimplicialCudaModule.
// CHECK: llvm.mlir.global internal @kernels() {{.*}}: !llvm.struct<(ptr, ptr, ptr)> {
// CHECK: llvm.mlir.zero
// CHECK: %[[IMAGE:.*]] = llvm.mlir.addressof @kernels_image
// CHECK: llvm.insertvalue %[[IMAGE]], %{{.*}}[0]
// CHECK: %[[TARGET:.*]] = llvm.mlir.addressof @kernels_target
// CHECK: llvm.insertvalue %[[TARGET]], %{{.*}}[1]

// CHECK: llvm.func internal @simplicial_unload() {
// CHECK: %[[KERNELS:.*]] = llvm.mlir.addressof @kernels
// CHECK: call @simplicialCudaUnload(%[[KERNELS]])
// CHECK: llvm.mlir.global_dtors dtors = [@simplicial_unload]

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[P:.*]]: !llvm.ptr<1>, %[[N:.*]]: i64, %[[X:.*]]: index, %[[BYTES:.*]]: i32) attributes {llvm.emit_c_interface}
// Stack memory is taken once, outside the loop.
// CHECK: %[[POINTERS:.*]] = llvm.alloca %{{.*}} x !llvm.array<2 x ptr>
// CHECK: %[[VALUES:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(ptr<1>, i64)>
// CHECK: scf.for
// CHECK: %[[MODULE:.*]] = llvm.mlir.addressof @kernels :
// CHECK: %[[NAME:.*]] = llvm.mlir.addressof @kernels_f :
// CHECK: %[[SLOT0:.*]] = llvm.getelementptr %[[VALUES]][0, 0]
// CHECK: llvm.store %[[P]], %[[SLOT0]]
// CHECK: %[[POINTER0:.*]] = llvm.getelementptr %[[POINTERS]][0, 0]
// CHECK: llvm.store %[[SLOT0]], %[[POINTER0]]
// CHECK: %[[SLOT1:.*]] = llvm.getelementptr %[[VALUES]][0, 1]
// CHECK: llvm.store %[[N]], %[[SLOT1]]
// CHECK: %[[POINTER1:.*]] = llvm.getelementptr %[[POINTERS]][0, 1]
// CHECK: llvm.store %[[SLOT1]], %[[POINTER1]]
// CHECK: %[[GX:.*]] = arith.index_cast %[[X]] : index to i64
// CHECK: %[[ONE:.*]] = arith.index_cast %c1
// CHECK: %[[SHARED:.*]] = arith.extui %[[BYTES]] : i32 to i64
// CHECK: call @simplicialCudaLaunch(%[[MODULE]], %[[NAME]], %[[GX]], %[[ONE]], %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[SHARED]], %[[POINTERS]])
// CHECK: func.func private @simplicialCudaLaunch(!llvm.ptr, !llvm.ptr, i64, i64, i64, i64, i64, i64, i64, !llvm.ptr)
// CHECK-NOT: gpu.
module attributes {gpu.container_module, simplicial.target = "sm_80"} {
  gpu.binary @kernels [#gpu.object<#nvvm.target<chip = "sm_80">, bin = "\7FELF\00ab">]
  func.func @f(%p: !llvm.ptr<1>, %n: i64, %x: index, %bytes: i32) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c128 = arith.constant 128 : index
    scf.for %i = %c0 to %x step %c1 {
      gpu.launch_func @kernels::@f blocks in (%x, %c1, %c1) threads in (%c128, %c1, %c1)
          dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>, %n : i64)
    }
    return
  }
}

// -----

// Two modules, of which one is launched twice, and grids of i64; PTX; two chips.

// Each kernel is loaded with the shared memory that it is launched with.
// CHECK: llvm.func internal @simplicial_load()
// CHECK: %[[BYTES:.*]] = arith.constant 70000 : i64
// CHECK: call @simplicialCudaLoad(%{{.*}}, %{{.*}}, %[[BYTES]])
// CHECK: call @simplicialCudaLoad
// CHECK: call @simplicialCudaLoad
// CHECK: @a_f("f\00")
// CHECK: @a_target("sm_90,sm_80\00")
// CHECK-NOT: @a_f(
// CHECK: llvm.func internal @simplicial_unload()
// CHECK: llvm.mlir.addressof @a
// CHECK: llvm.mlir.addressof @b
// CHECK: llvm.return
// CHECK: llvm.mlir.global_dtors
// CHECK: @b_image("ptx\00")
// CHECK-NOT: llvm.mlir.global_dtors
// CHECK-COUNT-3: call @simplicialCudaLaunch
module attributes {gpu.container_module, simplicial.target = "sm_90,sm_80"} {
  gpu.binary @a [#gpu.object<#nvvm.target<chip = "sm_90">, bin = "a">]
  gpu.binary @b [#gpu.object<#nvvm.target<chip = "sm_90">, assembly = "ptx">]
  func.func @f(%x: i64) {
    %bytes = arith.constant 70000 : i32
    gpu.launch_func @a::@f blocks in (%x, %x, %x) threads in (%x, %x, %x) : i64
        dynamic_shared_memory_size %bytes
    gpu.launch_func @a::@f blocks in (%x, %x, %x) threads in (%x, %x, %x) : i64
    gpu.launch_func @b::@f blocks in (%x, %x, %x) threads in (%x, %x, %x) : i64
    return
  }
}

// -----

// A tensor map is passed by value.

// CHECK-LABEL: func.func @map(
// CHECK-SAME: %[[MAP:.*]]: !llvm.array<16 x i64>
// CHECK: %[[VALUES:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(array<16 x i64>)>
// CHECK: %[[SLOT:.*]] = llvm.getelementptr %[[VALUES]][0, 0]
// CHECK: llvm.store %[[MAP]], %[[SLOT]] : !llvm.array<16 x i64>, !llvm.ptr
module attributes {gpu.container_module, simplicial.target = "sm_90a"} {
  gpu.binary @kernels [#gpu.object<#nvvm.target<chip = "sm_90a">, bin = "a">]
  func.func @map(%map: !llvm.array<16 x i64>, %x: index) {
    gpu.launch_func @kernels::@f blocks in (%x, %x, %x) threads in (%x, %x, %x) args(%map : !llvm.array<16 x i64>)
    return
  }
}

// -----

// A tensor map's dimensions are the memref's from the last one on; strides are
// in bytes. Where there is no map, another kernel is launched.

// CHECK-LABEL: func.func @encode(
// CHECK-SAME: %[[M:.*]]: memref<?x64xbf16
// CHECK: %[[PLACE:.*]] = llvm.alloca %{{.*}} x !llvm.array<16 x i64>
// CHECK: %[[INFO:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(ptr, i64, i64, i64, array<5 x i64>, array<5 x i64>, array<5 x i64>)>
// CHECK: %{{.*}}, %[[OFFSET:.*]], %[[SIZES:.*]]:2, %[[STRIDES:.*]]:2 = memref.extract_strided_metadata %[[M]]
// CHECK: %[[BASE:.*]] = memref.extract_aligned_pointer_as_index %[[M]]
// CHECK: %[[BYTES:.*]] = arith.muli %[[OFFSET]], %c2
// CHECK: %[[ADDRESS:.*]] = arith.addi %[[BASE]], %[[BYTES]]
// CHECK: %[[ADDRESS64:.*]] = arith.index_cast %[[ADDRESS]]
// CHECK: %[[DATA:.*]] = llvm.inttoptr %[[ADDRESS64]]
// CHECK: llvm.store %[[DATA]], %{{.*}} : !llvm.ptr, !llvm.ptr
// CHECK: %[[STRIDE:.*]] = arith.muli %[[STRIDES]]#0, %c2
// CHECK: %[[SIZE:.*]] = arith.index_cast %[[SIZES]]#0 : index to i64
// CHECK: %[[SIZES_AT:.*]] = llvm.getelementptr %[[INFO]][0, 4]
// CHECK: %[[SIZE_AT:.*]] = llvm.getelementptr %[[SIZES_AT]][0, 1]
// CHECK: llvm.store %[[SIZE]], %[[SIZE_AT]]
// CHECK: %[[STRIDE64:.*]] = arith.index_cast %[[STRIDE]] : index to i64
// CHECK: %[[STRIDES_AT:.*]] = llvm.getelementptr %[[INFO]][0, 5]
// CHECK: %[[STRIDE_AT:.*]] = llvm.getelementptr %[[STRIDES_AT]][0, 1]
// CHECK: llvm.store %[[STRIDE64]], %[[STRIDE_AT]]
// CHECK: %[[IS:.*]] = call @simplicialCudaTensorMap(%[[INFO]], %[[PLACE]]) : (!llvm.ptr, !llvm.ptr) -> i32
// CHECK: %[[MAP:.*]] = llvm.load %[[PLACE]]
// CHECK: %[[THERE:.*]] = arith.trunci %[[IS]] : i32 to i1
// CHECK: scf.if %[[THERE]]
// CHECK: llvm.store %[[MAP]]
module attributes {gpu.container_module, simplicial.target = "sm_90a"} {
  gpu.binary @kernels [#gpu.object<#nvvm.target<chip = "sm_90a">, bin = "a">]
  func.func @encode(%m: memref<?x64xbf16, strided<[?, 1], offset: ?>>, %x: index) {
    %map, %there = "simplicial.tensor_map"(%m) {box = array<i64: 8, 64>, swizzle = 128 : i64}
      : (memref<?x64xbf16, strided<[?, 1], offset: ?>>) -> (!llvm.array<16 x i64>, i1)
    scf.if %there {
      gpu.launch_func @kernels::@f blocks in (%x, %x, %x) threads in (%x, %x, %x) args(%map : !llvm.array<16 x i64>)
    }
    return
  }
}

// -----

// A constant is copied to memory of the device before anything else.

// CHECK-LABEL: func.func @constants(
// CHECK: %[[C:.*]] = memref.get_global @constant
// CHECK: %[[DEVICE:.*]] = memref.alloc() : memref<4xf32>
// CHECK: memref.copy %[[C]], %[[DEVICE]]
// CHECK: memref.extract_aligned_pointer_as_index %[[DEVICE]]
module attributes {gpu.container_module, simplicial.target = "sm_80"} {
  gpu.binary @kernels [#gpu.object<#nvvm.target, bin = "a">]
  memref.global "private" constant @constant : memref<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]>
  func.func @constants(%x: index) {
    %c = memref.get_global @constant : memref<4xf32>
    %p = memref.extract_aligned_pointer_as_index %c : memref<4xf32> -> index
    %i = arith.index_cast %p : index to i64
    gpu.launch_func @kernels::@f blocks in (%x, %x, %x) threads in (%x, %x, %x) args(%i : i64)
    return
  }
}
