"""Check that policies on this disk have the layers that get adapters."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from reward_memory.settings import Configuration, Policy

from . import contradictions

#: Linear layers of a bootstrapped policy.
_BOOTSTRAPPED = frozenset(["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])


def mistake(config: Configuration) -> str | None:
    """Return a message about a name in lora: target_modules that matches no layer of a policy, or None.

    Policies that are not on this disk yet are skipped.
    """
    layers: dict[str, frozenset[str] | None] = {}
    for section, policy, training in contradictions.runs(config):
        named = training.lora.target_modules if training.lora else "all-linear"
        if isinstance(named, str):
            continue
        if policy not in layers:
            layers[policy] = _layers(config.policies[policy])
        present = layers[policy]
        for name in named if present else ():
            if not any(layer == name or layer.endswith(f".{name}") for layer in present or ()):
                available = ", ".join(sorted({layer.rpartition(".")[2] for layer in present or ()}))
                return (
                    f"{section}training: lora: target_modules: {name} is not a linear layer of {policy}, which has "
                    f"{available}; correct the name."
                )
    return None


def _layers(policy: Policy) -> frozenset[str] | None:
    """Names of a policy's layers with a weight matrix, without the suffix `.weight`; None if unknown here."""
    if policy.bootstrap:
        return _BOOTSTRAPPED
    if policy.path is None:
        return None
    names: set[str] = set()
    for file in Path(policy.path).glob("*.safetensors"):
        try:
            with file.open("rb") as stream:
                head = json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))
            names |= {name for name, one in head.items() if len(one.get("shape", ())) == 2}
        except (OSError, ValueError, AttributeError, struct.error):
            return None
    matrices = {name.removesuffix(".weight") for name in names if name.endswith(".weight")}
    return frozenset(name for name in matrices if not name.endswith(contradictions.EMBEDDINGS)) or None
