"""Long texts made of what the patterns for answers look for: reading them must take no time."""

import time

import pytest

from reward_memory.answers.choices import extract_letter
from reward_memory.answers.extraction import find_answer
from reward_memory.verifiers.math import compare
from reward_memory.verifiers.programs import find_program

CHANGES = ("increases", "decreases", "stays the same", "cannot be determined")

HOSTILE = [
    *("is two " * 15_000, "3 to " * 20_000, "1/2 " * 25_000, "\\mathbb{R} \\ {" * 5_000, "an ant is the " * 7_000),
    *("which is option " * 6_000, "I think " * 12_000, "def f(x):\n" + '"""\n```\n' * 9_000, "#### def f(" * 9_000),
    *("three and a half " * 6_000, "3:45 " * 20_000, "0.(3" * 20_000, "5\\,\\mathrm{m}" * 6_000, "5" + "\\, " * 30_000),
    *("\\max\\{" * 10_000, "{-" * 30_000, "\\\\[4" * 20_000, "7 \\text{(mod" * 7_000, "3/4, i.e. " * 9_000),
    *("#### Day 2\n" * 8_000, "#### Alice's share\n" * 5_000, "word " * 18_000, "<final_answer>" * 6_000),
    *("the second option is " * 4_000, "I rank B above " * 6_000, "wait, B " * 10_000, "option C it is " * 6_000),
    *("class Solution:\n" * 6_000, "class Solution:\n" + " \n" * 40_000, "```markdown\n" * 8_000, "!pip " * 18_000),
    *("{}" + " " * 90_000 + "x", "{} " * 30_000 + "x", "x" + "\n" * 90_000 + "x", "A:" + " \t" * 40_000),
    *("9\u03c0+" * 20_000, "1e" * 40_000, "- " * 50_000, "\u207f(" * 20_000, "a\u221a" * 30_000, "((((" * 20_000),
    *('"answer": "' * 8_000, '"answer": "' + "\\" * 90_000, "#### 1. a\n" * 10_000, "### " * 20_000),
    *(
        "'A " * 30_000,
        "\u2192 " * 40_000,
        "A: " * 30_000,
        "A: x true " * 9_000,
        "(b) " * 20_000,
        "by elimination " * 6_000,
    ),
    *(
        "{" * 90_000,
        '{"a":' * 18_000,
        "<|begin_of_box|>" * 6_000,
        "\\boldsymbol{" * 7_000,
        "$1.2$ " * 15_000,
        "12: " * 20_000,
    ),
    *(
        "2x+" * 30_000,
        "n(n" * 30_000,
        "can't be A or " * 7_000,
        "it isn't A, " * 8_000,
        "not " * 20_000 + "A is correct",
    ),
    *("1 x 10^" * 12_000, "\\sqrt1" * 10_000, "\u00b2\u2044" * 30_000, "No, no " * 15_000, "```json\n{" + " " * 90_000),
]


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_long_texts_take_no_time(text):
    start = time.process_time()
    compare(find_answer(text), "5")
    compare(find_answer(f"The answer is {text[:4000]}"), "\\frac{1}{2}")
    compare(find_answer(f"#### {text[:4000]}"), "\\frac{1}{2}")
    extract_letter(find_answer(text), CHANGES, text)
    find_program(text, ("f",))
    assert time.process_time() - start < 2
