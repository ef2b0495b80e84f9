// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is shown of a compilation on its way: the IR after passes, files of what
// is made, and how long it takes. A compilation that shows nothing has no
// Trace; where a `Trace *` may be NULL, it then is.

#ifndef SIMPLICIAL_COMPILER_TRACE_H
#define SIMPLICIAL_COMPILER_TRACE_H

#include "diagnostics.h"
#include "simplicial/compiler.h"

/// A line of the table of times.
typedef struct TraceTime {
  char what[64];
  double seconds;
} TraceTime;

typedef struct Trace {
  const SimplicialTrace *options;
  double begun;
  double showing; ///< seconds spent on printing and on files
  int files;      ///< numbered, so far
  bool printed;   ///< the IR, at least once
  bool failed;    ///< for lack of memory
  int n, capacity;
  TraceTime *times;
} Trace;

/// Begins to show what `options` say, which must stay; makes the folder.
/// Whatever the status, the trace must be freed.
SimplicialStatus trace_begin(Trace *self, const SimplicialTrace *options);

/// Prints what is printed at the end of a compilation that succeeded. An error
/// if the IR was to be printed and was not.
SimplicialStatus trace_finish(Trace *self);

void trace_free(Trace *self);

/// Runs the named sequence, or, with `upstream`, a textual pipeline, a pass at
/// a time, and verifies the result. The status is as compilation.c has it for
/// one that is not traced.
SimplicialStatus trace_passes(Trace *self, MlirModule module, const char *name,
                              bool upstream, const Diagnostics *diagnostics);

/// Whether there are files.
bool trace_saves(const Trace *self);

/// Saves the bytes as a file of this name in the folder, if there is one.
/// `self` may be NULL.
SimplicialStatus trace_save(Trace *self, const char *name, MlirStringRef bytes);

/// The same of what each gpu.binary of the module holds. `self` may be NULL.
SimplicialStatus trace_save_kernels(Trace *self, MlirModule module);

/// The same of the kernels' machine code for one of several chips.
SimplicialStatus trace_save_code(Trace *self, MlirStringRef kernels,
                                 const char *chip, MlirStringRef code);

/// Runs a program of the CUDA toolkit, as scratch_run does. `self` may be NULL.
SimplicialStatus trace_run_program(Trace *self, char *const *command,
                                   const char *result, const char *log);

/// Seconds, from some point on.
double trace_now(void);

/// What began at `begun` has been done. `self` may be NULL.
void trace_time(Trace *self, const char *what, double begun);

#endif // SIMPLICIAL_COMPILER_TRACE_H
