"""Responses that verl and lm-evaluation-harness wrote become rows of an import."""

import json

import pytest
from typer.testing import CliRunner

from reward_memory.cli import app
from reward_memory.data.imported.dumps import convert
from reward_memory.data.imported.rows import parse

VERL = [
    {"input": "user\n1 + 1?\nassistant\n", "output": "#### 2", "gts": "2", "score": 1.0, "step": 1},
    {"input": "user\n2 + 2?\nassistant\n", "output": "#### 5", "gts": "4", "score": -1.0, "step": 1},
    {"input": "user\n1 + 1?\nassistant\n", "output": "#### 3", "gts": "2", "score": 0.0, "step": 2},
]
LM_EVAL = [
    {"doc_id": 0, "target": "2", "arguments": {"gen_args_0": {"arg_0": "Question: 1 + 1?", "arg_1": {}}},
     "resps": [["It is 2."]], "filter": "strict-match", "exact_match": 0.0},
    {"doc_id": 1, "target": "4", "arguments": [["Question: 2 + 2?", {}]],
     "resps": [["#### 4"]], "filter": "strict-match", "exact_match": 1.0},
    {"doc_id": 0, "target": "2", "arguments": {"gen_args_0": {"arg_0": "Question: 1 + 1?", "arg_1": {}}},
     "resps": [["It is 2."]], "filter": "flexible-extract", "exact_match": 1.0},
]  # fmt: skip


def run(tmp_path, rows, *arguments):
    file = tmp_path / "dump.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = CliRunner().invoke(app, ["import", str(file), "--benchmark", "gsm8k", *arguments])
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_responses_to_one_prompt_are_one_row(tmp_path):
    code, rows, _ = run(tmp_path, VERL, "--from", "verl")
    assert code == 0
    assert [row["ground_truth"] for row in rows] == ["2", "4"]
    assert rows[0]["responses"] == [{"text": "#### 2", "reward": 1}, {"text": "#### 3", "reward": 0}]
    assert rows[1]["responses"] == [{"text": "#### 5", "reward": 0}]


@pytest.mark.parametrize(("chosen", "rewards"), [([], [0, 1]), (["--filter", "flexible-extract"], [1])])
def test_one_filter_counts(tmp_path, chosen, rewards):
    code, rows, _ = run(tmp_path, LM_EVAL, "--from", "lm-eval", *chosen)
    assert code == 0
    assert [row["responses"][0]["reward"] for row in rows] == rewards
    assert rows[0]["query"] == "Question: 1 + 1?"


@pytest.mark.parametrize("held", [lambda text: text, lambda text: [text]], ids=["a text", "a list"])
def test_a_chat_that_lm_eval_logs_as_text_is_read_as_messages(tmp_path, held):
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"}]
    row = {"arguments": {"gen_args_0": {"arg_0": held(json.dumps(chat))}}, "resps": [["4"]], "target": "4"}
    path = tmp_path / "samples.jsonl"
    path.write_text(json.dumps(row))
    (found,) = convert([path], "lm-eval", "sums")
    assert found["messages"] == chat
    assert "query" not in found


def test_several_responses_are_left_to_the_verifiers(tmp_path):
    row = LM_EVAL[1] | {"resps": [["#### 4", "#### 5"]], "exact_match": 0.5}
    _, rows, _ = run(tmp_path, [row], "--from", "lm-eval")
    assert rows[0]["responses"] == [{"text": "#### 4"}, {"text": "#### 5"}]


@pytest.mark.parametrize(("rows", "source"), [(VERL, "verl"), (LM_EVAL, "lm-eval")])
def test_what_comes_out_can_be_imported(tmp_path, rows, source):
    for number, row in enumerate(run(tmp_path, rows, "--from", source)[1], start=1):
        assert parse(row, number, {"gsm8k": "math"}).responses


@pytest.mark.parametrize(
    ("row", "source", "words"),
    [
        ({"input": "a", "output": "b"}, "verl", "row 1: `score` is missing"),
        ({"input": "a", "output": "b", "score": 0.3}, "verl", "the score 0.3 is not 1, 0 or -1"),
        ({"resps": []}, "lm-eval", "`arguments` is missing"),
        (LM_EVAL[0] | {"resps": [[[-1.5, False]]]}, "lm-eval", "only tasks that generate text"),
    ],
)
def test_other_files_are_refused_in_one_sentence(tmp_path, row, source, words):
    code, rows, error = run(tmp_path, [row], "--from", source)
    assert (code, rows) == (1, [])
    assert words in error
    assert len(error.splitlines()) == 1
