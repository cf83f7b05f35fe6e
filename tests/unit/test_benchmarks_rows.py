"""Rows of the releases and of the hub, made up here: question, truth and options of each."""

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.data import mirror
from reward_memory.data.mirror import choice_rows, code_rows, math_rows
from reward_memory.data.mirror.rows import MissingAnswerError, UnusableError, WrongValueError
from reward_memory.errors import InputError

INSTRUCTION = math_rows.INSTRUCTIONS[0]


def verl(truth, prompt="What is x?", **more):
    return {"prompt": [{"role": "user", "content": prompt}], "reward_model": {"ground_truth": truth}} | more


# --- math


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        ("2 + 2 = 4\n#### 4", "4"),
        ("#### is a mark.\n#### 1,234 ", "1234"),
        ("#### -3", "-3"),
    ],
)
def test_the_truth_of_a_word_problem_stands_after_the_last_mark_without_commas(answer, truth):
    assert math_rows.word_problem({"question": " Q ", "answer": answer})[:2] == ("Q", truth)


@pytest.mark.parametrize(
    ("error", "tests"),
    [
        ("1e-1", '{"tolerance": 0.1}'),
        ("1e-1,0.05", '{"tolerance": 0.05}'),
        (0.5, '{"tolerance": 0.5}'),
        (None, None),
        ("", None),
    ],
)
def test_an_olympiad_problem_may_name_the_error_that_is_allowed(error, tests):
    row = {"question": "Q", "final_answer": ["3.1"], "error": error}
    assert math_rows.problem(row).tests == tests


def test_an_error_that_is_no_number_is_named():
    with pytest.raises(WrongValueError, match="error: 'small' is not a number"):
        math_rows.problem({"question": "Q", "answer": "3.1", "error": "small"})


def test_instances_of_a_gsm_symbolic_template_share_the_number_of_their_gsm8k_problem():
    row = {"question": "Q", "answer": "#### 4", "original_id": 17, "id": 3, "instance": 5}
    assert math_rows.symbolic_problem(row).template == "gsm8k-17"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (27.0, "27"),
        (-1.0, "-1"),
        ("27.0", "27"),
        (2.5, "2.5"),
        (33, "33"),
        ("033", "033"),
        (" $\\frac{1}{2}$ ", "$\\frac{1}{2}$"),
        (["55"], "55"),
        (["1", "2.0"], "1, 2"),
        (0, "0"),
    ],
)
def test_an_answer_may_be_a_number_a_text_or_a_list(answer, text):
    assert math_rows.answer_text(answer) == text
    assert math_rows.problem({"question": "Q", "answer": answer}).ground_truth == text
    assert math_rows.training_problem(verl(answer)).ground_truth == text


@pytest.mark.parametrize("answer", [None, "", "  ", [], [""], float("nan"), {}, True])
def test_an_answer_may_be_missing_in_many_ways(answer):
    with pytest.raises(MissingAnswerError):
        math_rows.answer_text(answer)


@pytest.mark.parametrize(
    ("solution", "truth"),
    [
        ("So \\boxed{1}, no, \\boxed{\\frac{\\sqrt{2}}{3^{2}}}.", "\\frac{\\sqrt{2}}{3^{2}}"),
        ("So \\boxed{\\{1, 2\\}}.", "\\{1, 2\\}"),
        ("So $\\boxed 7$.", "7"),
        ("So \\fbox{x + 1}.", "x + 1"),
    ],
)
def test_the_last_box_of_a_solution_is_the_answer_with_its_braces(solution, truth):
    assert math_rows.solved_problem({"problem": "P", "solution": solution}).ground_truth == truth


@pytest.mark.parametrize("solution", ["Proof. Trivial.", "\\boxed{}", "", None])
def test_a_solution_without_an_answer_is_dropped_with_that_reason(solution):
    with pytest.raises(UnusableError, match="no boxed answer in the solution"):
        math_rows.solved_problem({"problem": "P", "solution": solution})


