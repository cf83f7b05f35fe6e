"""Read the sentences of an answer: the value that the last one points at, without trailing remarks and Markdown; or
that there is no answer.
"""

import re

from reward_memory.answers.extraction import Answer

from .endings import counted
from .spelling import ASCII_NAMES

LONGEST_BARE = 300  # characters; a longer text without marks is not a formula

#: "I cannot solve this without the 2 figures."
UNABLE = re.compile(
    r"\bI(?:'m| am| was)? (?:sorry,? (?:but )?I (?:am )?)?"
    r"(?:cannot|can't|can not|could not|couldn't|unable to|not able to) "
    r"(?:\w{1,12} ){0,2}(?:solve|determine|answer|help|assist|provide|compute|calculate|complete|find)\b"
    r"(?P<rest>[^=]{0,200})$|"
    r"\bsorry\b[^=.]{0,40}\b(?:does not|doesn't|do not|don't) (?:state|say|specify|give|provide|contain|include|know)\b"
    r"(?P<missing>[^=]{0,200})$"
)
#: a response that stops within a sentence, or after the heading of a step
CUT_OFF = re.compile(
    r"(?:\s(?:and|or|so|because|that|the|is|are|to|of|with|then|if|when|but|we|by|a|an|as|for|which|be)|"
    r"(?:^|\n)[*_#\s]{0,6}(?:Step|Case|Part)\s\d{1,3}\s?[:.]?[*_]{0,3})\s*$"
)
CONTINUES = re.compile(r"\b(?:so|thus|therefore|hence|instead|but|however|then|is)\b", re.IGNORECASE)
_REST = r"(?:[^.\n]|\.(?=\d)){1,120}"
#: "12 (which is 4 more than 8)", "12 is the answer, given that 3 are broken", "$-4$, attained at $x = 3$"
REMARK = re.compile(
    r"(?:\s\((?:which|since|because|as|given|including|instead)\b[^()\n]{1,120}\)|"
    r"\s\((?=[^()\n]*?[A-Za-z]{2,}[^()\n]*? [^()\n]*?[A-Za-z]{2,})[^()\n]{1,160}\)|"
    r", (?:given that|because|since)\s[^.\n]{1,120}|"
    rf"(?P<clause>, (?:attained|achieved|reached|occurring|obtained|when|where|with|after)\b{_REST}|"
    rf"; the other\b{_REST}|"
    r"\uff0c(?:\u5176\u4e2d[^\u3002\n]{1,60}|\u662f[^\uff0c\u3002\n]{1,20}\u500d))|"
    r",? which is [$\d.,]{1,20} (?:more|less|fewer|times)\b[^.\n]{1,80})[.!\u3002]?\s{0,3}$"
)
#: words of a clause that contains the answer, and of a sentence that has already given it
RESULT = re.compile(
    r"\b(?:total|sum|altogether|so|thus|therefore|hence|answer|result|gives|leaves|leaving|makes|making|"
    r"being|it|that|this|he|she|they|there|we)\b|\*\*"
)
SAID = re.compile(r"\b(?:is|are|was|were|be|has|have|equals?|gets?|costs?|takes?)\b|=|[\u6709\u662f\u4e3a]")
#: "Tom: 12, Ann: 15", a list of values with their names
PAIRS = re.compile(
    r"(?!.*\b(?i:total|sum|altogether|together|answer|result)\b)[A-Z][A-Za-z' ]{1,30}: ?[-$]{0,2}\d[\d.,]{0,20}"
    r"(?: [a-z]{1,20})?[,;] (?:and )?[A-Z][A-Za-z' ]{1,30}: ?[-$]{0,2}\d"
)


