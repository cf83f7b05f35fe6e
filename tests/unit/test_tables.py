from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_grades import RUN, graded, grades, published

from reward_memory.errors import InputError
from reward_memory.report.paper_results import published_accuracies
from reward_memory.report.tables.accuracy import (
    ABLATION_COLUMNS,
    COLUMNS,
    ablation_rows,
    accuracy_rows,
    with_expected,
)
from reward_memory.report.tables.grades import read_grades
from reward_memory.report.tables.names import MACRO, WEIGHTED

PUBLISHED = Path(__file__).parents[2] / "reference/published_results.csv"
GRADES = {"gsm8k": np.array([[1.0, 0.5, 0.0, 0.5]]), "math": np.array([[1.0, 1.0]])}
SOURCES = {"gsm8k": "mirror", "math": "mirror", "piqa": "generated"}
ARM = {"policy": "small", "method": "memreward", "label_ratio": 20}


FIGURES = published(
    ("small", "memreward", 20, "gsm8k", 60.0, 450),
    ("small", "memreward", 20, "math", 80.0, 50),
    ("small", "memreward", 20, "average", 62.0, 500),
)


def rows(figures: pd.DataFrame = FIGURES, shares=GRADES, arm=ARM, sources=SOURCES) -> pd.DataFrame:
    found = accuracy_rows(grades(shares), arm, sources, figures)
    return pd.DataFrame(found, columns=COLUMNS).set_index("benchmark")


def seeds(*rewards: dict) -> pd.DataFrame:
    """Graded responses of one arm, its seeds 0, 1, ... in this order."""
    return pd.concat([graded(own, (*RUN[:3], seed)) for seed, own in enumerate(rewards)])


def test_a_grade_is_the_share_of_a_querys_right_responses():
    found = read_grades(graded({("math", "q2"): [1, 0, 0, 1], ("math", "q1"): [1, 0, 0, 0], ("gpqa", "q3"): [1]}))
    assert {name: table.tolist() for name, table in found.shares.items()} == {"math": [[0.25, 0.5]], "gpqa": [[1.0]]}


def test_seeds_are_rows_with_their_queries_in_one_order():
    found = seeds({("math", "q1"): [1], ("math", "q2"): [0]}, {("math", "q2"): [0], ("math", "q1"): [1]})
    assert read_grades(found).shares["math"].tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_benchmarks_come_in_the_order_of_the_first_seed():
    found = read_grades(seeds({("math", "q"): [1], ("arc", "r"): [0]}, {("arc", "r"): [1], ("math", "q"): [1]}))
    assert {name: table.tolist() for name, table in found.shares.items()} == {"math": [[1], [1]], "arc": [[0], [1]]}
    assert list(found.shares) == ["math", "arc"]


def test_a_seed_is_known_by_its_name_not_by_its_place():
    first, second = {("math", "q"): [1]}, {("math", "q"): [0]}
    backwards = pd.concat([graded(second, (*RUN[:3], 1)), graded(first, (*RUN[:3], 0))])
    for table in (backwards, seeds(first, second)):
        assert read_grades(table).shares["math"].tolist() == [[1], [0]]


@pytest.mark.parametrize(
    "other", [{("math", "q3"): [1]}, {("math", "q1"): [1], ("math", "q2"): [1]}, {("arc", "q1"): [1]}]
)
def test_seeds_that_were_graded_on_other_queries_are_refused(other):
    with pytest.raises(InputError) as caught:
        read_grades(seeds({("math", "q1"): [1]}, other))
    run = "small, memreward, 20 % labels, seed"
    assert str(caught.value) == f"{run} 1: different queries were graded than for {run} 0; delete both and run again."


def test_each_benchmark_is_followed_by_both_averages():
    assert rows().index.tolist() == ["gsm8k", "math", WEIGHTED, MACRO]


def test_accuracies_are_percentages_and_averages_are_told_apart():
    found = rows()["accuracy"]
    assert found.to_dict() == pytest.approx({"gsm8k": 50.0, "math": 100.0, WEIGHTED: 100 * 4 / 6, MACRO: 75.0})


