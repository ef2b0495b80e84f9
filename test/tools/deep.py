# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules that are nested deeply compile; those that are nested too deeply are one diagnostic."""

import subprocess
import sys

ATTENTION = """\
func.func @f(%q: tensor<1x4x1x16xf32>, %c: i1, %n: index) -> tensor<1x4x1x16xf32> {
  %o, %l = "simplicial.attention"(%q, %q, %q, %q, %q)
    : (tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>, tensor<1x4x1x16xf32>)
    -> (tensor<1x4x1x16xf32>, tensor<1x1x4xf32>)
  BODY
  return %o : tensor<1x4x1x16xf32>
}
"""


def attribute(text):
    return f"module attributes {{test.a = {text}}} {{\n{ATTENTION.replace('BODY', '')}}}\n"


NESTED = {
    "modules": lambda n: "module {\n" * n + ATTENTION.replace("BODY", "") + "}\n" * n,
    "branches": lambda n: ATTENTION.replace("BODY", "scf.if %c {\n" * n + "}\n" * n),
    "arrays": lambda n: attribute("[" * n + "]" * n),
    "types": lambda n: attribute("tuple<" * n + "i1" + ">" * n),
    "expressions": lambda n: attribute("affine_map<(d0) -> (" + "(" * n + "d0" + ")" * n + ")>"),
    "signs": lambda n: attribute("affine_map<(d0) -> (" + "-" * n + "d0)>"),
    "locations": lambda n: ATTENTION.replace("BODY", "") + "loc(" + 'callsite("a" at ' * n + '"b"' + ")" * n + ")",
}


def main():
    tool = sys.argv[1]
    failures = 0
    for name, text in NESTED.items():
        for depth in (900, 5000, 100000):
            done = subprocess.run([tool, "-", "--emit=llvm"], input=text(depth), capture_output=True, text=True)
            deep = "error: more than 1000 levels" in done.stderr and done.stderr.count("error:") == 1
            good = done.returncode == 1 and deep if depth > 1000 else done.returncode == 0
            failures += not good
            print(f"{'ok  ' if good else 'FAIL'} {depth} {name}: exit status {done.returncode} {done.stderr[:200]}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
