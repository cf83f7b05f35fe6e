import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reward_memory.seeds import derive, generator, uniforms

PARTS = st.lists(
    st.integers() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
    min_size=1,
    max_size=5,
)


@given(PARTS)
def test_a_seed_fits_31_bits(parts):
    assert 0 <= derive(*parts) < 2**31


@given(PARTS, PARTS)
def test_different_names_have_different_seeds(one, other):
    # 31 bits: a chance meeting of two is expected once in 2**31 examples
    assert (derive(*one) == derive(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("1", 2), (1, "2")),
        ((1, 2), (12,)),
        (("a", "b"), ("ab",)),
        (("a", ""), ("a",)),
        ((2, 1), (1, 2)),
        ((-1,), (1,)),
    ],
)
def test_type_boundary_and_order_of_names_matter(one, other):
    assert derive(*one) != derive(*other)


def test_seeds_stay_what_they_were():
    assert derive(0) == 1349609827
    assert derive(7, "gsm8k/train/3", 0) == 167658253
    assert derive("labels", 42, "math/test/1") == 1996701450


def test_seeds_of_neighbors_are_spread_evenly():
    seeds = np.array([derive(0, "q", sample) for sample in range(4000)])
    counts = np.histogram(seeds, bins=16, range=(0, 2**31))[0]
    assert stats.chisquare(counts).pvalue > 0.001


@given(st.integers(0, 2**31 - 1), st.integers(0, 40), st.integers(0, 40))
def test_a_longer_draw_starts_with_the_shorter_one(seed, count, more):
    assert uniforms(seed, count + more)[:count].tolist() == uniforms(seed, count).tolist()


@given(st.integers(0, 2**31 - 1))
def test_draws_lie_between_0_and_1(seed):
    draws = uniforms(seed, 100)
    assert draws.dtype == np.float64
    assert draws.min() >= 0
    assert draws.max() < 1


def test_draws_stay_what_they_were():
    assert uniforms(0, 3).tolist() == [0.011546754286331562, 0.24154919656271812, 0.11142585551493822]
    assert generator("a", 1).integers(1000, size=4).tolist() == [384, 696, 835, 962]


def test_draws_are_uniform_along_a_row_and_across_seeds():
    table = np.stack([uniforms(derive("row", row), 50) for row in range(400)])
    assert stats.kstest(table.ravel(), "uniform").pvalue > 0.001
    assert stats.kstest(table[:, 0], "uniform").pvalue > 0.001
    # neighboring seeds share nothing
    assert abs(np.corrcoef(table[:-1].ravel(), table[1:].ravel())[0, 1]) < 0.02


def test_a_generator_is_the_same_for_the_same_names_alone():
    assert generator("a", 1).random(3).tolist() == generator("a", 1).random(3).tolist()
    assert generator("a", 1).random(3).tolist() != generator("a", 2).random(3).tolist()
