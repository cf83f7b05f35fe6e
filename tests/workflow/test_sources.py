"""Where benchmarks come from: what is planned."""

import json

import pytest
import yaml

pytestmark = pytest.mark.slow

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub_config(workflow):
    """The default experiment with GSM8K from the hub."""
    path = workflow.folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["benchmarks"]["gsm8k"] |= {"source": "hub", "revision": COMMIT}
    path.write_text(yaml.safe_dump(config))
    return workflow


def test_a_benchmark_from_the_hub_is_downloaded_first_and_no_other(hub_config):
    jobs = hub_config.jobs("results/tables/main.csv")
    assert [wildcards for rule, wildcards in jobs if rule == "download_benchmark"] == [{"benchmark": "gsm8k"}]


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [("main", "revision: 'main' is not a commit of 40"), (None, "source 'hub' needs the key 'revision' with")],
)
def test_a_revision_that_is_no_commit_stops_before_any_job(hub_config, revision, sentence):
    hub_config.edit("config.yaml", f"revision: {COMMIT}", f"revision: {json.dumps(revision)}")
    done = hub_config.run("results/tables/main.csv", "-n", check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"config.yaml: benchmarks: gsm8k: {sentence}" in said
    assert "Traceback" not in said


def test_the_audit_needs_queries_and_no_table_needs_the_audit(workflow):
    jobs = workflow.jobs("results/data/audit.csv")
    count = len(yaml.safe_load((workflow.folder / "config.yaml").read_text())["benchmarks"])
    assert sorted(rule for rule, _ in jobs) == ["audit_data"] + ["sample_queries"] * count
    for table in ("main", "meds_main"):
        assert "audit_data" not in workflow.rules(f"results/tables/{table}.csv")


def test_the_audit_reads_no_truths(workflow):
    (job,) = workflow.plan("results/data/audit.csv").of("audit_data")
    assert any("test.parquet" in path for path in job.input)
    assert not any("truths" in path for path in job.input)
