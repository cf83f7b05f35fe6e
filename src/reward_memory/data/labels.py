"""Label routing: the training queries whose ground truth may be used (MemReward, section 4).

Everything that learns from truths or verdicts gets them through `reveal`, so an unlabeled query's truth is absent,
not merely unused.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from reward_memory.errors import InputError
from reward_memory.seeds import derive

if TYPE_CHECKING:
    import pandas as pd


def labeled_count(size: int, ratio: int) -> int:
    """Return how many of `size` queries are labeled at `ratio` percent: rounded half up, at least 1 unless it is 0."""
    return max(1, (size * ratio + 50) // 100) if ratio else 0


def route(queries: pd.DataFrame, ratio: int, seed: int, fidelity: Collection[str] = ()) -> pd.DataFrame:
    """Choose the labeled training queries of a suite (parquet.LABELS, in the row order of `queries`).

    queries   only the columns `id` and `benchmark` are read
    ratio     percent, 0 to 100; of each benchmark's n queries `ratio * n / 100` are labeled, rounded half up,
              at least one unless the ratio is 0
    seed      orders the queries of a benchmark; a smaller ratio labels a subset of a larger ratio's
    fidelity  published behaviors that are on; with colliding-ids, queries of a benchmark with the row number of a
              labeled query in another source split are labeled, too, beyond the ratio

    A query's place in that order depends only on its id and the seed, not on the order of the rows or on other
    benchmarks. InputError if the ratio is not a percentage or an id occurs twice.
    """
    import pandas as pd  # not at the top: the import would slow down planning

    if isinstance(ratio, bool) or ratio != int(ratio) or not 0 <= ratio <= 100:
        raise InputError(f"label_ratios: {ratio} is not a whole percentage between 0 and 100.")
    repeated = queries["id"][queries["id"].duplicated()]
    if len(repeated):
        raise InputError(f"queries: the id {repeated.iloc[0]!r} occurs twice; ids must be unique within a suite.")
    labeled = set()
    for _, ids in queries.groupby("benchmark", sort=True)["id"]:
        order = sorted(ids, key=lambda name: (derive("labels", int(seed), str(name)), name))
        labeled.update(order[: labeled_count(len(ids), int(ratio))])
    if "colliding-ids" in fidelity:
        rows = {_row(name) for name in labeled}
        labeled = {name for name in queries["id"] if _row(name) in rows}
    return pd.DataFrame(
        {
            "id": queries["id"].to_numpy(),
            "benchmark": queries["benchmark"].to_numpy(),
            "label_ratio": int(ratio),
            "labeled": queries["id"].isin(labeled).to_numpy(),
        }
    )


def _row(name: str) -> tuple[str, str]:
    """Return (benchmark, row) of an id, without the source split."""
    parts = name.split("/", 2)
    return parts[0], parts[-1]


def reveal(table: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Return only the rows of `table` (parquet.TRUTHS or VERDICTS) whose query is labeled, renumbered from 0.

    A query that `labels` does not mention is not labeled.
    """
    labeled = set(labels["id"][labels["labeled"].astype(bool)])
    return table[table["query_id"].isin(labeled)].reset_index(drop=True)
