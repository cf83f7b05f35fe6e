"""How failures spread over wrong answers, visit by visit."""

from math import log

import numpy as np
import pandas as pd
import pytest

from reward_memory.evaluation.error_spread import compare_spreads, mean_spread, spread
from reward_memory.evaluation.statistics import ratio_difference
from reward_memory.report.tables.error_spread import SPREAD_COLUMNS, spread_rows

DOMAINS = {"a": "math", "b": "math"}


def responses(*rows):
    """(step, query, answer, reward) each."""
    return pd.DataFrame(
        [(step, query, f"\\boxed{{{answer}}}" if answer else "", reward) for step, query, answer, reward in rows],
        columns=["step", "query_id", "text", "reward"],
    )


def run(**shares):
    """One row a query: its largest share at visit 2."""
    rows = [(2, query, 4, share, 1 - share) for query, share in shares.items()]
    return pd.DataFrame(rows, columns=["visit", "query_id", "wrong", "largest_share", "wrong_entropy"])


def test_a_hand_counted_visit():
    found = spread(
        responses(
            *((3, "a", answer, 0.0) for answer in (7, "7.0", 8, 9)),
            (3, "a", 1, 1.0),  # right
            (3, "a", "", 0.0),  # no answer
        ),
        DOMAINS,
    )
    (row,) = found.to_dict("records")
    assert row["visit"] == 1
    assert row["wrong"] == 4
    assert row["largest_share"] == 0.5
    assert row["wrong_entropy"] == pytest.approx(0.5 * log(2) + 0.5 * log(4))


def test_visits_are_counted_for_each_query_and_those_without_a_wrong_answer_are_visits_too():
    found = spread(responses((1, "a", 7, 0.0), (4, "a", 1, 1.0), (4, "b", 5, 0.0), (9, "a", 7, 0.0)), DOMAINS)
    assert found[["visit", "query_id"]].to_numpy().tolist() == [[1, "a"], [1, "b"], [3, "a"]]


def test_rewards_up_to_the_cut_are_those_of_errors():
    run = responses((1, "a", 7, 0.0), (1, "a", 8, 0.25), (1, "a", 9, 0.5), (1, "a", 6, 1.0))
    assert spread(run, DOMAINS)["wrong"].tolist() == [3]
    assert [spread(run, DOMAINS, cut)["wrong"].tolist() for cut in (1.0, 0.5, 0.25, 0.0, -1.0)] == [
        *([4], [3], [2]),
        *([1], []),
    ]


def test_a_mean_counts_every_visit_of_every_query():
    own = pd.concat([run(a=0.5, b=0.9), run(a=0.7).assign(visit=3)])
    assert mean_spread([own], "largest_share").mean == pytest.approx(0.7)


def test_an_interval_of_shares_is_that_of_their_plain_difference():
    own, other = (
        [run(a=0.5, b=0.9, c=0.4), run(a=0.7, b=0.2, c=0.6)],
        [run(a=0.4, b=0.8, c=1.0), run(a=0.9, b=0.3, c=0.5)],
    )
    found = compare_spreads(own, other, "largest_share")
    ones = np.ones((2, 3))
    shares = [(np.array([one["largest_share"] for one in arm]), ones) for arm in (own, other)]
    expected = ratio_difference(*shares)
    assert (found.mean, found.low, found.high) == pytest.approx((expected.mean, expected.low, expected.high))
    # where no difference was seen, the largest that a share could have is reckoned with
    none = compare_spreads(own, own, "largest_share")
    assert none.high == pytest.approx(ratio_difference(shares[0], shares[0]).high)


def test_differences_are_paired_by_query():
    draws = np.random.default_rng(0)
    level = dict(zip([f"q{place}" for place in range(40)], draws.uniform(0.3, 0.9, 40), strict=True))
    lower = {name: value - 0.05 + 0.01 * draws.standard_normal() for name, value in level.items()}
    paired = compare_spreads([run(**lower)], [run(**level)], "largest_share")
    assert paired.mean == pytest.approx(-0.05, abs=0.005)
    # the spread between queries, 0.17, has no part in it
    assert paired.high < -0.04


def test_a_difference_of_entropies_may_be_more_than_one():
    one, other = (
        pd.DataFrame({"visit": 2, "query_id": list("abc"), "wrong": 16, "largest_share": 0.1, "wrong_entropy": value})
        for value in (2.5, [0.1, 0.2, 0.3])
    )
    found = compare_spreads([one], [other], "wrong_entropy")
    assert found.mean == pytest.approx(2.3)
    assert found.high > found.mean


@pytest.mark.parametrize(
    ("wrong", "measure", "bound"),
    [
        # as many answers as there are: the natural logarithm of 16; at least 1
        (((16, 4), (4, 2)), "wrong_entropy", log(16)),
        (((2, 4), (16, 3)), "wrong_entropy", log(16)),
        (((2, 2), (2, 1)), "wrong_entropy", 1),
        (((16, 16), (16, 16)), "largest_share", 1),
    ],
)
def test_a_difference_reaches_as_far_as_the_measure_can(wrong, measure, bound):
    own, other = (
        [
            pd.DataFrame({"query_id": ["a"], "wrong": number, "largest_share": value, "wrong_entropy": value})
            for number, value in zip(arm, values, strict=True)
        ]
        for arm, values in zip(wrong, ((0.9, 0.5), (0.1, 0.6)), strict=True)
    )
    found = compare_spreads(own, other, measure)
    # two runs that are 0.9 apart reach 12.7 errors of 0.45 to either side
    assert (found.mean, found.low, found.high) == pytest.approx((0.35, -bound, bound))
    assert (found.seeds, found.seed_se) == (2, pytest.approx(0.45))


