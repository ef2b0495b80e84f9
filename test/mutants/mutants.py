# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Mutants of kernels: is each synchronising operation needed, and does the emulator notice when it is wrong?

Every case is a kernel whose sizes fill each slot of each ring several times. In it each synchronising operation that
runs (barriers, mbarriers' arrivals and waits, commits, waits for groups, fences) is, one at a time, left out (a
try_wait is answered "true") or, if it has a number, given another one (a count of arrivals or of threads, bytes, a
parity, a number of groups that may be left). A mutant is

  reported   the emulator finds an error, a deadlock among them
  wrong      the results have other bits than the kernel's own
  refused    nothing of that, but simplicial-emulate does not take the program without the operation
  allowed    nothing of that, and REASONS says why the operation is there nevertheless
  survived   nothing of that: the test fails, as it does for one that runs for longer than TIMEOUT

    mutants.py --build=BUILD                  all of them, with two seeds of the emulator
    mutants.py --build=BUILD --sample=5       a random five of each kernel, always the same
    mutants.py --build=BUILD --match=jk -v    those of some of the kernels, with a line a mutant

A kernel is compiled once, from what `simplicial-compile --emit=gpu` prints, so that an operation is a line of text that
--keep leaves; libmutants_hooks.so (hooks.c), between it and the emulator, does the mutation.
"""

import argparse
import collections
import concurrent.futures
import ctypes
import dataclasses
import math
import os
import pathlib
import random
import re
import signal
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "numerics"))
import data
import dlpack
from cases import Case
from check import check
from run import module

TIMEOUT = 30  # seconds for a mutant; a kernel takes a fraction of one
SEEDS = (0, 1)
EMIT_LLVM, EMIT_GPU = 1, 4  # of SimplicialEmit

# What else is done to an operation than leaving it out: what is added to its number.
CHANGES = {
    "Barrier": (32, -32), "BarrierArrive": (32, -32), "CopyWait": (1,), "StoreWait": (1,), "WgmmaWait": (1,),
    # One arrival too few is made up for by a later one, until these add up to a phase: that takes many uses of a slot.
    "MbarrierInit": (1, -3), "MbarrierArriveCount": (1, -1), "MbarrierArriveExpect": (16, -16),
    "MbarrierExpect": (16, -16), "MbarrierTryWait": (1,), "MbarrierTryWaitTicks": (1,), "MbarrierTestWait": (1,),
}

# What a kernel's lines are for reasons: words, in which runs of the same one count as one. Synchronising operations are
# those of SYNCHRONISING.
WORDS = [(word, re.compile(pattern)) for word, pattern in (
    ("barrier-or", r"nvvm\.barrier #"), ("named", r"nvvm\.barrier id"), ("barrier", r"nvvm\.barrier0"),
    ("warp", r"nvvm\.bar\.warp"), ("commit", r"nvvm\.cp\.async\.commit"), ("wait", r"nvvm\.cp\.async\.wait"),
    ("store-commit", r"nvvm\.cp\.async\.bulk\.commit"), ("store-wait", r"nvvm\.cp\.async\.bulk\.wait"),
    ("init-fence", r"nvvm\.fence\.mbarrier"), ("fence", r"nvvm\.fence\.proxy"), ("init", r"nvvm\.mbarrier\.init"),
    ("expect", r"nvvm\.mbarrier\.arrive\.expect"), ("arrive", r"nvvm\.mbarrier\.arrive"),
    ("try", r"nvvm\.mbarrier\.try"), ("wgmma-fence", r"nvvm\.wgmma\.fence"),
    ("wgmma-commit", r"nvvm\.wgmma\.commit"), ("wgmma-wait", r"nvvm\.wgmma\.wait"),
    ("copy", r"nvvm\.cp\.async\.shared"), ("load", r"nvvm\.cp\.async\.bulk\.tensor\.shared"),
    ("store", r"nvvm\.cp\.async\.bulk\.tensor\.global"), ("wgmma", r"simplicial\.wgmma"),
    ("ldmatrix", r"nvvm\.ldmatrix"), ("put", r"llvm\.store .*ptr<3>"), ("get", r"llvm\.load .*ptr<3>"),
    ("for", r"scf\.for"), ("while", r"scf\.while"),
    ("else", r"\} else"), ("if", r"scf\.if"), ("}", r"^ *\}"))]
SYNCHRONISING = {word for word, _ in WORDS[:WORDS.index(next(w for w in WORDS if w[0] == "copy"))]}


def word_of(line):
    return next((word for word, pattern in WORDS if pattern.search(line)), None)


def kernels():
    """(name, chip, case): one compiled for any N, and called with those of SIZES."""
    small = dict(dtype="f16", Nq=2, Hq=32, D=16, w1=3, w2=130, k2_bias=0.5, dynamic="N")
    for stages in 1, 2, 3:
        yield f"kj stages={stages}", "sm_80", Case(**small, config=f'block_k = 16, stages = {stages}, order = "kj"')
        yield f"jk stages={stages}", "sm_80", Case(
            **small, config=f'block_j = 1, block_k = 16, stages = {stages}, order = "jk"')
    few = {**small, "Nq": 7, "Hq": 16}
    for local in "true", "false":
        yield f"queries local={local}", "sm_80", Case(
            **few, config=f"block_q = 4, block_k = 16, stages = 2, local_outer = {local}")
    yield "rows", "sm_80", Case(**small, config="block_j = 2, block_k = 16, stages = 2")
    yield "f32", "sm_80", Case(**{**small, "dtype": "f32"}, config="block_k = 16, stages = 2")
    wide = {**small, "Hq": 64, "D": 64}
    wide["w2"] = 150
    config = "block_q = 1, block_j = 1, block_k = 16, tiles = 1, producer = true"
    for stages in 1, 2, 3:
        for order in "kj", "jk":
            yield f"producer {order} stages={stages}", "sm_90a", Case(
                **wide, config=f'{config}, stages = {stages}, order = "{order}"')
    yield "producer rows", "sm_90a", Case(**wide, config=f"{config}, stages = 2".replace("j = 1", "j = 2"))
    yield "no producer", "sm_90a", Case(**wide, config=f"{config}, stages = 2".replace("true", "false"))
    yield "unaligned", "sm_90a", Case(**wide, pad=(0, 0, 0, 4, 1), config=f"{config}, stages = 2")
    yield "tiles", "sm_90a", Case(
        **wide, config="block_j = 1, block_k = 16, tiles = 2, producer = true, stages = 2, "
                     'order = "jk"')
    yield "queries", "sm_90a", Case(**{**wide, "Hq": 8, "Nq": 9}, config="block_q = 8, block_j = 1, block_k = 16, "
                                    "block_tail = 16, tiles = 1, producer = true, stages = 2")
    yield "stores", "sm_90a", Case(**{**wide, "D": 128, "Hq": 8, "Nq": 9}, config="block_q = 8, block_j = 1, "
                                   "block_k = 16, block_tail = 16, tiles = 1, producer = true, stages = 2")
    yield "parts", "sm_90a", Case(**{**wide, "dtype": "bf16", "D": 80, "w1": 2, "w2": 40},
                                  config=f'{config}, stages = 2, order = "jk", local_outer = false')


# Of keys: windows of different numbers of whole inner tiles, so that a loop's last tile is in each of a ring's slots.
SIZES = (133, 110, 90)
# In the last of them, so that threads vote, and differ: kernels of several queries then loop over them.
BAD = tuple(("v2", (0, key, 0, 7), math.inf) for key in (-1, -2))


@dataclasses.dataclass(frozen=True)
class Reason:
    """Why mutants of operations that nothing notices are no errors."""
    kernel: str  # a pattern for the kernel's name
    near: str    # one for words, of which those in its group are the operation or beside it
    why: str


REASONS = (
    Reason("^kj stages=1 ", r"(?:\}|copy) (commit wait barrier) for if copy",
           "own copies, which the loop waits for too, behind its first copy; where it does not run, nothing else does"),
    Reason("^queries local=true", r"(?:copy \} (commit wait) barrier if put|put \} (barrier) \} if copy)",
           "own keys, then values: the loop's first copies are waited for, and met at a barrier for, before either is read"),
    Reason("^(queries local=true|stores)", r"for (barrier|named) (?:for )?(?:if )?copy",
           "before own copies, behind the last reads of the query before; that one ends with another barrier"),
    Reason("^(queries local=true|stores)", r"(?:store-wait \}|wait) (barrier|named) if ",
           "behind what a query read in shared memory; the next one begins with another barrier, before own copies"),
    Reason("^(kj stages=1 |producer kj|producer rows)",
           r"(?:ldmatrix \} (barrier) \} put|if (arrive) \} (?:if \} if|put named))",
           "frees slots for later tiles; the last loop runs once here"),
    Reason("^(producer|queries sm_90a|stores|parts)", r"arrive \} for while (try \} while try)",
           "lanes copy both tiles of a step before they arrive for one: without TMA copies, either wait is for both"),
    Reason("^tiles", r"expect load \} if while (try)",
           "a step's tiles are released together: the first one's slot is not free before this one's"),
    Reason("^(unaligned|no producer)", r"wgmma-wait \} (?:wait )?(barrier) (?:if copy|copy|for put)",
           "frees a ring for the next loop; threads of the only warpgroup have waited for the products that read it"),
)


def load_libraries(build):
    """The hooks, and the compiler that is linked with them."""
    hooks = ctypes.CDLL(f"{build}/test/mutants/libmutants_hooks.so", ctypes.RTLD_GLOBAL)
    library = dlpack.load_library(f"{build}/lib/libsimplicial_compiler.so", "simplicialCompile")
    hooks.mutantsSite.restype = hooks.mutantsFunction.restype = ctypes.c_char_p
    hooks.mutantsRuns.restype = ctypes.c_int64
    return hooks, library


class Failure(Exception):
    pass


def must(status):
    if status.code:
        raise Failure((status.message or b"").decode())


def compile_to(library, source, target, emit):
    text, size, source = ctypes.c_void_p(), ctypes.c_size_t(), source.encode()
    must(library.simplicialCompile(source, ctypes.c_size_t(len(source)), b"k.mlir", target.encode(), emit,
                                   ctypes.byref(text), ctypes.byref(size)))
    return ctypes.string_at(text, size.value).decode()


def with_tensors(program, case):
    """The GPU program, behind a function of tensors, without the check that a grid is too large, which is the
    runtime's: a module's own functions are others, whatever they are called."""
    program = re.sub(r"func\.call @simplicialLaunchTooLarge.*", "", program)
    head = re.search(r"func\.func @f\((.*)\) \{\n", program)
    memrefs = re.findall(r"%arg\d+: (memref<.*?>)(?=, %arg|$)", head[1])
    plain = lambda memref: re.match(r"memref<([^,>]*)", memref)[1]
    inputs, results = memrefs[:5], memrefs[5:]
    lines = [f"%b{i} = bufferization.to_buffer %t{i} read_only : tensor<{plain(m)}> to {m}"
             for i, m in enumerate(inputs)]
    lines += [f"%b{i} = memref.alloc() {{alignment = 64 : i64}} : {m}" for i, m in enumerate(results, 5)]
    lines += [f"call @launch({', '.join(f'%b{i}' for i in range(len(memrefs)))}) : ({', '.join(memrefs)}) -> ()"]
    lines += [f"%r{i} = bufferization.to_tensor %b{i} restrict : {m} to tensor<{plain(m)}>"
              for i, m in enumerate(results, 5)]
    tensors = ", ".join(f"tensor<{plain(m)}>" for m in results)
    lines += [f"return {', '.join(f'%r{i}' for i in range(5, len(memrefs)))} : {tensors}"]
    arguments = ", ".join(f"%t{i}: tensor<{plain(m)}>" for i, m in enumerate(inputs))
    wrapper = f"func.func @f({arguments}) -> ({tensors}) {{\n" + "\n".join(lines) + "\n}\n"
    program = program.replace("func.func @f(", "func.func private @launch(", 1)
    end = program.rindex("}")
    return program[:end] + wrapper + program[end:]


def tensor(array):
    dtype = next(name for name, (_, _, stored) in dlpack.TYPES.items() if stored == array.dtype)
    strides = [stride // array.itemsize for stride in array.strides]
    return dlpack.describe(array.ctypes.data, dtype, array.shape, strides)


def aligned(shape, dtype):
    """An array at a multiple of 64 bytes."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start:start + size].view(dtype).reshape(shape)


