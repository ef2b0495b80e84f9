// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opaque locations, which MLIR's C API does not make: a host program's own,
// which fall back to one that MLIR knows.

#include "mlir/CAPI/IR.h"
#include "mlir/IR/Location.h"

extern "C" MlirLocation opaqueLocation(MlirLocation fallback);

MlirLocation opaqueLocation(MlirLocation fallback) {
  return wrap(mlir::Location(mlir::OpaqueLoc::get(
      1, mlir::TypeID::get<mlir::OpaqueLoc>(), unwrap(fallback))));
}
