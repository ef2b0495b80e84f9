# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How well a model predicts text: nats a byte of windows that it was not trained on.

    python evaluate.py RUN [--split=test] [--windows=256]     of a run of train.py, from its last checkpoint
"""

import argparse
import json
import pathlib

import torch
import torch.distributed as dist
import torch.nn.functional as F
from corpus import Corpus
from model import Config, Transformer, Whole
from parallel import Split


@torch.no_grad()
def window_losses(model: torch.nn.Module, windows: torch.Tensor, batch: int, context: Whole | None = None
                  ) -> torch.Tensor:
    """Nats a byte of each of the windows, [count, 1 + N] bytes."""
    losses = []
    for rows in windows.split(batch):
        tokens, targets = rows[:, :-1], rows[:, 1:]
        n = targets.shape[1]
        if isinstance(context, Split):
            tokens, targets = context.part(tokens), context.part(targets)
        with torch.autocast(tokens.device.type, torch.bfloat16, enabled=tokens.is_cuda):
            logits = model(tokens, context)
        loss = F.cross_entropy(logits.float().transpose(1, 2), targets, reduction="none").sum(1) / n
        if isinstance(context, Split):
            dist.all_reduce(loss, group=context.group)
        losses.append(loss.cpu())
    return torch.cat(losses)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--split", default="test", choices=("validation", "test"))
    parser.add_argument("--windows", type=int, default=256)
    parser.add_argument("--data", type=pathlib.Path, help="folder of prepared texts (default: RUN/../data)")
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    saved = torch.load(arguments.run / "checkpoint.pt", map_location=device, weights_only=True)
    model = Transformer(Config(**saved["model_config"])).to(device)
    model.load_state_dict(saved["model"])
    options = saved["options"]
    losses = {}
    for name in options["corpora"]:
        corpus = Corpus(arguments.data or arguments.run.parent / "data", name, device)
        windows = corpus.windows(arguments.split, arguments.windows, options["length"] + 1)
        losses[name] = window_losses(model, windows, options["batch"]).mean().item()
    print(json.dumps({"step": saved["step"], "split": arguments.split, "nats a byte": losses}))


if __name__ == "__main__":
    main()
