// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-block)'
// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-stage)'
// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-distribute)'
// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-check-tiles)'

// Ops that mean something else than in tile programs are refused by each pass that takes these apart.

func.func @transposed_result(%a: memref<16x16xf32>, %b: memref<16x16xf32>, %c: memref<16x16xf32>, %d: memref<32xf32>, %m: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    // expected-error @below {{is not an op of tile programs: 'vector.contract' must have a left operand [M, K] or [K, M]}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(n,m)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x16xf32>, vector<16x16xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @maximum(%a: memref<16x32xf32>, %b: memref<16x32xf32>, %c: memref<16x16xf32>, %d: memref<32xf32>, %m: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    // expected-error @below {{is not an op of tile programs: 'vector.contract' must add products}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<maxnumf>} %x, %y, %zero
       : vector<16x32xf32>, vector<16x32xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @bf16_sum(%a: memref<16x32xbf16>, %b: memref<16x32xbf16>, %c: memref<16x16xbf16>, %d: memref<32xf32>, %m: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %one = arith.constant 1.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xbf16>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    // expected-error @below {{is not an op of tile programs: 'vector.contract' must multiply floats of one type, and add them as f32}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xbf16>, vector<16x32xbf16> into vector<16x16xbf16>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xbf16>, memref<16x16xbf16>
  }
  return
}

// -----

func.func @out_of_bounds(%a: memref<16x32xf32>, %b: memref<16x32xf32>, %c: memref<16x16xf32>, %d: memref<32xf32>, %m: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    // expected-error @below {{is not an op of tile programs: 'vector.transfer_read' must be in bounds, or have a mask}}
    %x = vector.transfer_read %a[%c0, %c0], %pad : memref<16x32xf32>, vector<16x32xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xf32>, vector<16x32xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @padded_with_ones(%a: memref<16x32xf32>, %b: memref<16x32xf32>, %c: memref<16x16xf32>, %d: memref<32xf32>, %m: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %c32 = arith.constant 32 : index
    %mask = vector.create_mask %m, %c32 : vector<16x32xi1>
    // expected-error @below {{is not an op of tile programs: 'vector.transfer_read' must pad with zeros}}
    %x = vector.transfer_read %a[%c0, %c0], %one, %mask {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xf32>, vector<16x32xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @same_row(%a: memref<16x32xf32>, %b: memref<16x32xf32>, %c: memref<16x16xf32>, %d: memref<32xf32>, %m: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    // expected-error @below {{is not an op of tile programs: 'vector.transfer_read' must run along dimensions of the memref}}
    %x = vector.transfer_read %d[%c0], %pad {in_bounds = [true, true], permutation_map = affine_map<(d0) -> (0, d0)>} : memref<32xf32>, vector<16x32xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xf32>, vector<16x32xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @product_of_a_row(%a: memref<16x32xf32>, %b: memref<16x32xf32>, %c: memref<16x16xf32>, %d: memref<32xf32>, %e: memref<16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    %init = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'vector.multi_reduction' must be a sum or a maximum}}
    %r = vector.multi_reduction <mul>, %x, %init [1] : vector<16x32xf32> to vector<16xf32>
    vector.transfer_write %r, %e[%c0] {in_bounds = [true]} : vector<16xf32>, memref<16xf32>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xf32>, vector<16x32xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @smallest_of_a_row(%a: memref<16x32xf32>, %b: memref<16x32xf32>, %c: memref<16x16xf32>, %d: memref<32xf32>, %e: memref<16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    %init = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'vector.multi_reduction' must be a sum or a maximum}}
    %r = vector.multi_reduction <minnumf>, %x, %init [1] : vector<16x32xf32> to vector<16xf32>
    vector.transfer_write %r, %e[%c0] {in_bounds = [true]} : vector<16xf32>, memref<16xf32>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xf32>, vector<16x32xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
