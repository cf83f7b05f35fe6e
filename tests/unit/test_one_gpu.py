"""config/one-gpu.yaml: what its head says of memory, its training runs as verl understands them, its jobs."""

import copy
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import verl_effective
import yaml
from override_cases import RUN

from reward_memory.config import loading, suites, verl_overrides
from reward_memory.cost import memory
from reward_memory.errors import InputError
from reward_memory.settings import Configuration
from reward_memory.training.overrides import overrides

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
FILE = ROOT / "config/one-gpu.yaml"


@pytest.fixture
def written() -> dict:
    return yaml.safe_load(FILE.read_text())


def loaded(written: dict) -> Configuration:
    return loading.load(copy.deepcopy(written), FILE.name)


def listed(written: dict, method: str) -> list[str]:
    training, _ = suites.run_settings(loaded(written), "main", method, "qwen2.5-1.5b")
    run = replace(RUN, gpus=1, reward_model=Path("/m") if method == "memreward" else None)
    return overrides(training, run, "reduced", Path("/tmp/rm"))


def test_its_head_says_what_the_arithmetic_gives(written):
    text = FILE.read_text()
    assert "NOT RUN YET" in text
    phases = {run.policy: run.phases for run in memory.runs(loaded(written), ROOT / "reference")}["qwen2.5-1.5b"]
    said = [float(number) for number in re.findall(r"([\d.]+) GB (?:in a gradient|for log|while vLLM)", text)]
    assert said == [round(gigabytes, 1) for gigabytes in phases.values()]


def test_it_fits_24_gb_with_adapters_and_48_gb_without(written):
    memory.check(loaded(written), ROOT / "reference")
    assert written["resources"]["train_policy"]["gpu_memory_gb"] == 24
    written["training"]["lora"] = None
    with pytest.raises(InputError, match=r"of qwen2\.5-1\.5b would need \d+ GB on each of 1 GPUs"):
        memory.check(loaded(written), ROOT / "reference")
    written["resources"]["train_policy"]["gpu_memory_gb"] = 48
    memory.check(loaded(written), ROOT / "reference")


def test_commits_are_those_of_the_papers_configuration(written):
    paper = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
    for name, benchmark in written["benchmarks"].items():
        assert benchmark["revision"] == paper["benchmarks"][name]["revision"], name
    for name, policy in written["policies"].items():
        assert policy == paper["policies"][name]


def test_its_benchmarks_are_of_three_domains(written):
    config = loaded(written)
    assert {suites.domain(config, name) for name in config.benchmarks} == {"math", "qa", "code"}


def test_verl_accepts_its_training_runs(written, tmp_path):
    told = verl_effective.effective(
        {method: listed(written, method) for method in ("r1-p", "memreward", "oracle")}, tmp_path
    )
    for run in told.values():
        assert run["engine"] == ["vllm", "cuda"]
        assert run["steps"] == [50, 10, 10]
        assert set(run["saved"]) == {"model", "optimizer", "extra"}


def test_verl_gets_the_adapters_and_merges_them_for_vllm(written):
    model = verl_overrides._composed(listed(written, "oracle")).actor_rollout_ref.model
    assert (model.lora_rank, model.lora_alpha, model.target_modules) == (32, 64, "all-linear")
    assert model.lora.merge is True
    written["training"]["lora"] = {"rank": 8, "target_modules": ["q_proj", "v_proj"]}
    model = verl_overrides._composed(listed(written, "oracle")).actor_rollout_ref.model
    assert (model.lora_rank, model.lora_alpha, list(model.target_modules)) == (8, 32, ["q_proj", "v_proj"])
    written["training"]["lora"] = None
    assert verl_overrides._composed(listed(written, "oracle")).actor_rollout_ref.model.lora_rank == 0


@pytest.mark.parametrize(
    ("lora", "told"),
    [
        ({"alpha": 8}, r"training: lora: rank is missing; it should be a whole number from 1 to 512"),
        ({"rank": 0}, r"training: lora: rank: 0 is not a whole number from 1 to 512"),
        ({"rank": 8, "target_modules": "q_proj"}, r"lora: target_modules: 'q_proj' is not all-linear, or a list such"),
        ({"rank": 8, "target_modules": ["lm_head"]}, r"lora: target_modules: lm_head cannot have adapters; leave it"),
        ({"rank": 8, "target_modules": ["embed_tokens"]}, r"target_modules: embed_tokens cannot have adapters; leave"),
    ],
)
def test_adapters_that_cannot_be_are_one_sentence(written, lora, told):
    written["training"]["lora"] = lora
    with pytest.raises(InputError, match=told):
        loaded(written)


def test_its_jobs_are_planned(workflow):
    planned = Counter(rule for rule, _ in workflow.jobs("all", "--configfile", "config/one-gpu.yaml"))
    assert (planned["train_policy"], planned["download_benchmark"], planned["download_policy"]) == (3, 3, 1)
