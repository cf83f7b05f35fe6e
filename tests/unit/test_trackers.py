"""What else gets a training's metrics: which variables send it where, and what decides no number."""

from dataclasses import replace
from pathlib import Path

import pytest
from override_cases import RUN, TRAINING, told
from test_suites import BASIC

from reward_memory.config import suites
from reward_memory.config.loading import load
from reward_memory.errors import InputError
from reward_memory.training import trackers
from reward_memory.training.trackers import Trackers

pytestmark = pytest.mark.long

NAMES = {"suite": "meds", "policy": "tiny", "method": "memreward:mlp+meds", "label_ratio": 20, "seed": 3}
NAME = "tiny.memreward:mlp+meds.20.3"


def reporting(*loggers: str) -> Trackers:
    return Trackers.of(["file", *loggers], Path("/results/trackers"), NAMES)


@pytest.mark.parametrize(
    ("loggers", "given", "expected"),
    [
        ([], {}, {}),
        (["tensorboard"], {}, {"TENSORBOARD_DIR": f"/results/trackers/tensorboard/meds/{NAME}"}),
        # one folder for all runs would draw them as one curve
        (
            ["tensorboard"],
            {"TENSORBOARD_DIR": "/runs"},
            {"TENSORBOARD_DIR": f"/results/trackers/tensorboard/meds/{NAME}"},
        ),
        (["wandb"], {"WANDB_MODE": "offline"}, {"WANDB_DIR": "/results/trackers", "WANDB_RUN_GROUP": "meds"}),
        (["wandb"], {"WANDB_DIR": "/elsewhere"}, {"WANDB_RUN_GROUP": "meds"}),
        (["mlflow"], {}, {"MLFLOW_TRACKING_URI": "sqlite:////results/trackers/mlflow.db"}),
        (["mlflow"], {"MLFLOW_TRACKING_URI": "http://server:5000"}, {}),
        (["swanlab"], {}, {"SWANLAB_LOG_DIR": "/results/trackers/swanlab"}),
    ],
)
def test_files_go_below_the_results_and_named_servers_stay(loggers, given, expected):
    assert reporting(*loggers).environment(given) == expected


def test_a_tracker_that_is_not_installed_is_one_sentence(monkeypatch):
    monkeypatch.setattr(trackers, "find_spec", lambda name: None if name == "mlflow" else object())
    trackers.check(["file", "tensorboard"])
    with pytest.raises(InputError) as caught:
        trackers.check(["file", "tensorboard", "mlflow"])
    assert str(caught.value) == (
        "training: logger: mlflow is not installed; run `pip install mlflow`, or leave mlflow out of the list."
    )


def test_a_folder_is_made_for_trackers_alone(tmp_path):
    for loggers, there in (["file"], False), (["file", "tensorboard"], True):
        Trackers.of(loggers, tmp_path / "trackers", NAMES).prepare()
        assert (tmp_path / "trackers").exists() == there


def test_verl_gets_the_trackers_and_the_name_of_the_run(tmp_path):
    found = told({"tracked": (TRAINING, replace(RUN, trackers=reporting("tensorboard", "wandb")))}, tmp_path)
    trainer = found["tracked"]["config"]["trainer"]
    assert trainer["logger"] == ["file", "tensorboard", "wandb"]
    assert trainer["experiment_name"] == NAME


def loaded(shared: list[str], of_suite: dict) -> dict:
    training = BASIC["suites"]["meds"]["training"] | of_suite
    return load(
        BASIC | {"training": {"logger": shared}, "suites": {"meds": BASIC["suites"]["meds"] | {"training": training}}}
    )


@pytest.mark.parametrize(
    ("logger", "suite", "expected"),
    [
        ([], {}, ["file"]),
        (["wandb"], {}, ["file", "wandb"]),
        (["wandb", "file"], {}, ["file", "wandb"]),
        (["wandb"], {"logger": ["tensorboard"]}, ["file", "tensorboard"]),
    ],
)
def test_the_file_is_always_there_and_nothing_that_decides_reruns_has_the_trackers(logger, suite, expected):
    config = loaded(logger, suite)
    assert suites.loggers(config, "meds", "dapo", "maths") == expected
    assert suites.all_loggers(config) == sorted(expected)
    untracked = loaded(["file"], {})
    assert suites.settings(config, "meds", "dapo", "maths") == suites.settings(untracked, "meds", "dapo", "maths")


def test_a_configuration_without_its_loggers_is_the_same_whoever_gets_the_metrics():
    own = {"training": {"steps": 4, "logger": ["file", "wandb"]}}
    found = suites.without_loggers(own | {"suites": {"meds": own}, "policies": {"logger": {"path": "p"}}, "seeds": [0]})
    left = {"training": {"steps": 4}}
    assert found == left | {"suites": {"meds": left}, "policies": {"logger": {"path": "p"}}, "seeds": [0]}
