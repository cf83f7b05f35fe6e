import os

import pytest

from reward_memory.errors import InputError
from reward_memory.jobs import gpus


def test_the_cpu_path_has_no_device_whatever_is_visible(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert gpus.given(0) == []


def test_the_jobs_devices_are_those_that_are_visible(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,GPU-1a2b")
    assert gpus.given(2) == ["5", "GPU-1a2b"]


def test_a_node_has_its_share_of_the_jobs_gpus(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    assert gpus.given(8, nodes=2) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(("visible", "seen"), [("0", 1), ("", 0), ("0,1,2", 3)])
def test_another_number_than_was_given_is_refused(monkeypatch, visible, seen):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with pytest.raises(InputError, match=rf"given 2 on a node and sees {seen} \(CUDA_VISIBLE_DEVICES={visible}\)"):
        gpus.given(2)


def test_where_nothing_is_said_the_devices_are_those_that_nvidia_smi_lists(monkeypatch, tmp_path):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: H100 (UUID: GPU-a)'\necho '  MIG 1g'\necho 'GPU 1: H100 (UUID: GPU-b)'\n")
    tool.chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert gpus.visible() == gpus.given(2) == ["0", "1"]
    with pytest.raises(InputError, match=r"given 1 on a node and sees 2 \(CUDA_VISIBLE_DEVICES is not set\)"):
        gpus.given(1)


def test_a_machine_without_nvidia_smi_has_no_devices(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus.visible() == []


def test_gpus_that_nodes_cannot_share_are_refused():
    with pytest.raises(InputError, match="3 GPUs cannot be divided evenly among 2 nodes"):
        gpus.given(3, nodes=2)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"CUDA_VISIBLE_DEVICES": "0", "ROCR_VISIBLE_DEVICES": "0", "A": "b"}, {"CUDA_VISIBLE_DEVICES", "A"}),
        ({"ROCR_VISIBLE_DEVICES": "0"}, {"ROCR_VISIBLE_DEVICES"}),
        ({}, set()),
    ],
)
def test_where_nvidias_name_for_the_devices_is_set_amds_goes(given, left):
    assert {*gpus.unambiguous(given)} == left


@pytest.fixture
def torch_of(monkeypatch):
    """A torch made for a version of CUDA, None for the CPU, that finds devices or does not."""

    def torch_of(cuda: str | None, found: bool) -> None:
        monkeypatch.setattr("torch.__version__", "2.13.0")
        monkeypatch.setattr("torch.version.cuda", cuda)
        monkeypatch.setattr("torch.cuda.is_available", lambda: found)

    return torch_of


@pytest.mark.parametrize(
    ("cuda", "driver", "told"),
    [
        (None, None, "given 2 and torch 2.13.0 is built for CPUs; install one for GPUs (docs/gpu.md), or set gpu: 0"),
        ("13.0", "535.104.05", "CUDA 13.0, which needs driver 580 or newer, and nvidia-smi names 535.104.05; use a"),
        ("12.8", None, "CUDA 12.8, which needs driver 525 or newer, and nvidia-smi names none; use a machine"),
        ("14.1", "600.1", "CUDA 14.1, which needs a newer driver, and nvidia-smi names 600.1"),
    ],
)
def test_gpus_that_torch_cannot_use_are_one_sentence(torch_of, monkeypatch, tmp_path, cuda, driver, told):
    torch_of(cuda, False)
    monkeypatch.setenv("PATH", str(tmp_path))
    if driver:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\necho '{driver}'\necho '{driver}'\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    with pytest.raises(InputError) as caught:
        gpus.check_driver(2)
    assert told in str(caught.value)


@pytest.mark.parametrize(("count", "found"), [(0, False), (1, True)])
def test_the_cpu_path_and_gpus_that_work_are_let_through(torch_of, count, found):
    torch_of("13.0", found)
    gpus.check_driver(count)
