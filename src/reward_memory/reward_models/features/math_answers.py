"""Answer features of mathematics: the value, whether there is one, whether the samples agree on it."""

import math
import re
from collections import Counter
from collections.abc import Container, Sequence

import numpy as np

PLAIN = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
#: A number or a ratio of two; a minus after a digit, letter or bracket is a subtraction.
NUMBER = re.compile(rf"(?P<minus>(?<![\w)\]}}])-)?(?P<above>{PLAIN})(?:\s*/\s*(?P<below>{PLAIN}))?")
CUT = re.compile(r"-?[\d,]+\.?\d*")
CUT_MARKED, CUT_BOX = re.compile(rf"####\s*({CUT.pattern})"), re.compile(r"\\boxed\{([^}]+)\}")
FRACTION = re.compile(r"(-?)\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")


def extract_number(answer: str) -> float | None:
    """The last number of an answer text, ratios and LaTeX fractions included, or None.

    Corrected from the published rule, `extract_cut_number`.
    """
    text = FRACTION.sub(r" \1\2/\3 ", answer.replace("\N{MINUS SIGN}", "-"))
    numbers = list(NUMBER.finditer(text))
    if not numbers:
        return None
    last = numbers[-1]
    above, below = (float(last[part].replace(",", "")) if last[part] else 1.0 for part in ("above", "below"))
    number = above / below if below else math.nan
    return (-number if last["minus"] else number) if math.isfinite(number) else None


def extract_cut_number(response: str) -> float | None:
    """The number that the published code reads of a whole response (behavior `cut-number`), or None.

    That after the first `####`, else that which fills the first box, else the last of the text; it ends before a slash
    and at any other character that is not of a plain number.
    """
    marked, box = CUT_MARKED.search(response), CUT_BOX.search(response)
    found = [match[1] for match in (marked, box) if match] + CUT.findall(response)[-1:]
    for text in found:
        try:
            return float(text.replace(",", ""))
        except ValueError:
            continue  # as published: what is no number is passed over
    return None


def answer_features(
    answers: Sequence[str],
    groups: Sequence[int],
    domains: Sequence[str],
    *,
    thinking: Sequence[str] = (),
    fidelity: Container[str] = (),
) -> np.ndarray:
    """Three features a response (MemReward, section 3), (n, 3) float32; zeros outside mathematics.

    answers   n answer texts
    groups    n query indices: responses with one index are samples of one query, any number of them
    domains   n domains: math | qa | code
    thinking  n texts before the answers, for the behavior cut-number alone
    fidelity  published behaviors, of which cut-number and zero-majority are about these features

    Columns: sign(x) log1p(|x|) / 20 clipped to [-1, 1]; 1 if a number was found; 1 if it equals the most common
    number of the group (the earlier one on a tie).
    """
    features = np.zeros((len(answers), 3), np.float32)
    cut = "cut-number" in fidelity
    texts = [f"{before}\n{answer}" for before, answer in zip(thinking, answers, strict=True)] if cut else answers
    read, digits = (extract_cut_number, 2) if cut else (extract_number, 6)
    numbers = {
        row: number
        for row, (text, domain) in enumerate(zip(texts, domains, strict=True))
        if domain == "math" and (number := read(text)) is not None
    }
    votes: dict[int, Counter] = {}
    for row, number in numbers.items():
        votes.setdefault(groups[row], Counter())[round(number, digits)] += 1
    for row, number in numbers.items():
        value = math.copysign(min(math.log1p(abs(number)) / 20, 1.0), number)
        majority = votes[groups[row]].most_common(1)[0][0]
        agrees = round(number, digits) == majority and not (majority == 0 and "zero-majority" in fidelity)
        features[row] = value, 1.0, agrees
    return features
