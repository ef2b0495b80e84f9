// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-tile)'

func.func @not_configured(%q: memref<2x?x8x16xf32>, %kv: memref<2x?x2x16xf32>) {
  // expected-error @below {{has no simplicial.config: run simplicial-configure first}}
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %q)
    : (memref<2x?x8x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>,
       memref<2x?x2x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}

// -----

func.func @half_configured(%q: memref<2x?x8x16xf32>, %kv: memref<2x?x2x16xf32>) {
  // expected-error @below {{simplicial.config is incomplete: run simplicial-configure first}}
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %q) {simplicial.config = {block_h = 4 : i64}}
    : (memref<2x?x8x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>, memref<2x?x2x16xf32>,
       memref<2x?x2x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}

// -----

func.func @not_verified(%q: memref<2x?x8x16xf32>, %kv: memref<2x?x0x16xf32>) {
  // expected-error @below {{8 query heads are not a multiple of 0 key heads}}
  "simplicial.attention_into"(%q, %kv, %kv, %kv, %kv, %q) {simplicial.config = {block_h = 4 : i64}}
    : (memref<2x?x8x16xf32>, memref<2x?x0x16xf32>, memref<2x?x0x16xf32>, memref<2x?x0x16xf32>,
       memref<2x?x0x16xf32>, memref<2x?x8x16xf32>) -> ()
  return
}