def test_a_run_without_an_error_is_none_of_its_arm():
    found = compare_spreads([run(a=0.5), run()], [run(), run(a=0.25)], "largest_share")
    assert found.mean == pytest.approx(0.25)
    assert mean_spread([run(), run(a=0.5)], "largest_share").mean == 0.5


@pytest.mark.parametrize("counts", [(2, 1), (1, 2)])
def test_arms_of_other_seeds_are_not_compared(counts):
    one, two = ([run(a=0.5)] * count for count in counts)
    with pytest.raises(ValueError, match=f"^{counts[0]} and {counts[1]} runs cannot be compared seed by seed$"):
        compare_spreads(one, two, "largest_share")


def test_rows_are_of_the_later_visits_together_then_of_each():
    first, second = run(a=0.5, b=0.7), run(a=0.9, b=0.9).assign(visit=1)
    rows = pd.DataFrame(
        spread_rows([pd.concat([second, first])], ("dapo", [run(a=0.6, b=0.8)]), {"policy": "p", "method": "meds"}),
        columns=SPREAD_COLUMNS,
    )
    shares = rows[rows["metric"] == "largest_share"]
    assert shares["visit"].fillna(0).tolist() == [0, 1, 2]
    # the first visit, at which nothing is remembered, is not among the later ones
    assert shares["value"].tolist() == pytest.approx([60, 90, 60])
    differences = rows[rows["metric"] == "largest_share-dapo"]
    assert differences["value"].tolist() == pytest.approx([-10, -10])
    assert differences["p_value"].notna().all()


ARM = {"policy": "p", "method": "meds"}


def test_figures_of_one_query_by_hand():
    # a single one: the added one is as far off to both sides, an error of 0.25 and of 0.4 with one degree of freedom
    own, other = (run(a=share).assign(wrong=2, wrong_entropy=nats) for share, nats in ((0.5, 0.6), (0.75, 0.2)))
    rows = {row["metric"]: row for row in spread_rows([own], ("dapo", [other]), ARM) if row["visit"] is None}
    assert list(rows) == ["largest_share", "largest_share-dapo", "wrong_entropy", "wrong_entropy-dapo"]
    columns = ["value", "ci_low", "ci_high", "p_value", "detectable"]
    shares, nats = ([rows[f"{name}-dapo"][column] for column in columns] for name in ("largest_share", "wrong_entropy"))
    assert shares == pytest.approx([-25, -100, 100, 0.5, 352.0647])
    assert nats == pytest.approx([0.4, -1, 1, 0.5, 5.633035])
    assert (rows["largest_share"]["value"], rows["wrong_entropy"]["value"]) == (50, 0.6)
    assert all((row["n"], row["seeds"], row["policy"]) == (1, 1, "p") for row in rows.values())
    # nothing bounds a measure, so a single query has no interval
    assert np.isnan([rows["largest_share"]["ci_low"], rows["wrong_entropy"]["ci_high"]]).all()


def test_every_seed_counts_its_own_queries():
    one, two = run(a=0.5, b=0.7), pd.concat([run(a=0.9), run(a=0.3).assign(visit=5)])
    rows = [row for row in spread_rows([one, two], None, ARM) if row["metric"] == "largest_share"]
    assert [(row["visit"], row["n"]) for row in rows] == [(None, 3), (2, 3), (5, 1)]
    assert [row["value"] for row in rows] == pytest.approx([60, 70, 30])
    assert {row["seeds"] for row in rows} == {2}
    assert rows[0]["interval_covers"] == "queries and seeds"
    assert rows[1]["ci_low"] < rows[1]["value"] < rows[1]["ci_high"]


def test_a_run_whose_queries_come_once_has_rows_of_its_first_visit_alone():
    once = run(a=0.5).assign(visit=1)
    rows = spread_rows([once], ("dapo", [run(a=0.5)]), ARM)
    assert [(row["visit"], row["metric"]) for row in rows] == [(1, "largest_share"), (1, "wrong_entropy")]
    rows = spread_rows([run(a=0.5)], ("dapo", [once]), ARM)
    assert [(row["visit"], row["metric"]) for row in rows] == [
        (visit, metric) for visit in (None, 2) for metric in ("largest_share", "wrong_entropy")
    ]


def test_one_seed_with_an_error_is_enough_to_compare():
    rows = spread_rows([run(a=0.5), run()], ("dapo", [run(), run(a=0.75)]), ARM)
    found = {(row["visit"], row["metric"]): row["value"] for row in rows}
    for visit in (None, 2):
        assert found[visit, "largest_share-dapo"] == pytest.approx(-25)
