// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts of simplicial-emulate.

#ifndef SIMPLICIAL_LOWERING_GPU_EMULATE_EMULATE_H
#define SIMPLICIAL_LOWERING_GPU_EMULATE_EMULATE_H

#include "lowering/ir_llvm.h"

/// An operation, with the call that it becomes: of the thread, the site, its
/// operands and the named integer attributes, then, if it gives a struct, a
/// place for that. Values of 32 bits and flags travel as i32.
typedef struct Rule {
  const char *op;
  int operands;
  const char *function; ///< simplicialEmulate...
  const char *integer;  ///< an attribute, or NULL
  const char *when;     ///< attributes it must have, or NULL: any
} Rule;

/// The rule for `op`, or NULL.
const Rule *emulate_rule(MlirOperation op);

/// Stack memory for values of a type.
typedef struct Place {
  MlirType type;
  MlirValue address;
} Place;

enum {
  EMULATE_MAX_PLACES = 16,
  EMULATE_MAX_ARGUMENTS = 256, ///< of a kernel
  EMULATE_NAME_SIZE = 512,
};

/// A kernel on its way to the CPU.
typedef struct Kernel {
  MlirOperation body; ///< the function
  MlirValue thread;
  char *sites;
  size_t sites_size;
  Place places[EMULATE_MAX_PLACES];
  int n_places;
  bool has_wgmma;
  bool failed;
} Kernel;

/// The bits of a number or vector of numbers; 0 for other types.
int64_t emulate_bits(MlirType type);

/// "<module>_<kernel><suffix>": what a kernel is called as a function.
void emulate_name(char *name, size_t size, MlirStringRef module,
                  MlirStringRef kernel, const char *suffix);

/// Calls simplicialEmulate<function>, of at most one result (null: none).
MlirOperation emulate_call(Ir *b, const char *function, MlirType result, int n,
                           const MlirValue *operands);

/// The site of `op`, each its own: "file:line:column: name".
MlirValue emulate_site(Ir *b, Kernel *kernel, MlirOperation op);

/// Where one value of that type can be while a function is called.
MlirValue emulate_place(Kernel *kernel, MlirType type);

/// Stores registers where a call finds them.
MlirValue emulate_to_memory(Ir *b, Kernel *kernel, MlirValue registers);

/// Makes a gpu.launch_func a call of the emulator.
MlirLogicalResult emulate_launch(MlirOperation launch);

// Warpgroups ------------------------------------------------------------------

MlirLogicalResult emulate_wgmma(Kernel *kernel, MlirOperation op);
MlirLogicalResult emulate_tie(Kernel *kernel, MlirOperation op);

/// Makes the emulator check the operands of `op` that may be registers of a
/// wgmma in flight, unless it only passes them on. Diagnoses structs of them,
/// which it does not check.
MlirLogicalResult emulate_touches(Kernel *kernel, MlirOperation op);

#endif // SIMPLICIAL_LOWERING_GPU_EMULATE_EMULATE_H
