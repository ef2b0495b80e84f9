// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-block)'

func.func @unknown_op(%a: memref<8xf32>) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %x = vector.step : vector<8xindex>
    %y = arith.index_cast %x : vector<8xindex> to vector<8xi32>
    // expected-error @below {{is not an op of tile programs: 'arith.sitofp' is none of them}}
    %z = arith.sitofp %y : vector<8xi32> to vector<8xf32>
    %w = arith.addf %z, %z : vector<8xf32>
    vector.transfer_write %w, %a[%i] {in_bounds = [true]} : vector<8xf32>, memref<8xf32>
  }
  return
}

// -----

func.func @exchanged(%a: memref<8xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %zero = arith.constant dense<0.0> : vector<8xf32>
    %two = arith.constant dense<2.0> : vector<8xf32>
    %r:2 = scf.for %k = %c0 to %n step %c1 iter_args(%x = %zero, %y = %two) -> (vector<8xf32>, vector<8xf32>) {
      // expected-error @below {{simplicial-block cannot lower this 'scf.yield': loop-carried tiles change places}}
      scf.yield %y, %x : vector<8xf32>, vector<8xf32>
    }
    vector.transfer_write %r#0, %a[%c0] {in_bounds = [true]} : vector<8xf32>, memref<8xf32>
  }
  return
}

// -----

func.func @carried_scalar(%a: memref<8xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %zero = arith.constant dense<0.0> : vector<8xf32>
    // expected-error @below {{simplicial-block cannot lower this 'scf.for': loops carry tiles only}}
    %r:2 = scf.for %k = %c0 to %n step %c1 iter_args(%x = %zero, %y = %c0) -> (vector<8xf32>, index) {
      scf.yield %x, %y : vector<8xf32>, index
    }
    vector.transfer_write %r#0, %a[%c0] {in_bounds = [true]} : vector<8xf32>, memref<8xf32>
  }
  return
}

// -----

// The padding of one operand is not that of the other: nothing says that the
// product may stop.

func.func @unpadded_product(%a: memref<16x16xf32>, %b: memref<64x16xf32>, %c: memref<16x64xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %pad = arith.constant 0.0 : f32
    %one = arith.constant dense<1.0> : vector<16x64xf32>
    %m = vector.create_mask %n, %c16 : vector<64x16xi1>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad, %m {in_bounds = [true, true]} : memref<64x16xf32>, vector<64x16xf32>
    // expected-error @below {{simplicial-block cannot lower this 'vector.contract': its right operand is padded where its result is not}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %one
       : vector<16x16xf32>, vector<64x16xf32> into vector<16x64xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x64xf32>, memref<16x64xf32>
  }
  return
}

// -----

func.func @transposed_left(%a: memref<32x16xf32>, %b: memref<32x16xf32>, %c: memref<16x16xf32>, %d: memref<32xf32>, %m: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xf32>, vector<32x16xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xf32>, vector<32x16xf32>
    // expected-error @below {{has a left operand [K, M], for which there is no code}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(k,m)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<32x16xf32>, vector<32x16xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @square_left(%a: memref<16x16xf32>, %b: memref<16x16xf32>, %c: memref<16x16xf32>, %d: memref<32xf32>, %m: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    // expected-error @below {{has a left operand [K, M], for which there is no code}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(k,m)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x16xf32>, vector<16x16xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
