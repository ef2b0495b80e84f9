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

func.func @tf32(%a: memref<8x16xf32>) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%c1) {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<8x16xf32>, vector<8x16xf32>
    // expected-error @below {{simplicial-block cannot lower this 'arith.truncf': there is no arithmetic of its elements}}
    %y = arith.truncf %x : vector<8x16xf32> to vector<8x16xtf32>
    %z = arith.extf %y : vector<8x16xtf32> to vector<8x16xf32>
    vector.transfer_write %z, %a[%c0, %c0] {in_bounds = [true, true]} : vector<8x16xf32>, memref<8x16xf32>
  }
  return
}
