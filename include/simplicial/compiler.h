// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiler: MLIR text in, a callable function or an ahead-of-time artefact
// out. attention.h has functions of one attention without MLIR text, jit.h
// takes modules that are in memory.
//
//   SimplicialCompiler *compiler;
//   simplicialCompilerCreate(&compiler);
//   SimplicialExecutable *executable;
//   simplicialCompilerLoad(compiler, text, strlen(text), "a.mlir", "cpu",
//                          &executable);
//   const SimplicialFunction *f =
//       simplicialExecutableLookup(executable, "attention");
//   simplicialFunctionCall(f, (DLTensor *[]){q, k1, k2, v1, v2, out, lse}, 7);
//   simplicialExecutableRelease(executable);
//   simplicialCompilerDestroy(compiler);
//
// Errors. Functions that can fail return a status (runtime.h): test its code,
// free its message. What MLIR diagnoses is a SIMPLICIAL_COMPILE_ERROR; its
// message is that of the first diagnostic, `file:line:column: error: text`, and
// of its notes. After an error, results are NULL and inputs are untouched. No
// module ends the process: where LLVM would, or where there is no memory, a
// status says so, and what the compilation held until then is lost. (For that,
// LLVM's handlers of fatal errors and of missing memory are this library's from
// the first compilation on. Outside of this are damaged MLIR bytecode that
// MLIR's own reader does not survive, and text of more than 1000 levels of
// brackets, which is an error.)
//
// Modules. A function may have any number of attention operations, in scf.for,
// scf.if and scf.while too; it may call functions of the module, and return
// what it likes, its arguments, slices and the same result twice. On the CPU
// there may be operations of arith, math and linalg on tensors between them, on
// GPUs only views, slices and constants. Inputs are never written.
//
// Memory. What lies between operations is allocated during a call, from where
// simplicialSetAllocator (runtime.h) says, and freed in it;
// simplicialFunctionWorkspace says beforehand how much that is. Neither
// compiling nor calling takes much of the calling thread's stack: 64 KiB are
// enough.
//
// Threads. Every function here may be called from any thread at any time, on
// the same objects too; an object must outlive its uses.
//
// Targets. "cpu" and "cpu:native" are the processor this program runs on,
// "cpu:NAME" is what LLVM calls NAME of its architecture, such as
// "cpu:x86-64-v3", for objects that run elsewhere; "sm_80", "sm_86",
// "sm_89", "sm_90", "sm_90a", "sm_100" and "sm_120" are NVIDIA GPUs, and "cuda"
// is that of the current CUDA context (cuda.h), "cuda:N" that of device N.
// Several, with commas between as in "sm_80,sm_90a", are for kernels that run
// on each of them: their configuration is one, within the limits of all, and
// their machine code one for each, in one fatbin. Functions for a GPU take
// tensors in its memory, and run on the thread's stream (simplicialSetStream).
//
// Cache. What simplicialCompilerLoad and simplicialJit compile is also kept on
// disk, for later processes: in the folder $SIMPLICIAL_CACHE_DIR, else
// $XDG_CACHE_HOME/simplicial, else $HOME/.cache/simplicial. What is found there
// is what would be compiled now: from the same module, for the same target and
// processor, by the same builds of this library, of LLVM and of MLIR, with the
// same programs of the CUDA toolkit. Several processes may use a folder at
// once. It is of at most $SIMPLICIAL_CACHE_SIZE MiB (default: 256); what was
// not used for longest goes first. With 0 there is no cache. A file that is
// damaged or that another user could have written is not used, and a folder
// that cannot be used is not an error. The files are code that will run: keep
// others from writing as this user.

#ifndef SIMPLICIAL_COMPILER_H
#define SIMPLICIAL_COMPILER_H

#include "simplicial/object.h"
#include "simplicial/runtime.h"
#include <dlpack/dlpack.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Compiles into memory, and remembers what it compiled.
typedef struct SimplicialCompiler SimplicialCompiler;

/// A compiled module in memory; reference counted.
typedef struct SimplicialExecutable SimplicialExecutable;

/// A public function of an executable, which owns it.
typedef struct SimplicialFunction SimplicialFunction;

// Compiling -------------------------------------------------------------------

SIMPLICIAL_API SimplicialStatus
simplicialCompilerCreate(SimplicialCompiler **compiler);

/// Executables that were loaded live on until they are released. NULL is fine.
SIMPLICIAL_API void simplicialCompilerDestroy(SimplicialCompiler *compiler);

/// Compiles the module `source` (`length` bytes of MLIR text or bytecode) for
/// `target` into memory. The same source and target give the same executable
/// again without compiling, for as long as the compiler lives; one that is in
/// the cache on disk is not compiled either. `source_name` is
/// what diagnostics call the source. The caller owns a reference to the result.
SIMPLICIAL_API SimplicialStatus
simplicialCompilerLoad(SimplicialCompiler *compiler, const char *source,
                       size_t length, const char *source_name,
                       const char *target, SimplicialExecutable **executable);

