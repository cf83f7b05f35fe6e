"""Convert the response dumps of other tools to rows for `rollouts: import`."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from json import JSONDecodeError
from pathlib import Path
from typing import Any, NamedTuple

from reward_memory.errors import InputError

from ..mirror.encodings import NotTextError, decode_line, raw_lines
from ..mirror.formats import UnreadableError, json_value

#: Metrics of lm-evaluation-harness that show whether a single response is right, best first.
METRICS = ("exact_match", "acc", "pass@1", "mc_acc")
#: Expected source of a file -> how to get one.
FILES = {
    "verl": "give the files that verl writes to trainer.rollout_data_dir",
    "lm-eval": "give the samples_*.jsonl files that lm-evaluation-harness writes with --log_samples",
}


class ConvertedRow(NamedTuple):
    """Contents of another tool's row: a prompt, its truth if given, and responses as in docs/import.md."""

    query: str
    truth: str | None
    responses: list[dict[str, Any]]


class WrongRowError(ValueError):
    """A row that cannot be converted; the message is the reason, as part of a sentence.

    fix  what to do, if another file would not help
    """

    def __init__(self, reason: str, fix: str = ""):
        super().__init__(reason)
        self.fix = fix


def convert(files: Iterable[Path], source: str, benchmark: str, chosen: str | None = None) -> list[dict[str, Any]]:
    """Return one row per query, in the format of docs/import.md, ordered by the first response of each query.

    source     verl: `trainer.rollout_data_dir`, one row per response; lm-eval: `--log_samples`, one row per question
    benchmark  the name in the configuration
    chosen     lm-evaluation-harness filter whose verdict counts; by default the first in the file

    InputError names file and row if a file is not what `source` says.
    """
    files, queries, filters = list(files), {}, []
    if repeated := [path for place, path in enumerate(files) if path in files[:place]]:
        raise InputError(f"{repeated[0]}: is given twice, so its responses would count twice; give it once.")
    for path in files:
        number = 0
        for number, row in _rows(path, source):
            if source == "lm-eval" and (name := row.get("filter", chosen)) is not None:
                filters.append(str(name))
                chosen = chosen or str(name)
            try:
                entry = _verl(row) if source == "verl" else _lm_eval(row, chosen)
            except WrongRowError as error:
                raise InputError(f"{path}, row {number}: {error}; {error.fix or FILES[source]}.") from error
            if entry is None:
                continue
            item = queries.setdefault(entry.query, {"benchmark": benchmark, **_as_query(entry.query), "responses": []})
            if entry.truth is not None:
                if item.get("ground_truth", entry.truth) != entry.truth:
                    raise InputError(
                        f"{path}, row {number}: the truth is {_shown(entry.truth)}, but {_shown(item['ground_truth'])} "
                        "in an earlier row with the same prompt; correct one of them, or convert the files one by one."
                    )
                item["ground_truth"] = entry.truth
            item["responses"] += entry.responses
        if not number and len(files) > 1:
            raise InputError(f"{path}: contains no rows; write it again, or leave it out.")
    if not queries:
        names = ", ".join(map(str, files))
        if filters:
            available = ", ".join(dict.fromkeys(filters))
            raise InputError(f"{names}: no response has the filter {chosen}; pass one of {available} to --filter.")
        raise InputError(f"{names}: no response was found; {FILES[source]}.")
    return list(queries.values())


def _verl(row: Mapping[str, Any]) -> ConvertedRow:
    """Read `input`, `output`, `score` and, if present, `gts`; verl scores 1 for right and 0 or -1 for wrong."""
    if missing := [name for name in ("input", "output", "score") if name not in row]:
        raise WrongRowError(f"`{missing[0]}` is missing, so this is not a rollout dump of verl")
    score = row["score"]
    if score not in (1, 0, -1):
        raise WrongRowError(
            f"the score {_shown(score)} is not 1, 0 or -1, so it does not say right or wrong",
            "write 1 or 0 there, or use a reward function that does",
        )
    response = {"text": _text(row, "output", empty=True), "reward": int(score > 0)}
    return ConvertedRow(_text(row, "input"), _truth(row, "gts"), [response])


