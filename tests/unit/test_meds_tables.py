from math import log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reward_memory.evaluation.cluster_sizes import CLASSES, cluster_sizes
from reward_memory.report.tables import meds, repeated_errors

PUBLISHED = pd.read_csv(Path(__file__).parents[2] / "reference/published_results.csv")
FIVE = ["aime24", "amc23", "math500", "minerva", "olympiadbench"]
ARM = {"policy": "qwen3-8b", "method": "meds"}


def main(right: dict, samples: int, sources: dict, arm=ARM, measures=None) -> pd.DataFrame:
    rows = meds.main_rows(right, samples, measures or {}, arm, sources, meds.published_pass(PUBLISHED, "meds_main"))
    return pd.DataFrame(rows, columns=meds.MAIN_COLUMNS).set_index(["benchmark", "metric"])


@pytest.mark.parametrize(("samples", "expected"), [(1, [1]), (2, [1, 2]), (7, [1, 2, 4]), (8, [1, 2, 4, 8])])
def test_k_doubles_up_to_the_samples(samples, expected):
    assert meds.powers(samples) == expected


def test_every_benchmark_and_then_their_mean_has_every_k():
    found = main({"aime24": np.array([[1, 0]]), "amc23": np.array([[2, 1]])}, 2, {"amc23": "hub", "aime24": "hub"})
    assert found.index.tolist() == [
        (name, f"pass@{k}") for name in ("amc23", "aime24", "average (macro)") for k in (1, 2)
    ]
    # aime24 1/4 and 1/2, amc23 3/4 and 1
    assert found["value"].tolist() == pytest.approx([75, 100, 25, 50, 50, 75])
    assert found["n"].tolist() == [2, 2, 2, 2, 4, 4]
    assert set(found["samples"]) == {2}


def test_an_interval_surrounds_its_value():
    rng = np.random.default_rng(0)
    found = main({"aime24": rng.integers(0, 5, (3, 20))}, 4, {"aime24": "hub"})
    assert ((found["ci_low"] < found["value"]) & (found["value"] < found["ci_high"])).all()


@pytest.mark.parametrize(
    ("benchmarks", "source", "expected"),
    [(FIVE, "hub", 66.72), (FIVE, "generated", None), (FIVE[:4], "hub", None)],
)
def test_the_published_average_stands_beside_ours_of_the_same_real_benchmarks(benchmarks, source, expected):
    found = main({name: np.array([[1]]) for name in benchmarks}, 2, dict.fromkeys(benchmarks, source))
    row = found.loc["average (macro)", "pass@1"]
    if expected is None:
        assert np.isnan(row["published"])
        assert pd.isna(row["published_confidence"])
    else:
        assert row["published"] == expected
        assert row["delta"] == pytest.approx(50 - expected)
        assert row["published_confidence"] == "medium-high"


def test_a_published_figure_stands_beside_its_own_k_alone():
    found = main({"olympiadbench": np.array([[64]])}, 128, {"olympiadbench": "hub"}).loc["olympiadbench"]
    assert found["published"].dropna().to_dict() == {"pass@1": 61.12, "pass@128": 82.67}


def verdicts(*answers: tuple[str, str, int]) -> pd.DataFrame:
    """One seed's verdicts on problems of aime24 from (problem, extracted answer, reward)."""
    rows = [{"query_id": query, "extracted": answer, "reward": reward} for query, answer, reward in answers]
    return pd.DataFrame(rows).assign(benchmark="aime24", sample=range(len(rows)), path="")


def test_diversity_is_the_mean_over_problems_and_seeds():
    first = verdicts(("p", "4", 1), ("p", "5", 0), ("p", "6", 0), ("q", "1", 1), ("q", "1", 1))
    second = verdicts(("p", "4", 1), ("p", "4", 1), ("q", "2", 0), ("q", "2", 0))
    measures = meds.read_measures(pd.concat([second.assign(seed=1), first.assign(seed=0)]), {"aime24": "math"})
    assert measures["distinct_answers"]["aime24"].tolist() == [[3, 1], [1, 1]]
    np.testing.assert_allclose(measures["wrong_entropy"]["aime24"], [[log(2), np.nan], [np.nan, 0]])
    found = main({"aime24": np.array([[1, 2], [2, 0]])}, 2, {"aime24": "hub"}, measures=measures)["value"]
    assert found["aime24", "distinct_answers"] == pytest.approx(6 / 4)
    # problems without a wrong answer have no entropy of them
    assert found["average (macro)", "wrong_entropy"] == pytest.approx(log(2) / 2)


def test_the_cost_of_training_is_summed_over_steps_and_averaged_over_seeds():
    logged = [
        pd.DataFrame({"sampled_responses": responses, "sampled_tokens": [10, 20]}) for responses in ([4, 8], [4, 4])
    ]
    found = pd.DataFrame(meds.training_rows(logged, ARM, "generated")).set_index("metric")
    assert found["value"].to_dict() == {"sampled_responses": 10, "sampled_tokens": 30}
    # 12.7 standard errors of 2, and no cost below 0
    assert found.loc["sampled_responses", ["ci_low", "ci_high"]].tolist() == pytest.approx(
        [0, 10 + 12.706 * 2], rel=1e-4
    )
    assert set(found["interval_covers"]) == {"seeds"}
    assert set(found["benchmark"]) == {"training"}
    single = pd.DataFrame(meds.training_rows(logged[:1], ARM, "generated"))
    assert single["value"].tolist() == [12, 30]
    assert single["interval_covers"].tolist() == [None, None]  # of one seed there is no interval


