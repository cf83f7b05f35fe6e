"""The Hydra overrides of `training: verl` against verl's own configuration, before any training starts."""

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

#: The name of an error of Hydra's parser.
_CLASS = re.compile(r"\b\w+(Exception|Error): ")
#: Keys that the workflow sets for each run and relies on afterwards -> where to set what they say.
_OWN = {
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
#: Sections and keys that are the workflow's own: what grades, predicts, samples and resumes.
_SECTIONS = (
    *("reward", "trainer.v1", "trainer.resume_mode", "trainer.resume_from_path", "trainer.val_only"),
    *("actor_rollout_ref.rollout.agent", "hydra", "trainer.val_before_train"),
    *("actor_rollout_ref.model.lora", "actor_rollout_ref.actor.checkpoint.save_contents"),
)


def mistake(config: Configuration) -> str | None:
    """The first override that verl would refuse; None if there is none.

    Nothing is composed, which takes a second, where no override is given.
    """
    checked: list[list[str]] = []
    for section, _, training in contradictions.runs(config):
        given = training.verl
        if given and given not in checked:
            checked.append(given)
            if wrong := _refused(_ours(training), given):
                return f"{section}training: verl: {wrong}"
    return None


def _ours(training: Training) -> list[str]:
    """What a training run without overrides is started with, on no particular files."""
    nowhere = Path("/none")
    run = Run(nowhere, nowhere, nowhere, None, nowhere, seed=0, gpus=0)
    return overrides(training.model_copy(update={"verl": []}), run, "reduced", nowhere)


def _refused(ours: list[str], given: Sequence[str]) -> str | None:
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
                return _told(override, error)
        return _told(", ".join(given), error)
    for override in given:
        key, _, text = override.lstrip("+~").partition("=")
        if key in _OWN:
            return f"{override!r} sets what the workflow sets for each run and relies on; use {_OWN[key]} instead."
        if section := next((section for section in _SECTIONS if f"{key}.".startswith(f"{section}.")), None):
            return f"{override!r} changes {section}, which the workflow relies on; leave it out."
        if override.startswith("~"):
            return f"{override!r} deletes {key}, which verl reads; give it another value, or leave the override out."
        old, new = OmegaConf.select(before, key), OmegaConf.select(after, key)
        if override.startswith("+") and (near := _near(before, key)):
            return f"{override!r} adds a key beside {near}, which verl has; write that one, without the +."
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
    """A key of verl with almost the name of one that it does not have."""
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


def _told(override: str, error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    if lines[0].startswith("Could not override"):
        return f"{override!r} names a key that verl does not have; correct it, or put + before a key that you add."
    reason = _CLASS.sub("", lines[0]).rstrip(".")
    return f"{override!r} is refused by Hydra ({reason}); correct it."


def _composed(listed: Sequence[str]) -> Any:
    from hydra import compose, initialize_config_dir

    with initialize_config_dir(str(next(_folders())), version_base=None):
        return compose("ppo_trainer", list(listed))


def _folders() -> Iterator[Path]:
    """The folder of verl's configuration; importing verl itself would take many seconds."""
    spec = importlib.util.find_spec("verl")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(place) / "trainer/config"
