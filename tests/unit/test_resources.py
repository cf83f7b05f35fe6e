from pathlib import Path

import pytest
import yaml

from reward_memory.config import loading
from reward_memory.config.resources import DEFAULTS, allocation
from reward_memory.errors import InputError
from reward_memory.settings.resources import Amounts, Resources

ROOT = Path(__file__).parents[2]


@pytest.fixture
def load():
    """Load config.yaml with the given section `resources`."""

    def load(resources: dict) -> dict:
        text = (ROOT / "config.yaml").read_text()
        return loading.load(yaml.safe_load(text) | {"resources": resources})

    return load


def test_without_a_section_the_defaults_hold(load):
    config = load({})
    assert allocation(config, "train_policy", "tiny") == {
        "gpu": 1,
        "nodes": 1,
        "threads": 1,
        "mem_mb": 4000,
        "runtime": 24 * 60,
    }


def test_a_policys_own_come_before_the_rules_and_those_before_the_defaults(load):
    config = load({"train_policy": {"gpu": 4, "threads": 8, "per_policy": {"tiny": {"gpu": 8, "nodes": 2}}}})
    tiny, other = (allocation(config, "train_policy", policy) for policy in ("tiny", "another"))
    assert [tiny[name] for name in ("gpu", "nodes", "threads", "mem_mb")] == [8, 2, 8, 4000]
    assert [other[name] for name in ("gpu", "nodes", "threads", "mem_mb")] == [4, 1, 8, 4000]


@pytest.mark.parametrize(("text", "minutes"), [("30m", 30), ("12h", 720), ("2d", 2880)])
def test_times_become_minutes(load, text, minutes):
    assert allocation(load({"evaluate_policy": {"runtime": text}}), "evaluate_policy")["runtime"] == minutes


def test_memory_and_time_grow_with_the_attempt_and_gpus_do_not(load):
    third = allocation(
        load({"sample_rollouts": {"gpu": 2, "mem_mb": 1000, "runtime": "1h"}}), "sample_rollouts", attempt=3
    )
    assert (third["gpu"], third["mem_mb"], third["runtime"]) == (2, 3000, 180)


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (
            {"train_policy": {"per_policy": {"huge": {}}}},
            r"resources: train_policy: per_policy: 'huge' is not one of tiny",
        ),
        (
            {"train_policy": {"gpu": 3, "nodes": 2}},
            r"resources: train_policy: gpu: 3 GPUs cannot be divided evenly among 2 nodes",
        ),
        (
            {"train_policy": {"nodes": 2, "gpu": 4, "per_policy": {"tiny": {"gpu": 1}}}},
            r"train_policy: per_policy: tiny: gpu: 1 GPUs cannot",
        ),
        ({"evaluate_policy": {"nodes": 2, "gpu": 2}}, "resources: evaluate_policy: nodes: only the rule train_policy"),
        (
            {"train_policy": {"runtime": "a while"}},
            "resources: train_policy: runtime: 'a while' is not a time such as 30m",
        ),
        ({"cook": {}}, "resources: cook: no such key; valid keys are sample_rollouts, evaluate_policy"),
    ],
)
def test_what_cannot_be_is_told(load, resources, message):
    with pytest.raises(InputError, match=message):
        load(resources)


def test_the_section_knows_the_rules_and_the_keys_that_have_defaults():
    assert Resources.model_fields.keys() == DEFAULTS.keys()
    assert all(known.keys() == Amounts.model_fields.keys() for known in DEFAULTS.values())
