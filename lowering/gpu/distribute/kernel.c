// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels and their launches: what travels from the host function to a kernel,
// where in the block a thread finds itself, and the functions themselves.

#include "kernel.h"
#include "lowering/gpu/engine/engine.h"
#include "lowering/gpu/ops/tensor_map.h"
#include "lowering/gpu/target/chip.h"

#include "lowering/ir_llvm.h"
#include "lowering/notes.h"
#include "lowering/tile_ops.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "simplicial/dialect.h"

enum { GLOBAL = 1, SHARED = 3, SHARED_ALIGNMENT = 1024 };

#define SHARED_NAME "shared"
#define TOO_LARGE "simplicialLaunchTooLarge"

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

void kernel_prefix(MlirStringRef function, char prefix[KERNEL_PREFIX]) {
  size_t n = 0;
  if (!function.length || !is_letter(function.data[0]) ||
      function.data[0] == '_')
    prefix[n++] = 'k';
  for (size_t i = 0; i < function.length && n < KERNEL_PREFIX - 1; ++i) {
    char c = function.data[i];
    prefix[n++] = is_letter(c) || (c >= '0' && c <= '9') ? c : '_';
  }
  prefix[n] = '\0';
}

static void add_argument(Arguments *arguments, MlirType type, MlirValue value) {
  arguments->types[arguments->n] = type;
  arguments->values[arguments->n++] = value;
}

/// Whether neighbouring elements of memory are one load, store or copy. Where a
/// tile has one column, or rows are along what is contiguous, none are.
static bool moves_in_chunks(MlirValue memref) {
  for (MlirOpOperand use = mlirValueGetFirstUse(memref);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (ir_is(user, SIMPLICIAL_COPY_ASYNC))
      return true;
    bool reads = ir_is(user, "vector.transfer_read");
    if (!reads && !ir_is(user, "vector.transfer_write"))
      continue;
    MlirType tile = ir_type(reads ? ir_result(user, 0) : ir_operand(user, 0));
    int rank = ir_rank(tile);
    if (rank > 1 && ir_dim_size(tile, rank - 1) > 1 &&
        tile_op_is_contiguous(user))
      return true;
  }
  return false;
}

static void add_memref(Ir *b, Arguments *arguments, MlirValue memref) {
  MlirType type = ir_type(memref);
  int rank = ir_rank(type);
  int64_t strides[IR_MAX_RANK], offset;
  mlirMemRefTypeGetStridesAndOffset(type, strides, &offset);
  IrView view = ir_view(b, memref, ir_element_bytes(ir_element(type)));
  MlirType pointer = ir_pointer(b, GLOBAL);
  bool checked = moves_in_chunks(memref);
  if (checked)
    arguments->bits = ir_ori(b, arguments->bits, view.address);
  add_argument(arguments, pointer,
               ir_value(b, "llvm.inttoptr", pointer,
                        IR_VALUES(ir_as_i64(b, view.address)), IR_NONE));
  for (int d = 0; d < rank; ++d)
    if (mlirShapedTypeIsDynamicStrideOrOffset(strides[d])) {
      MlirValue stride = view.strides[d];
      if (checked)
        arguments->bits =
            ir_ori(b, arguments->bits, ir_muli(b, stride, view.bytes));
      add_argument(arguments, ir_i64(b), ir_as_i64(b, stride));
    }
}

static void add_index(Ir *b, Arguments *arguments, MlirValue index) {
  arguments->largest = ir_maxsi(b, arguments->largest, index);
  add_argument(arguments, ir_i64(b), ir_as_i64(b, index));
}

MlirLogicalResult kernel_arguments(Ir *b, Arguments *arguments,
                                   const Captures *captures) {
  arguments->n = 0;
  arguments->bits = arguments->largest = ir_const_index(b, 0);
  for (int i = 0; i < captures->n; ++i) {
    MlirValue value = captures->values[i];
    if (capture_is_constant(value))
      continue;
    if (arguments->n + 1 + IR_MAX_RANK > IR_MAX_VALUES - 16)
      return ir_error(captures->loop, "needs too many kernel arguments");
    if (mlirTypeIsAMemRef(ir_type(value)))
      add_memref(b, arguments, value);
    else if (mlirTypeIsAIndex(ir_type(value)))
      add_index(b, arguments, value);
    else
      return ir_error(captures->loop,
                      "a kernel's arguments are memrefs and indices");
  }
  return mlirLogicalResultSuccess();
}

