from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from reward_memory.report import figures
from reward_memory.report.figures import draw_accuracies, draw_reward_models
from reward_memory.report.figures.drawing import COLORS, MORE_COLORS, colors
from reward_memory.report.tables.names import WEIGHTED

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


def test_an_arm_has_one_color_in_every_panel(tmp_path, drawn):
    from matplotlib.colors import to_hex

    draw_accuracies(table(), tmp_path / "a.svg")
    for axis in drawn():
        colors = [to_hex(bar.get_facecolor()) for bar in axis.patches]
        assert colors == [COLORS["base"].lower()] * 2 + [COLORS["memreward"].lower()] * 2


def test_a_methods_ratios_are_told_apart_by_name_and_by_how_pale_they_are(tmp_path, drawn):
    draw_accuracies(table(("tiny",), (("memreward", 20), ("memreward", 50))), tmp_path / "a.svg")
    (axis,) = drawn()
    labels = [text.get_text() for text in axis.figure.legends[0].get_texts()]
    assert labels == ["memreward (20 % labels)", "memreward (50 % labels)"]
    few, _, many, _ = (bar.get_facecolor() for bar in axis.patches)
    assert few[:3] == many[:3]
    assert few[3] < many[3] == 1.0


def test_the_source_of_the_queries_is_written_under_the_figure(tmp_path, drawn):
    draw_accuracies(table(), tmp_path / "a.svg")
    texts = [text.get_text() for text in drawn()[0].figure.texts]
    assert texts == ["queries: generated; lines: 95 % intervals"]


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


def row(method: str, ratio: int, group: dict, mean: float, published: float = np.nan, policy: str = "tiny") -> dict:
    figure = {"published": published, "published_confidence": None if np.isnan(published) else "low"}
    where = {"policy": policy, "method": method, "label_ratio": ratio, "source": "hub"}
    return where | group | figure | {"accuracy": mean, "ci_low": mean - 5, "ci_high": mean + 10}


def centers(axis) -> list[float]:
    return [bar.get_x() + bar.get_width() / 2 for bar in axis.patches]


def diamonds(axis) -> list[list[float]]:
    return [
        point for one in axis.collections if isinstance(one, PathCollection) for point in one.get_offsets().tolist()
    ]


def test_methods_without_a_color_of_their_own_get_different_ones():
    found = colors(["memreward", "memreward:mine", "memreward:other", "memreward:mine"])
    assert found == {
        "memreward": COLORS["memreward"],
        "memreward:mine": MORE_COLORS[0],
        "memreward:other": MORE_COLORS[1],
    }
    assert len(set(COLORS.values()) | set(MORE_COLORS)) == len(COLORS) + len(MORE_COLORS)


def test_a_label_ratio_has_a_bar_for_each_method_that_has_it(tmp_path, drawn):
    arms = [("r1-p", 20, 50.0), ("r1-p", 70, 60.0), ("memreward", 20, 55.0), ("memreward", 70, 65.0)]
    rows = [row(*arm[:2], {"benchmark": WEIGHTED}, arm[2]) for arm in [*arms, ("oracle", 100, 70.0)]]
    rows += [row("r1-p", 20, {"benchmark": "math"}, 1.0), row("base", 0, {"benchmark": WEIGHTED}, 40.0)]
    figures.draw_label_ratios(pd.DataFrame(rows), tmp_path / "a.svg")
    (axis,) = drawn()
    assert [text.get_text() for text in axis.get_xticklabels()] == ["20 %", "70 %", "100 %"]
    heights = dict(zip(np.round(centers(axis), 6), [bar.get_height() for bar in axis.patches], strict=True))
    assert heights == {-0.2: 50.0, 0.2: 55.0, 0.8: 60.0, 1.2: 65.0, 2.0: 70.0}
    labels = [text.get_text() for text in axis.figure.legends[0].get_texts()]
    assert labels == ["base", "r1-p", "memreward", "oracle"]
    (line,) = [line for line in axis.lines if line.get_label() == "base"]
    assert set(line.get_ydata()) == {40.0}


def test_a_published_point_stands_on_its_bar_and_tells_its_confidence(tmp_path, drawn):
    rows = [
        row("r1-p", 20, {"benchmark": WEIGHTED}, 50.0),
        row("memreward", 20, {"benchmark": WEIGHTED}, 55.0, 77.0),
        row("memreward", 30, {"benchmark": WEIGHTED}, 56.0, 77.5),
    ]
    figures.draw_label_ratios(pd.DataFrame(rows), tmp_path / "a.svg")
    (axis,) = drawn()
    assert diamonds(axis) == [[pytest.approx(0.2), 77.0], [pytest.approx(1.0), 77.5]]
    labels = [text.get_text() for text in axis.figure.legends[0].get_texts()]
    assert labels == ["r1-p", "memreward", "published (low confidence)"]


