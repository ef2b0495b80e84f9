// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What functions are called that compute how much memory others allocate.

#ifndef SIMPLICIAL_LOWERING_MODULE_WORKSPACE_H
#define SIMPLICIAL_LOWERING_MODULE_WORKSPACE_H

/// Before the name of the function that is meant. No function of a user's has
/// such a name in a module that is lowered, nor in an object.
#define WORKSPACE_PREFIX "_simplicial_workspace_"

#endif // SIMPLICIAL_LOWERING_MODULE_WORKSPACE_H
