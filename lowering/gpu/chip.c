// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of GPUs. The PTX version is an old one that has what we need of the
// chip, so that PTX also runs with old drivers. Shared memory is what the CUDA
// programming guide's table of compute capabilities says.

#include "chip.h"

#include "lowering/ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "simplicial/dialect.h"

#include <stdio.h>
#include <string.h>

const Chip chips[] = {
    {"sm_80", 8, 0, false, false, "+ptx78", 163 << 10},
    {"sm_86", 8, 6, false, false, "+ptx78", 99 << 10},
    {"sm_89", 8, 9, false, false, "+ptx78", 99 << 10},
    {"sm_90", 9, 0, false, false, "+ptx78", 227 << 10},
    {"sm_90a", 9, 0, true, true, "+ptx86", 227 << 10},
    {"sm_100", 10, 0, false, false, "+ptx86", 227 << 10},
    {"sm_120", 12, 0, false, false, "+ptx87", 99 << 10},
    {NULL, 0, 0, false, false, NULL, 0},
};

_Static_assert(sizeof chips / sizeof *chips - 1 <= MAX_CHIPS,
               "a list holds all chips");

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

bool chip_list_has_warpgroups(const ChipList *list) {
  bool all = list->n > 0;
  for (int i = 0; i < list->n; ++i)
    all &= list->chips[i]->warpgroups;
  return all;
}

int chip_list_ptx(const ChipList *list) {
  for (int i = list->n - 1; i >= 0; --i)
    if (!list->chips[i]->only)
      return i;
  return list->n - 1;
}
