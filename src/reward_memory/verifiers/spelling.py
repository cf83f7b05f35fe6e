"""Normalize a formula: Unicode, plain ASCII and the spellings of LaTeX become the LaTeX that math-verify reads.

math-verify 0.9 drops what it cannot read (`4\\sqrt(2)` becomes 4), cuts a formula at its first `\\text` or `\\mathrm`,
adds numbers with a space between them (`1 2` becomes 3) and cannot read repeating decimals, `4.5e33` or Unicode
mathematics. This module works around all of this, on text alone.
"""

import re
import unicodedata

from reward_memory.answers.extraction import closing_place
from reward_memory.answers.numbers import MIXED, SPACED_THOUSANDS, UNICODE_FRACTION, as_ascii

from .notation import plain_notation, plain_sets, without_constant
from .piecewise import plain_cases
from .plain_ascii import plain_ascii

PERCENT = re.compile(
    r"\s*(?:\\[,;: ])?\s*\\?[%％]|\s*\\text\s*\{\s*per ?cent\s*\}|\s*\bper ?cent(?:age)?\b", re.IGNORECASE
)
LONGEST = 2_000  # characters; a longer formula is not read
UNIT_WORD = (
    r"(?:\\(?:text|mathrm|textrm|textnormal|mbox|textbf|operatorname)\s*\{(?:[^{}]|\{[^{}]*\})*\}"
    r"|\\[dt]?frac\s?\{\\(?:text|mathrm)\s?\{[^{}]*\}\}\s?\{\\(?:text|mathrm)\s?\{[^{}]*\}\}"
    r"|\\(?:degree|circ|ohm|Omega)(?![a-zA-Z]))"
)
#: a number followed by a gap
MEASURED = re.compile(
    r"(?:^|=|\\approx)\s*-?[\d.,]+(?:\s?\\(?:times|cdot)\s?10\s?\^\s?(?:\{\s?-?\d{1,4}\s?\}|\d))?"
    r"(?:\\[,;: ]|~|\s|\\q?quad)+$"
)
UNIT_POWER = r"(?:\s*\^\s*(?:\{\s*-?\d+\s*\}|-?\d|\\circ)|\s*[/·]|\s*\\cdot(?![a-zA-Z])|\s*\\[,; ])*"
# a value's units at the end: \text{ m}, \mathrm{km}/\mathrm{h}, \text{cm}^2; words that change the value are kept
UNITS = re.compile(
    rf"(?<=[\d}})\]a-z])(?:\s|\\[,;:! ]|~|\\q?quad|\\cdot(?![a-zA-Z]))*((?:{UNIT_WORD}{UNIT_POWER}\s*)+)\.?$"
)
UNIT_TEXT = re.compile(r"\{((?:[^{}]|\{[^{}]*\})*)\}")
NO_UNIT = re.compile(
    r"\b(?:hundred|thousand|million|billion|trillion|dozen|and|or|if|for|when|where|in|base|mod|with|such|plus|minus|times|"
    r"over|less|more|greater|any|all|is|are|even|odd|prime|[eix]|dne|none|no|undefined|infinity)\b",
    re.IGNORECASE,
)
ENDING_DEGREES = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ)(?![a-zA-Z])|\\degree(?![a-zA-Z])|°")
ANGLE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![a-zA-Z]))|\\degree(?![a-zA-Z]))")
TRIGONOMETRY = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-zA-Z])")

RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᶻᵃᵇᶜᵈᵏᵐᵖᵗ]+")
LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙₓᵢⱼₖ]+")
SYMBOLS = {
    "π": "\\pi ", "∞": "\\infty ", "×": "\\times ", "·": "\\cdot ", "⋅": "\\cdot ", "∙": "\\cdot ", "÷": "\\div ",
    "≤": "\\le ", "≥": "\\ge ", "⩽": "\\le ", "⩾": "\\ge ", "≠": "\\ne ", "≈": "\\approx ", "∪": "\\cup ",
    "∩": "\\cap ", "∈": "\\in ", "∉": "\\notin ", "∅": "\\emptyset ", "⊂": "\\subset ", "ℝ": "\\mathbb{R}",
    "ℤ": "\\mathbb{Z}", "ℕ": "\\mathbb{N}", "ℚ": "\\mathbb{Q}", "ℂ": "\\mathbb{C}", "∖": "\\setminus ",
    "°": "^{\\circ}", "±": "\\pm ", "∓": "\\mp ", "…": "\\ldots ", "⋯": "\\ldots ", "→": "\\to ", "⟨": "\\langle ",
    "⟩": "\\rangle ", "′": "'", "∑": "\\sum ", "∏": "\\prod ", "∫": "\\int ", "∂": "\\partial ", "⌊": "\\lfloor ",
    "⌋": "\\rfloor ", "⌈": "\\lceil ", "⌉": "\\rceil ", "α": "\\alpha ", "β": "\\beta ", "γ": "\\gamma ",
    "δ": "\\delta ", "ε": "\\epsilon ", "θ": "\\theta ", "λ": "\\lambda ", "μ": "\\mu ", "ρ": "\\rho ",
    "σ": "\\sigma ", "τ": "\\tau ", "φ": "\\phi ", "ϕ": "\\phi ", "ω": "\\omega ", "Δ": "\\Delta ", "Ω": "\\Omega ",
    "∠": "\\angle ", "△": "\\triangle ", "⊥": "\\perp ", "ξ": "\\xi ", "η": "\\eta ", "ψ": "\\psi ", "χ": "\\chi ",
}  # fmt: skip
NOT_ASCII = re.compile(f"[{''.join(SYMBOLS)}]")
ROOTS = {"√": "\\sqrt", "∛": "\\sqrt[3]", "∜": "\\sqrt[4]"}
ROOT = re.compile(r"([√∛∜])\s*(\(|\{|(?:\d+(?:\.\d+)?|\\[a-z]+ |[A-Za-z]))")
ASCII_ROOT = re.compile(r"\\?(?<![A-Za-z])(sqrt|cbrt)\s*(?=\()")
BRACKET_ROOT = re.compile(r"\\sqrt\s*(\[[^\[\]]{1,9}\])\s*\(([^()]*)\)")  # \sqrt[3](8)
ASCII_NAMES = re.compile(
    r"(?<![\\A-Za-z{])(pi|infinity|inf|oo|theta|alpha|beta|gamma|lambda|sigma|omega|phi|arcsin|arccos|arctan|sinh|cosh|tanh|"
    r"sin|cos|tan|cot|sec|csc|ln|log|exp|max|min|gcd|lcm)(?![A-Za-z])"
)
ASCII_SPELLING = {"infinity": "infty", "inf": "infty", "oo": "infty"}
ROMAN = re.compile(
    r"(?<!_\{)(?<!_)\\(?:mathrm|operatorname\*?|text|textrm|mathit|mathsf|rm)\s*\{\s*(e|i|d|ln|log|lg|exp|sin|cos|tan|cot|sec|csc|arcsin|"
    r"arccos|arctan|sinh|cosh|tanh|max|min|gcd|lcm|det|[Ii]nfinity)\s*\}"
)
OLD_ROMAN = re.compile(r"\{\s*\\(?:rm|it|bf)\s+([A-Za-z]+)\s*\}|^\\(?:rm|it|bf)\s+([A-Za-z]+)$")
STYLED = re.compile(
    r"\\(?:emph|ensuremath|vec|hat|mathbf|mathit|mathsf|mathnormal|boldsymbol|bm|mathcal|pmb|underline|textit|textbf|mathrm)\s*\{\s*([A-Za-z0-9.+-]+)\s*\}"
)
STYLED_EQUATION = re.compile(r"\\(?:mathbf|boldsymbol|bm|textbf|mathrm)\s*\{\s*([^{}\\]*=[^{}\\]*)\}")
SIGNED = re.compile(r"[+-]?\.?\d")  # how a number begins
COLORED = re.compile(
    r"\\(?:textcolor|colorbox)\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}\s*(?=\{)|\\color\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}"
)
IGNORED = re.compile(
    r"\\(?:displaystyle|textstyle|scriptstyle|limits|nolimits|boldmath|hfill|centering|noindent|null|strut|left|right|middle|"
    r"[bB]igg?[lrm]?)(?![a-zA-Z])(?:\s*\.(?=\s*[|\\\])}]))?|\\math(?:open|close)\s?\{\}|\\(?:label|tag|vphantom|hphantom|phantom|hspace\*?|vspace)\s*\{[^{}]*\}"
)
#: font and size commands that apply to all that follows
SWITCHES = re.compile(
    r"\\(?:bf|it|sf|tt|rm|bfseries|itshape|tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge)"
    r"(?![a-zA-Z])"
)
NO_BRACKET = re.compile(r"\\(?:left|right)\s*\.")
BARE_ROMAN = re.compile(r"\\(mathrm|text|textrm|mathit|mathbf|mathsf|mathbb)\s+([A-Za-z0-9])")
CONDITION = re.compile(r"\\(?:text|mathrm|mbox|textrm)\s*\{[^{}]*\b(?:when(?:ever)?|where|given)\b", re.IGNORECASE)
SPACES = re.compile(r"(?<!\\)\\[,;:! >]|\\q?quad(?![a-zA-Z])|\\(?:space|thinspace|enspace|medspace)(?![a-zA-Z])|~|\s+")
SYNONYMS = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "varnothing": "emptyset", "leq": "le", "leqslant": "le",
    "geq": "ge", "geqslant": "ge", "neq": "ne", "lbrace": "{", "rbrace": "}", "dots": "ldots", "cdots": "ldots",
    "dotsc": "ldots", "dotsb": "ldots", "ast": "cdot", "wedge": "land", "varepsilon": "epsilon", "varphi": "phi",
    "vartheta": "theta", "dbinom": "binom", "tbinom": "binom", "Reals": "mathbb{R}", "R": "mathbb{R}",
    "Z": "mathbb{Z}", "N": "mathbb{N}", "Q": "mathbb{Q}", "C": "mathbb{C}", "bmod": "mod", "smallmatrix": "matrix",
    "lVert": "|", "rVert": "|", "Vert": "|", "infinity": "infty", "Infinity": "infty",
}  # fmt: skip
SYNONYMS = {name: f"\\{spelled}" for name, spelled in SYNONYMS.items()} | {
    "lvert": "| ", "rvert": "| ", "vert": "| ", "lbrack": "[ ", "rbrack": "] ", "lparen": "( ", "rparen": ") ",
    "lt": "< ", "gt": "> ", "imath": "i ", "jmath": "j ", "colon": ": ",
}  # fmt: skip
COMMAND = re.compile(r"\\([A-Za-z]+)")
BRACED_POWER = re.compile(r"(?:\*\*|\^)\s*\(")
PLAIN_POWER = re.compile(r"(?:\*\*|\^)\s*(-?\d+(?:\.\d+)?)")
DIGIT_POWER = re.compile(r"\^\{(\d)\}(?![\d.])")
SCIENTIFIC = re.compile(r"(?<![A-Za-z\\_^{.\d])(\d+(?:\.\d*)?|\.\d+)[eE]([+-]?\d{1,4})(?![\dA-Za-z]|\.\d)")
TIMES_TEN = re.compile(r"(?<=\d)\s*(?:[xX*]|\\times|\\cdot)\s*(?=10\s*(?:\^|\*\*))")
REPEATING = re.compile(r"(\d*)\.(\d*)(?:\\(?:overline|bar|dot)\s*\{?\s*(\d+)\s*\}?)(?!\d)")
TWO_DOTS = re.compile(r"\\dot\s*\{?\s*(\d)\s*\}?(\d{0,30})\\dot\s*\{?\s*(\d)\s*\}?")  # 0.\dot{1}4285\dot{7}
INDIAN = re.compile(r"(?<![\d.,])\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?(?![\d,])")
WESTERN_ALONE = re.compile(
    r"(?<=\{)-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?=\})|^-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?(?=\s*(?:\\times|\\cdot|\\pi|\\sqrt|$))"
)
AND_OR = re.compile(
    r"\\(?:text|mathrm|mbox|textrm)\s*\{\s*,?\s*(?:and|or)\s*\}|(?<![A-Za-z\\])(?:and|or)(?![a-z])|\\(?:lor|land)(?![a-zA-Z])"
)
SHORT_FRACTION = re.compile(r"\\frac\s*(\d)\s*(\d)(?![\d}])")
#: 3 (mod 7) becomes a sum with a named symbol, so that it equals no other residue
MODULUS = re.compile(
    r"(?:\\[,; ]|\s)*(?:\\pmod\s*\{?|\((?:\\[bp]?mod|\\(?:text|mathrm|operatorname)\s*\{\s*mod\s*\}|mod)"
    r"(?:\\[,; ]|\s)*\{?)"
    r"\s*(\d+|[a-z])\s*\}?\)?(?=\s*\.?$)"
)
LINES = re.compile(r"\\(?:begin|end)\{(?:aligned|align\*?|cases|gathered|split|array)\}(?:\{[lcr|\s]*\})?")
#: 0.1666..., 0.142857142857...: one or two digits three times, or three to six digits twice, then dots
DOTTED = re.compile(r"(\d*)\.(\d*?)(?:(\d{1,2}?)\3{2,}|(\d{3,6}?)\4+)\s*(?:\\ldots|\.\.\.|\\dots|\\cdots|…)")
PLUS_MINUS = re.compile(r"\\(pm|mp)(?![a-z])\s*")
#: plain units of a list member: {35 cm, 4}
LISTED_UNITS = re.compile(
    r"(?:(?<=[\d})])|(?<=\\pi))\s+(?:km|cm|mm|kg|mg|lbs?|ft|miles?|meters?|metres?|feet|inch(?:es)?|hours?|minutes?|seconds?|days?|years?|dollars?|units?|degrees?)(?:\^\{?\d\}?)?(?=\s*[,;}\])]|\s*$)"
)
#: a wide space between two values makes a list
LISTED = re.compile(
    r"(?<=[\dA-Za-z})\]])\s*\\q?quad(?![a-zA-Z])(?:\s|\\q?quad(?![a-zA-Z]))*(?=-?\d|-?\\[dt]?(?:frac|sqrt)|[A-Za-z]\s*=)"
)
#: 2\frac{1}{2}\pi
MIXED_FACTOR = re.compile(
    r"(?<![\d.,^_}A-Za-z)\\])(\d{1,9})\s*\\frac\{(\d{1,9})\}\{(\d{1,9})\}(?=\s*(?:\\pi|\\sqrt|[A-Za-z(]))"
)
COMMAS = re.compile(r"\s*,(?:\s*,)+\s*")
MATRIX_ENVIRONMENT = re.compile(
    r"\\begin\{(?:smallmatrix|[VB]?matrix|array)\}(?:\{[lcr|\s]*\})?(.*?)\\end\{(?:smallmatrix|[VB]?matrix|array)\}",
    re.DOTALL,
)
#: 3{,}5 is a decimal comma, 3{,}500 a thousands separator
DECIMAL_BRACES = re.compile(r"(?<![\d,])(\d+),THOUSANDS,(\d{1,2}|\d{4,})(?![\d,])")
#: f'(x) and f''(x); math-verify drops the marks
PRIMES = re.compile(r"(?<=[A-Za-z)])(?:'+|\^\{?\s*(?:\\prime\s*)+\}?)")
SPLIT_NUMBERS = re.compile(r"(?<![_^\\A-Za-z])\d\s+\d")
WORDS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}(?![A-Za-z])")
#: what a string literal makes of \\frac, \\boxed, \\times, \\right if its backslashes are not doubled
ESCAPES = {"\f": "f", "\b": "b", "\t": "t", "\r": "r"}
ESCAPED = re.compile("\frac|\boxed|\beta|\begin|\binom|\t(?:imes|heta|frac|an|au)(?![a-z])|\r(?:ight|ho)")
NO_WORDS = re.compile(r"\\(?:text\w*|mathrm|mbox|operatorname|begin|end)\s*\{[^{}]*\}")
LINE_SKIP = re.compile(r"\\\\\s?\[-?[\d.]{1,6}\s?(?:pt|em|ex|mm|cm|in)\]")  # the gap below a line of a matrix
BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
# a dollar sign before a number and without another one after it; other currencies, also as commands and in \text
CURRENCY_SIGN = re.compile(
    r"\\\$\s*(?=[\d.-])|^\$(?=\d[\d,.{}]*(?:\s|$))(?!.*\$)|"
    r"\\(?:yen|pounds|euro|EUR|texteuro|textdollar|textsterling|textyen)(?![a-zA-Z])(?:\{\})?\s*|"
    r"\\(?:text|mathrm|textrm|mbox)\s*\{\s*(?:\\?[$€£¥₹]|Rs\.?|US\\?\$)\s*\}\s*"
)
ENVIRONMENT = re.compile(r"(?<!\\)\\begin\b")
ASSIGNED = re.compile(r"\s*(?:[A-Za-z](?:\([A-Za-z]\))?\s*(?:=|\\in|∈))?\s*")
DELIMITERS = re.compile(r"\$\$?|\\\[|\\\]|\\\(|\\\)")


