import json
import math
import os
import subprocess
import sys

import hdbscan
import numpy as np
import pytest
from error_memory_reference import Reference
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from reward_memory.error_memory import visits as visits_module
from reward_memory.error_memory.clusters import assign, label, unit, visit
from reward_memory.error_memory.features import answer_vectors
from reward_memory.error_memory.visits import visit_all
from reward_memory.settings import ErrorMemory as Settings


def scattered(seed: int, count: int, width: int = 14, centers: int = 6) -> np.ndarray:
    """Vectors around a few centers, none twice."""
    draw = np.random.default_rng(seed)
    around = 2 * draw.standard_normal((centers, width))
    return (around[draw.integers(centers, size=count)] + draw.standard_normal((count, width))).astype(np.float32)


def partition(labels) -> list[int]:
    """Labels renamed in order of appearance, noise left as it is."""
    names: dict[int, int] = {}
    return [-1 if one == -1 else names.setdefault(int(one), len(names)) for one in labels]


def clusters(history: np.ndarray) -> int:
    """How many there are without noise."""
    return len({*label(history, "hdbscan").tolist()} - {-1})


def at(*degrees: float) -> np.ndarray:
    return np.array([[math.cos(math.radians(d)), math.sin(math.radians(d))] for d in degrees])


def config(**overrides) -> Settings:
    return Settings(**overrides)


@given(st.integers(0, 10**6), st.integers(2, 120), st.integers(2, 14), st.sampled_from(["prims_kdtree", "generic"]))
def test_hdbscan_finds_the_clusters_of_the_hdbscan_library(seed, count, width, algorithm):
    vectors = scattered(seed, count, width).astype(np.float64)
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    theirs = hdbscan.HDBSCAN(2, min_samples=1, algorithm=algorithm).fit_predict(directions)
    assert partition(label(vectors, "hdbscan")) == partition(theirs)


def test_hdbscan_finds_the_same_clusters_in_a_long_history():
    vectors = scattered(0, 1600).astype(np.float64)
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    theirs = hdbscan.HDBSCAN(2, min_samples=1, algorithm="boruvka_kdtree", approx_min_span_tree=False).fit_predict(
        directions
    )
    assert partition(label(vectors, "hdbscan")) == partition(theirs)


def test_hdbscan_looks_at_directions_only():
    vectors = at(0, 1, 90, 91, 92)
    assert partition(label(vectors, "hdbscan")) == [0, 0, 1, 1, 1]
    assert partition(label(vectors * [[1], [9], [0.1], [5], [100]], "hdbscan")) == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_fewer_points_than_two_clusters_need_are_noise(count):
    assert label(at(0, 1, 90)[:count], "hdbscan").tolist() == [-1] * count


def test_copies_of_one_vector_are_one_cluster():
    copies = at(0, 120, 240)[[0, 1, 0, 2, 1, 0, 2, 2, 1, 0, 0, 1]]
    assert partition(label(copies, "hdbscan")) == [0, 1, 0, 2, 1, 0, 2, 2, 1, 0, 0, 1]


def test_points_that_do_not_fall_apart_are_noise_even_if_they_are_all_alike():
    assert label(at(*[30] * 20), "hdbscan").tolist() == [-1] * 20


def test_kmeans_makes_as_many_clusters_as_half_the_points_root():
    # ceil(sqrt(8 / 2)) = 2, ceil(sqrt(18 / 2)) = 3
    assert partition(label(at(0, 1, 2, 3, 90, 91, 92, 93), "kmeans")) == [0] * 4 + [1] * 4
    # ceil(sqrt(9 / 2)) = 3, ceil(sqrt(10 / 2)) = 3
    assert [len(set(label(scattered(0, count), "kmeans"))) for count in (8, 9, 10, 18, 19)] == [2, 3, 3, 3, 4]


@pytest.mark.filterwarnings("error")  # scikit-learn warns where more are asked for
@pytest.mark.parametrize("count", [1, 2, 9])
def test_kmeans_makes_no_more_clusters_than_there_are_different_vectors(count):
    assert label(at(*[30] * count), "kmeans").tolist() == [0] * count


