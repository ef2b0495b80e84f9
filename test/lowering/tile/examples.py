# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the examples of a document: `examples.py DOCUMENT COMMAND...` gives each to the command.

An example is a block of code in the language `mlir`; one that is no function stands in the block `mlir frame`, where that says
"// the example". One that begins with "// error: TEXT" must be refused with such an error, others must not be.
"""

import pathlib
import re
import subprocess
import sys

HERE = "    // the example\n"


def main():
    document, command = pathlib.Path(sys.argv[1]).read_text(), sys.argv[2:]
    blocks = re.findall(r"^```mlir( frame)?\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    frames = [text for frame, text in blocks if frame]
    assert len(frames) == 1 and HERE in frames[0], "the document must have one frame"
    wrong = refused = taken = 0
    for frame, text in blocks:
        if frame:
            continue
        inside = "".join(f"    {line}\n" for line in text.splitlines())
        module = text if "func.func" in text else frames[0].replace(HERE, inside)
        error = re.match(r"// error: (.*)", text)
        done = subprocess.run(command, input=module, capture_output=True, text=True)
        ok = done.returncode and error[1] in done.stderr if error else not done.returncode
        refused += bool(error)
        taken += not error
        if not ok:
            wrong += 1
            print(f"wrong:\n{module}{done.stderr or 'no error'}", file=sys.stderr)
    print(f"{taken} taken, {refused} refused, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
