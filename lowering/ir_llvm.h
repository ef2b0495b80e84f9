// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The builder of ir.h, continued: symbols, memrefs, functions, and the LLVM
// dialect's types and memory, for what one program hands to another.

#ifndef SIMPLICIAL_LOWERING_IR_LLVM_H
#define SIMPLICIAL_LOWERING_IR_LLVM_H

#include "ir.h"

#include "mlir-c/Dialect/LLVM.h"

// Symbols ---------------------------------------------------------------------

/// The builtin.module around `op`.
MlirOperation ir_module(MlirOperation op);
MlirStringRef ir_symbol_name(MlirOperation symbol);
bool ir_is_public(MlirOperation symbol);
/// The op of this symbol name directly in `module`; null if there is none.
MlirOperation ir_find_symbol(MlirOperation module, const char *name);
/// "<prefix><suffix>", with a number behind it if that is taken in `module`; of
/// a prefix that leaves no room in `name` for these, as much as does.
void ir_unique_name(MlirOperation module, MlirStringRef prefix,
                    const char *suffix, char *name, size_t size);
MlirAttribute ir_symbol_ref(Ir *b, const char *name);
/// An op with this symbol name, and one region.
MlirOperation ir_symbol(Ir *b, const char *op, const char *name,
                        int n_attributes, const IrAttribute *attributes,
                        MlirRegion body);

// Memrefs ---------------------------------------------------------------------

/// Where a memref's elements are. Of type index.
typedef struct IrView {
  MlirValue address; ///< of the first one
  MlirValue bytes;   ///< of each
  MlirValue sizes[IR_MAX_RANK];
  MlirValue strides[IR_MAX_RANK]; ///< in elements
} IrView;

/// That of a memref, whose elements have so many bytes.
IrView ir_view(Ir *b, MlirValue memref, int64_t element_bytes);

/// The contiguous memref of `type` whose elements are at `pointer`; `sizes` are
/// its dimensions', as i64.
MlirValue ir_memref_of(Ir *b, MlirType type, MlirValue pointer,
                       const MlirValue *sizes);
/// The same, if all sizes are static.
MlirValue ir_memref_at(Ir *b, MlirType type, MlirValue pointer);

// Functions -------------------------------------------------------------------

/// A private func.func at the end of `module`. It takes over the body, of which
/// a declaration has an empty one.
MlirOperation ir_function(Ir *b, MlirOperation module, const char *name,
                          MlirType type, MlirRegion body);
/// The address of a func.func.
MlirValue ir_function_address(Ir *b, MlirOperation function);
/// Calls a function of the runtime of at most one result (null: none), which is
/// declared in the module if it is not yet.
MlirOperation ir_call(Ir *b, const char *function, MlirType result,
                      int n_operands, const MlirValue *operands);

// The LLVM dialect ------------------------------------------------------------

MlirType ir_pointer(Ir *b, unsigned address_space);
MlirType ir_struct(Ir *b, int n, const MlirType *fields);
MlirType ir_bytes(Ir *b, size_t size);
MlirAttribute ir_linkage(Ir *b, MlirLLVMLinkage linkage);
/// An internal constant of `bytes` with a NUL behind them.
void ir_bytes_constant(Ir *b, const char *name, MlirStringRef bytes);
/// The address of a global.
MlirValue ir_address_of(Ir *b, const char *global, unsigned address_space);
MlirValue ir_llvm_alloca(Ir *b, MlirType type);
/// The same, taken once a call of the func.func around `b`.
MlirValue ir_llvm_alloca_once(Ir *b, MlirType type);
MlirValue ir_llvm_load(Ir *b, MlirType type, MlirValue address);
void ir_llvm_store(Ir *b, MlirValue value, MlirValue address);
/// Element `number` of a struct that is a value; the struct with another one.
MlirValue ir_extract(Ir *b, MlirValue record, int64_t number);
MlirValue ir_insert(Ir *b, MlirValue record, MlirValue value, int64_t number);
/// The address of element `number` of the struct or array at `address`.
MlirValue ir_field(Ir *b, MlirValue address, MlirType type, int number);
/// The address so many elements (an integer or an index) behind `address`.
MlirValue ir_advance(Ir *b, MlirValue address, MlirType element, MlirValue by);

#endif // SIMPLICIAL_LOWERING_IR_LLVM_H
