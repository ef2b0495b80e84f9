// C = A B, in the four ways in which two matrices can lie: of A [M, K] or [K, M], of B [N, K] or [K, N].
// Blocks have 64 or 128 rows of C, the last ones fewer; N is a multiple of 64.

#map = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#km = affine_map<(m, n, k) -> (k, m)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mk_nk = {indexing_maps = [#mk, #nk, #map], iterator_types = ["parallel", "parallel", "reduction"]}
#mk_kn = {indexing_maps = [#mk, #kn, #map], iterator_types = ["parallel", "parallel", "reduction"]}
#km_nk = {indexing_maps = [#km, #nk, #map], iterator_types = ["parallel", "parallel", "reduction"]}
#km_kn = {indexing_maps = [#km, #kn, #map], iterator_types = ["parallel", "parallel", "reduction"]}

func.func @mk_nk(%a: memref<?x?xbf16>, %b: memref<?x?xbf16>, %c: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %a, %c0 : memref<?x?xbf16>
  %k = memref.dim %a, %c1 : memref<?x?xbf16>
  %n = memref.dim %b, %c0 : memref<?x?xbf16>
  %rows = arith.ceildivui %m, %c64 : index
  %columns = arith.divui %n, %c64 : index
  scf.forall (%i, %j) in (%rows, %columns) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %row = arith.muli %i, %c64 : index
    %column = arith.muli %j, %c64 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c64 : vector<64x64xi1>
    %sum = scf.for %at = %c0 to %k step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %x = vector.transfer_read %a[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x?xbf16>, vector<64x64xbf16>
      %y = vector.transfer_read %b[%column, %at], %pad {in_bounds = [true, true]} : memref<?x?xbf16>, vector<64x64xbf16>
      %next = vector.contract #mk_nk %x, %y, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %next : vector<64x64xf32>
    }
    vector.transfer_write %sum, %c[%row, %column], %mask {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x?xf32>
  }
  return
}

// 128 rows. K is a multiple of 32.
func.func @mk_kn(%a: memref<?x?xbf16>, %b: memref<?x?xbf16>, %c: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c128 = arith.constant 128 : index
  %m = memref.dim %a, %c0 : memref<?x?xbf16>
  %k = memref.dim %a, %c1 : memref<?x?xbf16>
  %n = memref.dim %b, %c1 : memref<?x?xbf16>
  %rows = arith.ceildivui %m, %c128 : index
  %columns = arith.divui %n, %c64 : index
  scf.forall (%i, %j) in (%rows, %columns) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<128x64xf32>
    %row = arith.muli %i, %c128 : index
    %column = arith.muli %j, %c64 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c32 : vector<128x32xi1>
    %sum = scf.for %at = %c0 to %k step %c32 iter_args(%acc = %zero) -> (vector<128x64xf32>) {
      %left = arith.subi %k, %at : index
      %depth = vector.create_mask %left, %c64 : vector<32x64xi1>
      %x = vector.transfer_read %a[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x?xbf16>, vector<128x32xbf16>
      %y = vector.transfer_read %b[%at, %column], %pad, %depth {in_bounds = [true, true]} : memref<?x?xbf16>, vector<32x64xbf16>
      %next = vector.contract #mk_kn %x, %y, %acc : vector<128x32xbf16>, vector<32x64xbf16> into vector<128x64xf32>
      scf.yield %next : vector<128x64xf32>
    }
    %written = vector.create_mask %count, %c64 : vector<128x64xi1>
    vector.transfer_write %sum, %c[%row, %column], %written {in_bounds = [true, true]} : vector<128x64xf32>, memref<?x?xf32>
  }
  return
}

