"""Accuracy differences between methods on each benchmark, compared in pairs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pandas as pd

from reward_memory.errors import InputError
from reward_memory.evaluation.statistics import difference, holm

from ..paper_results import published_figure
from .accuracy import parts_of
from .grades import Grades, about, read_differences
from .runs import by_arm

DIFFERENCE_COLUMNS = [
    *("policy", "method", "baseline", "label_ratio", "seeds", "benchmark", "source", "n"),
    *("difference", "ci_low", "ci_high", "published", "published_n", "published_confidence"),
    *("interval_covers", "p_value", "p_holm", "detectable", "baseline_label_ratio"),
]
#: Columns with significant digits instead of fixed decimals, because p-values are small.
P_VALUES = ("p_value", "p_holm")

#: (method, label ratio)
Arm = tuple[str, int]


def arm_pairs(arms: Sequence[Arm], pairs: Iterable[tuple[str, str]]) -> list[tuple[Arm, Arm]]:
    """The arms behind pairs (method, baseline): of equal label ratio, or of all ratios if none is equal.

    arms  (method, label ratio) of the run

    `base` has the ratio 0 and `oracle` 100, so they are compared with every ratio of the other method. InputError for a
    method without an arm.
    """
    found = []
    for names in pairs:
        own, others = ([arm for arm in arms if arm[0] == one] for one in names)
        for one, some in zip(names, (own, others), strict=True):
            if not some:
                known = ", ".join(dict.fromkeys(method for method, _ in arms))
                raise InputError(f"differences: {one} is not a method of this table; choose from {known}.")
        equal = [(one, other) for one in own for other in others if one[1] == other[1]]
        found += equal or [(one, other) for one in own for other in others]
    return found


def compared(
    graded: pd.DataFrame, policies: Iterable[str], pairs: Sequence[tuple[Arm, Arm]]
) -> Iterator[tuple[dict, Arm, Grades]]:
    """(policy, method and label ratio, the baseline's arm, differences) of every policy and pair of arms.

    graded  parquet.GRADED
    pairs   from `arm_pairs`

    InputError if an arm has no row, or two arms cannot be paired.
    """
    wanted = list(dict.fromkeys(arm for pair in pairs for arm in pair))
    for policy in policies:
        rows = {(arm["method"], arm["label_ratio"]): own for arm, own in by_arm(graded, [policy], wanted)}
        for own, other in pairs:
            arm = {"policy": policy, "method": own[0], "label_ratio": own[1]}
            yield arm, other, read_differences(rows[own], rows[other])


def difference_rows(
    differences: Grades, arm: dict, baseline: Arm, sources: Mapping[str, str], published: pd.DataFrame
) -> list[dict]:
    """Rows of one pair of arms (DIFFERENCE_COLUMNS), in percentage points: each benchmark, then both averages.

    differences  from `read_differences`
    arm          policy, method, label_ratio
    baseline     the subtracted method, and its label ratio
    sources      benchmark -> where its queries come from
    published    figures of main, from `published_accuracies`; a difference needs both arms' figures

    The arms are paired by query and seed. `p_value` is two-sided and below 0.05 if the interval excludes 0; `p_holm` is
    Holm's correction over the benchmarks of this pair, without their averages. `detectable` is the difference that as
    many queries and seeds of this variance detect at the 5 % level with a power of 80 %.
    """
    out = []
    for name, known_as, part, average in parts_of(differences):
        found = difference(part.shares, average, part.families)
        tested = {"p_value": found.p_value(), "detectable": 100 * found.detectable()}
        place = {"baseline": baseline[0], "baseline_label_ratio": baseline[1], "benchmark": name}
        theirs = _published(published, arm, baseline, known_as, part, sources)
        out.append(arm | about(part.shares, sources) | place | found.row("difference", 100) | tested | theirs)
    single = out[: len(differences.shares)]
    for row, adjusted in zip(single, holm([row["p_value"] for row in single]), strict=True):
        row["p_holm"] = adjusted
    return out


def with_p_values(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its P_VALUES as texts of three significant digits, as they are written."""
    texts = {name: table[name].map("{:.3g}".format, na_action="ignore") for name in P_VALUES if name in table}
    return table.assign(**texts)


def _published(
    published: pd.DataFrame, arm: dict, baseline: Arm, known_as: str, part: Grades, sources: Mapping[str, str]
) -> dict:
    """The published difference, if both figures are published."""
    names = (arm, arm | {"method": baseline[0], "label_ratio": baseline[1]})
    own, other = (published_figure(published, one, known_as, part.shares, sources) for one in names)
    confidences = [figure["published_confidence"] for figure in (own, other)]
    return {
        "published": own["published"] - other["published"],
        "published_n": own["published_n"] if None not in confidences else float("nan"),
        "published_confidence": None if None in confidences else " and ".join(dict.fromkeys(confidences)),
    }
