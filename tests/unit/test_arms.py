import pytest

from reward_memory.config import arms
from reward_memory.errors import InputError
from reward_memory.settings import Configuration

ABLATIONS = ["memreward:graph-homogeneous", "memreward:graph-no-thinking", "memreward:mlp"]


def config(
    *methods: str, ratios=(20,), there=("main", "ood"), predictor: str | None = "graph", imported=None, **more
) -> Configuration:
    whole = {
        "methods": list(methods),
        "label_ratios": list(ratios),
        "benchmarks": {suite: {"suite": suite, "source": "generated", "test": 1} for suite in there},
        "rollouts": {"import": imported},
        "policies": {"tiny": {"path": "tiny"}},
        "suites": {suite: {} for suite in there if suite != "main"},
    }
    model = {"reward_model": {"predictor": predictor}} if predictor else {}
    return Configuration.model_validate(whole | model | more)


def test_the_main_table_has_every_arm():
    found = arms.arms_of(config("base", "r1-p", "memreward", "oracle", ratios=(20, 30)), "main")
    assert found == [("base", 0), ("r1-p", 20), ("r1-p", 30), ("memreward", 20), ("memreward", 30), ("oracle", 100)]


def test_label_ratios_stand_between_what_uses_no_label_and_the_oracle():
    named = ("oracle", "psr", "memreward", "ttrl", "r1-p", "memreward:mlp", "base")
    found = arms.arms_of(config(*named, ratios=(20, 70)), "label_ratio")
    each = [(method, ratio) for method in ("memreward", "r1-p", "memreward:mlp") for ratio in (20, 70)]
    assert found == [("ttrl", 0), ("base", 0), *each, ("oracle", 100)]


def test_label_ratios_need_a_method_that_has_one():
    with pytest.raises(InputError, match=r"^methods: none trains on a label ratio; add r1-p or memreward\.$"):
        arms.arms_of(config("base", "oracle"), "label_ratio")


def test_the_ablation_has_memreward_and_what_is_ablated_and_nothing_else():
    found = arms.arms_of(config("base", "r1-p", "memreward", "memreward:knn", *ABLATIONS, "oracle"), "ablation")
    assert found == [("memreward", 20), *((method, 20) for method in ABLATIONS)]


@pytest.mark.parametrize("method", ABLATIONS)
def test_one_ablation_is_enough(method):
    assert arms.arms_of(config("memreward", method), "ablation") == [("memreward", 20), (method, 20)]


def test_without_an_ablation_the_methods_to_add_are_named():
    with pytest.raises(InputError) as raised:
        arms.arms_of(config("base", "r1-p", "memreward", "memreward:knn", "oracle"), "ablation")
    assert str(raised.value) == (
        "methods: none is an ablation of memreward; add memreward:graph-homogeneous, memreward:graph-no-thinking or "
        "memreward:mlp, and memreward to compare with."
    )


def test_an_ablation_is_known_by_its_reward_model():
    found = config("memreward", "memreward:graph", "memreward:knn", "r1-p", predictor="mlp")
    names = [arms.published_ablation(found, method) for method in found.methods]
    assert names == ["memreward-mlp", "memreward", None, None]
    assert arms.arms_of(found, "ablation") == [("memreward", 20), ("memreward:graph", 20)]


def test_gains_are_of_every_memreward_over_r1_p():
    found = arms.arms_of(config("base", "r1-p", "memreward", "memreward:mlp", "oracle"), "accuracy_delta")
    assert found == [("r1-p", 20), ("memreward", 20), ("memreward:mlp", 20)]


def test_pairs_of_ones_own_join_the_differences():
    found = config("base", "r1-p", "memreward", "oracle", differences=[["oracle", "base"], ["memreward", "r1-p"]])
    assert arms.pairs(found) == [("memreward", "r1-p"), ("oracle", "base")]
    assert arms.arms_of(found, "accuracy_delta") == [("base", 0), ("r1-p", 20), ("memreward", 20), ("oracle", 100)]
    alone = config("base", "oracle", differences=[["oracle", "base"]])
    assert "accuracy_delta" in arms.available_tables(alone)


@pytest.mark.parametrize(
    ("methods", "missing"),
    [(["memreward:mlp"], "r1-p"), (["r1-p", "oracle"], "memreward"), (["base"], "memreward and r1-p")],
)
def test_what_a_gain_lacks_is_named(methods, missing):
    with pytest.raises(InputError, match=rf"^methods: memreward is compared with r1-p here; add {missing}\.$"):
        arms.arms_of(config(*methods), "accuracy_delta")


@pytest.mark.parametrize("table", ["main", "ood", "label_ratio", "ablation", "accuracy_delta"])
def test_imported_rollouts_have_no_arms(table):
    with pytest.raises(InputError, match=r"^methods: imported rollouts have no methods to evaluate\.$"):
        arms.arms_of(config(imported="mine.jsonl"), table)


