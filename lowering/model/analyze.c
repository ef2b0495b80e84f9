// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Analysis of launches. In: a GPU program, of which all sizes are static. Out:
// instructions, busy units and clocks of its inner tile and of each launch.
//
// The host function is evaluated up to its launches: which kernel, how many
// blocks, with which arguments. Some blocks are walked (walk.h), enough for the
// ramps of windows and masked tiles to have their weight; from how long a block
// takes and how many are on an SM at once follows the launch.

#include "analyze.h"

#include "integer.h"
#include "lowering/gpu/ops/wgmma.h"
#include "lowering/gpu/target/limits.h"
#include "walk.h"

#include "lowering/ir_llvm.h"
#include "lowering/memory.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "simplicial/dialect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  WARP = 32,
  SCHEDULERS = 4,
  WALKS = 32,
  LEAST_WALKS = 4,
  MAX_STEPS = 1 << 26, // instructions after which no other block is walked
  ADDRESS_BITS = 40,   // between memrefs
};

// The host function -----------------------------------------------------------

typedef struct Host {
  Program program;
  const Chip *chip;
  ProgramValue *values;
  AnalyzeRegisters registers;
  AnalyzeVisit visit;
  void *user;
} Host;

static ProgramValue known(int64_t value) { return (ProgramValue){value, true}; }

static ProgramValue dimension(MlirType memref, int d) {
  if (d < 0 || d >= ir_rank(memref) || mlirShapedTypeIsDynamicDim(memref, d))
    return (ProgramValue){0, false};
  return known(ir_dim_size(memref, d));
}

static bool has_one_block(MlirOperation function) {
  MlirBlock block =
      mlirRegionGetFirstBlock(mlirOperationGetRegion(function, 0));
  return !mlirBlockIsNull(block) &&
         mlirBlockIsNull(mlirBlockGetNextInRegion(block));
}

/// Base, offset, sizes, strides.
static void set_metadata(Host *self, const Instruction *instruction) {
  MlirType type = ir_type(ir_operand(instruction->op, 0));
  int rank = ir_rank(type);
  ProgramValue *results = &self->values[instruction->result];
  results[1] = known(0);
  ProgramValue stride = known(1);
  for (int d = rank - 1; d >= 0; --d) {
    ProgramValue size = results[2 + d] = dimension(type, d);
    results[2 + rank + d] = stride;
    stride.value *= size.value;
    stride.known &= size.known;
  }
}

static MlirLogicalResult analyze_launch(Host *self,
                                        const Instruction *instruction);

