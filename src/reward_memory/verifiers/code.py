"""Code answers: the program of a response, run in the sandbox, judged outside it."""

import re
from functools import lru_cache

from reward_memory.errors import InputError

from .asserts import Assertion, split_assert
from .oracles import ORACLES, matches
from .programs import Program
from .sandbox import Run, Values
from .sandbox.inside.values import decode
from .verdicts import GroundTruth


class Tests:
    """The tests of one query, split into what the sandbox receives and what is compared outside."""

    def __init__(self, tests: dict):
        prompt = tests.get("prompt") or ""
        if not isinstance(prompt, str):
            raise InputError("tests: `prompt` must be the text of the code that the program completes.")
        if "assert" in tests:
            self._read_asserts(tests["assert"])
        elif isinstance(tests.get("entry_point"), str) and isinstance(tests.get("calls"), list):
            self._read_calls(tests)
        else:
            raise InputError('tests: neither "assert" nor "entry_point" with "calls" and "expected" was found.')
        self.preamble, self.head = _split_prompt(prompt, self.names)

    def _read_calls(self, tests: dict) -> None:
        name, calls, expected = tests["entry_point"], tests["calls"], tests.get("expected")
        if not isinstance(expected, list) or len(expected) != len(calls) or not calls:
            raise InputError(f"tests of {name}: give at least one call, and one expected value per call.")
        oracle = tests.get("oracle")
        if oracle is not None and oracle not in ORACLES:
            raise InputError(f"tests of {name}: oracle {oracle!r} is not one of {', '.join(ORACLES)}.")
        self.names, self.setup = (name,), ""
        self.calls = [{"name": name, "args": call} for call in calls]
        self.base, self.timeout = int(tests.get("base", len(calls))), float(tests.get("timeout", 0))
        self.counts = [1] * len(calls)
        rule = (float(tests.get("atol") or 0), bool(tests.get("python_equality")), oracle)
        self.judges = [_judge_call(call, value, *rule) for call, value in zip(calls, expected, strict=True)]

    def _read_asserts(self, lines: list[str]) -> None:
        assertions: list[Assertion] = []
        setup = []
        for line in lines:
            parsed = split_assert(line)
            if isinstance(parsed, str):
                setup.append(parsed)
            else:
                assertions += parsed
        if not assertions:
            raise InputError("tests: there is no assert line.")
        self.names = tuple(dict.fromkeys(name for assertion in assertions for name in assertion.names))
        self.setup = "\n".join(setup)
        self.calls = [call for assertion in assertions for call in assertion.calls]
        self.counts = [len(assertion.expressions) for assertion in assertions]
        self.base, self.timeout = len(assertions), 0.0
        self.judges = [assertion.holds for assertion in assertions]

    def job(self, program: Program) -> dict:
        """The sandbox job, without any expected value. The prompt's imports and helpers are earlier blocks."""
        code = {"text": program.text, "head": self.head, "name": self.names[0] if self.names else ""}
        return {
            "code": code | {"prose": program.prose},
            "earlier": [*([self.preamble] if self.preamble else []), *program.earlier],
            "setup": self.setup,
            "calls": self.calls,
            "timeout": self.timeout,
        }

    def judge(self, run: Run) -> tuple[bool, str]:
        """Return (all tests pass, path); the path counts base and plus tests separately."""
        passed, place = [], 0
        for count, judge in zip(self.counts, self.judges, strict=True):
            values = run.calls[place : place + count]
            place += count
            ok = len(values) == count and all(call.error is None for call in values)
            passed.append(ok and judge(Values(values)))
        base, plus = passed[: self.base], passed[self.base :]
        counts = f"base {sum(base)}/{len(base)}" + (f" plus {sum(plus)}/{len(plus)}" if plus else "")
        if all(passed):
            return True, f"code:passed {counts}"
        if run.end != "ended":
            return False, f"code:{run.end} {counts}"
        if run.error:
            return False, f"code:not loaded {counts}: {run.error}"
        raised = next((call.error for call in run.calls if call.error is not None), None)
        return False, f"code:failed {counts}" + (f": {raised}" if raised else "")


def _split_prompt(prompt: str, names: tuple[str, ...]) -> tuple[str, str]:
    """Split a prompt into (imports and helpers, head and docstring of the function); both "" without a head."""
    name = re.escape(names[0]) if names else ""
    head = re.search(rf"^(?:@[^\n]*\n)*(?:async[ \t]+)?def[ \t]+{name}[ \t]*\(", prompt, re.MULTILINE) if name else None
    return (prompt[: head.start()].rstrip(), prompt[head.start() :]) if head else ("", "")


def _judge_call(arguments: list, expected: object, atol: float, loose: bool, oracle: str | None):
    """A test on the encoded return value. Its expected value is decoded once, when first needed."""
    decoded = lru_cache(maxsize=1)(lambda: decode(expected))
    if oracle is None:
        return lambda values: matches(values[0], decoded(), atol, loose)

    def holds(values: list) -> bool:
        try:
            return bool(ORACLES[oracle](values[0], decoded(), [decode(item) for item in arguments], atol))
        except (ValueError, TypeError, ArithmeticError, RecursionError, AttributeError):
            return False

    return holds


def tests_of(truth: GroundTruth) -> Tests:
    """The tests of a truth. InputError if they do not have the form described in GroundTruth."""
    if not isinstance(truth.tests, dict):
        raise InputError("tests: a code answer needs an object of tests.")
    return Tests(truth.tests)
