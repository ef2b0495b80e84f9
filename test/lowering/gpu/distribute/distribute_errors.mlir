// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-distribute)'

func.func @not_staged(%a: memref<16x32xbf16>, %b: memref<16x32xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    // expected-error @below {{simplicial-distribute cannot lower this 'vector.contract': its right operand must be in shared memory: run simplicial-stage first}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xbf16>, vector<16x32xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @too_many_rows(%a: memref<160x32xbf16>, %b: memref<16x32xbf16>, %c: memref<160x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<160x16xf32>
  // expected-error @below {{simplicial-distribute takes tiles of at most 128 rows, not 160}}
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<160x32xbf16>, vector<160x32xbf16>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<160x32xbf16>, vector<16x32xbf16> into vector<160x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<160x16xf32>, memref<160x16xf32>
  }
  return
}

// -----

// Two buffers and padding; the number is that of what the kernel uses.

module attributes {simplicial.target = "sm_86"} {
func.func @too_much_shared_memory(%a: memref<16x32xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  // expected-error @below {{the kernel needs 115200 bytes of shared memory; sm_86 has 101376}}
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<2x360x32xbf16, 3>
    %other = memref.alloc() : memref<2x360x32xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    %y = vector.transfer_read %buffer[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<2x360x32xbf16, 3>, vector<16x32xbf16>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xbf16>, vector<16x32xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
}

// -----

// The smallest chip counts.

module attributes {simplicial.target = "sm_90,sm_86,sm_80"} {
func.func @too_much_for_one_of_them(%a: memref<16x32xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  // expected-error @below {{the kernel needs 115200 bytes of shared memory; sm_86 has 101376}}
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<2x360x32xbf16, 3>
    %other = memref.alloc() : memref<2x360x32xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    %y = vector.transfer_read %buffer[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<2x360x32xbf16, 3>, vector<16x32xbf16>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xbf16>, vector<16x32xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
}

// -----

// expected-error @below {{unknown target 'sm_1'; there are: cpu, sm_80}}
module attributes {simplicial.target = "sm_1"} {
func.func @unknown_target(%a: memref<16x32xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x16x32xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    %y = vector.transfer_read %buffer[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x16x32xbf16, 3>, vector<16x32xbf16>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xbf16>, vector<16x32xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
}
