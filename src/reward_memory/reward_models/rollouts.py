"""Input of a reward predictor: rollouts as arrays, with the rewards that were revealed to it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reward_memory.errors import InputError

from .features.answer_features import ANSWER_FEATURES, answer_features
from .features.embedding import query_text, read_embeddings
from .features.signals import answer_key, signals

RESPONSE_FIELDS = ("samples", "thinking", "answer", "features", "keys", "signals", "rewards")


@dataclass(frozen=True)
class Rollouts:
    """Queries with any number of responses each.

    query_ids, benchmarks, domains   (q,) str
    texts      (q,) object: the texts of the queries, see `embedding.query_text`
    group      (r,) int64: index of each response's query, non-decreasing
    samples    (r,) int64: number of a response among those of its query
    query      (q, 384) float32 unit vectors
    thinking, answer  (r, 384) float32 unit vectors
    features   (r, 3) float32, see `answer_features`
    keys       (r,) str, see `answer_key`
    signals    (r, 26) float32, see `signals`
    rewards    (r,) float32: 0 or 1 where revealed, NaN elsewhere
    dtype      dtype of the encoder; serving uses the same if the processor supports it (serving_dtype)
    """

    query_ids: np.ndarray
    benchmarks: np.ndarray
    domains: np.ndarray
    texts: np.ndarray
    group: np.ndarray
    samples: np.ndarray
    query: np.ndarray
    thinking: np.ndarray
    answer: np.ndarray
    features: np.ndarray
    keys: np.ndarray
    signals: np.ndarray
    rewards: np.ndarray
    dtype: str = "float32"

    @property
    def labeled(self) -> np.ndarray:
        """(q,) bool: the query has a response, and the rewards of all its responses are known."""
        known = np.zeros(len(self.query_ids), np.int64)
        np.add.at(known, self.group, ~np.isnan(self.rewards))
        return (known > 0) & (known == np.bincount(self.group, minlength=len(self.query_ids)))

    def take(self, queries: np.ndarray) -> Rollouts:
        """Select the rollouts of some queries, given as (m,) indices or (q,) booleans, in the order given."""
        queries = np.flatnonzero(queries) if queries.dtype == bool else queries
        starts = np.searchsorted(self.group, queries, side="left")
        ends = np.searchsorted(self.group, queries, side="right")
        rows = np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)] or [[]]).astype(np.int64)
        return Rollouts(
            *(getattr(self, name)[queries] for name in ("query_ids", "benchmarks", "domains", "texts")),
            group=np.repeat(np.arange(len(queries)), ends - starts),
            query=self.query[queries],
            **{name: getattr(self, name)[rows] for name in RESPONSE_FIELDS},
            dtype=self.dtype,
        )


def assemble(
    parts: Sequence[tuple[pd.DataFrame, pd.DataFrame, str | Path]],
    revealed: pd.DataFrame | None = None,
    fidelity: Container[str] = (),
    wanted: Mapping[str, Sequence[str]] = ANSWER_FEATURES,
) -> Rollouts:
    """Join the rollouts of several benchmarks with their revealed rewards.

    parts     (queries, responses, path of their embeddings), one per benchmark: parquet.QUERIES, parquet.RESPONSES
              and a file of `embed_rollouts` for the same rows. Truths in `queries` are not read.
    revealed  what `labels.reveal` left of the verdicts (parquet.VERDICTS); None reveals nothing
    fidelity  published behaviors, for the answer features
    wanted    the answer features of each domain, see `answer_features`

    Queries without responses are left out. InputError if embeddings are missing or belong to other rows, if a response
    has no query, if ids occur twice, or if a revealed reward is neither 0 nor 1.
    """
    rewards = {} if revealed is None else _rewards(revealed)
    joined = []
    for queries, responses, path in parts:
        arrays, dtype = read_embeddings(path, queries, responses)
        frames = queries.reset_index(drop=True), responses.reset_index(drop=True)
        columns = _join(*frames, arrays, rewards, path, {"fidelity": fidelity, "wanted": wanted})
        joined.append(Rollouts(**columns, dtype=dtype))
    if not joined:
        raise InputError("rollouts: none given; name at least one benchmark.")
    return concatenate(joined)


def concatenate(parts: Sequence[Rollouts]) -> Rollouts:
    """Concatenate the queries of all parts, one part after the other.

    InputError if their encoders used different dtypes, or a query is in two of them.
    """
    dtypes = {part.dtype for part in parts}
    if len(dtypes) > 1:
        raise InputError(f"embeddings: mixed encoder types ({', '.join(sorted(dtypes))}); delete them and run again.")
    names = ("query_ids", "benchmarks", "domains", "texts", "query", *RESPONSE_FIELDS)
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    offsets = np.cumsum([0] + [len(part.query_ids) for part in parts])
    group = np.concatenate([part.group + offset for part, offset in zip(parts, offsets, strict=False)])
    ids, counts = np.unique(columns["query_ids"], return_counts=True)
    if (counts > 1).any():
        raise InputError(
            f"queries: the id {str(ids[counts > 1][0])!r} occurs twice; ids must be unique within a suite."
        )
    return Rollouts(**columns, group=group, dtype=dtypes.pop())


def _rewards(revealed: pd.DataFrame) -> dict[tuple[str, int], float]:
    rewards = revealed["reward"].to_numpy(np.float32)
    wrong = ~np.isin(rewards, (0.0, 1.0))
    if wrong.any():
        row = revealed.iloc[int(np.flatnonzero(wrong)[0])]
        raise InputError(f"verdicts: the reward of {row['query_id']!r} is {row['reward']}; it must be 0 or 1.")
    return dict(zip(zip(revealed["query_id"], revealed["sample"].astype(int), strict=True), rewards, strict=True))


def _join(
    queries: pd.DataFrame,
    responses: pd.DataFrame,
    arrays: dict,
    rewards: dict,
    path: str | Path,
    features: dict,
) -> dict:
    place = {name: row for row, name in enumerate(queries["id"])}
    unknown = [name for name in responses["query_id"] if name not in place]
    if unknown:
        raise InputError(f"{path}: a response belongs to {unknown[0]!r}, which is not among the queries.")
    owner = responses["query_id"].map(place).to_numpy(np.int64)
    order = np.argsort(owner, kind="stable")
    kept, group = np.unique(owner[order], return_inverse=True)
    responses, queries = responses.iloc[order], queries.iloc[kept]
    domains = queries["domain"].to_numpy(str)
    rows = zip(responses["query_id"], responses["sample"].astype(int), strict=True)
    texts, answers = responses["thinking"].tolist(), responses["answer"].tolist()
    thinking, answer = arrays["thinking"][order], arrays["answer"][order]
    keys = np.array([answer_key(*pair) for pair in zip(answers, domains[group], strict=True)], str)
    query_texts = [query_text(messages) for messages in queries["messages"]]
    return {
        "query_ids": queries["id"].to_numpy(str),
        "benchmarks": queries["benchmark"].to_numpy(str),
        "domains": domains,
        "texts": np.array(query_texts, object),
        "group": group,
        "samples": responses["sample"].to_numpy(np.int64),
        "query": arrays["query"][kept],
        "thinking": thinking,
        "answer": answer,
        "features": answer_features(answers, group, domains[group], thinking=texts, **features),
        "keys": keys,
        "signals": signals(query_texts, texts, answers, keys, (thinking, answer), group, domains),
        "rewards": np.array([rewards.get(row, np.nan) for row in rows], np.float32),
    }
