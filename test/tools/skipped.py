# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""skipped.py FOLDER: prints each test that lit did not run, and why.

FOLDER has lit's reports (`lit --output`) of a run of the tests.
"""

import json
import pathlib
import sys

for report in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    for test in json.loads(report.read_text())["tests"]:
        if test["code"] == "UNSUPPORTED":
            name = test["name"].removeprefix("Simplicial :: ")
            print(f"skipped: {name}: {test['output'] or 'no reason given'}")
