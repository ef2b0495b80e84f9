// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The GPUs that there are kernels for.

#ifndef SIMPLICIAL_LOWERING_GPU_TARGET_CHIP_H
#define SIMPLICIAL_LOWERING_GPU_TARGET_CHIP_H

#include "mlir-c/IR.h"

/// What the units of an SM do a clock, and what its blocks share.
typedef struct ChipRates {
  int sms, mhz;         ///< of the product that is meant
  int tensor, tensor32; ///< FLOP of products of 16-bit types, of tf32
  double mma;           ///< the share of these that mma.sync reaches
  int fma, alu, mufu;   ///< results of 32 bits
  int shared_bytes;     ///< shared memory and L1
  int l2_bytes;         ///< what an SM gets when all ask
  int memory_bytes;     ///< the same of what L2 does not have
  int threads, blocks;  ///< at most, on an SM
  int shared_capacity;  ///< of an SM
} ChipRates;

/// Clocks that both models of an SM have, for all chips. They are fitted to the
/// clocks that attentions of 1 to 128 heads take on an H100: a warp issues
/// every other clock, as if its code were fetched no faster, a wait for
/// products ends late, and looking up lines is a quarter slower than one in a
/// clock.
enum {
  CHIP_WARP_GAP = 2,       ///< from one instruction of a warp to the next
  CHIP_WGMMA_TAIL = 320,   ///< from a product to the end of a wait for it
  CHIP_COPY_LATENCY = 500, ///< of a copy to shared memory, behind its turn
};

/// The same of an SM, for a line that a load of L1's asks for.
#define CHIP_LINE 1.25

typedef struct Chip {
  const char *name; ///< in `simplicial.target`
  int major, minor; ///< compute capability
  bool only;        ///< its code runs on no other capability
  bool warpgroups;  ///< four warps multiply together: wgmma
  const char *ptx;  ///< LLVM's feature for the PTX version to write
  int shared_bytes; ///< shared memory that one block may have
  ChipRates rates;
} Chip;

/// The chips by compute capability, and behind them one without a name.
extern const Chip chips[];

enum { MAX_CHIPS = 8, CHIP_PROBLEM = 256 };

#define CHIP_NONE "cpu" ///< the value of `simplicial.target` that is no chip

/// The chips that one program is for, by compute capability; none: the CPU.
typedef struct ChipList {
  int n;
  const Chip *chips[MAX_CHIPS];
  MlirStringRef names; ///< as they were given
} ChipList;

/// How an SM's registers are shared by so many `blocks` on it, whose threads
/// are all launched with as many: a producer's thread keeps some, of the rest a
/// consumer's gets more. Together they are no more than there are. `spilled`
/// more may be on the stack, where enough blocks hide it.
typedef struct ChipShare {
  int64_t blocks;
  int32_t producer, consumer, spilled;
} ChipShare;

/// Of blocks of so many warpgroups, and a producer, if there is one, whose
/// threads need so many `registers`.
ChipShare chip_share(int64_t warpgroups, bool producer, int64_t registers);

/// Reads one name or several with commas between. If that fails, `problem` is
/// the reason; `others` are the targets that are no chips.
bool chip_list_parse(MlirStringRef names, const char *others, ChipList *list,
                     char problem[CHIP_PROBLEM]);

/// The most that a size of a tensor may be in kernels, where indices have 32
/// bits: half of their range is left for what is added.
enum { CHIP_MOST_INDEX = 1 << 30 };

/// What `op` is for, as the innermost `simplicial.target` around it says.
MlirLogicalResult chip_list_of(MlirOperation op, ChipList *list);

/// The same where it must be a GPU.
MlirLogicalResult chip_list_of_gpu(MlirOperation op, ChipList *list);

bool chip_list_has_warpgroups(const ChipList *list);

/// The first chip without them; NULL: there is none.
const Chip *chip_list_without_warpgroups(const ChipList *list);

/// The number in the list of the chip whose PTX is for later ones: the newest
/// that has code for others than itself, else the last.
int chip_list_ptx(const ChipList *list);

#endif // SIMPLICIAL_LOWERING_GPU_TARGET_CHIP_H
