"""Pages and comparison: numbers for people, nothing lost on the way."""

import base64
import re

import pandas as pd
import pytest

from reward_memory.report.figures import DRAW
from reward_memory.report.figures.comparison import NOTHING
from reward_memory.report.html_table import readable
from reward_memory.report.pages import page
from reward_memory.report.tables.comparison import COMPARISON_COLUMNS, comparison_rows

TABLE = pd.DataFrame(
    {
        "policy": ["<tiny>", "b"],
        "accuracy": [36.875, 100.0],
        "ci_low": [30.0, 99.96],
        "ci_high": [43.75, None],
        "sampled_tokens": [1234567.0, None],
        "published": [None, None],
    }
)


def test_an_interval_is_one_column_and_an_empty_column_none():
    shown = readable(TABLE)
    assert shown.columns.tolist() == ["policy", "accuracy", "95 % interval", "sampled tokens"]
    assert shown["accuracy"].tolist() == ["36.9", "100.0"]
    assert shown["95 % interval"].tolist() == ["30.0 to 43.8", ""]
    assert shown["sampled tokens"].tolist() == ["1,234,567", ""]


def test_rows_of_different_metrics_have_their_own_decimals():
    table = pd.DataFrame({"metric": ["auc", "tokens", "pass@1"], "value": [0.7941, 20000.4, 56.736]})
    assert readable(table)["value"].tolist() == ["0.794", "20,000", "56.7"]


def test_a_page_holds_the_file_byte_for_byte_and_escapes_what_it_shows(tmp_path):
    TABLE.to_csv(tmp_path / "main.csv", index=False)
    text = page("A & B", "no <b>", tmp_path / "main.csv", "<?xml?><svg id='drawn'></svg>")
    assert '<td data-name="policy">&lt;tiny&gt;</td>' in text
    assert "<h1>A &amp; B</h1>" in text
    assert "<figure><svg id='drawn'></svg></figure>" in text
    saved = re.search(r'download="main.csv" href="data:text/csv;base64,([^"]+)"', text)[1]
    assert base64.b64decode(saved) == (tmp_path / "main.csv").read_bytes()
    assert page("A & B", "no <b>", tmp_path / "main.csv", "<?xml?><svg id='drawn'></svg>") == text
    assert "http" not in re.sub(r'unpack\("[^"]+"', "", text)


def test_a_table_without_rows_is_a_page_too(tmp_path):
    pd.DataFrame(columns=COMPARISON_COLUMNS).to_csv(tmp_path / "comparison.csv", index=False)
    assert "The table has no row." in page("A", "b", tmp_path / "comparison.csv")


@pytest.mark.parametrize(("published", "covered"), [(34.0, "yes"), (43.76, "no"), (30.0, "yes")])
def test_a_published_figure_is_covered_by_the_interval_or_not(published, covered):
    row = {"policy": "p", "method": "m", "label_ratio": 20, "domain": "math", "accuracy": 36.0}
    row |= {"ci_low": 30.0, "ci_high": 43.75, "published": published, "published_confidence": "high"}
    (found,) = comparison_rows("ablation", pd.DataFrame([row, row | {"published": None}]))
    assert list(found) == COMPARISON_COLUMNS
    assert (found["covered"], found["delta"]) == (covered, 36.0 - published)
    assert (found["arm"], found["benchmark"], found["metric"]) == ("m", "math", "accuracy")


@pytest.mark.parametrize("lost", ["accuracy", "ci_low", "ci_high"])
def test_a_published_figure_without_a_value_of_ours_is_neither_covered_nor_not(lost):
    row = {"policy": "p", "method": "m", "label_ratio": 20, "domain": "math", "accuracy": 36.0}
    row |= {"ci_low": 30.0, "ci_high": 43.75, "published": 34.0, "published_confidence": "high"}
    (found,) = comparison_rows("ablation", pd.DataFrame([row | {lost: float("nan")}]))
    assert (found["covered"], found["published"]) == (None, 34.0)
    table = pd.DataFrame([found], columns=COMPARISON_COLUMNS)
    expected = ",34.0,2.0,,high," if lost != "accuracy" else ",34.0,,,high,"
    assert table.to_csv(index=False).splitlines()[1].endswith(expected)


def test_the_comparison_is_drawn_with_and_without_rows(tmp_path):
    row = dict.fromkeys(COMPARISON_COLUMNS, "x") | {"ours": 1.0, "ci_low": 0.5, "ci_high": 2.0, "published": 3.0}
    DRAW["comparison"](pd.DataFrame([row, row | {"metric": "y"}]), tmp_path / "full.svg")
    DRAW["comparison"](pd.DataFrame(columns=COMPARISON_COLUMNS), tmp_path / "empty.svg")
    DRAW["comparison"](
        pd.DataFrame([row | dict.fromkeys(["ours", "ci_low", "ci_high"], float("nan"))]), tmp_path / "lost.svg"
    )
    assert NOTHING not in (tmp_path / "full.svg").read_text()
    assert NOTHING in (tmp_path / "empty.svg").read_text()
