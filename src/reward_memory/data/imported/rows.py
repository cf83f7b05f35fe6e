"""Parse one row of a user's file: a query with its responses, or the reason why it is unusable."""

import ast
import builtins
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reward_memory.answers.responses import split_response
from reward_memory.errors import InputError
from reward_memory.verifiers.code import tests_of
from reward_memory.verifiers.functions import FUNCTIONS
from reward_memory.verifiers.sandbox.inside.values import decode
from reward_memory.verifiers.verdicts import GroundTruth

from ..items import LETTERS, Item, option_lines
from ..mirror.encodings import NotTextError, decode_line
from ..mirror.rows import NO_NUMBER

#: Most characters of an id; anything longer is a text that was put there by mistake.
LONGEST_ID = 200
#: Line breaks and other control characters, which break the lines of logs and tables.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: Keys under which other tools store the rewards of all responses; here they would be ignored.
_REWARDS = ("reward", "rewards", "score", "scores")
#: Likewise, for a single response.
_VERDICTS = ("score", "correct", "is_correct", "label")
#: Keys of a response that is an object.
_OF_RESPONSES = ("text", "reward", "thinking", "answer", *_VERDICTS)
#: A text that is the str() of bytes that were never decoded.
_BYTES = re.compile(r"b(['\"]).*\1", re.DOTALL)
#: Placeholders in data sets for a truth that could not be extracted.
_NO_ANSWER = ("proof", "notfound", "not found", "unknown")
#: Names that every assert line may use.
_PROVIDED = {name.partition(".")[0] for name in FUNCTIONS} | {*dir(builtins)}
#: A float holds every integer up to this size exactly.
EXACT = 2**53


class BadRowError(ValueError):
    """A row that cannot be used; the message is the reason, as part of a sentence."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response as RESPONSES holds it; `reward` is 0 or 1, or None if the verifiers should grade it."""

    text: str
    thinking: str
    answer: str
    reward: float | None


@dataclass(frozen=True, slots=True)
class Query:
    """A query of the file with its responses.

    id    benchmark/id/<the file's id>, or benchmark/row/<number> if it has none
    item  its `row` is the row's number in the file, from 1
    """

    id: str
    benchmark: str
    item: Item
    responses: tuple[Response, ...]


def parse(raw: bytes | Mapping[str, Any], number: int, domains: Mapping[str, str]) -> Query:
    """Parse the query of a row.

    raw      an undecoded line of JSON, or a row of a parquet file; a key with null counts as absent
    domains  benchmark -> math | qa | code

    BadRowError says what is wrong with the row.
    """
    row = _decode(raw) if isinstance(raw, bytes) else raw
    benchmark = row.get("benchmark")
    if benchmark is None:
        raise BadRowError("benchmark is missing")
    if not isinstance(benchmark, str) or benchmark not in domains:
        raise BadRowError(f"benchmark {_shown(benchmark)} is not in the configuration")
    domain = domains[benchmark]
    if misplaced := next((name for name in _REWARDS if row.get(name) is not None), None):
        raise BadRowError(f"{misplaced} is next to responses; give each response its own, as {{text, reward}}")
    if row.get("domain") not in (None, domain):
        raise BadRowError(f"domain is {_shown(row['domain'])}, but {benchmark} is {domain}")
    options = _options(row.get("options")) if domain == "qa" else None
    template = row.get("template")
    tests, names = _tests(row.get("tests")) if domain == "code" else (None, ())
    item = Item(
        "row",
        number,
        _messages(row, options),
        ground_truth=None if domain == "code" else _ground_truth(row.get("ground_truth"), domain, options),
        options=options,
        tests=tests,
        template=None if template is None else _text(template, "template"),
    )
    responses = _responses(row.get("responses"), domain)
    if item.ground_truth is None and item.tests is None:
        for place, response in enumerate(responses, start=1):
            if response.reward is None:
                truth = "tests" if domain == "code" else "ground_truth"
                raise BadRowError(f"response {place} has no reward, and the row has no {truth} to grade it by")
    if unnamed := [name for name in names if not _is_named(name, item, responses)]:
        raise BadRowError(
            f"tests call {unnamed[0]}, which neither the query nor a response mentions; write the name of the "
            "requested function"
        )
    if undefined := [name for name in _unknown(item) if not _is_named(name, item, responses)]:
        raise BadRowError(f"tests use {undefined[0]}, which nothing defines; define it in an earlier line of tests")
    return Query(f"{benchmark}/{_name(row.get('id'), number)}", benchmark, item, responses)


