import copy
import re
import subprocess
import sys
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reward_memory.config.experiment import arms, members
from reward_memory.config.json_schema import Node
from reward_memory.config.loading import check_files, load, typed
from reward_memory.config.models import Configuration, ErrorMemory, RewardModel
from reward_memory.config.models.data import Benchmark
from reward_memory.data.registry import DOMAINS, MEDS, MEMREWARD
from reward_memory.error_memory import settings as error_memory
from reward_memory.errors import InputError
from reward_memory.reward_models.graph.fitting import CRITERIA

ROOT = Path(__file__).parents[2]
SMALL = {
    "benchmarks": {
        "gsm8k": {"suite": "main", "source": "generated", "train": 200, "valid": 5, "test": 5},
        "piqa": {"suite": "ood", "source": "generated", "test": 5},
    },
    "policies": {"tiny": {"bootstrap": {"hidden": 32, "layers": 1, "steps": 1}}},
    "reward_model": {},
}
SUITE_MEDS = {
    "benchmarks": {
        "dapo_math_17k": {"suite": "meds", "source": "generated", "train": 64, "valid": 4, "test": 0},
        "math500": {"suite": "meds", "source": "generated", "test": 4},
    }
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
    "unknown section": ("trainning", {}, "trainning: no such key; there are results, seeds, fidelity,"),
    "unknown key": ("training/step", 3, "training: step: no such key; there are steps, batch,"),
    "key that is a number": ("5", 1, "5: no such key; there are results,"),
    "unknown benchmark": (
        "benchmarks/gsm9k",
        {"suite": "ood", "source": "generated", "test": 1},
        "benchmarks: gsm9k: 'gsm9k' is not one of gsm8k, math,",
    ),
    "benchmark with a space": (
        "benchmarks/a b",
        {"suite": "ood", "source": "import"},
        "benchmarks: a b: 'a b' is not a name of letters, digits, dots, dashes and underscores.",
    ),
    "unknown suite": (
        "benchmarks/gsm8k/suite",
        "extra",
        "benchmarks: gsm8k: suite: 'extra' is not main (trained on and tested), ood (tested only) or meds (the second",
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
        "benchmarks: none is in suite main, which r1-p trains on.",
    ),
    "mirror without a folder": (
        "benchmarks/gsm8k/source",
        "mirror",
        "benchmarks: gsm8k: source: mirror needs data: mirror, the folder that holds its files.",
    ),
    "unknown policy source": ("policies/tiny", {"url": "x"}, "policies: tiny: url: no such key; there are bootstrap,"),
    "two policy sources": (
        "policies/tiny",
        {"path": "a", "package": "b"},
        "policies: tiny: {'path': 'a', 'package': 'b'} is not "
        "exactly one of bootstrap, package, hub, path and imported.",
    ),
    "policy from nowhere": ("policies/tiny", {}, "policies: tiny: {} is not exactly one of"),
    "policy with a slash": (
        "policies",
        {"a/b": {"path": "x"}},
        "policies: a/b: 'a/b' is not a name of letters, digits, dots and dashes.",
    ),
    "policy named by a number": (
        "policies",
        {3: {"path": "x"}},
        "policies: 3: 3 is not a name of letters, digits, dots and dashes.",
    ),
    "policy with an empty path": ("policies/tiny", {"path": ""}, "policies: tiny: path: '' is not the path of"),
    "odd hidden size": (
        "policies/tiny/bootstrap/hidden",
        33,
        "policies: tiny: bootstrap: hidden: 33 is not a multiple of 32.",
    ),
    "ratio of 0": ("label_ratios", [0], "label_ratios: 0 is not a whole percentage between 1 and 100."),
    "ratio of 130": (
        "label_ratios",
        [20, 130],
        "label_ratios: 130 is not a whole percentage between 1 and 100.",
    ),
    "ratio as a float": ("label_ratios", [20.0], "label_ratios: 20.0 is not a whole percentage"),
    "ratio that is no list": ("label_ratios", 20, "label_ratios: 20 is not a list of different percentages."),
    "ratio given twice": ("label_ratios", [20, 20], "label_ratios: [20, 20] is not a list of different percentages."),
    "no seeds": ("seeds", [], "seeds: [] is not a list of different whole numbers."),
    "negative seed": ("seeds", [-1], "seeds: -1 is not a whole number of at least 0."),
    "unknown method": (
        "methods",
        ["ppo"],
        "methods: 'ppo' is not one of base, r1-p, memreward, oracle, memreward:graph,",
    ),
    "unknown predictor": ("reward_model/predictor", "forest", "reward_model: predictor: 'forest' is not one of graph,"),
    "method with an unknown predictor": ("methods", ["memreward:oracle"], "methods: 'memreward:oracle' is not one of"),
    "unknown predictor of the table": ("predictors", ["forest"], "predictors: 'forest' is not one of graph,"),
    "heads that do not divide": ("reward_model/heads", 3, "reward_model: heads: 3 does not divide hidden, 512."),
    "0 rollouts": ("rollouts/samples", 0, "rollouts: samples: 0 is not at least 1 response a query."),
    "top_p of 0": ("evaluation/top_p", 0, "evaluation: top_p: 0 is not a number above 0 and at most 1."),
    "negative temperature": ("rollouts/temperature", -1, "rollouts: temperature: -1 is not a number of at least 0."),
    "1 rollout a step": ("training/rollouts", 1, "training: rollouts: 1 is not at least 2 responses a query,"),
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
    "text for a number": ("training/clip", "small", "training: clip: 'small' is not a number between 0 and 1."),
    "truth value for a number": ("training/steps", True, "training: steps: True is not a whole number of at least 1."),
    "empty section": ("training", None, "training: null is not settings such as {steps: 20}."),
    "mini batch that does not divide": (
        "training/mini_batch",
        5,
        "training: mini_batch: 5 does not divide batch, 32.",
    ),
    "steps that no save ends": ("training/save_every", 6, "training: save_every: 6 does not divide steps, 20."),
    "override without a value": (
        "training/verl",
        ["a b"],
        "training: verl: 'a b' is not a Hydra override such as key=value.",
    ),
    "batch above the labelled": (
        "training/batch",
        41,
        "training: batch: 41 is more than the 40 queries that label_ratios: 20 leaves to r1-p; lower it or add "
        "training queries.",
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
    assert "reward_model" not in load(config)


def test_a_batch_above_all_queries_is_refused():
    config = changed("training/batch", 201) | {"methods": ["oracle"]}
    assert complaint(config) == "mine.yaml: training: batch: 201 is more than the 200 training queries."


def test_the_labelled_queries_that_the_batch_is_held_against_are_those_that_are_routed():
    import pandas as pd

    from reward_memory.data.labels import route

    sizes = {"gsm8k": 13, "math": 7, "gpqa": 1}
    config = copy.deepcopy(SMALL) | {"label_ratios": [15], "methods": ["r1-p"]}
    config["benchmarks"] = {
        name: {"suite": "main", "source": "generated", "train": size, "valid": 1, "test": 1}
        for name, size in sizes.items()
    }
    rows = [(f"{name}/{row}", name) for name, size in sizes.items() for row in range(size)]
    labelled = int(route(pd.DataFrame(rows, columns=["id", "benchmark"]), 15, 0)["labelled"].sum())
    load(config | {"training": {"batch": labelled}})
    assert f"the {labelled} queries" in complaint(config | {"training": {"batch": labelled + 1}})


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
    assert config["seeds"] == [0]
    assert config["rollouts"]["samples"] == 8
    assert config["benchmarks"]["piqa"]["train"] == 0
    assert config["policies"]["tiny"]["bootstrap"]["noise"] == 0.4
    assert config["reward_model"]["predictor"] == "graph"


def test_filling_in_leaves_the_input_untouched():
    config = copy.deepcopy(SMALL)
    load(config)["benchmarks"]["piqa"]["test"] = 99
    assert config == SMALL


def test_two_loads_share_no_default():
    load(SMALL)["seeds"].append(1)
    assert load(SMALL)["seeds"] == [0]


def test_a_value_that_is_given_stays():
    config = load(changed("rollouts/samples", 3))
    assert config["rollouts"]["samples"] == 3
    assert config["evaluation"]["samples"] == 8


@given(
    st.lists(st.sampled_from(["base", "r1-p", "memreward", "oracle"]), min_size=1, unique=True),
    st.lists(st.integers(1, 100), min_size=1, max_size=4, unique=True),
)
def test_base_and_oracle_are_one_arm_each_and_the_others_one_a_ratio(methods, ratios):
    found = arms({"methods": methods, "label_ratios": ratios})
    assert list(dict.fromkeys(method for method, _ in found)) == methods
    for method in methods:
        expected = {"base": [0], "oracle": [100]}.get(method, ratios)
        assert [ratio for name, ratio in found if name == method] == expected


def test_members_of_a_suite_keep_their_order():
    benchmarks = {name: {"suite": suite} for name, suite in [("b", "main"), ("x", "ood"), ("a", "main")]}
    assert members({"benchmarks": benchmarks}, "main") == ["b", "a"]


def mirrored(folder: Path) -> dict:
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
    with pytest.raises(InputError, match=r"gsm8k/train\.jsonl: no such file \(nor \.gz\); put .* there\.$"):
        check_files(mirrored(tmp_path))


def test_a_policy_folder_without_weights_is_named_before_any_job(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    config = load(changed("policies/tiny", {"path": str(tmp_path)}))
    with pytest.raises(InputError, match=f"{tmp_path}: the policy folder has no weights"):
        check_files(config)


def keys(node: Node, path: str = ""):
    """(path, part of the schema) of every value that a user can get wrong."""
    yield path, node
    for key in node.keys:
        yield from keys(node.key(key), f"{path}/{key}")
    for part in (node.item(), node.key(None)):
        if part.schema:
            yield from keys(part, f"{path}/*")


@pytest.fixture(scope="module")
def parts() -> dict[str, Node]:
    return dict(keys(Node.of(Configuration)))


def test_every_value_has_words_for_what_would_be_right(parts):
    assert len(parts) > 200
    assert [path for path, node in parts.items() if path and node.expected == "a value"] == []


def test_every_key_is_described_in_one_line(parts):
    """A key is described where it is, not where a section that it holds is."""
    named = {path: node for path, node in parts.items() if path and not path.endswith("*")}
    assert [path for path, node in named.items() if not node.schema.get("description", "").endswith(".")] == []
    assert [path for path, node in named.items() if "\n" in node.schema["description"]] == []


def test_every_section_refuses_unknown_keys(parts):
    sections = {path: part for path, node in parts.items() for part in node.kinds() if part.get("type") == "object"}
    open_sections = [path for path, part in sections.items() if part.get("additionalProperties", True) is True]
    open_sections = [path for path in open_sections if "patternProperties" not in sections[path]]
    # their keys are those of other sections (tests/unit/test_variants.py, test_algorithms.py)
    own = [f"{of}/*/{part}" for of in ("variants", "per_policy") for part in ("training", "error_memory")]
    own += ["training", "evaluation"]
    assert sorted(open_sections) == sorted(
        ["/reward_model/variants/*", "/training/per_policy/*", *(f"/meds/{part}" for part in own)]
    )


def test_every_default_is_itself_valid():
    """Pydantic checks what is given, not what a default is."""
    filled = load(SMALL | {"meds": {"policies": ["tiny"], "methods": ["dapo"]}, "methods": []} | SUITE_MEDS)
    assert load(filled) == filled


@pytest.mark.parametrize(
    ("found", "known"),
    [
        (ErrorMemory.model_fields["method"], error_memory.METHODS),
        (ErrorMemory.model_fields["target"], error_memory.TARGETS),
        (RewardModel.model_fields["criterion"], CRITERIA),
        (Benchmark.model_fields["domain"], sorted(set(DOMAINS.values()))),
    ],
)
def test_the_values_of_a_key_are_those_of_the_library(found, known):
    named = [kind for kind in (found.annotation, *get_args(found.annotation)) if get_origin(kind) is Literal]
    assert sorted(get_args(named[0])) == sorted(known)


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
        loaded = loaded[key]
    assert loaded == number
    assert str(loaded) == str(number)


@pytest.mark.parametrize(("given", "text"), [(1, "1"), (1.0, "1.0"), ("1", "1.0"), (-0.0, "0.0")])
def test_a_number_keeps_its_spelling(given, text):
    """1 and 1.0 are other parameters of a rule; -0.0 would be another name of 0.0."""
    assert str(load(changed("rollouts/temperature", given))["rollouts"]["temperature"]) == text


def test_keys_keep_their_order_and_defaults_come_last():
    """Snakemake compares parameters as text: the order of a file that is read again must be the same."""
    loaded = load(changed("rollouts", {"top_p": 0.5, "batch": 4}))
    assert list(loaded)[:3] == ["benchmarks", "policies", "reward_model"]
    assert list(loaded["rollouts"])[:4] == ["top_p", "batch", "engine", "tensor_parallel"]


def test_attributes_say_what_the_keys_say():
    found = typed(changed("rollouts/samples", "3"), "mine.yaml")
    assert (found.rollouts.samples, found.rollouts.import_, found.training.lora) == (3, None, None)
    assert found.predictors == load(SMALL)["predictors"]
    with pytest.raises(ValidationError, match="frozen"):
        found.rollouts.samples = 4


def test_an_import_without_a_table_has_no_predictors():
    without = {key: value for key, value in SMALL.items() if key != "reward_model"}
    assert typed(without | {"methods": ["base"]}).predictors is None


def test_the_configuration_is_read_without_the_libraries_that_compute():
    """A dry run waits for every import."""
    heavy = "{'torch', 'verl', 'pandas', 'sklearn'}"
    code = f"import sys, reward_memory.config.models; print(*({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
