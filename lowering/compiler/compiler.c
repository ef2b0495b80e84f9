// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SimplicialCompiler: the executables of a process, and who compiles them.
//
// Compilations run outside the lock. A source that is being compiled has an
// entry without an executable; who wants the same one waits for it.

#include "compiler.h"

#include "executable.h"
#include "no_memory.h"
#include "target.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct Entry Entry;
struct Entry {
  Entry *next;
  char *source, *target;
  size_t length;
  SimplicialExecutable *executable; ///< NULL while it is being compiled
};

struct SimplicialCompiler {
  pthread_mutex_t lock;
  pthread_cond_t compiled;
  Entry *entries;
};

SimplicialStatus simplicialCompilerCreate(SimplicialCompiler **compiler) {
  *compiler = calloc(1, sizeof **compiler);
  if (!*compiler)
    return no_memory();
  pthread_mutex_init(&(*compiler)->lock, NULL);
  pthread_cond_init(&(*compiler)->compiled, NULL);
  return simplicialOk();
}

static void entry_free(Entry *entry) {
  if (!entry)
    return;
  simplicialExecutableRelease(entry->executable);
  free(entry->source);
  free(entry->target);
  free(entry);
}

void simplicialCompilerDestroy(SimplicialCompiler *self) {
  if (!self)
    return;
  for (Entry *entry = self->entries, *next; entry; entry = next) {
    next = entry->next;
    entry_free(entry);
  }
  pthread_cond_destroy(&self->compiled);
  pthread_mutex_destroy(&self->lock);
  free(self);
}

// The process's ---------------------------------------------------------------

static SimplicialCompiler process = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                     .compiled = PTHREAD_COND_INITIALIZER};

static void before_fork(void) { pthread_mutex_lock(&process.lock); }

static void after_fork_in_parent(void) { pthread_mutex_unlock(&process.lock); }

/// Who compiles in the parent does not do so in the child.
static void after_fork_in_child(void) {
  for (Entry **link = &process.entries; *link;) {
    Entry *entry = *link;
    if (entry->executable) {
      link = &entry->next;
      continue;
    }
    *link = entry->next;
    entry_free(entry);
  }
  process.compiled = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
  pthread_mutex_unlock(&process.lock);
}

static void handle_forks(void) {
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

SimplicialCompiler *compiler_of_process(void) {
  static pthread_once_t fork_handlers = PTHREAD_ONCE_INIT;
  pthread_once(&fork_handlers, handle_forks);
  return &process;
}

// Loading ---------------------------------------------------------------------

static Entry *entry_create(const char *source, size_t length,
                           const char *target) {
  Entry *entry = calloc(1, sizeof *entry);
  if (!entry)
    return NULL;
  entry->length = length;
  entry->source = malloc(length + 1);
  entry->target = strdup(target);
  if (!entry->source || !entry->target) {
    entry_free(entry);
    return NULL;
  }
  memcpy(entry->source, source, length);
  return entry;
}

/// The link to the entry of this source and target, or the end of the list.
static Entry **find(SimplicialCompiler *self, const char *source, size_t length,
                    const char *target) {
  Entry **link = &self->entries;
  while (*link && ((*link)->length != length ||
                   memcmp((*link)->source, source, length) ||
                   strcmp((*link)->target, target)))
    link = &(*link)->next;
  return link;
}

/// The cached executable, waited for if need be. If there is none, NULL, and
/// `*own` is an entry that the caller must fill or remove (NULL: no memory).
static SimplicialExecutable *look_up(SimplicialCompiler *self,
                                     const char *source, size_t length,
                                     const char *target, Entry **own) {
  SimplicialExecutable *executable = NULL;
  *own = NULL;
  pthread_mutex_lock(&self->lock);
  Entry **link;
  while (*(link = find(self, source, length, target)) && !(*link)->executable)
    pthread_cond_wait(&self->compiled, &self->lock);
  if (*link) {
    executable = (*link)->executable;
    simplicialExecutableRetain(executable);
  } else {
    *link = *own = entry_create(source, length, target);
  }
  pthread_mutex_unlock(&self->lock);
  return executable;
}

/// Fills `entry` with an executable (which gets a reference of its own), or
/// removes it if that is NULL.
static void settle(SimplicialCompiler *self, Entry *entry,
                   SimplicialExecutable *executable) {
  pthread_mutex_lock(&self->lock);
  entry->executable = executable;
  if (executable) {
    simplicialExecutableRetain(executable);
  } else {
    Entry **link = &self->entries;
    while (*link != entry)
      link = &(*link)->next;
    *link = entry->next;
    entry_free(entry);
  }
  pthread_cond_broadcast(&self->compiled);
  pthread_mutex_unlock(&self->lock);
}

SimplicialStatus simplicialCompilerLoad(SimplicialCompiler *self,
                                        const char *source, size_t length,
                                        const char *source_name,
                                        const char *target,
                                        SimplicialExecutable **executable) {
  *executable = NULL;
  SimplicialStatus status = target_resolve(&target);
  if (status.code)
    return status;
  Entry *entry;
  *executable = look_up(self, source, length, target, &entry);
  if (*executable)
    return simplicialOk();
  if (!entry)
    return no_memory();
  status =
      executable_load_source(source, length, source_name, target, executable);
  settle(self, entry, *executable);
  return status;
}
