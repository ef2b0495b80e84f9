// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a tool ends.

#ifndef SIMPLICIAL_TOOLS_TOOL_H
#define SIMPLICIAL_TOOLS_TOOL_H

#include "simplicial/runtime.h"

/// Reports an error, if `status` is one, as `TOOL: error: text` on stderr, and
/// frees it. The exit status. MLIR's diagnostics keep their location in front:
/// `TOOL: a.mlir:3:5: error: text`.
int tool_finish(const char *tool, SimplicialStatus status);

/// What getopt_long stumbled over when it returned `result` (its options begin
/// with ':'; those without a letter have numbers above 255).
SimplicialStatus tool_bad_option(int result, char **argv);

/// --version.
void tool_print_version(const char *tool);

/// The status of writing to stdout so far.
SimplicialStatus tool_flush(void);

#endif // SIMPLICIAL_TOOLS_TOOL_H
