# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled functions: one for each description, and how they are called with little overhead.

A call fills an array of 64-bit words, in which DLTensors point to their shapes and strides:

    | pointers to the tensors | tensor 0, its shape, its strides | tensor 1 ...

Arrays are kept for later calls. Where all but the addresses of elements is as it was, as in a loop, a call writes these
alone.
"""

import ctypes
import functools
import operator

from ._library import Attributes, DataType, Error, Spec, check, error_of, library

FORMS = {"trilinear": 0, "determinant": 1, "pairwise": 2}
OPERANDS = ("q", "k1", "k2", "v1", "v2")
BOUNDS = ("start", "lengths")  # of SimplicialBound 1 on
DYNAMIC = -1
_RANKS = {"lse": 3, "start": 2, "lengths": 1}  # of all others: 4
_MOST_RANK = 4
_WORDS = 6 + 2 * _MOST_RANK  # of a DLTensor, its shape and its strides

CPU, CUDA = 1, 2  # DLDeviceType
TYPES = {"float32": (2, 32), "float16": (2, 16), "bfloat16": (4, 16), "float64": (2, 64)}  # DLDataType
BOUND_TYPES = {"int32": (0, 32)}


def device_word(kind, index=0):
    """DLDevice, as one word."""
    return kind | index << 32


def type_word(code, bits, rank):
    """A DLTensor's rank and type, as one word."""
    return rank | code << 32 | bits << 40 | 1 << 48


class _Words:
    """The array of a call."""

    def __init__(self, count):
        self.array = (ctypes.c_int64 * (count * (1 + _WORDS)))()
        self.address = ctypes.addressof(self.array)
        self.places = [count + i * _WORDS for i in range(count)]  # of tensors, of which the first word is the address
        self.array[:count] = [self.address + 8 * place for place in self.places]
        self.layout = None  # that is in the array

    def describe(self, tensors):
        """Writes (device, type, shape, strides) of each."""
        for place, (device, kind, shape, strides) in zip(self.places, tensors):
            at = place + 6
            self.array[place + 1:at] = (device, kind, self.address + 8 * at, self.address + 8 * (at + _MOST_RANK), 0)
            self.array[at:at + len(shape)] = shape
            at += _MOST_RANK
            self.array[at:at + len(strides)] = strides


class Function:
    """A function that stays until the process ends. It may be called from any thread."""

    def __init__(self, pointer, names):
        self.names = names
        self._pointer = pointer
        self._call = library().simplicialFunctionCallOn
        self._ranks = [_RANKS.get(name, _MOST_RANK) for name in names]
        self._idle = []  # _Words that no call uses: taking and giving back are atomic

    def __call__(self, addresses, layout, describe, stream=None):
        """Calls with tensors at these addresses.

        `describe()` lists what they are: (device, type, shape, strides) of each of `names`, the first two as
        device_word() and type_word(), strides in elements. It is asked if `layout`, which says the same in whatever
        way, is another one than in an earlier call. `stream` is a GPU's, as a number.
        """
        try:
            words = self._idle.pop()
        except IndexError:
            words = _Words(len(self.names))
        if words.layout != layout:
            words.layout = None
            tensors = describe()
            self._check_ranks(tensors)
            words.describe(tensors)
            words.layout = layout
        for place, address in zip(words.places, addresses):
            words.array[place] = address
        status = self._call(self._pointer, words.address, len(addresses), stream)
        self._idle.append(words)
        if status.code:
            raise self._named(error_of(status))

    def _check_ranks(self, tensors):
        for name, (_, _, shape, _), rank in zip(self.names, tensors, self._ranks):
            if len(shape) != rank:
                raise Error(f"attention: {name} has rank {len(shape)} instead of {rank}")

    def _named(self, error):
        """The error with arguments by their names instead of their numbers."""
        text = str(error)
        inputs = (8 if "d_out" in self.names else 5) + any(name in BOUNDS for name in self.names)
        for i, name in enumerate(self.names):
            number = f"input {i}" if i < inputs else f"output {i - inputs}"
            text = text.replace(f": {number}: ", f": {name} ")
        return Error(text)


def one_bound(*bounds):
    """The name of the one of BOUNDS that is not None, and it; or None twice."""
    given = [(name, value) for name, value in zip(BOUNDS, bounds) if value is not None]
    if len(given) > 1:
        raise Error("attention: either start or lengths can be given, not both")
    return given[0] if given else (None, None)


def spec_of(dtype, sizes, attributes, lse, gradients, bound=None, second=None):
    """SimplicialAttentionSpec of a type (code, bits), sizes (B, Nq, N, Hq, Hk, D), the number of keys of k2 and v2 (None:
    N), and the rest as of get()."""
    w1, w2, causal, scale, form, k2_bias, v2_bias = attributes
    w1, w2 = (None if window is None else operator.index(window) for window in (w1, w2))
    for name, window in (("w1", w1), ("w2", w2)):
        if window is not None and window < 1:
            raise Error(f"attention: '{name}' must be at least 1, not {window}")
    if scale is not None and not scale > 0:
        raise Error(f"attention: 'scale' must be positive, not {scale}")
    if form not in FORMS:
        raise Error(f"attention: 'form' must be one of {', '.join(FORMS)}, not {form!r}")
    wanted = sum(1 << OPERANDS.index(name) for name in gradients)
    return Spec(DataType(*dtype, 1), *sizes,
                Attributes(w1 or 0, w2 or 0, causal, scale or 0, k2_bias, v2_bias, FORMS[form], second is not None),
                lse, wanted, 1 + BOUNDS.index(bound) if bound else 0, second or 0)


_functions = {}


@functools.lru_cache(1024)
def few(queries, *keys):
    """The number of queries, where a function of its own is faster, as in decoding; else DYNAMIC. `keys` are the lengths of
    k1 and k2."""
    return library().simplicialFewQueries(queries, max(keys))


def get(target, dtype, heads, attributes, lse=False, gradients=(), bound=None, queries=DYNAMIC, two_lengths=False):
    """The function for a target ("cpu", or "cuda:N" for device N), a type (code, bits), heads (Hq, Hk, D), attributes
    (w1, w2, causal, scale, form, k2_bias, v2_bias) and results: out, with `lse` lse as well, or the gradients of the
    named operands. The last input is `bound`, one of BOUNDS, if that is not None. `queries` is as of few(). With
    `two_lengths` k2 and v2 may have another N than k1 and v1."""
    key = target, dtype, heads, attributes, lse, gradients, bound, queries, two_lengths
    function = _functions.get(key)
    if function is None:
        pointer = ctypes.c_void_p()
        second = DYNAMIC if two_lengths else None
        spec = spec_of(dtype, (DYNAMIC, queries, DYNAMIC, *heads), attributes, lse, gradients, bound, second)
        check(library().simplicialAttentionFunction(spec, target.encode(), pointer))
        if target != "cpu":  # a call that a CUDA graph captures must not load
            check(library().simplicialFunctionPrepare(pointer, None, int(target.partition(":")[2])))
        last = (bound,) if bound else ()
        names = (*OPERANDS, *last, "out", "lse") if lse else (*OPERANDS, *last, "out")
        if gradients:
            names = (*OPERANDS, "out", "lse", "d_out", *last, *(f"d_{name}" for name in gradients))
        function = _functions[key] = Function(pointer.value, names)
    return function