def test_a_truth_that_is_a_dict_gives_the_bare_question_and_the_box_of_its_solution():
    truth = {"question": f"What is x? {INSTRUCTION}", "solution": "\\boxed{2, 3}", "target": "2,3"}
    assert math_rows.solved_problem(verl(truth))[:2] == ("What is x?", "2, 3")
    del truth["solution"]
    assert math_rows.solved_problem(verl(truth))[:2] == ("What is x?", "2,3")


@pytest.mark.parametrize("prompt", [f"{INSTRUCTION}\n\nWhat is x?", f"What is x? {INSTRUCTION}", "What is x?"])
def test_the_instruction_around_a_training_problem_is_taken_off(prompt):
    assert math_rows.training_problem(verl("34", prompt)).question == "What is x?"
    assert math_rows.training_problem({"prompt": prompt, "solution": "34"})[:2] == ("What is x?", "34")


def test_the_instruction_of_the_original_dapo_file_is_taken_off():
    prompt = f"{math_rows.INSTRUCTIONS[1]}\n\nWhat is x?\n\n{math_rows.INSTRUCTIONS[2]}"
    assert math_rows.training_problem(verl("34", prompt)).question == "What is x?"


@pytest.mark.parametrize("level", ["Level 1", "Level 2", "Level ?"])
def test_meds_leaves_out_the_easy_levels_of_math_and_those_without_a_number(level):
    with pytest.raises(UnusableError, match=rf"{level.replace('?', '[?]')} of MATH"):
        math_rows.hard_problem({"level": level, "problem": "P", "solution": "\\boxed{1}"})
    row = math_rows.hard_problem({"level": "Level 4", "problem": "P", "solution": "\\boxed{1}"})
    assert row[:2] == ("P", "1")


def test_a_math_benchmark_takes_every_level():
    for level in ("Level 5", "Level ?"):
        row = {"level": level, "problem": "P", "solution": "\\boxed{1}"}
        assert math_rows.solved_problem(row).ground_truth == "1"


def test_a_benchmark_of_the_hub_may_have_several_final_answers_and_no_column_of_one():
    row = {"question": "Q", "final_answer": ["$69$", "$84$"], "solution": ["long"], "answer": None}
    assert math_rows.problem(row).ground_truth == "$69$, $84$"


@given(st.text(alphabet="ab{}\\", max_size=20), st.text(alphabet="x1^{}", max_size=12))
def test_the_last_box_is_found_whatever_stands_before_it(before, content):
    balanced = content.count("{") == content.count("}") and all(
        content[:end].count("{") >= content[:end].count("}") for end in range(len(content))
    )
    if content.strip() and balanced:
        assert math_rows.boxed_answer(f"{before} \\boxed{{{content}}} end.") == content.strip()


# --- multiple choice


def test_the_releases_and_the_hubs_form_of_labeled_options_give_the_same():
    texts = ["an a", "a b", "a c"]
    choices = [{"label": label, "text": text} for label, text in zip("123", texts, strict=True)]
    release = {"question": {"stem": "Q?", "choices": choices}, "answerKey": "2"}
    hub = {"question": "Q?", "choices": {"label": list("123"), "text": texts}, "answerKey": "2"}
    book = {"question_stem": "Q?", "choices": {"label": list("ABC"), "text": texts}, "answerKey": "B"}
    rows = [choice_rows.labeled_options(row) for row in (release, hub, book)]
    assert rows[0] == rows[1] == rows[2]
    assert rows[0][:3] == ("Q?", "B", tuple(texts))


def test_the_releases_and_the_hubs_form_of_a_subject_question_give_the_same():
    csv = choice_rows.subject_question(["Q?", "a", "b", "c", "d", "C"])
    hub = choice_rows.subject_question({"question": "Q?", "choices": ["a", "b", "c", "d"], "answer": 2, "subject": "s"})
    assert csv == hub
    assert csv.ground_truth == "C"


@pytest.mark.parametrize("answer", ["E", "", "CD", "?"])
def test_a_letter_without_an_option_is_no_answer(answer):
    with pytest.raises(MissingAnswerError):
        choice_rows.subject_question(["Q?", "a", "b", "c", "d", answer])


