# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks and times gradients, for run.py, which starts this in a process of its own.

A kernel that fails may take the process's context with it, or never end. So each step is announced, and run.py begins
a new process behind a step that does not end. What is announced are lines of JSON behind an "@".
"""

import argparse
import concurrent.futures
import functools
import json
import multiprocessing
import os
import pathlib
import statistics
import sys
import time

import torch
from triton.errors import TritonError

import reference
import triton_backward
import triton_peer
from cases import EXECUTED, Case
from kernels import Kernel
from run import Results, Simplicial, is_right, measure, tensors

COMPILE_SECONDS = 80  # what does not compile in this time takes no part
FINALISTS = 2


def announce(**what):
    print("@" + json.dumps(what), flush=True)


class Sets:
    """Copies of a case's tensors: (inputs, results) of forward and of backward."""

    def __init__(self, case):
        self.forward = tensors(case)
        self.backward = [([*inputs, *results, torch.randn_like(inputs[0])], [torch.empty_like(x) for x in inputs])
                         for inputs, results in self.forward]


def once(launch):
    """Milliseconds of a call, behind one that is not timed."""
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    launch()
    start.record()
    launch()
    end.record()
    end.synchronize()
    return start.elapsed_time(end)


def time_ours(results, folder, case, right):
    """Forward and backward of a case, each checked first; `right` has what is known of kernels. Backward is timed on
    what forward returns."""
    forward = Simplicial(folder, [case])
    gradient = Kernel(folder / f"{case.kernel}.so", "g")

    def function(inputs, outputs):
        gradient.bind(inputs, outputs)()
        gradient.check()

    if case.kernel not in right:
        forward.check(results, case, reference.checks(case))
        right[case.kernel] = (forward.right[case.kernel] and
                              is_right(results, Simplicial.name, case, reference.gradient_checks(case), function))
    if not right[case.kernel]:
        return
    forward.right[case.kernel] = True
    sets = Sets(case)
    measured = forward.time(results, case, sets.forward)
    torch.cuda.synchronize()
    launches = [gradient.bind(*one) for one in sets.backward]
    backward = measure(launches, results.repetitions)
    gradient.check()
    results.add_gradient(Simplicial.name, case, measured, backward, EXECUTED)


# Triton ---------------------------------------------------------------------------------------------------------------


# Those of its configurations of forward that are the best for some of these cases.
FORWARD = [triton_peer.Config(*values, True)
           for values in ((64, 64, 4, 2), (64, 64, 4, 3), (128, 64, 8, 3), (64, 128, 4, 3))]


def is_of_peer(case):
    return (case.Hk, case.w1, case.w2) == (1, 32, 512)


def forward_configs(case):
    group = case.Hq // case.Hk
    return [config for config in FORWARD if config.block_h <= group] or triton_peer.configs(group)[:4]


