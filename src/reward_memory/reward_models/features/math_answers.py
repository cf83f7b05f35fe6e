"""Read the number in an answer, for the answer features."""

import math
import re

PLAIN = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
#: A number or a ratio of two; a minus after a digit, letter or bracket is a subtraction.
NUMBER = re.compile(rf"(?P<minus>(?<![\w)\]}}])-)?(?P<above>{PLAIN})(?:\s*/\s*(?P<below>{PLAIN}))?")
CUT = re.compile(r"-?[\d,]+\.?\d*")
CUT_MARKED, CUT_BOX = re.compile(rf"####\s*({CUT.pattern})"), re.compile(r"\\boxed\{([^}]+)\}")
FRACTION = re.compile(r"(-?)\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")


def extract_number(answer: str) -> float | None:
    """Return the last number in an answer text, including ratios and LaTeX fractions, or None.

    Corrected version of the published rule, `extract_cut_number`.
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
    """Return the number that the published code reads from a complete response (behavior `cut-number`), or None.

    The number after the first `####`, else the content of the first box, else the last number in the text. It ends
    before a slash and at any other character that is not part of a plain number.
    """
    marked, box = CUT_MARKED.search(response), CUT_BOX.search(response)
    candidates = [match[1] for match in (marked, box) if match] + CUT.findall(response)[-1:]
    for text in candidates:
        try:
            return float(text.replace(",", ""))
        except ValueError:
            continue  # as published: skip text that is not a number
    return None
