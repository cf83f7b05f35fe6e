"""Records of finished jobs: files that belong to a results folder and name its files relative to it."""

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

#: Below a results folder: one record a finished job, in a folder of its rule's name.
FOLDER = "finished"
#: How a record spells the results folder, wherever that lies.
RESULTS = "<results>/"
#: Key of a record's checksum; records of earlier versions have none.
CHECKSUM = "checksum"


@dataclass(frozen=True)
class Finished:
    """One finished job.

    rule, wildcards  which job
    outputs          its files and folders
    inputs           path -> digest of each input
    params           the rule's settings, without the hash of its sources
    source           that hash: code_hash.code_hash of its parts
    versions         package -> version
    begun            Unix time from which on its inputs were read
    seconds, gpus    wall time of the job, without what it waited for devices, and these
    file             the record, None before it is written
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
    def whole(self) -> bool:
        return all(Path(path).exists() for path in self.outputs)


def portable(path: str | Path, results: str | Path) -> str:
    """A path as records spell it: relative to the results folder where it lies in there, else as it is."""
    for form in (os.path.abspath, os.path.realpath):
        own, root = Path(form(path)), Path(form(results))
        if own.is_relative_to(root):
            return f"{RESULTS}{own.relative_to(root).as_posix()}"
    return os.path.normpath(path)


def spelled(path: str, results: str | Path) -> str:
    """The path that a record means, below the results folder as it is named now."""
    return str(Path(results) / path.removeprefix(RESULTS)) if path.startswith(RESULTS) else path


def write(made: Finished, results: str | Path) -> None:
    """Write a record with its checksum, atomically. InputError or OSError if it cannot be written."""
    value = asdict(made)
    del value["file"]
    value["outputs"] = [portable(path, results) for path in made.outputs]
    value["inputs"] = {portable(path, results): known for path, known in made.inputs.items()}
    path = Path(results) / FOLDER / made.rule / f"{digest([made.wildcards, value['outputs']])}.json"
    if path.is_dir():
        path.rename(path.with_suffix(".damaged"))
    write_json(path, value | {CHECKSUM: digest(value)})


def survey(results: str | Path) -> tuple[list[Finished], list[InputError]]:
    """The finished jobs below `results` of which every output is still there, and one error a damaged record.

    Of two records of the same outputs, as two copies of a folder that were joined have, the later job's counts.
    """
    found: dict[tuple[str, ...], Finished] = {}
    errors = []
    for path in _files(Path(results) / FOLDER, errors):
        try:
            made = _read(path, results)
        except InputError as error:
            errors.append(error)
            continue
        if made is not None and made.whole:
            place = (made.rule, *made.outputs)
            if place not in found or found[place].begun < made.begun:
                found[place] = made
    return list(found.values()), errors


def _files(folder: Path, errors: list[InputError]) -> list[Path]:
    """All records. A file in place of a folder of records, or a folder that cannot be listed, is added to `errors`."""
    if not os.path.lexists(folder):
        return []
    found = []
    try:
        for rule in sorted(folder.iterdir()):
            if rule.name.isidentifier():  # neither digests.json nor what a file manager leaves
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
    """One record; None if it is of an earlier version and its results are no longer there."""
    try:
        value = parse(path)
        sealed = CHECKSUM in value
        seal = value.pop(CHECKSUM, None)
        if {*value} != {*KINDS}:
            raise InputError(
                f"{path}: another version of this workflow wrote this record of a finished result; go on with that "
                "version or with another folder for results, or delete the record: the result stays, but an edit may "
                "then rebuild it."
            )
        if wrong := [name for name, fits in KINDS.items() if not fits(value[name])]:
            raise ValueError(f"has an impossible value of {wrong[0]!r}")
        if sealed and seal != digest(value):
            raise ValueError("was changed after it was written")
        if value["rule"] != path.parent.name:
            raise ValueError(f"is of the rule {value['rule']}, not of {path.parent.name}")
        made = _placed(Finished(**value), results)
    except ValueError as error:
        raise damaged(path, str(error)) from error
    return made and replace(made, file=path)


def damaged(path: str | Path, why: str) -> InputError:
    """The sentence for a record that says nothing sure of its result."""
    return InputError(
        f"{path}: this record of a finished result {why}; put it back from a copy, or delete it: the result stays, but "
        "an edit may then rebuild it. --config finished=rebuild runs without it."
    )


def parse(path: Path) -> dict[str, Any]:
    """A JSON object from a file. ValueError says in a few words what is wrong with the file."""
    try:
        value = json.loads(path.read_bytes())
        digest(value)  # half a character is refused here, in no other place
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


#: What each value of a record must be.
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
    # no clock is a day fast, and a later time would take every input for older than the result
    "begun": lambda value: _number(value) and value < time.time() + 86_400,
    "seconds": _number,
    "gpus": lambda value: _number(value) and isinstance(value, int),
}
assert {*KINDS} | {"file"} == {one.name for one in fields(Finished)}


def _placed(made: Finished, results: str | Path) -> Finished | None:
    """A record with its paths below the results folder as it is named now."""
    outputs, root = made.outputs, None
    if not all(path.startswith(RESULTS) for path in outputs):  # of an earlier version
        outputs = [portable(path, results) for path in outputs]
        if not all(path.startswith(RESULTS) and Path(spelled(path, results)).exists() for path in outputs):
            root = _root(made.outputs, Path(results))
            if root is None:
                return None
            outputs = [f"{RESULTS}{Path(path).relative_to(root).as_posix()}" for path in made.outputs]
    if any(".." in Path(path).parts or path == RESULTS for path in outputs):
        raise ValueError("names results outside its folder")
    inputs = {}
    for path, known in made.inputs.items():
        moved = root is not None and Path(path).is_relative_to(root) and Path(results) / Path(path).relative_to(root)
        inputs[str(moved or spelled(path, results))] = known
    return replace(made, outputs=[spelled(path, results) for path in outputs], inputs=inputs)


def _root(outputs: list[str], results: Path) -> Path | None:
    """The results folder as a record of an earlier version spelled it; None if its results are no longer there.

    ValueError if that could be one of several.
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
