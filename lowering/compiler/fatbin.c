// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Images -> a fatbin, by the CUDA toolkit's fatbinary. Upstream's
// gpu-module-to-binary runs it once a chip, which gives a file for each.

#include "fatbin.h"

#include "toolkit.h"

#include "lowering/ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/Dialect/GPU.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { FATBIN = 4 }; // the format, of #gpu.object

/// A folder of files that go with it.
typedef struct Folder {
  Text path;
  int n;
  Text files[MAX_CHIPS + 3]; // cubins, PTX, fatbin and what the program prints
} Folder;

static SimplicialStatus io_error(const char *what, const char *path) {
  return simplicialError(SIMPLICIAL_IO_ERROR, "cannot %s '%s': %s", what, path,
                         strerror(errno));
}

static SimplicialStatus folder_create(Folder *self) {
  const char *parent = getenv("TMPDIR");
  *self = (Folder){0};
  text_format(&self->path, "%s/simplicial-XXXXXX",
              parent && *parent ? parent : "/tmp");
  if (self->path.failed)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  return mkdtemp(self->path.data) ? simplicialOk()
                                  : io_error("create", self->path.data);
}

static void folder_destroy(Folder *self) {
  for (int i = 0; i < self->n; ++i) {
    if (self->files[i].data)
      unlink(self->files[i].data);
    text_free(&self->files[i]);
  }
  if (self->path.data)
    rmdir(self->path.data);
  text_free(&self->path);
}

/// The path of another file; NULL if there is no memory.
static const char *folder_add(Folder *self) {
  Text *file = &self->files[self->n];
  text_format(file, "%s/%d", self->path.data, self->n++);
  return file->failed ? NULL : file->data;
}

static SimplicialStatus write_file(const char *path, MlirStringRef bytes) {
  FILE *file = fopen(path, "wb");
  if (!file)
    return io_error("write", path);
  bool written = fwrite(bytes.data, 1, bytes.length, file) == bytes.length;
  if (fclose(file) || !written)
    return io_error("write", path);
  return simplicialOk();
}

static SimplicialStatus read_file(const char *path, Text *bytes) {
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
  return bytes->failed
             ? simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory")
             : simplicialOk();
}

/// Runs a program; if it fails, what it printed is in the status.
static SimplicialStatus run(char *const *command, const char *log) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t process;
  int failure =
      posix_spawn(&process, command[0], &actions, NULL, command, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure) {
    errno = failure;
    return io_error("run", command[0]);
  }
  int end;
  while (waitpid(process, &end, 0) < 0)
    if (errno != EINTR)
      return io_error("wait for", command[0]);
  if (WIFEXITED(end) && !WEXITSTATUS(end))
    return simplicialOk();
  Text printed = {0};
  simplicialStatusFree(read_file(log, &printed));
  while (printed.size && printed.data[printed.size - 1] == '\n')
    printed.data[--printed.size] = '\0';
  SimplicialStatus status =
      simplicialError(SIMPLICIAL_INTERNAL, "'%s' failed: %s", command[0],
                      printed.size ? printed.data : "it does not say why");
  text_free(&printed);
  return status;
}

/// The program's command, as it grows.
typedef struct Command {
  Text fatbinary, images[MAX_CHIPS + 1], create;
  char *words[MAX_CHIPS + 5];
} Command;

/// Writes an image into the folder, and adds it to the command.
static SimplicialStatus add_image(Folder *folder, Command *command,
                                  const char *kind, const Chip *chip,
                                  MlirAttribute object) {
  Text *word = &command->images[folder->n];
  const char *file = folder_add(folder);
  if (file)
    text_format(word, "--image3=kind=%s,sm=%s,file=%s", kind,
                chip->name + strlen("sm_"), file);
  if (!file || word->failed)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  return write_file(file, mlirGPUObjectAttrGetObject(object));
}

/// Runs the command on the folder's images.
static SimplicialStatus create(Folder *folder, Command *command, Text *fatbin) {
  int n = 0, images = folder->n;
  const char *file = folder_add(folder), *log = folder_add(folder);
  SimplicialStatus status = toolkit_find("fatbinary", &command->fatbinary);
  if (status.code)
    return status;
  text_format(&command->fatbinary, "/bin/fatbinary");
  text_format(&command->create, "--create=%s", file ? file : "");
  if (!file || !log || command->fatbinary.failed || command->create.failed)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  command->words[n++] = command->fatbinary.data;
  command->words[n++] = "-64";
  for (int i = 0; i < images; ++i)
    command->words[n++] = command->images[i].data;
  command->words[n++] = command->create.data;
  status = run(command->words, log);
  return status.code ? status : read_file(file, fatbin);
}

static SimplicialStatus join(const ChipList *list, MlirAttribute cubins,
                             MlirAttribute ptx, Text *fatbin) {
  Folder folder;
  Command command = {0};
  SimplicialStatus status = folder_create(&folder);
  for (int i = 0; i < list->n && !status.code; ++i)
    status = add_image(&folder, &command, "elf", list->chips[i],
                       mlirArrayAttrGetElement(cubins, i));
  if (!status.code)
    status =
        add_image(&folder, &command, "ptx", list->chips[chip_list_ptx(list)],
                  mlirArrayAttrGetElement(ptx, 0));
  if (!status.code)
    status = create(&folder, &command, fatbin);
  folder_destroy(&folder);
  for (int i = 0; i <= list->n; ++i)
    text_free(&command.images[i]);
  text_free(&command.fatbinary);
  text_free(&command.create);
  return status;
}

SimplicialStatus fatbin_join(const ChipList *list, MlirModule machine_code,
                             MlirModule ptx) {
  MlirOperation other = mlirBlockGetFirstOperation(mlirModuleGetBody(ptx));
  SimplicialStatus status = simplicialOk();
  for (MlirOperation op =
           mlirBlockGetFirstOperation(mlirModuleGetBody(machine_code));
       !mlirOperationIsNull(op) && !status.code;
       op = mlirOperationGetNextInBlock(op),
                     other = mlirOperationGetNextInBlock(other)) {
    if (!ir_is(op, "gpu.binary"))
      continue;
    MlirAttribute cubins = ir_get_attr(op, "objects");
    Text fatbin = {0};
    status = join(list, cubins, ir_get_attr(other, "objects"), &fatbin);
    if (!status.code) {
      MlirAttribute newest = mlirArrayAttrGetElement(cubins, list->n - 1);
      MlirContext context = mlirAttributeGetContext(cubins);
      MlirAttribute object = mlirGPUObjectAttrGet(
          context, mlirGPUObjectAttrGetTarget(newest), FATBIN,
          mlirStringRefCreate(fatbin.data, fatbin.size),
          mlirAttributeGetNull());
      mlirOperationSetAttributeByName(op, ir_str("objects"),
                                      mlirArrayAttrGet(context, 1, &object));
    }
    text_free(&fatbin);
  }
  return status;
}
