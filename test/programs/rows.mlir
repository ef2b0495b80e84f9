// Programs without any product: of each row for itself.

// y = exp(x - max x) / sum exp(x - max x), rows of 200 columns at once.
func.func @softmax(%x: memref<?x200xf32>, %y: memref<?x200xf32>) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c200 = arith.constant 200 : index
  %n = memref.dim %x, %c0 : memref<?x200xf32>
  %blocks = arith.ceildivui %n, %c64 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : f32
    %none = arith.constant dense<0.0> : vector<64xf32>
    %least = arith.constant dense<0xFF800000> : vector<64xf32>
    %log2e = arith.constant dense<1.44269504> : vector<64x200xf32>
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %n, %row : index
    %mask = vector.create_mask %count, %c200 : vector<64x200xi1>
    %t = vector.transfer_read %x[%row, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x200xf32>, vector<64x200xf32>
    %m = vector.multi_reduction <maxnumf>, %t, %least [1] : vector<64x200xf32> to vector<64xf32>
    %m1 = vector.shape_cast %m : vector<64xf32> to vector<64x1xf32>
    %m2 = vector.broadcast %m1 : vector<64x1xf32> to vector<64x200xf32>
    %below = arith.subf %t, %m2 : vector<64x200xf32>
    %scaled = arith.mulf %below, %log2e : vector<64x200xf32>
    %p = math.exp2 %scaled : vector<64x200xf32>
    %l = vector.multi_reduction <add>, %p, %none [1] : vector<64x200xf32> to vector<64xf32>
    %l1 = vector.shape_cast %l : vector<64xf32> to vector<64x1xf32>
    %l2 = vector.broadcast %l1 : vector<64x1xf32> to vector<64x200xf32>
    %r = arith.divf %p, %l2 : vector<64x200xf32>
    vector.transfer_write %r, %y[%row, %c0], %mask {in_bounds = [true, true]} : vector<64x200xf32>, memref<?x200xf32>
  }
  return
}

// The same for rows of any multiple of 64 columns, 16 at once: read once for the maximum and the sum, once for y.
func.func @long_softmax(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %n = memref.dim %x, %c0 : memref<?x?xf32>
  %d = memref.dim %x, %c1 : memref<?x?xf32>
  %blocks = arith.ceildivui %n, %c16 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : f32
    %none = arith.constant dense<0.0> : vector<16xf32>
    %least = arith.constant dense<-3.0e+38> : vector<16xf32>
    %log2e = arith.constant dense<1.44269504> : vector<16xf32>
    %log2es = arith.constant dense<1.44269504> : vector<16x64xf32>
    %row = arith.muli %i, %c16 : index
    %count = arith.subi %n, %row : index
    %mask = vector.create_mask %count, %c64 : vector<16x64xi1>
    %r:2 = scf.for %at = %c0 to %d step %c64 iter_args(%m = %least, %l = %none) -> (vector<16xf32>, vector<16xf32>) {
      %t = vector.transfer_read %x[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x?xf32>, vector<16x64xf32>
      %max = vector.multi_reduction <maxnumf>, %t, %m [1] : vector<16x64xf32> to vector<16xf32>
      %max1 = vector.shape_cast %max : vector<16xf32> to vector<16x1xf32>
      %max2 = vector.broadcast %max1 : vector<16x1xf32> to vector<16x64xf32>
      %below = arith.subf %t, %max2 : vector<16x64xf32>
      %scaled = arith.mulf %below, %log2es : vector<16x64xf32>
      %p = math.exp2 %scaled : vector<16x64xf32>
      %fall = arith.subf %m, %max : vector<16xf32>
      %steep = arith.mulf %fall, %log2e : vector<16xf32>
      %w = math.exp2 %steep : vector<16xf32>
      %l0 = arith.mulf %l, %w : vector<16xf32>
      %sum = vector.multi_reduction <add>, %p, %l0 [1] : vector<16x64xf32> to vector<16xf32>
      scf.yield %max, %sum : vector<16xf32>, vector<16xf32>
    }
    %m1 = vector.shape_cast %r#0 : vector<16xf32> to vector<16x1xf32>
    %m2 = vector.broadcast %m1 : vector<16x1xf32> to vector<16x64xf32>
    %l1 = vector.shape_cast %r#1 : vector<16xf32> to vector<16x1xf32>
    %l2 = vector.broadcast %l1 : vector<16x1xf32> to vector<16x64xf32>
    scf.for %at = %c0 to %d step %c64 {
      %t = vector.transfer_read %x[%row, %at], %pad, %mask {in_bounds = [true, true]} : memref<?x?xf32>, vector<16x64xf32>
      %below = arith.subf %t, %m2 : vector<16x64xf32>
      %scaled = arith.mulf %below, %log2es : vector<16x64xf32>
      %p = math.exp2 %scaled : vector<16x64xf32>
      %q = arith.divf %p, %l2 : vector<16x64xf32>
      vector.transfer_write %q, %y[%row, %at], %mask {in_bounds = [true, true]} : vector<16x64xf32>, memref<?x?xf32>
    }
  }
  return
}

