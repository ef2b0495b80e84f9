// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --input texts -> tensors.

#include "input.h"

#include "npy.h"
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Options {
  int64_t pad;
  int64_t seed;
  double deviation;
  bool has_seed, has_deviation;
} Options;

static bool parse_option(const char *text, Options *options) {
  if (!strncmp(text, "pad=", 4))
    return number_parse(text + 4, 0, INT32_MAX, &options->pad);
  if (!strncmp(text, "random=", 7)) {
    options->has_seed = true;
    return number_parse(text + 7, 0, INT64_MAX, &options->seed);
  }
  if (!strncmp(text, "std=", 4)) {
    char *end;
    options->has_deviation = true;
    options->deviation = strtod(text + 4, &end);
    return end != text + 4 && !*end && options->deviation >= 0 &&
           isfinite(options->deviation);
  }
  return false;
}

static bool starts_option(const char *text) {
  return !strncmp(text, "pad=", 4) || !strncmp(text, "random=", 7) ||
         !strncmp(text, "std=", 4);
}

/// Takes the options off the end of `spec`.
static SimplicialStatus parse_options(char *spec, Options *options) {
  *options = (Options){.deviation = 1};
  char *colon;
  while ((colon = strrchr(spec, ':')) && starts_option(colon + 1)) {
    if (!parse_option(colon + 1, options))
      return simplicialError(SIMPLICIAL_INVALID_ARGUMENT, "bad option '%s'",
                             colon + 1);
    *colon = '\0';
  }
  return simplicialOk();
}

static SimplicialStatus read_file(const char *path, const Options *options,
                                  DLDataType type, Tensor *tensor) {
  if (options->has_seed || options->has_deviation)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "a file has no option random or std");
  Npy npy;
  SimplicialStatus status = npy_read(path, &npy);
  if (status.code)
    return status;
  status = tensor_allocate(tensor, type, npy.rank, npy.shape, options->pad);
  if (!status.code)
    status = tensor_fill(tensor, npy.elements, npy.type);
  npy_free(&npy);
  return status;
}

/// Parses "2x3xf32".
static bool parse_type(const char *text, int *rank, int64_t *shape,
                       DLDataType *type) {
  for (*rank = 0; *text >= '0' && *text <= '9'; ++*rank)
    if (*rank == SIMPLICIAL_MAX_RANK || !number_take(&text, &shape[*rank]) ||
        *text++ != 'x')
      return false;
  return simplicialTypeFromName(text, type);
}

static SimplicialStatus make_random(const char *text, const Options *options,
                                    DLDataType type, Tensor *tensor) {
  int rank;
  int64_t shape[SIMPLICIAL_MAX_RANK];
  DLDataType stated;
  if (!parse_type(text, &rank, shape, &stated))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "'%s' is neither @FILE.npy nor a shape and element "
                           "type such as 2x128x8x64xf32",
                           text);
  if (!options->has_seed)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "what the elements are is not said; for example "
                           "'%s:random=1'",
                           text);
  if (memcmp(&stated, &type, sizeof type))
    return simplicialError(
        SIMPLICIAL_INVALID_ARGUMENT, "has element type %s instead of %s",
        simplicialTypeName(stated), simplicialTypeName(type));
  SimplicialStatus status =
      tensor_allocate(tensor, type, rank, shape, options->pad);
  if (!status.code)
    status =
        tensor_fill_random(tensor, (uint64_t)options->seed, options->deviation);
  return status;
}

SimplicialStatus input_make(const char *spec, DLDataType type, Tensor *tensor) {
  *tensor = (Tensor){0};
  char *text = strdup(spec);
  if (!text)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  Options options;
  SimplicialStatus status = parse_options(text, &options);
  if (!status.code)
    status = text[0] == '@' ? read_file(text + 1, &options, type, tensor)
                            : make_random(text, &options, type, tensor);
  free(text);
  if (status.code)
    tensor_free(tensor);
  return status;
}

char *input_path(const char *spec) {
  Options options;
  char *path = spec[0] == '@' ? strdup(spec + 1) : NULL;
  if (path)
    simplicialStatusFree(parse_options(path, &options));
  return path;
}
