import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.data import labels
from reward_memory.errors import InputError
from reward_memory.storage import parquet

SIZES = st.dictionaries(st.sampled_from(["gsm8k", "math", "gpqa"]), st.integers(1, 40), min_size=1)


def suite(sizes: dict[str, int]) -> pd.DataFrame:
    rows = [(f"{name}/train/{row}", name) for name, size in sizes.items() for row in range(size)]
    return pd.DataFrame(rows, columns=["id", "benchmark"])


def truths_of(queries: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"query_id": queries["id"], "ground_truth": "42", "tests": '{"entry": "f"}'})


def chosen(queries: pd.DataFrame, ratio: int, seed: int) -> set[str]:
    table = labels.route(queries, ratio, seed)
    return set(table["id"][table["labeled"]])


@given(SIZES, st.integers(1, 100), st.integers(1, 100), st.integers(0, 9))
def test_a_smaller_ratio_labels_a_subset_of_a_larger_one(sizes, one, two, seed):
    queries = suite(sizes)
    assert chosen(queries, min(one, two), seed) <= chosen(queries, max(one, two), seed)


@pytest.mark.slow
@given(SIZES, st.integers(1, 100), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_label(sizes, ratio, random):
    queries = suite(sizes)
    order = list(range(len(queries)))
    random.shuffle(order)
    assert chosen(queries.iloc[order], ratio, 3) == chosen(queries, ratio, 3)


@given(SIZES, st.integers(1, 100))
def test_each_benchmark_gets_its_own_rounded_share_and_at_least_one(sizes, ratio):
    table = labels.route(suite(sizes), ratio, 0)
    counts = table.groupby("benchmark")["labeled"].sum()
    assert counts.to_dict() == {name: max(1, int(size * ratio / 100 + 0.5)) for name, size in sizes.items()}


@pytest.mark.parametrize(
    ("size", "ratio", "count"),
    [
        (10, 0, 0),
        (1, 1, 1),
        (149, 1, 1),
        (150, 1, 2),
        (7, 50, 4),
        (15, 10, 2),
        (29, 5, 1),
        (30, 5, 2),
        (10, 100, 10),
        (0, 20, 1),
    ],
)
def test_a_share_is_rounded_half_up(size, ratio, count):
    assert labels.labeled_count(size, ratio) == count


def test_another_benchmark_changes_no_label():
    both, one = suite({"math": 30, "gpqa": 20}), suite({"math": 30})
    assert {name for name in chosen(both, 20, 0) if name.startswith("math")} == chosen(one, 20, 0)


def test_another_seed_labels_other_queries():
    assert chosen(suite({"math": 200}), 20, 0) != chosen(suite({"math": 200}), 20, 1)


def test_labels_fit_their_table(tmp_path):
    table = labels.route(suite({"math": 5}), 20, 0)
    parquet.write(table, tmp_path / "labels.parquet", parquet.LABELS)
    assert parquet.read(tmp_path / "labels.parquet", parquet.LABELS)["labeled"].tolist() == table["labeled"].tolist()


@pytest.mark.parametrize("ratio", [130, 101, -1, -5, 12.5, True, False])
def test_an_impossible_ratio_is_named(ratio):
    with pytest.raises(InputError, match=f"label_ratios: {ratio} is not a whole percentage between 0 and 100"):
        labels.route(suite({"math": 5}), ratio, 0)


def test_no_query_or_every_query_may_be_labeled():
    queries = suite({"math": 5})
    assert (chosen(queries, 0, 0), chosen(queries, 100, 0)) == (set(), set(queries["id"]))


def test_a_ratio_may_be_a_whole_number_of_another_type():
    table = labels.route(suite({"math": 4}), 50.0, 0)
    assert table["label_ratio"].tolist() == [50] * 4
    assert table["label_ratio"].dtype.kind == "i"
    assert table["labeled"].sum() == 2


def test_the_choice_stays_what_it_was():
    table = labels.route(suite({"math": 5, "gpqa": 4}), 40, 7)
    assert table["labeled"].tolist() == [False, False, True, False, True, False, False, True, True]


def test_a_repeated_id_is_named():
    queries = suite({"math": 5})
    with pytest.raises(InputError, match="id 'math/train/0' occurs twice"):
        labels.route(pd.concat([queries, queries]), 20, 0)


def test_only_revealed_truths_come_to_their_queries():
    queries = suite({"math": 10})
    table = labels.route(queries, 20, 0)
    joined = parquet.with_truths(queries, labels.reveal(truths_of(queries).iloc[::-1], table))
    assert joined["id"].equals(queries["id"])
    for column in ("ground_truth", "tests"):
        assert (joined[column].notna() == table["labeled"]).all()
        assert all(value is None for value in joined[column][~table["labeled"]])


@given(st.permutations(range(8)))
def test_each_query_gets_its_own_truth_whatever_the_order(order):
    queries = suite({"math": 8})
    truths = truths_of(queries).assign(ground_truth=queries["id"] + "!").iloc[list(order)]
    assert parquet.with_truths(queries, truths)["ground_truth"].tolist() == (queries["id"] + "!").tolist()


def test_a_query_that_the_labels_do_not_mention_is_not_revealed():
    queries = suite({"math": 10})
    seen = labels.reveal(truths_of(queries), labels.route(queries[:5], 100, 0))
    assert seen["query_id"].tolist() == queries["id"][:5].tolist()


def test_reveal_keeps_labeled_verdicts_only():
    table = labels.route(suite({"math": 10}), 20, 0)
    verdicts = pd.DataFrame({"query_id": table["id"].repeat(2), "sample": [0, 1] * 10, "reward": 1.0})
    seen = labels.reveal(verdicts, table)
    assert set(seen["query_id"]) == set(table["id"][table["labeled"]])
    assert len(seen) == 4
    assert list(seen.columns) == list(verdicts.columns)
    assert list(seen.index) == [0, 1, 2, 3]


def test_routing_labels_does_not_import_torch():
    code = "import sys, reward_memory.data.labels, reward_memory.reward_models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
