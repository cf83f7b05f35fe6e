"""Rewrite words within a formula to spellings that the number and formula readers know: `3.5 \\text{ million}`,
`12 \\text{ in}`, `24 种`, `x=2 或 x=-5`, `16 \\text{ when } x = 2`; and vectors as `2\\mathbf{i} + \\mathbf{j}`.
"""

import re

from reward_memory.answers.numbers import CJK, CJK_SCALES

LONGEST = 1_000  # characters; a longer formula is left unchanged
_TEXT = r"\\(?:text|mathrm|textrm|textnormal|mbox)\s*\{"
_GAP = r"(?:\s|~|\\[,;: ])*"
SCALED = re.compile(
    rf"(?<=\d){_GAP}{_TEXT}\s*((?:hundred|thousand|million|billion|trillion)\b[^{{}}]{{0,40}})\}}", re.IGNORECASE
)
_END = r"(?=\s*(?:\^|/|\\cdot|[.,;)\]}$]|$))"
INCHES = re.compile(rf"({_TEXT}\s*)in\.?(?=\s*(?:\}}{_END}|\^))")
PLAIN_INCHES = re.compile(r"(?<=\d)\s?in\.?(?=(?:\s?\^\s?(?:[23]|\{[23]\})|[²³])?\s*\.?$)")
TOTAL = re.compile(r"(?<=[a-z])\s+(?:in total|in all|altogether)(?=\s*\})")
#: a value, then the condition under which it holds
_VALUE = r"-?(?:[\d.,]+|\\[dt]?frac\s?\{[^{}]{1,20}\}\s?\{[^{}]{1,20}\}|\d*\\sqrt\s?\{[^{}]{1,20}\}|\d*\\pi)"
HOLDS = re.compile(
    rf"((?:[A-Za-z]\s?=\s?)?{_VALUE})(?:,|\s|~|\\[,;: ]|\\q?quad)*{_TEXT}[\s,(]*(?:at|when|where|for|if)\b[^{{}}]*\}}.*"
)
CJK_TEXT = re.compile(rf"{_TEXT}([^{{}}]*[{CJK}][^{{}}]*)\}}")
CJK_OR = re.compile(r"(?<=[\w)}\]])\s*(?:或者?|和|与|以及|及|、)\s*(?=[\w\\({\[-])")
CJK_AND = re.compile(r"(?<=[\w)}\]])\s*且\s*(?=[\w\\({\[-])")
CJK_NONE = re.compile(r"(?:该?方程)?无(?:实数|实|整数)?[解根]|空集|没有(?:实数)?解")
CJK_UNIT = re.compile(rf"(?<=[\d}})cirdeg])\s*[（(]?([{CJK}]{{1,6}}(?:[/每][{CJK}]{{1,4}})?)[）)]?\s*$")
CHANGES = re.compile(f"[{''.join(CJK_SCALES)}百十分之半多余几成折倍至到约每]")
_UNIT_VECTOR = r"\\(?:mathbf|boldsymbol|bm|vec|hat|textbf)\s?\{?\s?\\?([ijk])(?:math)?\s?\}?"
VECTOR_TERM = re.compile(rf"\s*([+-]?)\s*((?:[^+\-,=]|\{{[^{{}}]*\}})*?)\s*{_UNIT_VECTOR}\s*")
UNIT_VECTOR = re.compile(_UNIT_VECTOR)
#: letters that math-verify takes for functions and constants, and a transpose, which it drops
RENAMED = (
    (re.compile(r"(?:\\gamma(?![a-zA-Z])|γ|(?<![\\A-Za-z])gamma(?![A-Za-z]))(?!\s*_)"), r"\\xi_{98} "),
    (re.compile(r"(?<![A-Za-z\\])([A-Za-z])_\{?e\}?(?![A-Za-z])"), r"\1_{97}"),
    (
        re.compile(
            r"(?<=[A-Za-z])\s?\^\s?\{?\s?(?:T|\\top|\\intercal|\\(?:mathsf|mathrm|text)\s?\{T\})\s?\}?(?![A-Za-z])"
        ),
        "_{96}",
    ),
)
#: "or" and "and" in other languages, between formulas or upright
FOREIGN_OR = re.compile(r"\\text\s?\{\s*(?:oder|ou|или)\s*\}|\\text\s?\{\s+o\s+\}|(?<=\$)\s(?:oder|ou|o|или)\s(?=\$)")
FOREIGN_AND = re.compile(r"\\text\s?\{\s*(?:und|et)\s*\}|\\text\s?\{\s+[yeи]\s+\}|(?<=\$)\s(?:und|et|y|e|и)\s(?=\$)")
FOREIGN = dict.fromkeys(
    (
        *("keine lösung", "aucune solution", "pas de solution", "no hay solución", "no tiene solución"),
        *("sin solución", "нет решений", "nessuna soluzione", "sem solução", "não há solução"),
    ),
    "no solution",
) | {"нет": "No", "да": "Yes", "是": "Yes", "否": "No", "nein": "No", "oui": "Yes", "non": "No", "sí": "Yes"}
WORDS_ALONE = re.compile(rf"(?:{_TEXT}\s*)?([^{{}}\\$\d]{{1,40}}?)\s*\}}?\.?")
ARTICLE = re.compile(
    rf"^({_TEXT})?\s*(?:on |due )?(?:the |an? )?"
    r"(?!dozen|hundred|thousand|million|billion|half|third|quarter|couple)"
    r"(?=[A-Za-z]{3,20}(?: [a-z]{2,20}){0,2}\}?\.?$)"
)
CJK_LABEL = re.compile(rf"^[{CJK}]{{1,8}}(?:为|是|：|:)\s*(?=[-\d\\a-z($])")
#: g(x) = 2x, x \ne 3; 2n-1 (n \in N)
_RELATION = r"(?:\\(?:neq?|in|geq?|leq?|geqslant|leqslant)(?![a-zA-Z])|[<>])"
DOMAIN = re.compile(
    rf"(?:(?:,|\\q?quad|\\[,; ]|\s|~)*(?:,|\\q?quad|\(|{_TEXT}[\s,(]*(?:for|with|where)\b[^{{}}]*\}}))"
    rf"(?:\s|\\[,; ])*([a-z])\s?{_RELATION}\s*[^,=]{{1,40}}?\)?$"
)
RELATION = re.compile(_RELATION)
FOR_ALL = re.compile(
    rf"(?:,|\s|\\[,; ])*{_TEXT}[\s,]*for (?:all|any|every)\b[^{{}}]*\}}(?:\s*[a-z](?:\s?\\in.{{1,20}})?)?$"
)
#: P(1, 2), (a, b) = (1, 2), \overrightarrow{AB} = (1, 2)
POINT_NAME = re.compile(r"(?<![A-Za-z\\])(?<![)\]])(?<![)\]] )[A-Z](?:_\{?\w{1,2}\}?|')?\s?(?=(?:\\left)?\([^()]*,)")
POINT_LETTERS = re.compile(r"\([a-z](?:\s?,\s?[a-z]){1,3}\)\s?=\s?(?=\\left|\()")
VECTOR_NAME = re.compile(r"^\\(?:overrightarrow|vec|nabla|mathbf)\s?(?:\{[A-Za-z]{1,3}\}|[a-z])\s?=\s?")
#: y_{\min} = -5, \max f(x) = 8
EXTREME = re.compile(
    r"^(?:[A-Za-z]_\{?\\?[A-Za-z]{1,8}\}?(?:\([a-z]\))?|\\(?:max|min)(?:_\{?[a-z]\}?)?\s?[a-z](?:\([a-z]\))?)"
    r"\s?(?:=|\\approx)\s?(?=[^=]+$)"
)
ORDER = re.compile(r"[<>]|\\(?:le|ge)(?:q|qslant)?(?![a-zA-Z])")
AND = re.compile(rf"{_TEXT}\s*and\s*\}}|\\l?and(?![a-zA-Z])|\\wedge(?![a-zA-Z])")
EXCEPT = re.compile(
    rf"^(?:{_TEXT}?\s*all real(?:s| numbers)?\s*(?:\}}\s*)?(?:[a-z]\s*)?(?:{_TEXT})?\s*except\s*\}}?\s*"
    r"(?:[a-z]\s?=\s?)?|"
    r"\\mathbb\s?\{?R\}?\s?-\s?\\\{|"
    r"[a-z]\s?\\in\s?\\mathbb\s?\{?R\}?\s?(?:,|\\[,; ]|\s)+[a-z]\s?\\neq?\s?)"
    r"(-?[\d./]+)\s?(?:\\\})?$"
)
#: "a = 1, b = 2 \implies a + b = 3"
CONCLUSION = re.compile(
    r"\A.*(?:\\(?:Rightarrow|implies|Longrightarrow)(?![a-zA-Z])|⇒)\s*(?=.*=)|\A.*\{[^{}]*\bso\b[^{}]*\b(?:is|are|equals)\s*\}\s*"
)
#: k\in\mathbb{Z}, before the formula that it is about
INTEGER_FIRST = re.compile(r"^\s*([a-z])\s?\\in\s?\\mathbb\s?\{?\s?Z\s?\}?\s?(?:[,:;]|\\[,;: ]|\\q?quad|\s)+(?=\S)")
RATIO = re.compile(r"\d{1,9}(?:\s?:\s?\d{1,9}){2,5}")


