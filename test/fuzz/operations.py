# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What stands around an attention, and the attention: each builder appends one operation (or the few that it needs) to
a Body, on operands drawn from what is visible there, or none if nothing fits.

A builder is a function (rng, body). BUILDERS has them by name; which feature of the compiler an operation needs is told
to the module (see run.py for those that must work).
"""

import numpy as np

from program import I1, INDEX, Type

from data import round_to  # of test/numerics, like the next one
from reference import attention as reference_attention

ELEMENTS = ("f32", "f16", "bf16")
BUILDERS = {}


def builder(function):
    BUILDERS[function.__name__] = function
    return function


def newest(rng, values):
    """One of them, mostly a late one."""
    return values[-1 - min(int(rng.expovariate(0.4)), len(values) - 1)] if values else None


# The attention --------------------------------------------------------------------------------------------------------

def attributes_text(attributes):
    text = [f"{name} = {attributes[name]} : i64" for name in ("w1", "w2") if attributes.get(name) is not None]
    text += [f"{name} = {float(attributes[name])!r} : f32" for name in ("scale", "k2_bias", "v2_bias")
             if attributes.get(name) is not None]
    text += ["causal"] if attributes.get("causal") else []
    return text + ([f'form = "{attributes["form"]}"'] if attributes.get("form") else [])


def draw_attributes(rng, dim):
    window = lambda: rng.choice([None, None, 1, 2, 3, 4, 7, 8, 16, 33, 2**31, 2**62])
    maybe = lambda *values: rng.choice(values) if rng.random() < 0.3 else None
    form = rng.choice(["determinant", "trilinear", None]) if dim % 48 == 0 else maybe("trilinear", "pairwise")
    return dict(w1=window(), w2=window(), causal=rng.random() < 0.6, scale=maybe(0.3, 1.0, 1e-3),
                k2_bias=maybe(0.5, -0.25, 0.0), v2_bias=maybe(1.0, -0.5, -0.0), form=form)


def draw_config(rng, module, q, k):
    """Some entries of simplicial.config, of the module's kind."""
    group, kind = q.sizes[2] // k.sizes[2], module.config
    if not kind or rng.random() < 0.3:
        return []
    some = lambda entries: rng.sample(entries, rng.randint(1, len(entries)))
    module.features.add(f"config for {kind}")
    block_h = rng.choice([h for h in range(1, group + 1) if group % h == 0])
    if kind == "cpu":
        return some([f"block_h = {block_h} : i64", f"block_j = {rng.choice([1, 2, 3, 4])} : i64",
                     f"block_k = {rng.choice([1, 7, 16, 32, 64])} : i64", f'order = "{rng.choice(["kj", "jk"])}"',
                     "block_q = 1 : i64", "stages = 0 : i64", "producer = false"])
    if kind == "gpu":
        return some([f"block_h = {block_h} : i64", f"block_j = {rng.choice([1, 2, 4])} : i64",
                     f"block_k = {rng.choice([16, 32])} : i64", f"stages = {rng.choice([1, 2, 3])} : i64",
                     f'order = "{rng.choice(["kj", "jk"])}"', f"lazy_rescale = {rng.choice(['true', 'false'])}",
                     f"sum_columns = {rng.choice([1, 8])} : i64", f"operand = {q.element}"])
    names = ["block_q", "block_h", "block_j", "block_k", "tiles", "block_last", "block_tail", "order", "local_outer",
             "lazy_rescale", "sum_columns", "stages", "producer", "operand", "blocks", "BLOCK_K"]
    values = ["1 : i64", "0 : i64", "-1 : i64", "16", "64 : i64", "1024 : i64", "1025 : i64", "3 : i32",
              "9223372036854775807 : i64", "true", "false", '"jk"', '"kj"', '"x"', "f32", "tf32", "f16", "bf16", "i8",
              "unit", "2.0 : f32", "[1, 2]", "{a = 1}", "dense<1> : tensor<2xi64>"]
    return [f"{name} = {rng.choice(values)}" for name in rng.sample(names, rng.randint(1, 3))]


def fits_attention(type):
    return (type.rank == 4 and type.element in ELEMENTS and not type.dynamic[2] and not type.dynamic[3]
            and type.sizes[2] > 0 and type.sizes[3] % 16 == 0 and 16 <= type.sizes[3] <= 256)


