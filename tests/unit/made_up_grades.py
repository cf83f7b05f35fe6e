"""Verdicts and published figures for tests of the tables."""

import numpy as np
import pandas as pd

from reward_memory.report.tables.grades import Grades
from reward_memory.storage import parquet


def published(*rows: tuple) -> pd.DataFrame:
    """A (policy, method, ratio, benchmark, percent, n) a row, of a paper on the benchmarks gsm8k and math."""
    frame = pd.DataFrame(rows, columns=["policy", "method", "label_ratio", "benchmark", "value", "n"])
    members = dict.fromkeys(["average", "math_domain"], frozenset({"gsm8k", "math"}))
    return frame.assign(
        confidence="medium", members=[members.get(name, frozenset({name})) for name in frame["benchmark"]]
    )


#: policy, method, label ratio and seed of graded responses
RUN = ("small", "memreward", 20, 0)


def graded(rewards: dict[tuple[str, str], list[float]], run: tuple = RUN) -> pd.DataFrame:
    """Rows of parquet.GRADED with the rewards of each (benchmark, query), of one run."""
    rows = [(query, name, s, r, None, "") for (name, query), each in rewards.items() for s, r in enumerate(each)]
    names = dict(zip(parquet.RUN.names, ("main", *run), strict=True))
    verdicts = pd.DataFrame(rows, columns=parquet.VERDICTS.names)
    return verdicts.assign(template=None, tokens=None, finished=None, **names)


def grades(shares: dict[str, np.ndarray]) -> Grades:
    """Grades of which only the shares are known: each query is a family of its own."""
    return Grades(shares, {}, {})
