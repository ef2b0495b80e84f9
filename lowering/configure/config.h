// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tiling strategy of one operation, and the windows it is chosen for.

#ifndef SIMPLICIAL_LOWERING_CONFIGURE_CONFIG_H
#define SIMPLICIAL_LOWERING_CONFIGURE_CONFIG_H

#include "simplicial/attention.h"
#include "simplicial/dialect.h"

#include "mlir-c/IR.h"

/// The attribute `simplicial.config`, see simplicialCreateConfigurePass.
typedef struct Config {
  int64_t block_q;       ///< queries in a tile
  int64_t block_h;       ///< query heads in a tile
  int64_t block_j;       ///< outer keys in a tile; the product is its rows, or,
                         ///< over keys, with `by_pairs`, its columns; without,
                         ///< each outer key has rows of inner ones
  int64_t block_k;       ///< inner keys in a tile
  int64_t block_tail;    ///< and behind the whole tiles; 0: no other tiles
  int64_t tiles;         ///< inner tiles of a step, summed before V1
  int64_t block_last;    ///< inner keys of a step's last tile
  bool inner_stationary; ///< order "kj": inner tiles outside the loop over j
  bool local_outer;      ///< the outer window of a block in memory of its own
  bool lazy_rescale;     ///< scale sums only when a maximum has moved enough
  int64_t sum_columns;   ///< that rows' sums are kept in until the end
  int64_t stages;        ///< tiles of a ring of copies; 0: there are none
  bool producer;         ///< warps that only copy fill the rings
  bool split;            ///< keys' and values' gradients in programs of their
                         ///< own, their sums in memory of a block's own
  bool global_sums;      ///< these sums in global memory
  bool local_sums;  ///< what a block's queries add to outer keys' gradients
                    ///< is in memory of its own while they pass; of `keys`,
                    ///< what they add up to for outer keys, on its way
  bool local_rows;  ///< rows of inner keys and values are loaded once
  bool shared_left; ///< left operands that outer keys make in shared memory
  bool by_pairs;    ///< columns are pairs of outer keys and heads, whose own
                    ///< gradients are then the program's over queries
  int64_t turns;    ///< queries that a block takes one after the other, or that
                    ///< it has in memory of its own at once
  int64_t blocks;  ///< so many are wanted: where there are fewer, several share
                   ///< an inner window; of `keys`, so many run at once: where
                   ///< tiles are few for that, several share each; 0: none do
  int64_t queries; ///< of `few`: calls with so many of all sequences, or fewer,
                   ///< take it, too
  MlirType operand; ///< element type of the operands of products
} Config;

/// The most of any number, of `stages` and `tiles`, and of `queries`.
enum { CONFIG_MAX_BLOCK = 1024, CONFIG_MAX_STAGES = 8, CONFIG_MAX_TILES = 4 };
enum { CONFIG_MAX_QUERIES = 1 << 20 };

/// Of GPUs: keys of tiles are multiples of the matrix instructions' depth; a
/// thread has two of so many columns of a result.
enum {
  CONFIG_MAX_GPU_ROWS = 128,
  CONFIG_GPU_STEP = 16,
  CONFIG_GPU_COLUMNS = 8
};

/// The rows of a tile.
int64_t config_rows(const Config *config);

/// Of a program over keys, the columns of a tile, and its rows.
int64_t config_columns(const Config *config);
int64_t config_key_rows(const Config *config);

/// The programs of an operation, each with a strategy. An attention has one,
/// whose entries are simplicial.config's own, and, if there may be few queries
/// or many, another one with a dictionary; a gradient has two, with a
/// dictionary each.
typedef enum ConfigPart {
  CONFIG_FORWARD, ///< out, lse
  CONFIG_FEW,     ///< "few": the same, of few queries
  CONFIG_QUERY,   ///< "query": the gradient of q
  CONFIG_KEYS,    ///< "keys": the gradients of keys and values
} ConfigPart;

/// Reads what `simplicial.config` has, if there is one; diagnoses entries that
/// are not what they must be.
MlirLogicalResult config_read(MlirOperation op, ConfigPart part,
                              Config *config);

/// Reads a complete strategy; diagnoses a missing or wrong one.
MlirLogicalResult config_get(MlirOperation op, ConfigPart part, Config *config);

/// Whether an attention's `simplicial.config` has a strategy for few queries.
bool config_has_few(MlirOperation op);

/// The dictionary of a part as it is; null: there is none.
MlirAttribute config_dictionary(MlirOperation op, ConfigPart part);

/// Whether the operation's `simplicial.config` has the entry.
bool config_has(MlirOperation op, ConfigPart part, const char *entry);

/// Whether all entries have values.
bool config_is_complete(const Config *config, ConfigPart part);

/// Writes an attention's; `few` may be NULL.
void config_write(MlirOperation op, const Config *config, const Config *few);
/// Writes a gradient's.
void config_write_grad(MlirOperation op, const Config *query,
                       const Config *keys);

/// Gives the entries that only GPUs have choices of what they are on CPUs.
void config_set_for_cpu(ConfigPart part, Config *config);

/// Diagnoses what CPUs have no code for.
MlirLogicalResult config_check_for_cpu(MlirOperation op, ConfigPart part,
                                       const Config *config);

/// Diagnoses numbers that are none of matrix instructions of the `target`.
MlirLogicalResult config_check_steps(MlirOperation op, const Config *config,
                                     MlirStringRef target);

/// The inner keys of a step.
int64_t config_step(const Config *config);

#endif // SIMPLICIAL_LOWERING_CONFIGURE_CONFIG_H
