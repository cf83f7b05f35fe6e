"""Records of finished results: they belong to their folder, and a damaged one is named."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from reward_memory.errors import InputError
from reward_memory.jobs import finished
from reward_memory.storage import records
from reward_memory.storage.files import file_digest

PARAMS = {"steps": 10, "code": "abc", "state": "results/state"}
OUTPUT = "rollouts/tiny/math/train.parquet"


def make(results: str, inputs=("data/math/train.parquet",), outside=("models/tiny",)) -> None:
    """A results folder with one finished job that read files in it and one outside."""
    for name in (*inputs, OUTPUT):
        (Path(results) / name).parent.mkdir(parents=True, exist_ok=True)
        (Path(results) / name).write_text(name)
    for path in outside:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("weights")
    read = [*(f"{results}/{name}" for name in inputs), *outside]
    finished.record(
        results,
        "rollouts",
        {"policy": "tiny", "benchmark": "math", "split": "train"},
        [f"{results}/{OUTPUT}"],
        {path: file_digest(path) for path in read},
        PARAMS,
        begun=1.5e9,
        seconds=60.0,
        gpus=0,
    )


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")


def the_record(results="results") -> Path:
    (path,) = Path(results).glob("finished/*/*.json")
    return path


def read(results: str) -> list[records.Finished]:
    """The finished jobs of a folder; raises what is wrong with the first damaged record."""
    found, errors = records.survey(results)
    if errors:
        raise errors[0]
    return found


def changes(results: str, inputs=None) -> dict:
    (made,) = read(results)
    inputs = inputs or [f"{results}/data/math/train.parquet", "models/tiny"]
    return finished.changes(made, inputs, PARAMS, finished.Digests(results))


def test_a_record_holds_no_path_of_its_folder():
    make(str(Path("results").absolute()))
    assert str(Path.cwd()) not in the_record().read_text()
    assert json.loads(the_record().read_text())["outputs"] == [f"<results>/{OUTPUT}"]


def as_before(results: str, spelling: str) -> None:
    """Write the record as earlier versions did: no checksum, paths as the folder was named."""
    value = json.loads(the_record(results).read_text())
    del value["checksum"]
    value["outputs"] = [path.replace("<results>", spelling) for path in value["outputs"]]
    value["inputs"] = {path.replace("<results>", spelling): known for path, known in value["inputs"].items()}
    the_record(results).write_text(json.dumps(value))


OTHER_PLACES = {
    "as it was": lambda: "results",
    "absolute": lambda: str(Path("results").absolute()),
    "dot": lambda: "./results",
    "slash": lambda: "results/",
    "detour": lambda: "models/../results",
    "moved": lambda: os.rename("results", "moved") or "moved",
    "moved deeper": lambda: os.mkdir("old") or os.rename("results", "old/results") or "old/results",
    "moved out": lambda: os.rename("results", "../results") or "../results",
    "copied": lambda: shutil.copytree("results", "copy"),
    "copied without times": lambda: shutil.copytree("results", "copy", copy_function=shutil.copyfile),
    "copied within": lambda: shutil.copytree("results", "results/copy"),
    "linked": lambda: os.symlink("results", "link") or "link",
    "moved behind a link": lambda: os.rename("results", "disk") or os.symlink("disk", "results") or "results",
}


@pytest.mark.slow
@pytest.mark.parametrize("place", OTHER_PLACES)
@pytest.mark.parametrize("spelling", [None, "results", "{cwd}/results", "/gone/results", "results/policies/results"])
def test_a_result_is_protected_wherever_its_folder_lies(place, spelling):
    make("results")
    if spelling:
        as_before("results", spelling.format(cwd=Path.cwd()))
    results = OTHER_PLACES[place]()
    (made,) = read(results)
    assert [Path(path).resolve() for path in made.outputs] == [(Path(results) / OUTPUT).resolve()]
    assert changes(results) == {}
    assert finished.constraint([made], "rollouts", results, "tiny").startswith("(?!(?:tiny/math/train\\.parquet)")


@pytest.mark.parametrize("place", OTHER_PLACES)
def test_a_changed_input_is_still_seen_there(place):
    make("results")
    results = OTHER_PLACES[place]()
    (Path(results) / "data/math/train.parquet").write_text("another")
    assert list(changes(results)) == ["inputs"]


def test_an_input_outside_may_have_another_name_and_no_other_content():
    make("results")
    names = ["results/data/math/train.parquet"]
    os.rename("models", "weights")
    assert changes("results", [*names, str(Path("weights/tiny").absolute())]) == {}
    Path("weights/tiny").write_text("others")
    assert changes("results", [*names, "weights/tiny"]) == {"inputs": "other input files"}


def test_another_file_of_the_folder_is_another_input_whatever_is_in_it():
    make("results")
    shutil.copytree("results/data/math", "results/data/mmlu")
    assert changes("results", ["results/data/mmlu/train.parquet", "models/tiny"]) == {"inputs": "other input files"}


def test_an_old_record_that_may_mean_two_results_is_named():
    make("results")
    as_before("results", "old/results")
    Path("results/results/rollouts/tiny/math").mkdir(parents=True)
    shutil.copy(f"results/{OUTPUT}", f"results/results/{OUTPUT}")
    with pytest.raises(InputError, match=r"\.json: this record of a finished result may mean .* or another result"):
        read("results")


def test_an_old_record_of_a_result_that_is_gone_protects_nothing():
    make("results")
    as_before("results", "old/results")
    Path(f"results/{OUTPUT}").unlink()
    assert read("results") == []


def test_of_two_records_of_a_result_the_later_counts():
    make("results")
    value = json.loads(the_record().read_text())
    del value["checksum"]
    (the_record().parent / "older.json").write_text(json.dumps(value | {"begun": 1.0, "seconds": 1.0}))
    assert [made.seconds for made in read("results")] == [60.0]


# --- damage


def changed(**others):
    """The record of an earlier version, without a checksum, with other values."""

    def damage(path: Path) -> None:
        value = json.loads(path.read_text())
        del value["checksum"]
        path.write_text(json.dumps(value | others))

    return damage


def without(name: str):
    def damage(path: Path) -> None:
        value = json.loads(path.read_text())
        path.write_text(json.dumps({key: one for key, one in value.items() if key not in (name, "checksum")}))

    return damage


def text(content: str | bytes):
    return lambda path: path.write_bytes(content.encode() if isinstance(content, str) else content)


def cut(share: float):
    return lambda path: path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link(target: str):
    def damage(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return damage


def instead(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("a file")


def elsewhere(path: Path) -> None:
    (path.parent.parent / "train").mkdir()
    path.rename(path.parent.parent / "train" / path.name)


def edited(path: Path) -> None:
    path.write_text(path.read_text().replace('"steps": 10', '"steps": 11'))


DAMAGES = {
    "empty": text(""),
    "white space": text("\n"),
    "a tenth": cut(0.1),
    "half": cut(0.5),
    "all but the end": cut(0.99),
    "zeros": text(bytes(500)),
    "binary": text(bytes(range(256))),
    "a gzip file": text(b"\x1f\x8b\x08\x00\x00"),
    "HTML": text("<html>404</html>"),
    "merge marks": text("<<<<<<< HEAD\n{}\n=======\n"),
    "a pointer of Git LFS": text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
    "null": text("null"),
    "a list": text("[]"),
    "a number": text("5"),
    "a text": text('"policy"'),
    "an empty object": text("{}"),
    "too deep": text("[" * 100_000),
    "a number of 10,000 digits": text('{"gpus": ' + "9" * 10_000 + "}"),
    "half a character": text('{"rule": "\\ud800"}'),
    "two records": lambda path: path.write_text(path.read_text() * 2),
    "a value was edited": edited,
    "a folder": folder,
    "a link to nothing": link("nothing"),
    "a link to itself": link("../rollouts"),
    "a file in place of the rule's folder": instead,
    "in another rule's folder": elsewhere,
    "no rule": without("rule"),
    "no outputs": without("outputs"),
    "no inputs": without("inputs"),
    "no versions": without("versions"),
    "one key more": changed(extra=1),
    "rule is a list": changed(rule=["rollouts"]),
    "rule is empty": changed(rule=""),
    "wildcards are a list": changed(wildcards=["tiny"]),
    "a wildcard is a number": changed(wildcards={"policy": 5}),
    "outputs are a text": changed(outputs=OUTPUT),
    "outputs are empty": changed(outputs=[]),
    "an output is null": changed(outputs=[None]),
    "an output has a NUL": changed(outputs=["results/a\0b"]),
    "an output leaves the folder": changed(outputs=["<results>/../project/models/tiny"]),
    "inputs are a list": changed(inputs=[]),
    "a digest is null": changed(inputs={"models/tiny": None}),
    "params are null": changed(params=None),
    "source is a number": changed(source=1),
    "versions are a text": changed(versions="1.0"),
    "begun is a text": changed(begun="yesterday"),
    "begun is not a number": changed(begun=float("nan")),
    "begun is endless": changed(begun=float("inf")),
    "seconds are negative": changed(seconds=-1),
    "seconds are true": changed(seconds=True),
    "gpus are a half": changed(gpus=0.5),
    "gpus are null": changed(gpus=None),
    "a checksum that is null": lambda path: path.write_text(
        re.sub(r'"checksum": "\w+"', '"checksum": null', path.read_text())
    ),
    "an output twice": changed(outputs=[f"<results>/{OUTPUT}"] * 2),
    "begun tomorrow": changed(begun=5e11),
    "a link to a device": link("/dev/null"),
    "more than one record": lambda path: path.write_text(path.read_text() + "x"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_named_in_one_sentence_and_loses_nothing(damage):
    make("results")
    path = the_record()
    DAMAGES[damage](path)
    with pytest.raises(InputError) as caught:
        read("results")
    said = str(caught.value)
    assert str(path) in said or str(path.parent) in said or f"train/{path.name}" in said
    assert "delete" in said
    assert "\n" not in said
    assert "Error" not in said
    found, errors = records.survey("results")  # as `rebuild` reads them
    assert (found, len(errors)) == ([], 1)
    assert Path(f"results/{OUTPUT}").read_text() == OUTPUT


def test_whole_records_beside_a_damaged_one_are_read():
    make("results")
    (the_record().parent / "0.json").write_text("{")
    found, errors = records.survey("results")
    assert (len(found), len(errors)) == (1, 1)


def test_a_record_that_cannot_be_read_is_named(monkeypatch):
    make("results")

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=r"\.json: this record .* cannot be read \(Permission denied\)"):
        read("results")


@pytest.mark.parametrize("damage", [folder, text("{"), link("nothing")], ids=["folder", "cut", "link"])
def test_a_job_that_is_done_again_replaces_its_damaged_record(damage):
    make("results")
    damage(the_record())
    make("results")
    assert len(read("results")) == 1


def test_a_record_that_cannot_be_written_fails_no_job(capsys):
    Path("results").mkdir()
    Path("results/finished").write_text("a file")
    make("results")
    assert capsys.readouterr().err.startswith("The result is complete, but its record cannot be written (")
    assert Path(f"results/{OUTPUT}").exists()


def test_what_a_file_manager_leaves_is_no_record():
    make("results")
    (the_record().parent / ".DS_Store").write_text("x")
    (the_record().parent / ".0.json.part").write_text("x")
    Path("results/finished/.DS_Store").write_text("x")
    Path("results/finished/notes.txt").write_text("x")
    assert len(read("results")) == 1


DIGESTS = {
    **{name: DAMAGES[name] for name in ("empty", "half", "zeros", "binary", "null", "a list", "too deep", "a folder")},
    "an empty object": text("{}"),
    "of an earlier version": text('{"models/tiny": {"stamp": [1, 2, 3], "digest": "0"}}'),
    "digests are a list": text('{"digests": [], "checksum": "0"}'),
    "a digest was edited": lambda path: path.write_text(path.read_text().replace('"digest": "', '"digest": "0')),
}


@pytest.mark.parametrize("damage", DIGESTS)
def test_damaged_digests_are_told_and_computed_again(damage, capsys):
    make("results")
    (made,) = read("results")
    os.utime("models/tiny")
    known = finished.Digests("results")
    known.digest(Path("models/tiny"))
    known.keep()
    DIGESTS[damage](known.file)
    again = finished.Digests("results")
    assert capsys.readouterr().err.startswith(f"{known.file}: this file ")
    assert finished.changes(made, made.inputs, PARAMS, again) == {}
    again.keep()
    capsys.readouterr()
    finished.Digests("results")
    assert (capsys.readouterr().err == "") == (damage != "a folder")
