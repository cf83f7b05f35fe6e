"""Predicted rewards of a run beside the truth."""

import numpy as np
import pandas as pd
import pytest

from reward_memory.evaluation.reward_agreement import COLUMNS, agreement

QUERIES = pd.DataFrame(
    [
        {
            "id": f"sums/train/{row}",
            "benchmark": "sums",
            "domain": "math",
            "template": None,
            "messages": [{"role": "user", "content": f"What is {row} + 1?"}],
            "options": None,
            "content_hash": "",
        }
        for row in range(2)
    ]
)
TRUTHS = pd.DataFrame({"query_id": QUERIES["id"], "ground_truth": ["1", "2"], "tests": [None, None]})


def responses(rows):
    columns = ["step", "query_id", "sample", "text", "reward", "probability"]
    return pd.DataFrame([(step, f"sums/train/{query}", *rest) for step, query, *rest in rows], columns=columns)


def test_agreement_by_hand():
    found = agreement(
        QUERIES,
        TRUTHS,
        responses(
            [
                (1, 0, 0, "#### 1", 1.0, 0.9),  # right, said to be right
                (1, 0, 1, "#### 2", 1.0, 0.6),  # wrong, said to be right
                (1, 1, 0, "#### 2", 0.0, 0.4),  # right, said to be wrong
                (1, 1, 1, "#### 3", 0.0, 0.1),
                (2, 0, 0, "#### 1", 1.0, 0.8),
                (2, 1, 0, "#### 9", 1.0, np.nan),  # verified: not what this is about
            ]
        ),
        {"isolation": "reduced"},
    )
    assert [row["step"] for row in found] == [1, 2]
    assert [row["responses"] for row in found] == [4, 1]
    first = {
        name: found[0][name] for name in ("true_share", "predicted_share", "agreement", "precision", "recall", "fpr")
    }
    assert first == pytest.approx(dict.fromkeys(first, 0.5))
    assert found[0]["auc"] == pytest.approx(3 / 4)
    assert found[1]["agreement"] == 1
    assert np.isnan(found[1]["auc"])


def test_a_run_without_predictions_has_no_rows():
    assert agreement(QUERIES, TRUTHS, responses([(1, 0, 0, "#### 1", 1.0, np.nan)]), {"isolation": "reduced"}) == []


def test_a_response_counts_by_the_threshold():
    rows = [(3, 0, 0, "#### 1", 1.0, 0.9), (3, 0, 1, "#### 2", 1.0, 0.6), (3, 1, 0, "#### 2", 0.0, 0.6)]
    found = {}
    for threshold in (0.5, 0.6):
        (found[threshold],) = agreement(QUERIES, TRUTHS, responses(rows), {"isolation": "reduced"}, threshold)
    measures = ("agreement", "precision", "recall", "fpr")
    assert [found[0.5][name] for name in measures] == pytest.approx([2 / 3, 2 / 3, 1, 1])
    # 0.6 itself is not above it
    assert [found[0.6][name] for name in measures] == pytest.approx([2 / 3, 1, 1 / 2, 0])
    for row in found.values():
        assert list(row) == COLUMNS
        assert (row["step"], row["responses"]) == (3, 3)
        assert (row["true_share"], row["predicted_share"]) == pytest.approx((2 / 3, 2 / 3))
        # one of two right ones above the wrong one, and one as likely
        assert row["auc"] == pytest.approx(0.75)
