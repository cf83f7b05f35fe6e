"""The fuzz target for the readers of responses, for a moment (`python tests/fuzz/extractors.py 600` goes on longer)."""

import importlib.util
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("extractors", Path(__file__).parents[1] / "fuzz/extractors.py")
extractors = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(extractors)


def test_no_text_breaks_a_promise():
    assert extractors.main(3.0, seed=0) > 10


def test_a_broken_promise_is_seen(monkeypatch, capsys):
    monkeypatch.setattr(extractors, "split_response", lambda text, domain: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        extractors.main(3.0, seed=0)
    assert "after 0 texts, seed 0" in capsys.readouterr().err
