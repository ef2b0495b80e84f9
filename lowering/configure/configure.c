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
// What an operation's config already says stays as it is; its program fills in
// the rest (tile/forward_strategy.c).

#include "config.h"
#include "lowering/gpu/target/chip.h"
#include "lowering/ir.h"
#include "lowering/notes.h"
#include "lowering/pass.h"
#include "lowering/tile/forward_plan.h"
#include "lowering/tile/forward_strategy.h"
#include "lowering/tile/grad_strategy.h"

#include "dialect/verify.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stdio.h>

static int64_t group_size(MlirOperation op) {
  return ir_dim_size(ir_type(ir_operand(op, SIMPLICIAL_Q)), 2) /
         ir_dim_size(ir_type(ir_operand(op, SIMPLICIAL_K1)), 2);
}

/// What a GPU's matrix instructions and copies allow, of any program.
static MlirLogicalResult check_gpu_common(MlirOperation op,
                                          const ChipList *chips,
                                          const Config *config) {
  MlirStringRef target = chips->names;
  int length = (int)target.length;
  MlirType element = ir_element(ir_type(ir_operand(op, SIMPLICIAL_Q)));
  if (mlirTypeIsAF32(config->operand) && !mlirTypeIsAF32(element))
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR
                    ": 'operand' must be the operands' element type for %.*s",
                    length, target.data);
  if (mlirLogicalResultIsFailure(config_check_steps(op, config, target)))
    return mlirLogicalResultFailure();
  if (config->stages < 1 || config->stages > CONFIG_MAX_STAGES)
    return ir_error(
        op, SIMPLICIAL_CONFIG_ATTR ": 'stages' must be 1 to %d for %.*s",
        CONFIG_MAX_STAGES, length, target.data);
  if (config->producer && !chip_list_has_warpgroups(chips))
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR
                    ": 'producer' needs warpgroups, which there "
                    "are none of on %.*s",
                    length, target.data);
  return mlirLogicalResultSuccess();
}

/// The same, and what registers allow, of a program over queries.
static MlirLogicalResult check_gpu(MlirOperation op, const ChipList *chips,
                                   const Config *config) {
  MlirStringRef target = chips->names;
  int length = (int)target.length;
  if (mlirLogicalResultIsFailure(check_gpu_common(op, chips, config)))
    return mlirLogicalResultFailure();
  if (config->tiles > 1 && !config->block_tail)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'tiles' above 1 needs a 'block_tail'");
  if (config->sum_columns > 1 && config->sum_columns != CONFIG_GPU_COLUMNS)
    return ir_error(
        op, SIMPLICIAL_CONFIG_ATTR ": 'sum_columns' must be 1 or %d for %.*s",
        CONFIG_GPU_COLUMNS, length, target.data);
  if (config_rows(config) > CONFIG_MAX_GPU_ROWS)
    return ir_error(
        op,
        SIMPLICIAL_CONFIG_ATTR
        ": 'block_q' * 'block_h' * 'block_j' must be at most %d for %.*s",
        CONFIG_MAX_GPU_ROWS, length, target.data);
  return mlirLogicalResultSuccess();
}

/// Whether the outer window can be local.
static MlirLogicalResult check_local(MlirOperation op,
                                     SimplicialAttentionAttributes a,
                                     const Config *config) {
  if (config->local_outer && !plan_outer_window(a))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'local_outer' is for an outer window with a bound");
  return mlirLogicalResultSuccess();
}

/// Whether several outer keys of several queries can be taken at once.
static MlirLogicalResult check_shares(MlirOperation op, ConfigPart part,
                                      const Config *config) {
  if (config->block_q <= 1 || config->block_j <= 1 || part == CONFIG_KEYS)
    return mlirLogicalResultSuccess();
  if (part == CONFIG_QUERY)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'block_j' must be 1 with 'block_q' above 1");
  SimplicialAttentionAttributes a;
  if (mlirLogicalResultIsFailure(simplicialAttentionGetAttributes(op, &a)))
    return mlirLogicalResultFailure();
  return plan_has_shares(config, a)
             ? mlirLogicalResultSuccess()
             : ir_error(op, SIMPLICIAL_CONFIG_ATTR
                        ": 'block_j' above 1 with 'block_q' above 1 must "
                        "divide a causal outer window that is local");
}

