"""The parts of perf/gpu_smoke.py that need neither GPU nor vLLM."""

import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "perf"))

from smoke import after, before, shared, table  # noqa: E402  of perf/
from smoke.table import Row  # noqa: E402


@pytest.fixture
def smoke(tmp_path) -> shared.Smoke:
    """Two trained arms of a tiny policy."""
    found = shared.Smoke(tmp_path)
    for policy in ("tiny", "tiny-math"):
        (found.results / "policies" / policy).mkdir(parents=True)
        (found.results / "policies" / policy / "config.json").write_text(
            '{"num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 192, "num_attention_heads": 2,'
            ' "num_key_value_heads": 1, "vocab_size": 600, "tie_word_embeddings": true, "model_type": "qwen2"}'
        )
    return found


def step(far: float = 1e-6, alike: float = 1.0) -> dict[str, float]:
    return {
        "training/rollout_probs_diff_max": far,
        "training/rollout_actor_probs_pearson_corr": alike,
        "perf/max_memory_allocated_gb": 1.0,
        "perf/total_num_tokens": 1000,
        "timing_s/update_actor": 2.0,
    }


def fails(given):
    yield Row("b", "first", 1)
    raise ValueError("torn\nand more")


def hangs(given):
    yield Row("c", "first", 1)
    time.sleep(30)


def test_a_part_that_fails_hangs_or_has_nothing_leaves_a_line_and_the_next_one_runs(capsys):
    stages = {
        "a": (lambda given: iter([Row("a", "what", given, "2", True)]), 9),
        "b": (fails, 9),
        "c": (hangs, 1),
        "d": (lambda given: iter([]), 9),
        "e": (lambda given: iter([Row("e", "last", "yes")]), 9),
    }
    start = time.monotonic()
    rows = table.run(2.0, stages, patience=0.3)
    assert time.monotonic() - start < 10
    assert [(row.stage, row.ok) for row in rows] == [
        *[("a", True), ("b", None), ("b", False), ("c", None), ("c", False), ("d", False), ("e", None)]
    ]
    assert "ValueError: torn" in rows[2].what
    assert "more" not in rows[2].what
    assert "too long" in rows[4].what
    said = capsys.readouterr().out.splitlines()
    assert len(said) == len(rows)
    assert said[2].endswith("NO")
    assert said[0].split()[-2:] == ["2", "yes"]


@pytest.mark.parametrize(
    ("arm", "gpu", "far", "alike", "good"),
    [
        ("r1-p", None, 3e-6, 1.0, [True, True]),
        ("r1-p", "NVIDIA H200", 0.003, 1.0, [True, True]),  # seen there: its kernels round more than a CPU's
        ("r1-p", "NVIDIA H200", 0.05, 1.0, [False, True]),
        ("r1-p", None, 2e-4, 1.0, [False, True]),  # as far as bfloat16 would be, where both compute in float32
        ("memreward", None, 0.04, 0.999, [True, True]),
        ("memreward", None, 0.9, 0.999, [False, True]),
        ("meds", None, 0.01, 0.3, [True, False]),
        ("meds", None, float("nan"), float("nan"), [False, False]),  # verl's values where there is nothing to compare
    ],
)
def test_weights_that_did_not_reach_vllm_are_told(smoke, arm, gpu, far, alike, good):
    smoke.gpu = gpu
    smoke.steps[arm] = [step(), step(far, alike)]
    assert [row.ok for row in after.transfer(smoke)] == good


def test_the_peak_is_held_against_the_arithmetic(smoke, monkeypatch):
    monkeypatch.setattr(after, "nvidia_smi", lambda what: {"memory.total": "81559"}[what])  # MiB of an H100
    smoke.gpu, smoke.steps = "NVIDIA H100 80GB HBM3", {"r1-p": [step(), step()]}
    held = {}
    for used in (20.0, 79.0):
        smoke.peak = {"r1-p": used}
        held[used], allocated = list(after.memory(smoke))
        assert allocated.value == pytest.approx(1.0737, abs=1e-3)  # verl counts in GiB
    assert held[20.0].ok
    assert "sampling" in held[20.0].what  # half of the card is vLLM's, and a tiny policy needs next to nothing
    assert 45 < float(held[20.0].asked.split()[0]) < 50
    assert not held[79.0].ok


@pytest.mark.parametrize(
    ("gpu", "device"), [(None, "one thread"), ("NVIDIA A100-SXM4-80GB", "A100"), ("NVIDIA GeForce RTX 4090", "H100")]
)
def test_the_cost_model_is_that_of_the_card(smoke, gpu, device):
    smoke.gpu, smoke.steps = gpu, {"meds": [step(), step(), step()]}
    named, trained = after.speed(smoke)
    assert device in named.value
    assert trained.value == 500  # tokens a second of the steps after the first
    assert "cost model" in trained.what


def test_an_arm_without_two_steps_has_no_speed_and_the_next_one_has(smoke):
    smoke.steps = {"r1-p": [], "memreward": [step()], "meds": [step(), step()]}
    _, trained = after.speed(smoke)
    assert trained.what.startswith("meds")


def test_an_old_driver_and_an_old_card_are_told(smoke, monkeypatch):
    told = {"driver_version": "570.86.15", "compute_cap": "7.0", "memory.total": "32768"}
    monkeypatch.setattr(before, "nvidia_smi", told.get)
    smoke.gpu = "Tesla V100-SXM2-32GB"
    bad = {row.what for row in before.environment(smoke) if row.ok is False}
    assert {"driver", "compute capability", "torch sees the GPU"} <= bad


def test_arms_are_trained_for_three_steps_and_meds_has_its_memory(smoke):
    for arm in shared.ARMS:
        training, memory = smoke.settings(arm)
        assert (training.steps, training.save_freq) == (3, 3)
        assert (memory is not None) == (arm == "meds")
