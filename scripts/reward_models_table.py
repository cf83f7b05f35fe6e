"""Collect what the reward models say of unlabelled queries into one table."""

from itertools import product

import pandas as pd

from reward_memory.evaluation import reward_models
from reward_memory.provenance import atomic_path
from reward_memory.runtime import job

with job(snakemake) as run:
    published = pd.read_csv(run.input.published)
    seeds = len(run.params.seeds)
    files = [run.input.predictions[at : at + seeds] for at in range(0, len(run.input.predictions), seeds)]
    models = product(run.params.policies, run.params.predictors, run.params.ratios)
    rows = []
    for (policy, predictor, ratio), paths in zip(models, files, strict=True):
        model = {"policy": policy, "predictor": predictor, "label_ratio": ratio}
        rows += reward_models.rows(reward_models.read(paths), model, published)
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(rows, columns=reward_models.COLUMNS).to_csv(temporary, index=False, float_format="%.4f")
