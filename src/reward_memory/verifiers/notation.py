"""Rewrite notations of other schools and languages to those that math-verify reads: `]0,1[`, `(0;1)`, `\\tg x`,
`\\{x \\mid x > 2\\}`, `x < 3 and x > -1`, "all real numbers".
"""

import re
import unicodedata

from reward_memory.answers.numbers import MULTIPLIERS, UNIT, last_match

LEADING = re.compile(
    r"^\s*(?:(?:=>?|→|⇒|∴|≈|\\(?:approx|sim|to|Rightarrow|rightarrow|longrightarrow|implies|therefore)(?![a-zA-Z])|"
    r"\\(?:text|mathrm)\s*\{[^{}]*\b(?:is|are|equals|about|around|approximately|roughly|exactly)\s*:?\s*\}|"
    r"\\(?:text|mathrm|textbf)\s*\{(?![^{}]*\b(?i:not|except|no)\b)[^{}]*[A-Za-z]{2}:\s*\})\s*)+"
)
#: function names in Russian, Chinese and German books
FUNCTIONS = {"tg": "tan", "ctg": "cot", "arctg": "arctan", "lg": "log_{10}", "sh": "sinh", "ch": "cosh"}
FUNCTION = re.compile(r"\\(?:(?:operatorname\*?|mathrm|text)\s*\{\s*)?(tg|ctg|arctg|lg|sh|ch)(?![a-zA-Z])(?:\s*\})?")
_TEXT = r"(?:\\(?:text|mathrm|textrm|mbox)\s*\{\s*)"
ALL_NUMBERS = re.compile(
    rf"^{_TEXT}?\s*(?:all|any|every)\s+(?:of\s+the\s+)?(real|integer|complex|rational)s?(?:\s+numbers?|\s+values?)?\s*\}}?\s*\.?$",
    re.IGNORECASE,
)
NUMBERS = {"real": "R", "integer": "Z", "complex": "C", "rational": "Q"}
RATIO = re.compile(rf"(?<=\d)\s*(?:{_TEXT}to\s*\}}|to)\s*(?=\d)")
ORDINAL = re.compile(rf"(?<=\d)\s*\^?\s*\{{?{_TEXT}(?:st|nd|rd|th)\s*\}}\}}?")
SWAPPED = re.compile(r"^\s*(-?[\d.,/]+|-?\\[dt]?frac\{\d+\}\{\d+\})\s*=\s*([A-Za-z])\s*$")
#: the letter of an option before its value: \\text{(A) } 12, (A)\\ 12, A) 12
_GAP = r"(?:\s|~|\\[,;: ]|\\q?quad(?![a-zA-Z]))"
OPTION = re.compile(
    r"^\s*(?:\\(?:text(?:bf|rm|sf|it)?|math(?:rm|bf|sf)|mbox)\s*\{\s*(?:\([A-J]\)|[A-J][.):])\s*\}|"
    rf"(?:\([A-J]\)|[A-J][.)])(?={_GAP})){_GAP}*(?=-?[$.\d]|-?\\(?:[dt]?frac|sqrt|pi)(?![a-zA-Z]))"
)
DOES_NOT_EXIST = re.compile(
    rf"^{_TEXT}?\s*(?:(?:the\s+)?(?:limit|value)\s+)?(?:DNE|does\s+not\s+exist|doesn't\s+exist)\s*\}}?\s*\.?$",
    re.IGNORECASE,
)
WHOLE_LINE = re.compile(r"^\s*-\s*\\infty\s*<\s*[A-Za-z]\s*<\s*\+?\s*\\infty\s*$")
SPACE_IN_TEXT = re.compile(r"\\(?:text|mathrm|mbox|textrm)\s*\{\s+\}")
#: R \ {0}
DIFFERENCE = re.compile(r"(\\mathbb\{[RCQZN]\}|\bR)\s{0,2}\\\s{1,2}\\?\{([^{}\\]{1,60})\\?\}")
BRACED_SIGN = re.compile(r"(?<![_^])\{\s?([+-])\s?\}")
#: \max\{3, 5\}, of numbers or of letters
BRACED_LIST = re.compile(r"\\(max|min|gcd|lcm)\s*\\\{([^{}\\]{1,200})\\\}")
OPENED_MODULUS = re.compile(r"\\(?:text|mathrm)\s*\{\s?\((mod)\s?\}")  # 7 \text{ (mod } 9)
#: 0.(3), a repeating decimal in Russian books
PARENTHESIZED = re.compile(r"(?<![\d.])(\d{1,9}\.\d{0,9})\((\d{1,9})\)(?![\d(^])")
CELSIUS = re.compile(r"(\^\s?\{?\s?\\circ\s?\}?|\\degree|°)\s?(?:\\(?:text|mathrm)\s?\{\s?[CFK]\s?\}|[CFK])\s?$")
BASE_BEHIND = re.compile(r"^\(([0-9A-Z]{1,40})\)(?=\s?_)")  # (1101)_2
#: [[1, 2], [3, 4]]
NESTED_LISTS = re.compile(r"^\[\s?((?:\[[^\[\]]{1,200}\]\s?,\s?){1,20}\[[^\[\]]{1,200}\])\s?\]$")
#: cx for any constant c; k\pi, k in Z
CONSTANT = re.compile(
    r"(?:,|\\[,;: ]|\\q?quad|\s){0,4}\\(?:text|mathrm)\s?\{[\s,(]{0,3}(?:for|where|with)\b"
    r"(?=.{0,80}\bconstants?\b).{0,120}$|"
    r"(?:,|\\[,;: ]|\\q?quad|\s){1,4}(?:\\(?:text|mathrm)\s?\{[\s,(]{0,3}(?:for|where|with)\b[^{}]{0,20}\}\s{0,2})?"
    r"\(?([a-z])\s?\\in\s?\\mathbb\s?\{?\s?Z\s?\}?\s?\)?$"
)
ABSOLUTE = re.compile(
    r"^\s*(?:\||\\lvert\s)\s?([a-z])\s?(?:\||\\rvert)\s*(<|\\le(?:q|qslant)?(?![a-zA-Z]))\s*(\d[\d.]*|\\pi)\s*$"
)
ABOUT = re.compile(r"^\s*[A-Za-z](?:_\{?\w{1,9}\}?)?\s*(?:\\approx|\\simeq|≈)(?![a-zA-Z])\s*(?=-?[\d.])")
COMMA_IN_TEXT = re.compile(r"\\(?:text|mathrm|mbox|mathord|mathpunct)\s*\{,\}")
#: a style command around the complete formula
WRAPPED = re.compile(
    r"^\s*\\(?:ensuremath|boldsymbol|mathbf|bm|pmb|underline|emph|mathbin|mathord)\s*"
    r"\{((?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*)\}\s*\.?$"
)
SO = re.compile(
    r"^\s*(?:So|Thus|Hence|Therefore|Then|so|thus|hence|therefore|then)[,:]?\s+(?=[A-Za-z]\s*(?:=|\\in|<|>|\\[lg]e))"
)
RADIANS = re.compile(r"(?<=[\d\s})])\s?(?:rad|radians?)\s*\.?$")  # if pi shows that it is not a degree
BARE_ROOT = re.compile(r"\\sqrt\s*(\d{2,12})(?![\d.])")  # \sqrt12
BRACED_EXPONENT = re.compile(r"(?<=\d)\s*\\(?:mathrm|text|textrm)\s*\{\s*[eE]\s*\}\s*\{?([+-]?\d{1,4})\}?(?!\d)")
LOG_E = re.compile(r"\\log_\{?e\}?(?![a-zA-Z])\s*")
#: C(5,2), {}_5C_2, ^5C_2
BINOMIALS = (
    re.compile(r"(?<![A-Za-z\\])C\((\d{1,4}),\s?(\d{1,4})\)"),
    re.compile(
        r"(?:\{\s?\}|(?<![\w)}\]]))\s?[_^]\s?\{?(\d{1,4})\}?\s?(?:C|\\(?:mathrm|text)\{C\})\s?_\s?\{?(\d{1,4})\}?"
    ),
)
#: names of an empty set of solutions
NO_SOLUTION = re.compile(
    rf"^{_TEXT}?\s*(?:(?:there\s+(?:is|are)\s+)?no\s+(?:(?:real|integer|such|valid)\s+)?(?:solutions?|roots?)(?:\s+exists?)?|"
    rf"(?:the\s+)?empty\s+set)\s*\}}?\s*\.?$|^\\\{{\s*\\\}}$",
    re.IGNORECASE,
)
#: 6.02e23, 6.02 x 10^23 and 6.02 × 10²³ within words
_DIGITS_UP = r"[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]"
WORDED_POWER = re.compile(
    r"(?<![\w.,])(?P<number>-?\d{1,20}(?:\.\d{1,20})?)(?:[eE](?P<e>[+-]?\d{1,4})|"
    r"\s{0,2}(?:[xX*\u00d7\u00b7\u22c5]|\\times|\\cdot)\s{0,2}10(?:\s?(?:\^|\*\*)\s?[({]?(?P<power>[+-]?\d{1,4})[)}]?|"
    rf"(?P<up>[\u207a\u207b]?{_DIGITS_UP}{{1,4}})))(?![\w^]|\.\d)"
)
#: 9π, 5√3, 2 + √7 within words: signs that change a number
UNICODE_MATH = re.compile("[\u03c0\u221e\u221a\u221b\u207f]|" + _DIGITS_UP)
_TERM = rf"(?:[\d.,/^()\u221a\u221b\u03c0\u221e\u207b\u207f]|{_DIGITS_UP}|(?<![A-Za-z])[A-Za-z](?![A-Za-z]))"
WORDED_FORMULA = re.compile(
    rf"(?<![\w.,)])[-\u2212]?(?:[\d(\u221a\u221b\u03c0\u221e]|[a-z](?![A-Za-z])){_TERM}{{0,60}}"
    rf"(?:\s?[-+\u2212\u00d7\u00b7\u22c5\u00b1*]\s?{_TERM}{{1,60}}){{0,20}}(?!\w)"
)
#: n(n+1)/2, 2x: a number next to a letter that is a variable, not a unit
VARIABLE = re.compile(r"(?<![A-Za-z])[nxyz](?:[(+*/-]| ?[-+*/] ?[\d(])|\d[nxyz](?![A-Za-z])|\d\([a-z][)+*/-]")
LONE_UNIT = re.compile(rf"(?:-?[\d.,]+)?[mslhgdLVWNJAK]{_DIGITS_UP}?[.,]?$")  # 25m²
LATER_NUMBER = re.compile(r"(?<![A-Za-z^])\d")
MARKS = re.compile(r"\$|\\[(\[]")
_AND = rf"\s*(?:,?\s*{_TEXT},?\s*and\s*\}}|\band\b|\\land(?![a-zA-Z])|\\wedge(?![a-zA-Z]))\s*"
_LESS, _MORE = r"(<|\\le(?:q|qslant)?(?![a-zA-Z]))", r"(>|\\ge(?:q|qslant)?(?![a-zA-Z]))"
_SIDE = r"([^<>,=]+?)"
BELOW_AND_ABOVE = re.compile(rf"^\s*([A-Za-z])\s*{_LESS}\s*{_SIDE}{_AND}\1\s*{_MORE}\s*{_SIDE}\s*$")
ABOVE_AND_BELOW = re.compile(rf"^\s*([A-Za-z])\s*{_MORE}\s*{_SIDE}{_AND}\1\s*{_LESS}\s*{_SIDE}\s*$")

