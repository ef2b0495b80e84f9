// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Guards. It is C++, as LLVM's C API has no entry for its handler of missing
// memory, and C catches no exception.
//
// The body runs in a thread of its own, with a stack that is there before it
// begins: a caller may have little stack, and one that cannot grow, for lack of
// memory, ends the process. Where there are no threads, the caller's does it.

#include "guard.h"

#include "no_memory.h"

extern "C" {
#include "lowering/memory.h"
}

#include "llvm/Support/ErrorHandling.h"

#include <csetjmp>
#include <cstdio>
#include <exception>
#include <mutex>
#include <new>

#include <pthread.h>
#include <sys/mman.h>

namespace {

/// Where a thread goes on.
struct Guard {
  std::jmp_buf place;
  SimplicialCode code;
  char reason[256];
};

thread_local Guard *current;

[[noreturn]] void end(SimplicialCode code, const char *reason) {
  current->code = code;
  std::snprintf(current->reason, sizeof current->reason, "%s", reason);
  std::longjmp(current->place, 1);
}

/// LLVM's handlers. They return in threads without a guard, to LLVM, which then
/// ends the process as it would have.
void onFatalError(void *, const char *reason, bool) {
  if (current)
    end(SIMPLICIAL_INTERNAL, reason);
  std::fprintf(stderr, "LLVM ERROR: %s\n", reason);
}

void onBadAlloc(void *, const char *, bool) {
  if (current)
    end(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  std::fprintf(stderr, "LLVM ERROR: out of memory\n");
}

/// The passes' own.
void onNoMemory() { end(SIMPLICIAL_OUT_OF_MEMORY, "out of memory"); }

/// Exceptions that pass functions of C have libc load a library, for which
/// there must be memory.
void loadUnwinder() {
  std::once_flag once;
  try {
    std::call_once(once, [] { throw std::bad_alloc(); });
  } catch (const std::bad_alloc &) {
  }
}

void installHandlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::install_fatal_error_handler(onFatalError, nullptr);
    llvm::install_bad_alloc_error_handler(onBadAlloc, nullptr);
    loadUnwinder();
  });
}

SimplicialStatus runCatching(SimplicialStatus (*body)(void *), void *data) {
  try {
    return body(data);
  } catch (const std::exception &) { // std::bad_alloc, std::length_error
    return no_memory();
  }
}

/// A call of guard_run.
struct Call {
  SimplicialStatus (*body)(void *);
  void *data;
  SimplicialStatus status;
};

void *run(void *argument) {
  Call *const call = static_cast<Call *>(argument);
  Guard guard;
  Guard *const outer = current;
  MemoryHandler *const before = memory_set_handler(onNoMemory);
  current = &guard;
  if (setjmp(guard.place) == 0)
    call->status = runCatching(call->body, call->data);
  else if (guard.code == SIMPLICIAL_OUT_OF_MEMORY)
    call->status = simplicialError(guard.code, "%s", guard.reason);
  else
    call->status = simplicialError(guard.code, "LLVM: %s", guard.reason);
  current = outer;
  memory_set_handler(before);
  return nullptr;
}

/// Runs the call in a thread whose stack is `stack`; false if there is none.
bool runInThread(Call *call, void *stack, std::size_t size) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack, size);
  const bool created = !pthread_create(&thread, &attributes, run, call);
  pthread_attr_destroy(&attributes);
  if (created)
    pthread_join(thread, nullptr);
  return created;
}

} // namespace

SimplicialStatus guard_run(SimplicialStatus (*body)(void *), void *data) {
  // MLIR does not look whether there is memory while it loads dialects.
  constexpr std::size_t stackBytes = 64 << 20, guardBytes = 64 << 10,
                        dialectsBytes = 128 << 20;
  installHandlers();
  void *const stack =
      mmap(nullptr, stackBytes + dialectsBytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY,
                           "out of memory: compiling takes more than there is");
  Call call = {body, data, simplicialOk()};
  munmap(static_cast<char *>(stack) + stackBytes, dialectsBytes);
  mprotect(stack, guardBytes, PROT_NONE);
  if (!runInThread(&call, stack, stackBytes))
    run(&call);
  munmap(stack, stackBytes);
  return call.status;
}
