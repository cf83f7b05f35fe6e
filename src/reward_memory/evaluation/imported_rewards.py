"""Verdicts on responses that somebody else has graded, wholly or in part."""

import pandas as pd

from .grading import grade


def complete(
    queries: pd.DataFrame,
    truths: pd.DataFrame,
    responses: pd.DataFrame,
    rewards: pd.DataFrame,
    grading: dict[str, str],
) -> pd.DataFrame:
    """Verdicts (columns of parquet.VERDICTS) on responses, in their order: given rewards as they are, the rest graded.

    rewards  parquet.REWARDS of some of the responses; their queries need no truth

    The other arguments and the errors are those of `grade`.
    """
    keys = ["query_id", "sample"]
    reward = responses[keys].merge(rewards, on=keys, how="left", validate="1:1")["reward"]
    given = pd.DataFrame(
        {
            "query_id": responses["query_id"].to_numpy(),
            "benchmark": responses["benchmark"].to_numpy(),
            "sample": responses["sample"].to_numpy(),
            "reward": reward,
            "extracted": pd.Series(None, index=reward.index, dtype=object),
            "path": "given",
        }
    )
    rest = responses[reward.isna().to_numpy()].reset_index(drop=True)
    if rest.empty:
        return given
    graded = grade(queries[queries["id"].isin(rest["query_id"])], truths, rest, grading)
    columns = ["reward", "extracted", "path"]
    given.loc[reward.isna(), columns] = graded[columns].to_numpy()
    return given