def test_n_counts_queries_and_seeds_counts_runs():
    found = rows(shares={name: np.repeat(table, 3, axis=0) for name, table in GRADES.items()})
    assert found["n"].tolist() == [4, 2, 6, 6]
    assert set(found["seeds"]) == {3}


def test_an_interval_surrounds_its_accuracy():
    row = rows().loc["gsm8k"]
    assert 0 <= row["ci_low"] < 50.0 < row["ci_high"] <= 100
    assert row["ci_low"] + row["ci_high"] == pytest.approx(100)  # as far down as up, where half are right


@pytest.mark.parametrize(("seeds", "covers", "sd"), [(1, "queries", np.nan), (2, "queries and seeds", 50 * 2**0.5)])
def test_a_row_tells_what_its_interval_covers_and_how_far_seeds_are_apart(seeds, covers, sd):
    row = rows(shares={"math": np.array([[1.0, 1.0], [0.0, 0.0]])[:seeds]}).loc["math"]
    assert row["interval_covers"] == covers
    assert row["seed_sd"] == pytest.approx(sd, nan_ok=True)


def test_instances_of_a_template_are_one_family():
    found = graded({("math", "q2"): [1], ("math", "q1"): [0], ("math", "q3"): [1], ("arc", "q4"): [1]})
    found["template"] = ["t", "t", None, None]
    families = read_grades(found).families
    first, second, third = families["math"].tolist()
    assert first == second != third
    assert len(families["arc"]) == 1


@pytest.mark.parametrize("missing", [None, np.nan])
def test_queries_without_a_template_are_their_own_families(missing):
    found = graded({("math", "q1"): [0], ("math", "q2"): [1]}).assign(template=missing)
    assert len(set(read_grades(found).families["math"])) == 2


