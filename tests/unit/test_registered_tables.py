"""Tables and benchmarks that files of their own register."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from made_up_grades import graded

from reward_memory.config import loading
from reward_memory.data import registry
from reward_memory.errors import InputError
from reward_memory.plugins import Declared
from reward_memory.report.tables import registration
from reward_memory.report.tables.registration import TABLES, register

ROOT = Path(__file__).parents[2]
EXAMPLE = re.search(
    r"^```python\n(\"\"\"The queries .*?)^```$", (ROOT / "docs/extend.md").read_text(), re.MULTILINE | re.DOTALL
)[1]


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch):
    monkeypatch.setattr(TABLES, "_registered", {})
    monkeypatch.setattr(registry.READERS, "_registered", {})


def test_the_example_of_the_docs_lists_the_queries_that_are_answered_worst(tmp_path):
    exec(EXAMPLE, {})
    rewards = {("gsm8k", f"q{n}"): [1.0] * n + [0.0] * (4 - n) for n in range(5)}
    runs = [graded(rewards, ("tiny", "oracle", 100, seed)) for seed in (1, 0)]
    TABLES._registered["hardest"].write(pd.concat(runs), tmp_path / "hardest.csv")
    assert (tmp_path / "hardest.csv").read_text().splitlines() == [
        "policy,method,label_ratio,query_id,correct",
        *(f"tiny,oracle,100,q{n},{n / 4:.2f}" for n in range(3)),
    ]


@pytest.mark.parametrize("row", [{"a": 1}, {"a": 1, "b": 2, "c": 3}])
def test_a_row_has_the_registered_columns(row, tmp_path):
    register("wide", columns=["a", "b"])(lambda graded: [row])
    with pytest.raises(InputError, match=rf"table wide: a row has {', '.join(row)}, but register lists a, b; correct"):
        TABLES._registered["wide"].write(pd.DataFrame(), tmp_path / "wide.csv")
    assert not (tmp_path / "wide.csv").exists()


@pytest.mark.parametrize(
    ("row", "wrong"),
    [({"a": 1, "d": 2, "c": 3}, "b"), ({"b": 1}, "a"), ({"a": 1, "b": 2, "d": 3, "c": 4}, "c")],
)
def test_the_first_column_that_is_wrong_is_named(row, wrong, tmp_path):
    register("wide", columns=["a", "b"])(lambda graded: [{"a": 0, "b": 0}, row])
    with pytest.raises(InputError) as caught:
        TABLES._registered["wide"].write(pd.DataFrame(), tmp_path / "wide.csv")
    assert str(caught.value) == (f"table wide: a row has {', '.join(row)}, but register lists a, b; correct {wrong}.")


@pytest.mark.parametrize(("options", "written"), [({}, "0.12,x"), ({"digits": 4}, "0.1235,x"), ({"digits": 0}, "0,x")])
def test_numbers_have_the_registered_digits_and_columns_their_order(options, written, tmp_path):
    register("wide", columns=["b", "a"], **options)(lambda graded: [{"a": "x", "b": 0.12345 + 0 * len(graded)}])
    table = TABLES._registered["wide"]
    table.write(pd.DataFrame({"any": [1]}), tmp_path / "wide.csv")
    assert (tmp_path / "wide.csv").read_text() == f"b,a\n{written}\n"
    assert (table.inputs, table.suite) == ("grades", "main")


def test_a_table_without_rows_has_its_head(tmp_path):
    def nothing(graded):
        return []

    # the function stays what it was
    assert register("wide", columns=["b", "a"], inputs="predictions", suite="ood")(nothing) is nothing
    table = TABLES._registered["wide"]
    table.write(pd.DataFrame(), tmp_path / "wide.csv")
    assert (tmp_path / "wide.csv").read_text() == "b,a\n"
    assert (table.inputs, table.suite) == ("predictions", "ood")


def test_inputs_that_there_are_not_are_refused():
    with pytest.raises(InputError, match="table wide: inputs: 'figures' is not one of grades, predictions"):
        register("wide", columns=["a"], inputs="figures")


def configured() -> dict:
    return yaml.safe_load((ROOT / "config/test.yaml").read_text())


@pytest.mark.parametrize("name", ["main", "meds_main", "cost", "reward_models"])
def test_a_table_of_a_taken_name_is_refused(name, monkeypatch):
    monkeypatch.setattr(registration.TABLES, "_inside", {name: Declared("study.tables")})
    with pytest.raises(
        InputError, match=f"the registered table {name} of study.tables has the same name as another table"
    ):
        loading.load(configured())


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("clocks", {"domain": "math"}, "clocks: json registers it without domain, license and rows"),
        (
            "clocks",
            {"domain": "math", "license": "MIT", "rows": {}},
            "clocks: study.none cannot be imported: No module",
        ),
    ],
)
def test_a_benchmark_that_cannot_be_read_is_one_sentence(name, options, told, monkeypatch):
    module = "json" if len(options) == 1 else "study.none"
    monkeypatch.setattr(registry.READERS, "_inside", {name: Declared(module, options)})
    if module == "json":
        monkeypatch.setattr(registry.READERS, "_registered", {name: print})
    config = configured()
    config["benchmarks"][name] = {"suite": "main", "source": "mirror", "train": 3, "valid": 2, "test": 4}
    with pytest.raises(InputError, match=rf"config\.yaml: benchmarks: {told}"):
        loading.load(config)
