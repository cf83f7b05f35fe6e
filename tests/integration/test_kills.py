"""A few of the kills of kills.py, on the smallest run."""

import random
import shutil
from pathlib import Path

import pytest
from kills import COMMAND, disturb, left, made, prepared, short_temporary

CONFIG = Path(__file__).with_name("kills.yaml")

pytestmark = pytest.mark.slow


def test_kills_change_no_table_and_leave_nothing(tmp_path):
    disturbed, undisturbed = prepared(tmp_path / "disturbed", CONFIG), prepared(tmp_path / "undisturbed", CONFIG)
    temporary = short_temporary(disturbed)
    disturb(disturbed, "all", 3, random.Random(0), targets=("snakemake", "script", "tree"))
    assert left(disturbed, temporary) == []
    shutil.rmtree(temporary)
    undisturbed.run("all", *COMMAND)
    assert made(disturbed) == made(undisturbed)
    assert made(disturbed)
