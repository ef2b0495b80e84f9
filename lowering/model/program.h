// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function in the form that it is walked in: values are numbered slots, and
// operations know what they cost and how to compute an integer.

#ifndef SIMPLICIAL_LOWERING_MODEL_PROGRAM_H
#define SIMPLICIAL_LOWERING_MODEL_PROGRAM_H

#include "cost.h"

/// How an operation's result follows from its operands, where that is an
/// integer or an address.
typedef enum ProgramEval {
  EVAL_UNKNOWN,
  EVAL_CONSTANT,
  EVAL_COPY,
  EVAL_UNSIGNED, ///< the same without a sign
  EVAL_COPY_SECOND,
  EVAL_ADD,
  EVAL_SUB,
  EVAL_MUL,
  EVAL_DIVU,
  EVAL_REMU,
  EVAL_DIVS,
  EVAL_REMS,
  EVAL_AND,
  EVAL_OR,
  EVAL_XOR,
  EVAL_SHL,
  EVAL_SHRU,
  EVAL_MIN,
  EVAL_MAX,
  EVAL_COMPARE,
  EVAL_SELECT,
  EVAL_ADDRESS, ///< llvm.getelementptr
  EVAL_THREAD,
  EVAL_LANE,
  EVAL_BLOCK_X,
  EVAL_BLOCK_Y,
  EVAL_BLOCK_Z,
  EVAL_TRUE,
} ProgramEval;

typedef struct Instruction {
  MlirOperation op;
  Cost cost;
  ProgramEval eval;
  int64_t number;           ///< a constant, a predicate, an element's bytes
  int operands, n_operands; ///< in Program.operands
  int result, n_results;    ///< consecutive slots
  int blocks[2];            ///< of its regions; -1: none
} Instruction;

typedef struct ProgramBlock {
  MlirOperation owner;
  int parent; ///< the block that the owner is in; -1: none
  int loops;  ///< around it
  int first, n;
  int argument, n_arguments; ///< consecutive slots
} ProgramBlock;

typedef struct Program {
  Instruction *instructions;
  ProgramBlock *blocks; ///< the first is the function's
  int *operands;        ///< slots
  int n_instructions, n_blocks, n_operands, n_slots;
} Program;

/// Reads a function of one block. Instructions between two that order are
/// scheduled, and what a compiler hoists out of loops or computes once costs
/// nothing. The result is freed with program_free.
Program program_read(MlirOperation function, const Chip *chip);
void program_free(Program *program);

/// The slot of operand `i`.
int program_operand(const Program *program, const Instruction *instruction,
                    int i);

/// An integer that may be known.
typedef struct ProgramValue {
  int64_t value;
  bool known;
} ProgramValue;

#endif // SIMPLICIAL_LOWERING_MODEL_PROGRAM_H
