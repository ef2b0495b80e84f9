// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-run: compiles a module and calls one of its functions on tensors.

#include "support/benchmark.h"
#include "support/device.h"
#include "support/file.h"
#include "support/input.h"
#include "support/npy.h"
#include "support/number.h"
#include "support/tool.h"

#include "simplicial/compiler.h"
#include "simplicial/cuda.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Tool tool = {
    "simplicial-run",
    "Usage: simplicial-run IN.mlir [OPTION...]\n"
    "Compiles IN.mlir (`-`: stdin) and calls a function in it.\n"
    "\n"
    "  --function=NAME   the function; may be missing if there is only one\n"
    "  --target=TARGET   what to compile for and run on: cpu (the default),\n"
    "                    cuda, this machine's GPU (sm_80 ...: the same, but\n"
    "                    compiled for this chip), or emulate:sm_80 ..., the\n"
    "                    GPU's kernels on an emulator that checks them\n"
    "  --input=@A.npy    the next input: the elements of a file of floats of\n"
    "                    any size (V2: bf16), converted to the input's type\n"
    "  --input=2x128x8x64xbf16:random=SEED[:std=S]\n"
    "                    the next input: normally distributed numbers\n"
    "  --input=...:pad=N either, with N unused elements after each row\n"
    "  --output=@A.npy   where to write the next result (bf16 as f32)\n"
    "  --benchmark=N     time N calls\n"
    "  --threads=N       threads to run on (default: $SIMPLICIAL_NUM_THREADS,\n"
    "                    else as many as there are CPUs)\n"
    "  --help, --version\n"
    "\n"
    "What was compiled is kept for the next time in $SIMPLICIAL_CACHE_DIR\n"
    "(default: ~/.cache/simplicial), at most $SIMPLICIAL_CACHE_SIZE MiB\n"
    "(default: 256; 0: nothing).\n"};

typedef struct Options {
  const char *source, *function, *target;
  const char **inputs, **outputs; ///< as many as given, at most argc
  int input_count, output_count;
  int64_t benchmark, threads; ///< 0: absent
  bool done;                  ///< --help or --version
} Options;

static SimplicialStatus parse_count(const char *name, int64_t high,
                                    int64_t *value) {
  if (number_parse(optarg, 1, high, value))
    return simplicialOk();
  return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                         "--%s=%s is not a number from 1 to %lld", name, optarg,
                         (long long)high);
}

static SimplicialStatus parse_options(int argc, char **argv, Options *o) {
  enum { FUNCTION = TOOL_OPTION, TARGET, INPUT, OUTPUT, BENCHMARK, THREADS };
  static const struct option options[] = {
      {"function", required_argument, NULL, FUNCTION},
      {"target", required_argument, NULL, TARGET},
      {"input", required_argument, NULL, INPUT},
      {"output", required_argument, NULL, OUTPUT},
      {"benchmark", required_argument, NULL, BENCHMARK},
      {"threads", required_argument, NULL, THREADS},
      TOOL_OPTIONS};
  SimplicialStatus status = simplicialOk();
  int option;
  opterr = 0;
  while (!status.code && !o->done &&
         (option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
    switch (option) {
    case FUNCTION:
      o->function = optarg;
      break;
    case TARGET:
      o->target = optarg;
      break;
    case INPUT:
      o->inputs[o->input_count++] = optarg;
      break;
    case OUTPUT:
      o->outputs[o->output_count++] = optarg;
      break;
    case BENCHMARK:
      status = parse_count("benchmark", 1000000, &o->benchmark);
      break;
    case THREADS:
      status = parse_count("threads", 1024, &o->threads);
      break;
    default:
      status = tool_option(&tool, option, argv, &o->done);
    }
  }
  if (!status.code && !o->done)
    status = tool_source(argc, argv, &o->source);
  return status;
}

static SimplicialStatus load(SimplicialCompiler *compiler, const Options *o,
                             SimplicialExecutable **executable) {
  Bytes source;
  SimplicialStatus status = file_read(o->source, &source);
  if (status.code)
    return status;
  const char *name = strcmp(o->source, "-") ? o->source : "<stdin>";
  status = simplicialCompilerLoad(compiler, source.data, source.size, name,
                                  o->target, executable);
  free(source.data);
  return status;
}

static SimplicialStatus find_function(const SimplicialExecutable *executable,
                                      const char *name,
                                      const SimplicialFunction **function) {
  int count = simplicialExecutableFunctionCount(executable);
  if (!name && count > 1)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "there are %d public functions: say which with "
                           "--function=NAME",
                           count);
  *function = name ? simplicialExecutableLookup(executable, name)
                   : simplicialExecutableFunction(executable, 0);
  if (!*function)
    return simplicialError(SIMPLICIAL_NOT_FOUND,
                           "there is no public function '%s'", name);
  return simplicialOk();
}

