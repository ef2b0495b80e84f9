// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the tools' main functions share: how a tool begins and ends.

#ifndef SIMPLICIAL_TOOLS_TOOL_H
#define SIMPLICIAL_TOOLS_TOOL_H

#include "simplicial/runtime.h"

/// A tool that reads one module.
typedef struct Tool {
  const char *name;
  const char *help;
} Tool;

/// What getopt_long returns for the options that all tools have, and the first
/// number that is free for a tool's own.
enum { TOOL_HELP = 256, TOOL_VERSION, TOOL_OPTION };
#define TOOL_OPTIONS                                                           \
  {"help", no_argument, NULL, TOOL_HELP},                                      \
      {"version", no_argument, NULL, TOOL_VERSION}, {0}

/// Does what is to be done about a `result` of getopt_long that is none of the
/// tool's own options: --help and --version set `done`, all else is an error.
/// Options without a letter have numbers above 255, and those begin with ':'.
SimplicialStatus tool_option(const Tool *tool, int result, char **argv,
                             bool *done);

/// The one argument that is no option, when all options are read.
SimplicialStatus tool_source(int argc, char **argv, const char **source);

/// The status of writing to stdout so far.
SimplicialStatus tool_flush(void);

/// Reports an error, if `status` is one, as `TOOL: error: text` on stderr, and
/// frees it. The exit status. MLIR's diagnostics keep their location in front:
/// `TOOL: a.mlir:3:5: error: text`.
int tool_finish(const char *tool, SimplicialStatus status);

#endif // SIMPLICIAL_TOOLS_TOOL_H
