// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit test of the cache on disk, and of what its keys depend on. The processor
// that LLVM finds is the test's.

#include "lowering/compiler/cache_key.h"
#include "unit.h"

#include "llvm-c/Core.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char root[] = "/tmp/simplicial-cache-test-XXXXXX";

/// A path below the test's folder, or the folder's; a few of them at a time.
static const char *at(const char *name) {
  static char paths[8][256];
  static int next;
  char *path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", root, name);
  return path;
}

static void remove_all(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  assert_int_equal(0, system(command));
}

static int fresh(void **state) {
  (void)state;
  strcpy(strrchr(root, '-'), "-XXXXXX");
  assert_non_null(mkdtemp(root));
  setenv("SIMPLICIAL_CACHE_DIR", at("cache"), true);
  unsetenv("SIMPLICIAL_CACHE_SIZE");
  return 0;
}

static int clean(void **state) {
  (void)state;
  remove_all();
  return 0;
}

static CacheKey key(int number) {
  CacheKey result;
  memset(&result, number, sizeof result);
  return result;
}

/// The path of the key's file.
static const char *file_of(const char *folder, int number) {
  char name[128];
  int length = snprintf(name, sizeof name, "%s/", folder);
  for (int i = 0; i < 32; ++i)
    length +=
        snprintf(name + length, sizeof name - (size_t)length, "%02x", number);
  return at(name);
}

static void store(int number, const char *data, size_t size) {
  Text bytes = {0};
  CacheKey k = key(number);
  text_append(&bytes, data, size);
  assert_false(bytes.failed);
  cache_store(&k, &bytes);
  text_free(&bytes);
}

/// Whether this is what the cache has for the key.
static bool holds(int number, const char *data, size_t size) {
  Text bytes = {0};
  CacheKey k = key(number);
  bool found = cache_load(&k, &bytes);
  if (found) {
    assert_int_equal(size, bytes.size);
    assert_memory_equal(data, bytes.data, size);
  } else {
    assert_int_equal(0, bytes.size);
  }
  text_free(&bytes);
  return found;
}

static int count_files(const char *folder) {
  DIR *open = opendir(at(folder));
  int count = 0;
  for (struct dirent *d; open && (d = readdir(open));)
    count += d->d_name[0] != '.';
  if (open)
    closedir(open);
  return count;
}

static const char text[] = "some bytes\0of an entry";

// Files -----------------------------------------------------------------------

static void stores_and_loads(void **state) {
  (void)state;
  assert_true(cache_is_on());
  assert_false(holds(1, text, sizeof text));
  store(1, text, sizeof text);
  assert_true(holds(1, text, sizeof text));
  assert_false(holds(2, text, sizeof text));
  store(1, "other", 5);
  store(2, "", 0);
  assert_true(holds(1, "other", 5));
  assert_true(holds(2, "", 0));
  assert_int_equal(2, count_files("cache"));
  struct stat info;
  assert_int_equal(0, stat(at("cache"), &info));
  assert_int_equal(0700, info.st_mode & 0777);
  assert_int_equal(0, stat(file_of("cache", 1), &info));
  assert_int_equal(0600, info.st_mode & 0777);
}

static void write_file(const char *path, const char *data, size_t size) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(file >= 0);
  assert_int_equal(size, write(file, data, size));
  close(file);
}

static void does_not_trust_damaged_files(void **state) {
  (void)state;
  char whole[512], changed[sizeof whole];
  store(1, text, sizeof text);
  const char *path = file_of("cache", 1);
  int file = open(path, O_RDONLY);
  size_t size = (size_t)read(file, whole, sizeof whole);
  close(file);
  assert_true(size > sizeof text && size < sizeof whole);

  write_file(path, whole, size);
  assert_true(holds(1, text, sizeof text));
  for (size_t i = 0; i < size; ++i) {
    memcpy(changed, whole, size);
    changed[i] ^= 0x10;
    write_file(path, changed, size);
    assert_false(holds(1, text, sizeof text));
    write_file(path, whole, i);
    assert_false(holds(1, text, sizeof text));
  }
  whole[size] = 'x';
  write_file(path, whole, size + 1);
  assert_false(holds(1, text, sizeof text));

  store(1, text, sizeof text);
  assert_true(holds(1, text, sizeof text));
}

