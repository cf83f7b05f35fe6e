"""Results that took long: a record of what made each, and what has changed since.

A wildcard constraint excludes finished results from their rule (`constraint`). Snakemake then sees plain input files
and cannot rerun or delete them.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError
from reward_memory.storage import records
from reward_memory.storage.files import digest, file_digest, write_json
from reward_memory.storage.manifests import installed
from reward_memory.storage.records import FOLDER, RESULTS, Finished, portable

#: Settings that are told one by one when they have changed.
TOLD = 3


def settings(params: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What a rule's params set, as JSON gives it back, and the hash of the sources in them."""
    sources = {name: value for name, value in params.items() if name.startswith("code")}
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
    """Write down that a job is done; the arguments are as in Finished, `params` with sources and all.

    What hinders that is printed: the result is there, and a job that fails would lose it.
    """
    sets, source = settings(params)
    made = Finished(rule, dict(wildcards), list(outputs), dict(inputs), sets, source, installed(), begun, seconds, gpus)
    try:
        records.write(made, results)
    except (InputError, OSError) as error:
        print(
            f"The result is complete, but nothing protects it from an edit: its record is not written ({error}).",
            file=sys.stderr,
        )


def constraint(kept: Iterable[Finished], rule: str, results: str | Path, names: str) -> str:
    """A regular expression for the first wildcard of a rule's outputs, `<results>/folder/{wildcard}...`.

    It matches `names`, except where the path goes on as that of a finished result does.
    """
    paths = sorted(
        portable(path, results).removeprefix(RESULTS).partition("/")[2]
        for one in kept
        if one.rule == rule
        for path in one.outputs
    )
    unless = f"(?!(?:{'|'.join(map(re.escape, paths))})(?:/|$))" if paths else ""
    return f"{unless}(?:{names})"


class Digests:
    """Digests of inputs, kept in a file: a policy of 16 GB that was only touched is read once, not at every call.

    One holds as long as no file of the input is newer, and all together are as many and as big. A damaged file is
    named and written again.
    """

    def __init__(self, results: str | Path):
        self.results, self.file = results, Path(results) / FOLDER / "digests.json"
        self._known: dict[str, Any] = {}
        self._new = False
        if self.file.exists():
            try:
                self._known = self._read()
            except ValueError as error:
                print(f"{self.file}: this file {error}; the digests in it are computed again.", file=sys.stderr)
                self._new = True

    def digest(self, path: Path) -> str:
        stats = [file.stat() for file in _parts(path)]
        stamp = [max(stat.st_mtime_ns for stat in stats), sum(stat.st_size for stat in stats), len(stats)]
        name = portable(path, self.results)
        if self._known.get(name, {}).get("stamp") != stamp:
            self._known[name] = {"stamp": stamp, "digest": file_digest(path)}
            self._new = True
        return self._known[name]["digest"]

    def keep(self) -> None:
        """Write what was read; a folder of results that cannot be written to stays as it is."""
        if self._new:
            try:
                write_json(self.file, {"digests": self._known, records.CHECKSUM: digest(self._known)})
            except PermissionError:
                pass
            except (InputError, OSError) as error:
                print(f"{self.file}: the digests of inputs are not kept ({error}).", file=sys.stderr)

    def _read(self) -> dict[str, Any]:
        """ValueError says what is wrong; a file of an earlier version has no checksum and is not used."""
        value = records.parse(self.file)
        if {*value} != {"digests", records.CHECKSUM}:
            raise ValueError("is of another version of this workflow")
        if value[records.CHECKSUM] != digest(value["digests"]):
            raise ValueError("was changed after it was written")
        return value["digests"]


def changes(made: Finished, inputs: Iterable[str], params: Mapping[str, Any], known: Digests) -> dict[str, str]:
    """What would be different if the job were done now: a few words each for some of settings, inputs, code, packages.

    inputs, params  of the rule as it is now; a file that is older than the job is not read
    """
    found = {}
    now, source = settings(params)
    if now != made.params:
        found["settings"] = _told(made.params, now)
    before = {portable(path, known.results): content for path, content in made.inputs.items()}
    after = {portable(path, known.results): str(path) for path in inputs}
    if not _renamed(before, after, known):
        found["inputs"] = "other input files"
    elif other := [
        path for name, path in after.items() if name in before and _differs(Path(path), before[name], made.begun, known)
    ]:
        found["inputs"] = " and ".join(other[:TOLD]) + (" and others" if len(other) > TOLD else "")
    if source != made.source:
        found["code"] = "the code of this workflow"
    versions = installed()
    moved = [name for name in made.versions if name in versions and versions[name] != made.versions[name]]
    if moved:
        found["packages"] = ", ".join(f"{name} {made.versions[name]} -> {versions[name]}" for name in moved)
    return found


def _renamed(before: Mapping[str, str], after: Mapping[str, str], known: Digests) -> bool:
    """Whether the inputs have the same names, or only files outside of the results folder have others.

    before, after  name in a record -> digest of the content then, -> path now
    """
    gone, new = {*before} - {*after}, {*after} - {*before}
    if len(gone) != len(new) or any(name.startswith(RESULTS) or not Path(after[name]).exists() for name in new):
        return not gone and not new
    return Counter(before[name] for name in gone) == Counter(known.digest(Path(after[name])) for name in new)


def _differs(path: Path, content: str, begun: float, known: Digests) -> bool:
    """Whether the content of an input has changed. One that is gone may have been temporary and does not count."""
    if not path.exists() or max(file.stat().st_mtime for file in _parts(path)) <= begun:
        return False
    return known.digest(path) != content


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
    """One line for all results of one rule that have the same reason."""
    groups: dict[tuple[str, str], list[Finished]] = {}
    for made, changed in outdated:
        why = "; ".join(f"{kind}: {text}" for kind, text in changed.items())
        groups.setdefault((made.rule, why), []).append(made)
    return [
        f"Kept as it is: {rule} of {', '.join(made.name for made in some[:TOLD])}"
        f"{f' and {len(some) - TOLD} more' if len(some) > TOLD else ''} ({_cost(some)}), made with other {why}."
        for (rule, why), some in groups.items()
    ]


def _cost(some: list[Finished]) -> str:
    hours = sum(made.seconds for made in some) / 3600
    devices = sum(made.seconds * made.gpus for made in some) / 3600
    return f"took {hours:.2g} h" + (f", {devices:.2g} GPU hours" if devices else "")
