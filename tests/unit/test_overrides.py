from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from override_cases import RUN, TRAINING, told
from training_settings import error_memory, validated

from reward_memory.config.loading import load
from reward_memory.config.verl_choices import CHOICES
from reward_memory.errors import InputError
from reward_memory.training.overrides import overrides

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MEDS = {
    "clip_ratio_low": 0.2,
    "clip_ratio_high": 0.28,
    "clip_ratio_c": 10.0,
    "loss_agg_mode": "seq-mean-token-mean",
    "lr_warmup_steps": 10,
    "max_num_gen_batches": 5,
    "overlong_buffer": 12,
}
CASES = {
    "cpu": (TRAINING, RUN),
    "gpu": (TRAINING, replace(RUN, gpus=4, reward_model=None, checks="published")),
    "plain": (TRAINING | {"kl_loss_coef": 0.0, "ppo_mini_batch_size": None, "validation_temperature": 0.0}, RUN),
    "meds": (TRAINING | MEDS, replace(RUN, error_memory=error_memory(last_layers="all"), threads=3)),
    "entropy": (TRAINING | {"entropy_bonus": 0.4}, RUN),
    "sharded": (
        TRAINING
        | {
            "tensor_model_parallel_size": 2,
            "gpu_memory_utilization": 0.4,
            "free_cache_engine": False,
            "enforce_eager": False,
            "offload": "all",
            "enable_gradient_checkpointing": False,
            "attn_implementation": "flash_attention_2",
            "use_remove_padding": True,
            "ppo_max_token_len_per_gpu": 2048,
        },
        replace(RUN, gpus=8, nodes=2),
    ),
    "own": (TRAINING | {"verl": ["trainer.test_freq=77", "+trainer.extra=1", "~trainer.project_name"]}, RUN),
}


@pytest.fixture(scope="module")
def effective(tmp_path_factory) -> dict[str, dict]:
    """Case -> what verl makes of its overrides."""
    return told(CASES, tmp_path_factory.mktemp("effective"))


BOTH = pytest.mark.parametrize("case", ["cpu", "gpu"])


@BOTH
def test_verl_rewards_with_our_function_from_our_file(effective, case):
    found = effective[case]
    assert found["reward"].endswith(".compute_score")
    path = Path(found["config"]["reward"]["custom_reward_function"]["path"])
    assert path.samefile(ROOT / "src/reward_memory/training/verl/reward_function.py")


@BOTH
def test_the_verifiers_are_told_how_to_grade_in_validation_and_in_training(effective, case):
    checks = {"cpu": "exact", "gpu": "published"}[case]
    found = effective[case]
    assert found["grading"] == [{"isolation": "reduced", "checks": checks}, "reduced", checks]
    assert found["scores"] == [1.0, 0.0, float(checks == "published")]


@BOTH
def test_verl_asks_that_function_once_a_response(effective, case):
    assert effective[case]["manager"].endswith(".NaiveRewardManager")


@BOTH
def test_verl_runs_our_trainer_mode(effective, case):
    assert effective[case]["trainer"] == "reward_memory.training.verl.trainer.RewardMemoryTrainer"


@BOTH
def test_verl_samples_through_our_seeded_agent_loop(effective, case):
    assert effective[case]["agent"] == "reward_memory.training.verl.agent_loop.SeededAgentLoop"
    rollout = effective[case]["config"]["actor_rollout_ref"]["rollout"]
    assert Path(rollout["agent"]["agent_loop_config_path"]).is_file()
    assert rollout["seed"] == 7


@BOTH
def test_verl_estimates_advantages_by_group_without_a_critic(effective, case):
    assert effective[case]["estimator"] == "verl.trainer.ppo.core_algos.compute_grpo_outcome_advantage"
    assert effective[case]["critic"] is False


def test_each_device_samples_with_its_own_engine(effective):
    assert effective["cpu"]["rollout"] == "reward_memory.training.cpu.rollout.TransformersWeights"
    assert effective["gpu"]["rollout"] == "vllm"
    assert effective["cpu"]["device"] == "cpu"


def test_each_device_has_its_ranks_and_its_precision(effective):
    trainer = {case: effective[case]["config"]["trainer"] for case in ("cpu", "gpu")}
    assert (trainer["cpu"]["device"], trainer["cpu"]["n_gpus_per_node"]) == ("cpu", 1)
    assert (trainer["gpu"]["device"], trainer["gpu"]["n_gpus_per_node"]) == ("cuda", 4)
    actor = {case: effective[case]["config"]["actor_rollout_ref"]["actor"] for case in ("cpu", "gpu")}
    assert {actor[case]["strategy"] for case in actor} == {"fsdp2"}
    assert actor["cpu"]["fsdp_config"]["dtype"] == "float32"
    assert set(actor["cpu"]["fsdp_config"]["mixed_precision"].values()) == {"fp32"}
    assert actor["gpu"]["fsdp_config"]["dtype"] == "bfloat16"


