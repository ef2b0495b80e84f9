// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-emulate)' | FileCheck %s

module attributes {gpu.container_module} {
  // CHECK-NOT: gpu.module
  // CHECK-LABEL: func.func @launch(
  // CHECK-SAME: %[[M:.*]]: memref<?x8xf32, strided<[?, 1], offset: ?>>, %[[X:.*]]: index
  func.func @launch(%m: memref<?x8xf32, strided<[?, 1], offset: ?>>, %x: index, %p: !llvm.ptr<1>) {
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %n = arith.constant 5 : i32
    // CHECK: %[[BUFFERS:.*]] = llvm.alloca %{{.*}} x !llvm.array<1 x struct<(ptr, i64)>>
    // CHECK: %[[ARGUMENTS:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(ptr<1>, i32)>
    // CHECK: %[[KERNEL:.*]] = constant @kernels_ops
    // CHECK: %[[POINTER:.*]] = builtin.unrealized_conversion_cast %[[KERNEL]]
    // CHECK: %[[SITES:.*]] = llvm.mlir.addressof @kernels_ops_sites
    // CHECK: %[[GRID:.*]] = arith.index_cast %[[X]]
    // CHECK: memref.extract_strided_metadata %[[M]]
    // CHECK: call @simplicialEmulatorLaunch(%[[POINTER]], %[[ARGUMENTS]], %[[SITES]], %[[GRID]], {{.*}}, %[[BUFFERS]], %{{.*}})
    gpu.launch_func @kernels::@ops blocks in (%x, %c1, %c1) threads in (%c32, %c1, %c1) args(%p : !llvm.ptr<1>, %n : i32)
    // CHECK-NEXT: return
    return
  }

  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    // CHECK-LABEL: func.func private @kernels_ops(
    // CHECK-SAME: %[[THREAD:.*]]: !llvm.ptr, %[[ARGUMENTS:.*]]: !llvm.ptr) {
    llvm.func @ops(%p: !llvm.ptr<1>, %n: i32) attributes {gpu.kernel, nvvm.kernel} {
      // CHECK: %[[FIELD0:.*]] = llvm.getelementptr %[[ARGUMENTS]][0, 0] : {{.*}}, !llvm.struct<(ptr<1>, i32)>
      // CHECK: %[[P:.*]] = llvm.load %[[FIELD0]] : !llvm.ptr -> !llvm.ptr<1>
      // CHECK: %[[FIELD1:.*]] = llvm.getelementptr %[[ARGUMENTS]][0, 1]
      // CHECK: %[[N:.*]] = llvm.load %[[FIELD1]] : !llvm.ptr -> i32
      // CHECK: %[[REGISTERS:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(i32, i32)>
      // CHECK: %[[BASE:.*]] = arith.constant 1024 : i64
      // CHECK: %[[SHARED:.*]] = llvm.inttoptr %[[BASE]] : i64 to !llvm.ptr<3>
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>

      // A load of 8 bytes, by default aligned to 8.
      // CHECK: %[[SITE0:.*]] = arith.constant 0 : i32
      // CHECK: %[[BYTES:.*]] = arith.constant 8 : i32
      // CHECK: %[[ALIGNMENT:.*]] = arith.constant 8 : i32
      // CHECK: %[[PLACE:.*]] = call @simplicialEmulateReadGlobal(%[[THREAD]], %[[SITE0]], %[[P]], %[[BYTES]], %[[ALIGNMENT]])
      // CHECK: %[[V:.*]] = llvm.load %[[PLACE]] : !llvm.ptr -> vector<4xbf16>
      %v = llvm.load %p : !llvm.ptr<1> -> vector<4xbf16>
      // CHECK: %[[ALIGNMENT:.*]] = arith.constant 2 : i32
      // CHECK: %[[PLACE:.*]] = call @simplicialEmulateWriteShared(%[[THREAD]], %{{.*}}, %[[SHARED]], %{{.*}}, %[[ALIGNMENT]])
      // CHECK: llvm.store %[[V]], %[[PLACE]] {alignment = 2 : i64}
      llvm.store %v, %shared {alignment = 2 : i64} : vector<4xbf16>, !llvm.ptr<3>

      // Operands, then attributes.
      // CHECK: %[[SIZE:.*]] = arith.constant 16 : i32
      // CHECK: call @simplicialEmulateCopyFill(%[[THREAD]], %{{.*}}, %[[SHARED]], %[[P]], %[[N]], %[[SIZE]])
      nvvm.cp.async.shared.global %shared, %p, 16, cache = cg, %n : !llvm.ptr<3>, !llvm.ptr<1>, i32

      // Numbers of 32 bits travel as i32.
      %f = arith.constant 1.0 : f32
      // CHECK: %[[IN:.*]] = llvm.bitcast %{{.*}} : f32 to i32
      // CHECK: %[[OUT:.*]] = call @simplicialEmulateShuffleDown(%[[THREAD]], %{{.*}}, %[[N]], %[[IN]], %[[N]], %[[N]])
      // CHECK: llvm.bitcast %[[OUT]] : i32 to f32
      %s = nvvm.shfl.sync down %n, %f, %n, %n : f32 -> f32

      // Several results come through memory.
      // CHECK: call @simplicialEmulateLdmatrixTrans(%[[THREAD]], %{{.*}}, %[[SHARED]], %{{.*}}, %[[REGISTERS]])
      // CHECK: llvm.load %[[REGISTERS]] : !llvm.ptr -> !llvm.struct<(i32, i32)>
      %m = nvvm.ldmatrix %shared {num = 2 : i32, layout = #nvvm.mma_layout<col>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32)>
      // CHECK: return
      llvm.return
    }
  }

  // CHECK: llvm.mlir.global internal constant @kernels_ops_sites("{{[^"]*}}program.mlir:45:12: llvm.load\00{{[^"]*}}program.mlir:49:7: llvm.store\00
}
