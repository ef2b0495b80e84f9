// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX -> machine code -> a fatbin, by the CUDA toolkit's fatbinary. Upstream's
// gpu-module-to-binary runs it once a chip, which gives a file for each.

#include "fatbin.h"

#include "assemble.h"
#include "binary.h"
#include "no_memory.h"
#include "scratch.h"
#include "toolkit.h"

#include "lowering/ir_llvm.h"

#include <string.h>

/// The program's command, as it grows.
typedef struct Command {
  Text fatbinary, images[MAX_CHIPS + 1], create;
  char *words[MAX_CHIPS + 5];
} Command;

/// Writes an image into the folder, and adds it to the command.
static SimplicialStatus add_image(Scratch *folder, Command *command,
                                  const char *kind, const Chip *chip,
                                  MlirStringRef image) {
  Text *word = &command->images[folder->n];
  const char *file = scratch_add(folder);
  if (file)
    text_format(word, "--image3=kind=%s,sm=%s,file=%s", kind,
                chip->name + strlen("sm_"), file);
  if (!file || word->failed)
    return no_memory();
  return scratch_write(file, image);
}

/// Runs the command on the folder's images.
static SimplicialStatus create(Scratch *folder, Command *command, Trace *trace,
                               Text *fatbin) {
  int n = 0, images = folder->n;
  const char *file = scratch_add(folder), *log = scratch_add(folder);
  SimplicialStatus status = toolkit_find("fatbinary", &command->fatbinary);
  if (status.code)
    return status;
  text_format(&command->fatbinary, "/bin/fatbinary");
  text_format(&command->create, "--create=%s", file ? file : "");
  if (!file || !log || command->fatbinary.failed || command->create.failed)
    return no_memory();
  command->words[n++] = command->fatbinary.data;
  command->words[n++] = "-64";
  for (int i = 0; i < images; ++i)
    command->words[n++] = command->images[i].data;
  command->words[n++] = command->create.data;
  status = trace_run_program(trace, command->words, file, log);
  return status.code ? status : scratch_read(file, fatbin);
}

/// Joins the machine code of each chip, and the PTX for later ones.
static SimplicialStatus join(const ChipList *list, MlirOperation binary,
                             Trace *trace, Text *fatbin) {
  Scratch folder;
  Command command = {0};
  SimplicialStatus status = scratch_create(&folder);
  for (int i = 0; i < list->n && !status.code; ++i) {
    Text code = {0};
    status = assemble_kernels(binary_bytes(binary, i), list, i, trace, &code);
    MlirStringRef bytes = mlirStringRefCreate(code.data, code.size);
    if (!status.code)
      status = trace_save_code(trace, ir_symbol_name(binary),
                               list->chips[i]->name, bytes);
    if (!status.code)
      status = add_image(&folder, &command, "elf", list->chips[i], bytes);
    text_free(&code);
  }
  int later = chip_list_ptx(list);
  if (!status.code)
    status = add_image(&folder, &command, "ptx", list->chips[later],
                       binary_bytes(binary, later));
  if (!status.code)
    status = create(&folder, &command, trace, fatbin);
  scratch_destroy(&folder);
  for (int i = 0; i <= list->n; ++i)
    text_free(&command.images[i]);
  text_free(&command.fatbinary);
  text_free(&command.create);
  return status;
}

SimplicialStatus fatbin_make(const ChipList *list, MlirModule module,
                             Trace *trace) {
  SimplicialStatus status = simplicialOk();
  for (MlirOperation binary = binary_first(module);
       !mlirOperationIsNull(binary) && !status.code;
       binary = binary_next(binary)) {
    Text fatbin = {0};
    status = join(list, binary, trace, &fatbin);
    if (!status.code) {
      MlirAttribute newest = binary_object(binary, list->n - 1);
      MlirAttribute object = binary_object_like(
          newest, BINARY_FATBIN, mlirStringRefCreate(fatbin.data, fatbin.size));
      binary_set_objects(binary, 1, &object);
    }
    text_free(&fatbin);
  }
  return status;
}