def keys_for(q):
    def fits(type):
        return (fits_attention(type) and type.element == q.element and type.sizes[0] == q.sizes[0]
                and type.sizes[3] == q.sizes[3] and q.sizes[2] % type.sizes[2] == 0 and type.sizes[1] <= 64)
    return fits


def operand_in(config):
    """The element type that a configuration gives to operands of products; None if it does not."""
    return next((entry.split()[-1] for entry in config if entry.split()[0] == "operand"), None)


FEW = 16        # queries, whose inner windows several blocks of a GPU share if they are long,
ENDLESS = 2**31 # or have no bound


def attend(body, values, attributes, config=(), types=None):
    """The operation on five values; `types` are written instead of its results' own."""
    q, k = values[0].type, values[1].type
    lse = Type((q.sizes[0], q.sizes[2], q.sizes[1]), "f32", (q.dynamic[0], False, q.dynamic[1]))
    text = attributes_text(attributes) + ([f"simplicial.config = {{{', '.join(config)}}}"] if config else [])
    heads = {name: float(np.float32(value)) if isinstance(value, float) else value
             for name, value in attributes.items() if value is not None}

    def evaluate(run, *x):
        run.finite &= all(np.isfinite(array).all() for array in x)
        products = operand_in(config) or run.products
        rounded = lambda operand: round_to(products, operand)
        if run.exact:
            return reference_attention(*x, **heads)
        x = [rounded(array) if products == "tf32" and i in (2, 4) else array for i, array in enumerate(x)]
        return reference_attention(*x, **heads, dtype=np.float32, rounded=rounded)

    known = all(value.known for value in values)
    if not known:
        body.module.features.add("size of an operation")
    endless = any((attributes.get(name) or ENDLESS) >= ENDLESS for name in ("w1", "w2"))
    if q.sizes[1] <= FEW and not q.dynamic[1] and endless:
        body.module.features.add("window in parts")
    body.module.attentions += 1
    body.module.work += q.count * k.sizes[1] ** 2
    return body.add(f'"simplicial.attention"({", ".join(value.name for value in values)}) {{{", ".join(text)}}} : '
                    f'({q}, {k}, {k}, {k}, {k}) -> ({q}, {lse})', values, [q, lse], evaluate, known=known)


@builder
def attention(rng, body):
    queries = body.tensors(fits_attention)
    q = newest(rng, [value for value in queries if body.tensors(keys_for(value.type))])
    if not q or body.module.attentions > 3:
        return
    keys = body.tensors(keys_for(q.type))
    chosen = newest(rng, keys)
    keys = [value for value in keys if value.type == chosen.type]
    attend(body, [q] + [rng.choice(keys) for _ in range(4)], draw_attributes(rng, q.type.sizes[3]),
           draw_config(rng, body.module, q.type, chosen.type))
    if body.module.attentions > 1:
        body.module.features.add("several attentions")


# Elementwise ----------------------------------------------------------------------------------------------------------

BINARY = {"arith.addf": np.add, "arith.subf": np.subtract, "arith.mulf": np.multiply,
          "arith.maximumf": np.maximum, "arith.minimumf": np.minimum}
UNARY = {"arith.negf": np.negative, "math.absf": np.abs}
# Bounded, so that chains of them are too.
MATH = {"math.tanh": np.tanh, "math.sin": np.sin, "math.cos": np.cos,
        "math.atan": np.arctan, "math.exp": lambda x: np.exp(x), "math.exp2": np.exp2}


