"""Find the program in a response. Text only: work that needs Python's parser is done in the sandbox (assemble.py)."""

import html
import json
import re
import textwrap
from typing import NamedTuple

from reward_memory.answers.extraction import final_part

MARKER = re.compile(r"(`{3,}|~{3,})[ \t]*(?:\{?\.?([A-Za-z][\w+#-]*(?:\.\d+)?)?)([^\n]*)")
PYTHON = re.compile(r"(?:py|python|ipython|sage)[\d.]*", re.IGNORECASE)
LINE_START = re.compile(r"[\s>*+#-]*(?:\d+[.)][ \t]*)?")  # quotes, lists and headings may precede a fence
TOKEN = re.compile(r"#[^\n]*|\"\"\"|'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|\\.", re.DOTALL)
END_TOKENS = (
    r"<[|\uff5c](?:im_end|endoftext|eot_id|eom_id|eot|EOT|end_of_text|end|return|end[_\u2581]of[_\u2581]sentence)"
    r"[|\uff5c]>"
)
END = re.compile(
    rf"(?:{END_TOKENS}|<end_of_turn>|<eos>|\[/INST\]|\[DONE\])[ \t]*(?=\n|`|~|$)|(?<![\"'])(?:{END_TOKENS})(?=\w)|"
    r"</s>[ \t]*(?=\n[ \t]*(?:\n|```|$)|$)|"
    r"(?<=\n)</s>[ \t]*(?=\n)"
)
JSON = re.compile(r"(?:```(?:json)?\s*)?(\{.*\})(?:\s*```)?", re.DOTALL)
STARTS = re.compile(r"<\|(?:python_tag|begin_of_text|im_start|assistant)\|>(?:assistant\b)?")  # before an answer
LEADING_ENDS = re.compile(rf"(?:\s|{END_TOKENS}|</?s>)*")
TAGS = re.compile(
    r"(?:\[(PYTHON|CODE|BEGIN)\]|<(code|answer|python|solution|program|pre)\b[^>\n]*>|\\begin\{(lstlisting|verbatim|minted|code)\}"
    r"(?:\[[^\]\n]*\]|\{\w+\})*)(.*?)(?:\[/\1\]|</\2>|\\end\{\3\}|\Z)",
    re.IGNORECASE | re.DOTALL,
)
CODE_LINE = re.compile(
    r"^(?:(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(|class[ \t]+\w+[ \t]*[:(]|import[ \t]+[\w.]+[ \t]*(?:$|,|as\b|#)|"
    r"from[ \t]+[\w.]+[ \t]+import\b|@\w|\w+[ \t]*=[ \t]*lambda\b)",
    re.MULTILINE,
)
BRACKETS = re.compile(r"\s*\[(PYTHON|CODE|BEGIN)\][ \t]*\n(.*?)(?:\[/\1\]\s*|\[DONE\]\s*)?", re.IGNORECASE | re.DOTALL)
QUOTATION = re.compile(r"^> ?", re.MULTILINE)
INNER = re.compile(r"\s*<(code|pre)\b[^>\n]*>(.*?)(?:</\1>\s*|\Z)", re.IGNORECASE | re.DOTALL)  # <pre><code>
TRANSCRIPT = re.compile(r"\s*(?:>>> |In \[\d+\]:)")
#: lines of a notebook that are not Python
MAGIC = re.compile(
    r"^(?:!(?:pip3?|conda|apt|apt-get|ls|cd|wget|curl)|%{1,2}(?:matplotlib|load_ext|autoreload|time|timeit|config|writefile|pip|cd))"
    r"(?![\w(])[^\n]*\n",
    re.MULTILINE,
)
HASHED = re.compile(r"^####[ \t]+(?=(?:def[ \t]+\w+[ \t]*\(|class[ \t]+\w+[ \t]*[:(]))", re.MULTILINE)  # #### def f(x):
#: "Answer: def f(x):" with its body below
LABELED = re.compile(
    r"^[*_]{0,2}[A-Z][A-Za-z ]{0,30}:[*_]{0,2}[ \t]+(?=(?:def|class)[ \t]+\w[^\n]*:[ \t]*\n[ \t])", re.MULTILINE
)
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#39|#x27);")
METHOD = r"^class[ \t]+Solution\b[^\n]*:[^\n]*\n(?:(?:[ \t]+[^\n]*)?\n)*?[ \t]+def[ \t]+{}[ \t]*\("
TWO_FENCES = re.compile(r"(?<!`)`{6}(?=[A-Za-z])")  # one that closes and one that opens
#: "return x``` This works." or "return x```."
GLUED = re.compile(r"[^\"'#`~]*[^\s\"'#`~](?:`{3}|~{3})(?:[ \t]+[A-Za-z]|[.,;:!]+[ \t]*$)")
#: '''python … ''' in place of backticks
QUOTE_FENCE = re.compile(r"'{3}((?:python\d?|py)?[ \t]*)", re.IGNORECASE)
INLINE = re.compile(
    r"(?:^|(?<=\s)|(?<=\*\*))(?:`([^`\n]+)`(?:\*\*)?|"
    r"[*_]*[A-Za-z][A-Za-z ]{0,30}[*_]*:[*_]*[ \t]+(def [^\n]+))[ \t]*\.?[ \t]*$",
    re.MULTILINE,
)
LONGEST = 100_000  # characters of a program
TAIL = 200_000  # characters at the end of a response that are read
MOST_BLOCKS = 200  # at the end of a response
RESCANS = 20  # of quotes that open a string and never close it


