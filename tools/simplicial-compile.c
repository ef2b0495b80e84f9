// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-compile: compiles a module ahead of time.

#include "support/file.h"
#include "support/tool.h"

#include "simplicial/compiler.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const Tool tool = {
    "simplicial-compile",
    "Usage: simplicial-compile IN.mlir [OPTION...]\n"
    "Compiles IN.mlir (`-`: stdin).\n"
    "\n"
    "  --emit=KIND      what to make\n"
    "      tile           the tile program, in MLIR (the default)\n"
    "      llvm           LLVM IR, before LLVM's optimisations\n"
    "      object         an object file for this machine's CPU; link it with\n"
    "                     libsimplicial_runtime\n"
    "      header         a C and C++ header for that object file\n"
    "      tvm-ffi        a shared library of that object for TVM FFI; needs "
    "cc\n"
    "    and for GPUs, whose kernels an object contains:\n"
    "      gpu            the GPU program, in MLIR\n"
    "      nvvm           the same, with kernels in the NVVM dialect\n"
    "      ptx            PTX of the kernels, for one chip\n"
    "      cubin          their machine code, for one chip; needs ptxas\n"
    "      fatbin         machine code, and PTX for later chips; needs ptxas\n"
    "                     and fatbinary, as objects do\n"
    "      analysis       what the kernels are predicted to cost on one chip:\n"
    "                     instructions, busy units, registers, time, as text;\n"
    "                     sizes must be static, and registers need ptxas\n"
    "      explanation    of each kernel, for CPUs too: what multiplies, "
    "copies\n"
    "                     and stores, its strategy, and why not another one\n"
    "  --analyze        the same as --emit=analysis\n"
    "  --explain        the same as --emit=explanation\n"
    "  --target=TARGET  what to compile for: cpu (the default), cpu:x86-64-v3 "
    "...,\n"
    "                   processors that this one need not be, sm_80, sm_86,\n"
    "                   sm_89, sm_90, sm_90a, sm_100, sm_120, or cuda, the "
    "chip\n"
    "                   of this machine; several chips (sm_80,sm_90a) are for\n"
    "                   one fatbin or object whose kernels run on each\n"
    "  -o OUT           where to write it (`-` or missing: to stdout)\n"
    "  --print-ir-after=PASS\n"
    "                   print the IR after each pass of this name, or after "
    "all,\n"
    "                   to stderr\n"
    "  --save-temps=DIR write the IR after each pass, LLVM IR, the object, "
    "PTX,\n"
    "                   and cubins and their SASS to files of this folder\n"
    "  --timing         print how long each pass and each other part took, to\n"
    "                   stderr\n"
    "  --help, --version\n"};

static const char *const kinds[] = {
    [SIMPLICIAL_EMIT_TILE] = "tile",
    [SIMPLICIAL_EMIT_LLVM] = "llvm",
    [SIMPLICIAL_EMIT_OBJECT] = "object",
    [SIMPLICIAL_EMIT_HEADER] = "header",
    [SIMPLICIAL_EMIT_GPU] = "gpu",
    [SIMPLICIAL_EMIT_NVVM] = "nvvm",
    [SIMPLICIAL_EMIT_PTX] = "ptx",
    [SIMPLICIAL_EMIT_CUBIN] = "cubin",
    [SIMPLICIAL_EMIT_FATBIN] = "fatbin",
    [SIMPLICIAL_EMIT_ANALYSIS] = "analysis",
    [SIMPLICIAL_EMIT_EXPLANATION] = "explanation",
    [SIMPLICIAL_EMIT_TVM_FFI] = "tvm-ffi",
};

typedef struct Options {
  const char *source, *target, *output;
  SimplicialEmit emit;
  SimplicialTrace trace;
  bool done; ///< --help or --version
} Options;