#: left sides of an answer: \det A, \angle ABC, P(A|B), and pure arithmetic such as 3*4
NAMED = re.compile(
    r"^\s*(?:(?:\\(?:det|angle|measuredangle|dim|deg|operatorname|overline|widehat|mathbb|Pr|bar|hat|lim|vec|triangle)"
    r"(?![a-zA-Z])|∠|P\(|E\(|E\[|m\()[^=<>,]*=\s*(?=[^=,]+$)|[\d\s+*/().-]*\d[\d\s+*/().-]*=\s*(?=-?[\d.,]+\s*$))"
)
SEMICOLON = re.compile(r"\s*;\s*")
GROUP = re.compile(r"[(\[{\]][^()\[\]{}]*;[^()\[\]{}]*[)\]}\[]")
DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
#: (\pm 1, 2) is two points
SIGNED_POINT = re.compile(r"\((?=[^()]*,)((?:(?!\\pm)[^()])*)\\pm(?![a-z])((?:(?!\\pm)[^()])*)\)")
ENDS = re.compile(r"^([\](\[])([^\[\](),]+,[^\[\](),]+)([\])\[])$")
BUILT = re.compile(
    r"^(?:[A-Za-z]\s*=\s*)?\\?\{\s*([A-Za-z])\s*(?:\\in\s*\\mathbb\{R\}\s*)?(?:\\mid|\\colon|[|:])\s*((?:[^|:{}]|\{[^{}]*\})*(?:<|>|\\le|\\ge|\\ne)(?:[^|:{}]|\{[^{}]*\})*?)\s*\\?\}$"
)


