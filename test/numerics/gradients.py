# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs groups of cases (gradients_cases.py) through simplicial-run and checks every gradient against float64.

As run.py does for attention, of which out and lse are given in float64 and rounded to their types: only the gradients
are computed by what is tested.
"""

import sys

import data
import run
from gradients_cases import ALL, GROUPS
from gradients_check import check


def module(case, target):
    """A module with a function @f that returns the gradients that the case wants."""
    q, k1, k2, lse = run.types(case).values()
    result = dict(zip(ALL.split(), (q, k1, k2, k1, k2)))
    returned = case.grads.split()
    return f"""\
func.func @f(%q: {q}, %k1: {k1}, %k2: {k2}, %v1: {k1}, %v2: {k2}, %out: {q}, %lse: {lse}, %d_out: {q}{run.bound(case, "argument")})
    -> ({', '.join(result[name] for name in returned)}) {{
  %d_q, %d_k1, %d_k2, %d_v1, %d_v2 = "simplicial.attention_grad"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out{run.bound(case, "value")})
    {{{run.attributes(case, target, {'query': case.query, 'keys': case.keys})}}}
    : ({q}, {k1}, {k2}, {k1}, {k2}, {q}, {lse}, {q}{run.bound(case, "type")}) -> ({', '.join(result.values())})
  return {', '.join('%d_' + name for name in returned)} : {', '.join(result[name] for name in returned)}
}}
"""


GRADIENTS = run.Operation(GROUPS, data.make_gradient, module, check, "grads")


if __name__ == "__main__":
    sys.exit(run.main(__doc__, GRADIENTS))
