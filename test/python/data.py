# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tests of the package share: inputs, the float64 references of test/numerics, and how near results are."""

import pathlib
import sys

import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "numerics"))

from gradients_reference import attention_grad  # noqa: E402
from reference import attention  # noqa: E402

NAMES = ("q", "k1", "k2", "v1", "v2")
# Of inputs(): documents, in the second sequence behind keys that no query sees.
START = np.array([[0, 0, 0, 3, 3, 3, 3, 7, 7], [3, 3, 3, 3, 3, 3, 6, 6, 6]], np.int32)
LENGTHS = np.array([9, 7], np.int32)
# Norm of the difference over the norm: a few roundings of the type.
NEAR = {"float32": 2e-6, "float16": 1e-3, "bfloat16": 8e-3}


def inputs(b=2, nq=6, n=9, hq=4, hk=2, d=16, dtype=np.float32, seed=0, n2=None):
    """q, k1, k2, v1, v2; of k2 and v2 there are n2 keys, or n."""
    random = np.random.default_rng(seed)
    shapes = [(b, nq, hq, d)] + 2 * [(b, n, hk, d), (b, n if n2 is None else n2, hk, d)]
    return [random.standard_normal(shape).astype(dtype) for shape in shapes]


def error(got, want):
    return np.linalg.norm(np.asarray(got, np.float64) - want) / np.linalg.norm(want)


def assert_near(test, got, want, dtype="float32"):
    test.assertEqual(tuple(got.shape), want.shape)
    test.assertLess(error(got, want), NEAR[dtype])


__all__ = ["NAMES", "NEAR", "LENGTHS", "START", "assert_near", "attention", "attention_grad", "error", "inputs"]
