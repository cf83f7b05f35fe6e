"""Detect models that do not continue text, but judge, mark or encode it, from config.json and tensor names."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError

#: Architectures with another head than a policy's, or none.
_NO_POLICY = re.compile(r".*(Classification|QuestionAnswering|MaskedLM|(?<!Head)(?<!Heads)Model)")
#: First part of the tensor names of such heads.
_HEADS = ("score", "classifier", "qa_outputs", "v_head", "regression_head")
#: Families that read text in both directions, unless config.json says otherwise.
_ENCODERS = {
    "albert",
    "bert",
    "camembert",
    "deberta",
    "deberta-v2",
    "distilbert",
    "electra",
    "modernbert",
    "mpnet",
    "nomic_bert",
    "roberta",
    "xlm-roberta",
}
_GIVE = "give a policy that does"
#: Prefixes that PyTorch's and PEFT's wrappers add to tensor names.
_WRAPPERS = ("module.", "_orig_mod.", "_fsdp_wrapped_module.", "base_model.model.")


def non_policy_architecture(settings: dict[str, Any]) -> str | None:
    """The architecture in config.json, if it judges or marks texts and does not continue them; else None."""
    kinds = settings.get("architectures")
    named = [kind for kind in kinds if isinstance(kind, str)] if isinstance(kinds, list) else []
    return named[0] if named and all(map(_NO_POLICY.fullmatch, named)) else None


def non_policy_message(kind: str) -> str:
    """Message about a model of that kind, to follow the name of its config.json."""
    return f"architectures: {kind} does not continue text, but is a reward model, a classifier or an encoder; {_GIVE}"


def saved_within(folder: Path, tensors: Iterable[str]) -> None:
    """Raise InputError for weights that were saved with adapters, or inside a training wrapper."""
    names = list(tensors)
    for name in names:
        if ".lora_" in name:
            raise InputError(f"{folder}: the weights hold adapters ({name}); merge them, and save the policy again")
    for wrapper in _WRAPPERS:
        if names and all(name.startswith(wrapper) for name in names):
            raise InputError(
                f"{folder}: the names of all tensors begin with {wrapper!r}, which a wrapper adds; save the model "
                "inside the wrapper"
            )


def check(file: Path, settings: dict[str, Any], tensors: Iterable[str]) -> None:
    """Raise InputError for a model whose config.json and tensor names show that it is not a policy.

    Other cases are found when the model is loaded (`loading.load`).
    """
    family = settings["model_type"]
    if family in _ENCODERS and settings.get("is_decoder") is not True:
        raise InputError(f"{file}: model_type: {json.dumps(family)} encodes text and does not continue it; {_GIVE}")
    if settings.get("is_encoder_decoder") is True:
        raise InputError(
            f"{file}: is_encoder_decoder: true: the model turns one text into another and does not continue it; {_GIVE}"
        )
    kind = non_policy_architecture(settings)
    if kind and any(name.partition(".")[0] in _HEADS for name in tensors):
        raise InputError(f"{file}: {non_policy_message(kind)}")
