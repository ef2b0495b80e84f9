# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What strategies are chosen by, compared with what comes out: estimates of --explain with the shared memory that
kernels have, and with --analyze.

--memory   shared memory, of many strategies: it is what is said; or up to 1 KiB more, where results are stored by TMA
           from where q is parked; or less, where q is not parked as is said: of determinants, and by warpgroups if a
           thread's rows are of one head
--clocks   time, of a few: within the share that lowering/configure/estimate.c says. With mma.sync, registers are what
           ptxas says or up to a quarter more; none are on the stack
"""

import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "numerics"))

from cases import Case
from run import module

ALIGNMENT = 1024
KEYS = 1 << 16  # of a sequence, so that windows are whole

# (chip, how near, operation: whole waves of blocks)
CLOCKS = [
    ("sm_90a", 0.1, Case(dtype="bf16", N=KEYS, Hq=64, D=128, Nq=132 * 32, w1=32, w2=512)),
    ("sm_90a", 0.1, Case(dtype="bf16", N=KEYS, Hq=64, D=64, Nq=132 * 48, w1=32, w2=256)),
    ("sm_80", 0.2, Case(dtype="bf16", N=KEYS, Hq=64, D=128, Nq=108 * 48, w1=32, w2=256)),
    ("sm_80", 0.25, Case(dtype="bf16", N=KEYS, Hq=1, D=64, Nq=108 * 96, w1=32, w2=256)),
]


def memory_cases():
    base = dict(dtype="bf16", Hq=8, D=64, w1=32, w2=256, dynamic="B Nq N")
    for chip in ("sm_80", "sm_90a"):
        for group in (1, 8, 48, 64, 128):
            yield chip, Case(**{**base, "Hq": group})
            yield chip, Case(**{**base, "Hq": group, "D": 128, "w2": 512})
        for change in ({"dtype": "f32"}, {"D": 16}, {"D": 80}, {"D": 192}, {"D": 256}, {"D": 48, "form": "determinant"},
                       {"D": 96, "form": "determinant"}, {"k2_bias": 0.5, "v2_bias": 1.0}, {"causal": False},
                       {"w1": 1, "w2": 16}, {"D": 128, "dynamic": "", "N": 64},
                       {"D": 80, "Dv": 64, "config": "tiles = 2 : i64, block_k = 16 : i64"}, {"D": 16, "Dv": 32},
                       {"D": 16, "Dv": 64, "w2": 16}, {"Dv": 32, "w2": 16, "config": "block_tail = 0 : i64"},
                       {"config": 'order = "jk"'}, {"config": "stages = 3 : i64"},
                       {"config": "tiles = 2 : i64, block_k = 32 : i64"},
                       {"config": "block_tail = 128 : i64, block_k = 32 : i64"}, {"config": "local_outer = false"},
                       {"config": "block_tail = 64 : i64, block_h = 4 : i64, block_j = 8 : i64, block_k = 16 : i64"}):
            yield chip, Case(**{**base, **change})


def run(tool, chip, case, kind):
    done = subprocess.run([tool, "-", f"--target={chip}", f"--emit={kind}"], input=module(case, chip),
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{chip} {case}\nexit status {done.returncode}: {done.stderr}")
    return done.stdout


def number(pattern, text):
    found = re.search(pattern, text)
    if not found:
        sys.exit(f"no '{pattern}' in\n{text}")
    return float(found[1])


def check_memory(tool, chip, case):
    text = run(tool, chip, case, "explanation").split("\nkernel ")[0]  # that of aligned rows
    said = int(number(r"estimated for \S+: (\d+) bytes of shared", text))
    has = int(number(r"hold tiles; (\d+) bytes of shared memory", text))
    more = ALIGNMENT if re.search(r"stores of .*: TMA", text) else 1
    alike = "products: wgmma" in text and re.search(r"rows: 1 x [1248] x", text)
    right = has <= said if case.form or alike else 0 <= has - said < more
    return None if right else f"{chip} {case}: {said} bytes of shared memory are said, {has} there"


def check_clocks(tool, chip, near, case):
    said = run(tool, chip, case, "explanation")
    text = run(tool, chip, case, "analysis")
    sms = number(r"(\d+) SMs at", text)
    pairs = case.B * case.Hq * case.queries * case.w1 * case.w2
    clocks = number(r"blocks an SM; (\S+) clocks", said) / 1000 * pairs / sms
    walked = number(r"launch: .*\n  clocks: (\d+)", text)
    registers = number(r"(\d+) registers,", said), number(r"registers: (\d+)", text)
    fit = "products: mma.sync" not in said or registers[1] <= registers[0] < 1.25 * registers[1]
    spilled = number(r"(\d+) bytes spilled", text)
    print(f"{chip} {case}: {clocks / walked:.3f} of the analysis's clocks")
    if abs(clocks / walked - 1) > near or not fit or spilled:
        return (f"{chip} {case}: {clocks:.0f} clocks, {walked:.0f} walked; registers {registers}, "
                f"{spilled:.0f} bytes spilled")
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--clocks", action="store_true")
    args = parser.parse_args()
    jobs = []
    if args.memory:
        jobs += [(check_memory, chip, case) for chip, case in memory_cases()]
    if args.clocks:
        jobs += [(check_clocks, *job) for job in CLOCKS]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [w for w in pool.map(lambda job: job[0](args.tool, *job[1:]), jobs) if w]
    print(*wrong, f"{len(jobs)} strategies, {len(wrong)} not as estimated", sep="\n")
    sys.exit(bool(wrong))


main()
