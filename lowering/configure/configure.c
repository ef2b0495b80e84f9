// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-configure: chooses the tiling strategy.
//
// In:  "simplicial.attention"(...) {w1 = 32 : i64, ...}
// Out: "simplicial.attention"(...) {w1 = 32 : i64, ...,
//        simplicial.config = {block_h = 8 : i64, block_j = 2 : i64,
//                             block_k = 128 : i64, block_last = 128 : i64,
//                             block_q = 1 : i64, block_tail = 0 : i64,
//                             lazy_rescale = false, local_outer = false,
//                             operand = f32, order = "kj", producer = false,
//                             stages = 0 : i64, sum_columns = 1 : i64,
//                             tiles = 1 : i64}}
//
// What an operation's config already says stays as it is; the rest is filled in
// (choose.c).

#include "choose.h"
#include "lowering/gpu/target/chip.h"
#include "lowering/ir.h"
#include "lowering/notes.h"
#include "lowering/pass.h"

#include "dialect/verify.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stdio.h>

#define BLOCK_H "block_h"
#define BLOCK_J "block_j"
#define BLOCK_K "block_k"
#define BLOCK_Q "block_q"
#define BLOCK_TAIL "block_tail"
#define BLOCK_LAST "block_last"
#define TILES "tiles"
#define ORDER "order"
#define ORDER_KJ "kj"
#define ORDER_JK "jk"
#define LAZY_RESCALE "lazy_rescale"
#define LOCAL_OUTER "local_outer"
#define SUM_COLUMNS "sum_columns"
#define STAGES "stages"
#define PRODUCER "producer"
#define OPERAND "operand"

enum { MAX_BLOCK = 1024 };

static MlirAttribute entry(MlirAttribute config, const char *name) {
  return mlirAttributeIsNull(config)
             ? config
             : mlirDictionaryAttrGetElementByName(config, ir_str(name));
}

bool config_has(MlirOperation op, const char *name) {
  return !mlirAttributeIsNull(
      entry(ir_get_attr(op, SIMPLICIAL_CONFIG_ATTR), name));
}

bool config_swaps_roles(SimplicialAttentionAttributes attributes) {
  return attributes.w2 && (!attributes.w1 || attributes.w2 < attributes.w1);
}

int64_t config_outer_rows(const Config *config, int64_t window, bool causal) {
  enum { LONG = 1 << 30 }; // too many rows anyway
  if (!window)
    return 0;
  if (window > LONG)
    window = LONG;
  return (causal ? window : 2 * window - 1) + config->block_q - 1 +
         config->block_j - 1;
}

int64_t config_local_padding(const Config *config, int64_t row) {
  enum { BANKS = 128, PART = 64 }; // bytes; a part is one of several lanes'
  return config->block_h % 2 && row % BANKS == 0 ? PART : 0;
}

int64_t config_step(const Config *config) {
  return (config->tiles - 1) * config->block_k + config->block_last;
}

int64_t config_rows(const Config *config) {
  return config->block_q * config->block_h * config->block_j;
}

static int64_t group_size(MlirOperation op) {
  return ir_dim_size(ir_type(ir_operand(op, SIMPLICIAL_Q)), 2) /
         ir_dim_size(ir_type(ir_operand(op, SIMPLICIAL_K1)), 2);
}

