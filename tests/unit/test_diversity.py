from math import isnan, log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.evaluation import diversity
from reward_memory.evaluation.diversity import (
    answers,
    cluster_entropy,
    compare_repeats,
    extracted_key,
    mean_measure,
    repeated_share,
    repeats,
)


def verdicts(*samples: tuple[float, str | None], query: str = "q") -> pd.DataFrame:
    """A grades table of one problem from (reward, extracted answer)."""
    return pd.DataFrame(
        [
            {"query_id": query, "benchmark": "b", "sample": at, "reward": reward, "extracted": answer, "path": ""}
            for at, (reward, answer) in enumerate(samples)
        ]
    )


def responses(*rows: tuple[int, str, str, float]) -> pd.DataFrame:
    """A run's responses from (step, query, boxed answer, reward)."""
    return pd.DataFrame(
        [
            {
                "step": step,
                "query_id": query,
                "text": f"I think \\boxed{{{answer}}}." if answer else "",
                "reward": reward,
            }
            for step, query, answer, reward in rows
        ],
        columns=["step", "query_id", "text", "reward"],
    )


MATH = dict.fromkeys("qrstuvw", "math")


@pytest.mark.parametrize(
    ("one", "other"),
    [("18", "18.0"), ("$1,000", "1000"), ("\\frac{1}{2}", "0.5"), ("18 apples", "18"), (" x + 1", "x+1")],
)
def test_two_ways_to_write_an_answer_are_one(one, other):
    assert extracted_key(one, "math") == extracted_key(other, "math") != ""


@pytest.mark.parametrize(("one", "other"), [("18", "-18"), ("(1, 2)", "(3, 2)"), ("x", "y"), ("50", "50\\%")])
def test_different_answers_stay_apart(one, other):
    assert extracted_key(one, "math") != extracted_key(other, "math")


@pytest.mark.parametrize(("one", "other", "alike"), [("B", " B ", True), ("A", "B", False), ("18", "18.0", False)])
def test_choices_are_compared_as_they_read(one, other, alike):
    assert (extracted_key(one, "qa") == extracted_key(other, "qa")) is alike


def test_programs_that_do_something_else_stay_apart():
    one, other = "def f(x):\n    return x + 1", "def f(x):\n    return x - 1"
    assert extracted_key(one, "code") != extracted_key(other, "code") != ""


def test_programs_are_compared_without_layout():
    one, other = "def f(x):\n    return x+1  # add", "def f(x): return (x + 1)"
    assert extracted_key(one, "code") == extracted_key(other, "code")


@pytest.mark.parametrize("nothing", [None, "", "  ", float("nan")])
def test_no_answer_has_no_key(nothing):
    assert extracted_key(nothing, "math") == ""


def test_distinct_answers_are_counted_by_value():
    found = answers(verdicts((1, "4"), (0, "5"), (0, "5.0"), (0, "6"), (0, None)), MATH).iloc[0]
    assert found.drop("wrong_entropy").to_dict() == {
        "benchmark": "b",
        "query_id": "q",
        "responses": 5,
        "wrong": 4,
        "distinct": 3,
        "distinct_wrong": 2,
    }
    # of three wrong answers two are 5 and one is 6
    assert found["wrong_entropy"] == pytest.approx(-(2 / 3) * log(2 / 3) - (1 / 3) * log(1 / 3))


def test_all_right_answers_are_one_however_they_are_written():
    assert answers(verdicts((1, "\\frac{\\sqrt{2}}{2}"), (1, "1/\\sqrt{2}")), MATH).iloc[0]["distinct"] == 1


def test_a_problem_without_failures_has_no_entropy_of_them():
    found = answers(verdicts((1, "4"), (1, "4")), MATH).iloc[0]
    assert isnan(found["wrong_entropy"])
    assert found["distinct_wrong"] == 0


def test_a_problem_without_answers_has_none():
    found = answers(verdicts((0, None), (0, "")), MATH).iloc[0]
    assert (found["distinct"], found["distinct_wrong"], found["wrong"]) == (0, 0, 2)
    assert isnan(found["wrong_entropy"])


def test_a_right_response_counts_though_no_answer_was_read_in_it():
    found = answers(verdicts((0.25, None), (0, "5")), MATH).iloc[0]
    assert (found["distinct"], found["distinct_wrong"], found["wrong"]) == (2, 1, 1)


def test_every_problem_is_measured_by_itself():
    both = pd.concat([verdicts((0, "1"), (0, "2"), query="r"), verdicts((0, "1"), (0, "1"), query="q")])
    assert answers(both, MATH)[["query_id", "distinct"]].values.tolist() == [["q", 1], ["r", 2]]


