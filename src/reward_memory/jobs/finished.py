"""Finished results that take long to make: a record of how each was made, and what has changed since.

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

#: Maximum number of settings, inputs or results that one message lists.
MAX_LISTED = 3


def settings(params: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Split a rule's params: (settings after a JSON round trip, digest of the source hashes)."""
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
    """Record that a job is done. The arguments are as in Finished; `params` includes the source hashes.

    If that fails, only a message is printed: an error would fail the job and lose its result.
    """
    sets, source = settings(params)
    made = Finished(rule, dict(wildcards), list(outputs), dict(inputs), sets, source, installed(), begun, seconds, gpus)
    try:
        records.write(made, results)
    except (InputError, OSError) as error:
        print(
            f"The result is complete, but its record cannot be written ({error}), so an edit may rebuild it.",
            file=sys.stderr,
        )


def constraint(kept: Iterable[Finished], rule: str, results: str | Path, names: str) -> str:
    """A regular expression for the first wildcard of a rule's outputs, `<results>/folder/{wildcard}...`.

    It matches `names`, but not where the path of a finished result follows.
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
    """Digests of inputs, cached in a file: a 16 GB policy that was only touched is read once, not in every run.

    An entry is valid while the input's newest modification time, total size and number of files stay the same. A
    damaged cache is reported and rebuilt.
    """

    def __init__(self, results: str | Path):
        self.results, self.file = results, Path(results) / FOLDER / "digests.json"
        self._entries: dict[str, Any] = {}
        self._new = False
        if self.file.exists():
            try:
                self._entries = self._read()
            except ValueError as error:
                print(f"{self.file}: this file {error}; the digests in it are computed again.", file=sys.stderr)
                self._new = True

    def digest(self, path: Path) -> str:
        stats = [file.stat() for file in _parts(path)]
        stamp = [max(stat.st_mtime_ns for stat in stats), sum(stat.st_size for stat in stats), len(stats)]
        name = portable(path, self.results)
        if self._entries.get(name, {}).get("stamp") != stamp:
            self._entries[name] = {"stamp": stamp, "digest": file_digest(path)}
            self._new = True
        return self._entries[name]["digest"]

    def keep(self) -> None:
        """Write new digests to the file, unless the results folder is read-only."""
        if self._new:
            try:
                write_json(self.file, {"digests": self._entries, records.CHECKSUM: digest(self._entries)})
            except PermissionError:
                pass
            except (InputError, OSError) as error:
                print(f"{self.file}: the digests of inputs cannot be saved ({error}).", file=sys.stderr)

    def _read(self) -> dict[str, Any]:
        """The stored digests. ValueError says what is wrong; a file of an earlier version has no checksum."""
        value = records.parse(self.file)
        if {*value} != {"digests", records.CHECKSUM}:
            raise ValueError("was written by another version of this workflow")
        if value[records.CHECKSUM] != digest(value["digests"]):
            raise ValueError("was changed after it was written")
        return value["digests"]


def changes(made: Finished, inputs: Iterable[str], params: Mapping[str, Any], digests: Digests) -> dict[str, str]:
    """What has changed since a job ran: short texts for those of settings, inputs, code and packages that differ.

    inputs, params  of the current rule; files older than the job are not read
    """
    changed = {}
    now, source = settings(params)
    if now != made.params:
        changed["settings"] = _settings_text(made.params, now)
    before = {portable(path, digests.results): content for path, content in made.inputs.items()}
    after = {portable(path, digests.results): str(path) for path in inputs}
    if not _renamed(before, after, digests):
        changed["inputs"] = "other input files"
    elif other := [
        path
        for name, path in after.items()
        if name in before and _differs(Path(path), before[name], made.begun, digests)
    ]:
        changed["inputs"] = " and ".join(other[:MAX_LISTED]) + (" and others" if len(other) > MAX_LISTED else "")
    if source != made.source:
        changed["code"] = "the code of this workflow"
    versions = installed()
    updated = [name for name in made.versions if name in versions and versions[name] != made.versions[name]]
    if updated:
        changed["packages"] = ", ".join(f"{name} {made.versions[name]} -> {versions[name]}" for name in updated)
    return changed


def _renamed(before: Mapping[str, str], after: Mapping[str, str], digests: Digests) -> bool:
    """Whether the inputs are the same files; those outside the results folder may have new names.

    before, after  name in a record -> digest of the content at that time, and -> current path
    """
    gone, new = {*before} - {*after}, {*after} - {*before}
    if len(gone) != len(new) or any(name.startswith(RESULTS) or not Path(after[name]).exists() for name in new):
        return not gone and not new
    return Counter(before[name] for name in gone) == Counter(digests.digest(Path(after[name])) for name in new)


def _differs(path: Path, content: str, begun: float, digests: Digests) -> bool:
    """Whether the content of an input has changed. A missing file may have been temporary and does not count."""
    if not path.exists() or max(file.stat().st_mtime for file in _parts(path)) <= begun:
        return False
    return digests.digest(path) != content


def _parts(path: Path) -> list[Path]:
    return [path, *path.rglob("*")] if path.is_dir() else [path]


def _settings_text(old: Any, new: Any) -> str:
    differences = [f"{name} {before} -> {after}" for name, before, after in _pairs("", old, new)]
    more = f" and {len(differences) - MAX_LISTED} more" if len(differences) > MAX_LISTED else ""
    return ", ".join(differences[:MAX_LISTED]) + more


def _pairs(name: str, old: Any, new: Any) -> Iterable[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                yield from _pairs(f"{name}.{key}" if name else key, old.get(key), new.get(key))
    else:
        yield name, json.dumps(old), json.dumps(new)


def outdated_messages(outdated: Iterable[tuple[Finished, dict[str, str]]]) -> list[str]:
    """One line per rule and reason, for all its outdated results."""
    groups: dict[tuple[str, str], list[Finished]] = {}
    for made, changed in outdated:
        why = "; ".join(f"{kind}: {text}" for kind, text in changed.items())
        groups.setdefault((made.rule, why), []).append(made)
    return [
        f"Kept unchanged: {rule} of {', '.join(made.name for made in some[:MAX_LISTED])}"
        f"{f' and {len(some) - MAX_LISTED} more' if len(some) > MAX_LISTED else ''} ({_cost(some)}), "
        f"made with different {why}."
        for (rule, why), some in groups.items()
    ]


def _cost(some: list[Finished]) -> str:
    hours = sum(made.seconds for made in some) / 3600
    devices = sum(made.seconds * made.gpus for made in some) / 3600
    return f"took {hours:.2g} h" + (f", {devices:.2g} GPU hours" if devices else "")