static SimplicialStatus make_inputs(const Options *o,
                                    const SimplicialFunction *function,
                                    Tensor *tensors) {
  int wanted = simplicialFunctionInputCount(function);
  if (o->input_count != wanted)
    return simplicialError(
        SIMPLICIAL_INVALID_ARGUMENT, "'%s' takes %d inputs, not %d",
        simplicialFunctionName(function), wanted, o->input_count);
  if (o->output_count > simplicialFunctionOutputCount(function))
    return simplicialError(
        SIMPLICIAL_INVALID_ARGUMENT, "'%s' has %d outputs, not %d",
        simplicialFunctionName(function),
        simplicialFunctionOutputCount(function), o->output_count);
  for (int i = 0; i < o->input_count; ++i) {
    DLDataType type = simplicialFunctionArgument(function, i).dtype;
    SimplicialStatus status = input_make(o->inputs[i], type, &tensors[i]);
    if (!status.code)
      continue;
    SimplicialStatus error = simplicialError(status.code, "input %d: %s", i,
                                             simplicialStatusMessage(status));
    simplicialStatusFree(status);
    return error;
  }
  return simplicialOk();
}

/// On a GPU, `arguments[i]` becomes the copy in its memory, `copies[i]`.
static SimplicialStatus upload(const SimplicialFunction *function,
                               DLTensor **arguments, DLTensor *copies,
                               int first, int count) {
  SimplicialStatus status = simplicialOk();
  if (simplicialFunctionDevice(function) == kDLCPU)
    return status;
  for (int i = first; i < count && !status.code; ++i) {
    status = device_upload(arguments[i], &copies[i]);
    arguments[i] = &copies[i];
  }
  return status;
}

static SimplicialStatus download(const SimplicialFunction *function,
                                 const DLTensor *copies, Tensor *tensors,
                                 int first, int count) {
  if (simplicialFunctionDevice(function) == kDLCPU)
    return simplicialOk();
  SimplicialStatus status = simplicialCudaSynchronize();
  for (int i = first; i < count && !status.code; ++i)
    status = device_download(&copies[i], &tensors[i].view);
  return status;
}

/// Allocates the results behind the inputs.
static SimplicialStatus make_outputs(const SimplicialFunction *function,
                                     Tensor *tensors, DLTensor **arguments) {
  int inputs = simplicialFunctionInputCount(function);
  SimplicialStatus status = simplicialOk();
  for (int i = 0; i < simplicialFunctionOutputCount(function); ++i) {
    int64_t shape[SIMPLICIAL_MAX_RANK];
    SimplicialTensorType type =
        simplicialFunctionArgument(function, inputs + i);
    status =
        simplicialFunctionOutputShape(function, arguments, inputs, i, shape);
    if (!status.code)
      status = tensor_allocate(&tensors[inputs + i], type.dtype, type.rank,
                               shape, 0);
    if (status.code)
      break;
  }
  return status;
}

/// An error if an output is one of the files that are read, or another output.
static SimplicialStatus check_paths(const Options *o) {
  const char **outputs = calloc((size_t)o->output_count + 1, sizeof *outputs);
  char **inputs = calloc((size_t)o->input_count + 1, sizeof *inputs);
  SimplicialStatus status = simplicialOk();
  if (outputs && inputs) {
    for (int i = 0; i < o->output_count; ++i)
      outputs[i] = o->outputs[i] + 1;
    int count = 0;
    for (int i = 0; i < o->input_count; ++i)
      if ((inputs[count] = input_path(o->inputs[i])))
        ++count;
    status = output_check_paths(outputs, o->output_count, &o->source, 1);
    if (!status.code)
      status = output_check_paths(outputs, o->output_count,
                                  (const char *const *)inputs, count);
    while (count)
      free(inputs[--count]);
  } else {
    status = simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  }
  free(inputs);
  free(outputs);
  return status;
}

