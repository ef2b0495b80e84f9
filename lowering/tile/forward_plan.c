// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loops and memory of a strategy. In: a Config; of the inner window, its
// length, as a number or as a value of the program. Out: how it is split in
// parts, and the outer window's memory.
//
//     tiles = 3, block_k = 64, block_last = 80, block_tail = 32; 480 keys:
//       parts   {64, 64, 80} x 2 = 416 keys, {32} x 2
//
// What the windows of several queries lack of one more whole step is less to do
// than a rest would be, if it is little: then that step goes on to keys that
// nobody sees.

#include "forward_plan.h"

/// The most columns of heads whose products with values are small beside the
/// exponentials, and leave registers.
enum { NARROW = 32 };

static int64_t min(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t max(int64_t x, int64_t y) { return x > y ? x : y; }
static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }

bool plan_swaps_roles(SimplicialAttentionAttributes attributes) {
  return attributes.w2 && (!attributes.w1 || attributes.w2 < attributes.w1);
}

int64_t plan_outer_window(SimplicialAttentionAttributes attributes) {
  return plan_swaps_roles(attributes) ? attributes.w2 : attributes.w1;
}

int64_t plan_inner_window(SimplicialAttentionAttributes attributes) {
  return plan_swaps_roles(attributes) ? attributes.w1 : attributes.w2;
}

int plan_parts(const Config *config, PlanPart parts[MAX_PARTS]) {
  int64_t block = config->block_k, tail = config->block_tail;
  if (!tail) {
    parts[0] = (PlanPart){block, block, 1, true};
    return 1;
  }
  parts[0] = (PlanPart){block, config->block_last, (int)config->tiles, false};
  parts[1] = (PlanPart){tail, tail, 1, true};
  return 2;
}

int64_t plan_part_step(const PlanPart *part) {
  return (part->tiles - 1) * part->block + part->last;
}

bool plan_goes_beyond(const Config *config) {
  return config->block_q > 1 && config->tiles > 1;
}

void plan_counts(const Config *config, int64_t keys,
                 int64_t counts[MAX_PARTS]) {
  int64_t step = config_step(config), tail = config->block_tail;
  int64_t rest = keys % step;
  counts[0] = keys / step;
  counts[1] = 0;
  if (!rest)
    return;
  if (!tail || (plan_goes_beyond(config) && step - rest < config->block_last))
    ++counts[0];
  else
    counts[1] = (rest + tail - 1) / tail;
}

MlirValue plan_whole_keys(Ir *b, const Config *config, Range window,
                          MlirValue keys, MlirValue beyond) {
  MlirValue step = ir_const_index(b, config_step(config));
  MlirValue zero = ir_const_index(b, 0);
  MlirValue length = ir_maxsi(b, ir_subi(b, window.upper, window.lower), zero);
  MlirValue whole = ir_muli(b, ir_divui(b, length, step), step);
  if (mlirValueIsNull(beyond))
    return whole;
  MlirValue missing = ir_subi(b, ir_addi(b, whole, step), length);
  MlirValue end = ir_addi(b, window.upper, missing);
  MlirValue few =
      ir_cmpi(b, IR_SLT, missing, ir_const_index(b, config->block_last));
  MlirValue inside =
      ir_cmpi(b, IR_SLT, end, ir_addi(b, keys, ir_const_index(b, 1)));
  MlirValue more = ir_select(b, beyond, ir_select(b, few, step, zero), zero);
  return ir_addi(b, whole, ir_select(b, inside, more, zero));
}

int64_t plan_outer_of_rest(const Config *config, int64_t window, bool causal,
                           int64_t columns) {
  int64_t keys = plan_share_keys(config, window, causal), n = MAX_OUTER;
  if (config->block_q == 1 || config->tiles > 1 || !config->block_tail ||
      !config->inner_stationary || !config->local_outer ||
      !config->lazy_rescale || !keys || columns > NARROW)
    return 1;
  while (n > 1 &&
         (keys % n || n * max(columns, config->block_tail) > config->block_k))
    n /= 2;
  return n;
}