void kernel_take_arguments(Distribute *s, const Captures *captures,
                           MlirBlock body) {
  Ir *b = &s->b;
  int n = 0;
  for (int i = 0; i < captures->n; ++i) {
    MlirValue value = captures->values[i];
    Entry *entry = context_entry(s, value);
    MlirType type = ir_type(value);
    if (capture_is_constant(value)) {
      if (!tile_is(value))
        entry->scalar = ir_clone_with(b, ir_def(value), type, NULL);
    } else if (mlirTypeIsAMemRef(type)) {
      int64_t strides[IR_MAX_RANK], offset;
      mlirMemRefTypeGetStridesAndOffset(type, strides, &offset);
      entry->pointer = mlirBlockGetArgument(body, n++);
      for (int d = 0; d < ir_rank(type); ++d)
        entry->strides[d] = mlirShapedTypeIsDynamicStrideOrOffset(strides[d])
                                ? mlirBlockGetArgument(body, n++)
                                : ir_const_i64(b, strides[d]);
    } else {
      entry->scalar =
          ir_index_cast(b, mlirBlockGetArgument(body, n++), ir_index(b));
    }
  }
  for (int i = 0; i < s->n_maps; ++i)
    s->maps[i].pointer = mlirBlockGetArgument(body, n++);
}

static MlirValue as_index(Ir *b, MlirValue unsigned_i32) {
  return ir_value(b, "arith.index_castui", ir_index(b), IR_VALUES(unsigned_i32),
                  IR_NONE);
}

MlirValue kernel_register(Ir *b, const char *name) {
  return as_index(b, ir_value(b, name, ir_i32(b), IR_NONE, IR_NONE));
}

/// The sum of the steps of the bits that are set in `lane`.
static MlirValue sum_of_steps(Ir *b, const Layout *layout, MlirValue lane,
                              bool row) {
  MlirValue sum = ir_const_index(b, 0);
  for (int bit = 0; bit < LANE_BITS; ++bit) {
    Place step = layout->lane[bit];
    int size = row ? step.row : step.column;
    if (!size)
      continue;
    MlirValue set = ir_remui(b, ir_divui(b, lane, ir_const_index(b, 1 << bit)),
                             ir_const_index(b, 2));
    sum = ir_addi(b, sum, ir_muli(b, set, ir_const_index(b, size)));
  }
  return sum;
}

MlirValue kernel_row(Ir *b, const Layout *layout, MlirValue lane) {
  return sum_of_steps(b, layout, lane, true);
}

MlirValue kernel_column(Ir *b, const Layout *layout, MlirValue lane) {
  return sum_of_steps(b, layout, lane, false);
}

/// The block's iterations, and the thread's number.
typedef struct KernelState {
  int rank;
  const MlirValue *extents; ///< on the host
  MlirValue number;         ///< an i32
} KernelState;

static KernelState *state_of(Distribute *s) {
  return context_state(s, "kernel", sizeof(KernelState));
}

/// The place of the thread with this number, an i32.
static void find_place(Distribute *s, MlirValue number) {
  Ir *b = &s->b;
  s->thread = as_index(b, number);
  s->lane = ir_remui(b, s->thread, ir_const_index(b, WARP));
  s->warp = ir_divui(b, s->thread, ir_const_index(b, WARP));
  s->column = kernel_column(b, &layout_accumulator, s->lane);
  s->rows[0] = ir_addi(b, ir_muli(b, s->warp, ir_const_index(b, WARP_ROWS)),
                       kernel_row(b, &layout_accumulator, s->lane));
  int below = layout_accumulator.element[1].row;
  s->rows[1] = ir_addi(b, s->rows[0], ir_const_index(b, below));
}

void kernel_find_place(Distribute *s) {
  Ir *b = &s->b;
  state_of(s)->number =
      ir_value(b, "nvvm.read.ptx.sreg.tid.x", ir_i32(b), IR_NONE, IR_NONE);
  s->shared = ir_address_of(b, SHARED_NAME, SHARED);
  find_place(s, state_of(s)->number);
  if (s->engine->warps > 1)
    s->warp_number = context_uniform(s, s->warp);
}

void kernel_find_place_anew(Distribute *s) {
  find_place(s, context_pinned(s, state_of(s)->number));
}

void kernel_take_place(Distribute *s, const Distribute *before) {
  s->thread = before->thread;
  s->lane = before->lane;
  s->warp = before->warp;
  s->column = before->column;
  for (int i = 0; i < 2; ++i)
    s->rows[i] = before->rows[i];
}

