# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""header_names.py FOLDER SIMPLICIAL-COMPILE: C and C++ call functions of any name.

Writes a module of functions with odd names, compiles it into an object and a header, and programs against both, with
the host's compilers (and clang, if there is one). Function number i squares v, which has i + 1 rows.
"""

import pathlib
import re
import shutil
import subprocess
import sys

folder, tool = pathlib.Path(sys.argv[1]), sys.argv[2]
D = 16

# What C calls them, where that is not the name itself.
spelt = {"attention-fwd": "attention_fwd_2", "attention.fwd": "attention_fwd_3", "é": "_", "日本": "__2", "a b": "a_b",
         "a::b<4>": "a_b_4_", "a b_2": "a_b_2", "a--b": "a_b_3"}
names = ["plain", "attention_fwd", "0", "7th", "int", "class", "template", "main", "_Bool", "", "__x", "in0", "m0",
         *spelt, "a,b", "a@b", "a@PLT", "a(b", "a)b", "a;b", "a#b", 'a"b', "a\\b", "a\\", "a\\n", "a$b", "$1", "%rax",
         "a'b", "a/*b*/", "//", "a\tb", "a\nb", "a\x01b", "a\x7fb", "a??/b", "a+b", "a[b]", "a:b", "a=b", "a{b}", "-", " "]


def mlir_string(name):
    return '"' + "".join(f"\\{b:02X}" if b in b'"\\' or not 32 <= b < 127 else chr(b) for b in name.encode()) + '"'


def function(name, rows):
    qkv = f"tensor<1x{rows}x1x{D}xf32>"
    return f"""func.func @{mlir_string(name)}(%q: {qkv}, %k: {qkv}, %v: {qkv}) -> {qkv} {{
  %o, %l = "simplicial.attention"(%q, %k, %k, %v, %v) {{causal, w1 = 1 : i64, w2 = 1 : i64}}
    : ({qkv}, {qkv}, {qkv}, {qkv}, {qkv}) -> ({qkv}, tensor<1x1x{rows}xf32>)
  return %o : {qkv}
}}
"""


(folder / "names.mlir").write_text("".join(function(name, i + 1) for i, name in enumerate(names)))
for kind, file in ("object", "names.o"), ("header", "names.h"):
    subprocess.run([tool, folder / "names.mlir", f"--emit={kind}", "-o", folder / file], check=True)

header = (folder / "names.h").read_text(encoding="ascii")
found = re.findall(r"^static inline void simplicial_(\w*)\($", header, re.MULTILINE)
assert len(set(found)) == len(found) == len(names), found
for name, identifier in zip(names, found):
    is_plain = re.fullmatch(r"\w*", name, re.ASCII)
    assert identifier == spelt.get(name, name if is_plain else identifier), (name, identifier)

program = ['#include "names.h"', "#include <stdio.h>", f"enum {{ COUNT = {len(names)}, SIZE = (COUNT + 1) * {D} }};",
           "static void (*volatile functions[COUNT])(SimplicialMemref4 *, SimplicialMemref4 *, SimplicialMemref4 *,",
           "                                         SimplicialMemref4 *) = {",
           ", ".join(f"_mlir_ciface_{identifier}" for identifier in found) + "};",
           "static float q[SIZE], k[SIZE], v[SIZE], out[SIZE];",
           # The runtime's, so that no library is needed.
           '#ifdef __cplusplus\nextern "C"\n#endif',
           "void simplicialParallelForWithScratch(void (*body)(void *, void *, int64_t, int64_t), void *context,",
           "                                      int64_t count, int64_t bytes);",
           "void simplicialParallelForWithScratch(void (*body)(void *, void *, int64_t, int64_t), void *context,",
           "                                      int64_t count, int64_t bytes) {",
           "  static char scratch[1 << 20];", "  if (bytes <= (int64_t)sizeof scratch)",
           "    body(context, scratch, 0, count);", "}",
           "static int check(int size) {", "  int wrong = 0;",
           "  for (int i = 0; i < SIZE; ++i)", "    wrong += out[i] != (i < size ? v[i] * v[i] : -1);",
           '  if (wrong)', '    printf("%d rows: %d wrong\\n", size, wrong);',
           "  for (int i = 0; i < SIZE; ++i)", "    out[i] = -1;", "  return wrong;", "}",
           "int main(void) {", "  int wrong = 0;", "  for (int i = 0; i < SIZE; ++i)", "    v[i] = (float)(i % 23 - 11), out[i] = -1;"]
for i, identifier in enumerate(found):
    program += [f"  simplicial_{identifier}(q, k, v, out);", f"  wrong += check({(i + 1) * D});",
                f"  wrong += simplicialWorkspace_{identifier}() != 0;"]
program += ["  for (int i = 0; i < COUNT; ++i)", "    wrong += !functions[i];"]
program += ['  printf("%d functions, %d wrong\\n", COUNT, wrong);', "  return wrong != 0;", "}", ""]

strict = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
for language, standard, compilers in ("c", "c11", ("cc", "clang")), ("cpp", "c++17", ("c++", "clang++")):
    source = folder / f"program.{language}"
    source.write_text("\n".join(program))
    for compiler in filter(shutil.which, compilers):
        for options in ["-O2"], ["-O0", "-fno-pie", "-no-pie"]:
            subprocess.run([compiler, f"-std={standard}", *strict, *options, source, folder / "names.o", "-lm",
                            "-o", folder / "program"], check=True)
            done = subprocess.run([folder / "program"], capture_output=True, text=True, check=True)
            print(pathlib.Path(compiler).name, *options, done.stdout, end="")