def test_the_ablation_has_a_group_a_domain_and_published_points(tmp_path, drawn):
    rows = [
        row(method, 20, {"domain": domain}, mean, published)
        for method, mean, published in (("memreward", 60.0, 80.0), ("memreward:mlp", 50.0, np.nan))
        for domain in ("math", "qa", "overall")
    ]
    figures.draw_ablation(pd.DataFrame(rows), tmp_path / "a.svg")
    (axis,) = drawn()
    assert [text.get_text() for text in axis.get_xticklabels()] == ["math", "qa", "overall"]
    assert [bar.get_height() for bar in axis.patches] == [60.0] * 3 + [50.0] * 3
    assert diamonds(axis) == [[pytest.approx(place), 80.0] for place in centers(axis)[:3]]


def test_a_loss_is_drawn_below_the_line(tmp_path, drawn):
    rows = [
        row("memreward", 20, {"benchmark": name, "baseline": "r1-p"}, mean, policy=policy)
        for policy in ("tiny", "small")
        for name, mean in (("math", -4.0), ("mmlu", 3.0))
    ]
    table = pd.DataFrame(rows).rename(columns={"accuracy": "difference"})
    figures.draw_differences(table, tmp_path / "a.svg")
    for axis in drawn():
        assert [bar.get_height() for bar in axis.patches] == [-4.0, 3.0]
        assert axis.get_ylim()[0] < -9
        assert axis.get_ylabel() == "minus r1-p, points"


def test_accuracy_stands_over_the_labels_that_it_cost(tmp_path, drawn):
    arms = [("memreward", 50, 500, 65.0), ("memreward", 20, 200, 60.0), ("oracle", 100, 1000, 70.0)]
    rows = [row(method, ratio, {"labels": labels}, mean) for method, ratio, labels, mean in arms]
    figures.draw_labels_spent(pd.DataFrame(rows), tmp_path / "a.svg")
    (axis,) = drawn()
    lines = [container.lines[0].get_xydata().tolist() for container in axis.containers]
    assert lines == [[[200, 60.0], [500, 65.0]], [[1000, 70.0]]]
    assert axis.get_xlim()[0] == 0


def bins(predictor: str, split: str = "train", policy: str = "tiny") -> list[dict]:
    place = {"policy": policy, "predictor": predictor, "label_ratio": 20, "split": split}
    filled = {"responses": 8, "mean_probability": 0.44, "share_right": 0.5, "ci_low": 0.2, "ci_high": 0.8}
    empty = {"responses": 0} | dict.fromkeys(["mean_probability", "share_right", "ci_low", "ci_high"], np.nan)
    return [
        place | {"bin_low": number / 10, "bin_high": (number + 1) / 10} | (filled if number == 4 else empty)
        for number in range(10)
    ]


def test_each_reward_model_has_a_diagram_above_its_counts(tmp_path, drawn):
    rows = [one for policy in ("tiny", "small") for name in ("graph", "knn") for one in bins(name, policy=policy)]
    figures.draw_reliability(pd.DataFrame([*rows, *bins("graph", "test")]), tmp_path / "a.svg")
    axes = drawn()
    assert [axis.get_title() for axis in axes] == ["graph", "knn", "", ""] * 2
    for diagram in [*axes[0:2], *axes[4:6]]:
        (container,) = diagram.containers
        assert container.lines[0].get_xydata().tolist() == [[0.44, 0.5]]
    for counts in [*axes[2:4], *axes[6:8]]:
        assert [bar.get_height() for bar in counts.patches] == [0, 0, 0, 0, 8, 0, 0, 0, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "rows"),
    [
        (figures.draw_label_ratios, [row("memreward", 20, {"benchmark": WEIGHTED}, 50.0, 70.0)]),
        (figures.draw_labels_spent, [row("memreward", 20, {"labels": 9}, 50.0)]),
        (figures.draw_reliability, bins("graph")),
    ],
)
def test_a_figure_is_the_same_at_every_run(tmp_path, draw, rows):
    for name in "ab":
        draw(pd.DataFrame(rows), tmp_path / f"{name}.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
