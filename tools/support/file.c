// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and writing whole files.

#include "file.h"

#include <errno.h>
#include <limits.h>
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

// Where outputs go ------------------------------------------------------------

/// The part of a path in front of its last name: of "a/b" "a/", of "b" ".".
static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
}

static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/// What the link `path` leads to, from where `path` counts; NULL if it is none.
static char *read_link(const char *path) {
  char target[PATH_MAX];
  ssize_t length = readlink(path, target, sizeof target - 1);
  if (length < 0)
    return NULL;
  target[length] = '\0';
  size_t folder = *target == '/' ? 0 : (size_t)(name_of(path) - path);
  char *result = malloc(folder + (size_t)length + 1);
  if (result) {
    memcpy(result, path, folder);
    strcpy(result + folder, target);
  }
  return result;
}

/// The descriptor of ours that the link `path` stands for, as /proc/self/fd/1
/// does, or -1. What is behind it need not have a path.
static int descriptor_of(const char *path) {
  char *folder = folder_of(path);
  char *resolved = folder ? realpath(folder, NULL) : NULL;
  char *own = realpath("/proc/self/fd", NULL);
  bool is_own = resolved && own && !strcmp(resolved, own);
  free(own);
  free(resolved);
  free(folder);
  return is_own ? atoi(name_of(path)) : -1;
}

/// Follows links to what is to be written, which need not exist: the path, and
/// the descriptor where it is one of ours, else -1. NULL if memory runs out.
static char *find_place(const char *path, int *descriptor) {
  enum { MOST_LINKS = 40 };
  char *place = strdup(path), *next;
  *descriptor = -1;
  for (int i = 0; place && i < MOST_LINKS && *descriptor < 0; ++i) {
    if (!(next = read_link(place)))
      break;
    *descriptor = descriptor_of(place);
    free(place);
    place = next;
  }
  return place;
}

/// What makes two paths one file.
typedef struct Identity {
  int descriptor;   ///< of an output, or -1
  bool found;       ///< whether `info` is set
  struct stat info; ///< of the file, or of the folder that it will be in
  char *name;       ///< in that folder; NULL: there is such a file
} Identity;

static Identity identify(const char *path, bool output) {
  Identity self = {.descriptor = -1};
  if (!strcmp(path, "-")) {
    int descriptor = output ? STDOUT_FILENO : STDIN_FILENO;
    self.found = !fstat(descriptor, &self.info);
    self.descriptor = output ? descriptor : -1;
    return self;
  }
  self.found = !stat(path, &self.info);
  char *place = output ? find_place(path, &self.descriptor) : NULL;
  char *folder = place && !self.found ? folder_of(place) : NULL;
  if (folder) {
    self.name = strdup(name_of(place));
    self.found = self.name && !stat(folder, &self.info);
  }
  free(folder);
  free(place);
  return self;
}

static bool is_same(const Identity *x, const Identity *y) {
  if (x->descriptor >= 0 && x->descriptor == y->descriptor)
    return true;
  if (!x->found || !y->found || x->info.st_dev != y->info.st_dev ||
      x->info.st_ino != y->info.st_ino)
    return false;
  if (x->name || y->name)
    return x->name && y->name && !strcmp(x->name, y->name);
  return S_ISREG(x->info.st_mode); // devices and pipes take several outputs
}

static bool is_one_file(const char *output, const char *other,
                        bool other_is_output) {
  Identity x = identify(output, true), y = identify(other, other_is_output);
  bool same = is_same(&x, &y);
  free(x.name);
  free(y.name);
  return same;
}

SimplicialStatus output_check_paths(const char *const *outputs, int count,
                                    const char *const *inputs,
                                    int input_count) {
  for (int i = 0; i < count; ++i) {
    for (int j = 0; j < i; ++j)
      if (is_one_file(outputs[i], outputs[j], true))
        return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                               "the outputs '%s' and '%s' are one file",
                               outputs[j], outputs[i]);
    for (int j = 0; j < input_count; ++j)
      if (is_one_file(outputs[i], inputs[j], false))
        return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                               "the output '%s' and the input '%s' are one "
                               "file",
                               outputs[i], inputs[j]);
  }
  return simplicialOk();
}

// Writing ---------------------------------------------------------------------

/// Gives a file the owner, as far as we may, and the permissions of the one it
/// replaces, if there is one, or else a new file's permissions.
static bool set_permissions(int fd, const struct stat *old) {
  if (old && fchown(fd, old->st_uid, old->st_gid))
    errno = 0; // it is ours now
  mode_t mask = umask(0);
  umask(mask);
  return !fchmod(fd, old ? old->st_mode & 0777 : 0666 & ~mask);
}

/// A temporary file beside `path`, where `old` is now (NULL: nothing).
static FILE *open_temporary(const char *path, const struct stat *old,
                            char **name) {
  *name = malloc(strlen(path) + sizeof ".XXXXXX");
  if (!*name)
    return NULL;
  sprintf(*name, "%s.XXXXXX", path);
  int fd = mkstemp(*name);
  FILE *stream = fd >= 0 && set_permissions(fd, old) ? fdopen(fd, "wb") : NULL;
  if (stream)
    return stream;
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

static FILE *open_descriptor(int descriptor) {
  if (descriptor == STDOUT_FILENO)
    return stdout;
  int fd = dup(descriptor);
  FILE *stream = fd < 0 ? NULL : fdopen(fd, "wb");
  if (fd >= 0 && !stream) {
    int error = errno;
    close(fd);
    errno = error;
  }
  return stream;
}

static FILE *open_stream(OutputFile *file) {
  int descriptor;
  struct stat info;
  file->place = find_place(file->path, &descriptor);
  if (!file->place)
    return NULL;
  if (descriptor >= 0)
    return open_descriptor(descriptor);
  if (stat(file->place, &info))
    return errno == ENOENT ? open_temporary(file->place, NULL, &file->temporary)
                           : NULL;
  if (!S_ISREG(info.st_mode))
    return fopen(file->place, "wb");
  if (access(file->place, W_OK))
    return NULL;
  return open_temporary(file->place, &info, &file->temporary);
}

SimplicialStatus output_open(OutputFile *file, const char *path) {
  *file = (OutputFile){.path = path};
  file->stream = strcmp(path, "-") ? open_stream(file) : stdout;
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
  if (file->temporary && rename(file->temporary, file->place))
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
  free(file->place);
  file->temporary = file->place = NULL;
}