class Program(NamedTuple):
    """A program in a response.

    text     the program
    earlier  other blocks that may contain helpers that it needs, those just before it last
    prose    whether sentences may surround the code, because nothing marks where it begins and ends
    """

    text: str
    earlier: tuple[str, ...] = ()
    prose: bool = False


def find_program(response: str, names: tuple[str, ...]) -> Program:
    """Return the program of a response: the last fenced block that defines one of `names`, or else the last Python one.

    A response without fences is read from its tags (`<code>`, `[PYTHON]`, `<answer>`), and without these as a program
    with sentences around it. Text after an end token of a chat template does not count.
    """
    response = STARTS.sub("\n", response[-TAIL:])
    response = _from_json(response)
    response = TWO_FENCES.sub("```\n```", _in_backticks(response))
    text = _until_end(final_part(response))
    blocks = _fences(text)
    if not _usable(blocks, names) and text != response:
        all_blocks = _fences(_until_end(response))
        if _usable(all_blocks, names):
            text, blocks = _until_end(response), all_blocks
    usable = _usable(blocks, names)
    first = MARKER.search(text)
    head = text[: first.start()] if first else ""
    if head and _defines_one(head, names) and not _defines_any(usable, names) and _open_quotes(head):
        return Program(_from_code(text)[:LONGEST], (), True)  # the fences are in a docstring
    if not _defines_any(usable, names) and _defines_one(head, names):
        return Program(_from_code(head)[:LONGEST], (), True)  # only a closing fence
    if not usable:
        closing_alone = first is not None and not text[first.end() :].strip()
        return _unfenced(head if closing_alone or CODE_LINE.search(head) else text, names)
    defining = [place for place, block in enumerate(usable) if _defines_one(block, names)]
    chosen = defining[-1] if defining else len(usable) - 1
    others = usable[chosen + 1 :] + usable[:chosen]  # helpers may also come later
    return Program(usable[chosen][:LONGEST], tuple(block[:LONGEST] for block in others))


def _from_json(text: str) -> str:
    """Return the program in a text that is one JSON object, fenced or not; return any other text unchanged."""
    found = JSON.fullmatch(text.strip())
    if found is None:
        return text
    try:
        value = json.loads(found[1])
    except (ValueError, RecursionError):
        return text
    programs = map(value.get, ("code", "python_code", "solution", "program", "answer"))
    return next((program for program in programs if isinstance(program, str)), text)


def _in_backticks(text: str) -> str:
    """Turn fences of three quotes into backticks, if a line of three quotes and "python" opens one."""
    if "'''py" not in text.casefold():
        return text
    lines, inside = text.split("\n"), False
    for place, line in enumerate(lines):
        quotes = QUOTE_FENCE.fullmatch(line)
        if quotes and (inside or quotes[1].strip()):
            lines[place] = f"```{quotes[1]}"
            inside = bool(quotes[1].strip())
    return "\n".join(lines)


def defines(code: str, name: str) -> bool:
    """Whether a program binds a name at its top level."""
    name = re.escape(name)
    return (
        re.search(rf"^(?:(?:async[ \t]+)?(?:def|class)[ \t]+{name}\b|{name}[ \t]*[=:])", code, re.MULTILINE) is not None
    )