def test_no_verdicts_have_no_measures():
    none = verdicts((1, "4")).iloc[:0]
    assert answers(none, MATH).columns.tolist() == diversity.MEASURES
    assert answers(none, MATH).empty


@given(st.integers(1, 30), st.integers(1, 5))
def test_equal_clusters_have_the_log_of_their_number(clusters, size):
    assert cluster_entropy(list(range(clusters)) * size) == pytest.approx(log(clusters))


@given(st.lists(st.integers(-1, 5), min_size=1))
def test_entropy_lies_between_nothing_and_that_of_equal_clusters(labels):
    assert -1e-12 <= cluster_entropy(np.array(labels)) <= log(len(set(labels))) + 1e-12


def test_noise_is_one_cluster():
    assert cluster_entropy([-1, -1, 3, 3]) == pytest.approx(log(2))


def test_no_failures_have_no_entropy():
    assert isnan(cluster_entropy([]))


def test_a_measure_is_the_mean_of_known_problems_and_then_of_benchmarks():
    # (1 + 3 + 5) / 3 and 7; the third has none
    values = {"a": [[1.0, np.nan], [3.0, 5.0]], "b": [[7.0], [7.0]], "c": [[np.nan], [np.nan]]}
    found = mean_measure({name: np.array(table) for name, table in values.items()})
    assert found.mean == pytest.approx(5)
    # of one problem alone it is unknown how far others would be apart
    assert isnan(found.low)
    assert mean_measure({"a": np.array(values["a"])}).low < 3


def test_a_measure_that_no_problem_has_is_nan():
    found = mean_measure({"a": np.full((2, 3), np.nan)})
    assert [isnan(value) for value in (found.mean, found.low, found.high)] == [True] * 3


def test_the_error_of_a_measure_is_that_of_a_slow_bootstrap():
    rng = np.random.default_rng(0)
    table = np.where(rng.random((2, 80)) < 0.3, np.nan, 2 + rng.random((2, 80)))
    means = [np.nanmean(table[:, problems]) for problems in rng.integers(80, size=(4000, 80))]
    assert mean_measure({"a": table}).query_se == pytest.approx(np.std(means), rel=0.06)


def test_measures_of_no_benchmark_are_refused():
    with pytest.raises(ValueError, match="no benchmarks"):
        mean_measure({})


def test_an_error_repeats_if_an_earlier_step_made_it_at_the_same_query():
    run = responses(
        (1, "q", "5", 0),
        (1, "q", "5", 0),  # beside the first, no repetition
        (1, "r", "7", 0),
        (2, "q", "5.0", 0),  # repeats
        (2, "q", "6", 0),  # is new
        (2, "s", "5", 0),  # repeats nothing at a query that is new
        (3, "r", "5", 0),  # an answer to another query only
        (3, "r", "7", 1),  # right
        (4, "q", "6", 0),  # repeats
    )
    assert repeats(run, MATH).values.tolist() == [
        [1, "q", 2, 0, 0],
        [1, "r", 1, 0, 0],
        [2, "q", 2, 2, 1],
        [2, "s", 1, 0, 0],
        [3, "r", 1, 1, 0],
        [4, "q", 1, 1, 1],
    ]


def test_a_query_that_was_only_answered_right_counts_as_visited():
    assert repeats(responses((1, "q", "4", 1), (2, "q", "5", 0)), MATH).values.tolist() == [[2, "q", 1, 1, 0]]


@pytest.mark.parametrize(("cut", "wrong"), [(0.5, [1, 1, 1]), (0.25, [1, 1]), (0.0, [1]), (1.0, [1, 1, 1, 1])])
def test_a_reward_up_to_the_cut_is_that_of_an_error(cut, wrong):
    run = responses((1, "q", "5", 0), (2, "q", "6", 0.25), (3, "q", "7", 0.5), (4, "q", "8", 1))
    assert repeats(run, MATH, cut)["wrong"].tolist() == wrong
    if cut == 0.5:
        assert repeats(run, MATH).equals(repeats(run, MATH, cut))


def test_responses_without_an_answer_repeat_nothing():
    assert repeats(responses((1, "q", "", 0), (2, "q", "", 0)), MATH).empty


def test_an_answer_that_was_right_once_is_no_earlier_error():
    assert repeats(responses((1, "q", "5", 1), (2, "q", "5", 0)), MATH)["repeated"].tolist() == [0]