class Triton:
    name = "triton"

    def __init__(self, cases):
        """Compiles what they need, in other processes. Nothing is timed meanwhile."""
        self.unusable, self.ranked, self.right = {}, {}, {}
        wanted = {}
        for case in cases:
            dtype, group = reference.TYPES[case.dtype], case.Hq // case.Hk
            for config in forward_configs(case):
                wanted[dtype, case.D, config] = triton_peer.compile_config
            for kernel in triton_backward.KERNELS:
                for config in triton_backward.configs(kernel, group):
                    wanted[dtype, case.D, config] = triton_backward.compile_config
        workers = min(16, len(os.sched_getaffinity(0)))
        pool = concurrent.futures.ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))
        jobs = {pool.submit(function, *key): key for key, function in wanted.items()}
        done, late = concurrent.futures.wait(jobs, COMPILE_SECONDS)
        for job in late:
            self.unusable[jobs[job]] = f"does not compile in {COMPILE_SECONDS} s"
        for job in done:
            problem = job.exception() or job.result()
            if problem:
                self.unusable[jobs[job]] = str(problem)
        pool.shutdown(wait=False, cancel_futures=True)
        print(f"{self.name:<12} {len(wanted)} configurations, {len(self.unusable)} do not compile",
              *[f"(such as: {problem.splitlines()[0]})" for problem in list(self.unusable.values())[:1]], flush=True)

    def fastest(self, case, configs, launch):
        """The configurations that the device can hold, the fastest first."""
        times = {}
        for config in configs:
            if (reference.TYPES[case.dtype], case.D, config) not in self.unusable:
                try:
                    times[config] = once(functools.partial(launch, config))
                except TritonError:  # too much shared memory
                    pass
        if not times:
            raise RuntimeError("no configuration is usable")
        return sorted(times, key=times.get)

    def rank(self, case, kernel):
        """The best few of a kernel of backward on a small problem with the case's heads, dimension and type."""
        key = (kernel, case.dtype, case.D, case.Hq, case.Hk)
        if key not in self.ranked:
            small = Case("", 1, 2048, case.Hq, case.Hk, case.D, case.dtype, case.w1, case.w2)
            configs = triton_backward.configs(kernel, case.Hq // case.Hk)
            self.ranked[key] = self.fastest(small, configs, self.launcher(small, Sets(small)))[:FINALISTS]
        return self.ranked[key]

    @staticmethod
    def launcher(case, sets):
        """Launches one kernel of backward."""
        inputs, outputs = sets.backward[0]
        # Nothing made them so far; with these, all is finite.
        inputs[5].copy_(inputs[0])
        inputs[6].fill_(20)
        buffers = triton_backward.Buffers(inputs[0])
        triton_backward.prepare(inputs, buffers)
        return lambda config: triton_backward.launch_kernel(config, inputs, outputs, buffers, case.w1, case.w2)

    def is_right(self, results, case, config, checks, function):
        if (case.kernel, config) not in self.right:
            self.right[case.kernel, config] = is_right(results, self.name, case, checks(case), function)
        return self.right[case.kernel, config]

    def time(self, results, case):
        windows = dict(w1=case.w1, w2=case.w2)
        chosen = [self.rank(case, kernel) for kernel in triton_backward.KERNELS]
        sets = Sets(case)
        launcher = self.launcher(case, sets)
        chosen = tuple(self.fastest(case, configs, launcher)[0] for configs in chosen)
        backward = functools.partial(triton_backward.launch, chosen, **windows)
        if not self.is_right(results, case, chosen, reference.gradient_checks, backward):
            return

        attend = lambda config: functools.partial(triton_peer.launch, config, **windows)
        config = self.fastest(case, forward_configs(case), lambda config: attend(config)(*sets.forward[0]))[0]
        if not self.is_right(results, case, config, reference.checks, attend(config)):
            return
        launches = [functools.partial(attend(config), *one) for one in sets.forward]
        measured = measure(launches, results.repetitions)
        results.add_case(self.name, case, measured, describe(config))
        buffers = triton_backward.Buffers(sets.backward[0][0][0])
        launches = [functools.partial(backward, *one, buffers=buffers) for one in sets.backward]
        measured_backward = measure(launches, results.repetitions)
        results.add_gradient(self.name, case, measured, measured_backward, triton_backward.PRODUCTS,
                             ", ".join(map(describe, chosen)))


def describe(config):
    return " ".join(f"{name}={value}" for name, value in config._asdict().items())


# All steps ------------------------------------------------------------------------------------------------------------


def steps(cases):
    """(implementation, case) in order: ours come first."""
    return [(Simplicial.name, case) for case in cases] + [(Triton.name, case) for case in cases if is_of_peer(case)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path, help="where results.csv is, to which lines are added")
    parser.add_argument("--skip", type=int, default=0, help="how many steps come before those of this process")
    parser.add_argument("--match", default="")
    parser.add_argument("--seconds", type=float, required=True, help="after so many no step is begun")
    parser.add_argument("--repetitions", type=int, required=True)
    parser.add_argument("--matmul", type=float, help="the operations a ms of a matrix product")
    arguments = parser.parse_args()

    deadline = time.monotonic() + arguments.seconds
    torch.manual_seed(0)
    manifest = json.loads((arguments.folder / "manifest.json").read_text())
    cases = [Case(**fields) for fields in manifest["cases"]]
    cases = [case for case in cases if case.grad and arguments.match in case.name]
    peer, right = None, {}
    with (arguments.out / "results.csv").open("a", newline="") as file:
        results = Results(file, arguments.repetitions, header=False)
        results.matmul = arguments.matmul
        for number, (implementation, case) in enumerate(steps(cases)):
            if number < arguments.skip:
                continue
            name = f"{implementation} {case.name}"
            if time.monotonic() > deadline:
                announce(left_out=name)
                continue
            announce(step=number, name=name)
            torch.cuda.empty_cache()
            try:
                if implementation == Simplicial.name:
                    time_ours(results, arguments.folder, case, right)
                else:
                    peer = peer or Triton([case for _, case in steps(cases)[number:]])
                    peer.time(results, case)
            except Exception as error:
                results.problems.append(f"{name}: {type(error).__name__}: {error}")
                print(results.problems[-1], flush=True)
            for problem in results.problems:
                announce(problem=problem)
            results.problems.clear()
            announce(done=number)
            try:
                torch.cuda.synchronize()
            except RuntimeError as error:
                print(f"the context is lost: {str(error).splitlines()[0]}", flush=True)
                # Not by way of destructors, which would wait for the device.
                os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
