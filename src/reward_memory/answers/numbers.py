"""Plain numbers in answers: the fast path that needs no computer algebra."""

import re
import unicodedata
from collections import deque
from fractions import Fraction

CURRENCY = "$€£¥₹₩₽"
#: characters typed as a minus sign: hyphens, dashes, the minus sign, full width forms
MINUS_LIKE = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d\u2796\u02d7"
SPACE_LIKE = "\u00a0\u2002\u2003\u2009\u200a\u202f\u205f\u3000"
#: the fraction slash and the division slash; the ring and the ordinal, typed as a degree sign
OTHERS = {"\u2044": "/", "\u2215": "/", "\u02da": "\u00b0", "\u00ba": "\u00b0"}
OTHERS |= {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'}
#: invisible characters and emoji, except plus, minus and times
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\ufe0f" + "".join(
    map(chr, (*range(0x2600, 0x2715), *range(0x2717, 0x2753), *range(0x1F300, 0x1FB00)))
)
ASCII = str.maketrans(MINUS_LIKE + SPACE_LIKE, "-" * len(MINUS_LIKE) + " " * len(SPACE_LIKE), INVISIBLE) | {
    ord(one): other for one, other in OTHERS.items()
}
UNICODE_FRACTION = re.compile(
    "[\u00bc-\u00be\u2150-\u215e\u2189]|"
    "(?<![A-Za-z)\\]}\u00b2\u00b3\u00b9\u2070\u2074-\u207f])[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]{1,9}\u2044[\u2080-\u2089]{1,9}"
)
FULL_WIDTH = re.compile("[\uff01-\uff5e\u2460-\u2473]+")
_DIGITS = r"(?:[1-9]\d{0,2}(?:(?:,\d{3})+|(?: \d{3})+)|[1-9]\d?(?:,\d{2})+,\d{3}|\d+)(?:\.\d*)?|\.\d+"
_MONEY = rf"(?:\\?[{CURRENCY}]|(?:USD|EUR|GBP|CNY|RMB|INR|Rs\.?|US\$)\s?)?"
NUMBER = re.compile(rf"([+-]?)\s?{_MONEY}\s?([+-]?)({_DIGITS})(?:[eE]([+-]?\d{{1,3}})(?![\d.]))?(?:\s?/\s?(\d+))?")
FRACTION = re.compile(r"(-?)\\[dtc]?frac\{(-?)(\d+)\}\{(\d+)\}|(-?)\\[dtc]?frac(\d)(\d)")
#: 3 1/2, which is three and a half, not 31/2 or 3/2
MIXED = re.compile(r"(?<![\d.,/^_{}A-Za-z)-])(-?)(\d{1,12})\s+(\d{1,12})\s?/\s?(\d{1,12})(?![\d.])")
#: "1 and 1/2" hours
AND_HALF = re.compile(r"^(-?\d{1,12}) and (?:a|one)[ -]half(?![A-Za-z])")
AND_FRACTION = re.compile(r"^(-?\d{1,12}) and (?=\d{1,12}/\d{1,12}(?![\d/.]))")
#: 9 500 and 1 234 567.8: groups of exactly three digits
SPACED_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?: \d{3})+(?![\d,]|\s\d)")
DECIMAL_COMMA = re.compile(r"(-?\d+(?: \d{3})*),(\d+)")
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
#: Chinese, Japanese and Korean, which put no space between a number and a word
CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SPACED = r"[1-9]\d{0,2}(?: \d{3})+(?:,\d{1,2}|\.\d+)?(?![.,]?\d)"  # 1 234,50
TOKEN = re.compile(
    rf"(?:(?<![\w.,])|(?<=[{CJK}]))-?{_MONEY}(?:{_SPACED}|\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{{1,3}}(?![\w.]\w)|/\d+)?"
)
# the thing counted or measured: words of at least three letters, as shorter ones may be a variable or "pi"
_SHORT = (
    "of|sq|cu|in|by|at|on|to|for|a|an|km|cm|mm|nm|m|kg|g|mg|lb|lbs|oz|ft|yd|mi|h|hr|hrs|s|ms|ml|mL|l|L|kW|W|V|A|N|J|K|"
    "C|F|Hz|am|pm|AM|PM|кг|км|м|см|мм|г|л|мл|т|ч"
)
_LETTER = r"A-Za-z\u00c0-\u024f\u0400-\u04ff"
_WORD = rf"(?:[{_LETTER}][{_LETTER}-]{{2,20}}|(?:{_SHORT})(?![{_LETTER}]))"
_POWER = r"(?:\^?(?:[234²³]|-[1-4]|\{-?[1-4]\})|⁻[¹²³])?"
UNIT = re.compile(
    rf"\s?(?:[{CURRENCY}]|(?:st|nd|rd|th)(?![A-Za-z])|°\s?[CFK]?|[{CJK}]{{1,20}}|{_WORD}{_POWER}"
    rf"(?:(?:\s?[/·⋅*]\s?|\s|, |(?<=[\d²³}}])){_WORD}{_POWER}){{0,7}})"
)
# but not words that change the value of the number before them
MULTIPLIERS = re.compile(
    r"\b(?:hundred|thousand|million|billion|trillion|dozens?|percent|hal(?:f|ves)|thirds?|quarters?|fourths?|fifths?|"
    r"sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?|and|or|over|times(?=\s*[\d(])|plus|minus|squared|cubed|divided|choose|"
    r"mod|cent|sqrt|sin|cos|tan|log|exp|cot|sec|csc|radians?|power|inf|infinity|base|factorial|below|negative|"
    r"not|but|if|than|least|most|pi|"
    r"hundert|tausend|milli(?:onen|arden?|ers?|ards?|ons|oni)|mil|mille|mill(?:ón|ones)|milh(?:ão|ões)|dutzend|douzaines?|docenas?|"
    r"тысяч\w{0,3}|тыс|миллион\w{0,3}|миллиард\w{0,3}|млн|млрд|сот\w{0,3}|десятк\w{1,3}|"
    r"duizend|miljoen|milyon|juta|ribu|triệu|nghìn|tysięcy|milionów|prozent|процент\w{0,3}|und|oder|et|ou|y|или|и|bis|mal)\b|分之|[万萬亿億百十半多余几或和到至、만억]|千(?![克米瓦])|[成折]$",
    re.IGNORECASE,
)
ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
PARTS = {"half": 2, "halves": 2, "quarter": 4, "quarters": 4}
for _place, _name in enumerate(("third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), 3):
    PARTS |= {_name: _place, f"{_name}s": _place}
LONGEST_WORDS = 80  # characters
WORDED = re.compile(r"[A-Za-z -]+")
#: words that can follow a number in words without being the thing counted
UNCOUNTED = re.compile(
    r"\b(?:[a-z]{1,2}|times|more|less|fewer|fold|point|the|this|that|these|those|per|each|for|with|thing|way|from|\w+ths?|teen|ty)\b"
)
#: "2 1/2" before its fraction
WHOLE_BEFORE = re.compile(r"(?<![\d.,/^_{}A-Za-z)-])-?\d{1,12} $")
SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
SCALES |= dict.fromkeys(("tausend", "mil", "mille", "тысяча", "тысячи", "тысяч"), 10**3)
SCALES |= dict.fromkeys(("millionen", "millones", "milhões", "миллион", "миллиона", "миллионов"), 10**6)
SCALES |= dict.fromkeys(("milliarden", "milliards", "миллиард", "миллиарда", "миллиардов"), 10**9)
CJK_SCALES = {"千": 1000} | dict.fromkeys("万萬만", 10**4) | dict.fromkeys("亿億억", 10**8)
SCALE = re.compile(rf"\s?(?:({'|'.join(SCALES)})s?\b|([{''.join(CJK_SCALES)}])(?![克米瓦]))", re.IGNORECASE)
SCALES |= CJK_SCALES
#: "Total: 18", "Total distance = 18": the words before a number on a line of its own
LABEL = re.compile(r"(?:\d+\.\s)?[*_]*[A-Za-z]{2}[A-Za-z '()-]{0,60}[*_]*\s*[:=][*_]*\s*(?=[-$€£¥\\.\d])")
VAGUE = re.compile(
    r"(?:at|about|approximately|approx\.?|exactly|only|just|around|roughly|no\.|[~≈])\s*(?=[-$€£¥.\d])", re.IGNORECASE
)
#: "5 + 7 = 12": the calculation before a result
WORKED = re.compile(r"[-\d\s+*/×÷().,%$€]*\d[\s%)]*=\s*(?=[-$€£¥]?\s?\d)")
LEADING = re.compile(
    r"(?:(?:=>?|→|⇒|≈|(?:[Ss]o|[Tt]hus|[Hh]ence|[Tt]herefore|[Tt]hen|i\.e\.),?)\s*|\(?[A-E](?:\)|\.\s)\s*)(?=[-$€£¥.\d])"
)
#: "not 12 but 13" and "13, not 12" both say 13
CONTRAST = re.compile(
    r"not\s[^,;]{1,40}?,?\sbut(?:\srather)?\s(?P<last>[^,;]*\d.*)|"
    r"(?P<first>[^,;]{0,40}\d[^,;]{0,40}?)(?:,|\sand|(?=\srather|\sinstead))\s"
    r"(?:and\s)?(?:not|rather than|instead of)\s[^,;]{1,40}",
    re.IGNORECASE,
)
MINUS = re.compile(r"(?:minus|negative)\s+(?=[$€£]?[\d.])", re.IGNORECASE)
NO_CENTS = re.compile(r"(?<=\d)\.(?:-|\u2013|\u2014)+$")  # 18.-
ABBREVIATED = re.compile(r"(?<=[a-z])\.(?=\s|$)")  # 18 sq. ft.
PER = re.compile(r"\s?/\s?(?=[A-Za-z]{3})|\s?per\s")  # $18/hour
#: "小明一共有18个": words before a number that do not change it
CJK_LABEL = re.compile(
    rf"(?!.*(?:超过|多于|少于|不是|小于|大于|不到|至多|至少))[{CJK}]{{1,40}}\s*[:：]?\s*(?=[-¥$€\d])"
)
GERMAN = re.compile(r"-?[1-9]\d{0,2}(?:\.\d{3})+,\d+")  # 1.234,56
DOTTED_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(?:\.\d{3}){2,}")
LONGEST = 400  # characters; a longer number is not a final answer


def as_ascii(text: str) -> str:
    """Replace look-alikes of minus signs, spaces, digits and fractions with ASCII."""
    if text.isascii():
        return text
    text = UNICODE_FRACTION.sub(_ascii_fraction, text)
    return FULL_WIDTH.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text.translate(ASCII))


def last_match(pattern: re.Pattern, text: str) -> re.Match | None:
    """The last match of a pattern."""
    return next(iter(deque(pattern.finditer(text), 1)), None)


def _ascii_fraction(found: re.Match) -> str:
    """Write a fraction character as 1/2; after a digit with a space, which makes it a mixed number."""
    above, _, below = unicodedata.normalize("NFKC", found[0]).partition("\u2044")
    before = found.string[: found.start()]
    return f"{' ' if before[-1:].isdigit() else ''}{above}/{below}"


def plain_number(text: str) -> Fraction | None:
    """The exact value of a text that is one number (sign, currency, thousands, decimals, 4.5e3, a/b, 3 1/2) or None."""
    if len(text) > LONGEST:
        return None
    if text.isascii() and text.isdigit():
        return Fraction(int(text))
    text = as_ascii(text.strip().strip("*_` "))
    if text.startswith("\\(") and text.endswith("\\)"):
        text = text[2:-2]
    if text.endswith("$"):  # LaTeX delimiters; a leading $ alone may be currency
        text = text[:-1].strip("$")
    text = text.strip().removesuffix(".").replace("{,}", ",").replace("\\!", "")
    if "_" in text:
        text = re.sub(r"(?<=\d)\\?_(?=\d{3}(?!\d))", "", text)
    if "\\" in text:
        text = re.sub(r"(?<=\d)\\[,;: ](?=\d{3}(?!\d))", " ", text)
        text = re.sub(r"\\,(?!(?<=\d\\,)\d)", "", text)
    match = NUMBER.fullmatch(text)
    if match:
        return _value(match)
    if DOTTED_THOUSANDS.fullmatch(text):
        return Fraction(int(text.replace(".", "")))
    if GERMAN.fullmatch(text):
        return Fraction(text.replace(".", "").replace(",", "."))
    mixed = MIXED.fullmatch(text)
    if mixed and int(mixed[4]):
        value = int(mixed[2]) + Fraction(int(mixed[3]), int(mixed[4]))
        return -value if mixed[1] else value
    return _fraction(text)


def number_in_words(text: str) -> Fraction | None:
    """The value of "seventeen", "seven hundred and five", "two thirds" or "three and a half"; None otherwise."""
    text = text.strip("*_`. ")
    if len(text) > LONGEST_WORDS or not WORDED.fullmatch(text):
        return None
    words = text.casefold().replace("-", " ").split()
    sign = 1
    if words[:1] in (["minus"], ["negative"]):
        sign, words = -1, words[1:]
    if words and words[-1] in PARTS:  # the part alone, or after a whole number and "and"
        at = max((place for place, word in enumerate(words) if word == "and"), default=-1)
        count = Fraction(1) if words[at + 1 : -1] in ([], ["a"], ["one"]) else _cardinal(words[at + 1 : -1])
        whole = _cardinal(words[:at]) if at >= 0 else Fraction(0)
        return None if count is None or whole is None else sign * (whole + count / PARTS[words[-1]])
    value = _cardinal(words)
    for last in (-1, -2):  # eight apples, twenty square meters; five twenty is not a number
        counted = " ".join(words[last:])
        uncounted = UNCOUNTED.search(counted) or MULTIPLIERS.search(counted) or {*ONES, *TENS} & {*words[last:]}
        if value is None and not uncounted:
            value = _cardinal(words[:last])
    return None if value is None else sign * value


def _cardinal(words: list[str]) -> Fraction | None:
    """The value of "two hundred and twenty four thousand"; None if a word is out of place."""
    total, group, last = 0, 0, ""  # the finished thousands, the group being read, and the last word's kind
    smallest = float("inf")
    for place, word in enumerate(words):
        if word in ONES and (last in ("", "scale") or (last == "ten" and word in ONES[1:10])):
            group, last = group + ONES.index(word), "one"
        elif word in TENS and last in ("", "scale"):
            group, last = group + 20 + 10 * TENS.index(word), "ten"
        elif word == "a" and place == 0 and words[1:2] and words[1] in SCALES:
            group, last = 1, "one"
        elif word == "dozen" and last and not total and place == len(words) - 1:
            group, last = 12 * group, "scale"
        elif word == "hundred" and last in ("one", "ten") and group < 100:
            group, last = 100 * group, "scale"
        elif word in ("thousand", "million", "billion", "trillion") and group and SCALES[word] < smallest:
            total, group, last, smallest = total + group * SCALES[word], 0, "scale", SCALES[word]
        elif not (word == "and" and last == "scale" and place < len(words) - 1):
            return None
    return Fraction(total + group) if last else None


def decimal_comma(text: str) -> Fraction | None:
    """The value of "2,74", whose comma is not a thousands separator; None otherwise."""
    match = DECIMAL_COMMA.fullmatch(as_ascii(text.strip())[:LONGEST].strip(CURRENCY).strip())
    if match is None or THOUSANDS.fullmatch(match[0].lstrip("-")):
        return None
    return Fraction(match[0].replace(" ", "").replace(",", "."))


def without_contrast(text: str) -> str:
    """Keep the asserted one of two contrasted numbers: 13 in "not 12 but 13" and in "13, not 12"."""
    if "not" not in (lowered := text.lower()) and "rather" not in lowered and "instead" not in lowered:
        return text
    found = CONTRAST.fullmatch(text.replace("*", "").strip(" ."))
    return text if found is None else found["last"] or found["first"]


def number_with_unit(text: str) -> Fraction | None:
    """The value of a number among words that do not change it: a label before, the thing counted after."""
    text = as_ascii(text.strip().strip("*_`. ")[:LONGEST])
    for label in (LEADING, CJK_LABEL, LABEL, VAGUE, WORKED):
        if found := label.match(text):
            text = text[found.end() :]
    text = NO_CENTS.sub("", MINUS.sub("-", text, count=1) if MINUS.match(text) else text)
    text = AND_FRACTION.sub(r"\1 ", AND_HALF.sub(r"\1 and 1/2", text))
    if found := GERMAN.match(text):
        text = f"{found[0].replace('.', '').replace(',', '.')}{text[found.end() :]}"
    if mixed := MIXED.match(text):
        rest, value = text[mixed.end() :], plain_number(mixed[0])
    elif match := NUMBER.match(text):
        rest, value = text[match.end() :], _value(match)
    else:
        return None
    rest = PER.sub("", ABBREVIATED.sub("", rest.strip("*_ .!")), count=1)
    if value is not None and (scale := SCALE.match(rest)):
        rest, value = rest[scale.end() :], value * SCALES[(scale[1] or scale[2]).lower()]
    if rest and (not UNIT.fullmatch(rest.strip()) or MULTIPLIERS.search(rest)):
        return None
    return value


def last_number(text: str) -> tuple[str, Fraction] | None:
    """The last number of a text, as written, and its value."""
    text = as_ascii(text)
    found = last_match(TOKEN, text)
    if found is None or len(found[0]) > LONGEST:
        return None
    token = found[0].rstrip(",")
    if "/" in token and (whole := WHOLE_BEFORE.search(text[max(0, found.start() - 20) : found.start()])):
        token = f"{whole[0]}{token}"
    value = plain_number(token)
    if value is None:
        value = decimal_comma(token)
    if value is None:
        return None
    scale = SCALE.match(text, found.end())
    if scale is None or scale[0].strip().lower().startswith("dozen"):  # a dozen can also be the unit
        return token, value
    return f"{token}{scale[0]}", value * SCALES[(scale[1] or scale[2]).lower()]


def _fraction(text: str) -> Fraction | None:
    """The value of one \\frac of integers."""
    match = FRACTION.fullmatch(text) if "frac" in text else None
    if match is None:
        return None
    sign, inner, top, bottom, short_sign, short_top, short_bottom = match.groups()
    if top is None:
        sign, inner, top, bottom = short_sign, "", short_top, short_bottom
    if int(bottom) == 0:
        return None
    value = Fraction(int(top), int(bottom))
    return -value if bool(sign) != bool(inner) else value


def _value(match: re.Match) -> Fraction | None:
    sign, inner, digits, exponent, divisor = match.groups()
    if sign and inner:
        return None
    digits = digits.replace(",", "").replace(" ", "").rstrip(".") or "0"
    value = Fraction(int(digits)) if digits.isdigit() else Fraction(digits)  # integers are faster
    if exponent is not None:
        value *= Fraction(10) ** int(exponent)
    if divisor is not None:
        if int(divisor) == 0:
            return None
        value /= int(divisor)
    return -value if "-" in (sign, inner) else value
