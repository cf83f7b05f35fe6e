"""Verdicts on responses."""

import pandas as pd

from ..errors import InputError
from ..progress import Progress
from ..verifiers import Grader, GroundTruth


def grade(
    queries: pd.DataFrame, responses: pd.DataFrame, isolation: str, workers: int = 1, chunk: int = 512
) -> pd.DataFrame:
    """Verdicts (columns of schemas.VERDICTS) on responses to queries, in the order of `responses`.

    queries    schemas.QUERIES with ground truths
    responses  schemas.RESPONSES

    InputError if a response belongs to no query, or a query has no ground truth.
    """
    truths = {row["id"]: GroundTruth.from_query(row) for row in queries.to_dict("records")}
    if lost := set(responses["query_id"]) - truths.keys():
        raise InputError(f"{min(lost)}: responses to a query that is not among the queries; rebuild the rollouts.")
    progress, verdicts = Progress("verdicts", len(responses)), []
    with Grader(isolation=isolation, workers=workers) as grader:
        for start in range(0, len(responses), chunk):
            part = responses.iloc[start : start + chunk]
            verdicts += grader.grade(part["text"].tolist(), [truths[query] for query in part["query_id"]])
            progress.advance(len(part))
    return pd.DataFrame(
        {
            "query_id": responses["query_id"],
            "benchmark": responses["benchmark"],
            "sample": responses["sample"],
            "reward": [float(verdict.correct) for verdict in verdicts],
            "extracted": [verdict.extracted for verdict in verdicts],
            "path": [verdict.path for verdict in verdicts],
        }
    )
