// The `simplicial` dialect, in IRDL.
//
// IRDL checks how many operands and results an op has and of which kind. What
// it cannot say (shapes that agree, heads that divide, windows that are
// positive, attributes that are optional) is checked by `simplicial-verify`.
// One constraint value used twice means the same type twice: k1 and v1 share
// theirs, and so do k2 and v2; everything else has its own.

irdl.dialect @simplicial {

  // %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2[, %bound])
  //                  {attributes}
  //
  //   q                tensor [B, Nq, Hq, D]
  //   k1, k2, v1, v2   tensor [B, N, Hk, D], all of one type; with `two_lengths`
  //                    k2 and v2 may have another N than k1 and v1
  //   bound            `start`, a tensor [B, N] of i32: for the query at each
  //                    position the first key that it may see; or `lengths`,
  //                    [B] of i32: how many keys each sequence has
  //   out              tensor [B, Nq, Hq, D]   of q's type
  //   lse              tensor [B, Hq, Nq]      f32, natural logarithm
  //
  // Attributes, all optional: w1, w2 : i64; causal : unit; scale, k2_bias,
  // v2_bias : f32; form : "trilinear" | "determinant" | "pairwise";
  // two_lengths : unit.
  irdl.operation @attention {
    %q = irdl.base "!builtin.tensor"
    %first = irdl.base "!builtin.tensor"
    %second = irdl.base "!builtin.tensor"
    %out = irdl.base "!builtin.tensor"
    %lse = irdl.base "!builtin.tensor"
    %bound = irdl.base "!builtin.tensor"
    irdl.operands(q: %q, k1: %first, k2: %second, v1: %first, v2: %second,
                  bound: optional %bound)
    irdl.results(out: %out, lse: %lse)
  }

  // "simplicial.attention_into"(%q, %k1, %k2, %v1, %v2, %out[, %lse])
  //
  // The same operation on memrefs: it writes `out` and, where there is one,
  // `lse`. Bufferization makes it; the tile stage lowers it. Every memref may
  // have strides and a type of its own, the innermost stride being 1.
  irdl.operation @attention_into {
    %q = irdl.base "!builtin.memref"
    %k1 = irdl.base "!builtin.memref"
    %k2 = irdl.base "!builtin.memref"
    %v1 = irdl.base "!builtin.memref"
    %v2 = irdl.base "!builtin.memref"
    %out = irdl.base "!builtin.memref"
    %lse = irdl.base "!builtin.memref"
    irdl.operands(q: %q, k1: %k1, k2: %k2, v1: %v1, v2: %v2, out: %out,
                  lse: optional %lse)
  }

  // The same with a bound, the last operand.
  irdl.operation @bounded_attention_into {
    %q = irdl.base "!builtin.memref"
    %k1 = irdl.base "!builtin.memref"
    %k2 = irdl.base "!builtin.memref"
    %v1 = irdl.base "!builtin.memref"
    %v2 = irdl.base "!builtin.memref"
    %out = irdl.base "!builtin.memref"
    %lse = irdl.base "!builtin.memref"
    %bound = irdl.base "!builtin.memref"
    irdl.operands(q: %q, k1: %k1, k2: %k2, v1: %v1, v2: %v2, out: %out,
                  lse: optional %lse, bound: %bound)
  }

  // %d_q, %d_k1, %d_k2, %d_v1, %d_v2 =
  //   "simplicial.attention_grad"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out
  //                               [, %bound])
  //
  // The gradients of `attention` with respect to its five operands, from what
  // it returned and the gradient of `out`. Attributes as those of `attention`.
  irdl.operation @attention_grad {
    %q = irdl.base "!builtin.tensor"
    %first = irdl.base "!builtin.tensor"
    %second = irdl.base "!builtin.tensor"
    %lse = irdl.base "!builtin.tensor"
    %bound = irdl.base "!builtin.tensor"
    irdl.operands(q: %q, k1: %first, k2: %second, v1: %first, v2: %second,
                  out: %q, lse: %lse, d_out: %q, bound: optional %bound)
    irdl.results(d_q: %q, d_k1: %first, d_k2: %second, d_v1: %first,
                 d_v2: %second)
  }

  // "simplicial.attention_grad_into"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out,
  //                                  %d_q, %d_k1, %d_k2, %d_v1, %d_v2)
  //     {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>}
  //
  // The same operation on memrefs: it writes those of the gradients that are
  // there, for which it has a segment of size 1, not 0.
  irdl.operation @attention_grad_into {
    %q = irdl.base "!builtin.memref"
    %k1 = irdl.base "!builtin.memref"
    %k2 = irdl.base "!builtin.memref"
    %v1 = irdl.base "!builtin.memref"
    %v2 = irdl.base "!builtin.memref"
    %out = irdl.base "!builtin.memref"
    %lse = irdl.base "!builtin.memref"
    %d_out = irdl.base "!builtin.memref"
    %d_q = irdl.base "!builtin.memref"
    %d_k1 = irdl.base "!builtin.memref"
    %d_k2 = irdl.base "!builtin.memref"
    %d_v1 = irdl.base "!builtin.memref"
    %d_v2 = irdl.base "!builtin.memref"
    irdl.operands(q: %q, k1: %k1, k2: %k2, v1: %v1, v2: %v2, out: %out,
                  lse: %lse, d_out: %d_out, d_q: optional %d_q,
                  d_k1: optional %d_k1, d_k2: optional %d_k2,
                  d_v1: optional %d_v1, d_v2: optional %d_v2)
  }

  // The same with a bound, the last operand, which has a segment, too.
  irdl.operation @bounded_attention_grad_into {
    %q = irdl.base "!builtin.memref"
    %k1 = irdl.base "!builtin.memref"
    %k2 = irdl.base "!builtin.memref"
    %v1 = irdl.base "!builtin.memref"
    %v2 = irdl.base "!builtin.memref"
    %out = irdl.base "!builtin.memref"
    %lse = irdl.base "!builtin.memref"
    %d_out = irdl.base "!builtin.memref"
    %d_q = irdl.base "!builtin.memref"
    %d_k1 = irdl.base "!builtin.memref"
    %d_k2 = irdl.base "!builtin.memref"
    %d_v1 = irdl.base "!builtin.memref"
    %d_v2 = irdl.base "!builtin.memref"
    %bound = irdl.base "!builtin.memref"
    irdl.operands(q: %q, k1: %k1, k2: %k2, v1: %v1, v2: %v2, out: %out,
                  lse: %lse, d_out: %d_out, d_q: optional %d_q,
                  d_k1: optional %d_k1, d_k2: optional %d_k2,
                  d_v1: optional %d_v1, d_v2: optional %d_v2, bound: %bound)
  }

  // "simplicial.copy_async"(%from, %to, %number, %before, %count, %indices...)
  //     {dims, whole}
  //
  // Begins to copy a tile from global to shared memory: to[slot, r, c] becomes
  // `from` at `indices`, plus r in dimension dims[0] and c in dimension dims[1];
  // zero in rows from `count` on. %to is a ring, a memref [slots, rows, pitch]
  // of which the tile has dims[2] rows and dims[3] columns. The tile is number %number of
  // its loop, before which %before tiles passed the ring (0 where nobody counts
  // them). A copy of no rows is of a tile that nobody waits for; with `whole`, a
  // unit attribute, one of any has all the tile's.
  irdl.operation @copy_async {
    %from = irdl.base "!builtin.memref"
    %to = irdl.base "!builtin.memref"
    %index = irdl.is index
    irdl.operands(from: %from, to: %to, number: %index, before: %index,
                  count: %index, indices: variadic %index)
  }

  // Makes one group of the copies begun since the last one.
  irdl.operation @copy_commit {
  }

  // %slot = "simplicial.copy_wait"(%number, %before, %ring) {pending = 0 : i64}
  //
  // Waits until that tile of the ring is there, which is in a group of copies
  // older than the `pending` newest. When it is passed, all tiles before it have
  // been released by all threads, or copies wait for that. Waits in a row are
  // one.
  irdl.operation @copy_wait {
    %index = irdl.is index
    %ring = irdl.base "!builtin.memref"
    irdl.operands(number: %index, before: %index, ring: %ring)
    irdl.results(slot: %index)
  }

  // "simplicial.copy_release"(%number, %before, %ring)
  //
  // That tile of the ring is not used any more: its slot is free.
  irdl.operation @copy_release {
    %index = irdl.is index
    %ring = irdl.base "!builtin.memref"
    irdl.operands(number: %index, before: %index, ring: %ring)
  }

  // Behind a loop with copies: the rings are free for those of another one.
  irdl.operation @copy_finish {
  }

  // %map, %there = "simplicial.tensor_map"(%memref) {box, swizzle = 128 : i64}
  //
  // Describes %memref and boxes of it (box = array<i64>, of elements) for kernels
  // to copy, with `swizzle` bytes of a box's rows exchanged: tensor_map.h, whose
  // dimensions are the memref's from the last one on. %map is a !llvm.array<16 x
  // i64>, for kernels to take by value. Where %there is false there is no such
  // map, as of memory that is not aligned.
  irdl.operation @tensor_map {
    %memref = irdl.base "!builtin.memref"
    %map = irdl.any
    %there = irdl.is i1
    irdl.operands(memref: %memref)
    irdl.results(map: %map, there: %there)
  }

  // %d = "simplicial.wgmma"(%acc, %a, %b, %accumulate) {type = bf16}
  //
  // Begins to multiply on a warpgroup (wgmma.mma_async): d = a b + acc, or a b
  // where %accumulate is false. %acc is the thread's part of a 64 x n matrix of
  // f32, an LLVM struct of n/2 of them; %a, 64 x 16, is a descriptor of shared
  // memory (an i64) or the thread's registers, an LLVM struct of four i32; %b,
  // 16 x n, is a descriptor. Both are of `type`, bf16 or f16. What a descriptor
  // says is K-major, or MN-major with the unit attribute `a_mn_major` for %a,
  // `b_mn_major` for %b. The registers of %d are in flight until the wgmma has
  // been waited for, and then behind a `tie`.
  irdl.operation @wgmma {
    %acc = irdl.any
    %a = irdl.any
    %b = irdl.is i64
    %accumulate = irdl.is i1
    irdl.operands(acc: %acc, a: %a, b: %b, accumulate: %accumulate)
    irdl.results(d: %acc)
  }

  // %y = "simplicial.tie"(%x)
  //
  // %y is %x, and what is computed from it stays behind this point of the
  // program, what %x is computed from before. %x is an i32, an f32 or an LLVM
  // struct of them.
  irdl.operation @tie {
    %x = irdl.any
    irdl.operands(x: %x)
    irdl.results(y: %x)
  }
}
