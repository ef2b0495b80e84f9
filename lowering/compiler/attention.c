// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The description of an attention -> its module -> its function.
//
// In:  {.dtype = f32, .b = SIMPLICIAL_DYNAMIC, ..., .attributes = {.w1 = 4}}
// Out: func.func @attention(%0: tensor<?x?x8x64xf32>, ...)
//          -> (tensor<?x?x8x64xf32>) {
//        %r:2 = "simplicial.attention"(%0, ...) {w1 = 4 : i64} : ...
//        return %r#0 : tensor<?x?x8x64xf32>
//      }
//
// What is wrong with the sizes and attributes is for the operation's verifier
// to say. Only what text cannot say, or says without meaning it, is checked
// here.

#include "compiler.h"
#include "no_memory.h"
#include "target.h"
#include "text.h"

#include "dialect/forms.h"

#include "simplicial/attention.h"
#include "simplicial/dialect.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  GRADIENTS = SIMPLICIAL_V2 + 1, // q's to v2's
  MAX_INPUTS = SIMPLICIAL_D_OUT + 1,
  MAX_TYPE = 128,
};

/// Types as text.
typedef struct Types {
  char query[MAX_TYPE], k1[MAX_TYPE], k2[MAX_TYPE], v1[MAX_TYPE], v2[MAX_TYPE];
  char out[MAX_TYPE], lse[MAX_TYPE], bound[MAX_TYPE];
} Types;

// Checking --------------------------------------------------------------------

/// Keys of k2 and v2.
static int64_t second_length(const SimplicialAttentionSpec *spec) {
  return spec->attributes.two_lengths ? spec->n2 : spec->n;
}

static SimplicialStatus check(const SimplicialAttentionSpec *spec) {
  const struct {
    const char *name;
    int64_t size;
  } sizes[] = {{"B", spec->b},   {"Nq", spec->nq},           {"N", spec->n},
               {"Hq", spec->hq}, {"Hk", spec->hk},           {"D", spec->d},
               {"Dv", spec->dv}, {"N2", second_length(spec)}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i)
    if (sizes[i].size < SIMPLICIAL_DYNAMIC)
      return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "attention: %s is %lld", sizes[i].name,
                             (long long)sizes[i].size);
  if (!simplicialTypeIsSupported(spec->dtype))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "attention: element type must be f32, f16 or bf16");
  if ((unsigned)spec->attributes.form >= FORMS)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "attention: there is no form %d",
                           (int)spec->attributes.form);
  if (spec->gradients >> GRADIENTS)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "attention: there are %d gradients, not those of "
                           "0x%x",
                           GRADIENTS, spec->gradients);
  if (spec->bound != SIMPLICIAL_NO_BOUND && spec->bound != SIMPLICIAL_START &&
      spec->bound != SIMPLICIAL_LENGTHS)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "attention: there is no bound %d", (int)spec->bound);
  if (spec->gradients && spec->lse)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "attention: gradients come without lse, which they "
                           "take");
  return simplicialOk();
}

/// What needs no quotes behind an @.
static bool is_symbol(const char *name) {
  if (!isalpha((unsigned char)*name) && *name != '_')
    return false;
  for (const char *c = name; *c; ++c)
    if (!isalnum((unsigned char)*c) && !strchr("_$.", *c))
      return false;
  return true;
}

int64_t simplicialFewQueries(int64_t nq, int64_t n) {
  return nq <= SIMPLICIAL_FEW_QUERIES && nq < n ? nq : SIMPLICIAL_DYNAMIC;
}

// Writing ---------------------------------------------------------------------

static void write_type(char *type, const int64_t *sizes, int rank,
                       const char *element) {
  int length = snprintf(type, MAX_TYPE, "tensor<");
  for (int i = 0; i < rank; ++i)
    length += sizes[i] == SIMPLICIAL_DYNAMIC
                  ? snprintf(type + length, (size_t)(MAX_TYPE - length), "?x")
                  : snprintf(type + length, (size_t)(MAX_TYPE - length),
                             "%lldx", (long long)sizes[i]);
  snprintf(type + length, (size_t)(MAX_TYPE - length), "%s>", element);
}