def read_formula(text: str) -> str | None:
    """Return the LaTeX of a formula for math-verify; None if any part cannot be read.

    Percent signs and trailing units are removed.
    """
    if len(text) > LONGEST:
        return None
    text = undelimited(text)
    if text is not None and "\\begin" in text:
        text = plain_cases(text)
    if text is None or CONDITION.search(without_constant(text)):
        return None
    text = _latex_of_unicode(plain_ascii(text))
    if (units := UNITS.search(text)) and MEASURED.search(text[: units.start(1)]):
        text = _without_upright(text, units)
    text = plain_sets(_spelled(plain_notation(text)))
    text = _both_signs(_numbers(text))
    text = _without_units(without_percent(text)).strip()
    text = COMMAS.sub(", ", text).strip().rstrip(",;").removesuffix(".").strip()
    # two numbers with nothing between them, as in "1 2", are not a number
    return None if not text or SPLIT_NUMBERS.search(text) else text


def has_percent(text: str) -> bool:
    """Whether a value is written as a percentage."""
    return ("%" in text or "％" in text or "cent" in text) and PERCENT.search(text) is not None


def without_percent(text: str) -> str:
    """Remove the percent signs of a text."""
    return PERCENT.sub("", text)


def is_prose(text: str) -> bool:
    """Whether an answer is words around a value rather than a formula."""
    bare = NO_WORDS.sub(" ", text)
    words = [word for word in WORDS.findall(bare) if not ASCII_NAMES.fullmatch(word) and word not in ("sqrt", "and")]
    if len(words) >= 2:
        return True
    return bool(words) and undelimited(text) is None


