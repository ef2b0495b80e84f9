// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Looking for the CUDA toolkit.

#include "toolkit.h"

#include "no_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// Whether `folder`, of `length` characters, has `program`, after `subfolder`.
static bool has(Text *path, const char *folder, size_t length,
                const char *subfolder, const char *program) {
  path->size = 0;
  text_append(path, folder, length);
  text_format(path, "%s/%s", subfolder, program);
  return !path->failed && !access(path->data, X_OK);
}

SimplicialStatus toolkit_find(const char *program, Text *folder) {
  static const char bin[] = "/bin";
  const char *path = getenv("PATH"), *home = getenv("CUDA_HOME");
  for (const char *p = path ? path : ""; *p && !folder->failed;) {
    size_t length = strcspn(p, ":"), root = length - strlen(bin);
    if (length >= strlen(bin) && !memcmp(p + root, bin, strlen(bin)) &&
        has(folder, p, length, "", program)) {
      folder->size = root;
      folder->data[root] = '\0';
      return simplicialOk();
    }
    p += length + (p[length] == ':');
  }
  const char *homes[] = {home ? home : "", "/usr/local/cuda"};
  for (size_t i = 0; i < sizeof homes / sizeof *homes; ++i) {
    size_t length = strlen(homes[i]);
    if (length && has(folder, homes[i], length, bin, program)) {
      folder->size = length;
      folder->data[length] = '\0';
      return simplicialOk();
    }
  }
  if (folder->failed)
    return no_memory();
  return simplicialError(
      SIMPLICIAL_UNAVAILABLE,
      "there is no '%s' in PATH, CUDA_HOME or /usr/local/cuda: install the "
      "CUDA toolkit, or make PTX, which does not need it",
      program);
}

void toolkit_describe(const char *program, Text *text) {
  Text path = {0};
  struct stat info;
  SimplicialStatus status = toolkit_find(program, &path);
  if (!status.code)
    text_format(&path, "/bin/%s", program);
  if (!status.code && !path.failed && !stat(path.data, &info))
    text_format(text, "%s %llu %lld %lld.%09ld\n", path.data,
                (unsigned long long)info.st_ino, (long long)info.st_size,
                (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  else
    text_format(text, "no %s\n", program);
  simplicialStatusFree(status);
  text_free(&path);
}
