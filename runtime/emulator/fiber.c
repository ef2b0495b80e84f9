// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fibers. A switch saves what a call preserves; swapcontext, which also makes a
// system call, takes a hundred times as long and serves other processors.

#include "fiber.h"

#include <stdint.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER
#elif defined(__SANITIZE_THREAD__)
#define THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER
#elif __has_feature(thread_sanitizer)
#define THREAD_SANITIZER
#endif
#endif

#if defined(__x86_64__)

// switch_context(&from, to): from = what restores this; go on with `to`.
void switch_context(void **from, void *to)
    __attribute__((visibility("hidden")));
void start_context(void) __attribute__((visibility("hidden")));
__asm__(".text\n"
        ".globl switch_context\n"
        ".hidden switch_context\n"
        ".type switch_context, @function\n"
        "switch_context:\n"
        "  push %rbp\n"
        "  push %rbx\n"
        "  push %r12\n"
        "  push %r13\n"
        "  push %r14\n"
        "  push %r15\n"
        "  mov %rsp, (%rdi)\n"
        "  mov %rsi, %rsp\n"
        "  pop %r15\n"
        "  pop %r14\n"
        "  pop %r13\n"
        "  pop %r12\n"
        "  pop %rbx\n"
        "  pop %rbp\n"
        "  ret\n"
        ".size switch_context, . - switch_context\n"
        ".globl start_context\n"
        ".hidden start_context\n"
        ".type start_context, @function\n"
        "start_context:\n"
        "  mov %r14, %rdi\n"
        "  jmp *%r15\n"
        ".size start_context, . - start_context\n");

static void *new_context(void *stack, size_t size, void (*entry)(void *),
                         void *argument) {
  uintptr_t top = ((uintptr_t)stack + size) & ~(uintptr_t)15;
  // As start_context finds it, `entry` has a return address on its stack.
  void *words[] = {
      (void *)(uintptr_t)entry,         argument, NULL, NULL, NULL, NULL,
      (void *)(uintptr_t)start_context, NULL};
  return memcpy((char *)top - sizeof words, words, sizeof words);
}

#elif defined(__aarch64__)

void switch_context(void **from, void *to)
    __attribute__((visibility("hidden")));
void start_context(void) __attribute__((visibility("hidden")));
__asm__(".text\n"
        ".globl switch_context\n"
        ".hidden switch_context\n"
        ".type switch_context, @function\n"
        "switch_context:\n"
        "  sub sp, sp, #160\n"
        "  stp x19, x20, [sp, #0]\n"
        "  stp x21, x22, [sp, #16]\n"
        "  stp x23, x24, [sp, #32]\n"
        "  stp x25, x26, [sp, #48]\n"
        "  stp x27, x28, [sp, #64]\n"
        "  stp x29, x30, [sp, #80]\n"
        "  stp d8, d9, [sp, #96]\n"
        "  stp d10, d11, [sp, #112]\n"
        "  stp d12, d13, [sp, #128]\n"
        "  stp d14, d15, [sp, #144]\n"
        "  mov x9, sp\n"
        "  str x9, [x0]\n"
        "  mov sp, x1\n"
        "  ldp x19, x20, [sp, #0]\n"
        "  ldp x21, x22, [sp, #16]\n"
        "  ldp x23, x24, [sp, #32]\n"
        "  ldp x25, x26, [sp, #48]\n"
        "  ldp x27, x28, [sp, #64]\n"
        "  ldp x29, x30, [sp, #80]\n"
        "  ldp d8, d9, [sp, #96]\n"
        "  ldp d10, d11, [sp, #112]\n"
        "  ldp d12, d13, [sp, #128]\n"
        "  ldp d14, d15, [sp, #144]\n"
        "  add sp, sp, #160\n"
        "  ret\n"
        ".size switch_context, . - switch_context\n"
        ".globl start_context\n"
        ".hidden start_context\n"
        ".type start_context, @function\n"
        "start_context:\n"
        "  mov x0, x19\n"
        "  br x20\n"
        ".size start_context, . - start_context\n");

