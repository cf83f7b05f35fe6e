"""Keys that had another name in earlier versions: what to write instead."""

from collections.abc import Container

#: Old name -> its new names; the one that a section has is meant.
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
#: Sections that are elsewhere now.
_MOVED = {"meds": "this section is suites: meds now; its variants are the section variants, with like for method."}
#: New names whose values mean the opposite of the old ones.
_OPPOSITE = ["enforce_eager"]


def sentence(key: str, section: Container[str]) -> str | None:
    """What to write instead of `key`, None if no key of the section was ever called that."""
    if key in _MOVED and "suites" in section:
        return _MOVED[key]
    for name in RENAMED.get(key, []):
        if name in section:
            opposite = ", and its value is the opposite" if name in _OPPOSITE else ""
            return f"this key is called {name} now{opposite}."
    return None
