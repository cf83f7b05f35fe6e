"""Load a user's policy once before anything uses it, to find faults that file headers cannot show."""

import json
import re
import warnings
from pathlib import Path
from typing import Any

from reward_memory.errors import InputError

from . import kinds

_FETCH = "download the policy again"
#: Logits that differ by less than this count as equal.
_ALIKE = 1e-6
#: Names of Python's errors and classes in libraries' messages.
_PYTHON = re.compile(r"\b\w*(Error|Exception): |<class '[\w.]*?(?=\w+'>)|(?<=\w)'>")
#: The name that a Python error is about, at the end of its message.
_NAME = re.compile(r"'([^']+)'$")
#: Prefix of transformers' messages about several settings.
_CHECK = re.compile(r"^Class validation error for validator '\w+': ")
#: The key that a validation message of transformers is about.
_FIELD = re.compile(r"Validation error for field '(\w+)'")
#: The architecture that transformers does not have, in its message.
_FAMILY = re.compile(r"has model type `([^`]+)` but Transformers does not recognize")
#: A setting in a message of transformers' check of sampling settings.
_FLAG = re.compile(r"^- `(\w+)`:", re.MULTILINE)
#: System message and questions of two prompts, which the chat template must render differently.
_SYSTEM = "Answer in one word."
_QUESTIONS = ("What is 2 + 3?", "Name the capital of France.")