/// What a GPU's matrix instructions and registers allow.
static MlirLogicalResult check_gpu(MlirOperation op, const ChipList *chips,
                                   const Config *config) {
  MlirStringRef target = chips->names;
  int length = (int)target.length;
  MlirType element = ir_element(ir_type(ir_operand(op, SIMPLICIAL_Q)));
  if (mlirTypeIsAF32(config->operand) && !mlirTypeIsAF32(element))
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR
                    ": '" OPERAND
                    "' must be the operands' element type for %.*s",
                    length, target.data);
  const struct {
    const char *name;
    int64_t keys;
  } blocks[] = {{BLOCK_K, config->block_k},
                {BLOCK_TAIL, config->block_tail},
                {BLOCK_LAST, config->block_last}};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i)
    if (blocks[i].keys % CONFIG_GPU_STEP)
      return ir_error(op,
                      SIMPLICIAL_CONFIG_ATTR ": '%s' must be a multiple of %d "
                                             "for %.*s",
                      blocks[i].name, CONFIG_GPU_STEP, length, target.data);
  if (config->tiles > 1 && !config->block_tail)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": '" TILES "' above 1 needs a '" BLOCK_TAIL "'");
  if (config->sum_columns != 1 && config->sum_columns != CONFIG_GPU_COLUMNS)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" SUM_COLUMNS
                                           "' must be 1 or %d for %.*s",
                    CONFIG_GPU_COLUMNS, length, target.data);
  if (config->stages < 1 || config->stages > CONFIG_MAX_STAGES)
    return ir_error(
        op, SIMPLICIAL_CONFIG_ATTR ": '" STAGES "' must be 1 to %d for %.*s",
        CONFIG_MAX_STAGES, length, target.data);
  if (config->producer && !chip_list_has_warpgroups(chips))
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" PRODUCER
                                           "' needs warpgroups, which there "
                                           "are none of on %.*s",
                    length, target.data);
  if (config_rows(config) > CONFIG_MAX_GPU_ROWS)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" BLOCK_Q "' * '" BLOCK_H
                                           "' * '" BLOCK_J
                                           "' must be at most %d for %.*s",
                    CONFIG_MAX_GPU_ROWS, length, target.data);
  return mlirLogicalResultSuccess();
}

/// Whether the outer window can be local.
static MlirLogicalResult check_local(MlirOperation op,
                                     SimplicialAttentionAttributes a,
                                     const Config *config) {
  int64_t window = config_swaps_roles(a) ? a.w2 : a.w1;
  if (config->local_outer && !window)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": '" LOCAL_OUTER "' is for an outer window with a bound");
  return mlirLogicalResultSuccess();
}

/// What the CPU has no code for.
static MlirLogicalResult check_cpu(MlirOperation op, const Config *config) {
  if (mlirTypeIsATF32(config->operand))
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" OPERAND "' tf32 is for GPUs");
  if (config->lazy_rescale)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" LAZY_RESCALE "' is for GPUs");
  if (config->sum_columns != 1)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" SUM_COLUMNS "' is for GPUs");
  if (config->block_q != 1)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '" BLOCK_Q "' is for GPUs");
  if (config->local_outer)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" LOCAL_OUTER "' is for GPUs");
  if (config->block_tail)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" BLOCK_TAIL "' is for GPUs");
  if (config->tiles != 1)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '" TILES "' is for GPUs");
  if (config->block_last != config->block_k)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" BLOCK_LAST "' is for GPUs");
  if (config->stages)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '" STAGES "' is for GPUs");
  if (config->producer)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '" PRODUCER "' is for GPUs");
  return mlirLogicalResultSuccess();
}

// The attribute ---------------------------------------------------------------

static MlirLogicalResult read_block(MlirOperation op, MlirAttribute config,
                                    const char *name, int64_t least,
                                    int64_t *value) {
  MlirAttribute attribute = entry(config, name);
  if (mlirAttributeIsNull(attribute))
    return mlirLogicalResultSuccess();
  if (!mlirAttributeIsAInteger(attribute))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '%s' must be an integer",
                    name);
  *value = mlirIntegerAttrGetValueInt(attribute);
  if (*value < least || *value > MAX_BLOCK)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '%s' must be %d to %d", name,
                    (int)least, MAX_BLOCK);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult read_order(MlirOperation op, MlirAttribute config,
                                    bool *inner_stationary) {
  MlirAttribute attribute = entry(config, ORDER);
  if (mlirAttributeIsNull(attribute))
    return mlirLogicalResultSuccess();
  if (mlirAttributeIsAString(attribute)) {
    MlirStringRef order = mlirStringAttrGetValue(attribute);
    *inner_stationary = mlirStringRefEqual(order, ir_str(ORDER_KJ));
    if (*inner_stationary || mlirStringRefEqual(order, ir_str(ORDER_JK)))
      return mlirLogicalResultSuccess();
  }
  return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '" ORDER "' must be \"" ORDER_KJ
                                             "\" or \"" ORDER_JK "\"");
}

