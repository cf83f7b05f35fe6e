"""Interface of a fitted reward model (raw texts in, probabilities out), and its three files on disk."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from reward_memory.answers.responses import split_as_served, split_response
from reward_memory.errors import InputError
from reward_memory.storage.files import atomic_path, write_json

from .features.answer_features import ANSWER_FEATURES, answer_features
from .features.embedding import embed, serving_dtype
from .features.signals import WIDTH, answer_key, signals
from .rollouts import Rollouts

#: Published behaviors that make serving differ from fitting.
SERVING = frozenset({"uncut-serving", "serving-split", "groups-of-eight"})
#: Number of responses that the published server assigns to each query.
PUBLISHED_GROUP = 8
#: Query embeddings that are cached between calls: training sees each query once per epoch.
CACHED_QUERIES = 1 << 16
Tensors = dict[str, torch.Tensor]


class Predictor(ABC):
    """A frozen predictor of rewards; nothing in it changes after `fit`.

    config   settings that define it, with its name as `predictor` and the encoder's dtype
    metrics  what fitting and selection measured, on labeled queries only
    """

    #: Whether `Rollouts.keys` and `signals` are used; they take a while to compute.
    reads_signals: ClassVar[bool] = True

    def __init__(self, config: dict, metrics: dict, device: str = "cpu"):
        self.config, self.metrics, self.device = config, metrics, torch.device(device)
        self.fidelity = frozenset(config.get("fidelity", ()))
        self._queries: OrderedDict[str, np.ndarray] = OrderedDict()

    @property
    def name(self) -> str:
        """The predictor's name in the configuration."""
        return self.config["predictor"]

    @property
    def answer_features(self) -> Mapping[str, Sequence[str]]:
        """Domain -> answer features that it was fitted with."""
        return self.config.get("answer_features", ANSWER_FEATURES)

    @abstractmethod
    def tensors(self) -> tuple[Tensors, Tensors]:
        """(weights, memory): all numbers that define it."""

    @classmethod
    @abstractmethod
    def restore(cls, config: dict, metrics: dict, weights: Tensors, memory: Tensors, device: str) -> Predictor:
        """Rebuild the predictor from its `tensors`."""

    def with_neighbors(self, count: int) -> Predictor:
        """Return the same predictor, but with `count` labeled neighbors per new query; the fitted memory is unchanged.

        InputError if the predictor uses no neighbors.
        """
        raise InputError(f"reward_model: top_k: {self.name} has no neighbors; leave it out.")

    @abstractmethod
    def _probabilities(self, rollouts: Rollouts) -> np.ndarray:
        """(r,) float32; rewards are not read."""

    def score(self, rollouts: Rollouts) -> np.ndarray:
        """(r,) float32 probabilities that embedded responses are right; every query is treated as new.

        FloatingPointError if one is not finite: training must not continue with it.
        """
        values = self._probabilities(rollouts)
        if not np.isfinite(values).all():
            wrong = int((~np.isfinite(values)).sum())
            raise FloatingPointError(
                f"the reward model gave {wrong} of {len(values)} probabilities that are not finite."
            )
        return values

    def split(self, text: str, domain: str) -> tuple[str, str]:
        """(thinking, answer) of a response, as `predict` expects them."""
        return split_as_served(text) if "serving-split" in self.fidelity else split_response(text, domain)

    def predict(
        self,
        queries: Sequence[str],
        responses: Sequence[Sequence[tuple[str, str]]],
        domains: Sequence[str],
    ) -> list[np.ndarray]:
        """Probability that each response is right: a (len(responses[i]),) float32 array for each query.

        queries    texts from `embedding.query_text`; several groups may have the same text
        responses  (thinking, answer) of each sample of a query, from `split`; any number
        domains    math | qa | code, one per query

        FloatingPointError if a probability is not finite.
        """
        if not len(queries) == len(responses) == len(domains):
            raise ValueError(f"{len(queries)} queries, {len(responses)} groups of responses, {len(domains)} domains")
        sizes = [len(group) for group in responses]
        if not sum(sizes):
            return [np.empty(0, np.float32) for _ in sizes]
        # queries without responses are skipped: no row of `group` would refer to them
        answered = [row for row, size in enumerate(sizes) if size]
        groups = [responses[row] for row in answered]
        rollouts = self.embedded([queries[row] for row in answered], groups, [domains[row] for row in answered])
        return np.split(self.score(rollouts), np.cumsum(sizes)[:-1])

    def embedded(
        self,
        queries: Sequence[str],
        responses: Sequence[Sequence[tuple[str, str]]],
        domains: Sequence[str],
    ) -> Rollouts:
        """Convert the arguments of `predict`, for queries that have responses, to `Rollouts`; all rewards are NaN."""
        cut = "uncut-serving" not in self.fidelity
        dtype = serving_dtype(self.config["encoder_dtype"], str(self.device))
        settings = {"device": str(self.device), "dtype": dtype, "cut": cut}
        sizes = [len(group) for group in responses]
        group = np.repeat(np.arange(len(queries)), sizes)
        query_domains = np.array(domains, str)
        thinking = [text for pairs in responses for text, _ in pairs]
        answers = [text for pairs in responses for _, text in pairs]
        vectors = embed(thinking, "thinking", **settings), embed(answers, "answer", **settings)
        keys, table = np.full(len(group), ""), np.zeros((len(group), WIDTH), np.float32)
        if self.reads_signals:
            keys = np.array([answer_key(*pair) for pair in zip(answers, query_domains[group], strict=True)], str)
            table = signals(queries, thinking, answers, keys, vectors, group, query_domains)
        return Rollouts(
            query_ids=np.array([str(row) for row in range(len(queries))]),
            benchmarks=np.full(len(queries), ""),
            domains=query_domains,
            texts=np.array(queries, object),
            group=_in_eights(len(group), len(queries)) if "groups-of-eight" in self.fidelity else group,
            samples=np.concatenate([np.arange(size) for size in sizes]),
            query=self._embed_queries(queries, settings),
            thinking=vectors[0],
            answer=vectors[1],
            features=answer_features(
                answers,
                group,
                query_domains[group],
                thinking=thinking,
                fidelity=self.fidelity,
                wanted=self.answer_features,
            ),
            keys=keys,
            signals=table,
            rewards=np.full(len(group), np.nan, np.float32),
            dtype=dtype,
        )

    def _embed_queries(self, queries: Sequence[str], settings: dict) -> np.ndarray:
        new = [text for text in dict.fromkeys(queries) if text not in self._queries]
        # one text per batch: the last bits depend on the rest of the batch, and so on earlier calls
        self._queries.update(zip(new, embed(new, "query", token_budget=1, **settings), strict=True))
        vectors = np.stack([self._queries[text] for text in queries])
        for text in dict.fromkeys(queries):
            self._queries.move_to_end(text)
        while len(self._queries) > CACHED_QUERIES:
            self._queries.popitem(last=False)
        return vectors


