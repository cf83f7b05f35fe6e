import importlib.util
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.data.labels import route
from reward_memory.errors import InputError
from reward_memory.storage import parquet
from reward_memory.training.rows import LEAKING_ROWS, ROWS, training_queries, verl_rows
from reward_memory.training.truths import decode_truth, encode_truth
from reward_memory.training.verl import reward_function
from reward_memory.training.verl.reward_function import compute_score
from reward_memory.verifiers import GroundTruth

TESTS = '{"assert": ["assert f(1) == 2"]}'


def queries(truth: str = "4", tests: str = TESTS) -> pd.DataFrame:
    """Ten queries of each kind with their truths, `truth` and `tests` among them."""
    kinds = [
        ("math", "gsm8k", truth, None, None),
        ("qa", "obqa", "B", ["x", "y"], None),
        ("code", "mbpp_plus", None, None, tests),
    ]
    return pd.DataFrame(
        [
            {
                "id": f"{benchmark}/train/{row}",
                "benchmark": benchmark,
                "domain": domain,
                "template": None,
                "messages": [
                    {"role": "system", "content": "Answer."},
                    {"role": "user", "content": f"{benchmark} {row}?"},
                ],
                "options": options,
                "content_hash": "0",
                "query_id": f"{benchmark}/train/{row}",
                "ground_truth": answer,
                "tests": code,
            }
            for domain, benchmark, answer, options, code in kinds
            for row in range(10)
        ]
    )


@pytest.fixture
def on_disk(tmp_path):
    """(queries, truths) as the workflow reads them."""

    def on_disk(frame: pd.DataFrame) -> list[pd.DataFrame]:
        for name in ("QUERIES", "TRUTHS"):
            parquet.write(frame, tmp_path / f"{name}.parquet", getattr(parquet, name))
        return [parquet.read(tmp_path / f"{name}.parquet", getattr(parquet, name)) for name in ("QUERIES", "TRUTHS")]

    return on_disk


LABELS = route(queries(), 30, 0)
LABELED = set(LABELS["id"][LABELS["labeled"]])


def truths(rows: pd.DataFrame) -> dict[str, str | None]:
    return {
        info["id"]: model["ground_truth"] for info, model in zip(rows["extra_info"], rows["reward_model"], strict=True)
    }


def test_three_of_ten_queries_of_each_kind_are_labeled_here():
    assert len(LABELED) == 9


def test_r1p_trains_on_labeled_queries_only(on_disk):
    rows = verl_rows(training_queries(*on_disk(queries()), LABELS, "labeled"), "train")
    assert truths(rows).keys() == LABELED
    assert None not in truths(rows).values()


def test_memreward_trains_on_all_queries_and_has_no_truth_exactly_for_unlabeled_ones(on_disk):
    found = truths(verl_rows(training_queries(*on_disk(queries()), LABELS, "predicted"), "train"))
    assert found.keys() == set(queries()["id"])
    assert {name for name, truth in found.items() if truth is not None} == LABELED


def test_trapo_sees_the_truths_that_memreward_does(on_disk):
    rows = [
        verl_rows(training_queries(*on_disk(queries()), LABELS, kind), "train")
        for kind in ("partly-voted", "predicted")
    ]
    assert truths(rows[0]) == truths(rows[1])


def test_ttrl_trains_on_all_queries_without_a_truth(on_disk):
    found = truths(verl_rows(training_queries(*on_disk(queries()), None, "voted"), "train"))
    assert found.keys() == set(queries()["id"])
    assert set(found.values()) == {None}


def test_oracle_trains_on_all_queries_with_their_truths(on_disk):
    found = truths(verl_rows(training_queries(*on_disk(queries()), None, "verified"), "train"))
    assert found.keys() == set(queries()["id"])
    assert None not in found.values()


def test_an_unknown_method_is_an_error():
    with pytest.raises(ValueError, match="'ppo' is not one of labeled, predicted, partly-voted, voted, verified"):
        training_queries(queries(), queries(), LABELS, "ppo")


def test_a_query_that_the_labels_do_not_mention_has_no_truth():
    found = truths(verl_rows(training_queries(queries(), queries(), LABELS.iloc[:0], "predicted"), "train"))
    assert set(found.values()) == {None}


@pytest.mark.parametrize("method", ["labeled", "predicted", "partly-voted", "voted"])
def test_the_truths_of_unlabeled_queries_change_no_byte_of_the_training_rows(on_disk, tmp_path, method):
    def written(frame: pd.DataFrame) -> bytes:
        labels = route(frame, 30, 0)
        rows = verl_rows(training_queries(*on_disk(frame), labels, method), "train")
        parquet.write(rows, tmp_path / "rows.parquet", ROWS)
        return (tmp_path / "rows.parquet").read_bytes()

    frame, nonsense = queries(), queries("nonsense 987654", '{"assert": ["assert nonsense"]}')
    mixed = frame.copy()
    secret = ~frame["id"].isin(LABELED)
    for column in ("ground_truth", "tests"):
        mixed[column] = frame[column].where(~secret, nonsense[column])
    assert mixed.loc[secret, "ground_truth"].dropna().isin(["nonsense 987654", "B"]).all()
    assert written(mixed) == written(frame)
    # the labeled ones do count, where any label does
    assert (written(nonsense) != written(frame)) == (method != "voted")


