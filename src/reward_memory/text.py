"""Splitting a response into thinking and answer: one rule for the memory and for serving."""

import re

THINK = re.compile(r"<think>(.*?)</think>(.*)", re.DOTALL)


def split_response(text: str, domain: str) -> tuple[str, str]:
    """(thinking, answer) of a response (MemReward, section 3; corrected: one rule everywhere).

    `<think>` tags win; then, for code, the first ```python fence, and otherwise the last `####`, starts the
    answer. A response without any marker is cut in the middle.
    """
    tagged = THINK.search(text)
    if tagged:
        return tagged[1].strip(), tagged[2].strip()
    at = text.find("```python") if domain == "code" else text.rfind("####")
    if at < 0:
        at = len(text) // 2
    return text[:at].strip(), text[at:].strip()
