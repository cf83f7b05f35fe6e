"""How much more of each benchmark an arm gets right than the baseline does."""

import pandas as pd

from reward_memory.evaluation.statistics import accuracy

from ..paper_results import AVERAGE, beside
from .grades import Grades, about
from .names import MACRO, WEIGHTED

DIFFERENCE_COLUMNS = [
    *("policy", "method", "baseline", "label_ratio", "seeds", "benchmark", "source", "n"),
    *("difference", "ci_low", "ci_high", "published", "published_n", "published_confidence"),
]


def difference_rows(
    differences: Grades, arm: dict, baseline: str, sources: dict[str, str], published: pd.DataFrame
) -> list[dict]:
    """Rows of one arm (DIFFERENCE_COLUMNS), in percentage points: each benchmark, then both averages.

    differences  shares of right responses minus the baseline's, from `read_differences`
    arm          policy, method, label_ratio
    baseline     the method that is subtracted, at the same label ratio
    sources      benchmark -> where its queries come from
    published    figures of main, from `published_accuracies`; a difference needs both arms' figures

    The interval is a paired bootstrap: both arms' queries, and their seeds, are drawn together.
    """
    parts = [(name, name, {name: table}, "weighted") for name, table in differences.items()]
    parts += [(WEIGHTED, AVERAGE, differences, "weighted"), (MACRO, MACRO, differences, "macro")]
    out = []
    for name, known_as, tables, average in parts:
        found = accuracy(tables, average)
        own, other = (
            beside(published, arm | {"method": method}, known_as, tables, sources)
            for method in (arm["method"], baseline)
        )
        confidences = [figure["published_confidence"] for figure in (own, other)]
        published_n = own["published_n"] if None not in confidences else float("nan")
        out.append(
            arm
            | about(tables, sources)
            | {
                "baseline": baseline,
                "benchmark": name,
                "difference": 100 * found.mean,
                "ci_low": 100 * found.low,
                "ci_high": 100 * found.high,
                "published": own["published"] - other["published"],
                "published_n": published_n,
                "published_confidence": None if None in confidences else " and ".join(dict.fromkeys(confidences)),
            }
        )
    return out
