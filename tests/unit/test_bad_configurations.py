"""Configurations as users get them wrong: one sentence with file, key and fix, by the Snakefile's own calls."""

import json
import re
from pathlib import Path

import pytest
import yaml
from bad_configurations import GOOD, TEXTS
from bad_keys import KEYS
from bad_models import MODELS
from bad_settings import MORE

from reward_memory.config import loading, reading
from reward_memory.cost import memory
from reward_memory.errors import InputError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(data: bytes, name: str = "mine.yaml", checkout: Path = ROOT) -> dict:
    """What the Snakefile does with a configuration file of this content."""
    Path(name).write_bytes(data)
    reading.check([name])
    text = data.decode("utf-8-sig")
    found = json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
    config = loading.load(found, name)
    loading.check_files(config, checkout, name)
    memory.check(config, ROOT / "reference", name)
    return config


def complaint(data: bytes, name: str = "mine.yaml") -> str:
    with pytest.raises(InputError) as caught:
        read(data, name)
    told = str(caught.value)
    # a policy's folder is named in place of the configuration
    assert told.startswith((f"{name}: ", "policies: tiny: path: "))
    assert told.endswith(".")
    assert "\n" not in told
    assert len(told) < 1200
    assert not re.search(r"Error\b|Traceback|object at 0x", told)
    return told


def test_the_good_one_is_read(folder):
    assert read(GOOD.encode()).results == "results"


# verl composes an override of its own in seconds
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param(*case, id=name, marks=[pytest.mark.slow] if "override" in name else [])
        for name, case in (TEXTS | MORE | KEYS | MODELS).items()
    ],
)
def test_a_mistake_in_a_file_is_one_sentence(folder, old, new, words):
    text = re.sub(old if isinstance(old, re.Pattern) else re.escape(old), lambda _: new, GOOD, count=1)
    assert text != GOOD
    told = complaint(text.encode())
    assert re.search(words, told), told


def test_a_reward_model_that_selects_on_valid_queries_is_not_left_out_in_silence(folder):
    text = GOOD.replace("valid: 5", "valid: 0").replace("[base, r1-p, memreward, oracle]", "[base]")
    assert (
        "graph"
        not in read(text.replace("{predictor: graph}", "{predictor: knn, selection: valid}").encode()).predictors
    )
    told = complaint(text.replace("{predictor: graph}", "{predictor: graph, selection: valid}").encode())
    assert told == "mine.yaml: benchmarks: gsm8k: valid: 0 is too few; graph selects on the valid queries."


@pytest.mark.parametrize(
    "section",
    [
        "{predictor: majority, abstain: 0.5}",  # responses that all agree are in no doubt
        "{predictor: graph, threshold: 0.9, abstain: 0.09}",
        "{predictor: graph, abstain: 0.499}",
        "{predictor: graph, variants: {near: {predictor: knn, num_neighbors: 3}}}",
        "{predictor: graph, variants: {few: {predictor: graph-plus, hidden_channels: 64}}}",
        "{predictor: knn, num_layers: 4}",  # a section is that of all predictors
    ],
)
def test_what_has_an_effect_is_taken(folder, section):
    assert read(GOOD.replace("{predictor: graph}", section).encode()).reward_model


#: content of the whole file -> words of the sentence
FILES = {
    "empty": (b"", "is not a mapping of keys to values"),
    "a comment": (b"# nothing\n", "is not a mapping of keys to values"),
    "a list": (b"- a\n- b\n", "is not a mapping of keys to values"),
    "a word": (b"results", "is not a mapping of keys to values"),
    "Latin 1": (GOOD.replace("results: results", "results: r\u00e9sultats").encode("latin-1"), "line 1: not UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "line 1: not UTF-8"),
    "zip": (b"PK\x03\x04" + bytes(range(256)), "not UTF-8|not allowed"),
    "NUL": (GOOD.encode() + b"\x00", r"line 19: the character U\+0000"),
    "deep lists": (b"a: " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
}


@pytest.mark.parametrize(("data", "words"), FILES.values(), ids=FILES.keys())
def test_a_file_that_is_no_configuration_is_told(folder, data, words):
    assert re.search(words, complaint(data))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"results": "a", "results": "b"}', "results: is given twice"),
        ('{"policies": {"a": 1, "a": 2}}', "a: is given twice"),
        ('{"results": "a",}', "line 1: not JSON"),
        ("[1]", "is not a mapping of keys to values"),
    ],
)
def test_json_is_read_as_carefully(folder, text, words):
    assert re.search(words, complaint(text.encode(), "mine.json"))


def test_a_configuration_that_is_not_there_says_what_to_do(folder):
    with pytest.raises(InputError, match=r"^config\.yaml: no such file in .*copy the workflow's config\.yaml .*\.$"):
        reading.check(["config.yaml"])