def _in_eights(responses: int, queries: int) -> np.ndarray:
    """Query of each response in the published code: the next one after every eight, whatever the real number."""
    if responses > PUBLISHED_GROUP * queries:
        raise RuntimeError(
            f"groups-of-eight: {responses} responses do not fit {queries} queries of {PUBLISHED_GROUP} each; "
            "the published code fails here, too."
        )
    return np.arange(responses) // PUBLISHED_GROUP


def save(model: Predictor, folder: str | Path) -> None:
    """Write model.safetensors, memory.safetensors and model.json, each atomically, model.json last.

    Equal models give equal bytes. All three carry a hash of the configuration, weights and memory, so that `read`
    refuses files of different models.
    """
    from safetensors.torch import save_file

    folder = Path(folder)
    weights, memory = ({name: value.cpu().contiguous() for name, value in part.items()} for part in model.tensors())
    digest = hashlib.sha256(json.dumps(model.config, sort_keys=True).encode())
    for part in (weights, memory):
        for name in sorted(part):
            digest.update(part[name].numpy().tobytes())
    key = digest.hexdigest()
    for name, part in (("model", weights), ("memory", memory)):
        with atomic_path(folder / f"{name}.safetensors") as temporary:
            save_file(part, temporary, {"key": key})
    about = {"predictor": model.name, "key": key, "config": model.config, "metrics": model.metrics}
    write_json(folder / "model.json", about)


def read(folder: str | Path, device: str = "cpu") -> tuple[dict, Tensors, Tensors]:
    """(model.json, weights, memory) from `save`. InputError if a file is missing, truncated, or from another model."""
    folder = Path(folder)
    about = _read_about(folder / "model.json")
    parts = [_read_tensors(folder / f"{name}.safetensors", about["key"], device) for name in ("model", "memory")]
    return about, *parts


def _read_about(path: Path) -> dict:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file.") from error
    except ValueError as error:
        raise InputError(f"{path}: is not a complete JSON file; delete it and run again to rebuild it.") from error
    for key in ("predictor", "key", "config", "metrics"):
        if not isinstance(about, dict) or key not in about:
            raise InputError(f"{path}: has no key {key!r}; delete it and run again to rebuild it.")
    return about


def _read_tensors(path: Path, key: str, device: str) -> Tensors:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt", device=device) as file:
            stored_key = (file.metadata() or {}).get("key")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file.") from error
    except SafetensorError as error:
        raise InputError(
            f"{path}: is not a complete safetensors file; delete it and run again to rebuild it."
        ) from error
    if stored_key != key:
        raise InputError(f"{path}: does not belong to the same model as model.json; delete the folder and run again.")
    return tensors
