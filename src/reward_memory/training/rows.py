"""Training and validation queries in the row format of verl's dataset."""

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from reward_memory.data.labels import reveal
from reward_memory.errors import InputError
from reward_memory.storage.parquet import MESSAGES, with_truths
from reward_memory.verifiers.verdicts import GroundTruth

from .truths import encode_truth

EXTRA = [("index", pa.int64()), ("id", pa.string()), ("split", pa.string()), ("domain", pa.string())]
#: Columns of verl.utils.dataset.rl_dataset.RLHFDataset. `ground_truth` is null for an unlabeled query.
ROWS = pa.schema(
    [
        ("data_source", pa.string()),
        ("prompt", MESSAGES),
        ("ability", pa.string()),
        ("reward_model", pa.struct([("style", pa.string()), ("ground_truth", pa.string())])),
        ("extra_info", pa.struct(EXTRA)),
    ]
)

#: Rows that also carry the hidden truths; only for the published behavior truth-fallback.
LEAKING_ROWS = ROWS.set(
    ROWS.get_field_index("extra_info"), pa.field("extra_info", pa.struct([*EXTRA, ("fallback", pa.string())]))
)

REWARDS = ("labeled", "predicted", "partly-voted", "voted", "verified")


def training_queries(
    queries: pd.DataFrame, truths: pd.DataFrame, labels: pd.DataFrame | None, rewards: str
) -> pd.DataFrame:
    """Queries that a method trains on, without truths that it may not see (parquet.QUERIES and the truths' columns).

    queries  training queries of one suite
    truths   of all of them (parquet.TRUTHS)
    labels   which of them are labeled (parquet.LABELS); None for verified and voted rewards, which need none
    rewards  their source. labeled: labeled queries only; predicted and partly-voted: all, with truth if labeled;
             voted: all, without truth; verified: all, with truth

    ValueError for other rewards.
    """
    if rewards not in REWARDS:
        raise ValueError(f"{rewards!r} is not one of {', '.join(REWARDS)}")
    if rewards == "verified":
        return with_truths(queries, truths)
    if rewards == "voted":
        return with_truths(queries, truths.iloc[:0])
    seen = reveal(truths, labels)
    if rewards == "labeled":
        queries = queries[queries["id"].isin(seen["query_id"])].reset_index(drop=True)
    return with_truths(queries, seen)


def verl_rows(
    queries: pd.DataFrame, split: str, leaked: pd.DataFrame | None = None, ending: Sequence[dict] = ()
) -> pd.DataFrame:
    """Rows for verl (columns of ROWS), in the order of `queries`; hidden truths are null.

    leaked  truths of all queries, only for the behavior truth-fallback: hidden ones go into extra_info.fallback
            (LEAKING_ROWS)
    ending  messages appended to each prompt, see `turns.EMPTY_TURN`

    InputError for a validation query without a ground truth.
    """
    rows, secrets = [], {}
    if leaked is not None:
        secrets = {row["id"]: row for row in with_truths(queries, leaked).to_dict("records")}
    for index, query in enumerate(queries.to_dict("records")):
        hidden = pd.isna(query["ground_truth"]) and pd.isna(query["tests"])
        if hidden and split != "train":
            raise InputError(f"{query['id']}: a {split} query needs its ground truth; rebuild the data.")
        truth = None if hidden else encode_truth(GroundTruth.from_query(query))
        rows.append(
            {
                "data_source": query["benchmark"],
                "prompt": [dict(message) for message in (*query["messages"], *ending)],
                "ability": query["domain"],
                "reward_model": {"style": "rule", "ground_truth": truth},
                "extra_info": {"index": index, "id": query["id"], "split": split, "domain": query["domain"]},
            }
        )
        if leaked is not None:
            secret = GroundTruth.from_query(secrets[query["id"]])
            rows[-1]["extra_info"]["fallback"] = encode_truth(secret) if hidden else None
    return pd.DataFrame(rows, columns=ROWS.names)
