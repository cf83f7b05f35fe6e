"""Find the final answer in a response: the last one wins. Takes time linear in the response's length."""

import json
import re
from dataclasses import dataclass

from .numbers import last_match

BOXES = ("\\boxed", "\\fbox")
BOX_NAME = re.compile(r"\\(?:boxed|fbox) *")
TAIL = 50_000  # characters at the end that are searched for marks
TEXT_TAIL = 4_000  # and for an answer without a mark
NUMERIC = "$-+.,/ 0123456789"  # the characters of a plain number
NO_WORDS = NUMERIC + "#\n"  # text of these alone contains no statement
LONGEST_FORMULA = 400  # characters of a formula over several lines between single dollars
AHEAD = 300  # characters after a heading
ATTEMPTS = 20  # empty marks skipped at most
STATEMENT = re.compile(
    r"(?:answer[*_]{0,3}[ \t]*(?:is|was|would be|should be|:|：|=)|^[ \t]*A:|答案(?:应该)?(?:是|为|：|:)|答えは|정답은|"
    r"(?:ответ|antwort|réponse|respuesta|resposta|risposta|odpowiedź|antwoord|cevap)[*_]{0,3}"
    r"[ \t]*(?:ist|lautet|est|es|é|è|is|to|:|：|-|—))"
    r"[*_]{0,3}[ \t]*[:：]?[*_]{0,3}[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
SENTENCE_END = re.compile(r"(?<!\\)(?<!\bi\.e)(?<!\be\.g)(?:[.?]|!(?!\s?[-*/+^)]))(?=[\s*_]|$)|[。！？]|\n")
WORK = re.compile(r"[\d!(][\d\s!()]*[-*/+][\d\s!()*/+-]*\d")  # 2 * 4!
# a "####" heading that structures the work and is not an answer
HEADING = re.compile(
    r"[*_\d. ]*(?:step|part|case|solution|explanation|verif\w+|check(?:ing)?|conclusion|summary|note|proof|analysis|"
    r"reasoning|calculat\w+|approach|method|example|understand\w*|given|problem|question|breakdown|justification|remark|overview|"
    r"interpretation|simplif\w+|setup|set up|find\w*|determin\w+|solv\w+|comput\w+|combin\w+|substitut\w+|"
    r"(?:day|week|month|year|round|stage|phase|scenario|trip|section|task|trial|game|group)\s(?:\d{1,4}|[A-Z])\b(?=[^\n]*\n\s*\S)|"
    r"(?:first|second|third|fourth|next)\s\d{1,4}\s[a-z]{2,20}(?:\s[a-z]{2,20})?(?=\n\s*\S)|"
    r"(?:first|second|third|next|then|finally),\s[^\n\d]{2,60}(?=\n\s*\S)|"
    r"步骤|验证|解|分析|计算|结论|schritt|étape|paso|passo|шаг)\b",
    re.IGNORECASE,
)
#: "#### Alice's share": words, except those that may themselves be an answer
TITLE = re.compile(
    r"[*_]*(?!(?:no|not|none|yes|does|doesn|all|any|every|infinite|infinitely|undefined|true|false|never|always|it|there)\b)"
    r"[^\W\d_]+(?:['\u2019][a-z]{1,2})?(?:[ -][^\W\d_]+(?:['\u2019][a-z]{1,2})?){1,7}[*_]*",
    re.IGNORECASE,
)
FENCE = re.compile(r"^`{3,}[a-z]*\n+")
#: {"answer": "27"}
KEYED = re.compile(
    r'"(?:final_?|correct_?)?answer"\s{0,3}:\s{0,3}("(?:[^"\\\n]|\\.){1,2000}"|-?[\d.,/]{0,50}\d)', re.IGNORECASE
)
BAD_ESCAPE = re.compile(r"(?<!\\)\\(?:[a-z]{2}|[^\"\\/bfnrtu])")
NUMBERED = re.compile(r"[*_]*(\d{1,2})[.)]\s+[*_]*[^\W\d_].*[^.!?]")
OPENING = {"\\[": "\\]", "$$": "$$", "\\(": "\\)"}  # display mathematics over several lines
#: a matrix or a system of equations
ENVIRONMENT = re.compile(r"\\begin\{([a-zA-Z]{1,12}\*?)\}[^$]{0,2000}?\\end\{\1\}")
VALUED = re.compile(r"(?<!_)(?<!_\{)\d")
UNSURE_END = re.compile(r"\\approx|\\text|,\s?\d{3}(?!\d)")  # read as running text instead
STOP_INSIDE = re.compile(r"[.,;](?=\s{0,3}(?:\\\]|\\\)|\$\$?)[\s.]{0,5}$)")  # the full stop of `x = 3.\]`
# "not" before a box
REFUSED = re.compile(
    r"(?:\b(?:not|rather than|instead of|nicht|et non|pas|y no)|不是|而非)\s*(?:[$*(]|\\[(\[])*\s*$", re.IGNORECASE
)
STRUCK = re.compile(r"(?<![^\s*_(:])~~(?=[^\s~])[^~\n]{1,80}~~(?!~)")  # ~~14~~ 15
TAG, TAG_END = "<answer>", "</answer>"
OTHER_TAG = re.compile(r"<(/?)(?:final[_ -]?)?answer>", re.IGNORECASE)
BOX_TOKENS = "<|begin_of_box|>", "<|end_of_box|>"
END_TOKENS = re.compile(r"(?:\s*(?:<\|[a-z_]{2,20}\|>|</s>|<eos>|<end_of_turn>|<｜end▁of▁sentence｜>))+\s*$")
#: where a model's turn ends
STOP = re.compile(r"<\|(?:im_end|eot_id|endoftext|end|end_of_text)\|>|</s>|<end_of_turn>|<｜end▁of▁sentence｜>|<eos>")
#: where a model that does not stop begins another exercise
NEXT_QUESTION = re.compile(
    r"\n[ \t]{0,8}(?:[*_#]{0,4} ?)(?:(?:Question|Problem|Exercise|Q|Human|User)(?:\s\d{1,3})?[*_]{0,2}[:：]|"
    r"(?:Question|Problem|Exercise)\s\d{1,3}[*_]{0,2}[ \t]{0,8}\n|The following are multiple choice)"
)
ASKING = ("Question", "Problem", "Exercise", "Human", "User", "Q", "The following are")  # checked before the search
# between two boxes that together make one answer: a comma, "and", a name with an equals sign
_SPACE = r"[\s$\\()\[\]&]"
_JOINT = r"(?:[,;]|and\b|or\b|\\q?quad|\\text\{[^{}]{1,40}\})"
JOINED = re.compile(rf"{_SPACE}*{_JOINT}(?:{_SPACE}|{_JOINT}|[A-Za-z](?:_\{{?\w{{1,3}}\}}?)?\s?=){{0,40}}")
# a number or a delimited formula, then a sentence or a remark about it
EXPLAINED = re.compile(
    r"([*_]{0,3}[-$€£]{0,2}\d[\d,./]*%?[*_]{0,3}(?: [a-z]{2,15}){0,3}|\$[^$]+\$|\\\(.{1,300}?\\\))"
    r"(?:[.;,]\s+(?=[A-Z\u4e00-\u9fff])|\s+\((?!mod)|,?\s+(?:because|since|as|so|which)\b).*"
)
#: "3/4, i.e. 75%", whose percentage is compared with and without its sign
THAT_IS = re.compile(r"[-$\\(\d][^%\n]{0,80}?[\s(]i\.e\.,?\s+(\d[\d.]{0,20}\s?\\?%)\W{0,3}")
VALUE = re.compile(r"\$[^$]+\$|\\\(.+\\\)|[-$]?\d[\d,./]*%?")  # a formula or a number and nothing else
LABEL = re.compile(
    r"[*_]*(?:(?:the )?(?:final )?answer(?: is)?|total|答案|最终答案|result|final result|"
    r"resultado|respuesta(?: final)?|solución|ergebnis|"
    r"antwort|lösung|résultat|réponse(?: finale)?|risultato|risposta(?: finale)?|resposta(?: final)?|ответ|"
    r"итог|結果|答え|정답)(?![A-Za-zÀ-ÿ])[*_]*\s*[:：]?[*_ ]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The final answer of a response.

    text  as written in the response
    how   "hash" (#### line), "boxed", "tag" (<answer>), "statement" (the answer is ...), "text" (unmarked) or "bare"
          (given by the caller)
    tail  the end of the response (of the tag, for "tag"), for a second look; "" for "hash", "boxed" and "bare"
    """

    text: str
    how: str
    tail: str = ""


def find_answer(response: str) -> Answer:
    """Return the last non-empty `#### answer` line, box or `<answer>` tag. Without one, return what the last "answer
    is" or "answer:" introduces, up to the end of the sentence; failing that, the end of the text, unless it is cut-off
    thinking. Text after `</think>` has precedence. Headings such as `#### Step 3` are not answers.
    """
    text = _on_one_line(_answer_tags(one_exercise(final_part(latex_boxes(response)))[-TAIL:]))
    mark = _last_mark(text)
    tail = text[-TEXT_TAIL:]
    if mark is not None:
        marked, at = mark
        if not text[at:].strip(NO_WORDS):  # "#### 18" ends the response
            return marked
        # after a mark, only a statement of a plain value replaces it
        statement = _last_statement(text[max(at, len(text) - TEXT_TAIL) :])
        if statement is not None and VALUE.fullmatch(statement.strip("*_ ")):
            return Answer(statement, "statement", tail)
        return marked
    statement = _last_statement(tail)
    if statement is not None:
        return Answer(statement, "statement", tail)
    if "<think>" in response and "</think>" not in response:  # cut off before an answer
        return Answer("", "text")
    return Answer(tail.strip(), "text", tail)


def latex_boxes(text: str) -> str:
    """Replace GLM's box tokens with LaTeX boxes, and remove struck-through text."""
    if "~~" in text:
        text = STRUCK.sub("", text)
    return text.replace(BOX_TOKENS[0], "\\boxed{").replace(BOX_TOKENS[1], "}")


def _on_one_line(text: str) -> str:
    """Join the lines within matrices and systems of equations, and drop a full stop within the last formula."""
    stop = STOP_INSIDE.search(text, max(0, len(text) - 20))
    if stop:
        formula = text[max(text.rfind(mark, 0, stop.start()) for mark in ("$", "\\[", "\\(")) : stop.start()]
        if VALUED.search(formula) and not UNSURE_END.search(formula):
            text = text[: stop.start()] + text[stop.end() :]
    if "\\begin{" not in text or "\n" not in text:
        return text
    return ENVIRONMENT.sub(lambda found: found[0].replace("\n", " "), text)


def _answer_tags(text: str) -> str:
    """Rewrite tags such as `<final_answer>` and `<Answer>` as `<answer>`."""
    if "nswer>" not in text and "NSWER>" not in text:
        return text
    return OTHER_TAG.sub(r"<\1answer>", text)


def final_part(response: str) -> str:
    """Return the text after the thinking (everything if nothing follows), without the tokens that end a response."""
    _, tag, rest = response.rpartition("</think>")
    text = rest if tag and rest and not rest.isspace() else response
    return END_TOKENS.sub("", text) if text[-40:].rstrip().endswith((">", "}")) else text


def one_exercise(text: str) -> str:
    """Cut a text at the end of its turn, and at the next question if an answer precedes it."""
    stop = STOP.search(text) if "<" in text else None
    if stop and text[: stop.start()].strip() and END_TOKENS.sub("", text[stop.start() :]).strip():
        text = text[: stop.start()]
    following = NEXT_QUESTION.search(text) if any(word in text for word in ASKING) else None
    if following is None:
        return text
    said = STATEMENT.search(text, max(0, following.start() - TEXT_TAIL), following.start())
    if said and not said[0].lstrip().startswith("A:"):  # "A:" may also answer the response's own questions
        return text[: following.start()]
    mark = min((place for name in ("####", *BOXES) if (place := text.find(name)) >= 0), default=-1)
    following = NEXT_QUESTION.search(text, mark) if mark >= 0 else None
    return text[: following.start()] if following else text


def _last_statement(tail: str) -> str | None:
    """Return what the last "answer is" introduces; None if it introduces nothing."""
    statements = list(STATEMENT.finditer(tail))
    keyed = last_match(KEYED, tail)
    if keyed and not (statements and statements[-1].start() > keyed.end()):
        return _unquoted(keyed[1])
    if not statements:
        return None
    rest = FENCE.sub("", tail[statements[-1].end() :].lstrip("} \t\n"))
    opening = next((mark for mark in OPENING if rest.startswith(mark)), None)
    if opening:
        formula, closed, _ = rest.removeprefix(opening).partition(OPENING[opening])
        if closed:
            return formula.strip().rstrip(".,;") or None
    if (
        rest.startswith("$")
        and "\n" in (formula := rest[1:LONGEST_FORMULA].partition("$")[0])
        and "\n\n" not in formula
    ):
        return formula.strip() or None
    end = SENTENCE_END.search(rest)
    sentence = rest[: end.start() if end else None].strip()
    if end and end[0] == "!" and WORK.fullmatch(sentence):
        return f"{sentence}!"
    return _first_sentence(sentence) or None


def _unquoted(value: str) -> str | None:
    """Decode a JSON value to text; if its backslashes are not doubled, keep it as written."""
    if not value.startswith('"'):
        return value
    if BAD_ESCAPE.search(value):
        return value[1:-1].strip() or None
    try:
        return json.loads(value).strip() or None
    except ValueError:
        return value[1:-1].strip() or None


def _last_mark(text: str) -> tuple[Answer, int] | None:
    """Return the answer of the last mark that has one, and the mark's position; None if no mark has one."""
    end = len(text)
    for _ in range(ATTEMPTS):
        hashes = text.rfind("####", 0, end)
        box = max(text.rfind(mark, 0, end) for mark in BOXES)
        tag = text.rfind(TAG, 0, end)
        last = max(hashes, box, tag)
        if last < 0:
            break
        if last == tag:
            if answer := _tagged(text[tag + len(TAG) :]):
                return answer, tag
            end = tag
        elif last == hashes:
            if answer := _line_after(text, hashes):
                return Answer(answer, "hash"), hashes
            end = len(text[:hashes].rstrip("#"))
        else:
            refused = REFUSED.search(text, box - 40, box)
            if not refused and (answer := _joined_boxes(text, box)):
                inside = text.rfind(TAG, 0, box)
                if inside >= 0 and TAG_END not in text[inside:box]:
                    return Answer(answer, "boxed"), inside
                return Answer(answer, "boxed"), box
            end = box
    return None


def _tagged(rest: str) -> Answer | None:
    """Return the answer in an answer tag; None if the tag is empty."""
    content = rest.partition(TAG_END)[0].strip()
    if not content:
        return None
    statement = _last_statement(content[-TEXT_TAIL:])
    return Answer(statement or content, "tag", content[-TEXT_TAIL:])


def _line_after(text: str, at: int) -> str | None:
    """Return the rest of a `####` line, or the next line that is not empty; likewise after a label such as "Answer:".
    None for a heading.
    """
    rest = text[at:].lstrip("#").lstrip()
    line = rest.partition("\n")[0].strip()
    if line.rstrip("#").endswith(" "):  # "#### 18 ####"
        line = rest = line.rstrip("#").rstrip()
    if line.strip(NUMERIC) == "" and line.strip("$ "):  # a number alone, the common case
        return line
    label = LABEL.match(line)
    if label and label.end() == len(line):
        rest = rest[len(line) :].lstrip().removeprefix("> ")
        line = rest.partition("\n")[0].strip()
    elif (
        HEADING.match(rest[: len(line) + AHEAD])
        or (TITLE.fullmatch(line) and re.search(r"\d", rest[len(line) : len(line) + AHEAD]))
        or _numbered(text, at, line, rest)
        or (line.endswith((":", "：")) and rest[len(line) :].strip())
    ):
        return None
    elif label and label[0].rstrip("*_ ").endswith((":", "：")):
        line, rest = line[label.end() :].strip(), rest[label.end() :].lstrip()
    if line == "$":  # a formula that ends on a later line
        return rest[1:].partition("$")[0].strip()
    for opening, closing in OPENING.items():
        if line.startswith(opening) and closing not in line[len(opening) :]:
            return rest.removeprefix(opening).partition(closing)[0].strip()
    return _first_sentence(line)


def _numbered(text: str, at: int, line: str, rest: str) -> bool:
    """Whether a line is one of several numbered headings: "#### 2. Double it", below "#### 1. Find the area"."""
    found = NUMBERED.fullmatch(line)
    if found is None or not rest[len(line) :].strip():
        return False
    return found[1] == "1" or re.search(rf"#{{3,6}}[ \t*_]*{int(found[1]) - 1}[.)]", text[:at]) is not None


def _first_sentence(line: str) -> str:
    """Drop the sentences that explain a line's number: "18. She sells 9 eggs" becomes 18."""
    found = THAT_IS.fullmatch(line) or EXPLAINED.match(line)
    return found[1] if found else line


def _joined_boxes(text: str, at: int) -> str | None:
    """The content of the box at `at`, with those before it that belong to the same answer: `\\boxed{1}, \\boxed{2}`."""
    last = box_content(text, at)
    if not last:
        return None
    contents = [last]
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
        return last
    return ", ".join(f"\\boxed{{{content}}}" for content in contents)


def box_content(text: str, at: int) -> str:
    """The content of the box at `at`, braces balanced; an unclosed box extends to the end of its line."""
    start = BOX_NAME.match(text, at).end()
    if text[start : start + 1] != "{":  # \boxed 5
        words = text[start : start + 100].split()
        return words[0].strip("$.,") if words else ""
    end = closing_place(text, start)
    return text[start + 1 : end].strip() if end >= 0 else text[start + 1 :].partition("\n")[0].strip().rstrip("$ ")


def closing_place(text: str, start: int) -> int:
    """The position of the brace or bracket that closes the one at `start`; -1 if none does."""
    opening = text[start]
    closing = {"{": "}", "(": ")", "[": "]"}[opening]
    depth, place = 0, start
    while place < len(text):
        if text[place] == "\\" and opening == "{":
            place += 2
            continue
        depth += (text[place] == opening) - (text[place] == closing)
        if depth == 0:
            return place
        place += 1
    return -1
