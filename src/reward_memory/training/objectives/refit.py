"""A reward model that keeps up with its policy: it is refitted on the policy's current responses to labeled queries.

Not in the paper: its reward model is frozen, so a policy can learn to exploit it. The responses are those that
training samples for labeled queries anyway, with their verified rewards; unlabeled queries add nothing. They are read
from the files of the steps, so a resumed run has the same reward models as an uninterrupted one.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from reward_memory.errors import InputError
from reward_memory.reward_models.base import Predictor
from reward_memory.reward_models.folds import labeled_only
from reward_memory.reward_models.registry import fit
from reward_memory.reward_models.rollouts import Rollouts, assemble, concatenate
from reward_memory.seeds import derive
from reward_memory.storage import parquet

from ..checkpoints import responses_of
from .predicted import Fitted

COLUMNS = ["query_id", "batch", "text", "reward"]


class Refit:
    """The reward model of each step.

    state   folder of the run, with the files of its earlier steps
    every   steps between refits
    fitted  data and settings that the frozen reward model was fitted with
    seed    of the run
    """

    def __init__(self, state: str | Path, every: int, fitted: Fitted, seed: int):
        self.state, self.every, self.fitted, self.seed = Path(state), every, fitted, seed
        self._newest: dict[str, pd.DataFrame] = {}
        self._read = self._last = 0
        self._model: Predictor | None = None

    @cached_property
    def labeled(self) -> Rollouts:
        """Labeled queries with the responses and rewards that the frozen reward model was fitted on."""
        fitted, settings = self.fitted, self.fitted.settings
        part = (
            parquet.read(fitted.queries, parquet.QUERIES),
            parquet.read(fitted.responses, parquet.RESPONSES),
            fitted.embeddings,
        )
        revealed, wanted = parquet.read(fitted.rewards, parquet.VERDICTS), settings.answer_features.model_dump()
        return labeled_only(assemble([part], revealed, settings.fidelity, wanted))

    def model(self, step: int, before: Predictor) -> Predictor:
        """Reward model of a step, counted from 1: `before`, the frozen one, until the first `every` steps are over.

        InputError if the file of an earlier step is missing.
        """
        last = (step - 1) // self.every * self.every
        if last == 0:
            return before
        if self._model is None or last != self._last:
            self._read_until(last)
            self._model, self._last = self._fit(last, before), last
        return self._model

    def _read_until(self, last: int) -> None:
        for step in range(self._read + 1, last + 1):
            path = responses_of(self.state, step)
            if not path.is_file():
                raise InputError(f"{path}: no such file, so the reward model lacks a step; train from the start.")
            rows = pd.read_parquet(path, columns=COLUMNS)
            # by id: a reward that was verified after a reward model's error is not a label
            for query, group in rows[rows["query_id"].isin(self.labeled.query_ids)].groupby("query_id", sort=True):
                self._newest[str(query)] = group[group["batch"] == group["batch"].max()]
            self._read = step

    def _fit(self, last: int, before: Predictor) -> Predictor:
        labeled, settings = self.labeled, self.fitted.settings
        new = np.array([query in self._newest for query in labeled.query_ids])
        parts = [labeled.take(~new)] if not new.all() else []
        if new.any():
            parts.append(self._current(np.flatnonzero(new), before))
        model = fit(
            settings.predictor,
            concatenate(parts),
            seeds=[derive("refit", self.seed, last, number) for number in range(settings.runs)],
            device=str(before.device),
            **settings.model_dump(exclude={"predictor"}),
        )
        print(
            f"training: after step {last} the reward model is fitted again, on new responses to {int(new.sum())} of "
            f"{len(new)} labeled queries",
            file=sys.stderr,
            flush=True,
        )
        return model

    def _current(self, rows: np.ndarray, before: Predictor) -> Rollouts:
        """Newest responses, with their rewards, to the labeled queries at the indices `rows`."""
        labeled = self.labeled
        newest = [self._newest[query] for query in labeled.query_ids[rows]]
        domains = [str(domain) for domain in labeled.domains[rows]]
        pairs = [
            [before.split(text, domain) for text in some["text"]] for some, domain in zip(newest, domains, strict=True)
        ]
        return replace(
            before.embedded([str(text) for text in labeled.texts[rows]], pairs, domains),
            query_ids=labeled.query_ids[rows],
            benchmarks=labeled.benchmarks[rows],
            query=labeled.query[rows],
            rewards=pd.concat(newest)["reward"].to_numpy(np.float32),
            dtype=labeled.dtype,
        )
