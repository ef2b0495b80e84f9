// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Status values: an error code and a message that travel as a return value.

#include "simplicial/runtime.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

SimplicialStatus simplicialOk(void) {
  return (SimplicialStatus){SIMPLICIAL_OK, NULL};
}

SimplicialStatus simplicialError(SimplicialCode code, const char *format, ...) {
  SimplicialStatus status = {code, NULL};
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(&status.message, format, arguments) < 0)
    status.message = NULL;
  va_end(arguments);
  return status;
}

void simplicialStatusFree(SimplicialStatus status) { free(status.message); }

const char *simplicialStatusMessage(SimplicialStatus status) {
  return status.message ? status.message : simplicialCodeName(status.code);
}

const char *simplicialCodeName(SimplicialCode code) {
  switch (code) {
  case SIMPLICIAL_OK:
    return "ok";
  case SIMPLICIAL_INVALID_ARGUMENT:
    return "invalid argument";
  case SIMPLICIAL_NOT_FOUND:
    return "not found";
  case SIMPLICIAL_OUT_OF_MEMORY:
    return "out of memory";
  case SIMPLICIAL_IO_ERROR:
    return "input/output error";
  case SIMPLICIAL_COMPILE_ERROR:
    return "compile error";
  case SIMPLICIAL_UNAVAILABLE:
    return "unavailable";
  case SIMPLICIAL_INTERNAL:
    return "internal error";
  }
  return "unknown code";
}