typedef enum SimplicialEmit {
  SIMPLICIAL_EMIT_TILE,   ///< MLIR: the tile program
  SIMPLICIAL_EMIT_LLVM,   ///< LLVM IR, before LLVM's optimisations
  SIMPLICIAL_EMIT_OBJECT, ///< relocatable, position-independent object file
  SIMPLICIAL_EMIT_HEADER, ///< C and C++ header that declares what is in OBJECT
  // GPUs only:
  SIMPLICIAL_EMIT_GPU,    ///< MLIR: the GPU program, kernels and launches
  SIMPLICIAL_EMIT_NVVM,   ///< MLIR: the same, kernels in the NVVM dialect
  SIMPLICIAL_EMIT_PTX,    ///< PTX of the kernels, for one chip
  SIMPLICIAL_EMIT_CUBIN,  ///< their machine code, for one chip; needs ptxas
  SIMPLICIAL_EMIT_FATBIN, ///< machine code for all chips, and PTX for
                          ///< later ones; needs ptxas and fatbinary
  /// Text: what the kernels are predicted to cost on one chip. All sizes must
  /// be static; registers need ptxas.
  SIMPLICIAL_EMIT_ANALYSIS,
  /// Text, for CPUs too: of each kernel which instructions multiply, copy and
  /// store, what its strategy is, and why not another one.
  SIMPLICIAL_EMIT_EXPLANATION,
  SIMPLICIAL_EMIT_TVM_FFI, ///< shared library of OBJECT for TVM FFI; needs cc
} SimplicialEmit;

/// Compiles `source` as simplicialCompilerLoad does, and returns what `emit`
/// names as `*size` bytes at `*data`, which the caller frees with free().
///
/// An object defines `_mlir_ciface_NAME`
/// for each public function NAME, its description `_simplicial_function_NAME`
/// (object.h), `_simplicial_workspace_NAME`, where how much
/// a call allocates follows from sizes (simplicialFunctionWorkspace), and no
/// other external symbol. It needs libsimplicial_runtime, libc and libm. One
/// for a GPU embeds the kernels, as FATBIN does; what it defines runs on the
/// stream of simplicialSetStream, and leaves its status for
/// simplicialTakeLaunchStatus.
///
/// A library for TVM FFI has `__tvm_ffi_NAME` as well (tvm_ffi.h), and finds
/// libsimplicial_runtime beside itself, else where this process has it. It is
/// linked by the `cc` that is in PATH.
///
/// ptxas and fatbinary, programs of the CUDA toolkit, are looked for in PATH,
/// CUDA_HOME and /usr/local/cuda.
SIMPLICIAL_API SimplicialStatus simplicialCompile(
    const char *source, size_t length, const char *source_name,
    const char *target, SimplicialEmit emit, char **data, size_t *size);

/// What to show of a compilation on its way. What is compiled is the same.
typedef struct SimplicialTrace {
  /// Prints the module after each pass of this name, as a textual pipeline has
  /// it ("simplicial-tile", "cse"), or after "all", behind a line
  /// `// ---- after PASS (N of sequence SEQUENCE) ----`. NULL: after none. That
  /// no such pass runs is an error.
  const char *print_ir_after;
  /// A folder, which is created if it is missing, for a file of the module
  /// after each pass, `NN-PASS.mlir` in their order, and `module.ll`,
  /// `module.optimised.ll` and `module.o`; of kernels `NAME.ptx`,
  /// `NAME.cubin`, `NAME.fatbin`, and, if nvdisasm or cuobjdump is there,
  /// `NAME.sass`, NAME being their module's; where they are of several chips,
  /// `NAME.sm_80.cubin` and so on. Other than letters, digits, `_`, `-` and
  /// `.`, bytes of names are written as %XX. Files of these names are replaced,
  /// others stay. NULL: no files. That one cannot be written is an error.
  const char *save_temps;
  /// Prints a table of the time that parsing, each pass, LLVM's optimiser and
  /// code generation and each run of the CUDA toolkit's programs take, if all
  /// succeeds.
  bool timing;
  /// Gets what is printed, piece by piece, with `user`, from the thread that
  /// compiles. NULL: it goes to stderr.
  void (*print)(const char *text, size_t length, void *user);
  void *user;
} SimplicialTrace;

/// Compiles as simplicialCompile does, and shows what `trace` says. With NULL,
/// nothing.
SIMPLICIAL_API SimplicialStatus simplicialCompileTraced(
    const char *source, size_t length, const char *source_name,
    const char *target, SimplicialEmit emit, const SimplicialTrace *trace,
    char **data, size_t *size);

// Executables -----------------------------------------------------------------

SIMPLICIAL_API void
simplicialExecutableRetain(SimplicialExecutable *executable);

