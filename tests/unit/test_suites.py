"""Suites and methods: settings that add up, and mistakes told in one sentence."""

import copy

import pytest
from test_configuration import complaint

from reward_memory.config import methods, suites
from reward_memory.config.loading import load
from reward_memory.errors import InputError
from reward_memory.settings import ErrorMemory

BASIC = {
    "benchmarks": {
        "dapo_math_17k": {"suite": "meds", "source": "generated", "train": 32, "valid": 8, "test": 4},
        "math500": {"suite": "meds", "source": "generated", "test": 8},
    },
    "policies": {"maths": {"bootstrap": {"hidden_size": 32, "num_hidden_layers": 1, "steps": 1}}},
    "methods": [],
    "error_memory": {"alpha": 0.05},
    "variants": {"gentle": {"like": "meds", "training": {"clip_ratio_low": 0.1}, "error_memory": {"alpha": "1e-2"}}},
    "suites": {
        "meds": {
            "policies": ["maths"],
            "methods": ["base", "grpo", "grpo-entropy", "dapo", "meds", "meds-kmeans", "gentle"],
            "training": {
                "train_batch_size": 16,
                "steps": 10,
                "max_num_gen_batches": 4,
                "overlong_buffer": 16,
                "learning_rate": "1e-6",
            },
            "evaluation": {"samples_per_query": 16},
        },
    },
}


def changed(path: str, value: object) -> dict:
    config = copy.deepcopy(BASIC)
    *parents, last = path.split("/")
    place = config
    for key in parents:
        place = place.setdefault(key, {})
    place[last] = value
    return config


@pytest.fixture
def config():
    return load(copy.deepcopy(BASIC))


def test_grpo_has_nothing_of_dapo(config):
    training, memory = suites.settings(config, "meds", "grpo")
    assert memory is None
    assert (training["max_num_gen_batches"], training["overlong_buffer"], training["clip_ratio_high"]) == (0, 0, None)
    assert (training["kl_loss_coef"], training["loss_agg_mode"]) == (0.001, "seq-mean-token-mean")
    assert training["entropy_bonus"] is None
    assert suites.settings(config, "meds", "grpo-entropy")[0] == training | {"entropy_bonus": 0.4}


def test_meds_is_dapo_with_a_memory(config):
    dapo, meds = suites.settings(config, "meds", "dapo"), suites.settings(config, "meds", "meds")
    assert dapo[0] == meds[0]
    assert (dapo[0]["clip_ratio_low"], dapo[0]["clip_ratio_high"], dapo[0]["clip_ratio_c"]) == (0.2, 0.28, 10.0)
    assert (dapo[0]["max_num_gen_batches"], dapo[0]["overlong_buffer"]) == (4, 16)
    assert dapo[0]["learning_rate"] == 1e-6
    assert dapo[1] is None
    assert meds[1] == ErrorMemory().model_dump() | {"alpha": 0.05}
    assert suites.settings(config, "meds", "meds-kmeans")[1] == meds[1] | {"method": "kmeans"}


def test_a_variants_own_settings_come_last(config):
    training, memory = suites.settings(config, "meds", "gentle")
    assert training["clip_ratio_low"] == 0.1
    assert memory["alpha"] == 0.01


def test_an_equal_budget_gives_all_arms_one_length(config):
    assert {suites.settings(config, "meds", name)[0]["max_new_tokens"] for name in suites.methods(config, "meds")} == {
        64
    }


def test_the_published_budgets_differ():
    config = changed("suites/meds/budget", "as_published")
    config["suites"]["meds"]["training"] |= {"train_batch_size": 32, "max_new_tokens": 3072}
    config = load(config)
    found = {name: suites.settings(config, "meds", name)[0] for name in ("grpo", "grpo-entropy", "dapo", "meds")}
    assert [found[name]["max_new_tokens"] for name in found] == [7168, 3072, 3072, 3072]
    assert [found[name]["ppo_mini_batch_size"] for name in found] == [32, 32, None, None]


