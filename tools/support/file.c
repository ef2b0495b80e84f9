// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and writing whole files.

#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static SimplicialStatus io_error(const char *what, const char *path) {
  return simplicialError(errno == ENOENT ? SIMPLICIAL_NOT_FOUND
                                         : SIMPLICIAL_IO_ERROR,
                         "cannot %s '%s': %s", what, path, strerror(errno));
}

static SimplicialStatus read_stream(FILE *stream, const char *path,
                                    Bytes *bytes) {
  size_t capacity = 0;
  for (;;) {
    if (bytes->size == capacity) {
      capacity = 2 * capacity + (1 << 16);
      char *data = realloc(bytes->data, capacity);
      if (!data)
        return simplicialError(SIMPLICIAL_OUT_OF_MEMORY,
                               "out of memory for '%s'", path);
      bytes->data = data;
    }
    size_t n =
        fread(bytes->data + bytes->size, 1, capacity - bytes->size, stream);
    bytes->size += n;
    if (!n)
      return ferror(stream) ? io_error("read", path) : simplicialOk();
  }
}

SimplicialStatus file_read(const char *path, Bytes *bytes) {
  *bytes = (Bytes){0};
  bool is_stdin = !strcmp(path, "-");
  FILE *stream = is_stdin ? stdin : fopen(path, "rb");
  if (!stream)
    return io_error("open", path);
  SimplicialStatus status = read_stream(stream, path, bytes);
  if (!is_stdin)
    fclose(stream);
  if (status.code) {
    free(bytes->data);
    *bytes = (Bytes){0};
  }
  return status;
}

/// A temporary file beside `path`, with the permissions a new file would have.
static FILE *open_temporary(const char *path, char **name) {
  *name = malloc(strlen(path) + sizeof ".XXXXXX");
  if (!*name)
    return NULL;
  sprintf(*name, "%s.XXXXXX", path);
  int fd = mkstemp(*name);
  FILE *stream = fd < 0 ? NULL : fdopen(fd, "wb");
  if (stream) {
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, 0666 & ~mask);
    return stream;
  }
  int error = errno;
  if (fd >= 0) {
    close(fd);
    unlink(*name);
  }
  free(*name);
  *name = NULL;
  errno = error;
  return NULL;
}

SimplicialStatus output_open(OutputFile *file, const char *path) {
  *file = (OutputFile){.path = path};
  struct stat info;
  if (!strcmp(path, "-")) {
    file->stream = stdout;
  } else if (!stat(path, &info) && !S_ISREG(info.st_mode)) {
    file->stream = fopen(path, "wb");
  } else {
    file->stream = open_temporary(path, &file->temporary);
  }
  return file->stream ? simplicialOk() : io_error("write", path);
}

SimplicialStatus output_write(OutputFile *file, const void *data, size_t size) {
  if (size && fwrite(data, 1, size, file->stream) != size)
    return io_error("write", file->path);
  return simplicialOk();
}

SimplicialStatus output_close(OutputFile *file) {
  FILE *stream = file->stream;
  file->stream = NULL;
  if (stream == stdout ? fflush(stream) : fclose(stream))
    return io_error("write", file->path);
  return simplicialOk();
}

SimplicialStatus output_place(OutputFile *file) {
  if (file->temporary && rename(file->temporary, file->path))
    return io_error("write", file->path);
  free(file->temporary);
  file->temporary = NULL;
  return simplicialOk();
}

void output_discard(OutputFile *file) {
  if (file->stream && file->stream != stdout)
    fclose(file->stream);
  file->stream = NULL;
  if (file->temporary)
    unlink(file->temporary);
  free(file->temporary);
  file->temporary = NULL;
}
