// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A key is the digest of
//
//   source, target, processor, libraries, programs of the CUDA toolkit
//
// Libraries are told apart by their build IDs, which linkers compute from the
// contents: another version, or the same built again from other sources, has
// another one. They are read from memory, so that they are of the code that
// runs, whatever has become of the file since. Programs are told apart by their
// places in the file system, sizes and times of modification.

#include "cache_key.h"

#include "machine.h"
#include "target.h"
#include "toolkit.h"

#include "mlir-c/BuiltinTypes.h"
#include "llvm-c/blake3.h"

#include <elf.h>
#include <link.h>
#include <string.h>

static void add(llvm_blake3_hasher *hasher, const void *data, size_t size) {
  uint64_t length = size; // keeps "ab", "c" and "a", "bc" apart
  llvm_blake3_hasher_update(hasher, &length, sizeof length);
  llvm_blake3_hasher_update(hasher, data, size);
}

// Libraries -------------------------------------------------------------------

typedef struct Library {
  uintptr_t address; ///< of something in it
  const char *id;    ///< NULL until it is found
  size_t id_size;
} Library;

static bool contains(const struct dl_phdr_info *info, uintptr_t address) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type == PT_LOAD &&
        address - info->dlpi_addr - segment->p_vaddr < segment->p_memsz)
      return true;
  }
  return false;
}

static size_t align4(size_t size) { return (size + 3) & ~(size_t)3; }

/// The build ID is one of the notes of a segment.
static void read_notes(Library *self, const char *notes, size_t size) {
  while (!self->id && size >= sizeof(ElfW(Nhdr))) {
    const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)notes;
    size_t name = align4(note->n_namesz), id = align4(note->n_descsz);
    if (name > size - sizeof *note || id > size - sizeof *note - name)
      return;
    notes += sizeof *note;
    if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof "GNU" &&
        !memcmp(notes, "GNU", sizeof "GNU")) {
      self->id = notes + name;
      self->id_size = note->n_descsz;
    }
    notes += name + id;
    size -= sizeof *note + name + id;
  }
}

static int visit(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  Library *self = data;
  if (!contains(info, self->address))
    return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type == PT_NOTE)
      read_notes(self,
                 (const char *)(uintptr_t)(info->dlpi_addr + segment->p_vaddr),
                 segment->p_memsz);
  }
  return 1;
}

/// Adds this library, the runtime, LLVM and MLIR, whose C interface is in this
/// one. Each is found by a constant of its own that it hands out: a function's
/// address can be in the program that calls it.
static bool add_libraries(llvm_blake3_hasher *hasher) {
  static const char own[] = "";
  const void *const constants[] = {
      own, simplicialTypeName((DLDataType){kDLFloat, 32, 1}),
      llvm_blake3_version(), mlirIntegerTypeGetTypeID().ptr};
  for (size_t i = 0; i < sizeof constants / sizeof *constants; ++i) {
    Library library = {.address = (uintptr_t)constants[i]};
    dl_iterate_phdr(visit, &library);
    if (!library.id)
      return false;
    add(hasher, library.id, library.id_size);
  }
  return true;
}

// The rest --------------------------------------------------------------------

bool cache_key(const char *source, size_t length, const char *target,
               CacheKey *key) {
  Target parsed;
  if (!cache_is_on())
    return false;
  SimplicialStatus status = target_parse(target, &parsed);
  bool known = !status.code;
  simplicialStatusFree(status);
  if (!known)
    return false;
  Text rest = {0};
  text_format(&rest, "%s %d %d\n", parsed.name, parsed.gpu, parsed.emulated);
  machine_describe(parsed.processor, &rest);
  if (parsed.gpu) {
    toolkit_describe("ptxas", &rest);
    toolkit_describe("fatbinary", &rest);
  }
  llvm_blake3_hasher hasher;
  llvm_blake3_hasher_init(&hasher);
  known = add_libraries(&hasher) && !rest.failed;
  if (known) {
    add(&hasher, rest.data, rest.size);
    add(&hasher, source, length);
    llvm_blake3_hasher_finalize(&hasher, key->bytes, sizeof key->bytes);
  }
  text_free(&rest);
  return known;
}

void cache_key_add(CacheKey *key, const char *text) {
  llvm_blake3_hasher hasher;
  llvm_blake3_hasher_init(&hasher);
  add(&hasher, key->bytes, sizeof key->bytes);
  add(&hasher, text, strlen(text));
  llvm_blake3_hasher_finalize(&hasher, key->bytes, sizeof key->bytes);
}