@BOTH
def test_the_optimizer_and_the_loss_are_those_of_the_configuration(effective, case):
    found = effective[case]
    assert (found["learning_rate"], found["weight_decay"]) == (3e-6, 0.25)
    assert found["clip"][0] == 0.15
    assert found["kl"] == [True, 0.002, "low_var_kl"]
    assert found["entropy"] == 0
    assert found["reference"] is True
    assert found["config"]["algorithm"]["use_kl_in_reward"] is False


def test_without_a_kl_term_no_reference_policy_is_loaded(effective):
    assert effective["plain"]["reference"] is False
    assert effective["plain"]["kl"][0] is False


@BOTH
def test_clipping_is_the_same_on_both_sides(effective, case):
    # verl keeps asymmetric bounds beside clip_ratio; GRPO as published clips symmetrically
    policy_loss = effective[case]["config"]["actor_rollout_ref"]["actor"]
    assert policy_loss["clip_ratio_low"] == policy_loss["clip_ratio_high"] == 0.15


def test_the_second_papers_settings_reach_the_loss_and_the_trainer(effective):
    config = effective["meds"]["config"]
    actor = config["actor_rollout_ref"]["actor"]
    assert effective["meds"]["clip"] == [0.2, 0.2, 0.28]
    assert (actor["clip_ratio_c"], actor["loss_agg_mode"]) == (10.0, "seq-mean-token-mean")
    assert actor["optim"]["lr_warmup_steps"] == 10
    own = config["trainer"]["v1"]["reward_memory"]
    assert own["error_memory"] == error_memory(last_layers="all").model_dump()
    assert own["error_memory_folder"] == str(RUN.state / "error_memory")
    assert (own["generation_batches"], own["overlong_buffer"], own["overlong_factor"]) == (5, 12, 1.0)
    assert own["workers"] == 3
    assert config["algorithm"]["filter_groups"]["enable"] is False


def test_without_them_nothing_of_the_second_paper_is_on(effective):
    own = effective["cpu"]["config"]["trainer"]["v1"]["reward_memory"]
    assert own["error_memory"] is own["entropy_bonus"] is None
    assert (own["generation_batches"], own["overlong_buffer"]) == (0, 0)


@pytest.mark.parametrize(("case", "bypassed"), [("cpu", True), ("meds", False), ("entropy", False)])
def test_layers_and_entropies_need_the_actors_own_pass(effective, case, bypassed):
    config = effective[case]["config"]
    assert config["algorithm"]["rollout_correction"]["bypass_mode"] is bypassed
    assert config["actor_rollout_ref"]["rollout"]["calculate_log_probs"] is bypassed


@BOTH
def test_batches_and_lengths_are_those_of_the_configuration(effective, case):
    config = effective[case]["config"]
    data, rollout = config["data"], config["actor_rollout_ref"]["rollout"]
    assert (data["train_batch_size"], rollout["n"]) == (16, 4)
    assert config["actor_rollout_ref"]["actor"]["ppo_mini_batch_size"] == 8
    assert (data["max_prompt_length"], data["max_response_length"]) == (96, 48)
    assert (rollout["prompt_length"], rollout["response_length"]) == (96, 48)
    assert (rollout["temperature"], rollout["top_p"]) == (0.9, 1.0)
    assert data["seed"] == 7


def test_a_batch_is_one_gradient_step_unless_told_otherwise(effective):
    assert effective["plain"]["config"]["actor_rollout_ref"]["actor"]["ppo_mini_batch_size"] == 16


@BOTH
def test_the_run_validates_saves_and_resumes_as_configured(effective, case):
    trainer = effective[case]["config"]["trainer"]
    assert (trainer["total_training_steps"], trainer["test_freq"], trainer["save_freq"]) == (6, 3, 2)
    assert trainer["resume_mode"] == "auto"
    assert trainer["val_before_train"] is True
    assert trainer["logger"] == ["file"]
    contents = effective[case]["config"]["actor_rollout_ref"]["actor"]["checkpoint"]["save_contents"]
    assert set(contents) == {"model", "optimizer", "extra"} | ({"hf_model"} if case == "cpu" else set())


