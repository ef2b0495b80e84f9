// Products of which one is another's operand, share operands, or are added up in places of their own.

#map = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#km = affine_map<(m, n, k) -> (k, m)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mk_nk = {indexing_maps = [#mk, #nk, #map], iterator_types = ["parallel", "parallel", "reduction"]}
#mk_kn = {indexing_maps = [#mk, #kn, #map], iterator_types = ["parallel", "parallel", "reduction"]}
#km_kn = {indexing_maps = [#km, #kn, #map], iterator_types = ["parallel", "parallel", "reduction"]}

// D = (A B) C with A B rounded to bf16; B [K, 128] is taken in tiles of rows, C [128, 64] whole.
func.func @chained(%a: memref<?x?xbf16>, %b: memref<?x128xbf16>, %c: memref<128x64xbf16>, %d: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %a, %c0 : memref<?x?xbf16>
  %k = memref.dim %a, %c1 : memref<?x?xbf16>
  %blocks = arith.ceildivui %m, %c64 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x128xf32>
    %zero64 = arith.constant dense<0.0> : vector<64x64xf32>
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c32 : vector<64x32xi1>
    %ab = scf.for %at = %c0 to %k step %c32 iter_args(%acc = %zero) -> (vector<64x128xf32>) {
      %x = vector.transfer_read %a[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x?xbf16>, vector<64x32xbf16>
      %y = vector.transfer_read %b[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x128xbf16>, vector<32x128xbf16>
      %next = vector.contract #mk_kn %x, %y, %acc : vector<64x32xbf16>, vector<32x128xbf16> into vector<64x128xf32>
      scf.yield %next : vector<64x128xf32>
    }
    %left = arith.truncf %ab : vector<64x128xf32> to vector<64x128xbf16>
    %z = vector.transfer_read %c[%c0, %c0], %pad {in_bounds = [true, true]} : memref<128x64xbf16>, vector<128x64xbf16>
    %r = vector.contract #mk_kn %left, %z, %zero64 : vector<64x128xbf16>, vector<128x64xbf16> into vector<64x64xf32>
    %written = vector.create_mask %count, %c64 : vector<64x64xi1>
    vector.transfer_write %r, %d[%row, %c0], %written {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x64xf32>
  }
  return
}

// P = A B and Q = A C in one loop, of 32 and of 96 columns.
func.func @two_widths(%a: memref<?x?xbf16>, %b: memref<?x32xbf16>, %c: memref<?x96xbf16>, %p: memref<?x32xf32>, %q: memref<?x96xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c96 = arith.constant 96 : index
  %m = memref.dim %a, %c0 : memref<?x?xbf16>
  %k = memref.dim %a, %c1 : memref<?x?xbf16>
  %blocks = arith.ceildivui %m, %c64 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : bf16
    %zero32 = arith.constant dense<0.0> : vector<64x32xf32>
    %zero96 = arith.constant dense<0.0> : vector<64x96xf32>
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c64 : vector<64x64xi1>
    %r:2 = scf.for %at = %c0 to %k step %c64 iter_args(%s = %zero32, %t = %zero96) -> (vector<64x32xf32>, vector<64x96xf32>) {
      %x = vector.transfer_read %a[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x?xbf16>, vector<64x64xbf16>
      %y = vector.transfer_read %b[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x32xbf16>, vector<64x32xbf16>
      %z = vector.transfer_read %c[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x96xbf16>, vector<64x96xbf16>
      %s1 = vector.contract #mk_kn %x, %y, %s : vector<64x64xbf16>, vector<64x32xbf16> into vector<64x32xf32>
      %t1 = vector.contract #mk_kn %x, %z, %t : vector<64x64xbf16>, vector<64x96xbf16> into vector<64x96xf32>
      scf.yield %s1, %t1 : vector<64x32xf32>, vector<64x96xf32>
    }
    %mask32 = vector.create_mask %count, %c32 : vector<64x32xi1>
    %mask96 = vector.create_mask %count, %c96 : vector<64x96xi1>
    vector.transfer_write %r#0, %p[%row, %c0], %mask32 {in_bounds = [true, true]} : vector<64x32xf32>, memref<?x32xf32>
    vector.transfer_write %r#1, %q[%row, %c0], %mask96 {in_bounds = [true, true]} : vector<64x96xf32>, memref<?x96xf32>
  }
  return
}

// With X a tile of 64 rows of x: P += X B^T, Q += A X^T, R += A X. One load, three places.
func.func @everywhere(%a: memref<64x64xbf16>, %b: memref<64x64xbf16>, %x: memref<?x64xbf16>, %p: memref<64x64xf32>, %q: memref<64x64xf32>, %r: memref<64x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %n = memref.dim %x, %c0 : memref<?x64xbf16>
  scf.forall (%i) in (%c1) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %left = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %s:3 = scf.for %at = %c0 to %n step %c64 iter_args(%s0 = %zero, %s1 = %zero, %s2 = %zero) -> (vector<64x64xf32>, vector<64x64xf32>, vector<64x64xf32>) {
      %count = arith.subi %n, %at : index
      %mask = vector.create_mask %count, %c64 : vector<64x64xi1>
      %t = vector.transfer_read %x[%at, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
      %right = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
      %t0 = vector.contract #mk_nk %t, %right, %s0 : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %t1 = vector.contract #mk_nk %left, %t, %s1 : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %t2 = vector.contract #mk_kn %left, %t, %s2 : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %t0, %t1, %t2 : vector<64x64xf32>, vector<64x64xf32>, vector<64x64xf32>
    }
    vector.transfer_write %s#0, %p[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    vector.transfer_write %s#1, %q[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    vector.transfer_write %s#2, %r[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
  }
  return
}

// The same of a tile that is computed: with X the sum over tiles T of x of T T^T, rounded,
// P = X B^T, Q = A X^T, R = A X, and S = X^T A, of which X is the left operand as [K, M].
func.func @computed(%a: memref<64x64xbf16>, %b: memref<64x64xbf16>, %x: memref<?x64xbf16>, %p: memref<64x64xf32>, %q: memref<64x64xf32>, %r: memref<64x64xf32>, %s: memref<64x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %n = memref.dim %x, %c0 : memref<?x64xbf16>
  scf.forall (%i) in (%c1) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %left = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %right = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %sum = scf.for %at = %c0 to %n step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %t = vector.transfer_read %x[%at, %c0], %pad {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
      %next = vector.contract #mk_kn %t, %t, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %next : vector<64x64xf32>
    }
    %t = arith.truncf %sum : vector<64x64xf32> to vector<64x64xbf16>
    %t0 = vector.contract #mk_nk %t, %right, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    %t1 = vector.contract #mk_nk %left, %t, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    %t2 = vector.contract #mk_kn %left, %t, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    %t3 = vector.contract #km_kn %t, %left, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    vector.transfer_write %t0, %p[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    vector.transfer_write %t1, %q[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    vector.transfer_write %t2, %r[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    vector.transfer_write %t3, %s[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
  }
  return
}

// C = A B^T by blocks of 32 rows, and D = E B^T by blocks of 128.
func.func @two_sizes(%a: memref<?x64xbf16>, %e: memref<?x64xbf16>, %b: memref<64x64xbf16>, %c: memref<?x64xf32>, %d: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %c128 = arith.constant 128 : index
  %m = memref.dim %a, %c0 : memref<?x64xbf16>
  %o = memref.dim %e, %c0 : memref<?x64xbf16>
  %small = arith.ceildivui %m, %c32 : index
  %large = arith.ceildivui %o, %c128 : index
  scf.forall (%i) in (%small) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<32x64xf32>
    %row = arith.muli %i, %c32 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c32 : vector<32x32xi1>
    %sum = scf.for %at = %c0 to %c64 step %c32 iter_args(%acc = %zero) -> (vector<32x64xf32>) {
      %x = vector.transfer_read %a[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x64xbf16>, vector<32x32xbf16>
      %y = vector.transfer_read %b[%c0, %at], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x32xbf16>
      %next = vector.contract #mk_nk %x, %y, %acc : vector<32x32xbf16>, vector<64x32xbf16> into vector<32x64xf32>
      scf.yield %next : vector<32x64xf32>
    }
    %written = vector.create_mask %count, %c64 : vector<32x64xi1>
    vector.transfer_write %sum, %c[%row, %c0], %written {in_bounds = [true, true]} : vector<32x64xf32>, memref<?x64xf32>
  }
  scf.forall (%i) in (%large) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<128x64xf32>
    %row = arith.muli %i, %c128 : index
    %count = arith.subi %o, %row : index
    %mask = vector.create_mask %count, %c32 : vector<128x32xi1>
    %sum = scf.for %at = %c0 to %c64 step %c32 iter_args(%acc = %zero) -> (vector<128x64xf32>) {
      %x = vector.transfer_read %e[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x64xbf16>, vector<128x32xbf16>
      %y = vector.transfer_read %b[%c0, %at], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x32xbf16>
      %next = vector.contract #mk_nk %x, %y, %acc : vector<128x32xbf16>, vector<64x32xbf16> into vector<128x64xf32>
      scf.yield %next : vector<128x64xf32>
    }
    %written = vector.create_mask %count, %c64 : vector<128x64xi1>
    vector.transfer_write %sum, %d[%row, %c0], %written {in_bounds = [true, true]} : vector<128x64xf32>, memref<?x64xf32>
  }
  return
}

// C = A B^T, halved in blocks of 64 rows of which any element is above 20: a branch that all rows take together.
func.func @halved(%a: memref<?x64xbf16>, %b: memref<64x64xbf16>, %c: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %a, %c0 : memref<?x64xbf16>
  %blocks = arith.ceildivui %m, %c64 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : bf16
    %no = arith.constant false
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %half = arith.constant dense<0.5> : vector<64x64xf32>
    %limit = arith.constant dense<20.0> : vector<64x64xf32>
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c32 : vector<64x32xi1>
    %sum = scf.for %at = %c0 to %c64 step %c32 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %x = vector.transfer_read %a[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x32xbf16>
      %y = vector.transfer_read %b[%c0, %at], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x32xbf16>
      %next = vector.contract #mk_nk %x, %y, %acc : vector<64x32xbf16>, vector<64x32xbf16> into vector<64x64xf32>
      scf.yield %next : vector<64x64xf32>
    }
    %above = arith.cmpf ogt, %sum, %limit : vector<64x64xf32>
    %any = vector.multi_reduction <or>, %above, %no [0, 1] : vector<64x64xi1> to i1
    %r = scf.if %any -> (vector<64x64xf32>) {
      %h = arith.mulf %sum, %half : vector<64x64xf32>
      scf.yield %h : vector<64x64xf32>
    } else {
      scf.yield %sum : vector<64x64xf32>
    }
    %written = vector.create_mask %count, %c64 : vector<64x64xi1>
    vector.transfer_write %r, %c[%row, %c0], %written {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x64xf32>
  }
  return
}

// The same after each step of 64 of K, of which a warp that has no rows copies the operands, where one may.
func.func @halved_steps(%a: memref<?x?xbf16>, %b: memref<64x?xbf16>, %c: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %a, %c0 : memref<?x?xbf16>
  %c1 = arith.constant 1 : index
  %k = memref.dim %a, %c1 : memref<?x?xbf16>
  %blocks = arith.ceildivui %m, %c64 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : bf16
    %no = arith.constant false
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %half = arith.constant dense<0.5> : vector<64x64xf32>
    %limit = arith.constant dense<20.0> : vector<64x64xf32>
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c64 : vector<64x64xi1>
    %sum = scf.for %at = %c0 to %k step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %x = vector.transfer_read %a[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x?xbf16>, vector<64x64xbf16>
      %y = vector.transfer_read %b[%c0, %at], %pad {in_bounds = [true, true]} : memref<64x?xbf16>, vector<64x64xbf16>
      %next = vector.contract #mk_nk %x, %y, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    %above = arith.cmpf ogt, %next, %limit : vector<64x64xf32>
    %any = vector.multi_reduction <or>, %above, %no [0, 1] : vector<64x64xi1> to i1
    %r = scf.if %any -> (vector<64x64xf32>) {
      %h = arith.mulf %next, %half : vector<64x64xf32>
      scf.yield %h : vector<64x64xf32>
    } else {
      scf.yield %next : vector<64x64xf32>
    }
      scf.yield %r : vector<64x64xf32>
    }
    %written = vector.create_mask %count, %c64 : vector<64x64xi1>
    vector.transfer_write %sum, %c[%row, %c0], %written {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x64xf32>
  } {simplicial.producer}
  return
}

// C = s * (A B^T) + t: s by row, and t by column, read in a loop. Of B and t as much is there as n says, of C whole
// tiles: their other columns are zero.
func.func @scaled(%a: memref<?x64xbf16>, %b: memref<?x64xbf16>, %s: memref<?xf32>, %t: memref<?xf32>, %c: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %a, %c0 : memref<?x64xbf16>
  %n = memref.dim %b, %c0 : memref<?x64xbf16>
  %wide = memref.dim %c, %c1 : memref<?x?xf32>
  %blocks = arith.ceildivui %m, %c64 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : bf16
    %nothing = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c64 : vector<64x64xi1>
    %rows = vector.create_mask %count : vector<64xi1>
    %x = vector.transfer_read %a[%row, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
    %u = vector.transfer_read %s[%row], %nothing, %rows {in_bounds = [true]} : memref<?xf32>, vector<64xf32>
    %u1 = vector.shape_cast %u : vector<64xf32> to vector<64x1xf32>
    %u2 = vector.broadcast %u1 : vector<64x1xf32> to vector<64x64xf32>
    scf.for %at = %c0 to %wide step %c64 {
      %left = arith.subi %n, %at : index
      %inside = vector.create_mask %left, %c64 : vector<64x64xi1>
      %columns = vector.create_mask %left : vector<64xi1>
      %y = vector.transfer_read %b[%at, %c0], %pad, %inside {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
      %v = vector.transfer_read %t[%at], %nothing, %columns {in_bounds = [true]} : memref<?xf32>, vector<64xf32>
      %v2 = vector.broadcast %v : vector<64xf32> to vector<64x64xf32>
      %p = vector.contract #mk_nk %x, %y, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %r = math.fma %u2, %p, %v2 : vector<64x64xf32>
      vector.transfer_write %r, %c[%row, %at], %mask {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x?xf32>
    }
  }
  return
}

// C = A B^T, added up in f32 in a block's own memory.
func.func @own_memory(%a: memref<?x?xbf16>, %b: memref<64x?xbf16>, %c: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %a, %c0 : memref<?x?xbf16>
  %k = memref.dim %a, %c1 : memref<?x?xbf16>
  %blocks = arith.ceildivui %m, %c64 : index
  scf.forall (%i) in (%blocks) {
    %own = memref.alloca() : memref<64x64xf32>
    %pad = arith.constant 0.0 : bf16
    %nothing = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c64 : vector<64x64xi1>
    vector.transfer_write %zero, %own[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    scf.for %at = %c0 to %k step %c64 {
      %x = vector.transfer_read %a[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x?xbf16>, vector<64x64xbf16>
      %y = vector.transfer_read %b[%c0, %at], %pad {in_bounds = [true, true]} : memref<64x?xbf16>, vector<64x64xbf16>
      %acc = vector.transfer_read %own[%c0, %c0], %nothing {in_bounds = [true, true]} : memref<64x64xf32>, vector<64x64xf32>
      %next = vector.contract #mk_nk %x, %y, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      vector.transfer_write %next, %own[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    }
    %r = vector.transfer_read %own[%c0, %c0], %nothing {in_bounds = [true, true]} : memref<64x64xf32>, vector<64x64xf32>
    vector.transfer_write %r, %c[%row, %c0], %mask {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x64xf32>
  }
  return
}

// Y = (A B^T) .* X, and S, the sums of Y over each 64 rows: by way of a block's own memory it becomes tiles whose rows are
// pieces of eight columns.
func.func @pieces(%a: memref<?x64xbf16>, %b: memref<64x64xbf16>, %x: memref<?x64xbf16>, %y: memref<?x64xf32>, %s: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %a, %c0 : memref<?x64xbf16>
  %blocks = arith.ceildivui %m, %c64 : index
  scf.forall (%i) in (%blocks) {
    %own = memref.alloca() : memref<64x64xf32>
    %own8 = memref.expand_shape %own [[0], [1, 2]] output_shape [64, 8, 8] : memref<64x64xf32> into memref<64x8x8xf32>
    %x8 = memref.expand_shape %x [[0], [1, 2]] output_shape [%m, 8, 8] : memref<?x64xbf16> into memref<?x8x8xbf16>
    %y8 = memref.expand_shape %y [[0], [1, 2]] output_shape [%m, 8, 8] : memref<?x64xf32> into memref<?x8x8xf32>
    %s8 = memref.expand_shape %s [[0], [1, 2]] output_shape [%blocks, 8, 8] : memref<?x64xf32> into memref<?x8x8xf32>
    %pad = arith.constant 0.0 : bf16
    %nothing = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %none = arith.constant dense<0.0> : vector<64x8xf32>
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c64 : vector<64x64xi1>
    %u = vector.transfer_read %a[%row, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
    %v = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<64x64xbf16>, vector<64x64xbf16>
    %p = vector.contract #mk_nk %u, %v, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
    vector.transfer_write %p, %own[%c0, %c0] {in_bounds = [true, true]} : vector<64x64xf32>, memref<64x64xf32>
    %all = scf.for %at = %c0 to %c64 step %c8 iter_args(%sum = %none) -> (vector<64x8xf32>) {
      %left = arith.subi %count, %at : index
      %there = arith.addi %row, %at : index
      %rows = vector.create_mask %left, %c8, %c8 : vector<8x8x8xi1>
      %p8 = vector.transfer_read %own8[%at, %c0, %c0], %nothing {in_bounds = [true, true, true]} : memref<64x8x8xf32>, vector<8x8x8xf32>
      %xb = vector.transfer_read %x8[%there, %c0, %c0], %pad, %rows {in_bounds = [true, true, true]} : memref<?x8x8xbf16>, vector<8x8x8xbf16>
      %xf = arith.extf %xb : vector<8x8x8xbf16> to vector<8x8x8xf32>
      %r = arith.mulf %p8, %xf : vector<8x8x8xf32>
      vector.transfer_write %r, %y8[%there, %c0, %c0], %rows {in_bounds = [true, true, true]} : vector<8x8x8xf32>, memref<?x8x8xf32>
      %flat = vector.shape_cast %r : vector<8x8x8xf32> to vector<64x8xf32>
      %next = arith.addf %sum, %flat : vector<64x8xf32>
      scf.yield %next : vector<64x8xf32>
    }
    %cube = vector.shape_cast %all : vector<64x8xf32> to vector<8x8x8xf32>
    %init = arith.constant dense<0.0> : vector<8x8xf32>
    %sums = vector.multi_reduction <add>, %cube, %init [0] : vector<8x8x8xf32> to vector<8x8xf32>
    vector.transfer_write %sums, %s8[%i, %c0, %c0] {in_bounds = [true, true], permutation_map = affine_map<(i, j, k) -> (j, k)>} : vector<8x8xf32>, memref<?x8x8xf32>
  }
  return
}

// C = A B^T, added up in C.
func.func @global_memory(%a: memref<?x?xbf16>, %b: memref<64x?xbf16>, %c: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %a, %c0 : memref<?x?xbf16>
  %k = memref.dim %a, %c1 : memref<?x?xbf16>
  %blocks = arith.ceildivui %m, %c64 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : bf16
    %nothing = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c64 : vector<64x64xi1>
    vector.transfer_write %zero, %c[%row, %c0], %mask {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x64xf32>
    scf.for %at = %c0 to %k step %c64 {
      %x = vector.transfer_read %a[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x?xbf16>, vector<64x64xbf16>
      %y = vector.transfer_read %b[%c0, %at], %pad {in_bounds = [true, true]} : memref<64x?xbf16>, vector<64x64xbf16>
      %acc = vector.transfer_read %c[%row, %c0], %nothing, %mask {in_bounds = [true, true]} : memref<?x64xf32>, vector<64x64xf32>
      %next = vector.contract #mk_nk %x, %y, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      vector.transfer_write %next, %c[%row, %c0], %mask {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x64xf32>
    }
  }
  return
}

// D += ((A X^T + s) t) X with X a tile of 64 rows of x, s and t numbers of the columns of A X^T: one row each, for all rows.
func.func @numbers(%a: memref<?x64xbf16>, %x: memref<?x64xbf16>, %s: memref<?x?xf32>, %t: memref<?x?xf32>, %d: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %a, %c0 : memref<?x64xbf16>
  %n = memref.dim %x, %c0 : memref<?x64xbf16>
  %blocks = arith.ceildivui %m, %c64 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : bf16
    %no_number = arith.constant 0.0 : f32
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c64 : vector<64x64xi1>
    %left = vector.transfer_read %a[%row, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
    %sum = scf.for %at = %c0 to %n step %c64 iter_args(%acc = %zero) -> (vector<64x64xf32>) {
      %rest = arith.subi %n, %at : index
      %there = arith.minsi %rest, %c64 : index
      %some = vector.create_mask %there, %c64 : vector<64x64xi1>
      %right = vector.transfer_read %x[%at, %c0], %pad, %some {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
      %s1 = vector.transfer_read %s[%c1, %at], %no_number {in_bounds = [true, true]} : memref<?x?xf32>, vector<1x64xf32>
      %t1 = vector.transfer_read %t[%c2, %at], %no_number {in_bounds = [true, true]} : memref<?x?xf32>, vector<1x64xf32>
      %s2 = vector.shape_cast %s1 : vector<1x64xf32> to vector<1x1x64xf32>
      %s3 = vector.broadcast %s2 : vector<1x1x64xf32> to vector<1x64x64xf32>
      %s4 = vector.shape_cast %s3 : vector<1x64x64xf32> to vector<64x64xf32>
      %t2 = vector.shape_cast %t1 : vector<1x64xf32> to vector<1x1x64xf32>
      %t3 = vector.broadcast %t2 : vector<1x1x64xf32> to vector<1x64x64xf32>
      %t4 = vector.shape_cast %t3 : vector<1x64x64xf32> to vector<64x64xf32>
      %p = vector.contract #mk_nk %left, %right, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %moved = arith.addf %p, %s4 : vector<64x64xf32>
      %scaled = arith.mulf %moved, %t4 : vector<64x64xf32>
      %rounded = arith.truncf %scaled : vector<64x64xf32> to vector<64x64xbf16>
      %next = vector.contract #mk_kn %rounded, %right, %acc : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %next : vector<64x64xf32>
    }
    vector.transfer_write %sum, %d[%row, %c0], %mask {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x64xf32>
  } {simplicial.producer, simplicial.stages = 3 : i64}
  return
}
