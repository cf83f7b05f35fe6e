"""Parts by name, of this package's files and of an installed package; penalties are the kind that is tried."""

import sys

import numpy as np
import pytest
import yaml
from training_settings import error_memory

from reward_memory.config.loading import load
from reward_memory.error_memory.penalties import registration
from reward_memory.error_memory.penalties.logarithm import cluster_penalty
from reward_memory.error_memory.penalty import penalize
from reward_memory.errors import InputError
from reward_memory.plugins import Parts

PACKAGE = "reward_memory.error_memory.penalties"
FLAT = """from reward_memory.error_memory.penalties.registration import register

@register("flat")
def flat(sizes, alpha, cap):
    return {}
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function that installs a package whose module registers a penalty, and gives all penalties there are then."""

    def installed(text: str, name: str = "flat", module: str = "study.flat") -> Parts:
        (tmp_path / "study").mkdir()
        (tmp_path / "study/flat.py").write_text(text)
        (tmp_path / "study-1.dist-info").mkdir()
        (tmp_path / "study-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: study\nVersion: 1\n")
        points = f"[reward_memory.penalties]\n{name} = {module}\n"
        (tmp_path / "study-1.dist-info/entry_points.txt").write_text(points)
        monkeypatch.syspath_prepend(tmp_path)
        folder = next(iter(sys.modules[PACKAGE].__path__))
        parts = Parts("error_memory: penalty", "reward_memory.penalties", type(tmp_path)(folder), PACKAGE)
        # the models and the memory hold the one that was made when they were imported
        monkeypatch.setattr(registration.PENALTIES, "_outside", parts._outside)
        monkeypatch.setattr(registration.PENALTIES, "_registered", {"logarithm": cluster_penalty})
        return registration.PENALTIES

    yield installed
    for part in [part for part in sys.modules if part.startswith("study")]:
        del sys.modules[part]


def configured(**error_memory) -> dict:
    config = yaml.safe_load(CONFIG)
    return load(config | {"error_memory": error_memory})


CONFIG = """
methods: []
benchmarks: {math500: {suite: meds, source: generated, train: 8, valid: 2, test: 2}}
policies: {tiny: {bootstrap: {hidden_size: 32, num_hidden_layers: 1, steps: 1}}}
suites: {meds: {methods: [dapo, meds]}}
training: {steps: 2, train_batch_size: 4, samples_per_query: 4, save_freq: 1, test_freq: 1}
"""


def test_an_installed_penalty_is_known_before_it_is_imported_and_lowers_scores(install):
    parts = install(FLAT.format("alpha * (sizes > 0)"))
    assert parts.names == ("flat", "logarithm")
    assert "study.flat" not in sys.modules
    config = configured(penalty="flat", alpha=0.5)
    assert config.error_memory.penalty == "flat"
    sizes, right = np.array([0, 3, 9]), np.array([False, False, True])
    assert penalize(np.array([0, 0, 1]), sizes, right, error_memory(alpha=0.5, penalty="flat")).tolist() == [0, -0.5, 1]


@pytest.mark.parametrize(
    ("text", "entry", "told"),
    [
        ("import nowhere\n", {}, "error_memory: penalty: flat: study.flat cannot be imported: No module"),
        ("x = 1\n", {}, "error_memory: penalty: flat: study.flat does not register it"),
        ("x = 1\n", {"module": "study.none"}, "error_memory: penalty: flat: study.none cannot be imported"),
    ],
)
def test_a_penalty_that_does_not_come_is_one_sentence_before_any_job(install, text, entry, told):
    install(text, **entry)
    configured()  # and nobody else hears of it
    with pytest.raises(InputError, match=told):
        configured(penalty="flat")


def test_a_penalty_of_a_taken_name_is_refused(install):
    install(FLAT.replace('"flat"', '"logarithm"').format("sizes"), name="logarithm")
    with pytest.raises(InputError, match=r"logarithm: study\.flat registers a name that is already taken"):
        configured()


def test_two_packages_that_bring_one_name_are_refused_where_it_is_used(install, tmp_path):
    (tmp_path / "other-1.dist-info").mkdir()
    (tmp_path / "other-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (tmp_path / "other-1.dist-info/entry_points.txt").write_text("[reward_memory.penalties]\nflat = other.flat\n")
    install(FLAT.format("sizes"))
    configured()
    both = r"flat: (study\.flat and other\.flat|other\.flat and study\.flat) all register it; uninstall"
    with pytest.raises(InputError, match=both):
        configured(penalty="flat")


@pytest.mark.parametrize("wrong", ["-sizes", "sizes[1:]", "sizes / 0.0", "float('nan')"])
def test_a_penalty_gives_one_finite_number_of_at_least_0_for_each_response(install, wrong):
    install(FLAT.format(wrong))
    with pytest.raises(InputError, match="flat must give one finite number"), np.errstate(divide="ignore"):
        penalize(np.zeros(2), np.array([1, 2]), np.array([False, True]), error_memory(penalty="flat"))
