"""The scripts of the rules download and audit, run as jobs, against a server on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hub_server import COMMIT, TEST, TRAIN, Hub, parquet_bytes, problems, serve

from reward_memory import data
from reward_memory.storage import parquet

JOB = """
import json, runpy, sys
from snakemake.iocontainers import InputFiles, Log, OutputFiles, Params, ResourceList, Wildcards

class snakemake:
    pass

given = json.load(sys.stdin)
kinds = {"input": InputFiles, "output": OutputFiles, "params": Params, "wildcards": Wildcards}
for name, kind in kinds.items():
    setattr(snakemake, name, kind(fromdict=given[name]))
snakemake.rule, snakemake.threads = given["rule"], 1
snakemake.log, snakemake.resources = Log(["job.log"]), ResourceList(fromdict={})
runpy.run_path(given["script"], {"snakemake": snakemake})
"""
SCRIPTS = Path(__file__).parents[2] / "scripts"


def run_job(folder, rule, environment, **given):
    """Run a rule's script in `folder` as Snakemake does. Every rule has the param `state`."""
    given["params"] = {"state": "state"} | given.get("params", {})
    request = {"rule": rule, "script": str(SCRIPTS / f"{rule}.py"), "input": {}, "wildcards": {}, **given}
    return subprocess.run(
        [sys.executable, "-c", JOB],
        cwd=folder,
        env=os.environ | environment,
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def downloaded(tmp_path):
    """GSM8K as the rule download leaves it, and what the job said."""
    server = Hub(
        "openai/gsm8k",
        COMMIT,
        {TRAIN: parquet_bytes(problems(30)), TEST: parquet_bytes(problems(10, 25))},
        large=(TRAIN,),
    )
    with serve(server) as address:
        server.storage = address
        done = run_job(
            tmp_path,
            "download_benchmark",
            {"HF_ENDPOINT": address, "NO_PROXY": "127.0.0.1"},
            wildcards={"benchmark": "gsm8k"},
            output={"files": "raw/gsm8k", "manifest": "raw/gsm8k.json"},
            params={"revision": COMMIT, "sha256": {}, "partial": True, "code": "", "state": "state"},
        )
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_the_download_job_leaves_files_and_their_manifest(downloaded):
    assert pq.read_table(downloaded / "raw/gsm8k/gsm8k" / TRAIN).num_rows == 30
    manifest = json.loads((downloaded / "raw/gsm8k.json").read_text())
    assert manifest["repositories"]["openai/gsm8k"]["revision"] == COMMIT


@pytest.mark.slow
def test_a_failed_download_job_says_one_sentence_and_keeps_what_it_has(tmp_path):
    done = run_job(
        tmp_path,
        "download_benchmark",
        {"HF_ENDPOINT": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"},
        wildcards={"benchmark": "gsm8k"},
        output={"files": "raw/gsm8k", "manifest": "raw/gsm8k.json"},
        params={"revision": COMMIT, "sha256": {}, "partial": True, "code": "", "state": "state"},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("download_benchmark gsm8k: benchmarks: gsm8k: http://127.0.0.1:9 cannot be reached")
    assert done.stderr.count("\n") == 1


def test_the_audit_job_writes_one_table(downloaded):
    folder = str(downloaded / "raw/gsm8k")
    parts = data.build("gsm8k", "hub", {"train": 10, "valid": 2, "test": 5}, 0, Path(folder), partial=True)
    paths = [f"data/gsm8k/{split}.parquet" for split in parts]
    for path, queries in zip(paths, parts.values(), strict=True):
        parquet.write(queries, downloaded / path, parquet.QUERIES)
    done = run_job(
        downloaded,
        "audit_data",
        {},
        input={"queries": paths},
        output={"table": "data/audit.csv"},
        params={
            "origins": {"gsm8k": ["hub", folder]},
            "partial": True,
            "code": "",
            "state": "state",
        },
    )
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(downloaded / "data/audit.csv")
    duplicates = table[(table["measure"] == "exact_duplicates") & (table["count"] > 0)]
    assert duplicates[["split", "other_split", "count"]].values.tolist() == [["train", "test", 5], ["test", "train", 5]]
    assert set(duplicates["stage"]) == {"source"}
    assert table[table["measure"] == "queries"]["count"].tolist() == [10, 2, 5]
    assert COMMIT in table[table["measure"] == "revision"]["detail"].item()
