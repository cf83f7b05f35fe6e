"""The shape of a tiny policy, without torch: the cost estimate needs it before the policy exists."""

from typing import Any

HEAD = 32  # dimensions of a head: vLLM on CPU supports 32, not 16


def shape(hidden_size: int, num_hidden_layers: int, vocab_size: int) -> dict[str, Any]:
    """Keys of a Qwen2Config: `hidden_size` / 32 heads, half as many key-value heads if even, tied embeddings."""
    heads = hidden_size // HEAD
    return {
        "vocab_size": vocab_size,
        "hidden_size": hidden_size,
        "intermediate_size": 3 * hidden_size,
        "num_hidden_layers": num_hidden_layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads // 2 if heads % 2 == 0 else heads,
        "tie_word_embeddings": True,
    }
