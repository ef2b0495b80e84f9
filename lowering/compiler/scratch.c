// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files for other programs, and running these.

#include "scratch.h"

#include "no_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static SimplicialStatus io_error(const char *what, const char *path) {
  return simplicialError(SIMPLICIAL_IO_ERROR, "cannot %s '%s': %s", what, path,
                         strerror(errno));
}

SimplicialStatus scratch_create(Scratch *self) {
  const char *parent = getenv("TMPDIR");
  *self = (Scratch){0};
  text_format(&self->path, "%s/simplicial-XXXXXX",
              parent && *parent ? parent : "/tmp");
  if (self->path.failed)
    return no_memory();
  return mkdtemp(self->path.data) ? simplicialOk()
                                  : io_error("create", self->path.data);
}

void scratch_destroy(Scratch *self) {
  for (int i = 0; i < self->n; ++i) {
    if (self->files[i].data)
      unlink(self->files[i].data);
    text_free(&self->files[i]);
  }
  if (self->path.data)
    rmdir(self->path.data);
  text_free(&self->path);
}

const char *scratch_add(Scratch *self) {
  Text *file = &self->files[self->n];
  text_format(file, "%s/%d", self->path.data, self->n++);
  return file->failed ? NULL : file->data;
}

SimplicialStatus scratch_write(const char *path, MlirStringRef bytes) {
  FILE *file = fopen(path, "wb");
  if (!file)
    return io_error("write", path);
  bool written = fwrite(bytes.data, 1, bytes.length, file) == bytes.length;
  if (fclose(file) || !written)
    return io_error("write", path);
  return simplicialOk();
}

SimplicialStatus scratch_read(const char *path, Text *bytes) {
  FILE *file = fopen(path, "rb");
  if (!file)
    return io_error("read", path);
  char part[4096];
  for (size_t n; (n = fread(part, 1, sizeof part, file));)
    text_append(bytes, part, n);
  bool failed = ferror(file);
  fclose(file);
  if (failed)
    return io_error("read", path);
  return bytes->failed ? no_memory() : simplicialOk();
}

/// Starts a program that does not ignore SIGCHLD, be it ignored here: it may
/// wait for programs of its own.
static int start(pid_t *process, char *const *command, const char *log) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  int failure = posix_spawnp(process, command[0], &actions, &attributes,
                             command, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return failure;
}

static bool has_bytes(const char *path) {
  struct stat info;
  return !stat(path, &info) && info.st_size > 0;
}

SimplicialStatus scratch_run(char *const *command, const char *result,
                             const char *log) {
  pid_t process;
  int failure = start(&process, command, log);
  if (failure) {
    errno = failure;
    return io_error("run", command[0]);
  }
  int end = 0;
  while (waitpid(process, &end, 0) < 0) {
    // Where SIGCHLD is ignored, or somebody else waits for all processes, how
    // it ended is not told.
    if (errno == ECHILD)
      break;
    if (errno != EINTR)
      return io_error("wait for", command[0]);
  }
  if (WIFEXITED(end) && !WEXITSTATUS(end) && has_bytes(result))
    return simplicialOk();
  Text printed = {0};
  simplicialStatusFree(scratch_read(log, &printed));
  while (printed.size && printed.data[printed.size - 1] == '\n')
    printed.data[--printed.size] = '\0';
  SimplicialStatus status =
      simplicialError(SIMPLICIAL_INTERNAL, "'%s' failed: %s", command[0],
                      printed.size ? printed.data : "it does not say why");
  text_free(&printed);
  return status;
}