/// Writes all results or none.
static SimplicialStatus write_outputs(const Options *o, const Tensor *results) {
  OutputFile *files = calloc((size_t)o->output_count + 1, sizeof *files);
  if (!files)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  SimplicialStatus status = simplicialOk();
  for (int i = 0; i < o->output_count && !status.code; ++i) {
    status = output_open(&files[i], o->outputs[i] + 1);
    if (!status.code)
      status = npy_write(&files[i], &results[i].view);
    if (!status.code)
      status = output_close(&files[i]);
  }
  for (int i = 0; i < o->output_count && !status.code; ++i)
    status = output_place(&files[i]);
  for (int i = 0; i < o->output_count; ++i)
    output_discard(&files[i]);
  free(files);
  return status;
}

/// Makes the arguments and calls. `copies` is for those in a GPU's memory.
static SimplicialStatus call(const Options *o,
                             const SimplicialFunction *function,
                             Tensor *tensors, DLTensor *copies,
                             DLTensor **arguments) {
  int inputs = simplicialFunctionInputCount(function);
  int count = inputs + simplicialFunctionOutputCount(function);
  for (int i = 0; i < count; ++i)
    arguments[i] = &tensors[i].view;
  SimplicialStatus status = make_inputs(o, function, tensors);
  if (!status.code)
    status = upload(function, arguments, copies, 0, inputs);
  if (!status.code)
    status = make_outputs(function, tensors, arguments);
  if (!status.code)
    status = upload(function, arguments, copies, inputs, count);
  if (!status.code)
    status = o->benchmark
                 ? benchmark(function, arguments, count, (int)o->benchmark)
                 : simplicialFunctionCall(function, arguments, count);
  if (!status.code)
    status = download(function, copies, tensors, inputs, count);
  return status.code ? status : write_outputs(o, tensors + inputs);
}

static SimplicialStatus run_function(const Options *o,
                                     const SimplicialExecutable *executable) {
  const SimplicialFunction *function = NULL;
  SimplicialStatus status = find_function(executable, o->function, &function);
  if (status.code)
    return status;
  int count = simplicialFunctionInputCount(function) +
              simplicialFunctionOutputCount(function);
  Tensor *tensors = calloc((size_t)count + 1, sizeof *tensors);
  DLTensor *copies = calloc((size_t)count + 1, sizeof *copies);
  DLTensor **arguments = calloc((size_t)count + 1, sizeof *arguments);
  if (tensors && copies && arguments)
    status = call(o, function, tensors, copies, arguments);
  else
    status = simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  for (int i = 0; copies && i < count; ++i)
    device_free(&copies[i]);
  for (int i = 0; tensors && i < count; ++i)
    tensor_free(&tensors[i]);
  free(arguments);
  free(copies);
  free(tensors);
  return status;
}

static SimplicialStatus run(const Options *o) {
  for (int i = 0; i < o->output_count; ++i)
    if (o->outputs[i][0] != '@')
      return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "--output=%s is not of the form --output=@FILE",
                             o->outputs[i]);
  SimplicialStatus status = check_paths(o);
  if (status.code)
    return status;
  if (o->threads)
    simplicialSetThreadCount((int)o->threads);
  SimplicialCompiler *compiler;
  SimplicialExecutable *executable = NULL;
  status = simplicialCompilerCreate(&compiler);
  if (!status.code)
    status = load(compiler, o, &executable);
  if (!status.code)
    status = run_function(o, executable);
  simplicialExecutableRelease(executable);
  simplicialCompilerDestroy(compiler);
  return status.code ? status : tool_flush();
}

int main(int argc, char **argv) {
  Options options = {.target = "cpu"};
  options.inputs = calloc((size_t)argc, sizeof *options.inputs);
  options.outputs = calloc((size_t)argc, sizeof *options.outputs);
  SimplicialStatus status =
      options.inputs && options.outputs
          ? parse_options(argc, argv, &options)
          : simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  if (!status.code && !options.done)
    status = run(&options);
  free(options.inputs);
  free(options.outputs);
  return tool_finish(tool.name, status);
}