def undelimited(text: str) -> str | None:
    """Remove dollars, display brackets, boxes and Markdown around a formula; None if words are outside of them."""
    text = ESCAPED.sub(lambda found: f"\\{ESCAPES[found[0][0]]}{found[0][1:]}", text)
    text = LINE_SKIP.sub(r"\\\\", text).strip().strip("*_`").strip().rstrip("\\")
    if "matrix" not in text and not ENVIRONMENT.search(text):  # matrix lines end with two backslashes
        text = re.sub(r"\\\\(?=[A-Za-z])", r"\\", text)  # escaped twice, as in JSON
    while box := BOX.search(text):
        end = closing_place(text, box.end() - 1)
        end = len(text) if end < 0 else end
        after = text[end + 1 :]
        if BOX.match(after.lstrip(" +$\n")):  # \\boxed{1}\\boxed{2}
            after = f", {after.lstrip(' +$')}"
        text = f"{text[: box.start()]}{text[box.end() : end]}{after}"
    text = CURRENCY_SIGN.sub("", text)
    parts = DELIMITERS.split(text)
    if len(parts) == 1:
        return text
    outside = [AND_OR.sub("", part) for part in parts[::2]]
    if ASSIGNED.fullmatch(outside[0]) and re.fullmatch(r"[\s.,;*_]*", "".join(outside[1:-1])):
        rest = outside[-1].strip().strip("*_")
        if PERCENT.fullmatch(rest) or re.fullmatch(r"[\s.,;]*|[A-Za-z/]{1,12}\.?", rest):
            return f"{' '.join(parts[:-1])}{'%' if PERCENT.fullmatch(rest) else ''}"
    return None


