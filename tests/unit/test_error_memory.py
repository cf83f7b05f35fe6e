import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from error_memory_reference import Reference
from hypothesis import given, settings
from hypothesis import strategies as st
from training_settings import error_memory

from reward_memory.error_memory import visits as visits_module
from reward_memory.error_memory.memory import ErrorMemory
from reward_memory.error_memory.penalty import penalize
from reward_memory.error_memory.store import Store, open_error

WIDTH = 5


def batch(seed: int, step: int, prompts: int = 4, samples: int = 8) -> tuple:
    """keys, right, samples, vectors of a step: wrong and right responses of some prompts, one in eight without answer.

    Failures scatter around a few centers a prompt; no vector comes twice.
    """
    draw, centers = np.random.default_rng([seed, step]), np.random.default_rng(seed)
    around = 2 * centers.standard_normal((prompts, 3, WIDTH))
    chosen = np.repeat(np.flatnonzero(draw.random(prompts) < 0.8), samples)
    vectors = around[chosen, draw.integers(3, size=len(chosen))] + 0.5 * draw.standard_normal((len(chosen), WIDTH))
    vectors[draw.random(len(chosen)) < 1 / 8] = np.nan
    keys = np.array([f"prompt {number}" for number in chosen])
    number = np.tile(np.arange(samples), len(chosen) // samples)
    return keys, draw.random(len(chosen)) < 0.3, number, vectors.astype(np.float32)


def plain(columns: tuple) -> list[tuple]:
    """The rows as the reference takes them."""
    return [
        (str(key), bool(right), int(sample), None if np.isnan(vector).any() else vector)
        for key, right, sample, vector in zip(*columns, strict=True)
    ]


def opened(folder, step: int = 0, workers: int = 1, **settings) -> ErrorMemory:
    return ErrorMemory(folder, error_memory(**settings), step, workers)


def run(memory: ErrorMemory, seed: int, last: int) -> list[tuple]:
    """(sizes, statistics) of each step up to `last`."""
    told = []
    for step in range(memory.step + 1, last + 1):
        seen = memory.observe(step, *batch(seed, step))
        told.append((seen.sizes.tolist(), seen.statistics))
    return told


def without_bytes(told: list[tuple]) -> list[tuple]:
    """Without what depends on how the points are cut into files."""
    files = ("files", "bytes", "bytes_written")
    return [
        (sizes, {name: value for name, value in statistics.items() if name not in files}) for sizes, statistics in told
    ]


def fixed(memory: ErrorMemory, step: int, degrees: list, key: str = "p", right: bool = False):
    """Observe responses to one prompt given as directions in the plane; None for one without an answer."""
    vectors = np.array([[np.nan] * 2 if d is None else [np.cos(np.radians(d)), np.sin(np.radians(d))] for d in degrees])
    count = len(degrees)
    return memory.observe(step, [key] * count, np.full(count, right), np.arange(count), vectors.reshape(count, 2))


@pytest.mark.slow
@settings(max_examples=15)
@given(
    seed=st.integers(0, 10**6),
    target=st.sampled_from(["wrong", "right", "both", "none"]),
    noise=st.booleans(),
    limit=st.sampled_from([None, 6, 12]),
    method=st.sampled_from(["hdbscan", "single"]),
)
def test_sizes_and_scores_are_the_references(tmp_path_factory, seed, target, noise, limit, method):
    shared = {"target": target, "noise_is_cluster": noise, "method": method}
    memory = opened(tmp_path_factory.mktemp("memory"), max_points_per_key=limit, **shared)
    reference = Reference(limit=limit, **shared)
    for step in range(1, 9):
        columns = batch(seed, step)
        expected = reference.observe(plain(columns))
        sizes = memory.observe(step, *columns).sizes
        assert sizes.tolist() == expected
        right = columns[1]
        scores = penalize(right.astype(float), sizes, right, memory.settings)
        rows = zip(right.tolist(), expected, strict=True)
        assert scores == pytest.approx([reference.penalized(float(good), size, good) for good, size in rows])


def test_the_made_up_batches_have_failures_of_many_sizes_and_some_noise(tmp_path):
    told = run(opened(tmp_path), 0, 8)
    assert len(Counter(size for sizes, _ in told for size in sizes)) > 10
    assert 0 < told[-1][1]["noise_share"] < 0.5


def test_the_first_clusters_appear_once_two_groups_of_two_were_seen(tmp_path):
    memory = opened(tmp_path)
    assert fixed(memory, 1, [0, 90]).sizes.tolist() == [0, 0]
    assert fixed(memory, 2, [1, 91]).sizes.tolist() == [0, 0]
    assert fixed(memory, 3, [2.1, 88.7]).sizes.tolist() == [2, 2]
    assert fixed(memory, 4, [1, 91]).sizes.tolist() == [3, 3]


def test_prompts_do_not_share_their_failures(tmp_path):
    memory = opened(tmp_path, method="single")
    fixed(memory, 1, [0, 0], "p")
    assert fixed(memory, 2, [0], "q").sizes.tolist() == [0]
    assert fixed(memory, 3, [0], "p").sizes.tolist() == [2]


@pytest.mark.parametrize(("target", "size"), [("wrong", 0), ("none", 0), ("right", 2), ("both", 2)])
def test_right_responses_are_remembered_apart_and_only_if_they_may_pay(tmp_path, target, size):
    memory = opened(tmp_path, method="single", target=target)
    fixed(memory, 1, [0, 0], right=True)
    assert fixed(memory, 2, [0], right=True).sizes.tolist() == [size]
    assert fixed(memory, 3, [0], right=False).sizes.tolist() == [0]


def test_responses_without_an_answer_and_padding_never_enter(tmp_path):
    memory = opened(tmp_path, method="single")
    seen = fixed(memory, 1, [0, None, 10, None])
    assert seen.statistics["points"] == 2
    seen = fixed(memory, 2, [None, 0])
    assert seen.sizes.tolist() == [0, 2]
    assert seen.statistics["points"] == 3


def test_a_logit_that_overflowed_keeps_its_response_out(tmp_path):
    memory = opened(tmp_path)
    vectors = np.array([[np.inf, 1.0], [1.0, 1.0]])
    assert memory.observe(1, ["p", "p"], [False, False], [0, 1], vectors).statistics["points"] == 1


def test_the_oldest_points_are_forgotten_first(tmp_path):
    memory = opened(tmp_path, max_points_per_key=4)
    fixed(memory, 1, [0, 1])
    fixed(memory, 2, [90, 91])
    assert fixed(memory, 3, [0, 180, 181]).sizes.tolist() == [2, 2, 2]
    # what is left is 91, 0, 180, 181
    assert fixed(memory, 4, []).statistics["points"] == 4
    assert fixed(memory, 5, [0]).sizes.tolist() == [0]


def test_statistics_of_a_step_by_hand(tmp_path):
    memory = opened(tmp_path)
    fixed(memory, 1, [0, 1, 2, 90, 91, 225])
    seen = memory.observe(
        2,
        ["p", "p", "p", "q", "p", "p"],
        [False, False, False, False, True, False],
        np.arange(6),
        np.array([[1, 0], [0, 1], [-1, -1], [1, 0], [1, 0], [np.nan, 0]]),
    )
    assert seen.sizes.tolist() == [3, 2, 0, 0, 0, 0]
    statistics = seen.statistics
    written = statistics.pop("bytes_written")
    assert 0 < written < statistics.pop("bytes") < 10_000
    assert statistics == {
        "wrong": 5,
        "placed": 4,
        "repeated": 2,
        "repeated_share": 0.5,
        "noise_share": pytest.approx(1 / 6),  # the point at 225
        "points": 10,
        "keys": 2,
        "files": 2,
    }


def test_statistics_count_wrong_responses_and_what_their_prompts_had(tmp_path):
    memory = opened(tmp_path, method="single", target="both")
    seen = memory.observe(1, ["q", "p", "q"], [False] * 3, [0, 0, 1], np.eye(3))
    told = {name: seen.statistics[name] for name in ("placed", "repeated", "repeated_share", "noise_share")}
    assert told == {"placed": 3, "repeated": 0, "repeated_share": 0.0, "noise_share": None}
    assert seen.sizes.tolist() == [0, 0, 0]
    keys, right = ["q", "s", "p", "q", "p", "s"], [False, False, False, True, True, False]
    vectors = np.array([[1, 0, 0]] * 5 + [[1, np.nan, 0]])
    seen = memory.observe(2, keys, right, [0] * 6, vectors)
    # those of q and p that are right are the first right ones
    assert seen.sizes.tolist() == [2, 0, 1, 0, 0, 0]
    assert memory.observe(3, keys, right, [0] * 6, vectors).sizes.tolist() == [3, 1, 2, 1, 1, 0]
    for name in ("files", "bytes", "bytes_written"):
        del seen.statistics[name]
    assert seen.statistics == {
        "wrong": 4,
        "placed": 3,
        "repeated": 2,
        "repeated_share": pytest.approx(2 / 3),
        "noise_share": 0.0,
        "points": 8,
        "keys": 5,
    }


def test_of_right_responses_noise_is_not_told(tmp_path):
    memory = opened(tmp_path, target="both")
    fixed(memory, 1, [0, 1, 90], right=True)
    seen = memory.observe(2, ["p", "p"], [False, True], [0, 0], np.eye(2))
    assert seen.statistics["noise_share"] is None


def test_responses_are_kept_by_number_and_equal_ones_by_their_vectors(tmp_path):
    vectors = np.array([[1, 1], [2, 0], [3, 0], [1, 5], [7, 7]])
    opened(tmp_path).observe(1, ["p"] * 4 + ["a"], [False] * 5, [2, 0, 1, 0, 9], vectors)
    store = Store(tmp_path, 1)
    assert store.history("p", False).tolist() == [[1, 5], [2, 0], [3, 0], [1, 1]]
    assert store.history("a", False).tolist() == [[7, 7]]


def test_what_a_merge_writes_belongs_to_its_step(tmp_path):
    memory = opened(tmp_path, method="single")
    told = [fixed(memory, step, [0, 1]).statistics for step in range(1, 9)]
    assert [statistics["files"] for statistics in told] == [1, 2, 3, 4, 5, 6, 7, 1]
    assert [statistics["bytes_written"] for statistics in told[1:7]] == [
        after["bytes"] - before["bytes"] for before, after in pairwise(told[:7])
    ]
    # its own file, too, which was there until then
    assert told[7]["bytes_written"] > told[7]["bytes"] + 0.9 * told[6]["bytes_written"]


@pytest.mark.parametrize(("released", "opens"), [((), True), ((6,), False), ((6, 2), False), ((2, 6), False)])
def test_what_only_runs_before_a_released_step_see_is_given_up(tmp_path, released, opens):
    memory = opened(tmp_path, method="single", max_points_per_key=2)
    for step in range(1, 8):
        fixed(memory, step, [0, 1])
    for step in released:
        memory.release(step)
    fixed(memory, 8, [0, 1])
    assert (open_error(tmp_path, 5) is None) is opens
    assert open_error(tmp_path, 6) is None


def test_a_memory_is_opened_before_the_first_step_unless_another_is_named(tmp_path):
    memory = ErrorMemory(tmp_path, error_memory())
    assert (memory.step, memory.workers) == (0, 1)
    fixed(memory, 1, [0])
    assert ErrorMemory(tmp_path, error_memory(), 1).step == 1


def test_a_step_without_a_wrong_response_has_no_share(tmp_path):
    memory = opened(tmp_path)
    for step, seen in enumerate([fixed(memory, 1, [0], right=True), fixed(memory, 2, [])], 1):
        assert seen.statistics["repeated_share"] is None
        assert seen.statistics["points"] == 0
        assert json.dumps(seen.statistics)
        assert memory.step >= step


@pytest.mark.slow
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_the_order_of_the_rows_does_not_matter(tmp_path_factory, seed, random):
    one, other = (opened(tmp_path_factory.mktemp("memory"), target="both") for _ in range(2))
    for step in range(1, 6):
        columns = batch(seed, step)
        # a prompt that is in the batch twice: same numbers, other vectors
        columns = tuple(np.concatenate([column, column[:8]]) for column in columns)
        columns[3][:8] += np.float32(0.25)
        order = np.array(random.sample(range(len(columns[0])), len(columns[0])), int)
        first, second = one.observe(step, *columns), other.observe(step, *(column[order] for column in columns))
        assert first.sizes[order].tolist() == second.sizes.tolist()
        assert first.statistics == second.statistics


def test_a_resumed_run_equals_one_that_was_not_interrupted(tmp_path):
    whole = run(opened(tmp_path / "whole", max_points_per_key=30), 3, 40)
    for start, stop in [(0, 7), (5, 12), (8, 25), (20, 33), (33, 40)]:
        memory = opened(tmp_path / "cut", start, max_points_per_key=30)
        memory.release(start)
        assert without_bytes(run(memory, 3, stop)) == without_bytes(whole[start:stop])


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(visits_module, "PARALLEL_SECONDS", 0.0)
    alone, shared = (run(opened(tmp_path / str(workers), workers=workers), 1, 6) for workers in (1, 2))
    assert alone == shared


def test_only_the_next_step_can_be_observed(tmp_path):
    memory = opened(tmp_path)
    fixed(memory, 1, [0])
    for step in (1, 3):
        with pytest.raises(ValueError, match=f"step {step} does not follow step 1, the last one in the error memory"):
            fixed(memory, step, [0])


@pytest.mark.parametrize("lengths", [(2, 2, 2, 3), (3, 2, 2, 2), (2, 3, 2, 2), (2, 2, 1, 2), (2, 2, 3, 3)])
def test_columns_of_different_lengths_are_an_error(tmp_path, lengths):
    keys, right, samples, vectors = lengths
    sentence = f"^{keys} keys, {right} verdicts, {samples} samples and {vectors} vectors$"
    with pytest.raises(ValueError, match=sentence):
        opened(tmp_path).observe(1, ["p"] * keys, [False] * right, [0] * samples, np.zeros((vectors, 2)))


@pytest.mark.parametrize(
    ("points", "method", "workers", "shared"),
    [
        ([20_000, 10, 30_000, 20], "hdbscan", 3, True),
        ([20_000, 10, 30_000, 20], "kmeans", 2, True),
        ([20_000] * 6, "hdbscan", 1, False),
        ([20_000] * 6, "single", 2, False),
        ([20_000] * 6, "answers", 2, False),
        ([100] * 100, "hdbscan", 2, False),
        ([], "hdbscan", 2, False),
    ],
)
def test_other_processes_help_where_there_is_much_to_do_and_the_long_ones_come_first(
    monkeypatch, points, method, workers, shared
):
    started, order = [], []

    def pool(**options):
        started.append(options["n_jobs"])

        def work(calls):
            given = [len(arguments[0]) for _, arguments, _ in calls]
            order.extend(given)
            return given

        return work

    monkeypatch.setattr("joblib.Parallel", pool)
    monkeypatch.setattr(visits_module, "visit", lambda history, *_: len(history))
    tasks = [(np.empty((count, 0)), np.empty((1, 0))) for count in points]
    assert visits_module.visit_all(tasks, error_memory(method=method), workers) == points
    assert started == ([workers] if shared else [])
    assert order == (sorted(points, reverse=True) if shared else [])


def test_alone_unless_workers_are_asked_for(monkeypatch):
    monkeypatch.setattr("joblib.Parallel", None)
    monkeypatch.setattr(visits_module, "visit", lambda history, *_: len(history))
    assert visits_module.visit_all([(np.empty((90_000, 0)), np.empty((1, 0)))], error_memory()) == [90_000]
