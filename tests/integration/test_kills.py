"""A few of the kills of kills.py, on a bootstrap: a call with trainings takes too long for every run of the tests."""

import random
import shutil
from pathlib import Path

import pytest
from kills import COMMAND, disturb, left, made, prepared, short_temporary

POLICY = "results/policies/tiny"
CONFIG = Path(__file__).with_name("kills.yaml")

pytestmark = pytest.mark.long


def test_kills_change_no_policy_and_leave_nothing(tmp_path):
    disturbed, undisturbed = prepared(tmp_path / "disturbed", CONFIG), prepared(tmp_path / "undisturbed", CONFIG)
    temporary = short_temporary(disturbed)
    disturb(disturbed, POLICY, 3, random.Random(0), targets=("snakemake", "script", "tree"), moments=(4.0, 9.0))
    assert left(disturbed, temporary) == []
    shutil.rmtree(temporary)
    undisturbed.run(POLICY, *COMMAND)
    assert made(disturbed) == made(undisturbed)
    assert made(disturbed)
