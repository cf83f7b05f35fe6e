"""A training run for tests of the overrides, and what verl makes of such runs."""

from pathlib import Path

import verl_effective
from training_settings import SETTINGS, validated

from reward_memory.training.overrides import Run, overrides

TRAINING = SETTINGS | {
    "steps": 6,
    "train_batch_size": 16,
    "samples_per_query": 4,
    "ppo_mini_batch_size": 8,
    "ppo_micro_batch_size_per_gpu": 64,
    "learning_rate": 3e-6,
    "weight_decay": 0.25,
    "clip_ratio_low": 0.15,
    "kl_loss_coef": 0.002,
    "temperature": 0.9,
    "max_prompt_tokens": 96,
    "max_new_tokens": 48,
    "save_freq": 2,
    "test_freq": 3,
    "validation_samples": 5,
    "validation_temperature": 0.8,
}
#: Spaces, an equals sign, quotes, a comma, braces and another alphabet: what Hydra's grammar trips over.
ODD = Path('/data/run a=b, {c} "d"/é')
RUN = Run(
    policy=ODD / "policy",
    train=ODD / "train.parquet",
    valid=ODD / "valid.parquet",
    reward_model=ODD / "reward model",
    state=ODD / "1234567890123e45",  # a hash that reads like a number
    seed=7,
    gpus=0,
)


def told(cases: dict[str, tuple[dict, Run]], folder: Path) -> dict[str, dict]:
    """Case -> what verl makes of the overrides of its (settings of training, run)."""
    listed = {
        case: overrides(validated(training), run, "reduced", Path("/tmp/rm")) for case, (training, run) in cases.items()
    }
    return verl_effective.effective(listed, folder)
