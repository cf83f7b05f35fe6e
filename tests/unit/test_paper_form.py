"""Tables as papers print them."""

import pandas as pd
import pytest

from reward_memory.errors import InputError
from reward_memory.report.paper_form import to_latex, to_markdown

TABLE = pd.DataFrame(
    [
        ("tiny", "base", 0, "gsm8k", 99.0),
        ("tiny", "base", 0, "arc_c", 1.0),
        ("tiny", "r1-p", 20, "gsm8k", 50.04),
        ("tiny", "r1-p", 20, "arc_c", 30.0),
        ("tiny", "memreward", 20, "gsm8k", 40.0),
        ("tiny", "memreward", 20, "arc_c", 31.26),
        ("weak", "r1-p", 20, "gsm8k", 7.0),
    ],
    columns=["policy", "method", "label_ratio", "benchmark", "accuracy"],
)


def test_markdown_has_methods_in_rows_and_the_best_of_each_policy_in_bold():
    assert to_markdown(TABLE).splitlines() == [
        "| policy | method | labels, % | gsm8k | arc_c |",
        "| --- | --- | --- | --- | --- |",
        "| tiny | base | 0 | 99.0 | 1.0 |",
        "| tiny | r1-p | 20 | **50.0** | 30.0 |",
        "| tiny | memreward | 20 | 40.0 | **31.3** |",
        "| weak | r1-p | 20 | **7.0** |  |",
    ]


def test_latex_escapes_names_and_keeps_the_order():
    lines = to_latex(TABLE).splitlines()
    assert lines[0] == r"\begin{tabular}{llrrr}"
    assert lines[2] == r"policy & method & labels, \% & gsm8k & arc\_c \\"
    assert r"tiny & memreward & 20 & 40.0 & \textbf{31.3} \\" in lines


def test_another_table_is_refused_in_one_sentence():
    with pytest.raises(InputError, match="a table without the column accuracy cannot have benchmarks in columns"):
        to_markdown(TABLE.drop(columns="accuracy"))
