// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The name of a target -> the target.

#include "target.h"

#include "text.h"

#include "lowering/gpu/chip.h"
#include "simplicial/cuda.h"

#include <string.h>

#define EMULATE "emulate:"

static SimplicialStatus unknown(const char *name) {
  Text names = {0};
  text_format(&names, "cpu, cuda, emulate:CHIP");
  for (const Chip *chip = chips; chip->name; ++chip)
    text_format(&names, ", %s", chip->name);
  SimplicialStatus status =
      names.failed ? simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory")
                   : simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                                     "unknown target '%s'; there are: %s", name,
                                     names.data);
  text_free(&names);
  return status;
}

/// Code for a chip also runs on later ones of the same major version.
static SimplicialStatus target_of_device(Target *target) {
  SimplicialCudaDevice device;
  SimplicialStatus status = simplicialCudaGetDevice(&device);
  if (status.code)
    return status;
  for (const Chip *chip = chips; chip->name; ++chip)
    if (chip->major == device.major && chip->minor <= device.minor)
      *target = (Target){.name = chip->name, .gpu = true};
  if (target->name)
    return status;
  return simplicialError(SIMPLICIAL_UNAVAILABLE,
                         "the device %s (sm_%d%d) is none that there are "
                         "kernels for",
                         device.name, device.major, device.minor);
}

SimplicialStatus target_parse(const char *text, Target *target) {
  *target = (Target){0};
  if (!strcmp(text, "cuda"))
    return target_of_device(target);
  if (!strcmp(text, "cpu"))
    *target = (Target){.name = "cpu"};
  bool emulated = !strncmp(text, EMULATE, strlen(EMULATE));
  const Chip *chip = chip_find(
      mlirStringRefCreateFromCString(emulated ? text + strlen(EMULATE) : text));
  if (chip)
    *target = (Target){chip->name, !emulated, emulated};
  return target->name ? simplicialOk() : unknown(text);
}
