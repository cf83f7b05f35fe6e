"""A few responses of a run to read, drawn by seed, with what the trainer and the truth say of each."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reward_memory.reward_models.features.embedding import query_text
from reward_memory.seeds import generator
from reward_memory.storage import parquet

from .grading import grade

TRAINING, TEST = "training", "test"
COLUMNS = [
    *("source", "policy", "method", "label_ratio", "seed", "step", "benchmark", "query_id", "query", "response"),
    *("reward", "predicted", "correct", "disagrees"),
]
#: Responses graded for each one that is shown: disagreements may be rare.
GRADED_FOR_ONE = 4
#: Columns read from a training run; a response with a verified reward has no probability.
TRAINED_ON = ["step", "query_id", "sample", "text", "reward", "probability"]


def draw(path: Path, count: int, columns: list[str], *names: str | int) -> pd.DataFrame:
    """Draw `count` rows of a parquet file, or all, with a seed from `names`; only their row groups are read."""
    file = pq.ParquetFile(path)
    total = file.metadata.num_rows
    chosen = np.sort(generator("responses to read", *names).choice(total, min(count, total), replace=False))
    parts, first = [], 0
    for group in range(file.metadata.num_row_groups):
        size = file.metadata.row_group(group).num_rows
        inside = chosen[(chosen >= first) & (chosen < first + size)] - first
        if len(inside):
            parts.append(file.read_row_group(group, columns=columns).take(pa.array(inside)))
        first += size
    return pa.concat_tables(parts).to_pandas() if parts else pd.DataFrame(columns=columns)


def from_training(
    path: Path,
    count: int,
    arm: dict[str, Any],
    queries: pd.DataFrame,
    truths: pd.DataFrame,
    grading: dict[str, str],
    threshold: float,
) -> pd.DataFrame:
    """Up to `count` responses (COLUMNS) of one training run; at most half contradict the prediction if others remain.

    path       responses.parquet of the training run
    arm        policy, method, label_ratio, seed
    queries, truths  parquet.QUERIES and parquet.TRUTHS of the training queries
    grading    arguments of the Grader: isolation and checks
    threshold  probability above which a response counted as correct
    """
    drawn = draw(path, GRADED_FOR_ONE * count, TRAINED_ON, TRAINING, *arm.values())
    used = queries[queries["id"].isin(drawn["query_id"])]
    drawn["benchmark"] = drawn["query_id"].map(used.set_index("id")["benchmark"])
    correct = grade(used, truths[truths["query_id"].isin(used["id"])], drawn, grading)["reward"] > 0.5
    predicted = drawn["probability"]
    disagrees = predicted.notna() & ((predicted > threshold) != correct)
    drawn = drawn.assign(correct=correct, predicted=predicted, disagrees=disagrees)
    kept = _kept(disagrees.to_numpy(), count)
    return _shown(drawn.iloc[kept], TRAINING, arm, used)


def from_test(responses: Path, graded: Path, count: int, arm: dict[str, Any], queries: pd.DataFrame) -> pd.DataFrame:
    """Up to `count` responses (COLUMNS) of one policy to test queries, with the verdict used in the tables.

    responses  parquet.RESPONSES
    graded     parquet.GRADED of them
    """
    found = draw(responses, count, ["query_id", "benchmark", "sample", "text"], TEST, *arm.values())
    verdicts = parquet.read(graded, parquet.GRADED)[["query_id", "sample", "reward"]]
    found = found.merge(verdicts.rename(columns={"reward": "verdict"}), on=["query_id", "sample"], how="left")
    found = found.assign(step=pd.NA, reward=np.nan, predicted=np.nan, correct=found["verdict"] > 0.5, disagrees=False)
    return _shown(found, TEST, arm, queries)


def in_reading_order(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """All responses of a suite: disagreements with the prediction first, otherwise in the given order."""
    table = pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=COLUMNS)])
    return table.sort_values("disagrees", ascending=False, kind="stable", ignore_index=True)


def _kept(disagrees: np.ndarray, count: int) -> np.ndarray:
    """Indices of the rows shown, in order: up to half disagreements, more only if there are too few others."""
    wrong, others = np.flatnonzero(disagrees), np.flatnonzero(~disagrees)
    first = wrong[: max(-(-count // 2), count - len(others))]
    return np.sort(np.concatenate([first, others[: count - len(first)]]))


def _shown(found: pd.DataFrame, source: str, arm: dict[str, Any], queries: pd.DataFrame) -> pd.DataFrame:
    texts = queries.set_index("id")["messages"].map(query_text)
    shown = found.assign(source=source, **arm, query=found["query_id"].map(texts)).rename(columns={"text": "response"})
    return shown[COLUMNS].reset_index(drop=True)
