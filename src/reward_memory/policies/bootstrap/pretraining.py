"""The bootstrap: train the tiny policy from scratch, in about two minutes of CPU time."""

import multiprocessing
import os
import pickle
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from reward_memory.errors import InputError
from reward_memory.jobs.processes import die_with_parent
from reward_memory.jobs.processors import has_bfloat16
from reward_memory.jobs.progress import Progress
from reward_memory.seeds import derive
from reward_memory.settings import Bootstrap
from reward_memory.storage.files import atomic_path, digest

from .. import lean  # noqa: F401  before transformers
from ..snapshots import save
from .architecture import new_model
from .curriculum import BLOCK, CURRICULA, Batch, Curriculum, block
from .tokenizer import train_tokenizer

LEARNING_RATE, BETAS, WEIGHT_DECAY, CLIP = 3e-3, (0.9, 0.98), 0.05, 1.0
WARM_UP = 30  # steps
DECAY = 0.6  # final share of the steps, in which the learning rate falls to 0
CHECKPOINT_EVERY = 15.0  # seconds
#: Errors that reading a damaged checkpoint raises.
DAMAGE = (
    *(OSError, EOFError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, IndexError),
    *(pickle.UnpicklingError, zipfile.BadZipFile),
)


def bootstrap(out: Path, settings: Bootstrap, state: Path | None = None) -> dict[str, Any]:
    """Train a tiny policy on generated problems and save it as the Hugging Face directory `out`.

    state  folder for a checkpoint, from which an interrupted bootstrap of the same settings resumes to the identical
           weights, or starts over if it is damaged; removed at the end

    Two processes, each with half of a batch, synchronize once per step. Two threads within each torch operation would
    synchronize thousands of times, on a busy machine several times slower than one thread. The weights do not depend on
    the number of cores. Returns the settings, the final loss (nats per token, smoothed), the number of parameters, the
    tokens read and the seconds taken by this call.
    """
    curriculum, seed = CURRICULA[settings.benchmarks], settings.seed
    started, threads = time.monotonic(), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        tokenizer = train_tokenizer(derive("tokenizer", seed), curriculum.names)
        checkpoint = None if state is None else Path(state) / f"bootstrap-{digest(settings.model_dump())}.pt"
        run = _start(
            lambda: Run(
                new_model(tokenizer, settings.hidden_size, settings.num_hidden_layers, derive("weights", seed)),
                settings.steps,
            ),
            checkpoint,
        )
        _train(run, tokenizer, settings, checkpoint, curriculum)
        save(run.model, tokenizer, out)
        if checkpoint is not None:
            checkpoint.unlink(missing_ok=True)
    finally:
        torch.set_num_threads(threads)
    return {
        **settings.model_dump(),
        "loss": run.loss,
        "tokens": run.tokens,
        "parameters": run.model.num_parameters(),
        "seconds": time.monotonic() - started,
    }