def test_validation_samples_or_is_greedy_as_configured(effective):
    def validation(case: str) -> dict:
        return effective[case]["config"]["actor_rollout_ref"]["rollout"]["val_kwargs"]

    assert (validation("cpu")["n"], validation("cpu")["do_sample"], validation("cpu")["temperature"]) == (5, True, 0.8)
    assert (validation("plain")["do_sample"], validation("plain")["temperature"]) == (False, 0.0)


@BOTH
def test_paths_survive_hydras_grammar(effective, case):
    config = effective[case]["config"]
    assert config["actor_rollout_ref"]["model"]["path"] == str(RUN.policy)
    assert config["data"]["train_files"] == str(RUN.train)
    assert config["data"]["val_files"] == str(RUN.valid)
    assert config["trainer"]["default_local_dir"] == str(RUN.state / "checkpoints")
    assert config["trainer"]["v1"]["reward_memory"]["responses"] == str(RUN.state / "responses")


def test_a_hash_that_reads_like_a_number_stays_a_text(effective):
    assert effective["cpu"]["config"]["trainer"]["experiment_name"] == "1234567890123e45"


def test_the_trainer_is_told_of_its_reward_model_or_that_there_is_none(effective):
    told = {case: effective[case]["config"]["trainer"]["v1"]["reward_memory"] for case in ("cpu", "gpu")}
    assert told["cpu"]["reward_model"] == str(RUN.reward_model)
    assert told["gpu"]["reward_model"] is None


def test_the_users_own_overrides_win(effective):
    trainer = effective["own"]["config"]["trainer"]
    assert trainer["test_freq"] == 77
    assert trainer["extra"] == 1
    assert "project_name" not in trainer


@pytest.mark.parametrize("gpus", [0, 4])
def test_no_key_is_one_that_verl_composes_but_no_longer_reads(gpus):
    import importlib.util

    folder = Path(importlib.util.find_spec("verl").origin).parent / "trainer/config"
    old = yaml.safe_load((folder / "legacy_reward_impl.yaml").read_text())
    listed = overrides(validated(TRAINING), replace(RUN, gpus=gpus), "reduced", Path("/tmp/rm"))
    assert not {text.lstrip("+~").split(".")[0] for text in listed} & old.keys()


def test_gpus_and_nodes_are_those_of_the_job(effective):
    found = {case: effective[case]["config"] for case in ("gpu", "sharded")}
    trainers = {case: (one["trainer"]["nnodes"], one["trainer"]["n_gpus_per_node"]) for case, one in found.items()}
    assert trainers == {"gpu": (1, 4), "sharded": (2, 4)}
    # verl reserves three processors for each GPU: with fewer it would wait for ever
    assert found["gpu"]["ray_kwargs"]["ray_init"]["num_cpus"] == 32


def test_each_setting_of_gpus_reaches_verl(effective):
    def told(case: str) -> list:
        one = effective[case]["config"]["actor_rollout_ref"]
        rollout, actor, model = one["rollout"], one["actor"], one["model"]
        sampling = ["tensor_model_parallel_size", "gpu_memory_utilization", "free_cache_engine", "enforce_eager"]
        return [
            [rollout[name] for name in sampling],
            [actor["fsdp_config"]["param_offload"], actor["fsdp_config"]["optimizer_offload"]],
            one["ref"]["fsdp_config"]["param_offload"],
            [model["enable_gradient_checkpointing"], model["use_remove_padding"], actor["use_remove_padding"]],
            model["override_config"]["attn_implementation"],
            [actor["use_dynamic_bsz"], rollout["log_prob_use_dynamic_bsz"], one["ref"]["log_prob_use_dynamic_bsz"]],
        ]

    assert told("gpu") == [[1, 0.5, True, True], [False] * 2, False, [True, False, False], "sdpa", [False] * 3]
    assert told("sharded") == [
        [2, 0.4, False, False],
        [True] * 2,
        True,
        [False, True, True],
        "flash_attention_2",
        [True] * 3,
    ]
    actor = effective["sharded"]["config"]["actor_rollout_ref"]["actor"]
    assert actor["ppo_max_token_len_per_gpu"] == 2048


def test_the_optimizer_alone_can_wait_in_the_machines_memory():
    listed = overrides(validated(TRAINING | {"offload": "optimizer"}), replace(RUN, gpus=1), "reduced", Path("/tmp/rm"))
    assert "actor_rollout_ref.actor.fsdp_config.optimizer_offload=true" in listed
    assert "actor_rollout_ref.actor.fsdp_config.param_offload=false" in listed


