"""Downloads from a server that speaks the hub's endpoints; no test leaves the machine."""

import hashlib
import json
import socket
import subprocess
import sys
from collections import deque

import huggingface_hub.constants
import pandas as pd
import pytest
from hub_server import COMMIT, TEST, TRAIN, Hub, parquet_bytes, problems, serve

from reward_memory import data
from reward_memory.data.hub import benchmark, client, revisions
from reward_memory.errors import InputError

STORED = f"/storage/openai/gsm8k/{TRAIN}"
URL = f"/datasets/openai/gsm8k/resolve/{COMMIT}"


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
    files = {TRAIN: parquet_bytes(problems(200)), TEST: parquet_bytes(problems(50, 1000)), "README.md": b"# GSM8K\n"}
    files |= {"socratic/train-00000-of-00001.parquet": b"", "dataset_infos.json": b"{}"}
    served = Hub("openai/gsm8k", COMMIT, files, large=(TRAIN,))
    with serve(served) as address, serve(served) as storage:
        monkeypatch.setenv("HF_ENDPOINT", address)
        served.storage = storage
        yield served


@pytest.fixture
def download(tmp_path):
    def download(revision=COMMIT, name="gsm8k", partial=True, **more):
        folder = tmp_path / "raw" / name
        manifest = benchmark.download(name, revision, folder, tmp_path / "state", partial=partial, **more)
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return download


def parts(tmp_path):
    return sorted((tmp_path / "state").glob("*.part"))


def test_the_files_arrive_in_a_mirrors_layout_with_a_manifest(server, download, tmp_path):
    folder = download()
    assert (folder / "gsm8k" / TRAIN).read_bytes() == server.files[TRAIN]
    assert (folder / "gsm8k" / TEST).read_bytes() == server.files[TEST]
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["repositories"] == {"openai/gsm8k": {"revision": COMMIT, "license": "mit"}}
    assert manifest["files"][f"gsm8k/{TRAIN}"] == {
        "bytes": len(server.files[TRAIN]),
        "sha256": hashlib.sha256(server.files[TRAIN]).hexdigest(),
    }


def test_only_what_the_benchmark_needs_is_asked_for(server, download):
    download()
    assert len(server.requests) == 4  # the listing, test, and train with its redirection
    assert not [*server.asked("README"), *server.asked("socratic"), *server.asked("infos")]


def test_a_broken_download_goes_on_at_the_byte_where_it_stopped(server, download, waits):
    server.faults[STORED] = deque([1000, 500])
    folder = download()
    assert [request.range for request in server.asked("/storage/")] == [None, "bytes=1000-", "bytes=1500-"]
    assert (folder / "gsm8k" / TRAIN).read_bytes() == server.files[TRAIN]
    assert waits == [1, 1]  # each brought new bytes, so the waits did not grow


def test_the_next_call_fetches_only_what_the_broken_one_left(server, download, waits, tmp_path):
    server.faults[STORED] = deque([1000] + [0] * 6)
    with pytest.raises(InputError, match=r"download of main/train.*was interrupted.*resumes where it stopped"):
        download()
    assert waits == [1, 2, 4, 8, 16, 32]
    assert {part.stat().st_size for part in parts(tmp_path)} == {1000}
    server.requests.clear()
    download()
    assert [request.range for request in server.asked("/storage/")] == ["bytes=1000-"]


def test_a_whole_file_is_not_fetched_twice(server, download):
    server.faults[TEST] = deque([(500, {})] * 7)
    with pytest.raises(InputError, match="status 500"):
        download()
    server.requests.clear()
    download()
    assert not server.asked(TRAIN)
    assert len(server.asked(TEST)) == 1


def test_files_that_did_not_change_are_not_fetched_for_another_commit(server, download):
    download()
    server.requests.clear()
    server.commit = "f" * 40
    server.files[TEST] = parquet_bytes(problems(60, 1000))
    folder = download("f" * 40)
    assert (folder / "gsm8k" / TEST).read_bytes() == server.files[TEST]
    assert not server.asked(TRAIN)


def test_a_file_that_was_changed_on_disk_is_not_taken_for_the_downloaded_one(server, download):
    path = download() / "gsm8k" / TRAIN
    with path.open("r+b") as file:
        file.write(b"XXXX")
    with pytest.raises(InputError, match=r"does not match the digest that the hub lists.*run the same command"):
        download()
    assert (download() / "gsm8k" / TRAIN).read_bytes() == server.files[TRAIN]


def test_a_server_that_ignores_ranges_is_read_from_the_start(server, download, tmp_path):
    digest = hashlib.sha256(server.files[TRAIN]).hexdigest()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / f"{digest}.part").write_bytes(server.files[TRAIN][:100])
    server.faults[STORED] = deque([(200, {}, server.files[TRAIN])])
    assert (download() / "gsm8k" / TRAIN).read_bytes() == server.files[TRAIN]
    assert server.asked("/storage/")[0].range == "bytes=100-"


