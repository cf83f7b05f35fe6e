"""The models of the configuration: words for every key, defaults that are valid, values that keep their spelling."""

import subprocess
import sys
from typing import Literal, get_args, get_origin

import numpy as np
import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from test_configuration import SMALL, changed

from reward_memory.config.loading import load
from reward_memory.data.registry import DOMAINS
from reward_memory.error_memory.clusters import visit
from reward_memory.error_memory.penalty import penalize
from reward_memory.reward_models.graph.fitting import CRITERIA
from reward_memory.settings import Configuration, ErrorMemory, RewardModel
from reward_memory.settings.data import Benchmark
from reward_memory.settings.json_schema import Node


def values(field: FieldInfo) -> tuple[str, ...]:
    """What a key may be."""
    kinds = (field.annotation, *get_args(field.annotation))
    return get_args(next(kind for kind in kinds if get_origin(kind) is Literal))


SUITE_MEDS = {
    "benchmarks": {
        "dapo_math_17k": {"suite": "meds", "source": "generated", "train": 64, "valid": 4, "test": 0},
        "math500": {"suite": "meds", "source": "generated", "test": 4},
    }
}


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
    # their keys are those of other sections (tests/unit/test_variants.py, test_suites.py)
    own = [f"{of}/*/{part}" for of in ("variants", "suites/*/per_policy") for part in ("training", "error_memory")]
    own += [f"suites/*/{part}" for part in ("training", "error_memory", "evaluation", "reward_model")]
    own.append("variants/*/reward_model")
    assert sorted(open_sections) == sorted(
        ["/reward_model/variants/*", "/training/per_policy/*", *(f"/{part}" for part in own)]
    )


def test_every_default_is_itself_valid():
    """Pydantic checks what is given, not what a default is."""
    filled = load(SMALL | {"suites": {"meds": {"policies": ["tiny"], "methods": ["dapo"]}}, "methods": []} | SUITE_MEDS)
    assert load(filled.model_dump(by_alias=True)) == filled


@pytest.mark.parametrize(
    ("found", "known"),
    [
        (RewardModel.model_fields["criterion"], CRITERIA),
        (Benchmark.model_fields["domain"], sorted(set(DOMAINS.values()))),
    ],
)
def test_the_values_of_a_key_are_those_of_the_library(found, known):
    assert sorted(values(found)) == sorted(known)


@pytest.mark.parametrize("method", values(ErrorMemory.model_fields["method"]))
@pytest.mark.parametrize("target", values(ErrorMemory.model_fields["target"]))
def test_the_library_computes_every_method_and_target_of_the_error_memory(method, target):
    assert len(visit(np.eye(4), np.eye(4), ErrorMemory(method=method)).sizes) == 4
    found = penalize(np.zeros(2), np.ones(2), np.array([True, False]), ErrorMemory(target=target))
    assert bool(found[1] < 0) is (target in ("wrong", "both"))


@pytest.mark.parametrize(("given", "text"), [(1, "1"), (1.0, "1.0"), ("1", "1.0"), (-0.0, "0.0")])
def test_a_number_keeps_its_spelling(given, text):
    """1 and 1.0 are other parameters of a rule; -0.0 would be another name of 0.0."""
    assert str(load(changed("error_memory", {"alpha": given})).error_memory.alpha) == text


def test_the_order_of_keys_in_a_section_changes_no_parameter():
    """Snakemake compares parameters as text."""
    one, other = {"top_p": 0.5, "batch_size": 4}, {"batch_size": 4, "top_p": 0.5}
    texts = {str(load(changed("rollouts", given)).rollouts.model_dump(by_alias=True)) for given in (one, other)}
    assert len(texts) == 1


def test_attributes_say_what_the_keys_say():
    found = load(changed("rollouts/samples_per_query", "3"))
    assert (found.rollouts.samples_per_query, found.rollouts.import_, found.training.lora) == (3, None, None)
    with pytest.raises(ValidationError, match="frozen"):
        found.rollouts.samples_per_query = 4


def test_an_import_without_a_table_has_no_predictors():
    without = {key: value for key, value in SMALL.items() if key != "reward_model"}
    assert load(without | {"methods": ["base"]}).predictors is None


def test_the_configuration_is_read_without_the_libraries_that_compute():
    """A dry run waits for every import."""
    heavy = "{'torch', 'verl', 'numpy', 'pandas', 'sklearn'}"
    code = f"import sys, reward_memory.settings; print(*({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
