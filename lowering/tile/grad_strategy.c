// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The strategies of a gradient's programs. In: an operation, whose
// `simplicial.config` may fix some entries, and what it is for. Out: all of
// them.
//
// The program over queries has rows as forward has them. That over keys has
// rows of keys, and columns of heads where as many share them as a matrix
// instruction has columns; elsewhere of queries, or, with warpgroups, of pairs
// of outer keys and heads.

#include "grad_strategy.h"

#include "forward_plan.h"

#include "lowering/gpu/distribute/reduce.h"
#include "lowering/gpu/target/limits.h"
#include "lowering/ir.h"

#include "mlir-c/BuiltinTypes.h"

typedef struct Strategy {
  bool gpu;
  bool warpgroups; ///< multiply
  int64_t d_keys, d_values;
  int64_t d; ///< the wider one's
  int64_t group;
  int64_t key_heads;
  int64_t outer, inner; ///< windows
  int64_t bytes;        ///< of an element
  bool causal;
  bool pairwise;
  int64_t shared_bytes; ///< that a block may have
  int64_t sms;          ///< of the chip that has most
} Strategy;

static int64_t min(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t max(int64_t x, int64_t y) { return x > y ? x : y; }

static int64_t round_up(int64_t x, int64_t y) { return (x + y - 1) / y * y; }

/// Keys of a tile that leaves room for others, in shared memory or, where
/// products are warps' and there are sums beside d_q, in registers: as many
/// tiles of a window are of one size.
static int64_t keys_of_tile(const Strategy *s, bool pairs, bool groups) {
  enum { MANY = 128, KEYS = 64, FEW = 32, BYTES = 16 << 10 };
  enum { STEP = CONFIG_GPU_STEP, ELEMENTS = 1 << 10 };
  int64_t most = pairs ? ELEMENTS / s->d : FEW;
  if (groups)
    most = pairs ? KEYS : MANY;
  int64_t keys = max(STEP, min(most, BYTES / (s->d * s->bytes)) / STEP * STEP);
  if (!s->inner)
    return keys;
  int64_t tiles = (s->inner + keys - 1) / keys;
  return round_up((s->inner + tiles - 1) / tiles, STEP);
}

static void choose_query(const Strategy *s, const Config *given, bool pairs,
                         Config *config) {
  enum { CPU_ROWS = 16, KEYS = 256, CACHE = 32 << 10, BYTES = 4 };
  enum { MOST = CONFIG_MAX_GPU_ROWS, FEW = MOST / 2, LOCAL = 64 };
  enum { TURNS = 32, FEW_TURNS = 16 }; // of a warpgroup's blocks, or others
  int64_t rows = !s->gpu ? CPU_ROWS : s->warpgroups ? MOST : FEW;
  plan_fill_with_keys(s->group, s->outer, given, rows, config);
  if (given->block_q > 1)
    plan_fill_with_queries(s->group, given, rows, false, config);
  // Of a warpgroup's rows that few heads and outer keys have some are empty. If
  // it is half of them, warps multiply, of which an SM has more blocks.
  if (given->block_j)
    config->block_j = given->block_j;
  int64_t filled = config_rows(config);
  bool groups = s->warpgroups && (!pairs || 2 * filled > FEW);
  if (pairs && groups && filled < FEW && !given->block_j)
    config->block_j = FEW / config->block_h;
  config->shared_left = pairs && groups;
  config->inner_stationary = !pairs;
  config->turns = !pairs ? 1 : groups ? TURNS : FEW_TURNS;
  config->tiles = 1;
  config->block_k = s->gpu ? keys_of_tile(s, pairs, groups)
                           : min(KEYS, CACHE / (s->d * BYTES));
  if (!s->gpu && s->inner)
    config->block_k = min(config->block_k, s->inner);
  config->stages = s->gpu ? 2 : 0;
  config->producer = groups;
  config->local_outer =
      s->warpgroups && !pairs && s->outer && s->outer <= LOCAL;
}

/// Whether a block of the program over queries has what these add to outer
/// keys' gradients in shared memory, which it leaves most of to others. With 16
/// heads of 64 and as many of keys it then takes 3.0 ms instead of 3.7, of
/// 128 7.6 instead of 9.0 (H200, B = 4, N = 4096, windows of 128 and 32).
static bool has_local_sums(const Strategy *s, bool pairs, const Config *c) {
  enum { NUMBER = 4, PART = 4 };
  int64_t outer = window_most(s->outer, s->causal);
  int64_t row = (s->d_keys + s->d_values) * NUMBER;
  return s->gpu && pairs && outer && c->turns > 1 &&
         (outer + c->turns - 1) * row <= s->shared_bytes / PART;
}

/// Shared memory of a block of the program over keys with columns of pairs, or
/// more: its rows; factors of a tile of columns, and their constants; with
/// `local_outer`, what these are made of, for all of its turns.
static int64_t shared_bytes(const Strategy *s, const Config *c) {
  enum { PAIR = 2, NUMBER = 4 };
  int64_t row = s->d * s->bytes, columns = config_rows(c);
  int64_t padded = row + plan_padding(row);
  int64_t bytes = PAIR * (c->block_k + columns) * row;
  if (s->pairwise)
    bytes += columns * NUMBER;
  if (!c->local_outer)
    return bytes;
  int64_t outer = plan_outer_rows_of_turns(c, s->outer, s->causal);
  return bytes + PAIR * outer * padded +
         PAIR * c->turns * (c->block_h * padded + columns * NUMBER);
}

/// The same with columns of one outer key: left operands, tiles of columns with
/// their numbers, and what rows are reduced through.
static int64_t shared_bytes_of_rows(const Strategy *s, const Config *c) {
  enum { PAIR = 2, NUMBER = 4, OTHERS = 1024 };
  int64_t row = s->d * s->bytes, rows = config_key_rows(c);
  int64_t left = c->shared_left ? PAIR * rows * row : 0;
  return left + c->stages * PAIR * config_columns(c) * (row + NUMBER) +
         rows * REDUCE_SCRATCH + OTHERS;
}

/// What the queries of a block's outer keys add up to.
static int64_t bytes_of_sums(const Strategy *s, const Config *c) {
  enum { NUMBER = 4, PADDING_BYTES = 32 };
  return config_key_rows(c) * (s->d * NUMBER + PADDING_BYTES);
}

/// Whether a block of the program over keys has room for that in shared memory:
/// global memory is then loaded and stored by rows of it, not of fragments.
/// With 64 heads of 128 it takes 34.3 ms instead of 37.8 (H200, B = 4, N =
/// 4096, windows of 32 and 512).
static bool has_room_for_sums(const Strategy *s, const Config *c) {
  return s->warpgroups && c->global_sums && !s->pairwise &&
         shared_bytes_of_rows(s, c) + bytes_of_sums(s, c) <= s->shared_bytes;
}

/// Whether a block of the program over keys keeps its rows in shared memory,
/// beside all of this. With heads of 64 it then takes 23.0 ms instead of 25.4
/// (H200, B = 4, N = 4096, 64 heads, windows of 32 and 512); with heads of 128
/// nothing was won.
static bool has_local_rows(const Strategy *s, const Config *c) {
  enum { PAIR = 2, NARROW = 64 };
  if (!s->warpgroups || s->d > NARROW || c->by_pairs || c->split)
    return false;
  int64_t bytes =
      shared_bytes_of_rows(s, c) + PAIR * c->block_k * s->d * s->bytes;
  if (c->local_sums)
    bytes += bytes_of_sums(s, c);
  return bytes <= s->shared_bytes;
}

/// Whether a block of the program over keys has an SM's room for rows. With
/// narrow heads an SM has several, which hide each other's waits.
static bool has_whole_blocks(const Strategy *s) {
  enum { NARROW = 64 };
  return s->warpgroups && s->d > NARROW;
}

/// How many blocks of the program over keys run at once, if a sequence of KEYS
/// keys has fewer; else 0, as there is something to be done for shares. With
/// these a sequence of 2,048 takes 7.1 ms instead of 18.5 with 64 heads of 128,
/// and 2.3 instead of 7.8 with 8 (H200, all gradients, windows of 32 and 512).
static int64_t blocks_at_once(const Strategy *s, const Config *c) {
  enum { KEYS = 2048, SEVERAL = 2 };
  int64_t most = s->sms * (has_whole_blocks(s) ? 1 : SEVERAL);
  return KEYS / c->block_k * s->key_heads < most ? min(most, CONFIG_MAX_BLOCK)
                                                 : 0;
}

/// Columns of pairs: heads that divide the columns, and as many outer keys as
/// then fit.
static void choose_pairs(const Strategy *s, const Config *given,
                         Config *config) {
  enum { COLUMNS = 64, STEP = CONFIG_GPU_STEP, TURNS = 16 };
  enum { MOST = CONFIG_MAX_GPU_ROWS };
  int64_t heads = given->block_h;
  for (int64_t h = 1; !given->block_h && h <= COLUMNS && s->group % h == 0;
       h *= 2)
    heads = h;
  config->block_h = heads;
  config->block_q = 1;
  int64_t keys = max(1, COLUMNS / heads);
  if (s->outer)
    keys = min(keys, round_up(s->outer, max(1, STEP / heads)));
  config->block_j = given->block_j ? given->block_j : keys;
  config->stages = s->gpu ? 1 : 0;
  config->split = config->global_sums = config->producer = false;
  config->local_outer = s->warpgroups && s->outer;
  config->turns = config->local_outer ? min(TURNS, MOST / heads) : 1;
  while (config->turns > 1 && shared_bytes(s, config) > s->shared_bytes)
    config->turns /= 2;
  config->local_outer &= shared_bytes(s, config) <= s->shared_bytes;
}

static void choose_keys(const Strategy *s, const Config *given,
                        bool has_by_pairs, Config *config) {
  enum { CPU_ROWS = 16, MOST = CONFIG_MAX_GPU_ROWS, WIDE = 128 };
  enum { COLUMNS = 64, FEW = 32, STEP = CONFIG_GPU_STEP, MANY = 512 };
  int64_t most = s->warpgroups || !s->gpu ? COLUMNS : FEW;
  int64_t step = s->gpu ? STEP : 1, least = s->gpu ? STEP : 8;
  int64_t heads = min(s->group, most);
  while (heads > 1 && (s->group % heads || heads % step))
    --heads;
  bool queries = given->block_q > 1 || (!given->block_h && heads < least);
  config->block_h = queries ? 1 : heads;
  config->block_q = 1;
  if (queries)
    config->block_q = s->outer ? min(most, round_up(s->outer, STEP)) : most;
  config->stages = s->gpu ? 2 : 0;
  config->producer = s->warpgroups;
  // Registers have either what an outer key's queries add up to, or all of it.
  // With many queries and heads it may as well be in global memory.
  bool many = s->warpgroups && (!s->outer || s->outer * s->group >= MANY);
  config->global_sums = s->d >= WIDE && many;
  config->split = s->gpu && s->d >= WIDE && !many;
  config->shared_left = s->warpgroups;
  config->turns = 1;
  // Sums over a tile's rows for each outer key are dear where it has few
  // columns.
  config->by_pairs = has_by_pairs ? given->by_pairs
                                  : s->warpgroups && s->d <= WIDE && queries &&
                                        !given->block_q;
  // Such a block has a warpgroup for each of two outer keys: of half as many
  // inner keys fewer are outside of queries' windows.
  bool whole = has_whole_blocks(s);
  bool two = whole && !config->by_pairs && s->outer != 1;
  config->block_j = two ? 2 : 1;
  config->block_k = !s->gpu ? CPU_ROWS
                    : whole ? MOST / config->block_j
                            : MOST / 2;
  if (config->by_pairs)
    choose_pairs(s, given, config);
}

static int64_t most_sms(const ChipList *chips) {
  int64_t most = 0;
  for (int i = 0; i < chips->n; ++i)
    most = max(most, chips->chips[i]->rates.sms);
  return most;
}

static int64_t least_shared_bytes(const ChipList *chips) {
  int64_t least = INT64_MAX;
  for (int i = 0; i < chips->n; ++i)
    least = min(least, chips->chips[i]->shared_bytes);
  return least;
}

MlirLogicalResult grad_strategy(MlirOperation op, const ChipList *chips,
                                Config *query, Config *keys) {
  enum { LONG = 1 << 20 }; // windows that are longer than any tile
  SimplicialAttentionAttributes a;
  Config given = {0}, given_keys = {0};
  if (mlirLogicalResultIsFailure(simplicialAttentionGetAttributes(op, &a)) ||
      mlirLogicalResultIsFailure(config_read(op, CONFIG_QUERY, &given)) ||
      mlirLogicalResultIsFailure(config_read(op, CONFIG_KEYS, &given_keys)))
    return mlirLogicalResultFailure();
  MlirType q = ir_type(ir_operand(op, SIMPLICIAL_Q)), element = ir_element(q);
  MlirType v = ir_type(ir_operand(op, SIMPLICIAL_V1));
  int64_t key_heads = ir_dim_size(ir_type(ir_operand(op, SIMPLICIAL_K1)), 2);
  bool wide = mlirTypeIsAF32(element);
  Strategy s = {.gpu = chips->n > 0,
                .d_keys = ir_dim_size(q, 3),
                .d_values = ir_dim_size(v, 3),
                .d = max(ir_dim_size(q, 3), ir_dim_size(v, 3)),
                .group = ir_dim_size(q, 2) / key_heads,
                .key_heads = key_heads,
                .outer = min(LONG, plan_outer_window(a)),
                .inner = min(LONG, plan_inner_window(a)),
                .bytes = wide ? 4 : 2,
                .causal = a.causal,
                .pairwise = a.form == SIMPLICIAL_PAIRWISE,
                .shared_bytes = least_shared_bytes(chips),
                .sms = most_sms(chips)};
  s.warpgroups = chip_list_has_warpgroups(chips) && !wide &&
                 s.d <= LIMITS_WGMMA_COLUMNS &&
                 a.form != SIMPLICIAL_DETERMINANT;
  *query = *keys = (Config){.operand = element};
  if (!s.gpu)
    query->operand = keys->operand =
        mlirF32TypeGet(mlirOperationGetContext(op));
  choose_keys(&s, &given_keys, config_has(op, CONFIG_KEYS, "by_pairs"), keys);
  choose_query(&s, &given, keys->by_pairs, query);
  if (mlirLogicalResultIsFailure(config_read(op, CONFIG_QUERY, query)) ||
      mlirLogicalResultIsFailure(config_read(op, CONFIG_KEYS, keys)))
    return mlirLogicalResultFailure();
  if (!config_has(op, CONFIG_QUERY, "local_sums"))
    query->local_sums = has_local_sums(&s, keys->by_pairs, query);
  if (!config_has(op, CONFIG_KEYS, "local_sums"))
    keys->local_sums = has_room_for_sums(&s, keys);
  if (!config_has(op, CONFIG_KEYS, "local_rows"))
    keys->local_rows = has_local_rows(&s, keys);
  if (s.gpu && !config_has(op, CONFIG_KEYS, "blocks"))
    keys->blocks = blocks_at_once(&s, keys);
  if (!given.block_last)
    query->block_last = query->block_k;
  return mlirLogicalResultSuccess();
}
