// Gradients of 2-simplicial attention, with causal windows of 4 outer and 24 inner keys, from the forward results'
// logarithms of sums (lse) and the sums over columns of out times its gradient (delta).
//
// With S = scale * (q k1_j) . k2_k, P = exp(S - lse), dP = (dout v1_j) . v2_k and dS = P (dP - delta):
//
// @dq, a block for a query, its 16 heads as rows: W_j = sum_k dS k2_k, dq = scale * sum_j k1_j W_j, and what the query
// adds to dk1_j, scale * sum over heads of q W_j, by the number of j in the query's window.
// @dq_local, the same dq, with the loop over k outside and the outer window in the block's own memory.
// @kv, a block for 16 keys k, columns are heads: T_j = sum P dout and U_j = sum dS q over queries and heads,
// dk2 = scale * sum_j k1_j U_j, dv2 = sum_j v1_j T_j, and what the keys add to dk1_j and dv1_j.

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#mk_nk = {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
#mk_kn = {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
#keys = affine_map<(b, n, h, d) -> (n, d)>
#heads = affine_map<(b, n, h, d) -> (h, d)>
#stats = affine_map<(b, h, n) -> (h)>

func.func @dq(%q: memref<?x?x16x64xbf16>, %k1: memref<?x?x1x64xbf16>, %k2: memref<?x?x1x64xbf16>, %v1: memref<?x?x1x64xbf16>, %v2: memref<?x?x1x64xbf16>, %do: memref<?x?x16x64xbf16>, %lse: memref<?x16x?xf32>, %delta: memref<?x16x?xf32>, %dq: memref<?x?x16x64xf32>, %dk1p: memref<?x?x4x64xf32>) {
  %i0 = arith.constant 0 : index
  %i1 = arith.constant 1 : index
  %B = memref.dim %q, %i0 : memref<?x?x16x64xbf16>
  %N = memref.dim %k1, %i1 : memref<?x?x1x64xbf16>
  %NQ = memref.dim %q, %i1 : memref<?x?x16x64xbf16>
  %shift = arith.subi %N, %NQ : index
  scf.forall (%b, %i) in (%B, %NQ) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c23 = arith.constant 23 : index
    %c3 = arith.constant 3 : index
    %c32 = arith.constant 32 : index
    %c64 = arith.constant 64 : index
    %cst0 = arith.constant dense<0.0> : vector<16x64xf32>
    %cst10 = arith.constant dense<0.0> : vector<16x32xf32>
    %cst11 = arith.constant dense<0xFF800000> : vector<16x32xf32>
    %cst12 = arith.constant dense<0.1803368801> : vector<16x32xf32>
    %cst13 = arith.constant dense<0.0> : vector<1x64xf32>
    %cst14 = arith.constant dense<0.125> : vector<1x64xf32>
    %cst15 = arith.constant dense<0.125> : vector<16x64xf32>
    %cst5 = arith.constant dense<0xFF800000> : vector<16xf32>
    %cst6 = arith.constant dense<-1.442695041> : vector<16xf32>
    %cst7 = arith.constant dense<0.0> : vector<16xf32>
    %zero_f32 = arith.constant 0.0 : f32
    %nothing = arith.constant 0.0 : bf16
    %x1 = arith.addi %i, %shift : index
    %x2 = arith.subi %x1, %c3 : index
    %x3 = arith.maxsi %c0, %x2 : index
    %x4 = arith.subi %x1, %c23 : index
    %x5 = arith.maxsi %c0, %x4 : index
    %x6 = arith.addi %x1, %c1 : index
    %x7 = vector.transfer_read %q[%b, %i, %c0, %c0], %nothing {in_bounds = [true, true], permutation_map = #heads} : memref<?x?x16x64xbf16>, vector<16x64xbf16>
    %x8 = vector.transfer_read %do[%b, %i, %c0, %c0], %nothing {in_bounds = [true, true], permutation_map = #heads} : memref<?x?x16x64xbf16>, vector<16x64xbf16>
    %x9 = vector.transfer_read %lse[%b, %c0, %i], %zero_f32 {in_bounds = [true], permutation_map = #stats} : memref<?x16x?xf32>, vector<16xf32>
    %x10 = arith.cmpf oeq, %x9, %cst5 : vector<16xf32>
    %x11 = arith.mulf %x9, %cst6 : vector<16xf32>
    %x12 = arith.select %x10, %cst7, %x11 : vector<16xi1>, vector<16xf32>
    %x13 = vector.transfer_read %delta[%b, %c0, %i], %zero_f32 {in_bounds = [true], permutation_map = #stats} : memref<?x16x?xf32>, vector<16xf32>
    %x16 = scf.for %x14 = %x3 to %x6 step %c1 iter_args(%x15 = %cst0) -> (vector<16x64xf32>) {
      %x17 = vector.transfer_read %k1[%b, %x14, %c0, %c0], %nothing {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<1x64xbf16>
      %x18 = vector.transfer_read %v1[%b, %x14, %c0, %c0], %nothing {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<1x64xbf16>
      %x19 = vector.shape_cast %x17 : vector<1x64xbf16> to vector<1x1x64xbf16>
      %x20 = vector.broadcast %x19 : vector<1x1x64xbf16> to vector<1x16x64xbf16>
      %x21 = vector.shape_cast %x20 : vector<1x16x64xbf16> to vector<16x64xbf16>
      %x22 = arith.mulf %x7, %x21 : vector<16x64xbf16>
      %x23 = vector.shape_cast %x18 : vector<1x64xbf16> to vector<1x1x64xbf16>
      %x24 = vector.broadcast %x23 : vector<1x1x64xbf16> to vector<1x16x64xbf16>
      %x25 = vector.shape_cast %x24 : vector<1x16x64xbf16> to vector<16x64xbf16>
      %x26 = arith.mulf %x8, %x25 : vector<16x64xbf16>
      %x29 = scf.for %x27 = %x5 to %x6 step %c32 iter_args(%x28 = %cst0) -> (vector<16x64xf32>) {
        %x30 = arith.subi %x6, %x27 : index
        %x31 = arith.minsi %x30, %c32 : index
        %x32 = vector.create_mask %x31, %c64 : vector<32x64xi1>
        %x33 = vector.create_mask %x31 : vector<32xi1>
        %x34 = vector.transfer_read %k2[%b, %x27, %c0, %c0], %nothing, %x32 {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<32x64xbf16>
        %x35 = vector.transfer_read %v2[%b, %x27, %c0, %c0], %nothing, %x32 {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<32x64xbf16>
        %x36 = vector.contract #mk_nk %x22, %x34, %cst10 : vector<16x64xbf16>, vector<32x64xbf16> into vector<16x32xf32>
        %x37 = vector.contract #mk_nk %x26, %x35, %cst10 : vector<16x64xbf16>, vector<32x64xbf16> into vector<16x32xf32>
        %x38 = vector.broadcast %x33 : vector<32xi1> to vector<16x32xi1>
        %x39 = arith.select %x38, %x36, %cst11 : vector<16x32xi1>, vector<16x32xf32>
        %x40 = vector.shape_cast %x12 : vector<16xf32> to vector<16x1xf32>
        %x41 = vector.broadcast %x40 : vector<16x1xf32> to vector<16x32xf32>
        %x42 = math.fma %x39, %cst12, %x41 : vector<16x32xf32>
        %x43 = math.exp2 %x42 : vector<16x32xf32>
        %x44 = vector.shape_cast %x13 : vector<16xf32> to vector<16x1xf32>
        %x45 = vector.broadcast %x44 : vector<16x1xf32> to vector<16x32xf32>
        %x46 = arith.subf %x37, %x45 : vector<16x32xf32>
        %x47 = arith.mulf %x43, %x46 : vector<16x32xf32>
        %x48 = arith.truncf %x47 : vector<16x32xf32> to vector<16x32xbf16>
        %x49 = vector.contract #mk_kn %x48, %x34, %x28 : vector<16x32xbf16>, vector<32x64xbf16> into vector<16x64xf32>
        scf.yield %x49 : vector<16x64xf32>
      }
      %x50 = vector.shape_cast %x17 : vector<1x64xbf16> to vector<1x1x64xbf16>
      %x51 = vector.broadcast %x50 : vector<1x1x64xbf16> to vector<1x16x64xbf16>
      %x52 = vector.shape_cast %x51 : vector<1x16x64xbf16> to vector<16x64xbf16>
      %x53 = arith.extf %x52 : vector<16x64xbf16> to vector<16x64xf32>
      %x54 = math.fma %x53, %x29#0, %x15 : vector<16x64xf32>
      %x55 = arith.extf %x7 : vector<16x64xbf16> to vector<16x64xf32>
      %x56 = arith.mulf %x55, %x29#0 : vector<16x64xf32>
      %x57 = vector.shape_cast %x56 : vector<16x64xf32> to vector<16x1x64xf32>
      %x58 = vector.multi_reduction <add>, %x57, %cst13 [0] : vector<16x1x64xf32> to vector<1x64xf32>
      %x59 = arith.mulf %x58, %cst14 : vector<1x64xf32>
      %x60 = arith.subi %x14, %x3 : index
      vector.transfer_write %x59, %dk1p[%b, %i, %x60, %c0] {in_bounds = [true, true], permutation_map = #heads} : vector<1x64xf32>, memref<?x?x4x64xf32>
      scf.yield %x54 : vector<16x64xf32>
    }
    %x61 = arith.mulf %x16#0, %cst15 : vector<16x64xf32>
    vector.transfer_write %x61, %dq[%b, %i, %c0, %c0] {in_bounds = [true, true], permutation_map = #heads} : vector<16x64xf32>, memref<?x?x16x64xf32>
  }
  return
}

func.func @dq_local(%q: memref<?x?x16x64xbf16>, %k1: memref<?x?x1x64xbf16>, %k2: memref<?x?x1x64xbf16>, %v1: memref<?x?x1x64xbf16>, %v2: memref<?x?x1x64xbf16>, %do: memref<?x?x16x64xbf16>, %lse: memref<?x16x?xf32>, %delta: memref<?x16x?xf32>, %dq: memref<?x?x16x64xf32>) {
  %i0 = arith.constant 0 : index
  %i1 = arith.constant 1 : index
  %B = memref.dim %q, %i0 : memref<?x?x16x64xbf16>
  %N = memref.dim %k1, %i1 : memref<?x?x1x64xbf16>
  %NQ = memref.dim %q, %i1 : memref<?x?x16x64xbf16>
  %shift = arith.subi %N, %NQ : index
  scf.forall (%b, %i) in (%B, %NQ) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c23 = arith.constant 23 : index
    %c3 = arith.constant 3 : index
    %c32 = arith.constant 32 : index
    %c4 = arith.constant 4 : index
    %c64 = arith.constant 64 : index
    %cst0 = arith.constant dense<0.0> : vector<16x64xf32>
    %cst11 = arith.constant dense<0.0> : vector<16x32xf32>
    %cst12 = arith.constant dense<0xFF800000> : vector<16x32xf32>
    %cst13 = arith.constant dense<0.1803368801> : vector<16x32xf32>
    %cst14 = arith.constant dense<0.125> : vector<16x64xf32>
    %cst7 = arith.constant dense<0xFF800000> : vector<16xf32>
    %cst8 = arith.constant dense<-1.442695041> : vector<16xf32>
    %cst9 = arith.constant dense<0.0> : vector<16xf32>
    %zero_f32 = arith.constant 0.0 : f32
    %nothing = arith.constant 0.0 : bf16
    %x1 = arith.addi %i, %shift : index
    %x2 = arith.subi %x1, %c3 : index
    %x3 = arith.maxsi %c0, %x2 : index
    %x4 = arith.subi %x1, %c23 : index
    %x5 = arith.maxsi %c0, %x4 : index
    %x6 = arith.addi %x1, %c1 : index
    %x7 = memref.alloca() : memref<4x64xbf16>
    %x8 = memref.alloca() : memref<4x64xbf16>
    %x9 = arith.subi %x6, %x3 : index
    %x10 = arith.minsi %c4, %x9 : index
    scf.for %x11 = %c0 to %x10 step %c4 {
      %x12 = vector.create_mask %x10, %c64 : vector<4x64xi1>
      %x13 = vector.transfer_read %k1[%b, %x3, %c0, %c0], %nothing, %x12 {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<4x64xbf16>
      vector.transfer_write %x13, %x7[%c0, %c0] {in_bounds = [true, true]} : vector<4x64xbf16>, memref<4x64xbf16>
      %x14 = vector.transfer_read %v1[%b, %x3, %c0, %c0], %nothing, %x12 {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<4x64xbf16>
      vector.transfer_write %x14, %x8[%c0, %c0] {in_bounds = [true, true]} : vector<4x64xbf16>, memref<4x64xbf16>
    }
    %x15 = vector.transfer_read %q[%b, %i, %c0, %c0], %nothing {in_bounds = [true, true], permutation_map = #heads} : memref<?x?x16x64xbf16>, vector<16x64xbf16>
    %x16 = vector.transfer_read %do[%b, %i, %c0, %c0], %nothing {in_bounds = [true, true], permutation_map = #heads} : memref<?x?x16x64xbf16>, vector<16x64xbf16>
    %x17 = vector.transfer_read %lse[%b, %c0, %i], %zero_f32 {in_bounds = [true], permutation_map = #stats} : memref<?x16x?xf32>, vector<16xf32>
    %x18 = arith.cmpf oeq, %x17, %cst7 : vector<16xf32>
    %x19 = arith.mulf %x17, %cst8 : vector<16xf32>
    %x20 = arith.select %x18, %cst9, %x19 : vector<16xi1>, vector<16xf32>
    %x21 = vector.transfer_read %delta[%b, %c0, %i], %zero_f32 {in_bounds = [true], permutation_map = #stats} : memref<?x16x?xf32>, vector<16xf32>
    %x24 = scf.for %x22 = %x5 to %x6 step %c32 iter_args(%x23 = %cst0) -> (vector<16x64xf32>) {
      %x25 = arith.subi %x6, %x22 : index
      %x26 = arith.minsi %x25, %c32 : index
      %x27 = vector.create_mask %x26, %c64 : vector<32x64xi1>
      %x28 = vector.create_mask %x26 : vector<32xi1>
      %x29 = vector.transfer_read %k2[%b, %x22, %c0, %c0], %nothing, %x27 {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<32x64xbf16>
      %x30 = vector.transfer_read %v2[%b, %x22, %c0, %c0], %nothing, %x27 {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<32x64xbf16>
      %x33 = scf.for %x31 = %x3 to %x6 step %c1 iter_args(%x32 = %x23) -> (vector<16x64xf32>) {
        %x34 = arith.subi %x31, %x3 : index
        %x35 = vector.transfer_read %x7[%x34, %c0], %nothing {in_bounds = [true, true]} : memref<4x64xbf16>, vector<1x64xbf16>
        %x36 = arith.subi %x31, %x3 : index
        %x37 = vector.transfer_read %x8[%x36, %c0], %nothing {in_bounds = [true, true]} : memref<4x64xbf16>, vector<1x64xbf16>
        %x38 = vector.shape_cast %x35 : vector<1x64xbf16> to vector<1x1x64xbf16>
        %x39 = vector.broadcast %x38 : vector<1x1x64xbf16> to vector<1x16x64xbf16>
        %x40 = vector.shape_cast %x39 : vector<1x16x64xbf16> to vector<16x64xbf16>
        %x41 = arith.mulf %x15, %x40 : vector<16x64xbf16>
        %x42 = vector.shape_cast %x37 : vector<1x64xbf16> to vector<1x1x64xbf16>
        %x43 = vector.broadcast %x42 : vector<1x1x64xbf16> to vector<1x16x64xbf16>
        %x44 = vector.shape_cast %x43 : vector<1x16x64xbf16> to vector<16x64xbf16>
        %x45 = arith.mulf %x16, %x44 : vector<16x64xbf16>
        %x46 = vector.contract #mk_nk %x41, %x29, %cst11 : vector<16x64xbf16>, vector<32x64xbf16> into vector<16x32xf32>
        %x47 = vector.contract #mk_nk %x45, %x30, %cst11 : vector<16x64xbf16>, vector<32x64xbf16> into vector<16x32xf32>
        %x48 = vector.broadcast %x28 : vector<32xi1> to vector<16x32xi1>
        %x49 = arith.select %x48, %x46, %cst12 : vector<16x32xi1>, vector<16x32xf32>
        %x50 = vector.shape_cast %x20 : vector<16xf32> to vector<16x1xf32>
        %x51 = vector.broadcast %x50 : vector<16x1xf32> to vector<16x32xf32>
        %x52 = math.fma %x49, %cst13, %x51 : vector<16x32xf32>
        %x53 = math.exp2 %x52 : vector<16x32xf32>
        %x54 = vector.shape_cast %x21 : vector<16xf32> to vector<16x1xf32>
        %x55 = vector.broadcast %x54 : vector<16x1xf32> to vector<16x32xf32>
        %x56 = arith.subf %x47, %x55 : vector<16x32xf32>
        %x57 = arith.mulf %x53, %x56 : vector<16x32xf32>
        %x58 = arith.truncf %x57 : vector<16x32xf32> to vector<16x32xbf16>
        %x59 = vector.contract #mk_kn %x58, %x29, %cst0 : vector<16x32xbf16>, vector<32x64xbf16> into vector<16x64xf32>
        %x60 = vector.shape_cast %x35 : vector<1x64xbf16> to vector<1x1x64xbf16>
        %x61 = vector.broadcast %x60 : vector<1x1x64xbf16> to vector<1x16x64xbf16>
        %x62 = vector.shape_cast %x61 : vector<1x16x64xbf16> to vector<16x64xbf16>
        %x63 = arith.extf %x62 : vector<16x64xbf16> to vector<16x64xf32>
        %x64 = math.fma %x63, %x59, %x32 : vector<16x64xf32>
        scf.yield %x64 : vector<16x64xf32>
      }
      scf.yield %x33#0 : vector<16x64xf32>
    }
    %x65 = arith.mulf %x24#0, %cst14 : vector<16x64xf32>
    vector.transfer_write %x65, %dq[%b, %i, %c0, %c0] {in_bounds = [true, true], permutation_map = #heads} : vector<16x64xf32>, memref<?x?x16x64xf32>
  }
  return
}

func.func @kv(%q: memref<?x?x16x64xbf16>, %k1: memref<?x?x1x64xbf16>, %k2: memref<?x?x1x64xbf16>, %v1: memref<?x?x1x64xbf16>, %v2: memref<?x?x1x64xbf16>, %do: memref<?x?x16x64xbf16>, %lse: memref<?x16x?xf32>, %delta: memref<?x16x?xf32>, %dk2: memref<?x?x1x64xf32>, %dv2: memref<?x?x1x64xf32>, %dk1p: memref<?x?x?x64xf32>, %dv1p: memref<?x?x?x64xf32>) {
  %i0 = arith.constant 0 : index
  %i1 = arith.constant 1 : index
  %B = memref.dim %q, %i0 : memref<?x?x16x64xbf16>
  %N = memref.dim %k1, %i1 : memref<?x?x1x64xbf16>
  %NQ = memref.dim %q, %i1 : memref<?x?x16x64xbf16>
  %shift = arith.subi %N, %NQ : index
  %rows = arith.constant 16 : index
  %tiles = arith.ceildivui %N, %rows : index
  scf.forall (%b, %t) in (%B, %tiles) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c16 = arith.constant 16 : index
    %c23 = arith.constant 23 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c64 = arith.constant 64 : index
    %cst10 = arith.constant dense<-1.442695041> : vector<16xf32>
    %cst11 = arith.constant dense<0.0> : vector<16xf32>
    %cst12 = arith.constant dense<0xFF800000> : vector<16x16xf32>
    %cst13 = arith.constant dense<0.1803368801> : vector<16x16xf32>
    %cst14 = arith.constant dense<0.0> : vector<1x64xf32>
    %cst15 = arith.constant dense<0.125> : vector<1x64xf32>
    %cst16 = arith.constant dense<0.125> : vector<16x64xf32>
    %cst2 = arith.constant dense<0.0> : vector<16x64xf32>
    %cst8 = arith.constant dense<0.0> : vector<16x16xf32>
    %cst9 = arith.constant dense<0xFF800000> : vector<16xf32>
    %zero_f32 = arith.constant 0.0 : f32
    %nothing = arith.constant 0.0 : bf16
    %x1 = arith.muli %t, %c16 : index
    %x2 = arith.subi %N, %x1 : index
    %x3 = arith.minsi %x2, %c16 : index
    %x4 = vector.create_mask %x3, %c64 : vector<16x64xi1>
    %x5 = vector.transfer_read %k2[%b, %x1, %c0, %c0], %nothing, %x4 {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<16x64xbf16>
    %x6 = vector.transfer_read %v2[%b, %x1, %c0, %c0], %nothing, %x4 {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<16x64xbf16>
    %x7 = arith.addi %x1, %x3 : index
    %x8 = arith.addi %x7, %c23 : index
    %x9 = arith.minsi %N, %x8 : index
    %x10 = arith.maxsi %x1, %shift : index
    %x11 = arith.subi %x10, %c3 : index
    %x12 = arith.maxsi %c0, %x11 : index
    %x16:2 = scf.for %x13 = %x12 to %x9 step %c1 iter_args(%x14 = %cst2, %x15 = %cst2) -> (vector<16x64xf32>, vector<16x64xf32>) {
      %x17 = vector.transfer_read %k1[%b, %x13, %c0, %c0], %nothing {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<1x64xbf16>
      %x18 = vector.transfer_read %v1[%b, %x13, %c0, %c0], %nothing {in_bounds = [true, true], permutation_map = #keys} : memref<?x?x1x64xbf16>, vector<1x64xbf16>
      %x19 = vector.shape_cast %x17 : vector<1x64xbf16> to vector<1x1x64xbf16>
      %x20 = vector.broadcast %x19 : vector<1x1x64xbf16> to vector<1x16x64xbf16>
      %x21 = vector.shape_cast %x20 : vector<1x16x64xbf16> to vector<16x64xbf16>
      %x22 = arith.mulf %x5, %x21 : vector<16x64xbf16>
      %x23 = vector.shape_cast %x18 : vector<1x64xbf16> to vector<1x1x64xbf16>
      %x24 = vector.broadcast %x23 : vector<1x1x64xbf16> to vector<1x16x64xbf16>
      %x25 = vector.shape_cast %x24 : vector<1x16x64xbf16> to vector<16x64xbf16>
      %x26 = arith.mulf %x6, %x25 : vector<16x64xbf16>
      %x27 = arith.maxsi %x13, %x10 : index
      %x28 = arith.addi %x13, %c4 : index
      %x29 = arith.minsi %x9, %x28 : index
      %x33:2 = scf.for %x30 = %x27 to %x29 step %c1 iter_args(%x31 = %cst2, %x32 = %cst2) -> (vector<16x64xf32>, vector<16x64xf32>) {
        %x34 = arith.subi %x30, %shift : index
        %x35 = arith.subi %x30, %c23 : index
        %x36 = arith.subi %x35, %x1 : index
        %x37 = arith.maxsi %c0, %x36 : index
        %x38 = arith.addi %x30, %c1 : index
        %x39 = arith.subi %x38, %x1 : index
        %x40 = arith.minsi %x3, %x39 : index
        %x41 = vector.create_mask %x40 : vector<16xi1>
        %x42 = vector.create_mask %x37 : vector<16xi1>
        %x43 = arith.xori %x41, %x42 : vector<16xi1>
        %x44 = vector.transfer_read %q[%b, %x34, %c0, %c0], %nothing {in_bounds = [true, true], permutation_map = #heads} : memref<?x?x16x64xbf16>, vector<16x64xbf16>
        %x45 = vector.transfer_read %do[%b, %x34, %c0, %c0], %nothing {in_bounds = [true, true], permutation_map = #heads} : memref<?x?x16x64xbf16>, vector<16x64xbf16>
        %x46 = vector.transfer_read %lse[%b, %c0, %x34], %zero_f32 {in_bounds = [true], permutation_map = #stats} : memref<?x16x?xf32>, vector<16xf32>
        %x47 = arith.cmpf oeq, %x46, %cst9 : vector<16xf32>
        %x48 = arith.mulf %x46, %cst10 : vector<16xf32>
        %x49 = arith.select %x47, %cst11, %x48 : vector<16xi1>, vector<16xf32>
        %x50 = vector.transfer_read %delta[%b, %c0, %x34], %zero_f32 {in_bounds = [true], permutation_map = #stats} : memref<?x16x?xf32>, vector<16xf32>
        %x51 = vector.contract #mk_nk %x22, %x44, %cst8 : vector<16x64xbf16>, vector<16x64xbf16> into vector<16x16xf32>
        %x52 = vector.contract #mk_nk %x26, %x45, %cst8 : vector<16x64xbf16>, vector<16x64xbf16> into vector<16x16xf32>
        %x53 = vector.shape_cast %x43 : vector<16xi1> to vector<16x1xi1>
        %x54 = vector.broadcast %x53 : vector<16x1xi1> to vector<16x16xi1>
        %x55 = arith.select %x54, %x51, %cst12 : vector<16x16xi1>, vector<16x16xf32>
        %x56 = vector.broadcast %x49 : vector<16xf32> to vector<16x16xf32>
        %x57 = math.fma %x55, %cst13, %x56 : vector<16x16xf32>
        %x58 = math.exp2 %x57 : vector<16x16xf32>
        %x59 = arith.truncf %x58 : vector<16x16xf32> to vector<16x16xbf16>
        %x60 = vector.contract #mk_kn %x59, %x45, %x32 : vector<16x16xbf16>, vector<16x64xbf16> into vector<16x64xf32>
        %x61 = vector.broadcast %x50 : vector<16xf32> to vector<16x16xf32>
        %x62 = arith.subf %x52, %x61 : vector<16x16xf32>
        %x63 = arith.mulf %x58, %x62 : vector<16x16xf32>
        %x64 = arith.truncf %x63 : vector<16x16xf32> to vector<16x16xbf16>
        %x65 = vector.contract #mk_kn %x64, %x44, %x31 : vector<16x16xbf16>, vector<16x64xbf16> into vector<16x64xf32>
        scf.yield %x65, %x60 : vector<16x64xf32>, vector<16x64xf32>
      }
      %x66 = vector.shape_cast %x17 : vector<1x64xbf16> to vector<1x1x64xbf16>
      %x67 = vector.broadcast %x66 : vector<1x1x64xbf16> to vector<1x16x64xbf16>
      %x68 = vector.shape_cast %x67 : vector<1x16x64xbf16> to vector<16x64xbf16>
      %x69 = arith.extf %x68 : vector<16x64xbf16> to vector<16x64xf32>
      %x70 = math.fma %x69, %x33#0, %x14 : vector<16x64xf32>
      %x71 = vector.shape_cast %x18 : vector<1x64xbf16> to vector<1x1x64xbf16>
      %x72 = vector.broadcast %x71 : vector<1x1x64xbf16> to vector<1x16x64xbf16>
      %x73 = vector.shape_cast %x72 : vector<1x16x64xbf16> to vector<16x64xbf16>
      %x74 = arith.extf %x73 : vector<16x64xbf16> to vector<16x64xf32>
      %x75 = math.fma %x74, %x33#1, %x15 : vector<16x64xf32>
      %x76 = arith.subi %x13, %x12 : index
      %x77 = arith.extf %x5 : vector<16x64xbf16> to vector<16x64xf32>
      %x78 = arith.mulf %x77, %x33#0 : vector<16x64xf32>
      %x79 = vector.shape_cast %x78 : vector<16x64xf32> to vector<16x1x64xf32>
      %x80 = vector.multi_reduction <add>, %x79, %cst14 [0] : vector<16x1x64xf32> to vector<1x64xf32>
      %x81 = arith.mulf %x80, %cst15 : vector<1x64xf32>
      vector.transfer_write %x81, %dk1p[%b, %t, %x76, %c0] {in_bounds = [true, true], permutation_map = #heads} : vector<1x64xf32>, memref<?x?x?x64xf32>
      %x82 = arith.extf %x6 : vector<16x64xbf16> to vector<16x64xf32>
      %x83 = arith.mulf %x82, %x33#1 : vector<16x64xf32>
      %x84 = vector.shape_cast %x83 : vector<16x64xf32> to vector<16x1x64xf32>
      %x85 = vector.multi_reduction <add>, %x84, %cst14 [0] : vector<16x1x64xf32> to vector<1x64xf32>
      vector.transfer_write %x85, %dv1p[%b, %t, %x76, %c0] {in_bounds = [true, true], permutation_map = #heads} : vector<1x64xf32>, memref<?x?x?x64xf32>
      scf.yield %x70, %x75 : vector<16x64xf32>, vector<16x64xf32>
    }
    %x86 = arith.mulf %x16#0, %cst16 : vector<16x64xf32>
    vector.transfer_write %x86, %dk2[%b, %x1, %c0, %c0], %x4 {in_bounds = [true, true], permutation_map = #keys} : vector<16x64xf32>, memref<?x?x1x64xf32>
    vector.transfer_write %x16#1, %dv2[%b, %x1, %c0, %c0], %x4 {in_bounds = [true, true], permutation_map = #keys} : vector<16x64xf32>, memref<?x?x1x64xf32>
  }
  return
}
