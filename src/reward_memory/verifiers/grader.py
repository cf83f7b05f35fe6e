"""One grader for all kinds of truth, called by the rules, the trainer and the command line."""

import time
from collections.abc import Sequence
from functools import partial

from reward_memory.answers.choices import extract_letter
from reward_memory.answers.extraction import Answer, find_answer
from reward_memory.errors import InputError

from .code import Tests, tests_of
from .math import Judgment, Question, SymbolicPool, compare
from .memreward_checks import judge
from .programs import Program, find_program
from .sandbox import Run, Sandbox
from .verdicts import GroundTruth, Verdict

CHECKS = ("exact", "published")
LONGEST_BARE = 300  # characters; a longer text, or one with a box, is not a bare answer even if the caller says so


class Grader:
    """Grader of responses: a context manager, thread-safe.

    isolation  of code: "bubblewrap", or "reduced" (bubblewrap where it works, resource limits elsewhere)
    workers    processes for symbolic answers, and programs that start in parallel
    timeout    seconds for a symbolic comparison
    program_timeout  seconds for a program with all its tests, unless the tests set a longer time
    checks     of math and choices: "exact", or "published" (verifiers/memreward_checks.py)

    Timeouts are in CPU seconds, so that verdicts do not depend on how busy the machine is. A program that sleeps gets
    four times as long.

    The sandbox starts with the first code answer, the symbolic workers with the first answer that needs them.
    """

    def __init__(
        self,
        isolation: str = "bubblewrap",
        workers: int = 1,
        timeout: float = 5.0,
        program_timeout: float = 1.5,
        checks: str = "exact",
    ):
        if workers < 1:
            raise InputError(f"workers: {workers} is not a positive number of workers.")
        if checks not in CHECKS:
            raise InputError(f"checks: {checks!r} is not one of {', '.join(CHECKS)}.")
        self.checks = checks
        self.sandbox = Sandbox(isolation, workers, program_timeout)
        self.symbolic = SymbolicPool(workers, timeout)

    def __enter__(self) -> "Grader":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; a later `grade` starts them again."""
        self.sandbox.close()
        self.symbolic.close()

    def grade(
        self, responses: Sequence[str], truths: Sequence[GroundTruth], bare: Sequence[bool] | None = None
    ) -> list[Verdict]:
        """Return verdicts in the order of the responses, each of which has one truth.

        bare  true if the response is the answer itself, so that nothing has to be extracted

        InputError if tests are malformed, or full isolation is requested but not available. A response never raises,
        whatever it contains. Nothing is correct if the truth is empty (except with the published checks).
        """
        if len(responses) != len(truths):
            raise InputError(f"{len(responses)} responses for {len(truths)} ground truths; give one for each response.")
        bare = [False] * len(responses) if bare is None else bare
        verdicts: list[Verdict | None] = [None] * len(responses)
        questions: dict[Question, list[int]] = {}
        programs: list[int] = []
        for place, (response, truth) in enumerate(zip(responses, truths, strict=True)):
            start = time.perf_counter()
            if truth.kind == "code":
                programs.append(place)
            elif truth.kind in ("choice", "math") and self.checks == "published":
                verdicts[place] = judge(response, truth, bare[place])
            elif truth.kind == "choice":
                verdicts[place] = _choose(response, truth, bare[place], start)
            elif truth.kind == "math":
                result = _calculate(response, truth, bare[place])
                if isinstance(result, Question):
                    questions.setdefault(result, []).append(place)
                else:
                    verdicts[place] = _verdict(result, time.perf_counter() - start)
            else:
                raise InputError(f"kind {truth.kind!r} is not one of math, choice, code.")
        if questions:
            # each distinct question once: the responses of one query often agree
            for places, result in zip(questions.values(), self.symbolic.ask(list(questions)), strict=True):
                for place in places:
                    verdicts[place] = _verdict(result, result.seconds)
        self._execute(programs, responses, truths, bare, verdicts)
        return verdicts

    def _execute(self, programs: list[int], responses, truths, bare, verdicts: list) -> None:
        """Run and judge the programs; tests that many responses share are read once."""
        shared = {}
        jobs, tests, found = [], [], []
        for place in programs:
            key = id(truths[place].tests)
            if key not in shared:
                shared[key] = tests_of(truths[place])
            tests.append(shared[key])
            response = responses[place]
            program = Program(response) if bare[place] else find_program(response, shared[key].names)
            found.append(program.text)
            jobs.append(shared[key].job(program))
        if not jobs:
            return
        judges = [partial(_judge_run, test, program) for test, program in zip(tests, found, strict=True)]
        for place, verdict in zip(programs, self.sandbox.run(jobs, judges), strict=True):
            verdicts[place] = verdict


def _judge_run(tests: Tests, program: str, run: Run) -> Verdict:
    correct, path = tests.judge(run)
    return Verdict(correct, program or None, path, run.seconds)


def _calculate(response: str, truth: GroundTruth, bare: bool) -> Judgment | Question:
    """Judge by the first alternative truth that holds; if none does, return the first question that needs algebra."""
    bare = bare and len(response) <= LONGEST_BARE and "\\boxed" not in response
    answer = Answer(response, "bare") if bare else find_answer(response)
    results = [compare(answer, text, truth.tolerance) for text in (truth.answer or "", *truth.alternatives)]
    decided = [result for result in results if isinstance(result, Judgment)]
    undecided = [result for result in results if isinstance(result, Question)]
    right = [result for result in decided if result.correct]
    if right or not undecided:
        return right[0] if right else decided[0]
    return undecided[0]


def _verdict(result: Judgment, seconds: float) -> Verdict:
    return Verdict(result.correct, result.extracted, f"math:{result.path}", seconds)


def _choose(response: str, truth: GroundTruth, bare: bool, start: float) -> Verdict:
    answer = Answer(response, "bare") if bare else find_answer(response)
    letter, how = extract_letter(answer, truth.options, None if bare else response)
    correct = letter is not None and letter == (truth.answer or "").strip().upper()
    return Verdict(correct, letter, f"choice:{how}", time.perf_counter() - start)
