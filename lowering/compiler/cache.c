// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A folder with a file for each key (compiler.h says where, and how large):
//
//   Header {magic, key, size and digest of the bytes}, bytes
//
// A file appears under its name when it is whole, by a rename. Its time of
// modification is that of its last use.

#include "cache.h"

#include "llvm-c/blake3.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
  DEFAULT_MIB = 256,
  MAX_MIB = 1 << 30,
  NAME_LENGTH = 2 * sizeof(CacheKey), ///< hexadecimal digits
  ABANDONED = 3600, ///< seconds after which nobody still writes a file
};

/// What files are called while they are written.
#define UNFINISHED "unfinished-"

typedef struct Header {
  char magic[8];
  CacheKey key;
  uint64_t size;
  uint8_t digest[LLVM_BLAKE3_OUT_LEN];
} Header;

static const char magic[sizeof(((Header *)0)->magic)] = "simplic1";

/// Of all files, in bytes.
static int64_t size_limit(void) {
  const char *text = getenv("SIMPLICIAL_CACHE_SIZE");
  char *end;
  int64_t mib = DEFAULT_MIB;
  if (text && isdigit((unsigned char)*text)) {
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (!*end && !errno && number <= MAX_MIB)
      mib = number;
  }
  return mib << 20;
}

bool cache_is_on(void) { return size_limit() > 0; }

/// False if there is nowhere for it.
static bool find_folder(Text *folder) {
  const char *own = getenv("SIMPLICIAL_CACHE_DIR");
  const char *caches = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (own && *own)
    text_format(folder, "%s", own);
  else if (caches && *caches == '/') // as its specification wants it
    text_format(folder, "%s/simplicial", caches);
  else if (home && *home)
    text_format(folder, "%s/.cache/simplicial", home);
  return folder->data && !folder->failed;
}

/// Makes the folder and those above it, as far as that can be done.
static void make_folder(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(path, 0700);
    *slash = '/';
  }
  mkdir(path, 0700);
}

static bool append_path(Text *path, const CacheKey *key) {
  text_append(path, "/", 1);
  for (size_t i = 0; i < sizeof key->bytes; ++i)
    text_format(path, "%02x", key->bytes[i]);
  return !path->failed;
}

static bool is_name(const char *name) {
  return strlen(name) == NAME_LENGTH &&
         strspn(name, "0123456789abcdef") == NAME_LENGTH;
}

static void digest(const char *data, size_t size, uint8_t *result) {
  llvm_blake3_hasher hasher;
  llvm_blake3_hasher_init(&hasher);
  llvm_blake3_hasher_update(&hasher, data, size);
  llvm_blake3_hasher_finalize(&hasher, result, LLVM_BLAKE3_OUT_LEN);
}

// Loading ---------------------------------------------------------------------

