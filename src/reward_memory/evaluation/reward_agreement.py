"""Agreement of the rewards a policy was trained with and the truth, step by step; computed after the run."""

import numpy as np
import pandas as pd

from .grading import grade
from .reward_model_quality import measure

COLUMNS = ["step", "responses", "true_share", "predicted_share", "agreement", "precision", "recall", "fpr", "auc"]


def agreement(
    queries: pd.DataFrame,
    truths: pd.DataFrame,
    responses: pd.DataFrame,
    grading: dict[str, str],
    threshold: float = 0.5,
) -> list[dict[str, float]]:
    """One row per step in which rewards were predicted.

    queries, truths  parquet.QUERIES and parquet.TRUTHS of the training queries
    responses        responses.parquet of a run: step, query_id, sample, text, reward, probability (NaN where verified)
    grading          arguments of the Grader: isolation and checks
    threshold        probability above which a response counted as correct

    Of the responses with a predicted reward, true_share is the share that is right, predicted_share the mean reward,
    and agreement the share that counted as what it is. precision, recall, fpr and auc are those of the reward model
    (NaN where undefined).
    """
    predicted = responses[responses["probability"].notna()].reset_index(drop=True)
    if predicted.empty:
        return []
    benchmarks = dict(zip(queries["id"], queries["benchmark"], strict=True))
    predicted["benchmark"] = predicted["query_id"].map(benchmarks)
    predicted["truth"] = grade(queries, truths, predicted, grading)["reward"]
    rows = []
    for step, part in predicted.groupby("step"):
        group, names = pd.factorize(part["query_id"])
        once = np.ones((1, len(names)))
        measured = measure(part["truth"].to_numpy(), part["probability"].to_numpy(), group, once, threshold)
        values = {name: value for name, (value,) in measured.items()}
        shares = {"true_share": values["base_rate"], "predicted_share": part["reward"].mean()}
        metrics = {name: values[name] for name in ("precision", "recall", "fpr", "auc")}
        rows.append({"step": int(step), "responses": len(part), **shares, "agreement": values["accuracy"], **metrics})
    return rows