def plain_words(text: str) -> str:
    """Rewrite the words of a formula to those that its readers know; leave the rest unchanged."""
    text = text.replace("{:}", ":")
    if len(text) > LONGEST:
        return text
    if "\\" in text:
        text = SCALED.sub(r" \1", text)
        text = TOTAL.sub("", INCHES.sub(r"\1inch", text))
        if found := INTEGER_FIRST.match(text):
            text = f"{text[found.end() :]}, {found[1]}\\in\\mathbb{{Z}}"
        if UNIT_VECTOR.search(text):
            text = _vector(text)
        if len(ORDER.findall(text)) > 2:  # 1 < x < 2 and x > 5 is not a union
            text = AND.sub(r"\\cap ", text)
        if found := EXCEPT.match(text.strip()):
            text = f"\\mathbb{{R}}\\setminus\\{{{found[1]}\\}}"
        text = CONCLUSION.sub("", text)
    for pattern, name in RENAMED:
        text = pattern.sub(name, text)
    words = WORDS_ALONE.fullmatch(text.strip())
    if words and (english := FOREIGN.get(words[1].strip().lower())):
        return f"\\text{{{english}}}"
    text = FOREIGN_AND.sub(r"\\text{ and }", FOREIGN_OR.sub(r"\\text{ or }", text))
    text = ARTICLE.sub(r"\1", PLAIN_INCHES.sub(" inch", text))
    return _chinese(text) if re.search(f"[{CJK}]", text) else text


