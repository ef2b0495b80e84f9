// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compilation -> image: all that an executable is made of, and no more. Images
// can be kept as bytes.

#ifndef SIMPLICIAL_COMPILER_IMAGE_H
#define SIMPLICIAL_COMPILER_IMAGE_H

#include "function.h"

#include "llvm-c/Core.h"

/// Names of what an image's object file defines: for each function, an entry
/// (object.h), and, if it has kernels, two `void (void)` that
/// load and unload them (see simplicial-launch). Workspaces are there as well
/// (see simplicial-workspace).
#define IMAGE_EXPORTED "simplicial_"
#define IMAGE_LOAD IMAGE_EXPORTED "load"
#define IMAGE_UNLOAD IMAGE_EXPORTED "unload"

typedef struct Image {
  SimplicialFunction *functions; ///< without entries
  int function_count;
  bool has_kernels;
  LLVMMemoryBufferRef object;
} Image;

/// Lowers a compilation that began well. Whatever the status, the image must be
/// freed.
SimplicialStatus image_create(Image *self, Compilation *compilation,
                              const char *target);

/// Appends the image, for image_read in a process with the same build of this
/// library.
void image_write(const Image *self, Text *bytes);

/// False if the bytes are not what image_write makes. Whatever the result, the
/// image must be freed.
bool image_read(Image *self, const char *bytes, size_t size);

void image_free(Image *self);

#endif // SIMPLICIAL_COMPILER_IMAGE_H