static MlirWalkResult find_launch(MlirOperation op, void *found) {
  *(bool *)found |= ir_is(op, "gpu.launch_func");
  return *(bool *)found ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

/// Diagnoses what is not evaluated, if there are launches in it.
static MlirLogicalResult refuse_launches(MlirOperation op) {
  bool found = false;
  mlirOperationWalk(op, find_launch, &found, MlirWalkPreOrder);
  return found ? ir_error(op, "cannot be analysed: only scf.if may be around "
                              "launches")
               : mlirLogicalResultSuccess();
}

static MlirLogicalResult run_block(Host *self, int number) {
  const ProgramBlock *block = &self->program.blocks[number];
  for (int i = 0; i < block->n; ++i) {
    const Instruction *next = &self->program.instructions[block->first + i];
    ProgramValue operands[3] = {{0}};
    for (int o = 0; o < 3 && o < next->n_operands; ++o)
      operands[o] = self->values[program_operand(&self->program, next, o)];
    MlirLogicalResult result = mlirLogicalResultSuccess();
    if (ir_is(next->op, "gpu.launch_func")) {
      result = analyze_launch(self, next);
    } else if (ir_is(next->op, "scf.if")) {
      if (!operands[0].known)
        return ir_error(next->op, "cannot be analysed: which kernel is "
                                  "launched depends on sizes that are not "
                                  "static");
      int branch = next->blocks[operands[0].value ? 0 : 1];
      if (branch >= 0)
        result = run_block(self, branch);
    } else if (next->blocks[0] >= 0) {
      result = refuse_launches(next->op);
    } else if (ir_is(next->op, "memref.extract_strided_metadata")) {
      set_metadata(self, next);
    } else if (ir_is(next->op, "memref.dim") && operands[1].known) {
      self->values[next->result] =
          dimension(ir_type(ir_operand(next->op, 0)), (int)operands[1].value);
    } else if (ir_is(next->op, "memref.extract_aligned_pointer_as_index")) {
      self->values[next->result] =
          known((int64_t)(next->result + 1) << ADDRESS_BITS);
    } else if (ir_is(next->op, SIMPLICIAL_TENSOR_MAP)) {
      self->values[next->result + 1] = known(1); // there is one
    } else if (next->n_results == 1) {
      self->values[next->result] = integer_evaluate(next, operands);
    }
    if (mlirLogicalResultIsFailure(result))
      return result;
  }
  return mlirLogicalResultSuccess();
}

// Parts of a kernel -----------------------------------------------------------

/// Adds `times` runs of a block by a warp; what it contains is not added.
static void add_block(AnalysisPart *part, const Program *program, int number,
                      double times) {
  const ProgramBlock *block = &program->blocks[number];
  for (int i = 0; i < block->n; ++i) {
    const Cost *cost = &program->instructions[block->first + i].cost;
    part->kinds[cost->kind] += times * cost->cycles[COST_ISSUE];
    part->flops += times * cost->flops;
    for (int unit = 0; unit < COST_UNITS; ++unit)
      if (unit != COST_L2)
        part->units[unit] += times * cost->cycles[unit];
  }
  part->kinds[COST_NOTHING] = 0;
}

static bool is_inside(const Program *program, int block, int outer) {
  while (block >= 0 && block != outer)
    block = program->blocks[block].parent;
  return block >= 0;
}

static bool is_loop(const ProgramBlock *block) {
  return ir_is(block->owner, "scf.for") || ir_is(block->owner, "scf.while");
}

static bool has_products(const Program *program, int number) {
  const ProgramBlock *block = &program->blocks[number];
  for (int i = 0; i < block->n; ++i)
    if (program->instructions[block->first + i].cost.flops > 0)
      return true;
  return false;
}

/// The innermost loop around products that takes most time; the function if
/// there is none.
static int find_tile(const Program *program, const WalkCount *counts) {
  int tile = 0;
  for (int i = 1; i < program->n_blocks; ++i) {
    if (!has_products(program, i))
      continue;
    int loop = i;
    while (loop && !is_loop(&program->blocks[loop]))
      loop = program->blocks[loop].parent;
    if (loop && (!tile || counts[loop].clocks > counts[tile].clocks))
      tile = loop;
  }
  return tile;
}

static void finish(AnalysisPart *part, const Chip *chip) {
  part->busiest = COST_ISSUE;
  for (int unit = 0; unit < COST_UNITS; ++unit)
    if (part->units[unit] > part->units[part->busiest])
      part->busiest = (CostUnit)unit;
  if (part->clocks > 0)
    part->tensor_share = part->flops / (part->clocks * chip->rates.tensor);
}

static void sum_tile(Analysis *analysis, const Program *program,
                     const WalkCount *counts) {
  AnalysisPart *tile = &analysis->tile;
  int number = find_tile(program, counts);
  const WalkCount *count = &counts[number];
  if (count->times <= 0)
    return;
  for (int i = 0; i < program->n_blocks; ++i) {
    if (!is_inside(program, i, number))
      continue;
    add_block(tile, program, i, counts[i].times / count->times);
    tile->units[COST_L2] += counts[i].l2 / count->times;
    tile->units[COST_SHARED] += counts[i].shared / count->times;
  }
  for (int unit = 0; unit < COST_UNITS; ++unit)
    tile->units[unit] *= count->warps;
  tile->flops *= SCHEDULERS * count->warps;
  tile->clocks = count->clocks / count->times;
  finish(tile, analysis->chip);
  analysis->tile_warps = count->warps;
  analysis->tile_trips = count->times / (analysis->walked * count->warps);
}

// Launches --------------------------------------------------------------------

static int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }

/// The blocks that an SM holds at once.
static int resident_blocks(const Analysis *a) {
  const ChipRates *rates = &a->chip->rates;
  int64_t n = least(rates->threads / a->threads, rates->blocks);
  n = least(n, rates->shared_capacity /
                   (a->shared_bytes + LIMITS_RESERVED_SHARED));
  if (a->registers) {
    int64_t warps = (a->threads + WARP - 1) / WARP;
    int64_t of_warp = (a->registers + LIMITS_REGISTER_STEP - 1) /
                      LIMITS_REGISTER_STEP * LIMITS_REGISTER_STEP * WARP;
    n = least(n, LIMITS_REGISTERS / (warps * of_warp));
  }
  int64_t wanted = (a->blocks + rates->sms - 1) / rates->sms;
  n = least(n, wanted);
  return n < 1 ? 1 : (int)n;
}