def test_a_method_of_another_package_is_known_and_one_of_a_taken_name_is_refused(monkeypatch):
    class Entry:
        value = "other:method"

        def __init__(self, name: str, method: object):
            self.name, self.load = name, lambda: method

    def listed(*entries: Entry) -> None:
        methods.registered.cache_clear()
        monkeypatch.setattr(methods, "entry_points", lambda group: entries if group == methods.ENTRY_POINTS else ())

    try:
        listed(Entry("theirs", methods.Method("verified", {"clip_ratio_high": 0.4})))
        config = load(changed("suites/meds/methods", ["dapo", "theirs"]))
        assert suites.settings(config, "meds", "theirs")[0]["clip_ratio_high"] == 0.4
        assert ("theirs", 100) in suites.arms(config, "meds")
        for entry, told in (
            (Entry("dapo", methods.Method("verified")), "has the same name as another; register it under another name"),
            (Entry("theirs", methods.Method("guessed")), "is not a Method whose rewards are one of none, labeled,"),
        ):
            listed(entry)
            with pytest.raises(InputError, match=told):
                methods.registered()
        for method, told in (
            (methods.Method("verified", {"clip_ratio_hi": 0.4}), "theirs: training: clip_ratio_hi: no such key"),
            (methods.Method("verified", budget={"steps": -1}), "theirs: training: steps: -1 is not"),
            (
                methods.Method("verified", {}, {"penalty": "free"}),
                "theirs: error_memory: penalty: 'free' is not one of",
            ),
        ):
            listed(Entry("theirs", method))
            with pytest.raises(InputError, match=f"config.yaml: the registered method {told}"):
                load(changed("suites/meds/methods", ["dapo"]))
    finally:
        methods.registered.cache_clear()


def test_an_arm_of_the_first_paper_may_have_the_memory():
    config = changed("benchmarks/gsm8k", {"suite": "main", "source": "generated", "train": 40, "valid": 4, "test": 4})
    config |= {"methods": ["base", "oracle", "oracle+meds", "memreward:mlp+meds"], "reward_model": {}}
    config["policies"]["words"] = {"bootstrap": {"hidden_size": 32, "num_hidden_layers": 1, "steps": 1}}
    config = load(config)
    assert methods.find(config, "memreward:mlp+meds").rewards == "predicted"
    assert methods.predictor(config, "memreward:mlp+meds") == "mlp"
    shared = config.training.model_dump(exclude={"per_policy", "logger"})
    assert suites.settings(config, "main", "memreward:mlp+meds") == (shared, config.error_memory.model_dump())
    assert suites.settings(config, "main", "oracle") == (shared, None)
    assert ("oracle+meds", 100) in suites.arms(config)


def test_the_policies_of_one_paper_are_not_the_others():
    config = changed("policies/plain", {"bootstrap": {"hidden_size": 32, "num_hidden_layers": 1, "steps": 1}})
    assert suites.policies(load(config)) == ["plain"]


def test_the_papers_have_seeds_of_their_own(config):
    assert suites.seeds(config, "meds") == [0]
    assert suites.seeds(load(changed("suites/meds/seeds", [3, 4])), "meds") == [3, 4]


def test_evaluation_is_a_suites_own(config):
    assert suites.evaluation(config, "meds") == config.evaluation.model_copy(update={"samples_per_query": 16})
    assert suites.evaluation(config, "main") == config.evaluation


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("suites/meds/policies", ["other"], "suites: meds: policies: 'other' is not one of maths."),
        (
            "suites/meds/methods",
            ["ppo"],
            "suites: meds: methods: 'ppo' is not one of base, r1-p, memreward, oracle, grpo,",
        ),
        ("variants/dapo", {"like": "meds"}, "variants: dapo: is the name of an existing method;"),
        ("variants/a", {"like": "base"}, "variants: a: like: 'base' is not one of r1-p, memreward, oracle, grpo,"),
        (
            "variants/a",
            {"like": "meds", "error_memory": {"alpha": -1}},
            "variants: a: error_memory: alpha: -1 is not a number of at least 0.",
        ),
        ("suites/meds/training/step", 3, "suites: meds: training: step: no such key; valid keys are steps,"),
        (
            "suites/meds/training/train_batch_size",
            64,
            "suites: meds: training: train_batch_size: 64 is more than the 32 training queries of suite meds.",
        ),
        (
            "suites/meds/training/overlong_buffer",
            65,
            "suites: meds: training: overlong_buffer: 65 is more than max_new_tokens, 64.",
        ),
        ("suites/meds/training/save_freq", 3, "suites: meds: training: save_freq: 3 does not divide steps, 10."),
        (
            "suites/meds/evaluation/samples_per_query",
            0,
            "suites: meds: evaluation: samples_per_query: 0 is not at least 1 response a query.",
        ),
        (
            "benchmarks/math500/suite",
            "transfer",
            "benchmarks: math500: suite: transfer is the name of another table; choose another.",
        ),
        ("suites/ood", {}, "suites: ood: no benchmark is in this suite; the suites are meds."),
        ("suites/meds/transfer", ["meds"], "suites: meds: transfer: 'meds' is not one of the other suites"),
        ("error_memory/method", "dbscan", "error_memory: method: 'dbscan' is not hdbscan, kmeans, single or answers."),
        ("error_memory/last_layers", "half", "error_memory: last_layers: 'half' is not a whole number of at least 1,"),
        ("methods", ["base+meds"], "methods: 'base+meds' is not one of base, r1-p,"),
        (
            "benchmarks/dapo_math_17k/valid",
            0,
            "benchmarks: none in suite meds has a valid query, which grpo needs.",
        ),
    ],
)
def test_a_mistake_is_one_sentence(path, value, told):
    assert complaint(changed(path, value)).startswith(f"mine.yaml: {told}")


