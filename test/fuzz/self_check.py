# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the generator, its interpreter and the verdicts: each must reject what is wrong and accept what is right."""

import os
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import numpy as np  # noqa: E402

from generate import generate  # noqa: E402
from operations import BUILDERS  # noqa: E402
from program import Body, Run, Type, Value  # noqa: E402
from verdict import ON_CPUS, Outcome, compare_results, judge  # noqa: E402

import data  # noqa: E402, of test/numerics, like the next one
from reference import attention  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SEEDS = range(400)


def check_same_module():
    """Whatever Python's hashes are."""
    for seed in range(0, 40, 5):
        texts = {subprocess.run([sys.executable, HERE / "generate.py", str(seed)], capture_output=True, check=True,
                                env=dict(os.environ, PYTHONHASHSEED=str(hashes))).stdout for hashes in (1, 2)}
        assert len(texts) == 1, seed
    assert len({generate(seed).text for seed in SEEDS}) == len(SEEDS)


def check_spread(modules):
    """Every kind and feature is there, and enough modules that must work."""
    kinds = [module.kind for module in modules]
    assert all(kinds.count(kind) > len(kinds) / 20 for kind in ("plain", "program", "faulty", "mutated")), kinds
    features = set().union(*(module.features for module in modules))
    assert ON_CPUS <= features, ON_CPUS - features
    assert sum(module.expect == "valid" and module.features <= ON_CPUS for module in modules) > len(modules) / 3


def check_reference(modules):
    """One attention is interpreted as test/numerics computes it."""
    plain = [module for module in modules if module.kind == "plain"]
    for module in plain:
        want = dict(zip(("out", "lse"), attention(*(x for x, _, _ in module.inputs), **data.options(module.case))))
        for name, got in zip(module.case.results.split(), module.interpret(Run())):
            np.testing.assert_allclose(got, want[name], rtol=1e-12, atol=1e-12)
    assert len(plain) > 40


def small(text_part, build, *arrays):
    """The results of one operation, built by `build` on tensors that hold the arrays."""
    module = generate(0)
    module.located = False
    values = [Value(f"%a{i}", Type(x.shape, "f32")) for i, x in enumerate(arrays)]
    body = Body(module, values)
    results = build(body, *values)
    assert text_part in "\n".join(body.lines), body.lines
    env = dict(zip((value.name for value in values), arrays))
    body.interpret(Run(), env)
    return [env[value.name] for value in results]


class Fixed:
    """Draws that a test has chosen: random() is always 0, choice() the first or what is asked for."""

    def __init__(self, *choices):
        self.choices = list(choices)

    def choice(self, values):
        for wanted in self.choices:
            if any(wanted is value or (isinstance(value, (str, int)) and wanted == value) for value in values):
                return wanted
        return values[0]

    random = staticmethod(lambda: 0.0)
    expovariate = staticmethod(lambda rate: 0.0)
    randrange = staticmethod(lambda stop: stop - 1)
    randint = staticmethod(lambda low, high: high)
    sample = staticmethod(lambda values, count: list(values)[::-1][:count])


def check_by_hand():
    """Operations whose results are written out here."""
    x = np.arange(6.0).reshape(2, 3)

    def built(name, *choices):
        def build(body, *values):
            BUILDERS[name](Fixed(*choices), body)
            return [body.tensors()[-1]]
        return build
    same = lambda got, want: np.testing.assert_array_equal(got[0], want)
    same(small("arith.subf", built("elementwise", "arith.subf"), x), np.zeros((2, 3)))
    same(small("permutation = [1, 0]", built("named", "transpose"), x), [[0, 3], [1, 4], [2, 5]])
    same(small("linalg.reduce { arith.addf }", built("named", "reduce", "arith.addf"), x), [3 - 4, 12 - 4])
    same(small("linalg.matmul", built("matmul"), x), [[5, 14], [14, 50]])
    same(small("tensor.extract_slice", built("extract_slice"), x), [2, 5])  # without its dimension of size 1
    same(small("tensor.concat dim(1)", built("concat"), x), [[0, 1, 2, 0, 1, 2], [3, 4, 5, 3, 4, 5]])
    same(small("tensor.expand_shape", built("reshape", 2), x), [[0, 1, 2], [3, 4, 5]])


