"""The second paper's tables of verdicts: pass@k, diversity and cost of every arm, and the memory ablation."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from reward_memory.evaluation.diversity import answers, compare_repeats, mean_measure, repeated_share
from reward_memory.evaluation.pass_at_k import compare, pass_at_k
from reward_memory.evaluation.statistics import Estimate, Families, over_seeds

from ..paper_results import AVERAGE, published_figure
from .grades import about
from .names import MACRO
from .runs import by_seed

_ARM = ("policy", "method", "seeds")
_VALUE = ("metric", "value", "ci_low", "ci_high")
_PUBLISHED = ("published", "delta", "published_confidence")
MAIN_COLUMNS = [*_ARM, "benchmark", "source", "n", "samples", *_VALUE, *_PUBLISHED, "interval_covers"]
MEDS_ABLATION_COLUMNS = [
    *(*_ARM, "source", "n", "samples", *_VALUE),
    *("difference", "difference_low", "difference_high", *_PUBLISHED),
    *("interval_covers", "p_value", "detectable"),
]
#: Name of the rows with a run's training cost, summed over its steps.
TRAINING = "training"
COSTS = ("sampled_responses", "sampled_tokens")
#: Metric -> measure of evaluation.diversity.answers. Counts, and nats.
DIVERSITY = {"distinct_answers": "distinct", "wrong_entropy": "wrong_entropy"}
REPEATED = "repeated_share"

#: benchmark -> (seeds, problems)
Table = dict[str, np.ndarray]


def published_pass(figures: pd.DataFrame, table: str) -> pd.DataFrame:
    """The figures of one published table, in percent, with `members`: the benchmarks that each figure covers.

    figures  reference/published_results.csv
    table    meds_main or meds_ablation; an average of either is the mean of the benchmarks of meds_main
    """
    names = set(figures.loc[figures["table"] == "meds_main", "benchmark"]) - {AVERAGE}
    members = {name: frozenset({name}) for name in names} | {AVERAGE: frozenset(names)}
    selected = figures[figures["table"] == table]
    return selected.assign(members=selected["benchmark"].map(members))


def powers(samples: int) -> list[int]:
    """1, 2, 4, ... up to `samples`."""
    return [2**power for power in range(samples.bit_length())]


def read_measures(graded: pd.DataFrame, domains: dict[str, str]) -> dict[str, Table]:
    """Metric of DIVERSITY -> benchmark -> (seeds, problems), NaN if a problem has no such measure.

    graded   one arm's rows of parquet.GRADED, with the same problems for each seed
    domains  benchmark -> math | qa | code
    """
    found = []
    for table in by_seed(graded):
        queries = table[["query_id", "benchmark"]].drop_duplicates()
        found.append(answers(table, dict(zip(queries["query_id"], queries["benchmark"].map(domains), strict=True))))
    names = found[0]["benchmark"].unique()
    return {
        metric: {
            name: np.stack([table.loc[table["benchmark"] == name, measure].to_numpy(float) for table in found])
            for name in names
        }
        for metric, measure in DIVERSITY.items()
    }


def main_rows(
    right: Table,
    samples: int,
    measures: dict[str, Table],
    arm: dict,
    sources: dict[str, str],
    published: pd.DataFrame,
    families: Families | None = None,
) -> list[dict]:
    """Rows of one arm (MAIN_COLUMNS): pass@k for k = 1, 2, 4, ... and diversity; each benchmark, then their mean.

    right, samples  from `pass_at_k.read_counts`
    measures        from `read_measures`
    arm             policy, method
    sources         benchmark -> where its queries come from
    published       figures of meds_main, from `published_pass`
    families        from `read_families`: problems that are resampled together

    pass@k in percent, distinct answers a problem, entropy in nats.
    """
    rows = []
    for name, known_as in [*((name, name) for name in sources), (MACRO, AVERAGE)]:
        names = [name] if name in sources else list(sources)
        part = {one: right[one] for one in names}
        place = arm | {"benchmark": name, "samples": samples} | about(part, sources)
        curve = pass_at_k(part, samples, families)
        for k in powers(samples):
            metric = f"pass@{k}"
            rows.append(place | _beside(curve.at(k - 1), published, metric, arm, known_as, part, sources))
        for metric, tables in measures.items():
            found = mean_measure({one: tables[one] for one in names})
            rows.append(place | {"metric": metric} | found.row())
    return rows


def training_rows(histories: Sequence[pd.DataFrame], arm: dict, source: str) -> list[dict]:
    """Rows of one arm's cost (MAIN_COLUMNS): sums over a run's steps, mean over seeds; no interval for one seed.

    histories  history.csv of each seed
    source     where the training queries come from
    """
    rows = []
    for metric in COSTS:
        sums = np.array([history[metric].sum() for history in histories], float)
        place = {"seeds": len(sums), "benchmark": TRAINING, "source": source, "metric": metric}
        covers = {"interval_covers": "seeds" if len(sums) > 1 else None}
        rows.append(arm | place | over_seeds(sums).row() | covers)
    return rows


def meds_ablation_rows(
    arm: dict,
    right: tuple[Table, Table | None],
    repeats: tuple[Sequence[pd.DataFrame], Sequence[pd.DataFrame] | None],
    samples: int,
    sources: dict[str, str],
    published: pd.DataFrame,
    known_as: str | None,
    families: Families | None = None,
) -> list[dict]:
    """Rows of one arm (MEDS_ABLATION_COLUMNS): pass@1 and pass@largest, benchmarks averaged, and repeated errors.

    arm        policy, method
    right      counts of the arm and of its baseline, None without one; as from `pass_at_k.read_counts`
    repeats    `diversity.repeats` of each seed's training, of both
    published  figures of meds_ablation, from `published_pass`
    known_as   the arm's name in them, None if it has none
    families   from `read_families`: problems that are resampled together

    All in percent, paired differences in percentage points.
    """
    own, other = right
    place = arm | {"samples": samples} | about(own, sources)
    curve, difference = pass_at_k(own, samples, families), other and compare(own, other, samples, families)
    rows = []
    for k in sorted({1, powers(samples)[-1]}):
        theirs = arm | {"method": known_as}
        row = place | _beside(curve.at(k - 1), published, f"pass@{k}", theirs, AVERAGE, own, sources)
        rows.append(row | (_difference(difference.at(k - 1)) if difference else {}))
    runs, baseline = repeats
    row = place | {"metric": REPEATED, "n": np.nan, "samples": np.nan} | share(runs).row(scale=100)
    rows.append(row | (_difference(shares_compared(runs, baseline)) if baseline is not None else {}))
    return rows


def share(runs: Sequence[pd.DataFrame], of: str = "visited") -> Estimate:
    """`diversity.repeated_share`, NaN if no error could repeat one."""
    return repeated_share(runs, of) if _any(runs, of) else Estimate(np.nan, np.nan, np.nan)


def shares_compared(first: Sequence[pd.DataFrame], second: Sequence[pd.DataFrame]) -> Estimate:
    """`diversity.compare_repeats`, NaN if no error could repeat one in one of the arms."""
    if not (_any(first, "visited") and _any(second, "visited")):
        return Estimate(np.nan, np.nan, np.nan)
    return compare_repeats(first, second)


def _any(runs: Sequence[pd.DataFrame], of: str) -> bool:
    return any(run[of].sum() for run in runs)


def _difference(found: Estimate) -> dict[str, float]:
    ends = (100 * found.mean, 100 * found.low, 100 * found.high)
    names = ("difference", "difference_low", "difference_high")
    tested = {"p_value": found.p_value(), "detectable": 100 * found.detectable()}
    return dict(zip(names, ends, strict=True)) | tested


def _beside(
    found: Estimate,
    published: pd.DataFrame,
    metric: str,
    arm: dict,
    known_as: str,
    benchmarks: Iterable[str],
    sources: dict[str, str],
) -> dict:
    """metric, value, interval, and the published figure."""
    selected = published[published["metric"] == metric]
    # the published tables have no label ratio, since their arms see all labels
    theirs = published_figure(selected, arm | {"label_ratio": 100}, known_as, list(benchmarks), sources)
    row = {"metric": metric} | found.row(scale=100)
    return row | {
        "published": theirs["published"],
        "delta": row["value"] - theirs["published"],
        "published_confidence": theirs["published_confidence"],
    }
