"""What a file to import becomes: the tables that other rules make otherwise, and their verdicts."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imported_rows import CODE, MATH, QA, sums

from reward_memory.data.duplicates.repeats import fingerprint
from reward_memory.data.imported import build
from reward_memory.data.imported.rows import parse
from reward_memory.errors import InputError
from reward_memory.evaluation.imported_rewards import fill_verdicts, refuse_all_wrong
from reward_memory.storage import parquet

SPLITS = ("train", "valid", "test")
SCHEMAS = (parquet.TRUTHS, parquet.QUERIES, parquet.RESPONSES, parquet.REWARDS)


def parts(rows: list[dict], train=None, valid=0, test=0, domains=None, seed=0):
    domains = domains or {"sums": "math"}
    queries = [parse(row, number, domains) for number, row in enumerate(rows, start=1)]
    sizes = {name: {"train": train, "valid": valid, "test": test} for name in domains}
    return queries, list(build(queries, domains, sizes, seed))


def test_the_parts_come_by_benchmark_and_split():
    _, found = parts([QA, MATH], domains={"sums": "math", "support": "qa"})
    assert [part.queries["benchmark"].tolist() for part in found] == [["sums"], [], [], ["support"], [], []]


@pytest.mark.parametrize("place", [0, 1], ids=["train", "valid without a query"])
@pytest.mark.parametrize("reward", [False, True], ids=["truths", "rewards"])
def test_the_tables_fit_their_schemas(tmp_path, reward, place):
    part = parts(sums(3, reward))[1][place]
    for name, schema in zip(("queries", *part._fields), SCHEMAS, strict=True):
        parquet.write(getattr(part, name), tmp_path / "table.parquet", schema)
        assert len(parquet.read(tmp_path / "table.parquet", schema)) == len(getattr(part, name))


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=30),
    st.integers(0, 8),
    st.integers(0, 8),
    st.integers(0, 3),
)
def test_every_query_is_in_one_split_with_all_its_responses(counts, valid, test, seed):
    rows = [MATH | {"query": f"What is {number}?", "responses": ["a"] * n} for number, n in enumerate(counts)]
    if valid + test >= len(rows):
        with pytest.raises(InputError, match="which leaves none to train on"):
            parts(rows, None, valid, test, seed=seed)
        return
    queries, found = parts(rows, None, valid, test, seed=seed)
    assert [len(part.queries) for part in found] == [len(rows) - valid - test, valid, test]
    ids = pd.concat([part.queries["id"] for part in found])
    assert sorted(ids) == sorted(query.id for query in queries)
    for part in found:
        assert part.responses["query_id"].drop_duplicates().tolist() == part.queries["id"].tolist()
    responses = pd.concat([part.responses for part in found]).groupby("query_id")["sample"]
    assert {name: sorted(samples) for name, samples in responses} == {
        query.id: list(range(len(query.responses))) for query in queries
    }


@given(st.integers(0, 20))
def test_repeats_of_a_question_lie_in_one_split(seed):
    rows = [row | {"query": text(row["query"])} for row in sums(12) for text in (str, str.upper)]
    _, found = parts(rows, 12, 4, 4, seed=seed)
    places = {}
    for split, part in zip(SPLITS, found, strict=True):
        for messages in part.queries["messages"]:
            places.setdefault(messages[0]["content"].upper(), set()).add(split)
    assert {len(splits) for splits in places.values()} == {1}


def test_repeats_are_told_by_the_one_rule_for_all_benchmarks():
    queries, _ = parts([MATH, MATH | {"query": MATH["query"].upper()}])
    assert len({fingerprint(query.item) for query in queries}) == 1


def test_all_that_valid_and_test_leave_must_be_something():
    with pytest.raises(InputError) as caught:
        parts(sums(5), None, 2, 3)
    assert str(caught.value) == (
        "benchmarks: sums: valid and test request 5 of the 5 queries in the file, which leaves none to train on; "
        "request fewer."
    )


def test_more_queries_than_the_file_has_are_refused():
    with pytest.raises(InputError, match="8 queries are requested in total, but it has at most 5"):
        parts(sums(5), 8)


def test_no_table_that_a_trainer_may_read_tells_a_reward_or_a_truth():
    _, (part, *_) = parts(sums(3, reward=True))
    assert "reward" not in part.responses
    assert not {"reward", "ground_truth", "tests"} & {*parquet.QUERIES.names, *parquet.RESPONSES.names}


def test_other_truths_and_rewards_change_nothing_but_their_own_tables():
    rows = sums(8, reward=True)
    others = [
        row | {"ground_truth": "0", "responses": [one | {"reward": 1 - one["reward"]} for one in row["responses"]]}
        for row in rows
    ]
    one, other = (next(iter(parts(some, 5)[1])) for some in (rows, others))
    assert one.queries[parquet.QUERIES.names].equals(other.queries[parquet.QUERIES.names])
    assert one.responses.equals(other.responses)
    assert (one.rewards["reward"] != other.rewards["reward"]).all()


def verdicts(rows: list[dict], domains=None) -> pd.DataFrame:
    _, (part, *_) = parts(rows, domains=domains)
    return fill_verdicts(
        part.queries, part.queries[parquet.TRUTHS.names], part.responses, part.rewards, {"isolation": "reduced"}
    )


def test_given_rewards_are_the_verdicts_and_the_others_are_graded(tmp_path):
    rows = [MATH | {"responses": ["#### 12", {"text": "#### 12", "reward": 0}, {"text": "13", "reward": 1}, "13"]}]
    found = verdicts(rows)
    assert found["reward"].tolist() == [1, 0, 1, 0]
    assert found["path"].tolist() == ["math:exact", "given", "given", "math:numeric"]
    assert found["extracted"].tolist()[0] == "12"
    parquet.write(found, tmp_path / "verdicts.parquet", parquet.VERDICTS)
    assert parquet.read(tmp_path / "verdicts.parquet", parquet.VERDICTS)["reward"].tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [MATH | {"query": f"{n}?", "ground_truth": "5"} for n in range(10)],
            "('12' was read in the first, to sums/row",
        ),
        (
            [MATH | {"query": f"{n}?", "responses": [""]} for n in range(10)],
            "(no answer was found in the first, to sums",
        ),
    ],
    ids=["other truths", "no answers"],
)
def test_responses_that_are_all_wrong_are_told(rows, words):
    with pytest.raises(InputError) as caught:
        refuse_all_wrong(verdicts(rows))
    told = str(caught.value)
    assert told.startswith("rollouts: import: by ground_truth or tests all ")
    assert words in told
    assert told.endswith("; correct the truths, or give each response its reward.")


def test_what_was_read_in_the_first_of_all_wrong_responses_is_told():
    graded = pd.DataFrame({"query_id": [f"q{n}" for n in range(10)], "extracted": None, "reward": 0.0})
    graded.loc[0, "extracted"] = "7" * 70
    with pytest.raises(InputError) as caught:
        refuse_all_wrong(graded)
    assert str(caught.value) == (
        f"rollouts: import: by ground_truth or tests all 10 training responses are wrong ('{'7' * 59} was read in the "
        "first, to q0), and a reward model learns from right and wrong ones; correct the truths, or give each response "
        "its reward."
    )
    refuse_all_wrong(graded.iloc[1:])
    refuse_all_wrong(graded.assign(reward=[0.0] * 9 + [1.0]))


def test_one_right_response_is_enough_and_a_few_may_be_wrong():
    refuse_all_wrong(verdicts([MATH | {"query": f"{n}?", "responses": ["1"]} for n in range(9)]))
    refuse_all_wrong(verdicts([MATH] + [MATH | {"query": f"{n}?", "responses": ["1"]} for n in range(20)]))


def test_where_all_rewards_are_given_no_truth_is_looked_for(tmp_path):
    found = verdicts(sums(4, reward=True))
    assert found["reward"].tolist() == [1, 0] * 4
    parquet.write(found, tmp_path / "verdicts.parquet", parquet.VERDICTS)


def test_without_any_reward_the_verifiers_grade_all():
    assert verdicts(sums(4))["reward"].tolist() == [1, 0] * 4


def test_choices_and_programs_are_graded_too():
    rows = [QA | {"responses": ["#### A", "#### B"]}]
    assert verdicts(rows, {"support": "qa"})["reward"].tolist() == [1, 0]
    rows = [CODE | {"responses": [*CODE["responses"], "```python\ndef double(n):\n    return n\n```"]}]
    assert verdicts(rows, {"programs": "code"})["reward"].tolist() == [1, 0]