static MlirLogicalResult read_bool(MlirOperation op, MlirAttribute config,
                                   const char *name, bool *value) {
  MlirAttribute attribute = entry(config, name);
  if (mlirAttributeIsNull(attribute))
    return mlirLogicalResultSuccess();
  if (!mlirAttributeIsABool(attribute))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '%s' must be true or false",
                    name);
  *value = mlirBoolAttrGetValue(attribute);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult read_operand(MlirOperation op, MlirAttribute config,
                                      MlirType *operand) {
  MlirAttribute attribute = entry(config, OPERAND);
  if (mlirAttributeIsNull(attribute))
    return mlirLogicalResultSuccess();
  MlirType element = ir_element(ir_type(ir_operand(op, SIMPLICIAL_Q)));
  if (mlirAttributeIsAType(attribute)) {
    *operand = mlirTypeAttrGetValue(attribute);
    if (mlirTypeIsAF32(*operand) || mlirTypeEqual(*operand, element) ||
        (mlirTypeIsATF32(*operand) && mlirTypeIsAF32(element)))
      return mlirLogicalResultSuccess();
  }
  return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                  ": '" OPERAND "' must be f32 or the operands' element type, "
                  "or tf32 for that of f32");
}

MlirLogicalResult config_read(MlirOperation op, Config *config) {
  MlirAttribute attribute = ir_get_attr(op, SIMPLICIAL_CONFIG_ATTR);
  if (!mlirAttributeIsNull(attribute) && !mlirAttributeIsADictionary(attribute))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR " must be a dictionary");
  static const char *const known[] = {
      BLOCK_LAST,  BLOCK_Q, BLOCK_H,  BLOCK_J,     BLOCK_K,
      BLOCK_TAIL,  TILES,   ORDER,    LOCAL_OUTER, LAZY_RESCALE,
      SUM_COLUMNS, STAGES,  PRODUCER, OPERAND};
  intptr_t entries = mlirAttributeIsNull(attribute)
                         ? 0
                         : mlirDictionaryAttrGetNumElements(attribute);
  for (intptr_t i = 0; i < entries; ++i) {
    MlirStringRef name =
        mlirIdentifierStr(mlirDictionaryAttrGetElement(attribute, i).name);
    bool found = false;
    for (size_t k = 0; k < sizeof known / sizeof *known; ++k)
      found |= mlirStringRefEqual(name, ir_str(known[k]));
    if (!found)
      return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": unknown entry '%.*s'",
                      (int)name.length, name.data);
  }
  const struct {
    const char *name;
    int64_t least, *value;
  } blocks[] = {{BLOCK_Q, 1, &config->block_q},
                {BLOCK_H, 1, &config->block_h},
                {BLOCK_J, 1, &config->block_j},
                {BLOCK_K, 1, &config->block_k},
                {BLOCK_TAIL, 0, &config->block_tail},
                {TILES, 1, &config->tiles},
                {BLOCK_LAST, 1, &config->block_last},
                {SUM_COLUMNS, 1, &config->sum_columns},
                {STAGES, 0, &config->stages}};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i)
    if (mlirLogicalResultIsFailure(read_block(
            op, attribute, blocks[i].name, blocks[i].least, blocks[i].value)))
      return mlirLogicalResultFailure();
  if (mlirLogicalResultIsFailure(
          read_order(op, attribute, &config->inner_stationary)) ||
      mlirLogicalResultIsFailure(
          read_bool(op, attribute, PRODUCER, &config->producer)) ||
      mlirLogicalResultIsFailure(
          read_bool(op, attribute, LAZY_RESCALE, &config->lazy_rescale)) ||
      mlirLogicalResultIsFailure(
          read_bool(op, attribute, LOCAL_OUTER, &config->local_outer)) ||
      mlirLogicalResultIsFailure(read_operand(op, attribute, &config->operand)))
    return mlirLogicalResultFailure();
  return mlirLogicalResultSuccess();
}