def _lm_eval(row: Mapping[str, Any], chosen: str | None) -> ConvertedRow | None:
    """Read `arguments`, `resps`, `target`, `filter` and a metric; None if another filter's verdict counts."""
    if missing := [name for name in ("arguments", "resps") if name not in row]:
        raise WrongRowError(f"`{missing[0]}` is missing, so this is not a sample of lm-evaluation-harness")
    if chosen is not None and row.get("filter", chosen) != chosen:
        return None
    texts = row["resps"][0] if isinstance(row["resps"], list) and row["resps"] else None
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise WrongRowError("resps contains no text, and only tasks that generate text can be imported")
    metric = next((name for name in METRICS if name in row), None)
    # with several responses the metric is their mean, which does not grade any single one
    rewards = {"reward": _verdict(row, metric)} if metric and len(texts) == 1 else {}
    responses = [{"text": text} | rewards for text in texts]
    return ConvertedRow(_prompt(row["arguments"]), _truth(row, "target"), responses)


def _verdict(row: Mapping[str, Any], metric: str) -> int:
    if isinstance(row[metric], int | float) and row[metric] in (0, 1):
        return int(row[metric])
    raise WrongRowError(f"its {metric} is {_shown(row[metric])}, which is not 0 or 1", "write 0 or 1 there")


def _text(row: Mapping[str, Any], key: str, *, empty: bool = False) -> str:
    if not isinstance(row[key], str) or not (empty or row[key].strip()):
        raise WrongRowError(f"{key} is {_shown(row[key])}, which is not text" if row[key] != "" else f"{key} is empty")
    return row[key]


def _truth(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return str(value)
    raise WrongRowError(
        f"{key} is {_shown(value)}, which is neither text nor a number", "write the answer itself there"
    )


def _prompt(arguments: Any) -> str:
    """Read a request's prompt; arguments is {"gen_args_0": {"arg_0": prompt}}, in older files [[prompt, settings]]."""
    inner = arguments
    for _ in range(2):
        parts = list(inner.values()) if isinstance(inner, Mapping) else inner
        inner = parts[0] if isinstance(parts, list) and parts else None
    if isinstance(inner, list) and len(inner) == 1:  # a chat: a list with a single text
        inner = inner[0]
    if not isinstance(inner, str) or not inner.strip():
        raise WrongRowError("arguments contains no prompt in the form {gen_args_0: {arg_0: PROMPT}}")
    return inner


def _as_query(prompt: str) -> dict[str, Any]:
    """Return {"messages": ...} for a chat's JSON text, as lm-evaluation-harness logs it, else {"query": prompt}."""
    try:
        chat = json.loads(prompt) if prompt.startswith("[{") else None
    except (ValueError, RecursionError):
        chat = None
    if isinstance(chat, list) and all(
        isinstance(one, dict) and isinstance(one.get("role"), str) and isinstance(one.get("content"), str)
        for one in chat
    ):
        return {"messages": [{key: one[key] for key in ("role", "content")} for one in chat]}
    return {"query": prompt}


def _shown(value: Any) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _rows(path: Path, source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(_lines(path, source), start=1):
        if line.strip():
            yield number, _object(line, f"{path}, row {number}", source, cut=number > 1 and not line.endswith(b"\n"))


def _lines(path: Path, source: str) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from raw_lines(file, str(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {FILES[source]}.") from error
    except InputError as error:
        # replace the advice of other readers, such as renaming the file, which does not help here
        raise InputError(f"{str(error).partition(';')[0]}; {FILES[source]}.") from error


def _object(line: bytes, where: str, source: str, cut: bool) -> dict[str, Any]:
    """Parse a row; `cut`: it is a last line without a line end, as left by a kill or a full disk."""
    try:
        row = json_value(decode_line(line))
    except (JSONDecodeError, RecursionError) as error:
        if cut:
            raise InputError(f"{where}: is cut short; remove this last row, or write the file again.") from error
        raise InputError(f"{where}: is not a complete JSON object; {FILES[source]}.") from error
    except (NotTextError, UnreadableError) as error:
        raise InputError(f"{where}: {error}.") from error
    if not isinstance(row, dict):
        raise InputError(f"{where}: is not a complete JSON object; {FILES[source]}.")
    return row
