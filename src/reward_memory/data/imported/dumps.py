"""Rows for `rollouts: import` from what other tools write of their responses."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from json import JSONDecodeError
from pathlib import Path
from typing import Any, NamedTuple

from reward_memory.errors import InputError

from ..mirror.encodings import NotTextError, decoded, raw_lines
from ..mirror.formats import UnreadableError, json_value

#: Metrics of lm-evaluation-harness that say of one response whether it is right, best first.
METRICS = ("exact_match", "acc", "pass@1", "mc_acc")
#: What a file should have been -> how to come by it.
FILES = {
    "verl": "give the files that verl writes into trainer.rollout_data_dir",
    "lm-eval": "give the files samples_*.jsonl that lm-evaluation-harness writes with --log_samples",
}


class Answered(NamedTuple):
    """What a row of another tool says: a prompt, its truth if there is one, and responses as in docs/import.md."""

    query: str
    truth: str | None
    responses: list[dict[str, Any]]


class WrongRowError(ValueError):
    """A row that cannot be converted; the message is the reason, as a part of a sentence.

    mend  what to do where another file would not help
    """

    def __init__(self, reason: str, mend: str = ""):
        super().__init__(reason)
        self.mend = mend


def convert(files: Iterable[Path], source: str, benchmark: str, chosen: str | None = None) -> list[dict[str, Any]]:
    """One row a query, in the order of its first response; the rows of docs/import.md.

    source     verl: `trainer.rollout_data_dir`, one row a response; lm-eval: `--log_samples`, one row a question
    benchmark  the name in the configuration
    chosen     the filter of lm-evaluation-harness whose verdict counts; by default the first in the file

    InputError names file and row if a file is not what `source` says.
    """
    files, queries, filters = list(files), {}, []
    if twice := [path for place, path in enumerate(files) if path in files[:place]]:
        raise InputError(f"{twice[0]}: is given twice, so that its responses would count twice; give it once.")
    for path in files:
        number = 0
        for number, row in _rows(path, source):
            if source == "lm-eval" and (own := row.get("filter", chosen)) is not None:
                filters.append(str(own))
                chosen = chosen or str(own)
            try:
                found = _verl(row) if source == "verl" else _lm_eval(row, chosen)
            except WrongRowError as error:
                raise InputError(f"{path}, row {number}: {error}; {error.mend or FILES[source]}.") from error
            if found is None:
                continue
            own = queries.setdefault(found.query, {"benchmark": benchmark, **_asked(found.query), "responses": []})
            if found.truth is not None:
                if own.get("ground_truth", found.truth) != found.truth:
                    raise InputError(
                        f"{path}, row {number}: the truth is {_shown(found.truth)}, and {_shown(own['ground_truth'])} "
                        "in an earlier row with the same prompt; correct one of them, or convert the files one by one."
                    )
                own["ground_truth"] = found.truth
            own["responses"] += found.responses
        if not number and len(files) > 1:
            raise InputError(f"{path}: holds no row; write it again, or leave it out.")
    if not queries:
        names = ", ".join(map(str, files))
        if filters:
            there = ", ".join(dict.fromkeys(filters))
            raise InputError(f"{names}: no response has the filter {chosen}; give one of {there} to --filter.")
        raise InputError(f"{names}: no response was found; {FILES[source]}.")
    return list(queries.values())


def _verl(row: Mapping[str, Any]) -> Answered:
    """`input`, `output`, `score` and perhaps `gts`; verl's scores are 1 for right and 0 or -1 for wrong."""
    if missing := [name for name in ("input", "output", "score") if name not in row]:
        raise WrongRowError(f"`{missing[0]}` is missing, so this is no dump of verl's rollouts")
    score = row["score"]
    if score not in (1, 0, -1):
        raise WrongRowError(
            f"the score {_shown(score)} is not 1, 0 or -1, so it does not say right or wrong",
            "write 1 or 0 there, or let the reward function of that run score so",
        )
    response = {"text": _text(row, "output", empty=True), "reward": int(score > 0)}
    return Answered(_text(row, "input"), _truth(row, "gts"), [response])


