// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX -> machine code, by the CUDA toolkit's ptxas, with the options that
// upstream's gpu-module-to-binary gives it. That cannot name a toolkit whose
// path has spaces, nor wait for a program where SIGCHLD is ignored.

#include "assemble.h"

#include "binary.h"
#include "no_memory.h"
#include "scratch.h"
#include "toolkit.h"

#include <string.h>

enum { MAX_OPTIONS = 4, MAX_WORDS = MAX_OPTIONS + 7 };

static SimplicialStatus run(const char *program, Scratch *folder,
                            MlirStringRef ptx, const Chip *chip,
                            const char *const *options, Trace *trace,
                            Text *code, Text *log) {
  const char *source = scratch_add(folder), *result = scratch_add(folder),
             *said = scratch_add(folder);
  if (!source || !result || !said)
    return no_memory();
  const char *words[MAX_WORDS] = {program, "-arch", chip->name,
                                  source,  "-o",    result};
  for (int i = 0, n = 6; options[i] && i < MAX_OPTIONS; ++i)
    words[n++] = options[i];
  SimplicialStatus status = scratch_write(source, ptx);
  if (!status.code)
    status = trace_run_program(trace, (char *const *)words, result, said);
  if (!status.code && code)
    status = scratch_read(result, code);
  if (!status.code && log)
    status = scratch_read(said, log);
  return status;
}

SimplicialStatus assemble(MlirStringRef ptx, const Chip *chip,
                          const char *const *options, Trace *trace, Text *code,
                          Text *log) {
  Text program = {0};
  SimplicialStatus status = toolkit_find("ptxas", &program);
  text_format(&program, "/bin/ptxas");
  if (!status.code && program.failed)
    status = no_memory();
  if (!status.code) {
    Scratch folder;
    status = scratch_create(&folder);
    if (!status.code)
      status = run(program.data, &folder, ptx, chip, options, trace, code, log);
    scratch_destroy(&folder);
  }
  text_free(&program);
  return status;
}

/// A function has two kernels, which ptxas can compile side by side into the
/// same code. That option is not older than PTX 8.6, so any ptxas that takes it
/// for one of the chips has it.
static bool can_split(const ChipList *list) {
  bool can = false;
  for (int i = 0; i < list->n; ++i)
    can |= strcmp(list->chips[i]->ptx, "+ptx86") >= 0;
  return can;
}

SimplicialStatus assemble_kernels(MlirStringRef ptx, const ChipList *list,
                                  int chip, Trace *trace, Text *code) {
  const char *const options[] = {
      "--opt-level", "2", can_split(list) ? "--split-compile=2" : NULL, NULL};
  return assemble(ptx, list->chips[chip], options, trace, code, NULL);
}

static SimplicialStatus assemble_objects(const ChipList *list,
                                         MlirOperation binary, Trace *trace) {
  MlirAttribute objects[MAX_CHIPS];
  SimplicialStatus status = simplicialOk();
  for (int i = 0; i < list->n && !status.code; ++i) {
    Text code = {0};
    status = assemble_kernels(binary_bytes(binary, i), list, i, trace, &code);
    if (!status.code)
      objects[i] =
          binary_object_like(binary_object(binary, i), BINARY_CUBIN,
                             mlirStringRefCreate(code.data, code.size));
    text_free(&code);
  }
  if (!status.code)
    binary_set_objects(binary, list->n, objects);
  return status;
}

SimplicialStatus assemble_module(const ChipList *list, MlirModule module,
                                 Trace *trace) {
  SimplicialStatus status = simplicialOk();
  for (MlirOperation binary = binary_first(module);
       !mlirOperationIsNull(binary) && !status.code;
       binary = binary_next(binary))
    status = assemble_objects(list, binary, trace);
  return status;
}
