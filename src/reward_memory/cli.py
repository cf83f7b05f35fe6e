"""The command line: what the rules do, on files of one's own."""

import functools
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .errors import InputError
from .progress import Progress

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
BATCH = 256  # lines that are graded and written together


class Kind(StrEnum):
    math = "math"
    choice = "choice"
    code = "code"


class Isolation(StrEnum):
    bubblewrap = "bubblewrap"
    reduced = "reduced"


@app.callback()
def main() -> None:
    """MemReward and MEDS, rebuilt: tools beside the workflow."""


@app.command()
def verify(
    kind: Annotated[Kind, typer.Option(help="What the responses answer.")],
    isolation: Annotated[Isolation, typer.Option(help="Of code that runs.")] = Isolation.bubblewrap,
    workers: Annotated[int, typer.Option(min=1, help="Programs or symbolic comparisons at a time.")] = 2,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for a symbolic comparison.")] = 5.0,
    program_timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for a program with its tests.")] = 1.5,
) -> None:
    """Grade responses: one JSON object a line in, one out, in the same order.

    In: `response`; `ground_truth` (the answer or letter, a list where several are right); for choice `options`; for
    code `tests` (a list of assert lines), or `entry_point` with `base_input`, `plus_input` and `canonical_solution` as
    in HumanEval+ and MBPP+, or with `calls` and `expected`. `"kind": "answer"` says that the response is the bare
    answer. Out: `correct`, `extracted`, `path` and `seconds`.
    """
    from .verifiers import Grader

    try:
        rows = [_row(number, line) for number, line in enumerate(sys.stdin, 1) if line.strip()]
        progress = Progress("verify", len(rows))
        with Grader(isolation.value, workers, timeout, program_timeout) as grader:
            for start in range(0, len(rows), BATCH):
                batch = rows[start : start + BATCH]
                truths = [_truth(number, row, kind.value, isolation.value) for number, row in batch]
                bare = [row.get("kind") == "answer" for _, row in batch]
                for verdict in grader.grade([row["response"] for _, row in batch], truths, bare):
                    record = {name: getattr(verdict, name) for name in ("correct", "extracted", "path", "seconds")}
                    print(json.dumps(record))
                sys.stdout.flush()
                progress.advance(len(batch))
    except InputError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


@app.command()
def plan(
    targets: Annotated[list[str] | None, typer.Argument(help="Of Snakemake; all without one.")] = None,
    configfile: Annotated[list[Path] | None, typer.Option(help="Instead of config.yaml; several are merged.")] = None,
    config: Annotated[list[str] | None, typer.Option(help="key=value over the configuration; once each.")] = None,
    workflow_profile: Annotated[Path | None, typer.Option(help="Whose GPUs and memory there are.")] = None,
    gpus: Annotated[int | None, typer.Option(min=0, help="At a time, instead of the profile's.")] = None,
    cores: Annotated[int | None, typer.Option(min=1, help="At a time, instead of the profile's.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the table there, too.")] = None,
    snakefile: Annotated[Path, typer.Option(help="Of this workflow.")] = Path("Snakefile"),
) -> None:
    """Tell what a run would cost before it is started: what is done, what is left, GPU-hours, time, tokens, disk.

    Nothing is computed or downloaded. Figures about GPUs are estimates that nobody has tested (docs/cost.md).
    """
    from rich.console import Console

    from .cost.plan import plan as make
    from .cost.show import show
    from .provenance import atomic_path

    limits = {name: value for name, value in (("gpu", gpus), ("cores", cores)) if value is not None}
    try:
        made = make(snakefile, targets or ["all"], configfile or [], config or [], workflow_profile, limits)
        if csv is not None:
            with atomic_path(csv) as temporary:
                made.table.to_csv(temporary, index=False, float_format="%.6g")
    except InputError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    show(made, Console())


def _row(number: int, line: str) -> tuple[int, dict]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"line {number}: not a JSON object ({error}).") from error
    if not isinstance(row, dict) or not isinstance(row.get("response"), str):
        raise InputError(f"line {number}: `response` must be there and be a text.")
    return number, row


def _truth(number: int, row: dict, kind: str, isolation: str):
    from .verifiers import GroundTruth

    try:
        if kind == "code":
            return _code_truth(json.dumps({name: row.get(name) for name in TASK_KEYS if name in row}), isolation)
    except InputError as error:
        raise InputError(f"line {number}: {error}") from error
    if "ground_truth" not in row:
        raise InputError(f"line {number}: `ground_truth` is missing.")
    truth = row["ground_truth"]
    texts = [str(text) for text in (truth if isinstance(truth, list) else [truth]) if text is not None]
    options = row.get("options") or []
    if not isinstance(options, list) or (kind == "choice" and not options):
        raise InputError(f"line {number}: `options` must be the list of the options' texts.")
    first, *others = texts or [""]
    return GroundTruth(kind, answer=first, options=tuple(map(str, options)), alternatives=tuple(others))


TASK_KEYS = ("tests", "entry_point", "calls", "expected", "atol", "base", "oracle", "timeout", "task_id", "prompt")
TASK_KEYS += ("canonical_solution", "base_input", "plus_input")


@functools.lru_cache(maxsize=512)
def _code_truth(task: str, isolation: str):
    """The truth of a code line; many responses share a task, whose canonical solution runs once."""
    from .verifiers import GroundTruth
    from .verifiers.code import tests_of
    from .verifiers.evalplus import build_tests

    row = json.loads(task)
    tests = row.get("tests")
    if isinstance(tests, list):
        truth = GroundTruth("code", tests={"assert": tests})
    elif isinstance(tests, dict):
        truth = GroundTruth("code", tests=tests)
    elif "base_input" in row and "canonical_solution" in row and "entry_point" in row:
        truth = GroundTruth("code", tests=build_tests([row], isolation)[0])
    else:
        truth = GroundTruth("code", tests=row)
    tests_of(truth)
    return truth


if __name__ == "__main__":
    app()
