"""Accuracy of every arm on every benchmark and domain, with published figures where they exist."""

from collections.abc import Mapping

import pandas as pd

from reward_memory.evaluation.statistics import accuracy

from ..paper_results import AVERAGE, domain_name, published_figure
from .grades import BEHAVIOR, Grades, about
from .names import MACRO, OVERALL, WEIGHTED

_ARM = ("policy", "method", "label_ratio", "seeds")
_FIGURES = ("source", "n", "accuracy", "ci_low", "ci_high", "published", "published_n", "delta", "published_confidence")
_MORE = ("interval_covers", "seed_sd", *BEHAVIOR)
COLUMNS = [*_ARM, "benchmark", *_FIGURES, *_MORE]
ABLATION_COLUMNS = [*_ARM, "domain", *(name for name in _FIGURES if name != "published_n"), *_MORE]


def accuracy_rows(grades: Grades, arm: dict, sources: dict[str, str], published: pd.DataFrame) -> list[dict]:
    """Rows of one arm (COLUMNS): each benchmark, then the sample-weighted and the macro average.

    grades     from `read_grades`
    arm        policy, method, label_ratio
    sources    benchmark -> where its queries come from
    published  figures of this table, from `published_accuracies`; the average is next to the weighted one

    `seed_sd` is the standard deviation of the seeds' accuracies, empty with one seed.
    """
    return [
        arm
        | {"benchmark": name}
        | _row(part, average, sources, published_figure(published, arm, known_as, part.shares, sources))
        for name, known_as, part, average in parts_of(grades)
    ]


def with_expected(table: pd.DataFrame, expected: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """The table (COLUMNS) with the columns `expected` and `expected_delta`, ours minus the official score, in points.

    expected  policy -> benchmark -> official accuracy of the untrained policy, in percent; without any, the table is
              unchanged
    """
    if not any(expected.values()):
        return table
    scores = [
        expected.get(policy, {}).get(benchmark) if method == "base" else None
        for policy, method, benchmark in zip(table["policy"], table["method"], table["benchmark"], strict=True)
    ]
    official = pd.Series(scores, table.index, dtype=float)
    return table.assign(expected=official, expected_delta=table["accuracy"] - official)


def parts_of(grades: Grades) -> list[tuple[str, str, Grades, str]]:
    """(name, published name, grades, average) of each benchmark, then of both averages over all."""
    parts = [(name, name, grades.only([name]), "weighted") for name in grades.shares]
    return [*parts, (WEIGHTED, AVERAGE, grades, "weighted"), (MACRO, MACRO, grades, "macro")]


def ablation_rows(
    grades: Grades,
    arm: dict,
    domains: dict[str, str],
    sources: dict[str, str],
    published: pd.DataFrame,
    known_as: str | None,
) -> list[dict]:
    """Rows of one arm (ABLATION_COLUMNS): each domain, then all benchmarks, every query counting the same.

    grades     from `read_grades`
    arm        policy, method, label_ratio
    domains    benchmark -> math | qa | code
    sources    benchmark -> where its queries come from
    published  figures of the ablation, from `published_accuracies`
    known_as   the arm's name in them, None if it has none
    """
    parts = {
        domain: grades.only([name for name in grades.shares if domains[name] == domain])
        for domain in ("math", "qa", "code")
    }
    parts[OVERALL] = grades
    named = {OVERALL: AVERAGE} | {domain: domain_name(domain) for domain in parts if domain != OVERALL}
    theirs = arm | {"method": known_as}
    return [
        arm
        | {"domain": name}
        | _row(part, "weighted", sources, published_figure(published, theirs, named[name], part.shares, sources))
        for name, part in parts.items()
        if part.shares
    ]


def _row(grades: Grades, average: str, sources: dict[str, str], figure: dict) -> dict:
    found = accuracy(grades.shares, average, grades.families)
    ours = found.row("accuracy", 100)
    more = {"seed_sd": 100 * found.seed_sd} | grades.averaged_behavior(average)
    return about(grades.shares, sources) | ours | figure | {"delta": ours["accuracy"] - figure["published"]} | more
