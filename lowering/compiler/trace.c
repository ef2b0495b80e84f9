// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pass sequences, a pass at a time -> printed IR, files, a table of times.
//
// Textual pipelines are split where one pass ends and the next one begins:
// "a,gpu.module(b,c{d=1})" is run as a, then gpu.module(b), then
// gpu.module(c{d=1}). Passes see nothing but the module, so that it becomes
// what it would become in one go.

#include "trace.h"

#include "binary.h"
#include "no_memory.h"
#include "scratch.h"
#include "text.h"
#include "toolkit.h"

#include "lowering/ir_llvm.h"
#include "lowering/pipelines.h"

#include "mlir-c/Dialect/GPU.h"
#include "mlir-c/Pass.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ALL "all"

SimplicialStatus trace_begin(Trace *self, const SimplicialTrace *options) {
  *self = (Trace){.options = options, .begun = trace_now()};
  const char *folder = options->save_temps;
  if (folder && mkdir(folder, 0777) && errno != EEXIST)
    return simplicialError(SIMPLICIAL_IO_ERROR, "cannot create '%s': %s",
                           folder, strerror(errno));
  return simplicialOk();
}

void trace_free(Trace *self) { free(self->times); }

static void print(const Trace *self, const Text *text) {
  const SimplicialTrace *o = self->options;
  if (o->print)
    o->print(text->data, text->size, o->user);
  else
    fwrite(text->data, 1, text->size, stderr);
}

// Times -----------------------------------------------------------------------

double trace_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void trace_time(Trace *self, const char *what, double begun) {
  double seconds = trace_now() - begun;
  if (!self || !self->options->timing || self->failed)
    return;
  if (self->n == self->capacity) {
    int capacity = 2 * self->capacity + 32;
    TraceTime *times =
        realloc(self->times, (size_t)capacity * sizeof *self->times);
    self->failed = !times;
    if (self->failed)
      return;
    self->times = times;
    self->capacity = capacity;
  }
  TraceTime *time = &self->times[self->n++];
  snprintf(time->what, sizeof time->what, "%s", what);
  time->seconds = seconds;
}

static void append_time(Text *table, double seconds, double all,
                        const char *what) {
  text_format(table, "%12.1f %6.1f%%  %s\n", 1e3 * seconds,
              all > 0 ? 100 * seconds / all : 0, what);
}

static SimplicialStatus print_times(const Trace *self) {
  Text table = {0};
  double all = trace_now() - self->begun, rest = all;
  text_format(&table, "%12s %7s\n", "milliseconds", "share");
  for (int i = 0; i < self->n; ++i) {
    append_time(&table, self->times[i].seconds, all, self->times[i].what);
    rest -= self->times[i].seconds;
  }
  if (self->showing > 0)
    append_time(&table, self->showing, all, "printing and saving");
  append_time(&table, rest - self->showing, all, "other");
  append_time(&table, all, all, "total");
  bool failed = self->failed || table.failed;
  if (!failed)
    print(self, &table);
  text_free(&table);
  return failed ? no_memory() : simplicialOk();
}

SimplicialStatus trace_finish(Trace *self) {
  const char *pass = self->options->print_ir_after;
  if (pass && !self->printed)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "no pass '%s' runs in this compilation, after which "
                           "the IR could be printed",
                           pass);
  return self->options->timing ? print_times(self) : simplicialOk();
}

SimplicialStatus trace_run_program(Trace *self, char *const *command,
                                   const char *result, const char *log) {
  const char *slash = strrchr(command[0], '/');
  double begun = trace_now();
  SimplicialStatus status = scratch_run(command, result, log);
  trace_time(self, slash ? slash + 1 : command[0], begun);
  return status;
}

// Files -----------------------------------------------------------------------

bool trace_saves(const Trace *self) {
  return self && self->options->save_temps;
}

SimplicialStatus trace_save(Trace *self, const char *name,
                            MlirStringRef bytes) {
  if (!trace_saves(self))
    return simplicialOk();
  double begun = trace_now();
  Text path = {0};
  text_format(&path, "%s/%s", self->options->save_temps, name);
  SimplicialStatus status =
      path.failed ? no_memory() : scratch_write(path.data, bytes);
  text_free(&path);
  self->showing += trace_now() - begun;
  return status;
}

/// Appends a name of any bytes as one that a file can have.
static void append_name(Text *text, MlirStringRef name) {
  for (size_t i = 0; i < name.length; ++i) {
    unsigned char c = (unsigned char)name.data[i];
    if (c < 128 && (isalnum(c) || strchr("_-.", c)))
      text_append(text, &name.data[i], 1);
    else
      text_format(text, "%%%02X", c);
  }
}

