"""Making one program of what was found: helpers in front, a bare body below its head, sentences around code left out.

Runs in the sandbox, since it compiles what a model has written.
"""

import ast
import builtins
import dis
import re
import textwrap
import types

ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)
SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]")
BREAKS = re.compile("\r\n?|[\u2028\u2029\u0085]")
QUOTES = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")
FUTURE = re.compile(r"^from[ \t]+__future__[ \t]+import[ \t]+(?:\([^)]*\)|[^\n#;]*)", re.MULTILINE)
START = re.compile(
    r"(?:async|def|class|import|from|if|for|while|with|try)\b|[@#(]|[\"']{3}|"
    r"\w+(?:[\w.,\[\] ]*[^=!<>]=|\s*:\s*\w+\s*=|[\w.]*\()"
)
ATTEMPTS = 400  # compilations of a text with sentences in it


def assemble(code, earlier):
    """The program with those earlier blocks that define a name it uses and does not define; it alone if none does.

    code     the text, or {"text", "head", "name", "prose"}: the head of a function that a bare body belongs to and the
             function's name, and whether sentences may stand around the code

    A block that does not compile is left out: models show wrong attempts before the right one.
    """
    if isinstance(code, dict):
        code = _completed(code)
    parts, missing = [code], _missing(code)
    for block in reversed(earlier):
        try:
            bound, wanted = _names(block)
        except ERRORS:
            continue
        if bound & missing or (missing and re.search(r"^from[^\n]+import \*", block, re.MULTILINE)):
            parts.insert(0, block)
            missing = (missing - bound) | wanted
    if len(parts) == 1:
        return code
    future = [line for part in parts for line in FUTURE.findall(part)]
    return "\n\n".join([*future, *(FUTURE.sub("", part) for part in parts)])


def _completed(found):
    """The text as a program that compiles, if one of the ways to read it does; else the text."""
    text = found["text"]
    if _compiles(text):
        return text
    for plain in (_visible(text), _visible(text).translate(QUOTES)):
        if _compiles(plain):
            return plain
        body = _with_head(plain, found["head"], found["name"])
        if body:
            return body
    if found["prose"]:
        for plain in (_visible(text), _visible(text).translate(QUOTES)):
            pieces = _pieces(plain)
            if pieces:
                return pieces
    return text


def _visible(text):
    """The text with plain spaces and line ends, without characters that nobody sees."""
    return textwrap.dedent(INVISIBLE.sub("", SPACES.sub(" ", BREAKS.sub("\n", text))))


def _with_head(text, head, name):
    """The head of the function with the text as its body; "" if it is no body."""
    if not head or re.search(rf"^[ \t]*(?:async[ \t]+)?def[ \t]+{re.escape(name)}\b", text, re.MULTILINE):
        return ""
    text = text.strip("\n")
    first, _, rest = text.partition("\n")
    bodies = [textwrap.indent(textwrap.dedent(text), "    "), "    " + first.strip() + "\n" + rest]
    if text[:1] in (" ", "\t"):
        # as it stands, and without what follows at the margin
        bodies = [text, re.split(r"\n(?=\S)", text, maxsplit=1)[0], *bodies]
    elif indented := re.search(r"^[ \t]+\S[^\n]*(?:\n(?:[ \t][^\n]*)?)*", text, re.MULTILINE):
        bodies.append(indented[0])  # below a sentence
    return next((whole for body in bodies if _compiles(whole := f"{head.rstrip()}\n{body}\n")), "")


def _pieces(text):
    """The statements at the margin of a text with sentences in it, the longest runs that compile; "" without one."""
    lines = text.split("\n")
    starts = [place for place, line in enumerate(lines) if line[:1].strip()] + [len(lines)]
    kept, at, left = [], 0, ATTEMPTS
    while at < len(starts) - 1 and left > 0:
        ends = range(len(starts) - 1, at, -1) if START.match(lines[starts[at]]) else ()
        for end in ends:
            left -= 1
            piece = "\n".join(lines[starts[at] : starts[end]])
            if left >= 0 and _is_code(piece):
                kept.append(piece)
                at = end
                break
        else:
            at += 1
    return "\n".join(kept)


def _is_code(piece):
    """Whether a piece compiles and no statement only names something, as a sentence of one word does."""
    try:
        compile(piece, "piece.py", "exec")
        body = ast.parse(piece).body
    except ERRORS:
        return False
    idle = [isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call | ast.Constant) for node in body]
    return not any(idle) and any(not isinstance(node, ast.Expr) for node in body)


def _compiles(text):
    try:
        compile(text, "text.py", "exec")
    except ERRORS:
        return False
    return True


def _missing(code):
    try:
        return _names(code)[1]
    except ERRORS:
        return set()


def _names(code):
    """(names bound at the top level, global names used and not bound) of a program."""
    top = compile(code, "block.py", "exec")
    bound, used, stack = set(), set(), [top]
    while stack:
        part = stack.pop()
        stack += [constant for constant in part.co_consts if isinstance(constant, types.CodeType)]
        stored, loaded = _globals(part)
        bound |= stored
        used |= loaded
    return bound, {name for name in used - bound if not hasattr(builtins, name)}


def _globals(part):
    stored, loaded = set(), set()
    for step in dis.get_instructions(part):
        if step.opname in ("STORE_NAME", "STORE_GLOBAL"):
            stored.add(step.argval)
        elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            loaded.add(step.argval)
    return stored, loaded