@builder
def elementwise(rng, body):
    x = newest(rng, body.tensors())
    same = body.tensors(lambda type: type == x.type)
    kind = rng.random()
    if kind < 0.6:
        name, y = rng.choice(sorted(BINARY)), rng.choice(same)
        body.one(f"{name} {x.name}, {y.name} : {x.type}", [x, y], [x.type], lambda run, x, y: BINARY[name](x, y),
                 "elementwise")
    elif kind < 0.8:
        name = rng.choice(sorted(UNARY))
        body.one(f"{name} {x.name} : {x.type}", [x], [x.type], lambda run, x: UNARY[name](x), "elementwise")
    elif kind < 0.9 and x.type.element != "f32":
        wide = x.type.of("f32")
        y = body.one(f"arith.extf {x.name} : {x.type} to {wide}", [x], [wide], lambda run, x: x, "elementwise")
        z = body.one(f"arith.addf {y.name}, {y.name} : {wide}", [y], [wide], lambda run, y: y + y)
        body.one(f"arith.truncf {z.name} : {wide} to {x.type}", [z], [x.type], lambda run, z: z)
    else:
        truth, y = rng.random() < 0.5, rng.choice(same)
        c = body.one(f"arith.constant {str(truth).lower()}", [], [I1], lambda run: truth)
        body.one(f"arith.select {c.name}, {x.name}, {y.name} : {x.type}", [c, x, y], [x.type],
                 lambda run, c, x, y: x if c else y, "elementwise")


@builder
def mathematics(rng, body):
    x = newest(rng, body.tensors())
    name = rng.choice(sorted(MATH))
    if name.startswith("math.exp"):
        x = body.one(f"math.tanh {x.name} : {x.type}", [x], [x.type], lambda run, x: np.tanh(x))
    body.one(f"{name} {x.name} : {x.type}", [x], [x.type], lambda run, x: MATH[name](x), "math")


@builder
def constant(rng, body):
    like = rng.choice(body.tensors(lambda type: type.static) or [None])
    if not like:
        return
    type = like.type
    number = rng.choice([0.0, 0.25, -1.0, 1.5, 0.1])
    if type.count <= 64 and type.count and rng.random() < 0.5:
        x = np.array([rng.choice([0.5, -0.25, 1.0, 0.0]) for _ in range(type.count)]).reshape(type.sizes)
        literal = str(x.tolist())
    else:
        x, literal = np.full(type.sizes, number), repr(number)
        if not type.count:
            literal = ""
    body.one(f"arith.constant dense<{literal}> : {type}", [], [type], lambda run: x, "constant")


# linalg ---------------------------------------------------------------------------------------------------------------

def affine_map(rank, results):
    dims = ", ".join(f"d{i}" for i in range(rank))
    return f"affine_map<({dims}) -> ({', '.join(f'd{i}' for i in results)})>"


@builder
def generic(rng, body):
    """linalg.generic: elementwise, its second operand maybe transposed."""
    x = newest(rng, body.tensors())
    y = rng.choice(body.tensors(lambda type: type == x.type))
    rank, element = x.type.rank, x.type.element
    order = list(range(rank))
    if rank > 1 and x.type.static and rng.random() < 0.5:
        swapped = rng.sample(range(rank), 2)
        order[swapped[0]], order[swapped[1]] = swapped[1], swapped[0]
    turned = x.type.resized([x.type.sizes[i] for i in order]) if x.type.static else x.type
    ys = body.tensors(lambda type: type == turned) if turned != x.type else [y]
    if ys:
        y = rng.choice(ys)
    else:
        order = list(range(rank))
    out = body.empty(x.type, x)
    name = rng.choice(["arith.addf", "arith.mulf", "arith.maximumf"])
    inner = "  " * (body.indent + 1)
    region = [f"{inner}^bb0(%a: {element}, %b: {element}, %c: {element}):",
              f"{inner}  %d = {name} %a, %b : {element}", f"{inner}  linalg.yield %d : {element}",
              "  " * body.indent + f"}} -> {x.type}"]
    maps = f"{affine_map(rank, range(rank))}, {affine_map(rank, order)}, {affine_map(rank, range(rank))}"
    parallel = ", ".join(['"parallel"'] * rank)
    body.one(f"linalg.generic {{indexing_maps = [{maps}], iterator_types = [{parallel}]}} "
             f"ins({x.name}, {y.name} : {x.type}, {y.type}) outs({out.name} : {out.type}) {{", [x, y, out], [x.type],
             lambda run, x, y, out: BINARY[name](x, np.transpose(y, np.argsort(order)) if rank else y), "linalg",
             region=region)


