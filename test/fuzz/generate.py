# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""generate.py SEED: prints the module of a seed, and what is expected of it.

generate(seed) is a Module: MLIR text, a function in it, inputs, and what the function returns for them, from an
interpretation of the program that knows nothing of the compiler. Modules are

  plain     one attention, as in test/numerics, with all that may vary about it
  program   attentions and their neighbours, in several functions
  faulty    one of these with an operation that the dialect forbids
  mutated   one of these with a few changes to its text, which may mean anything

and `expect` says what must come of it: "valid" (right results, or a diagnostic where `features` has something that a
target need not support), "diagnosed", or "anything" that is no crash.
"""

import dataclasses
import random
import re
import sys

import numpy as np

from program import Body, Run, Type, Value
import operations
from operations import BUILDERS, ELEMENTS, attend, attributes_text, draw_attributes, draw_config, operand_in

import data  # of test/numerics, like the next one
from cases import Case


@dataclasses.dataclass
class Function:
    symbol: str
    arguments: list
    results: list
    body: Body
    text: str


@dataclasses.dataclass
class Module:
    seed: int
    rng: random.Random
    kind: str = "plain"
    text: str = ""
    expect: str = "valid"
    function: str = ""    # the name of the one to call
    inputs: list = None   # (array of float32, element type, elements after each row)
    main: Function = None
    case: Case = None     # of a plain one
    note: str = ""        # what was done to a faulty or mutated one
    features: set = dataclasses.field(default_factory=set)
    kinds: list = ()      # the builders that this module uses
    config: str = ""      # what its simplicial.config are for: "cpu", "gpu", "any" (which may be wrong) or nothing
    functions: list = dataclasses.field(default_factory=list)
    count: int = 0        # of values
    attentions: int = 0
    work: int = 0         # something that grows with the time to compute it
    located: bool = False
    names: set = dataclasses.field(default_factory=set)

    def location(self):
        """A trailing location, or nothing."""
        if not self.located or self.rng.random() < 0.5:
            return ""
        return " loc(" + self.rng.choice([
            "unknown", '"model.py":10:3', '"attention"', '"layer"("model.py":1:2)', '"a b.py":0:0',
            'callsite("inner"("f.py":7:1) at "g.py":3:4)', 'fused["one", "m.py":5:6]', 'fused["a.py":1:1, "b.py":2:2]',
            'fused<"pass">["a.py":1:1]', 'callsite("f" at fused[unknown, "x.py":4294967295:1])',
            '"\\C3\\A9.py":2:2', 'fused<{a = 1}>[callsite(unknown at unknown)]']) + ")"

    def interpret(self, run):
        """The arrays that the function returns, in this arithmetic."""
        env = {a.name: run.store(x, a.type.element) for a, (x, _, _) in zip(self.main.arguments, self.inputs)}
        self.main.body.interpret(run, env)
        return [env[value.name] for value in self.main.results]


# Names ----------------------------------------------------------------------------------------------------------------

NAMES = ["a.b", "attention.fwd", "attention-fwd", "two words", "é", "日本", "0", "7up", "malloc", "free", "memcpy", "memrefCopy",
         "exp2f", "expf", "main", "_start", "abort", "printf", "simplicialParallelFor", "simplicialTakeLaunchStatus",
         "simplicialLaunch", "_mlir_ciface_f", "llvm.memcpy.p0.p0.i64", "llvm.x", ".text", "$", "a$b", "%", "x" * 300,
         "n" * 5000, "a,b", "a:b", "a/b", "../x", "@", "@f", "a'b", "a;b", "a=b", "#", "\\22quoted\\22", "a\\5Cb", "\\01\\02",
         "\\FF", "", "_", "-", "--help", "nvvm", "kernel", "f_kernel", "f_0", "gpu", "int", "class", "aux", "memset", "fmaf"]


def draw_name(module):
    """A symbol as MLIR writes it, with its @."""
    rng = module.rng
    while True:
        name = rng.choice(NAMES) if rng.random() < 0.3 else rng.choice(["f", "main", "attend", "layer", "step"])
        if name in module.names:
            name += f"_{len(module.names)}"
        # There is no way to name a function that is called "".
        if name and name not in module.names:
            break
    module.names.add(name)
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$.]*", name) and rng.random() < 0.8:
        return f"@{name}"
    return f'@"{name}"'


def decoded(symbol):
    """The bytes of a symbol's name, without its @."""
    name = symbol[1:].strip('"').encode()
    return re.sub(rb"\\([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), name)


# Functions ------------------------------------------------------------------------------------------------------------

def write_function(module, arguments, results, body, private=False):
    """The text and the Function of a body whose last line, the return, is still missing."""
    types = ", ".join(str(value.type) for value in results)
    body.line(f"return {', '.join(value.name for value in results)} : {types}" + module.location())
    symbol = draw_name(module)
    if not private and not re.fullmatch(r"\w+", symbol[1:].strip('"'), re.ASCII):
        module.features.add("name that is not C's")
    header = ", ".join(f"{a.name}: {a.type}" for a in arguments)
    text = "\n".join([f"func.func {'private ' if private else ''}{symbol}({header}) -> ({types}) {{", *body.lines,
                      "}" + module.location()])
    return Function(symbol, arguments, results, body, text)


def dims(rng):
    """The sizes of an attention: B, N, Nq, Hq, Hk, D."""
    n = rng.choice([1, 2, 3, 5, 7, 8, 9, 12, 16, 17])
    hk = rng.choice([1, 1, 1, 2, 3])
    sizes = dict(B=rng.choice([1, 1, 1, 2, 3]), N=n, Nq=rng.choice([n, n, n, 1, max(n - 2, 1), n + 3]),
                 Hq=hk * rng.choice([1, 1, 2, 3, 4, 5, 8]), Hk=hk,
                 D=rng.choice([16, 16, 16, 16, 32, 48, 48, 64, 80, 96]))
    if rng.random() < 0.04:
        sizes[rng.choice(["B", "N", "Nq"])] = 0
    return sizes


def draw_plain(module):
    rng = module.rng
    sizes = dims(rng)
    element = rng.choice(["f32", "f32", "f16", "bf16"])
    dynamic = rng.choice(["", "", "", "B Nq N", "N", "Nq N", "B"])
    attributes = draw_attributes(rng, sizes["D"])
    case = Case(dtype=element, dynamic=dynamic, results=rng.choice(["out lse", "out", "lse out", "lse"]),
                **sizes, **attributes)
    flags = [name in dynamic.split() for name in ("B", "Nq", "N")]
    q = Type((case.B, case.Nq, case.Hq, case.D), element, (flags[0], flags[1], False, False))
    kv = Type((case.B, case.N, case.Hk, case.D), element, (flags[0], flags[2], False, False))
    arguments = [Value(f"%{name}", q if name == "q" else kv) for name in data.NAMES]
    body = Body(module, arguments)
    config = draw_config(rng, module, q, kv)
    module.case = dataclasses.replace(case, operand=operand_in(config))
    results = dict(zip(("out", "lse"), attend(body, arguments, attributes, config)))
    module.inputs = [(x, element, rng.choice([0, 0, 0, 8, 3])) for x in data.make(case).values()]
    return write_function(module, arguments, [results[name] for name in case.results.split()], body)


def entry_types(rng, module):
    """The types of the tensors that functions of the module pass around."""
    sizes = dims(rng)
    element = rng.choice(["f32", "f32", "f32", "f16", "bf16"])
    dynamic = {name: module.dynamic and rng.random() < 0.6 for name in ("B", "Nq", "N")}
    of = lambda n, h: Type((sizes["B"], sizes[n], sizes[h], sizes["D"]), element,
                           (dynamic["B"], dynamic[n], False, False))
    return of("Nq", "Hq"), of("N", "Hk")


def draw_body(module, arguments, steps):
    """A body of so many steps, an attention among them, and the values that it returns."""
    rng = module.rng
    body = Body(module, arguments)
    order = [rng.choice(module.kinds) for _ in range(steps)]
    order.insert(rng.randint(0, len(order)), "attention")
    for kind in order:
        BUILDERS[kind](rng, body)
    made = [value for value in body.tensors() if value not in arguments]
    results = [operations.newest(rng, made or arguments) for _ in range(rng.choice([1, 1, 2, 3]))]
    if rng.random() < 0.1:
        results.append(rng.choice(arguments))
    if len(set(results)) < len(results):
        module.features.add("result twice")
    if set(results) & set(arguments):
        module.features.add("input returned")
    if not all(value.known for value in results):
        module.features.add("size of an operation")
    return body, results


def draw_program(module):
    rng = module.rng
    usual = ["attention", "elementwise", "constant", "generic", "named", "extract_slice", "insert_slice", "reshape",
             "cast", "loop", "branch", "call"]
    rare = ["mathematics", "matmul", "concat", "pad", "splat", "while_loop"]
    module.kinds = rng.sample(usual + rare if rng.random() < 0.4 else usual, rng.choice([1, 2, 3, 3, 4, 5]))
    module.dynamic = rng.random() < 0.2
    q, kv = entry_types(rng, module)
    texts = []
    for _ in range(rng.choice([1, 2]) if "call" in module.kinds else 0):
        arguments = [body_argument(module, type) for type in (q, kv, kv)[:rng.choice([2, 3])]]
        body, results = draw_body(module, arguments, rng.choice([0, 1, 2]))
        private = rng.random() < 0.7
        function = write_function(module, arguments, results, body, private)
        module.functions.append(function)
        if not private:
            module.features.add("several functions")
        texts.append(function.text)

    arguments = [body_argument(module, type) for type in [q] + [kv] * rng.choice([1, 2, 4])]
    if rng.random() < 0.3:
        packed = q.resized((q.sizes[0], kv.sizes[1], q.sizes[2] + 2, q.sizes[3]))
        arguments.append(body_argument(module, packed))
    rng.shuffle(arguments)
    body, results = draw_body(module, arguments, rng.choice([1, 2, 3, 4, 6]))
    main = write_function(module, arguments, results, body)
    module.inputs = [(make_input(module, a.type), a.type.element, rng.choice([0, 0, 0, 5])) for a in arguments]
    texts.insert(rng.choice([0, len(texts)]), main.text)
    if rng.random() < 0.1:
        module.features.add("nested module")
        texts = ["module @inner {\n" + "\n".join(texts) + "\n}"]
    return main, texts


def body_argument(module, type):
    module.count += 1
    return Value(f"%arg{module.count}", type)


def make_input(module, type):
    x = np.random.default_rng(module.rng.randrange(2**32)).standard_normal(type.sizes).astype(np.float32)
    return data.round_to(type.element, x)


# Faults ---------------------------------------------------------------------------------------------------------------

ATTRIBUTE_FAULTS = [
    "w1 = 0 : i64", "w1 = -1 : i64", "w2 = 3 : i32", "w2 = 3 : index", 'w1 = "3"', "w2 = 3.0 : f32", "w1", "w1 = [3]",
    "scale = 0.0 : f32", "scale = -1.0 : f32", "scale = 1.0 : f64", "scale = 0x7F800000 : f32", "scale = 0x7FC00000 : f32",
    "scale = 1 : i64", "causal = 1 : i64", "causal = true", 'form = "trilinea"', "form = 3 : i64", 'form = ""', "k2_bias = 1.0 : f64",
    "v2_bias = 0xFF800000 : f32", "v2_bias = f32", "w3 = 1 : i64", "Causal", "window = 3 : i64", "simplicial.config = 3 : i64",
    "simplicial.config = {block = 3 : i64}", "simplicial.config = {block_k = 0 : i64}", "simplicial.config = {order = 1 : i64}",
    'simplicial.config = {order = "kk"}', "simplicial.config = {block_k = 4096 : i64}", "simplicial.config = {operand = i8}",
    "simplicial.config = {producer = 1 : i64}", "simplicial.config = {block_q = -5 : i64}", "simplicial.config = {tiles = 5 : i64}"]


def type_faults(q, kv, lse):
    """(q, kv, out, lse) that no attention has."""
    other = "f16" if q.element != "f16" else "bf16"
    wide = lambda type, d: type.resized(type.sizes[:3] + (d,))
    more = lambda type, at: type.resized(s + 1 if i == at else s for i, s in enumerate(type.sizes))
    yield "keys of another batch", (q, more(kv, 0), q, lse)
    yield "keys of another width", (q, wide(kv, kv.sizes[3] + 16), q, lse)
    yield "keys of another type", (q, kv.of(other), q, lse)
    yield "heads that do not divide", (q, kv.resized((*kv.sizes[:2], q.sizes[2] + 1, kv.sizes[3])), q, lse)
    yield "no heads", (q, kv.resized((*kv.sizes[:2], 0, kv.sizes[3])), q, lse)
    yield "lse of another type", (q, kv, q, lse.of("f64"))
    yield "lse of another shape", (q, kv, q, more(lse, 1))
    yield "lse of another rank", (q, kv, q, lse.resized((*lse.sizes, 1)))
    yield "out of another type", (q, kv, q.of(other), lse)
    yield "out of another shape", (q, kv, more(q, 1), lse)
    for d in (0, 8, 24, 272, 1 << 40):
        yield f"heads of {d}", (wide(q, d), wide(kv, d), wide(q, d), lse)
    for element in ("f64", "i32", "i1", "index", "complex<f32>", "f8E4M3FN"):
        yield f"elements of {element}", tuple(type.of(element) for type in (q, kv, q)) + (lse,)
    yield "rank 3", (q.resized(q.sizes[:3]), kv.resized(kv.sizes[:3]), q.resized(q.sizes[:3]), lse)
    yield "rank 5", tuple(type.resized((*type.sizes, 1)) for type in (q, kv, q)) + (lse,)
    dynamic = lambda type, at: dataclasses.replace(type, dynamic=tuple(i == at for i in range(4)))
    yield "dynamic heads", (dynamic(q, 2), kv, dynamic(q, 2), lse)
    yield "dynamic width", tuple(dynamic(type, 3) for type in (q, kv, q)) + (lse,)


def draw_faulty(module):
    """A function whose only operation the dialect forbids."""
    rng = module.rng
    sizes = dims(rng)
    q = Type((sizes["B"], sizes["Nq"], sizes["Hq"], sizes["D"]), rng.choice(ELEMENTS))
    kv = q.resized((sizes["B"], sizes["N"], sizes["Hk"], sizes["D"]))
    lse = Type((sizes["B"], sizes["Hq"], sizes["Nq"]), "f32")
    attributes = draw_attributes(rng, sizes["D"])
    types, text = (q, kv, q, lse), attributes_text(attributes)
    if rng.random() < 0.5:
        module.note, types = rng.choice(list(type_faults(q, kv, lse)))
    else:
        module.note = fault = rng.choice(ATTRIBUTE_FAULTS)
        text = [other for other in text if other.split()[0] != fault.split()[0]] + [fault]
    q, kv, out, lse = map(str, types)
    symbol = draw_name(module)
    module.function = decoded(symbol)
    module.inputs = []
    module.text = f"""\
func.func {symbol}(%q: {q}, %k: {kv}) -> ({out}, {lse}) {{
  %o, %l = "simplicial.attention"(%q, %k, %k, %k, %k) {{{', '.join(text)}}} : ({q}, {kv}, {kv}, {kv}, {kv}) -> ({out}, {lse}){module.location()}
  return %o, %l : {out}, {lse}
}}
"""


def draw_unsupported(module):
    """A valid module that calls what has no body here, or itself."""
    rng = module.rng
    main = draw_plain(module)
    module.function = decoded(main.symbol)
    arguments = ", ".join(value.name for value in main.arguments)
    signature = "({}) -> ({})".format(*(", ".join(str(value.type) for value in values)
                                        for values in (main.arguments, main.results)))
    lines = main.text.splitlines()
    module.note = rng.choice(["recursion", "external function"])
    callee = main.symbol if module.note == "recursion" else "@elsewhere"
    lines.insert(-2, f"  %u:{len(main.results)} = call {callee}({arguments}) : {signature}")
    results = ", ".join(f"%u#{i}" for i in range(len(main.results)))
    lines[-2] = f"  return {results} : {', '.join(str(value.type) for value in main.results)}"
    if callee != main.symbol:
        lines.append(f"func.func private {callee}{signature}")
    module.text = "\n".join(lines) + "\n"


# Mutations ------------------------------------------------------------------------------------------------------------

TOKEN = re.compile(r'"[^"\n]*"|[%@#!^]?[A-Za-z_][\w.$]*|-?\d+(?:\.\d+(?:e[-+]?\d+)?)?|\s+|.')
NUMBERS = ["0", "1", "-1", "2", "15", "17", "1024", "65536", "2147483647", "2147483648", "4294967296", "9223372036854775807",
           "9223372036854775808", "-9223372036854775808", "18446744073709551616", "1e400", "0.0", "?"]
TYPES = ["f32", "f16", "bf16", "f64", "i1", "i8", "i64", "index", "tf32", "complex<f32>", "vector<4xf32>", "none"]
WORDS = ["func.func", "return", "simplicial.attention", "simplicial.attention_into", "simplicial.attention_grad",
         "scf.for", "scf.yield", "linalg.generic", "tensor.cast", "tensor.empty", "arith.addf", "private", "memref", "module",
         "gpu.module", "llvm.func", "vector", "index", "tensor", "%q", "%v0", "@f", "dense<1.0>", "{", "}", "(", ")", ",", ":",
         "simplicial.copy_async", "simplicial.wgmma", "attributes {simplicial.target = \"sm_80\"}", "{simplicial.config = {}}"]


def mutate_tokens(rng, text):
    tokens = TOKEN.findall(text)
    at = rng.choice([i for i, token in enumerate(tokens) if token.strip()])
    change = rng.choice(["delete", "double", "swap", "number", "type", "word"])
    if change == "number":
        at = rng.choice([i for i, token in enumerate(tokens) if re.fullmatch(r"-?\d.*", token)] or [at])
        tokens[at] = rng.choice(NUMBERS)
    elif change == "type":
        at = rng.choice([i for i, token in enumerate(tokens) if token in TYPES] or [at])
        tokens[at] = rng.choice(TYPES)
    elif change == "word":
        tokens[at] = rng.choice(WORDS)
    elif change == "delete":
        del tokens[at]
    elif change == "double":
        tokens.insert(at, tokens[at])
    else:
        other = rng.randrange(len(tokens))
        tokens[at], tokens[other] = tokens[other], tokens[at]
    return "".join(tokens)


def mutate_sizes(rng, text):
    """Another size, wherever it stands in a type: consistent, and often valid."""
    sizes = re.findall(r"(?<=[<x])\d+(?=x)", text)
    if not sizes:
        return text
    old, new = rng.choice(sizes), rng.choice(["0", "1", "3", "16", "?", "256", "65536", "2147483648", "4611686018427387904"])
    return re.sub(rf"(?<=[<x]){old}(?=x)", new, text)


def mutate_lines(rng, text):
    lines = text.splitlines(keepends=True)
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    change = rng.choice(["delete", "double", "swap"])
    if change == "delete":
        del lines[at]
    elif change == "double":
        lines.insert(at, lines[at])
    else:
        lines[at], lines[other] = lines[other], lines[at]
    return "".join(lines)


def nest(rng, text):
    """The same, deep in something."""
    depth = rng.choice([2, 40, 200])
    return rng.choice([
        lambda: "module {\n" * depth + text + "}\n" * depth,
        lambda: text.replace('"simplicial.attention"(', '"simplicial.attention" (', 1).replace(
            "{", "{x.y = " + "[" * depth + "]" * depth + ", ", 1) if "attributes" in text else
        text.replace(") {", ") attributes {x.y = " + "[" * depth + "]" * depth + "} {", 1),
        lambda: text.replace("\n  return", "\n" + "  scf.execute_region {\n" * depth + "  scf.yield\n  }\n" * depth
                             + "  return", 1)])()


def change_target(rng, text):
    """A target on a function or on the module."""
    name = rng.choice(["sm_80", "sm_90a", "cpu", "sm_00", "", "sm_80,sm_90a"])
    attributes = f'attributes {{simplicial.target = "{name}"}}'
    if rng.random() < 0.5:
        return f"module {attributes} {{\n{text}}}\n"
    return text.replace(") {\n", f") {attributes} {{\n", 1)


def mutate(module):
    rng = module.rng
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        change = rng.choice([mutate_tokens] * 5 + [mutate_sizes] * 3 + [mutate_lines] * 2 + [nest, change_target])
        module.note += f" {change.__name__}"
        module.text = change(rng, module.text) or module.text


# Modules --------------------------------------------------------------------------------------------------------------

def generate(seed):
    """The module of the seed, always the same."""
    rng = random.Random(seed)
    module = Module(seed, rng)
    module.located = rng.random() < 0.3
    module.config = rng.choices(["", "cpu", "gpu", "any"], [60, 15, 15, 10])[0]
    draw = rng.random()
    module.kind = "plain" if draw < 0.2 else "program" if draw < 0.7 else "faulty" if draw < 0.8 else "mutated"
    inner = rng.choice(["plain", "program", "program"]) if module.kind == "mutated" else module.kind
    if inner == "faulty":
        module.expect = "diagnosed"
        rng.choice([draw_faulty, draw_faulty, draw_faulty, draw_unsupported])(module)
        return module
    if inner == "plain":
        module.main = draw_plain(module)
        texts = [module.main.text]
    else:
        module.main, texts = draw_program(module)
    module.function = decoded(module.main.symbol)
    module.text = "\n".join(texts) + "\n"
    if rng.random() < 0.1 and "nested module" not in module.features:
        module.text = f"module {{\n{module.text}}}\n"
    if module.kind == "mutated":
        module.expect = "anything"
        mutate(module)
    return module


def main():
    module = generate(int(sys.argv[1]))
    print(f"// seed {module.seed}, {module.kind}{module.note and ': ' + module.note}, expect {module.expect}, "
          f"call {module.function.decode(errors='replace')!r}, needs {', '.join(sorted(module.features)) or 'nothing'}")
    for x, element, pad in module.inputs:
        print(f"// input {'x'.join(map(str, x.shape))}x{element}, {pad} elements after each row")
    print(module.text, end="")


if __name__ == "__main__":
    main()
