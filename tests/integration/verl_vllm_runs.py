"""Trainings with vLLM on the CPU: what they are given, how they are started, what they leave."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.append(str(Path(__file__).parents[1] / "unit"))  # pytest adds it for that folder's own tests only

from graph_rollouts import made_up
from training_settings import SETTINGS

from reward_memory.settings import Bootstrap
from reward_memory.training.history import logged_steps

PROGRAM = Path(__file__).parent / "vllm_cpu/train.py"
TRAINING = SETTINGS | {
    "steps": 2,
    "train_batch_size": 4,
    "samples_per_query": 4,
    "ppo_micro_batch_size_per_gpu": 8,
    "kl_loss_coef": 0.001,
    "max_prompt_tokens": 64,
    "max_new_tokens": 32,
    "selection": "last",
    "use_remove_padding": True,
}


@dataclass
class Training:
    """One training in a folder of its own and the processes that it starts."""

    folder: Path
    run: dict[str, Any]
    training: dict[str, Any] = field(default_factory=dict)
    dtype: str = "float32"
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        sent = self.folder / "sent"
        sent.mkdir(exist_ok=True)
        settings = {
            "run": {name: str(value) if isinstance(value, Path) else value for name, value in self.run.items()},
            "training": TRAINING | self.training,
            "dtype": self.dtype,
            "environment": {"VLLM_CPU_SENT": str(sent)} | self.environment,
        }
        (self.folder / "settings.json").write_text(json.dumps(settings))
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(PROGRAM), str(self.folder)], stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def wait(self, seconds: float = 900.0) -> None:
        """AssertionError with the log's end unless the training ends well within `seconds`."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = f"none in {seconds:.0f} s"
        finally:
            self.end()
        assert code == 0, f"exit status {code}:\n{self.log.read_text(errors='replace')[-6000:]}"

    def end(self) -> None:
        """End what still runs; the program ends its own Ray when it is told to."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def metrics(self) -> pd.DataFrame:
        """verl's metrics, one row a step that was trained."""
        steps = pd.DataFrame.from_dict(logged_steps(self.folder / "state"), orient="index").sort_index()
        return steps[steps.index > 0]

    def responses(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "out/responses.parquet")

    @property
    def made(self) -> Path:
        """The policy that came out."""
        return self.folder / "out/policy"

    def sockets(self) -> set[str]:
        """Addresses that weights were sent to."""
        return {path.read_text() for path in (self.folder / "sent").glob("[0-9]*")}


def together(trainings: list[Training], seconds: float = 900.0) -> None:
    """Run trainings at once, each waiting for the other's transfers; end all as soon as two share a socket."""
    for training in trainings:
        training.start()
    end = time.monotonic() + seconds
    try:
        while any(training.process.poll() is None for training in trainings) and time.monotonic() < end:
            first, second = (training.sockets() for training in trainings)
            assert not first & second, "two trainings send their weights through one socket"
            time.sleep(0.5)
        for training in trainings:
            training.wait(1)
    finally:
        for training in trainings:
            training.end()


def materials(folder: Path) -> Path:
    """Policies of one shape, policy and other; rows: train, half (of them without truth) and valid; a reward model."""
    from reward_memory import data
    from reward_memory.policies.bootstrap.pretraining import bootstrap
    from reward_memory.reward_models.base import save
    from reward_memory.reward_models.registry import fit
    from reward_memory.storage import parquet
    from reward_memory.training.rows import ROWS, verl_rows

    folder.mkdir(parents=True, exist_ok=True)
    bootstrap(folder / "policy", Bootstrap(hidden_size=64, num_hidden_layers=2, steps=150, seed=0))
    nudge(folder / "policy", folder / "other")
    queries = data.build("mmlu", "generated", {"train": 8, "valid": 4}, 0)
    for split in ("train", "valid"):
        parquet.write(verl_rows(queries[split], split), folder / f"{split}.parquet", ROWS)
    hidden = queries["train"].copy()
    hidden.loc[hidden.index[::2], ["ground_truth", "tests"]] = None
    parquet.write(verl_rows(hidden, "train"), folder / "half.parquet", ROWS)
    save(fit("graph", made_up([4] * 12), epochs=3, hidden_channels=32), folder / "reward_model")
    return folder


def nudge(policy: Path, out: Path) -> None:
    """The policy with every weight moved a little: another one of the same shape that still answers."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from reward_memory.policies.snapshots import save

    model = AutoModelForCausalLM.from_pretrained(policy, dtype=torch.float32)
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(1 + 0.02 * torch.randn(weights.shape, generator=draw))
    save(model, AutoTokenizer.from_pretrained(policy), out)


def layer_logits(policy: Path, prompt: list[dict], text: str, count: int) -> np.ndarray | None:
    """(L,) of the answer's first token, from the one before it, by transformers alone, in float32.

    text, count  of a response of `count` tokens; None where the tokenizer cuts the text into others than were sampled
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from reward_memory.error_memory.features import answer_position, pieces

    tokenizer = AutoTokenizer.from_pretrained(policy)
    response = tokenizer(text, add_special_tokens=False)["input_ids"]
    if count - len(response) not in (0, 1):  # the text is without the token that ends it
        return None
    place = answer_position(response, pieces(tokenizer), "hash")
    before = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_dict=True)["input_ids"]
    model = AutoModelForCausalLM.from_pretrained(policy, dtype=torch.float32).eval()
    with torch.no_grad():
        states = model(torch.tensor([[*before, *response]]), output_hidden_states=True).hidden_states[1:]
        answers = [model.lm_head(state[0, len(before) + place])[response[place + 1]] for state in states]
    return torch.stack(answers).numpy()
