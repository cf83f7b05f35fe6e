"""The log of a training run: one row per step, the same whether or not the run was interrupted."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from reward_memory.errors import InputError
from reward_memory.storage import csv_tables

#: verl's metric -> our column. Times are omitted: they differ between runs of one configuration.
COLUMNS = {
    "reward/mean": "reward",
    "reward/verified": "reward_verified",
    "reward/predicted": "reward_predicted",
    "reward/predicted_share": "predicted_share",
    "actor/entropy": "entropy",
    "actor/entropy_loss": "entropy",  # verl's name for it when the actor does not compute old log-probabilities
    "actor/pg_loss": "policy_loss",
    "actor/kl_loss": "kl_loss",
    "actor/grad_norm": "gradient_norm",
    "actor/lr": "learning_rate",
    "response_length/mean": "response_tokens",
    "reward/fallbacks": "fallbacks",
    "reward/sampled": "sampled_responses",
    "reward/sampled_tokens": "sampled_tokens",
    "filter_groups/all_right": "queries_all_right",
    "filter_groups/all_wrong": "queries_all_wrong",
    "filter_groups/batches": "generation_batches",
    "actor/entropy_bonus": "entropy_bonus",
    "memory/penalty": "penalty",
    "memory/repeated_share": "repeated_share",
    "memory/failed_groups": "failed_groups",
    "memory/uneven_groups": "uneven_groups",
    "memory/penalty_spread": "penalty_spread",
    "memory/points": "memory_points",
    "memory/keys": "memory_keys",
    "memory/bytes": "memory_bytes",
}
VALIDATION = re.compile(r"val-core/(?P<benchmark>[^/]+)/acc/mean@\d+$")


def read_history(folder: Path, sizes: dict[str, int]) -> pd.DataFrame:
    """Merge the metrics files of all attempts (verl.utils.tracking.FileLogger), later attempts last.

    sizes    validation queries per benchmark: `valid_accuracy` is the mean weighted by them
    returns  one row per step, ascending: step, the values of COLUMNS, valid_accuracy (NaN where not validated)

    InputError if nothing was logged.
    """
    steps = logged_steps(folder)
    if not steps:
        raise InputError(f"{folder}: the trainer logged no step; see its log.")
    return pd.DataFrame([_row(step, steps[step], sizes) for step in sorted(steps)])


def outcome(file: Path) -> str:
    """Describe mean reward and validation accuracy in a history.csv by their first and last values."""
    history = csv_tables.read(file, ("reward", "valid_accuracy"))
    parts = []
    for name, column in (("reward", "reward"), ("validation accuracy", "valid_accuracy")):
        values = history[column].dropna()
        if len(values):
            parts.append(f"{name} {values.iloc[0]:.2f} to {values.iloc[-1]:.2f}")
    return ", ".join(parts)


def logged_steps(folder: Path, newest: bool = False) -> dict[int, dict]:
    """Step -> its verl metrics, from the metrics files of all attempts (later ones override) or of the newest only."""
    steps: dict[int, dict] = {}
    files = sorted(path for path in folder.glob("metrics.*.jsonl") if path.is_file())
    for path in files[-1:] if newest else files:
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
                step, data = entry["step"], dict(entry["data"])
            except (ValueError, TypeError, KeyError):
                continue  # cut off when an attempt was killed, or damaged
            if type(step) is int and _numbers(data):
                steps.setdefault(step, {}).update(data)
    return steps


def training_log(folder: Path, sizes: dict[str, int]) -> None:
    """Raise InputError if the log has a validation on a benchmark that is not in `sizes`."""
    for step, data in logged_steps(folder).items():
        for name in (match["benchmark"] for key in data if (match := VALIDATION.match(key))):
            if name not in sizes:
                raise InputError(
                    f"{folder}/metrics.0000.jsonl: step {step} was validated on {name}, which is not among "
                    f"{', '.join(sizes)}; delete {folder} to train from the start."
                )


def _numbers(data: dict) -> bool:
    """Whether all metrics that are read are numbers; null means "not measured", which a validation may not be."""
    read = [value for key, value in data.items() if (key in COLUMNS and value is not None) or VALIDATION.match(key)]
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in read)


def _row(step: int, metrics: dict, sizes: dict[str, int]) -> dict:
    row = {"step": step} | dict.fromkeys(COLUMNS.values(), np.nan)
    row |= {name: metrics[key] for key, name in COLUMNS.items() if key in metrics}
    accuracies = {match["benchmark"]: value for key, value in metrics.items() if (match := VALIDATION.match(key))}
    row["valid_accuracy"] = (
        sum(accuracies[name] * sizes[name] for name in accuracies) / sum(sizes[name] for name in accuracies)
        if accuracies
        else np.nan
    )
    return row


def select_step(history: pd.DataFrame, saved: list[int], selection: str) -> int:
    """Step of the checkpoint to keep: `last`, or `valid` for the best validation accuracy (the latest if tied)."""
    if selection == "last":
        return max(saved)
    scored = history[history["step"].isin(saved) & history["valid_accuracy"].notna()]
    if scored.empty:
        return max(saved)
    best = scored["valid_accuracy"].max()
    return int(scored.loc[scored["valid_accuracy"] == best, "step"].max())
