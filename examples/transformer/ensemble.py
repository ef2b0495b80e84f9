# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Many small models of one shape, trained at once: their parameters are stacked, and torch.vmap makes a batch of them.

Members differ in their seed, which draws their parameters and their data, and in their learning rate.
"""

import torch
import torch.nn.functional as F
from model import Config, Transformer, Whole
from tasks import IGNORED, Task
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

BETAS, EPSILON, WARMUP, MOST_NORM = (0.9, 0.98), 1e-8, 100, 1.0


class Short(Whole):
    """Ordinary attention as it is written down: sequences are short, and vmap has a rule for all of it."""

    def dot_product(self, q, k, v):
        n, group = q.shape[1], q.shape[2] // k.shape[2]
        k, v = (x.repeat_interleave(group, 2) for x in (k, v))
        logits = torch.einsum("bihd,bjhd->bhij", q, k) * q.shape[3] ** -0.5
        later = torch.ones(n, n, dtype=torch.bool, device=q.device).triu(1)
        return torch.einsum("bhij,bjhd->bihd", logits.masked_fill(later, -torch.inf).softmax(-1), v)


class Ensemble:
    def __init__(self, config: Config, task: Task, members: list[tuple[int, float]], batch: int, weight_decay: float,
                 device: torch.device | str = "cpu"):
        self.task, self.batch, self.weight_decay = task, batch, weight_decay
        self.device = torch.device(device)
        models = [Transformer(config, seed).to(self.device) for seed, _ in members]
        self.model = models[0]
        self.parameters = {name: x.detach() for name, x in stack_module_state(models)[0].items()}
        self.first = {name: torch.zeros_like(x) for name, x in self.parameters.items()}
        self.second = {name: torch.zeros_like(x) for name, x in self.parameters.items()}
        self.rates = torch.tensor([rate for _, rate in members], device=self.device)
        self.generators = {seed: torch.Generator(self.device).manual_seed(seed) for seed, _ in members}
        self.seeds = [seed for seed, _ in members]
        self.steps = torch.zeros((), device=self.device)
        self.gradients = vmap(grad_and_value(self._loss))
        self.graph, self.inputs = None, None

    def _logits(self, parameters, tokens):
        return functional_call(self.model, parameters, (tokens, Short()))[:, -self.task.asked:]

    def _loss(self, parameters, tokens, answers):
        return F.cross_entropy(self._logits(parameters, tokens).flatten(0, 1), answers.flatten(), ignore_index=IGNORED)

    def _step(self, tokens, answers):
        """AdamW with a linear warm-up and then a constant rate, each member's gradient being clipped on its own."""
        gradients, _ = self.gradients(self.parameters, tokens, answers)
        self.steps += 1
        norms = sum(x.flatten(1).square().sum(1) for x in gradients.values()).sqrt()
        shrink = (MOST_NORM / (norms + 1e-6)).clamp(max=1)
        rates = self.rates * (self.steps / WARMUP).clamp(max=1)
        for name, x in self.parameters.items():
            shape = (-1, *[1] * (x.dim() - 1))
            gradient, rate = gradients[name] * shrink.view(shape), rates.view(shape)
            first = self.first[name].lerp_(gradient, 1 - BETAS[0]) / (1 - BETAS[0] ** self.steps)
            second = self.second[name].lerp_(gradient.square(), 1 - BETAS[1]) / (1 - BETAS[1] ** self.steps)
            if x.dim() > 2:  # not of normalisations
                x.mul_(1 - rate * self.weight_decay)
            x.sub_(rate * first / (second.sqrt() + EPSILON))

    def draw(self, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens [steps, members, batch, N, fields] and their answers; members of one seed have the same."""
        drawn = {seed: self.task.batch(steps * self.batch, generator) for seed, generator in self.generators.items()}
        parts = zip(*(drawn[seed] for seed in self.seeds))
        return tuple(torch.stack([x.unflatten(0, (steps, self.batch)) for x in part], 1) for part in parts)

    def train(self, steps: int):
        for tokens, answers in zip(*self.draw(steps)):
            if self.device.type == "cuda":
                self._replay(tokens, answers)
            else:
                self._step(tokens, answers)

    def _replay(self, tokens, answers):
        """A step as a CUDA graph: with models this small a GPU would wait for launches. What warms it up is undone."""
        if self.graph is None:
            self.inputs = tokens.clone(), answers.clone()
            state = [self.steps, *self.parameters.values(), *self.first.values(), *self.second.values()]
            kept = [x.clone() for x in state]
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(3):
                    self._step(*self.inputs)
            torch.cuda.current_stream().wait_stream(stream)
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self._step(*self.inputs)
            for x, value in zip(state, kept):
                x.copy_(value)
        for x, value in zip(self.inputs, (tokens, answers)):
            x.copy_(value)
        self.graph.replay()

    @torch.no_grad()
    def accuracy(self, tokens: torch.Tensor, answers: torch.Tensor) -> list[float]:
        """Of each member on the same [count, N, fields]."""
        right = 0
        for part, wanted in zip(tokens.split(self.batch), answers.split(self.batch)):
            logits = vmap(self._logits, (0, None))(self.parameters, part)
            right = right + (logits.argmax(-1) == wanted).flatten(1).sum(1)
        return (right / (answers != IGNORED).sum()).tolist()