static bool read_all(int file, void *data, size_t size) {
  for (char *to = data; size;) {
    ssize_t n = read(file, to, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    to += n;
    size -= (size_t)n;
  }
  return true;
}

/// What others could have written is not trusted: it would be run.
static bool is_own(const struct stat *info) {
  return S_ISREG(info->st_mode) && info->st_uid == geteuid() &&
         !(info->st_mode & (S_IWGRP | S_IWOTH));
}

static bool read_entry(int file, const CacheKey *key, Text *bytes) {
  struct stat info;
  Header header;
  uint8_t found[LLVM_BLAKE3_OUT_LEN];
  if (fstat(file, &info) || !is_own(&info) ||
      !read_all(file, &header, sizeof header) ||
      memcmp(header.magic, magic, sizeof magic) ||
      memcmp(&header.key, key, sizeof *key) ||
      header.size != (uint64_t)info.st_size - sizeof header)
    return false;
  char *data = malloc(header.size + 1);
  bool whole = data && read_all(file, data, header.size);
  if (whole) {
    digest(data, header.size, found);
    whole = !memcmp(found, header.digest, sizeof found);
  }
  if (whole)
    text_append(bytes, data, header.size);
  free(data);
  return whole && !bytes->failed;
}

bool cache_load(const CacheKey *key, Text *bytes) {
  Text path = {0};
  int file = -1;
  // A name that is not a file's must not make it wait.
  if (cache_is_on() && find_folder(&path) && append_path(&path, key))
    file = open(path.data, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  bool found = file >= 0 && read_entry(file, key, bytes);
  if (found)
    futimens(file, NULL);
  if (file >= 0)
    close(file);
  text_free(&path);
  return found;
}

// Storing ---------------------------------------------------------------------

static bool write_all(int file, const void *data, size_t size) {
  for (const char *from = data; size;) {
    ssize_t n = write(file, from, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return false;
    from += n;
    size -= (size_t)n;
  }
  return true;
}

static void write_entry(const Text *folder, const CacheKey *key,
                        const Text *bytes) {
  Header header = {.key = *key, .size = bytes->size};
  memcpy(header.magic, magic, sizeof magic);
  digest(bytes->data, bytes->size, header.digest);
  Text unfinished = {0}, path = {0};
  text_format(&unfinished, "%s/" UNFINISHED "XXXXXX", folder->data);
  text_append(&path, folder->data, folder->size);
  if (append_path(&path, key) && !unfinished.failed) {
    int file = mkostemp(unfinished.data, O_CLOEXEC);
    if (file >= 0) {
      bool written = write_all(file, &header, sizeof header) &&
                     write_all(file, bytes->data, bytes->size);
      if (close(file) || !written || rename(unfinished.data, path.data))
        unlink(unfinished.data);
    }
  }
  text_free(&unfinished);
  text_free(&path);
}

typedef struct Entry {
  char name[NAME_LENGTH + 1];
  int64_t size;
  struct timespec used;
} Entry;

static int by_use(const void *x, const void *y) {
  const struct timespec *a = &((const Entry *)x)->used;
  const struct timespec *b = &((const Entry *)y)->used;
  if (a->tv_sec != b->tv_sec)
    return a->tv_sec < b->tv_sec ? -1 : 1;
  return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

/// Lists the entries, and removes what was left unfinished; their total size.
static int64_t list_entries(DIR *folder, Text *entries) {
  int64_t total = 0;
  for (struct dirent *found; (found = readdir(folder));) {
    struct stat info;
    bool entry = is_name(found->d_name);
    if ((!entry && strncmp(found->d_name, UNFINISHED, strlen(UNFINISHED))) ||
        fstatat(dirfd(folder), found->d_name, &info, AT_SYMLINK_NOFOLLOW))
      continue;
    if (entry) {
      Entry self = {.size = info.st_size, .used = info.st_mtim};
      memcpy(self.name, found->d_name, sizeof self.name);
      text_append(entries, (char *)&self, sizeof self);
      total += self.size;
    } else if (time(NULL) - info.st_mtim.tv_sec > ABANDONED) {
      unlinkat(dirfd(folder), found->d_name, 0);
    }
  }
  return total;
}

static void trim(const char *path, int64_t limit) {
  DIR *folder = opendir(path);
  if (!folder)
    return;
  Text list = {0};
  int64_t total = list_entries(folder, &list);
  Entry *entries = (Entry *)list.data;
  size_t n = list.size / sizeof *entries;
  if (total > limit && n)
    qsort(entries, n, sizeof *entries, by_use);
  for (size_t i = 0; i < n && total > limit; ++i)
    if (!unlinkat(dirfd(folder), entries[i].name, 0) || errno == ENOENT)
      total -= entries[i].size;
  text_free(&list);
  closedir(folder);
}

void cache_store(const CacheKey *key, const Text *bytes) {
  Text folder = {0};
  int64_t limit = size_limit();
  if ((int64_t)(sizeof(Header) + bytes->size) <= limit &&
      find_folder(&folder)) {
    make_folder(folder.data);
    write_entry(&folder, key, bytes);
    trim(folder.data, limit);
  }
  text_free(&folder);
}
