"""Size of a policy: its parameters and the memory that a token takes."""

from typing import Any

from pydantic.dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Shape of a decoder with gated feed-forward layers, as Qwen2, Qwen3 and Llama have.

    hidden, intermediate       widths of the residual stream and of a feed-forward layer
    heads, kv_heads, head      attention heads, heads of keys and values, dimensions of a head
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
        """Number of all weights, embeddings included."""
        queries, keys = self.heads * self.head, self.kv_heads * self.head
        attention = self.hidden * (queries + 2 * keys) + queries * self.hidden
        attention += (queries + 2 * keys) * self.biased + 2 * self.head * self.normed
        layer = attention + 3 * self.hidden * self.intermediate + 2 * self.hidden
        return self.layers * layer + self.hidden + self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def active(self) -> int:
        """Weights that a token is multiplied with: all except an embedding that is only a lookup."""
        return self.parameters - (0 if self.tied else self.vocabulary * self.hidden)

    @property
    def cached(self) -> int:
        """Numbers that one token adds to the KV cache."""
        return 2 * self.layers * self.kv_heads * self.head


def from_config(config: dict[str, Any]) -> Size:
    """Size from the contents of a Hugging Face config.json."""
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