class Call:
    """A case's tensors in memory."""

    def __init__(self, case):
        self.case, self.inputs = case, data.make(case)
        stored = dlpack.TYPES[case.dtype][2]
        self.arrays = []
        for value, pad in zip(self.inputs.values(), case.pad or (0,) * 5):
            array = aligned((*value.shape[:3], value.shape[3] + pad), stored)[..., :value.shape[3]]
            array[...] = dlpack.to_stored(case.dtype, value)
            self.arrays.append(array)
        self.results = {"out": aligned(self.inputs["q"].shape, stored),
                        "lse": aligned((case.B, case.Hq, case.queries), np.float32)}
        self.tensors = dlpack.pointers([tensor(array) for array in (*self.arrays, *self.results.values())])


class Kernel:
    """A compiled case, to be called again and again."""

    def __init__(self, build, target, case):
        self.hooks, self.api = load_libraries(build)
        self.case, self.target = case, target
        self.text = with_tensors(compile_to(self.api, module(case, target), target, EMIT_GPU), case)
        compiler, executable, source = ctypes.c_void_p(), ctypes.c_void_p(), self.text.encode()
        must(self.api.simplicialCompilerCreate(ctypes.byref(compiler)))
        must(self.api.simplicialCompilerLoad(compiler, source, ctypes.c_size_t(len(source)), b"k.mlir",
                                                 f"emulate:{target}".encode(), ctypes.byref(executable)))
        self.function = ctypes.c_void_p(self.api.simplicialExecutableLookup(executable, b"f"))
        self.calls = [Call(dataclasses.replace(case, N=n, bad=BAD if n == SIZES[-1] else ())) for n in SIZES]

    def call(self, seed):
        """The bits of the results; Failure if the emulator finds an error."""
        self.api.simplicialEmulatorSetSeed(ctypes.c_uint64(seed))
        return b"".join(self.call_once(call) for call in self.calls)

    def call_once(self, call):
        for array in call.results.values():
            array.view(np.uint8)[...] = 0xFF  # nan until written
        must(self.api.simplicialFunctionCall(self.function, call.tensors, len(call.tensors)))
        return b"".join(array.tobytes() for array in call.results.values())

    def run(self):
        """The bits of the unmutated kernel, which are right; fills the hooks' table of operations."""
        bits = [self.call(seed) for seed in SEEDS]
        if len(set(bits)) != 1:
            raise Failure("the result depends on the emulator's seed")
        for call in self.calls:
            results = {**call.results, "out": dlpack.from_stored(call.case.dtype, call.results["out"])}
            problems = check(call.case, call.inputs, results, "tf32" if call.case.dtype == "f32"
                             else call.case.dtype).problems
            if problems:
                raise Failure("; ".join(problems))
        return bits[0]


