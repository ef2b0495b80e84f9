// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=1 %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=2 %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=3 SIMPLICIAL_NUM_THREADS=1 %execute | FileCheck %s

// Products of 64 x 64 by 64 x 32 on a warpgroup, A in shared memory: operands come by
// TMA, in every layout that both TMA and wgmma have.

// CHECK-COUNT-8: {{^}}0 of 2048 wrong
// CHECK-NOT: wrong
// CHECK: ok

!acc = !llvm.struct<(f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32)>
!a = !llvm.struct<(i32, i32, i32, i32)>
!map = !llvm.array<16 x i64>
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    // A and B K-major, in shared memory.
    llvm.func @both(%map_a: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant},
                    %map_b: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant},
                    %a: !llvm.ptr<1>, %c: !llvm.ptr<1>,
                    %a_columns: i32, %a_bytes: i32, %a_descriptor: i64, %b_columns: i32, %b_bytes: i32,
                    %b_descriptor: i64, %panels64: i64, %steps64: i64, %a_panel: i64, %b_panel: i64, %a_step: i64, %b_step: i64)
        attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i2 = arith.constant 2 : i32
      %i4 = arith.constant 4 : i32
      %i16 = arith.constant 16 : i32
      %i32 = arith.constant 32 : i32
      %i64 = arith.constant 64 : i32
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %false = arith.constant false
      %true = arith.constant true
      %l4 = arith.constant 4 : i64
      %low = arith.constant 262143 : i64
      %panels = arith.index_cast %panels64 : i64 to index
      %steps = arith.index_cast %steps64 : i64 to index
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %bar = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %sa = llvm.getelementptr %bar[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %sb = llvm.getelementptr %bar[9216] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %first = arith.cmpi eq, %tid, %i0 : i32
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.if %first {
        nvvm.prefetch tensormap, %map_b : !llvm.ptr
        scf.for %k = %i0 to %i64 step %a_columns : i32 {
          %panel = arith.divui %k, %a_columns : i32
          %offset = arith.muli %panel, %a_bytes : i32
          %to = llvm.getelementptr %sa[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          nvvm.mbarrier.expect_tx %bar, %a_bytes : !llvm.ptr<3>, i32
          nvvm.cp.async.bulk.tensor.shared.cluster.global %to, %map_a, %bar, box[%k, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
        }
        scf.for %k = %i0 to %i64 step %b_columns : i32 {
          %panel = arith.divui %k, %b_columns : i32
          %offset = arith.muli %panel, %b_bytes : i32
          %to = llvm.getelementptr %sb[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          nvvm.mbarrier.expect_tx %bar, %b_bytes : !llvm.ptr<3>, i32
          nvvm.cp.async.bulk.tensor.shared.cluster.global %to, %map_b, %bar, box[%k, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
        }
        nvvm.mbarrier.arrive %bar : !llvm.ptr<3>
      }
      scf.while : () -> () {
        %done = nvvm.mbarrier.try_wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
        %again = arith.xori %done, %true : i1
        scf.condition(%again)
      } do {
        scf.yield
      }
      %pa = llvm.ptrtoint %sa : !llvm.ptr<3> to i64
      %pa_low = arith.andi %pa, %low : i64
      %pa_field = arith.shrui %pa_low, %l4 : i64
      %da = arith.ori %a_descriptor, %pa_field : i64
      %pb = llvm.ptrtoint %sb : !llvm.ptr<3> to i64
      %pb_low = arith.andi %pb, %low : i64
      %pb_field = arith.shrui %pb_low, %l4 : i64
      %db = arith.ori %b_descriptor, %pb_field : i64
      // Row 16 w + g, and column 2 t.
      %warp = arith.divui %tid, %i32 : i32
      %lane = arith.remui %tid, %i32 : i32
      %g = arith.divui %lane, %i4 : i32
      %t = arith.remui %lane, %i4 : i32
      %warp_row = arith.muli %warp, %i16 : i32
      %row = arith.addi %warp_row, %g : i32
      %column = arith.muli %t, %i2 : i32
      %none = llvm.mlir.undef : !acc
      nvvm.wgmma.fence.aligned
      %sum:2 = scf.for %i = %c0 to %panels step %c1 iter_args(%outer_acc = %none, %outer_more = %false) -> (!acc, i1) {
        %i_64 = arith.index_cast %i : index to i64
        %a_at = arith.muli %i_64, %a_panel : i64
        %b_at = arith.muli %i_64, %b_panel : i64
        %da_i = arith.addi %da, %a_at : i64
        %db_i = arith.addi %db, %b_at : i64
        %inner:2 = scf.for %j = %c0 to %steps step %c1 iter_args(%acc = %outer_acc, %more = %outer_more) -> (!acc, i1) {
          %j_64 = arith.index_cast %j : index to i64
          %a_by = arith.muli %j_64, %a_step : i64
          %b_by = arith.muli %j_64, %b_step : i64
          %da_j = arith.addi %da_i, %a_by : i64
          %db_j = arith.addi %db_i, %b_by : i64
          %d = "simplicial.wgmma"(%acc, %da_j, %db_j, %more) {type = bf16} : (!acc, i64, i64, i1) -> !acc
          scf.yield %d, %true : !acc, i1
        }
        scf.yield %inner#0, %inner#1 : !acc, i1
      }
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      %result = "simplicial.tie"(%sum#0) : (!acc) -> !acc
      %first_element = arith.muli %row, %i32 : i32
      %element = arith.addi %first_element, %column : i32
      %to = llvm.getelementptr %c[%element] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %x0 = llvm.extractvalue %result[0] : !acc
      %q0 = llvm.getelementptr %to[0] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x0, %q0 : f32, !llvm.ptr<1>
      %x1 = llvm.extractvalue %result[1] : !acc
      %q1 = llvm.getelementptr %to[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x1, %q1 : f32, !llvm.ptr<1>
      %x2 = llvm.extractvalue %result[2] : !acc
      %q2 = llvm.getelementptr %to[256] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x2, %q2 : f32, !llvm.ptr<1>
      %x3 = llvm.extractvalue %result[3] : !acc
      %q3 = llvm.getelementptr %to[257] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x3, %q3 : f32, !llvm.ptr<1>
      %x4 = llvm.extractvalue %result[4] : !acc
      %q4 = llvm.getelementptr %to[8] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x4, %q4 : f32, !llvm.ptr<1>
      %x5 = llvm.extractvalue %result[5] : !acc
      %q5 = llvm.getelementptr %to[9] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x5, %q5 : f32, !llvm.ptr<1>
      %x6 = llvm.extractvalue %result[6] : !acc
      %q6 = llvm.getelementptr %to[264] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x6, %q6 : f32, !llvm.ptr<1>
      %x7 = llvm.extractvalue %result[7] : !acc
      %q7 = llvm.getelementptr %to[265] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x7, %q7 : f32, !llvm.ptr<1>
      %x8 = llvm.extractvalue %result[8] : !acc
      %q8 = llvm.getelementptr %to[16] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x8, %q8 : f32, !llvm.ptr<1>
      %x9 = llvm.extractvalue %result[9] : !acc
      %q9 = llvm.getelementptr %to[17] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x9, %q9 : f32, !llvm.ptr<1>
      %x10 = llvm.extractvalue %result[10] : !acc
      %q10 = llvm.getelementptr %to[272] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x10, %q10 : f32, !llvm.ptr<1>
      %x11 = llvm.extractvalue %result[11] : !acc
      %q11 = llvm.getelementptr %to[273] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x11, %q11 : f32, !llvm.ptr<1>
      %x12 = llvm.extractvalue %result[12] : !acc
      %q12 = llvm.getelementptr %to[24] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x12, %q12 : f32, !llvm.ptr<1>
      %x13 = llvm.extractvalue %result[13] : !acc
      %q13 = llvm.getelementptr %to[25] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x13, %q13 : f32, !llvm.ptr<1>
      %x14 = llvm.extractvalue %result[14] : !acc
      %q14 = llvm.getelementptr %to[280] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x14, %q14 : f32, !llvm.ptr<1>
      %x15 = llvm.extractvalue %result[15] : !acc
      %q15 = llvm.getelementptr %to[281] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x15, %q15 : f32, !llvm.ptr<1>
      llvm.return
    }

    // A K-major in shared memory, B MN-major.
    llvm.func @b_mn(%map_a: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant},
                    %map_b: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64, nvvm.grid_constant},
                    %a: !llvm.ptr<1>, %c: !llvm.ptr<1>,
                    %a_columns: i32, %a_bytes: i32, %a_descriptor: i64, %b_columns: i32, %b_bytes: i32,
                    %b_descriptor: i64, %panels64: i64, %steps64: i64, %a_panel: i64, %b_panel: i64, %a_step: i64, %b_step: i64)
        attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i2 = arith.constant 2 : i32
      %i4 = arith.constant 4 : i32
      %i16 = arith.constant 16 : i32
      %i32 = arith.constant 32 : i32
      %i64 = arith.constant 64 : i32
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %false = arith.constant false
      %true = arith.constant true
      %l4 = arith.constant 4 : i64
      %low = arith.constant 262143 : i64
      %panels = arith.index_cast %panels64 : i64 to index
      %steps = arith.index_cast %steps64 : i64 to index
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %bar = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %sa = llvm.getelementptr %bar[1024] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %sb = llvm.getelementptr %bar[9216] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
      %first = arith.cmpi eq, %tid, %i0 : i32
      scf.if %first {
        nvvm.mbarrier.init %bar, %i1 : !llvm.ptr<3>, i32
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      scf.if %first {
        nvvm.prefetch tensormap, %map_b : !llvm.ptr
        scf.for %k = %i0 to %i64 step %a_columns : i32 {
          %panel = arith.divui %k, %a_columns : i32
          %offset = arith.muli %panel, %a_bytes : i32
          %to = llvm.getelementptr %sa[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          nvvm.mbarrier.expect_tx %bar, %a_bytes : !llvm.ptr<3>, i32
          nvvm.cp.async.bulk.tensor.shared.cluster.global %to, %map_a, %bar, box[%k, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
        }
        scf.for %k = %i0 to %i32 step %b_columns : i32 {
          %panel = arith.divui %k, %b_columns : i32
          %offset = arith.muli %panel, %b_bytes : i32
          %to = llvm.getelementptr %sb[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
          nvvm.mbarrier.expect_tx %bar, %b_bytes : !llvm.ptr<3>, i32
          nvvm.cp.async.bulk.tensor.shared.cluster.global %to, %map_b, %bar, box[%k, %i0] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
        }
        nvvm.mbarrier.arrive %bar : !llvm.ptr<3>
      }
      scf.while : () -> () {
        %done = nvvm.mbarrier.try_wait %bar, %i0 : !llvm.ptr<3>, i32 -> i1
        %again = arith.xori %done, %true : i1
        scf.condition(%again)
      } do {
        scf.yield
      }
      %pa = llvm.ptrtoint %sa : !llvm.ptr<3> to i64
      %pa_low = arith.andi %pa, %low : i64
      %pa_field = arith.shrui %pa_low, %l4 : i64
      %da = arith.ori %a_descriptor, %pa_field : i64
      %pb = llvm.ptrtoint %sb : !llvm.ptr<3> to i64
      %pb_low = arith.andi %pb, %low : i64
      %pb_field = arith.shrui %pb_low, %l4 : i64
      %db = arith.ori %b_descriptor, %pb_field : i64
      // Row 16 w + g, and column 2 t.
      %warp = arith.divui %tid, %i32 : i32
      %lane = arith.remui %tid, %i32 : i32
      %g = arith.divui %lane, %i4 : i32
      %t = arith.remui %lane, %i4 : i32
      %warp_row = arith.muli %warp, %i16 : i32
      %row = arith.addi %warp_row, %g : i32
      %column = arith.muli %t, %i2 : i32
      %none = llvm.mlir.undef : !acc
      nvvm.wgmma.fence.aligned
      %sum:2 = scf.for %i = %c0 to %panels step %c1 iter_args(%outer_acc = %none, %outer_more = %false) -> (!acc, i1) {
        %i_64 = arith.index_cast %i : index to i64
        %a_at = arith.muli %i_64, %a_panel : i64
        %b_at = arith.muli %i_64, %b_panel : i64
        %da_i = arith.addi %da, %a_at : i64
        %db_i = arith.addi %db, %b_at : i64
        %inner:2 = scf.for %j = %c0 to %steps step %c1 iter_args(%acc = %outer_acc, %more = %outer_more) -> (!acc, i1) {
          %j_64 = arith.index_cast %j : index to i64
          %a_by = arith.muli %j_64, %a_step : i64
          %b_by = arith.muli %j_64, %b_step : i64
          %da_j = arith.addi %da_i, %a_by : i64
          %db_j = arith.addi %db_i, %b_by : i64
          %d = "simplicial.wgmma"(%acc, %da_j, %db_j, %more) {type = f16, b_mn_major} : (!acc, i64, i64, i1) -> !acc
          scf.yield %d, %true : !acc, i1
        }
        scf.yield %inner#0, %inner#1 : !acc, i1
      }
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 0
      %result = "simplicial.tie"(%sum#0) : (!acc) -> !acc
      %first_element = arith.muli %row, %i32 : i32
      %element = arith.addi %first_element, %column : i32
      %to = llvm.getelementptr %c[%element] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %x0 = llvm.extractvalue %result[0] : !acc
      %q0 = llvm.getelementptr %to[0] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x0, %q0 : f32, !llvm.ptr<1>
      %x1 = llvm.extractvalue %result[1] : !acc
      %q1 = llvm.getelementptr %to[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x1, %q1 : f32, !llvm.ptr<1>
      %x2 = llvm.extractvalue %result[2] : !acc
      %q2 = llvm.getelementptr %to[256] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x2, %q2 : f32, !llvm.ptr<1>
      %x3 = llvm.extractvalue %result[3] : !acc
      %q3 = llvm.getelementptr %to[257] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x3, %q3 : f32, !llvm.ptr<1>
      %x4 = llvm.extractvalue %result[4] : !acc
      %q4 = llvm.getelementptr %to[8] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x4, %q4 : f32, !llvm.ptr<1>
      %x5 = llvm.extractvalue %result[5] : !acc
      %q5 = llvm.getelementptr %to[9] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x5, %q5 : f32, !llvm.ptr<1>
      %x6 = llvm.extractvalue %result[6] : !acc
      %q6 = llvm.getelementptr %to[264] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x6, %q6 : f32, !llvm.ptr<1>
      %x7 = llvm.extractvalue %result[7] : !acc
      %q7 = llvm.getelementptr %to[265] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x7, %q7 : f32, !llvm.ptr<1>
      %x8 = llvm.extractvalue %result[8] : !acc
      %q8 = llvm.getelementptr %to[16] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x8, %q8 : f32, !llvm.ptr<1>
      %x9 = llvm.extractvalue %result[9] : !acc
      %q9 = llvm.getelementptr %to[17] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x9, %q9 : f32, !llvm.ptr<1>
      %x10 = llvm.extractvalue %result[10] : !acc
      %q10 = llvm.getelementptr %to[272] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x10, %q10 : f32, !llvm.ptr<1>
      %x11 = llvm.extractvalue %result[11] : !acc
      %q11 = llvm.getelementptr %to[273] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x11, %q11 : f32, !llvm.ptr<1>
      %x12 = llvm.extractvalue %result[12] : !acc
      %q12 = llvm.getelementptr %to[24] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x12, %q12 : f32, !llvm.ptr<1>
      %x13 = llvm.extractvalue %result[13] : !acc
      %q13 = llvm.getelementptr %to[25] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x13, %q13 : f32, !llvm.ptr<1>
      %x14 = llvm.extractvalue %result[14] : !acc
      %q14 = llvm.getelementptr %to[280] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x14, %q14 : f32, !llvm.ptr<1>
      %x15 = llvm.extractvalue %result[15] : !acc
      %q15 = llvm.getelementptr %to[281] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x15, %q15 : f32, !llvm.ptr<1>
      llvm.return
    }
  }

  func.func @both(%a: memref<?x?xi16>, %b: memref<?x?xi16>, %c: memref<64x32xf32>, %swizzle: i64,
                  %a_columns: i32, %a_bytes: i32, %a_descriptor: i64, %b_columns: i32, %b_rows: i32, %b_bytes: i32, %b_descriptor: i64, %panels64: i64, %steps64: i64, %a_panel: i64, %b_panel: i64, %a_step: i64, %b_step: i64) {
    %c1 = arith.constant 1 : index
    %c128 = arith.constant 128 : index
    %l1 = arith.constant 1 : i64
    %l2 = arith.constant 2 : i64
    %l64 = arith.constant 64 : i64
    %mn = arith.constant false
    %shared = arith.constant 17408 : i32
    %a_box = arith.extui %a_columns : i32 to i64
    %b_box = arith.extui %b_columns : i32 to i64
    %b_box_rows = arith.extui %b_rows : i32 to i64
    call @fill_f32(%c) : (memref<64x32xf32>) -> ()
    %place_a = llvm.alloca %l1 x !map : (i64) -> !llvm.ptr
    %place_b = llvm.alloca %l1 x !map : (i64) -> !llvm.ptr
    call @tensor_map(%a, %place_a, %l2, %l2, %swizzle, %l64, %a_box) : (memref<?x?xi16>, !llvm.ptr, i64, i64, i64, i64, i64) -> ()
    call @tensor_map(%b, %place_b, %l2, %l2, %swizzle, %b_box_rows, %b_box) : (memref<?x?xi16>, !llvm.ptr, i64, i64, i64, i64, i64) -> ()
    %map_a = llvm.load %place_a : !llvm.ptr -> !map
    %map_b = llvm.load %place_b : !llvm.ptr -> !map
    %ai = memref.extract_aligned_pointer_as_index %a : memref<?x?xi16> -> index
    %aj = arith.index_cast %ai : index to i64
    %ap = llvm.inttoptr %aj : i64 to !llvm.ptr<1>
    %ci = memref.extract_aligned_pointer_as_index %c : memref<64x32xf32> -> index
    %cj = arith.index_cast %ci : index to i64
    %cp = llvm.inttoptr %cj : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@both blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1)
      dynamic_shared_memory_size %shared args(%map_a : !map, %map_b : !map, %ap : !llvm.ptr<1>, %cp : !llvm.ptr<1>,
        %a_columns : i32, %a_bytes : i32, %a_descriptor : i64, %b_columns : i32, %b_bytes : i32, %b_descriptor : i64, %panels64 : i64, %steps64 : i64, %a_panel : i64, %b_panel : i64, %a_step : i64, %b_step : i64)
    call @check_product(%c, %l64, %mn) : (memref<64x32xf32>, i64, i1) -> ()
    return
  }

  func.func @b_mn(%a: memref<?x?xi16>, %b: memref<?x?xi16>, %c: memref<64x32xf32>, %swizzle: i64,
                  %a_columns: i32, %a_bytes: i32, %a_descriptor: i64, %b_columns: i32, %b_rows: i32, %b_bytes: i32, %b_descriptor: i64, %panels64: i64, %steps64: i64, %a_panel: i64, %b_panel: i64, %a_step: i64, %b_step: i64) {
    %c1 = arith.constant 1 : index
    %c128 = arith.constant 128 : index
    %l1 = arith.constant 1 : i64
    %l2 = arith.constant 2 : i64
    %l64 = arith.constant 64 : i64
    %mn = arith.constant true
    %shared = arith.constant 17408 : i32
    %a_box = arith.extui %a_columns : i32 to i64
    %b_box = arith.extui %b_columns : i32 to i64
    %b_box_rows = arith.extui %b_rows : i32 to i64
    call @fill_f32(%c) : (memref<64x32xf32>) -> ()
    %place_a = llvm.alloca %l1 x !map : (i64) -> !llvm.ptr
    %place_b = llvm.alloca %l1 x !map : (i64) -> !llvm.ptr
    call @tensor_map(%a, %place_a, %l2, %l2, %swizzle, %l64, %a_box) : (memref<?x?xi16>, !llvm.ptr, i64, i64, i64, i64, i64) -> ()
    call @tensor_map(%b, %place_b, %l2, %l2, %swizzle, %b_box_rows, %b_box) : (memref<?x?xi16>, !llvm.ptr, i64, i64, i64, i64, i64) -> ()
    %map_a = llvm.load %place_a : !llvm.ptr -> !map
    %map_b = llvm.load %place_b : !llvm.ptr -> !map
    %ai = memref.extract_aligned_pointer_as_index %a : memref<?x?xi16> -> index
    %aj = arith.index_cast %ai : index to i64
    %ap = llvm.inttoptr %aj : i64 to !llvm.ptr<1>
    %ci = memref.extract_aligned_pointer_as_index %c : memref<64x32xf32> -> index
    %cj = arith.index_cast %ci : index to i64
    %cp = llvm.inttoptr %cj : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@b_mn blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1)
      dynamic_shared_memory_size %shared args(%map_a : !map, %map_b : !map, %ap : !llvm.ptr<1>, %cp : !llvm.ptr<1>,
        %a_columns : i32, %a_bytes : i32, %a_descriptor : i64, %b_columns : i32, %b_bytes : i32, %b_descriptor : i64, %panels64 : i64, %steps64 : i64, %a_panel : i64, %b_panel : i64, %a_step : i64, %b_step : i64)
    call @check_product(%c, %l64, %mn) : (memref<64x32xf32>, i64, i1) -> ()
    return
  }

  func.func private @report()
  func.func private @fill_bf16(memref<?x?xi16>) attributes {llvm.emit_c_interface}
  func.func private @fill_f16(memref<?x?xi16>) attributes {llvm.emit_c_interface}
  func.func private @fill_f32(memref<64x32xf32>) attributes {llvm.emit_c_interface}
  func.func private @check_product(memref<64x32xf32>, i64, i1) attributes {llvm.emit_c_interface}
  func.func private @tensor_map(memref<?x?xi16>, !llvm.ptr, i64, i64, i64, i64, i64) attributes {llvm.emit_c_interface}

  func.func @main() {
    %a_s = memref.alloc() {alignment = 16 : i64} : memref<64x64xi16>
    %b_k_s = memref.alloc() {alignment = 16 : i64} : memref<32x64xi16>
    %b_mn_s = memref.alloc() {alignment = 16 : i64} : memref<64x32xi16>
    %c = memref.alloc() {alignment = 16 : i64} : memref<64x32xf32>
    %a = memref.cast %a_s : memref<64x64xi16> to memref<?x?xi16>
    %b_k = memref.cast %b_k_s : memref<32x64xi16> to memref<?x?xi16>
    %b_mn = memref.cast %b_mn_s : memref<64x32xi16> to memref<?x?xi16>
    %i32_64 = arith.constant 64 : i32
    %i32_8192 = arith.constant 8192 : i32
    %i64_4611686293305360384 = arith.constant 4611686293305360384 : i64
    %i32_32 = arith.constant 32 : i32
    %i32_4096 = arith.constant 4096 : i32
    %i64_1 = arith.constant 1 : i64
    %i64_4 = arith.constant 4 : i64
    %i64_512 = arith.constant 512 : i64
    %i64_256 = arith.constant 256 : i64
    %i64_2 = arith.constant 2 : i64
    %i64_128 = arith.constant 128 : i64
    %i64_m9223371899415756800 = arith.constant -9223371899415756800 : i64
    %i32_2048 = arith.constant 2048 : i32
    %i64_64 = arith.constant 64 : i64
    %i32_16 = arith.constant 16 : i32
    %i64_m4611685949707845632 = arith.constant -4611685949707845632 : i64
    %i32_1024 = arith.constant 1024 : i32
    %i64_32 = arith.constant 32 : i64
    %i32_8 = arith.constant 8 : i32
    %i64_34363932672 = arith.constant 34363932672 : i64
    %i32_512 = arith.constant 512 : i32
    %i64_34361835520 = arith.constant 34361835520 : i64
    %i64_0 = arith.constant 0 : i64
    %i64_4611686293338849280 = arith.constant 4611686293338849280 : i64
    %i64_m9223371899399045120 = arith.constant -9223371899399045120 : i64
    %i64_m4611685949699522560 = arith.constant -4611685949699522560 : i64
    %i64_274878431232 = arith.constant 274878431232 : i64
    %i64_16 = arith.constant 16 : i64

    call @fill_bf16(%a) : (memref<?x?xi16>) -> ()
    call @fill_bf16(%b_k) : (memref<?x?xi16>) -> ()
    call @fill_bf16(%b_mn) : (memref<?x?xi16>) -> ()
    // Swizzled by 128 bytes.
    call @both(%a, %b_k, %c, %i64_128, %i32_64, %i32_8192, %i64_4611686293305360384, %i32_64, %i32_32, %i32_4096, %i64_4611686293305360384, %i64_1, %i64_4, %i64_512, %i64_256, %i64_2, %i64_2) : (memref<?x?xi16>, memref<?x?xi16>, memref<64x32xf32>, i64, i32, i32, i64, i32, i32, i32, i64, i64, i64, i64, i64, i64, i64) -> ()
    // Swizzled by 64 bytes.
    call @both(%a, %b_k, %c, %i64_64, %i32_32, %i32_4096, %i64_m9223371899415756800, %i32_32, %i32_32, %i32_2048, %i64_m9223371899415756800, %i64_2, %i64_2, %i64_256, %i64_128, %i64_2, %i64_2) : (memref<?x?xi16>, memref<?x?xi16>, memref<64x32xf32>, i64, i32, i32, i64, i32, i32, i32, i64, i64, i64, i64, i64, i64, i64) -> ()
    // Swizzled by 32 bytes.
    call @both(%a, %b_k, %c, %i64_32, %i32_16, %i32_2048, %i64_m4611685949707845632, %i32_16, %i32_32, %i32_1024, %i64_m4611685949707845632, %i64_4, %i64_1, %i64_128, %i64_64, %i64_2, %i64_2) : (memref<?x?xi16>, memref<?x?xi16>, memref<64x32xf32>, i64, i32, i32, i64, i32, i32, i32, i64, i64, i64, i64, i64, i64, i64) -> ()
    // Not swizzled.
    call @both(%a, %b_k, %c, %i64_0, %i32_8, %i32_1024, %i64_34363932672, %i32_8, %i32_32, %i32_512, %i64_34361835520, %i64_4, %i64_1, %i64_128, %i64_64, %i64_2, %i64_2) : (memref<?x?xi16>, memref<?x?xi16>, memref<64x32xf32>, i64, i32, i32, i64, i32, i32, i32, i64, i64, i64, i64, i64, i64, i64) -> ()

    call @fill_f16(%a) : (memref<?x?xi16>) -> ()
    call @fill_f16(%b_k) : (memref<?x?xi16>) -> ()
    call @fill_f16(%b_mn) : (memref<?x?xi16>) -> ()
    // Swizzled by 128 bytes.
    call @b_mn(%a, %b_mn, %c, %i64_128, %i32_64, %i32_8192, %i64_4611686293305360384, %i32_64, %i32_64, %i32_8192, %i64_4611686293338849280, %i64_1, %i64_4, %i64_512, %i64_512, %i64_2, %i64_128) : (memref<?x?xi16>, memref<?x?xi16>, memref<64x32xf32>, i64, i32, i32, i64, i32, i32, i32, i64, i64, i64, i64, i64, i64, i64) -> ()
    // Swizzled by 64 bytes.
    call @b_mn(%a, %b_mn, %c, %i64_64, %i32_32, %i32_4096, %i64_m9223371899415756800, %i32_32, %i32_64, %i32_4096, %i64_m9223371899399045120, %i64_2, %i64_2, %i64_256, %i64_128, %i64_2, %i64_64) : (memref<?x?xi16>, memref<?x?xi16>, memref<64x32xf32>, i64, i32, i32, i64, i32, i32, i32, i64, i64, i64, i64, i64, i64, i64) -> ()
    // Swizzled by 32 bytes.
    call @b_mn(%a, %b_mn, %c, %i64_32, %i32_16, %i32_2048, %i64_m4611685949707845632, %i32_16, %i32_64, %i32_2048, %i64_m4611685949699522560, %i64_4, %i64_1, %i64_128, %i64_32, %i64_2, %i64_32) : (memref<?x?xi16>, memref<?x?xi16>, memref<64x32xf32>, i64, i32, i32, i64, i32, i32, i32, i64, i64, i64, i64, i64, i64, i64) -> ()
    // Not swizzled.
    call @b_mn(%a, %b_mn, %c, %i64_0, %i32_8, %i32_1024, %i64_34363932672, %i32_8, %i32_64, %i32_1024, %i64_274878431232, %i64_4, %i64_1, %i64_128, %i64_16, %i64_2, %i64_16) : (memref<?x?xi16>, memref<?x?xi16>, memref<64x32xf32>, i64, i32, i32, i64, i32, i32, i32, i64, i64, i64, i64, i64, i64, i64) -> ()
    call @report() : () -> ()
    memref.dealloc %a_s : memref<64x64xi16>
    memref.dealloc %b_k_s : memref<32x64xi16>
    memref.dealloc %b_mn_s : memref<64x32xi16>
    memref.dealloc %c : memref<64x32xf32>
    return
  }
}
