"""Responses that stop while they go through the options."""

import re

UNFINISHED = re.compile(r"\s(?:is|are|was|the|an?|in|of|and|to|by|for|with|that|which|as|if|when|because|would)\s*$")
#: no end of a sentence
BROKEN_OFF = re.compile(r"(?:[a-z\u4e00-\u9fff]|[,\uff0c])\s*$")
OPTION_LINE = re.compile(
    r"[\s*_>#\u2022-]{0,8}(?:(?:Option|Choice|Answer)\s)?[(*\[]{0,3}([A-Z])[).:*\]]{1,4}\s*\S+[\s\S]{12,}"
)
OTHER_LETTER = re.compile(r"[\s*_>#]{0,8}[(*\[]{0,3}[B-Z][).:*\]]")  # an answer above its reasons
CONSIDERED = re.compile(
    r"\b(?:analy[sz]e|consider|evaluate|examine|look at|go through|review|assess|discuss|check)\b|\u5206\u6790",
    re.IGNORECASE,
)
ANSWERED = re.compile(
    r"\b(?:answer|correct|therefore|thus|hence|so)\b|\u7b54\u6848|\u6240\u4ee5|\u56e0\u6b64", re.IGNORECASE
)


def breaks_off(text: str, lines: list[str]) -> bool:
    """Whether a text stops in the middle of a sentence while it goes through the options."""
    if ANSWERED.search(text) or not BROKEN_OFF.search(text):
        return False
    if len(lines) == 1:
        return CONSIDERED.search(text) is not None and UNFINISHED.search(text) is not None
    listed = [line for line in lines if OPTION_LINE.match(line)]
    if not listed or OPTION_LINE.match(listed[0])[1] != "A" or OTHER_LETTER.match(lines[0]):
        return False
    return listed[-1] == lines[-1] and (len(listed) > 1 or CONSIDERED.search(text) is not None)