def in_child(function):
    """What the function, run in a child, returns: a line; None if it took too long."""
    end, start = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(TIMEOUT)
        line = "FAIL"
        try:
            line = function()
        finally:
            os.write(start, line.encode()[:4000])
            os._exit(0)
    os.close(start)
    with os.fdopen(end, "rb") as pipe:
        line = pipe.read().decode(errors="replace")
    os.waitpid(child, 0)
    return line or None


def outcome(kernel, bits, operation, by):
    kernel.hooks.mutantsChoose(operation, by)
    for seed in SEEDS:
        try:
            if kernel.call(seed) != bits:
                return "wrong"
        except Failure as failure:
            return f"reported {failure}"
    return "survived"


def refusal(kernel, line):
    """Why simplicial-emulate does not take the program without that line; None if it does."""
    lines = kernel.text.split("\n")
    if " = " in lines[line - 1]:
        return None
    lines[line - 1] = ""
    try:
        compile_to(kernel.api, "\n".join(lines), f"emulate:{kernel.target}", EMIT_LLVM)
    except Failure as failure:
        return str(failure)
    return None


def around(lines, line):
    """(the words before a line, its own, those behind it)"""
    words, at = [], None
    for number, text in enumerate(lines, 1):
        word = word_of(text)
        if number == line:
            at = len(words)
        if word and (number == line or not words or words[-1] != word or at == len(words) - 1):
            words.append(word)
    return words[max(at - 12, 0):at], words[at], words[at + 1:at + 25]


