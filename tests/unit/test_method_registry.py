"""The methods by name: what each changes, what a name adds, and what is wrong with one."""

import json
from typing import Any

import pytest

from reward_memory.config import methods
from reward_memory.config.methods import BUILT_IN, Method
from reward_memory.errors import InputError
from reward_memory.settings import Configuration

SMALL = {
    "benchmarks": {"gsm8k": {"suite": "main", "source": "generated", "test": 1}},
    "policies": {"tiny": {"path": "tiny"}},
}

GRPO = {
    "clip_ratio_high": None,
    "clip_ratio_c": 3,
    "loss_agg_mode": "seq-mean-token-mean",
    "kl_loss_coef": 0.001,
    "max_num_gen_batches": 0,
    "overlong_buffer": 0,
}
DAPO = {"clip_ratio_high": 0.28, "clip_ratio_c": 10, "loss_agg_mode": "token-mean", "kl_loss_coef": 0}
REINFORCE = {"max_num_gen_batches": 0, "overlong_buffer": 0, "kl_loss_coef": 0}
#: name -> (where rewards come from, changes of the section training, of the section error_memory)
PUBLISHED = {
    "base": ("none", {}, None),
    "r1-p": ("labeled", {}, None),
    "memreward": ("predicted", {}, None),
    "oracle": ("verified", {}, None),
    "grpo": ("verified", GRPO, None),
    "grpo-entropy": ("verified", GRPO | {"entropy_bonus": 0.4}, None),
    "dapo": ("verified", DAPO, None),
    "meds": ("verified", DAPO, {}),
    "meds-single-cluster": ("verified", DAPO, {"method": "single"}),
    "meds-kmeans": ("verified", DAPO, {"method": "kmeans"}),
    "meds-all-layers": ("verified", DAPO, {"last_layers": "all"}),
    "meds-all-diff": ("verified", DAPO, {"last_layers": "all", "differences": True}),
    "meds-diff": ("verified", DAPO, {"differences": True}),
    "meds-answers": ("verified", DAPO, {"method": "answers"}),
    "ttrl": ("voted", {"unlabeled_rewards": "majority"}, None),
    "empo": ("voted", {"unlabeled_rewards": "agreement"}, None),
    "trapo": ("partly-voted", {"unlabeled_rewards": "trapo", "max_num_gen_batches": 0}, None),
    "nsr": ("verified", REINFORCE | {"adv_estimator": "nsr"}, None),
    "psr": ("verified", REINFORCE | {"adv_estimator": "psr"}, None),
    "w-reinforce": ("verified", REINFORCE | {"adv_estimator": "w_reinforce"}, None),
    "passk": ("verified", {"adv_estimator": "passk", "overlong_buffer": 0}, None),
    "kl-cov": ("verified", DAPO | {"loss_mode": "kl_cov", "clip_ratio_high": None}, None),
    "clip-cov": ("verified", DAPO | {"loss_mode": "clip_cov", "clip_ratio_low": 1, "clip_ratio_high": 1}, None),
}
BUDGETS = {
    "grpo": {"max_new_tokens": 7168, "ppo_mini_batch_size": 32},
    "grpo-entropy": {"max_new_tokens": 3072, "ppo_mini_batch_size": 32},
}


def config(**variants: dict[str, Any]) -> Configuration:
    """A configuration with variants of methods."""
    return Configuration.model_validate(SMALL | {"variants": variants, "reward_model": {"predictor": "graph"}})


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_method_is_what_its_paper_says(name):
    found = methods.find(config(), name)
    memory = None if found.error_memory is None else dict(found.error_memory)
    assert (found.rewards, dict(found.training), memory) == PUBLISHED[name]
    assert dict(found.budget) == BUDGETS.get(name, {})
    assert (found.like, found.predictor, dict(found.variant_training), dict(found.reward_model)) == (name, None, {}, {})


def test_there_are_no_other_methods():
    assert set(BUILT_IN) == set(PUBLISHED)
    assert methods.known(config(mine={"like": "meds"})) == [*methods.registered(), "mine"]