def counts(*steps: tuple[int, int, int, int]) -> pd.DataFrame:
    """One run's counts at one query from (step, wrong, visited, repeated)."""
    return pd.DataFrame(steps, columns=["step", "wrong", "visited", "repeated"]).assign(query_id="q")


RUNS = [counts((1, 4, 0, 0), (2, 4, 4, 1)), counts((1, 2, 0, 0), (2, 4, 4, 2))]


def ablation(right, repeats, known_as="meds", policy="qwen2.5-math-7b", source="hub") -> pd.DataFrame:
    sources = dict.fromkeys(right[0], source)
    published = meds.published_pass(PUBLISHED, "meds_ablation")
    arm = {"policy": policy, "method": "mine"}
    rows = meds.meds_ablation_rows(arm, right, repeats, 2, sources, published, known_as)
    return pd.DataFrame(rows, columns=meds.MEDS_ABLATION_COLUMNS).set_index("metric")


def test_the_ablation_compares_with_what_has_no_memory():
    own, other = ({name: np.array([[right], [right]]) for name in FIVE} for right in (2, 1))
    found = ablation((own, other), (RUNS, [counts((2, 4, 4, 4))] * 2))
    assert found.index.tolist() == ["pass@1", "pass@2", "repeated_share"]
    assert found["value"].tolist() == [100, 100, 37.5]
    assert found["difference"].tolist() == [50, 0, -62.5]
    assert found.loc["pass@1", "difference_low"] < 50 < found.loc["pass@1", "difference_high"]
    # the two runs, 1 of 4 and 2 of 4, are one degree of freedom
    assert found.loc["repeated_share", "difference_low"] == -100
    assert found["p_value"].between(0, 1).all()
    assert (found["detectable"] > 0).all()
    assert set(found["interval_covers"]) == {"queries and seeds"}


def test_the_ablation_has_the_published_figure_of_the_arms_own_name():
    own = {name: np.array([[2]]) for name in FIVE}
    assert ablation((own, None), (RUNS, None), "meds-28-diff")["published"]["pass@1"] == 55.78
    for known_as, source in ((None, "hub"), ("meds", "generated")):
        found = ablation((own, None), (RUNS, None), known_as, source=source)
        assert found["published"].isna().all()
        assert found["difference"].isna().all()


def test_shares_are_over_whole_runs_and_at_every_step():
    rows = repeated_errors.repeated_rows(RUNS, ("dapo", [counts((2, 8, 8, 4))] * 2), ARM)
    found = pd.DataFrame(rows, columns=repeated_errors.REPEATED_COLUMNS)
    assert (
        found["metric"].tolist()
        == ["repeated_share", "repeated_share_all", "repeated_share-dapo"] + ["repeated_share"] * 2
    )
    # 3 repeated of 8 that could, of 14 in all; dapo 1/2
    assert found["value"].tolist() == pytest.approx([37.5, 300 / 14, -12.5, np.nan, 37.5], nan_ok=True)
    assert found["n"].tolist() == [8, 14, 8, 0, 8]
    assert found["step"].tolist() == pytest.approx([np.nan] * 3 + [1, 2], nan_ok=True)
    assert set(found["seeds"]) == {2}


def test_a_run_that_meets_no_query_twice_has_no_share():
    once = [counts((1, 4, 0, 0))]
    found = pd.DataFrame(repeated_errors.repeated_rows(once, ("dapo", once), ARM)).set_index("metric")["value"]
    assert found["repeated_share-dapo"] != found["repeated_share-dapo"]
    assert found["repeated_share_all"] == 0


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0"), (1, "1"), (2, "2-3"), (3, "2-3"), (4, "4-7"), (7, "4-7"), (8, "8+"), (5000, "8+")],
)
def test_sizes_fall_into_their_class(size, expected):
    found = cluster_sizes(pd.DataFrame({"step": [3], "reward": [0.0], "cluster_size": [float(size)]}))
    assert found["size"].tolist() == list(CLASSES)
    assert found.loc[found["responses"] == 1, ["step", "size"]].values.tolist() == [[3, expected]]
    assert found["responses"].sum() == 1


def test_right_responses_and_those_without_a_memory_have_no_size():
    responses = pd.DataFrame({"step": [1, 1], "reward": [1.0, 0.0], "cluster_size": [2.0, np.nan]})
    assert cluster_sizes(responses).empty


@pytest.mark.parametrize(("cut", "counted"), [(0.5, 3), (0.25, 2), (0.0, 1), (1.0, 4)])
def test_rewards_up_to_the_cut_are_those_of_failures(cut, counted):
    responses = pd.DataFrame({"step": 1, "reward": [0.0, 0.25, 0.5, 1.0], "cluster_size": [1.0, 1.0, 3.0, 9.0]})
    assert cluster_sizes(responses, cut)["responses"].sum() == counted
    if cut == 0.5:
        assert cluster_sizes(responses)["responses"].tolist() == [0, 2, 1, 0, 0]


def test_shares_of_sizes_sum_over_seeds_to_a_whole_step():
    one, other = (
        cluster_sizes(pd.DataFrame({"step": 1, "reward": 0.0, "cluster_size": sizes}))
        for sizes in ([0.0, 0.0, 9.0], [1.0])
    )
    found = pd.DataFrame(repeated_errors.cluster_rows([one, other], ARM))[["size", "responses", "share"]]
    assert found.values.tolist() == [["0", 2, 50], ["1", 1, 25], ["2-3", 0, 0], ["4-7", 0, 0], ["8+", 1, 25]]
