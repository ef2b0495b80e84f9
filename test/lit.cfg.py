# What the lit tests run. Our tools are named by substitutions, LLVM's (FileCheck, not, split-file) come from PATH:
#
#   %mlir-opt            stock mlir-opt with our plugin and dialect loaded
#   %opt %run %compile   simplicial-opt, simplicial-run, simplicial-compile
#   %fails               tools/fails.py: the command must fail as bad input should
#   %python              a Python with numpy
#   %library             the folder of our libraries
#   %fake-cuda           a CUDA driver that runs no kernels
#   %third=1 (2, 3)      --third=1, of long lists of cases; nothing for `./dev test --all`
#
# and the features are
#
#   ptxas            there is a CUDA toolkit
#   cuda             there is a GPU
#   x86              so is the processor
#   asan             AddressSanitizer is in what is tested
#   with-sanitizers  always there: what requires it runs with sanitizers, too, in a folder of which only a part does
#
# `./dev test` lists the tests that one of these keeps from running.

import os
import platform
import shlex
import shutil

import lit.formats

config.name = "Simplicial"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "unit"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.build_dir, "test")

tests, build, llvm = config.test_source_root, config.build_dir, config.llvm_tools_dir
dialect = os.path.join(config.source_dir, "dialect", "simplicial.irdl.mlir")

# Stock mlir-opt with a sanitized plugin: the sanitizer has to come first.
preload = f"env LD_PRELOAD={config.sanitizer_library} " if config.sanitizer_library else ""


def command(*words):
    return " ".join(shlex.quote(word) for word in words)


config.substitutions += [
    ("%mlir-opt", preload + command(f"{llvm}/mlir-opt", f"--load-pass-plugin={build}/lib/SimplicialPlugin.so",
                                    f"--irdl-file={dialect}")),
    ("%opt", preload + command(f"{build}/bin/simplicial-opt")),
    ("%run", command(f"{build}/bin/simplicial-run")),
    ("%compile", command(f"{build}/bin/simplicial-compile")),
    ("%fails", command(config.python, f"{tests}/tools/fails.py")),
    ("%python", command(config.python)),
    ("%library", f"{build}/lib"),
    ("%fake-cuda", f"{build}/test/unit/libcuda_fake.so"),
    ("%third=([123])", "" if os.environ.get("SIMPLICIAL_TEST_ALL") else r"--third=\1"),
]

toolkit = os.pathsep.join([os.environ["PATH"], os.environ.get("CUDA_HOME", "") + "/bin", "/usr/local/cuda/bin"])
if shutil.which("ptxas", path=toolkit) and shutil.which("fatbinary", path=toolkit):
    config.available_features.add("ptxas")

config.available_features.add("with-sanitizers")
if config.sanitizer_library:
    config.available_features.add("asan")

if platform.machine() == "x86_64":
    config.available_features.add("x86")

if os.path.exists("/dev/nvidiactl"):
    config.available_features.add("cuda")

config.environment["PATH"] = llvm + os.pathsep + toolkit
# What is tested is what is compiled, not what is in the cache of who runs the tests.
config.environment["SIMPLICIAL_CACHE_SIZE"] = "0"
# One BLAS thread: lit already runs a test a core.
config.environment.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1")
for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LD_LIBRARY_PATH"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
