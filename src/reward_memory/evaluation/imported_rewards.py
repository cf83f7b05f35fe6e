"""Imported rewards as verdicts; responses without one are graded."""

import pandas as pd

from reward_memory.errors import InputError

from .grading import grade

#: This many responses are hardly all wrong by chance.
MIN_FOR_CHECK = 10


def fill_verdicts(
    queries: pd.DataFrame,
    truths: pd.DataFrame,
    responses: pd.DataFrame,
    rewards: pd.DataFrame,
    grading: dict[str, str],
) -> pd.DataFrame:
    """Verdicts (columns of parquet.VERDICTS) on responses, in their order: given rewards unchanged, the rest graded.

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


def refuse_all_wrong(verdicts: pd.DataFrame) -> None:
    """InputError if many responses were graded and none is right: the truths have another form, or are not theirs."""
    if len(verdicts) < MIN_FOR_CHECK or verdicts["reward"].any():
        return
    first = verdicts.iloc[0]
    read = f"{first['extracted']!r:.60} was read" if isinstance(first["extracted"], str) else "no answer was found"
    raise InputError(
        f"rollouts: import: by ground_truth or tests all {len(verdicts)} training responses are wrong ({read} in the "
        f"first, to {first['query_id']}), and a reward model learns from right and wrong ones; correct the truths, or "
        "give each response its reward."
    )
