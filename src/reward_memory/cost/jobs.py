"""The jobs of a configuration, as a dry run of Snakemake logs them."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError


@dataclass(frozen=True, slots=True)
class Job:
    """One job of the workflow.

    inputs, outputs  paths as Snakemake names them
    usage            its benchmark file, None for a rule without
    gpus, mem_mb     what it asks for, whatever the profile allows
    """

    rule: str
    wildcards: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    usage: str | None
    gpus: int
    mem_mb: int
    threads: int

    @property
    def key(self) -> tuple:
        return (self.rule, self.wildcards)

    def of(self, wildcard: str) -> str:
        """The value of a wildcard, empty where the rule has none of that name."""
        return dict(self.wildcards).get(wildcard, "")


def dry_run(snakefile: str | Path, targets: Sequence[str], options: Sequence[str]) -> list[Job]:
    """What `snakemake -n` would do now, here.

    options  of Snakemake, with `--config` last if at all: it takes all that follows

    InputError with Snakemake's own message if it refuses.
    """
    arguments = [*targets, "-n", "--snakefile", str(snakefile), "--workflow-profile", "none", "--rerun-incomplete"]
    arguments += ["--nolock", "--quiet", "rules", *options]
    environment = {name: value for name, value in os.environ.items() if name != "SNAKEMAKE_PROFILE"}
    with tempfile.NamedTemporaryFile(prefix="jobs-", suffix=".json") as file:
        command = [sys.executable, "-m", "reward_memory.cost.listing", file.name, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, encoding="utf-8")
        if done.returncode:
            # why Snakemake refuses is text alone: it prints an exception and logs no event for it
            said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise InputError(f"the plan could not be made: {' '.join(said[-3:])}")
        return [read_job(**fields) for fields in json.load(file)]


def read_job(wildcards: list, inputs: list, outputs: list, **others: Any) -> Job:
    """A job from what listing.Jobs wrote of it."""
    return Job(wildcards=tuple(map(tuple, wildcards)), inputs=tuple(inputs), outputs=tuple(outputs), **others)


def matrix(
    snakefile: str | Path, targets: Sequence[str], options: Sequence[str], pairs: Sequence[str], results: str
) -> list[Job]:
    """All jobs that a configuration has, finished or not: what would be planned in an empty results folder.

    pairs    key=value of `--config`
    results  the configured folder of results, which the jobs' paths begin with
    """
    with tempfile.TemporaryDirectory(prefix="plan-") as empty:
        fresh = f"{empty}/results"
        targets = [_moved(target, results, fresh) for target in targets]
        jobs = dry_run(snakefile, targets, [*options, "--config", *pairs, f"results={fresh}"])

    def back(path: str) -> str:
        return _moved(path, fresh, results)

    return [
        replace(
            job,
            inputs=tuple(map(back, job.inputs)),
            outputs=tuple(map(back, job.outputs)),
            usage=back(job.usage) if job.usage else None,
        )
        for job in jobs
    ]


def configured(snakefile: str | Path, config: dict[str, Any]) -> list[Job]:
    """`matrix` of all targets of a configuration, as loading.load returns it."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="plan-", encoding="utf-8") as file:
        json.dump(config, file)
        file.flush()
        return matrix(snakefile, ["all"], ["--configfile", file.name], [], config["results"])


def named(settings: Any, file: str) -> bool:
    """Whether somebody asked Snakemake for a file by its name, rather than for something that needs it.

    settings  Snakemake's DAGSettings, None while the workflow is only read
    """
    return any(str(target).endswith(file) for target in (settings.targets if settings else ()))


def _moved(path: str, old: str, new: str) -> str:
    return new + path[len(old) :] if path.startswith(f"{old}/") else path
