"""Command line interface: grade, import, estimate costs and explain settings, without running the workflow."""

import sys
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from reward_memory.errors import InputError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


class Kind(StrEnum):
    math = "math"
    choice = "choice"
    code = "code"


class Source(StrEnum):
    verl = "verl"
    lm_eval = "lm-eval"


class Isolation(StrEnum):
    bubblewrap = "bubblewrap"
    reduced = "reduced"


def _print_version(requested: bool) -> None:
    if requested:
        print(version("reward-memory"))
        raise typer.Exit


@app.callback()
def main(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Tools for the workflow that rebuilds MemReward and MEDS."""


@app.command()
def verify(
    kind: Annotated[Kind, typer.Option(help="Kind of question that the responses answer.")],
    isolation: Annotated[Isolation, typer.Option(help="Sandbox for code.")] = Isolation.bubblewrap,
    workers: Annotated[int, typer.Option(min=1, help="Programs or symbolic comparisons in parallel.")] = 2,
    timeout: Annotated[float, typer.Option(min=0.1, help="Longest time of a symbolic comparison, in seconds.")] = 5.0,
    program_timeout: Annotated[
        float, typer.Option(min=0.1, help="Longest time of a program with its tests, in seconds.")
    ] = 1.5,
) -> None:
    """Grade responses: one JSON object a line in, one out, in the same order.

    In: `response` (a text or a number) and `ground_truth` (the answer or letter; a list if several are right). Choice
    also needs `options`. Code needs `tests` (a list of assert lines), or `entry_point` with `base_input`, `plus_input`
    and `canonical_solution` as in HumanEval+ and MBPP+, or `entry_point` with `calls` and `expected`; `prompt` is the
    code that the program completes. `"kind": "answer"` says that the response is the bare answer.

    Out: `correct`, `extracted`, `path` and `seconds`. A line that cannot be graded gets `"correct": false` and the
    reason as `error`; the exit status is then 1.
    """
    from reward_memory.verifiers import Grader
    from reward_memory.verifiers.command import isolation_fault, verify_lines

    fault = isolation_fault(isolation.value) if kind is Kind.code else ""
    try:
        if fault:
            raise InputError(fault)
        with Grader(isolation.value, workers, timeout, program_timeout) as grader:
            lines, bad = verify_lines(sys.stdin.buffer, sys.stdout, kind.value, grader, isolation.value)
        if bad:
            raise InputError(f"{bad} of {lines} lines could not be graded; their `error` says why.")
    except InputError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


@app.command()
def plan(
    targets: Annotated[list[str] | None, typer.Argument(help="Snakemake targets (default: all).")] = None,
    configfile: Annotated[
        list[Path] | None, typer.Option(help="Configuration instead of config.yaml; several are merged.")
    ] = None,
    config: Annotated[
        list[str] | None, typer.Option(help="Replace a value of the configuration: key=value. Repeat for more.")
    ] = None,
    workflow_profile: Annotated[
        Path | None, typer.Option(help="Profile that defines available GPUs and memory.")
    ] = None,
    gpus: Annotated[int | None, typer.Option(min=0, help="GPUs available (overrides the profile).")] = None,
    cores: Annotated[int | None, typer.Option(min=1, help="Cores available (overrides the profile).")] = None,
    csv: Annotated[Path | None, typer.Option(help="Also write the table to this file.")] = None,
    snakefile: Annotated[Path, typer.Option(help="Snakefile of this workflow.")] = Path("Snakefile"),
) -> None:
    """Estimate what a run costs: what is done, what is left, GPU-hours, time, tokens, disk.

    Nothing is computed or downloaded. Figures about GPUs are rough estimates (docs/cost.md).
    """
    from reward_memory.cost.plan import plan as make
    from reward_memory.storage.files import atomic_path

    limits = {name: value for name, value in (("gpu", gpus), ("cores", cores)) if value is not None}
    try:
        table, text = make(snakefile, targets or ["all"], configfile or [], config or [], workflow_profile, limits)
        if csv is not None:
            with atomic_path(csv) as temporary:
                table.to_csv(temporary, index=False, float_format="%.6g")
    except InputError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    print(text)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Files of JSON lines that the other tool wrote.")],
    source: Annotated[Source, typer.Option("--from", help="The tool: verl's rollout dump, or lm-eval's samples.")],
    benchmark: Annotated[str, typer.Option(help="Name of the benchmark in your configuration.")],
    filter_: Annotated[
        str | None, typer.Option("--filter", help="lm-eval's filter whose verdicts count (default: the first).")
    ] = None,
) -> None:
    """Convert another tool's responses to the format of docs/import.md, on standard output."""
    import json

    from reward_memory.data.imported.dumps import convert

    try:
        for row in convert(files, source.value, benchmark, filter_):
            print(json.dumps(row, ensure_ascii=False))
    except InputError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


@app.command()
def config(
    explain: Annotated[
        str | None, typer.Option(help="Print meaning, default and value of a key such as training.clip_ratio_low.")
    ] = None,
    configfile: Annotated[Path, typer.Option(help="File whose value --explain prints.")] = Path("config.yaml"),
    write: Annotated[bool, typer.Option("--write", help="Write docs/configuration.md and its JSON schema.")] = False,
) -> None:
    """Explain a key of the configuration, or write its reference page and the JSON schema for editors."""
    from reward_memory.config import explain as explaining
    from reward_memory.config import reference

    if (explain is None) is not write:
        raise typer.BadParameter("give either --explain KEY or --write")
    try:
        if write:
            reference.write(Path())
        else:
            print(explaining.explain(explain, configfile))
    except InputError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
