"""Multiple choice: which of the item's options a response chooses."""

import re
import unicodedata

from .extraction import BOXES, NEXT_QUESTION, REFUSED, Answer, box_content, final_part, latex_boxes, one_exercise
from .items import ARTICLE, LETTER_TEXTS, Item, only, plain
from .judged import judged, left_over
from .positions import placed
from .statements import ALONE, CORRECTED, DOUBT, SEVERAL, only_letter, read_value, statements
from .unfinished import UNFINISHED, breaks_off

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ITEM = (
    r"(?:[ \t]*(?:[>+-]|#{1,3}|\d{1,2}[.)]|[=-]+>|[→⇒∴\u2705\u25b6\u27a1\U0001f449]\ufe0f?)[ \t]+)?"  # lists, arrows
)
_OPEN = r"[\s~(\[{*_`$\"'\u201c\u2018<]*"
_CLOSE = r"[~)\]}*_`$\"'\u201d\u2019>]*"
BARE = re.compile(rf"{_ITEM}{_OPEN}([A-Za-z]){_CLOSE}[\s.:,;!]*{_CLOSE}")
LEADING = re.compile(
    rf"{_OPEN}([A-Z])(?:[)\]}}*_`]+[.:,]?|[.:,)]|\s+[-\u2013\u2014](?=\s)){_CLOSE}(?:\s|$|(?<=[.)])(?=[^\W\d_]{{3}}))"
)
SMALL_LEADING = re.compile(rf"{_OPEN}([a-z])[).:]{_CLOSE}\s+")
#: "Conclusion: B", a line of a label and a letter
LABELED = re.compile(
    r"(?i:(?!.*\b(?:incorrect|wrong|not|eliminated?|false)\b))[*_#\s]*[^\W\d_][\w '()-]{1,40}[*_]*[:=][*_]*"
    rf"{_OPEN}([A-Z]){_CLOSE}[\s.!]*{_CLOSE}"
)
#: "It cannot be A. \u2192 B": an arrow in place of a sentence
ARROWED = re.compile(
    rf"(?:^|[.!?]|(?:\b(?:not|cannot|neither)|n['\u2019]t)(?: (?:be|is|or|nor|and|[A-Z],?(?= ))){{1,8}})"
    rf"\s*(?:[\u2192\u21d2\u27a1\u27f9]|[=-]+>)[ \t]*{_OPEN}([A-Z]){_CLOSE}[\s.!]*{_CLOSE}$"
)
#: a line of a list in which one option is ticked: "B \u2705", "C: true"
TICKED = re.compile(
    rf"^{_ITEM}{_OPEN}([A-Z]){_CLOSE}(?:(?:[.:)]{_CLOSE}|[ \t])(?:[^\n]{{0,200}}[ \t])?[\u2705\u2714\u2713]\ufe0f?|"
    rf"[.:)]{_CLOSE}[ \t](?:[^\n]{{0,200}}[ \t])?(?<!not )(?i:true|correct|right)[.!*]{{0,3}})[ \t]*$",
    re.MULTILINE,
)
#: "- [x] C", "\u2611 C"
CHECKED = re.compile(
    rf"^[ \t]*(?:[*+-][ \t]+)?(?:\[[xX\u2713\u2714]\]|[\u2611\u2705\u2714\u2713]\ufe0f?)[ \t]*{_OPEN}([A-Z])\b",
    re.MULTILINE,
)
#: "Yes, it is.", where the options are yes and no
VERDICT = re.compile(r"[*_]*(yes|no|true|false|maybe)[*_]*[,.;:!]", re.IGNORECASE)
#: "An ant is the answer."
CALLED_RIGHT = re.compile(
    r"(?:(?:so|thus|hence|therefore),?\s)?([^.!?]{2,200}?)\s(?:is|are)\s(?:(?:the|my)\s)?(?:(?:correct|right|best|final)\s?)?"
    r"(?:(?<=\s)(?:answer|option|choice|one))?(?<=[a-z])[*_\s.!]*",
    re.IGNORECASE,
)
SENTENCE = re.compile(
    r"(?:(?<=[a-z0-9)*\"][.!?])|(?:(?<=\b[Nn]ot [A-Z]\.)|(?<=\band [A-Z]\.)|(?<=\bor [A-Z]\.))"
    r"(?=\s+[A-Z](?:[a-z]|[.!]?\s{0,3}$)))\s+"
)
SPACED = re.compile(r"([A-Z])\s+(\S.*)", re.DOTALL)
WRAPPED = re.compile(r"\(([A-Z])\)|\*\*\(?([A-Z])[).:]?\*\*|\[([A-Z])\]")

