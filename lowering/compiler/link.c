// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Object -> shared library, by the system's cc.

#include "link.h"

#include "no_memory.h"
#include "scratch.h"

#include <dlfcn.h>
#include <string.h>

/// Where this process has the runtime.
static SimplicialStatus find_runtime(const char **path) {
  Dl_info info;
  if (!dladdr((void *)simplicialVersion, &info) || !info.dli_fname ||
      !strchr(info.dli_fname, '/'))
    return simplicialError(SIMPLICIAL_UNAVAILABLE,
                           "the runtime's library is not to be found");
  *path = info.dli_fname;
  return simplicialOk();
}

/// What is missing, here or in the process that loads the library, must be an
/// error of that and not end it when it is called; and what is in the library
/// is not replaced by what others call the same.
static SimplicialStatus run_linker(Scratch *folder, MlirStringRef object,
                                   Trace *trace, Text *library) {
  const char *runtime = NULL;
  const char *input = scratch_add(folder), *output = scratch_add(folder);
  const char *log = scratch_add(folder);
  if (!input || !output || !log)
    return no_memory();
  SimplicialStatus status = find_runtime(&runtime);
  if (!status.code)
    status = scratch_write(input, object);
  if (status.code)
    return status;
  Text path = {0};
  text_format(&path, "-rpath=$ORIGIN:%.*s",
              (int)(strrchr(runtime, '/') - runtime), runtime);
  if (path.failed)
    return no_memory();
  char *command[] = {"cc",           "-shared",     "-Wl,-Bsymbolic,-z,now",
                     "-Xlinker",     path.data,     "-o",
                     (char *)output, (char *)input, (char *)runtime,
                     "-lm",          NULL};
  status = trace_run_program(trace, command, output, log);
  text_free(&path);
  return status.code ? status : scratch_read(output, library);
}

SimplicialStatus link_library(MlirStringRef object, Trace *trace,
                              Text *library) {
  Scratch folder;
  SimplicialStatus status = scratch_create(&folder);
  if (!status.code)
    status = run_linker(&folder, object, trace, library);
  scratch_destroy(&folder);
  return status;
}
