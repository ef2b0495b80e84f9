// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function -> a program to walk. In: operations. Out: instructions in the
// order in which ptxas may be expected to issue them.
//
// What LLVM and ptxas do to operations is modelled by four rules. An operation
// on what does not change in a loop costs nothing there; nor does an integer
// that changes by the same each trip, nor one that differs by a constant from
// one before it, as a constant is part of an address. And between two
// operations that order, instructions are issued
// by the longest chain of latencies that hangs on them, as soon as their
// operands are there.

#include "program.h"

#include "integer.h"

#include "lowering/ir.h"
#include "lowering/memory.h"
#include "lowering/value_map.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/LLVM.h"
#include "simplicial/dialect.h"

#include <stdlib.h>
#include <string.h>

/// What is known of a value: in how many loops it changes, whether by the same
/// each trip, and the number of an expression that it differs from by a
/// constant.
typedef struct Slot {
  int loops;
  bool steps;
  int64_t expression; ///< 0: a constant
  int64_t offset;
} Slot;

/// An expression that has been computed in a block.
typedef struct Expression {
  int64_t key[5];
  int block;
  int64_t number;
} Expression;

typedef struct Reader {
  Program program;
  const Chip *chip;
  ValueMap numbers; ///< of values: an int, the slot
  Slot *slots;
  Expression *expressions;
  int n_expressions, expression_capacity;
  int slot_capacity, instruction_capacity, block_capacity, operand_capacity;
  int64_t next;
} Reader;

/// Room for one more element of `size` bytes.
static void *grown(void *array, int n, int *capacity, size_t size) {
  if (n < *capacity)
    return array;
  *capacity = *capacity ? 2 * *capacity : 256;
  return memory_resized(array, (size_t)*capacity * size);
}

static int add_slot(Reader *self, MlirValue value, int loops) {
  int slot = self->program.n_slots++;
  self->slots =
      grown(self->slots, slot, &self->slot_capacity, sizeof *self->slots);
  self->slots[slot] = (Slot){.loops = loops, .expression = self->next++};
  *(int *)value_map_entry(&self->numbers, value) = slot;
  return slot;
}

static void add_operand(Reader *self, int slot) {
  Program *program = &self->program;
  program->operands = grown(program->operands, program->n_operands,
                            &self->operand_capacity, sizeof(int));
  program->operands[program->n_operands++] = slot;
}

static bool is_inside(const Program *program, int block, int outer) {
  while (block >= 0 && block != outer)
    block = program->blocks[block].parent;
  return block >= 0;
}

/// The number of an expression; whether it is known where `block` is.
static bool find_expression(Reader *self, const int64_t key[5], int block,
                            int64_t *number) {
  for (int i = self->n_expressions - 1; i >= 0; --i)
    if (!memcmp(self->expressions[i].key, key, sizeof(int64_t[5])) &&
        is_inside(&self->program, block, self->expressions[i].block)) {
      *number = self->expressions[i].number;
      return true;
    }
  self->expressions =
      grown(self->expressions, self->n_expressions, &self->expression_capacity,
            sizeof *self->expressions);
  Expression *added = &self->expressions[self->n_expressions++];
  *added = (Expression){.block = block, .number = *number = self->next++};
  memcpy(added->key, key, sizeof added->key);
  return false;
}

// Integers of 64 bits wrap.
static int64_t sum(int64_t x, int64_t y) {
  return (int64_t)((uint64_t)x + (uint64_t)y);
}
static int64_t product(int64_t x, int64_t y) {
  return (int64_t)((uint64_t)x * (uint64_t)y);
}

/// Numbers the expression of an integer. Whether it is there already, up to a
/// constant.
static bool number_integer(Reader *self, const Instruction *instruction,
                           int block) {
  Slot *result = &self->slots[instruction->result];
  Slot constant = {0};
  const Slot *x = &constant, *y = &constant;
  if (instruction->n_operands > 0)
    x = &self->slots[program_operand(&self->program, instruction, 0)];
  if (instruction->n_operands > 1)
    y = &self->slots[program_operand(&self->program, instruction, 1)];
  int64_t scale = 1;
  switch (instruction->eval) {
  case EVAL_CONSTANT:
    result->expression = 0;
    result->offset = instruction->number;
    return true;
  case EVAL_COPY:
  case EVAL_UNSIGNED:
    result->expression = x->expression;
    result->offset = x->offset;
    return true;
  case EVAL_ADDRESS:
    scale = instruction->number;
    if (instruction->n_operands == 1) { // a constant index
      int64_t offset = product(scale, integer_constant_index(instruction));
      result->expression = x->expression;
      result->offset = sum(x->offset, offset);
      return true;
    }
    break;
  case EVAL_ADD:
  case EVAL_MUL:
    break;
  default: {
    // Other operations take constants as they are.
    int64_t key[5] = {instruction->eval + 100 * instruction->number,
                      x->expression, y->expression, x->offset, y->offset};
    return instruction->n_operands <= 2 &&
           find_expression(self, key, block, &result->expression);
  }
  }
  if (instruction->eval == EVAL_MUL) {
    if (x->expression && y->expression)
      return false;
    const Slot *factor = x->expression ? y : x, *other = x->expression ? x : y;
    result->offset = product(factor->offset, other->offset);
    result->expression = 0;
    if (!other->expression)
      return true;
    int64_t key[5] = {EVAL_MUL, other->expression, factor->offset, 0, 0};
    return find_expression(self, key, block, &result->expression);
  }
  result->offset = sum(x->offset, product(scale, y->offset));
  if (!y->expression || (!x->expression && scale == 1)) {
    result->expression = y->expression ? y->expression : x->expression;
    return true;
  }
  int64_t low = x->expression, high = y->expression;
  if (scale == 1 && low > high) {
    low = y->expression;
    high = x->expression;
  }
  int64_t key[5] = {EVAL_ADD, low, high, scale, 0};
  return find_expression(self, key, block, &result->expression);
}

