"""The notebook of docs: stored without outputs, and its cells give what they promise on a finished run."""

import json
import math

import matplotlib
import pandas as pd
import pytest
from conftest import ROOT

NOTEBOOK = json.loads((ROOT / "docs/results.ipynb").read_text(encoding="utf-8"))
CELLS = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def test_it_is_stored_without_outputs():
    for cell in NOTEBOOK["cells"]:
        assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)


@pytest.mark.slow
def test_its_cells_run_in_order_and_give_what_they_promise(finished, monkeypatch):
    matplotlib.use("Agg")
    monkeypatch.chdir(finished.folder)
    names = {}
    for cell in CELLS:
        exec(compile(cell, "docs/results.ipynb", "exec"), names)

    table = pd.read_csv("results/tables/main.csv")
    row = table[(table["method"] == "oracle") & (table["benchmark"] == "math")].iloc[0]
    assert names["accuracies"].loc[("tiny", "oracle", 100), "math"] == row["accuracy"]
    assert {"base", "r1-p", "memreward", "oracle"} == {method for _, method, _ in names["accuracies"].index}
    history = pd.read_csv("results/training/main/tiny/memreward/ratio50/seed0/history.csv").set_index("step")
    assert names["curves"]["memreward"].loc[1:].tolist() == pytest.approx(history["reward"].loc[1:].tolist())
    assert [line.get_label() for line in names["axes"].lines] == list(names["curves"])
    assert set(names["predicted"]["method"]) == {"memreward"}
    assert set(names["agreement"].index) == {"graph", "graph-plus", "majority"}
    assert names["agreement"].between(0, 1).all()
    assert names["to_read"]["disagrees"].any()
    assert isinstance(names["answer"], str)
    assert names["answer"]
    assert len(names["probabilities"]) == 2
    assert all(0 <= one <= 1 and not math.isnan(one) for one in names["probabilities"])
