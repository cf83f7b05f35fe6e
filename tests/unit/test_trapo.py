"""TRAPO's pass-rate curves and its choice of unlabeled queries."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.errors import InputError
from reward_memory.storage import parquet
from reward_memory.training.checkpoints import responses_of
from reward_memory.training.objectives.trapo import Curves, Selection, directions, is_warm_up, similarities
from reward_memory.training.responses import STEP_RESPONSES, Response, frame

NAN = float("nan")
RATES = st.lists(st.integers(0, 8).map(lambda count: count / 8), min_size=2, max_size=8)


def answered(query: str, *rewards: float, labeled: bool = False) -> list[Response]:
    """Responses to a query; the reward of a labeled one is verified, that of another its majority's."""
    return [
        Response(query, sample, 1, "#### 7", [1], float(reward), NAN if labeled else 0.25 + reward / 2)
        for sample, reward in enumerate(rewards)
    ]


def write(state, step: int, responses: list[Response], trained: set[str]) -> None:
    rows = {f"{one.query}_{one.sample}": one for one in responses}
    table = frame(step, rows, {key for key, one in rows.items() if one.query in trained})
    parquet.write(table, responses_of(state, step), STEP_RESPONSES, checked=True)


def test_a_curve_is_standardized_with_the_unbiased_deviation():
    # mean 0.5, unbiased variance 0.125 / 2: the direction of (-1, 0, 1)
    assert directions([[0.25, 0.5, 0.75]])[0] == pytest.approx([-math.sqrt(0.5), 0, math.sqrt(0.5)])


def test_a_curve_of_equal_points_has_no_direction():
    # 0.1 thrice has a mean of 0.10000000000000002: rounding divided by 1e-8 is a direction
    assert directions([[0.1, 0.1, 0.1]]).tolist() == [[0, 0, 0]]


def test_similarities_by_hand():
    database = [[0.0, 0.5, 1.0], [0.0, 1.0, 0.5]]
    # standardized: (-1, 0, 1) and (-1, 1, 0), both over sqrt(2); their cosine is 1/2
    found = similarities([[0.0, 0.5, 1.0], [1.0, 0.5, 0.0], [0.5, 0.5, 0.5], [0.0, 0.25, 0.5, 9.0]], database)
    assert found == pytest.approx([3 / 4, -3 / 4, 0, 3 / 4])


def test_all_curves_are_cut_to_the_shortest_of_the_database():
    rising = [0.0, 0.5, 1.0, 0.0, 0.0]
    assert similarities([rising], [[0.0, 1.0], [0.1, 0.2, 0.0]]) == pytest.approx([1])
    # a query that an epoch left out has its own length
    assert similarities([[0.0, 1.0]], [[0.0, 1.0, 0.0]]) == pytest.approx([1])


@pytest.mark.parametrize(("curves", "database"), [([[0.5]], [[0.1, 0.2]]), ([[0.5, 1]], [[0.1]]), ([[0.5, 1]], [])])
def test_one_point_has_no_shape(curves, database):
    assert np.isnan(similarities(curves, database)).all()


@given(st.lists(RATES, min_size=1, max_size=6), st.lists(RATES, min_size=1, max_size=6))
def test_a_similarity_is_a_mean_cosine_that_no_shift_or_scale_changes(curves, database):
    found = similarities(curves, database)
    assert (np.abs(found) <= 1 + 1e-9).all()
    moved = [[0.5 * point + 0.25 for point in curve] for curve in curves]
    assert similarities(moved, database) == pytest.approx(found, abs=1e-5)


def test_the_first_eight_of_fifteen_epochs_warm_up():
    # two steps an epoch
    assert [is_warm_up(step, 30) for step in (1, 16, 17, 30)] == [True, True, False, False]
    assert [is_warm_up(step, 15) for step in (8, 9)] == [True, False]
    assert not is_warm_up(1, 4, 0)
    assert is_warm_up(4, 4, 1)


def rising(step: int) -> float:
    return step / 8


def history(state, steps: int, trained: set[str], **curves) -> Curves:
    """Curves of a run in which the labeled queries l0 and l1 rise, and unlabeled ones do as `curves` says."""
    for step in range(1, steps + 1):
        responses = [
            *answered("l0", rising(step), labeled=True),
            *answered("l1", rising(step) + 0.1, labeled=True),
            *(one for query, curve in curves.items() for one in answered(query, curve(step))),
        ]
        write(state, step, responses, {"l0", "l1", *trained})
    found = Curves()
    found.read(state, steps)
    return found


def test_curves_are_read_from_the_files_of_the_steps(tmp_path):
    write(tmp_path, 1, [*answered("a", 1, 0, labeled=True), *answered("b", 1, 1, 1, 0), *answered("c", 0)], {"a"})
    write(tmp_path, 2, [*answered("a", 1, 1, labeled=True), *answered("c", 1)], {"a", "c"})
    curves = Curves()
    curves.read(tmp_path, 2)
    assert curves.points == {"a": [0.5, 1], "b": [0.75], "c": [0, 1]}
    assert (curves.labeled, curves.selected) == ({"a"}, {"c"})


def test_steps_that_were_read_are_not_read_again(tmp_path):
    for step, rewards in ((1, (1, 0)), (2, (1, 1)), (3, (0, 0))):
        write(tmp_path, step, answered("a", *rewards, labeled=True), {"a"})
    curves = Curves()
    for last in (1, 3, 3):
        curves.read(tmp_path, last)
    assert (curves.points, curves.step) == ({"a": [0.5, 1, 0]}, 3)