@builder
def named(rng, body):
    """linalg.fill, transpose, broadcast, reduce, map, add ... of static tensors."""
    x = newest(rng, body.tensors(lambda type: type.static and type.rank > 0))
    if not x:
        return
    rank, type = x.type.rank, x.type
    kind = rng.choice(["fill", "transpose", "broadcast", "reduce", "map", "mul"])
    if kind == "fill":
        c, out = body.scalar(0.5, type.element), body.empty(type, x)
        body.one(f"linalg.fill ins({c.name} : {type.element}) outs({out.name} : {type}) -> {type}", [c, out], [type],
                 lambda run, c, out: np.full(type.sizes, c), "linalg")
    elif kind == "transpose":
        order = rng.sample(range(rank), rank)
        result = type.resized([type.sizes[i] for i in order])
        out = body.empty(result, x)
        body.one(f"linalg.transpose ins({x.name} : {type}) outs({out.name} : {result}) permutation = {order}",
                 [x, out], [result], lambda run, x, out: x.transpose(order), "linalg")
    elif kind == "broadcast" and rank < 5 and type.count < 4096:
        at, size = rng.randrange(rank + 1), rng.choice([1, 2, 3])
        result = type.resized(type.sizes[:at] + (size,) + type.sizes[at:])
        out = body.empty(result, x)
        body.one(f"linalg.broadcast ins({x.name} : {type}) outs({out.name} : {result}) dimensions = [{at}]",
                 [x, out], [result], lambda run, x, out: np.repeat(np.expand_dims(x, at), size, at), "linalg")
    elif kind == "reduce" and type.count:
        at = rng.randrange(rank)
        result = type.resized(type.sizes[:at] + type.sizes[at + 1:])
        # Sums of halves would depend on what they are summed in.
        name = rng.choice(["arith.addf", "arith.maximumf"]) if type.element == "f32" else "arith.maximumf"
        c, out = body.scalar(-4.0, type.element), body.empty(result, x)
        init = body.one(f"linalg.fill ins({c.name} : {type.element}) outs({out.name} : {result}) -> {result}",
                        [c, out], [result], lambda run, c, out: np.full(result.sizes, c))
        body.one(f"linalg.reduce {{ {name} }} ins({x.name} : {type}) outs({init.name} : {result}) dimensions = [{at}]",
                 [x, init], [result], lambda run, x, init: BINARY[name](BINARY[name].reduce(x, axis=at), init), "linalg")
    elif kind == "map":
        y, out = rng.choice(body.tensors(lambda other: other == type)), body.empty(type, x)
        body.one(f"linalg.map {{ arith.addf }} ins({x.name}, {y.name} : {type}, {type}) outs({out.name} : {type})",
                 [x, y, out], [type], lambda run, x, y, out: x + y, "linalg")
    else:
        y, out = rng.choice(body.tensors(lambda other: other == type)), body.empty(type, x)
        body.one(f"linalg.mul ins({x.name}, {y.name} : {type}, {type}) outs({out.name} : {type}) -> {type}",
                 [x, y, out], [type], lambda run, x, y, out: x * y, "linalg")


def collapse(body, x, groups):
    type = x.type.resized([np.prod([x.type.sizes[i] for i in group]) for group in groups])
    return body.one(f"tensor.collapse_shape {x.name} {groups} : {x.type} into {type}", [x], [type],
                    lambda run, x: x.reshape(type.sizes), "view")


@builder
def matmul(rng, body):
    """The product of two tensors of rows, the second one transposed; it is of f32."""
    rows = lambda type: type.static and type.rank >= 2 and 0 < type.count < 4096
    x = newest(rng, body.tensors(rows))
    if not x:
        return
    y = rng.choice(body.tensors(lambda type: rows(type) and type.sizes[-1] == x.type.sizes[-1]
                                and type.element == x.type.element))
    x, y = (v if v.type.rank == 2 else collapse(body, v, [list(range(v.type.rank - 1)), [v.type.rank - 1]])
            for v in (x, y))
    turned = y.type.resized(y.type.sizes[::-1])
    e = body.empty(turned, y)
    t = body.one(f"linalg.transpose ins({y.name} : {y.type}) outs({e.name} : {turned}) permutation = [1, 0]",
                 [y, e], [turned], lambda run, y, e: y.T)
    result = Type((x.type.sizes[0], y.type.sizes[0]), "f32")
    c, e = body.scalar(0.0, "f32"), body.empty(result, x)
    init = body.one(f"linalg.fill ins({c.name} : f32) outs({e.name} : {result}) -> {result}", [c, e], [result],
                    lambda run, c, e: np.full(result.sizes, c))
    body.one(f"linalg.matmul ins({x.name}, {t.name} : {x.type}, {turned}) outs({init.name} : {result}) -> {result}",
             [x, t, init], [result], lambda run, x, t, init: x @ t + init, "linalg")


