from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.data.duplicates.near_duplicates import near_duplicates
from reward_memory.data.duplicates.words import words


def brute_force(texts, threshold):
    """The same by its definition."""
    sets = []
    for text in texts:
        said = words(text)
        sets.append({tuple(said[n : n + 5]) for n in range(max(1, len(said) - 4))} if said else set())
    found = {}
    for (i, a), (j, b) in combinations(enumerate(sets), 2):
        if a and b and Fraction(len(a & b), len(a | b)) >= threshold:
            found[i, j] = len(a & b) / len(a | b)
    return found


def found(texts, threshold=Fraction(4, 5)):
    pairs, similarities = near_duplicates(texts, threshold)
    return {tuple(pair): similarity for pair, similarity in zip(pairs.tolist(), similarities.tolist(), strict=True)}


vocabulary = st.sampled_from(["a", "b", "c", "数", "="])
texts = st.lists(vocabulary, max_size=14).map(" ".join)


@st.composite
def families(draw):
    """Texts and altered copies of them, so that many pairs lie near the threshold."""
    out = draw(st.lists(texts, max_size=6))
    for text in list(out):
        parts = text.split()
        for _ in range(draw(st.integers(0, 2))):
            at = draw(st.integers(0, len(parts)))
            out.append(" ".join([*parts[:at], draw(vocabulary), *parts[at + draw(st.integers(0, 1)) :]]))
    return out


@given(families(), st.sampled_from([Fraction(1, 3), Fraction(1, 2), Fraction(4, 5), Fraction(9, 10), Fraction(1)]))
def test_all_pairs_and_no_others_are_found(some, threshold):
    assert found(some, threshold) == pytest.approx(brute_force(some, threshold))


def test_the_threshold_itself_is_near_enough():
    """24 words make 20 runs; with the last two changed 18 are shared of 22, with the last three 17 of 23."""
    text = [f"w{n}" for n in range(24)]
    two, three = [*text[:22], "x", "y"], [*text[:21], "x", "y", "z"]
    assert found([" ".join(text), " ".join(two)]) == {(0, 1): 18 / 22}
    assert found([" ".join(text), " ".join(three)]) == {}
    assert found([" ".join(text), " ".join(three)], Fraction(17, 23)) == {(0, 1): 17 / 23}


def test_case_layout_and_punctuation_do_not_count_but_signs_do():
    assert found(["What is 2 + 3, then?", "what  is\n2+3 then"]) == {(0, 1): 1.0}
    assert found(["What is 2 + 3, then?", "What is 2 - 3, then?"]) == {}


def test_chinese_is_compared_by_characters():
    assert words("求 x 的值") == ["求", "x", "的", "值"]
    long = "已知三角形的三边长分别为三四五求这个三角形的面积是多少"
    assert found([long, long + "呢"]) == {(0, 1): pytest.approx(23 / 24)}


def test_texts_without_words_are_like_nothing():
    assert found(["", "...", " ", "$$"]) == {}
    assert near_duplicates([])[0].shape == (0, 2)


def test_more_texts_than_one_block_are_compared_with_one_another():
    many = [" ".join(f"{word}{n}" for word in "abcdef") for n in range(5000)]
    pairs, _ = near_duplicates([*many, many[3] + " g", many[4999] + " g"], Fraction(2, 3))
    assert np.array_equal(pairs, [[3, 5000], [4999, 5001]])
