"""Normalized words of a text (without case, layout and punctuation), to find duplicate questions."""

import re
import unicodedata

# a word, one character of a script without spaces, or a sign that changes what a formula says
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+|[-+*/=<>^|!%]")


def words(text: str) -> list[str]:
    """Return the words and signs of a text."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
