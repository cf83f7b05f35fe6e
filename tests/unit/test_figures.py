from itertools import pairwise
from xml.etree import ElementTree

import pandas as pd
import pytest

from reward_memory.figures import COLOURS, draw_accuracies, draw_reward_models

BENCHMARKS = ["gsm8k", "average (macro)"]


def table(policies=("tiny", "small"), arms=(("base", 0), ("memreward", 20))) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "policy": policy,
                "method": method,
                "label_ratio": ratio,
                "benchmark": benchmark,
                "source": "generated",
                "accuracy": 40.0,
                "ci_low": 30.0,
                "ci_high": 55.0,
            }
            for policy in policies
            for method, ratio in arms
            for benchmark in BENCHMARKS
        ]
    )


@pytest.fixture
def drawn(monkeypatch):
    """The axes that were drawn, kept from being closed."""
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "close", lambda figure: None)
    yield lambda: plt.gcf().axes
    monkeypatch.undo()
    plt.close("all")


def test_the_same_table_gives_the_same_bytes(tmp_path):
    for name in "ab":
        draw_accuracies(table(), tmp_path / f"{name}.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_figure_is_svg_and_carries_no_date(tmp_path):
    draw_accuracies(table(), tmp_path / "a.svg")
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")
    assert "date>" not in (tmp_path / "a.svg").read_text()


def test_there_is_a_panel_a_policy_and_a_bar_an_arm_and_benchmark(tmp_path, drawn):
    draw_accuracies(table(), tmp_path / "a.svg")
    assert [axis.get_title(loc="left") for axis in drawn()] == ["tiny", "small"]
    assert [len(axis.patches) for axis in drawn()] == [4, 4]


def test_a_bar_is_as_high_as_its_accuracy_and_its_whisker_is_the_interval(tmp_path, drawn):
    draw_accuracies(table(("tiny",), (("base", 0),)), tmp_path / "a.svg")
    (axis,) = drawn()
    assert {bar.get_height() for bar in axis.patches} == {40.0}
    (whiskers,) = axis.collections
    assert [sorted(segment[:, 1]) for segment in whiskers.get_segments()] == [[30.0, 55.0]] * 2


def test_bars_of_one_group_do_not_overlap(tmp_path, drawn):
    draw_accuracies(table(("tiny",), (("base", 0), ("r1-p", 20), ("oracle", 100))), tmp_path / "a.svg")
    edges = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in drawn()[0].patches)
    assert all(end < start for (_, end), (start, _) in pairwise(edges))


def test_an_arm_has_one_colour_in_every_panel(tmp_path, drawn):
    from matplotlib.colors import to_hex

    draw_accuracies(table(), tmp_path / "a.svg")
    for axis in drawn():
        colours = [to_hex(bar.get_facecolor()) for bar in axis.patches]
        assert colours == [COLOURS["base"].lower()] * 2 + [COLOURS["memreward"].lower()] * 2


def test_a_methods_ratios_are_told_apart_by_name_and_by_how_pale_they_are(tmp_path, drawn):
    draw_accuracies(table(("tiny",), (("memreward", 20), ("memreward", 50))), tmp_path / "a.svg")
    (axis,) = drawn()
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels == ["memreward (20 % labels)", "memreward (50 % labels)"]
    few, _, many, _ = (bar.get_facecolor() for bar in axis.patches)
    assert few[:3] == many[:3]
    assert few[3] < many[3] == 1.0


def test_the_source_of_the_queries_is_written_under_the_figure(tmp_path, drawn):
    draw_accuracies(table(), tmp_path / "a.svg")
    texts = [text.get_text() for text in drawn()[0].figure.texts]
    assert texts == ["queries: generated; bars: 95 % intervals"]


def test_reward_models_have_a_bar_for_each_predictor_and_metric(tmp_path, drawn):
    rows = [
        {"policy": policy, "label_ratio": 20, "predictor": predictor, "metric": metric}
        | {"split": split, "benchmark": benchmark, "mean": mean, "ci_low": 0.6, "ci_high": 0.9}
        for policy in ("tiny", "small")
        for predictor, mean in (("graph", 0.7), ("majority", 0.8))
        for metric in ("auc", "within_query_auc", "f1")
        for split, benchmark in (("train", "overall"), ("train", "gsm8k"), ("test", "overall"))
    ]
    draw_reward_models(pd.DataFrame(rows), tmp_path / "a.svg")
    assert [axis.get_title(loc="left") for axis in drawn()] == ["tiny, 20 % labels", "small, 20 % labels"]
    heights = [[bar.get_height() for bar in axis.patches] for axis in drawn()]
    assert heights == [[0.7, 0.8, 0.7, 0.8]] * 2
