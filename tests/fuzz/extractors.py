"""A fuzz target for everything that reads a response: `python tests/fuzz/extractors.py [SECONDS] [SEED]`.

No text may raise, take a second of a core, or be right with an empty answer. `check` takes one text, so that a
coverage-guided fuzzer can drive it as well (atheris: `atheris.Fuzz` over `check(data.decode("utf-8", "replace"))`).
"""

import random
import sys
import time

from reward_memory.answers.choices import extract_letter
from reward_memory.answers.extraction import find_answer
from reward_memory.answers.numbers import decimal_comma, last_number, number_with_unit, plain_number
from reward_memory.answers.responses import split_response
from reward_memory.reward_models.features.signals import answer_key
from reward_memory.verifiers.math import Judgment, compare
from reward_memory.verifiers.programs import find_program

LIMIT = 1.0  # seconds of a core for all readers together
LONGEST = 50_000  # characters
PIECES = (
    *("\\boxed", "\\fbox", "{", "}", "####", "$", "$$", "\\", "\\(", "\\)", "\\frac", "\\text{", "^", "_", "&", "\\\\"),
    *(
        "answer is ",
        "The answer: ",
        "A:",
        "option ",
        "(B)",
        "**C**",
        "D.",
        "[A]",
        " or ",
        " and ",
        "because",
        "\n",
        " ",
    ),
    *(
        "1",
        "-",
        ",",
        ".",
        "/",
        "%",
        "1,000",
        "2.50",
        "\N{MINUS SIGN}3",
        "1/2",
        "€",
        "é",
        "\u2028",
        "\x00",
        "數",
        "\ud800",
    ),
    *("<think>", "</think>", "```", "```python", "def f(x):", "    return x", "'''", "lambda", "(", ")", "[", "]"),
)


def check(text: str) -> None:
    """AssertionError, or whatever a reader raises, if the text breaks a promise."""
    start = time.process_time()
    answer = find_answer(text)
    for truth in ("", " ", "12", "\\frac{1}{2}", "x+1"):
        found = compare(answer, truth)
        if isinstance(found, Judgment) and found.correct:
            assert answer.text.strip(), "an empty answer is right"
            assert truth.strip(), "an empty truth is met"
    for options in ((), ("cat", "dog"), ("A", "B", "C", "")):
        letter, _ = extract_letter(answer, options)
        assert letter is None or letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(options) or 5], letter
    for read in (plain_number, decimal_comma, number_with_unit, last_number):
        read(text)
    program = find_program(text, ("f",))
    assert isinstance(program.text, str)
    assert all(isinstance(block, str) for block in program.earlier)
    for domain in ("math", "qa", "code"):
        split_response(text, domain)
        assert isinstance(answer_key(text, domain), str)
    seconds = time.process_time() - start
    assert seconds < LIMIT, f"{seconds:.1f} s for {len(text)} characters"


def draw(generator: random.Random) -> str:
    """A text of pieces that mean something; now and then one piece many times over."""
    pieces = [generator.choice(PIECES) for _ in range(generator.randint(0, 40))]
    if generator.random() < 0.05:
        piece = "".join(generator.choices(PIECES, k=generator.randint(1, 3)))
        pieces.insert(generator.randint(0, len(pieces)), piece * generator.randint(1, LONGEST // len(piece)))
    return "".join(pieces)


def main(seconds: float, seed: int) -> int:
    """Number of texts that were checked."""
    generator, end, count = random.Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        text = draw(generator)
        try:
            check(text)
        except BaseException:
            print(f"after {count} texts, seed {seed}: {text[:2000]!r}", file=sys.stderr)
            raise
        count += 1
    return count


if __name__ == "__main__":
    limit, start = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0, int(sys.argv[2]) if len(sys.argv) > 2 else 0
    print(f"{main(limit, start):,} texts, none broke a promise")
