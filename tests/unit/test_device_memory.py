"""The arithmetic of GPU memory beside what was counted, and what a configuration that does not fit is told."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from override_cases import RUN
from training_settings import validated

from reward_memory.config import loading
from reward_memory.cost import memory, sizes
from reward_memory.errors import InputError
from reward_memory.policies.size import Size
from reward_memory.training.device_memory import CHUNK, FIXED, GB, Pass, activations, required_bytes
from reward_memory.training.overrides import overrides

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "config/paper.yaml"
KNOWN = sizes.read(ROOT / "reference/policies.csv")
B3, M7, Q8 = (KNOWN[f"Qwen/{name}"] for name in ("Qwen2.5-3B-Instruct", "Qwen2.5-Math-7B", "Qwen3-8B"))
#: What perf/device_memory.py counts (2026-11-28, torch 2.13.0, transformers 5.10.4), in GB: policy, tokens, gradient,
#: packed, checkpoints. verl without our patches needs as much for log-probabilities, and more for gradients.
COUNTED = [
    (B3, 32 * 2048, False, False, True, 139.4),
    (B3, 32 * 2048, True, False, True, 90.4),
    (B3, 8 * 2048, False, False, True, 34.9),
    (B3, 8 * 2048, True, False, True, 22.6),
    (M7, 4 * 4096, False, False, True, 34.9),
    (M7, 4 * 4096, True, False, True, 23.7),
    (M7, 2 * 4096, True, True, True, 10.0),
    (Q8, 4 * 4096, False, False, True, 34.9),
    (Q8, 4 * 4096, True, False, True, 25.3),
    (Q8, 2 * 4096, False, True, True, 5.0),
    (Q8, 2 * 4096, True, True, True, 10.8),
    (B3, 8 * 2048, True, False, False, 93.9),
    (Q8, 2 * 4096, True, True, False, 66.4),
]


@pytest.fixture
def paper() -> dict:
    return yaml.safe_load(PAPER.read_text())


@pytest.fixture
def check():
    """Check a configuration, given as it is written."""

    def check(config: dict) -> None:
        loaded = loading.load(copy.deepcopy(config), "c.yaml")
        memory.check(loaded, ROOT / "reference", "c.yaml")

    return check


@pytest.mark.parametrize(("size", "tokens", "gradient", "packed", "checkpoints", "counted"), COUNTED)
def test_activations_are_those_that_were_counted(size, tokens, gradient, packed, checkpoints, counted):
    assert activations(size, Pass(tokens, packed, checkpoints), gradient) / GB == pytest.approx(counted, rel=0.055)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("gradient", [False, True])
def test_a_pass_of_a_small_policy_is_counted_as_it_is_by_arithmetic(gradient, packed, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "perf")
    import device_memory

    small = Size(2, 64, 128, 2, 1, 32, 20_000, True, True, False)
    counted = device_memory.peak(small, 4, CHUNK, gradient, packed, checkpoints=True)
    assert activations(small, Pass(4 * CHUNK, packed, True), gradient) == pytest.approx(counted, rel=0.08)


def test_the_entropy_that_is_counted_is_the_entropy(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "perf")
    import device_memory

    logits = torch.randn(5, 300, generator=torch.Generator().manual_seed(0)).bfloat16()
    wanted = torch.distributions.Categorical(logits=logits.float()).entropy()
    torch.testing.assert_close(device_memory.entropy(logits), wanted, atol=1e-5, rtol=0)


def test_adamw_needs_another_copy_of_the_moments_where_passes_are_small():
    """On an H200 torch had allocated 61.8 GB in the first step of 3.086 billion weights."""
    small = validated(max_prompt_tokens=32, max_new_tokens=32, ppo_micro_batch_size_per_gpu=1)
    for gpus in (1, 4):
        step = required_bytes(B3, small, gpus, 80 * GB)["a gradient step"]
        assert step == pytest.approx(20 * B3.parameters / gpus + FIXED)


def test_the_shares_of_a_run_add_up():
    lengths = {"max_prompt_tokens": 1024, "max_new_tokens": 1024}
    training = validated(**lengths, ppo_micro_batch_size_per_gpu=8, train_batch_size=128, samples_per_query=8)
    found = required_bytes(B3, training, 4, 80 * GB)
    weights, embedding = 4 * B3.parameters / 4, B3.vocabulary * B3.hidden
    gathered = 2 * embedding + 4 * (B3.parameters - embedding) / B3.layers  # two layers in bfloat16
    micro = Pass(8 * 2048, False, True)
    step = 4 * weights + 2 * gathered + activations(B3, micro, True) + FIXED
    assert found["a gradient step"] == pytest.approx(step, rel=1e-6)
    assert found["log-probabilities"] == pytest.approx(
        3 * weights + gathered + activations(B3, micro, False) + FIXED, rel=1e-6
    )
    assert found["sampling"] == pytest.approx(40 * GB + 3 * weights + FIXED)


@pytest.mark.parametrize(
    ("changes", "phase", "less"),
    [
        ({"offload": "optimizer"}, "sampling", 2),
        ({"offload": "all"}, "sampling", 3),
        ({"offload": "optimizer"}, "log-probabilities", 2),
        ({"offload": "all"}, "log-probabilities", 2),
        ({"offload": "all"}, "a gradient step", 0),
    ],
)
def test_what_is_offloaded_comes_back_for_a_gradient_step(changes, phase, less):
    """In shares of 4 bytes a weight."""
    before, after = required_bytes(B3, validated(), 2, 80 * GB), required_bytes(B3, validated(**changes), 2, 80 * GB)
    assert before[phase] - after[phase] == pytest.approx(less * 4 * B3.parameters / 2)


def test_adapters_need_neither_gradients_nor_moments_of_the_weights():
    lora = {"rank": 32, "alpha": 64, "target_modules": "all-linear"}
    long = {"max_prompt_tokens": 1024, "max_new_tokens": 1024, "ppo_micro_batch_size_per_gpu": 8}
    before, after = (
        required_bytes(B3, validated(**long), 1, 80 * GB),
        required_bytes(B3, validated(**long, lora=lora), 1, 80 * GB),
    )
    spared = (before["a gradient step"] - after["a gradient step"]) / GB
    assert 12 * B3.parameters / GB - 1 < spared < 12 * B3.parameters / GB


def test_a_vllm_that_does_not_sleep_keeps_its_share():
    before, after = (required_bytes(B3, validated(free_cache_engine=sleep), 4, 80 * GB) for sleep in (True, False))
    assert after["a gradient step"] - before["a gradient step"] == pytest.approx(40 * GB)


def test_the_papers_runs_fit_80_gb(paper, check):
    check(paper)
    assert paper["resources"]["train_policy"]["gpu_memory_gb"] == 80
    loaded = loading.load(paper, "c.yaml")
    found = {run.policy: run.worst[1] for run in memory.runs(loaded, ROOT / "reference")}
    assert found.keys() == paper["policies"].keys()
    assert all(gigabytes < 60 for gigabytes in found.values())


@pytest.mark.parametrize(
    ("section", "changes", "told"),
    [
        (
            "training",
            {"ppo_micro_batch_size_per_gpu": 32},
            "c.yaml: training: log-probabilities of qwen2.5-3b would need 155 GB on each of 4 GPUs, and resources: "
            "train_policy: gpu_memory_gb is 80; set ppo_micro_batch_size_per_gpu: 8.",
        ),
        (
            "training",
            {"enable_gradient_checkpointing": False, "ppo_micro_batch_size_per_gpu": 1, "max_new_tokens": 20000},
            "143 GB on each of 4 GPUs, and resources: train_policy: gpu_memory_gb is 80; set "
            "enable_gradient_checkpointing: true.",
        ),
        ("meds", {"ppo_max_token_len_per_gpu": 131072}, "ppo_max_token_len_per_gpu: 32768."),
        (
            "meds",
            {"use_remove_padding": False},
            "c.yaml: suites: meds: training: ppo_max_token_len_per_gpu: without use_remove_padding: true one",
        ),
        ("training", {"gpu_memory_utilization": 0.9}, "c.yaml: training: sampling of qwen2.5-3b would need 86 GB"),
    ],
)
def test_a_run_that_does_not_fit_is_told_what_would(paper, check, section, changes, told):
    (paper["suites"]["meds"]["training"] if section == "meds" else paper["training"]).update(changes)
    with pytest.raises(InputError) as caught:
        check(paper)
    assert told in str(caught.value)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(("shared_by", "memory"), [(1, 32), (2, 16)])
def test_vllm_must_hold_the_policy(paper, check, shared_by, memory):
    paper["suites"]["meds"]["training"]["tensor_model_parallel_size"] = shared_by
    paper["resources"]["train_policy"]["per_policy"]["qwen3-8b"]["gpu_memory_gb"] = memory
    with pytest.raises(InputError, match=r"vLLM's 16 GB cannot hold qwen3-8b, 16 GB in bfloat16, and responses; raise"):
        check(paper)


def test_what_is_suggested_fits(paper, check):
    paper["training"]["ppo_micro_batch_size_per_gpu"] = 8
    check(paper)


def test_a_policys_own_gpus_count(paper, check):
    paper["resources"]["train_policy"]["per_policy"]["qwen3-8b"]["gpu_memory_gb"] = 34
    with pytest.raises(InputError, match=r"of qwen3-8b would need \d+ GB on each of 8 GPUs, .* gpu_memory_gb is 34"):
        check(paper)


@pytest.mark.parametrize("resources", [{"gpu": 1}, {"gpu": 0, "gpu_memory_gb": 8}])
def test_without_gpus_or_their_memory_nothing_is_checked(paper, check, resources):
    paper["resources"]["train_policy"] = resources
    paper["training"]["ppo_micro_batch_size_per_gpu"] = 1024
    check(paper)


def test_the_plan_names_the_most_demanding_run_of_each_policy(paper):
    loaded = loading.load(paper, "c.yaml")
    told = memory.summary(loaded, ROOT / "reference")
    assert told.startswith(
        "GPU memory of training, by arithmetic (docs/gpu_memory.md): qwen2.5-3b 54 of 80 GB (sampling), "
    )
    assert told.count("qwen3-8b") == 1
    loaded = loading.load(paper | {"resources": {"train_policy": {"gpu": 1}}}, "c.yaml")
    assert memory.summary(loaded, ROOT / "reference") is None


def test_the_papers_micro_batches_and_graphs_are_what_verl_is_told(paper):
    """MemReward's are of 8 responses and padded; MEDS' are filled with tokens and packed."""
    loaded = loading.load(paper, "c.yaml")
    for run in memory.runs(loaded, ROOT / "reference"):
        listed = overrides(run.training, replace(RUN, gpus=run.gpus, policy=Path("/p")), "reduced", Path("/tmp/rm"))
        keys = dict(text.split("=", 1) for text in listed)
        own = "actor_rollout_ref."
        packed = keys[f"{own}model.use_remove_padding"], keys[f"{own}actor.use_dynamic_bsz"]
        if run.section == "suites: meds: ":
            assert packed == ("true", "true")
            assert keys[f"{own}actor.ppo_max_token_len_per_gpu"] == "8192"
        else:
            assert packed == ("false", "false")
            assert {keys[key] for key in keys if "micro_batch_size_per_gpu" in key} == {"8"}
        assert keys[f"{own}rollout.enforce_eager"] == "false"
