# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What 2-simplicial layers cost.

    python speed.py layer     one layer of each kind, of equal parameters, forward and backward: 8/2 heads of 128
                              dimensions, windows 32 x 512, 4096 tokens
    python speed.py step      a training step of the largest language model with such layers and without
    torchrun --nproc-per-node=2 speed.py parallel     tokens a second of a sequence of 65536, split over the ranks

Prints JSON. --small: the same at a size for CPUs.
"""

import argparse
import contextlib
import json
import os
import statistics
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F
from model import Config, Layer, Transformer, Whole, count
from parallel import Split, sum_over_ranks
from train import SIZES, adamw

REPEATS = 20
KINDS = ("dot-product", "simplicial")


def median_ms(device: torch.device, function) -> float:
    """After three calls that do not count."""
    times = []
    for i in range(3 + REPEATS):
        if device.type == "cuda":
            torch.cuda.synchronize()
        began = time.perf_counter()
        function()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - began))
    return statistics.median(times[3:])


def mixed(device: torch.device):
    return torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else contextlib.nullcontext()


def layer(device: torch.device, small: bool) -> dict:
    """The last of `every` layers differs; the other kind's SwiGLU makes up for its parameters."""
    shape = {"dim": 1024, "heads": 8, "kv_heads": 2, "head_dim": 128}
    batch, n = (1, 256) if small else (4, 4096)
    found = {"tokens": [batch, n]}
    for kind in KINDS:
        block = Layer(Config(attention=kind, every=1, **shape), 0).to(device)
        x = torch.randn(batch, n, shape["dim"], device=device, requires_grad=True)
        d_out = torch.randn_like(x)

        def forward():
            with mixed(device):
                return block(x, Whole())

        def both():
            forward().backward(d_out)

        def no_gradient():
            with torch.no_grad():
                forward()

        found[kind] = {"parameters": count(block), "forward ms": median_ms(device, no_gradient),
                       "forward and backward ms": median_ms(device, both)}
    return found


def trained(config: Config, batch: int, n: int, device: torch.device, compiled: bool, context: Whole | None = None,
            ranks: int = 1):
    """A step of training on random tokens, which are this rank's part."""
    model = Transformer(config).to(device)
    call = torch.compile(model) if compiled else model
    optimizer = adamw(model, 1e-4)
    tokens = torch.randint(256, (batch, n + 1), device=device)
    inputs, targets = tokens[:, :-1], tokens[:, 1:]

    def step():
        with mixed(device):
            logits = call(inputs, context)
        F.cross_entropy(logits.float().flatten(0, 1), targets.flatten()).backward()
        if ranks > 1:
            sum_over_ranks([p.grad for p in model.parameters()])
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return step


def step(device: torch.device, small: bool) -> dict:
    size, batch, n = ("tiny", 2, 128) if small else ("30M", 32, 1024)
    times = {kind: median_ms(device, trained(Config(attention=kind, **SIZES[size]), batch, n, device, not small))
             for kind in KINDS}
    return {"size": size, "tokens": [batch, n], "ms": times, "times as long": times[KINDS[1]] / times[KINDS[0]]}


def parallel(device: torch.device, small: bool) -> dict:
    """Every layer is 2-simplicial: what is measured is the exchange of their keys."""
    ranks, n = int(os.environ.get("WORLD_SIZE", 1)), 512 if small else 65536
    shape = SIZES["tiny"] if small else {"dim": 1024, "layers": 4, "heads": 8, "kv_heads": 2, "head_dim": 128}
    context = Whole()
    if ranks > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        context = Split(n)
    own = context.end - context.begin if isinstance(context, Split) else n
    ms = median_ms(device, trained(Config(**shape | {"every": 1}), 1, own, device, not small, context, ranks))
    if ranks > 1:
        dist.destroy_process_group()
    return {"ranks": ranks, "tokens": n, "ms": ms, "tokens a second": 1e3 * n / ms}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("layer", "step", "parallel"))
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    torch.set_float32_matmul_precision("high")
    found = {"layer": layer, "step": step, "parallel": parallel}[given.what](device, given.small)
    if int(os.environ.get("RANK", 0)) == 0:
        name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
        print(json.dumps({"what": given.what, "device": name, "torch": torch.__version__} | found))


if __name__ == "__main__":
    main()
