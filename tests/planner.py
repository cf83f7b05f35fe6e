"""Dry runs in forks of one warm process: Snakemake's own imports take longer than most plans."""

import json
import logging
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: What a plan imports that is no part of this project; the project's own modules come from the folder that is planned.
PRELOADED = [
    *("snakemake.cli", "snakemake.report.html_reporter", "snakemake_executor_plugin_slurm"),
    # of Snakemake's plugins, which each start imports
    *("snakemake_logger_plugin_rich", "docutils.core", "jinja2", "nbformat", "requests", "smart_open", "yte"),
    *("pandas", "pyarrow.compute", "pyarrow.parquet", "pydantic", "yaml", "PIL.Image"),
]
SAID = ("output", "errors", "seconds", "jobs")


@dataclass(frozen=True)
class Job:
    """A job of a dry run, as Snakemake's event JOB_INFO has it: a path may end with a flag such as (update).

    written  outputs, log and benchmark
    """

    rule: str
    wildcards: dict[str, str]
    input: list[str]
    written: list[str]
    resources: dict[str, int | str]


@dataclass(frozen=True)
class Plan:
    """How a dry run ended. seconds: of processor time, which grow on a busy machine, too."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float
    jobs: list[Job]

    def of(self, rule: str) -> list[Job]:
        """The jobs of one rule."""
        return [job for job in self.jobs if job.rule == rule]

    def branch(self, target: str) -> list[tuple[str, dict[str, str]]]:
        """(rule, wildcards) of the jobs that one of several targets needs, a file or a rule: a plan of it alone."""
        makers = {_path(path): job for job in self.jobs for path in job.written}
        todo = [job for job in self.jobs if job.rule == target] or [makers[target]]
        found = []
        while todo:
            if (job := todo.pop()) not in found:
                found.append(job)
                todo += [makers[path] for path in map(_path, job.input) if path in makers]
        return [(job.rule, job.wildcards) for job in found]


def _path(path: str) -> str:
    """Without its flags."""
    return re.sub(r" \([a-z ]+\)$", "", path)


class Listing(logging.Handler):
    """Collects the jobs that Snakemake logs."""

    def __init__(self):
        super().__init__()
        self.jobs = []

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "event", None) == "job_info":
            asked = {name: value if isinstance(value, int) else str(value) for name, value in record.resources.items()}
            written = [*record.output, *record.log, *([record.benchmark] if record.benchmark else [])]
            self.jobs.append([record.rule_name, dict(record.wildcards), [*record.input], written, asked])


def plan(folder: Path, arguments: Sequence[str], environment: Mapping[str, str], timeout: float | None = None) -> Plan:
    """What `python -m snakemake ARGUMENTS` does in `folder`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with tempfile.TemporaryDirectory() as said:
        process = context.Process(target=_run, args=(str(folder), [*arguments], dict(environment), said))
        process.start()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            raise subprocess.TimeoutExpired(arguments, timeout)
        output, errors, seconds, jobs = (Path(said, name).read_text(encoding="utf-8") for name in SAID)
    return Plan(process.exitcode, output, errors, float(seconds), [Job(*job) for job in json.loads(jobs)])


def _run(folder: str, arguments: list[str], environment: dict[str, str], said: str) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = [folder, *environment["PYTHONPATH"].split(os.pathsep)]
    for target, name in enumerate(SAID[:2], 1):
        os.dup2(os.open(f"{said}/{name}", os.O_WRONLY | os.O_CREAT), target)
    sys.argv = [str(Path(sys.prefix) / "bin/snakemake"), *arguments]
    from snakemake.cli import main

    listing = Listing()
    # Snakemake takes away the handlers of its own logger, snakemake.logging
    logging.getLogger("snakemake").addHandler(listing)
    try:
        main(arguments)
    finally:
        Path(said, SAID[2]).write_text(str(time.process_time()), encoding="utf-8")
        Path(said, SAID[3]).write_text(json.dumps(listing.jobs), encoding="utf-8")
