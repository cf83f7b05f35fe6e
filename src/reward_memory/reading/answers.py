"""Finding the final answer in a response: the last one wins. Linear in the response's length."""

import re
from dataclasses import dataclass

BOXES = ("\\boxed", "\\fbox")
TAIL = 50_000  # characters at the end that are looked at for marks
TEXT_TAIL = 4_000  # and for an answer without a mark
ATTEMPTS = 20  # empty marks that are passed over
STATEMENT = re.compile(r"(?:answer[ \t]*(?:is|was|:|=)|^[ \t]*A:)[ \t]*:?[ \t]*", re.IGNORECASE | re.MULTILINE)
SENTENCE_END = re.compile(r"[.!?](?=[\s*_]|$)|\n")
# between two boxes that make one answer together: a comma, "and", a name with an equals sign
_SPACE = r"[\s$\\()\[\]&]"
_JOINT = r"(?:[,;]|and\b|or\b|\\q?quad|\\text\{[^{}]{1,40}\})"
JOINED = re.compile(rf"{_SPACE}*{_JOINT}(?:{_SPACE}|{_JOINT}|[A-Za-z](?:_\{{?\w{{1,3}}\}}?)?\s?=){{0,40}}")
VALUE = re.compile(r"\$[^$]+\$|\\\(.+\\\)|[-$]?\d[\d,./]*%?")  # a formula or a number and nothing else
LABELS = ("answer:", "answer", "final answer:", "final answer")


@dataclass(frozen=True, slots=True)
class Answer:
    """The final answer of a response.

    text  as it stands there
    how   "hash" (#### line), "boxed", "statement" (the answer is ...), "text" (nothing points at it) or "bare" (given)
    tail  the end of the response, for a second look at answers that nothing marks; "" for marked ones
    """

    text: str
    how: str
    tail: str = ""


def find_answer(response: str) -> Answer:
    """The last non-empty `#### answer` line or box, whichever stands last; else what the last "answer is" or "answer:"
    introduces, up to the end of the sentence; else the end of the text. What follows `</think>` goes before what
    precedes it.
    """
    text = final_part(response)[-TAIL:]
    marked, at = _last_mark(text)
    tail = text[-TEXT_TAIL:]
    statement = _last_statement(tail)
    if statement is not None:
        line, place = statement
        if marked is None:
            return Answer(line, "statement", tail)
        # after a mark, only what is plainly a value takes its place
        if place + len(text) - len(tail) > at and VALUE.fullmatch(line):
            return Answer(line, "statement", tail)
    return marked or Answer(tail.strip(), "text", tail)


def final_part(response: str) -> str:
    """What follows the thinking, if anything does."""
    _, tag, rest = response.rpartition("</think>")
    return rest if tag and rest and not rest.isspace() else response


def _last_statement(tail: str) -> tuple[str, int] | None:
    """(what the last "answer is" introduces, its place), None if it introduces nothing."""
    statements = list(STATEMENT.finditer(tail))
    if not statements:
        return None
    start = statements[-1].end()
    end = SENTENCE_END.search(tail, start)
    line = tail[start : end.start() if end else None].strip()
    return (line, start) if line else None


def _last_mark(text: str) -> tuple[Answer | None, int]:
    """The answer of the last mark that has one, and the mark's place."""
    end = len(text)
    for _ in range(ATTEMPTS):
        hashes = text.rfind("####", 0, end)
        box = max(text.rfind(mark, 0, end) for mark in BOXES)
        if hashes < 0 and box < 0:
            break
        if hashes > box:
            if answer := _line_after(text, hashes):
                return Answer(answer, "hash"), hashes
            end = len(text[:hashes].rstrip("#"))
        else:
            if answer := _joined_boxes(text, box):
                return Answer(answer, "boxed"), box
            end = box
    return None, -1


def _line_after(text: str, at: int) -> str:
    """The rest of a `####` line, or the next line that is not empty; likewise after a label such as "Answer:"."""
    rest = text[at:].lstrip("#").lstrip()
    line = rest.split("\n", 1)[0].strip()
    if line.strip("*_ ").casefold() in LABELS:
        line = rest[len(line) :].strip().split("\n", 1)[0].strip()
    return line


def _joined_boxes(text: str, at: int) -> str:
    """The content of the box at `at`; with those before it that belong to the same answer: `\\boxed{1}, \\boxed{2}`."""
    contents = [box_content(text, at)]
    if not contents[0]:
        return ""
    for _ in range(ATTEMPTS):
        before = max(text.rfind(mark, 0, at) for mark in BOXES)
        if before < 0 or at - before > 500:
            break
        content = box_content(text, before)
        gap = text[text.find(content, before) + len(content) : at].lstrip("} ")
        if not content or len(gap) > 80 or not JOINED.fullmatch(gap):
            break
        contents.insert(0, content)
        at = before
    if len(contents) == 1:
        return contents[0]
    return ", ".join(f"\\boxed{{{content}}}" for content in contents)


def box_content(text: str, at: int) -> str:
    """The content of the box at `at`, braces balanced; an unclosed one reaches to the end of its line."""
    start = at
    while start < len(text) and (text[start] == "\\" or text[start].isalpha()) and start - at < 6:
        start += 1
    while start < len(text) and text[start] == " ":
        start += 1
    if text[start : start + 1] != "{":  # \boxed 5
        word = text[start : start + 100].split(None, 1)[:1]
        return word[0].strip("$.,") if word else ""
    depth, place = 0, start
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return text[start + 1 : place].strip()
        place += 1
    return text[start + 1 :].split("\n", 1)[0].strip().rstrip("$ ")