/// What no target has code for.
static MlirLogicalResult check(MlirOperation op, ConfigPart part,
                               const Config *config) {
  if (config->block_h && group_size(op) % config->block_h)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR
                    ": 'block_h' must divide the group of %lld heads",
                    (long long)group_size(op));
  if (config->tiles > CONFIG_MAX_TILES)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": 'tiles' must be 1 to %d",
                    CONFIG_MAX_TILES);
  if (mlirLogicalResultIsFailure(check_shares(op, part, config)))
    return mlirLogicalResultFailure();
  if (config->block_q > 1 && config->turns > 1)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'turns' must be 1 with 'block_q' above 1");
  if (config->block_q > 1 && config->blocks && part != CONFIG_KEYS)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'blocks' must be 0 with 'block_q' above 1");
  if (config_rows(config) > CONFIG_MAX_BLOCK)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR
                    ": 'block_q' * 'block_h' * 'block_j' must be at most %d",
                    CONFIG_MAX_BLOCK);
  return mlirLogicalResultSuccess();
}

/// The same of programs over keys.
static MlirLogicalResult check_columns(MlirOperation op, const Config *config) {
  if (config->block_q > 1 && config->block_h > 1)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'block_h' must be 1 with 'block_q' above 1");
  if (config_key_rows(config) > CONFIG_MAX_BLOCK)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR
                    ": 'block_j' * 'block_k' must be at most %d without "
                    "'by_pairs'",
                    CONFIG_MAX_BLOCK);
  if ((config->local_outer || config->turns > 1) && !config->by_pairs)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'local_outer' and 'turns' of 'keys' are for 'by_pairs'");
  if (config->by_pairs && config->block_q > 1)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'block_q' must be 1 with 'by_pairs'");
  if (config->by_pairs &&
      (config->split || config->global_sums || config->local_rows))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'split', 'global_sums' and 'local_rows' are not for "
                    "'by_pairs'");
  return mlirLogicalResultSuccess();
}

MlirLogicalResult config_get(MlirOperation op, ConfigPart part,
                             Config *config) {
  *config = (Config){0};
  if (mlirAttributeIsNull(ir_get_attr(op, SIMPLICIAL_CONFIG_ATTR)))
    return ir_error(op, "has no " SIMPLICIAL_CONFIG_ATTR
                        ": run simplicial-configure first");
  if (mlirLogicalResultIsFailure(config_read(op, part, config)) ||
      mlirLogicalResultIsFailure(check(op, part, config)) ||
      (part == CONFIG_KEYS &&
       mlirLogicalResultIsFailure(check_columns(op, config))))
    return mlirLogicalResultFailure();
  if (!config_is_complete(config, part))
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

/// What is to be configured: its attributes, without endless windows, and what
/// it is for.
static MlirLogicalResult take(MlirOperation op,
                              SimplicialAttentionAttributes *attributes,
                              ChipList *list) {
  if (mlirLogicalResultIsFailure(verify_attention(op)) ||
      mlirLogicalResultIsFailure(
          simplicialAttentionGetAttributes(op, attributes)) ||
      mlirLogicalResultIsFailure(chip_list_of(op, list)))
    return mlirLogicalResultFailure();
  if (list->n) {
    if (mlirLogicalResultIsFailure(check_sizes(op)))
      return mlirLogicalResultFailure();
    remove_endless(op, "w1", &attributes->w1);
    remove_endless(op, "w2", &attributes->w2);
  }
  return mlirLogicalResultSuccess();
}

/// Whether a target has code for the strategy of a part over queries.
static MlirLogicalResult check_part(MlirOperation op, ConfigPart part,
                                    SimplicialAttentionAttributes attributes,
                                    const ChipList *list,
                                    const Config *config) {
  if (mlirLogicalResultIsFailure(check(op, part, config)) ||
      mlirLogicalResultIsFailure(check_local(op, attributes, config)))
    return mlirLogicalResultFailure();
  if (part == CONFIG_QUERY && list->n && config->block_q > 1)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'block_q' of 'query' must be 1 on GPUs");
  return list->n ? check_gpu(op, list, config)
                 : config_check_for_cpu(op, part, config);
}

/// The same of the program over keys.
static MlirLogicalResult check_keys(MlirOperation op,
                                    SimplicialAttentionAttributes attributes,
                                    const ChipList *list,
                                    const Config *config) {
  int64_t columns = config_columns(config);
  if (mlirLogicalResultIsFailure(check(op, CONFIG_KEYS, config)) ||
      mlirLogicalResultIsFailure(check_columns(op, config)) ||
      mlirLogicalResultIsFailure(check_local(op, attributes, config)))
    return mlirLogicalResultFailure();
  if (!list->n)
    return config_check_for_cpu(op, CONFIG_KEYS, config);
  if (columns % CONFIG_GPU_STEP || columns > CONFIG_MAX_GPU_ROWS ||
      config_key_rows(config) > CONFIG_MAX_GPU_ROWS)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR
                    ": %lld columns and %lld rows: columns must be a multiple "
                    "of %d, and both at most %d",
                    (long long)columns, (long long)config_key_rows(config),
                    CONFIG_GPU_STEP, CONFIG_MAX_GPU_ROWS);
  return check_gpu_common(op, list, config);
}