static MlirLogicalResult walk_some(Analysis *analysis, const Walk *walk,
                                   const int64_t grid[3], WalkCount *counts,
                                   double *mean, double *warps) {
  // Multiples of the golden ratio are spread evenly, however many are taken.
  const double golden = 0.6180339887498949;
  WalkResult result = {.counts = counts};
  *mean = 0;
  int walks = (int)least(analysis->blocks, WALKS);
  for (int i = 0; i < walks && (i < LEAST_WALKS || result.steps < MAX_STEPS);
       ++i) {
    double place = (i + 0.5) * golden;
    int64_t block =
        analysis->blocks <= WALKS
            ? i
            : (int64_t)((place - floor(place)) * (double)analysis->blocks);
    int64_t xyz[3] = {block % grid[0], block / grid[0] % grid[1],
                      block / (grid[0] * grid[1])};
    if (mlirLogicalResultIsFailure(walk_block(walk, xyz, &result)))
      return mlirLogicalResultFailure();
    *mean += result.clocks;
    ++analysis->walked;
  }
  *mean /= analysis->walked;
  *warps = result.warps;
  analysis->assumed = result.assumed / analysis->walked;
  return mlirLogicalResultSuccess();
}

static void find_assumptions(Analysis *analysis, const Program *program) {
  for (int i = 0; i < program->n_instructions; ++i) {
    const Instruction *next = &program->instructions[i];
    analysis->has_mbarriers |= ir_is(next->op, "nvvm.mbarrier.try_wait");
    if (next->cost.kind == COST_OTHER && mlirOperationIsNull(analysis->unknown))
      analysis->unknown = next->op;
  }
}

/// The launch, of whose blocks the walks took `mean` clocks, with `warps` on a
/// scheduler.
static void sum_launch(Analysis *analysis, const Program *program,
                       const WalkCount *counts, double mean, double warps) {
  AnalysisPart *launch = &analysis->launch;
  const ChipRates *rates = &analysis->chip->rates;
  double blocks = (double)analysis->blocks;
  // Each SM starts a block when one ends, so that at the end half of them are
  // idle, for as long as a block takes, on average.
  analysis->waves = blocks / ((double)rates->sms * analysis->resident);
  launch->clocks = analysis->waves > 1 ? mean * (analysis->waves + 0.5) : mean;
  // A walk is of all warps of a scheduler, and there are four; the launch is
  // spread over the SMs.
  double walked =
      analysis->walked * warps * SCHEDULERS * WARP / analysis->threads;
  double weight = blocks / walked;
  for (int i = 0; i < program->n_blocks; ++i) {
    add_block(launch, program, i, weight * counts[i].times);
    launch->units[COST_L2] += weight * counts[i].l2;
    launch->units[COST_SHARED] += weight * counts[i].shared;
  }
  analysis->l2_bytes = launch->units[COST_L2] * rates->l2_bytes;
  for (int unit = 0; unit < COST_UNITS; ++unit)
    launch->units[unit] /= rates->sms;
  launch->flops *= (double)SCHEDULERS / rates->sms;
  finish(launch, analysis->chip);
  analysis->seconds = launch->clocks / (1e6 * rates->mhz);
}

static MlirLogicalResult analyze_kernel(Analysis *analysis,
                                        const int64_t grid[3],
                                        const ProgramValue *arguments) {
  Program program = program_read(analysis->kernel, analysis->chip);
  WalkCount *counts = memory_zeroed((size_t)program.n_blocks, sizeof *counts);
  Walk walk = {.program = &program,
               .chip = analysis->chip,
               .arguments = arguments,
               .warps = (analysis->threads + WARP - 1) / WARP,
               .resident = analysis->resident};
  double mean = 0, warps = 1;
  MlirLogicalResult status =
      walk_some(analysis, &walk, grid, counts, &mean, &warps);
  if (mlirLogicalResultIsSuccess(status)) {
    sum_tile(analysis, &program, counts);
    sum_launch(analysis, &program, counts, mean, warps);
    find_assumptions(analysis, &program);
  }
  free(counts);
  program_free(&program);
  return status;
}

