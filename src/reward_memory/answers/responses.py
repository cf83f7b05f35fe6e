"""Splitting a response into thinking and answer: one rule for the memory and for serving."""

import re

BOX = re.compile(r"\\(?:boxed|fbox)\b")


def split_response(text: str, domain: str) -> tuple[str, str]:
    """(thinking, answer) of a response (MemReward, section 3; corrected: one rule everywhere).

    A closing `</think>` wins, with or without its opening tag, which some chat templates write into the prompt; then,
    for code, the first ```python fence, and otherwise the last `####` or else the last box, starts the answer. A
    response without any marker is cut in the middle.
    """
    thinking, closed, answer = text.partition("</think>")
    if closed:
        return thinking.split("<think>", 1)[-1].strip(), answer.strip()
    at = text.find("```python") if domain == "code" else _answer_mark(text)
    if at < 0:
        at = len(text) // 2
    return text[:at].strip(), text[at:].strip()


def split_as_served(text: str) -> tuple[str, str]:
    """(thinking, answer) as the published server splits a response, whatever its domain (behavior `serving-split`).

    The answer is what stands between the first `####` and the next; without a mark the whole text is the thinking, and
    its first 100 characters are the answer, as they are where nothing follows the mark.
    """
    thinking, mark, rest = text.partition("####")
    if not mark:
        return text, text[:100]
    thinking = thinking.strip()
    return thinking, rest.partition("####")[0].strip() or thinking[:100]


def _answer_mark(text: str) -> int:
    """Where the answer of a math problem or a choice starts, -1 if nothing says so."""
    at = text.rfind("####")
    return at if at >= 0 else max((box.start() for box in BOX.finditer(text)), default=-1)