def test_a_policys_own_settings_come_before_the_sections_and_after_what_makes_the_method():
    own = {
        "training": {"learning_rate": "2e-6", "clip_ratio_high": 0.9},
        "error_memory": {"alpha": "2e-2", "method": "single"},
    }
    config = load(changed("suites/meds/per_policy", {"maths": own}))
    training, memory = suites.settings(config, "meds", "meds-kmeans", "maths")
    assert (training["learning_rate"], training["clip_ratio_high"]) == (2e-6, 0.28)
    assert (memory["alpha"], memory["method"]) == (0.02, "kmeans")
    assert suites.settings(config, "meds", "gentle", "maths")[1]["alpha"] == 0.01
    shared = suites.settings(config, "meds", "meds-kmeans")
    assert (shared[0]["learning_rate"], shared[1]["alpha"]) == (1e-6, 0.05)
    assert suites.settings(config, "meds", "meds-kmeans", "another") == shared


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"other": {}}, r"suites: meds: per_policy: 'other' is not one of maths\."),
        (
            {"maths": {"error_memory": {"alpha": -1}}},
            r"suites: meds: per_policy: maths: error_memory: alpha: -1 is not",
        ),
        (
            {"maths": {"training": {"train_batch_size": 64}}},
            r"suites: meds: training: train_batch_size: 64 is more than the 32 training queries",
        ),
    ],
)
def test_a_mistake_in_a_policys_own_settings_is_one_sentence(own, words):
    with pytest.raises(InputError, match=words):
        load(changed("suites/meds/per_policy", own))


def test_a_policys_own_settings_come_before_the_shared_ones_and_after_those_of_meds():
    own = {"maths": {"tensor_model_parallel_size": "2", "train_batch_size": 8}}
    config = changed("training", {"ppo_micro_batch_size_per_gpu": 3, "per_policy": own}) | {
        "resources": {"train_policy": {"gpu": 2}}
    }
    config = load(config)
    shared, maths = (suites.settings(config, "main", "oracle", policy)[0] for policy in (None, "maths"))
    assert [
        shared[name] for name in ("tensor_model_parallel_size", "train_batch_size", "ppo_micro_batch_size_per_gpu")
    ] == [1, 32, 3]
    assert [
        maths[name] for name in ("tensor_model_parallel_size", "train_batch_size", "ppo_micro_batch_size_per_gpu")
    ] == [2, 8, 3]
    of_meds = suites.settings(config, "meds", "dapo", "maths")[0]
    assert [of_meds[name] for name in ("tensor_model_parallel_size", "train_batch_size")] == [2, 16]
    assert "per_policy" not in maths.keys() | of_meds.keys()


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("training/per_policy", {"other": {}}, r"training: per_policy: 'other' is not one of maths\."),
        (
            "training/per_policy",
            {"maths": {"step": 1}},
            "training: per_policy: maths: step: no such key; valid keys are steps,",
        ),
        (
            "training/per_policy",
            {"maths": {"offload": "some"}},
            "per_policy: maths: offload: 'some' is not none, optim",
        ),
        (
            "training/per_policy",
            {"maths": {"save_freq": 3}},
            "per_policy: maths: save_freq: 3 does not divide steps, 20",
        ),
        ("training/per_policy", {"maths": {"per_policy": {}}}, "training: per_policy: maths: per_policy: no such key"),
        (
            "suites/meds/training",
            {"per_policy": {}},
            "suites: meds: training: per_policy: no such key here; a suite has its own per_policy",
        ),
    ],
)
def test_a_mistake_in_a_policys_own_settings_is_told(path, value, told):
    with pytest.raises(InputError, match=told):
        load(changed(path, value))