class Run:
    """A model in training, with its optimizer and progress.

    The weights and `other` are in shared memory: a helper process, forked from this one, computes the gradient of the
    second half of each batch with the same weights and writes it to `other` (float32, all parameters concatenated).
    """

    def __init__(self, model: Any, steps: int):
        self.model, self.steps = model.train().share_memory(), steps
        self.other = torch.zeros(model.num_parameters()).share_memory_()
        self.step, self.tokens, self.loss = 0, 0, 0.0
        embedding = model.get_input_embeddings().weight
        decayed = [p for p in model.parameters() if p.dim() == 2 and p is not embedding]
        others = [p for p in model.parameters() if p.dim() != 2 or p is embedding]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}],
            lr=LEARNING_RATE,
            betas=BETAS,
        )

    def learn(self, batch: Batch, helper: Executor) -> None:
        """Take one optimizer step on a batch; `helper` (see `_helper`) computes half of the gradient."""
        for group in self.optimizer.param_groups:
            group["lr"] = LEARNING_RATE * learning_rate_factor(self.step, self.steps)
        count = int(batch.learned[:, 1:].sum())
        # as arrays: torch would move each tensor to shared memory
        second = helper.submit(_second_half, batch.tokens[1::2].numpy(), batch.learned[1::2].numpy(), count)
        loss = _gradient(self.model, Batch(batch.tokens[::2], batch.learned[::2]), count) + second.result()
        parameters = list(self.model.parameters())
        parts = self.other.split([weights.numel() for weights in parameters])
        for weights, part in zip(parameters, parts, strict=True):
            weights.grad.add_(part.view_as(weights))
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.loss = loss if self.step == 0 else 0.95 * self.loss + 0.05 * loss
        self.step += 1
        self.tokens += batch.tokens.numel()

    def store(self, path: Path) -> None:
        """Write a checkpoint, atomically."""
        progress = {"step": self.step, "tokens": self.tokens, "loss": self.loss}
        with atomic_path(path) as temporary:
            torch.save(
                {**progress, "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}, temporary
            )

    def restore(self, path: Path) -> None:
        """Resume from a checkpoint; InputError if it is damaged, which leaves the run partly restored."""
        try:
            with zipfile.ZipFile(path) as parts:  # PyTorch ignores a wrong checksum
                if broken := parts.testzip():
                    raise ValueError(broken)
            saved = torch.load(path, weights_only=True)
            self.model.load_state_dict(saved["model"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.step, self.tokens, self.loss = int(saved["step"]), int(saved["tokens"]), float(saved["loss"])
            if not 0 <= self.step <= self.steps:
                raise ValueError(self.step)
        except DAMAGE as error:
            raise InputError(
                f"{path}: is not a complete checkpoint; delete it to start the bootstrap again."
            ) from error


def _helper(run: Run) -> ProcessPoolExecutor:
    """A pool of one process, forked at the first half batch, that runs `_second_half`."""
    fork = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(1, mp_context=fork, initializer=_help, initargs=(run, os.getpid()))


#: In the helper process: the run that it works for.
_helped: list[Run] = []


def _help(run: Run, parent: int) -> None:
    die_with_parent(parent)
    _helped[:] = [run]


def _second_half(tokens: np.ndarray, learned: np.ndarray, count: int) -> float:
    """In the helper: write the gradient of half a batch to `other`; return the loss as `_gradient` does."""
    model, other = _helped[0].model, _helped[0].other
    model.zero_grad(set_to_none=True)
    loss = _gradient(model, Batch(torch.from_numpy(tokens), torch.from_numpy(learned)), count)
    torch.cat([weights.grad.flatten() for weights in model.parameters()], out=other)
    return loss


def _gradient(model: Any, part: Batch, count: int) -> float:
    """Add the gradient of a part of a batch to the model's; return its share of the batch's loss (nats per token).

    count  learned tokens of the complete batch
    """
    targets = part.learned[:, 1:]
    with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
        hidden = model.model(input_ids=part.tokens[:, :-1], use_cache=False).last_hidden_state
        logits = model.lm_head(hidden[targets])
    loss = functional.cross_entropy(logits.float(), part.tokens[:, 1:][targets], reduction="sum") / count
    loss.backward()
    return loss.item()


def _start(new: Callable[[], Run], checkpoint: Path | None) -> Run:
    """A new run, resumed from an intact checkpoint; a damaged one is reported and deleted."""
    run = new()
    if checkpoint is None or not checkpoint.exists():
        return run
    try:
        run.restore(checkpoint)
    except InputError:
        print(f"{checkpoint}: is not a complete checkpoint; the bootstrap starts over.", file=sys.stderr)
        shutil.rmtree(checkpoint) if checkpoint.is_dir() else checkpoint.unlink()
        return new()
    return run


def _train(run: Run, tokenizer: Any, settings: Bootstrap, checkpoint: Path | None, curriculum: Curriculum) -> None:
    progress = Progress("bootstrap", run.steps)
    progress.done = run.step
    stored = time.monotonic()
    with _helper(run) as helper:
        while run.step < run.steps:
            batches = block(tokenizer, run.step // BLOCK, run.steps, settings.seed, settings.noise, curriculum)
            for batch in batches[: run.steps - run.step]:
                run.learn(batch, helper)
                progress.advance(note=f"loss {run.loss:.3f}")
            if checkpoint is not None and time.monotonic() - stored >= CHECKPOINT_EVERY:
                run.store(checkpoint)
                stored = time.monotonic()


def learning_rate_factor(step: int, steps: int) -> float:
    """Factor in (0, 1] of the learning rate: linear warm-up, constant, linear decay to 0 over the last part."""
    return min(1.0, (step + 1) / WARM_UP) * min(1.0, (1 - step / steps) / DECAY)
