import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from training_settings import error_memory, validated

from reward_memory.errors import InputError
from reward_memory.jobs import scratch
from reward_memory.training import launch, merge
from reward_memory.training.overrides import Run

ACCURACIES = [0.1, 0.5, 0.5, 0.2]

#: Leaves behind what verl does, a step at a time, from its last checkpoint on. PLAN says where it goes wrong.
TRAINER = f"""#!{sys.executable}
import json, os, sys, time
from pathlib import Path

plan = json.loads(os.environ["PLAN"])
keys = dict(text.split("=", 1) for text in sys.argv[3:])
state = Path(json.loads(keys["trainer.default_local_dir"])).parent
with (state / "commands").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
(state / "open").write_text("\\n".join(os.path.realpath(file) for file in Path("/proc/self/fd").iterdir()))
(state / "temporary").write_text(os.environ["TMPDIR"])
if int(os.environ["REWARD_MEMORY_RAY_START"]) < plan.get("starts_at", 0):
    sys.exit("Exception: The current node timed out during startup. This could happen because")
tracker = state / "checkpoints/latest_checkpointed_iteration.txt"
done = int(tracker.read_text()) if tracker.exists() else 0
accuracies = {ACCURACIES}
(state / "responses").mkdir(exist_ok=True)
metrics = open(os.environ["VERL_FILE_LOGGER_PATH"], "w")
for step in range(done + 1, int(keys["trainer.total_training_steps"]) + 1):
    data = {{"reward/mean": step / 10, "val-core/gsm8k/acc/mean@1": accuracies[step - 1]}}
    metrics.write(json.dumps({{"step": step, "data": data}}) + "\\n")
    metrics.flush()
    import shutil
    shutil.copy(plan["responses"] + f"/{{step}}.parquet", state / f"responses/step_{{step:06d}}.parquet")
    if step == plan.get("dies_unsaved_at"):
        sys.exit(3)
    folder = state / f"checkpoints/global_step_{{step}}"
    (folder / "actor/huggingface").mkdir(parents=True, exist_ok=True)
    head = json.dumps({{"__metadata__": {{"step": str(step)}}}}).encode()
    (folder / "actor/huggingface/model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)
    (folder / "data.pt").touch()
    tracker.write_text(str(step))
    print(f"Training Progress:  25%|##| {{step}}/4 [00:01<00:03,  1.0s/it]", end="\\r", flush=True)
    if step == plan.get("ends_early_at"):
        sys.exit(0)
"""


def step_of(out: Path) -> str:
    """The step whose weights a training left."""
    return json.loads((out / "policy/model.safetensors").read_bytes()[8:])["__metadata__"]["step"]


@pytest.fixture
def run(tmp_path) -> Run:
    (tmp_path / "policy").mkdir()
    pd.DataFrame({"data_source": ["gsm8k"] * 3}).to_parquet(tmp_path / "valid.parquet")
    return Run(
        policy=tmp_path / "policy",
        train=tmp_path / "train.parquet",
        valid=tmp_path / "valid.parquet",
        reward_model=None,
        state=tmp_path / "state",
        seed=0,
        gpus=0,
    )


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    """Put the stand-in in verl's place; call it to say how the next attempts go."""
    program = tmp_path / "trainer"
    program.write_text(TRAINER)
    program.chmod(0o755)
    (tmp_path / "responses").mkdir()
    for step in range(1, 5):
        frame = pd.DataFrame({"step": [step] * 2, "sample": [0, 1], "text": f"text of {step}"})
        frame.to_parquet(tmp_path / f"responses/{step}.parquet")
    monkeypatch.setattr(launch.sys, "executable", str(program))

    def plan(**when) -> None:
        monkeypatch.setenv("PLAN", json.dumps({"responses": str(tmp_path / "responses"), **when}))

    plan()
    return plan


def train(run: Run, tmp_path: Path, name: str = "out", **training) -> Path:
    launch.train(validated(**training), run, "reduced", tmp_path / name, {"valid": str(run.valid)})
    return tmp_path / name


