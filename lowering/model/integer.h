// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integers of programs.

#ifndef SIMPLICIAL_LOWERING_MODEL_INTEGER_H
#define SIMPLICIAL_LOWERING_MODEL_INTEGER_H

#include "program.h"

/// Sets how the instruction's result is computed, if that is one integer.
void integer_read(Instruction *instruction);

/// The index of a getelementptr of one operand.
int32_t integer_constant_index(const Instruction *instruction);

/// What an instruction without regions gives for these values of its operands.
/// Special registers are unknown.
ProgramValue integer_evaluate(const Instruction *instruction,
                              const ProgramValue *operands);

#endif // SIMPLICIAL_LOWERING_MODEL_INTEGER_H
