"""Pins of the environments: complete, exact, those of the package and of verl, and without contradiction."""

import re
import shutil
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = [Requirement(one) for one in PROJECT["dependencies"]]
LISTED = [Requirement(one) for name in ("gpu", "slurm") for one in PROJECT["optional-dependencies"][name]]
EXTRA = [one for one in LISTED if one.name != PROJECT["name"]]
GPU = ("gpu", "gpu-latest")
FLASH = re.search(r"\S+\.whl$", (ROOT / "envs/flash-attn.lock.txt").read_text().strip())[0].rsplit("/")[-1]


def pins(name: str) -> dict[str, str]:
    """Package -> its version, without a local part such as +cpu."""
    lines = (ROOT / f"envs/{name}.lock.txt").read_text().splitlines()
    return versions([line for line in lines if not line.startswith("#")])


def versions(lines: list[str]) -> dict[str, str]:
    found = [re.fullmatch(r"([\w.-]+)==([\w.!]+)(?:\+\w+)?(?: ; .*)?", line) for line in lines]
    assert all(found), [line for line, one in zip(lines, found, strict=True) if not one]
    return {canonicalize_name(one[1]): one[2] for one in found}


@pytest.mark.parametrize(("name", "wanted"), [("cpu", WANTED), *((name, WANTED + EXTRA) for name in GPU)])
def test_every_dependency_is_pinned_within_what_the_package_asks_for(name, wanted):
    pinned = pins(name)
    for one in wanted:
        assert one.specifier.contains(pinned[canonicalize_name(one.name)]), one


@pytest.mark.parametrize("name", GPU)
def test_gpu_runs_compute_with_the_versions_that_the_tests_run(name):
    shared = {"verl", "ray", "numpy", "pandas", "scipy", "scikit-learn", "hdbscan", "math-verify", "snakemake"}
    shared |= {"torch-geometric", "sentence-transformers", "transferqueue", "snakemake-executor-plugin-slurm"}
    if name == "gpu-latest":
        shared |= {"torch", "transformers"}
    cpu, gpu = pins("cpu"), pins(name)
    assert {one: cpu[one] for one in shared} == {one: gpu[one] for one in shared}


def verls_pins(*extras: str) -> dict[str, str]:
    """Package -> version that extras of the installed verl fix."""
    asked = [Requirement(one) for one in metadata.requires("verl")]
    fixed = [one for one in asked if one.marker and any(one.marker.evaluate({"extra": extra}) for extra in extras)]
    return {one.name: spec.version for one in fixed for spec in one.specifier if spec.operator == "=="}


def test_the_gpu_lock_is_what_verl_builds_and_tests():
    asked = verls_pins("vllm")
    assert {"torch", "vllm", "transformers"} <= set(asked)
    pinned = pins("gpu")
    assert {name: pinned[name] for name in asked} == asked


def test_the_wheel_of_flash_attention_is_verls_and_fits_the_lock():
    name, version, _, tags = parse_wheel_filename(FLASH)
    (extra,) = [one for one in metadata.metadata("verl").get_all("Provides-Extra") if one.startswith("flash-attn")]
    assert {name: str(version)} == verls_pins(extra)
    assert extra.endswith("torch" + "".join(pins("gpu")["torch"].split(".")[:2]))
    assert {tag.interpreter for tag in tags} == {"cp312"}


def test_the_container_installs_a_lock_on_a_python_that_the_package_and_the_wheel_take():
    recipe = (ROOT / "envs/Dockerfile").read_text()
    python = re.search(r"^FROM python:([\d.]+)-", recipe, re.M)[1]
    assert SpecifierSet(PROJECT["requires-python"]).contains(python)
    assert f"cp{python.replace('.', '')}" in FLASH
    lock = re.search(r"^ARG LOCK=(\S+)", recipe, re.M)[1]
    assert lock in GPU
    assert re.search(r"^RUN pip install --no-cache-dir -r envs/\$\{LOCK\}\.lock\.txt$", recipe, re.M)


def test_the_page_names_the_versions_that_are_pinned():
    rows = re.findall(r"^\| `envs/([\w-]+)\.lock\.txt` \| ([^|:]+)", (ROOT / "docs/reproduce.md").read_text(), re.M)
    assert {name for name, _ in rows} == {"cpu", *GPU}
    for name, told in rows:
        versions_told = dict(one.split(" ") for one in told.strip().lower().split(", "))
        assert versions_told == {package: pins(name)[package] for package in versions_told}
        assert {"torch", "transformers"} <= set(versions_told)


def resolved(tmp_path: Path, python: str, *requirements: str) -> dict[str, str]:
    """Package -> version, as uv resolves requirements together with the package and its extra for GPUs on Linux."""
    asked, found = tmp_path / "asked.txt", tmp_path / "found.txt"
    asked.write_text("\n".join(requirements))
    command = ["uv", "pip", "compile", asked, ROOT / "pyproject.toml", "--extra", "gpu", "--output-file", found]
    command += ["--python-version", python, "--python-platform", "linux", "--no-annotate", "--no-header", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if re.search(r"Failed to fetch|error sending request|dns error", done.stderr):
        pytest.skip(f"no package registry answers: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    return versions(found.read_text().splitlines())


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("uv"), reason="needs uv: pip install -e '.[test]'")
@pytest.mark.parametrize("python", ["3.11", "3.12"])
@pytest.mark.parametrize("name", GPU)
def test_a_gpu_lock_resolves_without_a_contradiction_and_names_all_that_is_needed(name, python, tmp_path):
    pinned = pins(name)
    found = resolved(tmp_path, python, *(f"{package}=={version}" for package, version in pinned.items()))
    assert found == pinned


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("uv"), reason="needs uv: pip install -e '.[test]'")
def test_flash_attention_needs_nothing_beside_the_lock(tmp_path):
    name, version, *_ = parse_wheel_filename(FLASH)
    pinned = pins("gpu") | {name: str(version)}
    found = resolved(tmp_path, "3.12", *(f"{package}=={version}" for package, version in pinned.items()))
    assert found == pinned