static Types types_of(const SimplicialAttentionSpec *spec) {
  const int64_t query[] = {spec->b, spec->nq, spec->hq, spec->d};
  int64_t dv = spec->dv ? spec->dv : spec->d, n2 = second_length(spec);
  const int64_t k1[] = {spec->b, spec->n, spec->hk, spec->d};
  const int64_t k2[] = {spec->b, n2, spec->hk, spec->d};
  const int64_t v1[] = {spec->b, spec->n, spec->hk, dv};
  const int64_t v2[] = {spec->b, n2, spec->hk, dv};
  const int64_t out[] = {spec->b, spec->nq, spec->hq, dv};
  const int64_t lse[] = {spec->b, spec->hq, spec->nq};
  bool two = spec->attributes.two_lengths;
  const int64_t bound[] = {spec->b, two ? SIMPLICIAL_DYNAMIC : spec->n};
  const char *element = simplicialTypeName(spec->dtype);
  Types types;
  write_type(types.query, query, 4, element);
  write_type(types.k1, k1, 4, element);
  write_type(types.k2, k2, 4, element);
  write_type(types.v1, v1, 4, element);
  write_type(types.v2, v2, 4, element);
  write_type(types.out, out, 4, element);
  write_type(types.lse, lse, 3, "f32");
  write_type(types.bound, bound, spec->bound == SIMPLICIAL_LENGTHS ? 1 : 2,
             "i32");
  return types;
}

/// The type of an operand, or of its gradient.
static const char *type_of(const Types *types, int operand) {
  switch (operand) {
  case SIMPLICIAL_Q:
    return types->query;
  case SIMPLICIAL_K1:
    return types->k1;
  case SIMPLICIAL_K2:
    return types->k2;
  case SIMPLICIAL_V1:
    return types->v1;
  case SIMPLICIAL_V2:
    return types->v2;
  case SIMPLICIAL_LSE:
    return types->lse;
  default:
    return types->out;
  }
}

/// Floats are written as their bits.
static void write_float(Text *text, const char *name, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (value != 0)
    text_format(text, "%s = 0x%08x : f32, ", name, (unsigned)bits);
}

static void write_attributes(Text *text,
                             const SimplicialAttentionAttributes *at,
                             bool few) {
  text_format(text, " {");
  if (at->w1)
    text_format(text, "w1 = %lld : i64, ", (long long)at->w1);
  if (at->w2)
    text_format(text, "w2 = %lld : i64, ", (long long)at->w2);
  if (at->causal)
    text_format(text, "causal, ");
  write_float(text, "scale", at->scale);
  write_float(text, "k2_bias", at->k2_bias);
  write_float(text, "v2_bias", at->v2_bias);
  if (at->two_lengths)
    text_format(text, "two_lengths, ");
  if (few)
    text_format(text, SIMPLICIAL_CONFIG_ATTR " = {few = {}}, ");
  text_format(text, "form = \"%s\"}", form_names[at->form]);
}

/// Which of the operation's results the function returns, and their types.
typedef struct Results {
  int count, numbers[GRADIENTS];
  const char *types[GRADIENTS];
} Results;

static void write_results(Text *text, const Results *results, bool types) {
  for (int i = 0; i < results->count; ++i)
    if (types)
      text_format(text, "%s%s", i ? ", " : "", results->types[i]);
    else
      text_format(text, "%s%%r#%d", i ? ", " : "", results->numbers[i]);
}

/// What a list of inputs has of each.
typedef enum List { VALUES, TYPES, DECLARATIONS } List;

/// `count` operands, and what bounds them, if there is something.
static void write_inputs(Text *text, const Types *types, int count,
                         SimplicialBound bound, List list) {
  for (int i = 0; i < count + (bound != SIMPLICIAL_NO_BOUND); ++i) {
    text_format(text, "%s", i ? ", " : "");
    if (list != TYPES)
      text_format(text, "%%%d", i);
    if (list == DECLARATIONS)
      text_format(text, ": ");
    if (list != VALUES)
      text_format(text, "%s", i < count ? type_of(types, i) : types->bound);
  }
}

/// What the function returns of the operation's results.
static Results results_of(const SimplicialAttentionSpec *spec, const Types *t) {
  if (!spec->gradients)
    return (Results){spec->lse ? 2 : 1, {0, 1}, {t->out, t->lse}};
  Results results = {0};
  for (int i = 0; i < GRADIENTS; ++i)
    if (spec->gradients >> i & 1) {
      results.numbers[results.count] = i;
      results.types[results.count++] = type_of(t, i);
    }
  return results;
}

/// A module; with `few` it has another strategy for few queries.
static void write_module(Text *text, const SimplicialAttentionSpec *spec,
                         const char *name, bool few) {
  // The operation itself has all results.
  SimplicialAttentionSpec whole = *spec;
  whole.gradients = spec->gradients ? (1u << GRADIENTS) - 1 : 0;
  whole.lse = !spec->gradients;
  const Types types = types_of(spec);
  const Results all = results_of(&whole, &types);
  const Results returned = results_of(spec, &types);
  int inputs = spec->gradients ? MAX_INPUTS : SIMPLICIAL_V2 + 1;

  text_format(text, "func.func @%s(", name);
  write_inputs(text, &types, inputs, spec->bound, DECLARATIONS);
  text_format(text, ") -> (");
  write_results(text, &returned, true);
  text_format(text, ") {\n  %%r:%d = \"simplicial.attention%s\"(", all.count,
              spec->gradients ? "_grad" : "");
  write_inputs(text, &types, inputs, spec->bound, VALUES);
  text_format(text, ")");
  write_attributes(text, &spec->attributes, few);
  text_format(text, " : (");
  write_inputs(text, &types, inputs, spec->bound, TYPES);
  text_format(text, ") -> (");
  write_results(text, &all, true);
  // Errors are of the description, at no place in this text.
  text_format(text, ") loc(unknown)\n  return ");
  write_results(text, &returned, false);
  text_format(text, " : ");
  write_results(text, &returned, true);
  text_format(text, "\n}\n");
}

