// RUN: %mlir-opt %s --pass-pipeline='builtin.module(simplicial-distribute,canonicalize,cse)' | FileCheck %s

// Columns below a row's limit: what a thread's row has left of it is compared with constants, one for each column. The
// limit stays where it is: LLVM would hoist all the results.

// CHECK-LABEL: llvm.func @limits_tiles(
// CHECK: %[[COUNT:.*]] = "simplicial.tie"(%{{.*}}) : (i32) -> i32
// CHECK-NEXT: %[[LIMIT:.*]] = arith.addi %{{.*}}, %[[COUNT]] : i32
// CHECK: %[[LEFT:.*]] = arith.subi %[[LIMIT]], %{{.*}} : i32
// CHECK-NEXT: arith.cmpi sgt, %[[LEFT]], %c0_i32 : i32
// CHECK-NEXT: arith.cmpi sgt, %[[LEFT]], %c1_i32 : i32
// CHECK: arith.cmpi sgt, %[[LEFT]], %c8_i32 : i32
// CHECK-NEXT: arith.cmpi sgt, %[[LEFT]], %c9_i32 : i32
// CHECK: llvm.return
func.func @limits(%a: memref<16x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %pad = arith.constant 0.0 : f32
    %none = arith.constant dense<0.0> : vector<16x16xf32>
    %count = arith.index_cast %n : index to i32
    %x = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true, true]} : memref<16x16xf32>, vector<16x16xf32>
    %rows = vector.step : vector<16xindex>
    %rows32 = arith.index_cast %rows : vector<16xindex> to vector<16xi32>
    %all = vector.broadcast %count : i32 to vector<16xi32>
    %limit = arith.addi %rows32, %all : vector<16xi32>
    %limit1 = vector.shape_cast %limit : vector<16xi32> to vector<16x1xi32>
    %limit2 = vector.broadcast %limit1 : vector<16x1xi32> to vector<16x16xi32>
    %columns = vector.step : vector<16xindex>
    %columns32 = arith.index_cast %columns : vector<16xindex> to vector<16xi32>
    %columns2 = vector.broadcast %columns32 : vector<16xi32> to vector<16x16xi32>
    %seen = arith.cmpi slt, %columns2, %limit2 : vector<16x16xi32>
    %y = arith.select %seen, %x, %none : vector<16x16xi1>, vector<16x16xf32>
    vector.transfer_write %y, %a[%c0, %c0] {in_bounds = [true, true]} : vector<16x16xf32>, memref<16x16xf32>
  }
  return
}
