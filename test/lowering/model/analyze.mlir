// RUN: %compile %s --target=sm_80 --analyze | FileCheck %s

// What a kernel is predicted to cost, where that is known by hand: 4 blocks of 2
// warps, of which block n makes n + 1 trips, so 2.5 on average. Of these, 1, 1, 2
// and 2 have an even number.

// CHECK:      kernel counted on sm_80
// CHECK-NEXT:   blocks: 4 of 64 threads
// CHECK-NEXT:   registers: {{[1-9].* bytes spilled|not known}}
// CHECK-NEXT:   shared memory: 4096 bytes
// CHECK-NEXT:   blocks an SM: 1
// CHECK-NEXT: inner tile: 2.5 trips a warp, 1 warps a scheduler
// CHECK-NEXT:   instructions of a warp: 13.6
// CHECK-NEXT:     mma.sync                2.0
// CHECK-NEXT:     special functions       1.0
// CHECK-NEXT:     float                   2.0
// CHECK-NEXT:     max                     0.6
// CHECK-NEXT:     convert                 2.0
// CHECK-NEXT:     select                  1.0
// CHECK-NEXT:     integer                 2.0
// CHECK-NEXT:     load shared             1.0
// CHECK-NEXT:     shuffle                 1.0
// CHECK-NEXT:     other                   1.0
// CHECK-NEXT:   clocks: [[CLOCKS:[0-9]+]]

// Of a scheduler: a product takes 8 clocks, 16 special functions a clock are 8
// for a warp, and half as many comparisons, conversions and maxima as lanes are
// 2; 1 float and 1 load of 32 words is as many clocks as on the whole SM.

// CHECK-NEXT:     issue                  13.6
// CHECK-NEXT:     tensor                 16.0
// CHECK-NEXT:     mufu                    8.0
// CHECK-NEXT:     fma                     4.0
// CHECK-NEXT:     alu                    11.2
// CHECK-NEXT:     shared                  8.0
// CHECK-NEXT:   binding: latency; the busiest unit is tensor
// CHECK:      launch: 0.0 waves
// CHECK:        binding: latency
// CHECK:        FLOP of products: 1.638e+05
// CHECK-NEXT:   ms: 0.0{{[0-9]+}}
// CHECK-NEXT: assumed:
// CHECK-NEXT:   108 SMs at 1.41 GHz, 2048 FLOP of products a clock and SM
// CHECK-NEXT:   every block is like one of the 4 that were walked
// CHECK-NEXT:   2 conditions on data a block do not hold
// CHECK:        'nvvm.redux.sync', of unknown cost, is one instruction

#mma = #nvvm.shape<m = 16, n = 8, k = 16>
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
    llvm.func @counted(%n: i64, %out: !llvm.ptr<1>)
        attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 64, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %zero = arith.constant 0.0 : f32
      %i0 = arith.constant 0 : i32
      %all = arith.constant -1 : i32
      %one = arith.constant 1 : i32
      %clamp = arith.constant 31 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %cta = nvvm.read.ptx.sreg.ctaid.x : i32
      %block = arith.index_castui %cta : i32 to index
      %step = arith.index_cast %n : i64 to index
      %trips = arith.addi %block, %step : index
      %sum = scf.for %i = %c0 to %trips step %c1 iter_args(%x = %zero) -> (f32) {
        // An address that grows with the trips, and what does not change.
        %scaled = arith.muli %i, %c2 : index
        %invariant = arith.muli %trips, %trips : index
        %place = arith.addi %scaled, %invariant : index
        %at = arith.index_cast %place : index to i64
        %p = llvm.getelementptr %shared[%at] : (!llvm.ptr<3>, i64) -> !llvm.ptr<3>, f32
        %loaded = llvm.load %p : !llvm.ptr<3> -> f32
        %d = nvvm.mma.sync A[%i0, %i0, %i0, %i0] B[%i0, %i0] C[%x, %x, %x, %loaded] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #mma} : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
        %d0 = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>
        %e = nvvm.mma.sync A[%i0, %i0, %i0, %i0] B[%i0, %i0] C[%d0, %d0, %d0, %d0] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #mma} : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
        %e0 = llvm.extractvalue %e[0] : !llvm.struct<(f32, f32, f32, f32)>
        %f = math.fma %e0, %e0, %e0 : f32
        %other = nvvm.shfl.sync bfly %all, %f, %one, %clamp : f32 -> f32
        %sum = arith.addf %f, %other : f32
        %two = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%sum) : (f32) -> f32
        %half = arith.truncf %two : f32 to bf16
        %back = arith.extf %half : bf16 to f32
        %reduced = nvvm.redux.sync add %i0, %all : i32 -> i32
        // Known where the block's number is.
        %odd = arith.remui %i, %c2 : index
        %even = arith.cmpi eq, %odd, %c0 : index
        %y = scf.if %even -> (f32) {
          %m = arith.maxnumf %back, %zero : f32
          scf.yield %m : f32
        } else {
          scf.yield %back : f32
        }
        // Not known.
        %large = arith.cmpf ogt, %y, %zero : f32
        %z = scf.if %large -> (f32) {
          %a = arith.addf %y, %y : f32
          %b = arith.addf %a, %y : f32
          scf.yield %b : f32
        } else {
          scf.yield %y : f32
        }
        scf.yield %z : f32
      }
      llvm.store %sum, %out : f32, !llvm.ptr<1>
      llvm.return
    }
  }
  func.func @launch(%out: memref<64xf32>) {
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c64 = arith.constant 64 : index
    %one = arith.constant 1 : i64
    %bytes = arith.constant 4096 : i32
    %address = memref.extract_aligned_pointer_as_index %out : memref<64xf32> -> index
    %i = arith.index_cast %address : index to i64
    %p = llvm.inttoptr %i : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@counted blocks in (%c4, %c1, %c1) threads in (%c64, %c1, %c1)
        dynamic_shared_memory_size %bytes args(%one : i64, %p : !llvm.ptr<1>)
    return
  }
}
