"""Verdicts and published figures for tests of the tables."""

from pathlib import Path

import pandas as pd

from reward_memory.storage import parquet


def published(*rows: tuple) -> pd.DataFrame:
    """A (policy, method, ratio, benchmark, percent, n) a row, of a paper on the benchmarks gsm8k and math."""
    frame = pd.DataFrame(rows, columns=["policy", "method", "label_ratio", "benchmark", "value", "n"])
    members = dict.fromkeys(["average", "math_domain"], frozenset({"gsm8k", "math"}))
    return frame.assign(
        confidence="medium", members=[members.get(name, frozenset({name})) for name in frame["benchmark"]]
    )


def verdicts(path: Path, rewards: dict[tuple[str, str], list[float]]) -> Path:
    """Write a verdicts file with the rewards of each (benchmark, query)."""
    frame = pd.DataFrame(
        [(query, name, s, r, None, "") for (name, query), each in rewards.items() for s, r in enumerate(each)],
        columns=parquet.VERDICTS.names,
    )
    parquet.write(frame, path, parquet.VERDICTS)
    return path
