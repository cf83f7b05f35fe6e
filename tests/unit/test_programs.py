"""Finding programs: whatever stands around them, and what is no program."""

import gzip
import json
import time
from pathlib import Path

import pytest

from reward_memory.data.prompts import SYSTEM_PROMPTS
from reward_memory.verifiers import Grader, GroundTruth, evalplus
from reward_memory.verifiers.programs import find_program
from reward_memory.verifiers.sandbox.inside.assemble import assemble

SHARED = Path(__file__).parents[2].parent / "shared"
TASKS = SHARED / "benchmarks" / "humaneval_plus" / "HumanEvalPlus-Mini.jsonl.gz"
CODE = "def f(x):\n    return x + 1"
#: Ways in which models write a program; {} is the program.
WRAPPINGS = [
    "#### ```python\n{}\n```", "####\n```python\n{}\n```", "Solution: ```python\n{}\n```", "```python\n{}```",
    "1. ```py\n{}\n```", "> ```Python3\n{}\n```", "~~~python\n{}\n~~~", "```{{.python}}\n{}\n```",
     "````python\n{}\n````",
    "```python title=\"a.py\"\n{}\n```", "```python\r\n{}\r\n```", "```\n{}\n```", "```text\n{}\n```", "```python\n{}",
    "{}\n```", "{}\n```\n\nIt works:\n```\n>>> f(1)\n2\n```", "{}\n```\nIt returns the sum.",
    "```python\n{}\n<|im_end|>", "{}\n<|endoftext|>", "{}<|eot_id|>",
    "```python\n{}\n<|EOT|>", "```python\n{}\n```<|end_of_text|>", "{}</s>",
    "```python\n{}\n```\n<end_of_turn>", "{}\n<|im_end|>\n<|im_start|>user\nmore", "<|im_end|>\n{}",
    "[BEGIN]\n{}\n[DONE]", "{}[DONE]", "{}\n[DONE]\nmore", "python\n{}\n```", "<pre><code>{}</code></pre>",
    "[PYTHON]\n{}\n[/PYTHON]",
    "```python\n[PYTHON]\n{}\n[/PYTHON]\n```", "Answer: {}", "**Solution:** {}\n\nIt adds one.",
    "<code>\n{}\n</code>", "<answer>\n{}\n</answer>",
     "<answer>\n```python\n{}\n```\n</answer>",
    "\\begin{{lstlisting}}[language=Python]\n{}\n\\end{{lstlisting}}", "<think>f</think>{}", "<code>{}",
    "It's a simple task.\n\n{}\n\nIt returns the next number.\n", "Sure!\n{}\n\nHope this helps!", "{}\n\nprint('x')\n",
    "```python\ndef f(x):\n    return 0\n```\nNo:\n```python\n{}\n```", "```python\n{}\n```\n```python\nf(1)\n```",
    "\ufeff{}", "```python\n\u200b{}\n```", "```bash\npip install x\n```\n```python\n{}\n```",
     "```python\n{}\n```\n```\n2\n```", "```\n{}\n```\ndef f(x):\n    return 0\n",
]  # fmt: skip


def passes(response, tests, bare=False):
    with Grader("reduced") as grader:
        truths = [GroundTruth("code", tests=tests)] * len(response)
        return [verdict.correct for verdict in grader.grade(response, truths, [bare] * len(response))]


def calls(*pairs, **more):
    return {"entry_point": "f", "calls": [[a] for a, _ in pairs], "expected": [b for _, b in pairs]} | more


def test_a_program_passes_in_every_wrapping_and_a_wrong_one_in_none():
    tests = calls((1, 2), (5, 6))
    responses = [wrapping.format(CODE) for wrapping in WRAPPINGS]
    verdicts = passes(responses, tests)
    assert [text for text, right in zip(responses, verdicts, strict=True) if not right] == []
    wrong = [wrapping.format(CODE.replace("+ 1", "+ 2")) for wrapping in WRAPPINGS]
    assert not any(passes(wrong, tests))


def test_a_quoted_block_loses_its_marks():
    quoted = "".join(f"> {line}\n" for line in f"```python\n{CODE}\n```".splitlines())
    assert passes([quoted, quoted.replace("x + 1", "x > 1")], calls((1, 2))) == [True, False]


def test_the_form_that_our_own_prompt_asks_for_passes():
    assert "####" in SYSTEM_PROMPTS["hash"]["code"]
    forms = [f"So I add one.\n{mark}```python\n{CODE}\n```" for mark in ("####\n", "#### ", "####\n\n")]
    assert passes(forms, calls((1, 2))) == [True] * 3


