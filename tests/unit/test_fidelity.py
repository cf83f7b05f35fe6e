"""The list of published behaviors beside its documentation."""

import re
from pathlib import Path

import yaml

from reward_memory.config.fidelity import BEHAVIORS
from reward_memory.config.loading import load

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/fidelity.md").read_text()


def test_the_documentation_lists_every_behavior_with_its_stage_and_no_other():
    rows = re.findall(r"^\| `([\w-]+)` \| (\w+) \|", TEXT, re.MULTILINE)
    assert rows == [(name, behavior.stage) for name, behavior in BEHAVIORS.items()]


def test_every_row_of_the_documentation_says_all_there_is_to_say():
    rows = [line.strip("|").split(" | ") for line in TEXT.splitlines() if line.startswith("| `")]
    assert all(len(row) == 5 and all(cell.strip() for cell in row) for row in rows)


def test_the_documented_configurations_are_valid():
    config = yaml.safe_load((ROOT / "config/test.yaml").read_text())
    blocks = re.findall(r"(?:^    .*\n)+", TEXT, re.MULTILINE)
    ways = [yaml.safe_load(line) for line in blocks[0].splitlines()] + [yaml.safe_load(block) for block in blocks[1:]]
    assert [list(way) for way in ways] == [["fidelity"]] * 3 + [["reward_model"]] * 2
    for way in ways:
        load(config | way)