static SimplicialStatus parse_kind(const char *name, SimplicialEmit *emit) {
  for (int i = 0; i < (int)(sizeof kinds / sizeof *kinds); ++i)
    if (!strcmp(name, kinds[i])) {
      *emit = (SimplicialEmit)i;
      return simplicialOk();
    }
  return simplicialError(
      SIMPLICIAL_INVALID_ARGUMENT,
      "--emit=%s is none of tile, llvm, object, header, tvm-ffi, gpu, "
      "nvvm, ptx, cubin, fatbin, analysis and explanation",
      name);
}

static SimplicialStatus parse_options(int argc, char **argv, Options *o) {
  enum {
    EMIT = TOOL_OPTION,
    TARGET,
    ANALYZE,
    EXPLAIN,
    PRINT_IR_AFTER,
    SAVE_TEMPS,
    TIMING
  };
  static const struct option options[] = {
      {"emit", required_argument, NULL, EMIT},
      {"target", required_argument, NULL, TARGET},
      {"analyze", no_argument, NULL, ANALYZE},
      {"explain", no_argument, NULL, EXPLAIN},
      {"print-ir-after", required_argument, NULL, PRINT_IR_AFTER},
      {"save-temps", required_argument, NULL, SAVE_TEMPS},
      {"timing", no_argument, NULL, TIMING},
      TOOL_OPTIONS};
  SimplicialStatus status = simplicialOk();
  int option;
  opterr = 0;
  while (!status.code && !o->done &&
         (option = getopt_long(argc, argv, ":o:", options, NULL)) != -1) {
    switch (option) {
    case 'o':
      o->output = optarg;
      break;
    case EMIT:
      status = parse_kind(optarg, &o->emit);
      break;
    case ANALYZE:
      o->emit = SIMPLICIAL_EMIT_ANALYSIS;
      break;
    case EXPLAIN:
      o->emit = SIMPLICIAL_EMIT_EXPLANATION;
      break;
    case PRINT_IR_AFTER:
      o->trace.print_ir_after = optarg;
      break;
    case SAVE_TEMPS:
      o->trace.save_temps = optarg;
      break;
    case TIMING:
      o->trace.timing = true;
      break;
    case TARGET:
      o->target = optarg;
      break;
    default:
      status = tool_option(&tool, option, argv, &o->done);
    }
  }
  if (!status.code && !o->done)
    status = tool_source(argc, argv, &o->source);
  return status;
}

static SimplicialStatus write_output(const char *path, const void *data,
                                     size_t size) {
  OutputFile file;
  SimplicialStatus status = output_open(&file, path);
  if (!status.code)
    status = output_write(&file, data, size);
  if (!status.code)
    status = output_close(&file);
  if (!status.code)
    status = output_place(&file);
  output_discard(&file);
  return status;
}

static bool is_binary(SimplicialEmit emit) {
  return emit == SIMPLICIAL_EMIT_OBJECT || emit == SIMPLICIAL_EMIT_CUBIN ||
         emit == SIMPLICIAL_EMIT_FATBIN || emit == SIMPLICIAL_EMIT_TVM_FFI;
}

static SimplicialStatus compile(const Options *o) {
  if (is_binary(o->emit) && !strcmp(o->output, "-") && isatty(STDOUT_FILENO))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "%s does not go to a terminal: give it a name with "
                           "-o",
                           kinds[o->emit]);
  Bytes source;
  SimplicialStatus status = output_check_paths(&o->output, 1, &o->source, 1);
  if (!status.code)
    status = file_read(o->source, &source);
  if (status.code)
    return status;
  const char *name = strcmp(o->source, "-") ? o->source : "<stdin>";
  char *data;
  size_t size;
  status = simplicialCompileTraced(source.data, source.size, name, o->target,
                                   o->emit, &o->trace, &data, &size);
  free(source.data);
  if (!status.code)
    status = write_output(o->output, data, size);
  free(data);
  return status;
}

int main(int argc, char **argv) {
  Options options = {.target = "cpu", .output = "-"};
  SimplicialStatus status = parse_options(argc, argv, &options);
  if (!status.code && !options.done)
    status = compile(&options);
  return tool_finish(tool.name, status);
}
