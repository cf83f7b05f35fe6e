"""docs/extend.md carried out: its files are put into a copy of the project or installed, and what they add is built."""

import json
import re
import tomllib

import pandas as pd
import pytest
import yaml
from conftest import ROOT, Workflow

PAGE = (ROOT / "docs/extend.md").read_text()


def blocks(heading: str, kind: str) -> list[str]:
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{kind}\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)


#: File of an example -> the folder of its kind, and the heading that it is under.
FILES = {
    "clocks.py": ("data/mirror", "Your own benchmark"),
    "prior.py": ("reward_models", "Your own reward predictor"),
    "flat.py": ("error_memory/penalties", "Your own penalty"),
    "hardest.py": ("report/tables", "Your own table"),
}


def put_inside(flow: Workflow) -> None:
    """Each example in the folder of its kind: one file each."""
    for file, (folder, heading) in FILES.items():
        (flow.folder / "src/reward_memory" / folder / file).write_text(blocks(heading, "python")[0])


def install(flow: Workflow, *without: str) -> None:
    """The page's package beside the project, as pip installs it, with all examples but `without`."""
    package = flow.folder / "installed/study"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for file, (_, heading) in (FILES | {"methods.py": ("", "Your own method")}).items():
        if file not in without:
            (package / file).write_text(blocks(heading, "python")[0])
    about = package.with_name("study-1.dist-info")
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: study\nVersion: 1\n")
    points = tomllib.loads(re.search(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[1])
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in some.items())
        for group, some in points["project"]["entry-points"].items()
    ]
    (about / "entry_points.txt").write_text("\n".join(lines))
    flow.environment["PYTHONPATH"] += f":{package.parent}"


def settings() -> dict:
    """The smallest policy, and all that the page's examples add."""
    part = PAGE.split("Then\n\n    data:")[1].split("\n\n")[0]
    config = yaml.safe_load((ROOT / "config/test.yaml").read_text())
    added = yaml.safe_load(f"data:{part}".replace("\n    ", "\n"))
    config |= added | {"policies": {"tiny": config["policies"]["tiny"]}, "methods": ["base", "memreward:prior"]}
    config["training"]["train_batch_size"] = 1
    config["error_memory"] = {"penalty": "flat", "last_layers": "all"}
    return {key: config[key] for key in config if key != "suites"}


@pytest.mark.long
@pytest.mark.parametrize("place", [put_inside, install])
def test_each_example_is_one_file_here_or_in_an_installed_package(workflow, place):
    place(workflow)
    config = settings()
    config["methods"] += ["bold" if place is install else "meds"]
    (workflow.folder / "own.yaml").write_text(yaml.safe_dump(config))
    folder = workflow.folder / "benchmarks/clocks"
    folder.mkdir(parents=True)
    for split, count in (("train", 6), ("test", 4)):
        rows = [{"time": f"noon on {split} day {n}", "hours": n} for n in range(count)]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    targets = [f"results/data/clocks/{split}.truths.parquet" for split in ("train", "valid", "test")]
    workflow.run(*targets, "--cores", "1", "--configfile", "own.yaml")
    assert [len(pd.read_parquet(workflow.folder / path)) for path in targets] == [3, 2, 4]
    # and all of the pipeline is planned on it
    jobs = workflow.jobs("results/tables/hardest.csv", "--configfile", "own.yaml")
    assert {rule for rule, wildcards in jobs if wildcards.get("benchmark") == "clocks"} >= {"sample_rollouts"}
    trained = {wildcards["method"] for rule, wildcards in jobs if rule == "train_policy"}
    assert trained == {*config["methods"]} - {"base"}
    assert ("registered_table", {"table": "hardest"}) in jobs


def test_an_example_that_is_not_there_ends_the_run_before_any_job(workflow):
    install(workflow, "flat.py")
    config = settings() | {"methods": ["base", "bold"], "data": {}, "benchmarks": {"gsm8k": BENCHMARK}}
    (workflow.folder / "own.yaml").write_text(yaml.safe_dump(config))
    done = workflow.run("results/tables/main.csv", "-n", "--configfile", "own.yaml", check=False)
    assert done.returncode
    assert "own.yaml: error_memory: penalty: flat: study.flat cannot be imported" in done.stdout + done.stderr


BENCHMARK = {"suite": "main", "source": "generated", "train": 8, "valid": 4, "test": 4}


def test_a_suite_and_a_method_of_ones_own_are_planned(workflow):
    part = PAGE.split("## Your own variant, suite and difference\n")[1].split("\n## ")[0]
    lines = re.search(r"(?:^    .*\n)+", part, re.MULTILINE)[0]
    config = yaml.safe_load((ROOT / "config/test.yaml").read_text())
    for key, value in yaml.safe_load(re.sub("^    ", "", lines, flags=re.MULTILINE)).items():
        config[key] = config.get(key, {}) | value
    del config["suites"]["meds"]  # its benchmark is in another suite here
    del config["benchmarks"]["dapo_math_17k"]
    (workflow.folder / "own.yaml").write_text(yaml.safe_dump(config))
    jobs = workflow.jobs("results/tables/mine.csv", "--configfile", "own.yaml")
    trained = {(w["suite"], w["method"], w["ratio"]) for rule, w in jobs if rule == "train_policy"}
    assert trained == {("mine", method, "100") for method in ("dapo", "gentle", "gentle+meds")}
    assert {w["benchmark"] for rule, w in jobs if rule == "sample_queries"} == {"math500"}


def test_a_new_predictor_is_fitted_and_measured(finished, tmp_path):
    flow = finished.copy(tmp_path / "project")
    put_inside(flow)
    target = "results/tables/reward_models.csv"
    flow.run(
        *(target, "--cores", "2", "--configfile", "config/test.yaml", "--rerun-triggers", "mtime"),
        *("--config", "predictors=[graph,graph-plus,majority,prior]", "--forcerun", "reward_models_table"),
    )
    table = pd.read_csv(flow.folder / target)
    assert {"prior", "majority"} <= {*table["predictor"]}
    flow.run(
        *("results/tables/hardest.csv", "--cores", "2", "--configfile", "config/test.yaml"),
        *("--rerun-triggers", "mtime"),
    )
    worst = pd.read_csv(flow.folder / "results/tables/hardest.csv")
    assert [*worst] == ["policy", "method", "label_ratio", "query_id", "correct"]
    assert (worst.groupby(["policy", "method", "label_ratio"]).size() == 3).all()
    arm = flow.jobs(
        *("results/tables/main.csv", "--configfile", "config/test.yaml", "--rerun-triggers", "mtime"),
        *("--config", "methods=[base,memreward:prior]"),
    )
    assert "memreward:prior" in {wildcards.get("method") for rule, wildcards in arm if rule == "train_policy"}
