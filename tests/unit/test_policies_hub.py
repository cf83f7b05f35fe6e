"""Policies from a server that speaks the hub's endpoints; no test leaves the machine."""

import hashlib
import json
import os
from collections import deque
from pathlib import Path

import huggingface_hub.constants
import pytest
from hub_server import COMMIT, Hub, serve
from test_configuration import changed
from test_source_jobs import run_job

from reward_memory.config.loading import load
from reward_memory.data.hub import client
from reward_memory.errors import InputError
from reward_memory.policies import hub
from reward_memory.policies.snapshots import check

NAME = "Example/Instruct-1B"
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
INDEX = "model.safetensors.index.json"
#: What a policy is made of, and twins and papers that it does not need.
FILES = {
    "config.json": b'{"model_type": "example"}',
    "generation_config.json": b"{}",
    "tokenizer.json": b"{}",
    "tokenizer_config.json": b'{"chat_template": "{{ messages }}"}',
    "vocab.json": b"{}",
    "merges.txt": b"a b",
    INDEX: json.dumps({"weight_map": {"a": SHARDS[0], "b": SHARDS[1], "c": SHARDS[0]}}).encode(),
    SHARDS[0]: bytes(range(256)) * 40,
    SHARDS[1]: b"weights" * 300,
}
TWINS = {
    "README.md": b"# A policy",
    "LICENSE": b"as is",
    "pytorch_model.bin": b"pickle",
    "onnx/model.onnx": b"onnx",
    "instruct-q8_0.gguf": b"gguf",
    "consolidated.safetensors": b"twin",
    "original/model.safetensors": b"twin",
}
STORED = f"/storage/{NAME}/{SHARDS[0]}"


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """No token of the person who runs the tests, and no proxy."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", "/nonexistent")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """The seconds that would have been waited."""
    seconds: list[float] = []
    monkeypatch.setattr(client.time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def server(monkeypatch, waits):
    served = Hub(NAME, COMMIT, FILES | TWINS, large=SHARDS, license="apache-2.0", kind="models")
    with serve(served) as address, serve(served) as storage:
        monkeypatch.setenv("HF_ENDPOINT", address)
        served.storage = storage
        yield served


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "policies/mine"


@pytest.fixture
def download(tmp_path, folder):
    def download(revision=COMMIT, **more):
        return hub.download("mine", NAME, revision, folder, tmp_path / "state", **more)

    return download


def test_configuration_tokenizer_and_safetensors_arrive_and_nothing_else(server, download, folder):
    download()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    check(folder)
    assert not [request for name in TWINS for request in server.asked(f"/{name}")]


def test_the_manifest_names_commit_license_sizes_and_checksums(server, download):
    manifest = download()
    assert manifest["repositories"] == {NAME: {"revision": COMMIT, "license": "apache-2.0"}}
    assert set(manifest["files"]) == set(FILES)
    assert manifest["files"][SHARDS[1]] == {"bytes": 2100, "sha256": hashlib.sha256(b"weights" * 300).hexdigest()}


def test_one_file_of_weights_is_taken_where_there_is_one(server, download, folder):
    server.files = {path: data for path, data in server.files.items() if not path.startswith("model")}
    server.files["model.safetensors"] = b"weights"
    download()
    assert {path.name for path in folder.glob("*.safetensors")} == {"model.safetensors"}


def test_a_broken_download_goes_on_at_the_byte_where_it_stopped(server, download, folder):
    server.faults[STORED] = deque([1000, 500])
    download()
    assert [request.range for request in server.asked(STORED)] == [None, "bytes=1000-", "bytes=1500-"]
    assert (folder / SHARDS[0]).read_bytes() == FILES[SHARDS[0]]


def test_a_download_that_keeps_breaking_leaves_no_policy_and_the_next_call_goes_on(server, download, folder):
    server.faults[STORED] = deque([1000] + [0] * 6)
    with pytest.raises(InputError, match=r"^policies: mine: the download of model-00001.*resumes where it stopped"):
        download()
    assert not folder.exists()
    server.requests.clear()
    download()
    assert [request.range for request in server.asked(STORED)] == ["bytes=1000-"]
    assert not server.asked("/config.json")


@pytest.mark.parametrize("path", [SHARDS[1], "config.json", INDEX])
def test_a_file_with_another_checksum_than_the_hub_lists_is_deleted(server, download, folder, path):
    server.content[path] = b"x" * len(FILES[path])
    with pytest.raises(
        InputError, match=rf"^policies: mine: {path} does not match the digest that the hub lists.*run the same"
    ):
        download()
    assert not folder.exists()
    server.content.clear()
    download()
    check(folder)


def test_a_file_with_another_checksum_than_the_configuration_says_is_deleted(server, download, folder):
    with pytest.raises(InputError, match=r"config\.json has SHA-256 [0-9a-f]{64}, not 00.*correct revision or sha256"):
        download(expected={"config.json": "00" * 32})
    assert not folder.exists()
    download(expected={"config.json": hashlib.sha256(FILES["config.json"]).hexdigest()})
    with pytest.raises(InputError, match=r"mine: hub: sha256: README\.md is not one of the files, config\.json, "):
        download(expected={"README.md": "00" * 32})


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (INDEX, r"has neither model\.safetensors nor model\.safetensors\.index\.json at commit 0123.*or use path: "),
        (SHARDS[1], r"Example/Instruct-1B lacks model-00002-of-00002\.safetensors, which .* names, at commit 0123"),
        (
            "config.json",
            r"Example/Instruct-1B at commit 0123\w+: the policy folder has no config\.json; choose another",
        ),
        ("tokenizer_config.json", r"at commit 0123\w+: the policy's tokenizer has no chat template"),
    ],
)
def test_a_repository_that_holds_no_whole_policy_says_what_it_lacks(server, download, folder, missing, words):
    del server.files[missing]
    with pytest.raises(InputError, match=f"^policies: mine: .*{words}") as caught:
        download()
    assert not folder.exists()
    assert ".part" not in str(caught.value)


@pytest.mark.parametrize("index", [b"not JSON", b"{}", b"[]", b'{"weight_map": ["a"]}'])
def test_an_index_without_shards_is_told(server, download, index):
    server.files[INDEX] = index
    with pytest.raises(InputError, match=r"index\.json of Example/Instruct-1B at commit 0123\w+ names no shards"):
        download()


def test_an_index_cannot_lead_out_of_the_folder(server, download):
    server.files["../stolen"] = b"x"
    server.files[INDEX] = json.dumps({"weight_map": {"a": "../stolen"}}).encode()
    with pytest.raises(InputError, match=r"lacks \.\./stolen, which"):
        download()


def test_a_gated_policy_names_its_page_and_the_token(server, download):
    server.gated, server.token = True, "hf_right"
    with pytest.raises(
        InputError, match=r"gated \(401\).*terms at https://huggingface.co/Example/Instruct-1B and set HF"
    ):
        download()


def test_a_commit_that_is_not_there_is_named(server, download):
    with pytest.raises(
        InputError, match=rf"has no commit {'f' * 40}; .*huggingface.co/Example/Instruct-1B/commits/main"
    ):
        download("f" * 40)


def test_without_the_hub_a_folder_is_the_way(server, download, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        InputError, match=r"HF_HUB_OFFLINE forbids policies from the hub; .*use path: with the folder of a"
    ):
        download()


@pytest.mark.slow
def test_the_job_leaves_the_policy_and_its_manifest(tmp_path, server):
    policy = {"repository": NAME, "revision": COMMIT, "sha256": {}}

    def run():
        return run_job(
            tmp_path,
            "download_policy",
            {"HF_ENDPOINT": os.environ["HF_ENDPOINT"], "NO_PROXY": "127.0.0.1"},
            wildcards={"policy": "mine"},
            output={"folder": "policies/mine", "manifest": "policies/mine.json"},
            params={"hub": policy, "state": "state", "code": "x"},
        )

    done = run()
    assert done.returncode == 0, done.stderr
    check(tmp_path / "policies/mine")
    assert json.loads((tmp_path / "policies/mine.json").read_text())["repositories"][NAME]["revision"] == COMMIT
    server.commit = "f" * 40
    done = run()
    assert done.returncode == 1
    assert f"{NAME} has no commit {COMMIT}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"repository": NAME, "revision": "main"}, r"hub: revision: 'main' is not a commit of 40 hexadecimal digits"),
        ({"repository": NAME, "revision": COMMIT.upper()}, r"hub: revision: '0123456789ABC"),
        ({"repository": NAME}, r"hub: revision is missing; it should be a commit of 40"),
        ({"repository": "Instruct-1B", "revision": COMMIT}, r"hub: repository: 'Instruct-1B' is not the name of a rep"),
        (
            {"repository": NAME, "revision": COMMIT, "sha256": {"a": "0"}},
            r"hub: sha256: a: '0' is not 64 hexadecimal digits",
        ),
        (NAME, r"hub: 'Example/Instruct-1B' is not repository and revision of a model"),
    ],
)
def test_a_policy_of_the_hub_is_named_by_repository_and_commit(source, words):
    with pytest.raises(InputError, match=f"^config.yaml: policies: tiny: {words}"):
        load(changed("policies/tiny", {"hub": source}))


def test_checksums_need_not_be_given():
    config = load(changed("policies/tiny", {"hub": {"repository": NAME, "revision": COMMIT}}))
    assert config.policies["tiny"].hub.sha256 == {}
