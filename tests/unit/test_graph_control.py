"""The positive control of the graph memory: where only the neighbors know, the graph alone finds out."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

SCRIPT = Path(__file__).parents[2] / "perf/graph_control.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("graph_control", SCRIPT)
    control = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(control)
    return control


@pytest.fixture(scope="module")
def control(script):
    return script.build(families=30)


@pytest.fixture(scope="module")
def found(script):
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield script.measure(script.build(), 0)
    torch.set_num_threads(before)


@pytest.mark.long
def test_the_graph_learns_from_its_neighbors(found):
    assert found["graph"] >= 0.95


@pytest.mark.long
@pytest.mark.parametrize("name", ["graph, memory shuffled", "graph, memory of noise", "mlp", "graph-as-published"])
def test_without_a_memory_that_knows_nothing_does(found, name):
    assert found[name] < 0.85


@pytest.mark.slow
def test_hidden_rewards_are_not_there(control):
    hidden = ~control.known.labeled[control.known.group]
    assert np.isnan(control.known.rewards[hidden]).all()
    assert 0.15 < hidden.mean() < 0.25
    assert not np.isnan(control.known.rewards[~hidden]).any()


@pytest.mark.slow
def test_neither_a_response_nor_its_siblings_tell(script, control):
    """Every query has each style once, silent ones in the same words, and either style is right as often."""
    _, responses, verdicts = script.frames(50, 1)
    assert (verdicts.groupby("query_id")["reward"].sum() == 1).all()
    silent = responses["thinking"] == script.SILENT
    assert silent.mean() == 0.5
    right = verdicts["reward"].astype(bool)
    shares = [right[silent & responses["answer"].str.startswith(f"#### {style}")].mean() for style in "AB"]
    assert shares == pytest.approx([0.5, 0.5], abs=0.2)
    assert len(set(responses["answer"])) == 2