def _lm_eval(row: Mapping[str, Any], chosen: str | None) -> Answered | None:
    """`arguments`, `resps`, `target`, `filter` and a metric; None where another filter's verdict counts."""
    if missing := [name for name in ("arguments", "resps") if name not in row]:
        raise WrongRowError(f"`{missing[0]}` is missing, so this is no sample of lm-evaluation-harness")
    if chosen is not None and row.get("filter", chosen) != chosen:
        return None
    texts = row["resps"][0] if isinstance(row["resps"], list) and row["resps"] else None
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise WrongRowError("resps holds no texts, and only tasks that generate text can be imported")
    metric = next((name for name in METRICS if name in row), None)
    # of several responses the metric is a mean, which says nothing about one of them
    rewards = {"reward": _verdict(row, metric)} if metric and len(texts) == 1 else {}
    responses = [{"text": text} | rewards for text in texts]
    return Answered(_prompt(row["arguments"]), _truth(row, "target"), responses)


def _verdict(row: Mapping[str, Any], metric: str) -> int:
    if isinstance(row[metric], int | float) and row[metric] in (0, 1):
        return int(row[metric])
    raise WrongRowError(f"its {metric} is {_shown(row[metric])}, which is not 0 or 1", "write 0 or 1 there")


def _text(row: Mapping[str, Any], key: str, *, empty: bool = False) -> str:
    if not isinstance(row[key], str) or not (empty or row[key].strip()):
        raise WrongRowError(f"{key} is {_shown(row[key])}, which is no text" if row[key] != "" else f"{key} is empty")
    return row[key]


def _truth(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return str(value)
    raise WrongRowError(f"{key} is {_shown(value)}, which is no text or number", "write the answer itself there")


def _prompt(arguments: Any) -> str:
    """The prompt of a request: arguments is {"gen_args_0": {"arg_0": prompt}}, in older files [[prompt, settings]]."""
    inner = arguments
    for _ in range(2):
        parts = list(inner.values()) if isinstance(inner, Mapping) else inner
        inner = parts[0] if isinstance(parts, list) and parts else None
    if isinstance(inner, list) and len(inner) == 1:  # a chat, which is one text in a list of its own
        inner = inner[0]
    if not isinstance(inner, str) or not inner.strip():
        raise WrongRowError("arguments holds no prompt, as {gen_args_0: {arg_0: PROMPT}} does")
    return inner


def _asked(prompt: str) -> dict[str, Any]:
    """The key that holds a prompt: `messages` where it is a chat's JSON text, as lm-evaluation-harness logs it."""
    try:
        found = json.loads(prompt) if prompt.startswith("[{") else None
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, list) and all(
        isinstance(one, dict) and isinstance(one.get("role"), str) and isinstance(one.get("content"), str)
        for one in found
    ):
        return {"messages": [{key: one[key] for key in ("role", "content")} for one in found]}
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
        # the way out of other readers, such as another name for the file, is none here
        raise InputError(f"{str(error).partition(';')[0]}; {FILES[source]}.") from error


def _object(line: bytes, where: str, source: str, cut: bool) -> dict[str, Any]:
    """cut: whether it is a last line without an end, as a kill or a full disk leaves it."""
    try:
        row = json_value(decoded(line))
    except (JSONDecodeError, RecursionError) as error:
        if cut:
            raise InputError(f"{where}: is cut short; remove this last row, or write the file again.") from error
        raise InputError(f"{where}: is no whole JSON object; {FILES[source]}.") from error
    except (NotTextError, UnreadableError) as error:
        raise InputError(f"{where}: {error}.") from error
    if not isinstance(row, dict):
        raise InputError(f"{where}: is no whole JSON object; {FILES[source]}.")
    return row