def test_the_order_of_the_rows_does_not_matter():
    rng = np.random.default_rng(0)
    run = responses(
        *[(int(rng.integers(1, 6)), "qrs"[rng.integers(3)], str(rng.integers(4)), rng.integers(2)) for _ in range(80)]
    )
    pd.testing.assert_frame_equal(repeats(run, MATH), repeats(run.sample(frac=1, random_state=1), MATH))


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.sampled_from("qr"), st.sampled_from(["1", "2", ""]), st.sampled_from([0, 1])),
        min_size=1,
    )
)
def test_repeats_are_those_of_a_memory_that_is_kept_step_by_step(rows):
    expected, known, visited = {}, set(), set()
    for step in sorted({step for step, *_ in rows}):
        now = [row for row in rows if row[0] == step]
        for _, query, answer, reward in now:
            if not reward and answer:
                counts = expected.setdefault((step, query), [0, 0, 0])
                counts[0] += 1
                counts[1] += query in visited
                counts[2] += (query, answer) in known
        known |= {(query, answer) for _, query, answer, reward in now if not reward and answer}
        visited |= {query for _, query, _, _ in now}
    found = repeats(responses(*rows), MATH)
    assert {(row.step, row.query_id): [row.wrong, row.visited, row.repeated] for row in found.itertuples()} == expected


def test_shares_are_of_all_errors_and_of_those_that_could_repeat():
    counts = pd.DataFrame(
        [[1, "q", 4, 0, 0], [2, "q", 3, 3, 2], [2, "r", 1, 0, 0]],
        columns=["step", "query_id", "wrong", "visited", "repeated"],
    )
    steps = dict(iter(counts.groupby("step")))
    assert [repeated_share([steps[step]], "wrong").mean for step in (1, 2)] == [0, 0.5]
    assert repeated_share([steps[2]]).mean == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match=r"^an arm has no errors to take a share of \(visited\)$"):
        repeated_share([steps[1]])


def counted(**queries: tuple[int, int]) -> pd.DataFrame:
    """One run's counts: query -> (visited, repeated)."""
    rows = [(2, query, visited, visited, repeated) for query, (visited, repeated) in queries.items()]
    return pd.DataFrame(rows, columns=["step", "query_id", "wrong", "visited", "repeated"])


def test_the_share_of_an_arm_sums_over_its_runs():
    # 1 + 2 of 4 + 8, not the mean of 1/4 and 2/8
    assert repeated_share([counted(q=(4, 1)), counted(q=(8, 2), r=(0, 0))]).mean == 3 / 12


def test_the_difference_is_first_less_second_and_paired():
    runs = [counted(q=(4, 4), r=(4, 0)), counted(q=(4, 4), r=(4, 0))]
    less = [counted(q=(4, 3), r=(4, 0)), counted(q=(4, 3), r=(4, 0))]
    assert compare_repeats(runs, runs).mean == 0
    found = compare_repeats(less, runs)
    assert found.mean == pytest.approx(-1 / 8)
    all_errors = [run.assign(wrong=2 * run["wrong"]) for run in less]
    assert repeated_share(all_errors, "wrong").mean == pytest.approx(3 / 16)
    # both runs say the same, so only the queries differ: by a quarter and by nothing
    assert found.seed_se == pytest.approx(0)
    assert found.low < -1 / 4
    assert found.high == pytest.approx(-1 / 4 - found.low)


def test_the_error_of_a_difference_of_shares_is_that_of_a_slow_bootstrap():
    rng = np.random.default_rng(3)
    names = [f"q{number}" for number in range(60)]
    easy = rng.random(60)
    arms = [
        [
            counted(**{name: (6, int(rng.binomial(6, one))) for name, one in zip(names, easy, strict=True)})
            for _ in range(2)
        ]
        for _ in range(2)
    ]
    drawn = []
    tables = [[run.set_index("query_id").loc[names, ["repeated", "visited"]].to_numpy() for run in arm] for arm in arms]
    for queries in rng.integers(60, size=(3000, 60)):
        sums = [sum(run[queries].sum(axis=0) for run in arm) for arm in tables]
        drawn.append(sums[0][0] / sums[0][1] - sums[1][0] / sums[1][1])
    assert compare_repeats(*arms).query_se == pytest.approx(np.std(drawn), rel=0.15)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([], [], "0 and 0 runs"),
        ([counted(q=(1, 1))], [counted(q=(1, 1))] * 2, "1 and 2 runs"),
        ([counted(q=(1, 1))] * 2, [counted(q=(1, 1))], "2 and 1 runs"),
        ([counted(q=(1, 1))], [counted(q=(0, 0))], "no errors to take a share of"),
        ([counted(q=(0, 0))], [counted(q=(1, 1))], "no errors to take a share of"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(first, second, message):
    with pytest.raises(ValueError, match=message):
        compare_repeats(first, second)
