import copy
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.config.loading import check_files, load
from reward_memory.config.suites import arms, members
from reward_memory.data.registry import MEDS, MEMREWARD
from reward_memory.errors import InputError
from reward_memory.settings import Configuration

ROOT = Path(__file__).parents[2]
SMALL = {
    "benchmarks": {
        "gsm8k": {"suite": "main", "source": "generated", "train": 200, "valid": 5, "test": 5},
        "piqa": {"suite": "ood", "source": "generated", "test": 5},
    },
    "policies": {"tiny": {"bootstrap": {"hidden_size": 32, "num_hidden_layers": 1, "steps": 1}}},
    "reward_model": {},
}


def changed(path: str, value: object) -> dict:
    """SMALL with one value put in; `path` is a key after a key, separated by slashes."""
    config = copy.deepcopy(SMALL)
    *parents, last = path.split("/")
    place = config
    for key in parents:
        place = place.setdefault(key, {})
    place[last] = value
    return config


def complaint(config: dict) -> str:
    with pytest.raises(InputError) as caught:
        load(config, "mine.yaml")
    return str(caught.value)


#: path, value -> the whole sentence after the file's name
MISTAKES = {
    "unknown section": ("trainning", {}, "trainning: no such key; valid keys are results, seeds, fidelity,"),
    "unknown key": ("training/step", 3, "training: step: no such key; valid keys are steps, train_batch_size,"),
    "key that is a number": ("5", 1, "5: YAML takes this key for a number, not a name; write a decimal"),
    "unknown benchmark": (
        "benchmarks/gsm9k",
        {"suite": "ood", "source": "generated", "test": 1},
        "benchmarks: gsm9k: 'gsm9k' is not one of gsm8k, math,",
    ),
    "benchmark with a space": (
        "benchmarks/a b",
        {"suite": "ood", "source": "import"},
        "benchmarks: a b: 'a b' is not a name of letters, digits, dots, dashes and underscores (at most 100).",
    ),
    "unknown suite": (
        "benchmarks/gsm8k/suite",
        "extra",
        "benchmarks: none is in suite main, which methods,",
    ),
    "unknown source": ("benchmarks/gsm8k/source", "web", "benchmarks: gsm8k: source: 'web' is not generated"),
    "no source": ("benchmarks/math", {"suite": "ood", "test": 1}, "benchmarks: math: source is missing; it should be "),
    "no test queries": ("benchmarks/gsm8k/test", 0, "benchmarks: gsm8k: test: 0 is not at least 1 query."),
    "no training queries": (
        "benchmarks/gsm8k/train",
        0,
        "benchmarks: gsm8k: train: 0 is too few; r1-p needs at least 1 query.",
    ),
    "no benchmark": ("benchmarks", {}, "benchmarks: {} is not at least one benchmark."),
    "no main benchmark": (
        "benchmarks/gsm8k",
        {"suite": "ood", "source": "generated", "test": 1},
        "benchmarks: none is in suite main, which methods, base, r1-p,",
    ),
    "mirror without a folder": (
        "benchmarks/gsm8k/source",
        "mirror",
        "benchmarks: gsm8k: source: mirror needs data: mirror, the folder that holds its files.",
    ),
    "unknown policy source": (
        "policies/tiny",
        {"url": "x"},
        "policies: tiny: url: no such key; valid keys are bootstrap,",
    ),
    "two policy sources": (
        "policies/tiny",
        {"path": "a", "package": "b"},
        "policies: tiny: {'path': 'a', 'package': 'b'} is not "
        "exactly one of bootstrap, package, hub, path and imported.",
    ),
    "policy from nowhere": ("policies/tiny", {}, "policies: tiny: {} is not exactly one of"),
    "stand-in without a release": (
        "benchmarks/watches",
        {"suite": "meds", "source": "hub", "test": 4},
        "benchmarks: watches: source: hub has no release of it; it should be generated.",
    ),
    "score of no benchmark": (
        "policies/tiny/expected",
        {"gsm9k": 79.1},
        "policies: tiny: expected: gsm9k is not one of the benchmarks, gsm8k",
    ),
    "score above 100": (
        "policies/tiny/expected",
        {"gsm8k": 791},
        "policies: tiny: expected: gsm8k: 791 is not a percentage from 0 to 100.",
    ),
    "policy with a score alone": (
        "policies/tiny",
        {"expected": {"gsm8k": 1}},
        "policies: tiny: {'expected': {'gsm8k': 1}} is not exactly one of bootstrap,",
    ),
    "policy with a slash": (
        "policies",
        {"a/b": {"path": "x"}},
        "policies: a/b: 'a/b' is not a name of letters, digits, dots and dashes (at most 100).",
    ),
    "policy named by a number": (
        "policies",
        {3: {"path": "x"}},
        "policies: 3: YAML takes this key for a number, not a name; write a decimal with a point, not a comma, and a "
        "name that looks like a number in quotes.",
    ),
    "policy with an empty path": ("policies/tiny", {"path": ""}, "policies: tiny: path: '' is not the path of"),
    "odd hidden size": (
        "policies/tiny/bootstrap/hidden_size",
        33,
        "policies: tiny: bootstrap: hidden_size: 33 is not a multiple of 32.",
    ),
    "ratio below 0": ("label_ratios", [-1], "label_ratios: -1 is not a whole percentage between 0 and 100."),
    "ratio of 130": (
        "label_ratios",
        [20, 130],
        "label_ratios: 130 is not a whole percentage between 0 and 100.",
    ),
    "ratio as a float": ("label_ratios", [20.0], "label_ratios: 20.0 is not a whole percentage"),
    "ratio that is no list": ("label_ratios", 20, "label_ratios: 20 is not a list of different percentages."),
    "ratio given twice": ("label_ratios", [20, 20], "label_ratios: [20, 20] is not a list of different percentages."),
    "no seeds": ("seeds", [], "seeds: [] is not a list of different whole numbers."),
    "negative seed": ("seeds", [-1], "seeds: -1 is not a whole number of at least 0."),
    "unknown method": (
        "methods",
        ["ppo"],
        "methods: 'ppo' is not one of base, r1-p, memreward, oracle, grpo, grpo-entropy,",
    ),
    "unknown predictor": ("reward_model/predictor", "forest", "reward_model: predictor: 'forest' is not one of graph,"),
    "method with an unknown predictor": ("methods", ["memreward:oracle"], "methods: 'memreward:oracle' is not one of"),
    "unknown predictor of the table": ("predictors", ["forest"], "predictors: 'forest' is not one of graph,"),
    "heads that do not divide": (
        "reward_model/heads",
        3,
        "reward_model: heads: 3 does not divide hidden_channels, 512.",
    ),
    "0 rollouts": (
        "rollouts/samples_per_query",
        0,
        "rollouts: samples_per_query: 0 is not at least 1 response a query.",
    ),
    "top_p of 0": ("evaluation/top_p", 0, "evaluation: top_p: 0 is not a number above 0 and at most 1."),
    "negative temperature": ("rollouts/temperature", -1, "rollouts: temperature: -1 is not a number of at least 0."),
    "1 rollout a step": (
        "training/samples_per_query",
        1,
        "training: samples_per_query: 1 is not at least 2 responses a query,",
    ),
    "learning rate of 0": ("training/learning_rate", 0, "training: learning_rate: 0 is not a number above 0."),
    "learning rate not a number": (
        "training/learning_rate",
        float("nan"),
        "training: learning_rate: nan is not a number above 0.",
    ),
    "infinite learning rate": (
        "training/learning_rate",
        float("inf"),
        "training: learning_rate: inf is not a number above 0.",
    ),
    "text for a number": (
        "training/clip_ratio_low",
        "small",
        "training: clip_ratio_low: 'small' is not a number above 0 and at most 1.",
    ),
    "truth value for a number": ("training/steps", True, "training: steps: True is not a whole number of at least 1."),
    "empty section": ("training", None, "training: null is not settings such as {steps: 20}."),
    "mini batch that does not divide": (
        "training/ppo_mini_batch_size",
        5,
        "training: ppo_mini_batch_size: 5 does not divide train_batch_size, 32.",
    ),
    "steps that no save ends": ("training/save_freq", 6, "training: save_freq: 6 does not divide steps, 20."),
    "override without a value": (
        "training/verl",
        ["a b"],
        "training: verl: 'a b' is not a Hydra override such as key=value.",
    ),
    "batch above the labeled": (
        "training/train_batch_size",
        41,
        "training: train_batch_size: 41 is more than the 40 queries that label_ratios: 20 leaves for r1-p; lower it or "
        "add training queries.",
    ),
    "unknown sandbox": ("sandbox", "docker", "sandbox: 'docker' is not bubblewrap"),
    "empty results": ("results", "", "results: '' is not a folder for all targets."),
}