def is_pause(lines, line):
    """Whether a warp's barrier only keeps ptxas from beginning all loads at once (context_pause): those that order what
    threads do are behind a fence."""
    before, word, _ = around(lines, line)
    return word == "warp" and before[-1:] != ["fence"]


def explanation(name, before, word, behind):
    """The reason for a survivor, or None."""
    # Neighbours of the same word count as one.
    while before and before[-1] == word:
        before = before[:-1]
    while behind and behind[0] == word:
        behind = behind[1:]
    start = len(" ".join(before)) + bool(before)
    words = " ".join([*before, word, *behind])
    for reason in REASONS:
        if not re.search(reason.kernel, name):
            continue
        for match in re.finditer(reason.near, words):
            if match.start(match.lastindex) <= start < match.end(match.lastindex):
                return reason.why
    return None


@dataclasses.dataclass
class Mutant:
    kernel: str
    line: int
    text: str
    function: str
    by: int
    verdict: str
    detail: str = ""

    def __str__(self):
        change = f"{self.by:+d}" if self.by else "left out"
        return f"{self.kernel}: line {self.line}: {self.function} {change}: {self.verdict} {self.detail}"


def try_mutants(build, name, target, case, sample, seed, keep):
    """(mutants tried, how many there are, lines with operations that never ran)"""
    os.environ.update(SIMPLICIAL_NUM_THREADS="1", SIMPLICIAL_CACHE_SIZE="0")
    kernel = Kernel(build, target, case)
    if keep:
        (keep / f"{name} {target}.mlir".replace(" ", "_")).write_text(kernel.text)
    bits = kernel.run()
    lines, hooks = kernel.text.split("\n"), kernel.hooks
    place = [hooks.mutantsSite(i).decode() for i in range(hooks.mutantsCount())]
    line_of = [int(re.match(r".*?:(\d+):", site)[1]) for site in place]
    functions = [hooks.mutantsFunction(i).decode() for i in range(len(place))]
    all_mutants = [(i, by) for i, function in enumerate(functions) if not is_pause(lines, line_of[i])
                   for by in (0, *CHANGES.get(function, ()))]
    chosen = all_mutants
    if sample and sample < len(all_mutants):
        chosen = sorted(random.Random(f"{seed} {name}").sample(all_mutants, sample))
    mutants = []
    for i, by in chosen:
        line = in_child(lambda: outcome(kernel, bits, i, by))
        verdict, _, detail = (line or f"survived for {TIMEOUT} s").partition(" ")
        if verdict == "survived" and line:
            refused = None if by else in_child(lambda: refusal(kernel, line_of[i]) or "taken")
            words = around(lines, line_of[i])
            reason = explanation(name, *words)
            if refused and refused != "taken":
                verdict, detail = "refused", refused
            elif reason:
                verdict, detail = "allowed", reason
            else:
                detail = f"in: {' '.join(words[0])} @{words[1]} {' '.join(words[2][:13])}"
        mutants.append(Mutant(name, line_of[i], place[i], functions[i], by, verdict, detail))
    return mutants, len(all_mutants), never_run(lines, set(line_of))