_BEFORE = (
    r"(?:\b(?:is|are|was|were|be|has|have|had|equals|equal to|gives?|gets?|makes?|needs?|costs?|earn(?:s|ed)|"
    r"pa(?:ys|id)|spen(?:ds|t)|takes|about|approximately|exactly|at)|[:\u6709\u662f\u4e3a\u5171])\s?"
)
_AMOUNT = r"\\?[$\u20ac\u00a3]?-?\d[\d,]*(?:\.\d+)?(?:/\d+)?\s?%?(?:\s[A-Za-z]{1,15}[\u00b2\u00b3]?){0,3}"
#: "there are **15** ways to choose 2 of the 6 books"
BOLD_VALUE = re.compile(
    rf"{_BEFORE}\*\*((?:[A-Za-z]\s?=\s?)?{_AMOUNT}|\$[^$*]{{1,80}}\$|\\\([^*]{{1,80}}\\\))\*\*(?!\*)"
)
#: "the function is **odd**."
BOLD_WORD = re.compile(r"\b(?:is|are) \*\*([A-Za-z][A-Za-z -]{1,30})\*\*\W{0,3}$")
_LETTER = r"(?:[^A-Za-z\n$]|(?<![A-Za-z])[A-Za-z](?![A-Za-z])|inf(?:ini)?ty|inf|pi|sqrt)"
_SIGN = r"\s?(?:<=|>=|<|>|\u2264|\u2265)\s?"
_BOUND = r"-?[\d./\u221a\u03c0\u221e]{0,20}[\d\u03c0\u221e]"
#: "the vertex is (2, -7).", "the solution is -3 <= x < 4."
GROUP = re.compile(
    rf"(?:\b(?:is|are|at|be|equals)|[:=])\s+\*{{0,2}}([(\[{{]{_LETTER}{{1,60}}[,;]{_LETTER}{{1,80}}[)\]}}]|"
    rf"(?:{_BOUND}{_SIGN})?[a-z]{_SIGN}{_BOUND})\*{{0,2}}[.!]?\s*$"
)
_ROOT_ITEM = r"\d{0,6}(?:sqrt\(\d{1,9}\)|\u221a\d{1,9}|\u03c0|pi)(?:/\d{1,6})?"
_ITEM = rf"(?:[a-z]\s?=\s?)?-?(?:\d{{1,12}}(?:\.\d{{1,12}}|/\d{{1,9}})?|{_ROOT_ITEM})%?"
#: "The solutions are 2 and 5", "the values of x are 7, 8, and 9"
LISTED = re.compile(
    rf"\b(?:are|is|be|equals|include)\s+\*{{0,2}}({_ITEM}(?:,\s+{_ITEM}){{0,20}}"
    rf"(?:(?:\s?,)?\s(?:and|or|&)\s{_ITEM}|,\s+{_ITEM}))\*{{0,2}}[.!]?\s*$"
)
#: "The area is 16*pi", "The value of k is sqrt(2)"
ASCII_VALUE = re.compile(
    rf"\b(?:is|are|be|equals)\s+\*{{0,2}}(?=[^\n]{{0,60}}(?:pi|sqrt|[*]|\^))((?![*\s])[^\S\n]?(?:{_LETTER}){{1,60}}?"
    r"(?:\s(?:(?:square|cubic|sq\.?)\s)?(?:units?|inches|feet|meters|cm|ft|m))?)\*{0,2}[.!]?\s*$"
)
#: "a 20% discount", "a decrease of 20%"
PERCENTAGE = re.compile(
    r"(?:an? |the )(?:[a-z]{3,15} (?:of|by) )?(\d[\d.,]{0,12}\s?\\?%)(?: [a-z]{3,15}){0,2}\.?", re.IGNORECASE
)
#: "Tom has 8 and Jerry has 5", "There are 5 red and 7 blue balls": no single value
_HAS = r"(?:has|have|had|gets?|got|needs?|makes?|made|earns?|earned|pays?|paid|are|is|was|were)"
_COUNT = r"\$?\d[\d,]*(?:\.\d+)?(?![\d/%:])"
SEVERAL = re.compile(
    rf"(?:[^\d=]{{0,60}}?\b{_HAS}\s|)(?:{_COUNT})(?:\s[A-Za-z]{{1,15}}){{0,3}}(?:,|,?\s(?:and|but|while))\s"
    rf"(?:[A-Z][a-z]{{1,15}}\s{_HAS}\s)?{_COUNT}(?:\s[A-Za-z]{{1,15}}){{0,3}}\W{{0,3}}$"
)
TEXT_ALONE = re.compile(r"\\(?:text|textbf|textrm|mathrm|mbox)\s?\{\s?([^{}\\]{1,120})\}\.?")
#: *x* = 42, also without its first star
ITALIC = re.compile(r"(?<![\w*])\*([A-Za-z])\*(?![\w*])|^([A-Za-z])\*(?=\s=\s)")
#: "3 out of 8", "1 in 6"
OUT_OF = re.compile(
    r"(?<![\d.,/])(\d{1,6})\s?(?:\\text\{)?\s?(?:out of|in)\s?\}?\s?([1-9]\d{0,5})(?![\d,/]|\.\d)\W{0,4}$"
)
#: "5 boxes of 12 pencils each", "she will be 30 in 5 years": the last number is not the answer
ONE_OF_TWO = re.compile(
    r"[^\d=+*/]{0,60}?(?:\$?\d[\d,]*(?:\.\d+)?)(?=\s)[^\d=+*/]{0,60}?\b(?:of|in|after|for|per|to(?=\s[a-z]))\b"
    r"[^\d=+*/]{0,40}\d[\d,]*(?:\.\d+)?[^\d=+*/]{0,40}"
)
#: C$35, NZ$48
DOLLARS = re.compile(r"(?<![A-Za-z])(?:US|CA|AU|NZ|HK|C|A|S)\$(?=\s?\d)")
FORMULA = re.compile(r"[\d\\^{}_=]")
CONSTANTS = re.compile(r"[\seiE]+")
LETTERS = re.compile(r"[(\['\"]{0,2}[A-Za-z]{1,30}[)\].,;:!?'\"]{0,3}")
#: "18 + 5 = 23", "6 are added: 23", "Then 8 are found: 54 + 8"
WHOLE_AT_THE_END = re.compile(
    r"(?:(?<![<>!=])=|[.:;]\s|\n)\s{0,3}(-?\d{1,15})(?: ([+-]) (\d{1,15}))?[.!]{0,3}[\s#]{0,8}$"
)
#: "somewhere between 3 and 5" is neither
BETWEEN = re.compile(r"\bbetween [$*\d][\d.,$*]{0,20} and [$*\d][\d.,$*]{0,20}\W{0,3}$")
#: $1.2$ million
SCALED = re.compile(
    r"\$(?:\\approx)?\s?(\d[\d,]{0,20}(?:\.\d{1,20})?)\s?\$\s?(hundred|thousand|million|billion|trillion)\b",
    re.IGNORECASE,
)
BOLD = re.compile(r"(?<![\w)\]}*])\*\*(?=[^\s*])([^*\n]{1,80})\*\*(?![\w(*])")  # 7 + 5 = **12**
#: \\$45, which is not a formula
ESCAPED_DOLLAR = re.compile(r"(?<!\\)\\\$\s?(?=[\d.-])")
SENTENCES = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])|\n")


