# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""names.py OUTPUT NM ours|llvm FILE...: writes a C file that defines many names, all of them the same function, which ends
the process if it is called instead of what somebody meant.

  ours   the C names that the object files and archives define for each other, but for those of our own API
  llvm   LLVM's and MLIR's names, which the libraries show
"""

import pathlib
import re
import subprocess
import sys

output, nm, kind, *files = sys.argv[1:]
PATTERN, KNOWN = {
    "ours": (r"(?!simplicial)[A-Za-z]\w*", {"fragment", "estimate", "eval", "chips", "ir_str", "mlirContextCreate"}),
    "llvm": (r"LLVM\w+|\w*[0-9](?:llvm|mlir)\w+", {"LLVMContextCreate", "_ZN4mlir9Operation5eraseEv"}),
}[kind]
scope = "--dynamic" if kind == "llvm" else "--extern-only"
listing = subprocess.run([nm, scope, "--defined-only", "--format=just-symbols", *files], check=True, capture_output=True,
                         text=True).stdout
names = sorted({name for line in listing.splitlines() if re.fullmatch(PATTERN, name := line.split("@")[0])})
assert KNOWN <= set(names), "names are missing"
aliases = "".join(f'__asm__(".globl {name}\\n.set {name}, guest_trap");\n' for name in names)
pathlib.Path(output).write_text("#include <stdlib.h>\n__attribute__((used)) void guest_trap(void) { abort(); }\n" + aliases)
