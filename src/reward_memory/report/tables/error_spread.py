"""The second paper's table of the spread of failures in training: share of the most common one, and entropy."""

from collections.abc import Sequence

import pandas as pd

from reward_memory.evaluation.error_spread import MEASURES, compare_spreads, mean_spread

SPREAD_COLUMNS = [
    *("policy", "method", "seeds", "visit", "metric", "n", "value", "ci_low", "ci_high"),
    *("interval_covers", "p_value", "detectable"),
]
Runs = Sequence[pd.DataFrame]


def spread_rows(runs: Runs, baseline: tuple[str, Runs] | None, arm: dict) -> list[dict]:
    """Rows of one arm (SPREAD_COLUMNS): each measure from the second visit on (`visit` is empty), then at every visit.

    runs      `error_spread.spread` of each seed's training
    baseline  (method, its runs, the same seeds in the same order), None without a comparison
    arm       policy, method

    `largest_share` in percent, `wrong_entropy` in nats; `<measure>-<baseline>` is the paired difference. n counts
    queries with a wrong answer, separately for each seed. At its first visit a query has no failures to remember.
    """
    arm = arm | {"seeds": len(runs)}
    visits = sorted({int(visit) for run in runs for visit in run["visit"]})
    chosen = [(None, [run[run["visit"] > 1] for run in runs])]
    chosen += [(visit, [run[run["visit"] == visit] for run in runs]) for visit in visits]
    rows = []
    for visit, own in chosen:
        others = None
        if baseline is not None:
            others = [run[run["visit"] > 1 if visit is None else run["visit"] == visit] for run in baseline[1]]
        place = arm | {"visit": visit, "n": sum(run["query_id"].nunique() for run in own)}
        for measure in MEASURES:
            if not any(map(len, own)):
                continue
            scale = 100.0 if measure == "largest_share" else 1.0
            rows.append(place | {"metric": measure} | mean_spread(own, measure).row(scale=scale))
            if baseline is not None and any(map(len, others)):
                found = compare_spreads(own, others, measure)
                tested = {"p_value": found.p_value(), "detectable": scale * found.detectable()}
                rows.append(place | {"metric": f"{measure}-{baseline[0]}"} | found.row(scale=scale) | tested)
    return rows
