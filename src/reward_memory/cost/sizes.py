"""How large a policy is: its parameters and what a token keeps in memory."""

import csv
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from reward_memory.settings import Bootstrap, Policy

HEAD, VOCABULARY, GROWTH = 32, {"memreward": 1224, "meds": 648, "watches": 556}, 3  # of bootstrapped policies


@dataclass(frozen=True, slots=True)
class Size:
    """Shape of a decoder with gated feed-forward layers, as Qwen2, Qwen3 and Llama have.

    hidden, intermediate       widths of the residual stream and of a feed-forward layer
    heads, kv_heads, head      attention heads, those of keys and values, dimensions of one
    tied                       whether the output layer is the embedding
    biased, normed             whether queries, keys and values have biases; whether heads are normalized
    """

    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head: int
    vocabulary: int
    tied: bool
    biased: bool
    normed: bool

    @property
    def parameters(self) -> int:
        """All weights, embeddings included."""
        queries, keys = self.heads * self.head, self.kv_heads * self.head
        attention = self.hidden * (queries + 2 * keys) + queries * self.hidden
        attention += (queries + 2 * keys) * self.biased + 2 * self.head * self.normed
        layer = attention + 3 * self.hidden * self.intermediate + 2 * self.hidden
        return self.layers * layer + self.hidden + self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def active(self) -> int:
        """Weights that a token is multiplied with: all but an embedding that is only looked up."""
        return self.parameters - (0 if self.tied else self.vocabulary * self.hidden)

    @property
    def cached(self) -> int:
        """Numbers that one token leaves in the cache of keys and values."""
        return 2 * self.layers * self.kv_heads * self.head


def read(path: str | Path) -> dict[str, Size]:
    """Repository on the hub -> size, from reference/policies.csv."""
    with Path(path).open(newline="", encoding="utf-8") as stream:
        rows = [*csv.DictReader(stream)]
    names = [field.name for field in fields(Size)]
    sizes = TypeAdapter(Size)  # makes numbers and truths of a row's texts
    return {row["repository"]: sizes.validate_python({name: row[name] for name in names}) for row in rows}


def size_of(name: str, policy: Policy, results: str | Path, known: dict[str, Size]) -> Size | None:
    """Size of a configured policy; None where it is not known before the policy is there.

    known  repository or Python package -> size
    """
    if policy.bootstrap:
        return _bootstrapped(policy.bootstrap)
    folder = Path(policy.path or f"{results}/policies/{name}")
    if (folder / "config.json").is_file():
        return from_config(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    return known.get((policy.hub.repository if policy.hub else policy.package) or "")


def from_config(config: dict[str, Any]) -> Size:
    """From the config.json of a Hugging Face folder."""
    heads, kind = config["num_attention_heads"], config.get("model_type", "")
    return Size(
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        intermediate=config["intermediate_size"],
        heads=heads,
        kv_heads=config.get("num_key_value_heads") or heads,
        head=config.get("head_dim") or config["hidden_size"] // heads,
        vocabulary=config["vocab_size"],
        tied=bool(config.get("tie_word_embeddings")),
        biased=bool(config.get("attention_bias")) or kind == "qwen2",
        normed=kind == "qwen3",
    )


def _bootstrapped(settings: Bootstrap) -> Size:
    """As policies.bootstrap.architecture makes them."""
    hidden = settings.hidden_size
    heads = hidden // HEAD
    return Size(
        layers=settings.num_hidden_layers,
        hidden=hidden,
        intermediate=GROWTH * hidden,
        heads=heads,
        kv_heads=heads // 2 if heads % 2 == 0 else heads,
        head=HEAD,
        vocabulary=VOCABULARY[settings.benchmarks],
        tied=True,
        biased=True,
        normed=False,
    )
