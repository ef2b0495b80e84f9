//--- first.mlir
func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c9 = arith.constant 9 : index
  %e = tensor.empty(%c9) : tensor<?xf32>
  %y = arith.addf %e, %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

//--- second.mlir
func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c9 = arith.constant 9 : index
  %e = tensor.empty(%c9) : tensor<?xf32>
  %y = arith.addf %x, %e : tensor<?xf32>
  return %y : tensor<?xf32>
}

//--- carried.mlir
func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %y = scf.for %i = %c0 to %c9 step %c1 iter_args(%a = %x) -> tensor<?xf32> {
    %e = tensor.empty(%i) : tensor<?xf32>
    scf.yield %e : tensor<?xf32>
  }
  return %y : tensor<?xf32>
}

//--- selected.mlir
func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %some = arith.cmpi sgt, %n, %c0 : index
  %z = arith.select %some, %x, %y : tensor<?xf32>
  return %z : tensor<?xf32>
}
