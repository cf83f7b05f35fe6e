import numpy as np
import pandas as pd
import pytest

from reward_memory.report.figures.meds import DRAW, METHOD_COLORS, SIZE_COLORS, colors


@pytest.fixture
def drawn(monkeypatch):
    """The axes that were drawn, kept from being closed."""
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "close", lambda figure: None)
    yield lambda: plt.gcf().axes
    monkeypatch.undo()
    plt.close("all")


def row(method: str, value: float, policy: str = "tiny", published: float = np.nan, **more) -> dict:
    figure = {"published": published, "published_confidence": None if np.isnan(published) else "medium"}
    interval = {"value": value, "ci_low": value - 5, "ci_high": value + 10}
    return {"policy": policy, "method": method, "source": "hub"} | interval | figure | more


MAIN = [
    row(method, value + k, policy, benchmark=benchmark, metric=f"pass@{k}")
    for policy in ("tiny", "small")
    for method, value in (("dapo", 40), ("meds", 50))
    for benchmark in ("aime24", "average (macro)")
    for k in (1, 2, 4)
] + [row("dapo", 3, benchmark="average (macro)", metric="distinct_answers")]
ABLATION = [
    row(method, value, metric=metric)
    for method, value in (("dapo", 40), ("meds", 50))
    for metric in ("pass@1", "repeated_share")
]
REPEATED = [row("dapo", 30, metric="repeated_share", step=np.nan)] + [
    row("dapo", np.nan if step == 1 else 10 * step, metric="repeated_share", step=step) for step in (1, 2, 3)
]
SIZES = [
    {"policy": "tiny", "method": method, "step": step, "size": size, "share": share}
    for method in ("meds", "gentle")
    for step in (1, 2)
    for size, share in zip(SIZE_COLORS, (50, 20, 10, 15, 5), strict=True)
]
SPREAD = [
    row(method, 30 + 5 * visit + shift, metric=metric, visit=visit)
    for method, shift in (("dapo", 0), ("meds", -4))
    for metric in ("largest_share", "wrong_entropy")
    for visit in (1, 2, 3)
]
SPREAD += [row("meds", -4.0, metric="largest_share-dapo", visit=np.nan)]
TABLES = {
    "error_spread": SPREAD,
    "meds_main": MAIN,
    "meds_ablation": ABLATION,
    "repeated_errors": REPEATED,
    "cluster_sizes": SIZES,
}


def test_a_panel_a_policy_has_a_curve_an_arm_of_the_average_alone(tmp_path, drawn):
    DRAW["meds_main"](pd.DataFrame(MAIN), tmp_path / "a.svg")
    assert [axis.get_title(loc="left") for axis in drawn()] == ["tiny", "small"]
    for axis in drawn():
        curves = [line.get_xydata().tolist() for line in axis.lines]
        assert curves == [[[1, 41], [2, 42], [4, 44]], [[1, 51], [2, 52], [4, 54]]]
    assert [text.get_text() for text in drawn()[-1].get_xticklabels()] == ["1", "2", "4"]


def test_a_band_reaches_from_end_to_end_of_the_intervals(tmp_path, drawn):
    DRAW["meds_main"](pd.DataFrame(MAIN), tmp_path / "a.svg")
    (band,) = drawn()[0].collections[0].get_paths()
    ends = {(x, y) for x, y in band.vertices.tolist()}
    assert ends == {(k, 40 + k + reach) for k in (1, 2, 4) for reach in (-5, 10)}


def test_a_published_figure_is_a_diamond(tmp_path, drawn):
    rows = [row("meds", 50, benchmark="average (macro)", metric="pass@1", published=66.72)]
    DRAW["meds_main"](pd.DataFrame(rows), tmp_path / "a.svg")
    (axis,) = drawn()
    assert axis.collections[1].get_offsets().tolist() == [[1, 66.72]]


def test_variants_of_the_memory_stand_beside_one_another(tmp_path, drawn):
    DRAW["meds_ablation"](pd.DataFrame(ABLATION), tmp_path / "a.svg")
    (axis,) = drawn()
    assert [bar.get_height() for bar in axis.patches] == [40, 40, 50, 50]
    assert [text.get_text() for text in axis.get_xticklabels()] == ["pass@1", "repeated share"]


def test_repeated_errors_run_over_the_steps_without_the_whole_run(tmp_path, drawn):
    DRAW["repeated_errors"](pd.DataFrame(REPEATED), tmp_path / "a.svg")
    (axis,) = drawn()
    np.testing.assert_equal(axis.lines[0].get_xydata(), [[1, np.nan], [2, 20], [3, 30]])


def test_sizes_are_stacked_to_a_whole_at_every_step(tmp_path, drawn):
    DRAW["cluster_sizes"](pd.DataFrame(SIZES), tmp_path / "a.svg")
    assert [axis.get_title(loc="left") for axis in drawn()] == ["tiny, meds", "tiny, gentle"]
    for axis in drawn():
        bars = [(bar.get_y(), bar.get_height()) for bar in axis.patches]
        stacked = [(0, 50), (50, 20), (70, 10), (80, 15), (95, 5)]
        assert bars == [part for part in stacked for _ in (1, 2)]


def test_methods_keep_their_color_and_variants_get_another():
    found = colors(["gentle", "meds", "harsh", "dapo"])
    assert (found["meds"], found["dapo"]) == (METHOD_COLORS["meds"], METHOD_COLORS["dapo"])
    assert len(set(found.values())) == 4


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_a_figure_is_the_same_at_every_run(tmp_path, table):
    for name in "ab":
        DRAW[table](pd.DataFrame(TABLES[table]), tmp_path / f"{name}.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
