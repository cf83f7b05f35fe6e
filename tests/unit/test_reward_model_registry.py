"""A reward predictor is one file: it is found by its registration, in this package or another one."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from graph_rollouts import made_up
from test_configuration import SMALL

from reward_memory.errors import InputError
from reward_memory.plugins import Declared, declared
from reward_memory.reward_models import registry
from reward_memory.reward_models.base import save
from reward_memory.reward_models.names import NAMES, PREDICTORS
from reward_memory.reward_models.registration import register

PAGE = Path(__file__).parents[2] / "docs/extend.md"
PROGRAM = re.search(r"^```python\n(\"\"\"A predictor .*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)[1]


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """The file of docs/extend.md in a package of its own, and its entry point."""
    (tmp_path / "study").mkdir()
    (tmp_path / "study/prior.py").write_text(PROGRAM)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(PREDICTORS, "_outside", {"prior": Declared("study.prior")})
    monkeypatch.setattr(PREDICTORS, "_registered", {**PREDICTORS._registered})
    yield tmp_path
    for module in [name for name in sys.modules if name.startswith("study")]:
        del sys.modules[module]


def test_planning_knows_the_names_without_torch():
    told = "import sys; from reward_memory.reward_models.names import NAMES; print(len(NAMES), 'torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout
    assert out.split() == [str(len(NAMES)), "False"]


def test_every_file_is_read_as_it_registers_when_it_is_imported():
    assert set(PREDICTORS.names) == set(PREDICTORS._registered)
    for name in PREDICTORS.names:
        found, registered = PREDICTORS.declared(name), PREDICTORS.find(name)
        assert (found.module, found.options.get("network", False)) == (registered.fit.__module__, registered.network)


def test_a_file_declares_its_names_and_whether_it_is_a_network(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/one.py").write_text('@register("a", "b", model=A, network=True)\ndef fit(): ...\n')
    (tmp_path / "two.py").write_text('import nowhere\n@register("c", model=C, settings=(X,))\ndef fit(): ...\n')
    (tmp_path / "none.py").write_text('"""`@register("d")` is how one registers."""\n')
    network = Declared("p.deep.one", {"network": True})
    expected = {"a": network, "b": network, "c": Declared("p.two")}
    assert declared(tmp_path, "p") == expected


def test_a_name_belongs_to_one_file(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text('@register("a", model=A)\ndef fit(): ...\n')
    with pytest.raises(ValueError, match=r"p\.two: 'a' is registered in p\.one, too"):
        declared(tmp_path, "p")
    with pytest.raises(ValueError, match="'knn' is registered twice"):
        register("knn", model=object)(print)


def test_another_package_brings_a_predictor(outside):
    model = registry.fit("prior", made_up([4] * 6))
    save(model, outside / "saved")
    del PREDICTORS._registered["prior"]
    del sys.modules["study.prior"]
    again = registry.load(outside / "saved")
    assert again.score(made_up([2], seed=1)) == pytest.approx([made_up([4] * 6).rewards.mean()] * 2)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import nowhere", "cannot be imported: No module"),
        ("1 / 0", "cannot be imported: division by zero"),
        ("x = 1", "does not register it"),
    ],
)
def test_a_package_without_the_predictor_that_it_names_is_one_sentence(outside, program, message):
    (outside / "study/prior.py").write_text(program)
    with pytest.raises(InputError, match=rf"predictor: prior: study\.prior {message}"):
        registry.fit("prior", made_up([4] * 4))


def test_a_package_cannot_replace_a_predictor_of_this_one(outside, monkeypatch):
    monkeypatch.setattr(PREDICTORS, "_outside", {"knn": Declared("study.prior")})
    with pytest.raises(InputError, match=r"predictor: knn: study\.prior registers a name that is already taken"):
        registry.fit("knn", made_up([4] * 4))


#: Reads a configuration and prints what is wrong about it.
PLANNING = """
import json, sys
from reward_memory.config.loading import load
try:
    load(json.loads(sys.argv[1]))
    print("fine")
except Exception as error:
    print(error)
"""
CHANCE = '@register("chance", model=None, settings=("num_neighbors",), labels=False)\ndef fit(name, labeled): ...\n'


def planned(folder: Path, name: str, program: str, **config) -> str:
    """What planning says of a configuration where an installed package registers one predictor."""
    (folder / "study.py").write_text(program)
    (folder / "study-1.dist-info").mkdir()
    (folder / "study-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: study\nVersion: 1\n")
    points = f"[reward_memory.reward_models]\n{name} = study\n"
    (folder / "study-1.dist-info/entry_points.txt").write_text(points)
    environment = os.environ | {"PYTHONPATH": f"{folder}:{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-c", PLANNING, json.dumps(SMALL | {"reward_model": {}} | config)]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()


def test_planning_reads_that_an_installed_predictor_needs_no_labels(tmp_path):
    own = {"methods": ["memreward:chance"], "label_ratios": [0], "predictors": ["chance"]}
    assert planned(tmp_path, "chance", CHANCE, **own) == "fine"


def test_planning_reads_the_settings_of_an_installed_predictor(tmp_path):
    wide = {"variants": {"wide": {"predictor": "chance", "epochs": 5}}}
    assert planned(tmp_path, "chance", CHANCE, reward_model=wide).endswith(
        "wide: epochs: changes nothing in chance, which reads num_neighbors only; leave it out."
    )


@pytest.mark.parametrize("name", ["knn", "graph-as-published"])
def test_planning_refuses_an_installed_predictor_of_a_taken_name(tmp_path, name):
    assert planned(tmp_path, name, CHANCE.replace("chance", name)).endswith(
        f"reward_model: predictor: {name}: study registers a name that is already taken; choose another."
    )


@pytest.fixture
def recorded(monkeypatch):
    """A predictor that tells how it was fitted."""
    calls = []
    monkeypatch.setattr(PREDICTORS, "_inside", PREDICTORS._inside | {"recorded": Declared(__name__)})
    monkeypatch.setattr(PREDICTORS, "_registered", {**PREDICTORS._registered})

    @register("recorded", model=object, settings=("epochs",))
    def fit(name, labeled, **given):
        calls.append((name, labeled, given))

    return calls


def test_a_predictor_gets_its_settings_and_labeled_queries_alone(recorded):
    part = made_up([4] * 6)
    part.rewards[part.group >= 4] = float("nan")
    registry.fit("recorded", part, valid=made_up([2]), seeds=(3,), epochs=7, hidden_channels=8)
    ((name, labeled, given),) = recorded
    assert name == "recorded"
    assert labeled.query_ids.tolist() == part.query_ids[:4].tolist()
    # nor does it get the valid queries with their rewards
    assert given == {"seeds": (3,), "device": "cpu", "report": None, "epochs": 7}


def test_a_setting_of_no_predictor_is_refused():
    with pytest.raises(InputError, match="reward_model: width: no such key; valid keys are predictor, threshold,"):
        registry.fit("majority", made_up([4] * 4), width=3)