# Views and slices -----------------------------------------------------------------------------------------------------

def draw_slice(rng, sizes):
    """(offsets, sizes, strides) within a tensor of these sizes."""
    offsets, counts, strides = [0] * len(sizes), list(sizes), [1] * len(sizes)
    for d in rng.sample(range(len(sizes)), rng.choice([1, 1, 1, 2]) if len(sizes) > 1 else 1):
        offsets[d] = rng.randrange(sizes[d])
        strides[d] = rng.choice([1, 1, 1, 2]) if d < len(sizes) - 1 else 1
        counts[d] = rng.randint(1, (sizes[d] - offsets[d] - 1) // strides[d] + 1)
    return offsets, counts, strides


def python_slice(offsets, counts, strides):
    return tuple(slice(o, o + (n - 1) * s + 1, s) for o, n, s in zip(offsets, counts, strides))


@builder
def extract_slice(rng, body):
    x = newest(rng, body.tensors(lambda type: type.static and type.rank and type.count))
    if not x:
        return
    offsets, counts, strides = draw_slice(rng, x.type.sizes)
    operands, written = [x], [str(offset) for offset in offsets]
    if rng.random() < 0.3:
        d = rng.randrange(x.type.rank)
        operands.append(body.index(offsets[d]))
        written[d] = operands[1].name
    at = python_slice(offsets, counts, strides)
    kept = [n for n in counts if n != 1] if rng.random() < 0.2 else counts
    result = x.type.resized(kept)
    body.one(f"tensor.extract_slice {x.name}[{', '.join(written)}] {counts} {strides} : {x.type} to {result}", operands,
             [result], lambda run, x, *_: x[at].reshape(result.sizes), "view")


@builder
def insert_slice(rng, body):
    into = newest(rng, body.tensors(lambda type: type.static and type.rank and type.count))
    if not into:
        return
    small = body.tensors(lambda type: type.static and type.element == into.type.element and type.count
                         and type.rank == into.type.rank and all(a <= b for a, b in zip(type.sizes, into.type.sizes)))
    x = rng.choice(small)
    strides = [1] * x.type.rank
    offsets = [rng.randint(0, b - a) for a, b in zip(x.type.sizes, into.type.sizes)]
    at = python_slice(offsets, x.type.sizes, strides)

    def evaluate(run, x, into):
        result = into.copy()
        result[at] = x
        return result
    body.one(f"tensor.insert_slice {x.name} into {into.name}{offsets} {list(x.type.sizes)} {strides} : "
             f"{x.type} into {into.type}", [x, into], [into.type], evaluate, "insert")


@builder
def reshape(rng, body):
    """collapse_shape and expand_shape: two neighbouring dimensions become one, or one becomes two."""
    x = newest(rng, body.tensors(lambda type: type.static and type.rank > 1 and type.count))
    if not x:
        return
    at = rng.randrange(x.type.rank - 1)
    groups = [[i] if i < at else [i, i + 1] if i == at else [i + 1] for i in range(x.type.rank - 1)]
    y = collapse(body, x, groups)
    size = y.type.sizes[at]
    first = rng.choice([n for n in range(1, size + 1) if size % n == 0])
    result = y.type.resized(y.type.sizes[:at] + (first, size // first) + y.type.sizes[at + 1:])
    body.one(f"tensor.expand_shape {y.name} {groups} output_shape {list(result.sizes)} : {y.type} into {result}", [y],
             [result], lambda run, y: y.reshape(result.sizes), "view")


@builder
def cast(rng, body):
    x = newest(rng, body.tensors(lambda type: type.rank > 0))
    result = Type(x.type.sizes, x.type.element,
                  tuple(rng.random() < 0.4 and (x.type.rank != 4 or i < 2) for i in range(x.type.rank)))
    if x.known or result.static:
        body.one(f"tensor.cast {x.name} : {x.type} to {result}", [x], [result], lambda run, x: x, "cast", known=x.known)


@builder
def concat(rng, body):
    x = newest(rng, body.tensors(lambda type: type.static and type.rank and type.count < 4096))
    if not x:
        return
    at = rng.randrange(x.type.rank)
    fits = lambda type: (type.static and type.element == x.type.element and type.rank == x.type.rank
                         and all(a == b or i == at for i, (a, b) in enumerate(zip(type.sizes, x.type.sizes))))
    y = rng.choice(body.tensors(fits))
    sizes = list(x.type.sizes)
    sizes[at] += y.type.sizes[at]
    result = x.type.resized(sizes)
    body.one(f"tensor.concat dim({at}) {x.name}, {y.name} : ({x.type}, {y.type}) -> {result}", [x, y], [result],
             lambda run, x, y: np.concatenate([x, y], at), "concat")


@builder
def pad(rng, body):
    x = newest(rng, body.tensors(lambda type: type.static and type.rank and type.count < 4096))
    if not x:
        return
    low, high = ([rng.choice([0, 0, 1, 2]) if i != x.type.rank - 1 else 0 for i in range(x.type.rank)] for _ in "ab")
    result = x.type.resized([a + n + b for a, n, b in zip(low, x.type.sizes, high)])
    c = body.scalar(0.5, x.type.element)
    indices = ", ".join(f"%i{i}: index" for i in range(x.type.rank))
    inner = "  " * (body.indent + 1)
    region = [f"{inner}^bb0({indices}):", f"{inner}  tensor.yield {c.name} : {x.type.element}",
              "  " * body.indent + f"}} : {x.type} to {result}"]
    body.one(f"tensor.pad {x.name} low{low} high{high} {{", [x, c], [result],
             lambda run, x, c: np.pad(x, list(zip(low, high)), constant_values=c), "pad", region=region)


@builder
def splat(rng, body):
    like = rng.choice(body.tensors(lambda type: type.static) or [None])
    if like:
        c = body.scalar(0.75, like.type.element)
        body.one(f"tensor.splat {c.name} : {like.type}", [c], [like.type],
                 lambda run, c: np.full(like.type.sizes, c), "splat")


# Control flow ---------------------------------------------------------------------------------------------------------

IN_REGIONS = ["attention", "elementwise", "extract_slice", "insert_slice", "generic", "reshape"]


def fill_region(rng, body):
    """A few operations, of kinds that the module has chosen."""
    kinds = [kind for kind in IN_REGIONS if kind in body.module.kinds] or ["attention"]
    for _ in range(rng.randint(1, 2)):
        BUILDERS[rng.choice(kinds)](rng, body)


def interpret_region(run, body, env, names, values):
    inner = dict(env)
    inner.update(zip(names, values))
    body.interpret(run, inner)
    return inner


def outer_values(body):
    return [value for value in body.values if value.is_tensor]


def yielded(rng, body, type):
    """The newest value of this type in a region, or now and then another one."""
    values = body.tensors(lambda other: other == type)
    return values[-1] if rng.random() < 0.8 else rng.choice(values)


@builder
def loop(rng, body):
    """scf.for that carries a tensor or two."""
    carried = [newest(rng, body.tensors()) for _ in range(rng.choice([1, 1, 2]))]
    trips, step = rng.choice([0, 1, 2, 3]), rng.choice([1, 2])
    low, high, by = (body.index(n) for n in (0, trips * step, step))
    arguments = [body.fresh(value.type, value.known) for value in carried]
    i = body.fresh(INDEX)
    outer = outer_values(body)
    region = body.nested(i, *arguments)
    fill_region(rng, region)
    results = [yielded(rng, region, value.type) for value in carried]
    types = ", ".join(str(value.type) for value in carried)
    region.line(f"scf.yield {', '.join(value.name for value in results)} : {types}")

    def evaluate(run, low, high, by, *arrays):
        env = dict(zip((value.name for value in outer), arrays))
        carried_now = [env[value.name] for value in carried]
        for number in range(low, high, by):
            inner = interpret_region(run, region, env, [i.name] + [a.name for a in arguments],
                                     [number] + carried_now)
            carried_now = [inner[value.name] for value in results]
        return tuple(carried_now)
    pairs = ", ".join(f"{a.name} = {value.name}" for a, value in zip(arguments, carried))
    body.add(f"scf.for {i.name} = {low.name} to {high.name} step {by.name} iter_args({pairs}) -> ({types}) {{",
             [low, high, by, *outer], [value.type for value in carried], evaluate, "loop",
             region=region.lines + ["  " * body.indent + "}"], known=all(value.type.static for value in carried))


@builder
def branch(rng, body):
    """scf.if with a tensor as its result, on a condition that is known only when it runs."""
    like = newest(rng, body.tensors(lambda type: type.rank > 0))
    size = body.dim(like, 0)
    limit = body.index(rng.choice([0, 1, 2, 5]))
    c = body.one(f"arith.cmpi slt, {size.name}, {limit.name} : index", [size, limit], [I1], lambda run, a, b: a < b)
    outer = outer_values(body)
    regions = body.nested(), body.nested()
    for region in regions:
        if rng.random() < 0.7:
            fill_region(rng, region)
    results = [yielded(rng, region, like.type) for region in regions]
    for region, value in zip(regions, results):
        region.line(f"scf.yield {value.name} : {like.type}")

    def evaluate(run, c, *arrays):
        env = dict(zip((value.name for value in outer), arrays))
        at = 0 if c else 1
        return interpret_region(run, regions[at], env, [], [])[results[at].name]
    edge = "  " * body.indent
    body.one(f"scf.if {c.name} -> ({like.type}) {{", [c, *outer], [like.type], evaluate, "branch",
             region=regions[0].lines + [edge + "} else {"] + regions[1].lines + [edge + "}"], known=like.type.static)


@builder
def while_loop(rng, body):
    """scf.while that counts to a small number and carries a tensor."""
    x = newest(rng, body.tensors())
    trips = rng.choice([0, 1, 2])
    zero, one, limit = body.index(0), body.index(1), body.index(trips)
    outer = outer_values(body)
    n, y, m, z = body.fresh(INDEX), body.fresh(x.type), body.fresh(INDEX), body.fresh(x.type)
    c, following = body.fresh(I1), body.fresh(INDEX)
    region = body.nested(z)
    fill_region(rng, region)
    result = yielded(rng, region, x.type)
    edge, inner = "  " * body.indent, "  " * (body.indent + 1)
    lines = [f"{inner}{c.name} = arith.cmpi slt, {n.name}, {limit.name} : index",
             f"{inner}scf.condition({c.name}) {n.name}, {y.name} : index, {x.type}", edge + "} do {",
             f"{edge}^bb0({m.name}: index, {z.name}: {x.type}):", *region.lines,
             f"{inner}{following.name} = arith.addi {m.name}, {one.name} : index",
             f"{inner}scf.yield {following.name}, {result.name} : index, {x.type}", edge + "}"]

    def evaluate(run, zero, one, limit, *arrays):
        env = dict(zip((value.name for value in outer), arrays))
        now = env[x.name]
        for _ in range(limit):
            now = interpret_region(run, region, env, [z.name], [now])[result.name]
        return limit, now
    body.add(f"scf.while ({n.name} = {zero.name}, {y.name} = {x.name}) : (index, {x.type}) -> (index, {x.type}) {{",
             [zero, one, limit, *outer], [INDEX, x.type], evaluate, "while", region=lines, known=x.type.static)


@builder
def call(rng, body):
    """Calls another function of the module."""
    fitting = [f for f in body.module.functions
               if all(body.tensors(lambda type, a=a: type == a.type) for a in f.arguments)]
    if not fitting:
        return
    f = rng.choice(fitting)
    operands = [rng.choice(body.tensors(lambda type, a=a: type == a.type)) for a in f.arguments]
    types = [value.type for value in f.results]

    def evaluate(run, *arrays):
        env = dict(zip((a.name for a in f.arguments), arrays))
        f.body.interpret(run, env)
        return tuple(env[value.name] for value in f.results)
    body.add(f"{rng.choice(['call', 'func.call'])} {f.symbol}({', '.join(value.name for value in operands)}) : "
             f"({', '.join(str(a.type) for a in f.arguments)}) -> ({', '.join(map(str, types))})", operands, types,
             evaluate, "call", known=False)
