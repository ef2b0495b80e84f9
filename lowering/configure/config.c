// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The attribute `simplicial.config`: one table of entries, by which it is read,
// written, and checked. A new entry is a field of Config and a row here.
//
//     {block_k = 64 : i64, order = "kj", operand = f32}  <->  Config

#include "config.h"

#include "lowering/ir.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stddef.h>

typedef enum Kind {
  INTEGER, ///< `least` to `most`
  BOOL,
  ORDER, ///< "kj" is true, "jk" is false
  TYPE,  ///< of operands: theirs, f32, or tf32 for f32
} Kind;

typedef struct Entry {
  const char *name;
  Kind kind;
  size_t offset;     ///< in Config
  int64_t least;     ///< of an integer; if it is above 0, 0 is "not given"
  int64_t most;      ///< 0: CONFIG_MAX_BLOCK
  unsigned gpu_only; ///< parts in which CPUs have no choice of it:
  int64_t cpu;       ///< what they have,
  size_t cpu_like;   ///< if this is not 0, the integer that is there in Config
  int gpu_step;      ///< GPUs have multiples of it; 0: any number
  unsigned parts;    ///< those that have it
} Entry;

enum {
  F = 1 << CONFIG_FORWARD | 1 << CONFIG_FEW,
  Q = 1 << CONFIG_QUERY,
  K = 1 << CONFIG_KEYS,
};

#define ROW(NAME, KIND, ...) {#NAME, KIND, offsetof(Config, NAME), __VA_ARGS__}
#define GPU(VALUE) .gpu_only = F | Q | K, .cpu = VALUE

static const Entry entries[] = {
    ROW(block_q, INTEGER, .parts = F | Q | K, .least = 1, .gpu_only = F | Q,
        .cpu = 1),
    ROW(block_h, INTEGER, .parts = F | Q | K, .least = 1),
    ROW(block_j, INTEGER, .parts = F | Q | K, .least = 1),
    ROW(block_k, INTEGER, .parts = F | Q | K, .least = 1,
        .gpu_step = CONFIG_GPU_STEP),
    ROW(block_tail, INTEGER, .parts = F | Q, .least = 0, GPU(0),
        .gpu_step = CONFIG_GPU_STEP),
    ROW(tiles, INTEGER, .parts = F | Q, .least = 1, GPU(1)),
    ROW(block_last, INTEGER, .parts = F | Q, .least = 1, .gpu_only = F | Q,
        .cpu_like = offsetof(Config, block_k), .gpu_step = CONFIG_GPU_STEP),
    ROW(sum_columns, INTEGER, .parts = F, .least = 1, GPU(1)),
    ROW(stages, INTEGER, .parts = F | Q | K, .least = 0, GPU(0)),
    {"order", ORDER, offsetof(Config, inner_stationary), .parts = F | Q},
    ROW(producer, BOOL, .parts = F | Q | K, GPU(0)),
    ROW(lazy_rescale, BOOL, .parts = F, GPU(0)),
    ROW(local_outer, BOOL, .parts = F | Q | K, GPU(0)),
    ROW(operand, TYPE, .parts = F | Q | K),
    ROW(local_rows, BOOL, .parts = K, GPU(0)),
    ROW(split, BOOL, .parts = K, GPU(0)),
    ROW(global_sums, BOOL, .parts = K, GPU(0)),
    ROW(local_sums, BOOL, .parts = Q | K, GPU(0)),
    ROW(shared_left, BOOL, .parts = Q | K, GPU(0)),
    ROW(by_pairs, BOOL, .parts = K),
    ROW(turns, INTEGER, .parts = Q | K, .least = 1),
    ROW(blocks, INTEGER, .parts = F | K, .least = 0),
    ROW(queries, INTEGER, .parts = 1 << CONFIG_FEW, .least = 0,
        .most = CONFIG_MAX_QUERIES, GPU(0)),
};

enum { COUNT = sizeof entries / sizeof *entries };

#define ORDER_KJ "kj"
#define ORDER_JK "jk"

static int64_t *integer_of(const Config *config, size_t offset) {
  return (int64_t *)((char *)config + offset);
}

