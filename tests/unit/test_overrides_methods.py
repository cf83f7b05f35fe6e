"""What the methods of docs/methods.md change of what verl is told."""

from dataclasses import replace

import pytest
from override_cases import RUN, TRAINING, told
from training_settings import error_memory

from reward_memory.config.methods import BUILT_IN

pytestmark = pytest.mark.long

REVIEWED = ("ttrl", "empo", "trapo", "nsr", "psr", "w-reinforce", "passk", "kl-cov", "clip-cov")
CASES = {
    "cpu": (TRAINING, RUN),
    **{name: (TRAINING | dict(BUILT_IN[name].training), RUN) for name in REVIEWED},
    "meds-answers": (TRAINING, replace(RUN, error_memory=error_memory(method="answers"))),
    "votes": (TRAINING | {"unlabeled_rewards": "majority", "votes": 12, "ties": "none"}, RUN),
}


@pytest.fixture(scope="module")
def effective(tmp_path_factory) -> dict[str, dict]:
    """Case -> what verl makes of its overrides."""
    return told(CASES, tmp_path_factory.mktemp("effective"))


@pytest.mark.parametrize(
    ("case", "source"), [("cpu", "predicted"), ("ttrl", "majority"), ("empo", "agreement"), ("trapo", "trapo")]
)
def test_the_trainer_is_told_where_unlabeled_rewards_come_from(effective, case, source):
    own = effective[case]["own"]
    assert (own["unlabeled_rewards"], own["ties"]) == (source, "first")
    assert own["trapo"] == {"warm_up": 8 / 15, "share": 0.1, "threshold": 0.4}
    assert own["generation_batches"] == 0


@pytest.mark.parametrize("case", ["nsr", "psr", "w-reinforce", "passk"])
def test_advantages_of_ours_are_registered_with_verl(effective, case):
    found = effective[case]
    assert found["estimator"] == f"reward_memory.training.verl.advantages.{case.replace('-', '_')}"
    algorithm = found["config"]["algorithm"]
    assert (algorithm["passk_k"], algorithm["positive_advantage_weight"]) == (4, 0.1)
    assert found["critic"] is False
    assert (found["own"]["generation_batches"], found["own"]["overlong_buffer"]) == (0, 0)


@pytest.mark.parametrize(
    ("case", "mode", "clip", "bypassed"),
    [
        ("cpu", "vanilla", [0.15, 0.15, 0.15], True),
        # its gradient is the sign of a difference that the sampler's rounding would decide
        ("kl-cov", "kl_cov", [0.15, 0.15, 0.15], False),
        ("clip-cov", "clip_cov", [1, 1, 1], True),
    ],
)
def test_losses_of_high_covariance_have_the_papers_settings(effective, case, mode, clip, bypassed):
    found = effective[case]
    loss = found["config"]["actor_rollout_ref"]["actor"]["policy_loss"]
    assert loss["loss_mode"] == mode
    assert (loss["kl_cov_ratio"], loss["ppo_kl_coef"]) == (0.002, 1.0)
    assert (loss["clip_cov_ratio"], loss["clip_cov_lb"], loss["clip_cov_ub"]) == (0.0002, 1.0, 5.0)
    assert found["clip"] == clip
    assert found["config"]["algorithm"]["rollout_correction"]["bypass_mode"] is bypassed


def test_counting_answers_needs_no_layers(effective):
    found = effective["meds-answers"]
    assert found["own"]["error_memory"]["method"] == "answers"
    assert found["config"]["algorithm"]["rollout_correction"]["bypass_mode"] is True


def test_more_responses_may_vote_than_are_trained_on(effective):
    found = effective["votes"]
    assert found["batch"] == [16, 8, 12]
    assert (found["own"]["trained_samples"], found["own"]["ties"]) == (4, "none")
    assert effective["cpu"]["own"]["trained_samples"] == 4
