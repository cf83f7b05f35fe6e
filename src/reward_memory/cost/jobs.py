"""The jobs of a configuration, as a dry run of Snakemake logs them."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError


@dataclass(frozen=True)
class Job:
    """One job of the workflow.

    inputs, outputs  paths as Snakemake names them
    usage            its benchmark file, None for a rule without
    gpus, mem_mb     what it asks for, whatever the profile allows; 0 where that depends on inputs that are not there
    """

    rule: str
    wildcards: dict[str, str]
    inputs: list[str]
    outputs: list[str]
    usage: str | None
    gpus: int
    mem_mb: int
    threads: int

    @property
    def key(self) -> str:
        """What tells it from other jobs: no two make one file."""
        return self.outputs[0]

    @property
    def finished(self) -> bool:
        """Whether all its outputs are there."""
        return all(Path(path).exists() for path in self.outputs)

    def of(self, wildcard: str) -> str:
        """The value of a wildcard, empty where the rule has none of that name."""
        return self.wildcards.get(wildcard, "")


def to_run(snakefile: str | Path, targets: Sequence[str], options: Sequence[str], pairs: Sequence[str]) -> list[Job]:
    """What `snakemake -n` would do now, here.

    options  of Snakemake, without `--config`
    pairs    key=value of `--config`

    InputError with Snakemake's own message if it refuses.
    """
    arguments = [*targets, "-n", "--snakefile", str(snakefile), "--workflow-profile", "none", "--rerun-incomplete"]
    arguments += ["--nolock", "--quiet", "rules", *options, *(["--config", *pairs] if pairs else [])]
    environment = {name: value for name, value in os.environ.items() if name != "SNAKEMAKE_PROFILE"}
    with tempfile.NamedTemporaryFile(prefix="jobs-", suffix=".json") as file:
        command = [sys.executable, "-m", "reward_memory.cost.listing", file.name, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, encoding="utf-8")
        if done.returncode:
            # why Snakemake refuses is text alone: it prints an exception and logs no event for it
            said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise InputError(f"the plan could not be made: {' '.join(said[-3:])}")
        return [Job(**fields) for fields in json.load(file)]


def every(snakefile: str | Path, targets: Sequence[str], options: Sequence[str], pairs: Sequence[str]) -> list[Job]:
    """All jobs that a configuration has, finished or not; arguments as of `to_run`."""
    # what is finished and kept has no job otherwise
    return to_run(snakefile, targets, [*options, "--forceall"], [*pairs, "finished=rebuild"])


def configured(snakefile: str | Path, config: dict[str, Any]) -> list[Job]:
    """`every` job of all targets of a configuration, as loading.load returns it."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="plan-", encoding="utf-8") as file:
        json.dump(config, file)
        file.flush()
        asked = (snakefile, ["all"], ["--configfile", file.name], [])
        try:
            return every(*asked)
        except InputError:
            # jobs that run beside this one replace files, and Snakemake stops when one is gone at that moment
            return every(*asked)


def named(settings: Any, file: str) -> bool:
    """Whether somebody asked Snakemake for a file by its name, rather than for something that needs it.

    settings  Snakemake's DAGSettings, None while the workflow is only read
    """
    return any(str(target).endswith(file) for target in (settings.targets if settings else ()))
