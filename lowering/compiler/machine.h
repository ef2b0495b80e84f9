// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM's part of a compilation: LLVM dialect -> LLVM IR -> object file, for
// a processor of this machine's architecture. What is loaded and what is
// emitted is made here.

#ifndef SIMPLICIAL_COMPILER_MACHINE_H
#define SIMPLICIAL_COMPILER_MACHINE_H

#include "compilation.h"

#include "llvm-c/Core.h"
#include "llvm-c/Error.h"
#include "llvm-c/TargetMachine.h"

/// Generated functions that C calls begin so; the rest of the name is the
/// function's in the source.
#define MACHINE_INTERFACE "_mlir_ciface_"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Machine {
  LLVMTargetMachineRef target;
  LLVMContextRef context;
  LLVMModuleRef module;
  Trace *trace;  ///< the compilation's
  bool emulated; ///< kernels are functions that call the emulator
} Machine;

/// Makes LLVM ready for this machine's architecture, once.
void machine_initialize(void);

/// Appends what code is made for: triple, processor and its features. NULL:
/// this machine's processor.
void machine_describe(const char *processor, Text *text);

/// Translates what compilation_to_llvm left. Whatever the status, the machine
/// must be ended.
SimplicialStatus machine_begin(Machine *self, const Compilation *compilation);

/// Optimises the module and compiles it into an object file, in which only
/// functions whose names begin with `exported`, and those of workspaces and of
/// TVM FFI, are visible.
SimplicialStatus machine_object(Machine *self, const char *exported,
                                LLVMMemoryBufferRef *object);

void machine_end(Machine *self);

/// A status for `error`, which is consumed.
SimplicialStatus machine_status(LLVMErrorRef error);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_COMPILER_MACHINE_H