def never_run(lines, ran):
    """Synchronising operations of kernels of which others ran, as "line: text"."""
    found, inside = [], []
    for number, line in enumerate(lines, 1):
        if re.search(r"\bllvm\.func @", line):
            inside = []
        if word_of(line) in SYNCHRONISING:
            inside.append(number)
        if re.match(r"    \}", line):
            if ran & set(inside):
                found += [f"{n}: {lines[n - 1].strip()}" for n in inside if n not in ran]
            inside = []
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build folder")
    parser.add_argument("--sample", type=int, help="try this many mutants of each kernel (default: all)")
    parser.add_argument("--seed", default="0", help="of the sample")
    parser.add_argument("--match", default="", help="only kernels whose name has this pattern")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the kernels' text in this folder")
    parser.add_argument("-v", "--verbose", action="store_true", help="print a line a mutant, and what never ran")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)

    chosen = [kernel for kernel in kernels() if re.search(arguments.match, f"{kernel[0]} {kernel[1]}")]
    totals, existing, failures = collections.Counter(), 0, 0
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs, max_tasks_per_child=1) as pool:
        tasks = [(f"{name} {target}", pool.submit(try_mutants, arguments.build, f"{name} {target}", target, case,
                                                  arguments.sample, arguments.seed, arguments.keep))
                 for name, target, case in chosen]
        for name, task in tasks:
            try:
                mutants, count, unused = task.result()
            except Failure as failure:
                print(f"FAIL {name}: {failure}")
                failures += 1
                continue
            counts = collections.Counter(mutant.verdict for mutant in mutants)
            shown = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
            print(f"{name}: {len(mutants)} of {count} mutants: {shown}; {len(unused)} operations never ran", flush=True)
            for mutant in mutants:
                if arguments.verbose or mutant.verdict == "survived":
                    print(f"  {mutant}")
            for line in unused if arguments.verbose else ():
                print(f"  never ran: {line}")
            totals += counts
            existing += count
    tried = sum(totals.values())
    print(f"{tried} of {existing} mutants, {totals['survived']} unexplained")
    return 1 if failures or totals["survived"] or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
