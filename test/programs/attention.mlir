// Softmax attention: of 64 queries a block, over all keys in tiles of 64, the last one of fewer.
// @lazy lets its maximum lag: a branch that each part of the rows may take for itself.

#map = affine_map<(m, n, k) -> (m, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mk_nk = {indexing_maps = [#mk, #nk, #map], iterator_types = ["parallel", "parallel", "reduction"]}
#mk_kn = {indexing_maps = [#mk, #kn, #map], iterator_types = ["parallel", "parallel", "reduction"]}

func.func @attention(%q: memref<?x64xbf16>, %k: memref<?x64xbf16>, %v: memref<?x64xbf16>, %out: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %queries = memref.dim %q, %c0 : memref<?x64xbf16>
  %keys = memref.dim %k, %c0 : memref<?x64xbf16>
  %blocks = arith.ceildivui %queries, %c64 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %none = arith.constant dense<0.0> : vector<64xf32>
    %least = arith.constant dense<-3.0e+38> : vector<64xf32>
    %infinity = arith.constant dense<0xFF800000> : vector<64xf32>
    %hidden = arith.constant dense<0xFF800000> : vector<64x64xf32>
    %scale = arith.constant dense<0.1803368801> : vector<64x64xf32> // log2(e) / sqrt(64)
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %queries, %row : index
    %mask = vector.create_mask %count, %c64 : vector<64x64xi1>
    %x = vector.transfer_read %q[%row, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
    %r:3 = scf.for %at = %c0 to %keys step %c64 iter_args(%m = %least, %l = %none, %acc = %zero) -> (vector<64xf32>, vector<64xf32>, vector<64x64xf32>) {
      %left = arith.subi %keys, %at : index
      %inside = vector.create_mask %left, %c64 : vector<64x64xi1>
      %y = vector.transfer_read %k[%at, %c0], %pad, %inside {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
      %z = vector.transfer_read %v[%at, %c0], %pad, %inside {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
      %product = vector.contract #mk_nk %x, %y, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %scaled = arith.mulf %product, %scale : vector<64x64xf32>
      %seen = vector.create_mask %left : vector<64xi1>
      %columns = vector.broadcast %seen : vector<64xi1> to vector<64x64xi1>
      %s = arith.select %columns, %scaled, %hidden : vector<64x64xi1>, vector<64x64xf32>
      %top = vector.multi_reduction <maxnumf>, %s, %infinity [1] : vector<64x64xf32> to vector<64xf32>
      %max = arith.maxnumf %m, %top : vector<64xf32>
      %max1 = vector.shape_cast %max : vector<64xf32> to vector<64x1xf32>
      %max2 = vector.broadcast %max1 : vector<64x1xf32> to vector<64x64xf32>
      %below = arith.subf %s, %max2 : vector<64x64xf32>
      %p = math.exp2 %below : vector<64x64xf32>
      %fall = arith.subf %m, %max : vector<64xf32>
      %w = math.exp2 %fall : vector<64xf32>
      %w1 = vector.shape_cast %w : vector<64xf32> to vector<64x1xf32>
      %w2 = vector.broadcast %w1 : vector<64x1xf32> to vector<64x64xf32>
      %l0 = arith.mulf %l, %w : vector<64xf32>
      %acc0 = arith.mulf %acc, %w2 : vector<64x64xf32>
      %added = vector.multi_reduction <add>, %p, %none [1] : vector<64x64xf32> to vector<64xf32>
      %sum = arith.addf %l0, %added : vector<64xf32>
      %rounded = arith.truncf %p : vector<64x64xf32> to vector<64x64xbf16>
      %next = vector.contract #mk_kn %rounded, %z, %acc0 : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %max, %sum, %next : vector<64xf32>, vector<64xf32>, vector<64x64xf32>
    }
    %l1 = vector.shape_cast %r#1 : vector<64xf32> to vector<64x1xf32>
    %l2 = vector.broadcast %l1 : vector<64x1xf32> to vector<64x64xf32>
    %o = arith.divf %r#2, %l2 : vector<64x64xf32>
    vector.transfer_write %o, %out[%row, %c0], %mask {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x64xf32>
  }
  return
}

func.func @lazy(%q: memref<?x64xbf16>, %k: memref<?x64xbf16>, %v: memref<?x64xbf16>, %out: memref<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %queries = memref.dim %q, %c0 : memref<?x64xbf16>
  %keys = memref.dim %k, %c0 : memref<?x64xbf16>
  %blocks = arith.ceildivui %queries, %c64 : index
  scf.forall (%i) in (%blocks) {
    %pad = arith.constant 0.0 : bf16
    %zero = arith.constant dense<0.0> : vector<64x64xf32>
    %none = arith.constant dense<0.0> : vector<64xf32>
    %lag = arith.constant dense<4.0> : vector<64xf32>
    %least = arith.constant dense<-3.0e+38> : vector<64xf32>
    %infinity = arith.constant dense<0xFF800000> : vector<64xf32>
    %hidden = arith.constant dense<0xFF800000> : vector<64x64xf32>
    %scale = arith.constant dense<0.1803368801> : vector<64x64xf32> // log2(e) / sqrt(64)
    %row = arith.muli %i, %c64 : index
    %count = arith.subi %queries, %row : index
    %mask = vector.create_mask %count, %c64 : vector<64x64xi1>
    %x = vector.transfer_read %q[%row, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
    %r:3 = scf.for %at = %c0 to %keys step %c64 iter_args(%m = %least, %l = %none, %acc = %zero) -> (vector<64xf32>, vector<64xf32>, vector<64x64xf32>) {
      %left = arith.subi %keys, %at : index
      %inside = vector.create_mask %left, %c64 : vector<64x64xi1>
      %y = vector.transfer_read %k[%at, %c0], %pad, %inside {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
      %z = vector.transfer_read %v[%at, %c0], %pad, %inside {in_bounds = [true, true]} : memref<?x64xbf16>, vector<64x64xbf16>
      %product = vector.contract #mk_nk %x, %y, %zero : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      %scaled = arith.mulf %product, %scale : vector<64x64xf32>
      %seen = vector.create_mask %left : vector<64xi1>
      %columns = vector.broadcast %seen : vector<64xi1> to vector<64x64xi1>
      %s = arith.select %columns, %scaled, %hidden : vector<64x64xi1>, vector<64x64xf32>
      %top = vector.multi_reduction <maxnumf>, %s, %infinity [1] : vector<64x64xf32> to vector<64xf32>
      %bound = arith.addf %m, %lag : vector<64xf32>
      %above = arith.cmpf ogt, %top, %bound : vector<64xf32>
      %no = arith.constant false
      %any = vector.multi_reduction <or>, %above, %no [0] : vector<64xi1> to i1
      %b:3 = scf.if %any -> (vector<64xf32>, vector<64xf32>, vector<64x64xf32>) {
        %max = arith.select %above, %top, %m : vector<64xi1>, vector<64xf32>
        %fall = arith.subf %m, %max : vector<64xf32>
        %w = math.exp2 %fall : vector<64xf32>
        %w1 = vector.shape_cast %w : vector<64xf32> to vector<64x1xf32>
        %w2 = vector.broadcast %w1 : vector<64x1xf32> to vector<64x64xf32>
        %l0 = arith.mulf %l, %w : vector<64xf32>
        %acc0 = arith.mulf %acc, %w2 : vector<64x64xf32>
        scf.yield %max, %l0, %acc0 : vector<64xf32>, vector<64xf32>, vector<64x64xf32>
      } else {
        scf.yield %m, %l, %acc : vector<64xf32>, vector<64xf32>, vector<64x64xf32>
      } {simplicial.rowwise}
      %max1 = vector.shape_cast %b#0 : vector<64xf32> to vector<64x1xf32>
      %max2 = vector.broadcast %max1 : vector<64x1xf32> to vector<64x64xf32>
      %below = arith.subf %s, %max2 : vector<64x64xf32>
      %p = math.exp2 %below : vector<64x64xf32>
      %added = vector.multi_reduction <add>, %p, %none [1] : vector<64x64xf32> to vector<64xf32>
      %sum = arith.addf %b#1, %added : vector<64xf32>
      %rounded = arith.truncf %p : vector<64x64xf32> to vector<64x64xbf16>
      %next = vector.contract #mk_kn %rounded, %z, %b#2 : vector<64x64xbf16>, vector<64x64xbf16> into vector<64x64xf32>
      scf.yield %b#0, %sum, %next : vector<64xf32>, vector<64xf32>, vector<64x64xf32>
    }
    %l1 = vector.shape_cast %r#1 : vector<64xf32> to vector<64x1xf32>
    %l2 = vector.broadcast %l1 : vector<64x1xf32> to vector<64x64xf32>
    %o = arith.divf %r#2, %l2 : vector<64x64xf32>
    vector.transfer_write %o, %out[%row, %c0], %mask {in_bounds = [true, true]} : vector<64x64xf32>, memref<?x64xf32>
  }
  return
}