def test_rewards_need_labels_as_they_say():
    assert methods.REWARDS == {
        "none": 0,
        "labeled": None,
        "predicted": None,
        "partly-voted": None,
        "voted": 0,
        "verified": 100,
    }


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("memreward", ("memreward", None, False)),
        ("memreward:knn", ("memreward", "knn", False)),
        ("memreward:a:b", ("memreward", "a:b", False)),
        ("memreward:", ("memreward", None, False)),
        ("oracle+meds", ("oracle", None, True)),
        ("memreward:knn+meds", ("memreward", "knn", True)),
        ("oracle+meds+meds", ("oracle+meds", None, True)),
        ("+meds:knn", ("+meds", "knn", False)),
    ],
)
def test_a_name_has_up_to_three_parts(name, parts):
    assert methods.split(name) == parts


def test_a_name_adds_the_error_memory_where_there_is_none():
    assert methods.find(config(), "oracle").error_memory is None
    assert methods.find(config(), "oracle+meds").error_memory == {}
    assert methods.find(config(), "meds-kmeans+meds").error_memory == {"method": "kmeans"}


def test_a_variant_changes_what_it_is_like():
    own = {"like": "meds-kmeans", "training": {"steps": 3}, "error_memory": {"alpha": 0.5}}
    found = methods.find(config(mine=own), "mine")
    assert (found.rewards, found.like, found.training) == ("verified", "meds-kmeans", BUILT_IN["meds-kmeans"].training)
    assert (found.variant_training, found.error_memory) == ({"steps": 3}, {"method": "kmeans", "alpha": 0.5})


def test_the_nearest_name_of_a_reward_model_counts():
    own = {"like": "memreward", "predictor": "knn", "reward_model": {"threshold": 0.7}}
    asked = config(mine=own, plain={"like": "memreward", "training": {"steps": 3}})
    assert methods.predictor(asked, "mine:majority") == "majority"
    assert methods.predictor(asked, "mine") == "knn"
    assert methods.predictor(asked, "plain") == "graph"
    assert methods.find(asked, "mine").reward_model == {"threshold": 0.7}
    assert methods.predictor(asked, "oracle") is None
    assert methods.predictor(asked, "r1-p+meds") is None


def test_names_of_one_arm_are_told_by_what_they_do():
    asked = config(
        same={"like": "meds", "training": {"kl_loss_coef": 0.0}},
        other={"like": "meds", "training": {"kl_loss_coef": 0.1}},
        soft={"like": "memreward", "reward_model": {"reward": "soft"}},
        one={"like": "oracle", "training": {"steps": 3, "save_freq": 1}},
        two={"like": "oracle", "training": {"save_freq": 1, "steps": 3}},
    )

    def alike(one: str, two: str) -> bool:
        return methods.arm(asked, one) == methods.arm(asked, two)

    assert alike("meds", "same")
    assert alike("one", "two")
    assert alike("meds", "dapo+meds")
    assert alike("memreward", "memreward:graph")
    assert alike("r1-p", "r1-p:knn")
    for other in ("other", "dapo", "meds-kmeans", "oracle+meds"):
        assert not alike("meds", other), other
    for other in ("memreward:knn", "soft", "memreward+meds", "r1-p", "oracle"):
        assert not alike("memreward", other), other
    assert json.loads(methods.arm(asked, "memreward")) == ["predicted", {}, {}, None, "graph", {}]
    budget = {"max_new_tokens": 7168, "ppo_mini_batch_size": 32}
    assert json.loads(methods.arm(asked, "grpo")) == ["verified", GRPO, budget, None, None, {}]
    assert json.loads(methods.arm(asked, "other")) == ["verified", DAPO | {"kl_loss_coef": 0.1}, {}, {}, None, {}]


