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
    usage            its benchmark file, None if the rule has none
    gpus, mem_mb     what it requests, whatever the profile allows; 0 if that depends on missing inputs
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
        """A unique name of the job: no two jobs make the same file."""
        return self.outputs[0]

    @property
    def finished(self) -> bool:
        """Whether all its outputs exist."""
        return all(Path(path).exists() for path in self.outputs)

    def of(self, wildcard: str) -> str:
        """The value of a wildcard, empty if the rule does not have it."""
        return self.wildcards.get(wildcard, "")


def to_run(snakefile: str | Path, targets: Sequence[str], options: Sequence[str], pairs: Sequence[str]) -> list[Job]:
    """The jobs that `snakemake -n` would run now, in this folder.

    options  Snakemake options, without `--config`
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
            # the reason is only in the text: Snakemake prints an exception and logs no event for it
            lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise InputError(f"the plan could not be made: {' '.join(lines[-3:])}")
        return [Job(**fields) for fields in json.load(file)]


def every(snakefile: str | Path, targets: Sequence[str], options: Sequence[str], pairs: Sequence[str]) -> list[Job]:
    """All jobs of a configuration, finished or not; arguments as in `to_run`."""
    # otherwise finished results that are kept have no job
    return to_run(snakefile, targets, [*options, "--forceall"], [*pairs, "finished=rebuild"])


def configured(snakefile: str | Path, config: dict[str, Any]) -> list[Job]:
    """Every job of all targets of a configuration, which is as loading.load returns it."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="plan-", encoding="utf-8") as file:
        json.dump(config, file)
        file.flush()
        arguments = (snakefile, ["all"], ["--configfile", file.name], [])
        try:
            return every(*arguments)
        except InputError:
            # jobs running in parallel replace files, and Snakemake stops if one is missing at that moment
            return every(*arguments)


def is_target(settings: Any, file: str) -> bool:
    """Whether a file is a target of the Snakemake call itself, not only needed by one.

    settings  Snakemake's DAGSettings, None while the workflow is only parsed
    """
    return any(str(target).endswith(file) for target in (settings.targets if settings else ()))
