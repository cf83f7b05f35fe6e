"""Records of finished jobs, stored in the results folder, with paths relative to it."""

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError

from .files import digest, write_json

#: Folder in the results folder with one record per finished job, in a subfolder named after the rule.
FOLDER = "finished"
#: Prefix of paths in records that stands for the results folder.
RESULTS = "<results>/"
#: Key of a record's checksum; records of earlier versions lack it.
CHECKSUM = "checksum"


@dataclass(frozen=True)
class Finished:
    """One finished job.

    rule, wildcards  identify the job
    outputs          its files and folders
    inputs           path -> digest of each input
    params           settings of the rule, without the hash of its sources
    source           that hash: code_hash.code_hash of its parts
    versions         package -> version
    begun            Unix time before its inputs were read
    seconds, gpus    wall time of the job without waiting for devices, and its number of GPUs
    file             path of the record, None before it is written
    """

    rule: str
    wildcards: dict[str, str]
    outputs: list[str]
    inputs: dict[str, str]
    params: dict[str, Any]
    source: str
    versions: dict[str, str]
    begun: float
    seconds: float
    gpus: int
    file: Path | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        return "/".join(self.wildcards.values())

    @property
    def complete(self) -> bool:
        return all(Path(path).exists() for path in self.outputs)


def portable(path: str | Path, results: str | Path) -> str:
    """Return a path as stored in records: relative to the results folder if inside it, else only normalized."""
    for form in (os.path.abspath, os.path.realpath):
        absolute, root = Path(form(path)), Path(form(results))
        if absolute.is_relative_to(root):
            return f"{RESULTS}{absolute.relative_to(root).as_posix()}"
    return os.path.normpath(path)


def spelled(path: str, results: str | Path) -> str:
    """Resolve a path from a record against the current results folder."""
    return str(Path(results) / path.removeprefix(RESULTS)) if path.startswith(RESULTS) else path


def write(made: Finished, results: str | Path) -> None:
    """Write a record with its checksum, atomically. Raise InputError or OSError if it cannot be written."""
    value = asdict(made)
    del value["file"]
    value["outputs"] = [portable(path, results) for path in made.outputs]
    value["inputs"] = {portable(path, results): input_digest for path, input_digest in made.inputs.items()}
    path = Path(results) / FOLDER / made.rule / f"{digest([made.wildcards, value['outputs']])}.json"
    if path.is_dir():
        path.rename(path.with_suffix(".damaged"))
    write_json(path, value | {CHECKSUM: digest(value)})


def survey(results: str | Path) -> tuple[list[Finished], list[InputError]]:
    """Return the finished jobs below `results` whose outputs all still exist, and one error per damaged record.

    If two records have the same outputs, as after merging two copies of a folder, the later job's record is used.
    """
    found: dict[tuple[str, ...], Finished] = {}
    errors = []
    for path in _files(Path(results) / FOLDER, errors):
        try:
            record = _read(path, results)
        except InputError as error:
            errors.append(error)
            continue
        if record is not None and record.complete:
            key = (record.rule, *record.outputs)
            if key not in found or found[key].begun < record.begun:
                found[key] = record
    return list(found.values()), errors


def _files(folder: Path, errors: list[InputError]) -> list[Path]:
    """List all records. Append to `errors` if a folder of records is a file or cannot be listed."""
    if not os.path.lexists(folder):
        return []
    found = []
    try:
        for rule in sorted(folder.iterdir()):
            if rule.name.isidentifier():  # skips digests.json and files of file managers
                found += sorted(path for path in rule.iterdir() if path.suffix == ".json" and path.name[0] != ".")
    except OSError as error:
        place = error.filename or folder
        errors.append(
            InputError(
                f"{place}: this folder of records of finished results cannot be read ({error.strerror}); make it "
                "readable or put it back. If it is deleted, the results stay, but an edit may then rebuild them."
            )
        )
    return found