def plain_notation(text: str) -> str:
    """Rewrite a formula to the names and words that math-verify knows."""
    text = re.sub(r"(?<=[\d)}])\.\s*$", "", text)
    while (wrapped := WRAPPED.match(text)) and "\\" in wrapped[1]:
        text = wrapped[1]
    text = BRACED_SIGN.sub(r"\1", SPACE_IN_TEXT.sub(" ", text))
    text = without_constant(text)
    text = ABSOLUTE.sub(r"-\3 \2 \1 \2 \3", ABOUT.sub("", text))
    text = DIFFERENCE.sub(r"\1\\setminus\\{\2\\}", text)
    text = OPENED_MODULUS.sub("(\\\\mod ", BRACED_LIST.sub(r"\\\1(\2)", text))
    text = CELSIUS.sub(r"\1", PARENTHESIZED.sub(r"\1\\overline{\2}", text))
    text = COMMA_IN_TEXT.sub("{,}", OPTION.sub("", LEADING.sub("", SO.sub("", text))))
    if text.startswith(("(", "[")):
        text = _matrix_of_lists(BASE_BEHIND.sub(r"\1", text))
    text = BRACED_EXPONENT.sub(r"e\1", BARE_ROOT.sub(r"\\sqrt{\1}", text))
    text = RADIANS.sub("", text) if "\\pi" in text else text
    text = _without_unit_of_power(text)
    for binomial in BINOMIALS:
        text = binomial.sub(r"\\binom{\1}{\2}", text)
    text = LOG_E.sub(r"\\ln ", text)
    if "=" in text:
        text = SWAPPED.sub(r"\2=\1", NAMED.sub("", text))
    if DOES_NOT_EXIST.match(text):
        return "\\text{DNE}"
    if WHOLE_LINE.match(text):
        return "(-\\infty,\\infty)"
    if NO_SOLUTION.match(text):
        return "\\emptyset"
    if numbers := ALL_NUMBERS.match(text):
        return f"\\mathbb{{{NUMBERS[numbers[1].lower()]}}}"
    text = FUNCTION.sub(lambda found: f"\\{FUNCTIONS[found[1]]} ", text)
    text = ORDINAL.sub("", RATIO.sub(":", text))
    text = BELOW_AND_ABOVE.sub(lambda found: _between(found[5], found[4], found[1], found[2], found[3]), text)
    return ABOVE_AND_BELOW.sub(lambda found: _between(found[3], found[2], found[1], found[4], found[5]), text)