static MlirLogicalResult check_wgmma(MlirOperation op) {
  Wgmma wgmma;
  return wgmma_read(op, &wgmma);
}

/// Diagnoses kernels that cannot be read.
static MlirLogicalResult check_kernel(MlirOperation launch,
                                      MlirOperation kernel) {
  static const char *const products[] = {SIMPLICIAL_WGMMA};
  if (mlirOperationIsNull(kernel) || !ir_is(kernel, "llvm.func"))
    return ir_error(launch, "cannot be analysed: there is no such kernel");
  if (!has_one_block(kernel))
    return ir_error(kernel, "cannot be analysed: it must be one block, with "
                            "scf in it");
  return pass_for_each(kernel, 1, products, check_wgmma);
}

static MlirOperation find_kernel(MlirOperation launch) {
  MlirAttribute path = ir_get_attr(launch, "kernel");
  char name[256];
  MlirStringRef kernels = mlirSymbolRefAttrGetRootReference(path);
  MlirStringRef kernel = mlirSymbolRefAttrGetLeafReference(path);
  snprintf(name, sizeof name, "%.*s", (int)kernels.length, kernels.data);
  MlirOperation module = ir_find_symbol(ir_module(launch), name);
  if (mlirOperationIsNull(module) || !ir_is(module, "gpu.module"))
    return (MlirOperation){NULL};
  snprintf(name, sizeof name, "%.*s", (int)kernel.length, kernel.data);
  return ir_find_symbol(module, name);
}

static MlirLogicalResult analyze_launch(Host *self,
                                        const Instruction *instruction) {
  enum { GRID = 1, BLOCK = 4, SHARED = 10, ARGUMENTS = 11 };
  MlirOperation op = instruction->op;
  MlirAttribute segments = ir_get_attr(op, "operandSegmentSizes");
  int first[ARGUMENTS + 2] = {0};
  for (int i = 0; i <= ARGUMENTS; ++i)
    first[i + 1] = first[i] + mlirDenseI32ArrayGetElement(segments, i);
  int64_t sizes[6];
  for (int i = 0; i < 6; ++i) {
    ProgramValue value = self->values[program_operand(
        &self->program, instruction, first[GRID + i])];
    if (!value.known)
      return ir_error(op, "cannot be analysed: the number of blocks is not "
                          "known; all sizes must be static");
    sizes[i] = value.value;
  }
  Analysis analysis = {.kernel = find_kernel(op),
                       .chip = self->chip,
                       .blocks = sizes[0] * sizes[1] * sizes[2],
                       .threads = (int)(sizes[3] * sizes[4] * sizes[5])};
  if (mlirLogicalResultIsFailure(check_kernel(op, analysis.kernel)))
    return mlirLogicalResultFailure();
  if (analysis.blocks < 1 || analysis.threads < 1)
    return mlirLogicalResultSuccess();
  if (first[SHARED + 1] > first[SHARED])
    analysis.shared_bytes = (int)self
                                ->values[program_operand(
                                    &self->program, instruction, first[SHARED])]
                                .value;
  analysis.registers =
      self->registers ? self->registers(analysis.kernel, self->user) : 0;
  analysis.resident = resident_blocks(&analysis);

  int n = (int)mlirBlockGetNumArguments(ir_body(analysis.kernel, 0));
  ProgramValue *arguments = memory_zeroed((size_t)n + 1, sizeof *arguments);
  for (int i = 0; i < n && first[ARGUMENTS] + i < first[ARGUMENTS + 1]; ++i)
    arguments[i] = self->values[program_operand(&self->program, instruction,
                                                first[ARGUMENTS] + i)];
  MlirLogicalResult status = analyze_kernel(&analysis, sizes, arguments);
  free(arguments);
  if (mlirLogicalResultIsSuccess(status))
    self->visit(&analysis, self->user);
  return status;
}

MlirLogicalResult analyze_function(MlirOperation function, const Chip *chip,
                                   AnalyzeRegisters registers,
                                   AnalyzeVisit visit, void *user) {
  if (!has_one_block(function))
    return refuse_launches(function);
  Host self = {.program = program_read(function, chip),
               .chip = chip,
               .registers = registers,
               .visit = visit,
               .user = user};
  self.values =
      memory_zeroed((size_t)self.program.n_slots + 1, sizeof *self.values);
  MlirLogicalResult status = run_block(&self, 0);
  free(self.values);
  program_free(&self.program);
  return status;
}