def test_kmeans_depends_on_its_seed_and_on_nothing_else():
    vectors = scattered(1, 300, centers=40)
    first = label(vectors, "kmeans", 0)
    assert np.array_equal(first, label(vectors, "kmeans", 0))
    assert partition(first) != partition(label(vectors, "kmeans", 1))


def test_kmeans_is_scikit_learns_with_one_start():
    vectors = scattered(1, 300, centers=40).astype(np.float64)
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for seed in range(3):
        theirs = KMeans(13, n_init=1, random_state=seed).fit_predict(directions)
        assert partition(label(vectors, "kmeans", seed)) == partition(theirs)
    assert label(vectors, "kmeans").tolist() == label(vectors, "kmeans", 0).tolist()


def test_a_vector_is_divided_by_its_length_however_small_and_zeros_stay():
    tiny = 1e-200  # its square is 0
    assert unit(np.array([[3, -4], [0, 0], [0.3, 0.4], [tiny, 0], [-tiny, tiny]])) == pytest.approx(
        np.array([[0.6, -0.8], [0, 0], [0.6, 0.8], [1, 0], [-math.sqrt(0.5), math.sqrt(0.5)]])
    )


def test_cosines_that_agree_to_twelve_decimals_are_equal():
    # 1 - 2e-12 is less than 1, 1 - 2e-13 is not: the older is as near
    for radians, expected in ((2e-6, 6), (6.3e-7, 5)):
        history = at(math.degrees(radians), 0)
        assert assign(at(0), history, np.array([5, 6]), 1).tolist() == [expected]


def test_single_is_one_cluster():
    assert label(at(0, 90, 180), "single").tolist() == [0, 0, 0]


def test_a_new_vector_gets_the_label_of_most_of_its_three_nearest():
    history, labels = at(0, 10, 20, 90, 100), np.array([0, 1, 1, 2, 2])
    assert assign(at(4, 95), history, labels).tolist() == [1, 2]


def test_three_neighbors_vote_unless_another_number_is_asked_for():
    history, labels = at(0, 10, 20, 30), np.array([0, 1, 1, 0])
    assert assign(at(4), history, labels).tolist() == [1]
    # of two the nearest decides; of four it does, too, because the votes are even
    assert [assign(at(4), history, labels, number).tolist() for number in (1, 2, 3, 4)] == [[0], [0], [1], [0]]
    assert Settings().num_neighbors == 3


def test_length_does_not_count_in_nearness():
    history, labels = at(0, 10, 20, 90, 100) * [[0.01], [100], [7], [1], [50]], np.array([0, 1, 1, 2, 2])
    assert assign(at(4, 95) * 1000, history, labels).tolist() == [1, 2]


def test_of_labels_with_as_many_votes_the_nearests_wins():
    assert assign(at(12), at(0, 10, 20), np.array([5, 6, 7])).tolist() == [6]
    assert assign(at(2), at(20, 0), np.array([5, 6])).tolist() == [6]


def test_of_equally_near_ones_the_older_is_nearer():
    assert assign(at(10), at(0, 20), np.array([5, 6]), 1).tolist() == [5]
    assert assign(at(10), at(20, 0), np.array([6, 5]), 1).tolist() == [6]


def test_a_vector_of_zeros_is_as_near_to_all_as_a_right_angle():
    history, labels = np.vstack([at(180, 90), np.zeros((1, 2)), at(45)]), np.array([0, 1, 2, 3])
    assert assign(np.zeros((1, 2)), history, labels, 1).tolist() == [0]  # the oldest
    assert assign(at(0), history, labels, 1).tolist() == [3]
    assert assign(at(0), history[:3], labels, 1).tolist() == [1]  # 0 with the right angle, 0 with zeros, -1


def test_the_size_counts_the_history_and_not_the_new_ones():
    # two clusters, of 3 and of 2
    history = at(0, 1, 2, 90, 91)
    seen = visit(history, at(1, 1, 1, 90), config())
    assert seen.sizes.tolist() == [3, 3, 3, 2]
    assert (clusters(history), seen.noise) == (2, 0)


def test_without_a_history_every_size_is_zero():
    for method in ("hdbscan", "answers"):
        seen = visit(np.empty((0, 0), np.float32), at(0, 1), config(method=method))
        assert seen.sizes.tolist() == [0, 0]
        assert seen.noise == 0


