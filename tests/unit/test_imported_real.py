"""Published responses, converted as docs/import.md shows."""

import gzip
import json

import pytest
from conftest import documented_import

from reward_memory.data.imported import build, read
from reward_memory.evaluation.imported_rewards import fill_verdicts
from reward_memory.storage import parquet

GSM8K = {"gsm8k": "math"}


@pytest.fixture
def part(shared, tmp_path):
    """The example solutions of GSM8K, imported."""
    source = shared / "benchmarks/responses/gsm8k_example_model_solutions.jsonl.gz"
    if not source.exists():
        pytest.skip("needs the example solutions of GSM8K")
    example: dict = {}
    exec(documented_import(tmp_path), example)
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        rows = [json.dumps(example["convert"](json.loads(line))) for line in lines]
    file = tmp_path / "gsm8k.jsonl"
    file.write_text("\n".join(rows))
    queries, bad = read(file, GSM8K)
    assert bad.empty
    return next(build(queries, GSM8K, {"gsm8k": {"train": None, "valid": 0, "test": 0}}, 0))


def test_every_question_comes_with_its_four_responses(part):
    assert [len(part.queries), len(part.responses), len(part.rewards)] == [1319, 4 * 1319, 4 * 1319]


def test_the_answer_is_what_follows_the_mark(part):
    marked = part.responses[part.responses["text"].str.contains("\nA:", regex=False)]
    assert len(marked) == 5265
    assert not marked["answer"].str.contains("A:", regex=False).any()
    assert marked["thinking"].str.len().gt(0).all()


@pytest.mark.long
def test_the_verifiers_never_differ_from_the_published_labels(part):
    truths = part.queries[parquet.TRUTHS.names]
    graded = fill_verdicts(part.queries, truths, part.responses, part.rewards[:0], {"isolation": "reduced"})
    assert (graded["reward"].to_numpy() != part.rewards["reward"].to_numpy()).sum() == 0
    assert part.rewards["reward"].sum() == 2001