def check_numbers(modules):
    """Plain arithmetic is right; a result that is shifted, spoilt, of another shape or missing is wrong."""
    accepted = rejected = 0
    for module in modules:
        if module.expect != "valid":
            continue
        exact, plain = Run(), Run(exact=False)
        module.interpret(exact)
        got = [x.astype(np.float16) if value.type.element == "f16" else x.astype(np.float32)
               for value, x in zip(module.main.results, module.interpret(plain))]
        problem = compare_results(module, got, "f32")
        assert not problem, f"seed {module.seed}: {problem}"
        accepted += 1
        if not (exact.finite and plain.finite):
            continue

        def rejects(spoilt):
            assert compare_results(module, spoilt, "f32"), f"seed {module.seed}"
        rejects(got[:-1])
        rejects([x[None] for x in got])
        rejects([x.astype(np.float64) for x in got])
        rejected += 3
        for i, x in enumerate(got):
            if not x.size or not np.isfinite(x).all():
                continue
            others = got[:i], got[i + 1:]
            spoilt = x.copy().reshape(-1)
            spoilt[-1] = np.nan
            rejects([*others[0], spoilt.reshape(x.shape), *others[1]])
            shifted = np.roll(x.reshape(-1), 1).reshape(x.shape)
            # Results that are nearly constant stay the same when they are shifted.
            if np.linalg.norm(shifted.astype(float) - x) > 0.1 * np.linalg.norm(x.astype(float)):
                rejects([*others[0], shifted, *others[1]])
                rejected += 1
            rejected += 1
    assert accepted > 150 and rejected > 800, (accepted, rejected)
    return accepted, rejected


def check_verdicts(modules):
    """A process may end well or with one error, and no other way."""
    works = next(m for m in modules if m.expect == "valid" and m.features <= ON_CPUS)
    optional = next(m for m in modules if m.expect == "valid" and not m.features <= ON_CPUS)
    faulty = next(m for m in modules if m.expect == "diagnosed")
    mutated = next(m for m in modules if m.expect == "anything")
    error = "f.mlir:1:2: error: no\n"
    refused = Outcome(1, "", error + "f.mlir:1:2: note: here\n")
    good = Outcome(0)
    right, wrong = (lambda: ""), (lambda: "other numbers")
    judged = [
            (works, good, right, "right"), (works, good, wrong, "failed"), (works, refused, right, "failed"),
            (optional, refused, right, "diagnosed"), (optional, good, wrong, "failed"), (optional, good, right, "right"),
            (faulty, refused, right, "diagnosed"), (faulty, good, right, "failed"),
            (mutated, refused, right, "diagnosed"), (mutated, good, right, "unchecked"), (mutated, good, wrong, "failed")]
    for module, outcome, compare, want in judged:
        assert judge(module, ON_CPUS, outcome, compare)[0] == want, (module.kind, outcome, want)
    never = [Outcome(-11), Outcome(-6, "", error), Outcome(139), Outcome(None), Outcome(2, "", error), Outcome(3),
             Outcome(1), Outcome(1, "", error + error), Outcome(1, "", "failed\n"), Outcome(1, "x", error),
             Outcome(1, "", error, ("out",)), Outcome(1, "", error + "note: more\n" * 20),
             Outcome(1, "", "LLVM ERROR: out of memory\n" + error), Outcome(0, "", "Stack dump:\n"),
             Outcome(1, "", "a: error: x.cpp:3: f: Assertion `p' failed.\n"), Outcome(0, "", "remark\n"),
             Outcome(1, "", "f.mlir:1:1: error: 'memref.alloc' op symbol operand count\n"),
             Outcome(1, "", "f.mlir:1:1: error: failed to legalize operation 'x.y'\n")]
    for outcome in never:
        for module in (works, optional, faulty, mutated):
            assert judge(module, ON_CPUS, outcome, right)[0] == "failed", outcome
    return len(judged) + 4 * len(never)


def check_bad_tools():
    """The whole of run.py with tools that are no good: all refuse, crash, or leave their inputs changed."""
    tools = {"refuses": "echo 'f.mlir:1:1: error: no' >&2; exit 1", "crashes": "kill -SEGV $$", "does nothing": "exit 0",
             "hangs": "sleep 60", "changes its input": 'for a; do case $a in *f.mlir) echo >> "$a";; esac; done; exit 1'}
    for what, script in tools.items():
        with tempfile.TemporaryDirectory() as folder:
            bin = pathlib.Path(folder) / "bin"
            bin.mkdir()
            for name in ("simplicial-run", "simplicial-compile", "simplicial-opt"):
                (bin / name).write_text(f"#!/bin/bash\n{script}\n")
                (bin / name).chmod(0o755)
            done = subprocess.run([sys.executable, HERE / "run.py", "--build", folder, "--count", "12", "--timeout", "1",
                                   "--only", "compile", "--brief"], capture_output=True, text=True)
            tally = done.stdout.splitlines()[-1]
            assert done.returncode == 1 and " 0 right" in tally and not tally.endswith(" 0 failed"), (what, done)
    return len(tools)


def main():
    modules = [generate(seed) for seed in SEEDS]
    check_same_module()
    check_spread(modules)
    check_reference(modules)
    check_by_hand()
    accepted, rejected = check_numbers(modules)
    verdicts, tools = check_verdicts(modules), check_bad_tools()
    print(f"{accepted} results accepted, {rejected} rejected, {verdicts} verdicts, {tools} bad tools found")


main()
