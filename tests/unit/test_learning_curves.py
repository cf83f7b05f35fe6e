"""Learning curves: what the runs logged, and the truth that was looked up afterwards."""

import numpy as np
import pandas as pd
import pytest

from reward_memory.report.figures import drawing
from reward_memory.report.figures.learning import draw_learning_curves, headline
from reward_memory.report.tables.learning_curves import LEARNING_COLUMNS, curve_rows, read_curves

NAMES = {"suite": "main", "policy": "tiny", "method": "memreward", "label_ratio": 20}


def history(seed, **columns):
    """A run of steps 0, 1, 2."""
    return pd.DataFrame(NAMES | {"seed": seed, "step": [0, 1, 2]} | columns)


def agreement(seed, values):
    return pd.DataFrame(NAMES | {"seed": seed, "step": [1, 2], "true_share": [0.2, 0.4], "agreement": values})


def table(*histories, agreements=()):
    looked_up = pd.concat(agreements) if agreements else pd.DataFrame()
    return pd.DataFrame(read_curves(pd.concat(histories), looked_up), columns=LEARNING_COLUMNS)


def curve(found, metric, column="value"):
    own = found[found["metric"] == metric]
    return dict(zip(own["step"], own[column], strict=True))


def test_values_are_means_over_seeds_in_percent_and_in_their_own_unit():
    runs = [history(seed, valid_accuracy=[0.5, np.nan, 0.5 + seed / 10], entropy=[np.nan, 2, 1]) for seed in (0, 1)]
    found = table(*runs)
    assert curve(found, "valid_accuracy") == pytest.approx({0: 50, 2: 55})
    assert curve(found, "entropy") == {1: 2, 2: 1}
    assert set(found["seeds"]) == {2}
    assert set(found["interval_covers"]) == {"seeds"}


def test_every_metric_is_in_its_unit():
    logged = {name: [0.25, 0.5, 0.75] for name in ("reward_verified", "reward_predicted", "valid_accuracy")}
    logged |= {"response_tokens": [100.0, 200.0, 300.0], "entropy": [2.5, 2.0, 1.5], "kl_loss": [0.0, 0.01, 0.02]}
    found = table(history(0, **logged), agreements=[agreement(0, [0.8, 0.7])])
    percent = pytest.approx({0: 25, 1: 50, 2: 75})
    for metric in ("reward_verified", "reward_predicted", "valid_accuracy"):
        assert curve(found, metric) == percent
    assert curve(found, "response_tokens") == {0: 100, 1: 200, 2: 300}
    assert curve(found, "entropy") == {0: 2.5, 1: 2, 2: 1.5}
    assert curve(found, "kl") == {0: 0, 1: 0.01, 2: 0.02}
    assert curve(found, "reward_true") == pytest.approx({1: 20, 2: 40})
    assert curve(found, "agreement") == pytest.approx({1: 80, 2: 70})
    assert list(dict.fromkeys(found["metric"])) == [
        *("reward_verified", "reward_predicted", "valid_accuracy", "response_tokens", "entropy", "kl"),
        *("reward_true", "agreement"),
    ]


def test_what_is_no_share_has_no_upper_end():
    found = table(*(history(seed, response_tokens=[100.0 + 4 * seed] * 3) for seed in (0, 1)))
    # 12.7 errors of 2
    assert curve(found, "response_tokens", "ci_low")[1] == pytest.approx(102 - 12.706205 * 2)
    assert curve(found, "response_tokens", "ci_high")[1] == pytest.approx(102 + 12.706205 * 2)
    nats = table(*(history(seed, entropy=[2.0 + seed] * 3) for seed in (0, 1)))
    assert curve(nats, "entropy", "ci_high")[0] == pytest.approx(2.5 + 12.706205 / 2)


def test_steps_are_in_order_whatever_the_log():
    one, other = history(0, entropy=[3, 2, 1]), history(1, entropy=[5, 4, 3])
    found = table(one.iloc[::-1], other)
    assert found["step"].tolist() == [0, 1, 2]
    assert found["value"].tolist() == [4, 3, 2]


