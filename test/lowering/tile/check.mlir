// RUN: %mlir-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(simplicial-check-tiles)'

// What examples.test does not have: forms of ops that tile programs do not know.

func.func @no_tiles(%m: memref<?xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  scf.forall (%i) = (%c1) to (%n) step (%c1) {
    %x = memref.load %m[%i] : memref<?xf32>
    %y = math.sin %x : f32
    memref.store %y, %m[%i] : memref<?xf32>
  }
  return
}

// -----

func.func @count(%m: memref<?xf32>, %n: index) {
  %zeros = arith.constant dense<0.0> : vector<16xf32>
  // expected-error @below {{is not an op of tile programs: 'scf.forall' must count from 0 by 1}}
  scf.forall (%i) = (0) to (64) step (16) {
    vector.transfer_write %zeros, %m[%i] {in_bounds = [true]} : vector<16xf32>, memref<?xf32>
  }
  return
}

// -----

func.func @nested(%m: memref<?xf32>, %n: index) {
  %zeros = arith.constant dense<0.0> : vector<16xf32>
  scf.forall (%i) in (%n) {
    // expected-error @below {{is not an op of tile programs: 'scf.forall' must not be in another}}
    scf.forall (%j) in (%n) {
      vector.transfer_write %zeros, %m[%i] {in_bounds = [true]} : vector<16xf32>, memref<?xf32>
    }
  }
  return
}

// -----

func.func @from_outside(%m: memref<?xf32>, %n: index) {
  %step = vector.step : vector<16xindex>
  scf.forall (%i) in (%n) {
    // expected-error @below {{is not an op of tile programs: 'arith.index_cast' must have tiles that are made in the program}}
    %x = arith.index_cast %step : vector<16xindex> to vector<16xi32>
  }
  return
}

// -----

func.func @different_elements(%m: memref<?xf32>, %n: index) {
  %x = arith.constant dense<[0.0, 1.0, 2.0, 3.0]> : vector<4xf32>
  scf.forall (%i) in (%n) {
    // expected-error @-2 {{is not an op of tile programs: 'arith.constant' must have one value for all elements}}
    vector.transfer_write %x, %m[%i] {in_bounds = [true]} : vector<4xf32>, memref<?xf32>
  }
  return
}

// -----

func.func @element(%m: memref<?xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (%n) {
    // expected-error @below {{is not an op of tile programs: 'arith.constant' must have tiles of f32, f16, bf16, tf32, i1, i32 or index}}
    %x = arith.constant dense<0.0> : vector<16xf64>
  }
  return
}

// -----

func.func @scalar(%n: index) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'arith.constant' must have scalars of f32, f16, bf16, i1, i32, i64 or index}}
    %y = arith.constant 1.0 : f64
  }
  return
}

// -----

func.func @scalar_op(%n: index, %s: f32) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'math.exp2' is none of them}}
    %y = math.exp2 %s : f32
  }
  return
}

// -----

func.func @store_of_a_scalar(%m: memref<?xf32>, %n: index, %s: f32) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'memref.store' is none of them}}
    memref.store %s, %m[%i] : memref<?xf32>
  }
  return
}

// -----

func.func @negative_zero(%m: memref<?xf32>, %n: index) {
  %pad = arith.constant -0.0 : f32
  scf.forall (%i) in (%n) {
    %mask = vector.create_mask %n : vector<16xi1>
    // expected-error @below {{is not an op of tile programs: 'vector.transfer_read' must pad with zeros}}
    %x = vector.transfer_read %m[%i], %pad, %mask {in_bounds = [true]} : memref<?xf32>, vector<16xf32>
  }
  return
}

// -----

func.func @columns_masked(%m: memref<?x?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  scf.forall (%i) in (%n) {
    %mask = vector.create_mask %n, %n : vector<16x16xi1>
    // expected-error @below {{is not an op of tile programs: 'vector.transfer_read' must have a mask that leaves in elements of its first dimension: the first ones, or those between two counts}}
    %x = vector.transfer_read %m[%c0, %c0], %pad, %mask {in_bounds = [true, true]} : memref<?x?xf32>, vector<16x16xf32>
  }
  return
}

// -----

// A mask's dimensions are in the memref's order, the tile's are not.

func.func @transposed_mask(%m: memref<?x?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %pad = arith.constant 0.0 : f32
  scf.forall (%i) in (%n) {
    %right = vector.create_mask %c16, %n : vector<16x16xi1>
    %x = vector.transfer_read %m[%c0, %c0], %pad, %right {in_bounds = [true, true], permutation_map = affine_map<(r, c) -> (c, r)>} : memref<?x?xf32>, vector<16x16xf32>
    %wrong = vector.create_mask %n, %c16 : vector<16x16xi1>
    // expected-error @below {{must have a mask that leaves in elements of its first dimension}}
    %y = vector.transfer_read %m[%c0, %c0], %pad, %wrong {in_bounds = [true, true], permutation_map = affine_map<(r, c) -> (c, r)>} : memref<?x?xf32>, vector<16x16xf32>
  }
  return
}

