"""The frozen reward model: raw texts in, probabilities out; and its three files."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..errors import InputError
from ..provenance import atomic_path, write_json
from .embedding import embed
from .features import answer_features
from .memory import Memory
from .network import Batch, GraphNetwork
from .rollouts import Rollouts

#: Embeddings of queries that are kept between calls: training sees each query once an epoch.
CACHED_QUERIES = 1 << 16


class RewardModel:
    """A trained network and its frozen memory; nothing in it changes after training.

    config   hyper-parameters, with the encoder's dtype
    metrics  what selection saw, on labelled queries only
    """

    def __init__(self, network: GraphNetwork, memory: Memory, config: dict, metrics: dict):
        self.network, self.memory = network.eval().requires_grad_(False), memory
        self.config, self.metrics = config, metrics
        self._queries: OrderedDict[str, np.ndarray] = OrderedDict()

    @property
    def device(self) -> torch.device:
        return self.memory.unit.device

    def predict(
        self,
        queries: Sequence[str],
        responses: Sequence[Sequence[tuple[str, str]]],
        domains: Sequence[str],
    ) -> list[np.ndarray]:
        """Probability that each response is right: a (len(responses[i]),) float32 array for each query.

        queries    texts as `embedding.query_text` gives them; the same text may stand for several groups
        responses  (thinking, answer) of each sample of a query, as `text.split_response` gives them; any number
        domains    math | qa | code, one a query

        FloatingPointError if a probability is not finite: training on it must not go on.
        """
        if not len(queries) == len(responses) == len(domains):
            raise ValueError(f"{len(queries)} queries, {len(responses)} groups of responses, {len(domains)} domains")
        sizes = [len(group) for group in responses]
        group = np.repeat(np.arange(len(queries)), sizes)
        settings = {"device": str(self.device), "dtype": self.config["encoder_dtype"]}
        pairs = [pair for group_responses in responses for pair in group_responses]
        answers = [answer for _, answer in pairs]
        rollouts = Batch(
            *(
                torch.as_tensor(array).to(self.device)
                for array in (
                    self._embed_queries(queries, settings),
                    embed([thinking for thinking, _ in pairs], "thinking", **settings),
                    embed(answers, "answer", **settings),
                    answer_features(answers, group, [domains[row] for row in group]),
                    group,
                )
            )
        )
        return np.split(self._probabilities(rollouts), np.cumsum(sizes)[:-1]) if sizes else []

    def score(self, rollouts: Rollouts) -> np.ndarray:
        """(r,) float32 probabilities of embedded rollouts; every query is treated as new."""
        return self._probabilities(Batch.of(rollouts, str(self.device)))

    @torch.no_grad()
    def _probabilities(self, batch: Batch) -> np.ndarray:
        neighbours = self.memory.search(batch.query, self.config["neighbours"])
        values = self.network(batch, neighbours, self.memory.keys).sigmoid().cpu().numpy()
        if not np.isfinite(values).all():
            wrong = int((~np.isfinite(values)).sum())
            raise FloatingPointError(
                f"the reward model gave {wrong} of {len(values)} probabilities that are no numbers."
            )
        return values

    def _embed_queries(self, queries: Sequence[str], settings: dict) -> np.ndarray:
        new = [text for text in dict.fromkeys(queries) if text not in self._queries]
        # alone: in a batch the last bits would depend on the company, and so on what was asked in earlier calls
        self._queries.update(zip(new, embed(new, "query", token_budget=1, **settings), strict=True))
        vectors = np.stack([self._queries[text] for text in queries]) if len(queries) else embed([], "query")
        for text in dict.fromkeys(queries):
            self._queries.move_to_end(text)
        while len(self._queries) > CACHED_QUERIES:
            self._queries.popitem(last=False)
        return vectors


def save(model: RewardModel, folder: str | Path) -> None:
    """Write model.safetensors, memory.safetensors and model.json, each atomically, model.json last.

    Equal models give equal bytes. All three carry a hash of the weights and configuration, so that `load` refuses
    files of different models.
    """
    from safetensors.torch import save_file

    folder = Path(folder)
    weights = {name: value.cpu().contiguous() for name, value in model.network.state_dict().items()}
    total = hashlib.sha256(json.dumps(model.config, sort_keys=True).encode())
    for name in sorted(weights):
        total.update(weights[name].numpy().tobytes())
    key = total.hexdigest()
    stored = {"unit": model.memory.unit} | {f"keys.{depth}": value for depth, value in enumerate(model.memory.keys)}
    for name, tensors in (("model", weights), ("memory", stored)):
        with atomic_path(folder / f"{name}.safetensors") as temporary:
            save_file({part: value.cpu().contiguous() for part, value in tensors.items()}, temporary, {"key": key})
    write_json(
        folder / "model.json", {"predictor": "graph", "key": key, "config": model.config, "metrics": model.metrics}
    )


def load(folder: str | Path, device: str = "cpu") -> RewardModel:
    """Read what `save` wrote. InputError if a file is missing, cut short, or of another model."""
    folder = Path(folder)
    about = _read_about(folder / "model.json")
    weights = _read_tensors(folder / "model.safetensors", about["key"], device)
    stored = _read_tensors(folder / "memory.safetensors", about["key"], device)
    network = restore(about["config"], weights)
    keys = [stored[f"keys.{depth}"] for depth in range(about["config"]["layers"])]
    return RewardModel(network, Memory(stored["unit"], keys), about["config"], about["metrics"])


def restore(config: dict, weights: dict[str, torch.Tensor]) -> GraphNetwork:
    """The network with these very tensors as its weights."""
    # on the meta device nothing is initialised, so no random number is drawn in the process that serves
    with torch.device("meta"):
        network = GraphNetwork.of(config)
    network.load_state_dict(weights, assign=True)
    return network


def _read_about(path: Path) -> dict:
    try:
        about = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file.") from error
    except ValueError as error:
        raise InputError(f"{path}: not a whole JSON file; delete it and run again to rebuild it.") from error
    if about.get("predictor") != "graph":
        raise InputError(f"{path}: the predictor is {about.get('predictor')!r}; only 'graph' can be loaded.")
    return about


def _read_tensors(path: Path, key: str, device: str) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt", device=device) as file:
            found = (file.metadata() or {}).get("key")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file.") from error
    except SafetensorError as error:
        raise InputError(f"{path}: not a whole safetensors file; delete it and run again to rebuild it.") from error
    if found != key:
        raise InputError(f"{path}: belongs to another model than model.json; delete the folder and run again.")
    return tensors
