// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-distribute)'

func.func @not_staged(%a: memref<16x32xbf16>, %b: memref<16x32xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    // expected-error @below {{simplicial-distribute cannot lower this 'vector.contract': its right operand must be in shared memory: run simplicial-stage first}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xbf16>, vector<16x32xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @too_many_rows(%a: memref<160x32xbf16>, %b: memref<16x32xbf16>, %c: memref<160x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<160x16xf32>
  // expected-error @below {{simplicial-distribute takes tiles of at most 128 rows, not 160}}
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<160x32xbf16>, vector<160x32xbf16>
    %y = vector.transfer_read %b[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<160x32xbf16>, vector<16x32xbf16> into vector<160x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<160x16xf32>, memref<160x16xf32>
  }
  return
}

// -----

// Two buffers and padding; the number is that of what the kernel uses.

module attributes {simplicial.target = "sm_86"} {
func.func @too_much_shared_memory(%a: memref<16x32xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  // expected-error @below {{the kernel needs 115200 bytes of shared memory; sm_86 has 101376}}
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<2x360x32xbf16, 3>
    %other = memref.alloc() : memref<2x360x32xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    %y = vector.transfer_read %buffer[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<2x360x32xbf16, 3>, vector<16x32xbf16>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xbf16>, vector<16x32xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
}

// -----

// The smallest chip counts.

module attributes {simplicial.target = "sm_90,sm_86,sm_80"} {
func.func @too_much_for_one_of_them(%a: memref<16x32xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  // expected-error @below {{the kernel needs 115200 bytes of shared memory; sm_86 has 101376}}
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<2x360x32xbf16, 3>
    %other = memref.alloc() : memref<2x360x32xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    %y = vector.transfer_read %buffer[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<2x360x32xbf16, 3>, vector<16x32xbf16>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xbf16>, vector<16x32xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
}

// -----

// expected-error @below {{unknown target 'sm_1'; there are: cpu, sm_80}}
module attributes {simplicial.target = "sm_1"} {
func.func @unknown_target(%a: memref<16x32xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %buffer = memref.alloc() : memref<1x16x32xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xbf16>, vector<16x32xbf16>
    %y = vector.transfer_read %buffer[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x16x32xbf16, 3>, vector<16x32xbf16>
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x32xbf16>, vector<16x32xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
}

// -----

// What mma.sync, the last engine, refuses.

func.func @transposed_registers(%a: memref<32x16xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %right = memref.alloc() : memref<1x16x32xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x16xbf16>, vector<32x16xbf16>
    %y = vector.transfer_read %right[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x16x32xbf16, 3>, vector<16x32xbf16>
    // expected-error @below {{simplicial-distribute cannot lower this 'vector.contract': a left operand [K, M] must be in shared memory: run simplicial-stage first}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(k,m)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<32x16xbf16>, vector<16x32xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @transposed_rows(%a: memref<32x4xbf16>, %c: memref<4x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<4x16xf32>
  scf.forall (%i) in (1) {
    %right = memref.alloc() : memref<1x16x32xbf16, 3>
    %left = memref.alloc() : memref<1x32x4xbf16, 3>
    %x = vector.transfer_read %left[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x32x4xbf16, 3>, vector<32x4xbf16>
    %y = vector.transfer_read %right[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x16x32xbf16, 3>, vector<16x32xbf16>
    // expected-error @below {{simplicial-distribute cannot lower this 'vector.contract': ldmatrix transposes left operands [K, M] of a multiple of 8 rows}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(k,m)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<32x4xbf16>, vector<16x32xbf16> into vector<4x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<4x16xf32>, memref<4x16xf32>
  }
  return
}

// -----

func.func @depth_16(%a: memref<16x8xbf16>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %right = memref.alloc() : memref<1x16x8xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x8xbf16>, vector<16x8xbf16>
    %y = vector.transfer_read %right[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x16x8xbf16, 3>, vector<16x8xbf16>
    // expected-error @below {{simplicial-distribute cannot lower this 'vector.contract': mma.sync reduces multiples of 16 elements of 16 bits}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x8xbf16>, vector<16x8xbf16> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @depth_32(%a: memref<16x4xf32>, %c: memref<16x16xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : vector<16x16xf32>
  scf.forall (%i) in (1) {
    %right = memref.alloc() : memref<1x16x4xf32, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x4xf32>, vector<16x4xf32>
    %y = vector.transfer_read %right[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x16x4xf32, 3>, vector<16x4xf32>
    // expected-error @below {{simplicial-distribute cannot lower this 'vector.contract': mma.sync reduces multiples of 8 elements of 32 bits}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x4xf32>, vector<16x4xf32> into vector<16x16xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}

// -----

func.func @columns(%a: memref<16x16xbf16>, %c: memref<16x4xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : bf16
  %zero = arith.constant dense<0.0> : vector<16x4xf32>
  scf.forall (%i) in (1) {
    %right = memref.alloc() : memref<1x4x16xbf16, 3>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xbf16>, vector<16x16xbf16>
    %y = vector.transfer_read %right[%c0, %c0, %c0], %pad {in_bounds = [true, true]} : memref<1x4x16xbf16, 3>, vector<4x16xbf16>
    // expected-error @below {{simplicial-distribute cannot lower this 'vector.contract': mma.sync makes multiples of 8 columns}}
    %s = vector.contract {indexing_maps = [affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, affine_map<(m,n,k)->(m,n)>],
                          iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %x, %y, %zero
       : vector<16x16xbf16>, vector<4x16xbf16> into vector<16x4xf32>
    vector.transfer_write %s, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x4xf32>, memref<16x4xf32>
  }
  return
}

// -----

// What is stored in part is stored by the threads that hold its rows; a load as a whole is copied, whatever they are.

func.func @more_rows(%a: memref<?x32xbf16>, %c: memref<16x32xbf16>, %n: index) {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %pad = arith.constant 0.0 : bf16
  scf.forall (%i) in (1) {
    %own = memref.alloca() : memref<32x32xbf16>
    %mask = vector.create_mask %n, %c32 : vector<32x32xi1>
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<?x32xbf16>, vector<32x32xbf16>
    // expected-error @below {{simplicial-distribute cannot lower this 'vector.transfer_write': the tile has more rows than the block's products}}
    vector.transfer_write %x, %own[%c0, %c0], %mask {in_bounds = [true, true]} : vector<32x32xbf16>, memref<32x32xbf16>
    %y = vector.transfer_read %own[%c0, %c0], %pad {in_bounds = [true, true]} : memref<32x32xbf16>, vector<16x32xbf16>
    vector.transfer_write %y, %c[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xbf16>, memref<16x32xbf16>
  }
  return
}

// -----

func.func @part_of_a_slice(%a: memref<16x32xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  scf.forall (%i) in (1) {
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x32xf32>, vector<16x32xf32>
    // expected-error @below {{simplicial-distribute cannot lower this 'vector.extract_strided_slice': only whole slices of columns are known}}
    %y = vector.extract_strided_slice %x {offsets = [0, 4], sizes = [16, 8], strides = [1, 1]} : vector<16x32xf32> to vector<16x8xf32>
    vector.transfer_write %y, %a[%c0, %c0] {in_bounds = [true, true]} : vector<16x8xf32>, memref<16x32xf32>
  }
  return
}

// -----

func.func @scalar_argument(%a: memref<16x32xf32>, %x: f32) {
  %c0 = arith.constant 0 : index
  // expected-error @below {{a kernel's arguments are memrefs and indices}}
  scf.forall (%i) in (1) {
    %y = vector.broadcast %x : f32 to vector<16x32xf32>
    vector.transfer_write %y, %a[%c0, %c0] {in_bounds = [true, true]} : vector<16x32xf32>, memref<16x32xf32>
  }
  return
}

// -----

// A tile that is kept for its two uses, of which a repetition would need other threads' rows.

module attributes {simplicial.target = "sm_80"} {
func.func @repeated(%a: memref<4x16xf32>, %b: memref<32x16xf32>, %c: memref<4x16xf32>) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<4x16xf32>, vector<4x16xf32>
    // expected-error @+1 {{simplicial-distribute cannot lower this 'math.exp2': threads need rows of its result that others have}}
    %y = math.exp2 %x : vector<4x16xf32>
    %each = vector.shape_cast %y : vector<4x16xf32> to vector<4x1x16xf32>
    %times = vector.broadcast %each : vector<4x1x16xf32> to vector<4x8x16xf32>
    %z = vector.shape_cast %times : vector<4x8x16xf32> to vector<32x16xf32>
    vector.transfer_write %z, %b[%c0, %c0] {in_bounds = [true, true]} : vector<32x16xf32>, memref<32x16xf32>
    vector.transfer_write %y, %c[%c0, %c0] {in_bounds = [true, true]} : vector<4x16xf32>, memref<4x16xf32>
  }
  return
}
}