static void does_not_trust_foreign_files(void **state) {
  (void)state;
  const char *one = file_of("cache", 1), *two = file_of("cache", 2);
  store(1, text, sizeof text);

  // Another key's, a link to its own, and one that others could have written.
  assert_int_equal(0, rename(one, two));
  assert_false(holds(2, text, sizeof text));
  assert_int_equal(0, rename(two, at("cache/elsewhere")));
  assert_int_equal(0, symlink("elsewhere", one));
  assert_false(holds(1, text, sizeof text));
  assert_int_equal(0, rename(at("cache/elsewhere"), one));
  assert_true(holds(1, text, sizeof text));
  assert_int_equal(0, chmod(one, 0620));
  assert_false(holds(1, text, sizeof text));
  assert_int_equal(0, chmod(one, 0602));
  assert_false(holds(1, text, sizeof text));
  if (!geteuid()) {
    assert_int_equal(0, chmod(one, 0600));
    assert_int_equal(0, chown(one, 12345, (gid_t)-1));
    assert_false(holds(1, text, sizeof text));
  }
  store(1, text, sizeof text);
  assert_true(holds(1, text, sizeof text));

  // Nothing is written to a pipe, nor waited for; nothing replaces a folder.
  assert_int_equal(0, mkfifo(two, 0600));
  assert_false(holds(2, text, sizeof text));
  assert_int_equal(0, mkdir(file_of("cache", 3), 0700));
  assert_false(holds(3, text, sizeof text));
  store(3, text, sizeof text);
  assert_false(holds(3, text, sizeof text));
  assert_int_equal(3, count_files("cache"));
}

/// Sets when the file was last used, seconds ago.
static void age(const char *path, int seconds) {
  struct timespec times[2] = {{time(NULL) - seconds, 0},
                              {time(NULL) - seconds, 0}};
  assert_int_equal(0, utimensat(AT_FDCWD, path, times, 0));
}

static void removes_what_was_not_used(void **state) {
  (void)state;
  static char large[(1 << 20) + 1];
  const size_t size = 300000; // of which three, but not four, are in 1 MiB
  setenv("SIMPLICIAL_CACHE_SIZE", "1", true);
  for (int i = 1; i <= 3; ++i) {
    store(i, large, size);
    age(file_of("cache", i), 1000 - i);
  }
  write_file(at("cache/unfinished-old"), "", 0);
  age(at("cache/unfinished-old"), 5000);
  write_file(at("cache/unfinished-new"), "", 0);
  write_file(at("cache/another"), "", 0);
  age(at("cache/another"), 5000);
  assert_true(holds(1, large, size)); // which is now the one used last

  store(4, large, size);
  assert_false(holds(2, large, size));
  assert_true(holds(1, large, size));
  assert_true(holds(3, large, size));
  assert_true(holds(4, large, size));
  assert_int_equal(-1, access(at("cache/unfinished-old"), F_OK));
  assert_int_equal(0, access(at("cache/unfinished-new"), F_OK));
  assert_int_equal(0, access(at("cache/another"), F_OK));

  // What is larger than all may be does not drive out the rest.
  store(5, large, sizeof large);
  assert_false(holds(5, large, sizeof large));
  assert_true(holds(4, large, size));

  setenv("SIMPLICIAL_CACHE_SIZE", "many", true); // the default then
  store(5, large, sizeof large);
  assert_true(holds(5, large, sizeof large));
  assert_true(holds(4, large, size));
}

static void has_no_folder(void **state) {
  (void)state;
  write_file(at("file"), "", 0);
  const char *const folders[] = {at("file"), at("file/below"), "/proc/none",
                                 "/dev/null"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; ++i) {
    setenv("SIMPLICIAL_CACHE_DIR", folders[i], true);
    store(1, text, sizeof text);
    assert_false(holds(1, text, sizeof text));
  }
  if (geteuid()) { // root may write anywhere
    setenv("SIMPLICIAL_CACHE_DIR", at("cache"), true);
    store(1, text, sizeof text);
    assert_int_equal(0, chmod(at("cache"), 0500));
    store(2, text, sizeof text);
    assert_true(holds(1, text, sizeof text));
    assert_false(holds(2, text, sizeof text));
    assert_int_equal(0, chmod(at("cache"), 0700));
  }
}

static void is_where_it_should_be(void **state) {
  (void)state;
  char *home = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
  setenv("SIMPLICIAL_CACHE_DIR", at("a/b/c"), true);
  setenv("XDG_CACHE_HOME", at("xdg"), true);
  setenv("HOME", at("home"), true);
  store(1, text, sizeof text);
  assert_int_equal(1, count_files("a/b/c"));
  setenv("SIMPLICIAL_CACHE_DIR", "", true);
  store(1, text, sizeof text);
  assert_int_equal(1, count_files("xdg/simplicial"));
  setenv("XDG_CACHE_HOME", "relative", true);
  assert_false(holds(1, text, sizeof text));
  store(1, text, sizeof text);
  assert_int_equal(1, count_files("home/.cache/simplicial"));
  unsetenv("XDG_CACHE_HOME");
  assert_true(holds(1, text, sizeof text));
  unsetenv("HOME");
  assert_false(holds(1, text, sizeof text));
  store(1, text, sizeof text);
  if (home)
    setenv("HOME", home, true);
  free(home);
}

static void can_be_off(void **state) {
  (void)state;
  store(1, text, sizeof text);
  setenv("SIMPLICIAL_CACHE_SIZE", "0", true);
  assert_false(cache_is_on());
  assert_false(holds(1, text, sizeof text));
  store(2, text, sizeof text);
  assert_int_equal(1, count_files("cache"));
}

enum { THREADS = 8, KEYS = 3, ROUNDS = 200, SIZE = 20000 };