def _decode(line: bytes) -> dict[str, Any]:
    try:
        # in a file concatenated from several, later lines can have a byte order mark, too
        row = json.loads(decode_line(line).removeprefix("\ufeff"))
    except NotTextError as error:
        raise BadRowError(str(error)) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadRowError("it is not a complete JSON object") from error
    except ValueError as error:
        raise BadRowError("it contains a number with more than 4,300 digits; write it as text") from error
    if not isinstance(row, dict):
        raise BadRowError("it is not a complete JSON object")
    return row


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _text(value: Any, what: str, *, empty: bool = False) -> str:
    """Return the value if it is a text that can be encoded, and not blank unless `empty`."""
    if not isinstance(value, str) or not (empty or value.strip()):
        raise BadRowError(f"{what} is not text" if not isinstance(value, str) else f"{what} is empty")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadRowError(f"{what} contains half a character (a lone surrogate)") from error
    if "\0" in value:
        raise BadRowError(f"{what} contains a NUL character")
    return value


def _name(given: Any, number: int) -> str:
    if given is None:
        return f"row/{number}"
    if isinstance(given, float):
        # pandas writes 1.0 for 1 in a column with a missing id, and NaN for the missing one
        if not (given.is_integer() and abs(given) <= EXACT):
            raise BadRowError(f"id is {given}, which is not a whole number; use text or omit it")
        given = int(given)
    name = str(given) if isinstance(given, int) and not isinstance(given, bool) else _text(given, "id")
    if len(name) > LONGEST_ID:
        raise BadRowError(f"id has {len(name)} characters; at most {LONGEST_ID} are allowed")
    if CONTROL.search(name):
        raise BadRowError("id contains a line break or another control character")
    return f"id/{name}"


def _messages(row: Mapping[str, Any], options: tuple[str, ...] | None) -> tuple[tuple[str, str], ...]:
    query, messages = row.get("query"), row.get("messages")
    if (query is None) == (messages is None):
        raise BadRowError("query and messages are both present" if messages else "query or messages is required")
    if query is not None:
        text = _text(query, "query")
        if NO_NUMBER.fullmatch(text):
            raise BadRowError(f"query is {text.strip()}, which is not a question")
        if options and not all(option in text for option in options):
            # else questions that differ only in their options would be equal, and the memory would not see the options
            text = f"{text}\n{option_lines(options)}"
        return (("user", text),)
    if not isinstance(messages, list) or not all(isinstance(message, Mapping) for message in messages):
        raise BadRowError("messages is not a list of {role, content}")
    if other := next((message for message in messages if not {"role", "content"} <= {*message}), None):
        raise BadRowError(f"a message has {_keys(other)} instead of role and content")
    out = tuple(
        (
            _text(message.get("role"), "a message's role"),
            # many tools write an empty system prompt where there is none
            _text(message.get("content"), "a message's content", empty=message.get("role") == "system"),
        )
        for message in messages
    )
    if not out or out[-1][0] != "user":
        raise BadRowError("the last message is not from the user")
    return out