def test_a_band_is_students_interval_of_the_seeds_and_no_share_is_above_100():
    values = (0.90, 0.92, 0.97)
    found = table(*(history(seed, valid_accuracy=[0.5, 0.5, value]) for seed, value in enumerate(values)))
    reach = 4.302653 * 100 * np.std(values, ddof=1) / np.sqrt(3)
    assert curve(found, "valid_accuracy", "ci_low")[2] == pytest.approx(93 - reach, abs=1e-4)
    assert curve(found, "valid_accuracy", "ci_high")[2] == 100
    assert curve(found, "valid_accuracy", "ci_low")[0] == 50


def test_one_seed_has_no_band():
    found = table(history(0, valid_accuracy=[0.1, 0.2, 0.3]))
    assert found[["ci_low", "ci_high", "interval_covers"]].isna().all(axis=None)


def test_agreement_is_that_of_the_same_arm():
    other = history(0, reward_predicted=[np.nan, 0.9, 0.9]).assign(method="ttrl", label_ratio=0)
    own = history(0, reward_predicted=[np.nan, 0.6, 0.7])
    found = table(other, own, agreements=[agreement(0, [0.8, 0.7])])
    of_arm = found[found["method"] == "memreward"]
    assert curve(of_arm, "agreement") == pytest.approx({1: 80, 2: 70})
    assert curve(of_arm, "reward_true") == pytest.approx({1: 20, 2: 40})
    assert curve(of_arm, "reward_predicted") == pytest.approx({1: 60, 2: 70})
    assert not (found[found["method"] == "ttrl"]["metric"] == "agreement").any()
    # arms come as their histories do
    assert list(dict.fromkeys(found["method"])) == ["ttrl", "memreward"]


def test_a_step_that_one_seed_lacks_has_no_mean():
    runs = history(0, entropy=[3, 2, 1]), history(1, entropy=[3, 2, 1]).iloc[:2]
    assert sorted(curve(table(*runs), "entropy")) == [0, 1]


def test_what_one_seed_did_not_log_has_no_curve():
    runs = [history(0, entropy=[3, 2, 1]), history(1, valid_accuracy=[0.1, 0.2, 0.3])]
    assert curve_rows(runs, [], NAMES) == []
    assert [row["metric"] for row in curve_rows([runs[0]] * 2, [], NAMES)] == ["entropy"] * 3


@pytest.fixture
def figure(monkeypatch):
    """The last figure, kept open."""
    kept = []
    save = drawing.save
    monkeypatch.setattr(drawing, "save", lambda figure, *rest: (kept.append(figure), save(figure, *rest)))
    return kept


def test_a_figure_has_one_suite_a_row_a_metric_and_whole_steps(figure, tmp_path):
    rows = history(0, valid_accuracy=[0.1, 0.2, 0.3], kl_loss=[np.nan, 0.1, 0.2])
    found = table(rows, rows.assign(method="oracle"), rows.assign(suite="meds", method="dapo", entropy=1.0))
    draw_learning_curves(found, "main", tmp_path / "a.svg")
    axes = figure[0].axes
    assert [axis.get_ylabel() for axis in axes] == ["validation\naccuracy, %", "KL, nats"]
    assert all(len(axis.lines) == 2 for axis in axes)
    assert axes[-1].get_xlabel() == "training step"
    assert all(tick == round(tick) for tick in axes[-1].get_xticks())
    (legend,) = figure[0].legends
    assert legend.get_title().get_text() == "method"
    assert "oracle" in [text.get_text().split(" (")[0] for text in legend.get_texts()]


def test_a_title_says_who_ends_highest():
    rows = [history(0, valid_accuracy=[0.9, np.nan, end]).assign(method=name) for name, end in (("a", 0.3), ("b", 0.7))]
    assert headline(table(*rows), "tiny") == "tiny: b ends highest (70.0 %),\na lowest (30.0 %)."
    assert headline(table(rows[0]), "tiny") == "tiny: a ends at 30.0 % on the valid queries."
    assert headline(table(history(0, entropy=[1, 1, 1])), "tiny") == "tiny was not validated."


def test_a_suite_without_a_logged_metric_has_an_empty_figure(tmp_path):
    draw_learning_curves(pd.DataFrame(columns=LEARNING_COLUMNS), "main", tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text().count("<svg") == 1