/// Stores and loads; every entry is full of one letter. NULL if that held.
static void *use_often(void *number) {
  void *broken = NULL;
  for (int i = 0; i < ROUNDS; ++i) {
    CacheKey k = key((i + (int)(intptr_t)number) % KEYS);
    char data[SIZE];
    memset(data, 'a' + i % 26, sizeof data);
    Text bytes = {0};
    text_append(&bytes, data, sizeof data);
    cache_store(&k, &bytes);
    text_free(&bytes);
    if (!cache_load(&k, &bytes) || bytes.size != SIZE ||
        memcmp(bytes.data, bytes.data + 1, SIZE - 1))
      broken = number;
    text_free(&bytes);
  }
  return broken;
}

static void threads_share_it(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  for (intptr_t i = 0; i < THREADS; ++i)
    assert_int_equal(
        0, pthread_create(&threads[i], NULL, use_often, (void *)(i + 1)));
  for (int i = 0; i < THREADS; ++i) {
    void *broken;
    pthread_join(threads[i], &broken);
    assert_null(broken);
  }
  assert_int_equal(KEYS, count_files("cache"));
}

// Keys ------------------------------------------------------------------------

static const char *cpu = "some", *features = "+some";

char *LLVMGetHostCPUName(void) { return LLVMCreateMessage(cpu); }
char *LLVMGetHostCPUFeatures(void) { return LLVMCreateMessage(features); }

static CacheKey key_of(const char *source, const char *target) {
  CacheKey result;
  assert_true(cache_key(source, strlen(source), target, &result));
  return result;
}

static bool same(CacheKey x, CacheKey y) { return !memcmp(&x, &y, sizeof x); }

static void keys_depend_on_all(void **state) {
  (void)state;
  CacheKey host = key_of("module", "cpu");
  assert_true(same(host, key_of("module", "cpu")));
  assert_false(same(host, key_of("module ", "cpu")));
  assert_false(same(host, key_of("", "cpu")));
  assert_false(same(host, key_of("module", "sm_80")));
  assert_false(same(host, key_of("module", "emulate:sm_80")));
  assert_true(same(host, key_of("module", "cpu:native")));
  assert_false(same(host, key_of("module", "cpu:x86-64")));
  assert_false(same(key_of("module", "sm_80"), key_of("module", "sm_90")));
  assert_false(
      same(key_of("module", "sm_80"), key_of("module", "emulate:sm_80")));
  assert_false(
      same(key_of("module", "sm_80"), key_of("module", "sm_80,sm_90")));
  cpu = "another";
  assert_false(same(host, key_of("module", "cpu")));
  assert_false(same(key_of("module", "sm_80"), host));
  cpu = "some";
  features = "+another";
  assert_false(same(host, key_of("module", "cpu")));
  features = "+some";
  assert_true(same(host, key_of("module", "cpu")));

  CacheKey none;
  assert_false(cache_key("module", 6, "toaster", &none));
  setenv("SIMPLICIAL_CACHE_SIZE", "0", true);
  assert_false(cache_key("module", 6, "cpu", &none));
}

static void keys_depend_on_the_toolkit(void **state) {
  (void)state;
  char *path = strdup(getenv("PATH"));
  CacheKey host = key_of("module", "cpu");
  assert_int_equal(0, mkdir(at("toolkit"), 0700));
  assert_int_equal(0, mkdir(at("toolkit/bin"), 0700));
  setenv("PATH", at("toolkit/bin"), true);
  setenv("CUDA_HOME", at("no toolkit"), true);
  CacheKey without = key_of("module", "sm_80");
  for (int i = 0; i < 2; ++i) {
    const char *program = i ? "toolkit/bin/fatbinary" : "toolkit/bin/ptxas";
    write_file(at(program), "program", 7);
    assert_int_equal(0, chmod(at(program), 0700));
    age(at(program), 10);
    CacheKey with = key_of("module", "sm_80");
    assert_false(same(with, without));
    assert_true(same(with, key_of("module", "sm_80")));
    age(at(program), 20);
    assert_false(same(with, key_of("module", "sm_80")));
    write_file(at(program), "another", 8);
    age(at(program), 10);
    CacheKey other = key_of("module", "sm_80");
    assert_false(same(with, other));
    without = other;
  }
  assert_true(same(host, key_of("module", "cpu")));
  assert_true(same(key_of("module", "emulate:sm_80"),
                   key_of("module", "emulate:sm_80")));
  setenv("PATH", path, true);
  unsetenv("CUDA_HOME");
  free(path);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, clean)
  const struct CMUnitTest tests[] = {
      TEST(stores_and_loads),
      TEST(does_not_trust_damaged_files),
      TEST(does_not_trust_foreign_files),
      TEST(removes_what_was_not_used),
      TEST(has_no_folder),
      TEST(is_where_it_should_be),
      TEST(can_be_off),
      TEST(threads_share_it),
      TEST(keys_depend_on_all),
      TEST(keys_depend_on_the_toolkit),
  };
#undef TEST
  return cmocka_run_group_tests(tests, NULL, NULL);
}
