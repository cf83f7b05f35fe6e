"""Ground truths as text in verl's rows."""

import json
from dataclasses import asdict

from reward_memory.verifiers.verdicts import GroundTruth


def encode_truth(truth: GroundTruth) -> str:
    """Encode a ground truth as text for verl's field `reward_model.ground_truth`."""
    return json.dumps(asdict(truth), ensure_ascii=False)


def decode_truth(text: str) -> GroundTruth:
    """Inverse of `encode_truth`."""
    fields = json.loads(text)
    texts = {name: tuple(fields.pop(name)) for name in ("options", "alternatives")}
    return GroundTruth(**fields, **texts)
