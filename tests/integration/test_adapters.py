"""Low-rank adapters in the real trainer on a CPU: MEDS with layer logits, a KL term, and a resumed run."""

import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from reward_memory import data
from reward_memory.generation.engine import load
from reward_memory.policies.bootstrap.pretraining import bootstrap
from reward_memory.settings import Bootstrap, Sampling
from reward_memory.storage import parquet
from reward_memory.training.history import logged_steps
from reward_memory.training.launch import train
from reward_memory.training.overrides import Run
from reward_memory.training.rows import ROWS, verl_rows

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from training_settings import SETTINGS, error_memory, validated

GREEDY = Sampling(temperature=0.0, max_new_tokens=8)

pytestmark = pytest.mark.long
RANK = 4
TRAINING = SETTINGS | {
    "lora": {"rank": RANK, "alpha": 16, "target_modules": "all-linear"},
    "steps": 2,
    "train_batch_size": 4,
    "samples_per_query": 4,
    "learning_rate": 1e-2,
    "kl_loss_coef": 0.001,
    "max_prompt_tokens": 192,
    "max_new_tokens": 64,
    "overlong_buffer": 64,  # so that rewards differ, whatever so small a policy answers
    "selection": "last",
    "verl": ["actor_rollout_ref.rollout.calculate_log_probs=true"],  # for training/rollout_probs_diff_*
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder with the policy before training, the finished run `out` and its state."""
    folder = tmp_path_factory.mktemp("adapters")
    bootstrap(folder / "policy", Bootstrap(hidden_size=64, num_hidden_layers=2, steps=60, seed=0, benchmarks="meds"))
    queries = data.build("dapo_math_17k", "generated", {"train": 8, "valid": 4}, 0)
    for split in ("train", "valid"):
        parquet.write(verl_rows(queries[split], split), folder / f"{split}.parquet", ROWS)
    run = Run(
        policy=folder / "policy",
        train=folder / "train.parquet",
        valid=folder / "valid.parquet",
        reward_model=None,
        state=folder / "state",
        seed=0,
        gpus=0,
        error_memory=error_memory(last_layers="all"),
    )
    train(validated(TRAINING), run, "reduced", folder / "out", {})
    return folder


def weights(policy: Path) -> dict[str, torch.Tensor]:
    return AutoModelForCausalLM.from_pretrained(policy, dtype=torch.float32).state_dict()


def test_linear_layers_change_by_low_rank_and_nothing_else_changes(trained):
    before, after = weights(trained / "policy"), weights(trained / "out/policy")
    assert before.keys() == after.keys()
    for name, old in before.items():
        change = after[name] - old.bfloat16().float()
        if name.endswith("proj.weight"):
            values = torch.linalg.svdvals(change)
            assert values[0] > 0.01, name
            # what is left beyond the adapters' rank is the rounding to bfloat16
            assert values[RANK] < 0.2 * values[0], name
        else:
            assert torch.equal(after[name], old.bfloat16().float()), name


def test_nothing_of_the_adapters_is_left_beside_the_policy(trained):
    assert not list((trained / "out/policy").rglob("*adapter*"))
    messages = [{"role": "user", "content": "What is 2 + 3?"}]
    _, tokens, _ = load(trained / "out/policy", GREEDY).generate([messages], [0], GREEDY)[0]
    assert tokens > 0


def test_the_reference_is_the_policy_without_adapters(trained):
    steps = logged_steps(trained / "state")
    assert steps[1]["actor/grad_norm"] > 0
    assert steps[1]["actor/kl_loss"] == pytest.approx(0, abs=1e-6)
    assert steps[2]["actor/kl_loss"] > 1e-5


def test_what_samples_has_the_adapters_in_its_weights(trained):
    # without them its probabilities would differ as the policy's do from the reference's; rounding is 0.01 of that
    assert logged_steps(trained / "state")[2]["training/rollout_probs_diff_mean"] < 0.01


def test_layer_logits_come_out_of_adapted_layers(trained):
    steps = logged_steps(trained / "state")
    assert steps[2]["memory/points"] > 0
