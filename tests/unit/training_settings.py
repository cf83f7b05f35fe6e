"""One training section, for tests that change a few of its keys."""

from typing import Any

from reward_memory.settings import ErrorMemory, Training

SETTINGS = {
    "steps": 4,
    "train_batch_size": 2,
    "samples_per_query": 2,
    "ppo_mini_batch_size": None,
    "ppo_micro_batch_size_per_gpu": 4,
    "learning_rate": 1e-3,
    "weight_decay": 0.0,
    "clip_ratio_low": 0.2,
    "clip_ratio_high": None,
    "clip_ratio_c": 3.0,
    "loss_agg_mode": "token-mean",
    "lr_warmup_steps": 0,
    "max_num_gen_batches": 0,
    "overlong_buffer": 0,
    "overlong_factor": 1.0,
    "entropy_bonus": None,
    "kl_loss_coef": 0.0,
    "temperature": 1.0,
    "max_prompt_tokens": 8,
    "max_new_tokens": 8,
    "save_freq": 1,
    "test_freq": 1,
    "validation_samples": 1,
    "validation_temperature": 0.0,
    "selection": "valid",
    "tensor_model_parallel_size": 1,
    "gpu_memory_utilization": 0.5,
    "free_cache_engine": True,
    "enforce_eager": True,
    "offload": "none",
    "enable_gradient_checkpointing": True,
    "attn_implementation": "sdpa",
    "lora": None,
    "unlabeled_rewards": "predicted",
    "votes": None,
    "ties": "first",
    "trapo_warm_up": 8 / 15,
    "trapo_share": 0.1,
    "trapo_threshold": 0.4,
    "adv_estimator": "grpo",
    "passk_k": 4,
    "positive_advantage_weight": 0.1,
    "loss_mode": "vanilla",
    "clip_cov_ratio": 0.0002,
    "clip_cov_lb": 1.0,
    "clip_cov_ub": 5.0,
    "kl_cov_ratio": 0.002,
    "ppo_kl_coef": 1.0,
    "use_remove_padding": False,
    "ppo_max_token_len_per_gpu": None,
    "verl": [],
}


def validated(settings: dict[str, Any] = SETTINGS, **changes: Any) -> Training:
    """The section with some keys changed."""
    return Training.model_validate(settings | changes)


def error_memory(**settings: Any) -> ErrorMemory:
    """The section error_memory with some keys changed."""
    return ErrorMemory.model_validate(settings)
