// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The peak memory of this process, from Linux's /proc.

#include "simplicial/runtime.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int64_t simplicialPeakMemory(void) {
  FILE *file = fopen("/proc/self/status", "r");
  if (!file)
    return -1;
  long long kilobytes = -1;
  char line[256];
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "VmHWM: %lld kB", &kilobytes) == 1)
      break;
  fclose(file);
  return kilobytes < 0 ? -1 : kilobytes * 1024;
}

SimplicialStatus simplicialResetPeakMemory(void) {
  FILE *file = fopen("/proc/self/clear_refs", "w");
  bool written = file && fputs("5", file) >= 0;
  if (file && fclose(file) != 0)
    written = false;
  if (!written)
    return simplicialError(SIMPLICIAL_UNAVAILABLE,
                           "cannot reset the peak memory: %s", strerror(errno));
  return simplicialOk();
}