@pytest.mark.parametrize(("noise_is_cluster", "size"), [(False, 0), (True, 3)])
def test_noise_is_a_cluster_only_if_so_configured(noise_is_cluster, size):
    # three points are noise, all of them
    history = at(0, 1, 90)
    seen = visit(history, at(0), config(noise_is_cluster=noise_is_cluster))
    assert seen.sizes.tolist() == [size]
    assert (clusters(history), seen.noise) == (0, 3)


def test_noise_is_counted_apart_from_the_clusters():
    history = at(0, 1, 2, 225, 90, 91)
    assert partition(label(history, "hdbscan")) == [0, 0, 0, -1, 1, 1]
    assert visit(history, at(225, 1), config(num_neighbors=1)).sizes.tolist() == [0, 3]
    seen = visit(history, at(225, 1), config(num_neighbors=1, noise_is_cluster=True))
    assert seen.sizes.tolist() == [1, 3]
    assert (clusters(history), seen.noise) == (2, 1)


@given(
    st.integers(0, 10**6),
    st.integers(1, 60),
    st.integers(2, 14),
    st.integers(1, 5),
    st.booleans(),
    st.sampled_from(["hdbscan", "single"]),
)
def test_sizes_are_the_references(seed, count, width, neighbors, noise, method):
    vectors = scattered(seed, count + 5, width)
    settings = {"num_neighbors": neighbors, "noise_is_cluster": noise, "method": method}
    reference = Reference(**settings)
    reference.observe([("a", False, sample, vector) for sample, vector in enumerate(vectors[:count])])
    expected = [reference.size("a", False, vector) for vector in vectors[count:]]
    assert visit(vectors[:count], vectors[count:], config(**settings)).sizes.tolist() == expected


@pytest.mark.slow
@pytest.mark.parametrize("method", ["hdbscan", "kmeans"])
def test_the_number_of_processes_changes_nothing(method, monkeypatch):
    monkeypatch.setattr(visits_module, "PARALLEL_SECONDS", 0.0)
    tasks = [(scattered(seed, 10 + 7 * seed), scattered(seed + 100, 5)) for seed in range(12)]
    alone, shared = (visit_all(tasks, config(method=method), workers) for workers in (1, 2))
    for one, other in zip(alone, shared, strict=True):
        assert one.sizes.tolist() == other.sizes.tolist()
        assert one.noise == other.noise
    assert len({tuple(one.sizes) for one in alone}) > 5  # the order of the tasks shows


@pytest.mark.slow
def test_kmeans_depends_on_no_number_of_threads():
    program = (
        "import numpy as np; from reward_memory.error_memory.clusters import label;"
        "print(label(np.random.default_rng(0).standard_normal((1600, 14)), 'kmeans').tolist())"
    )
    run = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", program],
                env=os.environ | {"OMP_NUM_THREADS": threads},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for threads in "14"
    ]
    assert run[0] == run[1]
    assert len(set(run[0])) == 29  # ceil(sqrt(800))


def test_hdbscans_private_parts_are_those_that_the_clusters_rely_on():
    """Another version may move or change them; the pin in pyproject.toml then needs a look at clusters._hdbscan."""
    from hdbscan import _hdbscan_tree

    # two pairs of points, 1 apart within and 9 apart between: (left, right, distance, size) of each merge
    merges = np.array([[0, 1, 1.0, 2], [2, 3, 1.0, 2], [4, 5, 9.0, 4]])
    tree = _hdbscan_tree.condense_tree(merges, 2)
    assert tree.dtype.names == ("parent", "child", "lambda_val", "child_size")
    labels, *_ = _hdbscan_tree.get_clusters(tree, _hdbscan_tree.compute_stability(tree))
    assert labels.tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])


def test_an_answer_is_a_cluster_and_a_new_one_is_in_none():
    history = answer_vectors(["7", "8", "7", "9", "7"])
    seen = visit(history, answer_vectors(["7", "8", "9", "10"]), config(method="answers"))
    assert seen.sizes.tolist() == [3, 1, 1, 0]
    assert seen.noise == 0


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abcd"), min_size=1, max_size=6))
def test_the_size_of_an_answers_cluster_is_its_count(history, new):
    seen = visit(answer_vectors(history), answer_vectors(new), config(method="answers"))
    assert seen.sizes.tolist() == [history.count(answer) for answer in new]
