# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""fails.py [--says=REGEX]... [--absent=PATH]... -- COMMAND: the command must fail as bad input should.

That is: exit status 1 within a minute, nothing on stdout, one short error on stderr in which every REGEX is found (it
is printed, for FileCheck), and no file at any PATH, nor one named after it beside it.
"""

import argparse
import os
import re
import subprocess
import sys

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--says", action="append", default=[])
parser.add_argument("--absent", action="append", default=[])
parser.add_argument("command", nargs="+")
arguments = parser.parse_args()

command = arguments.command
done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=60)
print(done.stderr, end="")

problems = []
if done.returncode != 1:
    problems.append(f"exit status {done.returncode}, not 1")
if done.stdout:
    problems.append(f"stdout: {done.stdout[:500]}")
if "error: " not in done.stderr:
    problems.append("no `error: ` on stderr")
if done.stderr.count("error: ") > 1:
    problems.append("more than one error")
if len(done.stderr.splitlines()) > 12:
    problems.append("more than 12 lines")
problems += [f"does not say: {regex}" for regex in arguments.says if not re.search(regex, done.stderr)]
for path in arguments.absent:
    folder, base = os.path.split(path)
    problems += [f"left behind: {name}" for name in os.listdir(folder) if base in name]

for problem in problems:
    print(f"fails.py: {problem}", file=sys.stderr)
sys.exit(1 if problems else 0)
