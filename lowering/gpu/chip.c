// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of GPUs. The PTX version is an old one that has what we need of the
// chip, so that PTX also runs with old drivers. Shared memory is what the CUDA
// programming guide's table of compute capabilities says.

#include "chip.h"

#include "lowering/ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "simplicial/dialect.h"

const Chip chips[] = {
    {"sm_80", 8, 0, "+ptx78", 163 << 10},
    {"sm_86", 8, 6, "+ptx78", 99 << 10},
    {"sm_89", 8, 9, "+ptx78", 99 << 10},
    {"sm_90", 9, 0, "+ptx78", 227 << 10},
    {"sm_100", 10, 0, "+ptx86", 227 << 10},
    {"sm_120", 12, 0, "+ptx87", 99 << 10},
    {NULL, 0, 0, NULL, 0},
};

const Chip *chip_find(MlirStringRef name) {
  for (const Chip *chip = chips; chip->name; ++chip)
    if (mlirStringRefEqual(name, ir_str(chip->name)))
      return chip;
  return NULL;
}

const Chip *chip_of_module(MlirOperation module) {
  MlirAttribute target = ir_get_attr(module, SIMPLICIAL_TARGET_ATTR);
  const Chip *chip = NULL;
  if (!mlirAttributeIsNull(target) && mlirAttributeIsAString(target))
    chip = chip_find(mlirStringAttrGetValue(target));
  if (!chip)
    ir_error(module, "'" SIMPLICIAL_TARGET_ATTR "' must name a GPU");
  return chip;
}
