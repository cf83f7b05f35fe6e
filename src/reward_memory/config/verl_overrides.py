"""Check the Hydra overrides in `training: verl` against verl's configuration, before any training starts."""

from __future__ import annotations

import difflib
import importlib.util
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reward_memory.settings import Configuration, Training
from reward_memory.training.overrides import Run, overrides

from . import contradictions, verl_choices

#: Class name at the start of a Hydra error message.
_ERROR_NAME = re.compile(r"\b\w+(Exception|Error): ")
#: verl keys that the workflow sets for each run and relies on later -> our key to use instead.
_RUN_KEYS = {
    "actor_rollout_ref.model.lora_alpha": "training: lora",
    "actor_rollout_ref.model.lora_rank": "training: lora",
    "actor_rollout_ref.model.path": "policies",
    "actor_rollout_ref.model.target_modules": "training: lora",
    "actor_rollout_ref.rollout.n": "training: samples_per_query",
    "actor_rollout_ref.rollout.seed": "seeds",
    "data.max_prompt_length": "training: max_prompt_tokens",
    "data.max_response_length": "training: max_new_tokens",
    "data.seed": "seeds",
    "data.train_batch_size": "training: train_batch_size",
    "data.train_files": "benchmarks",
    "data.val_files": "benchmarks",
    "trainer.default_local_dir": "results",
    "trainer.device": "resources: train_policy: gpu",
    "trainer.logger": "training: logger",
    "trainer.n_gpus_per_node": "resources: train_policy: gpu",
    "trainer.nnodes": "resources: train_policy: nodes",
    "trainer.save_freq": "training: save_freq",
    "trainer.test_freq": "training: test_freq",
    "trainer.total_epochs": "training: steps",
    "trainer.total_training_steps": "training: steps",
}
#: Sections and keys reserved for the workflow: grading, reward prediction, sampling and resuming.
_SECTIONS = (
    *("reward", "trainer.v1", "trainer.resume_mode", "trainer.resume_from_path", "trainer.val_only"),
    *("actor_rollout_ref.rollout.agent", "hydra", "trainer.val_before_train"),
    *("actor_rollout_ref.model.lora", "actor_rollout_ref.actor.checkpoint.save_contents"),
)


def mistake(config: Configuration) -> str | None:
    """Return a message about the first override that verl would reject, or None.

    Without overrides, skip composing verl's configuration, which takes a second.
    """
    checked: list[list[str]] = []
    for section, _, training in contradictions.runs(config):
        added = training.verl
        if added and added not in checked:
            checked.append(added)
            if wrong := _refusal(_own_overrides(training), added):
                return f"{section}training: verl: {wrong}"
    return None


def _own_overrides(training: Training) -> list[str]:
    """Overrides that the workflow passes for a training run without user overrides, with placeholder paths."""
    nowhere = Path("/none")
    run = Run(nowhere, nowhere, nowhere, None, nowhere, seed=0, gpus=0)
    return overrides(training.model_copy(update={"verl": []}), run, "reduced", nowhere)


def _refusal(ours: list[str], given: Sequence[str]) -> str | None:
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    before = _composed(ours)
    try:
        after = _composed([*ours, *given])
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        for number, override in enumerate(given):
            try:
                _composed([*ours, *given[:number], override])
            except (HydraException, OmegaConfBaseException, ValueError) as error:
                return _message(override, error)
        return _message(", ".join(given), error)
    for override in given:
        key, _, text = override.lstrip("+~").partition("=")
        if key in _RUN_KEYS:
            return f"{override!r} sets a key that the workflow sets for each run; use {_RUN_KEYS[key]} instead."
        if section := next((section for section in _SECTIONS if f"{key}.".startswith(f"{section}.")), None):
            return f"{override!r} changes {section}, which the workflow relies on; leave it out."
        if override.startswith("~"):
            return f"{override!r} deletes {key}, which verl reads; give it another value, or leave the override out."
        old, new = OmegaConf.select(before, key), OmegaConf.select(after, key)
        if override.startswith("+") and (near := _near(before, key)):
            return f"{override!r} adds a key similar to {near}, which verl has; write that one, without the +."
        if isinstance(old, bool | int | float) and not _alike(old, new):
            kind = "true or false" if isinstance(old, bool) else "a number"
            return f"{override!r} gives {text!r} where verl has {kind}, {old}; correct the value."
        if wrong := verl_choices.mistake(key, old, new):
            return f"{override!r} {wrong}"
        if OmegaConf.is_list(old) and not OmegaConf.is_config(new):
            return f"{override!r} gives {text!r} where verl has a list; write {key}=[{text}]."
        if OmegaConf.is_config(old) and not OmegaConf.is_config(new):
            return f"{override!r} gives {text!r} where verl has a section; name one of its keys, {key}.KEY=VALUE."
    return None


def _near(config: Any, key: str) -> str | None:
    """Return a verl key with nearly the same name as `key`; None if verl has `key` or nothing similar."""
    from omegaconf import OmegaConf

    above, _, name = key.rpartition(".")
    section = OmegaConf.select(config, above) if above else config
    if not OmegaConf.is_dict(section) or name in section:
        return None
    near = difflib.get_close_matches(name, map(str, section), n=1, cutoff=0.9)
    return f"{above}.{near[0]}".lstrip(".") if near else None


def _alike(old: bool | int | float, new: Any) -> bool:
    if new is None:
        return True
    if isinstance(old, bool):
        return isinstance(new, bool)
    return isinstance(new, int | float) and not isinstance(new, bool)


def _message(override: str, error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    if lines[0].startswith("Could not override"):
        return f"{override!r} names a key that verl does not have; correct it, or put + before a key that you add."
    reason = _ERROR_NAME.sub("", lines[0]).rstrip(".")
    return f"{override!r} is refused by Hydra ({reason}); correct it."


def _composed(changes: Sequence[str]) -> Any:
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(next(_folders())), version_base=None):
        return compose("ppo_trainer", list(changes))


def _folders() -> Iterator[Path]:
    """Yield verl's configuration folders without importing verl, which takes many seconds."""
    spec = importlib.util.find_spec("verl")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(place) / "trainer/config"
