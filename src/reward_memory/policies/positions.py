"""The context length of a policy: how long prompt and response may be together."""

from typing import Any

#: Keys of config.json that give the number of positions.
NAMES = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")


def context(settings: dict[str, Any]) -> int | None:
    """Number of positions that a policy was made for, from its config.json; None if it gives none."""
    scaled = settings.get("rope_scaling") or settings.get("rope_parameters") or {}
    positions = next((settings[key] for key in NAMES if isinstance(settings.get(key), int)), None)
    if positions is None or not isinstance(scaled, dict):
        return positions
    factor, original = scaled.get("factor"), scaled.get("original_max_position_embeddings")
    stretched = factor * original if isinstance(factor, int | float) and isinstance(original, int) else 0
    return max(positions, int(stretched))
