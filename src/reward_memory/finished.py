"""Results that took long: a record of what made each, and what has changed since.

A rule that is told of its finished results (`constraint`) does not apply to them, so the workflow takes them for given
files: nothing can delete them or make them anew.
"""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import InputError
from .provenance import digest, file_digest, installed, write_json

#: Below a results folder: one record a finished job.
FOLDER = "finished"
#: Settings that are told one by one when they have changed.
TOLD = 3


@dataclass(frozen=True)
class Finished:
    """One finished job.

    rule, wildcards  which job
    outputs          its files and folders
    inputs           path -> digest of each input, in the order of the rule
    params           the rule's settings, without the hash of its sources
    source           that hash: dependencies.source_hash of its parts
    versions         package -> version
    begun            Unix time from which on its inputs were read
    seconds, gpus    wall time of the job, without what it waited for devices, and these
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

    @property
    def name(self) -> str:
        return "/".join(self.wildcards.values())

    @property
    def whole(self) -> bool:
        return all(Path(path).exists() for path in self.outputs)


def settings(params: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What a rule's params set, as JSON gives it back, and the hash of the sources in them."""
    sources = {name: value for name, value in params.items() if name.startswith("src")}
    others = {name: value for name, value in params.items() if name != "state" and name not in sources}
    return json.loads(json.dumps(others)), digest(sources)


def record(
    results: str | Path,
    rule: str,
    wildcards: Mapping[str, str],
    outputs: Iterable[str],
    inputs: Mapping[str, str],
    params: Mapping[str, Any],
    begun: float,
    seconds: float,
    gpus: int,
) -> None:
    """Write down that a job is done; the arguments are as in Finished, `params` with sources and all."""
    sets, source = settings(params)
    made = Finished(rule, dict(wildcards), list(outputs), dict(inputs), sets, source, installed(), begun, seconds, gpus)
    write_json(Path(results) / FOLDER / rule / f"{digest([made.wildcards, made.outputs])}.json", asdict(made))


def read(results: str | Path) -> list[Finished]:
    """The finished jobs below `results` of which every output is still there.

    InputError for a record of another version of this workflow: what it keeps is not to be made anew unasked.
    """
    found = [_record(path) for path in sorted((Path(results) / FOLDER).glob("*/*.json"))]
    return [one for one in found if one.whole]


def _record(path: Path) -> Finished:
    try:
        return Finished(**json.loads(path.read_text(encoding="utf-8")))
    except TypeError as error:
        raise InputError(
            f"{path}: another version of this workflow wrote this record of a finished result; go on with that version "
            "or with another folder for results, or delete the record, which has the result made anew."
        ) from error


def constraint(kept: Iterable[Finished], rule: str, results: str | Path, names: str) -> str:
    """A regular expression for the first wildcard of a rule's outputs, `<results>/folder/{wildcard}...`.

    It matches `names`, except where the path goes on as that of a finished result does.
    """
    paths = sorted(
        "/".join(Path(path).relative_to(results).parts[1:]) for one in kept if one.rule == rule for path in one.outputs
    )
    unless = f"(?!(?:{'|'.join(map(re.escape, paths))})(?:/|$))" if paths else ""
    return f"{unless}(?:{names})"


class Digests:
    """Digests of inputs, kept in a file: a policy of 16 GB that was only touched is read once, not at every call.

    One holds as long as no file of the input is newer, and all together are as many and as big.
    """

    def __init__(self, results: str | Path):
        self.file = Path(results) / FOLDER / "digests.json"
        self._known = json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        self._new = False

    def digest(self, path: Path) -> str:
        stats = [file.stat() for file in _parts(path)]
        stamp = [max(stat.st_mtime_ns for stat in stats), sum(stat.st_size for stat in stats), len(stats)]
        if self._known.get(str(path), {}).get("stamp") != stamp:
            self._known[str(path)] = {"stamp": stamp, "digest": file_digest(path)}
            self._new = True
        return self._known[str(path)]["digest"]

    def keep(self) -> None:
        """Write what was read; a folder of results that may only be read stays as it is."""
        if self._new:
            with suppress(PermissionError):
                write_json(self.file, self._known)


def changes(made: Finished, inputs: Iterable[str], params: Mapping[str, Any], known: Digests) -> dict[str, str]:
    """What would be different if the job were done now: a few words each for some of settings, inputs, code, packages.

    inputs, params  of the rule as it is now; a file that is older than the job is not read
    """
    found = {}
    now, source = settings(params)
    if now != made.params:
        found["settings"] = _told(made.params, now)
    inputs = [str(path) for path in inputs]
    if {*inputs} != {*made.inputs}:
        found["inputs"] = "other input files"
    elif other := [path for path in inputs if _differs(Path(path), made, known)]:
        found["inputs"] = " and ".join(other[:TOLD]) + (" and others" if len(other) > TOLD else "")
    if source != made.source:
        found["code"] = "the code of this workflow"
    versions = installed()
    moved = [name for name in made.versions if name in versions and versions[name] != made.versions[name]]
    if moved:
        found["packages"] = ", ".join(f"{name} {made.versions[name]} -> {versions[name]}" for name in moved)
    return found


def _differs(path: Path, made: Finished, known: Digests) -> bool:
    """Whether the content of an input has changed. One that is gone may have been temporary and does not count."""
    if not path.exists() or max(file.stat().st_mtime for file in _parts(path)) <= made.begun:
        return False
    return known.digest(path) != made.inputs[str(path)]


def _parts(path: Path) -> list[Path]:
    return [path, *path.rglob("*")] if path.is_dir() else [path]


def _told(old: Any, new: Any) -> str:
    told = [f"{name} {before} -> {after}" for name, before, after in _pairs("", old, new)]
    more = f" and {len(told) - TOLD} more" if len(told) > TOLD else ""
    return ", ".join(told[:TOLD]) + more


def _pairs(name: str, old: Any, new: Any) -> Iterable[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                yield from _pairs(f"{name}.{key}" if name else key, old.get(key), new.get(key))
    else:
        yield name, json.dumps(old), json.dumps(new)


def told(outdated: Iterable[tuple[Finished, dict[str, str]]]) -> list[str]:
    """One line for all results of one rule for which the same would be different."""
    groups: dict[tuple[str, str], list[Finished]] = {}
    for made, changed in outdated:
        why = "; ".join(f"{kind}: {text}" for kind, text in changed.items())
        groups.setdefault((made.rule, why), []).append(made)
    return [
        f"Kept as it is: {rule} of {', '.join(made.name for made in some[:TOLD])}"
        f"{f' and {len(some) - TOLD} more' if len(some) > TOLD else ''} ({_cost(some)}). Now there is other {why}."
        for (rule, why), some in groups.items()
    ]


def _cost(some: list[Finished]) -> str:
    hours = sum(made.seconds for made in some) / 3600
    devices = sum(made.seconds * made.gpus for made in some) / 3600
    return f"took {hours:.2g} h" + (f", {devices:.2g} GPU hours" if devices else "")