static bool *bool_of(const Config *config, const Entry *e) {
  return (bool *)((char *)config + e->offset);
}

static MlirType *type_of(const Config *config, const Entry *e) {
  return (MlirType *)((char *)config + e->offset);
}

/// Null if there is none, nor a dictionary.
static MlirAttribute find(MlirAttribute config, const char *name) {
  return mlirAttributeIsNull(config) || !mlirAttributeIsADictionary(config)
             ? mlirAttributeGetNull()
             : mlirDictionaryAttrGetElementByName(config, ir_str(name));
}

static const char *const part_names[] = {
    [CONFIG_FEW] = "few", [CONFIG_QUERY] = "query", [CONFIG_KEYS] = "keys"};

static bool is_of(const Entry *e, ConfigPart part) {
  return e->parts >> part & 1;
}

MlirAttribute config_dictionary(MlirOperation op, ConfigPart part) {
  MlirAttribute all = ir_get_attr(op, SIMPLICIAL_CONFIG_ATTR);
  return part == CONFIG_FORWARD ? all : find(all, part_names[part]);
}

bool config_has(MlirOperation op, ConfigPart part, const char *name) {
  return !mlirAttributeIsNull(find(config_dictionary(op, part), name));
}

bool config_has_few(MlirOperation op) {
  return !mlirAttributeIsNull(config_dictionary(op, CONFIG_FEW));
}

int64_t config_step(const Config *config) {
  return (config->tiles - 1) * config->block_k + config->block_last;
}

int64_t config_rows(const Config *config) {
  return config->block_q * config->block_h * config->block_j;
}

int64_t config_columns(const Config *config) {
  return config->by_pairs ? config_rows(config)
                          : config->block_q * config->block_h;
}

int64_t config_key_rows(const Config *config) {
  return config->by_pairs ? config->block_k : config->block_j * config->block_k;
}

// Reading ---------------------------------------------------------------------

static MlirLogicalResult read_integer(MlirOperation op, MlirAttribute value,
                                      const Entry *e, Config *config) {
  if (!mlirAttributeIsAInteger(value))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '%s' must be an integer",
                    e->name);
  int64_t n = mlirIntegerAttrGetValueInt(value);
  int64_t most = e->most ? e->most : CONFIG_MAX_BLOCK;
  if (n < e->least || n > most)
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '%s' must be %d to %d",
                    e->name, (int)e->least, (int)most);
  *integer_of(config, e->offset) = n;
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult read_bool(MlirOperation op, MlirAttribute value,
                                   const Entry *e, Config *config) {
  if (!mlirAttributeIsABool(value))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '%s' must be true or false",
                    e->name);
  *bool_of(config, e) = mlirBoolAttrGetValue(value);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult read_order(MlirOperation op, MlirAttribute value,
                                    const Entry *e, Config *config) {
  bool *is_kj = bool_of(config, e);
  if (mlirAttributeIsAString(value)) {
    MlirStringRef order = mlirStringAttrGetValue(value);
    *is_kj = mlirStringRefEqual(order, ir_str(ORDER_KJ));
    if (*is_kj || mlirStringRefEqual(order, ir_str(ORDER_JK)))
      return mlirLogicalResultSuccess();
  }
  return ir_error(op,
                  SIMPLICIAL_CONFIG_ATTR ": '%s' must be \"" ORDER_KJ
                                         "\" or \"" ORDER_JK "\"",
                  e->name);
}

static MlirLogicalResult read_type(MlirOperation op, MlirAttribute value,
                                   const Entry *e, Config *config) {
  MlirType element = ir_element(ir_type(ir_operand(op, SIMPLICIAL_Q)));
  if (mlirAttributeIsAType(value)) {
    MlirType type = mlirTypeAttrGetValue(value);
    *type_of(config, e) = type;
    if (mlirTypeIsAF32(type) || mlirTypeEqual(type, element) ||
        (mlirTypeIsATF32(type) && mlirTypeIsAF32(element)))
      return mlirLogicalResultSuccess();
  }
  return ir_error(op,
                  SIMPLICIAL_CONFIG_ATTR
                  ": '%s' must be f32 or the operands' element type, or tf32 "
                  "for that of f32",
                  e->name);
}

