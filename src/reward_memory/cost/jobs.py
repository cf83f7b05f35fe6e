"""The jobs of a configuration, as a dry run of Snakemake lists them."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError

_START = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):$", re.MULTILINE)
_FLAG = re.compile(r" \([a-z ]+\)$")  # results/training/.../policy (update)
_FIELD = re.compile(r"^ {4}(\w+): (.*)$", re.MULTILINE)


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


def parse(text: str) -> list[Job]:
    """The jobs in the output of `snakemake -n` (version 9, its own logger); `all` is none.

    A path with a comma and a space in it would be read as two.
    """
    starts = [*_START.finditer(text)]
    found = []
    for start, after in zip(starts, [*starts[1:], None], strict=False):
        block = text[start.end() : after.start() if after else None]
        # the statistics that follow the last job are not indented
        fields = dict(_FIELD.findall(block))
        if not fields.get("output"):
            continue
        resources = dict(pair.split("=", 1) for pair in fields.get("resources", "").split(", ") if "=" in pair)
        found.append(
            Job(
                start[1],
                tuple(tuple(pair.split("=", 1)) for pair in _split(fields.get("wildcards"))),
                tuple(_paths(fields.get("input"))),
                tuple(_paths(fields["output"])),
                fields.get("benchmark"),
                _number(resources.get("gpu")),
                _number(resources.get("mem_mb")),
                max(1, _number(fields.get("threads"))),
            )
        )
    return found


def dry_run(snakefile: str | Path, targets: Sequence[str], options: Sequence[str]) -> list[Job]:
    """What `snakemake -n` would do now, here.

    options  of Snakemake, with `--config` last if at all: it takes all that follows

    InputError with Snakemake's own message if it refuses.
    """
    command = [sys.executable, "-m", "snakemake", *targets, "-n", "--snakefile", str(snakefile)]
    command += ["--workflow-profile", "none", "--rerun-incomplete", "--nolock", *options]
    environment = {name: value for name, value in os.environ.items() if name != "SNAKEMAKE_PROFILE"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, encoding="utf-8")
    text = done.stdout + done.stderr
    if done.returncode:
        said = [line.strip() for line in text.splitlines() if line.strip()]
        raise InputError(f"the plan could not be made: {' '.join(said[-3:])}")
    return parse(text)


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


def _split(text: str | None) -> list[str]:
    return text.split(", ") if text else []


def _paths(text: str | None) -> list[str]:
    return [_FLAG.sub("", path) for path in _split(text)]


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
