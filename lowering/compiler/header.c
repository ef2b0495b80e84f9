// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions -> the C header of an ahead-of-time object. Per function:
//
//   /* in0:  f32 [b, nq, 8, 64] ... */
//   void _mlir_ciface_f(SimplicialMemref4 *in0, ..., SimplicialMemref4 *out0);
//
//   /* The same on contiguous tensors. */
//   static inline void simplicial_f(int64_t b, int64_t nq, int64_t n,
//                                   const float *in0, ..., float *out0);
//
//   /* What a call of it allocates. */
//   static inline int64_t simplicialWorkspace_f(int64_t b, int64_t nq,
//                                               int64_t n);
//
// MLIR lets a name have any bytes. Where they make no identifier, C gets one
// like it, and the declaration says what the object's symbol is:
//
//   void _mlir_ciface_f_fwd(...) SIMPLICIAL_SYMBOL("_mlir_ciface_f-fwd");

#include "header.h"

#include "machine.h"
#include "no_memory.h"

#include "lowering/module/workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Names of functions ----------------------------------------------------------

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_';
}

/// Whether C can spell the names that begin with something and end so.
static bool is_identifier(const char *name) {
  while (is_letter(*name))
    ++name;
  return !*name;
}

static bool is_taken(char *const *names, int count, const char *name) {
  for (int i = 0; i < count; ++i)
    if (names[i] && !strcmp(names[i], name))
      return true;
  return false;
}

/// `name` with an underscore for each run of other bytes and, as long as the
/// result is taken, a number behind.
static char *spell(const char *name, char *const *names, int count) {
  Text text = {0};
  for (const char *c = name; *c; ++c)
    if (is_letter(*c) || c == name || is_letter(c[-1]))
      text_append(&text, is_letter(*c) ? c : "_", 1);
  size_t length = text.size;
  for (int n = 2; !text.failed && is_taken(names, count, text.data); ++n) {
    text.size = length;
    text_format(&text, "_%d", n);
  }
  if (text.failed)
    text_free(&text);
  return text.data;
}

/// What C calls each function, all different. Those that C can spell keep their
/// names.
static bool spell_all(const SimplicialFunction *functions, int count,
                      char **names) {
  bool complete = true;
  for (int i = 0; i < count; ++i)
    if (is_identifier(functions[i].name))
      complete &= (names[i] = strdup(functions[i].name)) != NULL;
  for (int i = 0; i < count; ++i)
    if (!is_identifier(functions[i].name))
      complete &= (names[i] = spell(functions[i].name, names, count)) != NULL;
  return complete;
}

/// Prints `symbol` as what is inside of a C string.
static void print_escaped(const char *symbol, Text *out) {
  for (const char *c = symbol; *c; ++c)
    if (*c < ' ' || *c > '~' || strchr("\"\\?", *c))
      text_format(out, "\\%03o", (unsigned char)*c);
    else
      text_append(out, c, 1);
}

/// Whether some assembler fails to read `symbol` as an operand, even in quotes.
static bool is_hard(const char *symbol) {
  for (const char *c = symbol; *c; ++c)
    if ((*c > 0 && *c < ' ') || strchr(",;@\"\\", *c))
      return true;
  return false;
}

/// Makes `identifier` another name for `symbol`, within one object: GCC's way
/// where its assembler fails to read the symbol elsewhere.
static void print_alias(const char *prefix, const char *identifier,
                        const char *symbol, Text *out) {
  text_format(out,
              "#ifndef __clang__\n"
              "__asm__(\".set %s%s, \\\"%s",
              prefix, identifier, prefix);
  for (const char *c = symbol; *c; ++c) {
    if (strchr("\"\\", *c))
      text_format(out, "\\\\");
    print_escaped((char[]){*c, '\0'}, out);
  }
  text_format(out, "\\\"\");\n#endif\n");
}

/// Prints what a declaration ends with, if the symbol is no identifier.
static void print_label(const char *prefix, const char *symbol, Text *out) {
  if (is_identifier(symbol))
    return;
  bool hard = is_hard(symbol);
  text_format(out, "%s%s",
              hard ? "\n#ifdef __clang__\n    __asm__(\""
                   : "\n    SIMPLICIAL_SYMBOL(\"",
              prefix);
  print_escaped(symbol, out);
  text_format(out, hard ? "\")\n#endif\n    " : "\")");
}

static void print_label_macro(Text *out) {
  text_format(
      out, "/* A symbol that is no identifier. GCC gives it to the assembler "
           "as it is. */\n"
           "#ifndef SIMPLICIAL_SYMBOL\n"
           "#ifdef __clang__\n"
           "#define SIMPLICIAL_SYMBOL(name) __asm__(name)\n"
           "#else\n"
           "#define SIMPLICIAL_SYMBOL(name) __asm__(\"\\\"\" name \"\\\"\")\n"
           "#endif\n"
           "#endif\n\n");
}

// Arguments -------------------------------------------------------------------

typedef struct Name {
  char text[24];
} Name;

