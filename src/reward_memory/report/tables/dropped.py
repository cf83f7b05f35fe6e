"""The table of what is left out between released files and tables: one row per reason, so nothing is lost silently."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

#: `stage` is release, import, sampling, prompts, rollouts, training <method> or evaluation <method>; `count` is in rows
#: or queries, and from rollouts on in responses.
DROPPED_COLUMNS = ["stage", "benchmark", "policy", "split", "reason", "count"]
CUT, EMPTY, UNTRAINED = (
    "cut at max_new_tokens: kept and graded as it stands",
    "empty: kept and graded as wrong",
    "not trained on: dynamic sampling let its query go",
)
OVERLONG = "prompt over max_prompt_tokens: not trained on and not validated on"
_VALUE = re.compile(r"'[^']*'|\d+")


def of_audit(audit: pd.DataFrame) -> Iterator[dict]:
    """Rows of the release that yielded no query.

    audit  data.audit.COLUMNS
    """
    lost = audit[audit["measure"] == "dropped"].fillna({"split": ""})
    for row in lost.to_dict("records"):
        stage = {"source": "release", "split": "sampling"}[row["stage"]]
        yield _row(stage, row["benchmark"], "", row["split"], row["detail"], row["count"])


def of_import(bad: pd.DataFrame, usable: Mapping[str, int], drawn: Mapping[str, int]) -> Iterator[dict]:
    """Rows of a user's file that were left out.

    bad     imported.reading.BadRow
    usable  benchmark -> usable rows
    drawn   benchmark -> queries of all splits
    """
    for reason, count in Counter(_VALUE.sub("...", reason) for reason in bad["reason"]).items():
        yield _row("import", "", "", "", reason, count)
    for name, count in usable.items():
        if count > drawn[name]:
            yield _row("sampling", name, "", "", "not drawn: train, valid and test ask for fewer", count - drawn[name])


def of_prompts(prompts: pd.DataFrame, policy: str, most: int) -> Iterator[dict]:
    """Queries left out of training and validation because their prompts exceed `most` tokens (training.prompts)."""
    over = prompts[prompts["tokens"] > most]
    for (name, split), part in over.groupby(["benchmark", "split"], sort=False):
        yield _row("prompts", name, policy, split, OVERLONG, len(part))


def of_responses(path: str | Path) -> Counter:
    """(benchmark, reason) -> responses of one file.

    path  parquet.RESPONSES, or training.responses.STEP_RESPONSES, where the query's id begins with the benchmark
    """
    file, counts = pq.ParquetFile(path), Counter()
    columns = [
        name for name in ("benchmark", "query_id", "text", "finished", "trained") if name in file.schema_arrow.names
    ]
    for batch in file.iter_batches(columns=columns):
        names = batch["benchmark" if "benchmark" in columns else "query_id"].to_pylist()
        names = [name.split("/", 1)[0] for name in names]
        marks = {EMPTY: pc.equal(pc.utf8_trim_whitespace(batch["text"]), "")}
        if "finished" in columns:
            marks[CUT] = pc.invert(batch["finished"])
        if "trained" in columns:
            marks[UNTRAINED] = pc.invert(batch["trained"])
        for reason, mask in marks.items():
            # null: unknown, for imported responses
            counts.update((name, reason) for name, marked in zip(names, mask.to_pylist(), strict=True) if marked)
    return counts


def response_rows(files: Iterable[tuple[str, str, str, str | Path]]) -> Iterator[dict]:
    """Rows about responses, summed over seeds and label ratios.

    files  (stage, policy, split, path) of each
    """
    total: Counter = Counter()
    for stage, policy, split, path in files:
        for (name, reason), count in of_responses(path).items():
            total[stage, name, policy, split, reason] += count
    for place, count in total.items():
        yield _row(*place, count)


def _row(stage: str, benchmark: str, policy: str, split: str, reason: str, count: int) -> dict:
    return dict(zip(DROPPED_COLUMNS, (stage, benchmark, policy, split, reason, int(count)), strict=True))
