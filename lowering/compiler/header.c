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

#include "header.h"

#include "machine.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

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

/// A dimension's size: a number, or the name of what each call chooses.
static Name size_name(const SimplicialFunction *f, int symbol) {
  Name name;
  if (f->sizes[symbol] != SIMPLICIAL_DYNAMIC) {
    snprintf(name.text, sizeof name.text, "%lld", (long long)f->sizes[symbol]);
    return name;
  }
  if (f->attention_count == 1) {
    const Attention *a = &f->attentions[0];
    if (symbol == a->b || symbol == a->nq || symbol == a->n) {
      strcpy(name.text, symbol == a->b ? "b" : symbol == a->n ? "n" : "nq");
      return name;
    }
  }
  snprintf(name.text, sizeof name.text, "s%d", symbol);
  return name;
}

static const char *element_type(const Argument *argument) {
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

static void print_interface(const SimplicialFunction *f, Text *out) {
  text_format(out, "void " MACHINE_INTERFACE "%s(", f->name);
  for (int i = 0; i < f->input_count + f->output_count; ++i)
    text_format(out, "%s\n    SimplicialMemref%d *%s", i ? "," : "",
                f->arguments[i].rank, argument_name(f, i).text);
  text_format(out, ");\n\n");
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
    for (int e = d + 1; e < a->rank; ++e)
      text_format(out, "%s%s", e > d + 1 ? " * " : "",
                  size_name(f, a->symbols[e]).text);
  }
  text_format(out, "%s};\n", a->rank ? "1}" : "");
}

static void print_wrapper(const SimplicialFunction *f, Text *out) {
  const char *separator = "\n    ";
  text_format(out,
              "/* The same on contiguous tensors. */\n"
              "static inline void simplicial_%s(",
              f->name);
  for (int s = 0; s < f->symbol_count; ++s) {
    if (f->sizes[s] != SIMPLICIAL_DYNAMIC)
      continue;
    text_format(out, "%sint64_t %s", separator, size_name(f, s).text);
    separator = ",\n    ";
  }
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
  text_format(out, "  " MACHINE_INTERFACE "%s(", f->name);
  for (int i = 0; i < total; ++i)
    text_format(out, "%s&m%d", i ? ", " : "", i);
  text_format(out, ");\n}\n\n");
}

static bool is_c_identifier(const char *name) {
  for (const char *c = name; *c; ++c)
    if (!isalnum((unsigned char)*c) && *c != '_')
      return false;
  return true;
}

SimplicialStatus header_print(const SimplicialFunction *functions, int count,
                              Text *out) {
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
  for (int i = 0; i < count; ++i) {
    const SimplicialFunction *f = &functions[i];
    if (!is_c_identifier(f->name))
      return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "function '%s' has no name that C can spell",
                             f->name);
    if (f->input_count + f->output_count)
      print_shapes(f, out);
    print_interface(f, out);
    print_wrapper(f, out);
  }
  text_format(out, "#ifdef __cplusplus\n}\n#endif\n");
  return simplicialOk();
}