def _latex_of_unicode(text: str) -> str:
    if not text.isascii():
        text = as_ascii(UNICODE_FRACTION.sub(_stacked, text))
        for pattern, sign in ((RAISED, "^"), (LOWERED, "_")):
            text = pattern.sub(
                lambda found, sign=sign: f"{sign}{{{as_ascii(unicodedata.normalize('NFKC', found[0]))}}}", text
            )
        text = NOT_ASCII.sub(lambda found: SYMBOLS[found[0]], text)
        while root := ROOT.search(text):
            name, operand = ROOTS[root[1]], root[2]
            if operand in "({":
                end = closing_place(text, root.start(2))
                if end < 0:
                    break
                text = f"{text[: root.start()]}{name}{{{text[root.end() : end]}}}{text[end + 1 :]}"
            else:
                text = f"{text[: root.start()]}{name}{{{operand}}}{text[root.end() :]}"
        text = unicodedata.normalize("NFKC", text)
    text = BRACKET_ROOT.sub(r"\\sqrt\1{\2}", text)
    while root := ASCII_ROOT.search(text):  # sqrt(3), and LaTeX's \sqrt(3)
        end = closing_place(text, root.end())
        if end < 0:
            break
        name = "\\sqrt[3]" if root[1] == "cbrt" else "\\sqrt"
        text = f"{text[: root.start()]}{name}{{{text[root.end() + 1 : end]}}}{text[end + 1 :]}"
    return ASCII_NAMES.sub(lambda found: f"\\{ASCII_SPELLING.get(found[1], found[1])} ", text)