/// Unloads the code with the last reference. NULL is fine.
SIMPLICIAL_API void
simplicialExecutableRelease(SimplicialExecutable *executable);

SIMPLICIAL_API int
simplicialExecutableFunctionCount(const SimplicialExecutable *executable);

/// Functions are in the module's order.
SIMPLICIAL_API const SimplicialFunction *
simplicialExecutableFunction(const SimplicialExecutable *executable, int index);

/// The function of this name, or NULL.
SIMPLICIAL_API const SimplicialFunction *
simplicialExecutableLookup(const SimplicialExecutable *executable,
                           const char *name);

// Functions -------------------------------------------------------------------
//
// The arguments of a call are the function's inputs, then its results, which
// the caller allocates.

/// What an argument must be.
typedef struct SimplicialTensorType {
  DLDataType dtype;
  int rank;
  int64_t shape[SIMPLICIAL_MAX_RANK];
} SimplicialTensorType;

SIMPLICIAL_API const char *
simplicialFunctionName(const SimplicialFunction *function);
SIMPLICIAL_API int
simplicialFunctionInputCount(const SimplicialFunction *function);
SIMPLICIAL_API int
simplicialFunctionOutputCount(const SimplicialFunction *function);

/// Where the tensors of a call must be: kDLCPU or kDLCUDA.
SIMPLICIAL_API DLDeviceType
simplicialFunctionDevice(const SimplicialFunction *function);

/// The type of argument `index`, 0 <= index < inputs + outputs.
SIMPLICIAL_API SimplicialTensorType
simplicialFunctionArgument(const SimplicialFunction *function, int index);

/// Checks the `count` inputs and computes the shape of result `index` from
/// theirs, into `shape` (as many elements as the result's rank).
SIMPLICIAL_API SimplicialStatus simplicialFunctionOutputShape(
    const SimplicialFunction *function, DLTensor *const *inputs, int count,
    int index, int64_t *shape);

/// Calls the function with `count` = inputs + outputs arguments, and returns
/// when the results are written, or, on a GPU, when the kernels are launched on
/// the thread's stream.
///
/// Checked are each argument's device (memory that it can reach; a GPU's is the
/// current CUDA context's device's), element type, alignment to an element,
/// rank and dimensions, which must also agree with each other as the operations
/// in the function want it. Tensors may be strided (strides NULL: contiguous)
/// as long as their innermost stride is 1. Results must overlap nothing, which
/// is not checked; a strided one is written contiguously to memory from the
/// allocator, in addition to the workspace, and copied.
SIMPLICIAL_API SimplicialStatus simplicialFunctionCall(
    const SimplicialFunction *function, DLTensor *const *arguments, int count);

/// Calls as simplicialFunctionCall does, but a GPU's function on `stream` (a
/// CUstream or cudaStream_t) in its context, whatever the thread's stream and
/// context are, which stay. The default streams are those of the tensors'
/// device, see simplicialCudaEnter (cuda.h). For the CPU `stream` means
/// nothing.
SIMPLICIAL_API SimplicialStatus
simplicialFunctionCallOn(const SimplicialFunction *function,
                         DLTensor *const *arguments, int count, void *stream);

/// Loads a GPU's function for calls on `stream`, or, if that is a default one,
/// on CUDA device `device`, so that a first call does nothing but launch: one
/// that is captured into a CUDA graph. What it allocates is stream-ordered
/// memory, which graphs can hold. For the CPU there is nothing to do.
SIMPLICIAL_API SimplicialStatus simplicialFunctionPrepare(
    const SimplicialFunction *function, void *stream, int device);

/// Checks the `count` inputs and computes how many floating-point operations
/// the attention operations in a call with them need: 4 * D for each query,
/// head and allowed pair of keys (two products, a multiply and an add each).
/// Gradients do not count; pairs that a bound (attributes.h) leaves out do.
SIMPLICIAL_API SimplicialStatus
simplicialFunctionFlops(const SimplicialFunction *function,
                        DLTensor *const *inputs, int count, double *flops);

/// Checks the `count` inputs and computes how much memory a call with them gets
/// from the allocator (simplicialSetAllocator), at most: the sum of all its
/// allocations in bytes, each rounded up to a multiple of 64, and 64 for an
/// empty one. An arena of so many bytes, aligned to 64, is enough for the call
/// even if nothing is freed in it. The memory is of the kind that
/// simplicialFunctionDevice says. It is 0 for a function that is one attention;
/// a gradient has sums there. It does not count the host memory that threads
/// keep for tiles (simplicialParallelForWithScratch), and that of kernels'
/// code.
///
/// SIMPLICIAL_UNAVAILABLE where more than the inputs' sizes decides, as for
/// memory that is allocated in a loop.
SIMPLICIAL_API SimplicialStatus
simplicialFunctionWorkspace(const SimplicialFunction *function,
                            DLTensor *const *inputs, int count, int64_t *bytes);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_COMPILER_H
