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
// What an operation's config already says stays as it is; the rest is filled
// in.

#include "config.h"
#include "gpu/chip.h"
#include "ir.h"
#include "pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

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

/// The number that the operation's config has for an entry; 0: none.
static int64_t given(MlirOperation op, const char *name) {
  MlirAttribute config = ir_get_attr(op, SIMPLICIAL_CONFIG_ATTR);
  if (!mlirAttributeIsNull(config) && !mlirAttributeIsADictionary(config))
    return 0;
  MlirAttribute value = entry(config, name);
  return mlirAttributeIsNull(value) || !mlirAttributeIsAInteger(value)
             ? 0
             : mlirIntegerAttrGetValueInt(value);
}

static int64_t given_or(MlirOperation op, const char *name, int64_t otherwise) {
  int64_t value = given(op, name);
  return value > 0 ? value : otherwise;
}

static int64_t min(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t max(int64_t x, int64_t y) { return x > y ? x : y; }
static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }

bool config_swaps_roles(SimplicialAttentionAttributes attributes) {
  return attributes.w2 && (!attributes.w1 || attributes.w2 < attributes.w1);
}

int64_t config_outer_rows(const Config *config, int64_t window, bool causal) {
  if (!window)
    return 0;
  return (causal ? window : 2 * window - 1) + config->block_q - 1 +
         config->block_j - 1;
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

/// Fills `rows` rows with (head, j) pairs: of all ways to take `block_h` of the
/// group's heads and as many j's as then fit, the one that wastes fewest rows
/// over a whole outer window.
static void choose_rows(MlirOperation op, SimplicialAttentionAttributes a,
                        int64_t rows, Config *config) {
  int64_t outer = config_swaps_roles(a) ? a.w2 : a.w1;
  int64_t group = group_size(op), best_rows = 0, best_work = 1;
  for (int64_t h = min(group, rows); h >= 1; --h) {
    if (group % h)
      continue;
    int64_t j = rows / h;
    if (outer)
      j = min(j, outer);
    int64_t window = outer ? outer : j;
    int64_t cost = rows * ceil_div(window, j), work = h * window;
    if (work * best_rows <= best_work * cost && best_rows)
      continue;
    best_rows = cost, best_work = work;
    config->block_h = h, config->block_j = j;
  }
  config->block_q = 1;
  if (given(op, BLOCK_Q) > 1)
    config->block_j = 1;
}

/// The same with (query, head) pairs, if there are as many queries: then an
/// inner tile serves all of them. Two queries are left to two j's, since the
/// one key more that they see would take a tile of its own.
static bool choose_rows_of_queries(MlirOperation op, int64_t rows,
                                   Config *config) {
  enum { FEW = 2 };
  int64_t group = group_size(op), heads = min(group, rows);
  while (group % heads)
    --heads;
  int64_t fit = rows / heads;
  int64_t queries = ir_dim_size(ir_type(ir_operand(op, SIMPLICIAL_Q)), 1);
  if (given(op, BLOCK_Q) == 1 || given(op, BLOCK_J) > 1 || fit <= FEW ||
      (!mlirShapedTypeIsDynamicSize(queries) && queries < fit))
    return false;
  config->block_q = fit;
  config->block_h = heads;
  config->block_j = 1;
  return true;
}

// Defaults --------------------------------------------------------------------

/// What tiles suit a kind of target.
typedef struct Suited {
  int64_t rows;
  int64_t block_k;     ///< the most inner keys of a tile
  int64_t cache;       ///< the most bytes of an inner tile
  int64_t step;        ///< block_k is a multiple of it
  int64_t tail;        ///< the most inner keys of a tile behind whole ones
  int64_t tiles;       ///< the most inner tiles that are taken together
  int64_t sum_columns; ///< if no rows are merged
  bool gpu;            ///< operands of the inputs' type, lazy_rescale
  bool queries;        ///< several of them, where heads do not fill the rows
} Suited;

/// Two vectors of 8 lanes; an inner tile stays in the cache. Loops end at a
/// window's end, and rescaling is a small part of the work.
static const Suited cpu = {16, 256, 32 << 10, 1, 0, 1, 1, false, false};

/// A thread has some of so many columns of a matrix instruction's result; it
/// adds to them alone.
enum { GPU_COLUMNS = 8 };

/// 16 rows, the matrix instruction's, of each of four warps, and a multiple of
/// its depth; an inner tile leaves room for others in shared memory.
static const Suited gpu = {64, 128, 16 << 10, 16, 32, 1, 1, true, false};

/// The same where warpgroups multiply: masks by row are less of the work there.
static const Suited one_warpgroup = {64, 128, 16 << 10, 16,  32,
                                     1,  1,   true,     true};

/// Two warpgroups share a multiprocessor and its inner tiles, so that one of
/// them multiplies while the other does the rest; a third one copies. Four
/// tiles stay while all outer keys pass: more of them wait for each other less
/// often, and smaller ones leave registers for what is in flight. Where heads
/// are small, three blocks of one warpgroup fit, as they are for other GPUs.
static const Suited two_warpgroups = {128, 64,          16 << 10, 16,  64,
                                      4,   GPU_COLUMNS, true,     true};

static int64_t outer_rows(SimplicialAttentionAttributes a,
                          const Config *config) {
  return config_outer_rows(config, config_swaps_roles(a) ? a.w2 : a.w1,
                           a.causal);
}

/// Whether the outer window of a block is small beside its inner tiles, and has
/// no more rows than a tile.
static bool outer_fits(MlirOperation op, SimplicialAttentionAttributes a,
                       const Config *config) {
  enum { SMALL = 32 << 10 };
  MlirType q = ir_type(ir_operand(op, SIMPLICIAL_Q));
  int64_t rows = outer_rows(a, config), width = ir_dim_size(q, 3);
  int64_t bytes = 2 * rows * width * mlirFloatTypeGetWidth(ir_element(q)) / 8;
  return rows && rows <= config_rows(config) && bytes <= SMALL;
}

/// Steps of the loop over the inner window. Beside its whole tiles are the keys
/// of a block's later queries: another tile, or some keys more of the last one.
static void choose_steps(MlirOperation op, int64_t inner, const Suited *suited,
                         Config *config) {
  int64_t block = given_or(op, BLOCK_K, config->block_k);
  int64_t queries = given_or(op, BLOCK_Q, config->block_q);
  config->tiles =
      inner ? max(1, min(suited->tiles, inner / block)) : suited->tiles;
  config->block_tail = min(suited->tail, block);
  config->block_last = block;
  if (given_or(op, TILES, config->tiles) > 1)
    config->block_last += queries > 1 ? suited->step : 0;
  else if (queries > 1)
    config->block_tail = min(
        config->block_tail, ceil_div(queries - 1, suited->step) * suited->step);
}

static void choose(MlirOperation op, SimplicialAttentionAttributes a,
                   const Suited *suited, Config *config) {
  if (!suited->queries || !choose_rows_of_queries(op, suited->rows, config))
    choose_rows(op, a, suited->rows, config);
  MlirType q = ir_type(ir_operand(op, SIMPLICIAL_Q));
  config->operand =
      suited->gpu ? ir_element(q) : mlirF32TypeGet(mlirOperationGetContext(op));
  int64_t inner = config_swaps_roles(a) ? a.w1 : a.w2, step = suited->step;
  int64_t row = ir_dim_size(q, 3) * mlirFloatTypeGetWidth(config->operand) / 8;
  int64_t steps = min(suited->block_k, suited->cache / row) / step;
  if (inner)
    steps = min(steps, ceil_div(inner, step));
  config->block_k = steps * step;
  config->inner_stationary = true;
  choose_steps(op, inner, suited, config);
  config->lazy_rescale = suited->gpu;
  config->local_outer = suited->gpu && outer_fits(op, a, config);
  // Tiles that stay for long need not be copied ahead.
  int64_t tiles = given_or(op, TILES, config->tiles);
  config->stages = !suited->gpu ? 0 : tiles > 1 ? 1 : 2;
  config->producer = false;
  config->sum_columns = config->block_j > 1 ? 1 : suited->sum_columns;
}

/// Whether heads are such that warpgroups multiply them.
static bool fit_warpgroups(MlirOperation op) {
  MlirType q = ir_type(ir_operand(op, SIMPLICIAL_Q));
  int64_t d = ir_dim_size(q, 3);
  return !mlirTypeIsAF32(ir_element(q)) && (d == 64 || d == 128);
}

/// Whether two warpgroups have heads that fill them.
static bool choose_two_warpgroups(MlirOperation op,
                                  SimplicialAttentionAttributes a,
                                  Config *config) {
  enum { D = 128, ONE = 64 };
  if (ir_dim_size(ir_type(ir_operand(op, SIMPLICIAL_Q)), 3) != D)
    return false;
  choose(op, a, &two_warpgroups, config);
  return config_rows(config) > ONE;
}

static void choose_for(MlirOperation op, SimplicialAttentionAttributes a,
                       const ChipList *chips, Config *config) {
  if (!chips->n)
    choose(op, a, &cpu, config);
  else if (!chip_list_has_warpgroups(chips) || !fit_warpgroups(op))
    choose(op, a, &gpu, config);
  else if (choose_two_warpgroups(op, a, config))
    config->producer = true;
  else
    choose(op, a, &one_warpgroup, config);
}

/// What a GPU's matrix instructions and registers allow.
static MlirLogicalResult check_gpu(MlirOperation op, const ChipList *chips,
                                   const Config *config) {
  enum { MAX_ROWS = 128 };
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
    if (blocks[i].keys % gpu.step)
      return ir_error(op,
                      SIMPLICIAL_CONFIG_ATTR ": '%s' must be a multiple of %d "
                                             "for %.*s",
                      blocks[i].name, (int)gpu.step, length, target.data);
  if (config->tiles > 1 && !config->block_tail)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": '" TILES "' above 1 needs a '" BLOCK_TAIL "'");
  if (config->sum_columns != 1 && config->sum_columns != GPU_COLUMNS)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" SUM_COLUMNS
                                           "' must be 1 or %d for %.*s",
                    GPU_COLUMNS, length, target.data);
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
  if (config_rows(config) > MAX_ROWS)
    return ir_error(op,
                    SIMPLICIAL_CONFIG_ATTR ": '" BLOCK_Q "' * '" BLOCK_H
                                           "' * '" BLOCK_J
                                           "' must be at most %d for %.*s",
                    MAX_ROWS, length, target.data);
  return mlirLogicalResultSuccess();
}