/// Disassembles DIR/NAME.cubin into DIR/NAME.sass, if there is a program that
/// can. `name` is "NAME".
static SimplicialStatus disassemble(Trace *self, const Text *name) {
  static const struct {
    const char *program;
    char *option;
  } tools[] = {{"nvdisasm", NULL}, {"cuobjdump", "--dump-sass"}};
  Text program = {0}, from = {0}, to = {0};
  int tool = 0;
  for (; tool < 2; ++tool) {
    SimplicialStatus found = toolkit_find(tools[tool].program, &program);
    bool there = !found.code;
    simplicialStatusFree(found);
    if (there)
      break;
    text_free(&program);
  }
  SimplicialStatus status = simplicialOk();
  if (tool < 2) {
    text_format(&program, "/bin/%s", tools[tool].program);
    text_format(&from, "%s/%s.cubin", self->options->save_temps, name->data);
    text_format(&to, "%s/%s.sass", self->options->save_temps, name->data);
    char *command[] = {program.data,
                       tools[tool].option ? tools[tool].option : from.data,
                       tools[tool].option ? from.data : NULL, NULL};
    status = program.failed || from.failed || to.failed
                 ? no_memory()
                 : trace_run_program(self, command, to.data, to.data);
  }
  text_free(&program);
  text_free(&from);
  text_free(&to);
  return status;
}

/// Saves what is of a format of #gpu.object; `chip` is NULL if it is the only
/// one.
static SimplicialStatus save_object(Trace *self, MlirStringRef kernels,
                                    const char *chip, uint32_t format,
                                    MlirStringRef bytes) {
  static const char *const endings[] = {"bin", "ll", "ptx", "cubin", "fatbin"};
  enum { FORMATS = sizeof endings / sizeof *endings };
  Text name = {0}, file = {0};
  append_name(&name, kernels);
  if (chip)
    text_format(&name, ".%s", chip);
  text_format(&file, "%s.%s", name.data ? name.data : "",
              endings[format < FORMATS ? format : 0]);
  SimplicialStatus status = name.failed || file.failed
                                ? no_memory()
                                : trace_save(self, file.data, bytes);
  if (!status.code && format == BINARY_CUBIN)
    status = disassemble(self, &name);
  text_free(&name);
  text_free(&file);
  return status;
}

SimplicialStatus trace_save_code(Trace *self, MlirStringRef kernels,
                                 const char *chip, MlirStringRef code) {
  return trace_saves(self)
             ? save_object(self, kernels, chip, BINARY_CUBIN, code)
             : simplicialOk();
}

SimplicialStatus trace_save_kernels(Trace *self, MlirModule module) {
  ChipList chips;
  SimplicialStatus status = simplicialOk();
  if (!trace_saves(self) || mlirLogicalResultIsFailure(chip_list_of(
                                mlirModuleGetOperation(module), &chips)))
    return status;
  for (MlirOperation binary = binary_first(module);
       !mlirOperationIsNull(binary) && !status.code;
       binary = binary_next(binary)) {
    int n = binary_count(binary);
    for (int i = 0; i < n && !status.code; ++i)
      status = save_object(self, ir_symbol_name(binary),
                           n > 1 && i < chips.n ? chips.chips[i]->name : NULL,
                           mlirGPUObjectAttrGetFormat(binary_object(binary, i)),
                           binary_bytes(binary, i));
  }
  return status;
}

// Passes ----------------------------------------------------------------------

/// A sequence as it runs.
typedef struct Run {
  Trace *trace;
  MlirModule module;
  const Diagnostics *diagnostics;
  const char *sequence;
  int n; ///< passes so far
} Run;

/// The pass's name: what is before its options.
static MlirStringRef name_of(MlirStringRef pass) {
  size_t n = 0;
  while (n < pass.length && pass.data[n] != '{' && pass.data[n] != '(')
    ++n;
  return mlirStringRefCreate(pass.data, n);
}

static SimplicialStatus show(const Run *run, MlirStringRef pass) {
  Trace *trace = run->trace;
  const char *wanted = trace->options->print_ir_after;
  bool printed = wanted && (!strcmp(wanted, ALL) ||
                            mlirStringRefEqual(pass, ir_str(wanted)));
  if (!printed && !trace_saves(trace))
    return simplicialOk();
  double begun = trace_now();
  Text text = {0}, name = {0};
  MlirStringRef sequence = name_of(ir_str(run->sequence));
  text_format(&text, "// ---- after %.*s (%d of sequence %.*s) ----\n",
              (int)pass.length, pass.data, run->n, (int)sequence.length,
              sequence.data);
  size_t header = text.size;
  mlirOperationPrint(mlirModuleGetOperation(run->module), text_append_ref,
                     &text);
  SimplicialStatus status = simplicialOk();
  if (text.failed)
    status = no_memory();
  if (!status.code && printed) {
    print(trace, &text);
    trace->printed = true;
  }
  trace->showing += trace_now() - begun;
  if (!status.code && trace_saves(trace)) {
    text_format(&name, "%02d-", ++trace->files);
    append_name(&name, pass);
    text_format(&name, ".mlir");
    status = name.failed ? no_memory()
                         : trace_save(trace, name.data,
                                      mlirStringRefCreate(text.data + header,
                                                          text.size - header));
  }
  text_free(&text);
  text_free(&name);
  return status;
}