ARMS = ("base", "r1-p", "memreward", "oracle")


@pytest.mark.parametrize(
    ("given", "tables"),
    [
        (
            config(*ARMS),
            ["main", "ood", "accuracy_delta", "reward_models", "reliability", "threshold", "learning_curves"],
        ),
        (
            config(*ARMS, there=("main",)),
            ["main", "accuracy_delta", "reward_models", "reliability", "threshold", "learning_curves"],
        ),
        (
            config(*ARMS, *ABLATIONS, ratios=(20, 30)),
            [
                "main",
                "ood",
                "label_ratio",
                "labels_spent",
                "ablation",
                "accuracy_delta",
                "reward_models",
                "reliability",
                "threshold",
                "learning_curves",
            ],
        ),
        (config("base", "r1-p", predictor=None), ["main", "ood", "learning_curves"]),
        (config("base", "oracle", ratios=(20, 30), predictor=None), ["main", "ood", "learning_curves"]),
        (config("base", predictor=None), ["main", "ood"]),
        (config(imported="mine.jsonl"), ["reward_models", "reliability", "threshold"]),
    ],
)
def test_all_makes_the_tables_that_there_is_something_for(given, tables):
    assert arms.available_tables(given) == tables


MEDS_ABLATIONS = ["meds-single-cluster", "meds-kmeans", "meds-all-layers", "meds-all-diff", "meds-diff"]


def second_paper(*methods: str, **variants: str) -> Configuration:
    """A configuration with these methods in suite meds; a variant is given as name=method."""
    own = {"suites": {"meds": {"methods": [*methods, *variants]}}}
    own["variants"] = {name: {"like": like} for name, like in variants.items()}
    return config("base", predictor=None, there=("main", "meds"), **own)


def test_every_method_of_the_second_paper_stands_in_its_main_table():
    assert arms.of_meds(second_paper("base", "grpo", "meds"), "meds_main") == ["base", "grpo", "meds"]


@pytest.mark.parametrize("table", ["repeated_errors", "error_spread"])
def test_errors_are_of_what_is_trained(table):
    assert arms.of_meds(second_paper("base", "grpo", "meds"), table) == ["grpo", "meds"]
    with pytest.raises(InputError, match=r"^suites: meds: methods: none is trained; add dapo or meds\.$"):
        arms.of_meds(second_paper("base"), table)


def test_cluster_sizes_are_of_what_has_an_error_memory():
    found = second_paper("base", "dapo", "meds", longer="dapo", gentle="meds-kmeans")
    assert arms.of_meds(found, "cluster_sizes") == ["meds", "gentle"]
    with pytest.raises(InputError, match=r"^suites: meds: methods: none has an error memory; add meds\.$"):
        arms.of_meds(second_paper("base", "dapo"), "cluster_sizes")


@pytest.mark.parametrize("method", MEDS_ABLATIONS)
def test_one_ablation_of_the_error_memory_is_enough(method):
    assert arms.of_meds(second_paper("base", "grpo", "dapo", method), "meds_ablation") == ["dapo", method]


def test_a_variant_of_meds_is_an_ablation_and_one_of_grpo_is_not():
    found = second_paper("dapo", "meds", gentle="meds", longer="grpo")
    assert arms.of_meds(found, "meds_ablation") == ["dapo", "meds", "gentle"]


def test_without_an_ablation_of_the_error_memory_the_methods_to_add_are_named():
    with pytest.raises(InputError) as raised:
        arms.of_meds(second_paper("base", "grpo", "dapo", "meds"), "meds_ablation")
    assert str(raised.value) == (
        "suites: meds: methods: none is an ablation of meds; add meds-single-cluster, meds-kmeans, meds-all-layers, "
        "meds-all-diff, meds-diff or meds-answers, and meds and dapo to compare with."
    )


def test_methods_have_their_published_names_and_variants_none():
    names = [arms.published_meds(name) for name in ("dapo", "meds-single-cluster", "meds-diff", "gentle")]
    assert names == ["dapo", "meds-single-cluster", "meds-14-diff", None]


@pytest.mark.parametrize(
    ("methods", "tables"),
    [
        (["base", "dapo", "meds"], ["meds_main", "repeated_errors", "error_spread", "cluster_sizes"]),
        (["dapo", "meds-diff"], ["meds_main", "meds_ablation", "repeated_errors", "error_spread", "cluster_sizes"]),
        (["base", "grpo"], ["meds_main", "repeated_errors", "error_spread"]),
        (["base"], ["meds_main"]),
    ],
)
def test_all_makes_the_tables_of_the_second_paper_that_there_is_something_for(methods, tables):
    curves = ["learning_curves"] if methods != ["base"] else []
    assert arms.available_tables(second_paper(*methods)) == ["main", *curves, *tables]
