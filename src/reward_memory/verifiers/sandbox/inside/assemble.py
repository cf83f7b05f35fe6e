"""Programs in several blocks: earlier ones are put in front where the chosen one needs what they define."""

import builtins
import dis
import types


def assemble(code, earlier):
    """The program with those earlier blocks that define a name it uses and does not define; it alone if none does.

    A block that does not compile is left out: models show wrong attempts before the right one.
    """
    if not earlier:
        return code
    parts, missing = [code], _missing(code)
    for block in reversed(earlier):
        try:
            bound, wanted = _names(block)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        if bound & missing:
            parts.insert(0, block)
            missing = (missing - bound) | wanted
    return "\n\n".join(parts)


def _missing(code):
    try:
        return _names(code)[1]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
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
