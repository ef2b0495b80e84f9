# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles with less and less memory: a result, or one diagnostic that says that there is none.

The limits go from what the program needs to start to what it needs to end, in equal steps.
"""

import pathlib
import resource
import subprocess
import sys
import tempfile

STEPS = 24
STACK = 512      # KiB
CLOSE = 1 << 10  # KiB: how closely the limits are found
KIB = 1 << 10


def run(command, kib):
    limit = kib * KIB
    return subprocess.run(command, capture_output=True, text=True, timeout=120,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))


def least(command, low, high):
    """About the least limit, in KiB, with which the command succeeds."""
    while high - low > CLOSE:
        middle = (low + high) // 2
        if run(command, middle).returncode == 0:
            high = middle
        else:
            low = middle
    return high


def main():
    tool, *arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder, "out")
        command = [tool, *arguments, "-o", output]
        # With less, the stack itself cannot grow, and the kernel ends the process.
        start = least([tool, "--version"], 64 << 10, 1 << 20) + STACK
        end = least(command, 64 << 10, 1 << 20)
        failures = failed = 0
        for step in range(STEPS + 1):
            kib = start + (end - start) * step // STEPS
            output.unlink(missing_ok=True)
            done = run(command, kib)
            good = done.returncode == 0 and output.exists()
            if done.returncode == 1:
                failed += 1
                good = done.stderr.count("error:") == 1 and "memory" in done.stderr and not output.exists()
            failures += not good
            print(f"{'ok  ' if good else 'FAIL'} {kib} KiB: exit status {done.returncode} {done.stderr[:500]}")
    if not failed:
        print("FAIL: it never ran out of memory")
    return 1 if failures or not failed else 0


if __name__ == "__main__":
    sys.exit(main())
