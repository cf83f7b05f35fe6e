"""A few of the kills of kills.py, on the smallest run."""

import random
import shutil
from pathlib import Path

import pytest
from kills import COMMAND, TARGETS, disturb, left, prepared, short_temporary, tables

CONFIG = Path(__file__).with_name("kills.yaml")

pytestmark = pytest.mark.slow


def test_kills_change_no_table_and_leave_nothing(tmp_path):
    disturbed, undisturbed = prepared(tmp_path / "disturbed", CONFIG), prepared(tmp_path / "undisturbed", CONFIG)
    temporary = short_temporary(disturbed)
    targets = {name: TARGETS[name] for name in ("snakemake", "script", "tree")}
    disturb(disturbed, 3, random.Random(0), targets=targets)
    assert left(disturbed, temporary) == []
    shutil.rmtree(temporary)
    undisturbed.run(*COMMAND)
    assert tables(disturbed) == tables(undisturbed)
    assert tables(disturbed)
