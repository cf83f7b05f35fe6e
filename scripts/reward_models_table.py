"""Collect what the reward models say of unlabeled queries into one table."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.tables.reward_models import COLUMNS, each_model, published_quality, rows
from reward_memory.storage import parquet
from reward_memory.storage.files import atomic_path

with job(snakemake) as run:
    published = published_quality(pd.read_csv(run.input.published))
    given, found = run.params, []
    predictions = parquet.read_all(run.input.predictions, parquet.PREDICTIONS)
    for model, tables in each_model(predictions, given.policies, given.predictors, given.ratios, given.redrawn):
        found += rows(tables, model, published, given.sources)
    with atomic_path(run.output[0]) as temporary:
        pd.DataFrame(found, columns=COLUMNS).to_csv(temporary, index=False, float_format="%.4f")