@pytest.mark.parametrize(("path", "value", "told"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_sentence_with_file_key_value_and_mend(path, value, told):
    config = changed(path, value)
    if path == "5":
        config[5] = config.pop("5")
    sentence = complaint(config)
    assert sentence.startswith(f"mine.yaml: {told}")
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_memreward_without_a_reward_model_is_refused():
    config = copy.deepcopy(SMALL)
    del config["reward_model"]
    assert complaint(config) == (
        "mine.yaml: methods: memreward needs a reward model; add the section reward_model, such as {predictor: graph}."
    )


def test_without_memreward_no_reward_model_is_needed():
    config = copy.deepcopy(SMALL) | {"methods": ["base", "oracle"]}
    del config["reward_model"]
    assert load(config).reward_model is None


def test_a_batch_above_all_queries_is_refused():
    config = changed("training/train_batch_size", 201) | {"methods": ["oracle"]}
    assert (
        complaint(config)
        == "mine.yaml: training: train_batch_size: 201 is more than the 200 training queries of suite main."
    )


def test_the_labeled_queries_that_the_batch_is_held_against_are_those_that_are_routed():
    import pandas as pd

    from reward_memory.data.labels import route

    sizes = {"gsm8k": 13, "math": 7, "gpqa": 1}
    config = copy.deepcopy(SMALL) | {"label_ratios": [15], "methods": ["r1-p"]}
    config["benchmarks"] = {
        name: {"suite": "main", "source": "generated", "train": size, "valid": 1, "test": 1}
        for name, size in sizes.items()
    }
    rows = [(f"{name}/{row}", name) for name, size in sizes.items() for row in range(size)]
    labeled = int(route(pd.DataFrame(rows, columns=["id", "benchmark"]), 15, 0)["labeled"].sum())
    load(config | {"training": {"train_batch_size": labeled}})
    assert f"the {labeled} queries" in complaint(config | {"training": {"train_batch_size": labeled + 1}})


@pytest.mark.parametrize("missing", ["benchmarks", "policies"])
def test_a_missing_section_is_named(missing):
    config = copy.deepcopy(SMALL)
    del config[missing]
    assert re.fullmatch(rf"mine\.yaml: {missing} is missing; it should be at least one \w+\.", complaint(config))


@pytest.mark.parametrize(
    "path", [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))], ids=lambda path: path.name
)
def test_a_configuration_of_the_project_is_valid(path):
    load(yaml.safe_load(path.read_text()), path.name)