// y = g x / sqrt(mean x^2 + 1e-5), with g by column: x of bf16, computed in f32.
func.func @rms_norm(%x: memref<?x192xbf16>, %g: memref<192xf32>, %y: memref<?x192xbf16>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c192 = arith.constant 192 : index
  %n = memref.dim %x, %c0 : memref<?x192xbf16>
  %blocks = arith.ceildivui %n, %c32 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant 0.0 : f32
    %none = arith.constant dense<0.0> : vector<32xf32>
    %share = arith.constant dense<0.00520833333> : vector<32xf32> // 1 / 192
    %epsilon = arith.constant dense<1.0e-5> : vector<32xf32>
    %power = arith.constant dense<-0.72134752> : vector<32xf32> // -log2(e) / 2
    %row = arith.muli %i, %c32 : index
    %count = arith.subi %n, %row : index
    %mask = vector.create_mask %count, %c192 : vector<32x192xi1>
    %t = vector.transfer_read %x[%row, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x192xbf16>, vector<32x192xbf16>
    %gains = vector.transfer_read %g[%c0], %zero {in_bounds = [true]} : memref<192xf32>, vector<192xf32>
    %f = arith.extf %t : vector<32x192xbf16> to vector<32x192xf32>
    %square = arith.mulf %f, %f : vector<32x192xf32>
    %sum = vector.multi_reduction <add>, %square, %none [1] : vector<32x192xf32> to vector<32xf32>
    %mean = math.fma %sum, %share, %epsilon : vector<32xf32>
    %log = math.log %mean : vector<32xf32>
    %half = arith.mulf %log, %power : vector<32xf32>
    %inverse = math.exp2 %half : vector<32xf32>
    %s1 = vector.shape_cast %inverse : vector<32xf32> to vector<32x1xf32>
    %s2 = vector.broadcast %s1 : vector<32x1xf32> to vector<32x192xf32>
    %g2 = vector.broadcast %gains : vector<192xf32> to vector<32x192xf32>
    %normal = arith.mulf %f, %s2 : vector<32x192xf32>
    %gained = arith.mulf %normal, %g2 : vector<32x192xf32>
    %rounded = arith.truncf %gained : vector<32x192xf32> to vector<32x192xbf16>
    vector.transfer_write %rounded, %y[%row, %c0], %mask {in_bounds = [true, true]} : vector<32x192xbf16>, memref<?x192xbf16>
  }
  return
}

// y = 2.5 in the first `n` rows, n being x's: nothing is read, and what is written is constant.
func.func @fill(%x: memref<?x64xf32>, %y: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %n = memref.dim %x, %c0 : memref<?x64xf32>
  %blocks = arith.ceildivui %n, %c32 : index
  scf.forall (%i) in (%blocks) {
    %value = arith.constant dense<2.5> : vector<32x64xf32>
    %row = arith.muli %i, %c32 : index
    %count = arith.subi %n, %row : index
    %mask = vector.create_mask %count, %c64 : vector<32x64xi1>
    vector.transfer_write %value, %y[%row, %c0], %mask {in_bounds = [true, true]} : vector<32x64xf32>, memref<?x64xf32>
  }
  return
}

// y = x / 2 in blocks of 32 rows of which any element is above 2, else x: an "or" over all rows of the block.
func.func @halved(%x: memref<?x64xf32>, %y: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %n = memref.dim %x, %c0 : memref<?x64xf32>
  %blocks = arith.ceildivui %n, %c32 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : f32
    %no = arith.constant false
    %half = arith.constant dense<0.5> : vector<32x64xf32>
    %two = arith.constant dense<2.0> : vector<32x64xf32>
    %row = arith.muli %i, %c32 : index
    %count = arith.subi %n, %row : index
    %mask = vector.create_mask %count, %c64 : vector<32x64xi1>
    %t = vector.transfer_read %x[%row, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x64xf32>, vector<32x64xf32>
    %above = arith.cmpf ogt, %t, %two : vector<32x64xf32>
    %any = vector.multi_reduction <or>, %above, %no [0, 1] : vector<32x64xi1> to i1
    %r = scf.if %any -> (vector<32x64xf32>) {
      %h = arith.mulf %t, %half : vector<32x64xf32>
      scf.yield %h : vector<32x64xf32>
    } else {
      scf.yield %t : vector<32x64xf32>
    }
    vector.transfer_write %r, %y[%row, %c0], %mask {in_bounds = [true, true]} : vector<32x64xf32>, memref<?x64xf32>
  }
  return
}