TAG = re.compile(r"<(final_?answer|answer|ans|choice|option|response)>(.*?)(?:</\1>|\Z)", re.IGNORECASE | re.DOTALL)
LABEL = re.compile(
    r"(?:(?:the|my)\s+)?(?:final\s+|correct\s+|best\s+)?(?:answer|choice|option)(?:\s+is)?\s*:?", re.IGNORECASE
)
VERB = re.compile(
    r"\b(?:is|was|are|were|be|called|it's|so|thus|hence|therefore|choose|pick|select|"
    r"(?:closest|nearest|equal) to|equals)[,:]?\s+",
    re.IGNORECASE,
)
JOINED = re.compile(r"[\s$}\\()\[\],;&]*(?:,|;|and|or|\\q?quad)?[\s$}\\()\[\],;&]*")
# LaTeX commands around a letter; boxes are marks and are kept
WRAPPER = re.compile(
    r"\\(?:text(?!color)[a-z]*|math(?:rm|bf|sf|it|tt|cal|bb|frak|scr|normal)|emph|underline|operatorname\*?|mbox|hbox|"
    r"bm|boldsymbol|textcolor\s*\{[^{}]*\}|color\s*\{[^{}]*\})\s*\{([^{}]*)\}"
)
SPACING = re.compile(
    r"\\(?:[,;:!> ()\[\]{}]|q?quad\b|"
    r"(?:checkmark|left|right|displaystyle|textstyle|rm|bf|sf|it|bfseries|large|Large)(?![A-Za-z]))"
)
# invisible characters, and emoji other than ticks, crosses and a pointing hand
INVISIBLE = re.compile(
    "[\u200b-\u200f\u2060-\u2064\ufeff\u00ad\u2600-\u2604\u263a-\u2665\U0001f300-\U0001f448\U0001f44a-\U0001faff]"
)
REJECTED_ASIDE = re.compile(r"[ \t]\((?:and )?not (?:option )?\(?[A-Z]\)?\)")  # D (not C)
#: 'B', \u201cB\u201d, \u00abB\u00bb: a letter in quotation marks; D' alone may name a point
QUOTED = re.compile(
    r"(?<!\w)(?:['`\u2018\u2019\u201a\u2039\u00ab]|[\u201c-\u201e]|''|``)\s?(\(?[A-Za-z]\)?\.?)\s?"
    r"(?:['`\u2018\u2019\u203a\u00bb]|[\u201c-\u201e]|''|``)(?!\w)"
)
#: Greek and Cyrillic capitals that look like Latin ones. Cyrillic V is also the third letter of its alphabet.
LOOK_ALIKE = str.maketrans("\u0391\u0392\u0395\u0397\u0399\u0410\u0421\u0415", "ABEHIACE")
CYRILLIC_V, CYRILLIC_ORDER = "\u0412", re.compile(r"(?<!\w)[\u0411\u0413\u0414](?!\w)")
#: words after which an option's text cannot be the predicate
NO_SUBJECT = re.compile(r"(?:an?|the|of|in|at|to|than|like|and|or|by|from|with|for|on|as|not|if|that|option)$")
NESTED = 8  # wrappers around a letter
TAIL = 50_000  # characters at the end that are searched for marks
STATEMENT_TAIL = 4_000  # and for statements
LAST_LINE = 300  # characters of a line that may end with an option's text
MARKS = 20  # headings skipped at most


#: "the answer can't be", "I don't think it is"
NOT_SAID = re.compile(r"(?:\b(?:not|never|cannot)\b|n['\u2019]t\b)[^,;.]*$")
#: other separators between a line with an answer and the next question
ANOTHER = re.compile(r"\n[ \t]{0,8}-{3,}[ \t]{0,8}\n|\n[ \t]{0,8}\d{1,2}\. [A-Z][^\n]{10,200}\?|\nYou are an? ")
GIVES_REASON = re.compile(r"[*_`$\"')\]]*,?[ \t]+(?:because|since|as it|as they)\b")