def _read(path: Path, results: str | Path) -> Finished | None:
    """Read one record; None if it is from an earlier version and its results no longer exist."""
    try:
        value = parse(path)
        sealed = CHECKSUM in value
        seal = value.pop(CHECKSUM, None)
        if {*value} != {*KINDS}:
            raise InputError(
                f"{path}: another version of this workflow wrote this record of a finished result; use that "
                "version or another results folder, or delete the record: the result stays, but an edit may "
                "then rebuild it."
            )
        if wrong := [name for name, fits in KINDS.items() if not fits(value[name])]:
            raise ValueError(f"has an impossible value of {wrong[0]!r}")
        if sealed and seal != digest(value):
            raise ValueError("was changed after it was written")
        if value["rule"] != path.parent.name:
            raise ValueError(f"is of the rule {value['rule']}, not of {path.parent.name}")
        record = _resolved(Finished(**value), results)
    except ValueError as error:
        raise damaged(path, str(error)) from error
    return record and replace(record, file=path)


def damaged(path: str | Path, why: str) -> InputError:
    """Error for a damaged record."""
    return InputError(
        f"{path}: this record of a finished result {why}; restore it from a copy, or delete it: the result stays, but "
        "an edit may then rebuild it. --config finished=rebuild runs without it."
    )


def parse(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file. Raise ValueError that describes in a few words what is wrong with the file."""
    try:
        value = json.loads(path.read_bytes())
        digest(value)  # only this step refuses half a surrogate pair
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ValueError("is not complete JSON" if path.stat().st_size else "is empty") from error
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    return value


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and "\0" not in value


def _texts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_text, value)) and all(isinstance(text, str) for text in value.values())


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12 and math.isfinite(value)


#: Key of a record -> check of its value.
KINDS: dict[str, Callable[[Any], bool]] = {
    "rule": _text,
    "wildcards": _texts,
    "outputs": lambda value: (
        isinstance(value, list) and bool(value) and all(map(_text, value)) and len({*value}) == len(value)
    ),
    "inputs": _texts,
    "params": lambda value: isinstance(value, dict),
    "source": _text,
    "versions": _texts,
    # no clock is a day fast; with a time in the future, every input would seem older than the result
    "begun": lambda value: _number(value) and value < time.time() + 86_400,
    "seconds": _number,
    "gpus": lambda value: _number(value) and isinstance(value, int),
}
assert {*KINDS} | {"file"} == {one.name for one in fields(Finished)}


def _resolved(record: Finished, results: str | Path) -> Finished | None:
    """Resolve the paths of a record against the current results folder; None if an old record's results are gone."""
    outputs, root = record.outputs, None
    if not all(path.startswith(RESULTS) for path in outputs):  # from an earlier version
        outputs = [portable(path, results) for path in outputs]
        if not all(path.startswith(RESULTS) and Path(spelled(path, results)).exists() for path in outputs):
            root = _root(record.outputs, Path(results))
            if root is None:
                return None
            outputs = [f"{RESULTS}{Path(path).relative_to(root).as_posix()}" for path in record.outputs]
    if any(".." in Path(path).parts or path == RESULTS for path in outputs):
        raise ValueError("names results outside its folder")
    inputs = {}
    for path, input_digest in record.inputs.items():
        moved = root is not None and Path(path).is_relative_to(root) and Path(results) / Path(path).relative_to(root)
        inputs[str(moved or spelled(path, results))] = input_digest
    return replace(record, outputs=[spelled(path, results) for path in outputs], inputs=inputs)


def _root(outputs: list[str], results: Path) -> Path | None:
    """Find the results folder in the paths of an earlier version's record; None if the results no longer exist.

    Raise ValueError if several folders are possible.
    """
    fits = [
        root
        for root in Path(outputs[0]).parents
        if all(
            Path(path).is_relative_to(root) and (results / Path(path).relative_to(root)).exists() for path in outputs
        )
    ]
    if len(fits) > 1:
        raise ValueError(f"may mean {results / Path(outputs[0]).relative_to(fits[0])} or another result")
    return fits[0] if fits else None
