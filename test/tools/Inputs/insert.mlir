// A slice of one dynamic size goes into a tensor of another.
func.func @insert(%new: tensor<?x4xf32>, %old: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %old, %c0 : tensor<?x8xf32>
  %all = tensor.insert_slice %new into %old[0, 2] [%n, 4] [1, 1] : tensor<?x4xf32> into tensor<?x8xf32>
  return %all : tensor<?x8xf32>
}