static MlirLogicalResult configure_grad(MlirOperation op) {
  SimplicialAttentionAttributes attributes;
  ChipList list;
  Config query, keys;
  if (mlirLogicalResultIsFailure(take(op, &attributes, &list)) ||
      mlirLogicalResultIsFailure(grad_strategy(op, &list, &query, &keys)) ||
      mlirLogicalResultIsFailure(
          check_part(op, CONFIG_QUERY, attributes, &list, &query)) ||
      mlirLogicalResultIsFailure(check_keys(op, attributes, &list, &keys)))
    return mlirLogicalResultFailure();
  if (keys.by_pairs && (query.inner_stationary || query.block_q > 1))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'query' must have order \"jk\" and 'block_q' 1 with "
                    "'by_pairs' of 'keys'");
  if (query.local_sums &&
      (!keys.by_pairs || query.turns == 1 || !plan_outer_window(attributes)))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'local_sums' of 'query' is for 'by_pairs' of 'keys', "
                    "'turns' above 1, and a window");
  if (keys.local_sums &&
      (!keys.global_sums || attributes.form != SIMPLICIAL_TRILINEAR))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": 'local_sums' of 'keys' is for 'global_sums', and form "
                    "\"trilinear\"");
  note_given(op, ir_get_attr(op, SIMPLICIAL_CONFIG_ATTR));
  config_write_grad(op, &query, &keys);
  return mlirLogicalResultSuccess();
}

/// The strategy of an attention's part, checked and noted.
static MlirLogicalResult strategy_of(MlirOperation op, ConfigPart part,
                                     SimplicialAttentionAttributes attributes,
                                     const ChipList *list, Config *config) {
  if (config_has_few(op))
    note(op, "strategy: for calls with %s",
         part == CONFIG_FEW ? "few queries" : "more queries");
  if (mlirLogicalResultIsFailure(forward_strategy(op, list, part, config)) ||
      mlirLogicalResultIsFailure(
          check_part(op, part, attributes, list, config)))
    return mlirLogicalResultFailure();
  note_given(op, config_dictionary(op, part));
  note_strategy(op, config, list->n > 0);
  return mlirLogicalResultSuccess();
}

/// How many queries are few; noted with what `few` has.
static void choose_queries(MlirOperation op,
                           SimplicialAttentionAttributes attributes,
                           const ChipList *list, Config *few,
                           const Config *many) {
  bool given = config_has(op, CONFIG_FEW, "queries");
  if (!given)
    few->queries = forward_few_queries(op, attributes, list, few, many);
  notes_exchange(op);
  note(op, "queries = %lld: %s", (long long)few->queries,
       given ? "given"
             : "of all sequences; with so many this is faster by estimate");
  notes_exchange(op);
}

static MlirLogicalResult configure(MlirOperation op) {
  SimplicialAttentionAttributes attributes;
  ChipList list;
  Config config, few;
  if (mlirLogicalResultIsFailure(take(op, &attributes, &list)))
    return mlirLogicalResultFailure();
  bool has_few = config_has_few(op);
  if (has_few && mlirLogicalResultIsFailure(
                     strategy_of(op, CONFIG_FEW, attributes, &list, &few)))
    return mlirLogicalResultFailure();
  if (has_few)
    notes_exchange(op);
  if (mlirLogicalResultIsFailure(
          strategy_of(op, CONFIG_FORWARD, attributes, &list, &config)))
    return mlirLogicalResultFailure();
  if (has_few && list.n > 0)
    choose_queries(op, attributes, &list, &few, &config);
  config_write(op, &config, has_few ? &few : NULL);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_configure(MlirOperation module) {
  static const char *const attentions[] = {
      SIMPLICIAL_ATTENTION, SIMPLICIAL_ATTENTION_INTO, SIMPLICIAL_BOUNDED_INTO};
  static const char *const gradients[] = {SIMPLICIAL_ATTENTION_GRAD,
                                          SIMPLICIAL_ATTENTION_GRAD_INTO,
                                          SIMPLICIAL_BOUNDED_GRAD_INTO};
  ChipList list; // is checked, though there may be nothing to configure
  if (mlirLogicalResultIsFailure(chip_list_of(module, &list)))
    return mlirLogicalResultFailure();
  if (mlirLogicalResultIsFailure(
          pass_for_each(module, 3, attentions, configure)))
    return mlirLogicalResultFailure();
  return pass_for_each(module, 3, gradients, configure_grad);
}
