"""Build the tables of queries, responses and rewards from a user's file; without one, other rules build them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from reward_memory.errors import InputError
from reward_memory.storage import parquet

from .. import splits
from .rows import Query


class Part(NamedTuple):
    """One split of one benchmark.

    queries    the columns of parquet.QUERIES and parquet.TRUTHS
    responses  parquet.RESPONSES; `tokens` and `finished` are unknown
    rewards    parquet.REWARDS, those that the file gives
    """

    queries: pd.DataFrame
    responses: pd.DataFrame
    rewards: pd.DataFrame


def build(
    queries: Iterable[Query], domains: Mapping[str, str], sizes: Mapping[str, Mapping[str, int | None]], seed: int
) -> Iterator[Part]:
    """Yield the parts of all benchmarks in the order of `domains`, each benchmark as train, valid and test.

    domains  benchmark -> math | qa | code
    sizes    benchmark -> queries per split; train None: all that valid and test leave
    seed     of the sampling

    Repeats of a question and instances of a template stay in one split (`splits.sample`). InputError if a benchmark
    has too few queries.
    """
    by_benchmark: dict[str, list[Query]] = {name: [] for name in domains}
    for query in queries:
        by_benchmark[query.benchmark].append(query)
    for name, group in by_benchmark.items():
        rows = {query.item.row: query for query in group}
        items = [query.item for query in group]
        for part in splits.sample(name, items, _counts(name, len(group), sizes[name]), seed).values():
            yield _part(name, domains[name], [rows[item.row] for item in part])


def _counts(name: str, have: int, sizes: Mapping[str, int | None]) -> dict[str, int]:
    train, valid, test = (sizes[split] for split in splits.SPLITS)
    if train is None:
        train = have - valid - test
        if train < 1:
            raise InputError(
                f"benchmarks: {name}: valid and test request {valid + test} of the {have} queries in the file, "
                "which leaves none to train on; request fewer."
            )
    return dict(zip(splits.SPLITS, (train, valid, test), strict=True))


def _part(name: str, domain: str, queries: list[Query]) -> Part:
    ids = [query.id for query in queries]
    table = splits.table(name, domain, [query.item for query in queries]).assign(id=ids, query_id=ids)
    responses, rewards = [], []
    for query in queries:
        for sample, one in enumerate(query.responses):
            responses.append((query.id, name, domain, sample, one.text, one.thinking, one.answer, None, None))
            if one.reward is not None:
                rewards.append((query.id, sample, one.reward))
    return Part(
        table,
        pd.DataFrame(responses, columns=parquet.RESPONSES.names),
        pd.DataFrame(rewards, columns=parquet.REWARDS.names),
    )
