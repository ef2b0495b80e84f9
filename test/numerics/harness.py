# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the programs share that run cases through simplicial-run: arguments, processes, and counting what came of them."""

import argparse
import contextlib
import os
import pathlib
import shlex
import subprocess
import tempfile

import numpy as np

SECONDS = 120  # that a process may take


class Failure(Exception):
    """Why there is no result."""


def arguments(doc, what):
    """A parser of the arguments that all have, about cases that are called `what`."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--tool", default="simplicial-run", help="simplicial-run to test")
    parser.add_argument("--match", default="", help=f"run only the {what} whose description contains this")
    parser.add_argument("--expect", type=int, help=f"how many {what} there must be")
    parser.add_argument("--third", type=int, choices=(1, 2, 3), help=f"run only every third of the {what}, from this one on")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the last one's files in this folder")
    return parser


def finish(command, seed=0, cache=None):
    """The process of a command once it has ended; the seed is the emulator's, the cache a folder for what it compiles."""
    environment = dict(os.environ, SIMPLICIAL_EMULATOR_SEED=str(seed))
    if cache:
        environment.update(SIMPLICIAL_CACHE_DIR=str(cache), SIMPLICIAL_CACHE_SIZE="64")
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=environment)
    except subprocess.TimeoutExpired:
        raise Failure(f"no result after {SECONDS} s") from None


def succeed(command, seed=0, cache=None):
    """The same, of one that must succeed."""
    done = finish(command, seed, cache)
    if done.returncode:
        raise Failure(f"{shlex.join(map(str, command))}\nexit status {done.returncode}: {done.stderr[-4000:]}")
    return done


def execute(command, outputs, seed=0):
    """The arrays that simplicial-run leaves in these files; beside them is what it compiled, for the next time."""
    for path in outputs:
        path.unlink(missing_ok=True)
    succeed([*command, *(f"--output=@{path}" for path in outputs)], seed, outputs[0].parent / "cache")
    return [np.load(path) for path in outputs]


@contextlib.contextmanager
def folder(keep):
    """`keep`, or one that is gone afterwards."""
    with tempfile.TemporaryDirectory() as temporary:
        path = keep or pathlib.Path(temporary)
        path.mkdir(parents=True, exist_ok=True)
        yield path


def chosen(cases, arguments):
    """Those of a list of cases that are to be run."""
    return cases[arguments.third - 1::3] if arguments.third else cases


def report(run, cases, what, arguments):
    """Runs the cases that are to be run and prints their lines, of which those of right ones start with "ok ", and counts
    them; the exit status."""
    count = failures = 0
    for case in chosen(cases, arguments):
        line = run(case)
        count += 1
        failures += not line.startswith("ok ")
        print(line, flush=True)
    print(f"{count} {what}, {failures} failed")
    if arguments.expect is not None and arguments.expect != len(cases):
        print(f"expected {arguments.expect} {what}")
        failures += 1
    return 1 if failures or not count else 0