def plain_answer(answer: Answer, ratio: bool) -> Answer | None:
    """Remove remarks and Markdown from an answer; it becomes a "statement" if the last sentence points at a value. None
    if a text gives no answer.

    ratio  whether the ground truth is a fraction, as "3 out of 8" may be
    """
    text, how, tail = DOLLARS.sub("$", answer.text), answer.how, answer.tail
    if SCALED.search(text):
        text, tail = (SCALED.sub(r"\1 \2", part) for part in (text, tail))
    if how == "boxed":
        words = TEXT_ALONE.fullmatch(text)
        if (value := pointed_at(words[1] if words else text[:LONGEST_BARE])) is not None:
            return Answer(value, how, tail)
        return Answer((ratio and as_fraction(text)) or text, how, tail)
    if "\\$" in text:
        text, tail = (ESCAPED_DOLLAR.sub("", part) for part in (text, tail))
    if how == "text":
        if declined(text[-LONGEST_BARE:]):
            return None
        text, tail = without_remark(text), without_remark(tail)
        if (value := named_value(text[-LONGEST_BARE:])) is not None:
            text, how, tail = value, "statement", value
    elif len(text) <= LONGEST_BARE and (value := pointed_at(text)) is not None:
        text, how, tail = value, "statement", value
    text = ITALIC.sub(r"\1\2", text)
    if ratio and (part := as_fraction(text[-LONGEST_BARE:])):
        text, how, tail = part, "statement", part
    if "**" in text:
        text, tail = (BOLD.sub(r"\1", part) for part in (text, tail))
    return Answer(text, how, tail)