static Name argument_name(const SimplicialFunction *f, int index) {
  Name name;
  bool input = index < f->input_count;
  snprintf(name.text, sizeof name.text, "%s%d", input ? "in" : "out",
           input ? index : index - f->input_count);
  return name;
}

/// Whether there are attentions, all of the same batches, queries and keys.
static bool have_one_shape(const SimplicialFunction *f) {
  const Attention *a = f->attentions;
  for (int i = 1; i < f->attention_count; ++i)
    if (a[i].b != a->b || a[i].nq != a->nq || a[i].n != a->n ||
        a[i].n2 != a->n2)
      return false;
  return f->attention_count;
}

/// A dimension's size: a number, or the name of what each call chooses.
static Name size_name(const SimplicialFunction *f, int symbol) {
  Name name;
  if (f->sizes[symbol] != SIMPLICIAL_DYNAMIC) {
    snprintf(name.text, sizeof name.text, "%lld", (long long)f->sizes[symbol]);
    return name;
  }
  const Attention *a = f->attentions;
  snprintf(name.text, sizeof name.text, "s%d", symbol);
  if (!have_one_shape(f))
    return name;
  const struct {
    const char *text;
    int symbol;
  } names[] = {{"b", a->b}, {"n", a->n}, {"nq", a->nq}, {"n2", a->n2}};
  for (int i = (int)(sizeof names / sizeof *names) - 1; i >= 0; --i)
    if (symbol == names[i].symbol)
      strcpy(name.text, names[i].text);
  return name;
}

static const char *element_type(const Argument *argument) {
  if (argument->dtype.code == kDLInt)
    return "int32_t";
  return argument->dtype.bits == 16 ? "uint16_t" : "float";
}

static void print_memref_types(const SimplicialFunction *functions, int count,
                               Text *out) {
  bool printed[SIMPLICIAL_MAX_RANK + 1] = {false};
  for (int i = 0; i < count; ++i)
    for (int j = 0; j < functions[i].input_count + functions[i].output_count;
         ++j) {
      int rank = functions[i].arguments[j].rank;
      if (printed[rank])
        continue;
      printed[rank] = true;
      text_format(out,
                  "#ifndef SIMPLICIAL_MEMREF%d\n"
                  "#define SIMPLICIAL_MEMREF%d\n"
                  "typedef struct SimplicialMemref%d {\n"
                  "  void *allocated, *aligned;\n"
                  "  int64_t offset;\n",
                  rank, rank, rank);
      if (rank)
        text_format(out, "  int64_t sizes[%d], strides[%d];\n", rank, rank);
      text_format(out, "} SimplicialMemref%d;\n#endif\n\n", rank);
    }
}

static void print_shapes(const SimplicialFunction *f, Text *out) {
  for (int i = 0; i < f->input_count + f->output_count; ++i) {
    const Argument *a = &f->arguments[i];
    text_format(out, "%s %s: %s [", i ? "\n  " : "/*", argument_name(f, i).text,
                simplicialTypeName(a->dtype));
    for (int d = 0; d < a->rank; ++d)
      text_format(out, "%s%s", d ? ", " : "", size_name(f, a->symbols[d]).text);
    text_format(out, "]");
  }
  text_format(out, " */\n");
}

// Functions -------------------------------------------------------------------

static void print_interface(const SimplicialFunction *f, const char *name,
                            Text *out) {
  if (is_hard(f->name))
    print_alias(MACHINE_INTERFACE, name, f->name, out);
  text_format(out, "void " MACHINE_INTERFACE "%s(", name);
  for (int i = 0; i < f->input_count + f->output_count; ++i)
    text_format(out, "%s\n    SimplicialMemref%d *%s", i ? "," : "",
                f->arguments[i].rank, argument_name(f, i).text);
  text_format(out, "%s)", f->input_count + f->output_count ? "" : "void");
  print_label(MACHINE_INTERFACE, f->name, out);
  text_format(out, ";\n\n");
}

/// Prints what one step along dimension `d` of row-major order is. The static
/// sizes are multiplied here, as C would do so in int.
static void print_stride(const SimplicialFunction *f, const Argument *a, int d,
                         Text *out) {
  int64_t factor = 1;
  bool dynamic = false;
  for (int e = d + 1; e < a->rank; ++e) {
    int64_t size = f->sizes[a->symbols[e]];
    if (size == SIMPLICIAL_DYNAMIC) {
      text_format(out, "%s%s", dynamic ? " * " : "",
                  size_name(f, a->symbols[e]).text);
      dynamic = true;
    } else if (__builtin_mul_overflow(factor, size, &factor)) {
      factor = INT64_MAX; // and there is no such tensor
    }
  }
  if (!dynamic || factor != 1)
    text_format(out, "%s%lld", dynamic ? " * " : "", (long long)factor);
}