/// Whether the outer window can be local.
static MlirLogicalResult check_local(MlirOperation op,
                                     SimplicialAttentionAttributes a,
                                     const Config *config) {
  int64_t rows = outer_rows(a, config);
  if (!config->local_outer || (rows && rows <= config_rows(config)))
    return mlirLogicalResultSuccess();
  if (!rows)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    ": '" LOCAL_OUTER "' is for an outer window with a bound");
  return ir_error(op,
                  SIMPLICIAL_CONFIG_ATTR
                  ": '" LOCAL_OUTER
                  "': the outer windows have %lld keys, a tile %lld rows",
                  (long long)rows, (long long)config_rows(config));
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

/// Reads what is there into `config`.
static MlirLogicalResult read(MlirOperation op, Config *config) {
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
  if (mlirLogicalResultIsFailure(read(op, config)))
    return mlirLogicalResultFailure();
  if (!config->block_q || !config->block_h || !config->block_j ||
      !config->block_k || !config->tiles || !config->block_last ||
      !config->sum_columns || mlirTypeIsNull(config->operand))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR
                    " is incomplete: run simplicial-configure first");
  return mlirLogicalResultSuccess();
}

// The pass --------------------------------------------------------------------

static MlirLogicalResult configure(MlirOperation op) {
  SimplicialAttentionAttributes attributes;
  ChipList list;
  if (mlirLogicalResultIsFailure(
          simplicialAttentionGetAttributes(op, &attributes)) ||
      mlirLogicalResultIsFailure(chip_list_of(op, &list)))
    return mlirLogicalResultFailure();
  Config config;
  choose_for(op, attributes, &list, &config);
  if (mlirLogicalResultIsFailure(read(op, &config)) ||
      mlirLogicalResultIsFailure(check_local(op, attributes, &config)) ||
      mlirLogicalResultIsFailure(list.n ? check_gpu(op, &list, &config)
                                        : check_cpu(op, &config)))
    return mlirLogicalResultFailure();
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