/// What no target has code for.
static MlirLogicalResult check(MlirOperation op, const Config *config) {
  if (config->block_h && group_size(op) % config->block_h)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR
                    ": '" BLOCK_H "' must divide the group of %lld heads",
                    (long long)group_size(op));
  if (config->tiles > CONFIG_MAX_TILES)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '" TILES "' must be 1 to %d",
                    CONFIG_MAX_TILES);
  if (config->block_q > 1 && config->block_j > 1)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": '" BLOCK_J "' must be 1 with '" BLOCK_Q "' above 1");
  if (config_rows(config) > MAX_BLOCK)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" BLOCK_Q "' * '" BLOCK_H
                                           "' * '" BLOCK_J
                                           "' must be at most %d",
                    MAX_BLOCK);
  return mlirLogicalResultSuccess();
}

static void write(MlirOperation op, const Config *config) {
  Ir b = ir_before(op);
  const IrAttribute entries[] = {
      {BLOCK_Q, ir_i64_attr(&b, config->block_q)},
      {BLOCK_H, ir_i64_attr(&b, config->block_h)},
      {BLOCK_J, ir_i64_attr(&b, config->block_j)},
      {BLOCK_K, ir_i64_attr(&b, config->block_k)},
      {BLOCK_TAIL, ir_i64_attr(&b, config->block_tail)},
      {BLOCK_LAST, ir_i64_attr(&b, config->block_last)},
      {TILES, ir_i64_attr(&b, config->tiles)},
      {ORDER,
       mlirStringAttrGet(
           b.context, ir_str(config->inner_stationary ? ORDER_KJ : ORDER_JK))},
      {SUM_COLUMNS, ir_i64_attr(&b, config->sum_columns)},
      {LOCAL_OUTER, mlirBoolAttrGet(b.context, config->local_outer)},
      {STAGES, ir_i64_attr(&b, config->stages)},
      {PRODUCER, mlirBoolAttrGet(b.context, config->producer)},
      {LAZY_RESCALE, mlirBoolAttrGet(b.context, config->lazy_rescale)},
      {OPERAND, mlirTypeAttrGet(config->operand)}};
  enum { COUNT = sizeof entries / sizeof *entries };
  MlirNamedAttribute named[COUNT];
  for (int i = 0; i < COUNT; ++i)
    named[i] = mlirNamedAttributeGet(
        mlirIdentifierGet(b.context, ir_str(entries[i].name)),
        entries[i].value);
  mlirOperationSetAttributeByName(
      op, ir_str(SIMPLICIAL_CONFIG_ATTR),
      mlirDictionaryAttrGet(b.context, COUNT, named));
}

MlirLogicalResult config_get(MlirOperation op, Config *config) {
  *config = (Config){0};
  if (mlirAttributeIsNull(ir_get_attr(op, SIMPLICIAL_CONFIG_ATTR)))
    return ir_error(op, "has no " SIMPLICIAL_CONFIG_ATTR
                        ": run simplicial-configure first");
  if (mlirLogicalResultIsFailure(config_read(op, config)) ||
      mlirLogicalResultIsFailure(check(op, config)))
    return mlirLogicalResultFailure();
  if (!config->block_q || !config->block_h || !config->block_j ||
      !config->block_k || !config->tiles || !config->block_last ||
      !config->sum_columns || mlirTypeIsNull(config->operand))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    " is incomplete: run simplicial-configure first");
  return mlirLogicalResultSuccess();
}

// The pass --------------------------------------------------------------------