@pytest.mark.parametrize(
    ("variants", "told"),
    [
        ({}, None),
        ({"mine": {"like": "memreward", "predictor": "knn"}}, None),
        ({"mine": {"like": "memreward", "reward_model": {"threshold": 0.7}}}, None),
        ({"mine": {"like": "meds", "error_memory": {"alpha": 0.5}}}, None),
        ({"mine": {"like": "oracle", "training": {"steps": 3}}}, None),
        ({"dapo": {"like": "meds"}}, "dapo: is the name of an existing method; choose another."),
        ({"mine": {"like": "base", "training": {"steps": 3}}}, "mine: like: 'base' is not one of {like}."),
        ({"mine": {"like": "ppo", "training": {"steps": 3}}}, "mine: like: 'ppo' is not one of {like}."),
        ({"mine": {"like": "meds"}}, "mine: changes nothing in meds; give it a setting, or use meds itself."),
        (
            {"mine": {"like": "dapo", "error_memory": {"alpha": 0.5}}},
            "mine: error_memory: dapo has no error memory; leave it out, or make it like: meds.",
        ),
        (
            {"mine": {"like": "dapo", "predictor": "knn"}},
            "mine: predictor: dapo trains without a reward model; leave it out.",
        ),
        (
            {"mine": {"like": "r1-p", "reward_model": {"threshold": 0.7}}},
            "mine: reward_model: r1-p trains without a reward model; leave it out.",
        ),
        # the first mistake is told, beside variants without one
        (
            {"fine": {"like": "oracle", "training": {"steps": 3}}, "mine": {"like": "meds"}, "more": {"like": "dapo"}},
            "mine: changes nothing in meds; give it a setting, or use meds itself.",
        ),
    ],
)
def test_a_mistaken_variant_is_one_sentence(variants, told):
    like = ", ".join(name for name in methods.registered() if name != "base")
    assert methods.mistake(config(**variants)) == (told and "variants: " + told.replace("{like}", like))


@pytest.mark.parametrize(
    "name", ["base", "oracle", "oracle+meds", "memreward", "memreward:knn", "memreward:knn+meds", "mine", "mine+meds"]
)
def test_a_name_that_there_is_needs_no_word(name):
    assert methods.unknown(config(mine={"like": "meds", "training": {"steps": 3}}), name, ["graph", "knn"]) is None


@pytest.mark.parametrize(
    "name", ["ppo", "base+meds", "memreward:ppo", "oracle:knn", "mine:knn", "ppo:knn", "memreward:"]
)
def test_another_name_is_told_with_all_that_there_are(name):
    asked = config(mine={"like": "meds", "training": {"steps": 3}})
    shown = ", ".join([*methods.registered(), "mine", "memreward:graph", "memreward:knn"])
    assert methods.unknown(asked, name, ["graph", "knn"]) == f"{name!r} is not one of {shown}."


def test_without_a_section_any_reward_model_may_be_named():
    # the missing section is another mistake
    assert methods.unknown(config(), "memreward:anything", []) is None
    assert methods.unknown(config(), "oracle:anything", []) is not None


class Entry:
    """An entry point of an installed package."""

    value = "package:method"

    def __init__(self, name: str, method: Any):
        self.name, self.load = name, lambda: method


@pytest.fixture
def install(monkeypatch):
    """Makes entry points known as those of installed packages."""

    def installed(*entries: Entry) -> None:
        methods.registered.cache_clear()
        monkeypatch.setattr(methods, "entry_points", lambda group: {methods.ENTRY_POINTS: entries}[group])

    yield installed
    methods.registered.cache_clear()


def test_a_method_of_a_package_may_say_its_reward_model(install):
    install(Entry("theirs", Method("predicted", {"steps": 3}, predictor="knn")), Entry("more", Method("none")))
    assert list(methods.registered()) == [*BUILT_IN, "theirs", "more"]
    assert methods.find(config(), "theirs").like == "theirs"
    assert methods.predictor(config(), "theirs") == "knn"
    assert methods.predictor(config(), "theirs:graph") == "graph"
    assert methods.mistake(config(mine={"like": "more", "training": {"steps": 3}})) is not None


@pytest.mark.parametrize(
    ("name", "method", "told"),
    [
        ("dapo", Method("verified"), "has the same name as another; register it under another name."),
        (
            "theirs",
            Method("guessed"),
            "is not a Method whose rewards are one of none, labeled, predicted, partly-voted, voted, verified.",
        ),
        (
            "theirs",
            BUILT_IN,
            "is not a Method whose rewards are one of none, labeled, predicted, partly-voted, voted, verified.",
        ),
    ],
)
def test_a_mistaken_method_of_a_package_is_one_sentence(install, name, method, told):
    install(Entry(name, method))
    with pytest.raises(InputError) as error:
        methods.registered()
    assert str(error.value) == f"the method {name} of package:method {told}"
