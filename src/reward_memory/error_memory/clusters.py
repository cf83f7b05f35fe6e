"""Cluster one prompt's remembered responses, and place new responses in the clusters.

All results depend only on the vectors in their order and have the same bits on every call: no BLAS product, whose
rounding depends on the shapes, and no unstable sort is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from reward_memory.settings import ErrorMemory as Settings

NOISE = -1
#: The method on `features.answer_vectors`: each answer is a cluster; an answer that is new is in none.
ANSWERS = "answers"
#: Cosines that agree to this many decimals count as equal.
DECIMALS = 12


@dataclass(frozen=True, slots=True)
class Visit:
    """Cluster sizes of new responses, from a prompt's history.

    sizes  (m,) number of remembered responses in the cluster of each new one
    noise  number of remembered responses that are in no cluster
    """

    sizes: np.ndarray
    noise: int


def visit(history: np.ndarray, vectors: np.ndarray, settings: Settings) -> Visit:
    """Cluster the history and place new responses in it.

    history  (n, d) remembered responses, oldest first; n may be 0
    vectors  (m, d) new responses
    """
    if not len(history):
        return Visit(np.zeros(len(vectors), np.int64), 0)
    if settings.method == ANSWERS:
        return Visit(_equal(vectors, history), 0)
    labels = label(history, settings.method, settings.seed)
    placed = assign(vectors, history, labels, settings.num_neighbors)
    return Visit(_sizes(placed, labels, settings.noise_is_cluster), int((labels == NOISE).sum()))


def label(vectors: np.ndarray, method: str, seed: int = 0) -> np.ndarray:
    """The cluster of each vector: 0, 1, ... or -1 for noise.

    vectors  (n, d); hdbscan and kmeans use directions only
    method   hdbscan | kmeans | single

    hdbscan: `min_cluster_size` 2, `min_samples` 1, euclidean. It never returns just one cluster: if the vectors do not
    split into two groups of at least 2, all of them are noise; so are fewer than 4 vectors.
    kmeans: ceil(sqrt(n / 2)) clusters, fewer if there are fewer different directions (the paper gives no number).
    single: one cluster.
    """
    if method == "single":
        return np.zeros(len(vectors), np.int64)
    if len(vectors) < 2:
        return np.full(len(vectors), NOISE if method == "hdbscan" else 0, np.int64)
    return {"hdbscan": _hdbscan, "kmeans": _kmeans}[method](unit(vectors), seed)


def assign(vectors: np.ndarray, history: np.ndarray, labels: np.ndarray, neighbors: int = 3) -> np.ndarray:
    """Majority label of each vector's nearest remembered vectors (by cosine).

    vectors  (m, d); history (n, d), labels (n,), n at least 1
    returns  (m,) labels

    Of equally near vectors the older counts as nearer; of labels with equally many votes that of the nearest wins. A
    zero vector has cosine 0 with every other.
    """
    cosines = np.round(np.einsum("md,nd->mn", unit(vectors), unit(history)), DECIMALS)
    rows = np.arange(len(vectors))
    votes = np.empty((len(vectors), min(neighbors, len(history))), np.int64)
    for rank in range(votes.shape[1]):
        nearest = cosines.argmax(axis=1)  # the first, which is the oldest, of equal ones
        votes[:, rank] = labels[nearest]
        cosines[rows, nearest] = -np.inf
    counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    return votes[rows, counts.argmax(axis=1)]


def unit(vectors: np.ndarray) -> np.ndarray:
    """(n, d) float64 of length 1; zero vectors stay zero."""
    vectors = np.asarray(vectors, np.float64)
    # scaled first: the square of a tiny number is 0
    scale = np.abs(vectors).max(axis=1, keepdims=True)
    vectors = vectors / np.where(scale > 0, scale, 1)
    length = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))[:, None]
    return vectors / np.where(length > 0, length, 1)


def _equal(vectors: np.ndarray, history: np.ndarray) -> np.ndarray:
    """(m,) number of remembered vectors equal to each new one."""
    return (vectors[:, None] == history).all(axis=2).sum(axis=1)


def _sizes(placed: np.ndarray, labels: np.ndarray, noise_is_cluster: bool) -> np.ndarray:
    counts = np.bincount(labels + 1, minlength=1)
    if not noise_is_cluster:
        counts[0] = 0
    return counts[placed + 1]


def _hdbscan(vectors: np.ndarray, seed: int) -> np.ndarray:
    """The clusters of hdbscan's exact algorithms, computed in a shorter way.

    With `min_samples` 1 the mutual reachability of two points is their distance, so hdbscan's first half is single
    linkage. scipy's version sorts equal distances stably, which keeps copies of one vector together and the result
    the same on every processor. (hdbscan's default is an approximate spanning tree: with 160 points, one in twelve
    histories had one or two different labels.)
    """
    from hdbscan._hdbscan_tree import compute_stability, condense_tree, get_clusters
    from scipy.cluster.hierarchy import linkage

    tree = condense_tree(linkage(vectors, "single"), 2)
    return get_clusters(tree, compute_stability(tree))[0]


def _kmeans(vectors: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    different = len(np.unique(vectors, axis=0))
    number = min(math.ceil(math.sqrt(len(vectors) / 2)), different)
    with _threads().limit(limits=1):  # more threads add in a different order
        # pyright infers the parameter's type from its default, here "auto"
        kmeans = KMeans(number, n_init=1, random_state=seed)  # pyright: ignore[reportArgumentType]
        return kmeans.fit_predict(vectors).astype(np.int64)


@cache
def _threads() -> Any:
    """Libraries with thread pools; the lookup takes milliseconds and must follow scikit-learn's import."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