@pytest.mark.parametrize("path", [TRAIN, TEST], ids=["large file, SHA-256", "small file, git's SHA-1"])
def test_a_file_with_another_checksum_than_the_hub_lists_is_deleted(server, download, path, tmp_path):
    server.content[path] = server.files[path][:-4] + b"PAR2"
    with pytest.raises(
        InputError, match=rf"{path} does not match the digest that the hub lists.*deleted: run the same command"
    ):
        download()
    assert not (tmp_path / "raw/gsm8k").exists()
    assert all(len(part.read_bytes()) != len(server.files[path]) for part in parts(tmp_path))
    server.content.clear()
    assert (download() / "gsm8k" / TRAIN).is_file()


def test_a_file_with_another_checksum_than_the_configuration_says_is_deleted(server, download, tmp_path):
    with pytest.raises(InputError, match=r"has SHA-256 [0-9a-f]{64}, not 00.*correct revision or sha256"):
        download(expected={TEST: "00" * 32})
    assert [part.read_bytes() for part in parts(tmp_path)] == [server.files[TRAIN]]
    found = {path: hashlib.sha256(server.files[path]).hexdigest() for path in (TRAIN, TEST)}
    assert download(expected=found).is_dir()


def test_a_gated_repository_without_a_token_names_the_token_and_the_page(server, download):
    server.gated, server.token = True, "hf_right"
    with pytest.raises(
        InputError, match=r"gated \(401\).*terms at https://huggingface.co/datasets/openai/gsm8k and set HF_TOKEN"
    ):
        download()


def test_a_gated_repository_whose_terms_were_not_accepted_says_so(server, download, monkeypatch):
    server.gated, server.token = True, "hf_right"
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    with pytest.raises(InputError, match=r"gated \(403\); accept its terms"):
        download()


def test_the_token_opens_a_gated_repository_and_is_not_shown_to_its_storage(server, download, monkeypatch):
    server.gated, server.token = True, "hf_right"
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    download()
    assert {request.token for request in server.asked("/resolve/")} == {"Bearer hf_right"}
    assert {request.token for request in server.asked("/storage/")} == {None}