bool plan_takes_values_early(const Config *config, int64_t dv) {
  enum { FEW_KEYS = 80 };
  return config->block_q > 1 &&
         (dv <= NARROW ||
          (plan_shares(config) > 1 && config->block_last <= FEW_KEYS));
}

int64_t plan_shares(const Config *config) {
  return config->block_q > 1 ? config->block_j : 1;
}

int64_t plan_outer_step(const Config *config) {
  return config->block_j / plan_shares(config);
}

bool plan_has_shares(const Config *config,
                     SimplicialAttentionAttributes attributes) {
  int64_t window = plan_outer_window(attributes);
  return plan_shares(config) == 1 ||
         (config->local_outer && attributes.causal && window &&
          window % plan_shares(config) == 0);
}

int64_t plan_share_keys(const Config *config, int64_t window, bool causal) {
  return window_most(window, causal) / plan_shares(config);
}

int64_t plan_outer_rows(const Config *config, int64_t window, bool causal) {
  int64_t most = plan_share_keys(config, window, causal);
  int64_t shares = plan_shares(config);
  return most ? shares * most + config->block_q - 1 + config->block_j - shares
              : 0;
}

bool plan_has_one_outer_tile(const Config *config, int64_t window,
                             bool causal) {
  int64_t most = window_most(window, causal);
  return most && config->block_q == 1 && most <= config->block_j;
}

int64_t plan_outer_rows_of_turns(const Config *config, int64_t window,
                                 bool causal) {
  return plan_outer_rows(config, window, causal) + config->turns - 1;
}

bool plan_widens_values(const Config *config, int64_t window, bool causal) {
  return config->local_outer && !config->producer && config->block_q > 1 &&
         config->tiles == 1 &&
         plan_outer_rows(config, window, causal) <= config_rows(config);
}

int64_t plan_padding(int64_t row) {
  enum { BANKS = 128, PART = 64 }; // bytes; a part is one of several lanes'
  return row % BANKS == 0 ? PART : 0;
}

int64_t plan_outer_padding(const Config *config, int64_t row) {
  return config->block_h % 2 ? plan_padding(row) : 0;
}

int64_t plan_local_padding(const Config *config, int64_t row, int64_t element) {
  enum { PIECE = 16, PAIRS = 2 }; // bytes
  if (config->block_h == 1 && element == PAIRS)
    return row % (2 * PIECE) ? 0 : PIECE;
  return plan_outer_padding(config, row);
}

void plan_fill_with_keys(int64_t group, int64_t outer, const Config *given,
                         int64_t rows, Config *config) {
  enum { LONG = 1 << 20 }; // a longer window wastes next to nothing
  outer = min(LONG, outer);
  int64_t fixed = given->block_h;
  int64_t best_rows = 0, best_work = 1;
  config->block_q = config->block_j = config->block_h = 1;
  for (int64_t h = fixed ? fixed : min(group, rows); h >= 1; --h) {
    if (group % h || (fixed && h != fixed))
      continue;
    int64_t j = max(1, rows / h);
    if (outer)
      j = min(j, outer);
    int64_t window = outer ? outer : j;
    int64_t cost = rows * ceil_div(window, j), work = h * window;
    if (work * best_rows <= best_work * cost && best_rows)
      continue;
    best_rows = cost, best_work = work;
    config->block_h = h, config->block_j = j;
  }
  if (given->block_q > 1)
    config->block_j = 1;
}

void plan_fill_with_queries(int64_t group, const Config *given, int64_t rows,
                            bool whole, Config *config) {
  int64_t heads = max(1, min(group, rows / max(1, given->block_q)));
  while (group % heads || (whole && rows % heads))
    --heads;
  if (given->block_h)
    heads = min(given->block_h, rows);
  config->block_q = rows / heads;
  config->block_h = heads;
  config->block_j = 1;
}