// -----

func.func @store_of_last_rows(%m: memref<?x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  scf.forall (%i) in (%n) {
    %zeros = arith.constant dense<0.0> : vector<16x16xf32>
    %mask = vector.create_mask %n, %c16 : vector<16x16xi1>
    %before = vector.create_mask %i, %c16 : vector<16x16xi1>
    %span = arith.xori %mask, %before : vector<16x16xi1>
    // expected-error @below {{is not an op of tile programs: 'vector.transfer_write' must have a mask that leaves in the first elements of its first dimension}}
    vector.transfer_write %zeros, %m[%c0, %c0], %span {in_bounds = [true, true]} : vector<16x16xf32>, memref<?x16xf32>
  }
  return
}

// -----

func.func @mask_of_a_select(%n: index) {
  %c16 = arith.constant 16 : index
  scf.forall (%i) in (%n) {
    %zeros = arith.constant dense<0.0> : vector<16x16xf32>
    // expected-error @below {{is not an op of tile programs: 'vector.create_mask' of several dimensions must be a mask of transfers}}
    %mask = vector.create_mask %n, %c16 : vector<16x16xi1>
    %x = arith.select %mask, %zeros, %zeros : vector<16x16xi1>, vector<16x16xf32>
  }
  return
}

// -----

func.func @shared_memory(%m: memref<16xf32, 3>, %n: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  scf.forall (%i) in (%n) {
    // expected-error @below {{is not an op of tile programs: 'vector.transfer_read' must be of memory in no memory space}}
    %x = vector.transfer_read %m[%c0], %pad {in_bounds = [true]} : memref<16xf32, 3>, vector<16xf32>
  }
  return
}

// -----

func.func @own_memory_of_any_size(%n: index) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'memref.alloca' must have static sizes and no layout}}
    %own = memref.alloca(%n) : memref<?xf32>
  }
  return
}

// -----

func.func @pieces_of_another_dimension(%a: memref<16x8xf32>, %n: index) {
  scf.forall (%i) in (%n) {
    %c0 = arith.constant 0 : index
    %pad = arith.constant 0.0 : f32
    // expected-error @below {{is not an op of tile programs: 'memref.expand_shape' must make the last dimension two}}
    %view = memref.expand_shape %a [[0, 1], [2]] output_shape [4, 4, 8] : memref<16x8xf32> into memref<4x4x8xf32>
    %x = vector.transfer_read %view[%c0, %c0, %c0], %pad {in_bounds = [true, true, true]} : memref<4x4x8xf32>, vector<4x4x8xf32>
  }
  return
}

// -----

func.func @view_for_stores(%n: index) {
  scf.forall (%i) in (%n) {
    %c0 = arith.constant 0 : index
    %x = arith.constant dense<0.0> : vector<4x16xf32>
    %own = memref.alloca() : memref<64xf32>
    // expected-error @below {{is not an op of tile programs: 'memref.reinterpret_cast' must be for loads}}
    %view = memref.reinterpret_cast %own to offset: [0], sizes: [4, 16], strides: [16, 1] : memref<64xf32> to memref<4x16xf32, strided<[16, 1]>>
    vector.transfer_write %x, %view[%c0, %c0] {in_bounds = [true, true]} : vector<4x16xf32>, memref<4x16xf32, strided<[16, 1]>>
  }
  return
}

// -----

func.func @own_memory_of_integers(%n: index) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'memref.alloca' must be of f32, f16 or bf16}}
    %own = memref.alloca() : memref<16xi32>
  }
  return
}

// -----

func.func @sum_of_all(%n: index) {
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'vector.multi_reduction' must, to a scalar, be an 'or' of i1}}
    %sum = vector.multi_reduction <add>, %x, %zero [0] : vector<16xf32> to f32
  }
  return
}

// -----

func.func @sum_of_integers(%n: index) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0> : vector<16x16xi32>
    %start = arith.constant dense<0> : vector<16xi32>
    // expected-error @below {{is not an op of tile programs: 'vector.multi_reduction' must be of f32}}
    %sum = vector.multi_reduction <add>, %x, %start [1] : vector<16x16xi32> to vector<16xi32>
  }
  return
}

// -----

func.func @by_row_and_by_column(%m: memref<?x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  scf.forall (%i) in (%n) {
    %x = vector.transfer_read %m[%c0, %c0], %pad {in_bounds = [true, true]} : memref<?x16xf32>, vector<16x16xf32>
    %none = arith.constant dense<0.0> : vector<16xf32>
    %sums = vector.multi_reduction <add>, %x, %none [1] : vector<16x16xf32> to vector<16xf32>
    %wrong = vector.broadcast %sums : vector<16xf32> to vector<16x16xf32>
    // expected-error @below {{is not an op of tile programs: 'arith.addf' must have operands of the same rows}}
    %y = arith.addf %x, %wrong : vector<16x16xf32>
  }
  return
}