def _defines_one(code: str, names: tuple[str, ...]) -> bool:
    return any(defines(code, name) for name in names)


def _defines_any(blocks: list[str], names: tuple[str, ...]) -> bool:
    return any(_defines_one(block, names) for block in blocks)


def _open_quotes(code: str) -> bool:
    """Whether a triple-quoted string is still open at the end of the code."""
    quoted = ""
    for line in code.split("\n"):
        quoted = _quoted_after(line, quoted)
    return quoted != ""


def _until_end(text: str) -> str:
    """The text before the first end token that ends a line; models that do not stop continue with another question."""
    ends = (end.start() for end in END.finditer(text, LEADING_ENDS.match(text).end()))
    return text[: next(ends, len(text))]


def _usable(blocks: list[tuple[str, str]], names: tuple[str, ...]) -> list[str]:
    """The blocks of the first kind (Python, untagged, any) in which one defines a name; else Python or untagged."""
    blocks = blocks[-MOST_BLOCKS:]
    blocks = [(language, _dedented(block)) for language, block in blocks if not TRANSCRIPT.match(block)]
    blocks = [(language, _without_class(block, names)) for language, block in blocks if block.strip()]
    kinds = [
        [block for language, block in blocks if PYTHON.fullmatch(language)],
        [block for language, block in blocks if not language],
        [block for _, block in blocks if _defines_one(block, names)],
    ]
    for kind in kinds:
        if any(_defines_one(block, names) for block in kind):
            return kind
    return kinds[0] or kinds[1]


def _without_class(block: str, names: tuple[str, ...]) -> str:
    """Bind the methods of `class Solution` that are in `names` at the top level, too."""
    if "class Solution" not in block or _defines_one(block, names):
        return block
    methods = [name for name in names if re.search(METHOD.format(re.escape(name)), block, re.MULTILINE)]
    return block.rstrip() + "".join(f"\n\n{name} = Solution().{name}\n" for name in methods) if methods else block


def _dedented(block: str) -> str:
    """Remove notebook magics, common indentation, quotation marks (`>`) and a title from a block."""
    block = textwrap.dedent(MAGIC.sub("", block))
    if block.startswith(">") and all(line.startswith(">") for line in block.splitlines() if line.strip()):
        block = QUOTATION.sub("", block)
    return _untitled(textwrap.dedent(block))


def _untitled(block: str) -> str:
    """Remove a first line that only says "python", and [PYTHON] tags, from a block."""
    if tags := BRACKETS.fullmatch(block):  # [PYTHON] within a fence
        block = tags[2]
    first, _, rest = block.lstrip().partition("\n")
    return rest if PYTHON.fullmatch(first.strip()) else block


def _fences(text: str) -> list[tuple[str, str]]:
    """Return (language, content) of the fenced blocks in order. The last may be unclosed."""
    blocks: list[tuple[str, str]] = []
    lines = text.splitlines(keepends=True)
    place, rescans = 0, 0
    while place < len(lines):
        opening = _opening(lines[place])
        if opening is None:
            place += 1
            continue
        marker, language, rest = opening
        content, after = _block(lines, place + 1, marker, rest, quotes=rescans < RESCANS)
        if content is None:  # quotes that open a string and never close it: fences inside count, too
            rescans += 1
            content, after = _block(lines, place + 1, marker, rest, quotes=False)
        if language.lower() in ("markdown", "md") and (nested := _fences(content)):
            blocks.extend(nested)
        else:
            blocks.append((language, content))
        place = after
    return blocks


def _opening(line: str) -> tuple[str, str, str] | None:
    """Return (marker, language, code on the same line) of a line that opens a block; else None."""
    match = MARKER.search(line)
    if match is None:
        return None
    marker, language, rest = match[1], match[2] or "", match[3].strip().strip("}")
    python = PYTHON.fullmatch(language) is not None
    span = f"{match[2] or ''}{match[3]}".strip()
    if span.rstrip(".,;:!").endswith(marker):  # it is ```def f(x): return x```.
        span = span.rstrip(".,;:!")
    complete = span.endswith(marker) or marker not in span  # ```def f(x):
    if not python and complete and CODE_LINE.match(span):
        return marker, "", span + "\n"
    within = not LINE_START.fullmatch(line[: match.start()])
    if within and (rest or language) and not (python and (not rest or CODE_LINE.match(rest))):
        return None  # "use ``` for code" in a sentence
    if python and CODE_LINE.match(rest):  # ```python def f(x): return x```
        return marker, language, rest + "\n"
    if f"{language}{rest}".rstrip().endswith(marker):  # words between marks within one line
        return None
    return marker, language, ""


