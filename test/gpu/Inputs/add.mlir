// x + y: a GPU program as simplicial-distribute makes it, but for the tensors.
module attributes {gpu.container_module} {
  gpu.module @add_kernels {
    llvm.func @add_tiles(%x: !llvm.ptr<1>, %y: !llvm.ptr<1>, %out: !llvm.ptr<1>, %n: i64)
        attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %cta = nvvm.read.ptx.sreg.ctaid.x : i32
      %c128 = arith.constant 128 : i32
      %first = arith.muli %cta, %c128 : i32
      %i32 = arith.addi %first, %tid : i32
      %i = arith.extui %i32 : i32 to i64
      %in = arith.cmpi slt, %i, %n : i64
      scf.if %in {
        %px = llvm.getelementptr %x[%i] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, f32
        %py = llvm.getelementptr %y[%i] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, f32
        %po = llvm.getelementptr %out[%i] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, f32
        %a = llvm.load %px : !llvm.ptr<1> -> f32
        %b = llvm.load %py : !llvm.ptr<1> -> f32
        %s = arith.addf %a, %b : f32
        llvm.store %s, %po : f32, !llvm.ptr<1>
      }
      llvm.return
    }
  }
  func.func @add(%a: tensor<1000xf32>, %b: tensor<1000xf32>) -> tensor<1000xf32> {
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c128 = arith.constant 128 : index
    %n = arith.constant 1000 : i64
    %bytes = arith.constant 0 : i32
    %x = bufferization.to_buffer %a read_only : tensor<1000xf32> to memref<1000xf32, strided<[?], offset: ?>>
    %y = bufferization.to_buffer %b read_only : tensor<1000xf32> to memref<1000xf32, strided<[?], offset: ?>>
    %out = memref.alloc() : memref<1000xf32>
    %xi = memref.extract_aligned_pointer_as_index %x : memref<1000xf32, strided<[?], offset: ?>> -> index
    %yi = memref.extract_aligned_pointer_as_index %y : memref<1000xf32, strided<[?], offset: ?>> -> index
    %oi = memref.extract_aligned_pointer_as_index %out : memref<1000xf32> -> index
    %x64 = arith.index_cast %xi : index to i64
    %y64 = arith.index_cast %yi : index to i64
    %o64 = arith.index_cast %oi : index to i64
    %px = llvm.inttoptr %x64 : i64 to !llvm.ptr<1>
    %py = llvm.inttoptr %y64 : i64 to !llvm.ptr<1>
    %po = llvm.inttoptr %o64 : i64 to !llvm.ptr<1>
    gpu.launch_func @add_kernels::@add_tiles blocks in (%c8, %c1, %c1) threads in (%c128, %c1, %c1)
        dynamic_shared_memory_size %bytes args(%px : !llvm.ptr<1>, %py : !llvm.ptr<1>, %po : !llvm.ptr<1>, %n : i64)
    %r = bufferization.to_tensor %out restrict writable : memref<1000xf32> to tensor<1000xf32>
    return %r : tensor<1000xf32>
  }
}