def test_defaults_are_filled_in_at_every_depth():
    config = load(SMALL)
    assert config.seeds == [0]
    assert config.rollouts.samples_per_query == 8
    assert config.benchmarks["piqa"].train == 0
    assert config.policies["tiny"].bootstrap.noise == 0.4
    assert config.reward_model.predictor == "graph"


def test_filling_in_leaves_the_input_untouched():
    config = copy.deepcopy(SMALL)
    load(config).benchmarks.pop("piqa")
    assert config == SMALL


def test_two_loads_share_no_default():
    load(SMALL).seeds.append(1)
    assert load(SMALL).seeds == [0]


def test_a_value_that_is_given_stays():
    config = load(changed("rollouts/samples_per_query", 3))
    assert config.rollouts.samples_per_query == 3
    assert config.evaluation.samples_per_query == 8


@given(
    st.lists(st.sampled_from(["base", "r1-p", "memreward", "oracle"]), min_size=1, unique=True),
    st.lists(st.integers(1, 100), min_size=1, max_size=4, unique=True),
)
def test_base_and_oracle_are_one_arm_each_and_the_others_one_a_ratio(methods, ratios):
    found = arms(Configuration.model_validate(SMALL | {"methods": methods, "label_ratios": ratios}))
    assert list(dict.fromkeys(method for method, _ in found)) == methods
    for method in methods:
        expected = {"base": [0], "oracle": [100]}.get(method, ratios)
        assert [ratio for name, ratio in found if name == method] == expected


def test_members_of_a_suite_keep_their_order():
    benchmark = SMALL["benchmarks"]["gsm8k"]
    benchmarks = {name: benchmark | {"suite": suite} for name, suite in [("b", "main"), ("x", "ood"), ("a", "main")]}
    assert members(Configuration.model_validate(SMALL | {"benchmarks": benchmarks}), "main") == ["b", "a"]


def mirrored(folder: Path) -> Configuration:
    """SMALL with gsm8k read from a mirror."""
    config = changed("benchmarks/gsm8k/source", "mirror") | {"data": {"mirror": str(folder)}}
    return load(config)


def test_the_files_of_mirrored_benchmarks_alone_are_listed(tmp_path):
    (tmp_path / "gsm8k").mkdir()
    files = [tmp_path / "gsm8k/train.jsonl", tmp_path / "gsm8k/test.jsonl.gz"]
    for file in files:
        file.touch()
    assert check_files(mirrored(tmp_path)) == {"gsm8k": files}


def test_a_missing_mirror_file_is_named_before_any_job(tmp_path):
    with pytest.raises(InputError, match=r"gsm8k/train\.jsonl: no such file \(plain or \.gz\); put .* there\.$"):
        check_files(mirrored(tmp_path))


def test_a_policy_folder_without_weights_is_named_before_any_job(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    config = load(changed("policies/tiny", {"path": str(tmp_path)}))
    with pytest.raises(InputError, match=f"{tmp_path}: the policy folder has no weights"):
        check_files(config)


def test_config_yaml_names_the_benchmarks_of_both_papers():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert list(config["benchmarks"]) == [*MEMREWARD, *MEDS]


@pytest.mark.parametrize(
    ("path", "text", "number"),
    [("training/learning_rate", "1e-6", 1e-6), ("training/steps", "40", 40), ("seeds", ["0", "1"], [0, 1])],
)
def test_numbers_that_arrive_as_text_are_numbers(path, text, number):
    """YAML takes 1e-6 for text, and Snakemake passes `--config 'seeds=[0,1]'` on as text."""
    loaded = load(changed(path, text))
    for key in path.split("/"):
        loaded = getattr(loaded, key)
    assert loaded == number
    assert str(loaded) == str(number)