def without_constant(text: str) -> str:
    """Remove the words that say that a letter in a formula is any constant or any integer."""
    found = CONSTANT.search(text) if "constant" in text or "\\in" in text else None
    if found is None or (
        found[1] and not re.search(rf"(?<![A-Za-z\\\\]){found[1]}(?![A-Za-z])|\d{found[1]}", text[: found.start()])
    ):
        return text
    return text[: found.start()]


def _matrix_of_lists(text: str) -> str:
    """[[1, 2], [3, 4]] as a matrix."""
    found = NESTED_LISTS.match(text.strip())
    if found is None:
        return text
    rows = [row.strip(" []") for row in re.split(r"\]\s?,\s?\[", found[1])]
    cells = [re.split(r",(?![^({]*[)}])", row) for row in rows]
    if len({len(row) for row in cells}) > 1:
        return text
    lines = " \\\\ ".join(" & ".join(row) for row in cells)
    return f"\\begin{{pmatrix}}{lines}\\end{{pmatrix}}"


def _without_unit_of_power(text: str) -> str:
    """Remove the unit of 2.998*10^8 m/s; a letter attached to the number, as in 10^8x, is kept."""
    found = WORDED_POWER.match(text)
    if found is None or not text[found.end() :].startswith(" "):
        return text
    rest = text[found.end() :].strip().rstrip(".")
    return text[: found.end()] if UNIT.fullmatch(rest) and not MULTIPLIERS.search(rest) else text


