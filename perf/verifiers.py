"""Speed of the verifiers: `python perf/verifiers.py` prints verdicts a second beside what is asked of them."""

import random
import time

from reward_memory.verifiers import Grader, GroundTruth

WORKERS = 2
CALLER_BYTES = 3 << 30
LOOPS, RESPONSES = 51, 1_024


def arithmetic(count: int) -> tuple[list[str], list[GroundTruth]]:
    """Responses in the manner of GSM8K: some lines of work and a last line with the number."""
    draw = random.Random(0)
    work = "She has 16 - 3 = <<16-3=13>>13 left, which makes 13 * 2 = <<13*2=26>>26 dollars a day.\n" * 4
    numbers = [draw.randrange(10_000) for _ in range(count)]
    responses = [f"{work}#### {draw.choice(('', '$'))}{number:,}" for number in numbers]
    return responses, [GroundTruth("math", answer=str(number + draw.randrange(2))) for number in numbers]


def algebra(count: int) -> tuple[list[str], list[GroundTruth]]:
    """Boxed expressions that are not written as the truth is; no two alike, so nothing is saved by asking once."""
    forms = [
        ("\\frac{{{0}}}{{{1}}}", "\\frac{{{2}}}{{{3}}}"),
        ("{0}\\sqrt{{{1}}}", "\\sqrt{{{1}}} \\cdot {0}"),
        ("(x+{0})({1}+x)", "(x+{1})(x+{0})"),
        ("({0}, {1}\\pi)", "({0},\\pi\\cdot {1})"),
        ("x^2 + {0}", "{0} + x^2"),
        ("[{0}, \\infty)", "\\left[{0},\\infty\\right)"),
    ]
    responses, truths = [], []
    for number in range(count):
        answer, truth = forms[number % len(forms)]
        values = (number + 2, number + 3, 2 * number + 4, 2 * number + 6)
        responses.append(f"So it is $\\boxed{{{answer.format(*values)}}}$.")
        truths.append(GroundTruth("math", answer=truth.format(*values)))
    return responses, truths


def programs(count: int, loops: int = 0) -> tuple[list[str], list[GroundTruth]]:
    """Short programs with ten calls each, `loops` of them endless and spread evenly."""
    tests = {"entry_point": "f", "calls": [[n] for n in range(10)], "expected": [n * n for n in range(10)], "base": 3}
    right = "```python\ndef f(n):\n    return sum(2 * k + 1 for k in range(n))\n```"
    endless = "```python\ndef f(n):\n    while True:\n        n += 1\n```"
    every = count // loops if loops else count + 1
    responses = [endless if place % every == every - 1 and place // every < loops else right for place in range(count)]
    return responses, [GroundTruth("code", tests=tests)] * count


def measure(grader: Grader, responses: list[str], truths: list[GroundTruth]) -> float:
    """Seconds for a warm grader."""
    grader.grade(responses[:8], truths[:8])
    start = time.perf_counter()
    grader.grade(responses, truths)
    return time.perf_counter() - start


def row(what: str, figure: str, asked: str) -> None:
    print(f"{what:<58}{figure:>12}   {asked}", flush=True)


def main() -> None:
    row("", "measured", "asked")
    with Grader(workers=WORKERS) as grader:
        row("answers like GSM8K's", f"{20_000 / measure(grader, *arithmetic(20_000)):,.0f}/s", "5,000/s")
        row("symbolic answers", f"{1_200 / measure(grader, *algebra(1_200)):,.0f}/s", "150/s")
        small = 2_000 / measure(grader, *programs(2_000))
        row("short programs in full isolation", f"{small:,.0f}/s", "150/s")
        ballast = bytearray(CALLER_BYTES)
        ballast[::4096] = b"x" * len(ballast[::4096])  # touched, so that it is there
        with Grader(workers=WORKERS) as late:
            large = 2_000 / measure(late, *programs(2_000))
        row(f"the same from a caller of {CALLER_BYTES >> 30} GB", f"{large:,.0f}/s", f"{small:,.0f}/s")
        del ballast
        seconds = measure(grader, *programs(RESPONSES, LOOPS))
        row(f"{RESPONSES:,} programs, {LOOPS} of them endless", f"{seconds:.0f} s", "60 s")


if __name__ == "__main__":
    main()