def _block(lines: list[str], start: int, marker: str, rest: str, quotes: bool) -> tuple[str | None, int]:
    """Return (content, the line after it) of the block whose first line is `start`.

    quotes  whether fences in a triple-quoted string are skipped; then the content is None if that never closes
    """
    quoted, skipped, content = "", False, []
    for place in range(start - 1, len(lines)):
        line = lines[place] if place >= start else rest
        stripped = line.strip()
        fence = stripped.startswith(marker) or (stripped.endswith(marker) and not stripped.startswith("#"))
        if not fence and not quoted and GLUED.match(line):
            return "".join([*content, line[: line.find(marker[:3])], "\n"]), place + 1
        if fence and quoted:
            skipped = True
        elif fence:
            if stripped.startswith(marker):
                tag = stripped.strip(marker[0]).strip()
                return "".join(content), place + (0 if PYTHON.fullmatch(tag) else 1)
            head = line.rstrip().rstrip(marker[0])
            if not quotes or not _quoted_after(head, quoted):
                return "".join([*content, head, "\n"]), place + 1
            skipped = True
        content.append(line)
        if quotes:
            quoted = _quoted_after(line, quoted)
    return (None if quoted and skipped else "".join(content)), len(lines)


def _quoted_after(line: str, quoted: str) -> str:
    """The triple quotes that are open after a line, "" for none; `quoted` are those open before it."""
    place = 0
    while True:
        if quoted:
            end = line.find(quoted, place)
            if end < 0:
                return quoted
            place, quoted = end + 3, ""
        token = TOKEN.search(line, place)
        while token is not None and token[0] not in ('"""', "'''"):
            token = TOKEN.search(line, token.end())
        if token is None:
            return ""
        place, quoted = token.end(), token[0]


def _unfenced(text: str, names: tuple[str, ...]) -> Program:
    """The program of a text without fences: in tags, or with sentences around it."""
    text = LABELED.sub("", text)
    tagged = [match[4] for match in TAGS.finditer(text)]
    tagged = [_unescaped(block) for block in tagged]
    tagged = [inner[2] if (inner := INNER.fullmatch(block)) else block for block in tagged]
    tagged = [_untitled(textwrap.dedent(block)).strip("\n") for block in tagged if block.strip()]
    defining = [block for block in tagged if _defines_one(block, names)]
    if not defining and not CODE_LINE.search(text):
        defining = [block for block in _set_apart(text) if _defines_one(block, names)]
    if defining:
        return Program(defining[-1][:LONGEST], (), True)
    return Program(_from_code(text)[:LONGEST], (), True)


def _unescaped(block: str) -> str:
    """Decode the HTML entities of code from a web page, which has no literal angle brackets."""
    inner = INNER.fullmatch(block)
    code = inner[2] if inner else block
    return html.unescape(code) if ENTITY.search(code) and "<" not in code and ">" not in code else block


def _set_apart(text: str) -> list[str]:
    """Code that a text without fences sets apart: on one line in backticks or after a label, or by indentation."""
    spans = [match[1] or match[2] for match in INLINE.finditer(text)]
    blocks, lines = [], []
    for line in [*text.splitlines(), "end"]:
        if line[:1] in (" ", "\t") or (lines and not line.strip()):
            lines.append(line)
        elif lines:
            blocks.append(textwrap.dedent("\n".join(lines)).strip("\n"))
            lines = []
    return [*spans, *blocks]


def _from_code(text: str) -> str:
    """The text from its first line of code on, if a heading precedes it; else the complete text."""
    text = HASHED.sub("", text)
    code = CODE_LINE.search(text)
    if code and PYTHON.fullmatch(text[: code.start()].strip()):  # what is left of ```python
        return text[code.start() :].strip("\n")
    return (text[code.start() :] if code and "####" in text[: code.start()] else text).strip("\n")