def formula_in_words(text: str) -> tuple[int, int, str] | None:
    """(start, end, LaTeX) of the scientific or Unicode formula that is the last number of an undelimited text."""
    if MARKS.search(text):
        return None
    found = last_match(WORDED_POWER, text)
    if found is not None and not LATER_NUMBER.search(text, found.end()):
        power = unicodedata.normalize("NFKC", found["e"] or found["power"] or found["up"]).replace("\u2212", "-")
        return found.start(), found.end(), f"{found['number']} \\times 10^{{{power}}}"
    found = last_match(WORDED_FORMULA, text)
    if found is None or LATER_NUMBER.search(text, found.end()):
        return None
    formula = found[0].rstrip(".,")
    if not (UNICODE_MATH.search(formula) or VARIABLE.search(formula)) or LONE_UNIT.match(formula):
        return None
    return found.start(), found.start() + len(formula), formula


def _between(low: str, above: str, name: str, below: str, high: str) -> str:
    """One chain of two inequalities, `low < name < high`."""
    first, second = ("<" if sign in ("<", ">") else "\\le" for sign in (above, below))
    return f"{low} {first} {name} {second} {high}"


def plain_sets(text: str) -> str:
    """Rewrite intervals with commas and the usual brackets, and sets without a bar."""
    if ";" in text:
        # (0,5; 1,5) has decimal commas, (1,2); (3,4) has none
        text = GROUP.sub(lambda found: SEMICOLON.sub(", ", DECIMAL_COMMA.sub(".", found[0])), text)
    if "\\pm" in text:
        text = SIGNED_POINT.sub(r"(\1+\2), (\1-\2)", text)
    if text.endswith("}") and (built := BUILT.match(text)):
        text = built[2]
    parts = [part.strip() for part in re.split(r"\\cup(?![a-zA-Z])", text)]
    if any(part.startswith("]") or part.endswith("[") for part in parts):
        text = " \\cup ".join(ENDS.sub(_closed_bracket, part) for part in parts)
    return text


def _closed_bracket(found: re.Match) -> str:
    """Rewrite `]0,1[` as (0,1)."""
    start, inside, end = found.groups()
    return f"{'[' if start == '[' else '('}{inside}{']' if end == ']' else ')'}"