/// Runs the pass that `create` makes, or that the text names, within `anchor`
/// if that is not empty.
static SimplicialStatus run_pass(Run *run, MlirPass (*create)(void),
                                 MlirStringRef pass, MlirStringRef anchor) {
  MlirPassManager manager =
      mlirPassManagerCreate(mlirModuleGetContext(run->module));
  MlirOpPassManager passes = mlirPassManagerGetAsOpPassManager(manager);
  mlirPassManagerEnableVerifier(manager, false);
  MlirStringRef name = name_of(pass);
  Text text = {0}, reason = {0}, what = {0};
  bool nested = anchor.length;
  text_format(&what, "%.*s", (int)name.length, name.data);
  text_format(&text, "%.*s%s%.*s%s", (int)anchor.length, anchor.data,
              nested ? "(" : "", (int)pass.length, pass.data,
              nested ? ")" : "");
  SimplicialStatus status = simplicialOk();
  if (text.failed || what.failed)
    status = no_memory();
  else if (create)
    mlirOpPassManagerAddOwnedPass(passes, create());
  else if (mlirLogicalResultIsFailure(mlirOpPassManagerAddPipeline(
               passes, mlirStringRefCreate(text.data, text.size),
               text_append_ref, &reason)))
    status = simplicialError(SIMPLICIAL_INTERNAL, "%s: %s", run->sequence,
                             reason.data ? reason.data : "not available");
  if (!status.code) {
    double begun = trace_now();
    MlirLogicalResult result =
        mlirPassManagerRunOnOp(manager, mlirModuleGetOperation(run->module));
    trace_time(run->trace, what.data, begun);
    ++run->n;
    status = diagnostics_status(
        run->diagnostics, mlirLogicalResultIsSuccess(result), run->sequence);
  }
  if (!status.code)
    status = show(run, name);
  text_free(&text);
  text_free(&reason);
  text_free(&what);
  mlirPassManagerDestroy(manager);
  return status;
}

/// How long the first of the passes is that `text` lists.
static size_t length_of_first(MlirStringRef text) {
  int depth = 0;
  size_t i = 0;
  for (; i < text.length && (depth || text.data[i] != ','); ++i) {
    depth += text.data[i] == '(' || text.data[i] == '{';
    depth -= text.data[i] == ')' || text.data[i] == '}';
  }
  return i;
}

/// Runs the passes that `text` lists, within `anchor`.
static SimplicialStatus run_list(Run *run, MlirStringRef text,
                                 MlirStringRef anchor) {
  SimplicialStatus status = simplicialOk();
  for (size_t at = 0, end; at < text.length && !status.code; at = end + 1) {
    end = at + length_of_first(
                   mlirStringRefCreate(text.data + at, text.length - at));
    MlirStringRef pass = mlirStringRefCreate(text.data + at, end - at);
    MlirStringRef name = name_of(pass);
    bool nests = name.length < pass.length && pass.data[name.length] == '(';
    if (nests && !anchor.length)
      status = run_list(run,
                        mlirStringRefCreate(pass.data + name.length + 1,
                                            pass.length - name.length - 2),
                        name);
    else
      status = run_pass(run, NULL, pass, anchor);
  }
  return status;
}

/// The name of the pass of ours that `create` makes.
static const char *name_of_ours(MlirPass (*create)(void)) {
  size_t count;
  const SimplicialPassInfo *passes = simplicialPasses(&count);
  for (size_t i = 0; i < count; ++i)
    if (passes[i].create == create)
      return passes[i].name;
  return "";
}

static SimplicialStatus run_sequence(Run *run) {
  int count;
  const PipelineStep *steps = pipeline_steps(ir_str(run->sequence), &count);
  if (!steps)
    return simplicialError(SIMPLICIAL_INTERNAL, "no such pass sequence: %s",
                           run->sequence);
  SimplicialStatus status = simplicialOk();
  for (int i = 0; i < count && !status.code; ++i)
    status = steps[i].create
                 ? run_pass(run, steps[i].create,
                            ir_str(name_of_ours(steps[i].create)), ir_str(""))
                 : run_list(run, ir_str(steps[i].upstream), ir_str(""));
  return status;
}

SimplicialStatus trace_passes(Trace *self, MlirModule module, const char *name,
                              bool upstream, const Diagnostics *diagnostics) {
  Run run = {self, module, diagnostics, name, 0};
  SimplicialStatus status =
      upstream ? run_list(&run, ir_str(name), ir_str("")) : run_sequence(&run);
  if (!status.code)
    status = diagnostics_status(
        diagnostics, mlirOperationVerify(mlirModuleGetOperation(module)), name);
  return status;
}
