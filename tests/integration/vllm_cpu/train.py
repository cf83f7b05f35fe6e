"""One training as on GPUs, with vLLM on the CPU: `python train.py FOLDER`, where settings.json says what it is."""

import json
import os
import sys
from pathlib import Path

from reward_memory.settings import ErrorMemory, Training
from reward_memory.training import launch
from reward_memory.training.cpu.fork_worker import SOCKET as FORKS
from reward_memory.training.overrides import Run

HERE = Path(__file__).parent
PLUGIN = "vllm_cpu_plugin"
ENVIRONMENT = {
    "VERL_PLATFORM": "cpu",
    "VERL_ENGINE_DEVICE": "cuda",
    "OMP_NUM_THREADS": "1",
    "RAY_worker_niceness": "0",
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB a server
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_NO_USAGE_STATS": "1",
}
FLOAT32 = "{param_dtype:fp32,reduce_dtype:fp32,buffer_dtype:fp32}"


def as_package(folder: Path) -> Path:
    """A folder for PYTHONPATH with metadata of vllm-cpu under the name "vllm", which verl asks for."""
    from importlib.metadata import version

    found = version("vllm-cpu") + "+cpu"  # by which vLLM knows its platform
    about = folder / f"vllm-{found}.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {found}\n")
    return folder


def on_a_cpu(gpus: int, dtype: str) -> list[str]:
    """What must differ from a GPU run's overrides; float32 in both engines if `dtype` is that."""
    listed = [
        "trainer.device=cpu",
        f"+ray_kwargs.ray_init.num_gpus={gpus}",
        "actor_rollout_ref.rollout.agent.num_workers=1",
        "+actor_rollout_ref.rollout.enable_sleep_mode=false",  # vLLM refuses it on a CPU, where sleep() does nothing
        "actor_rollout_ref.rollout.enable_chunked_prefill=false",  # a seeded request: CPU Generator has no offset
        "actor_rollout_ref.rollout.max_num_batched_tokens=2048",
        "actor_rollout_ref.rollout.checkpoint_engine.update_weights_bucket_megabytes=64",
        "actor_rollout_ref.rollout.calculate_log_probs=true",  # for training/rollout_probs_diff_*
        "actor_rollout_ref.actor.use_torch_compile=false",
        "actor_rollout_ref.actor.fsdp_config.use_torch_compile=false",
        "actor_rollout_ref.ref.fsdp_config.use_torch_compile=false",
    ]
    if dtype == "float32":
        listed.append("actor_rollout_ref.rollout.dtype=float32")
        for role in ("actor", "ref"):
            config = f"actor_rollout_ref.{role}.fsdp_config"
            listed += [f"{config}.dtype=float32", f"+{config}.mixed_precision={FLOAT32}"]
    return listed


def main(folder: Path) -> None:
    settings = json.loads((folder / "settings.json").read_text())
    paths = [str(HERE), str(as_package(folder / "packages")), os.environ.get("PYTHONPATH", "")]
    os.environ |= ENVIRONMENT | settings["environment"] | {"PYTHONPATH": os.pathsep.join(paths)}
    launch.PLUGIN = PLUGIN
    # verl's main_ppo all the same, but Ray's workers are forked: to import verl and vLLM takes longer than to train
    launch.TRAINER = launch.CPU_TRAINER
    of_gpus = launch._environment
    launch._environment = lambda run, attempt, scratch: of_gpus(run, attempt, scratch) | {FORKS: f"{scratch}/forks"}
    run = settings["run"]
    training = Training.model_validate(settings["training"] | {"verl": on_a_cpu(run["gpus"], settings["dtype"])})
    if "error_memory" in run:
        run["error_memory"] = ErrorMemory.model_validate(run["error_memory"])
    for name in ("policy", "train", "valid", "reward_model"):
        run[name] = Path(run[name]) if run.get(name) else None
    launch.train(training, Run(state=folder / "state", **run), "reduced", folder / "out", {})


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
