// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints what lowering/gpu/analyze.h predicts. In: a GPU program. Out: lines of
// text for each launch: its shape, one trip of the inner tile's loop, the whole
// launch, and what was assumed. Registers are what ptxas says, if it is there.

#include "analysis.h"

#include "assemble.h"
#include "function.h"
#include "toolkit.h"

#include "lowering/ir.h"
#include "lowering/ir_llvm.h"
#include "lowering/model/analyze.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Registers -------------------------------------------------------------------

typedef struct Printer {
  Text *out;
  Text log; ///< what ptxas says of all kernels, behind the names of modules
  const Chip *chip;
  Trace *trace;            ///< NULL: none
  SimplicialStatus status; ///< of running ptxas
  double flops;            ///< that the function needs; 0: not known
} Printer;

static void ask_ptxas(MlirStringRef module, MlirStringRef ptx, void *user) {
  static const char *const options[] = {"-v", NULL};
  Printer *self = user;
  if (self->status.code)
    return;
  text_format(&self->log, "\n== %.*s\n", (int)module.length, module.data);
  self->status =
      assemble(ptx, self->chip, options, self->trace, NULL, &self->log);
}

/// The number before the first `unit` in `text`; 0 if there is none.
static int number_before(const char *text, const char *unit) {
  const char *at = strstr(text, unit);
  if (!at)
    return 0;
  while (at > text && at[-1] == ' ')
    --at;
  while (at > text && at[-1] >= '0' && at[-1] <= '9')
    --at;
  return atoi(at);
}

/// What ptxas says of the kernel; NULL if nothing.
static const char *find_log(const Printer *self, MlirOperation kernel) {
  if (!self->log.data)
    return NULL;
  char text[512];
  MlirStringRef module =
      ir_symbol_name(mlirOperationGetParentOperation(kernel));
  snprintf(text, sizeof text, "\n== %.*s\n", (int)module.length, module.data);
  const char *at = strstr(self->log.data, text);
  MlirStringRef name = ir_symbol_name(kernel);
  snprintf(text, sizeof text, "'%.*s'", (int)name.length, name.data);
  return at ? strstr(at, text) : NULL;
}

static int registers_of(MlirOperation kernel, void *user) {
  const char *log = find_log(user, kernel);
  const char *used = log ? strstr(log, "Used ") : NULL;
  return used ? number_before(used, "registers") : 0;
}

// Text ------------------------------------------------------------------------

static void print_units(Text *out, const AnalysisPart *part) {
  for (int unit = 0; unit < COST_UNITS; ++unit)
    if (part->units[unit] > 0)
      text_format(out, "    %-18s %8.1f %6.1f%%\n",
                  cost_unit_name((CostUnit)unit), part->units[unit],
                  part->clocks > 0 ? 100 * part->units[unit] / part->clocks
                                   : 0);
}

static void print_binding(Text *out, const AnalysisPart *part) {
  const double busy = 0.85;
  text_format(out, "  binding: ");
  if (part->units[part->busiest] < busy * part->clocks)
    text_format(out, "latency; the busiest unit is ");
  text_format(out, "%s\n", cost_unit_name(part->busiest));
}

static void print_tile(Text *out, const Analysis *a) {
  const AnalysisPart *tile = &a->tile;
  if (tile->clocks <= 0)
    return;
  text_format(out, "inner tile: %.1f trips a warp, %.0f warps a scheduler\n",
              a->tile_trips, a->tile_warps);
  text_format(out, "  instructions of a warp: %.1f\n",
              tile->units[COST_ISSUE] / a->tile_warps);
  for (int kind = 0; kind < COST_KINDS; ++kind)
    if (tile->kinds[kind] > 0)
      text_format(out, "    %-18s %8.1f\n", cost_kind_name((CostKind)kind),
                  tile->kinds[kind]);
  text_format(out, "  clocks: %.0f\n", tile->clocks);
  print_units(out, tile);
  print_binding(out, tile);
  text_format(out, "  of the tensor peak: %.1f%%\n", 100 * tile->tensor_share);
}

static void print_shape(const Printer *self, const Analysis *a) {
  Text *out = self->out;
  MlirStringRef name = ir_symbol_name(a->kernel);
  text_format(out, "kernel %.*s on %s\n", (int)name.length, name.data,
              a->chip->name);
  text_format(out, "  blocks: %lld of %d threads\n", (long long)a->blocks,
              a->threads);
  if (a->registers) {
    const char *log = find_log(self, a->kernel);
    text_format(out, "  registers: %d, %d bytes spilled\n", a->registers,
                number_before(log, "bytes spill stores"));
  } else {
    text_format(out, "  registers: not known, as there is no ptxas\n");
  }
  text_format(out, "  shared memory: %d bytes\n", a->shared_bytes);
  text_format(out, "  blocks an SM: %d\n", a->resident);
}

