"""Read a user's complete file: the usable queries, and the rows that cannot be used."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from reward_memory.errors import InputError

from .files import check, records
from .rows import BadRowError, Query, parse

BAD_ROWS = ("refuse", "skip")
NAMED = 3  # bad rows that a message names at most


class BadRow(NamedTuple):
    """A row that is left out, and why; the columns of `bad_rows.csv`."""

    file: str
    row: int
    reason: str


def read(path: Path, domains: Mapping[str, str]) -> tuple[list[Query], pd.DataFrame]:
    """Return (the queries in the file's order, the bad rows as a table with the columns of BadRow).

    domains  benchmark -> math | qa | code, for the benchmarks of the configuration

    If rows of a benchmark share an id or a prompt, all but the first are bad. InputError if the file is missing or
    damaged, or a benchmark has no usable row.
    """
    check(path)
    queries: list[Query] = []
    bad: list[BadRow] = []
    owners: dict[tuple, int] = {}
    for number, raw in records(path):
        try:
            query = parse(raw, number, domains)
            claims = {("id", query.id): "repeats the id", (query.benchmark, query.item.messages): "repeats the prompt"}
            for claim, words in claims.items():
                if claim in owners:
                    raise BadRowError(
                        f"it {words} of row {owners[claim]}; put a query and all its responses in one row"
                    )
        except BadRowError as error:
            bad.append(BadRow(path.name, number, str(error)))
        else:
            owners |= dict.fromkeys(claims, number)
            queries.append(query)
    if not queries and not bad:
        raise InputError(f"{path}: contains no rows; a row is a query with its responses, see docs/import.md.")
    table = pd.DataFrame(bad, columns=BadRow._fields)
    for name in domains:
        if not any(query.benchmark == name for query in queries):
            why = (
                f"; the file has {_rows(len(bad))} that cannot be used, beginning with {_list(bad[:1])}" if bad else ""
            )
            raise InputError(
                f"{path}: no row of benchmark {name} can be used{why}; fix the rows (see docs/import.md), or remove "
                "the benchmark from the configuration."
            )
    return queries, table


def refuse(path: Path, good: int, bad: pd.DataFrame) -> None:
    """Raise InputError if there are bad rows; the message counts them and names the first ones."""
    if len(bad):
        rows: Sequence[BadRow] = [BadRow(*row) for row in bad.itertuples(index=False)]
        more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
        raise InputError(
            f"{path}: {len(rows)} of {_rows(good + len(rows))} cannot be used: {_list(rows[:NAMED])}{more}; fix them, "
            "or leave them out with rollouts: bad_rows: skip."
        )


def refuse_one_sided(path: Path, queries: Sequence[Query]) -> None:
    """Raise InputError if every response has a reward and all are equal: a reward model cannot learn from them."""
    rewards = {one.reward for query in queries for one in query.responses}
    if len(rewards) == 1 and None not in rewards:
        raise InputError(
            f"{path}: every reward is {rewards.pop():g}, but a reward model needs both right and wrong responses; "
            "correct the rewards, or remove them so that the verifiers grade the responses."
        )


def _list(rows: Sequence[BadRow]) -> str:
    return ", ".join(f"row {row.row} ({row.reason})" for row in rows)


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"
