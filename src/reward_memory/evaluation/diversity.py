"""Diversity of the answers to one query, and how often a policy in training repeats an error.

Answers are equal if they read the same: numbers by value, other mathematics without layout, choices by letter,
programs by syntax tree. Two forms of one wrong expression that only algebra could equate count as two answers. All
right answers to a query count as one, because the verifier found each equal to the truth.
"""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import entropy

from reward_memory.answers.numbers import number_with_unit, plain_number
from reward_memory.reward_models.features.signals import LAYOUT
from reward_memory.reward_models.features.signals import answer_key as response_key
from reward_memory.storage import parquet

from .statistics import Estimate, ratio_difference, ratios

#: One table per seed.
Runs = Sequence[pd.DataFrame]
#: Columns of `answers`.
MEASURES = ["benchmark", "query_id", "responses", "wrong", "distinct", "distinct_wrong", "wrong_entropy"]
#: One row per step and query with an error in a run: the counts of `repeats`.
REPEATS = pa.schema(
    [*parquet.RUN, ("step", pa.int32()), ("query_id", pa.string())]
    + [(name, pa.int32()) for name in ("wrong", "visited", "repeated")]
)


def extracted_key(answer: str | None, domain: str) -> str:
    """Key that two answers extracted from responses share if they say the same; "" for no answer.

    answer  as in the column `extracted` of parquet.VERDICTS; math: only the answer; qa: a letter; code: a program
    domain  math | qa | code
    """
    if not isinstance(answer, str) or not answer.strip():
        return ""
    if domain == "code":
        return response_key(answer, "code")
    number = None
    if domain == "math":
        number = plain_number(answer)
        number = number_with_unit(answer) if number is None else number
    return str(number) if number is not None else LAYOUT.sub("", answer)


def answers(verdicts: pd.DataFrame, domains: dict[str, str]) -> pd.DataFrame:
    """Measures of each problem's answers, sorted by benchmark and query.

    verdicts  parquet.VERDICTS
    domains   query id -> math | qa | code
    returns   benchmark, query_id, and
              responses        number of samples of the problem
              wrong            number of wrong ones among them
              distinct         number of different final answers, including the right one; 0 if there are none
              distinct_wrong   number of different wrong answers
              wrong_entropy    `cluster_entropy` of the wrong answers, in nats; NaN if there are none

    Responses without an answer count only in `responses` and `wrong`. KeyError for a query without a domain.
    """
    keyed = verdicts.assign(
        right=verdicts["reward"] > 0,
        key=[
            extracted_key(answer, domains[query])
            for answer, query in zip(verdicts["extracted"], verdicts["query_id"], strict=True)
        ],
    )
    rows = []
    for (benchmark, query), part in keyed.groupby(["benchmark", "query_id"]):
        wrong = part["key"][~part["right"] & (part["key"] != "")]
        rows.append(
            {
                "benchmark": benchmark,
                "query_id": query,
                "responses": len(part),
                "wrong": int((~part["right"]).sum()),
                "distinct": wrong.nunique() + int(part["right"].any()),
                "distinct_wrong": wrong.nunique(),
                "wrong_entropy": cluster_entropy(wrong.tolist()),
            }
        )
    return pd.DataFrame(rows, columns=MEASURES)


def mean_measure(values: dict[str, np.ndarray]) -> Estimate:
    """Mean of a measure of `answers` over problems and seeds, then over benchmarks, with its 95 % interval.

    values  benchmark -> (seeds, problems), NaN where a problem has no value: it is left out of its benchmark's mean,
            and a benchmark without any value is left out of the average

    In the unit of `values`; NaN if there are none. ValueError if there is no benchmark.
    """
    if not values:
        raise ValueError("no benchmarks")
    defined = {name: np.isfinite(table) for name, table in values.items()}
    parts = [
        (np.where(defined[name], table, 0.0), defined[name].astype(float))
        for name, table in values.items()
        if defined[name].any()
    ]
    return ratios(parts, "measure") if parts else Estimate(np.nan, np.nan, np.nan)


