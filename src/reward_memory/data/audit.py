"""Audit of what the benchmarks of an experiment contain: one long table to read. Nothing depends on it."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from reward_memory.storage.files import file_digest

from . import mirror
from .duplicates.overlaps import EXAMPLES, Prompts, overlaps
from .items import Dropped, Loaded
from .registry import BENCHMARKS
from .splits import distinct

#: `stage` is source (the files as released) or split (the queries as sampled and written); `count` counts prompts of
#: `split`; if another benchmark and split are named, only those with a partner there.
COLUMNS = [
    "stage",
    "benchmark",
    "split",
    "other_benchmark",
    "other_split",
    "measure",
    "count",
    "detail",
    "example_ids",
]

#: Scripts other than Latin and Greek, which mathematics uses in every language; a single character counts.
SCRIPTS = {
    "Chinese": re.compile(r"^(?=.*[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])(?!.*[\u3040-\u30ff])", re.DOTALL),
    "Japanese": re.compile(r"[\u3040-\u30ff]"),
    "Korean": re.compile(r"[\uac00-\ud7af]"),
    "Cyrillic": re.compile(r"[\u0400-\u04ff]"),
    "Arabic": re.compile(r"[\u0600-\u06ff]"),
}
_ROW = re.compile(r"\b\w+/\d+")


class Source(NamedTuple):
    """Where a benchmark of the experiment comes from.

    source    generated | mirror | hub
    loaded    its rows; None if generated, since then no row is dropped
    files     the files that were read
    manifest  hub: what `hub.download` returned; {} otherwise
    """

    source: str
    loaded: Loaded | None
    files: list[Path]
    manifest: Mapping


def read(name: str, source: str, folder: str | Path | None, partial: bool = False) -> Source:
    """Read a benchmark's source again.

    folder   mirror: the folder of released files; hub: the folder that `hub.download` made, next to its manifest
    partial  also accept files with another number of rows than the release

    InputError as `mirror.load`.
    """
    if source == "generated" or folder is None:
        return Source(source, None, [], {})
    folder = Path(folder)
    manifest = json.loads(folder.with_name(f"{name}.json").read_text(encoding="utf-8")) if source == "hub" else {}
    return Source(source, mirror.load(name, folder, partial=partial), mirror.files(name, folder), manifest)


def table(sources: Mapping[str, Source], queries: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Build the audit table: one finding per row, with the columns COLUMNS.

    sources  benchmark -> its source
    queries  (benchmark, split) -> the table of its queries; truths are not read
    """
    rows: list[dict] = []
    parts: list[Prompts] = []
    for name, source in sources.items():
        rows += _provenance(name, source)
        if source.loaded is not None:
            rows += _counts(name, source.loaded)
            parts += _source_prompts(name, source.loaded)
    written = [_written_prompts(name, split, frame) for (name, split), frame in queries.items()]
    rows += [_row("split", part.benchmark, part.split, "queries", len(part.ids)) for part in written]
    for name, source in sources.items():
        if source.loaded is not None and written:
            rows += _not_sampled(name, source.loaded, sum(len(part.ids) for part in written if part.benchmark == name))
    for stage, some in (("source", parts), ("split", written)):
        rows += _scripts(stage, some)
        rows += _overlaps(stage, some)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"count": "Int64"})


def _row(stage: str, name: str, split: str, measure: str, count: int | None = None, detail: str = "", **more) -> dict:
    examples = more.pop("examples", [])
    return {
        "stage": stage,
        "benchmark": name,
        "split": split,
        "measure": measure,
        "count": count,
        "detail": detail,
        "example_ids": "; ".join(examples[:EXAMPLES]),
        **more,
    }


def _provenance(name: str, source: Source) -> Iterator[dict]:
    """Source, license, and the commit of each repository and the SHA-256 of each file that was read."""
    yield _row("source", name, "", "source", detail=source.source)
    if source.source in ("mirror", "hub"):
        yield _row("source", name, "", "license", detail=BENCHMARKS[name].license)
    for repository, facts in source.manifest.get("repositories", {}).items():
        detail = f"{repository}@{facts['revision']}, license on the hub: {facts['license']}"
        yield _row("source", name, "", "revision", detail=detail)
    for path in source.files:
        yield _row("source", name, "", "file", detail=f"{path.name} sha256:{file_digest(path)}")


def _counts(name: str, loaded: Loaded) -> Iterator[dict]:
    """Count rows read per source split, and rows dropped per reason."""
    kept = Counter(item.source_split for item in loaded.items)
    lost: dict[tuple[str, str], list[Dropped]] = defaultdict(list)
    for dropped in loaded.dropped:
        # repeats are one reason, whichever row they repeat
        lost[dropped.source_split, _ROW.sub("an earlier row", dropped.reason)].append(dropped)
    read = kept + Counter(dropped.source_split for dropped in loaded.dropped)
    for split in read:
        yield _row("source", name, split, "rows", read[split])
        yield _row("source", name, split, "usable", kept[split])
    for (split, reason), some in lost.items():
        examples = [f"{name}/{split}/{one.row}" for one in some]
        yield _row("source", name, split, "dropped", len(some), reason, examples=examples)
    for split in loaded.absent:
        yield _row("source", name, split, "absent", detail="not among the files")


def _not_sampled(name: str, loaded: Loaded, drawn: int) -> Iterator[dict]:
    """Count usable rows that became no query, by reason."""
    different = len(distinct(loaded.items))
    repeated, left = len(loaded.items) - different, different - drawn
    if repeated:
        yield _row("split", name, "", "dropped", repeated, "same prompt as an earlier row")
    if left:
        yield _row("split", name, "", "dropped", left, "not drawn: train, valid and test ask for fewer")


def _source_prompts(name: str, loaded: Loaded) -> list[Prompts]:
    """Return the prompts of the released rows, repeats included, by source split."""
    splits: dict[str, list[tuple[int, str, str | None]]] = defaultdict(list)
    for item in [*loaded.items, *loaded.repeats]:
        splits[item.source_split].append((item.row, item.messages[-1][1], item.template))
    out = []
    for split, rows in splits.items():
        numbers, texts, templates = zip(*sorted(rows), strict=True)
        out.append(Prompts(name, split, [f"{name}/{split}/{row}" for row in numbers], list(texts), list(templates)))
    return out


def _written_prompts(name: str, split: str, queries: pd.DataFrame) -> Prompts:
    texts = [messages[-1]["content"] for messages in queries["messages"]]
    templates = [None if pd.isna(template) else template for template in queries["template"]]
    return Prompts(name, split, queries["id"].tolist(), texts, templates)


def _scripts(stage: str, parts: Iterable[Prompts]) -> Iterator[dict]:
    for part in parts:
        for script, pattern in SCRIPTS.items():
            found = [one for one, text in zip(part.ids, part.texts, strict=True) if pattern.search(text)]
            if found:
                detail = f"{script}, {len(found) / len(part.ids):.1%}"
                yield _row(stage, part.benchmark, part.split, "script", len(found), detail, examples=found)


def _overlaps(stage: str, parts: list[Prompts]) -> Iterator[dict]:
    for here, there, measure, count, examples in overlaps(parts):
        others = {"other_benchmark": there.benchmark, "other_split": there.split}
        yield _row(stage, here.benchmark, here.split, measure, count, examples=examples, **others)
