// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-opt: the stock mlir-opt with our plugin and dialect loaded.
//
//   simplicial-opt ARG...
//     = mlir-opt --load-pass-plugin=SimplicialPlugin.so
//                --irdl-file=simplicial.irdl.mlir ARG...
//
// The environment variable SIMPLICIAL_MLIR_OPT names another mlir-opt. The two
// files are found from this program's own place.

#include "support/tool.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// malloc'd text, formatted as by printf; NULL if memory runs out.
__attribute__((format(printf, 1, 2))) static char *format(const char *text,
                                                          ...) {
  char *result;
  va_list arguments;
  va_start(arguments, text);
  int size = vasprintf(&result, text, arguments);
  va_end(arguments);
  return size < 0 ? NULL : result;
}

/// The option that makes mlir-opt load the file at one of `places`, relative to
/// `folder`.
static SimplicialStatus find(const char *folder, const char *name,
                             const char *const *places, char **option) {
  for (; *places; ++places) {
    char *path = format("%s/%s", folder, *places);
    if (!path)
      return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
    bool found = !access(path, R_OK);
    *option = found ? format("--%s=%s", name, path) : NULL;
    free(path);
    if (found)
      return *option
                 ? simplicialOk()
                 : simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  }
  return simplicialError(SIMPLICIAL_NOT_FOUND,
                         "no file for mlir-opt's --%s near '%s'", name, folder);
}

static SimplicialStatus run(int argc, char **argv) {
  // In a build folder, and installed.
  static const char *const plugins[] = {
      "../lib/SimplicialPlugin.so",
      SIMPLICIAL_BIN_TO_LIB "/SimplicialPlugin.so", NULL};
  static const char *const dialects[] = {
      "../share/simplicial/simplicial.irdl.mlir",
      SIMPLICIAL_BIN_TO_DATA "/simplicial/simplicial.irdl.mlir", NULL};
  char folder[PATH_MAX];
  ssize_t size = readlink("/proc/self/exe", folder, sizeof folder - 1);
  if (size < 0)
    return simplicialError(SIMPLICIAL_UNAVAILABLE,
                           "cannot read /proc/self/exe: %s", strerror(errno));
  folder[size] = '\0';
  *strrchr(folder, '/') = '\0';

  const char *tool = getenv("SIMPLICIAL_MLIR_OPT");
  if (!tool || !*tool)
    tool = SIMPLICIAL_STOCK_MLIR_OPT;
  char **command = calloc((size_t)argc + 3, sizeof *command);
  if (!command)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  command[0] = argv[0];
  SimplicialStatus status =
      find(folder, "load-pass-plugin", plugins, &command[1]);
  if (!status.code)
    status = find(folder, "irdl-file", dialects, &command[2]);
  if (!status.code) {
    memcpy(command + 3, argv + 1, (size_t)argc * sizeof *command);
    execvp(tool, command);
    status = simplicialError(SIMPLICIAL_NOT_FOUND, "cannot run '%s': %s", tool,
                             strerror(errno));
  }
  free(command[1]);
  free(command[2]);
  free(command);
  return status;
}

int main(int argc, char **argv) {
  return tool_finish("simplicial-opt", run(argc, argv));
}