static void *new_context(void *stack, size_t size, void (*entry)(void *),
                         void *argument) {
  uintptr_t top = ((uintptr_t)stack + size) & ~(uintptr_t)15;
  void *words[20] = {[0] = argument,
                     [1] = (void *)(uintptr_t)entry,
                     [11] = (void *)(uintptr_t)start_context};
  return memcpy((char *)top - sizeof words, words, sizeof words);
}

#else

#include <ucontext.h>

static void switch_context(void **from, void *to) {
  ucontext_t here;
  *from = &here;
  swapcontext(&here, to);
}

// makecontext passes nothing but ints.
static void start_context(unsigned entry_low, unsigned entry_high, unsigned low,
                          unsigned high) {
  void (*entry)(void *) =
      (void (*)(void *))(uintptr_t)((uint64_t)entry_high << 32 | entry_low);
  entry((void *)(uintptr_t)((uint64_t)high << 32 | low));
}

static void *new_context(void *stack, size_t size, void (*entry)(void *),
                         void *argument) {
  ucontext_t *context = stack; // at the end that is used last
  getcontext(context);
  context->uc_stack.ss_sp = context + 1;
  context->uc_stack.ss_size = size - sizeof *context;
  uint64_t e = (uintptr_t)entry, a = (uintptr_t)argument;
  makecontext(context, (void (*)(void))start_context, 4, (unsigned)e,
              (unsigned)(e >> 32), (unsigned)a, (unsigned)(a >> 32));
  return context;
}

#endif

// What the sanitizers are told ------------------------------------------------

#if defined(ADDRESS_SANITIZER)

#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

void fiber_here(Fiber *fiber) {
  pthread_attr_t attributes;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &fiber->stack, &fiber->size);
  pthread_attr_destroy(&attributes);
}

void fiber_create(Fiber *fiber, void *stack, size_t size) {
  *fiber = (Fiber){.stack = stack, .size = size};
}
void fiber_start(Fiber *fiber, void (*entry)(void *argument), void *argument) {
  __asan_unpoison_memory_region(fiber->stack, fiber->size);
  fiber->context = new_context(fiber->stack, fiber->size, entry, argument);
  fiber->sanitizer = NULL;
}
void fiber_begin(Fiber *fiber) {
  __sanitizer_finish_switch_fiber(fiber->sanitizer, NULL, NULL);
}
void fiber_destroy(Fiber *fiber) { (void)fiber; }

void fiber_switch(Fiber *from, Fiber *to) {
  __sanitizer_start_switch_fiber(&from->sanitizer, to->stack, to->size);
  switch_context(&from->context, to->context);
  __sanitizer_finish_switch_fiber(from->sanitizer, NULL, NULL);
}

#elif defined(THREAD_SANITIZER)

#include <sanitizer/tsan_interface.h>

void fiber_here(Fiber *fiber) { fiber->sanitizer = __tsan_get_current_fiber(); }

void fiber_create(Fiber *fiber, void *stack, size_t size) {
  *fiber = (Fiber){
      .stack = stack, .size = size, .sanitizer = __tsan_create_fiber(0)};
}
void fiber_start(Fiber *fiber, void (*entry)(void *argument), void *argument) {
  fiber->context = new_context(fiber->stack, fiber->size, entry, argument);
}
void fiber_begin(Fiber *fiber) { (void)fiber; }
void fiber_destroy(Fiber *fiber) { __tsan_destroy_fiber(fiber->sanitizer); }

void fiber_switch(Fiber *from, Fiber *to) {
  __tsan_switch_to_fiber(to->sanitizer, 0);
  switch_context(&from->context, to->context);
}

#else

void fiber_here(Fiber *fiber) { (void)fiber; }

void fiber_create(Fiber *fiber, void *stack, size_t size) {
  *fiber = (Fiber){.stack = stack, .size = size};
}
void fiber_start(Fiber *fiber, void (*entry)(void *argument), void *argument) {
  fiber->context = new_context(fiber->stack, fiber->size, entry, argument);
}
void fiber_begin(Fiber *fiber) { (void)fiber; }
void fiber_destroy(Fiber *fiber) { (void)fiber; }

void fiber_switch(Fiber *from, Fiber *to) {
  switch_context(&from->context, to->context);
}

#endif