def test_a_hidden_truth_occurs_nowhere_in_the_file(on_disk, tmp_path):
    rows = verl_rows(
        training_queries(*on_disk(queries(truth="987654321")), LABELS.assign(labeled=False), "predicted"), "train"
    )
    parquet.write(rows, tmp_path / "rows.parquet", ROWS)
    assert "987654321" not in json.dumps(pd.read_parquet(tmp_path / "rows.parquet").to_dict("records"), default=list)


def test_truth_fallback_puts_hidden_truths_beside_and_nothing_else_does(on_disk, tmp_path):
    asked, known = on_disk(queries(truth="987654321"))
    visible = training_queries(asked, known, LABELS, "predicted")
    plain, leaking = verl_rows(visible, "train"), verl_rows(visible, "train", known)
    assert truths(plain) == truths(leaking)
    leaked = {info["id"]: info["fallback"] for info in leaking["extra_info"]}
    assert {name for name, truth in leaked.items() if truth is not None} == set(asked["id"]) - LABELED
    assert any("987654321" in truth for truth in leaked.values() if truth)
    assert "fallback" not in plain["extra_info"][0]
    assert "fallback" not in ROWS.field("extra_info").type.names
    parquet.write(leaking, tmp_path / "rows.parquet", LEAKING_ROWS)
    assert pd.read_parquet(tmp_path / "rows.parquet")["extra_info"].tolist() == leaking["extra_info"].tolist()


def test_a_row_carries_what_verl_reads():
    frame = queries().iloc[10:11]
    assert verl_rows(frame, "train").to_dict("records") == [
        {
            "data_source": "obqa",
            "prompt": [{"role": "system", "content": "Answer."}, {"role": "user", "content": "obqa 0?"}],
            "ability": "qa",
            "reward_model": {
                "style": "rule",
                "ground_truth": encode_truth(GroundTruth("choice", "B", ("x", "y"))),
            },
            "extra_info": {"index": 0, "id": "obqa/train/0", "split": "train", "domain": "qa"},
        }
    ]


def test_rows_keep_the_order_of_the_queries():
    frame = queries().sample(frac=1, random_state=0)
    infos = verl_rows(frame, "train")["extra_info"]
    assert [info["id"] for info in infos] == frame["id"].tolist()
    assert [info["index"] for info in infos] == list(range(len(frame)))


def test_rows_come_back_from_disk_as_they_were(on_disk, tmp_path):
    rows = verl_rows(training_queries(*on_disk(queries()), LABELS, "predicted"), "train")
    parquet.write(rows, tmp_path / "rows.parquet", ROWS)
    again = parquet.read(tmp_path / "rows.parquet", ROWS)
    assert truths(again) == truths(rows)
    assert [list(prompt) for prompt in again["prompt"]] == rows["prompt"].tolist()


@pytest.mark.parametrize("place", [0, 10, 20])
def test_a_validation_query_without_a_truth_is_refused(on_disk, place):
    frame = queries()
    frame.loc[place, ["ground_truth", "tests"]] = None
    with pytest.raises(InputError, match=rf"^{frame.loc[place, 'id']}: a valid query needs its ground truth; rebuild"):
        verl_rows(parquet.with_truths(*on_disk(frame)), "valid")


TEXTS = st.text(max_size=12)
TRUTHS = st.builds(
    GroundTruth,
    kind=st.sampled_from(["math", "choice", "code"]),
    answer=st.none() | TEXTS,
    options=st.lists(TEXTS, max_size=3).map(tuple),
    alternatives=st.lists(TEXTS, max_size=3).map(tuple),
    tests=st.none() | st.dictionaries(TEXTS, st.integers() | TEXTS | st.lists(st.floats(allow_nan=False)), max_size=3),
)


@given(TRUTHS)
def test_a_truth_comes_back_from_its_text(truth):
    assert decode_truth(encode_truth(truth)) == truth


@pytest.mark.parametrize(("response", "score"), [("so #### 4", 1.0), ("so #### 5", 0.0), ("", 0.0)])
def test_a_response_is_scored_by_its_truth(response, score):
    truth = encode_truth(GroundTruth("math", "4"))
    assert compute_score("gsm8k", response, truth, {}) == {"score": score, "acc": score}


def test_a_choice_is_scored_with_its_options():
    truth = encode_truth(GroundTruth("choice", "B", ("red", "blue")))
    assert compute_score("obqa", "#### B", truth, {})["score"] == 1.0
    assert compute_score("obqa", "#### A", truth, {})["score"] == 0.0


def test_a_program_is_scored_by_its_tests():
    truth = encode_truth(GroundTruth("code", tests=json.loads(TESTS)))
    right, wrong = (f"####\n```python\ndef f(x):\n    return {body}\n```" for body in ("x + 1", "x"))
    assert compute_score("mbpp_plus", right, truth, {}, isolation="reduced")["score"] == 1.0
    assert compute_score("mbpp_plus", wrong, truth, {}, isolation="reduced")["score"] == 0.0


def test_a_response_without_a_truth_is_not_scored_at_all():
    # training rows do not pass here; were an unlabeled one to, it must not count as wrong in silence
    with pytest.raises(TypeError):
        compute_score("gsm8k", "so #### 4", None, {})


def test_the_reward_function_can_be_loaded_by_its_path_alone():
    # verl does so, without a package around it
    spec = importlib.util.spec_from_file_location("loaded_by_path", reward_function.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.compute_score("gsm8k", "#### 4", encode_truth(GroundTruth("math", "4")), {})["score"] == 1.0
