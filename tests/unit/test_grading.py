import pandas as pd
import pytest

from reward_memory.errors import InputError
from reward_memory.evaluation.grading import grade, with_origin
from reward_memory.storage import parquet

QUERIES = pd.DataFrame(
    [
        {"id": "gsm8k/0", "benchmark": "gsm8k", "domain": "math", "options": None},
        {"id": "obqa/0", "benchmark": "obqa", "domain": "qa", "options": ["x", "y"]},
    ]
)
TRUTHS = pd.DataFrame({"query_id": ["obqa/0", "gsm8k/0"], "ground_truth": ["B", "42"], "tests": [None, None]})
GRADING = {"isolation": "reduced"}
TEXTS = ["6*7 #### 42", "#### 41", "nothing"]


def responses(order=(0, 1, 2, 3, 4)) -> pd.DataFrame:
    rows = [("gsm8k/0", "gsm8k", sample, text) for sample, text in enumerate(TEXTS)]
    rows += [("obqa/0", "obqa", sample, text) for sample, text in enumerate(["#### B", "#### A"])]
    return pd.DataFrame([rows[place] for place in order], columns=["query_id", "benchmark", "sample", "text"])


def test_each_response_is_graded_by_the_truth_of_its_query():
    found = grade(QUERIES, TRUTHS, responses(), GRADING)
    assert found["reward"].tolist() == [1.0, 0.0, 0.0, 1.0, 0.0]
    assert found["extracted"].tolist()[:2] == ["42", "41"]


@pytest.mark.slow
def test_verdicts_come_in_the_order_of_the_responses():
    order = [4, 0, 3, 1, 2]
    found = grade(QUERIES, TRUTHS, responses(order), GRADING)
    assert found["reward"].tolist() == [0.0, 1.0, 1.0, 0.0, 0.0]
    assert found[["query_id", "sample"]].equals(responses(order)[["query_id", "sample"]])


@pytest.mark.slow
def test_the_size_of_a_chunk_changes_no_verdict():
    pd.testing.assert_frame_equal(
        grade(QUERIES, TRUTHS, responses(), GRADING, chunk=2), grade(QUERIES, TRUTHS, responses(), GRADING)
    )


def test_verdicts_fit_their_table(tmp_path):
    parquet.write(grade(QUERIES, TRUTHS, responses(), GRADING), tmp_path / "v", parquet.VERDICTS)
    assert parquet.read(tmp_path / "v", parquet.VERDICTS)["reward"].sum() == 2


def test_a_response_to_an_unknown_query_is_refused():
    for known, first in ((QUERIES.iloc[1:], "gsm8k/0"), (QUERIES.iloc[:1], "obqa/0"), (QUERIES.iloc[:0], "gsm8k/0")):
        with pytest.raises(InputError) as caught:
            grade(known, TRUTHS, responses([4, 0, 3]), GRADING)
        assert str(caught.value) == (
            f"{first}: responses to a query that is not among the queries; rebuild the rollouts."
        )


@pytest.mark.parametrize("truth", [None, "", "  "])
def test_a_query_without_a_truth_is_refused(truth):
    frame = TRUTHS.copy()
    frame.loc[1, "ground_truth"] = truth
    with pytest.raises(InputError, match=r"^gsm8k/0: column ground_truth is empty"):
        grade(QUERIES, frame, responses(), GRADING)


def test_no_responses_have_no_verdicts():
    found = grade(QUERIES, TRUTHS, responses([]), GRADING)
    assert list(found.columns) == parquet.VERDICTS.names
    assert len(found) == 0


@pytest.mark.slow
def test_progress_is_counted_in_responses(capsys):
    grade(QUERIES, TRUTHS, responses(), GRADING, chunk=2)
    assert "verdicts: 5/5 (100 %)" in capsys.readouterr().err


def test_verdicts_get_the_template_of_the_query_and_the_length_of_the_response():
    answered = responses([3, 0, 1]).assign(tokens=[5, 6, 7], finished=[True, False, True])
    queries = QUERIES.assign(template=["t", None])
    found = with_origin(grade(QUERIES, TRUTHS, answered, GRADING), queries, answered)
    assert found["template"].fillna("").tolist() == ["", "t", "t"]
    assert found["tokens"].tolist() == [5, 6, 7]
    assert found["finished"].tolist() == [True, False, True]