// -----

func.func @select_by_a_scalar(%n: index, %c: i1) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'arith.select' must have tiles as operands}}
    %y = arith.select %c, %x, %x : vector<16xf32>
  }
  return
}

// -----

func.func @part_of_the_rows(%m: memref<?x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  scf.forall (%i) in (%n) {
    %x = vector.transfer_read %m[%c0, %c0], %pad {in_bounds = [true, true]} : memref<?x16xf32>, vector<16x16xf32>
    // expected-error @below {{is not an op of tile programs: 'vector.extract_strided_slice' must take columns that follow each other}}
    %y = vector.extract_strided_slice %x {offsets = [8], sizes = [8], strides = [1]} : vector<16x16xf32> to vector<8x16xf32>
  }
  return
}

// -----

func.func @carried_flags(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<false> : vector<16xi1>
    // expected-error @below {{is not an op of tile programs: 'scf.for' must give on tiles of f32}}
    %r = scf.for %k = %c0 to %n step %c1 iter_args(%y = %x) -> (vector<16xi1>) {
      scf.yield %y : vector<16xi1>
    }
  }
  return
}

// -----

func.func @carried_scalar(%n: index, %s: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'scf.for' must carry tiles and indices}}
    %r = scf.for %k = %c0 to %n step %c1 iter_args(%y = %s) -> (f32) {
      scf.yield %y : f32
    }
  }
  return
}

// -----

func.func @branch_of_a_scalar(%n: index, %c: i1) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'scf.if' must have tiles as results}}
    %r = scf.if %c -> (index) {
      scf.yield %i : index
    } else {
      scf.yield %n : index
    }
  }
  return
}

// -----

func.func @conditional_store(%m: memref<?xf32>, %n: index, %c: i1) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{is not an op of tile programs: 'scf.if' must have regions of one block each}}
    scf.if %c {
      vector.transfer_write %x, %m[%i] {in_bounds = [true]} : vector<16xf32>, memref<?xf32>
    }
  }
  return
}

// -----

func.func @rowwise_store(%m: memref<?x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %no = arith.constant false
  scf.forall (%i) in (%n) {
    %x = vector.transfer_read %m[%c0, %c0], %pad {in_bounds = [true, true]} : memref<?x16xf32>, vector<16x16xf32>
    %zeros = arith.constant dense<0.0> : vector<16x16xf32>
    %above = arith.cmpf ogt, %x, %zeros : vector<16x16xf32>
    %any = vector.multi_reduction <or>, %above, %no [0, 1] : vector<16x16xi1> to i1
    // expected-error @below {{simplicial.rowwise is for branches that take each row for itself}}
    %y = scf.if %any -> (vector<16x16xf32>) {
      vector.transfer_write %x, %m[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<?x16xf32>
      scf.yield %zeros : vector<16x16xf32>
    } else {
      scf.yield %x : vector<16x16xf32>
    } {simplicial.rowwise}
  }
  return
}

// -----

func.func @rowwise(%n: index) {
  %no = arith.constant false
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    %above = arith.cmpf ogt, %x, %x : vector<16xf32>
    %any = vector.multi_reduction <or>, %above, %no [0] : vector<16xi1> to i1
    // expected-error @below {{simplicial.rowwise must be a unit attribute}}
    %y = scf.if %any -> (vector<16xf32>) {
      scf.yield %x : vector<16xf32>
    } else {
      scf.yield %x : vector<16xf32>
    } {simplicial.rowwise = false}
  }
  return
}

// -----

func.func @optional(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
    // expected-error @below {{simplicial.optional must be a unit attribute}}
    scf.for %k = %c0 to %n step %c1 {
    } {simplicial.optional = true}
  }
  return
}

// -----

func.func @shared(%n: index) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16x16xf32>
    // expected-error @below {{simplicial.shared must be a unit attribute}}
    %y = arith.addf %x, %x {simplicial.shared = true} : vector<16x16xf32>
  }
  return
}

// -----

func.func @shared(%n: index) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16x16xf32>
    // expected-error @below {{simplicial.shared is for what makes a tile}}
    %y = arith.addi %i, %i {simplicial.shared} : index
  }
  return
}

// -----

func.func @early(%n: index) {
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16x16xf32>
    // expected-error @below {{simplicial.early is for products}}
    %y = arith.addf %x, %x {simplicial.early} : vector<16x16xf32>
  }
  return
}

// -----

func.func @producer(%n: index) {
  // expected-error @below {{simplicial.producer must be a unit attribute}}
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
  } {simplicial.producer = 1 : i64}
  return
}

// -----

func.func @stages(%n: index) {
  // expected-error @below {{simplicial.stages must be an integer}}
  scf.forall (%i) in (%n) {
    %x = arith.constant dense<0.0> : vector<16xf32>
  } {simplicial.stages = "two"}
  return
}