def without_condition(text: str, truth: str) -> str:
    """Reduce `16 \\text{ when } x = 2`, `2n - 1, n > 0` and `P(1, 2)` to the value, if the truth has no such words."""
    if len(text) > LONGEST:
        return text
    if "\\text" not in truth and "\\" in text and (found := HOLDS.fullmatch(text.strip())):
        return found[1]
    if not RELATION.search(truth) and "\\text" not in truth:
        found = DOMAIN.search(text) or FOR_ALL.search(text)
        head = text[: found.start()] if found else ""
        if head.strip() and not RELATION.search(head) and _has_letter(head, found):
            text = head
    if "=" not in truth:
        text = EXTREME.sub("", VECTOR_NAME.sub("", POINT_LETTERS.sub("", text)))
    return POINT_NAME.sub("", text) if truth.lstrip("$ ").startswith(("(", "\\left(")) else text


def _has_letter(formula: str, found: re.Match) -> bool:
    """Whether the letter that a condition is about occurs in the formula."""
    letter = found[1] if found.re.groups else None
    return letter is None or re.search(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])|\d{letter}", formula) is not None


def same_ratio(one: str, other: str) -> bool | None:
    """Whether two ratios of three or more numbers are the same, as 1:2:3 and 2:4:6; None unless both are ratios."""
    if one.count(":") < 2 or other.count(":") < 2:
        return None
    found = [RATIO.fullmatch(text.replace("\\colon", ":").strip(" *_.$")) for text in (one, other)]
    if not all(found):
        return None
    left, right = ([int(part) for part in match[0].split(":")] for match in found)
    if len(left) != len(right) or any(left) != any(right):
        return False
    return all(a * sum(right) == b * sum(left) for a, b in zip(left, right, strict=True))


def _chinese(text: str) -> str:
    text = CJK_LABEL.sub("", CJK_TEXT.sub(r"\1", text))
    bare = text.strip(" $。.")
    if CJK_NONE.fullmatch(bare):
        return "\\text{no solution}"
    if bare == "不存在":
        return "\\text{DNE}"
    text = CJK_AND.sub(r"\\text{ and }", CJK_OR.sub(r"\\text{ or }", text))
    unit = CJK_UNIT.search(text.rstrip(" 。"))
    if unit and not CHANGES.search(unit[1]) and not re.search(f"[{CJK}]", text[: unit.start()]):
        return text[: unit.start()]
    return text


def _vector(text: str) -> str:
    """Rewrite a sum of multiples of i, j and k as a column vector; return any other text unchanged."""
    place, parts = 0, {}
    while place < len(text):
        term = VECTOR_TERM.match(text, place)
        if term is None or term[3] in parts or (place and not term[1]):
            return text
        parts[term[3]] = f"{term[1].strip('+')}{term[2].strip() or '1'}"
        place = term.end()
    names = "ijk" if "k" in parts else "ij"
    rows = " \\\\ ".join(parts.get(name, "0") for name in names)
    return f"\\begin{{pmatrix}}{rows}\\end{{pmatrix}}"