// M and K are multiples of 64.
func.func @km_nk(%a: memref<?x?xbf16>, %b: memref<?x?xbf16>, %c: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %k = memref.dim %a, %c0 : memref<?x?xbf16>
  %m = memref.dim %a, %c1 : memref<?x?xbf16>
  %n = memref.dim %b, %c0 : memref<?x?xbf16>
  %rows = arith.divui %m, %c64 : index
  %columns = arith.divui %n, %c64 : index
  scf.forall (%i, %j) in (%rows, %columns) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %row = arith.muli %i, %c64 : index
    %column = arith.muli %j, %c64 : index
    %sum = scf.for %at = %c0 to %k step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %x = vector.transfer_read %a[%at, %row], %pad {in_bounds = [true, true]} : memref<?x?xbf16>, vector<64x64xbf16>
      %y = vector.transfer_read %b[%column, %at], %pad {in_bounds = [true, true]} : memref<?x?xbf16>, vector<64x64xbf16>
      %next = vector.contract #km_nk %x, %y, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %next : vector<64x64xf32>
    }
    vector.transfer_write %sum, %c[%row, %column] {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x?xf32>
  }
  return
}

// 128 rows, of which M is a multiple; K of nothing: past its end both operands read as zeros.
func.func @km_kn(%a: memref<?x?xbf16>, %b: memref<?x?xbf16>, %c: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c128 = arith.constant 128 : index
  %k = memref.dim %a, %c0 : memref<?x?xbf16>
  %m = memref.dim %a, %c1 : memref<?x?xbf16>
  %n = memref.dim %b, %c1 : memref<?x?xbf16>
  %rows = arith.divui %m, %c128 : index
  %columns = arith.divui %n, %c64 : index
  scf.forall (%i, %j) in (%rows, %columns) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<128x64xf32>
    %row = arith.muli %i, %c128 : index
    %column = arith.muli %j, %c64 : index
    %sum = scf.for %at = %c0 to %k step %c32 iter_args(%acc = %zero) -> (vector<128x64xf32>) {
      %left = arith.subi %k, %at : index
      %deep = vector.create_mask %left, %c128 : vector<32x128xi1>
      %depth = vector.create_mask %left, %c64 : vector<32x64xi1>
      %x = vector.transfer_read %a[%at, %row], %pad, %deep {in_bounds = [true, true]} : memref<?x?xbf16>, vector<32x128xbf16>
      %y = vector.transfer_read %b[%at, %column], %pad, %depth {in_bounds = [true, true]} : memref<?x?xbf16>, vector<32x64xbf16>
      %next = vector.contract #km_kn %x, %y, %acc : vector<32x128xbf16>, vector<32x64xbf16> into vector<128x64xf32>
      scf.yield %next : vector<128x64xf32>
    }
    vector.transfer_write %sum, %c[%row, %column] {in_bounds = [true, true]} : vector<128x64xf32>, memref<?x?xf32>
  }
  return
}

// C = A B with B [K, N] loaded as [N, K], of neighbours that lie apart. M, N and K are multiples of 64.
func.func @turned(%a: memref<?x?xbf16>, %b: memref<?x?xbf16>, %c: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %a, %c0 : memref<?x?xbf16>
  %k = memref.dim %a, %c1 : memref<?x?xbf16>
  %n = memref.dim %b, %c1 : memref<?x?xbf16>
  %rows = arith.divui %m, %c64 : index
  %columns = arith.divui %n, %c64 : index
  scf.forall (%i, %j) in (%rows, %columns) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %row = arith.muli %i, %c64 : index
    %column = arith.muli %j, %c64 : index
    %sum = scf.for %at = %c0 to %k step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %x = vector.transfer_read %a[%row, %at], %pad {in_bounds = [true, true]} : memref<?x?xbf16>, vector<64x64xbf16>
      %y = vector.transfer_read %b[%at, %column], %pad {in_bounds = [true, true], permutation_map = affine_map<(d0, d1) -> (d1, d0)>} : memref<?x?xbf16>, vector<64x64xbf16>
      %next = vector.contract #mk_nk %x, %y, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %next : vector<64x64xf32>
    }
    vector.transfer_write %sum, %c[%row, %column] {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x?xf32>
  }
  return
}
