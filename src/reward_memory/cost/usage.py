"""Measured costs of finished jobs: Snakemake's benchmark files, tokens in their tables, sizes of their files."""

import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from reward_memory.storage import csv_tables

from .jobs import Job

HOUR, GB = 3600.0, 1e9


def measured(job: Job, gpus: int) -> dict[str, float]:
    """The known columns of a finished job that had `gpus` devices, and `ended`, Unix time.

    Times are of its last attempt only, since Snakemake does not keep those of a killed job.
    """
    found = _tokens(job) | {"disk_gb_measured": sum(map(_bytes, map(Path, job.outputs))) / GB}
    path = Path(job.usage or "")
    if path.is_file() and (record := _last_record(path)):
        hours = record["s"] / HOUR
        found |= {"job_hours_measured": hours, "gpu_hours_measured": hours * gpus, "ended": path.stat().st_mtime}
        if record.get("cpu_time", "NA") != "NA":
            found["cpu_hours_measured"] = record["cpu_time"] / HOUR
    return found


def busy_hours(spans: Iterable[tuple[float, float]]) -> float:
    """Hours in which at least one job ran, without pauses, from each job's (end in Unix time, hours)."""
    total, until = 0.0, float("-inf")
    for start, end in sorted((end / HOUR - hours, end / HOUR) for end, hours in spans):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def _last_record(path: Path) -> dict[str, Any] | None:
    """Snakemake's last measurement. None, and a message on stderr, if the file is damaged: no result depends on it."""
    try:
        record = json.loads(path.read_text(encoding="utf-8").strip().rpartition("\n")[2])
        # Snakemake writes NA for jobs that ended before it could measure
        numbers = [value for value in (record["s"], record.get("cpu_time", "NA")) if value != "NA"]
        if record["s"] != "NA" and all(type(one) in (int, float) and 0 <= one < math.inf for one in numbers):
            return record
    except (ValueError, LookupError, AttributeError, TypeError):
        pass
    print(f"{path}: is damaged, so the cost table has no hours of its job; remove the file.", file=sys.stderr)
    return None


def _tokens(job: Job) -> dict[str, float]:
    """Token columns of a job that samples; empty for other jobs."""
    if job.rule in ("sample_rollouts", "evaluate_policy"):
        return {"sampled_tokens_measured": pd.read_parquet(job.outputs[0], columns=["tokens"])["tokens"].sum()}
    if job.rule == "train_policy":
        named = {Path(path).name: path for path in job.outputs}
        rows = pd.read_parquet(named["responses.parquet"], columns=["tokens", "trained"])
        sampled = csv_tables.read(named["history.csv"], ("sampled_tokens",))["sampled_tokens"].sum()
        return {
            "sampled_tokens_measured": sampled,
            "trained_tokens_measured": rows.loc[rows["trained"], "tokens"].sum(),
        }
    return {}


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
