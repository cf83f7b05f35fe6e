"""Results in pandas, transformers and torch: what a notebook needs of a finished or unfinished run.

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

#: Columns that say which training a row is of.
TRAINING = ("suite", "policy", "method", "label_ratio", "seed")


class Results:
    """A results folder. Every table is a DataFrame that says in its columns which run a row is of."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise InputError(f"{folder}: there is no such folder; name the one that the key `results` of a run names.")

    def __repr__(self) -> str:
        return f"Results({str(self.folder)!r}: {', '.join(self.tables()) or 'no tables yet'})"

    def tables(self) -> list[str]:
        """Names of the tables that are there."""
        return sorted(path.stem for path in (self.folder / "tables").glob("*.csv"))

    def table(self, name: str) -> pd.DataFrame:
        """tables/NAME.csv. InputError if it is not there."""
        path = self.folder / f"tables/{name}.csv"
        if not path.exists():
            raise InputError(f"{path}: there is no such table; build it with `snakemake {path}`.")
        return csv_tables.read(path)

    def histories(self) -> pd.DataFrame:
        """One row a training and step: reward, validation accuracy, length, entropy (training/…/history.csv)."""
        return _joined([(path, csv_tables.read(path)) for path in self._trainings("history.csv")])

    def training_responses(self) -> pd.DataFrame:
        """One row a training response: step, text, reward, probability of the reward model, score."""
        return _joined([(path, parquet.read(path, STEP_RESPONSES)) for path in self._trainings("responses.parquet")])

    def graded(self) -> pd.DataFrame:
        """One row a graded response to a test query, of every policy that was tested."""
        return self._rows("evaluation", parquet.GRADED)

    def predictions(self) -> pd.DataFrame:
        """One row a response to an unlabeled query: a reward model's probability, and the true reward."""
        return self._rows("predictions", parquet.PREDICTIONS)

    def policy(
        self, policy: str, method: str = "base", suite: str = "main", label_ratio: int | None = None, seed: int = 0
    ) -> tuple[Any, Any]:
        """(model, tokenizer) of transformers: a policy as it was before training, or trained by a method.

        label_ratio  percent; where it is left out there must be one only

        InputError if there is no such policy, or a file of it is damaged.
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
        """A fitted reward model; its `predict` takes texts. InputError if it is not there."""
        ratio = "*" if label_ratio is None else label_ratio
        return registry.load(self._one(f"reward_models/{suite}/{policy}/{predictor}/ratio{ratio}/seed{seed}"))

    def _rows(self, folder: str, schema: pa.Schema) -> pd.DataFrame:
        """All files below a folder in one table, without responses that are not graded."""
        files = sorted(self.folder.glob(f"{folder}/**/*.parquet"))
        kept = [parquet.read(path, schema) for path in files if not path.name.endswith(".responses.parquet")]
        return pd.concat(kept, ignore_index=True) if kept else _none()

    def _trainings(self, name: str) -> list[Path]:
        return sorted(self.folder.glob(f"training/*/*/*/ratio*/seed*/{name}"))

    def _one(self, pattern: str) -> Path:
        found = sorted(self.folder.glob(pattern))
        if len(found) != 1:
            there = f"there are {len(found)}: say label_ratio" if found else "there is none; build it with snakemake"
            raise InputError(f"{self.folder / pattern}: {there}.")
        return found[0]


def _joined(parts: list[tuple[Path, pd.DataFrame]]) -> pd.DataFrame:
    """Tables of trainings in one, with the columns TRAINING first, as their paths say."""
    tables = []
    for path, table in parts:
        suite, policy, method, ratio, seed = path.parts[-6:-1]
        values = (suite, policy, method, int(ratio.removeprefix("ratio")), int(seed.removeprefix("seed")))
        own = pd.DataFrame(dict(zip(TRAINING, values, strict=True)), index=table.index)
        tables.append(pd.concat([own, table.drop(columns=[*TRAINING], errors="ignore")], axis="columns"))
    return pd.concat(tables, ignore_index=True) if tables else _none()


def _none() -> pd.DataFrame:
    return pd.DataFrame(columns=list(TRAINING))
