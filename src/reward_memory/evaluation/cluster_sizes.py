"""Sizes of the clusters that a training run's failures fall into."""

import pandas as pd

#: Class of cluster sizes -> its smallest size. Size 0: the first failure of its kind, or a response without an answer.
CLASSES = {"0": 0, "1": 1, "2-3": 2, "4-7": 4, "8+": 8}
COLUMNS = ["step", "size", "responses"]


def cluster_sizes(responses: pd.DataFrame, cut: float = 0.5) -> pd.DataFrame:
    """Wrong responses of one run by step and class of cluster size (COLUMNS); no rows without an error memory.

    responses  training.responses.STEP_RESPONSES; those dropped by dynamic sampling have no cluster and are left out
    cut        a response is wrong unless its reward is above this, as for `diversity.repeats`

    Every step with a wrong response has a row for every class of CLASSES, in order.
    """
    wrong = responses[(responses["reward"].astype(float) <= cut) & responses["cluster_size"].notna()]
    bounds = [*CLASSES.values(), float("inf")]
    size = pd.cut(wrong["cluster_size"].astype(float), bounds, right=False, labels=list(CLASSES))
    counts = wrong.groupby(["step", size], observed=False).size()
    table = counts.rename_axis(["step", "size"]).reset_index(name="responses")
    return table.astype({"step": int, "size": str, "responses": int})[COLUMNS]
