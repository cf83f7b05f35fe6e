"""Load results of a finished or unfinished run in a notebook, with pandas, transformers and torch.

import reward_memory

results = reward_memory.load("results")
results.table("main")
results.histories().groupby(["method", "step"])["reward"].mean()
model, tokenizer = results.policy("tiny", "memreward", label_ratio=20)
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from reward_memory.errors import InputError
from reward_memory.reward_models import registry
from reward_memory.reward_models.base import Predictor
from reward_memory.storage import csv_tables, parquet
from reward_memory.storage.policy_files import intact
from reward_memory.training.responses import STEP_RESPONSES

#: Columns that identify the training run of a row.
TRAINING = ("suite", "policy", "method", "label_ratio", "seed")


class Results:
    """A results folder. Tables are DataFrames with columns that identify the run of each row."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise InputError(f"{folder}: there is no such folder; give the results folder of a run (key `results`).")

    def __repr__(self) -> str:
        return f"Results({str(self.folder)!r}: {', '.join(self.tables()) or 'no tables yet'})"

    def tables(self) -> list[str]:
        """Names of the existing tables."""
        return sorted(path.stem for path in (self.folder / "tables").glob("*.csv"))

    def table(self, name: str) -> pd.DataFrame:
        """Read tables/NAME.csv. Raise InputError if it does not exist."""
        path = self.folder / f"tables/{name}.csv"
        if not path.exists():
            raise InputError(f"{path}: there is no such table; build it with `snakemake {path}`.")
        return csv_tables.read(path)

    def histories(self) -> pd.DataFrame:
        """One row per training run and step: reward, validation accuracy, length, entropy (training/…/history.csv)."""
        return _joined([(path, csv_tables.read(path)) for path in self._trainings("history.csv")])

    def training_responses(self) -> pd.DataFrame:
        """One row per training response: step, text, reward, probability of the reward model, score."""
        return _joined([(path, parquet.read(path, STEP_RESPONSES)) for path in self._trainings("responses.parquet")])

    def graded(self) -> pd.DataFrame:
        """One row per graded response to a test query, for every policy that was tested."""
        return self._rows("evaluation", parquet.GRADED)

    def predictions(self) -> pd.DataFrame:
        """One row per response to an unlabeled query: a reward model's probability, and the true reward."""
        return self._rows("predictions", parquet.PREDICTIONS)

    def policy(
        self, policy: str, method: str = "base", suite: str = "main", label_ratio: int | None = None, seed: int = 0
    ) -> tuple[Any, Any]:
        """Return (model, tokenizer) of transformers: a policy before training, or trained by a method.

        label_ratio  percent; may be left out if there is only one

        Raise InputError if there is no such policy, or one of its files is damaged.
        """
        from transformers import AutoModelForCausalLM, AutoTokenizer

        folder = self.folder / "policies" / policy
        if method != "base":
            ratio = "*" if label_ratio is None else label_ratio
            folder = self._one(f"training/{suite}/{policy}/{method}/ratio{ratio}/seed{seed}/policy")
        elif not folder.is_dir():
            raise InputError(f"{folder}: there is no such policy; build it with `snakemake {folder}`.")
        intact(folder)
        return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)

    def reward_model(
        self, policy: str, predictor: str = "graph", suite: str = "main", label_ratio: int | None = None, seed: int = 0
    ) -> Predictor:
        """Load a fitted reward model; its `predict` takes texts. Raise InputError if it does not exist."""
        ratio = "*" if label_ratio is None else label_ratio
        return registry.load(self._one(f"reward_models/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}"))

    def _rows(self, folder: str, schema: pa.Schema) -> pd.DataFrame:
        """Concatenate all files below a folder, except ungraded responses."""
        files = sorted(self.folder.glob(f"{folder}/**/*.parquet"))
        kept = [parquet.read(path, schema) for path in files if not path.name.endswith(".responses.parquet")]
        return pd.concat(kept, ignore_index=True) if kept else _none()

    def _trainings(self, name: str) -> list[Path]:
        return sorted(self.folder.glob(f"training/*/*/*/ratio*/seed*/{name}"))

    def _one(self, pattern: str) -> Path:
        paths = sorted(self.folder.glob(pattern))
        if len(paths) != 1:
            problem = f"there are {len(paths)}; pass label_ratio" if paths else "there is none; build it with snakemake"
            raise InputError(f"{self.folder / pattern}: {problem}.")
        return paths[0]


def _joined(parts: list[tuple[Path, pd.DataFrame]]) -> pd.DataFrame:
    """Concatenate tables of training runs; the columns TRAINING, taken from the paths, come first."""
    tables = []
    for path, table in parts:
        suite, policy, method, ratio, seed = path.parts[-6:-1]
        values = (suite, policy, method, int(ratio.removeprefix("ratio")), int(seed.removeprefix("seed")))
        identity = pd.DataFrame(dict(zip(TRAINING, values, strict=True)), index=table.index)
        tables.append(pd.concat([identity, table.drop(columns=[*TRAINING], errors="ignore")], axis="columns"))
    return pd.concat(tables, ignore_index=True) if tables else _none()


def _none() -> pd.DataFrame:
    return pd.DataFrame(columns=list(TRAINING))
