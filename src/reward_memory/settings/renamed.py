"""Suggest keys for names from earlier versions or other tools, and for misspellings."""

import difflib
from collections.abc import Collection, Container

#: Old name -> new names; the one that exists in the section is meant.
RENAMED = {
    "attention": ["attn_implementation"],
    "batch": ["train_batch_size", "batch_size"],
    "clip": ["clip_ratio_low"],
    "clip_high": ["clip_ratio_high"],
    "cuda_graphs": ["enforce_eager"],
    "dual_clip": ["clip_ratio_c"],
    "embeddings": ["embed_rollouts"],
    "evaluate": ["evaluate_policy"],
    "generation_batches": ["max_num_gen_batches"],
    "gradient_checkpointing": ["enable_gradient_checkpointing"],
    "hidden": ["hidden_channels", "hidden_size"],
    "kl_coefficient": ["kl_loss_coef"],
    "layers": ["num_layers", "num_hidden_layers"],
    "loss_aggregation": ["loss_agg_mode"],
    "micro_batch": ["ppo_micro_batch_size_per_gpu"],
    "method": ["like"],
    "mini_batch": ["ppo_mini_batch_size"],
    "neighbours": ["num_neighbors"],
    "remove_padding": ["use_remove_padding"],
    "reward_model": ["fit_reward_model"],
    "reward_model_metrics": ["measure_reward_model"],
    "rollouts": ["samples_per_query", "sample_rollouts"],
    "samples": ["samples_per_query"],
    "save_every": ["save_freq"],
    "sleep": ["free_cache_engine"],
    "tensor_parallel": ["tensor_model_parallel_size", "tensor_parallel_size"],
    "tokens_per_gpu": ["ppo_max_token_len_per_gpu"],
    "train": ["train_policy"],
    "validate_every": ["test_freq"],
    "warm_up_steps": ["lr_warmup_steps"],
}
#: Option name in other tools -> names here; the one that exists in the section may be meant.
_ELSEWHERE = {
    "batch_size": ["train_batch_size"],
    "beta": ["kl_loss_coef"],
    "cpus": ["threads"],
    "eval_steps": ["test_freq"],
    "gpus": ["gpu"],
    "kl_coef": ["kl_loss_coef"],
    "lora_alpha": ["alpha"],
    "lora_rank": ["rank"],
    "lr": ["learning_rate"],
    "max_completion_length": ["max_new_tokens"],
    "max_prompt_length": ["max_prompt_tokens"],
    "max_response_length": ["max_new_tokens"],
    "max_steps": ["steps"],
    "max_tokens": ["max_new_tokens"],
    "mem": ["mem_mb"],
    "memory": ["mem_mb"],
    "n": ["samples_per_query"],
    "num_generations": ["samples_per_query"],
    "num_return_sequences": ["samples_per_query"],
    "per_device_train_batch_size": ["train_batch_size"],
    "r": ["rank"],
    "save_steps": ["save_freq"],
    "time": ["runtime"],
    "total_training_steps": ["steps"],
    "warmup_steps": ["lr_warmup_steps"],
}
#: Sections that have moved.
_MOVED = {"meds": "this section is suites: meds now; its variants are the section variants, with like for method."}
#: New names whose values have the opposite meaning.
_OPPOSITE = ["enforce_eager"]


def near(key: str, section: Collection[str]) -> str | None:
    """Guess which key of a section is meant, by another tool's name for it or by similar spelling; None if unclear."""
    candidates = [name for name in _ELSEWHERE.get(key, ()) if name in section]
    return next(iter(candidates or difflib.get_close_matches(key, section, n=1)), None)


def sentence(key: str, section: Container[str]) -> str | None:
    """Return what to write instead of the old name `key`; None if no key of the section ever had that name."""
    if key in _MOVED and "suites" in section:
        return _MOVED[key]
    for name in RENAMED.get(key, []):
        if name in section:
            opposite = ", and its value is the opposite" if name in _OPPOSITE else ""
            return f"this key is called {name} now{opposite}."
    return None
