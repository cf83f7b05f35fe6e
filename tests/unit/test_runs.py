"""Results of several runs in one table, told apart by their own columns."""

import pandas as pd
import pytest

from reward_memory.errors import InputError
from reward_memory.report.tables.runs import by_arm, by_names, by_seed, name, with_baseline

ARMS = [("dapo", 100), ("meds", 100)]


def results(*runs: tuple) -> pd.DataFrame:
    """One row a (policy, method, label ratio, seed), with its place."""
    table = pd.DataFrame(runs, columns=["policy", "method", "label_ratio", "seed"])
    return table.assign(place=range(len(table)))


TABLE = results(
    *(
        ("b", "meds", 100, 1),
        ("a", "dapo", 100, 1),
        ("a", "meds", 100, 0),
        ("b", "dapo", 100, 0),
        ("a", "dapo", 100, 0),
    ),
    *(("b", "meds", 100, 1), ("a", "dapo", 50, 0)),
)


def test_arms_come_by_policy_and_in_the_order_that_is_asked_for():
    found = [(tuple(arm.values()), rows["place"].tolist()) for arm, rows in by_arm(TABLE, ["b", "a"], ARMS)]
    assert found == [
        (("b", "dapo", 100), [3]),
        (("b", "meds", 100), [0, 5]),
        (("a", "dapo", 100), [1, 4]),
        (("a", "meds", 100), [2]),
    ]
    (arm, rows), *_ = by_arm(TABLE, ["a"], [("dapo", 50)])
    assert arm == {"policy": "a", "method": "dapo", "label_ratio": 50}
    assert rows["place"].tolist() == [6]


def test_an_arm_without_a_row_is_named():
    with pytest.raises(InputError) as caught:
        list(by_arm(TABLE, ["a", "c"], ARMS))
    assert str(caught.value) == (
        "policy c, method dapo, label_ratio 100: no result has these values; delete the results that should "
        "have them and run again."
    )
    # what is not asked for may lack
    assert len([*by_names(TABLE, ("policy", "seed"), [("b", 0)])]) == 1


def test_seeds_ascend_and_keep_the_order_of_their_rows():
    found = by_seed(TABLE[TABLE["policy"] == "b"])
    assert [rows["place"].tolist() for rows in found] == [[3], [0, 5]]


def test_every_arm_but_the_baseline_has_the_runs_of_the_baseline_of_its_policy_beside():
    found = [*with_baseline(TABLE, ["a", "b"], ARMS, "dapo")]
    assert [tuple(arm.values()) for arm, *_ in found] == [("a", "dapo"), ("a", "meds"), ("b", "dapo"), ("b", "meds")]
    places = [[rows["place"].tolist() for rows in own] for _, own, _ in found]
    assert places == [[[4], [1]], [[2]], [[3]], [[0, 5]]]
    assert [other is None for *_, other in found] == [True, False, True, False]
    assert [(other[0], [rows["place"].tolist() for rows in other[1]]) for *_, other in found if other] == [
        ("dapo", [[4], [1]]),
        ("dapo", [[3]]),
    ]


def test_without_an_arm_of_the_baseline_there_is_nothing_beside():
    assert [other for *_, other in with_baseline(TABLE, ["a"], ARMS, "grpo")] == [None, None]


def test_a_run_is_called_by_its_names():
    assert name(TABLE.iloc[[6]]) == "a, dapo, 50 % labels, seed 0"
    assert name(TABLE) == "b, meds, 100 % labels, seed 1"
