"""Keys of verl 0.9.1 that take a fixed set of names, or a number but not null. verl checks them late, in a worker."""

from typing import Any

_DIVERGENCES = ("kl", "k1", "abs", "mse", "k2", "low_var_kl", "k3", "full")
_ACTOR, _ROLLOUT = "actor_rollout_ref.actor", "actor_rollout_ref.rollout"
#: Key -> its allowed names.
CHOICES: dict[str, tuple[str, ...]] = {
    "algorithm.adv_estimator": (
        *("gae", "grpo", "reinforce_plus_plus", "reinforce_plus_plus_baseline", "remax", "rloo", "opo", "grpo_passk"),
        *("gpg", "rloo_vectorized", "grpo_vectorized", "optimal_token_baseline", "tir_optimal_token_baseline", "gdpo"),
        *("nsr", "psr", "w_reinforce", "passk"),  # ours
    ),
    "algorithm.kl_ctrl.type": ("fixed", "adaptive"),
    "algorithm.kl_penalty": _DIVERGENCES,
    f"{_ACTOR}.kl_loss_type": (*_DIVERGENCES, *(f"{name}+" for name in _DIVERGENCES)),
    f"{_ACTOR}.loss_agg_mode": (
        *("token-mean", "token-sum", "seq-mean-token-sum", "seq-mean-token-mean", "seq-mean-token-sum-norm"),
    ),
    f"{_ACTOR}.optim.lr_scheduler_type": ("constant", "cosine"),
    f"{_ACTOR}.policy_loss.loss_mode": (
        *("vanilla", "dppo_tv", "dppo_kl", "gspo", "sapo", "gpg", "clip_cov", "kl_cov", "geo_mean", "dro", "cispo"),
        "bypass_mode",
    ),
    f"{_ACTOR}.strategy": ("fsdp", "fsdp2", "megatron", "veomni", "torchtitan"),
    f"{_ROLLOUT}.mode": ("async",),
    f"{_ROLLOUT}.name": ("vllm", "sglang", "trtllm", "transformers"),
    "data.truncation": ("left", "right", "middle", "error"),
    "trainer.resume_mode": ("auto", "disable", "resume_path"),
}
#: Suffixes of keys whose value verl computes with, so null is invalid -> the smallest and largest sensible value.
NUMBERS: dict[str, tuple[float, float]] = {
    "optim.lr": (0, 1),
    "optim.weight_decay": (0, 100),
    "optim.lr_warmup_steps_ratio": (0, 1),
    **dict.fromkeys(("clip_ratio", "clip_ratio_low", "clip_ratio_high", "clip_ratio_c", "kl_loss_coef"), (0, 1e6)),
    "entropy_coeff": (-1e6, 1e6),
    **dict.fromkeys(("ppo_epochs", "ppo_mini_batch_size", "tensor_model_parallel_size", "val_kwargs.n"), (1, 1e9)),
    "grad_clip": (0, 1e9),
    **dict.fromkeys(("rollout.temperature", "val_kwargs.temperature"), (0, 100)),
    **dict.fromkeys(("rollout.top_p", "val_kwargs.top_p", "rollout.gpu_memory_utilization"), (0, 1)),
    **dict.fromkeys(("rollout.top_k", "val_kwargs.top_k", "trainer.test_freq"), (-1, 1e9)),
    **dict.fromkeys(("algorithm.gamma", "algorithm.lam"), (0, 1)),
    "algorithm.kl_ctrl.kl_coef": (0, 1e6),
}
#: Suffixes of keys that hold a count.
_COUNTS = ("_epochs", "_size", "_per_gpu", "_steps", "_freq", "_len", "_length", "_seqs", "_tokens", ".n", ".top_k")


def mistake(key: str, old: Any, new: Any) -> str | None:
    """Return what is wrong with a value of a verl key, as the rest of a sentence after the override, or None.

    old  value of the key without the override
    """
    if key in CHOICES and new not in CHOICES[key]:
        return f"gives {new!r} where verl expects one of {', '.join(CHOICES[key])}; correct the value."
    limits = next((limits for end, limits in NUMBERS.items() if f".{key}".endswith(f".{end}")), None)
    if new is None and limits:
        return "gives null where verl needs a number; give one, or leave the override out."
    if not isinstance(new, int | float) or isinstance(new, bool):
        return None
    if isinstance(old, int) and key.endswith(_COUNTS) and new != int(new):
        return f"gives {new} where verl expects a count; give a whole number."
    if limits and not limits[0] <= new <= limits[1]:
        return f"gives {new}, which is not from {limits[0]:g} to {limits[1]:g}; correct the value."
    return None
