"""Keys of verl 0.9.1 that take one of several names, or a number and never null: verl itself reads them in a worker."""

from typing import Any

_DIVERGENCES = ("kl", "k1", "abs", "mse", "k2", "low_var_kl", "k3", "full")
_ACTOR, _ROLLOUT = "actor_rollout_ref.actor", "actor_rollout_ref.rollout"
#: Key -> the names that it takes.
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
#: Ends of keys whose number verl computes with: null is none.
NUMBERS = (
    *("optim.lr", "optim.weight_decay", "optim.lr_warmup_steps_ratio", "clip_ratio", "clip_ratio_low"),
    *("clip_ratio_high", "clip_ratio_c", "entropy_coeff", "kl_loss_coef", "ppo_epochs", "ppo_mini_batch_size"),
    *("grad_clip", "rollout.temperature", "rollout.top_p", "rollout.top_k", "rollout.gpu_memory_utilization"),
    *("rollout.tensor_model_parallel_size", "algorithm.gamma", "algorithm.lam", "algorithm.kl_ctrl.kl_coef"),
    *("trainer.test_freq", "val_kwargs.n", "val_kwargs.temperature", "val_kwargs.top_p", "val_kwargs.top_k"),
)


def mistake(key: str, value: Any) -> str | None:
    """What is wrong about a value of verl's key, in words that follow the override; None if nothing is."""
    if key in CHOICES and value not in CHOICES[key]:
        return f"gives {value!r} where verl has one of {', '.join(CHOICES[key])}; correct the value."
    if value is None and key.endswith(NUMBERS):
        return "gives null where verl computes with a number; give one, or leave the override out."
    return None