def test_templates_widen_the_interval_of_a_table():
    found = graded({("math", f"q{number}"): [number % 4 // 2] for number in range(40)})
    each = accuracy_rows(read_grades(found), ARM, SOURCES, FIGURES)[0]
    found["template"] = [f"t{number // 2}" for number in range(40)]
    pairs = accuracy_rows(read_grades(found), ARM, SOURCES, FIGURES)[0]
    assert pairs["accuracy"] == each["accuracy"]
    assert pairs["ci_high"] - pairs["ci_low"] > 1.3 * (each["ci_high"] - each["ci_low"])


def behavior(**columns) -> pd.DataFrame:
    """Rows of a table over four responses to gsm8k and two to math, with these columns."""
    found = graded({("gsm8k", "q1"): [1, 1], ("gsm8k", "q2"): [0, 0], ("math", "q3"): [1, 1]}).assign(**columns)
    table = pd.DataFrame(accuracy_rows(read_grades(found), ARM, SOURCES, FIGURES), columns=COLUMNS)
    return table.set_index("benchmark")[["unanswered", "cut", "mean_tokens"]]


def test_responses_without_an_answer_cut_ones_and_tokens_are_counted():
    found = behavior(
        extracted=["4", None, " ", "5", "6", "6"],
        finished=[True, False, True, True, False, False],
        tokens=[10, 20, 30, 40, 50, 70],
    )
    assert found.loc["gsm8k"].tolist() == [50, 25, 25]
    assert found.loc["math"].tolist() == [0, 100, 60]
    # two queries and one; one benchmark and the other
    assert found.loc[WEIGHTED].tolist() == pytest.approx([100 / 3, 50, 110 / 3])
    assert found.loc[MACRO].tolist() == pytest.approx([25, 62.5, 42.5])


def test_what_an_older_file_does_not_hold_is_empty():
    found = behavior()
    assert found[["cut", "mean_tokens"]].isna().all(axis=None)
    assert found["unanswered"].tolist() == pytest.approx([100] * 4)


def test_delta_is_ours_minus_the_published_figure():
    found = rows()
    assert found.loc["gsm8k", ["published", "published_n", "delta"]].tolist() == pytest.approx([60.0, 450, -10.0])
    assert found.loc["math", ["published", "published_n", "delta"]].tolist() == pytest.approx([80.0, 50, 20.0])


def test_the_published_average_stands_beside_the_weighted_one_alone():
    found = rows()
    assert found.loc[WEIGHTED, ["published", "delta"]].tolist() == pytest.approx([62.0, 400 / 6 - 62.0])
    assert found.loc[MACRO, ["published", "published_n", "delta"]].isna().all()


def test_a_published_figure_keeps_its_confidence():
    found = rows()["published_confidence"]
    assert found.fillna("").tolist() == ["medium", "medium", "medium", ""]


@pytest.mark.parametrize("key", ["policy", "method", "label_ratio"])
def test_a_figure_of_another_arm_is_not_shown(key):
    other = {"policy": "tiny", "method": "r1-p", "label_ratio": 30}
    found = rows(arm=ARM | {key: other[key]})
    assert found[["published", "published_n", "delta"]].isna().all(axis=None)


def test_a_benchmark_without_a_figure_has_none():
    found = rows(FIGURES[FIGURES["benchmark"] == "math"])
    assert found["published"].notna().tolist() == [False, True, False, False]


def test_a_stand_in_has_no_published_figure():
    found = rows(sources={"gsm8k": "generated", "math": "mirror"})
    assert found["published"].notna().tolist() == [False, True, False, False]


def test_an_average_over_other_benchmarks_is_not_compared_with_the_published_one():
    found = rows(shares={"gsm8k": GRADES["gsm8k"]}, sources={"gsm8k": "mirror"})
    assert found["published"].notna().tolist() == [True, False, False]


def test_a_row_tells_where_its_queries_come_from():
    found = rows(sources={"gsm8k": "generated", "math": "mirror"})["source"]
    assert found.tolist() == ["generated", "mirror", "generated and mirror", "generated and mirror"]


def test_the_rows_of_an_arm_carry_its_names():
    found = rows()
    assert (set(found["policy"]), set(found["method"]), set(found["label_ratio"])) == ({"small"}, {"memreward"}, {20})


def test_the_published_file_gives_the_papers_figures():
    main = published_accuracies(pd.read_csv(PUBLISHED), "main")
    names = main.loc[main["policy"] == "qwen2.5-3b", "benchmark"].unique()
    shares = {name: np.ones((1, 2)) for name in names if name != "average"}
    assert len(shares) == 10
    arm = {"policy": "qwen2.5-3b", "method": "memreward", "label_ratio": 20}
    found = rows(main, shares, arm, dict.fromkeys(shares, "hub"))
    assert found.loc["gsm8k", ["published", "published_n"]].tolist() == [92.89, 450]
    assert found.loc[WEIGHTED, ["published", "published_n"]].tolist() == [77.02, 3329]
    assert set(found["published_confidence"].dropna()) == {"high"}


def test_a_published_average_over_label_ratios_is_about_the_main_benchmarks():
    figures = published_accuracies(pd.read_csv(PUBLISHED), "label_ratio")
    names = next(iter(figures["members"]))
    shares = {name: np.ones((1, 2)) for name in names}
    assert len(shares) == 10
    arm = {"policy": "qwen2.5-3b", "method": "memreward", "label_ratio": 50}
    found = rows(figures, shares, arm, dict.fromkeys(shares, "hub"))["published"]
    assert found.dropna().to_dict() == {WEIGHTED: 77.95}
    fewer = {name: table for name, table in shares.items() if name != "gpqa"}
    assert rows(figures, fewer, arm, dict.fromkeys(shares, "hub"))["published"].isna().all()
    stand_in = dict.fromkeys(shares, "hub") | {"gpqa": "generated"}
    assert rows(figures, shares, arm, stand_in)["published"].isna().all()


def test_the_published_file_names_no_figure_twice():
    figures = pd.read_csv(PUBLISHED)
    key = ["paper", "table", "policy", "method", "label_ratio", "benchmark", "metric"]
    assert not figures[figures["metric"] == "accuracy"].duplicated(key).any()


def test_official_scores_stand_beside_the_untrained_policy_alone():
    table = pd.DataFrame(
        [
            ("small", "base", "math", 40.0),
            ("small", "base", "arc", 50.0),
            ("small", "oracle", "math", 60.0),
            ("tiny", "base", "math", 30.0),
            ("small", "base", WEIGHTED, 45.0),
        ],
        columns=["policy", "method", "benchmark", "accuracy"],
    )
    found = with_expected(table, {"small": {"math": 42.5}, "tiny": {}})
    assert found["expected"].tolist() == pytest.approx([42.5, *[np.nan] * 4], nan_ok=True)
    assert found["expected_delta"].tolist() == pytest.approx([-2.5, *[np.nan] * 4], nan_ok=True)
    assert found[table.columns].equals(table)


@pytest.mark.parametrize("expected", [{}, {"small": {}, "tiny": {}}])
def test_without_any_official_score_a_table_is_as_it_was(expected):
    table = pd.DataFrame({"policy": ["small"], "method": ["base"], "benchmark": ["math"], "accuracy": [40.0]})
    assert with_expected(table, expected).equals(table)


DOMAINS = {"gsm8k": "math", "math": "math", "arc_c": "qa"}


def ablation(known_as: str | None = "memreward-mlp", sources: dict | None = None) -> pd.DataFrame:
    figures = published(("small", "memreward-mlp", 20, "math_domain", 70.0, np.nan))
    arm, shares = ARM | {"method": "memreward:mlp"}, GRADES | {"arc_c": np.array([[0.0, 0.5]])}
    sources = sources or dict.fromkeys(DOMAINS, "hub")
    found = ablation_rows(grades(shares), arm, DOMAINS, sources, figures, known_as)
    return pd.DataFrame(found, columns=ABLATION_COLUMNS).set_index("domain")


def test_a_domain_counts_each_of_its_queries_the_same():
    found = ablation()
    assert found["accuracy"].to_dict() == pytest.approx({"math": 400 / 6, "qa": 25.0, "overall": 450 / 8})
    assert found["n"].tolist() == [6, 2, 8]


def test_an_ablation_stands_beside_the_papers_arm_of_another_name_with_its_confidence():
    found = ablation()
    row = found.loc["math"]
    assert (row["method"], row["published"], row["published_confidence"]) == ("memreward:mlp", 70.0, "medium")
    assert row["delta"] == pytest.approx(400 / 6 - 70)
    assert found.loc[["qa", "overall"], ["published", "delta", "published_confidence"]].isna().all(axis=None)


def test_an_arm_that_the_paper_does_not_ablate_has_no_published_figure():
    assert ablation(None)["published"].isna().all()


def test_a_domain_with_a_stand_in_has_no_published_figure():
    assert ablation(sources={"gsm8k": "hub", "math": "generated", "arc_c": "hub"})["published"].isna().all()


def test_the_papers_domains_hold_its_ten_benchmarks():
    figures = published_accuracies(pd.read_csv(PUBLISHED), "ablation")
    members = dict(zip(figures["benchmark"], figures["members"], strict=True))
    assert members["math_domain"] == {"gsm8k", "math", "gsm_symbolic"}
    assert members["qa_domain"] == {"mmlu", "commonsenseqa", "obqa", "arc_c", "gpqa"}
    assert members["code_domain"] == {"humaneval_plus", "mbpp_plus"}
    assert set(figures["confidence"]) == {"medium"}


def test_the_published_ablation_equals_the_main_table_where_both_have_an_arm():
    """So its typed-in counts are as the paper counts; what contradicts them is a figure."""
    figures = pd.read_csv(PUBLISHED)
    own = figures[figures["method"] == "memreward"]
    domains = published_accuracies(figures, "ablation").query("method == 'memreward'")
    assert len(domains) == 6
    for row in domains.to_dict("records"):
        parts = own[(own["table"] == "main") & (own["policy"] == row["policy"]) & own["benchmark"].isin(row["members"])]
        right = (parts["value"] * parts["n"] / 100).round().sum()
        assert round(100 * right / parts["n"].sum(), 2) == row["value"]
