"""What each published behavior of the data changes, and that nothing of it happens unasked."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory import data
from reward_memory.config import fidelity
from reward_memory.data import labels, splits
from reward_memory.data.items import Item
from reward_memory.verifiers import Grader, GroundTruth

SIZES = {"train": 12, "valid": 6, "test": 12}

# torn-templates


@pytest.fixture
def symbolic(tmp_path):
    """GSM-Symbolic with ten instances of each of six templates."""
    (tmp_path / "gsm_symbolic").mkdir()
    rows = [
        {"question": f"Ann of story {story} has {number} apples. How many?", "answer": f"So #### {number}"}
        | {"original_id": story}
        for number in range(10, 20)
        for story in range(6)
    ]
    (tmp_path / "gsm_symbolic/GSM_symbolic.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def build(folder, behaviors=()):
    return data.build("gsm_symbolic", "mirror", SIZES, 0, folder, partial=True, fidelity=behaviors)


def shared_templates(parts) -> set[str]:
    return set(parts["train"]["template"]) & set(parts["test"]["template"])


def test_a_template_lies_in_one_split_unless_torn_as_published(symbolic):
    assert not shared_templates(build(symbolic))
    torn = build(symbolic, ["torn-templates"])
    assert shared_templates(torn)
    assert {split: len(part) for split, part in torn.items()} == SIZES


def test_torn_splits_share_no_prompt_nevertheless(symbolic):
    parts = build(symbolic, ["torn-templates"])
    hashes = pd.concat([part["content_hash"] for part in parts.values()])
    assert hashes.is_unique


def test_torn_sizes_may_be_what_whole_families_do_not_allow():
    items = [Item("train", row, (("user", f"question {row}"),), "1", template="one") for row in range(4)]
    parts = splits.sample("gsm_symbolic", items, {"train": 2, "test": 2}, 0, keep_families=False)
    assert sorted(item.row for part in parts.values() for item in part) == [0, 1, 2, 3]


# base-tests


def code_tests(behaviors=()) -> list[dict]:
    parts = data.build("mbpp_plus", "generated", {"test": 40}, 0, fidelity=behaviors)
    return [json.loads(tests) for tests in parts["test"]["tests"]]


def test_plus_tests_are_there_unless_left_out_as_published():
    whole, cut = code_tests(), code_tests(["base-tests"])
    assert all(len(tests["calls"]) > tests["base"] for tests in whole)
    for one, other in zip(whole, cut, strict=True):
        assert other["calls"] == one["calls"][: one["base"]]
        assert other["expected"] == one["expected"][: one["base"]]
        assert {key: other[key] for key in ("entry_point", "base", "atol")} == {
            key: one[key] for key in ("entry_point", "base", "atol")
        }


def test_a_program_that_passes_the_base_tests_alone_is_right_as_published():
    whole, cut = code_tests()[0], code_tests(["base-tests"])[0]
    answers = {call[0]: value for call, value in zip(cut["calls"], cut["expected"], strict=True)}
    program = f"```python\ndef f(x):\n    return {answers}.get(x)\n```"
    with Grader("reduced") as grader:
        verdicts = grader.grade([program] * 2, [GroundTruth("code", tests=tests) for tests in (whole, cut)])
    assert [verdict.correct for verdict in verdicts] == [False, True]
    assert [verdict.path for verdict in verdicts] == ["code:failed base 3/3 plus 0/16", "code:passed base 3/3"]


def test_what_has_no_tests_is_the_same_with_base_tests():
    one, other = (data.build("obqa", "generated", {"test": 9}, 0, fidelity=names) for names in ((), "base-tests"))
    pd.testing.assert_frame_equal(one["test"], other["test"])


# colliding-ids


def suite(*source_splits: str, rows: int = 50) -> pd.DataFrame:
    ids = [f"{name}/{row}" for name in source_splits for row in range(rows)]
    return pd.DataFrame({"id": ids, "benchmark": [name.split("/")[0] for name in ids]})


def labeled(queries: pd.DataFrame, ratio: int = 20, behaviors=("colliding-ids",)) -> set[str]:
    table = labels.route(queries, ratio, 0, behaviors)
    return set(table["id"][table["labeled"]])


def test_labels_are_inherited_by_row_number_as_published():
    queries = suite("gsm8k/train", "gsm8k/test")
    own, inherited = labeled(queries, behaviors=()), labeled(queries)
    assert len(own) == 20
    rows = {name.rsplit("/", 1)[1] for name in own}
    assert inherited == {f"gsm8k/{split}/{row}" for split in ("train", "test") for row in rows}
    assert len(inherited) > len(own)


def test_labels_are_not_inherited_from_another_benchmark():
    both = suite("gsm8k/train", "gsm8k/test", "math/train", "math/test")
    alone = suite("gsm8k/train", "gsm8k/test")
    assert {name for name in labeled(both) if name.startswith("gsm8k")} == labeled(alone)


def test_without_a_second_source_split_nothing_is_inherited():
    queries = suite("gsm8k/generated", "math/generated")
    assert labeled(queries) == labeled(queries, behaviors=())


def test_imported_ids_that_are_alike_at_their_end_are_not_the_same_row():
    queries = suite("mine/id/a", "mine/id/b")
    assert labeled(queries) == labeled(queries, behaviors=())


def test_an_imported_row_may_have_any_name():
    # the source split is what stands after the benchmark, the row all that follows
    queries = suite("mine/train/a", "mine/train/b")
    assert labeled(queries) == labeled(queries, behaviors=())


@given(st.integers(1, 100), st.integers(1, 100))
def test_a_smaller_ratio_labels_a_subset_as_published_too(one, two):
    queries = suite("gsm8k/train", "gsm8k/test", "math/train", rows=12)
    assert labeled(queries, min(one, two)) <= labeled(queries, max(one, two))


# all of them


def test_behaviors_of_other_stages_leave_the_data_alone(symbolic):
    others = [name for name, behavior in fidelity.BEHAVIORS.items() if behavior.stage != "data"]
    for split, part in build(symbolic, others).items():
        pd.testing.assert_frame_equal(part, build(symbolic)[split])
    queries = suite("gsm8k/train", "gsm8k/test")
    assert labeled(queries, behaviors=others) == labeled(queries, behaviors=())
