"""TRAPO: trains on unlabeled queries whose pass rates develop like those of labeled ones (arXiv 2512.13106).

A query's curve has one point per step that sampled it: the share of its responses that were right if it is labeled,
and the share that agreed with the majority if it is not. Curves are read from the files of the steps, so a resumed run
has the same curves as an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from reward_memory.errors import InputError
from reward_memory.settings import Training

from ..checkpoints import responses_of
from ..responses import Response

#: The paper's values, which are the defaults of the section training.
_PAPER = Training()
#: Added to a curve's standard deviation.
EPSILON = 1e-8
COLUMNS = ["query_id", "reward", "probability", "trained"]


@dataclass
class Curves:
    """Pass rates of all queries, up to a step.

    points    query -> its pass rates, oldest first
    labeled   queries whose rewards were verified
    selected  unlabeled queries that were trained on
    step      the last step that is included
    """

    points: dict[str, list[float]] = field(default_factory=dict)
    labeled: set[str] = field(default_factory=set)
    selected: set[str] = field(default_factory=set)
    step: int = 0

    def read(self, state: Path, last: int) -> None:
        """Add the steps up to `last` from their files (responses.STEP_RESPONSES) in a run's folder.

        InputError if one is missing.
        """
        for step in range(self.step + 1, last + 1):
            path = responses_of(state, step)
            if not path.is_file():
                raise InputError(f"{path}: no such file, so TRAPO lacks a step's pass rates; train from the start.")
            self.add(pd.read_parquet(path, columns=COLUMNS))

    def add(self, responses: pd.DataFrame) -> None:
        """Add the next step: COLUMNS of its responses. A verified reward has no probability."""
        self.step += 1
        for query, rows in responses.groupby("query_id", sort=True):
            self.points.setdefault(str(query), []).append(float(rows["reward"].astype(float).mean()))
            if rows["probability"].isna().all():
                self.labeled.add(str(query))
            elif rows["trained"].any():
                self.selected.add(str(query))

    def select(
        self,
        labeled: Mapping[str, float],
        unlabeled: Mapping[str, float],
        share: float = _PAPER.trapo_share,
        threshold: float = _PAPER.trapo_threshold,
    ) -> list[str]:
        """The unlabeled queries of a batch to train on, sorted.

        labeled, unlabeled  queries of the batch -> their pass rates in this step, which is not included yet

        The database has the curves of labeled queries and of queries selected before, this step included. This selects
        the max(1, share * m) most similar of the batch's m unlabeled queries, and all with a similarity of at least
        `threshold`. It selects none while the shortest curve of the database has fewer than two points, thus no shape.
        """
        now = {**labeled, **unlabeled}
        curves = self.points | {name: [*self.points.get(name, []), rate] for name, rate in now.items()}
        names = sorted(unlabeled)
        database = [curves[name] for name in sorted(self.labeled | self.selected | labeled.keys())]
        similarity = similarities([curves[name] for name in names], database)
        comparable = np.flatnonzero(np.isfinite(similarity))
        best = comparable[np.argsort(-similarity[comparable], kind="stable")][: max(1, int(share * len(names)))]
        return sorted({names[row] for row in [*best, *comparable[similarity[comparable] >= threshold]]})


def similarities(curves: Sequence[Sequence[float]], database: Sequence[Sequence[float]]) -> np.ndarray:
    """(n,) mean cosine similarity of each curve with the curves of `database`, all standardized.

    Curves are cut to the shortest of `database`, or to the curve's own length if that is less; NaN if fewer than two
    points are left, or the database is empty. A curve of equal points has cosine 0 with every other.
    """
    shortest = min(map(len, database), default=0)
    cosines = np.full(len(curves), np.nan)
    lengths = np.array([min(shortest, len(curve)) for curve in curves], int)
    for length in np.unique(lengths[lengths > 1]):
        rows = np.flatnonzero(lengths == length)
        center = directions([other[:length] for other in database]).mean(axis=0)
        # einsum: BLAS rounding depends on shapes and threads, which could move a value across the threshold
        cosines[rows] = np.einsum("ne,e->n", directions([curves[row][:length] for row in rows]), center)
    return cosines


def directions(curves: Sequence[Sequence[float]]) -> np.ndarray:
    """(n, e) (curve - mean) / (std + EPSILON), with the unbiased std, scaled to length 1; zeros for equal points."""
    table = np.array(curves, float)
    flat = np.ptp(table, axis=1) == 0  # their rounding errors would be scaled up
    table = (table - table.mean(axis=1, keepdims=True)) / (table.std(axis=1, ddof=1, keepdims=True) + EPSILON)
    lengths = np.sqrt(np.einsum("ne,ne->n", table, table))
    return np.where(flat[:, None], 0, table / np.where(flat, 1, lengths)[:, None])


def is_warm_up(step: int, steps: int, warm_up: float = _PAPER.trapo_warm_up) -> bool:
    """Whether a step, counted from 1, of a run of `steps` trains on labeled queries only."""
    return step <= round(warm_up * steps)


class Selection:
    """Select the queries of a step to train on.

    state    folder of the run, with the files of its earlier steps
    steps    number in the complete run
    warm_up  share of the steps that train on labeled queries only
    share, threshold  as for `Curves.select`
    """

    def __init__(
        self,
        state: str | Path,
        steps: int,
        warm_up: float = _PAPER.trapo_warm_up,
        share: float = _PAPER.trapo_share,
        threshold: float = _PAPER.trapo_threshold,
    ):
        self.state, self.steps, self.warm_up = Path(state), steps, warm_up
        self.share, self.threshold = share, threshold
        self._curves = Curves()

    def choose(self, step: int, responses: Iterable[Response]) -> tuple[set[str], dict[str, float]]:
        """Return (queries to train on, metrics for verl's log) from a step's rewarded responses.

        The reward of an unlabeled query's response is its agreement with the majority; no truth is read. Call this for
        the steps in order, each after the file of the previous step is written.
        """
        self._curves.read(self.state, step - 1)
        rewards: tuple[dict[str, list[float]], dict[str, list[float]]] = {}, {}
        for response in responses:
            rewards[not np.isnan(response.probability)].setdefault(response.query, []).append(response.reward)
        labeled, unlabeled = ({query: float(np.mean(values)) for query, values in part.items()} for part in rewards)
        chosen = []
        if not is_warm_up(step, self.steps, self.warm_up):
            chosen = self._curves.select(labeled, unlabeled, self.share, self.threshold)
        counts = {"trapo/labeled": len(labeled), "trapo/unlabeled": len(unlabeled), "trapo/selected": len(chosen)}
        return {*labeled, *chosen}, {name: float(count) for name, count in counts.items()}
