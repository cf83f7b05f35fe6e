"""The report's first page says what came out."""

from pathlib import Path
from types import SimpleNamespace

import jinja2
import pandas as pd
import pytest
from docutils.core import publish_parts

from reward_memory.report.start import PLACE, comparisons, provenance, start

ROOT = Path(__file__).parents[2]
TEMPLATE = (ROOT / "report/workflow.rst").read_text()
AVERAGE = "average (sample-weighted)"
TABLE = pd.DataFrame(
    [
        ("tiny", "base", 0, "math", 10.0, 5.0, 15.0),
        ("tiny", "base", 0, AVERAGE, 54.19, 51.61, 56.75),
        ("tiny", "r1-p", 5, AVERAGE, 68.56, 65.31, 71.64),
    ],
    columns=["policy", "method", "label_ratio", "benchmark", "accuracy", "ci_low", "ci_high"],
)
COVERS = "; the interval covers queries)."
NAMES = ["policy", "method", "baseline", "label_ratio", "benchmark", "difference", "ci_low", "ci_high"]
AHEAD = ("tiny", "memreward:graph-plus", "r1-p", 5, AVERAGE, 6.31, 3.25, 9.37)
BEHIND = ("tiny", "memreward", "r1-p", 20, AVERAGE, -7.06, -10.13, -3.99)
OPEN = ("tiny", "memreward", "r1-p", 5, AVERAGE, -0.4, -2.6, 3.7)
MADE = {
    **{"commit": "0123456789abcdef", "changed": False, "date": "2026-11-26"},
    "machine": {"cores": 2, "processor": "a processor", "gpus": []},
}


def differences(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=NAMES).assign(interval_covers="queries")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (AHEAD, f"is 6.3 points ahead of *r1-p* with 5 % labels (3.2 to 9.4, beyond chance{COVERS}"),
        (BEHIND, f"is 7.1 points behind *r1-p* with 20 % labels (4.0 to 10.1, beyond chance{COVERS}"),
        (OPEN, f"is 0.4 points behind *r1-p* with 5 % labels (-3.7 to 2.6, within chance{COVERS}"),
    ],
    ids=["ahead", "behind", "within chance"],
)  # fmt: skip
def test_a_comparison_is_a_sentence(row, words):
    assert comparisons(differences(row)) == [f"*{row[1]}* {words}"]


def test_single_benchmarks_are_left_to_the_table_and_policies_are_told_apart():
    single = (*AHEAD[:4], "math", *AHEAD[5:])
    other = ("weak", *AHEAD[1:])
    found = comparisons(differences(AHEAD, single, other))
    assert len(found) == 2
    assert "labels for weak (" in found[1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "from commit 0123456789, on 2 cores of a processor, no GPU."),
        ({"changed": True}, "from commit 0123456789, with uncommitted changes, on 2 cores"),
        ({"commit": None}, "from files outside of version control, on 2 cores"),
        ({"machine": MADE["machine"] | {"gpus": [{"name": "H100"}]}}, "a processor, H100."),
    ],
)
def test_provenance(changes, words):
    assert words in provenance(MADE | changes)


def test_the_page_is_valid_and_begins_with_the_result():
    assert TEMPLATE.count(PLACE) == 1
    text = start(TEMPLATE, TABLE, differences(AHEAD), MADE)
    config = {
        **{"benchmarks": {"math": {"source": "generated"}}, "methods": ["base", "r1-p"], "label_ratios": [5]},
        **{"seeds": [0], "training": {"steps": 1, "train_batch_size": 2}, "policies": {"tiny": {"bootstrap": {}}}},
        "suites": {"main": {"methods": None}, "meds": {"methods": ["dapo"], "policies": ["boxed"]}},
    }
    page = publish_parts(
        jinja2.Template(text).render(snakemake=SimpleNamespace(config=config)),
        writer_name="html5",
        settings_overrides={"report_level": 1, "halt_level": 2},
    )["body"]
    assert "54.2 %" in page
    assert "51.6 to 56.8" in page
    assert page.index("54.2 %") < page.index("What these numbers show")
    assert "10.0 %" not in page
    assert "boxed" in page