def gpqa(number):
    wrong = {f"Incorrect Answer {place}": f"wrong {number}.{place}" for place in (1, 2, 3)}
    return {"Question": f"Question {number}?\n", "Correct Answer": f"right {number}\n"} | wrong


def test_the_options_of_gpqa_are_shuffled_by_their_text_alone():
    rows = [choice_rows.expert_question(gpqa(number)) for number in range(200)]
    assert rows == [choice_rows.expert_question(gpqa(number) | {"Record ID": "x"}) for number in range(200)]
    for number, row in enumerate(rows):
        assert row.options["ABCD".index(row.ground_truth)] == f"right {number}"
        assert sorted(row.options)[1:] == [f"wrong {number}.{place}" for place in (1, 2, 3)]
    counts = [sum(row.ground_truth == letter for row in rows) for letter in "ABCD"]
    assert min(counts) > 30


def test_gpqa_is_read_from_its_csv_file_with_a_header(tmp_path):
    (tmp_path / "gpqa").mkdir()
    with (tmp_path / "gpqa/gpqa_diamond.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["Record ID", *gpqa(0)])
        writer.writeheader()
        writer.writerows({"Record ID": str(n), **gpqa(n)} for n in range(3))
    items = mirror.load("gpqa", tmp_path, partial=True).items
    assert [item.messages[1][1].split("\n")[0] for item in items] == [f"Question {n}?" for n in range(3)]


@pytest.mark.parametrize(("label", "truth"), [("1", "A"), ("2\n", "B"), (3, "C")])
def test_labels_of_social_iqa_count_from_one(label, truth):
    row = {"context": "Ann fell.", "question": "Why?", "answerA": "a", "answerB": "b", "answerC": "c", "label": label}
    assert choice_rows.social_question(row)[:3] == ("Ann fell. Why?", truth, ("a", "b", "c"))


@pytest.mark.parametrize(("label", "truth"), [(0, "A"), ("1", "B")])
def test_labels_of_piqa_count_from_zero(label, truth):
    row = {"goal": "Cut.", "sol1": "a", "sol2": "b", "label": label}
    assert choice_rows.physical_question(row)[:3] == ("Cut.", truth, ("a", "b"))


# --- code

RELEASED = {
    "task_id": "Mbpp/2",
    "prompt": '"""\nWrite a function to add.\nassert add((1,), 2) == 3\n"""\n',
    "entry_point": "add",
    "canonical_solution": "def add(a, b):\n    return a[0] + b\n",
    "base_input": [[[1], 2]],
    "plus_input": [[[4], 5.5], [[float("inf")], -1]],
    "atol": 0.0001,
}
HUB = {
    "task_id": 2,
    "prompt": "Write a function to add.",
    "code": RELEASED["canonical_solution"],
    "test_list": ["assert add((1,), 2) == 3"],
    "test": (
        "import numpy as np\nfrom math import inf\n\ndef assertion(out, exp, atol):\n    assert out == exp\n\n"
        "inputs = [[(1,), 2], [(4,), 5.5], [(inf,), -1]]\nresults = [3, 9.5, inf]\n"
        "for i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion(add(*inp), exp, 0.0001)\n"
    ),
}


def test_a_task_from_the_hub_has_the_form_of_the_release():
    released, hub = code_rows.writing_task(RELEASED), code_rows.writing_task(HUB)
    assert hub.question == released.question == "Write a function to add.\nassert add((1,), 2) == 3"
    assert {key: hub.task[key] for key in RELEASED if key != "prompt"} == {
        key: value for key, value in RELEASED.items() if key != "prompt"
    }


def test_a_completion_task_from_the_hub_counts_all_inputs_as_base():
    test = "def check(candidate):\n    inputs = [[1], [{'a': (1+2j)}], [{3}]]\n    results = [1, 2, 3]\n"
    test += (
        "    for i, (inp, exp) in enumerate(zip(inputs, results)):\n        assertion(candidate(*inp), exp, 1e-06)\n"
    )
    head = {"task_id": "HumanEval/900", "prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "    pass\n"}
    row = code_rows.completion_task(head | {"test": test})
    assert row.question == "Complete this Python function.\n\n```python\ndef f(x):\n```"
    assert row.task["base_input"] == [[1], [{"a": "(1+2j)"}], [[3]]]
    assert row.task["plus_input"] == []
    assert row.task["atol"] == 1e-06


@pytest.mark.parametrize("change", [{"test": "def check(f): pass"}, {"test": "inputs = ["}, {"test": "inputs = f()"}])
def test_a_test_program_of_another_form_is_named_with_its_row(tmp_path, change):
    (tmp_path / "mbpp_plus").mkdir()
    text = "".join(json.dumps(row) + "\n" for row in (HUB, HUB | change))
    (tmp_path / "mbpp_plus/test.jsonl").write_text(text)
    with pytest.raises(InputError, match=r"test\.jsonl: row 2 is not in the released format"):
        mirror.load("mbpp_plus", tmp_path, partial=True)


def test_a_task_without_inputs_has_no_truth():
    with pytest.raises(MissingAnswerError):
        code_rows.writing_task(RELEASED | {"base_input": []})


# --- repeats


def test_a_file_of_32_repeats_gives_each_problem_once_and_tells_the_others(tmp_path):
    (tmp_path / "aime").mkdir()
    problems = [verl(str(n), f"Problem {n}? {INSTRUCTION}") for n in range(30)]
    pq.write_table(pa.Table.from_pylist(problems * 32), tmp_path / "aime/aime-2024.parquet")
    loaded = mirror.load("aime24", tmp_path)
    assert [item.row for item in loaded.items] == list(range(30))
    assert len(loaded.dropped) == 31 * 30
    assert loaded.dropped[0] == ("test", 30, "repeats test/0")


def test_what_meds_trains_on_is_math_from_level_3_then_dapo_without_repeats(tmp_path):
    math = [
        {"level": level, "problem": f"Problem {level}, x + 1?", "solution": f"\\boxed{{{place}}}"}
        for place, level in enumerate(["Level 1", "Level 3", "Level 5", "Level ?"])
    ]
    dapo = [verl("9", "Problem   level 3; $x+1$?"), verl("8", "Another problem?"), verl("2", "problem level 5 x + 1")]
    for name, rows in (("math/train", math), ("dapo_math_17k/train", dapo)):
        (tmp_path / name).parent.mkdir()
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{name}.parquet")
    loaded = mirror.load("dapo_math_17k", tmp_path, partial=True)
    assert [(item.source_split, item.row, item.ground_truth) for item in loaded.items] == [
        ("math", 1, "1"),
        ("math", 2, "2"),
        ("dapo", 1, "8"),
    ]
    assert loaded.dropped == [
        ("math", 0, "Level 1 of MATH, where only 3 to 5 are used"),
        ("math", 3, "Level ? of MATH, where only 3 to 5 are used"),
        ("dapo", 0, "repeats math/1 with a different answer"),
        ("dapo", 2, "repeats math/2"),
    ]


def test_the_first_gsm_symbolic_file_that_is_there_is_read_alone(tmp_path):
    (tmp_path / "gsm_symbolic/main").mkdir(parents=True)
    row = {"question": "Q?", "answer": "#### 4", "original_id": 17}
    (tmp_path / "gsm_symbolic/GSM_p2.jsonl").write_text(json.dumps(row))
    loaded = mirror.load("gsm_symbolic", tmp_path, partial=True)
    assert ([item.source_split for item in loaded.items], loaded.absent) == (["p2"], ("main", "p1"))
    (tmp_path / "gsm_symbolic/main/test.jsonl").write_text(json.dumps(row))
    loaded = mirror.load("gsm_symbolic", tmp_path, partial=True)
    assert ([item.source_split for item in loaded.items], loaded.absent) == (["main"], ("p1", "p2"))
