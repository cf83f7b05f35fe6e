"""Answer features of mathematics: the value, whether there is one, whether the samples agree on it."""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

PLAIN = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
#: A number or a ratio of two; a minus after a digit, letter or bracket is a subtraction.
NUMBER = re.compile(rf"(?P<minus>(?<![\w)\]}}])-)?(?P<above>{PLAIN})(?:\s*/\s*(?P<below>{PLAIN}))?")
FRACTION = re.compile(r"(-?)\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")


def extract_number(answer: str) -> float | None:
    """The last number of an answer text, ratios and LaTeX fractions included, or None.

    Corrected from the published rule, which takes the first number of the whole text.
    """
    text = FRACTION.sub(r" \1\2/\3 ", answer.replace("\N{MINUS SIGN}", "-"))
    numbers = list(NUMBER.finditer(text))
    if not numbers:
        return None
    last = numbers[-1]
    above, below = (float(last[part].replace(",", "")) if last[part] else 1.0 for part in ("above", "below"))
    number = above / below if below else math.nan
    return (-number if last["minus"] else number) if math.isfinite(number) else None


def answer_features(answers: Sequence[str], groups: Sequence[int], domains: Sequence[str]) -> np.ndarray:
    """Three features a response (MemReward, section 3), (n, 3) float32; zeros outside mathematics.

    answers  n answer texts
    groups   n query indices: responses with one index are samples of one query, any number of them
    domains  n domains: math | qa | code

    Columns: sign(x) log1p(|x|) / 20 clipped to [-1, 1]; 1 if a number was found; 1 if it equals the most common
    number of the group (the earlier one on a tie; a majority of 0 counts, unlike in the published code).
    """
    features = np.zeros((len(answers), 3), np.float32)
    numbers = {
        row: number
        for row, (answer, domain) in enumerate(zip(answers, domains, strict=True))
        if domain == "math" and (number := extract_number(answer)) is not None
    }
    votes: dict[int, Counter] = {}
    for row, number in numbers.items():
        votes.setdefault(groups[row], Counter())[round(number, 6)] += 1
    for row, number in numbers.items():
        value = math.copysign(min(math.log1p(abs(number)) / 20, 1.0), number)
        majority = votes[groups[row]].most_common(1)[0][0]
        features[row] = value, 1.0, round(number, 6) == majority
    return features