def test_a_bad_token_is_told(server, download, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_old")
    server.faults["/api/"] = deque([(401, {"X-Error-Message": "Invalid credentials in Authorization header"})])
    with pytest.raises(InputError, match=r"does not accept the token \(401\); set HF_TOKEN"):
        download()


@pytest.mark.parametrize("status", [401, 404])
def test_a_repository_that_is_not_there_is_named(server, download, status):
    server.faults["/api/"] = deque([(status, {"X-Error-Code": "RepoNotFound"} if status == 404 else {})])
    with pytest.raises(InputError, match=rf"finds no repository openai/gsm8k \({status}\)"):
        download()


def test_a_commit_that_is_not_there_is_named(server, download):
    with pytest.raises(InputError, match=rf"openai/gsm8k has no commit {'f' * 40}"):
        download("f" * 40)


def test_a_commit_without_a_source_split_is_named(server, download):
    del server.files[TEST]
    with pytest.raises(InputError, match=r"openai/gsm8k has no supported file of source split test at commit 0123"):
        download()


def test_a_file_that_the_configuration_expects_and_the_commit_lacks_is_named(server, download):
    with pytest.raises(InputError, match=r"sha256: main/valid\.parquet is not one of its files \(gsm8k/main/train-"):
        download(expected={"main/valid.parquet": "00" * 32})


def test_another_number_of_rows_than_the_release_is_told(server, download):
    with pytest.raises(InputError, match=r"train-00000-of-00001\.parquet: 200 rows, but the release has 7473"):
        download(partial=False)


def test_the_hub_gives_the_same_queries_as_a_mirror(server, download, tmp_path):
    mirror = tmp_path / "mirror/gsm8k"
    mirror.mkdir(parents=True)
    for split, rows in (("train", problems(200)), ("test", problems(50, 1000))):
        (mirror / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sizes = {"train": 20, "valid": 10, "test": 20}
    one = data.build("gsm8k", "mirror", sizes, 0, download(), partial=True)
    other = data.build("gsm8k", "mirror", sizes, 0, mirror.parent, partial=True)
    for split in sizes:
        pd.testing.assert_frame_equal(one[split], other[split])


DAPO, MATH = "open-r1/DAPO-Math-17k-Processed", "EleutherAI/hendrycks_math"


def test_a_benchmark_of_two_repositories_has_a_commit_for_each(monkeypatch, download, waits, tmp_path):
    hard = {"problem": "What is 1 + 1?", "solution": r"It is \boxed{2}.", "level": "Level 5", "type": "Algebra"}
    posed = {"prompt": "What is 2 + 2?", "solution": "4", "data_source": "math_dapo"}
    served = [
        Hub(DAPO, "a" * 40, {"all/train-00000-of-00001.parquet": parquet_bytes([posed])}, license="apache-2.0"),
        Hub(MATH, "b" * 40, {"algebra/train-00000-of-00001.parquet": parquet_bytes([hard])}),
    ]
    with serve(*served) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        folder = download({DAPO: "a" * 40, MATH: "b" * 40}, "dapo_math_17k")
    assert {item.ground_truth for item in data.load("dapo_math_17k", "mirror", folder, partial=True).items} == {
        "2",
        "4",
    }
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["repositories"] == {
        DAPO: {"revision": "a" * 40, "license": "apache-2.0"},
        MATH: {"revision": "b" * 40, "license": "mit"},
    }
    with pytest.raises(InputError, match=rf"as a line `{MATH}: <commit>` for each repository"):
        revisions.commits("dapo_math_17k", "a" * 40)


def instances(count: int) -> list[dict]:
    return [row | {"original_id": 7, "instance": n} for n, row in enumerate(problems(count))]


@pytest.mark.parametrize(("there", "fetched"), [(("main", "p1", "p2"), "main"), (("p1", "p2"), "p1")])
def test_of_gsm_symbolic_only_the_first_variant_that_is_there_is_fetched(
    monkeypatch, download, waits, tmp_path, there, fetched
):
    variants = {f"{name}/test-00000-of-00001.parquet": parquet_bytes(instances(3)) for name in there}
    with serve(Hub("apple/GSM-Symbolic", COMMIT, variants)) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        download(name="gsm_symbolic")
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert list(manifest["files"]) == [f"gsm_symbolic/{fetched}/test-00000-of-00001.parquet"]


def test_a_repository_without_any_variant_of_gsm_symbolic_is_named(monkeypatch, download, waits):
    with serve(Hub("apple/GSM-Symbolic", COMMIT, {"README.md": b""})) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        with pytest.raises(InputError, match=r"apple/GSM-Symbolic has no supported file of source split"):
            download(name="gsm_symbolic")


def test_a_file_that_is_listed_but_gone_is_named(server, download):
    server.faults[URL + "/" + TRAIN] = deque([(404, {"X-Error-Code": "EntryNotFound"})])
    with pytest.raises(InputError, match=rf"has no file {TRAIN} at commit"):
        download()


def test_a_rate_limit_is_waited_for_as_long_as_it_asks(server, download, waits):
    server.faults["/api/"] = deque([(429, {"Retry-After": "7"})])
    server.faults[URL] = deque([(429, {}), (429, {"Retry-After": "60"})])
    assert download().is_dir()
    assert waits == [7, 1, 60]


def test_a_lasting_rate_limit_ends_with_one_sentence(server, download, waits):
    server.faults["/api/"] = deque([(429, {"Retry-After": "3"})] * 100)
    with pytest.raises(
        InputError, match=r"returned status 429 with Retry-After 3 s.*run the same command later"
    ) as caught:
        download()
    assert waits == [3, 3, 4, 8, 16, 32]
    assert "\n" not in str(caught.value)


def test_a_rate_limit_that_asks_for_hours_is_not_waited_for(server, download, waits):
    server.faults["/api/"] = deque([(429, {"Retry-After": "7200"})])
    with pytest.raises(InputError, match="Retry-After 7200 s"):
        download()
    assert waits == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("where", ["/api/", URL, "/storage/"])
def test_a_passing_server_error_is_tried_again(server, download, waits, status, where):
    server.faults[where] = deque([(status, {}), (status, {})])
    assert download().is_dir()
    assert waits == [1, 2]


def test_a_hub_that_cannot_be_reached_says_so_at_once_and_names_the_mirror(download, monkeypatch, waits):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(InputError, match=r"127\.0\.0\.1:\d+ cannot be reached.*use source: mirror"):
            download()
    assert waits == [1, 2]


@pytest.mark.parametrize("endpoint", ["hub.example", "http://", "ftp://127.0.0.1"])
def test_an_endpoint_that_is_no_address_is_told(download, monkeypatch, endpoint, waits):
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(InputError, match=r"cannot be reached.*check the network and HF_ENDPOINT"):
        download()


def test_an_endpoint_that_is_no_hub_is_told(server, download):
    server.faults["/api/"] = deque([(200, {}, b"<html>Log in to the hotel's network</html>")])
    with pytest.raises(InputError, match="does not respond like a Hugging Face hub"):
        download()


def test_offline_mode_names_the_mirror(server, download, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"HF_HUB_OFFLINE forbids.*source: mirror"):
        download()
    assert server.requests == []


@pytest.mark.parametrize("revision", ["main", "v1.0", COMMIT[:12], COMMIT.upper()])
def test_a_branch_tag_or_short_commit_is_no_pinned_revision(download, revision):
    with pytest.raises(InputError, match=rf"gsm8k: revision: '{revision}' is not a commit of 40 hexadecimal digits"):
        download(revision)


def test_a_missing_revision_is_asked_for(download):
    with pytest.raises(InputError, match="gsm8k: source 'hub' needs the key 'revision'"):
        download(None)


def test_the_library_does_not_import_the_hub_before_a_job_forbids_the_network():
    """huggingface_hub reads HF_HUB_OFFLINE when it is imported; runtime.job sets it later than a script's imports."""
    code = "import sys, reward_memory.data; sys.exit('huggingface_hub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
