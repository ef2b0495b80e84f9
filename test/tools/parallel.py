# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""parallel.py N -- COMMAND: runs N of the command at once, with their numbers for {}. All must succeed silently."""

import subprocess
import sys

n, command = int(sys.argv[1]), sys.argv[3:]
running = [subprocess.Popen([word.replace("{}", str(i)) for word in command], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT) for i in range(n)]
bad = [(process.returncode, output) for process in running if (output := process.communicate()[0]) or process.returncode]
sys.exit(str(bad) if bad else 0)