def commands(run: Run) -> list[list[str]]:
    return [json.loads(line) for line in (run.state / "commands").read_text().splitlines()]


def is_free(run: Run) -> bool:
    with (run.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_a_run_leaves_policy_history_responses_and_manifest(run, trainer, tmp_path):
    out = train(run, tmp_path)
    assert sorted(path.name for path in out.iterdir()) == [
        "history.csv",
        "manifest.json",
        "policy",
        "responses.parquet",
    ]
    assert pd.read_csv(out / "history.csv")["reward"].tolist() == [0.1, 0.2, 0.3, 0.4]
    assert pd.read_parquet(out / "responses.parquet")["step"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    assert json.loads((out / "manifest.json").read_text())["config"]["training"]["steps"] == 4


def test_the_policy_is_the_latest_of_the_best_checkpoints(run, trainer, tmp_path):
    out = train(run, tmp_path)
    assert step_of(out) == "3"
    assert json.loads((out / "manifest.json").read_text())["config"]["step"] == 3


def test_selection_last_keeps_the_last_checkpoint(run, trainer, tmp_path):
    assert step_of(train(run, tmp_path, selection="last")) == "4"


def test_shards_are_given_to_verls_merger(tmp_path, monkeypatch):
    actor, out = tmp_path / "actor", tmp_path / "out"
    (actor / "huggingface").mkdir(parents=True)
    (actor / "huggingface/config.json").write_text("{}")
    out.mkdir()
    program = tmp_path / "merger"
    program.write_text('#!/bin/sh\necho "$@" > "$9.told"\nexit 4\n')
    program.chmod(0o755)
    monkeypatch.setattr(merge.sys, "executable", str(program))
    with pytest.raises(InputError, match=r"actor: verl's merger ended with exit status 4"):
        merge.write_policy(actor, out)
    told = f"-m verl.model_merger merge --backend fsdp --local_dir {actor} --target_dir {out}"
    assert (tmp_path / "out.told").read_text().split() == told.split()


def test_an_earlier_policy_is_replaced_whole(run, trainer, tmp_path):
    (tmp_path / "out/policy").mkdir(parents=True)
    (tmp_path / "out/policy/stale").touch()
    assert [path.name for path in (train(run, tmp_path) / "policy").iterdir()] == ["model.safetensors"]


def test_verl_is_started_as_its_own_program_with_our_overrides(run, trainer, tmp_path):
    train(run, tmp_path)
    ((module, name, *listed),) = commands(run)
    assert (module, name) == ("-m", "reward_memory.training.cpu.main_ppo")
    assert "trainer.v1.trainer_mode=reward_memory" in listed
    assert "trainer.val_before_train=true" in listed
    assert "trainer.val_before_train=false" not in listed


def test_progress_is_counted_from_the_trainers_own_lines(run, trainer, tmp_path, capfd):
    train(run, tmp_path)
    out, err = capfd.readouterr()
    assert "4/4 [" in out
    assert "training steps: 4/4 (100 %)" in err


def test_a_trainer_that_fails_is_told_in_one_sentence_and_frees_the_lock(run, trainer, tmp_path):
    trainer(dies_unsaved_at=3)
    with pytest.raises(InputError) as caught:
        train(run, tmp_path)
    assert str(caught.value) == (
        "training stopped with exit status 3 after step 2 of 4: the trainer failed. Fix the cause, which this "
        "job's log shows; the saved steps are kept."
    )
    assert is_free(run)
    assert not (tmp_path / "out").exists()


def test_a_trainer_that_ends_too_early_without_an_error_is_one_too(run, trainer, tmp_path):
    trainer(ends_early_at=2)
    with pytest.raises(InputError, match="exit status 0 after step 2 of 4: the trainer ended too early"):
        train(run, tmp_path)


@pytest.mark.slow
def test_a_failed_run_goes_on_to_the_same_results(run, trainer, tmp_path):
    straight = train(run, tmp_path, "straight")
    run.state.rename(tmp_path / "done")
    for step in (2, 3):
        trainer(dies_unsaved_at=step)
        with pytest.raises(InputError):
            train(run, tmp_path)
    trainer()
    resumed = train(run, tmp_path)
    for name in ("history.csv", "responses.parquet", "policy/model.safetensors", "manifest.json"):
        assert (resumed / name).read_bytes() == (straight / name).read_bytes()
    first, second, third = commands(run)
    assert first[-1] != "trainer.val_before_train=false"  # nothing was safe before it
    assert second[-1] == third[-1] == "trainer.val_before_train=false"


def test_each_attempt_has_a_metrics_file_of_its_own(run, trainer, tmp_path):
    trainer(dies_unsaved_at=2)
    with pytest.raises(InputError):
        train(run, tmp_path)
    trainer()
    train(run, tmp_path)
    assert sorted(path.name for path in run.state.glob("metrics.*")) == ["metrics.0000.jsonl", "metrics.0001.jsonl"]


def test_a_run_whose_results_alone_are_missing_is_not_trained_again(run, trainer, tmp_path, monkeypatch):
    train(run, tmp_path)
    monkeypatch.setattr(launch.sys, "executable", "/bin/false")
    assert step_of(train(run, tmp_path, "again")) == "3"


def test_the_trainers_temporary_folder_is_its_own_and_gone_afterwards(run, trainer, tmp_path):
    train(run, tmp_path)
    (folder,) = {Path(line) for line in (run.state / "temporary").read_text().splitlines()}
    assert folder.name.startswith("rm-")
    assert len(str(folder)) <= scratch.LONGEST
    assert not folder.exists()


def checkpoint(state: Path, step: int, whole: bool = True) -> None:
    folder = state / f"checkpoints/global_step_{step}"
    (folder / "actor").mkdir(parents=True)
    if whole:
        (folder / "data.pt").touch()


def track(state: Path, text: str) -> Path:
    tracker = state / "checkpoints/latest_checkpointed_iteration.txt"
    tracker.parent.mkdir(parents=True, exist_ok=True)
    tracker.write_text(text)
    return tracker


@pytest.mark.parametrize(("text", "step"), [("12", 12), ("12\n", 12), ("", 0), (" ", 0), ("-1", 0), ("1x", 0)])
def test_the_latest_step_is_what_the_tracker_says_or_0(tmp_path, text, step):
    track(tmp_path, text)
    assert launch._latest(tmp_path) == step


def test_without_a_tracker_the_latest_step_is_0(tmp_path):
    assert launch._latest(tmp_path) == 0


def test_checkpoints_are_the_whole_ones_up_to_the_tracked_step_in_order(tmp_path):
    track(tmp_path, "10")
    for step, whole in [(10, True), (5, True), (7, False), (15, True)]:
        checkpoint(tmp_path, step, whole)
    assert [step for step, _ in launch._checkpoints(tmp_path)] == [5, 10]


def test_only_checkpoints_that_a_run_may_go_on_from_keep_their_optimizer(tmp_path):
    track(tmp_path, "15")
    for step in (5, 10, 15, 20):  # verl is still writing the last
        checkpoint(tmp_path, step)
        for name in ("optim_world_size_2_rank_1.pt", "model_world_size_2_rank_1.pt"):
            (tmp_path / f"checkpoints/global_step_{step}/actor/{name}").touch()
    launch._let_optimizers_go(tmp_path)
    kept = sorted(int(path.parts[-3].removeprefix("global_step_")) for path in tmp_path.rglob("optim_*"))
    assert kept == [10, 15, 20]
    assert len(list(tmp_path.rglob("model_*"))) == 4


def test_a_cpu_run_gets_our_platform_and_one_thread_a_process(run):
    environment = launch._environment(run, 2, Path("/scratch"))
    assert environment["VERL_USE_EXTERNAL_MODULES"] == "reward_memory.training.cpu.plugin"
    assert (environment["VERL_PLATFORM"], environment["OMP_NUM_THREADS"]) == ("cpu", "1")
    assert environment["VERL_FILE_LOGGER_PATH"] == str(run.state / "metrics.0002.jsonl")
    assert environment["REWARD_MEMORY_FORKS"] == "/scratch/forks"
    assert "REWARD_MEMORY_SOCKETS" not in environment  # gpu_patches.SOCKETS
    assert environment["PATH"] == os.environ["PATH"]


def test_a_gpu_run_gets_no_cpu_platform(run, monkeypatch):
    from dataclasses import replace

    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    # as SLURM sets both
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv("ROCR_VISIBLE_DEVICES", "0,1")
    environment = launch._environment(replace(run, gpus=2), 0, Path("/scratch"))
    assert environment["VERL_USE_EXTERNAL_MODULES"] == "reward_memory.training.verl.plugin"
    assert not {"VERL_PLATFORM", "REWARD_MEMORY_FORKS"} & set(environment)
    assert environment["REWARD_MEMORY_SOCKETS"] == "/scratch"
    assert environment["OMP_NUM_THREADS"] == "5"
    assert environment["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert "ROCR_VISIBLE_DEVICES" not in environment
    assert (environment["VLLM_NO_USAGE_STATS"], environment["VLLM_USE_V2_MODEL_RUNNER"]) == ("1", "0")
    monkeypatch.setenv("VLLM_USE_V2_MODEL_RUNNER", "1")
    assert launch._environment(replace(run, gpus=2), 0, Path("/scratch"))["VLLM_USE_V2_MODEL_RUNNER"] == "1"


@pytest.mark.parametrize("gpus", [0, 2])
def test_ray_keeps_its_workers_as_important_as_other_jobs(run, gpus):
    from dataclasses import replace

    environment = launch._environment(replace(run, gpus=gpus), 0, Path("/scratch"))
    assert environment["RAY_worker_niceness"] == "0"
    assert ("VLLM_NO_USAGE_STATS" in environment) == bool(gpus)


def test_without_vllm_a_gpu_run_ends_before_anything_starts(run, tmp_path, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(launch, "find_spec", lambda name: None)
    on_gpus = replace(run, gpus=1, state=tmp_path / "fresh")
    with pytest.raises(
        InputError, match=r"samples with vllm, which is not installed; run `pip install -e '\.\[gpu\]'`"
    ):
        train(on_gpus, tmp_path)
    assert not on_gpus.state.exists()
    launch._has_vllm(validated(verl=["actor_rollout_ref.rollout.name=sglang"]))
    monkeypatch.setattr(launch, "find_spec", lambda name: name)
    launch._has_vllm(validated())


def test_the_error_memory_is_refused_on_amds_gpus(run, tmp_path, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(launch, "find_spec", lambda name: name)
    monkeypatch.setattr("torch.version.hip", "6.4")
    with pytest.raises(InputError, match="error_memory: layer logits are not supported on AMD GPUs"):
        train(replace(run, gpus=1, error_memory=error_memory(), state=tmp_path / "fresh"), tmp_path)
    monkeypatch.setattr("torch.version.hip", None)
    launch._not_amd()


@pytest.mark.parametrize("gpus", [0, 1])
def test_no_run_reaches_for_the_network(run, gpus):
    from dataclasses import replace

    assert launch._environment(replace(run, gpus=gpus), 0, Path("/scratch"))["HF_HUB_OFFLINE"] == "1"


def test_the_trainer_inherits_the_lock(run, trainer, tmp_path):
    train(run, tmp_path)
    assert str(run.state / "lock") in (run.state / "open").read_text().splitlines()


def test_an_orphan_that_inherited_the_lock_keeps_it(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    with launch._alone(state) as lock:
        orphan = subprocess.Popen(["sleep", "60"], pass_fds=[lock])
    with (state / "lock").open("w") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        orphan.kill()
        orphan.wait()
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