def cluster_entropy(labels: Sequence[Hashable]) -> float:
    """Entropy in nats of one problem's failures over clusters: 0 for one cluster, ln(m) for m clusters of equal size.

    labels  of the failures: cluster labels or wrong answers. Each label is one cluster, also HDBSCAN's -1: give each
            noise point a separate label to keep them apart.
    returns NaN if there are no failures
    """
    return float(entropy(list(Counter(labels).values()))) if len(labels) else float("nan")


def repeats(responses: pd.DataFrame, domains: dict[str, str], cut: float = 0.5) -> pd.DataFrame:
    """Count the errors that one run repeated, by step and query (sorted).

    responses  responses.parquet of a run: step, query_id, text, reward; the reward before any penalty: right if it
               is above `cut`
    domains    query id -> math | qa | code
    cut        one half, or the threshold of soft rewards (training.objectives.predicted)
    returns    step, query_id, and counts of responses:
               wrong      wrong responses with an answer (marked as one or not), as the verifiers read them
               visited    those of them whose query was sampled in an earlier step, so that they could repeat
               repeated   those of the visited whose answer was a wrong answer to the query in an earlier step

    Responses of one step do not repeat one another: nothing is learned between them. KeyError for a query without a
    domain.
    """
    step, query = responses["step"], responses["query_id"]
    key = pd.Series(
        [
            response_key(text, domains[name]) if reward <= cut else ""
            for text, name, reward in zip(responses["text"], query, responses["reward"], strict=True)
        ],
        index=responses.index,
        dtype=object,
    )
    wrong = key != ""
    first_visit = step.groupby(query).transform("min")
    first_error = step.where(wrong).groupby([query, key]).transform("min")
    counts = pd.DataFrame(
        {
            "step": step,
            "query_id": query,
            "wrong": wrong,
            "visited": wrong & (step > first_visit),
            "repeated": wrong & (step > first_error),
        }
    )
    return counts[wrong].groupby(["step", "query_id"], as_index=False)[["wrong", "visited", "repeated"]].sum()


def repeated_share(runs: Runs, of: str = "visited") -> Estimate:
    """Repeated-error share of one arm over complete runs, a fraction with a 95 % interval over queries and seeds.

    runs  `repeats` of each seed
    of    the denominator: visited | wrong

    The share is repeated / `of`, both summed over the runs. ValueError if no run has an error to divide by.
    """
    return ratios(_counts([runs], of), "share")


def compare_repeats(first: Runs, second: Runs) -> Estimate:
    """Repeated-error share of the first arm minus that of the second, in [-1, 1], with its 95 % interval.

    As `repeated_share` of the visited; paired by seed and query, so both arms need the same order of seeds. ValueError
    also if the arms have different numbers of runs.
    """
    return ratio_difference(*_counts([first, second], "visited"))


def _counts(arms: Sequence[Runs], of: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """(repeated, `of`) errors of each arm, both (seeds, queries)."""
    runs = len(arms[0])
    if not runs or any(len(arm) != runs for arm in arms):
        raise ValueError(f"{' and '.join(str(len(arm)) for arm in arms)} runs cannot be compared seed by seed")
    counts = sums(arms, "repeated", of)
    if not all(errors.any() for _, errors in counts):
        raise ValueError(f"an arm has no errors to take a share of ({of})")
    return counts


def sums(arms: Sequence[Runs], first: str, second: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Sums of two columns in each arm's runs, both (seeds, queries); the queries are those of all arms together."""
    names, queries = [first, second], sorted({query for arm in arms for run in arm for query in run["query_id"]})
    result = []
    for arm in arms:
        parts = [run.groupby("query_id")[names].sum().reindex(queries, fill_value=0) for run in arm]
        result.append(tuple(np.stack([part[name].to_numpy(float) for part in parts]) for name in names))
    return result