/// Notes the strategy in words.
static void note_strategy(MlirOperation op, const Config *c, bool gpu) {
  note(op,
       "block: %lld rows: %lld x %lld x %lld, of queries, of heads (the group "
       "has %lld), and of outer keys",
       (long long)config_rows(c), (long long)c->block_q, (long long)c->block_h,
       (long long)c->block_j, (long long)group_size(op));
  note(op,
       "step: %lld inner keys, tiles = %lld, of %lld and the last of %lld; %s",
       (long long)config_step(c), (long long)c->tiles, (long long)c->block_k,
       (long long)c->block_last,
       c->inner_stationary ? "they stay while outer keys pass"
                           : "they pass while outer keys stay");
  if (!gpu)
    return;
  if (c->block_tail)
    note(op, "behind whole steps: tiles of %lld inner keys, masked",
         (long long)c->block_tail);
  else
    note(op, "behind whole steps: a step of its own; all are masked");
  note(op, "outer window: %s",
       c->local_outer ? "loaded once by a block, into shared memory"
                      : "loaded again for each step, from global memory");
  note(op, "softmax: sums are scaled %s, and kept in %lld columns",
       c->lazy_rescale ? "when a maximum has grown much" : "in each step",
       (long long)c->sum_columns);
}

/// Notes which entries were there before.
static void note_given(MlirOperation op, MlirAttribute given) {
  char names[256] = "";
  size_t used = 0;
  intptr_t n =
      mlirAttributeIsNull(given) ? 0 : mlirDictionaryAttrGetNumElements(given);
  for (intptr_t i = 0; i < n && used < sizeof names; ++i) {
    MlirStringRef name =
        mlirIdentifierStr(mlirDictionaryAttrGetElement(given, i).name);
    used += (size_t)snprintf(names + used, sizeof names - used, "%s%.*s",
                             i ? ", " : "", (int)name.length, name.data);
  }
  note(op, "given in " SIMPLICIAL_CONFIG_ATTR ": %s", n ? names : "nothing");
}

/// What indices of kernels reach; of sizes that are not known here, the launch
/// says it.
static MlirLogicalResult check_sizes(MlirOperation op) {
  for (int i = SIMPLICIAL_Q; i <= SIMPLICIAL_V2; ++i) {
    MlirType type = ir_type(ir_operand(op, i));
    for (int d = 0; d < ir_rank(type); ++d)
      if (ir_dim_size(type, d) > CHIP_MOST_INDEX)
        return ir_error(op, "kernels take sizes of at most %d, not %lld",
                        CHIP_MOST_INDEX, (long long)ir_dim_size(type, d));
  }
  return mlirLogicalResultSuccess();
}

/// Removes a window that no sequence which kernels take is as long as.
static void remove_endless(MlirOperation op, const char *name, int64_t *width) {
  if (*width < CHIP_MOST_INDEX)
    return;
  *width = 0;
  mlirOperationRemoveAttributeByName(op, ir_str(name));
}

static MlirLogicalResult configure(MlirOperation op) {
  SimplicialAttentionAttributes attributes;
  ChipList list;
  if (mlirLogicalResultIsFailure(verify_attention(op)) ||
      mlirLogicalResultIsFailure(
          simplicialAttentionGetAttributes(op, &attributes)) ||
      mlirLogicalResultIsFailure(chip_list_of(op, &list)))
    return mlirLogicalResultFailure();
  if (list.n) {
    if (mlirLogicalResultIsFailure(check_sizes(op)))
      return mlirLogicalResultFailure();
    remove_endless(op, "w1", &attributes.w1);
    remove_endless(op, "w2", &attributes.w2);
  }
  Config config;
  if (mlirLogicalResultIsFailure(
          choose_config(op, attributes, &list, &config)) ||
      mlirLogicalResultIsFailure(check(op, &config)) ||
      mlirLogicalResultIsFailure(check_local(op, attributes, &config)) ||
      mlirLogicalResultIsFailure(list.n ? check_gpu(op, &list, &config)
                                        : check_cpu(op, &config)))
    return mlirLogicalResultFailure();
  note_given(op, ir_get_attr(op, SIMPLICIAL_CONFIG_ATTR));
  note_strategy(op, &config, list.n > 0);
  write(op, &config);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_configure(MlirOperation module) {
  static const char *const names[] = {SIMPLICIAL_ATTENTION,
                                      SIMPLICIAL_ATTENTION_INTO};
  ChipList list; // is checked, though there may be nothing to configure
  if (mlirLogicalResultIsFailure(chip_list_of(module, &list)))
    return mlirLogicalResultFailure();
  return pass_for_each(module, 2, names, configure);
}