void kernel_set_iterations(Distribute *s, int rank, const MlirValue *extents) {
  state_of(s)->rank = rank;
  state_of(s)->extents = extents;
}

void kernel_take_iteration(Distribute *s) {
  const KernelState *self = state_of(s);
  Ir *b = &s->b;
  MlirBlock program = ir_body(s->forall, 0);
  MlirValue rest = kernel_register(b, "nvvm.read.ptx.sreg.ctaid.x");
  if (s->at_once)
    rest = context_pinned_index(s, rest);
  for (int i = 0; i < self->rank; ++i) {
    MlirValue extent = context_scalar(s, self->extents[i]), iteration = rest;
    if (i < self->rank - 1) {
      iteration = ir_remui(b, rest, extent);
      rest = ir_divui(b, rest, extent);
    } else {
      MlirValue last = ir_subi(b, extent, ir_const_index(b, 1));
      iteration = ir_subi(b, last, rest);
    }
    context_entry(s, mlirBlockGetArgument(program, i))->scalar = iteration;
  }
}

/// gpu.module @<function>_kernels with its shared memory, at the module's end.
MlirBlock kernel_module(MlirOperation module, Ir *b, const char *name) {
  Ir end = ir_at_end(ir_body(module, 0), b->location);
  MlirOperation kernels =
      ir_symbol(&end, "gpu.module", name, IR_NONE, ir_region(b, IR_NONE));
  Ir body = ir_at_end(ir_body(kernels, 0), b->location);
  ir_symbol(&body, "llvm.mlir.global", SHARED_NAME,
            IR_ATTRIBUTES({"global_type", mlirTypeAttrGet(ir_bytes(b, 0))},
                          {"linkage", ir_linkage(b, MlirLLVMLinkageExternal)},
                          {"addr_space", mlirIntegerAttrGet(ir_i32(b), SHARED)},
                          {"alignment", ir_i64_attr(b, SHARED_ALIGNMENT)}),
            mlirRegionCreate());
  return body.block;
}

/// What says that the last arguments are tensor maps, by value.
static MlirAttribute argument_attributes(Ir *b, int n, int n_maps) {
  MlirAttribute attributes[IR_MAX_VALUES];
  for (int i = 0; i < n; ++i)
    attributes[i] = ir_parse_attr(
        b, i < n - n_maps
               ? "{}"
               : "{llvm.byval = !llvm.array<16 x i64>, llvm.align = 64 : i64, "
                 "nvvm.grid_constant}");
  return mlirArrayAttrGet(b->context, n, attributes);
}

MlirBlock kernel_create(MlirBlock kernels, Ir *b, Kernel *kernel,
                        const Arguments *arguments) {
  MlirType types[IR_MAX_VALUES];
  int n = 0;
  for (; n < arguments->n; ++n)
    types[n] = arguments->types[n];
  for (int i = 0; i < kernel->n_maps; ++i)
    types[n++] = ir_pointer(b, 0);
  MlirType type =
      mlirLLVMFunctionTypeGet(mlirLLVMVoidTypeGet(b->context), n, types, false);
  const int32_t size[] = {(int32_t)kernel->threads, 1, 1};
  MlirAttribute unit = mlirUnitAttrGet(b->context);
  Ir end = ir_at_end(kernels, b->location);
  MlirOperation function =
      ir_symbol(&end, "llvm.func", kernel->name,
                IR_ATTRIBUTES({"function_type", mlirTypeAttrGet(type)},
                              {"gpu.kernel", unit}, {"nvvm.kernel", unit},
                              {"nvvm.reqntid",
                               mlirDenseI32ArrayGet(b->context, 3, size)}),
                ir_region(b, n, types));
  if (kernel->n_maps)
    mlirOperationSetAttributeByName(function, ir_str("arg_attrs"),
                                    argument_attributes(b, n, kernel->n_maps));
  if (kernel->blocks)
    mlirOperationSetAttributeByName(
        function, ir_str("nvvm.minctasm"),
        mlirIntegerAttrGet(ir_i32(b), kernel->blocks));
  kernel->function = function;
  return ir_body(function, 0);
}

/// Of boxes of one row there is nothing to exchange; others are as wide as
/// panels.
static int64_t swizzle_of(const TensorMap *map) {
  MlirType type = ir_type(map->memref);
  int64_t rows = 1;
  int last = ir_rank(type) - 1;
  for (int d = 0; d < last; ++d)
    rows *= map->box[d];
  return rows > 1 ? map->box[last] * ir_float_bytes(ir_element(type)) : 0;
}

