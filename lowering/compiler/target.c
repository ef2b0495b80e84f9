// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The name of a target -> the target.

#include "target.h"

#include "processor.h"

#include "lowering/gpu/target/chip.h"
#include "simplicial/cuda.h"

#include <stdlib.h>
#include <string.h>

#define CPU CHIP_NONE ":"
#define NATIVE "native"
#define CUDA "cuda"
#define EMULATE "emulate:"

/// Whether `text` names a GPU of this machine. `id` is its number, or -1 for
/// the current context's.
static bool is_device(const char *text, int *id) {
  size_t length = strlen(CUDA);
  if (strncmp(text, CUDA, length))
    return false;
  *id = -1;
  if (!text[length])
    return true;
  const char *digits = text + length + 1;
  size_t n = strspn(digits, "0123456789");
  if (text[length] != ':' || !n || digits[n] || n > 4)
    return false;
  *id = atoi(digits);
  return true;
}

/// Code for a chip also runs on later ones of the same major version, unless it
/// is for that chip alone. The last of the table that runs is the best.
static SimplicialStatus target_of_device(int id, Target *target) {
  SimplicialCudaDevice device;
  SimplicialStatus status = id < 0 ? simplicialCudaGetDevice(&device)
                                   : simplicialCudaGetDeviceOf(id, &device);
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

static SimplicialStatus target_of_processor(const char *name, Target *target) {
  target->name = CHIP_NONE;
  if (!strcmp(name, NATIVE))
    return simplicialOk();
  target->processor = name;
  if (processor_is_known(name))
    return simplicialOk();
  return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                         "LLVM knows no processor '%s' of this machine's "
                         "architecture",
                         name);
}

SimplicialStatus target_parse(const char *text, Target *target) {
  *target = (Target){.name = text};
  int id;
  if (is_device(text, &id))
    return target_of_device(id, target);
  if (!strcmp(text, CHIP_NONE))
    return simplicialOk();
  if (!strncmp(text, CPU, strlen(CPU)))
    return target_of_processor(text + strlen(CPU), target);
  target->emulated = !strncmp(text, EMULATE, strlen(EMULATE));
  target->gpu = !target->emulated;
  if (target->emulated)
    target->name = text + strlen(EMULATE);
  ChipList list;
  char problem[CHIP_PROBLEM];
  if (!chip_list_parse(mlirStringRefCreateFromCString(target->name),
                       CHIP_NONE ", " CPU "PROCESSOR, " CUDA ", " EMULATE
                                 "CHIP",
                       &list, problem))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT, "%s", problem);
  target->several = list.n > 1;
  if (target->emulated && target->several)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "the emulator is one chip, not several: '%s'",
                           target->name);
  return simplicialOk();
}

SimplicialStatus target_resolve(const char **text) {
  int id;
  if (!is_device(*text, &id))
    return simplicialOk();
  Target target = {0};
  SimplicialStatus status = target_of_device(id, &target);
  if (!status.code)
    *text = target.name;
  return status;
}