@pytest.mark.parametrize(
    "docstring",
    ["```\n    f(1)\n    ```", "```python\n    >>> f(1)\n    2\n    ```", "Use ``` for code.", "```"],
)
@pytest.mark.parametrize("quotes", ['"""', "'''"])
def test_a_fence_within_a_docstring_does_not_end_the_program(docstring, quotes):
    code = f"def f(x):\n    {quotes}Add one.\n\n    {docstring}\n    {quotes}\n    return x + 1"
    assert passes([f"```python\n{code}\n```", f"```python\n{code}\n```\nAnd ```x``` more"], calls((1, 2))) == [
        True,
        True,
    ]


@pytest.mark.parametrize("code", ["f = lambda x: x + 1", "def f(x): return x + 1"])
@pytest.mark.parametrize("around", ["{}", "It is {}", "The function is {}.", "- {}!"])
def test_a_span_within_a_line_is_a_block(around, code):
    assert find_program(around.format(f"```{code}```"), ("f",)).text.strip() == code


def test_a_fence_at_the_end_of_a_line_takes_nothing_of_the_next_block():
    text = "```python\ndef g(x):\n    return 1```\n```python\ndef f(x):\n    return g(x)\n```"
    assert find_program(text, ("f",)) == ("def f(x):\n    return g(x)\n", ("def g(x):\n    return 1\n",), False)


def test_quotes_that_never_close_do_not_hide_the_next_block():
    text = f'```python\n"""broken\n```\nAgain:\n```python\n{CODE}\n```'
    assert passes([text], calls((1, 2))) == [True]


@pytest.mark.parametrize(
    "code",
    ["def f(x):\n\u00a0\u00a0\u00a0\u00a0return x + 1", "def f(x):\r\n    return x + 1\r\n",
     "def f(x):\n\treturn x + 1",
     "def f(x):\n    return x\u200b + 1", "def f(x):\n    \u201cAdd.\u201d\n    return x + 1",
     "def f(x):\n\u3000\u3000return x + 1"],
)  # fmt: skip
def test_characters_that_nobody_sees_do_not_matter(code):
    assert passes([f"```python\n{code}\n```"], calls((1, 2))) == [True]


def test_such_characters_in_the_texts_of_a_program_that_compiles_stay():
    code = "def f(x):\n    return '\u00a0\u200b\u201c'"
    assert passes([f"```python\n{code}\n```"], calls((1, "\u00a0\u200b\u201c"))) == [True]


@pytest.mark.parametrize(
    "response",
    ["", "```python\n>>> def f(x): return x + 1\n>>> f(1)\n2\n```", "```python\ndef f(x:\n    return x + 1\n```",
     "```python\ndef g(x):\n    return x + 1\n```", "def f(x) returns x + 1", "f adds one.", "```\n2\n```",
     "```python\ndef f(x):\n    return x + 1\n  oops(\n```", "    return x +", "return", "Use `f` = x + 1."],
)  # fmt: skip
def test_what_is_no_right_program_scores_nothing(response):
    prompt = "import math\n\n\ndef f(x):\n    '''Add one.'''\n"
    assert passes([response], calls((1, 2), prompt=prompt)) == [False]


PROMPT = (
    "from typing import List\nimport math\n\n\ndef half(x):\n    return x / 2\n\n\n"
    "def f(x: List[int]) -> List[float]:\n    '''Half of the roots.'''\n"
)


@pytest.mark.parametrize(
    "response",
    ["```python\ndef f(x: List[int]) -> List[float]:\n    return [half(math.sqrt(y)) for y in x]\n```",
     "    return [half(math.sqrt(y)) for y in x]\n", "return [half(math.sqrt(y)) for y in x]",
     "```python\n    return [half(math.sqrt(y)) for y in x]\n```",
     "    out = []\n    for y in x:\n        out.append(half(y**0.5))\n    return out\n\nThat is all.",
     "out = []\n    for y in x:\n        out.append(half(math.sqrt(y)))\n    return out",
     "```python\nfrom __future__ import annotations\n\ndef f(x):\n    return [half(math.sqrt(y)) for y in x]\n```"],
)  # fmt: skip
def test_the_prompts_names_and_head_are_there(response):
    assert passes(
        [response], {"entry_point": "f", "calls": [[[4, 16]]], "expected": [[1.0, 2.0]], "prompt": PROMPT}
    ) == [True]
    assert passes([response], {"assert": ["assert f([4, 16]) == [1.0, 2.0]"], "prompt": PROMPT}) == [True]


def test_the_prompts_own_function_is_no_answer():
    tests = {"entry_point": "f", "calls": [[[]]], "expected": [None], "prompt": PROMPT}
    assert passes(["", "```python\nx: List[int] = []\n```", "pass"], tests) == [False] * 3


def test_future_imports_of_later_blocks_come_first():
    code = assemble("from __future__ import annotations\ndef f(x: T): return g(x)", ["def g(x):\n    return x + 1"])
    names = {}
    exec(compile(code, "x", "exec"), names)
    assert names["f"](1) == 2