// B = A^T as it is, C = A^T through a block's own memory, rounded: transfers whose columns lie apart in memory.
func.func @transposed(%a: memref<?x?xbf16>, %b: memref<?x?xbf16>, %c: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %m = memref.dim %a, %c0 : memref<?x?xbf16>
  %n = memref.dim %a, %c1 : memref<?x?xbf16>
  %rows = arith.divui %m, %c32 : index
  %columns = arith.divui %n, %c32 : index
  scf.forall (%i, %j) in (%rows, %columns) {
    %pad = arith.constant 0.0 : bf16
    %none = arith.constant 0.0 : f32
    %own = memref.alloca() : memref<32x32xf32>
    %row = arith.muli %i, %c32 : index
    %column = arith.muli %j, %c32 : index
    %x = vector.transfer_read %a[%row, %column], %pad {in_bounds = [true, true], permutation_map = affine_map<(r, c) -> (c, r)>} : memref<?x?xbf16>, vector<32x32xbf16>
    vector.transfer_write %x, %b[%column, %row] {in_bounds = [true, true]} : vector<32x32xbf16>, memref<?x?xbf16>
    %y = vector.transfer_read %a[%row, %column], %pad {in_bounds = [true, true]} : memref<?x?xbf16>, vector<32x32xbf16>
    %wide = arith.extf %y : vector<32x32xbf16> to vector<32x32xf32>
    vector.transfer_write %wide, %own[%c0, %c0] {in_bounds = [true, true], permutation_map = affine_map<(r, c) -> (c, r)>} : vector<32x32xf32>, memref<32x32xf32>
    %z = vector.transfer_read %own[%c0, %c0], %none {in_bounds = [true, true]} : memref<32x32xf32>, vector<32x32xf32>
    vector.transfer_write %z, %c[%column, %row] {in_bounds = [true, true]} : vector<32x32xf32>, memref<?x?xf32>
  }
  return
}
// y[r] = x[r] + x[r + 8] + x[r + 16] + x[r + 24], of those that there are: a block's own memory that is read otherwise
// ordered, its rows several times.
func.func @strided_sums(%x: memref<?x64xbf16>, %y: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %x, %c0 : memref<?x64xbf16>
  %blocks = arith.ceildivui %m, %c16 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : bf16
    %zeros = arith.constant dense<0.0> : vector<16x64xf32>
    %row = arith.muli %i, %c16 : index
    %count = arith.subi %m, %row : index
    %there = vector.create_mask %count, %c64 : vector<40x64xi1>
    %mask = vector.create_mask %count, %c64 : vector<16x64xi1>
    %own = memref.alloca() : memref<40x64xbf16>
    %t = vector.transfer_read %x[%row, %c0], %pad, %there {in_bounds = [true, true]} : memref<?x64xbf16>, vector<40x64xbf16>
    vector.transfer_write %t, %own[%c0, %c0] {in_bounds = [true, true]} : vector<40x64xbf16>, memref<40x64xbf16>
    %view = memref.reinterpret_cast %own to offset: [0], sizes: [4, 16, 64], strides: [512, 64, 1] : memref<40x64xbf16> to memref<4x16x64xbf16, strided<[512, 64, 1]>>
    %u = vector.transfer_read %view[%c0, %c0, %c0], %pad {in_bounds = [true, true, true]} : memref<4x16x64xbf16, strided<[512, 64, 1]>>, vector<4x16x64xbf16>
    %wide = arith.extf %u : vector<4x16x64xbf16> to vector<4x16x64xf32>
    %sums = vector.multi_reduction <add>, %wide, %zeros [0] : vector<4x16x64xf32> to vector<16x64xf32>
    vector.transfer_write %sums, %y[%row, %c0], %mask {in_bounds = [true, true]} : vector<16x64xf32>, memref<?x64xf32>
  }
  return
}
// y = v, 0 where v is above 1, and z = y plus sums of x's rows: what has no columns is by row, as what is added to it.
func.func @numbers(%x: memref<?x64xf32>, %v: memref<?xf32>, %y: memref<?xf32>, %z: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %m = memref.dim %x, %c0 : memref<?x64xf32>
  %blocks = arith.ceildivui %m, %c32 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : f32
    %one = arith.constant dense<1.0> : vector<32xf32>
    %zero = arith.constant dense<0.0> : vector<32xf32>
    %row = arith.muli %i, %c32 : index
    %count = arith.subi %m, %row : index
    %mask = vector.create_mask %count, %c64 : vector<32x64xi1>
    %there = vector.create_mask %count : vector<32xi1>
    %t = vector.transfer_read %x[%row, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x64xf32>, vector<32x64xf32>
    %sums = vector.multi_reduction <add>, %t, %zero [1] : vector<32x64xf32> to vector<32xf32>
    %number = vector.transfer_read %v[%row], %pad, %there {in_bounds = [true]} : memref<?xf32>, vector<32xf32>
    %above = arith.cmpf ogt, %number, %one : vector<32xf32>
    %some = arith.select %above, %zero, %number : vector<32xi1>, vector<32xf32>
    vector.transfer_write %some, %y[%row], %there {in_bounds = [true]} : vector<32xf32>, memref<?xf32>
    %moved = arith.addf %some, %sums : vector<32xf32>
    vector.transfer_write %moved, %z[%row], %there {in_bounds = [true]} : vector<32xf32>, memref<?xf32>
  }
  return
}
