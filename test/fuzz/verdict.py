# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What came of a process that a module was given to, and whether that may be."""

import dataclasses
import math
import re
import signal

import numpy as np

from program import Run

from check import Verdict, check, relative_error  # of test/numerics

# What must work wherever a module has no other feature than these. Everything else may be diagnosed.
EVERYWHERE = {"view", "insert", "cast", "loop", "branch", "call", "result twice", "input returned", "nested module",
              "several attentions", "several functions", "name that is not C's", "window in parts"}
ON_CPUS = EVERYWHERE | {"elementwise", "math", "linalg", "constant", "config for cpu"}
# What outputs cannot say: one file holds the kernels of one attention, which is a single launch.
NOT_IN = {output: {"several functions", "several attentions", "call", "window in parts"}
          for output in ("ptx", "cubin", "fatbin")}

# Marks of a process that did not end as it should, and of messages that are not for users.
CRASHES = re.compile(r"LLVM ERROR|Assertion|Stack dump|PLEASE submit|terminate called|runtime error:|Sanitizer|"
                     r"UNREACHABLE|Traceback|double free|corrupted")
INSIDES = re.compile(r"'(?:memref|bufferization|llvm|cf|vector|gpu|nvvm|builtin\.unrealized\w*)\.\w+' op|"
                     r"failed to legalize|explicitly marked illegal|unrealized_conversion_cast|LLVM Translation|"
                     r"Dialect `\w+' not found")
MOST_LINES = 12


@dataclasses.dataclass
class Outcome:
    """How a process ended."""
    code: int              # exit status, negative: by a signal; None: it took too long
    stdout: str = ""
    stderr: str = ""
    left: tuple = ()       # names of files that it made
    results: list = None   # the arrays in them


def unwanted(outcome, text, lines):
    """What no process may do, whatever the module is; "" if it did none of it. A failure has at most `lines` lines."""
    if outcome.code is None:
        return "no end in time"
    if outcome.code < 0 or outcome.code > 128:
        return f"ended by {signal.Signals(-outcome.code if outcome.code < 0 else outcome.code - 128).name}"
    crash = CRASHES.search(outcome.stderr)
    if crash:
        return f"crash: {crash[0]}: {outcome.stderr.strip()}"
    if outcome.code == 0:
        return f"success, but says: {outcome.stderr}" if outcome.stderr else ""
    if outcome.code != 1:
        return f"exit status {outcome.code}"
    errors = outcome.stderr.count("error: ")
    if errors != 1:
        return f"{'more than one' if errors else 'no'} error: {outcome.stderr.strip()}"
    if outcome.stdout:
        return "failed, but writes to stdout"
    if outcome.left:
        return f"failed, but leaves {', '.join(outcome.left)}"
    if len(outcome.stderr.splitlines()) > lines:
        return f"more than {lines} lines of errors"
    inside = INSIDES.search(outcome.stderr)
    if inside and inside[0] not in text:
        return f"a message from inside the compiler: {inside[0]}: {outcome.stderr.strip()}"
    return ""


def judge(module, must, outcome, compare):
    """(verdict, reason): "right", "unchecked", "diagnosed" or "failed".

    `must` are the features that must work, or None where anything may be refused; compare() says what is wrong with the
    outputs, "" if nothing.
    """
    # Of passes, upstream prints whole operations.
    problem = unwanted(outcome, module.text, math.inf if must is None else MOST_LINES)
    if problem:
        return "failed", problem
    unknown = module.expect == "anything" or must is None
    if outcome.code:
        works = not unknown and module.expect == "valid" and module.features <= must
        return ("failed", "must work: " + outcome.stderr.strip()) if works else ("diagnosed", outcome.stderr.strip())
    if module.expect == "diagnosed" and not unknown:
        return "failed", "accepted: " + module.note
    problem = compare()
    if problem:
        return "failed", "wrong: " + problem
    return ("unchecked" if unknown else "right"), ""


# Numbers --------------------------------------------------------------------------------------------------------------

# Relative errors (norm over norm) that rounding alone makes, of results in each type.
LEAST = {"f32": 1e-5, "f16": 5e-4, "bf16": 4e-3}


def close(name, got, exact, plain, element, verdict):
    """Compares one result with what it is exactly and what plain arithmetic gives."""
    verdict.require(got.dtype == (np.float16 if element == "f16" else np.float32), f"{name} has type {got.dtype}")
    if got.shape != exact.shape:
        verdict.problems.append(f"{name} has shape {got.shape}, not {exact.shape}")
        return
    got = got.astype(np.float64)
    finite = np.isfinite(exact)
    # What overflows in the result's type only is not looked at.
    seen = np.isfinite(plain) == finite
    wrong = np.argwhere(seen & (np.isfinite(got) != finite))
    verdict.require(not len(wrong), f"{name} is finite where it should not be or the reverse, {len(wrong)} times, "
                                    f"first at {wrong[:1].tolist()}")
    special = seen & ~finite
    verdict.require(np.array_equal(got[special], exact[special], equal_nan=True) or len(wrong),
                    f"{name} has another inf or nan")
    keep = lambda x: np.where(seen & finite & np.isfinite(got), x, 0)
    limit = 4 * relative_error(keep(plain), keep(exact)) + LEAST[element]
    # Of what is 0, or nearly, nothing is left but the rounding of larger numbers.
    norm = max(np.linalg.norm(keep(exact)), 1e-2 * math.sqrt(exact.size))
    verdict.at_most(name, np.linalg.norm(keep(got) - keep(exact)) / norm if norm else 0.0, limit)


def compare_results(module, got, products):
    """What is wrong with the arrays `got`; "" if nothing. `products` is what a target rounds products' operands to where
    no configuration says it."""
    if len(got) != len(module.main.results):
        return f"{len(got)} results, not {len(module.main.results)}"
    if module.case and module.case.results:
        x = {name: value for name, (value, _, _) in zip(("q", "k1", "k2", "v1", "v2"), module.inputs)}
        return "; ".join(check(module.case, x, dict(zip(module.case.results.split(), got)),
                               module.case.operand or products).problems)
    exact, plain = Run(), Run(exact=False, products=products)
    exact_results, plain_results = module.interpret(exact), module.interpret(plain)
    if not (exact.finite and plain.finite):
        return ""  # what an attention makes of nan and inf is not compared here
    verdict = Verdict()
    for i, (value, result) in enumerate(zip(module.main.results, got)):
        close(f"result {i}", result, exact_results[i], plain_results[i], value.type.element, verdict)
    return "; ".join(verdict.problems)