def test_vllm_has_room_for_prompt_and_response(effective):
    assert effective["gpu"]["config"]["actor_rollout_ref"]["rollout"]["max_model_len"] == 96 + 48


@pytest.mark.parametrize(
    ("training", "run", "message"),
    [
        (
            {"tensor_model_parallel_size": 3},
            {"gpus": 4},
            "tensor_model_parallel_size: 3 does not divide the 4 GPUs of each of 1 nodes",
        ),
        ({"tensor_model_parallel_size": 4}, {"gpus": 4, "nodes": 2}, "4 does not divide the 2 GPUs of each of 2 nodes"),
        (
            {"ppo_max_token_len_per_gpu": 143},
            {"gpus": 1},
            "ppo_max_token_len_per_gpu: 143 is less than max_prompt_tokens and .* 144",
        ),
    ],
)
def test_gpus_that_cannot_be_used_so_are_told(training, run, message):
    with pytest.raises(InputError, match=message):
        overrides(validated(TRAINING | training), replace(RUN, **run), "reduced", Path("/tmp/rm"))


@pytest.mark.parametrize("gpus", [0, 4])
def test_settings_of_gpus_change_nothing_on_the_cpu(gpus):
    one, other = (
        overrides(validated(CASES["sharded"][0] | own), replace(RUN, gpus=gpus), "reduced", Path("/tmp/rm"))
        for own in ({}, {name: TRAINING[name] for name in CASES["sharded"][0] if name in TRAINING})
    )
    assert (one == other) is (gpus == 0)


def test_no_key_is_given_twice():
    for gpus in (0, 4):
        listed = overrides(validated(TRAINING), replace(RUN, gpus=gpus), "reduced", Path("/tmp/rm"))
        keys = [text.lstrip("+").split("=")[0] for text in listed]
        assert len(set(keys)) == len(keys)


def test_the_seed_changes_nothing_but_the_seeds():
    one, other = (
        overrides(validated(TRAINING), replace(RUN, seed=seed), "reduced", Path("/tmp/rm")) for seed in (1, 2)
    )
    changed = {a.split("=")[0] for a, b in zip(one, other, strict=True) if a != b}
    assert changed == {"data.seed", "actor_rollout_ref.rollout.seed"}


def micro_batch_size(training: dict, gpus: int) -> int:
    listed = overrides(validated(TRAINING | training), replace(RUN, gpus=gpus), "reduced", Path("/tmp/rm"))
    found = {text.split("=")[1] for text in listed if "micro_batch_size_per_gpu" in text}
    (size,) = found
    return int(size)


@given(st.integers(1, 64), st.integers(2, 16), st.integers(1, 256), st.sampled_from([0, 1, 2, 4, 8]))
def test_a_micro_batch_divides_each_devices_share_of_a_gradient_step(batch, rollouts, limit, gpus):
    training = {
        "train_batch_size": batch,
        "ppo_mini_batch_size": None,
        "samples_per_query": rollouts,
        "ppo_micro_batch_size_per_gpu": limit,
    }
    responses = batch * rollouts
    if responses % max(gpus, 1):
        with pytest.raises(
            InputError, match=rf"^training: .* {responses} responses .*, which do not divide evenly among {gpus} GPUs"
        ):
            micro_batch_size(training, gpus)
        return
    share, size = responses // max(gpus, 1), micro_batch_size(training, gpus)
    assert share % size == 0
    assert size <= limit
    assert not [larger for larger in range(size + 1, min(limit, share) + 1) if share % larger == 0]


@pytest.mark.parametrize(
    "path", [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))], ids=lambda p: p.name
)
def test_every_configuration_of_the_project_can_be_turned_into_overrides(path):
    config = load(yaml.safe_load(path.read_text()), path.name)
    listed = overrides(config.training, RUN, config.sandbox, Path("/tmp/rm"))
    assert f"trainer.total_training_steps={config.training.steps}" in listed


def test_an_override_may_name_what_verl_and_our_plugin_register():
    from verl.trainer.ppo.core_algos import ADV_ESTIMATOR_REGISTRY, POLICY_LOSS_REGISTRY

    from reward_memory.training.verl import advantages

    assert advantages  # registers ours
    assert set(CHOICES["algorithm.adv_estimator"]) == set(ADV_ESTIMATOR_REGISTRY)
    assert set(CHOICES["actor_rollout_ref.actor.policy_loss.loss_mode"]) == set(POLICY_LOSS_REGISTRY)
