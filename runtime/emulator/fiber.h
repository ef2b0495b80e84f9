// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fibers: several stacks on one thread of the system, switched between by hand.

#ifndef SIMPLICIAL_RUNTIME_EMULATOR_FIBER_H
#define SIMPLICIAL_RUNTIME_EMULATOR_FIBER_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

typedef struct Fiber {
  void *context; ///< what a switch to it restores; it is on its stack
  void *stack;
  size_t size;
  void *sanitizer;
} Fiber;

/// Makes `fiber` stand for the code that is running.
void fiber_here(Fiber *fiber);

/// Makes a fiber of a stack, which stays the caller's.
void fiber_create(Fiber *fiber, void *stack, size_t size);
void fiber_destroy(Fiber *fiber);
/// Has the fiber run `entry(argument)`, which must not return, when it is
/// switched to next; whatever it ran before is given up.
void fiber_start(Fiber *fiber, void (*entry)(void *argument), void *argument);
/// The first thing that `entry` calls.
void fiber_begin(Fiber *fiber);

/// Goes on with `to` until something switches to `from`, which runs now.
void fiber_switch(Fiber *from, Fiber *to);

#pragma GCC visibility pop

#endif // SIMPLICIAL_RUNTIME_EMULATOR_FIBER_H
