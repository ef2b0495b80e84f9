// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The name of a target -> the target.

#include "target.h"

#include "lowering/gpu/target/chip.h"
#include "simplicial/cuda.h"

#include <string.h>

#define CUDA "cuda"
#define EMULATE "emulate:"

/// Code for a chip also runs on later ones of the same major version, unless it
/// is for that chip alone. The last of the table that runs is the best.
static SimplicialStatus target_of_device(Target *target) {
  SimplicialCudaDevice device;
  SimplicialStatus status = simplicialCudaGetDevice(&device);
  if (status.code)
    return status;
  for (const Chip *chip = chips; chip->name; ++chip)
    if (chip->major == device.major &&
        (chip->only ? chip->minor == device.minor
                    : chip->minor <= device.minor))
      *target = (Target){.name = chip->name, .gpu = true};
  if (target->gpu)
    return status;
  return simplicialError(SIMPLICIAL_UNAVAILABLE,
                         "the device %s (sm_%d%d) is none that there are "
                         "kernels for",
                         device.name, device.major, device.minor);
}

SimplicialStatus target_parse(const char *text, Target *target) {
  *target = (Target){.name = text};
  if (!strcmp(text, CUDA))
    return target_of_device(target);
  if (!strcmp(text, CHIP_NONE))
    return simplicialOk();
  target->emulated = !strncmp(text, EMULATE, strlen(EMULATE));
  target->gpu = !target->emulated;
  if (target->emulated)
    target->name = text + strlen(EMULATE);
  ChipList list;
  char problem[CHIP_PROBLEM];
  if (!chip_list_parse(mlirStringRefCreateFromCString(target->name),
                       CHIP_NONE ", " CUDA ", " EMULATE "CHIP", &list, problem))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT, "%s", problem);
  target->several = list.n > 1;
  if (target->emulated && target->several)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "the emulator is one chip, not several: '%s'",
                           target->name);
  return simplicialOk();
}

SimplicialStatus target_resolve(const char **text) {
  if (strcmp(*text, CUDA))
    return simplicialOk();
  Target target = {0};
  SimplicialStatus status = target_of_device(&target);
  if (!status.code)
    *text = target.name;
  return status;
}
