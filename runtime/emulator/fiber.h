// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fibers: several stacks on one thread of the system, switched between by hand.

#ifndef SIMPLICIAL_RUNTIME_EMULATOR_FIBER_H
#define SIMPLICIAL_RUNTIME_EMULATOR_FIBER_H

#include <stddef.h>

typedef struct Fiber {
  void *context; ///< what a switch to it restores; it is on its stack
  void *stack;
  size_t size;
  void *sanitizer;
} Fiber;

/// Makes `fiber` stand for the code that is running.
void fiber_here(Fiber *fiber);

/// Makes a fiber that will run `entry(argument)`, which must not return.
void fiber_create(Fiber *fiber, void *stack, size_t size,
                  void (*entry)(void *argument), void *argument);
/// The first thing that `entry` calls.
void fiber_begin(Fiber *fiber);
/// A fiber may be destroyed wherever it is; its stack is the caller's.
void fiber_destroy(Fiber *fiber);

/// Goes on with `to` until something switches to `from`, which runs now.
void fiber_switch(Fiber *from, Fiber *to);

#endif // SIMPLICIAL_RUNTIME_EMULATOR_FIBER_H
