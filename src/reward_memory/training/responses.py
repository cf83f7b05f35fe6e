"""The responses of a training step between sampling and the update, and the file that stores them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reward_memory.storage.files import atomic_path

#: One row per response that was sampled in a training step.
STEP_RESPONSES = pa.schema(
    [
        ("step", pa.int32()),
        ("query_id", pa.string()),
        ("sample", pa.int32()),
        ("batch", pa.int32()),  # generation batch of the step, from 1
        ("text", pa.string()),
        ("tokens", pa.int32()),
        ("reward", pa.float32()),  # before any penalty: 1 right, 0 wrong, a probability or share of votes if soft
        ("probability", pa.float32()),  # of the reward model; null where the verifier graded
        ("trained", pa.bool_()),  # false if dropped, by dynamic sampling for example
        ("score", pa.float32()),  # basis of the advantage: the reward minus penalties; null if dropped
        ("cluster_size", pa.int32()),  # of the error memory; null without one
    ]
)


@dataclass(slots=True)
class Response:
    """A sampled response and what is known about it; the fields are those of STEP_RESPONSES.

    ids     its token ids
    domain  of its query: math | qa | code
    """

    query: str
    sample: int
    batch: int
    text: str
    ids: list[int]
    reward: float
    probability: float
    score: float = np.nan
    cluster_size: int | None = None
    domain: str = "math"


def frame(step: int, responses: dict[str, Response], trained: set[str]) -> pd.DataFrame:
    """Table with the columns of STEP_RESPONSES, sorted by query, batch and sample.

    responses  by key in verl's queue
    trained    keys of the responses that the policy is updated with
    """
    rows = [
        {
            "step": step,
            "query_id": one.query,
            "sample": one.sample,
            "batch": one.batch,
            "text": one.text,
            "tokens": len(one.ids),
            "reward": one.reward,
            "probability": one.probability,
            "trained": key in trained,
            "score": one.score,
            "cluster_size": one.cluster_size,
        }
        for key, one in responses.items()
    ]
    table = pd.DataFrame(rows, columns=STEP_RESPONSES.names)
    return table.sort_values(["query_id", "batch", "sample"], ignore_index=True)


def join_steps(folder: Path, last: int, out: Path) -> None:
    """Write the responses of all steps up to `last` to one file, step by step: a long run has tens of gigabytes.

    folder  contains the trainer's step_*.parquet, at least one
    """
    steps = sorted(folder.glob("step_*.parquet"))
    with atomic_path(out) as temporary, pq.ParquetWriter(temporary, _plain_schema(steps[0])) as joined:
        for path in steps:
            joined.write_table(pq.read_table(path, filters=[("step", "<=", last)]).replace_schema_metadata(None))


def _plain_schema(path: Path) -> pa.Schema:
    """The schema without pandas' metadata, which describes the rows of one file."""
    return pq.read_schema(path).remove_metadata()
