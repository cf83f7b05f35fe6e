"""A configuration that imports rollouts: what it may leave out, and what does not go with it."""

import copy

import pytest

from reward_memory.config.loading import check_files, load
from reward_memory.config.suites import arms, domain
from reward_memory.errors import InputError

MINE = {
    "benchmarks": {
        "gsm8k": {"suite": "main", "source": "import"},
        "support": {"suite": "main", "source": "import", "domain": "qa", "valid": 2, "test": 3},
    },
    "policies": {"mine": {"imported": True}},
    "rollouts": {"import": "mine.jsonl"},
    "reward_model": {},
}
GENERATED = {"suite": "main", "source": "generated", "train": 200, "valid": 5, "test": 5}
TINY = {"bootstrap": {"hidden_size": 32, "num_hidden_layers": 1, "steps": 1}}
ABSENT = object()


def changed(config: dict, *changes: tuple[str, object]) -> dict:
    config = copy.deepcopy(config)
    for path, value in changes:
        *parents, last = path.split("/")
        place = config
        for key in parents:
            place = place[key]
        if value is ABSENT:
            del place[last]
        else:
            place[last] = value
    return config


def complaint(config: dict) -> str:
    with pytest.raises(InputError) as caught:
        load(config, "mine.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_nothing_is_sampled_trained_or_evaluated():
    config = load(MINE)
    assert config.methods == []
    assert arms(config) == []


def test_without_sizes_all_rows_go_to_train():
    sizes = [getattr(load(MINE).benchmarks["gsm8k"], split) for split in ("train", "valid", "test")]
    assert sizes == [None, 0, 0]


def test_sizes_that_are_given_stay():
    config = changed(MINE, ("benchmarks/support/train", "7"))
    found = load(config).benchmarks["support"]
    assert [getattr(found, split) for split in ("train", "valid", "test")] == [7, 2, 3]


def test_a_known_benchmark_brings_its_domain_and_another_is_told_its():
    config = load(MINE)
    assert [domain(config, name) for name in config.benchmarks] == ["math", "qa"]


def test_bad_rows_are_refused_unless_told_otherwise():
    assert load(MINE).rollouts.bad_rows == "refuse"


ORDINARY = changed(
    MINE,
    ("benchmarks", {"gsm8k": GENERATED}),
    ("policies", {"tiny": TINY}),
    ("rollouts", {}),
)

#: changes of MINE -> the sentence after the file's name
MISTAKES = {
    "a method": (
        [("methods", ["base"])],
        "methods: base needs a policy to run, and mine is imported; leave methods out.",
    ),
    "a generated benchmark": (
        [("benchmarks/gsm8k", GENERATED)],
        "benchmarks: gsm8k: source: generated does not go with rollouts: import; it should be import.",
    ),
    "a policy to bootstrap": (
        [("policies", {"tiny": TINY})],
        "policies: tiny: bootstrap does not go with rollouts: import; give it imported: true.",
    ),
    "two policies": (
        [("policies/other", {"imported": True})],
        "policies: mine, other are 2 policies, but rollouts: import holds one; give one.",
    ),
    "imported: false": ([("policies/mine/imported", False)], "policies: mine: imported: False is not true."),
    "no file": (
        [("rollouts", {})],
        "benchmarks: gsm8k: source: import needs rollouts: import, the file that holds its rows.",
    ),
    "an empty path": (
        [("rollouts/import", "")],
        "rollouts: import: '' is not the path of a .jsonl, .jsonl.gz or .parquet file.",
    ),
    "another word for bad rows": (
        [("rollouts/bad_rows", "drop")],
        "rollouts: bad_rows: 'drop' is not refuse (stop and name them) or skip (leave them out and list them).",
    ),
    "no domain": (
        [("benchmarks/support/domain", ABSENT)],
        "benchmarks: support: domain is missing; it should be math, qa or code.",
    ),
    "an unknown domain": (
        [("benchmarks/support/domain", "law")],
        "benchmarks: support: domain: 'law' is not math, qa or code.",
    ),
    "a wrong domain": (
        [("benchmarks/gsm8k/domain", "qa")],
        "benchmarks: gsm8k: domain: qa is not that of gsm8k, math; leave it out.",
    ),
    "no training query": (
        [("benchmarks/gsm8k/train", 0)],
        "benchmarks: gsm8k: train: 0 is too few; a reward model needs at least 1 query.",
    ),
    "a negative size": (
        [("benchmarks/gsm8k/test", -1)],
        "benchmarks: gsm8k: test: -1 is not a whole number of queries.",
    ),
    "no reward model": (
        [("reward_model", ABSENT)],
        "rollouts: import: needs a reward model; add the section reward_model, such as {predictor: graph}.",
    ),
    "all queries labeled": (
        [("label_ratios", [20, 100]), ("benchmarks/support/valid", 0), ("benchmarks/support/test", 0)],
        "label_ratios: 100 leaves no unlabeled query to measure the reward models on; lower it, or give the "
        "benchmarks valid or test queries.",
    ),
    "no main benchmark": (
        [("benchmarks", {"gsm8k": {"suite": "ood", "source": "import"}})],
        "benchmarks: none is in suite main, which the reward model learns from.",
    ),
}


@pytest.mark.parametrize(("changes", "told"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_sentence(changes, told):
    assert complaint(changed(MINE, *changes)) == f"mine.yaml: {told}"


#: changes of ORDINARY, which imports nothing -> the sentence after the file's name
MISPLACED = {
    "an imported policy": (
        [("policies", {"mine": {"imported": True}})],
        "policies: mine: imported needs rollouts: import, the file that holds its responses.",
    ),
    "a domain": (
        [("benchmarks/gsm8k/domain", "math")],
        "benchmarks: gsm8k: domain: only the source import takes it; leave it out.",
    ),
    "train: null": (
        [("benchmarks/gsm8k/train", None)],
        "benchmarks: gsm8k: train: null is not a whole number of queries.",
    ),
    "no method": ([("methods", [])], "methods: [] is not a list of different methods."),
}


@pytest.mark.parametrize(("changes", "told"), MISPLACED.values(), ids=MISPLACED.keys())
def test_what_belongs_to_an_import_is_refused_without_one(changes, told):
    load(ORDINARY)
    assert complaint(changed(ORDINARY, *changes)) == f"mine.yaml: {told}"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("rows.jsonl", "no such file; correct the path."),
        ("rows.csv", "the name must end in .jsonl, .jsonl.gz or .parquet."),
    ],
)
def test_a_file_that_cannot_be_read_is_named_before_any_job(tmp_path, name, told):
    (tmp_path / "rows.csv").touch()
    config = load(changed(MINE, ("rollouts/import", str(tmp_path / name))))
    with pytest.raises(InputError) as caught:
        check_files(config)
    assert str(caught.value) == f"rollouts: import: {tmp_path / name}: {told}"
