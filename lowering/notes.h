// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Why a program is as it is: what passes note where they decide, if the module
// asks for it with `simplicial.explain`. Notes are sentences, in the attribute
// `simplicial.notes` of the op that they are about, and change nothing.

#ifndef SIMPLICIAL_LOWERING_NOTES_H
#define SIMPLICIAL_LOWERING_NOTES_H

#include "mlir-c/IR.h"

/// Whether notes about `op` are kept.
bool notes_wanted(MlirOperation op);

/// Adds a note, formatted as by printf, unless `op` has it already.
void note(MlirOperation op, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Gives `to` the notes of `from`, in place of its own; null, an attribute that
/// `notes_get` returned, is none.
void notes_set(MlirOperation to, MlirAttribute notes);

/// Exchanges the notes of `op` for those that it has put aside, none at first:
/// an op of which two programs are made has notes of each.
void notes_exchange(MlirOperation op);

/// An array of strings; null if there are none.
MlirAttribute notes_get(MlirOperation op);

#endif // SIMPLICIAL_LOWERING_NOTES_H
