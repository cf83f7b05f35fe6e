"""Rewrite functions by cases, `\\begin{cases} x^2 & \\text{if } x \\ge 1 \\\\ x & \\text{otherwise} \\end{cases}`, as
a list that math-verify can compare: each value plus a symbol that stands for its condition.

Conditions are compared as text, without the words and signs around them.
"""

import re
import zlib

CASES = re.compile(
    r"(?P<open>\\left\s?\\\{\s*)?\\begin\{(?P<name>cases|dcases|rcases|array)\}(?:\{[lcr|@\s]{0,9}\})?"
    r"(?P<rows>(?:(?!\\begin|\\end).){1,1500})\\end\{(?P=name)\}(?:\s*\\right\s?\.)?",
    re.DOTALL,
)
HEAD = re.compile(r"^\s*[A-Za-z](?:_\{?\w\}?)?(?:\s?\([A-Za-z]\))?\s*=\s*$")  # f(x) =
ROW_END = re.compile(r"\\\\(?:\s?\[[^\]\n]{1,8}\])?")
TEXT = re.compile(r"\\(?:text|textrm|mathrm|mbox|textit)\s?\{([^{}]{0,80})\}")
SPACE = re.compile(r"\\[,;:! ]|\\q?quad(?![a-zA-Z])|~|\s+|\$")
SAME = re.compile(r"\\(?P<le>leqslant|leq)(?![a-zA-Z])|\\(?P<ge>geqslant|geq)(?![a-zA-Z])|\\(?P<ne>neq)(?![a-zA-Z])")
WORDS = re.compile(
    r"^(?:,|if|for|when|where|whenever|and|is|are|all|an|a)(?![A-Za-z])|(?<![A-Za-z])(?:is|are|an|a)(?![A-Za-z])"
)
OTHERWISE = re.compile(r"(?:otherwise|else|elsewhere)", re.IGNORECASE)
FLIPPED = re.compile(r"^([^<>=\\A-Za-z]+|\\pi)(<|>|\\le|\\ge)([A-Za-z])$")
COMPLEMENTS = {"<": "\\ge", "\\le": ">", ">": "\\le", "\\ge": "<", "=": "\\ne", "\\ne": "="}
COMPARED = re.compile(r"^([A-Za-z])(<|>|=|\\le|\\ge|\\ne)([^<>=\\,]+|\\pi|\\frac[^<>=,]+)$")
#: the second cell of a system of equations, which is not a condition
SYSTEM_CELL = re.compile(r"^(?:=|\+|-|\\(?:le|ge|ne|approx|equiv|text\s?\{\s?(?:and|or)\s?\})|[<>])")


def plain_cases(text: str) -> str:
    """Rewrite the cases of a formula as values plus the symbols of their conditions. Return other formulas, also
    systems of equations, unchanged.
    """
    found = CASES.search(text)
    if found is None or (found["name"] == "array" and not found["open"]):
        return text
    before, after = text[: found.start()], text[found.end() :]
    if (before.strip() and not HEAD.match(before)) or after.strip(" .,$"):
        return text
    rows = [row for row in ROW_END.split(found["rows"]) if row.strip()]
    cells = [[cell.strip() for cell in row.split("&", 1)] for row in rows]
    if len(rows) < 2 or any(len(row) < 2 or not row[0] or SYSTEM_CELL.match(row[1]) for row in cells):
        return text
    values = [SPACE.sub(" ", value).strip().rstrip(",;.").strip() for value, _ in cells]
    conditions = [_condition(condition) for _, condition in cells]
    if not all(values) or not all(conditions):
        return text
    if len(rows) == 2 and OTHERWISE.fullmatch(conditions[1]):
        conditions[1] = _complement(conditions[0]) or conditions[1]
    marks = [zlib.crc32(condition.encode()) % 10**8 + 10**8 for condition in conditions]
    return ", ".join(f"{value}+M_{{{mark}}}" for value, mark in zip(values, marks, strict=True))


def _condition(text: str) -> str:
    """Remove the words and signs around a condition: `\\text{if } x \\geq 1,` becomes `x\\ge1`."""
    text = SPACE.sub(" ", TEXT.sub(r" \1 ", SAME.sub(lambda sign: f"\\{sign.lastgroup} ", text)))
    text = re.sub(r"\\(?:left|right)(?![a-zA-Z])", "", text).strip()
    before = None
    while text != before:
        before, text = text, WORDS.sub("", text).strip().rstrip(",;.").strip()
    text = text.replace(" ", "").replace(">=", "\\ge").replace("<=", "\\le").replace("\u2265", "\\ge")
    text = text.replace("\u2264", "\\le")
    turned = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}
    return FLIPPED.sub(lambda sides: f"{sides[3]}{turned[sides[2]]}{sides[1]}", text)


def _complement(condition: str) -> str:
    """The negation of a condition; "" if there is no simple one."""
    if condition.endswith("even"):
        return f"{condition[:-4]}odd"
    if condition.endswith("odd"):
        return f"{condition[:-3]}even"
    sides = COMPARED.match(condition)
    return f"{sides[1]}{COMPLEMENTS[sides[2]]}{sides[3]}" if sides else ""
