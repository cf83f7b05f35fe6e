"""Load benchmarks from a local folder, in the formats of their original releases or the hub's (see docs/data.md)."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError

from ..duplicates.repeats import without_repeats
from ..items import Dropped, Item, Loaded, option_lines
from ..prompts import system_prompt
from ..registry import BENCHMARKS, DOMAINS
from . import formats
from .formats import Source
from .releases import RELEASES, File, Release, Split, expected_rows
from .rows import MissingAnswerError, Row, UnusableError, WrongValueError, check_row

__all__ = ["RELEASES", "files", "load"]

NO_ANSWER = "published without an answer"


def files(name: str, mirror: Path) -> list[Path]:
    """Return the files of a benchmark that `load` reads. InputError names a missing one."""
    found = []
    for split, file, paths in _present(RELEASES[name], Path(mirror)):
        found += paths
        if file.labels and "!" not in file.labels:
            found.append(_labels(Path(mirror) / split.folder, file).path)
    return list(dict.fromkeys(found))


def load(name: str, mirror: Path, answer_format: str = "hash", partial: bool = False) -> Loaded:
    """Load every row of a benchmark as an item or with the reason why it yields none, source splits in order.

    partial  also accept files with another number of rows than the release

    InputError names the file, and the row if there is one, for a missing or truncated file, a row of another format,
    and a row without an answer in a split that is published with answers.
    """
    release = RELEASES[name]
    system = system_prompt(DOMAINS[name], answer_format)
    items: list[Item] = []
    dropped: list[Dropped] = []
    present = list(_present(release, Path(mirror)))
    for split, file, paths in present:
        number = 0
        for number, (place, record) in enumerate(_records(split, file, paths, Path(mirror)), start=1):
            row = _parse(split, record, place, DOMAINS[name])
            if isinstance(row, Row):
                items.append(_item(split.name, number - 1, row, system))
            else:
                dropped.append(Dropped(split.name, number - 1, row))
        if not number:
            raise InputError(f"{' + '.join(map(str, paths))}: contains no rows; fetch it again.")
        if not partial:
            _check_count(paths, number, expected_rows(name, split.name, file))
    repeats: list[Item] = []
    if release.repeats:
        items, repeats, reasons = without_repeats(items)
        dropped += reasons
    here = [split.name for split, _, _ in present]
    absent = tuple(split for split in BENCHMARKS[name].rows if split not in here)
    return Loaded(items, dropped, absent, repeats)


def _present(release: Release, mirror: Path) -> Iterator[tuple[Split, File, list[Path]]]:
    """Yield the source splits that the mirror holds, each with the first form that is there and its files."""
    count = 0
    for split in release.splits:
        folder = mirror / split.folder
        found = split.find(formats.listing(folder))
        if found is None and not split.optional and not release.any_of:
            if mirror.name == split.folder and split.find(formats.listing(mirror)):
                raise InputError(f"data: mirror: {mirror} is the folder of one benchmark; give its parent folder.")
            raise _missing(folder, split)
        if found is not None:
            file, names = found
            paths = [folder / name for name in names]
            formats.check_shards(paths)
            count += 1
            yield split, file, paths
            if release.any_of:
                return
    if not count:
        raise _missing(mirror / release.splits[0].folder, release.splits[0])


def _missing(folder: Path, split: Split) -> InputError:
    name = split.files[0].pattern.split("!")[0]
    return InputError(f"{folder / name}: no such file (plain or .gz); put the benchmark's release there.")


def _records(split: Split, file: File, paths: list[Path], mirror: Path) -> Iterator[tuple[str, Any]]:
    """Yield (file and row in words, row) for every row of a source split; labels are joined to their rows."""
    _, _, member = file.pattern.partition("!")
    sources = [source for path in paths for source in formats.members(Source(path, member or None))]
    if file.labels is None:
        for source in sources:
            for number, record in formats.records(source):
                yield f"{source.name}: row {number}", record
        return
    labels = _labels(mirror / split.folder, file)
    rows = ((source, *row) for source in sources for row in formats.records(source))
    for row, label in zip_longest(rows, formats.records(labels)):
        if row is None or label is None:
            raise InputError(
                f"{labels.name}: does not have one label for each row of {sources[0].name}; fetch both again."
            )
        source, number, record = row
        yield f"{source.name}: row {number}", {**record, "label": label[1]}


def _labels(folder: Path, file: File) -> Source:
    pattern, _, member = (file.labels or "").partition("!")
    found = [path for path in formats.listing(folder) if formats.matches(path, pattern)]
    if not found:
        raise InputError(f"{folder / pattern}: no such file (plain or .gz); put the labels of {file.pattern} there.")
    return formats.members(Source(folder / found[0], member or None))[0]


def _parse(split: Split, record: Any, place: str, domain: str) -> Row | str:
    """Return the parsed row, or the reason to drop it."""
    try:
        return check_row(split.parse(record), domain)
    except UnusableError as error:
        return str(error)
    except MissingAnswerError as error:
        if split.unlabeled:
            return NO_ANSWER
        why = f" ({error})" if str(error) else ""
        raise InputError(f"{place} has no answer{why}; complete or remove the row.") from error
    except WrongValueError as error:
        raise InputError(f"{place}: {error}; correct or remove the row.") from error
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, SyntaxError, OverflowError) as error:
        raise InputError(
            f"{place} is not in the released format ({_lacking(record, error)}); fetch the file again."
        ) from error


def _lacking(record: Any, error: Exception) -> str:
    """Describe in words what a row of another format has instead."""
    if not isinstance(record, dict):
        if isinstance(record, list) and any(isinstance(part, dict) for part in record):
            return "it is a list of rows, but each row should be on its own line"
        return "it is not an object with keys" if not isinstance(record, list) else f"it has {len(record)} columns"
    if isinstance(error, KeyError) and error.args[0] not in record:
        return f"it has no {error.args[0]!r}, only {', '.join(map(str, record))}"[:200]
    held = ", ".join(f"{key} is {_kind(value)}" for key, value in record.items())
    return f"a value has the wrong type or form: {held}"[:300]


def _kind(value: Any) -> str:
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list"}
    return "null" if value is None else kinds.get(type(value), "an object")


def _item(split: str, number: int, row: Row, system: str) -> Item:
    user = row.question if row.options is None else f"{row.question}\n{option_lines(row.options)}"
    messages = (("system", system), ("user", user))
    return Item(split, number, messages, row.ground_truth, row.options, row.tests, row.template, row.task)


def _check_count(paths: Iterable[Path], found: int, expected: tuple[int, ...]) -> None:
    if found not in expected:
        names = " + ".join(str(path) for path in paths)
        raise InputError(
            f"{names}: {found} rows, but the release has {' or '.join(map(str, expected))}; fetch it again, or set "
            "data: partial: true to use it as is."
        )
