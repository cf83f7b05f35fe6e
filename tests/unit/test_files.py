import errno
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_memory.errors import InputError
from reward_memory.storage import files, manifests
from reward_memory.storage.files import atomic_folder, atomic_path, digest, file_digest, write_json
from reward_memory.storage.manifests import hardware, manifest


def listing(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_takes_its_place_when_the_block_ends(tmp_path):
    path = tmp_path / "new/a.txt"
    with atomic_path(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert listing(path.parent) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyboardInterrupt(), OSError(errno.EACCES, "denied")])
def test_the_old_file_stays_when_the_block_raises(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(error)), atomic_path(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert listing(tmp_path) == ["a.txt"]


def test_a_result_is_as_readable_as_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with atomic_path(tmp_path / "result") as temporary:
        temporary.write_text("x")
    assert stat.S_IMODE((tmp_path / "result").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_the_folder_takes_its_place_whole(tmp_path):
    path = tmp_path / "policy"
    path.mkdir()
    (path / "old.txt").write_text("old")
    with atomic_folder(path) as temporary:
        (temporary / "new.txt").write_text("new")
        assert listing(path) == ["old.txt"]
    assert listing(path) == ["new.txt"]
    assert listing(tmp_path) == ["policy"]


def test_the_old_folder_stays_when_the_block_raises(tmp_path):
    path = tmp_path / "policy"
    path.mkdir()
    (path / "old.txt").write_text("old")
    with pytest.raises(ValueError, match="wrong"), atomic_folder(path) as temporary:  # noqa: PT012
        (temporary / "new.txt").write_text("new")
        raise ValueError("wrong")
    assert (path / "old.txt").read_text() == "old"
    assert listing(tmp_path) == ["policy"]


FULL = r"^{}: no space left on the disk; free some and run the same command again\.$"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("atomic", [atomic_path, atomic_folder])
def test_a_full_disk_is_told_in_one_sentence(tmp_path, atomic, number):
    with pytest.raises(InputError, match=FULL.format(tmp_path / "a")), atomic(tmp_path / "a"):
        raise OSError(number, os.strerror(number))
    assert listing(tmp_path) == []


def test_a_full_disk_is_told_when_not_even_an_empty_file_fits(tmp_path, monkeypatch):
    def full(**kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.tempfile, "mkstemp", full)
    with pytest.raises(InputError, match=FULL.format(tmp_path / "a")), atomic_path(tmp_path / "a"):
        raise AssertionError("the block must not begin")


def test_an_error_of_the_block_that_is_a_sentence_already_stays(tmp_path):
    with pytest.raises(InputError, match=r"^row 3 is empty\.$"), atomic_path(tmp_path / "a"):
        raise InputError("row 3 is empty.")


@pytest.fixture
def disk(tmp_path):
    """A disk of 128 KiB with 40,000 bytes in `old` on it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("mounting a small tmpfs is not permitted here")
    (folder / "old").write_bytes(b"o" * 40_000)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def write_bytes(path):
    path.write_bytes(b"n" * 1_000_000)


def write_parquet(path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"a": np.random.default_rng(0).random(100_000)}), path)


def write_csv(path):
    import pandas as pd

    pd.DataFrame({"a": np.random.default_rng(0).random(20_000)}).to_csv(path)


def write_safetensors(path):
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(100_000)}, path)


def write_checkpoint(path):
    import torch

    torch.save(torch.zeros(100_000), path)


@pytest.mark.parametrize("write", [write_bytes, write_parquet, write_csv])
def test_each_way_of_writing_leaves_the_old_file_when_the_disk_is_full(tmp_path, write):
    (tmp_path / "old").write_text("old")
    with pytest.raises(InputError, match=FULL.format(tmp_path / "old")), atomic_path(tmp_path / "old") as temporary:  # noqa: PT012
        temporary.unlink()
        temporary.symlink_to("/dev/full")
        write(temporary)
    assert (tmp_path / "old").read_text() == "old"
    assert listing(tmp_path) == ["old"]


@pytest.mark.parametrize("write", [write_safetensors, write_checkpoint])
def test_weights_that_do_not_fit_leave_the_old_ones(disk, write):
    # safetensors gives no errno, and torch says nothing of the disk at all
    with pytest.raises(InputError, match=FULL.format(disk / "old")), atomic_path(disk / "old") as temporary:
        write(temporary)
    assert (disk / "old").read_bytes() == b"o" * 40_000
    assert listing(disk) == ["old"]


def test_an_error_of_torch_on_a_disk_with_space_stays(tmp_path):
    with pytest.raises(RuntimeError, match="odd"), atomic_path(tmp_path / "a"):
        raise RuntimeError("odd")


def test_a_folder_that_does_not_fit_leaves_the_old_one(disk, tmp_path):
    (tmp_path / "big").mkdir()
    write_bytes(tmp_path / "big/weights")
    (disk / "policy").mkdir()
    (disk / "policy/weights").write_text("old")
    with pytest.raises(InputError, match=FULL.format(disk / "policy")), atomic_folder(disk / "policy") as folder:
        shutil.copytree(tmp_path / "big", folder, dirs_exist_ok=True)
    assert (disk / "policy/weights").read_text() == "old"
    assert listing(disk) == ["old", "policy"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.dictionaries(st.text(), JSON, min_size=2))
def test_the_order_of_keys_changes_no_digest(value):
    assert digest(dict(reversed(value.items()))) == digest(value)


@given(JSON, JSON)
def test_different_values_have_different_digests(one, other):
    assert (digest(one) == digest(other)) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


def test_a_digest_stays_what_it_was():
    assert digest({"b": [1, "é"], "a": None}) == hashlib.sha256('{"a":null,"b":[1,"é"]}'.encode()).hexdigest()[:16]


def test_json_is_written_sorted_and_ends_with_a_line(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    assert (tmp_path / "a.json").read_text() == '{\n "a": "é",\n "b": 1\n}\n'


def test_a_files_digest_is_its_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    assert file_digest(tmp_path / "a") == hashlib.sha256(b"x" * 3_000_000).hexdigest()


def folder_of(root, name: str, files: dict[str, bytes]):
    for path, content in files.items():
        (root / name / path).parent.mkdir(parents=True, exist_ok=True)
        (root / name / path).write_bytes(content)
    return file_digest(root / name)


def test_a_folders_digest_depends_on_names_contents_and_depth(tmp_path):
    digests = [
        folder_of(tmp_path, "one", {"a": b"x", "b": b"y"}),
        folder_of(tmp_path, "content", {"a": b"x", "b": b"z"}),
        folder_of(tmp_path, "name", {"a": b"x", "c": b"y"}),
        folder_of(tmp_path, "depth", {"a": b"x", "d/b": b"y"}),
        folder_of(tmp_path, "more", {"a": b"x", "b": b"y", "c": b""}),
        folder_of(tmp_path, "swapped", {"a": b"y", "b": b"x"}),
    ]
    assert len(set(digests)) == len(digests)
    assert folder_of(tmp_path, "same", {"b": b"y", "a": b"x"}) == digests[0]


def test_a_file_that_looks_like_two_has_another_digest_than_the_two(tmp_path):
    assert folder_of(tmp_path, "one", {"a": b"xb\0y"}) != folder_of(tmp_path, "two", {"a": b"x", "b": b"y"})


def test_a_manifest_tells_configuration_inputs_and_versions(tmp_path):
    (tmp_path / "rows").write_text("r")
    told = manifest({"seed": 1}, {"train": str(tmp_path / "rows")})
    assert told["config"] == {"seed": 1}
    assert told["config_digest"] == digest({"seed": 1})
    assert told["inputs"] == {"train": hashlib.sha256(b"r").hexdigest()}
    assert told["versions"]["torch"].startswith("2.")
    json.dumps(told)


def test_a_manifest_tells_the_machine(monkeypatch):
    machine = manifest({}, {})["machine"]
    assert set(machine) == {"python", "platform", "processor", "cores", "usable_cores", "memory", "gpus"}
    assert 1 <= machine["usable_cores"] <= machine["cores"]
    assert machine["memory"] > 2**28
    one = SimpleNamespace(name="H100", total_memory=80)
    cuda = SimpleNamespace(is_available=lambda: True, device_count=lambda: 2, get_device_properties=lambda number: one)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert hardware()["gpus"] == [{"name": "H100", "memory": 80}] * 2


def test_a_manifest_tells_whether_the_code_is_the_commits_own(tmp_path, monkeypatch):
    if shutil.which("git") is None:
        pytest.skip("needs git")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "module.py").write_text("x = 1\n")
    for arguments in (["init", "-q"], ["add", "module.py"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *arguments], check=True)
    monkeypatch.setattr(manifests, "__file__", str(tmp_path / "module.py"))
    assert manifest({}, {})["changed"] is False
    (tmp_path / "module.py").write_text("x = 2\n")
    assert manifest({}, {})["changed"] is True


def test_a_manifest_needs_no_git(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert manifest({}, {})["commit"] is None
    assert manifest({}, {})["changed"] is None


def test_a_manifest_names_the_commit_of_the_checkout():
    if shutil.which("git") is None:
        pytest.skip("needs git")
    command = ["git", "rev-parse", "HEAD"]
    folder = os.path.dirname(manifests.__file__)
    head = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert manifest({}, {})["commit"] == (head.stdout.strip() or None)