def load(name: str, folder: Path) -> dict[str, int]:
    """Load policy `name` from its folder, in the dtype that it is stored in.

    returns  numbers of weights, of rows of the embedding and of the tokenizer's tokens, for a log

    InputError, one sentence with policy, file and fix: an architecture that transformers does not have; weights that
    are missing, unexpected, of other shapes or not finite; a tokenizer that does not load or has more tokens than the
    policy; end tokens beyond the vocabulary; a template that fails or leaves out the question.
    """
    where = f"policies: {name}: path: {folder}"
    _settings(where, folder)
    tokenizer = _tokenizer(where, folder)
    _template(where, folder, tokenizer)
    model, report = _model(where, folder)
    _complete(
        where, report, kinds.non_policy_architecture(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    )
    rows = model.get_input_embeddings().weight.shape[0]
    _vocabulary(where, tokenizer, model, rows)
    _ending(where, folder, tokenizer, model)
    _generation(where, model)
    _finite(where, model)
    _answering(where, tokenizer, model)
    weights = sum(weight.numel() for weight in model.parameters())
    return {"weights": weights, "embeddings": rows, "tokens": len(tokenizer)}


def _settings(where: str, folder: Path) -> None:
    from transformers import AutoConfig

    try:
        AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # any library's error is a fault of the file
        raise InputError(
            f"{where}/config.json: does not load ({_short(error)}); correct config.json, or choose a policy that "
            "transformers has."
        ) from error


def _tokenizer(where: str, folder: Path) -> Any:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        encoded = tokenizer(_QUESTIONS[0], add_special_tokens=False)["input_ids"]
        shown = tokenizer.decode(encoded)
    except Exception as error:  # any library's error is a fault of the files
        if not (folder / "tokenizer.json").is_file() and (folder / "tokenizer.model").is_file():
            raise InputError(
                f"{where}/tokenizer.model: cannot be read with the installed packages; run `pip install sentencepiece "
                "tiktoken`, or put the policy's tokenizer.json next to it."
            ) from error
        raise InputError(f"{where}/tokenizer.json: the tokenizer does not load ({_short(error)}); {_FETCH}.") from error
    if not encoded or "".join(shown.split()) != "".join(_QUESTIONS[0].split()):
        raise InputError(f"{where}/tokenizer.json: the tokenizer turns {_QUESTIONS[0]!r} into {shown!r}; {_FETCH}.")
    if tokenizer.eos_token_id is None:
        raise InputError(f"{where}/tokenizer_config.json: names no eos_token, so no response would end; add it.")
    return tokenizer


def _template(where: str, folder: Path, tokenizer: Any) -> None:
    """Reject a chat template that does not render, leaves out a message, or holds a question itself."""
    separate = (folder / "chat_template.jinja").is_file()
    correct = f"correct {'chat_template.jinja' if separate else 'chat_template in tokenizer_config.json'}"
    rendered = []
    for question in _QUESTIONS:
        # most prompts of the workflow begin with a system message
        messages = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": question}]
        try:
            text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except Exception as error:  # Jinja's errors and those that templates raise
            raise InputError(f"{where}: the chat template cannot be rendered ({_short(error)}); {correct}.") from error
        if question not in text:
            raise InputError(f"{where}: the chat template leaves out the user's question; {correct}.")
        if _SYSTEM not in text:
            raise InputError(
                f"{where}: the chat template leaves out the system message, which specifies the form of answers; "
                f"{correct}."
            )
        rendered.append(text)
    if _QUESTIONS[0] in rendered[1]:
        raise InputError(f"{where}: the chat template contains a question itself; {correct}.")
    if not tokenizer(rendered[0], add_special_tokens=False)["input_ids"]:
        raise InputError(f"{where}/tokenizer.json: the tokenizer turns a prompt into no tokens; {_FETCH}.")


def _model(where: str, folder: Path) -> tuple[Any, dict[str, Any]]:
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return AutoModelForCausalLM.from_pretrained(
                folder,
                dtype="auto",
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are reported together
            )
    except Exception as error:  # any library's error is a fault of the files
        text = _short(error)
        if "generation" in text.lower() or "cache_implementation" in text:
            raise InputError(
                f"{where}/generation_config.json: does not load ({text}); correct or remove it."
            ) from error
        raise InputError(
            f"{where}/config.json: the policy does not load as a causal language model ({text}); correct config.json, "
            "or choose a policy that transformers has."
        ) from error


def _complete(where: str, report: dict[str, Any], other: str | None = None) -> None:
    """Reject weights that do not match config.json: transformers would initialize them at random.

    other  the kind of model, if it is not a policy
    """
    keys = [*report.get("missing_keys", ()), *report.get("unexpected_keys", ())]
    if other and keys:
        raise InputError(f"{where}/config.json: {kinds.non_policy_message(other)}.")
    for key, wrong in (
        ("missing_keys", "are missing from the weights and would be random"),
        ("unexpected_keys", "do not belong to the model in config.json"),
        ("mismatched_keys", "have different shapes in the weights and in config.json"),
    ):
        found = sorted(str(part[0] if isinstance(part, tuple | list) else part) for part in report.get(key, ()))
        if found:
            raise InputError(
                f"{where}/config.json: {len(found)} tensors, such as {found[0]}, {wrong}; take config.json and weights "
                "of the same policy."
            )
    if report.get("error_msgs"):
        raise InputError(f"{where}: the weights do not load ({_short(report['error_msgs'][0])}); {_FETCH}.")


def _vocabulary(where: str, tokenizer: Any, model: Any, rows: int) -> None:
    largest = max(tokenizer.get_vocab().values())
    if largest >= rows:
        raise InputError(
            f"{where}/tokenizer.json: has a token {largest}, but the policy has only {rows} embeddings; take "
            "tokenizer and weights of the same policy."
        )
    for file, settings in (("config.json", model.config), ("generation_config.json", model.generation_config)):
        for key in ("eos_token_id", "pad_token_id", "bos_token_id"):
            value = getattr(settings, key, None)
            for token in value if isinstance(value, list) else [value]:
                if token is not None and not (isinstance(token, int) and -1 <= token < rows):
                    raise InputError(f"{where}/{file}: {key}: {token} is not one of the {rows} tokens; correct it.")


def _ending(where: str, folder: Path, tokenizer: Any, model: Any) -> None:
    """Reject settings without an end token: every response would run to the length limit."""
    if model.generation_config.eos_token_id in (None, []):
        file = "generation_config.json" if (folder / "generation_config.json").is_file() else "config.json"
        raise InputError(
            f"{where}/{file}: names no eos_token_id, so no response would end; add it, such as the tokenizer's "
            f"{tokenizer.eos_token_id}."
        )


def _generation(where: str, model: Any) -> None:
    """Reject sampling settings with which transformers cannot save a policy, as a checkpoint or after training."""
    try:
        model.generation_config.validate(strict=True)
    except ValueError as error:
        flags = ", ".join(dict.fromkeys(_FLAG.findall(str(error)))) or "a setting"
        greedy = " although do_sample is not true" if "do_sample" in str(error) else ""
        raise InputError(
            f"{where}/generation_config.json: sets {flags}{greedy}, and transformers refuses to save a policy "
            "with such settings; correct or remove them."
        ) from error


def _finite(where: str, model: Any) -> None:
    import torch

    for name, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            raise InputError(f"{where}: the weights hold numbers that are not finite, in {name}; {_FETCH}.")
    if all(not weight.any() for name, weight in model.named_parameters() if "embed" in name):
        raise InputError(f"{where}: the embeddings are all zero; {_FETCH}.")


def _answering(where: str, tokenizer: Any, model: Any) -> None:
    """Reject a policy that cannot compute next-token logits, or gives all tokens the same logit."""
    import torch

    encoded = torch.tensor([tokenizer(_QUESTIONS[0], add_special_tokens=False)["input_ids"]])
    try:
        with torch.no_grad():
            logits = model(encoded).logits[0, -1].float()
    except Exception as error:  # any library's error is a fault of the files
        raise InputError(f"{where}/config.json: the policy cannot be run ({_short(error)}); correct it.") from error
    if not torch.isfinite(logits).all():
        raise InputError(
            f"{where}/config.json: the policy computes numbers that are not finite; correct config.json, or {_FETCH}."
        )
    if len(logits) > 1 and logits.max() - logits.min() < _ALIKE:
        raise InputError(f"{where}: the weights give all next tokens the same logit; {_FETCH}.")


def _short(error: object) -> str:
    """The beginning of an error message on one line, without a final period.

    Python's messages about names and types are reworded.
    """
    if isinstance(error, KeyError | AttributeError):
        name = next(iter(_NAME.findall(str(error))), None) or str(error)
        return f"unknown name {name!r}" if len(name) <= 60 else "a name in it is unknown"
    if isinstance(error, TypeError):
        return "a value in it has the wrong type, such as text instead of a number"
    if field := _FIELD.search(str(error)):
        return f"{field[1]} has the wrong type, such as text instead of a number"
    if family := _FAMILY.search(str(error)):
        return f"the installed transformers has no model_type {family[1]}"
    if "Unrecognized configuration class" in str(error):
        return "its model_type does not continue text, as a language model does"
    line = _PYTHON.sub("", _CHECK.sub("", " ".join(str(error).split()))) or "no reason is given"
    return (line if len(line) <= 160 else line[:157] + "...").rstrip(".")
