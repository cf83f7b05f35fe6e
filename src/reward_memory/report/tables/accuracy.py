"""Accuracy of every arm on every benchmark and domain, with published figures beside where one exists."""

import pandas as pd

from reward_memory.evaluation.statistics import accuracy

from ..paper_results import AVERAGE, beside, domain_name
from .grades import Grades, about
from .names import MACRO, OVERALL, WEIGHTED

_ARM = ("policy", "method", "label_ratio", "seeds")
_FIGURES = ("source", "n", "accuracy", "ci_low", "ci_high", "published", "published_n", "delta", "published_confidence")
COLUMNS = [*_ARM, "benchmark", *_FIGURES]
ABLATION_COLUMNS = [*_ARM, "domain", *(name for name in _FIGURES if name != "published_n")]


def accuracy_rows(grades: Grades, arm: dict, sources: dict[str, str], published: pd.DataFrame) -> list[dict]:
    """Rows of one arm (COLUMNS): each benchmark, then the sample-weighted and the macro average.

    grades     shares of right responses, from `read_grades`
    arm        policy, method, label_ratio
    sources    benchmark -> where its queries come from
    published  figures of this table, from `published_accuracies`; the average stands beside the weighted one
    """
    parts = [(name, name, {name: table}, "weighted") for name, table in grades.items()]
    parts += [(WEIGHTED, AVERAGE, grades, "weighted"), (MACRO, MACRO, grades, "macro")]
    return [
        arm | {"benchmark": name} | _row(tables, average, sources, beside(published, arm, known_as, tables, sources))
        for name, known_as, tables, average in parts
    ]


def ablation_rows(
    grades: Grades,
    arm: dict,
    domains: dict[str, str],
    sources: dict[str, str],
    published: pd.DataFrame,
    known_as: str | None,
) -> list[dict]:
    """Rows of one arm (ABLATION_COLUMNS): each domain, then all benchmarks, every query counting the same.

    grades     shares of right responses, from `read_grades`
    arm        policy, method, label_ratio
    domains    benchmark -> math | qa | code
    sources    benchmark -> where its queries come from
    published  figures of the ablation, from `published_accuracies`
    known_as   the arm's name among them, None if it has none
    """
    parts = {
        domain: {name: table for name, table in grades.items() if domains[name] == domain}
        for domain in ("math", "qa", "code")
    }
    parts[OVERALL] = grades
    named = {OVERALL: AVERAGE} | {domain: domain_name(domain) for domain in parts if domain != OVERALL}
    theirs = arm | {"method": known_as}
    return [
        arm
        | {"domain": name}
        | _row(tables, "weighted", sources, beside(published, theirs, named[name], tables, sources))
        for name, tables in parts.items()
        if tables
    ]


def _row(grades: Grades, average: str, sources: dict[str, str], figure: dict) -> dict:
    found = accuracy(grades, average)
    ours = {"accuracy": 100 * found.mean, "ci_low": 100 * found.low, "ci_high": 100 * found.high}
    return about(grades, sources) | ours | figure | {"delta": ours["accuracy"] - figure["published"]}