def extract_letter(answer: Answer, options: tuple[str, ...], response: str | None = None) -> tuple[str | None, str]:
    """Return (letter, how), `how` being "letter", "text" (an option's full text) or "stated"; else (None, "no answer").

    response  the text in which the answer was found. If given, it is read completely, instead of `answer.text`: the
              last box, tag or `####` line counts, and a statement after it wins

    Only letters of the item's options count (A to E if it has none), and never the first letter of a word. If several
    are named, none counts.
    """
    letters = LETTERS[: len(options)] or LETTERS[:5]
    item = Item(letters, tuple(plain(cleaned(option)) for option in options))
    if response is not None and "<think>" in response and "</think>" not in response:  # cut off
        return _settle(cleaned(latex_boxes(response)[-TAIL:]), item, cut_off=True)
    if response is not None:
        text = one_exercise(final_part(latex_boxes(response)))
        return _first_of_several(text, item) or _settle(cleaned(text[-TAIL:]), item)
    if answer.how == "text":
        return _unmarked(cleaned(answer.text), item)
    return _named(cleaned(answer.text), item)


def cleaned(text: str) -> str:
    """Remove LaTeX around letters, full-width forms and invisible characters."""
    text = INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(LOOK_ALIKE).replace("\u3002", ".")
    text = text.translate({0x3010: "[", 0x3011: "]", 0x300C: '"', 0x300D: '"', 0x3001: ","})
    text = QUOTED.sub(r'"\1"', REJECTED_ASIDE.sub("", text) if "not" in text else text)
    if CYRILLIC_V in text and not CYRILLIC_ORDER.search(text):
        text = re.sub(rf"(?<!\w){CYRILLIC_V}(?!\w)", "B", text)
    if "\\" not in text:
        return text
    text = SPACING.sub(" ", text)
    for _ in range(NESTED):
        text = WRAPPER.sub(r"\1", text)
    return text


def _first_of_several(text: str, item: Item) -> tuple[str | None, str] | None:
    """Read a one-line answer that another question follows; None if there is none."""
    text = text[: 2 * LAST_LINE]
    following = NEXT_QUESTION.search(text) or ANOTHER.search(text)
    head = cleaned(text[: following.start()]).strip() if following else ""
    return _short(head, item) if head and "\n" not in head and len(head) <= LAST_LINE else None


def _settle(text: str, item: Item, cut_off: bool = False) -> tuple[str | None, str]:
    """Read the last mark that names something (not a heading), or a firm statement after it. Without a mark, read the
    text itself; of thinking that was cut off, only its firm statements.
    """
    mark = _last_mark(text, item)
    if mark is None:
        return (_stated(text, item) or (None, "no answer")) if cut_off else _unmarked(text, item)
    found, end = mark
    stated = _stated(text[end:], item)
    if stated is None and found[0] is None and (earlier := _before_formula(text, end, item)):
        return earlier
    return stated or found


def _before_formula(text: str, end: int, item: Item) -> tuple[str | None, str] | None:
    """Return the answer stated before a box with a formula that names no option; None if the box may name one."""
    box = max(text.rfind(name, 0, end) for name in BOXES)
    if box < 0 or text.rfind("####", 0, end) > box or ALONE.search(cleaned(box_content(text, box))):
        return None
    stated = _stated(text[:box], item)
    return stated if stated and stated[0] else None


def _last_mark(text: str, item: Item) -> tuple[tuple[str | None, str], int] | None:
    """Return (what the last mark says, where it ends); None without a mark."""
    tags = list(TAG.finditer(text)) if "<" in text else []
    limit = len(text)
    for _ in range(MARKS):
        hashes = text.rfind("####", 0, limit)
        box = max(text.rfind(name, 0, limit) for name in BOXES)
        tag = next((tag for tag in reversed(tags) if tag.start() < limit and tag[2].strip()), None)
        at = max(hashes, box, tag.start() if tag else -1)
        if at < 0:
            return None
        if at == box:
            if not REFUSED.search(text, box - 40, box):
                return _boxed(text, box, item)
            limit = box
            continue
        if at != hashes:
            content = tag[2].strip()
            found = _named(content, item)
            return (found if found[0] else _unmarked(content, item)), tag.end()
        line, end = _line_after(text, hashes)
        found = _named(line, item) if line else (None, "no answer")
        if found[0] or (line and not text[end:].strip()):
            return found, end
        limit = len(text[:hashes].rstrip("#"))
    return None