/// The kernel's maps, and whether all are there (and `there` is true).
static MlirValue encode_maps(Ir *b, const Kernel *kernel, MlirValue there,
                             MlirValue *maps) {
  for (int i = 0; i < kernel->n_maps; ++i) {
    const TensorMap *map = &kernel->maps[i];
    int rank = ir_rank(ir_type(map->memref));
    MlirType results[] = {tensor_map_type(b->context), ir_i1(b)};
    MlirOperation op =
        ir_op(b, SIMPLICIAL_TENSOR_MAP, 2, results, IR_VALUES(map->memref),
              IR_ATTRIBUTES({"box", ir_i64_array(b, rank, map->box)},
                            {"swizzle", ir_i64_attr(b, swizzle_of(map))}));
    maps[i] = ir_result(op, 0);
    there = ir_value(b, "arith.andi", ir_i1(b),
                     IR_VALUES(there, ir_result(op, 1)), IR_NONE);
  }
  return there;
}

static void launch(Ir *b, const char *kernels, const Kernel *kernel,
                   MlirValue blocks, const Arguments *arguments,
                   const MlirValue *maps) {
  MlirValue operands[IR_MAX_VALUES];
  int n = 0;
  MlirValue one = ir_as_i64(b, ir_const_index(b, 1));
  operands[n++] = ir_as_i64(b, blocks);
  operands[n++] = one;
  operands[n++] = one;
  operands[n++] = ir_as_i64(b, ir_const_index(b, kernel->threads));
  operands[n++] = one;
  operands[n++] = one;
  operands[n++] = ir_const_i32(b, ir_i32(b), (int32_t)kernel->shared_bytes);
  for (int i = 0; i < arguments->n; ++i)
    operands[n++] = arguments->values[i];
  for (int i = 0; i < kernel->n_maps; ++i)
    operands[n++] = maps[i];
  MlirAttribute nested = ir_symbol_ref(b, kernel->name);
  MlirAttribute symbol =
      mlirSymbolRefAttrGet(b->context, ir_str(kernels), 1, &nested);
  const int32_t segments[] = {
      0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, arguments->n + kernel->n_maps, 0};
  ir_op(b, "gpu.launch_func", IR_NONE, n, operands,
        IR_ATTRIBUTES({"kernel", symbol}, ir_segments(b, 13, segments)));
}

static void launch_either(Ir *b, const char *kernels, const Kernel *kernel,
                          MlirValue blocks, const Arguments *arguments) {
  MlirValue aligned =
      ir_cmpi(b, IR_EQ, ir_remui(b, arguments->bits, ir_const_index(b, CHUNK)),
              ir_const_index(b, 0));
  note(kernel[0].function,
       "launched: where rows and addresses are aligned to %d bytes%s", CHUNK,
       kernel[0].n_maps ? ", and the driver takes the tensor maps" : "");
  note(kernel[1].function,
       "launched: where rows or addresses are not aligned to %d bytes%s", CHUNK,
       kernel[0].n_maps ? ", or the driver refuses a tensor map" : "");
  MlirValue maps[MAX_MAPS];
  MlirValue first = encode_maps(b, &kernel[0], aligned, maps);
  IrIf branch = ir_if_begin(b, first, IR_NONE);
  launch(b, kernels, &kernel[0], blocks, arguments, maps);
  ir_if_else(b, &branch, IR_NONE);
  launch(b, kernels, &kernel[1], blocks, arguments, NULL);
  ir_if_end(b, &branch, IR_NONE);
}

void kernel_launch_either(Ir *b, const char *kernels, const Kernel *kernel,
                          MlirValue blocks, const Arguments *arguments) {
  MlirValue most = ir_const_index(b, CHIP_MOST_INDEX);
  MlirValue over = ir_cmpi(b, IR_SGT, arguments->largest, most);
  IrIf branch = ir_if_begin(b, over, IR_NONE);
  ir_call(b, TOO_LARGE, (MlirType){NULL},
          IR_VALUES(ir_as_i64(b, arguments->largest), ir_as_i64(b, most)));
  ir_if_else(b, &branch, IR_NONE);
  launch_either(b, kernels, kernel, blocks, arguments);
  ir_if_end(b, &branch, IR_NONE);
}