static void print_launch(const Printer *self, const Analysis *a) {
  Text *out = self->out;
  const AnalysisPart *launch = &a->launch;
  const ChipRates *rates = &a->chip->rates;
  double executed = launch->flops * rates->sms;
  text_format(out, "launch: %.1f waves\n", a->waves);
  text_format(out, "  clocks: %.0f\n", launch->clocks);
  print_units(out, launch);
  print_binding(out, launch);
  text_format(out, "  bytes from L2: %.3g\n", a->l2_bytes);
  text_format(out, "  FLOP of products: %.4g\n", executed);
  double peak = 1e6 * rates->mhz * rates->tensor * rates->sms;
  if (self->flops > 0) {
    text_format(out, "  FLOP needed: %.4g, %.1f%% of these\n", self->flops,
                100 * self->flops / executed);
    text_format(out, "  of the tensor peak: %.1f%%\n",
                100 * self->flops / (a->seconds * peak));
    text_format(out, "  TFLOP/s: %.1f\n", 1e-12 * self->flops / a->seconds);
  }
  text_format(out, "  ms: %.4f\n", 1e3 * a->seconds);
}

static void print_assumptions(const Printer *self, const Analysis *a) {
  Text *out = self->out;
  text_format(out,
              "assumed:\n"
              "  %d SMs at %.2f GHz, %d FLOP of products a clock and SM\n"
              "  every block is like one of the %d that were walked\n"
              "  %lld conditions on data a block do not hold\n"
              "  tensors are contiguous and aligned; what is copied is in L2\n",
              a->chip->rates.sms, a->chip->rates.mhz / 1e3,
              a->chip->rates.tensor, a->walked, (long long)a->assumed);
  if (a->has_mbarriers)
    text_format(out, "  no wait on an mbarrier takes time\n");
  if (!mlirOperationIsNull(a->unknown)) {
    MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(a->unknown));
    text_format(out, "  '%.*s', of unknown cost, is one instruction\n",
                (int)name.length, name.data);
  }
}

static void print(const Analysis *analysis, void *user) {
  const Printer *self = user;
  print_shape(self, analysis);
  print_tile(self->out, analysis);
  print_launch(self, analysis);
  print_assumptions(self, analysis);
}

// Functions -------------------------------------------------------------------

static MlirWalkResult find_attention(MlirOperation op, void *found) {
  *(bool *)found |= ir_is(op, SIMPLICIAL_ATTENTION);
  return *(bool *)found ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

/// Finds out how many operations the function `name` needs.
static SimplicialStatus
count_flops(Printer *self, const Compilation *compilation, MlirStringRef name) {
  bool found = false;
  self->flops = 0;
  mlirOperationWalk(mlirModuleGetOperation(compilation->flat), find_attention,
                    &found, MlirWalkPreOrder);
  if (!found)
    return simplicialOk();
  int count;
  SimplicialFunction *functions;
  SimplicialStatus status = functions_read(compilation, &count, &functions);
  for (int i = 0; i < count && !status.code; ++i) {
    const SimplicialFunction *f = &functions[i];
    bool fixed = mlirStringRefEqual(ir_str(f->name), name);
    for (int s = 0; s < f->symbol_count; ++s)
      fixed &= f->sizes[s] != SIMPLICIAL_DYNAMIC;
    if (fixed)
      self->flops = function_flops(f, f->sizes);
  }
  functions_free(functions, count);
  return status;
}

SimplicialStatus analysis_print(Compilation *compilation, Text *out) {
  ChipList list;
  if (mlirLogicalResultIsFailure(chip_list_of_gpu(
          mlirModuleGetOperation(compilation->lowered), &list)))
    return simplicialError(SIMPLICIAL_INTERNAL, "no chip");
  if (list.n != 1)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "an analysis is for one chip, not for '%s'",
                           compilation->target.name);
  Printer self = {
      .out = out, .chip = list.chips[0], .trace = compilation->trace};
  Text folder = {0};
  SimplicialStatus status = toolkit_find("ptxas", &folder);
  bool assembles = !status.code;
  simplicialStatusFree(status);
  text_free(&folder);
  status = assembles ? compilation_ptx(compilation, ask_ptxas, &self)
                     : simplicialOk();
  if (!status.code)
    status = self.status;
  MlirOperation function = compilation_find_function(
      mlirBlockGetFirstOperation(mlirModuleGetBody(compilation->lowered)));
  while (!status.code && !mlirOperationIsNull(function)) {
    status = count_flops(&self, compilation, ir_symbol_name(function));
    if (!status.code)
      status = diagnostics_status(
          &compilation->diagnostics,
          mlirLogicalResultIsSuccess(analyze_function(
              function, self.chip, registers_of, print, &self)),
          "analysing");
    function = compilation_find_function(mlirOperationGetNextInBlock(function));
  }
  text_free(&self.log);
  if (!status.code && !out->size && !out->failed)
    status = simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "the module launches no kernel");
  return status;
}
