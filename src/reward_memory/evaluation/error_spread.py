"""Spread of a query's failures over different wrong answers, visit by visit of a training run.

The error memory is meant to increase it: it penalizes the more frequent failures of a query more.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from reward_memory.reward_models.features.signals import answer_key
from reward_memory.storage import parquet

from .diversity import Runs, cluster_entropy, sums
from .statistics import Estimate, ratio_difference, ratios

#: Measures of a visit's failures.
MEASURES = ("largest_share", "wrong_entropy")
#: One row per visit of a query with a wrong answer: the measures of `spread`.
SPREADS = pa.schema(
    [*parquet.RUN, ("visit", pa.int32()), ("query_id", pa.string()), ("wrong", pa.int32())]
    + [(name, pa.float64()) for name in MEASURES]
)


def spread(responses: pd.DataFrame, domains: dict[str, str], cut: float = 0.5) -> pd.DataFrame:
    """Spread of the wrong answers to each query at each of its visits, sorted.

    responses  responses.parquet of a run: step, query_id, text, reward; the reward before any penalty
    domains    query id -> math | qa | code
    cut        a response is wrong if its reward is at most this
    returns    visit          1 for the first step in which the query was sampled, and so on
               query_id
               wrong          wrong responses with an answer; visits without any have no row
               largest_share  share of the most common wrong answer among them
               wrong_entropy  entropy of their answers, in nats

    All sampled responses count, including those dropped by dynamic sampling. KeyError for a query without a domain.
    """
    visit = responses.groupby("query_id")["step"].rank(method="dense").astype(int)
    rows = []
    for (number, query), part in responses.groupby([visit.rename("visit"), "query_id"]):
        texts = part.loc[part["reward"] <= cut, "text"]
        keys = [key for text in texts if (key := answer_key(text, domains[query]))]
        if keys:
            largest = max(Counter(keys).values()) / len(keys)
            rows.append((number, query, len(keys), largest, cluster_entropy(keys)))
    return pd.DataFrame(rows, columns=["visit", "query_id", "wrong", *MEASURES])


def mean_spread(runs: Runs, measure: str) -> Estimate:
    """Mean of one of MEASURES over queries (and visits, where `runs` have several) and seeds.

    runs  rows of `spread` of each seed

    In the unit of the measure. ValueError if there are no rows.
    """
    return ratios(_sums([runs], measure), "measure")


def compare_spreads(first: Runs, second: Runs, measure: str) -> Estimate:
    """First arm's mean minus the second's, paired by seed and query; both arms need the same order of seeds.

    ValueError if the arms have different numbers of runs, or an arm has no rows.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} runs cannot be compared seed by seed")
    # scale both measures to [0, 1], because a difference of shares is bounded: n answers have at most ln(n) nats
    most = max(run["wrong"].max() for run in [*first, *second] if len(run))
    bound = 1.0 if measure == "largest_share" else max(1.0, float(np.log(most)))
    (own, visits), (other, others) = _sums([first, second], measure)
    estimate = ratio_difference((own / bound, visits), (other / bound, others))
    scaled = {name: bound * getattr(estimate, name) for name in ("mean", "low", "high", "query_se", "seed_se")}
    return replace(estimate, **scaled)


def _sums(arms: Sequence[Runs], measure: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """(sums of a measure over visits, numbers of visits) of each arm, both (seeds, queries)."""
    return sums([[run.assign(visits=1) for run in arm] for arm in arms], measure, "visits")
