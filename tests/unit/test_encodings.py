"""Texts are read and written as UTF-8 whatever the locale: results must not depend on the login."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Modules whose `open` reads bytes unless the mode says "t".
BINARY = ("gzip", "bz2", "lzma")
OTHERS = ("os", "archive", "Image")


def unencoded(source: str) -> Iterator[int]:
    """Lines of the calls that read or write text in the locale's encoding."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _is_text(node) and "encoding" not in {word.arg for word in node.keywords}:
            yield node.lineno


def _is_text(call: ast.Call) -> bool:
    function, words = call.func, {word.arg: word.value for word in call.keywords}
    method = isinstance(function, ast.Attribute)
    name = function.attr if method else getattr(function, "id", None)
    owner = getattr(function.value, "id", None) if method else None
    if name == "read_text":
        return not call.args
    if name == "write_text":
        return len(call.args) == 1
    if name == "open" and owner not in OTHERS:
        place = 1 if not method or owner in BINARY else 0
        return _mode(call, place, words, "rb" if owner in BINARY else "r")
    if name in ("NamedTemporaryFile", "TemporaryFile"):
        return _mode(call, 0, words, "w+b")
    if name == "fdopen":
        return _mode(call, 1, words, "r")
    if name == "TextIOWrapper":
        return True
    return any(isinstance(words.get(key), ast.Constant) and words[key].value for key in ("text", "universal_newlines"))


def _mode(call: ast.Call, place: int, words: dict, default: str) -> bool:
    given = call.args[place] if len(call.args) > place else words.get("mode")
    modes = [part.value for part in ast.walk(given) if isinstance(part, ast.Constant)] if given else [default]
    return any("t" in str(mode) or "b" not in str(mode) for mode in modes)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("path.read_text()", True),
        ("path.read_text(encoding='utf-8')", False),
        ("path.read_text('utf-8')", False),
        ("path.write_text(x)", True),
        ("path.write_text(x, encoding='utf-8')", False),
        ("open(path)", True),
        ("open(path, 'w')", True),
        ("open(path, mode='a')", True),
        ("open(path, 'rb')", False),
        ("path.open()", True),
        ("path.open('wb')", False),
        ("path.open('wb' if new else 'ab')", False),
        ("path.open('wb' if new else 'a')", True),
        ("gzip.open(path)", False),
        ("gzip.open(path, 'rt')", True),
        ("os.open(path, flags)", False),
        ("os.fdopen(1, 'w')", True),
        ("tempfile.NamedTemporaryFile('w')", True),
        ("tempfile.NamedTemporaryFile()", False),
        ("subprocess.run(command, text=True)", True),
        ("subprocess.run(command)", False),
    ],
)
def test_the_check_finds_what_depends_on_the_locale(line, found):
    assert list(unencoded(line)) == [1] * found


@pytest.mark.parametrize("folder", ["src", "scripts", "perf"])
def test_no_text_is_read_or_written_in_the_encoding_of_the_locale(folder):
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    found = {str(path.relative_to(ROOT)): list(unencoded(path.read_text(encoding="utf-8"))) for path in files}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_no_rule_reads_text_in_the_encoding_of_the_locale():
    # Snakemake's language is no Python, so no syntax tree
    call = re.compile(r"\b(read_text\(\)|open\((?![^)]*encoding))")
    for path in [ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk")]:
        assert call.findall(path.read_text(encoding="utf-8")) == [], path


@pytest.mark.parametrize("parts", [["verifiers", "answers"], ["training"], ["report"]])
def test_the_hash_of_code_is_the_same_in_every_locale(parts):
    from reward_memory.jobs.code_hash import code_hash

    path = ROOT / "scripts/train_policy.py"
    code = (
        "from pathlib import Path; from reward_memory.jobs.code_hash import code_hash; "
        f"print(code_hash(Path({str(path)!r}), *{parts!r}))"
    )
    plain = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | plain, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == code_hash(path, *parts)
