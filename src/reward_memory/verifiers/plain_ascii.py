"""Plain-text mathematics as LaTeX: `sqrt5`, `abs(x)`, `log2(5)`, `+/- 5`, `(-inf, 2) U (3, inf)`, `1/2 x`."""

import re

from reward_memory.answers.extraction import closing_place

_ALONE = r"(?<![\\A-Za-z])"
LOST_BACKSLASH = re.compile(rf"{_ALONE}(sqrt|[dt]?frac)(?=\s?\{{)")
SHORT_ROOT = re.compile(rf"{_ALONE}sqrt\s?(\d{{1,12}}|[a-z](?![A-Za-z]))")
CALL = re.compile(rf"{_ALONE}(abs|floor|ceil|ceiling|cuberoot)\s?(?=\()")
AROUND = {
    "abs": ("\\left|", "\\right|"),
    "floor": ("\\lfloor ", "\\rfloor "),
    "ceil": ("\\lceil ", "\\rceil "),
    "ceiling": ("\\lceil ", "\\rceil "),
    "cuberoot": ("\\sqrt[3]{", "}"),
}
RAISED_ROOT = re.compile(r"([³⁴⁵])\s?√")
DEGREES = {"³": "[3]", "⁴": "[4]", "⁵": "[5]"}
LOG_BASE = re.compile(rf"{_ALONE}log(\d{{1,2}})\s?(?=\()")
PLUS_MINUS = re.compile(r"\+\s?/\s?-\s?|(?:^|(?<=[=(,]))\s?\+-(?=\s?[\d\\a-z(])")
#: U between intervals
UNION = re.compile(r"(?<=[)\]])\s{0,3}U\s{0,3}(?=[(\[])")
_ROOT = r"(?:\\?sqrt(?:\(\d{1,9}\)|\{\d{1,9}\})|√\d{1,9}|√\(\d{1,9}\))"
#: the space in `1/2 x` ends the denominator
FRACTION_BEFORE_FACTOR = re.compile(
    rf"(?<![\w.)}}\]^/])(\d{{1,9}}{_ROOT}?|{_ROOT})\s?/\s?(\d{{1,9}})\s+"
    r"(?=[A-Za-z](?![A-Za-z])|\\?(?:pi|sqrt|ln|log|sin|cos|tan|exp)(?![A-Za-z])|[π√(])"
)
WORDS_BEHIND = re.compile(r"(?<=[\d)π])\s+(?:(?:square|cubic|sq\.?|cu\.?)\s)?[a-z]{3,12}(?:\s[a-z]{3,12})?\.?$")
PI_WITH_WORDS = re.compile(
    r"(?<=pi)\s+(?:(?:square|cubic|sq\.?|cu\.?)\s)[a-z]{2,12}\.?$|(?<=pi)\s+(?:units|inches|feet)\.?$"
)
FOR_ALL = re.compile(r"\s+for (?:all|any|every)(?: real)?(?: numbers)? [a-z](?: in [^=]{1,20})?$")
SIGNS = re.compile(r"[/^*()π√²³]|pi|sqrt")  # the units of plain numbers are read elsewhere
#: words that change a value or are part of a formula
NO_UNIT = re.compile(
    r"\b(?:hundred|thousand|million|billion|trillion|dozen|and|or|if|for|when|where|mod|with|such|plus|minus|times|over|less|"
    r"more|greater|any|all|is|are|even|odd|prime|base|none|sin|cos|tan|cot|sec|csc|log|exp|max|min|sqrt|abs|inf|infinity|"
    r"choose|half|percent|degrees|radians|rad|squared|cubed|theta|alpha|beta|gamma|lambda|sigma|omega|phi)\b"
)


def plain_ascii(text: str) -> str:
    """Rewrite a formula's plain-text spellings to LaTeX; everything else stays."""
    if "√" in text:
        text = RAISED_ROOT.sub(lambda found: f"\\sqrt{DEGREES[found[1]]}", text)
        text = re.sub(r"\\sqrt(\[\d\])\s?(\d{1,9}|[a-z])", r"\\sqrt\1{\2}", text)
    if "/" in text:
        text = FRACTION_BEFORE_FACTOR.sub(r"\\frac{\1}{\2} ", text)
    if "\\" not in text and "$" not in text:
        text = _without_words_behind(text)
    text = UNION.sub(r"\\cup ", PLUS_MINUS.sub(r"\\pm ", text))
    text = SHORT_ROOT.sub(r"\\sqrt{\1}", LOST_BACKSLASH.sub(r"\\\1", LOG_BASE.sub(r"\\log_{\1}", text)))
    while call := CALL.search(text):
        end = closing_place(text, call.end())
        if end < 0:
            break
        opening, closing = AROUND[call[1]]
        text = f"{text[: call.start()]}{opening}{text[call.end() + 1 : end]}{closing}{text[end + 1 :]}"
    return text


def _without_words_behind(text: str) -> str:
    """Remove "square units" and "for all x" at the end of a formula."""
    text = FOR_ALL.sub("", text)
    found = PI_WITH_WORDS.search(text) or WORDS_BEHIND.search(text)
    if found is None or NO_UNIT.search(found[0]) or not SIGNS.search(text, 0, found.start()):
        return text
    return text[: found.start()]
