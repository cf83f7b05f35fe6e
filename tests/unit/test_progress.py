import io

import pytest

from reward_memory.jobs import progress
from reward_memory.jobs.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def told(capsys) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_line_tells_share_time_gone_and_time_left(clock, capsys):
    work = Progress("steps", 40)
    clock.now += 6
    work.advance(10, "loss 0.5")
    assert told(capsys) == ["steps: 10/40 (25 %), 6 s elapsed, 18 s left, loss 0.5"]


def test_lines_come_no_closer_than_asked_for(clock, capsys):
    work = Progress("steps", 100, every=5)
    for _ in range(20):
        clock.now += 1
        work.advance()
    assert [line.split(" ")[1] for line in told(capsys)] == ["5/100", "10/100", "15/100", "20/100"]


def test_the_end_is_told_at_once(clock, capsys):
    work = Progress("steps", 2)
    work.advance()
    work.advance()
    assert told(capsys) == ["steps: 2/2 (100 %), 0 s elapsed, 0 s left"]


def test_the_time_left_counts_only_what_this_attempt_did(clock, capsys):
    work = Progress("steps", 100, done=80)
    clock.now += 10
    work.advance(5)
    assert told(capsys) == ["steps: 85/100 (85 %), 10 s elapsed, 30 s left"]


def test_a_line_that_counts_nothing_tells_no_time_left(clock, capsys):
    work = Progress("steps", 100)
    clock.now += 10
    work.advance(0)
    assert told(capsys) == ["steps: 0/100 (0 %), 10 s elapsed, 0 s left"]


def test_a_mirror_gets_the_same_line_with_its_prefix(clock, capsys, monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr(progress, "MIRRORS", [("train tiny: ", terminal)])
    Progress("steps", 1).advance()
    (line,) = told(capsys)
    assert terminal.getvalue() == f"train tiny: {line}\n"


def test_no_line_is_overwritten(clock, capsys):
    Progress("steps", 1).advance()
    assert "\r" not in capsys.readouterr().err