static SimplicialStatus module_of(const SimplicialAttentionSpec *spec,
                                  const char *name, bool few, char **text,
                                  size_t *length) {
  *text = NULL;
  *length = 0;
  SimplicialStatus status = check(spec);
  if (status.code)
    return status;
  if (!is_symbol(name))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "attention: the name '%s' is no identifier", name);
  Text module = {0};
  write_module(&module, spec, name, few);
  if (module.failed) {
    text_free(&module);
    return no_memory();
  }
  *text = module.data;
  *length = module.size;
  return simplicialOk();
}

SimplicialStatus simplicialAttentionModule(const SimplicialAttentionSpec *spec,
                                           const char *name, char **text,
                                           size_t *length) {
  return module_of(spec, name, false, text, length);
}

// Functions -------------------------------------------------------------------

/// A function that is there. The list only grows: no lock is needed, nor a
/// thought for who forks meanwhile.
typedef struct Known Known;
struct Known {
  SimplicialAttentionSpec spec;
  const char *target; // behind this
  const SimplicialFunction *function;
  Known *next;
};

static _Atomic(Known *) known;

static bool same_float(float x, float y) {
  return !memcmp(&x, &y, sizeof x); // of two NaNs, too
}

static bool same_attributes(const SimplicialAttentionAttributes *x,
                            const SimplicialAttentionAttributes *y) {
  return x->w1 == y->w1 && x->w2 == y->w2 && x->causal == y->causal &&
         same_float(x->scale, y->scale) && same_float(x->k2_bias, y->k2_bias) &&
         same_float(x->v2_bias, y->v2_bias) && x->form == y->form &&
         x->two_lengths == y->two_lengths;
}

static bool same_spec(const SimplicialAttentionSpec *x,
                      const SimplicialAttentionSpec *y) {
  return !memcmp(&x->dtype, &y->dtype, sizeof x->dtype) && x->b == y->b &&
         x->nq == y->nq && x->n == y->n &&
         second_length(x) == second_length(y) && x->hq == y->hq &&
         x->hk == y->hk && x->d == y->d && x->dv == y->dv && x->lse == y->lse &&
         x->gradients == y->gradients && x->bound == y->bound &&
         same_attributes(&x->attributes, &y->attributes);
}

static const SimplicialFunction *recall(const SimplicialAttentionSpec *spec,
                                        const char *target) {
  for (const Known *one = atomic_load(&known); one; one = one->next)
    if (same_spec(spec, &one->spec) && !strcmp(target, one->target))
      return one->function;
  return NULL;
}

/// If there is no memory for it, it is found more slowly.
static void remember(const SimplicialAttentionSpec *spec, const char *target,
                     const SimplicialFunction *function) {
  size_t length = strlen(target) + 1;
  Known *one = malloc(sizeof *one + length);
  if (!one)
    return;
  *one = (Known){.spec = *spec,
                 .target = memcpy(one + 1, target, length),
                 .function = function,
                 .next = atomic_load(&known)};
  while (!atomic_compare_exchange_weak(&known, &one->next, one))
    ;
}

static SimplicialStatus load(const SimplicialAttentionSpec *spec,
                             const char *target,
                             const SimplicialFunction **function) {
  const char *name = spec->gradients ? "attention_grad" : "attention";
  char *text;
  size_t length;
  SimplicialExecutable *executable;
  bool few = !spec->gradients && spec->nq == SIMPLICIAL_DYNAMIC &&
             strcmp(target, "cpu") != 0;
  SimplicialStatus status = module_of(spec, name, few, &text, &length);
  if (status.code)
    return status;
  status = simplicialCompilerLoad(compiler_of_process(), text, length, name,
                                  target, &executable);
  free(text);
  if (status.code)
    return status;
  *function = simplicialExecutableLookup(executable, name);
  simplicialExecutableRelease(executable); // the compiler keeps it
  return simplicialOk();
}

SimplicialStatus
simplicialAttentionFunction(const SimplicialAttentionSpec *spec,
                            const char *target,
                            const SimplicialFunction **function) {
  *function = NULL;
  SimplicialStatus status = target_resolve(&target);
  if (status.code)
    return status;
  *function = recall(spec, target);
  if (*function)
    return simplicialOk();
  status = load(spec, target, function);
  if (!status.code)
    remember(spec, target, *function);
  return status;
}
