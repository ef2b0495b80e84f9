# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs on tensors that know what they mean.

A Body is a list of operations, each of them MLIR text and, beside it, a Python function from the arrays of its operands
to those of its results. A Run says in which arithmetic these functions compute: exactly (float64), or as well as
compiled code must (float32, results rounded to their element types).
"""

import dataclasses
import pathlib
import sys

import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "numerics"))

from data import round_to  # noqa: E402

INDEX, I1 = "index", "i1"


@dataclasses.dataclass(frozen=True)
class Type:
    """A tensor type, and the sizes that its dimensions have when the program runs."""
    sizes: tuple
    element: str
    dynamic: tuple = None  # for each dimension, whether the type says `?`

    def __post_init__(self):
        if self.dynamic is None:
            object.__setattr__(self, "dynamic", (False,) * len(self.sizes))

    def __str__(self):
        dims = ["?" if dynamic else str(size) for size, dynamic in zip(self.sizes, self.dynamic)]
        return f"tensor<{'x'.join(dims + [self.element])}>"

    @property
    def rank(self):
        return len(self.sizes)

    @property
    def static(self):
        return not any(self.dynamic)

    @property
    def count(self):
        return int(np.prod(self.sizes))

    def resized(self, sizes):
        """The static type of the same elements with other sizes."""
        return Type(tuple(int(size) for size in sizes), self.element)

    def of(self, element):
        return dataclasses.replace(self, element=element)


@dataclasses.dataclass(frozen=True)
class Value:
    name: str
    type: object        # a Type, INDEX, I1 or the name of an element type
    known: bool = True  # its dynamic sizes follow from the function's arguments by attentions and casts alone

    @property
    def is_tensor(self):
        return isinstance(self.type, Type)


class Run:
    """The arithmetic of an interpretation, and what happened in it."""

    def __init__(self, exact=True, products="f32"):
        self.exact = exact
        self.products = products  # element type of products' operands where no configuration gives one
        self.finite = True        # every operand of an attention was

    @property
    def dtype(self):
        return np.float64 if self.exact else np.float32

    def store(self, x, element):
        """What a tensor of this element type holds of x."""
        x = np.asarray(x, self.dtype)
        return x if self.exact else round_to(element, x.reshape(-1)).reshape(x.shape)


class Body:
    """The operations of a region, and the values that are visible in it."""

    def __init__(self, module, values=(), indent=1):
        self.module, self.values, self.indent = module, list(values), indent
        self.lines, self.operations = [], []

    def line(self, text):
        self.lines.append("  " * self.indent + text)

    def fresh(self, type, known=True):
        value = Value(f"%x{self.module.count}", type, known)
        self.module.count += 1
        return value

    def nested(self, *arguments):
        """A region's body, which sees the values here and arguments of its own."""
        return Body(self.module, self.values + [a for a in arguments if a.is_tensor], self.indent + 1)

    def tensors(self, where=lambda type: True):
        return [value for value in self.values if value.is_tensor and where(value.type)]

    def add(self, text, operands, types, evaluate, feature=None, region=(), known=None, visible=True):
        """Appends an operation `text`, maybe with regions (lines of text), and returns its results.

        evaluate(run, *arrays of the operands) is the array of its result, or a tuple of them. `visible` says that
        other operations may take the results.
        """
        if known is None:
            static = [value.known for value in operands if value.is_tensor and not value.type.static]
            known = not static
        results = [self.fresh(type, known or getattr(type, "static", True)) for type in types]
        prefix = f"{', '.join(value.name for value in results)} = " if results else ""
        self.line(prefix + text + ("" if region else self.module.location()))
        self.lines += region
        if region:
            self.lines[-1] += self.module.location()
        if feature:
            self.module.features.add(feature)

        def operation(run, env):
            got = evaluate(run, *(env[value.name] for value in operands))
            for value, x in zip(results, got if isinstance(got, tuple) else (got,)):
                if value.is_tensor:
                    x = run.store(x, value.type.element)
                    assert x.shape == value.type.sizes, f"{text}: {x.shape} is not {value.type.sizes}"
                env[value.name] = x
        self.operations.append(operation)
        self.values += [value for value in results if visible and value.is_tensor]
        return results

    def one(self, *arguments, **keywords):
        return self.add(*arguments, **keywords)[0]

    def interpret(self, run, env):
        with np.errstate(all="ignore"):
            for operation in self.operations:
                operation(run, env)

    def index(self, number):
        return self.one(f"arith.constant {number} : index", [], [INDEX], lambda run: number)

    def scalar(self, number, element):
        literal = f"{float(number)!r}"
        return self.one(f"arith.constant {literal} : {element}", [], [element],
                        lambda run: run.store(number, element))

    def empty(self, type, like):
        """tensor.empty; its dynamic dimensions are those of `like` that have their sizes."""
        sizes = []
        for size, dynamic in zip(type.sizes, type.dynamic):
            if dynamic:
                sizes.append(self.dim(like, like.type.sizes.index(size)))
        return self.one(f"tensor.empty({', '.join(value.name for value in sizes)}) : {type}", sizes, [type],
                        lambda run, *_: np.full(type.sizes, np.nan), visible=False)

    def dim(self, value, number):
        at = self.index(number)
        return self.one(f"tensor.dim {value.name}, {at.name} : {value.type}", [value, at], [INDEX],
                        lambda run, x, _: x.shape[number])
