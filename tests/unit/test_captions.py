"""What the report says of intervals."""

import re
from pathlib import Path

import pytest
import yaml

from reward_memory.report import captions
from reward_memory.report.tables import (
    accuracy,
    differences,
    error_spread,
    labels_spent,
    meds,
    repeated_errors,
    reward_models,
)

CAPTIONS = yaml.safe_load((Path(__file__).parents[2] / "report/captions.yaml").read_text(encoding="utf-8"))
#: Tables whose rows say what their interval covers.
COLUMNS = {
    "main": accuracy.COLUMNS,
    "ablation": accuracy.ABLATION_COLUMNS,
    "accuracy_delta": differences.DIFFERENCE_COLUMNS,
    "labels_spent": labels_spent.SPENT_COLUMNS,
    "reward_models": reward_models.COLUMNS,
    "meds_main": meds.MAIN_COLUMNS,
    "meds_ablation": meds.MEDS_ABLATION_COLUMNS,
    "repeated_errors": repeated_errors.REPEATED_COLUMNS,
    "error_spread": error_spread.SPREAD_COLUMNS,
}


@pytest.mark.parametrize("table", COLUMNS)
def test_a_table_with_intervals_says_in_a_column_and_in_its_caption_what_they_cover(table):
    assert "interval_covers" in COLUMNS[table]
    assert "{intervals}" in CAPTIONS[table]["table"]
    assert "{intervals}" in CAPTIONS[table]["figure"]


def test_captions_have_nothing_else_to_fill_in():
    text = yaml.safe_dump(CAPTIONS, width=10**6)
    assert set(re.findall(r"\{[^}]*\}", text)) == {"{intervals}"}


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (1, "cover the choice of queries only"),
        (2, "of the 2 seeds (Student's t with 1 degree of freedom)"),
        (5, "of the 5 seeds (Student's t with 4 degrees of freedom)"),
    ],
)
def test_a_caption_says_what_the_intervals_of_this_run_cover(seeds, said):
    assert said in captions.intervals(seeds)


@pytest.mark.parametrize(("seeds", "redrawn", "said"), [(3, False, "is not in them."), (3, True, "is in them.")])
def test_a_caption_says_whether_the_luck_of_the_labels_is_covered(seeds, redrawn, said):
    assert captions.intervals(seeds, redrawn).endswith(said)