@pytest.mark.slow
@pytest.mark.skipif(not TASKS.is_file(), reason="no benchmarks beside the project")
def test_canonical_solutions_pass_in_every_wrapping_and_as_bare_bodies():
    with gzip.open(TASKS, "rt") as stream:
        tasks = [json.loads(line) for line in stream]
    tasks = [task for task in tasks if task["entry_point"] not in evalplus.SLOW][::12]
    truths = [GroundTruth("code", tests=tests) for tests in evalplus.build_tests(tasks, "reduced", workers=2)]
    wrappings = [*WRAPPINGS[::3], None]
    for place, (task, truth) in enumerate(zip(tasks, truths, strict=True)):
        chosen = {wrappings[(place + step) % len(wrappings)] for step in range(3)} | {None}
        whole = [text.format(evalplus.solution(task)) if text else task["canonical_solution"] for text in chosen]
        with Grader("reduced", workers=2) as grader:
            verdicts = grader.grade(whole, [truth] * len(whole))
        assert [text for text, verdict in zip(whole, verdicts, strict=True) if not verdict.correct] == []


@pytest.mark.parametrize(
    "piece",
    ["```", "```python\n", '"""', "'", "\"'", "<code>", "<|im_end|>\n", "####", "def f", "```python\n'''\n```\n",
     "\\begin{code}",
     "</s>\n", "`", "\n", "[PYTHON]", "1. "],
)  # fmt: skip
def test_long_responses_take_less_than_a_second(piece):
    start = time.process_time()
    find_program(piece * (500_000 // len(piece)), ("f",))
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "response",
    [
        # set apart without fences
        "The function:\n\n    def f(x):\n        return x + 1\n\nThis adds one.",
        "Use `def f(x): return x + 1`",
        "Answer: def f(x): return x + 1",
        # the language on a line of its own
        "```\npython\ndef f(x):\n    return x + 1\n```",
        "<code>python\ndef f(x):\n    return x + 1\n</code>",
        "'''python\ndef f(x):\n    return x + 1\n'''",
        # helpers in a later block
        "```python\ndef f(x):\n    return g(x)\n```\nwith\n```python\ndef g(x):\n    return x + 1\n```",
        # the later block's own f does not count
        "```python\ndef f(x):\n    return g(x)\n```\n```python\ndef g(x):\n    return x + 1\nf = 2\n```\n"
        "```python\ndef f(x):\n    return g(x)\n```",
        # fences and end tokens in the middle of a line
        "```python\ndef f(x):\n    return x + 1``` This works.",
        "```python\nimport math\n``````python\ndef f(x):\n    return math.floor(x) + 1\n```",
        "def f(x):\n    return x + 1\n<|endoftext|>import os\ndef f(x):\n    return x",
        "def f(x):\n    '<|endoftext|>x'\n    return x + 1",
        '```python\ndef f(x):\n    y = "``` A"\n    return x + 1\n```',
        # a margin of spaces that are no plain ones
        "```python\n\u00a0def f(x):\n\u00a0    return x + 1\n```",
        # bare bodies
        "Here is the body:\n    return x + 1",
        "    return x + 1\n```",
    ],
)
def test_a_program_that_is_set_apart_in_other_ways(response):
    prompt = "import math\n\n\ndef f(x):\n    '''Add one.'''\n"
    assert passes([response], calls((1, 2), prompt=prompt)) == [True]


@pytest.mark.parametrize(
    "response",
    [
        "The function:\n\n    def f(x):\n        return x + 2\n\nThis adds one.",
        "Use `def f(x): return x + 2`",
        "Use `def g(x): return x + 1`",
        "```python\ndef f(x):\n    return g(x)\n```\nor\n```python\ndef g(x):\n    return x + 2\n```",
        "Here is the body:\n    return x + 2",
    ],
)
def test_a_wrong_program_that_is_set_apart_stays_wrong(response):
    prompt = "import math\n\n\ndef f(x):\n    '''Add one.'''\n"
    assert passes([response], calls((1, 2), prompt=prompt)) == [False]


@pytest.mark.parametrize(
    ("response", "program"),
    [
        # an empty line within indented code is part of it, and the last such code counts
        (
            "So:\n\n    def f(x):\n        y = x\n\n        return y\n\nThat is it.",
            "def f(x):\n    y = x\n\n    return y",
        ),
        (
            "So:\n\n    def f(x):\n        return x\n\nor\n\n    def f(x):\n        return 2\n",
            "def f(x):\n    return 2",
        ),
        # three quotes fence only what such a fence has opened
        (
            "'''python\nimport math\n'''\n```python\ndef f(x):\n'''\nx\n'''\n```",
            "def f(x):\n'''\nx\n'''\n",
        ),
    ],
)
def test_where_a_program_begins_and_ends(response, program):
    assert find_program(response, ("f",)).text == program
