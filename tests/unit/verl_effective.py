"""What verl makes of lists of overrides: composed, resolved and validated as main_ppo does, in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def effective(cases: Mapping[str, Sequence[str]], folder: Path) -> dict[str, dict[str, Any]]:
    """Case -> the values that verl reads from its overrides.

    folder  for what passes between the processes

    The reward function is tried on a query whose answer is 4.
    """
    from reward_memory.training.truths import encode_truth
    from reward_memory.verifiers import GroundTruth

    truth = encode_truth(GroundTruth("math", "4"))
    (folder / "cases.json").write_text(json.dumps(cases))
    done = subprocess.run(
        [sys.executable, __file__, folder / "cases.json", truth, folder / "told.json"],
        # the plugin that registers our trainer; nothing of a GPU is looked for
        env=os.environ
        | {
            "VERL_USE_EXTERNAL_MODULES": "reward_memory.training.cpu.plugin",
            "VERL_PLATFORM": "cpu",
            "VERL_ENGINE_DEVICE": "cuda",
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "told.json").read_text())


def name(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def read(listed: list[str], truth: str) -> dict[str, Any]:
    import verl
    from hydra import compose, initialize_config_dir
    from hydra.utils import get_class
    from omegaconf import OmegaConf
    from verl.trainer.ppo.core_algos import get_adv_estimator_fn
    from verl.trainer.ppo.reward import get_custom_reward_fn, resolve_reward_manager_cls
    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.trainer.ppo.v1 import get_trainer_cls
    from verl.utils.config import omega_conf_to_dataclass, validate_config
    from verl.utils.device import get_device_name
    from verl.workers.rollout.base import get_rollout_class

    with initialize_config_dir(os.path.join(os.path.dirname(verl.__file__), "trainer/config"), version_base=None):
        config = compose("ppo_trainer", [text for text in listed if not text.startswith("hydra.")])
    OmegaConf.resolve(config)
    validate_config(config, need_reference_policy(config), need_critic(config))
    score = get_custom_reward_fn(config)
    own = config.trainer.v1.reward_memory
    actor = omega_conf_to_dataclass(config.actor_rollout_ref.actor)
    rollout = omega_conf_to_dataclass(config.actor_rollout_ref.rollout)
    loops = {loop.name: loop._target_ for loop in OmegaConf.load(rollout.agent.agent_loop_config_path)}
    return {
        "reward": name(score.args[0]),
        "scores": [
            score(data_source="gsm8k", solution_str=text, ground_truth=truth, extra_info={})["score"]
            for text in ("#### 4", "#### 5", "#### 4*pi")
        ],
        "grading": [dict(score.args[1]), *(own[key] for key in ("isolation", "checks"))],
        "manager": name(resolve_reward_manager_cls(config)),
        "trainer": name(get_trainer_cls(config.trainer.v1.trainer_mode)),
        "estimator": name(get_adv_estimator_fn(config.algorithm.adv_estimator)),
        "agent": name(get_class(loops[rollout.agent.default_agent_loop])),
        "rollout": name(get_rollout_class(rollout.name)) if rollout.name != "vllm" else "vllm",
        "reference": need_reference_policy(config),
        "critic": need_critic(config),
        "learning_rate": actor.optim.lr,
        "weight_decay": actor.optim.weight_decay,
        "warm_up": actor.optim.lr_warmup_steps,
        "gradient_clip": actor.optim.clip_grad,
        "clip": [actor.clip_ratio, actor.clip_ratio_low, actor.clip_ratio_high],
        "clip_ratio_c": actor.clip_ratio_c,
        "loss": actor.loss_agg_mode,
        "kl": [actor.use_kl_loss, actor.kl_loss_coef, actor.kl_loss_type],
        "entropy": actor.entropy_coeff,
        "batch": [config.data.train_batch_size, actor.ppo_mini_batch_size, rollout.n],
        "lengths": [
            *(config.data.max_prompt_length, config.data.max_response_length),
            *(rollout.prompt_length, rollout.response_length),
        ],
        "longest": rollout.max_model_len,
        "temperature": [rollout.temperature, rollout.top_p],
        "validation": [rollout.val_kwargs.n, rollout.val_kwargs.do_sample, rollout.val_kwargs.temperature],
        "steps": [config.trainer.total_training_steps, config.trainer.save_freq, config.trainer.test_freq],
        "saved": list(actor.checkpoint.save_contents),
        "filter_groups": config.algorithm.filter_groups.enable,
        "engine": [rollout.name, config.trainer.device],
        "gpus": [config.trainer.nnodes, config.trainer.n_gpus_per_node, rollout.tensor_model_parallel_size],
        "memory": [
            *(rollout.gpu_memory_utilization, rollout.free_cache_engine),
            *(actor.fsdp_config.param_offload, actor.fsdp_config.optimizer_offload),
            config.actor_rollout_ref.ref.fsdp_config.param_offload,
            config.actor_rollout_ref.model.enable_gradient_checkpointing,
        ],
        "attention": config.actor_rollout_ref.model.override_config.attn_implementation,
        "reserved": [config.ray_kwargs.ray_init.num_cpus, 3 * config.trainer.n_gpus_per_node],
        "own": OmegaConf.to_container(own),
        "device": get_device_name(),
        "config": OmegaConf.to_container(config),
    }


if __name__ == "__main__":
    # its first import: it brings our plug-in in
    import verl  # noqa: F401

    asked, truth, told = sys.argv[1:]
    cases = json.loads(Path(asked).read_text())
    Path(told).write_text(json.dumps({case: read(listed, truth) for case, listed in cases.items()}))