def _boxed(text: str, at: int, item: Item) -> tuple[tuple[str | None, str], int]:
    """Return (what the box at `at` says, its end); no answer if an adjoining box before it says something else."""
    content = box_content(text, at)
    end = at + text[at:].find(content) + len(content)
    by_text = item.named_by(content)  # before braces are stripped: \\frac{x}{2} ends with its own
    found = (by_text, "text") if by_text else _named(content.strip("{} "), item)
    before = max(text.rfind(name, 0, at) for name in BOXES)
    if before >= 0 and at - before < 100:
        first = box_content(text, before)
        gap = text[text.find(first, before) + len(first) : at]
        if first and JOINED.fullmatch(gap) and gap.count("\n") < 2:
            other = _named(first.strip("{} "), item)[0]
            if other is not None and other != found[0]:
                return (None, "no answer"), end
    return found, end


def _line_after(text: str, at: int) -> tuple[str, int]:
    """Return (the rest of a `####` line or, below a label such as "Answer:", the next line with text; its end)."""
    start = at + len(text[at:]) - len(text[at:].lstrip("#").lstrip())
    for _ in range(2):
        line = text[start:].partition("\n")[0]
        end = start + len(line)
        if not LABEL.fullmatch(line.strip().strip("*_ ")):
            break
        start = end + len(text[end:]) - len(text[end:].lstrip())
    return line.strip(), end


def _stated(text: str, item: Item) -> tuple[str | None, str] | None:
    """Return what the last firm statement says; None without one."""
    firm = [statement for statement in statements(text[-STATEMENT_TAIL:], item) if statement.firm]
    if not firm:
        return None
    return (firm[-1].letter, "stated") if firm[-1].letter else (None, "no answer")


def _unmarked(text: str, item: Item) -> tuple[str | None, str]:
    """Return the option that a text without marks chooses."""
    text = text[-STATEMENT_TAIL:].strip()
    lines = text.split("\n")
    if breaks_off(text, lines):
        return None, "no answer"
    found = None if _stated(text, item) else judged(text, item.letters, item.texts)
    found = found or (_only_option(text, item) if len(lines) > 1 else _short(text, item))
    found = found or _stated(text, item) or (_only_option(lines[-1], item) if BARE.fullmatch(lines[-1]) else None)
    if found:
        return found
    # "B. dog" with the reasons below; a list of options has several such lines
    headed = [line for line in lines if LEADING.match(line)]
    if len(headed) == 1 and headed[0] in (lines[0], lines[-1]) and (found := _short(headed[0], item)):
        return found
    first = BARE.fullmatch(lines[0]) if len(lines) > 1 else None
    if first and first[1] in item.letters:
        return first[1], "letter"  # the letter, then its reasons
    said = statements(text, item)
    if said and said[-1].letter:
        return said[-1].letter, "stated"
    wrapped = {next(filter(None, match.groups())) for match in WRAPPED.finditer(text)}
    if len(wrapped) == 1 and wrapped <= set(item.letters):
        return wrapped.pop(), "stated"
    opening = item.starts(lines[-1], 0)
    if opening and opening[0] and GIVES_REASON.match(lines[-1], opening[1]):  # "An eel, since it is long."
        return opening[0], "text"
    repeated = len(headed) > 1 and headed[-1] == lines[-1] == lines[lines.index(headed[-2]) + 1]
    if not repeated and (by_text := _named_at_the_end(lines[-1], item)):
        return by_text, "text"
    labeled = LABELED.fullmatch(lines[-1]) or ARROWED.search(lines[-1][-LAST_LINE:])
    if labeled and labeled[1] in item.letters:
        return labeled[1], "stated"
    ticked = {match[1] for pattern in (TICKED, CHECKED) for match in pattern.finditer(text)}
    if len(ticked) == 1 and ticked <= set(item.letters):
        return ticked.pop(), "stated"
    if repeated:
        return None, "no answer"  # the list of options
    verdict = VERDICT.match(text)
    if verdict and item.texts and all(VERDICT.fullmatch(f"{option},") for option in item.texts):
        named = item.named_by(verdict[1])
        return (named, "text") if named else (None, "no answer")
    if left := left_over(text[-LAST_LINE:], item.letters):
        return left, "stated"
    if len(headed) > 1 and UNFINISHED.search(lines[-1]):
        return None, "no answer"  # cut off while going through the options
    sentence = SENTENCE.split(lines[-1].strip())[-1]
    if len(sentence) <= LAST_LINE and (found := only_letter(sentence, item.letters)):
        return found, "stated"
    if found := _short(lines[-1], item):
        return found
    by_text = _one_sentence(text, item)
    return (by_text, "text") if by_text else (None, "no answer")


