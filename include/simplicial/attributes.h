// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an attention is told besides its tensors, and the numbers of those. The
// first comment of dialect.h has the formulas.

#ifndef SIMPLICIAL_ATTRIBUTES_H
#define SIMPLICIAL_ATTRIBUTES_H

#include <stdbool.h>
#include <stdint.h>

typedef enum SimplicialForm {
  SIMPLICIAL_TRILINEAR,
  SIMPLICIAL_DETERMINANT,
  SIMPLICIAL_PAIRWISE,
} SimplicialForm;

/// Zero-initialised they say what an operation without attributes says.
typedef struct SimplicialAttentionAttributes {
  int64_t w1;    ///< window of k1 and v1 in keys; 0: none
  int64_t w2;    ///< window of k2 and v2 in keys; 0: none
  bool causal;   ///< keys after the query's position are not attended to
  float scale;   ///< of the logits, positive; 0: 1/sqrt(D)
  float k2_bias; ///< added to every element of k2
  float v2_bias; ///< added to every element of v2
  SimplicialForm form;
  bool two_lengths; ///< k2 and v2 may have another N than k1 and v1 have
} SimplicialAttentionAttributes;

/// The operand, of i32, that bounds what queries see beside their windows.
typedef enum SimplicialBound {
  SIMPLICIAL_NO_BOUND,
  SIMPLICIAL_START, ///< [B, N]: for the query at each position the first key
                    ///< that it may see. Documents that do not see each other.
                    ///< With two lengths of keys N is a third one
  SIMPLICIAL_LENGTHS, ///< [B]: how many of the keys each sequence has, to whose
                      ///< end its queries are aligned
} SimplicialBound;

/// Operand numbers of the operations. A bound is the last operand.
enum SimplicialAttentionOperand {
  SIMPLICIAL_Q,
  SIMPLICIAL_K1,
  SIMPLICIAL_K2,
  SIMPLICIAL_V1,
  SIMPLICIAL_V2,
  SIMPLICIAL_OUT,   ///< attention_into and the gradients' operations
  SIMPLICIAL_LSE,   ///< the same; attention_into may have none
  SIMPLICIAL_D_OUT, ///< the gradients' operations
};

#endif // SIMPLICIAL_ATTRIBUTES_H
