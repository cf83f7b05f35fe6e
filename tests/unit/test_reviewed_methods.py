"""The methods beside the papers' own in a configuration: what they are, and mistakes in one sentence."""

import copy

import pytest
from test_configuration import complaint

from reward_memory.config import methods, suites
from reward_memory.config.loading import load
from reward_memory.errors import InputError

UNLABELED = ["ttrl", "empo"]
VERIFIED = ["nsr", "psr", "w-reinforce", "passk", "kl-cov", "clip-cov", "meds-answers"]
BASIC = {
    "benchmarks": {
        "math": {"suite": "main", "source": "generated", "train": 32, "valid": 8, "test": 8},
        "mmlu": {"suite": "main", "source": "generated", "train": 32, "valid": 8, "test": 8},
    },
    "policies": {"tiny": {"bootstrap": {"hidden_size": 32, "num_hidden_layers": 1, "steps": 1}}},
    "label_ratios": [25, 50],
    "reward_model": {"predictor": "graph"},
    "methods": ["base", "r1-p", "memreward:random", "trapo", *UNLABELED, *VERIFIED],
    "training": {"train_batch_size": 8, "ppo_mini_batch_size": 4, "steps": 10},
}


def changed(**sections) -> dict:
    config = copy.deepcopy(BASIC)
    for name, value in sections.items():
        config[name] = config[name] | value if isinstance(config.get(name), dict) else value
    return config


@pytest.fixture
def config():
    return load(copy.deepcopy(BASIC))


def test_each_method_stands_at_its_label_ratios(config):
    arms = suites.arms(config)
    for name in UNLABELED:
        assert [ratio for method, ratio in arms if method == name] == [0]
    for name in ("trapo", "memreward:random"):
        assert [ratio for method, ratio in arms if method == name] == [25, 50]
    for name in VERIFIED:
        assert [ratio for method, ratio in arms if method == name] == [100]
    assert methods.predictor(config, "memreward:random") == "random"


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("ttrl", {"unlabeled_rewards": "majority", "ties": "first", "votes": None, "adv_estimator": "grpo"}),
        ("empo", {"unlabeled_rewards": "agreement"}),
        ("trapo", {"unlabeled_rewards": "trapo", "trapo_warm_up": 8 / 15, "max_num_gen_batches": 0}),
        ("nsr", {"adv_estimator": "nsr", "max_num_gen_batches": 0, "overlong_buffer": 0, "kl_loss_coef": 0}),
        ("psr", {"adv_estimator": "psr", "max_num_gen_batches": 0}),
        ("w-reinforce", {"adv_estimator": "w_reinforce", "positive_advantage_weight": 0.1, "max_num_gen_batches": 0}),
        ("passk", {"adv_estimator": "passk", "passk_k": 4, "max_num_gen_batches": 3}),
        ("kl-cov", {"loss_mode": "kl_cov", "kl_cov_ratio": 0.002, "clip_ratio_low": 0.2, "clip_ratio_high": None}),
        ("clip-cov", {"loss_mode": "clip_cov", "clip_ratio_low": 1, "clip_ratio_high": 1, "max_num_gen_batches": 3}),
    ],
)
def test_what_a_method_changes_wins_over_the_shared_settings(name, settings):
    training = {"max_num_gen_batches": 3, "overlong_buffer": 8, "kl_loss_coef": 0.002}
    config = load(changed(training=training, methods=["base", name]))
    found = suites.settings(config, "main", name)[0]
    assert {key: found[key] for key in settings} == settings


def test_answers_are_clusters_for_meds_answers(config):
    training, memory = suites.settings(config, "main", "meds-answers")
    assert memory == suites.settings(config, "main", "r1-p+meds")[1] | {"method": "answers"}
    assert training == suites.settings(config, "main", "meds")[0]


CODE = {"mbpp_plus": {"suite": "main", "source": "generated", "train": 32, "valid": 8, "test": 8}}


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        *(
            (
                {"benchmarks": CODE, "methods": [name]},
                f"methods: {name} rewards answers by their votes, and programs such as those of mbpp_plus have none",
            )
            for name in ("ttrl", "empo", "trapo")
        ),
        (
            {"training": {"ppo_mini_batch_size": None}, "methods": ["kl-cov"]},
            "training: ppo_mini_batch_size: kl-cov changes nothing in a batch's first gradient step; give a size below "
            "train_batch_size, 8.",
        ),
        (
            {"training": {"passk_k": 8}, "methods": ["passk"]},
            "training: passk_k: 8 is not below samples_per_query, 8: an",
        ),
        ({"methods": ["passk+meds"]}, "methods: passk+meds: adv_estimator: passk counts right responses, so an error"),
        (
            {"variants": {"mine": {"like": "ttrl", "training": {"votes": 4}}}, "methods": ["mine"]},
            "training: votes: 4 is less than samples_per_query, 8.",
        ),
        ({"training": {"votes": 16}}, "training: votes: no response is voted on here; leave it out"),
        (
            {
                "variants": {"mine": {"like": "oracle", "training": {"unlabeled_rewards": "majority"}}},
                "methods": ["mine"],
            },
            "training: unlabeled_rewards: majority does not go with mine, whose rewards are verified;",
        ),
        (
            {
                "variants": {"mine": {"like": "ttrl", "training": {"unlabeled_rewards": "predicted"}}},
                "methods": ["mine"],
            },
            "training: unlabeled_rewards: predicted does not go with mine, whose rewards are voted;",
        ),
        *(
            (
                {
                    "variants": {"mine": {"like": name, "training": {"max_num_gen_batches": 4}}},
                    "methods": ["mine"],
                },
                f"training: max_num_gen_batches: 4 would drop {what}",
            )
            for name, what in (("nsr", "groups that are all wrong"), ("trapo", "queries whose pass rates"))
        ),
        (
            {"training": {"clip_cov_lb": 5, "clip_cov_ub": 5.0}},
            "training: clip_cov_lb: 5 is not below clip_cov_ub, 5.0,",
        ),
        ({"training": {"ties": "last"}}, "training: ties: 'last' is not first, none or all."),
        ({"training": {"trapo_share": 1.5}}, "training: trapo_share: 1.5 is not a share from 0 to 1."),
        ({"training": {"loss_mode": "gspo"}}, "training: loss_mode: 'gspo' is not vanilla, kl_cov or clip_cov."),
        ({"training": {"adv_estimator": "gae"}}, "training: adv_estimator: 'gae' is not grpo, nsr, psr, w_reinforce"),
    ],
)
def test_a_mistake_is_one_sentence(sections, words):
    assert complaint(changed(**sections)).startswith(f"mine.yaml: {words}")


def test_code_beside_methods_that_vote_may_be_tested_but_not_trained_on():
    tested = {"mbpp_plus": CODE["mbpp_plus"] | {"train": 0, "valid": 0, "suite": "ood"}}
    load(changed(benchmarks=tested, methods=["ttrl"]))


def test_nsr_may_have_the_error_memory():
    config = load(changed(methods=["nsr+meds", "w-reinforce+meds"]))
    assert suites.settings(config, "main", "nsr+meds")[1] is not None


def test_a_name_close_to_a_method_is_refused():
    with pytest.raises(InputError, match="'nrs' is not one of base,"):
        load(changed(methods=["nrs"]))
