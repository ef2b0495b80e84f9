// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of GPUs. The PTX version is an old one that has what we need of the
// chip, so that PTX also runs with old drivers. Shared memory is what the CUDA
// programming guide's table of compute capabilities says, as are threads and
// blocks an SM.
//
// Rates. Arithmetic is the programming guide's table of throughputs. Tensor
// FLOP/clk/SM are the data sheet's dense FLOP/s with accumulation in f32 over
// its SMs and boost clock, of the products below: 989 TFLOP/s / (132 * 1.83
// GHz) = 4096 for the H100. L2 is 5120 bytes a clock for the whole chip
// (NVIDIA's A100 white paper; assumed for the H100), and half of that where the
// L2 has one partition (assumed). Memory is the data sheet's bytes a second, of
// an SM's share. Also assumed: mma.sync reaches 0.62 of what
// wgmma does on 9.0, a quarter of what tcgen05 does on 10.0, and all there is
// elsewhere.

#include "chip.h"

#include "lowering/ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "simplicial/dialect.h"

#include <stdio.h>
#include <string.h>

// What the fields are: ChipRates.
#define A100                                                                   \
  {108, 1410, 2048, 1024, 1, 64, 64, 16, 128, 47, 13, 2048, 32, 164 << 10}
#define A40                                                                    \
  {84, 1740, 1024, 512, 1, 128, 64, 16, 128, 30, 5, 1536, 16, 100 << 10}
#define L40S                                                                   \
  {142, 2520, 1024, 512, 1, 128, 64, 16, 128, 18, 2, 1536, 24, 100 << 10}
#define H100                                                                   \
  {132, 1830, 4096, 2048, 0.62, 128, 64, 16, 128, 38, 14, 2048, 32, 228 << 10}
#define B200                                                                   \
  {148, 1850, 8192, 4096, 0.25, 128, 64, 16, 128, 34, 29, 2048, 32, 228 << 10}
#define RTX_PRO_6000                                                           \
  {188, 2617, 1024, 512, 1, 128, 64, 16, 128, 13, 4, 1536, 24, 100 << 10}

const Chip chips[] = {
    {"sm_80", 8, 0, false, false, "+ptx78", 163 << 10, A100},
    {"sm_86", 8, 6, false, false, "+ptx78", 99 << 10, A40},
    {"sm_89", 8, 9, false, false, "+ptx78", 99 << 10, L40S},
    {"sm_90", 9, 0, false, false, "+ptx78", 227 << 10, H100},
    {"sm_90a", 9, 0, true, true, "+ptx86", 227 << 10, H100},
    {"sm_100", 10, 0, false, false, "+ptx86", 227 << 10, B200},
    {"sm_120", 12, 0, false, false, "+ptx87", 99 << 10, RTX_PRO_6000},
    {0},
};

_Static_assert(sizeof chips / sizeof *chips - 1 <= MAX_CHIPS,
               "a list holds all chips");

ChipShare chip_share(int64_t warpgroups, bool producer, int64_t registers) {
  // Of one warpgroup that also copies, three or four blocks multiply by turns.
  static const ChipShare four = {4, 0, 128, 12};
  static const ChipShare alone[] = {{3, 0, 168, 0}, {1, 0, 255, 0}};
  static const ChipShare beside[] = {{2, 24, 232, 0}, {1, 24, 240, 0}};
  if (!producer && warpgroups == 1 && registers <= four.consumer)
    return four;
  return (producer ? beside : alone)[warpgroups > 1];
}

static const Chip *find(MlirStringRef name) {
  for (const Chip *chip = chips; chip->name; ++chip)
    if (mlirStringRefEqual(name, ir_str(chip->name)))
      return chip;
  return NULL;
}

/// "sm_80, sm_86, ...", behind what is in `text` already.
static void append_names(char text[CHIP_PROBLEM]) {
  size_t used = strlen(text);
  for (const Chip *chip = chips; chip->name; ++chip)
    used += (size_t)snprintf(text + used, CHIP_PROBLEM - used, "%s%s",
                             chip == chips ? "" : ", ", chip->name);
}

/// A name, as far as a message has room for it.
#define SHOWN(name) (int)((name).length < 64 ? (name).length : 64), (name).data

/// Inserts a chip in its place. False if it is there already.
static bool insert(ChipList *list, const Chip *chip) {
  int at = list->n;
  for (; at && list->chips[at - 1] >= chip; --at)
    if (list->chips[at - 1] == chip)
      return false;
  for (int i = list->n++; i > at; --i)
    list->chips[i] = list->chips[i - 1];
  list->chips[at] = chip;
  return true;
}

bool chip_list_parse(MlirStringRef names, const char *others, ChipList *list,
                     char problem[CHIP_PROBLEM]) {
  *list = (ChipList){.names = names};
  bool several = names.length && memchr(names.data, ',', names.length);
  for (size_t at = 0, end; at <= names.length; at = end + 1) {
    for (end = at; end < names.length && names.data[end] != ',';)
      ++end;
    MlirStringRef name = mlirStringRefCreate(names.data + at, end - at);
    const Chip *chip = find(name);
    if (!chip) {
      snprintf(problem, CHIP_PROBLEM,
               several ? "'%.*s' cannot be one of several targets; these can: "
                       : "unknown target '%.*s'; there are: ",
               SHOWN(name));
      if (!several)
        snprintf(problem + strlen(problem), CHIP_PROBLEM - strlen(problem),
                 "%s, ", others);
      append_names(problem);
      return false;
    }
    if (!insert(list, chip)) {
      snprintf(problem, CHIP_PROBLEM, "the target '%s' is named twice",
               chip->name);
      return false;
    }
  }
  return true;
}

MlirLogicalResult chip_list_of(MlirOperation op, ChipList *list) {
  MlirAttribute target = {NULL};
  MlirOperation owner = op;
  for (MlirOperation o = op;
       !mlirOperationIsNull(o) && mlirAttributeIsNull(target);
       o = mlirOperationGetParentOperation(o)) {
    target = ir_get_attr(o, SIMPLICIAL_TARGET_ATTR);
    owner = o;
  }
  *list = (ChipList){0};
  if (mlirAttributeIsNull(target))
    return mlirLogicalResultSuccess();
  if (!mlirAttributeIsAString(target))
    return ir_error(owner, SIMPLICIAL_TARGET_ATTR " must be a string");
  MlirStringRef names = mlirStringAttrGetValue(target);
  char problem[CHIP_PROBLEM];
  if (mlirStringRefEqual(names, ir_str(CHIP_NONE)) ||
      chip_list_parse(names, CHIP_NONE, list, problem))
    return mlirLogicalResultSuccess();
  return ir_error(owner, "%s", problem);
}

MlirLogicalResult chip_list_of_gpu(MlirOperation op, ChipList *list) {
  if (mlirLogicalResultIsFailure(chip_list_of(op, list)))
    return mlirLogicalResultFailure();
  return list->n ? mlirLogicalResultSuccess()
                 : ir_error(op, "'" SIMPLICIAL_TARGET_ATTR "' must name a GPU");
}

const Chip *chip_list_without_warpgroups(const ChipList *list) {
  for (int i = 0; i < list->n; ++i)
    if (!list->chips[i]->warpgroups)
      return list->chips[i];
  return NULL;
}

bool chip_list_has_warpgroups(const ChipList *list) {
  return list->n > 0 && !chip_list_without_warpgroups(list);
}

int chip_list_ptx(const ChipList *list) {
  for (int i = list->n - 1; i >= 0; --i)
    if (!list->chips[i]->only)
      return i;
  return list->n - 1;
}