static MlirLogicalResult check_names(MlirOperation op, ConfigPart part,
                                     MlirAttribute config) {
  intptr_t n = mlirAttributeIsNull(config)
                   ? 0
                   : mlirDictionaryAttrGetNumElements(config);
  for (intptr_t i = 0; i < n; ++i) {
    MlirStringRef name =
        mlirIdentifierStr(mlirDictionaryAttrGetElement(config, i).name);
    bool found = part == CONFIG_FORWARD &&
                 mlirStringRefEqual(name, ir_str(part_names[CONFIG_FEW]));
    for (int k = 0; k < COUNT; ++k)
      found |= is_of(&entries[k], part) &&
               mlirStringRefEqual(name, ir_str(entries[k].name));
    if (!found)
      return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": unknown entry '%.*s'",
                      (int)name.length, name.data);
  }
  return mlirLogicalResultSuccess();
}

/// A gradient's dictionary has its parts' ones.
static MlirLogicalResult check_parts(MlirOperation op) {
  MlirAttribute all = ir_get_attr(op, SIMPLICIAL_CONFIG_ATTR);
  if (mlirAttributeIsNull(all))
    return mlirLogicalResultSuccess();
  bool right = mlirAttributeIsADictionary(all);
  intptr_t n = right ? mlirDictionaryAttrGetNumElements(all) : 0;
  for (intptr_t i = 0; i < n; ++i) {
    MlirNamedAttribute entry = mlirDictionaryAttrGetElement(all, i);
    MlirStringRef name = mlirIdentifierStr(entry.name);
    right &= mlirAttributeIsADictionary(entry.attribute) &&
             (mlirStringRefEqual(name, ir_str(part_names[CONFIG_QUERY])) ||
              mlirStringRefEqual(name, ir_str(part_names[CONFIG_KEYS])));
  }
  return right ? mlirLogicalResultSuccess()
               : ir_error(op, SIMPLICIAL_CONFIG_ATTR
                          " of a gradient must be a dictionary of two, "
                          "'query' and 'keys'");
}

MlirLogicalResult config_read(MlirOperation op, ConfigPart part,
                              Config *config) {
  typedef MlirLogicalResult Read(MlirOperation op, MlirAttribute value,
                                 const Entry *e, Config *config);
  static Read *const read[] = {[INTEGER] = read_integer,
                               [BOOL] = read_bool,
                               [ORDER] = read_order,
                               [TYPE] = read_type};
  bool of_gradient = part == CONFIG_QUERY || part == CONFIG_KEYS;
  if (of_gradient && mlirLogicalResultIsFailure(check_parts(op)))
    return mlirLogicalResultFailure();
  MlirAttribute attribute = config_dictionary(op, part);
  if (!mlirAttributeIsNull(attribute) && !mlirAttributeIsADictionary(attribute))
    return ir_error(op, SIMPLICIAL_CONFIG_ATTR " must be a dictionary");
  if (mlirLogicalResultIsFailure(check_names(op, part, attribute)))
    return mlirLogicalResultFailure();
  for (const Entry *e = entries; e < entries + COUNT; ++e) {
    MlirAttribute value = find(attribute, e->name);
    if (!mlirAttributeIsNull(value) &&
        mlirLogicalResultIsFailure(read[e->kind](op, value, e, config)))
      return mlirLogicalResultFailure();
  }
  return mlirLogicalResultSuccess();
}

bool config_is_complete(const Config *config, ConfigPart part) {
  bool complete = true;
  for (const Entry *e = entries; e < entries + COUNT; ++e) {
    if (e->kind == INTEGER && is_of(e, part))
      complete &= *integer_of(config, e->offset) >= e->least;
    if (e->kind == TYPE)
      complete &= !mlirTypeIsNull(*type_of(config, e));
  }
  return complete;
}

// CPUs ------------------------------------------------------------------------

