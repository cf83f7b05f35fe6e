"""Grade responses with the verifiers."""

import pandas as pd

from reward_memory.errors import InputError
from reward_memory.jobs.progress import Progress
from reward_memory.storage.parquet import with_truths
from reward_memory.verifiers import Grader, GroundTruth


def grade(
    queries: pd.DataFrame,
    truths: pd.DataFrame,
    responses: pd.DataFrame,
    grading: dict[str, str],
    chunk: int = 512,
) -> pd.DataFrame:
    """Verdicts (columns of parquet.VERDICTS) on responses to queries, in the order of `responses`.

    queries    parquet.QUERIES
    truths     parquet.TRUTHS of all of them
    responses  parquet.RESPONSES
    grading    arguments of the Grader: isolation and checks

    InputError if a response belongs to no query, or a query has no ground truth.
    """
    ground_truths = {row["id"]: GroundTruth.from_query(row) for row in with_truths(queries, truths).to_dict("records")}
    if unknown := set(responses["query_id"]) - ground_truths.keys():
        raise InputError(f"{min(unknown)}: responses to a query that is not among the queries; rebuild the rollouts.")
    progress, verdicts = Progress("verdicts", len(responses)), []
    with Grader(**grading) as grader:
        for start in range(0, len(responses), chunk):
            part = responses.iloc[start : start + chunk]
            verdicts += grader.grade(part["text"].tolist(), [ground_truths[query] for query in part["query_id"]])
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


def with_origin(verdicts: pd.DataFrame, queries: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """Add to `verdicts`, one per row of `responses`, the other columns of parquet.GRADED, for the tables.

    template  of the query; queries of one template are resampled together
    tokens, finished  of the response
    """
    templates = queries.set_index("id")["template"]
    return verdicts.assign(
        template=verdicts["query_id"].map(templates), tokens=responses["tokens"], finished=responses["finished"]
    )
