"""The positions that a policy was made for: how long prompt and response may be together."""

from typing import Any

#: Names that models give to the number of positions that they were made for.
NAMES = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")


def context(settings: dict[str, Any]) -> int | None:
    """Positions that a policy was made for, by its config.json; None where that does not say."""
    scaled = settings.get("rope_scaling") or settings.get("rope_parameters") or {}
    found = next((settings[key] for key in NAMES if isinstance(settings.get(key), int)), None)
    if found is None or not isinstance(scaled, dict):
        return found
    factor, original = scaled.get("factor"), scaled.get("original_max_position_embeddings")
    stretched = factor * original if isinstance(factor, int | float) and isinstance(original, int) else 0
    return max(found, int(stretched))