def _one_sentence(text: str, item: Item) -> str | None:
    """Return the letter of the only option whose text is in a one-sentence answer: "You would use a measuring cup."."""
    if len(text) > LAST_LINE or "\n" in text or len(SENTENCE.split(text)) > 1 or DOUBT.search(text) or "doubt" in text:
        return None
    sentence = plain(text).strip(" !")
    found = [
        (letter, match)
        for letter, option in item.pairs()
        if len(option) > 1 and (match := re.search(rf"(?<![\w.-]){re.escape(option)}(?![\w-])", sentence))
    ]
    if len(found) != 1:
        return None
    letter, match = found[0]
    if " " not in ARTICLE.sub("", match[0]):  # "I love Paris."
        return None
    return letter if not re.search(r"\d", match[0]) or match.end() == len(sentence) else None


def _named_at_the_end(line: str, item: Item) -> str | None:
    """Return the letter of the option whose text ends a line ("So the largest one is the blue whale.")."""
    line = line[-LAST_LINE:]
    subject = CALLED_RIGHT.fullmatch(SENTENCE.split(line.strip())[-1])
    if subject and (letter := item.named_by(subject[1])):
        return letter
    places = [match.end() for match in VERB.finditer(line) if not NOT_SAID.search(line[: match.end()])]
    if "=" in line:
        places.append(line.rindex("=") + 1)
    named = [item.named_by(line[place:].strip(" .!")) for place in places]
    return next((letter for letter in reversed(named) if letter), None) or _predicate(line, item)


def _predicate(line: str, item: Item) -> str | None:
    """The letter of the option that is the predicate of a short last sentence ("The pressure stays the same.")."""
    sentence = plain(SENTENCE.split(line.strip())[-1]).strip(" !")
    named = only(
        (letter, option)
        for letter, option in item.pairs()
        if option not in LETTER_TEXTS and re.search(rf"(?<!\w){re.escape(option)}(?!\w)", sentence)
    )
    if named is None or not sentence.endswith(named[1]):
        return None
    letter, option = named
    before = sentence[: -len(option)].split()
    # a name is not a verb: "I love Paris."
    verb = " " in option or (option.endswith("s") and option.isalpha() and line.rstrip(" .!*_`").endswith(option))
    if not verb or not 1 <= len(before) <= 6 or NO_SUBJECT.match(before[-1]) or DOUBT.search(" ".join(before)):
        return None
    return letter


def _named(text: str, item: Item) -> tuple[str | None, str]:
    """Return the option that a marked answer names."""
    found = _short(text, item)
    if found:
        return found
    value = read_value(text, 0, item)
    if value is not None and value[0]:
        return value[0], "stated"
    said = statements(text[-STATEMENT_TAIL:], item)
    return (said[-1].letter, "stated") if said and said[-1].letter else (None, "no answer")


def _short(text: str, item: Item) -> tuple[str | None, str] | None:
    """Read a short text: "B", "(B)", "**B**", "B. text", "B - text", "B text", or an option's text."""
    found = _only_option(text, item)
    if found:
        return found
    small = SMALL_LEADING.match(text)  # "(b) London", where London is option b
    if small and item.says(small[1].upper(), plain(text[small.end() :])):
        return small[1].upper(), "letter"
    leading = LEADING.match(text)
    if leading is None or leading[1] not in item.letters or SEVERAL.match(text, leading.end(1)):
        return None
    if CORRECTED.search(text[-LAST_LINE:]):  # "A. No, wait: B"
        return None
    by_text = item.starts(text, 0)  # "C. elegans" may be another option's text
    if by_text is None:
        return leading[1], "letter"
    return (by_text[0], "text") if by_text[0] else (None, "no answer")


def _only_option(text: str, item: Item) -> tuple[str | None, str] | None:
    """Read a text that is only a letter, an option's text, or both."""
    bare = BARE.fullmatch(text)
    if bare:
        letter = bare[1].upper()
        if letter in item.letters:
            return letter, "letter"
        by_text = item.named_by(text)  # x, with the options x, y and z
        return (by_text, "text") if by_text else (None, "no answer")
    by_text = item.named_by(text)
    if by_text:
        return by_text, "text"
    by_place = placed(text, item)
    if by_place:
        return by_place, "stated"
    spaced = SPACED.fullmatch(text)
    if spaced and item.says(spaced[1], plain(spaced[2]).removeprefix("(").removesuffix(")")):
        return spaced[1], "letter"
    return None
