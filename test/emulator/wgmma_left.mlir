// RUN: %emulate %s | %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=1 %execute | FileCheck %s
// RUN: %emulate %s | env SIMPLICIAL_EMULATOR_SEED=2 SIMPLICIAL_NUM_THREADS=1 %execute | FileCheck %s

// A [128, 192] by B [192, 16] on two warpgroups, of 64 rows each. Both operands
// lie in shared memory, in panels of 128 bytes with the swizzle of 128 bytes:
// K-major, a panel has 64 of k and all rows; MN-major, 64 rows and all of k.
//
// In units of 16 bytes, from the first descriptor of A to that of
//
//                 the next 16 of k   the next 64 of k   the next 64 rows
//     K-major     2                  a panel            64 rows, 512
//     MN-major    16 rows, 128       64 rows, 512       a panel

// CHECK-COUNT-8: {{^}}0 of 2048 wrong
// CHECK-NOT: wrong
// CHECK: ok

!acc = !llvm.struct<(f32, f32, f32, f32, f32, f32, f32, f32)>
!matrix = memref<?x?xi16, strided<[?, ?]>>
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

    // %kind: 1 for f16, 2 for A MN-major, 4 for B MN-major.
    // %fault: 1, A is not fenced; 2, it is overwritten too early.
    llvm.func @product(%a: !llvm.ptr<1>, %b: !llvm.ptr<1>, %c: !llvm.ptr<1>, %kind64: i64, %fault: i32,
                       %a_rows: i32, %a_panels: i32, %b_rows: i32, %b_panels: i32,
                       %a_fields: i64, %a_16: i64, %a_64: i64, %a_group: i64, %b_16: i64, %b_64: i64)
        attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 256, 1, 1>} {
      %i0 = arith.constant 0 : i32
      %i1 = arith.constant 1 : i32
      %i2 = arith.constant 2 : i32
      %i4 = arith.constant 4 : i32
      %i8 = arith.constant 8 : i32
      %i16 = arith.constant 16 : i32
      %i32 = arith.constant 32 : i32
      %i128 = arith.constant 128 : i32
      %threads = arith.constant 256 : i32
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %c4 = arith.constant 4 : index
      %false = arith.constant false
      %true = arith.constant true
      %l4 = arith.constant 4 : i64
      %low = arith.constant 262143 : i64
      %kind = arith.index_cast %kind64 : i64 to index
      %tid = nvvm.read.ptx.sreg.tid.x : i32
      %sa = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %sb = llvm.getelementptr %sa[49152] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8

      // Sixteen bytes g of row r of a panel go where those g xor r mod 8 would.
      %b_granules = arith.muli %b_rows, %i8 : i32
      %b_pitch = arith.muli %b_panels, %i8 : i32
      scf.for %panel = %i0 to %b_panels step %i1 : i32 {
        scf.for %at = %tid to %b_granules step %threads : i32 {
          %r = arith.divui %at, %i8 : i32
          %g = arith.remui %at, %i8 : i32
          %row = arith.muli %r, %b_pitch : i32
          %before = arith.muli %panel, %i8 : i32
          %in_row = arith.addi %before, %g : i32
          %from_at = arith.addi %row, %in_row : i32
          %from = llvm.getelementptr %b[%from_at] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, vector<4xi32>
          %sixteen = llvm.load %from : !llvm.ptr<1> -> vector<4xi32>
          %phase = arith.remui %r, %i8 : i32
          %swizzled = arith.xori %at, %phase : i32
          %panel_at = arith.muli %panel, %b_granules : i32
          %to_at = arith.addi %panel_at, %swizzled : i32
          %to = llvm.getelementptr %sb[%to_at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, vector<4xi32>
          llvm.store %sixteen, %to : vector<4xi32>, !llvm.ptr<3>
        }
      }
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      %a_granules = arith.muli %a_rows, %i8 : i32
      %a_pitch = arith.muli %a_panels, %i8 : i32
      scf.for %panel = %i0 to %a_panels step %i1 : i32 {
        scf.for %at = %tid to %a_granules step %threads : i32 {
          %r = arith.divui %at, %i8 : i32
          %g = arith.remui %at, %i8 : i32
          %row = arith.muli %r, %a_pitch : i32
          %before = arith.muli %panel, %i8 : i32
          %in_row = arith.addi %before, %g : i32
          %from_at = arith.addi %row, %in_row : i32
          %from = llvm.getelementptr %a[%from_at] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, vector<4xi32>
          %sixteen = llvm.load %from : !llvm.ptr<1> -> vector<4xi32>
          %phase = arith.remui %r, %i8 : i32
          %swizzled = arith.xori %at, %phase : i32
          %panel_at = arith.muli %panel, %a_granules : i32
          %to_at = arith.addi %panel_at, %swizzled : i32
          %to = llvm.getelementptr %sa[%to_at] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, vector<4xi32>
          llvm.store %sixteen, %to : vector<4xi32>, !llvm.ptr<3>
        }
      }
      %unfenced = arith.cmpi eq, %fault, %i1 : i32
      %fenced = arith.xori %unfenced, %true : i1
      scf.if %fenced {
        nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      }
      nvvm.barrier0

      // The same in all lanes, and the compiler knows.
      %full_mask = arith.constant -1 : i32
      %clamp = arith.constant 31 : i32
      %tid_group = arith.divui %tid, %i128 : i32
      %group = nvvm.shfl.sync idx %full_mask, %tid_group, %i0, %clamp : i32 -> i32
      %group_64 = arith.extui %group : i32 to i64
      %to_group = arith.muli %group_64, %a_group : i64
      %pa = llvm.ptrtoint %sa : !llvm.ptr<3> to i64
      %pa_low = arith.andi %pa, %low : i64
      %pa_field = arith.shrui %pa_low, %l4 : i64
      %a_first = arith.addi %a_fields, %pa_field : i64
      %da = arith.addi %a_first, %to_group : i64
      %b_fields = arith.constant 4611686293305294848 : i64
      %pb = llvm.ptrtoint %sb : !llvm.ptr<3> to i64
      %pb_low = arith.andi %pb, %low : i64
      %pb_field = arith.shrui %pb_low, %l4 : i64
      %db = arith.addi %b_fields, %pb_field : i64

      %none = llvm.mlir.undef : !acc
      nvvm.wgmma.fence.aligned
      %sum:2 = scf.for %i = %c0 to %c3 step %c1 iter_args(%outer_acc = %none, %outer_more = %false) -> (!acc, i1) {
        %i_64 = arith.index_cast %i : index to i64
        %a_at = arith.muli %i_64, %a_64 : i64
        %b_at = arith.muli %i_64, %b_64 : i64
        %da_i = arith.addi %da, %a_at : i64
        %db_i = arith.addi %db, %b_at : i64
        %inner:2 = scf.for %j = %c0 to %c4 step %c1 iter_args(%acc = %outer_acc, %more = %outer_more) -> (!acc, i1) {
          %j_64 = arith.index_cast %j : index to i64
          %a_by = arith.muli %j_64, %a_16 : i64
          %b_by = arith.muli %j_64, %b_16 : i64
          %da_j = arith.addi %da_i, %a_by : i64
          %db_j = arith.addi %db_i, %b_by : i64
          %d = scf.index_switch %kind -> !acc
          case 0 {
            %x = "simplicial.wgmma"(%acc, %da_j, %db_j, %more) {type = bf16} : (!acc, i64, i64, i1) -> !acc
            scf.yield %x : !acc
          }
          case 1 {
            %x = "simplicial.wgmma"(%acc, %da_j, %db_j, %more) {type = f16} : (!acc, i64, i64, i1) -> !acc
            scf.yield %x : !acc
          }
          case 2 {
            %x = "simplicial.wgmma"(%acc, %da_j, %db_j, %more) {type = bf16, a_mn_major} : (!acc, i64, i64, i1) -> !acc
            scf.yield %x : !acc
          }
          case 3 {
            %x = "simplicial.wgmma"(%acc, %da_j, %db_j, %more) {type = f16, a_mn_major} : (!acc, i64, i64, i1) -> !acc
            scf.yield %x : !acc
          }
          case 4 {
            %x = "simplicial.wgmma"(%acc, %da_j, %db_j, %more) {type = bf16, b_mn_major} : (!acc, i64, i64, i1) -> !acc
            scf.yield %x : !acc
          }
          case 5 {
            %x = "simplicial.wgmma"(%acc, %da_j, %db_j, %more) {type = f16, b_mn_major} : (!acc, i64, i64, i1) -> !acc
            scf.yield %x : !acc
          }
          case 6 {
            %x = "simplicial.wgmma"(%acc, %da_j, %db_j, %more) {type = bf16, a_mn_major, b_mn_major} : (!acc, i64, i64, i1) -> !acc
            scf.yield %x : !acc
          }
          default {
            %x = "simplicial.wgmma"(%acc, %da_j, %db_j, %more) {type = f16, a_mn_major, b_mn_major} : (!acc, i64, i64, i1) -> !acc
            scf.yield %x : !acc
          }
          scf.yield %d, %true : !acc, i1
        }
        scf.yield %inner#0, %inner#1 : !acc, i1
      }
      nvvm.wgmma.commit.group.sync.aligned
      %early = arith.cmpi eq, %fault, %i2 : i32
      scf.if %early {
        %last = llvm.getelementptr %sa[112] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
        llvm.store %i0, %last : i32, !llvm.ptr<3>
      }
      nvvm.wgmma.wait.group.sync.aligned 0
      %result = "simplicial.tie"(%sum#0) : (!acc) -> !acc

      // Row 16 warp + lane / 4, and column 2 (lane % 4).
      %warp = arith.divui %tid, %i32 : i32
      %lane = arith.remui %tid, %i32 : i32
      %g = arith.divui %lane, %i4 : i32
      %t = arith.remui %lane, %i4 : i32
      %warp_row = arith.muli %warp, %i16 : i32
      %row = arith.addi %warp_row, %g : i32
      %column = arith.muli %t, %i2 : i32
      %row_at = arith.muli %row, %i16 : i32
      %element = arith.addi %row_at, %column : i32
      %to = llvm.getelementptr %c[%element] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %x0 = llvm.extractvalue %result[0] : !acc
      %q0 = llvm.getelementptr %to[0] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x0, %q0 : f32, !llvm.ptr<1>
      %x1 = llvm.extractvalue %result[1] : !acc
      %q1 = llvm.getelementptr %to[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x1, %q1 : f32, !llvm.ptr<1>
      %x2 = llvm.extractvalue %result[2] : !acc
      %q2 = llvm.getelementptr %to[128] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x2, %q2 : f32, !llvm.ptr<1>
      %x3 = llvm.extractvalue %result[3] : !acc
      %q3 = llvm.getelementptr %to[129] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x3, %q3 : f32, !llvm.ptr<1>
      %x4 = llvm.extractvalue %result[4] : !acc
      %q4 = llvm.getelementptr %to[8] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x4, %q4 : f32, !llvm.ptr<1>
      %x5 = llvm.extractvalue %result[5] : !acc
      %q5 = llvm.getelementptr %to[9] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x5, %q5 : f32, !llvm.ptr<1>
      %x6 = llvm.extractvalue %result[6] : !acc
      %q6 = llvm.getelementptr %to[136] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x6, %q6 : f32, !llvm.ptr<1>
      %x7 = llvm.extractvalue %result[7] : !acc
      %q7 = llvm.getelementptr %to[137] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
      llvm.store %x7, %q7 : f32, !llvm.ptr<1>
      llvm.return
    }
  }

  func.func private @report()
  func.func private @fill_bf16(!matrix) attributes {llvm.emit_c_interface}
  func.func private @fill_f16(!matrix) attributes {llvm.emit_c_interface}
  func.func private @fill_f32(memref<128x16xf32>) attributes {llvm.emit_c_interface}
  func.func private @check_product(memref<128x16xf32>, i64, i1) attributes {llvm.emit_c_interface}

  // A product of that kind into %c, with these steps between descriptors of A.
  func.func @launch(%c: memref<128x16xf32>, %kind: i64, %fault: i32,
                    %a_fields: i64, %a_16: i64, %a_64: i64, %a_group: i64) {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %c128 = arith.constant 128 : index
    %c192 = arith.constant 192 : index
    %c256 = arith.constant 256 : index
    %l0 = arith.constant 0 : i64
    %l1 = arith.constant 1 : i64
    %l2 = arith.constant 2 : i64
    %l4 = arith.constant 4 : i64
    %l128 = arith.constant 128 : i64
    %l512 = arith.constant 512 : i64
    %i1 = arith.constant 1 : i32
    %i2 = arith.constant 2 : i32
    %i3 = arith.constant 3 : i32
    %i64 = arith.constant 64 : i32
    %i128 = arith.constant 128 : i32
    %i192 = arith.constant 192 : i32
    %shared = arith.constant 73728 : i32
    %a = memref.alloc() {alignment = 16 : i64} : memref<24576xi16>
    %b = memref.alloc() {alignment = 16 : i64} : memref<12288xi16>

    // One matrix or its transpose is in memory, and has the same elements.
    %kind_a = arith.andi %kind, %l2 : i64
    %a_mn = arith.cmpi ne, %kind_a, %l0 : i64
    %a_row = arith.select %a_mn, %c1, %c192 : index
    %a_column = arith.select %a_mn, %c128, %c1 : index
    %a_rows = arith.select %a_mn, %i192, %i128 : i32
    %a_panels = arith.select %a_mn, %i2, %i3 : i32
    %a_view = memref.reinterpret_cast %a to offset: [0], sizes: [%c128, %c192], strides: [%a_row, %a_column] : memref<24576xi16> to !matrix
    %kind_b = arith.andi %kind, %l4 : i64
    %b_mn = arith.cmpi ne, %kind_b, %l0 : i64
    %b_row = arith.select %b_mn, %c1, %c192 : index
    %b_column = arith.select %b_mn, %c64, %c1 : index
    %b_rows = arith.select %b_mn, %i192, %i64 : i32
    %b_panels = arith.select %b_mn, %i1, %i3 : i32
    %b_16 = arith.select %b_mn, %l128, %l2 : i64
    %b_view = memref.reinterpret_cast %b to offset: [0], sizes: [%c64, %c192], strides: [%b_row, %b_column] : memref<12288xi16> to !matrix
    %kind_type = arith.andi %kind, %l1 : i64
    %f16 = arith.cmpi ne, %kind_type, %l0 : i64
    scf.if %f16 {
      func.call @fill_f16(%a_view) : (!matrix) -> ()
      func.call @fill_f16(%b_view) : (!matrix) -> ()
    } else {
      func.call @fill_bf16(%a_view) : (!matrix) -> ()
      func.call @fill_bf16(%b_view) : (!matrix) -> ()
    }
    call @fill_f32(%c) : (memref<128x16xf32>) -> ()

    %ai = memref.extract_aligned_pointer_as_index %a : memref<24576xi16> -> index
    %aj = arith.index_cast %ai : index to i64
    %ap = llvm.inttoptr %aj : i64 to !llvm.ptr<1>
    %bi = memref.extract_aligned_pointer_as_index %b : memref<12288xi16> -> index
    %bj = arith.index_cast %bi : index to i64
    %bp = llvm.inttoptr %bj : i64 to !llvm.ptr<1>
    %ci = memref.extract_aligned_pointer_as_index %c : memref<128x16xf32> -> index
    %cj = arith.index_cast %ci : index to i64
    %cp = llvm.inttoptr %cj : i64 to !llvm.ptr<1>
    gpu.launch_func @kernels::@product blocks in (%c1, %c1, %c1) threads in (%c256, %c1, %c1)
      dynamic_shared_memory_size %shared args(%ap : !llvm.ptr<1>, %bp : !llvm.ptr<1>, %cp : !llvm.ptr<1>, %kind : i64, %fault : i32,
        %a_rows : i32, %a_panels : i32, %b_rows : i32, %b_panels : i32,
        %a_fields : i64, %a_16 : i64, %a_64 : i64, %a_group : i64, %b_16 : i64, %l512 : i64)
    memref.dealloc %a : memref<24576xi16>
    memref.dealloc %b : memref<12288xi16>
    return
  }

  func.func @main() {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %false = arith.constant false
    %right = arith.constant 0 : i32
    %not_fenced = arith.constant 1 : i32
    %too_early = arith.constant 2 : i32
    %l0 = arith.constant 0 : i64
    %l2 = arith.constant 2 : i64
    %l32 = arith.constant 32 : i64
    %l64 = arith.constant 64 : i64
    %l128 = arith.constant 128 : i64
    %l192 = arith.constant 192 : i64
    %l512 = arith.constant 512 : i64
    %k_panel = arith.constant 1024 : i64
    %mn_panel = arith.constant 1536 : i64
    // Swizzled by 128 bytes, 1024 from 8 rows of a panel to the next 8. How far
    // it is to the next panel is not read.
    %fields = arith.constant 4611686293305294848 : i64
    %c = memref.alloc() {alignment = 16 : i64} : memref<128x16xf32>
    scf.for %kind = %c0 to %c8 step %c1 {
      %kind_64 = arith.index_cast %kind : index to i64
      %kind_a = arith.andi %kind_64, %l2 : i64
      %a_mn = arith.cmpi ne, %kind_a, %l0 : i64
      %a_16 = arith.select %a_mn, %l128, %l2 : i64
      %a_64 = arith.select %a_mn, %l512, %k_panel : i64
      %a_group = arith.select %a_mn, %mn_panel, %l512 : i64
      func.call @launch(%c, %kind_64, %right, %fields, %a_16, %a_64, %a_group)
        : (memref<128x16xf32>, i64, i32, i64, i64, i64, i64) -> ()
      func.call @check_product(%c, %l192, %false) : (memref<128x16xf32>, i64, i1) -> ()
    }
    call @report() : () -> ()
    %far = arith.constant 4611721202799476736 : i64
    // MN-major, at 32 bytes from the last, as K-major.
    // CHECK: simplicial.wgmma: misaligned: a matrix at 0x420, whose rows are partly outside of the 128 bytes that are swizzled
    call @launch(%c, %l2, %right, %fields, %l2, %k_panel, %l512) : (memref<128x16xf32>, i64, i32, i64, i64, i64, i64) -> ()
    call @report() : () -> ()

    // At 4 rows from the last.
    // CHECK: simplicial.wgmma: misaligned: a matrix at 0x600, in the middle of the pattern of its 128-byte swizzle
    call @launch(%c, %l2, %right, %fields, %l32, %l128, %mn_panel) : (memref<128x16xf32>, i64, i32, i64, i64, i64, i64) -> ()
    call @report() : () -> ()

    // With 128 KiB from 8 of k to the next.
    // CHECK: simplicial.wgmma: out of bounds: reads 16 bytes of shared memory
    call @launch(%c, %l2, %right, %far, %l128, %l512, %mn_panel) : (memref<128x16xf32>, i64, i32, i64, i64, i64, i64) -> ()
    call @report() : () -> ()

    // K-major, with no fence behind what is written.
    // CHECK: simplicial.wgmma: reads byte {{[0-9]+}} of shared memory, which thread {{[0-9]+}} writes at {{.*}}: llvm.store with no fence.proxy.async of its own behind
    call @launch(%c, %l0, %not_fenced, %fields, %l2, %k_panel, %l512) : (memref<128x16xf32>, i64, i32, i64, i64, i64, i64) -> ()
    call @report() : () -> ()

    // K-major, written before it has been read.
    // CHECK: llvm.store: writes byte {{[0-9]+}} of shared memory without having waited for what reads it, from {{.*}}: simplicial.wgmma
    call @launch(%c, %l0, %too_early, %fields, %l2, %k_panel, %l512) : (memref<128x16xf32>, i64, i32, i64, i64, i64, i64) -> ()
    call @report() : () -> ()

    // MN-major, with no fence behind what is written.
    // CHECK: simplicial.wgmma: reads byte {{[0-9]+}} of shared memory, which thread {{[0-9]+}} writes at {{.*}}: llvm.store with no fence.proxy.async of its own behind
    call @launch(%c, %l2, %not_fenced, %fields, %l128, %l512, %mn_panel) : (memref<128x16xf32>, i64, i32, i64, i64, i64, i64) -> ()
    call @report() : () -> ()

    // MN-major, written before it has been read.
    // CHECK: llvm.store: writes byte {{[0-9]+}} of shared memory without having waited for what reads it, from {{.*}}: simplicial.wgmma
    call @launch(%c, %l2, %too_early, %fields, %l128, %l512, %mn_panel) : (memref<128x16xf32>, i64, i32, i64, i64, i64, i64) -> ()
    call @report() : () -> ()
    memref.dealloc %c : memref<128x16xf32>
    return
  }
}
