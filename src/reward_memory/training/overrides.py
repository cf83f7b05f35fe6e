"""Translate our configuration to verl's: the list of Hydra overrides for main_ppo."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reward_memory.error_memory.clusters import ANSWERS
from reward_memory.errors import InputError
from reward_memory.settings import ErrorMemory, Section, Training
from reward_memory.settings.training import Lora

from .objectives.predicted import Fitted, FromPrediction
from .trackers import UNTRACKED, Trackers

VERL = Path(__file__).parent / "verl"
#: Keys that verl's section policy_loss and the section training have in common.
POLICY_LOSS = ("loss_mode", "clip_cov_ratio", "clip_cov_lb", "clip_cov_ub", "kl_cov_ratio", "ppo_kl_coef")
#: MiB that verl sends to vLLM at once; a larger weight would take another code path, which was never run.
BUCKET = 2048
#: Agent loop manager that runs in the trainer's process.
CPU_LOOPS = "reward_memory.training.cpu.agent_loops.BatchedAgentLoops"

#: verl 0.9.1 on one CPU: FSDP2 in float32 over gloo, one logical device, nothing compiled.
CPU = {
    "trainer.device": "cpu",
    "trainer.nnodes": 1,
    "trainer.n_gpus_per_node": 1,
    "+ray_kwargs.ray_init.num_gpus": 1,
    "ray_kwargs.ray_init.num_cpus": 16,  # logical: each of verl's actors requests one, whatever the machine has
    "actor_rollout_ref.rollout.name": "transformers",
    "actor_rollout_ref.rollout.tensor_model_parallel_size": 1,
    "actor_rollout_ref.rollout.free_cache_engine": False,
    "actor_rollout_ref.rollout.enforce_eager": True,
    "+actor_rollout_ref.rollout.agent.agent_loop_manager_class": CPU_LOOPS,
    # all rows passed to verl fit (training.prompts) and CPU_LOOPS rejects others; verl's filter hashes its tokenizer
    "data.filter_overlong_prompts": False,
    "actor_rollout_ref.model.use_remove_padding": False,
    "actor_rollout_ref.model.enable_gradient_checkpointing": False,
    # the complete policy in float32 at every checkpoint: verl's merger, which GPU runs need, rounds to bfloat16
    "actor_rollout_ref.actor.checkpoint.save_contents": "[model,optimizer,extra,hf_model]",
    "actor_rollout_ref.actor.use_torch_compile": False,
    "actor_rollout_ref.actor.fsdp_config.use_torch_compile": False,
    "actor_rollout_ref.actor.fsdp_config.dtype": "float32",
    "+actor_rollout_ref.actor.fsdp_config.mixed_precision": "{param_dtype:fp32,reduce_dtype:fp32,buffer_dtype:fp32}",
    "actor_rollout_ref.ref.fsdp_config.use_torch_compile": False,
    "actor_rollout_ref.ref.fsdp_config.dtype": "float32",
    "+actor_rollout_ref.ref.fsdp_config.mixed_precision": "{param_dtype:fp32,reduce_dtype:fp32,buffer_dtype:fp32}",
    "+actor_rollout_ref.model.override_config.attn_implementation": "sdpa",
    "actor_rollout_ref.rollout.load_format": "auto",
    # the server's log-probabilities equal the actor's to 1e-6 here, so the actor need not recompute them
    "algorithm.rollout_correction.bypass_mode": True,
    "actor_rollout_ref.rollout.calculate_log_probs": True,
    "actor_rollout_ref.actor.calculate_entropy": True,
}


@dataclass(frozen=True, slots=True)
class Run:
    """The files and counts of one training run.

    policy        Hugging Face folder of the initial policy
    train, valid  parquet files in verl's row format (training.rows)
    reward_model  folder of the frozen reward model, None if every training row has its ground truth
    state         folder of checkpoints, metrics and rewarded responses
    gpus, nodes   GPUs of the complete run, 0 on the CPU, and the machines that share them evenly
    checks        how answers to math and choice questions are checked, as in verifiers.Grader
    error_memory  None to train without one
    predicted_rewards  None if no reward is predicted
    fitted        data for refitting the reward model, None if it stays frozen
    trackers      where metrics are sent; no result depends on them
    """

    policy: Path
    train: Path
    valid: Path
    reward_model: Path | None
    state: Path
    seed: int
    gpus: int
    nodes: int = 1
    threads: int = 1
    checks: str = "exact"
    error_memory: ErrorMemory | None = None
    predicted_rewards: FromPrediction | None = None
    fitted: Fitted | None = None
    trackers: Trackers = UNTRACKED


def overrides(training: Training, run: Run, isolation: str, scratch: Path) -> list[str]:
    """Hydra overrides of `verl.trainer.main_ppo` for one GRPO run (MemReward, section 4; verl 0.9.1's keys).

    training   its max_prompt_tokens must be a number
    isolation  of the code sandbox: bubblewrap | reduced
    scratch    a short path for Ray's sockets (a Unix socket's path has at most 107 characters)

    InputError if the responses of a gradient step, or the GPUs, cannot be divided evenly.
    """
    answers = training.max_new_tokens
    mini_batch = training.ppo_mini_batch_size or training.train_batch_size
    responses, devices = mini_batch * training.samples_per_query, max(run.gpus, 1)
    if responses % devices:
        raise InputError(
            f"training: {mini_batch} queries with {training.samples_per_query} samples make {responses} responses "
            f"per gradient step, which do not divide evenly among {devices} GPUs; change train_batch_size, "
            "ppo_mini_batch_size or samples_per_query."
        )
    micro = micro_batch_size(training, run.gpus)
    keys: dict[str, Any] = {
        "algorithm.adv_estimator": training.adv_estimator,
        "+algorithm.passk_k": training.passk_k,
        "+algorithm.positive_advantage_weight": training.positive_advantage_weight,
        "algorithm.use_kl_in_reward": False,
        "algorithm.filter_groups.enable": False,  # our trainer's dynamic sampling knows the rewards, and is bounded
        "data.train_files": run.train,
        "data.val_files": run.valid,
        "data.train_batch_size": training.train_batch_size,
        "data.validation_shuffle": False,
        "data.seed": run.seed,
        "data.max_prompt_length": training.max_prompt_tokens,
        "data.max_response_length": answers,
        "data.filter_overlong_prompts": True,
        "data.filter_overlong_prompts_workers": 1,
        "data.truncation": "error",
        "data.dataloader_num_workers": 0,
        "actor_rollout_ref.model.path": run.policy,
        "actor_rollout_ref.actor.strategy": "fsdp2",
        "actor_rollout_ref.actor.optim.lr": training.learning_rate,
        "actor_rollout_ref.actor.optim.weight_decay": training.weight_decay,
        "actor_rollout_ref.actor.ppo_mini_batch_size": mini_batch,
        "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu": micro,
        # the loss reads the two bounds; `clip_ratio` counts only if they are null, which is not verl's default
        "actor_rollout_ref.actor.clip_ratio": training.clip_ratio_low,
        "actor_rollout_ref.actor.clip_ratio_low": training.clip_ratio_low,
        "actor_rollout_ref.actor.clip_ratio_high": training.clip_ratio_high or training.clip_ratio_low,
        "actor_rollout_ref.actor.clip_ratio_c": training.clip_ratio_c,
        **{f"actor_rollout_ref.actor.policy_loss.{name}": getattr(training, name) for name in POLICY_LOSS},
        "actor_rollout_ref.actor.loss_agg_mode": training.loss_agg_mode,
        "actor_rollout_ref.actor.optim.lr_warmup_steps": training.lr_warmup_steps,
        "actor_rollout_ref.actor.use_kl_loss": training.kl_loss_coef > 0,
        "actor_rollout_ref.actor.kl_loss_coef": training.kl_loss_coef,
        "actor_rollout_ref.actor.kl_loss_type": "low_var_kl",
        "actor_rollout_ref.actor.entropy_coeff": 0,
        "actor_rollout_ref.ref.strategy": "fsdp2",
        "actor_rollout_ref.ref.log_prob_micro_batch_size_per_gpu": micro,
        "actor_rollout_ref.rollout.n": training.votes or training.samples_per_query,
        "actor_rollout_ref.rollout.seed": run.seed,
        "actor_rollout_ref.rollout.temperature": training.temperature,
        "actor_rollout_ref.rollout.top_p": 1.0,
        "actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu": micro,
        "actor_rollout_ref.rollout.calculate_log_probs": False,
        "actor_rollout_ref.rollout.agent.default_agent_loop": "reward_memory",
        "actor_rollout_ref.rollout.agent.agent_loop_config_path": VERL / "agent_loop.yaml",
        "actor_rollout_ref.rollout.val_kwargs.n": training.validation_samples,
        "actor_rollout_ref.rollout.val_kwargs.do_sample": training.validation_temperature > 0,
        "actor_rollout_ref.rollout.val_kwargs.temperature": training.validation_temperature,
        "actor_rollout_ref.rollout.val_kwargs.top_p": 1.0,
        "reward.num_workers": 0,  # the agent loop calls the reward function itself
        "reward.reward_manager.name": "naive",
        "reward.custom_reward_function.path": VERL / "reward_function.py",
        "reward.custom_reward_function.name": "compute_score",
        "+reward.custom_reward_function.reward_kwargs.isolation": isolation,
        "+reward.custom_reward_function.reward_kwargs.checks": run.checks,
        "trainer.v1.trainer_mode": "reward_memory",
        "+trainer.v1.reward_memory.reward_model": run.reward_model,
        "+trainer.v1.reward_memory.responses": run.state / "responses",
        "+trainer.v1.reward_memory.isolation": isolation,
        "+trainer.v1.reward_memory.checks": run.checks,
        "+trainer.v1.reward_memory.poll_interval": 0.2,
        "+trainer.v1.reward_memory.generation_batches": training.max_num_gen_batches,
        "+trainer.v1.reward_memory.overlong_buffer": training.overlong_buffer,
        "+trainer.v1.reward_memory.overlong_factor": training.overlong_factor,
        "+trainer.v1.reward_memory.entropy_bonus": training.entropy_bonus,
        "+trainer.v1.reward_memory.unlabeled_rewards": training.unlabeled_rewards,
        "+trainer.v1.reward_memory.ties": training.ties,
        "+trainer.v1.reward_memory.predicted_rewards": run.predicted_rewards,
        "+trainer.v1.reward_memory.fitted": None if run.fitted is None else asdict(run.fitted),
        "+trainer.v1.reward_memory.trained_samples": training.samples_per_query,
        **{
            f"+trainer.v1.reward_memory.trapo.{name}": getattr(training, f"trapo_{name}")
            for name in ("warm_up", "share", "threshold")
        },
        "+trainer.v1.reward_memory.error_memory": run.error_memory,
        "+trainer.v1.reward_memory.error_memory_folder": run.state / "error_memory",
        "+trainer.v1.reward_memory.workers": max(1, run.threads),
        "trainer.logger": f"[{','.join(run.trackers.loggers)}]",
        "trainer.project_name": "reward-memory",
        "trainer.experiment_name": Path(run.trackers.name or run.state.name),  # quoted: a hash may be all digits
        "trainer.total_training_steps": training.steps,
        "trainer.total_epochs": training.steps,
        "trainer.save_freq": training.save_freq,
        "trainer.test_freq": training.test_freq,
        "trainer.val_before_train": True,
        "trainer.resume_mode": "auto",
        "trainer.default_local_dir": run.state / "checkpoints",
        "transfer_queue.backend.SimpleStorage.num_data_storage_units": 1,
        "+ray_kwargs.ray_init.include_dashboard": False,
        "+ray_kwargs.ray_init._temp_dir": scratch,
        "hydra.run.dir": run.state / "hydra",
        "hydra.output_subdir": "null",
        **(_gpu(training, run) if run.gpus else CPU),
    }
    keys |= _adapters(training.lora)
    if needs_actor_pass(training, run.error_memory):
        keys |= {
            "algorithm.rollout_correction.bypass_mode": False,
            "actor_rollout_ref.rollout.calculate_log_probs": False,
        }
    listed = [f"{key}={_value(value)}" for key, value in keys.items()]
    return listed + list(training.verl)


def _gpu(training: Training, run: Run) -> dict[str, Any]:
    """Keys for GPUs: vLLM samples, FSDP2 trains in bfloat16; verl's merger later merges the selected checkpoint."""
    per_node, group = run.gpus // run.nodes, training.tensor_model_parallel_size
    if run.gpus % run.nodes or per_node % group:
        raise InputError(
            f"training: tensor_model_parallel_size: {group} does not divide the {per_node} GPUs of each of {run.nodes} "
            "nodes; change it, or gpu and nodes in the section resources."
        )
    longest, token_limit = training.max_prompt_tokens + training.max_new_tokens, training.ppo_max_token_len_per_gpu
    if token_limit is not None and token_limit < longest:
        raise InputError(
            f"training: ppo_max_token_len_per_gpu: {token_limit} is less than max_prompt_tokens and max_new_tokens "
            f"together, {longest}."
        )
    keys = {
        "trainer.device": "cuda",
        "trainer.nnodes": run.nodes,
        "trainer.n_gpus_per_node": per_node,
        # logical, as on the CPU: verl reserves three per GPU, and more for its queues and agent loops
        "ray_kwargs.ray_init.num_cpus": 16 + 4 * per_node,
        "actor_rollout_ref.rollout.name": "vllm",
        "actor_rollout_ref.rollout.tensor_model_parallel_size": group,
        "actor_rollout_ref.rollout.gpu_memory_utilization": training.gpu_memory_utilization,
        "actor_rollout_ref.rollout.free_cache_engine": training.free_cache_engine,
        "actor_rollout_ref.rollout.enforce_eager": training.enforce_eager,
        # verl rejects more than the policy supports; if unset, responses would be cut there
        "actor_rollout_ref.rollout.max_model_len": longest,
        "actor_rollout_ref.rollout.agent.num_workers": 8,
        "actor_rollout_ref.model.enable_gradient_checkpointing": training.enable_gradient_checkpointing,
        "actor_rollout_ref.model.use_remove_padding": training.use_remove_padding,
        "+actor_rollout_ref.model.override_config.attn_implementation": training.attn_implementation,
        "actor_rollout_ref.actor.fsdp_config.dtype": "bfloat16",
        "actor_rollout_ref.actor.fsdp_config.param_offload": training.offload == "all",
        "actor_rollout_ref.actor.fsdp_config.optimizer_offload": training.offload != "none",
        "actor_rollout_ref.ref.fsdp_config.param_offload": training.offload == "all",
        "actor_rollout_ref.actor.use_dynamic_bsz": token_limit is not None,
        "actor_rollout_ref.actor.checkpoint.save_contents": "[model,optimizer,extra]",
    }
    if token_limit is not None:
        keys["actor_rollout_ref.actor.ppo_max_token_len_per_gpu"] = token_limit
    policy = _policy(run.policy)
    if (bucket := -(-policy.get("vocab_size", 0) * policy.get("hidden_size", 0) * 4 // 2**20)) > BUCKET:
        keys["actor_rollout_ref.rollout.checkpoint_engine.update_weights_bucket_megabytes"] = bucket
    if "bfloat16" in (policy.get("dtype"), policy.get("torch_dtype")):
        # it stays in host memory whatever `offload` says; bfloat16 halves that and does not change the numbers
        keys["actor_rollout_ref.ref.fsdp_config.model_dtype"] = "bfloat16"
    return keys


def needs_actor_pass(training: Training, error_memory: ErrorMemory | None) -> bool:
    """Whether a run needs the actor's own pass over sampled responses, which bypass mode skips.

    It gives layer logits and entropies. kl_cov needs it because its gradient is the sign of a difference to the old
    log-probabilities, and the sampler's differ from the actor's in the last bits.
    """
    reads_layers = error_memory is not None and error_memory.method != ANSWERS
    return reads_layers or training.entropy_bonus is not None or training.loss_mode == "kl_cov"


def _policy(folder: Path) -> dict[str, Any]:
    """The policy's config.json; empty if it cannot be read, which loading the policy will report."""
    try:
        content = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _adapters(lora: Lora | None) -> dict[str, Any]:
    """Keys for low-rank adapters; vLLM gets them merged into the weights, and so does the final policy."""
    if lora is None:
        return {}
    modules = lora.target_modules
    return {
        "actor_rollout_ref.model.lora_rank": lora.rank,
        "actor_rollout_ref.model.lora_alpha": lora.alpha,
        "actor_rollout_ref.model.target_modules": modules if isinstance(modules, str) else f"[{','.join(modules)}]",
        "actor_rollout_ref.model.lora.merge": True,
        # only shards, on the CPU too: it takes verl's merger to separate the adapters
        "actor_rollout_ref.actor.checkpoint.save_contents": "[model,optimizer,extra]",
        # verl rounds merged weights to bfloat16, so the actor's own probabilities are needed on the CPU too
        "algorithm.rollout_correction.bypass_mode": False,
        "actor_rollout_ref.rollout.calculate_log_probs": False,
    }


def micro_batch_size(training: Training, gpus: int) -> int:
    """Responses that a device computes at once: at most the setting, and a divisor of its share of a gradient step."""
    responses = (training.ppo_mini_batch_size or training.train_batch_size) * training.samples_per_query
    return _divisor(responses // max(gpus, 1), training.ppo_micro_batch_size_per_gpu)


def _divisor(number: int, limit: int) -> int:
    """Largest divisor of `number` that is at most `limit`: verl splits a batch into equal micro-batches."""
    return max(part for part in range(1, min(number, limit) + 1) if number % part == 0)


def _value(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, Section):
        value = value.model_dump()
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_value(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_value, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Path):
        # quoted: Hydra would end the value at a space, and read a name of digits as a number
        return '"' + str(value).replace('"', '\\"') + '"'
    return str(value)
