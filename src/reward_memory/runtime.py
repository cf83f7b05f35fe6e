"""What every job of the workflow needs: its log, its devices, its state folder, errors in one sentence."""

import os
import shutil
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from . import finished, progress
from .alone import FOLDER, alone
from .errors import InputError
from .lease import lease
from .provenance import digest, file_digest


@dataclass(frozen=True)
class Job:
    """A job's files and settings.

    rule, input, output, params, wildcards  as the rule names them
    gpus                                    devices that the job may use, 0 for the CPU path
    """

    rule: str
    input: Any
    output: Any
    params: Any
    wildcards: Any
    gpus: int

    @cached_property
    def state(self) -> Path:
        """Folder for checkpoints: the same for the same rule, wildcards, params and contents of the inputs.

        Sources are left out of the key on purpose, so that an edit of the library does not throw a half-finished
        run away. The folder is removed when the job is done.
        """
        params = {name: value for name, value in self.params.items() if name not in ("src", "state")}
        inputs = [*self.input_digests.values()]
        return Path(self.params.state) / self.rule / digest([dict(self.wildcards.items()), params, inputs])

    @property
    def lock(self) -> Path:
        """The lock of what makes these outputs, however their paths are written."""
        paths = [os.path.realpath(path) for path in self.output]
        return Path(self.params.state) / FOLDER / f"{self.rule}.{digest(paths)}.lock"

    @cached_property
    def input_digests(self) -> dict[str, str]:
        """Path -> digest of each input, in the order of the rule."""
        return {str(path): file_digest(path) for path in self.input}

    @property
    def seed(self) -> int:
        """The wildcard `seed`."""
        return int(self.wildcards.seed)

    @property
    def device(self) -> str:
        return "cuda" if self.gpus else "cpu"


@contextmanager
def job(snakemake: Any, fetches: bool = False, lasting: str | None = None) -> Iterator[Job]:
    """Run a rule's script: output goes to the rule's log, progress and errors also to the terminal.

    fetches  the job is there to download: the Hugging Face libraries may use the network, as nowhere else
    lasting  name under which a result that takes long is recorded when it is there, see `finished`

    An InputError ends the job with its one sentence; any other error also with a traceback in the log.
    """
    wildcards = " ".join(str(value) for value in snakemake.wildcards)
    prefix = f"{snakemake.rule} {wildcards}: " if wildcards else f"{snakemake.rule}: "
    os.environ["OMP_NUM_THREADS"] = str(snakemake.threads)
    if not fetches:
        # weights and data sets are inputs: nothing is fetched behind the workflow's back
        os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    with _logged(snakemake.log[0]) as terminal:
        progress.MIRRORS.append((prefix, terminal))
        try:
            run = Job(
                rule=snakemake.rule,
                input=snakemake.input,
                output=snakemake.output,
                params=snakemake.params,
                wildcards=snakemake.wildcards,
                gpus=int(snakemake.resources.get("gpu", 0)),
            )
            begun = time.time()
            inputs = run.input_digests if lasting else {}
            nodes = int(snakemake.resources.get("nodes", 1))

            def say(line: str) -> None:
                print(prefix + line, file=terminal, flush=True)

            with alone(run.lock, say), lease(run.gpus // nodes, say):
                held = time.monotonic()
                yield run
                seconds = time.monotonic() - held
            if lasting:
                finished.record(
                    Path(run.params.state).parent,
                    lasting,
                    dict(run.wildcards.items()),
                    [str(path) for path in run.output],
                    inputs,
                    dict(run.params.items()),
                    begun,
                    seconds,
                    run.gpus,
                )
            if "state" in vars(run):
                shutil.rmtree(run.state, ignore_errors=True)
        except InputError as error:
            print(f"error: {error}", file=sys.stderr)
            print(f"{prefix}{error}", file=terminal, flush=True)
            sys.exit(1)
        except Exception as error:
            traceback.print_exc()
            print(f"{prefix}{type(error).__name__}: {error}; see {snakemake.log[0]}", file=terminal, flush=True)
            sys.exit(1)
        finally:
            progress.MIRRORS.clear()


@contextmanager
def _logged(path: str) -> Iterator[Any]:
    """Send the process's stdout and stderr, those of its children too, to `path`; yield the old stderr."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as log, os.fdopen(os.dup(2), "w") as terminal:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, old in enumerate(kept, start=1):
                os.dup2(old, number)
                os.close(old)