void config_set_for_cpu(ConfigPart part, Config *config) {
  for (const Entry *e = entries; e < entries + COUNT; ++e)
    if (!(e->gpu_only >> part & 1))
      continue;
    else if (e->kind == BOOL)
      *bool_of(config, e) = e->cpu;
    else
      *integer_of(config, e->offset) =
          e->cpu_like ? *integer_of(config, e->cpu_like) : e->cpu;
}

MlirLogicalResult config_check_for_cpu(MlirOperation op, ConfigPart part,
                                       const Config *config) {
  Config cpu = *config;
  config_set_for_cpu(part, &cpu);
  for (const Entry *e = entries; e < entries + COUNT; ++e) {
    bool same = !is_of(e, part) || !(e->gpu_only >> part & 1) ||
                (e->kind == BOOL ? *bool_of(config, e) == *bool_of(&cpu, e)
                                 : *integer_of(config, e->offset) ==
                                       *integer_of(&cpu, e->offset));
    if (!same)
      return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '%s' is for GPUs", e->name);
    if (e->kind == TYPE && mlirTypeIsATF32(*type_of(config, e)))
      return ir_error(op, SIMPLICIAL_CONFIG_ATTR ": '%s' tf32 is for GPUs",
                      e->name);
  }
  return mlirLogicalResultSuccess();
}

// GPUs ------------------------------------------------------------------------

MlirLogicalResult config_check_steps(MlirOperation op, const Config *config,
                                     MlirStringRef target) {
  for (const Entry *e = entries; e < entries + COUNT; ++e)
    if (e->gpu_step && *integer_of(config, e->offset) % e->gpu_step)
      return ir_error(
          op, SIMPLICIAL_CONFIG_ATTR ": '%s' must be a multiple of %d for %.*s",
          e->name, e->gpu_step, (int)target.length, target.data);
  return mlirLogicalResultSuccess();
}

// Writing ---------------------------------------------------------------------

static MlirAttribute attribute_of(Ir *b, const Config *config, const Entry *e) {
  switch (e->kind) {
  case INTEGER:
    return ir_i64_attr(b, *integer_of(config, e->offset));
  case BOOL:
    return mlirBoolAttrGet(b->context, *bool_of(config, e));
  case ORDER:
    return mlirStringAttrGet(b->context,
                             ir_str(*bool_of(config, e) ? ORDER_KJ : ORDER_JK));
  case TYPE:
    break;
  }
  return mlirTypeAttrGet(*type_of(config, e));
}

static MlirNamedAttribute named(Ir *b, const char *name, MlirAttribute value) {
  return mlirNamedAttributeGet(mlirIdentifierGet(b->context, ir_str(name)),
                               value);
}

/// A part's entries; how many there are.
static int list(Ir *b, ConfigPart part, const Config *config,
                MlirNamedAttribute listed[COUNT]) {
  int n = 0;
  for (const Entry *e = entries; e < entries + COUNT; ++e)
    if (is_of(e, part))
      listed[n++] = named(b, e->name, attribute_of(b, config, e));
  return n;
}

static MlirNamedAttribute dictionary(Ir *b, ConfigPart part,
                                     const Config *config) {
  MlirNamedAttribute listed[COUNT];
  int n = list(b, part, config, listed);
  return named(b, part_names[part],
               mlirDictionaryAttrGet(b->context, n, listed));
}

static void write(Ir *b, MlirOperation op, int n,
                  const MlirNamedAttribute *listed) {
  mlirOperationSetAttributeByName(op, ir_str(SIMPLICIAL_CONFIG_ATTR),
                                  mlirDictionaryAttrGet(b->context, n, listed));
}

void config_write(MlirOperation op, const Config *config, const Config *few) {
  Ir b = ir_before(op);
  MlirNamedAttribute listed[COUNT + 1];
  int n = list(&b, CONFIG_FORWARD, config, listed);
  if (few)
    listed[n++] = dictionary(&b, CONFIG_FEW, few);
  write(&b, op, n, listed);
}

void config_write_grad(MlirOperation op, const Config *query,
                       const Config *keys) {
  Ir b = ir_before(op);
  const MlirNamedAttribute listed[] = {dictionary(&b, CONFIG_QUERY, query),
                                       dictionary(&b, CONFIG_KEYS, keys)};
  write(&b, op, 2, listed);
}