def _stacked(found: re.Match) -> str:
    """Write a fraction character as \\frac{1}{2}, so that what follows is not part of the denominator."""
    above, _, below = unicodedata.normalize("NFKC", found[0]).partition("\u2044")
    return f"\\frac{{{above}}}{{{below}}}"


def _spelled(text: str) -> str:
    """Rewrite LaTeX to one spelling, on one line."""
    text = IGNORED.sub("", COLORED.sub("", NO_BRACKET.sub("", text)))
    text = BARE_ROMAN.sub(r"\\\1{\2}", text)
    text = ROMAN.sub(lambda found: f"{found[1]} " if len(found[1]) == 1 else f"\\{found[1]} ", text)
    text = STYLED_EQUATION.sub(r"\1", text)
    text = STYLED.sub(lambda found: f"{found[1]} " if len(found[1]) == 1 or SIGNED.match(found[1]) else found[0], text)
    text = SWITCHES.sub("", OLD_ROMAN.sub(_modern, text))
    text = re.sub(r"\\(?=\{|\})\\?", r"\\", text)
    text = COMMAND.sub(lambda found: SYNONYMS.get(found[1], found[0]), text)
    text = SHORT_FRACTION.sub(r"\\frac{\1}{\2}", text)
    if "mod" in text:
        text = MODULUS.sub(r"+M_{\1}", text).replace("\\equiv", "=")
    text = MATRIX_ENVIRONMENT.sub(_as_matrix, text)
    if "matrix}" not in text:
        text = LINES.sub("", text).replace("&", "").replace("\\\\", ",")  # lines of a formula become members of a list
    text = AND_OR.sub(",", text)
    text = re.sub(r"(?<![A-Za-z\\])E(?=_)", r"\\Upsilon ", text)  # E_1 is not a power of e
    text = DOTTED.sub(_repeating, text)
    text = re.sub(r",\s*\\!\s*", ",", text).replace("\\!", "")
    text = text.replace("...", "\\ldots").replace("\\ldots", "\\xi_{99}")  # math-verify drops dots
    text = text.replace("<=", "\\le ").replace(">=", "\\ge ").replace("!=", "\\ne ").replace("{,}", ",THOUSANDS,")
    if ",THOUSANDS," in text:
        text = DECIMAL_BRACES.sub(r"\1.\2", text)
    text = re.sub(r"(?<=\d),THOUSANDS,(?=\d)", "", text).replace(",THOUSANDS,", ",")
    if "'" in text or "prime" in text:
        text = PRIMES.sub(lambda found: f"_{{9{found[0].count(chr(39)) or found[0].count('prime')}}}", text)
    if "quad" in text:
        text = LISTED.sub(", ", text)
    text = SPACES.sub(" ", text)
    text = SPACED_THOUSANDS.sub(lambda found: found[0].replace(" ", ""), text)
    while power := BRACED_POWER.search(text):
        end = closing_place(text, power.end() - 1)
        if end < 0:
            break
        text = f"{text[: power.start()]}^{{{text[power.end() : end]}}}{text[end + 1 :]}"
    text = PLAIN_POWER.sub(r"^{\1}", text)
    text = DIGIT_POWER.sub(r"^\1", text)  # parsed in half the time
    text = re.sub(r"(?<!\\)\*", r"\\cdot ", text)
    return re.sub(r"\\langle(?![a-zA-Z])", "(", re.sub(r"\\rangle(?![a-zA-Z])", ")", text)).strip()


