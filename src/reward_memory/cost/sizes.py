"""The sizes of a configuration's policies, before the policies exist."""

import csv
import json
from pathlib import Path

from reward_memory.policies.bootstrap.shape import shape
from reward_memory.policies.size import Size, from_config
from reward_memory.settings import Policy

VOCABULARY = {"memreward": 1224, "meds": 648, "watches": 556}  # of bootstrapped policies


def read(path: str | Path) -> dict[str, Size]:
    """Repository on the hub, or Python package -> size, from reference/policies.csv."""
    with Path(path).open(newline="", encoding="utf-8") as stream:
        return {row["repository"]: Size(**row) for row in csv.DictReader(stream)}


def size_of(name: str, policy: Policy, results: str | Path, known: dict[str, Size]) -> Size | None:
    """Size of a configured policy; None if it is unknown until the policy exists.

    known  as `read` returns it
    """
    if made := policy.bootstrap:
        config = shape(made.hidden_size, made.num_hidden_layers, VOCABULARY[made.benchmarks])
        return from_config(config | {"model_type": "qwen2"})
    file = Path(policy.path or f"{results}/policies/{name}") / "config.json"
    if file.is_file():
        return from_config(json.loads(file.read_text(encoding="utf-8")))
    return known.get((policy.hub.repository if policy.hub else policy.package) or "")
