// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole files: read at once, and written so that they appear only when whole.

#ifndef SIMPLICIAL_TOOLS_FILE_H
#define SIMPLICIAL_TOOLS_FILE_H

#include "simplicial/runtime.h"

#include <stddef.h>
#include <stdio.h>

typedef struct Bytes {
  char *data; ///< malloc'd
  size_t size;
} Bytes;

/// Reads all of `path`, or of stdin if that is "-". The caller frees the bytes.
SimplicialStatus file_read(const char *path, Bytes *bytes);

/// An error if two of the `count` output paths are one file, or one is a file
/// among the `input_count` inputs, whatever the paths are called; "-" is stdout
/// and stdin.
SimplicialStatus output_check_paths(const char *const *outputs, int count,
                                    const char *const *inputs, int input_count);

/// A file under construction: beside its place, under a temporary name.
typedef struct OutputFile {
  const char *path; ///< borrowed
  char *place;      ///< what `path` is when links are followed, or NULL
  char *temporary;  ///< NULL: no regular file, which is written directly
  FILE *stream;     ///< NULL once it is closed
} OutputFile;

/// Opens `path` ("-": stdout). A link stays and its target is written; an
/// existing file keeps its mode. Every file that was opened is put in place or
/// discarded.
SimplicialStatus output_open(OutputFile *file, const char *path);

SimplicialStatus output_write(OutputFile *file, const void *data, size_t size);

/// Makes sure that all was written; what is left to do, output_place, fails
/// only if the folder changes under us.
SimplicialStatus output_close(OutputFile *file);

/// Gives the closed file its name.
SimplicialStatus output_place(OutputFile *file);

/// Leaves nothing behind. Harmless on a zero-initialised or placed file.
void output_discard(OutputFile *file);

#endif // SIMPLICIAL_TOOLS_FILE_H
