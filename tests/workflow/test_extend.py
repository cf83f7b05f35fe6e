"""docs/extend.md carried out: its edits are made in a copy of the project, and what they add is built."""

import json
import re

import pandas as pd
import yaml
from conftest import ROOT, Workflow

PAGE = (ROOT / "docs/extend.md").read_text()


def edit(flow: Workflow, text: str) -> None:
    """Make the edits of a diff without line numbers: the old lines of each part must be there."""
    for file in re.split(r"^--- a/", text, flags=re.MULTILINE)[1:]:
        path, _, parts = re.match(r"(\S+)\n(\+\+\+ .*\n)((?s:.*))", file).groups()
        for part in re.split(r"^@@\n", parts, flags=re.MULTILINE)[1:]:
            lines = part.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[0] in " -")
            # the last line of a part may be the beginning of a line
            flow.edit(path, old.rstrip("\n"), "".join(line[1:] for line in lines if line[0] in " +").rstrip("\n"))


def blocks(heading: str, kind: str) -> list[str]:
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{kind}\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)


def test_a_new_benchmark_is_read_from_its_files(workflow):
    (change,) = blocks("Your own benchmark", "diff")
    edit(workflow, change)
    part = PAGE.split("Then\n\n    data:")[1].split("\n\n")[0]
    settings = yaml.safe_load(f"data:{part}".replace("\n    ", "\n"))
    config = yaml.safe_load((ROOT / "config/test.yaml").read_text())
    config |= settings | {"policies": {"tiny": config["policies"]["tiny"]}}
    config["training"]["train_batch_size"] = 1
    (workflow.folder / "own.yaml").write_text(yaml.safe_dump({key: config[key] for key in config if key != "suites"}))
    folder = workflow.folder / "benchmarks/clocks"
    folder.mkdir(parents=True)
    for split, count in (("train", 6), ("test", 4)):
        rows = [{"question": f"{split}: what is {n} hours after noon?", "answer": f"{n}"} for n in range(count)]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    targets = [f"results/data/clocks/{split}.truths.parquet" for split in ("train", "valid", "test")]
    workflow.run(*targets, "--cores", "1", "--configfile", "own.yaml")
    assert [len(pd.read_parquet(workflow.folder / path)) for path in targets] == [3, 2, 4]
    # and all of the pipeline is planned on it
    jobs = workflow.jobs("results/tables/main.csv", "--configfile", "own.yaml")
    assert {rule for rule, wildcards in jobs if wildcards.get("benchmark") == "clocks"} >= {"sample_rollouts"}
    assert "train_policy" in {rule for rule, _ in jobs}


def test_a_suite_and_a_method_of_ones_own_are_planned(workflow):
    part = PAGE.split("## Your own method, your own suite\n")[1].split("\n## ")[0]
    lines = re.search(r"(?:^    .*\n)+", part, re.MULTILINE)[0]
    config = yaml.safe_load((ROOT / "config/test.yaml").read_text())
    for key, value in yaml.safe_load(re.sub("^    ", "", lines, flags=re.MULTILINE)).items():
        config[key] = config.get(key, {}) | value
    del config["suites"]["meds"]  # its benchmark is in another suite here
    del config["benchmarks"]["dapo_math_17k"], config["policies"]["tiny-math"]
    (workflow.folder / "own.yaml").write_text(yaml.safe_dump(config))
    jobs = workflow.jobs("results/tables/mine.csv", "--configfile", "own.yaml")
    trained = {(w["suite"], w["method"], w["ratio"]) for rule, w in jobs if rule == "train_policy"}
    assert trained == {("mine", method, "100") for method in ("dapo", "gentle", "gentle+meds")}
    assert {w["benchmark"] for rule, w in jobs if rule == "sample_queries"} == {"math500"}


def test_a_new_predictor_is_fitted_and_measured(finished, tmp_path):
    flow = finished.copy(tmp_path / "project")
    (program,) = blocks("Your own reward predictor", "python")
    (flow.folder / "src/reward_memory/reward_models/prior.py").write_text(program)
    target = "results/tables/reward_models.csv"
    flow.run(
        *(target, "--cores", "2", "--configfile", "config/test.yaml", "--rerun-triggers", "mtime"),
        *("--config", "predictors=[graph,graph-plus,majority,prior]", "--forcerun", "reward_models_table"),
    )
    table = pd.read_csv(flow.folder / target)
    assert {"prior", "majority"} <= {*table["predictor"]}
    arm = flow.jobs(
        *("results/tables/main.csv", "--configfile", "config/test.yaml", "--rerun-triggers", "mtime"),
        *("--config", "methods=[base,memreward:prior]"),
    )
    assert "memreward:prior" in {wildcards.get("method") for rule, wildcards in arm if rule == "train_policy"}