def test_a_missing_step_is_named(tmp_path):
    write(tmp_path, 2, answered("a", 1), set())
    with pytest.raises(InputError, match=r"step_000001\.parquet: no such file, so TRAPO lacks"):
        Curves().read(tmp_path, 2)


def test_queries_that_rise_as_the_labeled_ones_are_selected(tmp_path):
    curves = history(tmp_path, 3, set(), up=rising, down=lambda step: 1 - rising(step), level=lambda _: 0.5)
    labeled = {"l0": rising(4)}
    unlabeled = {"up": rising(4), "down": 1 - rising(4), "level": 0.5}
    assert curves.select(labeled, unlabeled) == ["up"]
    # the best is selected whatever its similarity, and all above the threshold are
    assert curves.select(labeled, {"down": 1 - rising(4), "level": 0.5}) == ["level"]
    assert curves.select(labeled, unlabeled, threshold=-0.5) == ["level", "up"]
    # a level curve has the cosine 0 to every other: at the threshold it is selected
    assert curves.select(labeled, unlabeled, threshold=0) == ["level", "up"]
    assert curves.select(labeled, unlabeled, threshold=1e-9) == ["up"]
    # two thirds of three are two, less than two thirds are one
    assert curves.select(labeled, unlabeled, share=0.66, threshold=2) == ["up"]
    assert curves.select(labeled, unlabeled, share=0.7, threshold=2) == ["level", "up"]


def test_of_many_queries_a_tenth_is_selected_by_rank(tmp_path):
    names = [f"u{number:02}" for number in range(30)]
    # curves that fall, the steeper at the end the higher the number: all have negative similarities
    fall = {
        name: lambda step, number=number: 1 - rising(step) - 0.01 * number * (step == 3)
        for number, name in enumerate(names)
    }
    curves = history(tmp_path, 3, set(), **fall)
    chosen = curves.select({}, dict.fromkeys(names, 0.4))
    found = similarities([[*curves.points[name], 0.4] for name in names], [curves.points["l0"], curves.points["l1"]])
    assert (found < 0.4).all()
    assert chosen == sorted(np.array(names)[np.argsort(-found)[:3]])


@pytest.mark.parametrize(("selected", "chosen"), [(set(), ["rises"]), ({"old"}, ["bends", "rises"])])
def test_those_selected_before_join_the_database(selected, chosen):
    points = {"l": [0.0, 0.5, 1.0], "old": [0.0, 1.0, 0.5], "rises": [0.0, 0.5], "bends": [0.0, 1.0]}
    # the cosine of a rising and a bent curve is 1/2: with both in the database, both queries have (1 + 1/2) / 2
    curves = Curves(points, {"l"}, selected, 3)
    assert curves.select({}, {"rises": 1.0, "bends": 0.5}, threshold=0.6) == chosen


def test_nothing_is_selected_before_curves_have_a_shape(tmp_path):
    curves = history(tmp_path, 1, set(), up=rising)
    assert curves.select({}, {"up": 0.25}) == []
    # l1 comes up for the first time in the run: no curve of the database may be longer than its one point
    assert history(tmp_path, 3, set(), up=rising).select({"new": 0.5}, {"up": 0.5}) == []
    assert Curves().select({}, {"up": 0.25}) == []


def run(state, steps: int, kill_after: int | None = None) -> list[set[str]]:
    """The queries that each step trains on; after `kill_after` steps another process takes over."""
    selection, chosen = Selection(state, steps, warm_up=0.5), []
    for step in range(1, steps + 1):
        responses = [
            *answered("l0", rising(step), labeled=True),
            *answered("l1", rising(step) + 0.1, labeled=True),
            *answered("up", rising(step)),
            *answered("down", 1 - rising(step)),
        ]
        queries, metrics = selection.choose(step, responses)
        assert (metrics["trapo/labeled"], metrics["trapo/unlabeled"]) == (2, 2)
        assert metrics["trapo/selected"] == len(queries) - 2
        chosen.append(queries)
        write(state, step, responses, queries)
        if step == kill_after:
            selection = Selection(state, steps, warm_up=0.5)
    return chosen


def test_labeled_queries_alone_are_trained_on_before_the_warm_up_is_over(tmp_path):
    assert run(tmp_path, 6) == [{"l0", "l1"}] * 3 + [{"l0", "l1", "up"}] * 3


@pytest.mark.parametrize("kill_after", range(1, 6))
def test_a_run_that_resumes_selects_as_an_undisturbed_one(tmp_path, kill_after):
    assert run(tmp_path / "killed", 6, kill_after) == run(tmp_path / "whole", 6)


def test_a_step_needs_the_file_of_the_one_before(tmp_path):
    write(tmp_path, 1, answered("l0", 0.5, labeled=True), {"l0"})
    Selection(tmp_path, 6).choose(2, answered("l0", 0.5, labeled=True))
    with pytest.raises(InputError, match=r"step_000002\.parquet: no such file"):
        Selection(tmp_path, 6).choose(3, answered("l0", 0.5, labeled=True))


def test_a_step_that_is_done_again_after_a_kill_reads_earlier_steps_alone(tmp_path):
    whole = run(tmp_path, 6)
    # files of steps 5 and 6 are there already when the run resumes after step 4
    selection = Selection(tmp_path, 6, warm_up=0.5)
    responses = [
        *answered("l0", rising(5), labeled=True),
        *answered("up", rising(5)),
        *answered("down", 1 - rising(5)),
    ]
    assert selection.choose(5, responses)[0] == whole[4] - {"l1"}
