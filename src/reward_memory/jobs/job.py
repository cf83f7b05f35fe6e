"""What every job of the workflow needs: log, devices, state folder, error messages in one sentence."""

import gc
import io
import os
import shutil
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError
from reward_memory.storage.files import digest, disk_is_full, file_digest, full_disk
from reward_memory.storage.policy_files import intact

from . import finished, progress
from .leases import lease
from .locks import FOLDER, exclusive
from .processes import keep_freed_memory

#: Free bytes below which a disk counts as full.
SCARCE = 100_000
#: Environment variable that keeps a job's output on the terminal.
DEBUG = "REWARD_MEMORY_DEBUG"


@dataclass(frozen=True)
class Job:
    """A job's files and settings.

    rule, input, output, params, wildcards  as in the rule
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
        """Folder for checkpoints; its name depends on the rule, wildcards, params and contents of the inputs.

        Source hashes are left out on purpose, so that an edit of the library does not discard a half-finished run.
        The folder is removed when the job is done.
        """
        params = {name: value for name, value in self.params.items() if name != "state" and not name.startswith("code")}
        inputs = [*self.input_digests.values()]
        return Path(self.params.state) / self.rule / digest([dict(self.wildcards.items()), params, inputs])

    @property
    def lock(self) -> Path:
        """Lock file for these outputs, however their paths are written."""
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
    def names(self) -> dict[str, str | int]:
        """The wildcards as columns of a result; `ratio` becomes `label_ratio`; it and `seed` are integers."""
        names = {"label_ratio" if name == "ratio" else name: value for name, value in self.wildcards.items()}
        return {name: int(value) if name in ("label_ratio", "seed") else value for name, value in names.items()}

    @property
    def device(self) -> str:
        return "cuda" if self.gpus else "cpu"

    @staticmethod
    def result(sentence: str) -> None:
        """Print the result to the log; the terminal shows it when the job is finished (profiles/default)."""
        print(f"result: {sentence}", flush=True)


@contextmanager
def job(snakemake: Any, fetches: bool = False, lasting: str | None = None) -> Iterator[Job]:
    """Run a rule's script: output goes to the rule's log, progress and errors also to the terminal.

    fetches  whether the job downloads: only then may the Hugging Face libraries use the network
    lasting  name under which a result that takes long is recorded when it is done, see `finished`

    An incomplete policy among the inputs ends the job at once.
    An InputError, a full disk or damaged state ends the job with a message of one sentence; any other error also
    leaves a traceback in the log. A log that cannot grow does not end the job.
    """
    wildcards = " ".join(str(value) for value in snakemake.wildcards if str(value))
    prefix = f"{snakemake.rule} {wildcards}: " if wildcards else f"{snakemake.rule}: "
    # imports such as torch create a million permanent objects; scanning them took a fifth of the import time
    gc.set_threshold(50_000, 20, 100)
    os.environ["OMP_NUM_THREADS"] = str(snakemake.threads)
    if not fetches:
        # weights and data sets are inputs of rules, so nothing else may be downloaded
        os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    with _logged(snakemake.log[0], prefix) as terminal:
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
            if not run.gpus:
                keep_freed_memory()
            begun = time.time()
            if (policy := getattr(run.input, "policy", None)) and Path(policy).is_dir():
                intact(Path(policy))
            inputs = run.input_digests if lasting else {}
            nodes = int(snakemake.resources.get("nodes", 1))

            def say(line: str) -> None:
                print(prefix + line, file=terminal, flush=True)

            with exclusive(run.lock, say), lease(run.gpus // nodes, say):
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
        except Exception as error:
            sentence = _sentence(error, Path(snakemake.params.state))
            if sentence is None:
                traceback.print_exc()
                sentence = f"{type(error).__name__}: {error}; see {snakemake.log[0]}"
            else:
                print(f"error: {sentence}", file=sys.stderr)
            print(f"{prefix}{sentence}", file=terminal, flush=True)
            sys.exit(1)
        finally:
            progress.MIRRORS.clear()


def _sentence(error: Exception, state: Path) -> str | None:
    """The one-sentence message for an error, None for an unexpected one.

    state  the state folder of all jobs
    """
    folder = next(path for path in (state.absolute(), *state.absolute().parents) if path.exists())
    full = shutil.disk_usage(folder).free < SCARCE
    if isinstance(error, InputError):
        noted = "no space left" in str(error)
        return (
            str(error) if noted or not full else f"{error} No space is left on the disk of {folder}; free some first."
        )
    one: BaseException | None = error
    while one is not None:
        if disk_is_full(one, folder):
            return str(full_disk(getattr(one, "filename", None) or folder))
        one = one.__cause__ or one.__context__
    name = getattr(error, "filename", None)
    if isinstance(error, OSError) and isinstance(name, str) and Path(name).absolute().is_relative_to(state.absolute()):
        return (
            f"{name}: was left by an earlier attempt and is damaged ({error.strerror}); delete it and run the "
            "same command again."
        )
    return None


class _Lenient(io.FileIO):
    """A stream that ignores write errors: data that does not fit is lost."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _lenient(number: int, closes: bool = False) -> io.TextIOWrapper:
    """A text stream to a file descriptor that ignores write errors."""
    raw = io.BufferedWriter(_Lenient(number, "w", closefd=closes))
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)


@contextmanager
def _logged(path: str, prefix: str) -> Iterator[Any]:
    """Redirect stdout and stderr of this process and its children to `path`; yield the old stderr.

    prefix  of the message if the log cannot be opened

    With DEBUG in the environment nothing is redirected, so that a debugger can use the terminal.
    """
    if os.environ.get(DEBUG):
        yield sys.stderr
        return
    sys.stdout.flush()
    sys.stderr.flush()
    kept, streams = [os.dup(1), os.dup(2)], (sys.stdout, sys.stderr)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    except OSError as error:
        full = disk_is_full(error, Path(path).parent)
        why = str(full_disk(path)) if full else f"{path}: the log cannot be written ({error.strerror})."
        with _lenient(2) as terminal:
            print(f"{prefix}{why}", file=terminal)
        sys.exit(1)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    with _lenient(os.dup(kept[1]), closes=True) as terminal:
        sys.stdout, sys.stderr = _lenient(1), _lenient(2)
        try:
            yield terminal
        finally:
            for stream in (sys.stdout, sys.stderr, *streams):
                with suppress(OSError):
                    stream.flush()
            sys.stdout, sys.stderr = streams
            for number, old in enumerate(kept, start=1):
                os.dup2(old, number)
                os.close(old)
