// RUN: %emulate %s | %execute | FileCheck %s

// Every kind of shuffle of the lane's number, in segments of 32 and of 8 lanes;
// lanes that have exited; barriers of two warps, and an "or" of them.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    // out [8][32]: a row a shuffle.
    llvm.func @shuffles(%out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %all = arith.constant -1 : i32
      %c3 = arith.constant 3 : i32
      %c18 = arith.constant 18 : i32
      %clamp0 = arith.constant 0 : i32
      %clamp31 = arith.constant 31 : i32
      %segment8 = arith.constant 6144 : i32    // mask 24 << 8, clamp 0
      %segment8_up = arith.constant 6151 : i32 // clamp 7
      %lane = nvvm.read.ptx.sreg.laneid : i32
      %p = llvm.getelementptr %out[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
      %0 = nvvm.shfl.sync up %all, %lane, %c3, %clamp0 : i32 -> i32
      llvm.store %0, %p : i32, !llvm.ptr<1>
      %1 = nvvm.shfl.sync down %all, %lane, %c3, %clamp31 : i32 -> i32
      %p1 = llvm.getelementptr %p[32] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
      llvm.store %1, %p1 : i32, !llvm.ptr<1>
      %2 = nvvm.shfl.sync bfly %all, %lane, %c18, %clamp31 : i32 -> i32
      %p2 = llvm.getelementptr %p[64] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
      llvm.store %2, %p2 : i32, !llvm.ptr<1>
      %3 = nvvm.shfl.sync idx %all, %lane, %c18, %clamp31 : i32 -> i32
      %p3 = llvm.getelementptr %p[96] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
      llvm.store %3, %p3 : i32, !llvm.ptr<1>
      %4 = nvvm.shfl.sync up %all, %lane, %c3, %segment8 : i32 -> i32
      %p4 = llvm.getelementptr %p[128] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
      llvm.store %4, %p4 : i32, !llvm.ptr<1>
      %5 = nvvm.shfl.sync down %all, %lane, %c3, %segment8_up : i32 -> i32
      %p5 = llvm.getelementptr %p[160] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
      llvm.store %5, %p5 : i32, !llvm.ptr<1>
      %6 = nvvm.shfl.sync bfly %all, %lane, %c18, %segment8_up : i32 -> i32
      %p6 = llvm.getelementptr %p[192] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
      llvm.store %6, %p6 : i32, !llvm.ptr<1>
      %7 = nvvm.shfl.sync idx %all, %lane, %c3, %segment8_up : i32 -> i32
      %p7 = llvm.getelementptr %p[224] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
      llvm.store %7, %p7 : i32, !llvm.ptr<1>
      llvm.return
    }

    // Lanes from 16 on leave; the others shuffle in two branches, with a mask
    // that has those that left.
    llvm.func @branches(%out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %all = arith.constant -1 : i32
      %c1 = arith.constant 1 : i32
      %c16 = arith.constant 16 : i32
      %c31 = arith.constant 31 : i32
      %zero = arith.constant 0 : i32
      %lane = nvvm.read.ptx.sreg.laneid : i32
      %p = llvm.getelementptr %out[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
      %stays = arith.cmpi ult, %lane, %c16 : i32
      scf.if %stays {
        %bit = arith.andi %lane, %c1 : i32
        %odd = arith.cmpi ne, %bit, %zero : i32
        %v = scf.if %odd -> i32 {
          %x = nvvm.shfl.sync bfly %all, %lane, %c1, %c31 : i32 -> i32
          scf.yield %x : i32
        } else {
          %x = nvvm.shfl.sync bfly %all, %c16, %c1, %c31 : i32 -> i32
          scf.yield %x : i32
        }
        llvm.store %v, %p : i32, !llvm.ptr<1>
      }
      llvm.return
    }

    // Whether any thread of two warps is number 40, then whether any is 64.
    llvm.func @any(%out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %c1 = arith.constant 1 : i32
      %c40 = arith.constant 40 : i32
      %c64 = arith.constant 64 : i32
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %p = llvm.getelementptr %out[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
      %is40 = arith.cmpi eq, %tid, %c40 : i32
      %is64 = arith.cmpi eq, %tid, %c64 : i32
      %flag40 = arith.extui %is40 : i1 to i32
      %flag64 = arith.extui %is64 : i1 to i32
      %any40 = nvvm.barrier #nvvm.reduction<or> %flag40 -> i32
      %any64 = nvvm.barrier #nvvm.reduction<or> %flag64 -> i32
      %high = arith.shli %any64, %c1 : i32
      %both = arith.ori %any40, %high : i32
      llvm.store %both, %p : i32, !llvm.ptr<1>
      llvm.return
    }

    // Warp 0 fills what warp 1 empties, twice; each has a barrier where it
    // arrives and one where it waits.
    llvm.func @pipeline(%out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %i0 = arith.constant 0 : index
      %i1 = arith.constant 1 : index
      %i2 = arith.constant 2 : index
      %full = arith.constant 1 : i32
      %empty = arith.constant 2 : i32
      %c31 = arith.constant 31 : i32
      %c32 = arith.constant 32 : i32
      %c64 = arith.constant 64 : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %lane = nvvm.read.ptx.sreg.laneid : i32
      %rest = arith.subi %c31, %lane : i32
      %mine = llvm.getelementptr %shared[%lane] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
      %other = llvm.getelementptr %shared[%rest] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i32
      %fills = arith.cmpi ult, %tid, %c32 : i32
      scf.if %fills {
        scf.for %i = %i0 to %i2 step %i1 {
          nvvm.barrier id = %empty number_of_threads = %c64
          %step = arith.index_cast %i : index to i32
          %high = arith.muli %step, %c32 : i32
          %v = arith.addi %high, %lane : i32
          llvm.store %v, %mine : i32, !llvm.ptr<3>
          llvm.call_intrinsic "llvm.nvvm.barrier.cta.arrive.aligned.count"(%full, %c64) : (i32, i32) -> ()
        }
      } else {
        llvm.call_intrinsic "llvm.nvvm.barrier.cta.arrive.aligned.count"(%empty, %c64) : (i32, i32) -> ()
        scf.for %i = %i0 to %i2 step %i1 {
          nvvm.barrier id = %full number_of_threads = %c64
          %v = llvm.load %other : !llvm.ptr<3> -> i32
          %step = arith.index_cast %i : index to i32
          %high = arith.muli %step, %c32 : i32
          %o = arith.addi %high, %lane : i32
          %p = llvm.getelementptr %out[%o] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
          llvm.store %v, %p : i32, !llvm.ptr<1>
          %more = arith.cmpi eq, %i, %i0 : index
          scf.if %more {
            llvm.call_intrinsic "llvm.nvvm.barrier.cta.arrive.aligned.count"(%empty, %c64) : (i32, i32) -> ()
          }
        }
      }
      llvm.return
    }
  }

  func.func private @report()
  func.func private @print_rows(memref<8x32xi32>) attributes {llvm.emit_c_interface}
  func.func @main() {
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %c64 = arith.constant 64 : index
    %bytes = arith.constant 128 : i32
    %out = memref.alloc() : memref<8x32xi32>
    %i = memref.extract_aligned_pointer_as_index %out : memref<8x32xi32> -> index
    %j = arith.index_cast %i : index to i64
    %p = llvm.inttoptr %j : i64 to !llvm.ptr<1>

    gpu.launch_func @kernels::@shuffles blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1) args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    call @print_rows(%out) : (memref<8x32xi32>) -> ()
    // CHECK: ok
    // CHECK-NEXT: 0 1 2 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28
    // CHECK-NEXT: 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 29 30 31
    // CHECK-NEXT: 18 19 16 17 22 23 20 21 26 27 24 25 30 31 28 29 2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13
    // CHECK-NEXT: 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18 18
    // CHECK-NEXT: 0 1 2 0 1 2 3 4 8 9 10 8 9 10 11 12 16 17 18 16 17 18 19 20 24 25 26 24 25 26 27 28
    // CHECK-NEXT: 3 4 5 6 7 5 6 7 11 12 13 14 15 13 14 15 19 20 21 22 23 21 22 23 27 28 29 30 31 29 30 31
    // Across segments only downwards.
    // CHECK-NEXT: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13
    // CHECK-NEXT: 3 3 3 3 3 3 3 3 11 11 11 11 11 11 11 11 19 19 19 19 19 19 19 19 27 27 27 27 27 27 27 27

    gpu.launch_func @kernels::@branches blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1) args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    call @print_rows(%out) : (memref<8x32xi32>) -> ()
    // CHECK: ok
    // CHECK-NEXT: 1 16 3 16 5 16 7 16 9 16 11 16 13 16 15 16 13 14

    gpu.launch_func @kernels::@pipeline blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    call @print_rows(%out) : (memref<8x32xi32>) -> ()
    // CHECK: ok
    // CHECK-NEXT: 31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0
    // CHECK-NEXT: 63 62 61 60 59 58 57 56 55 54 53 52 51 50 49 48 47 46 45 44 43 42 41 40 39 38 37 36 35 34 33 32

    gpu.launch_func @kernels::@any blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%p : !llvm.ptr<1>)
    call @report() : () -> ()
    call @print_rows(%out) : (memref<8x32xi32>) -> ()
    // CHECK: ok
    // CHECK-NEXT: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
    // CHECK-NEXT: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
    memref.dealloc %out : memref<8x32xi32>
    return
  }
}
