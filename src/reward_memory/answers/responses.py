"""Split a response into thinking and answer, by one rule for the memory and for serving."""

import re

BOX = re.compile(r"\\(?:boxed|fbox)\b")


def split_response(text: str, domain: str) -> tuple[str, str]:
    """Return (thinking, answer) of a response (MemReward, section 3; corrected: one rule everywhere).

    The answer follows `</think>`, with or without the opening tag, which some chat templates put into the prompt.
    Without `</think>`, it starts at the first ```python fence for code, otherwise at the last `####` or else the last
    box. A response without any marker is split in the middle.
    """
    thinking, closed, answer = text.partition("</think>")
    if closed:
        return thinking.split("<think>", 1)[-1].strip(), answer.strip()
    at = text.find("```python") if domain == "code" else _answer_mark(text)
    if at < 0:
        at = len(text) // 2
    return text[:at].strip(), text[at:].strip()


def split_as_served(text: str) -> tuple[str, str]:
    """Return (thinking, answer) as the published server does, in every domain (behavior `serving-split`).

    The answer is the text between the first `####` and the next. If that is empty, the answer is the first 100
    characters of the thinking. Without a mark, the complete text is the thinking.
    """
    thinking, mark, rest = text.partition("####")
    if not mark:
        return text, text[:100]
    thinking = thinking.strip()
    return thinking, rest.partition("####")[0].strip() or thinking[:100]


def _answer_mark(text: str) -> int:
    """Where the answer of a math problem or a choice starts; -1 if nothing marks it."""
    at = text.rfind("####")
    return at if at >= 0 else max((box.start() for box in BOX.finditer(text)), default=-1)