def named_value(text: str) -> str | None:
    """The value that the last sentence of a text points at: a bold one, a tuple, an inequality; None for any other
    sentence.
    """
    last = _last_sentence(text)
    bold = BOLD_VALUE.search(last)
    if bold and len(BOLD.findall(last)) == 1 and not CONTINUES.search(last, bold.end()):
        return bold[1]
    if not re.search(r"\d", last) and (word := BOLD_WORD.search(last)):
        return word[1]
    if number := counted(last):
        return number
    group = GROUP.search(last.replace("\u2212", "-"))
    return group[1] if group else pointed_at(last)


def _last_sentence(text: str) -> str:
    return next((part for part in reversed(SENTENCES.split(text.strip())) if part and part.strip()), "")


def pointed_at(text: str) -> str | None:
    """The list, group or plain-text formula that ends a sentence, or its percentage; None if there is none."""
    text = text.replace("\u2212", "-")
    if "$" in text or "\\" in text:
        return None
    for pattern in (LISTED, ASCII_VALUE, GROUP):
        found = pattern.search(text)
        if found and re.search(r"[A-Za-z]{2}\s", text[: found.start() + 4]):
            return found[1]
    found = PERCENTAGE.fullmatch(text.strip("*_ "))
    return found[1] if found else None


def says_no_number(text: str) -> bool:
    """Whether a text, such as a word or a sign, cannot be a number, so that computer algebra is not needed."""
    if FORMULA.search(text) or ASCII_NAMES.search(text) or CONSTANTS.fullmatch(text):
        return False
    return LETTERS.fullmatch(text) is not None or re.search(r"\w", text) is None


def whole_number_at_the_end(text: str) -> int | None:
    """The integer, or sum or difference of two, that is all that follows the last equals sign or sentence of a text."""
    found = WHOLE_AT_THE_END.search(text)
    if found is None:
        return None
    number, sign, other = found.groups()
    return int(number) + (int(f"{sign}{other}") if sign else 0)


def as_fraction(text: str) -> str | None:
    """3/8 of "3 out of 8"."""
    found = OUT_OF.search(text)
    return f"{found[1]}/{found[2]}" if found else None


def declined(text: str) -> bool:
    """Whether a text ends by saying that there is no answer, or before it gives one."""
    if CUT_OFF.search(text) or (BETWEEN.search(text) and not counted(_last_sentence(text))):
        return True
    found = UNABLE.search(text.replace("\u2019", "'"))
    return found is not None and not CONTINUES.search(found["rest"] or "")


def without_remark(text: str) -> str:
    """Remove the remark that ends the last sentence of a text, if the sentence has a number before it."""
    found = REMARK.search(text, max(0, len(text) - 200))
    if found is None:
        return text
    sentence = re.split(r"[.!?\u3002]\s|\n", text[: found.start()])[-1]
    if not re.search(r"\d", sentence):
        return text
    clause = found["clause"]
    if found[0].startswith(",") and "=" in re.sub(r"\$[^$]*\$", "", found[0]):  # ", since 12 = 3 * 4, the rest is 5"
        return text
    if clause and not SAID.search(sentence):
        return text
    if clause and not clause.startswith("; the other") and RESULT.search(clause):
        return text
    return text[: found.start()]