static bool is_loop(MlirOperation op) {
  return ir_is(op, "scf.for") || ir_is(op, "scf.while");
}

/// Whether an integer is one that a loop adds a step to each trip, if its
/// operands that change in `loops` loops are.
static bool is_stepped(const Reader *self, const Instruction *instruction,
                       int loops) {
  switch (instruction->eval) {
  case EVAL_COPY:
  case EVAL_UNSIGNED:
  case EVAL_ADD:
  case EVAL_SUB:
  case EVAL_MUL:
  case EVAL_ADDRESS:
    break;
  default:
    return false;
  }
  int changing = 0;
  for (int i = 0; i < instruction->n_operands; ++i) {
    const Slot *slot =
        &self->slots[program_operand(&self->program, instruction, i)];
    if (slot->loops < loops)
      continue;
    ++changing;
    if (!slot->steps)
      return false;
  }
  return loops && changing && (changing == 1 || instruction->eval != EVAL_MUL);
}

/// Makes an operation that is computed elsewhere cost nothing.
static void simplify(Reader *self, Instruction *instruction, int block) {
  bool pure = instruction->cost.role == COST_PURE && instruction->n_results;
  int loops = self->program.blocks[block].loops;
  bool repeats = instruction->eval != EVAL_UNKNOWN && pure &&
                 number_integer(self, instruction, block);
  int needed = 0;
  for (int i = 0; i < instruction->n_operands; ++i) {
    int at = self->slots[program_operand(&self->program, instruction, i)].loops;
    needed = at > needed ? at : needed;
  }
  if (!pure)
    needed = loops;
  for (int i = 0; i < instruction->n_results; ++i)
    self->slots[instruction->result + i].loops = needed;
  bool steps = is_stepped(self, instruction, loops);
  if (instruction->n_results)
    self->slots[instruction->result].steps = steps;
  if (repeats || steps || (pure && needed < loops)) {
    memset(instruction->cost.cycles, 0, sizeof instruction->cost.cycles);
    instruction->cost.latency = 0;
    instruction->cost.kind = COST_NOTHING;
  }
}

static int read_block(Reader *self, MlirBlock block, MlirOperation owner,
                      int parent, int loops);

static Instruction read_operation(Reader *self, MlirOperation op, int block) {
  Instruction instruction = {.op = op,
                             .cost = cost_of(op, self->chip),
                             .operands = self->program.n_operands,
                             .blocks = {-1, -1}};
  int loops = self->program.blocks[block].loops;
  instruction.n_operands = (int)mlirOperationGetNumOperands(op);
  for (int i = 0; i < instruction.n_operands; ++i)
    add_operand(self,
                *(int *)value_map_entry(&self->numbers, ir_operand(op, i)));
  for (int i = 0; i < 2 && i < mlirOperationGetNumRegions(op); ++i) {
    MlirBlock body = mlirRegionGetFirstBlock(mlirOperationGetRegion(op, i));
    if (!mlirBlockIsNull(body))
      instruction.blocks[i] =
          read_block(self, body, op, block, loops + is_loop(op));
  }
  instruction.n_results = (int)mlirOperationGetNumResults(op);
  instruction.result = self->program.n_slots;
  for (int i = 0; i < instruction.n_results; ++i)
    add_slot(self, ir_result(op, i), loops);
  integer_read(&instruction);
  simplify(self, &instruction, block);
  return instruction;
}

// Scheduling ------------------------------------------------------------------

static bool orders(const Instruction *instruction) {
  CostRole role = instruction->cost.role;
  return role != COST_PLAIN && role != COST_PURE && role != COST_LOOKS_UP &&
         role != COST_MULTIPLIES && role != COST_COPIES;
}

typedef struct Node {
  double priority; ///< clocks from here to the end
  double ready;
  int waits_for; ///< instructions that are not issued yet
  bool issued;
} Node;

/// Which of the `n` instructions before `count` has made the slot; -1: none.
static int producer_of(const Instruction *list, const int *producers, int slot,
                       int n) {
  int i = producers[slot];
  if (i < 0 || i >= n || slot < list[i].result ||
      slot >= list[i].result + list[i].n_results)
    return -1;
  return i;
}