def _as_matrix(found: re.Match) -> str:
    """Rewrite any matrix as pmatrix, and an array of one cell as its content; keep an array of equations."""
    if "array" in found[0] and "&" not in found[1] and "\\\\" not in found[1]:
        return found[1]
    return found[0] if "=" in found[1] else f"\\begin{{pmatrix}}{found[1]}\\end{{pmatrix}}"


def _modern(found: re.Match) -> str:
    """Rewrite `{\\rm e}` as e, `{\\rm cm}` as \\text{cm}."""
    name = found[1] or found[2]
    return f"{name} " if len(name) == 1 else f"\\text{{{name}}}"


def _numbers(text: str) -> str:
    """Rewrite numbers to one spelling: 4.5e33, 0.\\overline{3}, 1{,}000, 12,34,567, 3 1/2."""
    text = TIMES_TEN.sub(r"\\times ", text)
    text = SCIENTIFIC.sub(lambda found: f"{found[1]}\\times 10^{{{int(found[2])}}}", text)
    text = REPEATING.sub(_repeating, TWO_DOTS.sub(r"\\overline{\1\2\3}", text) if "\\dot" in text else text)
    text = INDIAN.sub(lambda found: found[0].replace(",", ""), text)
    text = WESTERN_ALONE.sub(lambda found: found[0].replace(",", ""), text)
    text = MIXED.sub(lambda found: f"{found[1]}{found[2]}\\frac{{{found[3]}}}{{{found[4]}}}", text)
    return MIXED_FACTOR.sub(_sum, text)


def _sum(found: re.Match) -> str:
    """Rewrite a mixed number as a sum: math-verify would multiply all three numbers with the factor that follows."""
    whole, above, below = found.groups()
    return f"({whole}+\\frac{{{above}}}{{{below}}})" if int(above) < int(below) else found[0]


def _both_signs(text: str) -> str:
    """Split a formula with an inner \\pm into two; math-verify itself reads \\pm at the beginning."""
    if not PLUS_MINUS.search(text) or "," in text or re.search(r"(?:^|=)\s*\\pm(?![a-z])[^\\]*$", text):
        return text
    signs = {"pm": "+-", "mp": "-+"}
    return ", ".join(PLUS_MINUS.sub(lambda found, place=place: f"{signs[found[1]][place]} ", text) for place in (0, 1))


def _repeating(found: re.Match) -> str:
    whole, fixed, repeated = found[1] or "0", found[2], next(filter(None, found.groups()[2:]))
    above = int(whole + fixed + repeated) - int(whole + fixed)
    return f"\\frac{{{above}}}{{{'9' * len(repeated)}{'0' * len(fixed)}}}"


def _without_units(text: str) -> str:
    """Remove units at the end; degrees in formulas with trigonometric functions become radians."""
    if TRIGONOMETRY.search(text):
        text = ANGLE.sub(r"(\\frac{\1\\pi}{180})", text)
    text = ENDING_DEGREES.sub("", text)
    text = LISTED_UNITS.sub("", text)
    units = UNITS.search(text)
    return _without_upright(text, units) if units else text


def _without_upright(text: str, units: re.Match) -> str:
    return text if any(NO_UNIT.search(word) for word in UNIT_TEXT.findall(units[1])) else text[: units.start()]