/// Prints the row-major memref of argument `index`.
static void print_memref(const SimplicialFunction *f, int index, Text *out) {
  const Argument *a = &f->arguments[index];
  Name name = argument_name(f, index);
  text_format(out, "  SimplicialMemref%d m%d = {(void *)%s, (void *)%s, 0",
              a->rank, index, name.text, name.text);
  for (int d = 0; d < a->rank; ++d)
    text_format(out, "%s%s", d ? ", " : ",\n    {",
                size_name(f, a->symbols[d]).text);
  for (int d = 0; d < a->rank; ++d) {
    text_format(out, "%s", d ? ", " : "}, {");
    print_stride(f, a, d, out);
  }
  text_format(out, "%s};\n", a->rank ? "}" : "");
}

/// Prints the parameters that are sizes, after the first one with a comma
/// before them; how the next one must be separated.
static const char *print_sizes(const SimplicialFunction *f, Text *out) {
  const char *separator = "\n    ";
  for (int s = 0; s < f->symbol_count; ++s) {
    if (f->sizes[s] != SIMPLICIAL_DYNAMIC)
      continue;
    text_format(out, "%sint64_t %s", separator, size_name(f, s).text);
    separator = ",\n    ";
  }
  return separator;
}

static void print_wrapper(const SimplicialFunction *f, const char *name,
                          Text *out) {
  text_format(out,
              "/* The same on contiguous tensors. */\n"
              "static inline void simplicial_%s(",
              name);
  const char *separator = print_sizes(f, out);
  int total = f->input_count + f->output_count;
  for (int i = 0; i < total; ++i) {
    text_format(out, "%s%s%s *%s", separator,
                i < f->input_count ? "const " : "",
                element_type(&f->arguments[i]), argument_name(f, i).text);
    separator = ",\n    ";
  }
  text_format(out, "%s) {\n", total ? "" : "void");
  for (int i = 0; i < total; ++i)
    print_memref(f, i, out);
  text_format(out, "  " MACHINE_INTERFACE "%s(", name);
  for (int i = 0; i < total; ++i)
    text_format(out, "%s&m%d", i ? ", " : "", i);
  text_format(out, ");\n}\n\n");
}

static bool has_dynamic_sizes(const SimplicialFunction *f) {
  for (int s = 0; s < f->symbol_count; ++s)
    if (f->sizes[s] == SIMPLICIAL_DYNAMIC)
      return true;
  return false;
}

static void print_workspace(const SimplicialFunction *f, const char *name,
                            Text *out) {
  if (is_hard(f->name))
    print_alias(WORKSPACE_PREFIX, name, f->name, out);
  text_format(out, "int64_t " WORKSPACE_PREFIX "%s(const int64_t *sizes)",
              name);
  print_label(WORKSPACE_PREFIX, f->name, out);
  text_format(out,
              ";\n\n"
              "/* The bytes that a call gets from the allocator, at most, each "
              "allocation's a\n   multiple of 64; -1: too many. */\n"
              "static inline int64_t simplicialWorkspace_%s(",
              name);
  print_sizes(f, out);
  text_format(out, "%s) {\n  const int64_t sizes[] = {",
              has_dynamic_sizes(f) ? "" : "void");
  for (int i = 0; i < f->input_count + f->output_count; ++i)
    for (int d = 0; d < f->arguments[i].rank; ++d)
      text_format(out, "%s%s,", d ? " " : "\n    ",
                  size_name(f, f->arguments[i].symbols[d]).text);
  text_format(out, "\n    0};\n  return " WORKSPACE_PREFIX "%s(sizes);\n}\n\n",
              name);
}

static void print_header(const SimplicialFunction *functions, int count,
                         char *const *names, Text *out) {
  text_format(out,
              "/* Made by simplicial-compile, to be used with the object "
              "made from the same source:\n"
              "   link that with libsimplicial_runtime. Elements of f16 "
              "and bf16 are passed as their\n"
              "   bits, in uint16_t. Input memrefs may be strided, with "
              "an innermost stride of 1;\n"
              "   outputs must be contiguous. Sizes are not checked.%s */\n"
              "#pragma once\n\n"
              "#include <stdint.h>\n\n"
              "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n",
              count && functions[0].gpu
                  ? " All memory is\n   the GPU's; the kernels run on the "
                    "stream of simplicialSetStream, and\n   "
                    "simplicialTakeLaunchStatus says whether they were "
                    "launched."
                  : "");
  print_memref_types(functions, count, out);
  for (int i = 0; i < count; ++i)
    if (!is_identifier(functions[i].name)) {
      print_label_macro(out);
      break;
    }
  for (int i = 0; i < count; ++i) {
    const SimplicialFunction *f = &functions[i];
    if (f->input_count + f->output_count)
      print_shapes(f, out);
    print_interface(f, names[i], out);
    print_wrapper(f, names[i], out);
    if (f->has_workspace)
      print_workspace(f, names[i], out);
  }
  text_format(out, "#ifdef __cplusplus\n}\n#endif\n");
}

SimplicialStatus header_print(const SimplicialFunction *functions, int count,
                              Text *out) {
  char **names = calloc((size_t)count + 1, sizeof *names);
  bool spelt = names && spell_all(functions, count, names);
  if (spelt)
    print_header(functions, count, names, out);
  for (int i = 0; names && i < count; ++i)
    free(names[i]);
  free(names);
  return spelt ? simplicialOk() : no_memory();
}
