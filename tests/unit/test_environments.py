"""Pins of the environments: whole, exact, and those of the package itself."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = [Requirement(one) for one in PROJECT["dependencies"]]


def pins(name: str) -> dict[str, str]:
    """Package -> its version, without a local part such as +cpu."""
    lines = (ROOT / f"envs/{name}.lock.txt").read_text().splitlines()
    found = [re.fullmatch(r"([\w.-]+)==([\w.!]+)(?:\+\w+)?(?: ; .*)?", line) for line in lines]
    assert all(found), [line for line, one in zip(lines, found, strict=True) if not one]
    return {canonicalize_name(one[1]): one[2] for one in found}


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_every_dependency_is_pinned_within_what_the_package_asks_for(name):
    pinned = pins(name)
    for one in WANTED:
        assert one.specifier.contains(pinned[canonicalize_name(one.name)]), one


def test_both_environments_compute_with_the_same_versions():
    cpu, gpu = pins("cpu"), pins("gpu")
    shared = ("torch", "verl", "ray", "transformers", "numpy", "pandas", "scikit-learn", "hdbscan", "snakemake")
    assert {one: cpu[one] for one in shared} == {one: gpu[one] for one in shared}
    assert "vllm" in gpu


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_the_environments_python_is_one_that_the_package_takes(name):
    python = next(one for one in yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())["dependencies"])
    assert python == "python=3.11"
    assert PROJECT["requires-python"] == ">=3.11,<3.13"


def test_the_container_installs_the_pins():
    recipe = (ROOT / "envs/Dockerfile").read_text()
    assert "pip install --no-cache-dir --no-deps -r envs/gpu.lock.txt" in recipe
