"""Rows for `rollouts: import` from what other tools write of their responses."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError

#: Metrics of lm-evaluation-harness that say of one response whether it is right, best first.
METRICS = ("exact_match", "acc", "pass@1", "mc_acc")


def convert(files: Iterable[Path], source: str, benchmark: str, chosen: str | None = None) -> list[dict[str, Any]]:
    """One row a query, in the order of its first response; the rows of docs/import.md.

    source     verl: `trainer.rollout_data_dir`, one row a response; lm-eval: `--log_samples`, one row a question
    benchmark  the name in the configuration
    chosen     the filter of lm-evaluation-harness whose verdict counts; by default the first in the file

    InputError if a file is not what `source` says.
    """
    queries: dict[str, dict[str, Any]] = {}
    for path in files:
        if source == "lm-eval" and chosen is None:
            chosen = _first_filter(path)
        for number, row in _rows(path):
            where = f"{path}, row {number}"
            found = _verl(row, where) if source == "verl" else _lm_eval(row, where, chosen)
            if found is None:
                continue
            query, truth, responses = found
            own = queries.setdefault(query, {"benchmark": benchmark, "query": query, "responses": []})
            if truth is not None:
                own["ground_truth"] = truth
            own["responses"] += responses
    if not queries:
        raise InputError(f"no response was found for --from {source}; check the files and, for lm-eval, --filter.")
    return list(queries.values())


def _verl(row: Mapping[str, Any], where: str) -> tuple[str, str | None, list[dict[str, Any]]]:
    """`input`, `output`, `score` and perhaps `gts`; verl's scores are 1 for right and 0 or -1 for wrong."""
    missing = [name for name in ("input", "output", "score") if name not in row]
    if missing:
        raise InputError(f"{where}: `{missing[0]}` is missing, so this is no dump of verl's rollouts.")
    score = row["score"]
    if score not in (1, 0, -1):
        raise InputError(f"{where}: the score {score!r} is not 1, 0 or -1, so it does not say right or wrong.")
    truth = row.get("gts")
    return (
        str(row["input"]),
        None if truth is None else str(truth),
        [{"text": str(row["output"]), "reward": int(score > 0)}],
    )


def _lm_eval(
    row: Mapping[str, Any], where: str, chosen: str | None
) -> tuple[str, str | None, list[dict[str, Any]]] | None:
    """`arguments`, `resps`, `target`, `filter` and a metric; None where another filter's verdict counts."""
    if missing := [name for name in ("arguments", "resps") if name not in row]:
        raise InputError(f"{where}: `{missing[0]}` is missing, so this is no sample of lm-evaluation-harness.")
    if chosen is not None and row.get("filter", chosen) != chosen:
        return None
    texts = row["resps"][0] if row["resps"] else []
    if not texts or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{where}: the responses are no texts; only tasks that generate text can be imported.")
    metric = next((name for name in METRICS if name in row), None)
    # of several responses the metric is a mean, which says nothing about one of them
    rewards = {"reward": int(row[metric] > 0)} if metric and len(texts) == 1 else {}
    target = row.get("target")
    return _prompt(row["arguments"]), None if target is None else str(target), [{"text": t} | rewards for t in texts]


def _prompt(arguments: Any) -> str:
    """The prompt of a request: arguments is {"gen_args_0": {"arg_0": prompt}}, in older files [[prompt, settings]]."""
    first = next(iter(arguments.values())) if isinstance(arguments, Mapping) else arguments[0]
    return str(next(iter(first.values())) if isinstance(first, Mapping) else first[0])


def _first_filter(path: Path) -> str | None:
    return next((row.get("filter") for _, row in _rows(path)), None)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}, row {number}: is no JSON ({error}).") from error
        if not isinstance(row, dict):
            raise InputError(f"{path}, row {number}: is no JSON object.")
        yield number, row
