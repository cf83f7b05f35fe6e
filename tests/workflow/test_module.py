"""Another workflow uses this one as a module: its own root, its own rules, one of ours made otherwise."""

import re

import pandas as pd
import pytest
from conftest import ROOT, Workflow

PAGE = (ROOT / "docs/extend.md").read_text()
#: The example of docs/extend.md, word for word.
SNAKEFILE = re.search(r"^```python\n(configfile.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[1]


@pytest.fixture
def outer(workflow, tmp_path):
    """A workflow in a folder of its own beside a checkout of this one."""
    folder = tmp_path / "outer"
    folder.mkdir()
    workflow.folder.rename(folder / "reward-memory")
    (folder / "Snakefile").write_text(SNAKEFILE)
    settings = re.search(r"^```yaml\n(reward_memory:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[1]
    (folder / "config.yaml").write_text(settings)
    flow = Workflow(folder)
    flow.environment["PYTHONPATH"] = str(folder / "reward-memory/src")
    return flow


def test_all_files_lie_below_the_root_that_the_outer_workflow_chose(outer):
    jobs = outer.plan("study/memory/tables/main.csv").jobs
    assert {job.rule for job in jobs} >= {"rm_train_policy", "rm_evaluate_policy", "rm_accuracy_table"}
    assert len(jobs) == 9
    for job in jobs:
        assert len(job.written) >= 3
        assert all(path.startswith("study/") for path in job.written)


@pytest.mark.slow
def test_all_of_it_can_be_planned(outer):
    plan = outer.plan("rm_all")
    assert plan.of("rm_write_page")
    # the directive localrules knows nothing of the names that the outer workflow gives
    assert "localrules directive" not in plan.stdout + plan.stderr


@pytest.mark.slow
def test_a_rule_of_ours_is_made_otherwise_and_feeds_the_outer_workflow(outer):
    outer.run("study/sizes.txt", "--cores", "1")
    audit = pd.read_csv(outer.folder / "study/memory/data/audit.csv")
    counted = audit[audit["measure"] == "queries"]
    assert int((outer.folder / "study/sizes.txt").read_text()) == counted["count"].sum() == 40
    assert (outer.folder / "study/memory/data/math/train.parquet").is_file()
    assert not (outer.folder / "results").exists()
    assert (outer.folder / "study/audit.log").is_file()
    assert not (outer.folder / "study/memory/logs/audit.log").exists()


def test_a_mistake_is_told_in_one_sentence(outer):
    outer.edit("config.yaml", "label_ratios: [20]", "label_ratios: [130]")
    done = outer.run("rm_all", "-n", check=False)
    assert done.returncode == 1
    assert "label_ratios: 130 is not a whole percentage" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
