// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the tools' main functions share.

#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// What getopt_long stumbled over when it returned `result`.
static SimplicialStatus bad_option(int result, char **argv) {
  // The first letter of "-xyz" stands in argv[optind], the last one before it.
  const char letter[] = {'-', (char)optopt};
  bool is_letter = optopt && optopt <= UCHAR_MAX;
  const char *text = argv[optind - 1];
  if (is_letter && strncmp(text, letter, sizeof letter))
    text = argv[optind];
  bool known = result == ':' || optopt > UCHAR_MAX;
  return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                         "%s option '%s'; see --help",
                         known ? "bad use of" : "unknown", text);
}

SimplicialStatus tool_flush(void) {
  if (fflush(stdout) || ferror(stdout))
    return simplicialError(SIMPLICIAL_IO_ERROR, "cannot write to stdout: %s",
                           strerror(errno));
  return simplicialOk();
}

SimplicialStatus tool_option(const Tool *tool, int result, char **argv,
                             bool *done) {
  if (result != TOOL_HELP && result != TOOL_VERSION)
    return bad_option(result, argv);
  *done = true;
  if (result == TOOL_HELP)
    fputs(tool->help, stdout);
  else
    printf("%s %s (LLVM %s)\n", tool->name, SIMPLICIAL_VERSION,
           SIMPLICIAL_LLVM);
  return tool_flush();
}

SimplicialStatus tool_source(int argc, char **argv, const char **source) {
  *source = argv[optind];
  if (argc - optind == 1)
    return simplicialOk();
  return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                         "there must be one IN.mlir, not %d; see --help",
                         argc - optind);
}

int tool_finish(const char *tool, SimplicialStatus status) {
  if (!status.code)
    return EXIT_SUCCESS;
  bool located = status.code == SIMPLICIAL_COMPILE_ERROR;
  fprintf(stderr, "%s: %s%s\n", tool,
          located ? "" : "error: ", simplicialStatusMessage(status));
  simplicialStatusFree(status);
  return EXIT_FAILURE;
}
