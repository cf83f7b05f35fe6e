"""The second paper's tables of training runs: repeated errors, and the clusters of failures."""

from collections.abc import Sequence

import pandas as pd

from reward_memory.evaluation.cluster_sizes import CLASSES

from .meds import REPEATED, share, shares_compared

REPEATED_COLUMNS = ["policy", "method", "seeds", "step", "metric", "n", "value", "ci_low", "ci_high", "interval_covers"]
CLUSTER_COLUMNS = ["policy", "method", "seeds", "step", "size", "responses", "share"]


def repeated_rows(
    runs: Sequence[pd.DataFrame], baseline: tuple[str, Sequence[pd.DataFrame]] | None, arm: dict
) -> list[dict]:
    """Rows of one arm (REPEATED_COLUMNS), in percent and percentage points.

    runs      `diversity.repeats` of each seed's training
    baseline  (method, its runs, the same seeds in the same order), None without a comparison
    arm       policy, method

    Over complete runs, with an empty step: repeated_share, of the errors on queries of earlier steps;
    repeated_share_all, of all errors; repeated_share-<baseline>, the paired difference. Then repeated_share of every
    step. n counts the errors in the denominator; without any, the share is NaN.
    """
    arm = arm | {"seeds": len(runs)}
    rows = []
    for metric, of in ((REPEATED, "visited"), (f"{REPEATED}_all", "wrong")):
        rows.append(arm | {"metric": metric, "n": _errors(runs, of)} | share(runs, of).row(scale=100))
    if baseline is not None:
        method, others = baseline
        row = {"metric": f"{REPEATED}-{method}", "n": _errors(runs, "visited")}
        rows.append(arm | row | shares_compared(runs, others).row(scale=100))
    for step in sorted({step for run in runs for step in run["step"]}):
        parts = [run[run["step"] == step] for run in runs]
        row = {"step": step, "metric": REPEATED, "n": _errors(parts, "visited")}
        rows.append(arm | row | share(parts).row(scale=100))
    return rows


def cluster_rows(runs: Sequence[pd.DataFrame], arm: dict) -> list[dict]:
    """Rows of one arm (CLUSTER_COLUMNS): wrong responses by step and class of cluster size, all seeds together.

    runs  `cluster_sizes` of each seed's training
    arm   policy, method

    `share` is in percent of the step's wrong responses.
    """
    sums = pd.concat(runs).groupby(["step", "size"])["responses"].sum().unstack("size")
    return [
        arm
        | {"seeds": len(runs), "step": step, "size": size}
        | {"responses": int(row[size]), "share": 100 * row[size] / row.sum()}
        for step, row in sums.iterrows()
        for size in CLASSES
    ]


def _errors(runs: Sequence[pd.DataFrame], of: str) -> int:
    return int(sum(run[of].sum() for run in runs))
