"""The tokens that end a policy's responses."""

import json
from pathlib import Path


def end_tokens(folder: Path) -> list[int]:
    """Ids of the end tokens in a policy folder's generation settings, or else in its configuration; may be empty."""
    settings = folder / "generation_config.json"
    told = json.loads((settings if settings.is_file() else folder / "config.json").read_text(encoding="utf-8")).get(
        "eos_token_id"
    )
    return told if isinstance(told, list) else [] if told is None else [told]
