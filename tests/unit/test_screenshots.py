"""The pictures of a terminal in docs: which lines of a log they show."""

import importlib.util
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("screenshots", Path(__file__).parents[2] / "docs/screenshots.py")
screenshots = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(screenshots)

RUNNING = "\n".join(
    [
        "Using workflow specific profile profiles/default for setting default command line arguments.",
        "\x1b[32m20 jobs: 20 train_policy\x1b[0m",
        *(f"[{n}/20] train_policy {n}: 1 s" for n in range(1, 21)),
        "20 of 20 jobs done in 20 s. Results: results/tables/main.csv",
        "",
        "policy  method",
        "tiny    base",
    ]
)
#: What Snakemake says of a job whose command has failed.
STOPPED = ["RuleException:", "CalledProcessError in file", "Command returned non-zero exit status 1."]
FAILED = "\n".join(["step 4", "train_policy: why", *STOPPED, "FAILED train_policy after 7 s", "0 of 1"])


def test_three_moments_are_the_beginning_the_failure_and_the_end():
    found = screenshots.moments(RUNNING, FAILED, RUNNING)
    assert found["running"][0] == "20 jobs: 20 train_policy"
    assert len(found["running"]) == screenshots.LINES
    assert found["failure"] == ["train_policy: why", *STOPPED, "FAILED train_policy after 7 s", "0 of 1"]
    assert found["end"][4:] == RUNNING.splitlines()[-4:]


def test_a_picture_shows_its_lines_and_is_the_same_each_time(tmp_path):
    for _ in range(2):
        screenshots.draw("end", ["FAILED <b>train_policy</b>"], tmp_path)
        text = (tmp_path / "terminal_end.svg").read_text()
        assert "FAILED" in text
        assert "<b>" not in text
        (tmp_path / "terminal_end.svg").rename(tmp_path / f"{len(list(tmp_path.iterdir()))}.svg")
    first, second = (path.read_text() for path in sorted(tmp_path.iterdir()))
    assert first == second
