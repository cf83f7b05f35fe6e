"""A tracker is added to an interrupted training, which resumes, and to a finished one, which is not run again."""

from importlib.util import find_spec

import pytest
from integration_runs import CONFIG, kill_when
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from reward_memory.storage.files import file_digest

ORACLE = "results/training/main/tiny/oracle/ratio100/seed0"
LOGGER = ("--config", "training={'logger': ['tensorboard']}")


@pytest.mark.long
def test_a_tracker_reruns_nothing_and_an_interrupted_training_resumes_with_it(finished, tmp_path):
    assert finished.jobs("all", *CONFIG, *LOGGER) == []
    copy = finished.copy(tmp_path / "project")
    (copy.folder / ORACLE / "history.csv").unlink()
    state = copy.folder / "results/state/train_policy"
    kill_when(copy, f"{ORACLE}/history.csv", lambda: any(state.glob("*/responses/step_000003.parquet")))
    copy.run(f"{ORACLE}/history.csv", *CONFIG, *LOGGER)
    assert file_digest(copy.folder / ORACLE / "history.csv") == file_digest(finished.folder / ORACLE / "history.csv")
    (events,) = (copy.folder / "results/trackers/tensorboard/main/tiny.oracle.100.0").iterdir()
    metrics = EventAccumulator(str(events)).Reload()
    # the steps before the checkpoint were trained without it
    assert [event.step for event in metrics.Scalars("reward/mean")] == [3, 4]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("swanlab") is not None, reason="swanlab is installed here")
def test_a_tracker_that_is_not_installed_ends_before_any_job(workflow):
    arguments = ("results/tables/main.csv", *CONFIG, "--config", "training={'logger': ['swanlab']}")
    done = workflow.run(*arguments, check=False)
    assert done.returncode == 1
    assert "config/test.yaml + --config: training: logger: swanlab is not installed; run `pip install" in done.stderr
    assert not (workflow.folder / "results/data").exists()
