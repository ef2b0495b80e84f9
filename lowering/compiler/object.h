// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is added to a module for its callers, before it is compiled. C cannot
// call a function with a number of arguments that is known only now; each
// `_mlir_ciface_NAME(a, b, ...)` gets an entry `simplicial_entry_NAME(v)` that
// calls it with v[0], v[1], ...

#ifndef SIMPLICIAL_COMPILER_OBJECT_H
#define SIMPLICIAL_COMPILER_OBJECT_H

#include "function.h"

#include "llvm-c/Core.h"

#define OBJECT_ENTRY "simplicial_entry_"
#define OBJECT_DESCRIPTION "_simplicial_function_"
#define OBJECT_TVM_FFI "__tvm_ffi_"

/// Adds the entries.
SimplicialStatus object_add_entries(LLVMModuleRef module,
                                    const SimplicialFunction *functions,
                                    int count);

/// Adds a SimplicialObjectFunction for each function, after the entries.
SimplicialStatus object_add_descriptions(LLVMModuleRef module,
                                         const SimplicialFunction *functions,
                                         int count);

/// Adds a function of TVM FFI for each function, after the descriptions.
SimplicialStatus object_add_tvm_ffi(LLVMModuleRef module,
                                    const SimplicialFunction *functions,
                                    int count);

#endif // SIMPLICIAL_COMPILER_OBJECT_H