static void schedule(const Program *program, Instruction *list, int n,
                     int *producers) {
  if (n < 3)
    return;
  Node *nodes = memory_zeroed((size_t)n, sizeof *nodes);
  Instruction *out = memory_resized(NULL, (size_t)n * sizeof *out);
  for (int i = 0; i < n; ++i)
    for (int r = 0; r < list[i].n_results; ++r)
      producers[list[i].result + r] = i;
  for (int i = n - 1; i >= 0; --i) {
    nodes[i].priority += list[i].cost.latency + list[i].cost.cycles[COST_ISSUE];
    for (int o = 0; o < list[i].n_operands; ++o) {
      int p = producer_of(list, producers,
                          program_operand(program, &list[i], o), i);
      if (p < 0)
        continue;
      ++nodes[i].waits_for;
      if (nodes[p].priority < nodes[i].priority)
        nodes[p].priority = nodes[i].priority;
    }
  }
  double now = 0, free_at[COST_UNITS] = {0};
  for (int done = 0; done < n; ++done) {
    // The first that can start; of those that can start now, the most urgent.
    int best = -1;
    double best_at = 0;
    for (int i = 0; i < n; ++i) {
      if (nodes[i].issued || nodes[i].waits_for)
        continue;
      double at = nodes[i].ready > now ? nodes[i].ready : now;
      CostUnit unit = list[i].cost.unit;
      if (list[i].cost.cycles[COST_ISSUE] > 0 && free_at[unit] > at)
        at = free_at[unit];
      if (best < 0 || at < best_at ||
          (at <= best_at && nodes[i].priority > nodes[best].priority)) {
        best = i;
        best_at = at;
      }
    }
    const Instruction *next = &list[best];
    nodes[best].issued = true;
    out[done] = *next;
    now = best_at + next->cost.cycles[COST_ISSUE];
    if (next->cost.cycles[COST_ISSUE] > 0)
      free_at[next->cost.unit] = best_at + next->cost.cycles[next->cost.unit];
    double ready = best_at + next->cost.latency;
    for (int i = best + 1; i < n; ++i)
      for (int o = 0; o < list[i].n_operands; ++o)
        if (producer_of(list, producers, program_operand(program, &list[i], o),
                        i) == best) {
          --nodes[i].waits_for;
          if (nodes[i].ready < ready)
            nodes[i].ready = ready;
        }
  }
  memcpy(list, out, (size_t)n * sizeof *out);
  for (int i = 0; i < n; ++i)
    for (int r = 0; r < list[i].n_results; ++r)
      producers[list[i].result + r] = -1;
  free(nodes);
  free(out);
}

// Blocks ----------------------------------------------------------------------

/// Schedules what is between two that order, and adds it all to the program.
static void add_instructions(Reader *self, int block, Instruction *list,
                             int n) {
  Program *program = &self->program;
  int *producers =
      memory_resized(NULL, (size_t)(program->n_slots + 1) * sizeof *producers);
  memset(producers, -1, (size_t)(program->n_slots + 1) * sizeof *producers);
  for (int first = 0, end; first < n; first = end + 1) {
    for (end = first; end < n && !orders(&list[end]);)
      ++end;
    schedule(program, list + first, end - first, producers);
  }
  free(producers);
  program->blocks[block].first = program->n_instructions;
  program->blocks[block].n = n;
  for (int i = 0; i < n; ++i) {
    program->instructions =
        grown(program->instructions, program->n_instructions,
              &self->instruction_capacity, sizeof *program->instructions);
    program->instructions[program->n_instructions++] = list[i];
  }
}

static int read_block(Reader *self, MlirBlock block, MlirOperation owner,
                      int parent, int loops) {
  Program *program = &self->program;
  int number = program->n_blocks++;
  program->blocks = grown(program->blocks, number, &self->block_capacity,
                          sizeof *program->blocks);
  ProgramBlock read = {.owner = owner, .parent = parent, .loops = loops};
  read.argument = program->n_slots;
  read.n_arguments = (int)mlirBlockGetNumArguments(block);
  for (int i = 0; i < read.n_arguments; ++i)
    add_slot(self, mlirBlockGetArgument(block, i), loops);
  if (ir_is(owner, "scf.for"))
    self->slots[read.argument].steps = true;
  program->blocks[number] = read;

  Instruction *list = NULL;
  int n = 0, capacity = 0;
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    Instruction instruction = read_operation(self, op, number);
    list = grown(list, n, &capacity, sizeof *list);
    list[n++] = instruction;
  }
  add_instructions(self, number, list, n);
  free(list);
  return number;
}

Program program_read(MlirOperation function, const Chip *chip) {
  static const int none = 0;
  Reader self = {.chip = chip,
                 .numbers = {.entry_size = sizeof(int), .initial = &none},
                 .next = 1};
  read_block(&self, ir_body(function, 0), function, -1, 0);
  value_map_free(&self.numbers, NULL);
  free(self.slots);
  free(self.expressions);
  return self.program;
}

void program_free(Program *program) {
  free(program->instructions);
  free(program->blocks);
  free(program->operands);
  *program = (Program){0};
}

int program_operand(const Program *program, const Instruction *instruction,
                    int i) {
  return program->operands[instruction->operands + i];
}
