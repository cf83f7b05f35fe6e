"""Find all pairs of texts that share most of their word 5-grams, not just a sample.

An exact set-similarity join with prefix filtering (Bayardo, Ma and Srikant, 2007): two sets with Jaccard similarity t
or more share one of their rarest elements, so only texts with a rare 5-gram in common need to be compared.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import scipy.sparse as sp

from .words import words

#: Consecutive words that form one element of a text's set; a shorter text is one element.
SHINGLE = 5
#: Smallest Jaccard similarity of near duplicates.
THRESHOLD = Fraction(4, 5)

_BLOCK = 4096
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def near_duplicates(texts: Sequence[str], threshold: Fraction = THRESHOLD) -> tuple[np.ndarray, np.ndarray]:
    """Return all pairs of texts whose sets of word 5-grams have a Jaccard similarity of at least `threshold`.

    texts    n texts; a text without words and signs is in no pair
    returns  (pairs, 2) int64 indices i < j in ascending order, and (pairs,) float64 similarities

    Elements are 64-bit hashes: among two million, the chance of any collision is 1 in 10**7. Memory and time grow
    with the number of pairs, so pass identical texts only once.
    """
    sets = _sets(texts)
    sizes = np.diff(sets.indptr)
    left, right = _candidates(sets, sizes, threshold)
    shared = np.empty(len(left), np.int64)
    for start in range(0, len(left), _BLOCK):
        part = slice(start, start + _BLOCK)
        shared[part] = np.asarray(sets[left[part]].multiply(sets[right[part]]).sum(axis=1)).ravel()
    both = sizes[left] + sizes[right]
    # shared / (both - shared) >= threshold, in integers
    near = shared * (threshold.numerator + threshold.denominator) >= threshold.numerator * both
    pairs = np.stack([left[near], right[near]], axis=1)
    return pairs, shared[near] / (both[near] - shared[near])


def _sets(texts: Sequence[str]) -> sp.csr_array:
    """(n texts, elements) 0/1 matrix; columns from the rarest element to the most common one."""
    ids: dict[str, int] = {}
    rows, elements = _shingles([[ids.setdefault(word, len(ids)) for word in words(text)] for text in texts])
    distinct, elements = np.unique(elements, return_inverse=True)
    # an element that a text repeats counts once
    rows, elements = np.divmod(np.unique(rows * len(distinct) + elements), max(len(distinct), 1))
    counts = np.bincount(elements)
    rank = np.empty(len(counts), np.int64)
    rank[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    ones = np.ones(len(rows), np.int32)
    sets = sp.csr_array((ones, (rows, rank[elements])), shape=(len(texts), len(counts)))
    sets.sort_indices()
    return sets


def _shingles(texts: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """(row, 64-bit hash) of every run of SHINGLE words; a shorter text is a single run."""
    lengths = np.array([len(text) for text in texts], np.int64)
    flat = np.array([word for text in texts for word in text], np.uint64)
    starts = np.cumsum(lengths) - lengths
    # a short text is one run of its own length; the run's length goes into the hash
    runs = np.where(lengths >= SHINGLE, lengths - SHINGLE + 1, np.minimum(lengths, 1))
    rows = np.repeat(np.arange(len(texts)), runs)
    first = np.repeat(starts - (np.cumsum(runs) - runs), runs) + np.arange(runs.sum())
    width = np.minimum(lengths, SHINGLE)[rows]
    hashes = _mixed(width.astype(np.uint64))
    for offset in range(SHINGLE):
        inside = offset < width
        hashes[inside] = _mixed(hashes[inside] * _MULTIPLIER + flat[first[inside] + offset])
    return rows, hashes


def _mixed(values: np.ndarray) -> np.ndarray:
    """splitmix64: equal values stay equal, different ones get unrelated bits."""
    values = values + _MULTIPLIER
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _candidates(sets: sp.csr_array, sizes: np.ndarray, threshold: Fraction) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs i < j of compatible sizes whose prefixes share an element."""
    least = -(-sizes * threshold.numerator // threshold.denominator)  # fewest elements shared at similarity t
    prefix = np.where(sizes > 0, sizes - least + 1, 0)
    rank = np.arange(sets.nnz) - np.repeat(sets.indptr[:-1], sizes)
    kept = rank < np.repeat(prefix, sizes)
    indptr = np.concatenate([[0], np.cumsum(prefix)])
    prefixes = sp.csr_array((np.ones(kept.sum(), np.int32), sets.indices[kept], indptr), shape=sets.shape)
    transposed = prefixes.T.tocsr()
    blocks = []
    for start in range(0, len(sizes), _BLOCK):
        shared = (prefixes[start : start + _BLOCK] @ transposed).tocoo()
        left, right = shared.row.astype(np.int64) + start, shared.col.astype(np.int64)
        small, large = np.minimum(sizes[left], sizes[right]), np.maximum(sizes[left], sizes[right])
        fits = (left < right) & (small * threshold.denominator >= threshold.numerator * large)
        blocks.append(np.stack([left[fits], right[fits]]))
    pairs = np.concatenate([np.empty((2, 0), np.int64), *blocks], axis=1)
    left, right = pairs[:, np.lexsort((pairs[1], pairs[0]))]
    return left, right
