// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-stage)'

// A copy ahead is of an iteration that there may be none of: nothing may be read for it.

func.func @place_in_memory(%a: memref<16x16xbf16>, %b: memref<?x16xbf16>, %places: memref<?xindex>, %c: memref<16x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %r = scf.for %k = %c0 to %n step %c16 iter_args(%s0 = %zero) -> (vector<16x16xf32>) {
      %place = memref.load %places[%k] : memref<?xindex>
      // expected-error @below {{simplicial-stage takes loads of places that are computed from the loop's iteration}}
      %y = vector.transfer_read %b[%place, %c0], %pad {in_bounds = [true, true]} : memref<?x16xbf16>, vector<16x16xbf16>
      %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, affine_map<(m,n,k)->(m,n)>],
                            iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %s0
         : vector<16x16xbf16>, vector<16x16xbf16> into vector<16x16xf32>
      scf.yield %s : vector<16x16xf32>
    }
    vector.transfer_write %r, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
