"""Predictors by the names of the configuration: settings that add up, and mistakes told in one sentence."""

import pytest
from test_configuration import changed, complaint

from reward_memory.config import fidelity, variants
from reward_memory.config.loading import load
from reward_memory.config.suites import predictors
from reward_memory.errors import InputError
from reward_memory.reward_models.graph.network import LAYERS
from reward_memory.reward_models.names import AS_PUBLISHED, NAMES, NETWORKS
from reward_memory.reward_models.registry import PREDICTORS

OF_REWARD_MODELS = fidelity.of_stage(list(fidelity.BEHAVIORS), "reward_model")


def loaded(section: dict, **top) -> dict:
    config = changed("reward_model", section)
    config["benchmarks"]["gsm8k"]["valid"] = 4
    return load(config | top)


def test_the_names_are_those_of_the_predictors():
    assert set(NAMES) == {AS_PUBLISHED, *PREDICTORS._registered}
    assert set(NETWORKS) == {AS_PUBLISHED, *LAYERS}


def test_a_variant_has_its_own_settings_and_the_sections_for_the_rest():
    config = loaded(
        {"hidden_channels": 32, "epochs": 7, "variants": {"wide": {"predictor": "graph", "hidden_channels": 64}}}
    )
    found = variants.settings(config, "wide")
    assert (found["predictor"], found["hidden_channels"], found["epochs"]) == ("graph", 64, 7)
    assert variants.settings(config, "graph")["hidden_channels"] == 32
    assert "variants" not in found
    assert "encoder_dtype" not in found


def test_a_variant_is_measured_and_can_drive_an_arm():
    config = loaded(
        {"variants": {"wide": {"predictor": "graph", "hidden_channels": 1024}}}, methods=["base", "memreward:wide"]
    )
    assert "wide" in predictors(config)
    assert "wide" in config.predictors


def test_text_in_a_variant_is_a_number_where_one_is_wanted():
    config = loaded({"variants": {"slow": {"predictor": "graph", "learning_rate": "1e-6"}}})
    assert variants.settings(config, "slow")["learning_rate"] == 1e-6


def test_behaviors_add_up():
    config = loaded(
        {
            "fidelity": ["cut-number"],
            "variants": {"edges": {"predictor": "graph", "fidelity": ["query-edges"]}},
        },
        fidelity=["zero-majority", "base-tests"],
    )
    assert variants.settings(config, "edges")["fidelity"] == ["query-edges", "cut-number", "zero-majority"]
    assert variants.settings(config, "graph")["fidelity"] == ["cut-number", "zero-majority"]
    assert variants.settings(config, "logistic")["fidelity"] == []


@pytest.mark.parametrize("config", [loaded({}), loaded({}, fidelity="as_published")])
def test_graph_as_published_has_all_behaviors_of_a_reward_model(config):
    found = variants.settings(config, "graph-as-published")
    assert found["predictor"] == "graph"
    assert found["fidelity"] == OF_REWARD_MODELS
    assert (found["selection"], found["criterion"], found["run_criterion"]) == ("valid", "f1", "fpr")


def test_as_published_makes_the_graph_what_graph_as_published_is():
    config = loaded({}, fidelity="as_published")
    assert variants.settings(config, "graph") == variants.settings(config, "graph-as-published")


def test_corrected_has_none():
    assert variants.settings(loaded({}), "graph")["fidelity"] == []


def test_without_valid_queries_what_selects_on_them_is_not_measured():
    config = changed("reward_model", {})
    config["methods"] = ["base"]
    assert "graph-as-published" in load(config).predictors
    config["benchmarks"]["gsm8k"]["valid"] = 0
    assert "graph-as-published" not in load(config).predictors
    config["predictors"] = ["graph-as-published"]
    assert "benchmarks: gsm8k: valid: 0 is too few; graph-as-published selects on the valid queries." in complaint(
        config
    )


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"variants": {"mlp": {"predictor": "graph"}}}, "variants: mlp: is the name of a built-in predictor;"),
        ({"variants": {"a": {"hidden_channels": 8}}}, "variants: a: predictor is missing; it should be one of graph,"),
        ({"variants": {"a": {"like": "graph", "heads": 2}}}, "variants: a: like: this key is called predictor here;"),
        (
            {"variants": {"a": {"predictor": "graph", "width": 8}}},
            "variants: a: width: no such key; valid keys are predictor",
        ),
        ({"variants": {"a": {"predictor": "graph", "variants": {}}}}, "variants: a: variants: no such key;"),
        (
            {"variants": {"a": {"predictor": "graph", "hidden_channels": 0}}},
            "variants: a: hidden_channels: 0 is not a whole number of at least 1.",
        ),
        (
            {"variants": {"a": {"predictor": "graph", "heads": 3}}},
            "variants: a: heads: 3 does not divide hidden_channels, 512.",
        ),
        (
            {"variants": {"a": {"predictor": "mlp", "fidelity": ["query-edges"]}}},
            "variants: a: fidelity: query-edges changes nothing in mlp; it applies to graph.",
        ),
        (
            {"variants": {"a": {"predictor": "knn", "fidelity": ["same-seed"]}}},
            "variants: a: fidelity: same-seed changes nothing in knn; it applies to graph,",
        ),
        (
            {"variants": {"a": {"predictor": "graph", "fidelity": ["edges"]}}},
            "variants: a: fidelity: 'edges' is not one of query-edges,",
        ),
        ({"fidelity": ["base-tests"]}, "fidelity: 'base-tests' is not one of query-edges,"),
        ({"predictor": "forest"}, "predictor: 'forest' is not one of graph,"),
    ],
)
def test_a_mistake_in_a_variant_is_one_sentence(section, told):
    assert complaint(changed("reward_model", section)).startswith(f"mine.yaml: reward_model: {told}")


def test_an_unknown_behavior_is_refused():
    assert "fidelity: 'edges' is not corrected, as_published or a list of torn-templates," in complaint(
        changed("fidelity", ["edges"])
    )


def test_names_resolve_in_their_own_order():
    assert fidelity.resolve(["zero-majority", "base-tests"]) == ["base-tests", "zero-majority"]
    assert fidelity.resolve("as_published") == list(fidelity.BEHAVIORS)
    assert fidelity.resolve("corrected") == []
    with pytest.raises(InputError, match="'as published' is not"):
        fidelity.resolve("as published")


def test_every_behavior_has_a_known_stage():
    stages = {behavior.stage for behavior in fidelity.BEHAVIORS.values()}
    assert stages == {"data", "grading", "reward_model", "training"}
