"""What finished jobs took: Snakemake's benchmark files, the tokens in their tables, their files' sizes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from .jobs import Job


@dataclass(frozen=True, slots=True)
class Used:
    """What one job took; None is not known.

    seconds, cpu_seconds  of its last attempt alone: Snakemake forgets those of a job that was killed
    gpus                  devices that it had
    sampled, trained      response tokens, as in model.Work
    disk                  bytes of its outputs
    ended                 Unix time
    """

    seconds: float | None
    cpu_seconds: float | None
    gpus: int | None
    sampled: int | None
    trained: int | None
    disk: int
    ended: float | None


def finished(job: Job) -> bool:
    """Whether all outputs of a job are there."""
    return all(Path(path).exists() for path in job.outputs)


def measured(job: Job, gpus: int) -> Used:
    """What a finished job took.

    gpus  that it had, unless its benchmark file knows better (with --benchmark-extended)
    """
    path = Path(job.usage) if job.usage else None
    record = _last(path) if path and path.is_file() else {}
    resources = record.get("resources") or {}
    sampled, trained = _tokens(job)
    return Used(
        seconds=record.get("s"),
        cpu_seconds=_number(record.get("cpu_time")),
        gpus=int(resources.get("gpu", gpus)),
        sampled=sampled,
        trained=trained,
        disk=sum(_bytes(Path(output)) for output in job.outputs),
        ended=path.stat().st_mtime if record else None,
    )


def busy_seconds(found: Sequence[Used]) -> float:
    """Seconds in which at least one of the jobs ran, pauses between calls left out."""
    spans = sorted((used.ended - used.seconds, used.ended) for used in found if used.ended and used.seconds)
    total, until = 0.0, float("-inf")
    for start, end in spans:
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def _last(path: Path) -> dict:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return json.loads(lines[-1]) if lines else {}


def _tokens(job: Job) -> tuple[int | None, int | None]:
    """(sampled, trained) tokens of a job that samples, None of one that does not."""
    outputs = {Path(path).name: Path(path) for path in job.outputs}
    if job.rule == "sample_rollouts":
        return _sum(Path(job.outputs[0])), None
    if job.rule == "evaluate_policy":
        return sum(_sum(path) for name, path in outputs.items() if name.endswith(".responses.parquet")), None
    if job.rule == "train_policy" and {"history.csv", "responses.parquet"} <= outputs.keys():
        history = pd.read_csv(outputs["history.csv"])
        rows = pd.read_parquet(outputs["responses.parquet"], columns=["tokens", "trained"])
        return int(history["sampled_tokens"].sum()), int(rows.loc[rows["trained"], "tokens"].sum())
    return None, None


def _sum(path: Path) -> int:
    return int(pq.read_table(path, columns=["tokens"])["tokens"].to_pandas().sum())


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size


def _number(value: object) -> float | None:
    # Snakemake writes NA for what it could not measure in time
    return float(value) if isinstance(value, int | float) else None