def _options(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not 2 <= len(value) <= len(LETTERS):
        raise BadRowError(f"options is not a list of 2 to {len(LETTERS)} texts")
    return tuple(_text(option, "an option") for option in value)


def _ground_truth(value: Any, domain: str, options: tuple[str, ...] | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise BadRowError(f"ground_truth is {value}, which is not a number")
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        value = str(value)
    truth = _text(value, "ground_truth").strip()
    if domain == "math" and (NO_NUMBER.fullmatch(truth) or truth.lower() in _NO_ANSWER):
        raise BadRowError(f"ground_truth is {truth}, which is not a number")
    if domain == "math":
        return truth
    # without options the verifier accepts A to E
    letters = LETTERS[: len(options)] if options else LETTERS[:5]
    if len(truth) != 1 or truth.upper() not in letters:
        raise BadRowError(f"ground_truth is not a letter from A to {letters[-1]}")
    return truth.upper()


def _is_named(name: str, item: Item, responses: tuple[Response, ...]) -> bool:
    """Return whether a function that the tests call can exist; if it cannot, every program is wrong."""
    if all(response.reward is not None for response in responses):  # then no tests are run
        return True
    tests = json.loads(item.tests or "{}")
    lines = [line for line in tests.get("assert", ()) if not line.lstrip().startswith("assert")]
    texts = [content for _, content in item.messages] + [one.text for one in responses] + [tests.get("prompt") or ""]
    return any(re.search(rf"\b{re.escape(name)}\b", text) for text in (*texts, *lines))


def _unknown(item: Item) -> list[str]:
    """Names in assert lines that neither Python nor the verifiers define."""
    names = {}
    for line in json.loads(item.tests or "{}").get("assert", ()):
        if line.lstrip().startswith("assert"):
            parts = [*ast.walk(ast.parse(line.strip()))]
            bound = {part.arg for part in parts if isinstance(part, ast.arg)}
            bound |= {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
            used = [part.id for part in parts if isinstance(part, ast.Name) and part.id not in bound]
            names |= dict.fromkeys(name for name in used if name not in _PROVIDED)
    return [*names]


def _tests(value: Any) -> tuple[str | None, tuple[str, ...]]:
    """Return (tests as JSON in the form of `GroundTruth`, the functions that they call); a list holds assert lines."""
    if value is None:
        return None, ()
    try:
        tests = json.loads(value) if isinstance(value, str) else value
        tests = {"assert": tests} if isinstance(tests, list) else tests
        names = tests_of(GroundTruth("code", tests=tests)).names
        if "calls" in tests:
            _check_values(tests)
        return json.dumps(tests), tuple(names)
    except InputError as error:
        raise BadRowError(str(error).removesuffix(".")) from error
    # errors of the verifiers on values of unexpected types
    except (ValueError, TypeError, AttributeError, KeyError, SyntaxError, RecursionError) as error:
        raise BadRowError("tests does not have the form described in docs/import.md") from error


def _check_values(tests: Mapping[str, Any]) -> None:
    """Find errors that decoding would find only after the first program has run; raise the errors of `decode`."""
    for call, value in zip(tests["calls"], tests["expected"], strict=True):
        if not isinstance(call, list):
            raise TypeError(call)
        decode(call)
        decode(value)


def _responses(value: Any, domain: str) -> tuple[Response, ...]:
    if value is None or value == []:
        raise BadRowError("responses is missing" if value is None else "responses is empty")
    if not isinstance(value, list):
        raise BadRowError("responses is not a list")
    return tuple(_response(one, f"response {place}", domain) for place, one in enumerate(value, start=1))


def _keys(given: Mapping[str, Any]) -> str:
    return ", ".join([*map(str, given)][:5]) or "nothing"


def _is_object(text: str) -> bool:
    """Return whether a text is a response object written by JSON or Python, as tables of texts hold it."""
    if not (text.startswith("{") and text.endswith("}") and "text" in text):
        return False
    for reader in (json.loads, ast.literal_eval):
        try:
            value = reader(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return isinstance(value, dict) and "text" in value and {*value} <= {*_OF_RESPONSES}
    return False


def _response(value: Any, what: str, domain: str) -> Response:
    given = value if isinstance(value, Mapping) else {"text": value}
    if "text" not in given:
        raise BadRowError(f"{what} has {_keys(given)} and no text; use the key text")
    text = _text(given.get("text"), f"{what}'s text" if given is value else what, empty=True)
    if given is not value and _is_object(text):
        raise BadRowError(f"{what} is an object written as text; give the object itself, as {{text, reward}}")
    if _BYTES.fullmatch(text):
        raise BadRowError(f"{what} is a Python bytes object written as text; decode it before you write it")
    reward = given.get("reward")
    if reward is None and (other := next((name for name in _VERDICTS if given.get(name) is not None), None)):
        raise BadRowError(f"{what} has {other} but no reward; rename it to reward, and make it 0 or 1")
    if reward is not None and not (isinstance(reward, int | float) and reward in (0, 1)):
        raise BadRowError(f"{what}'s reward is {_shown(reward)}, which is not 0 or 1")
    parts = [given.get(name) for name in ("thinking", "answer")]
    if parts == [None, None]:
        parts = split_response(text, domain)
    elif None in parts:
        raise BadRowError(f"{what} has only one of thinking and answer; give both or neither")
    thinking, answer = (
        _text(part, f"{what}'s {name}", empty=True) for part, name in zip(parts, ("thinking", "answer"), strict=True)
    )
    return Response(text, thinking, answer, None if reward is None else float(reward))
