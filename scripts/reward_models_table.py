"""Build the table of the reward models' quality on unlabeled queries."""

import pandas as pd

from reward_memory.jobs.job import job
from reward_memory.report.tables.reward_models import COLUMNS, each_model, published_quality, rows
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    published = published_quality(pd.read_csv(run.input.published))
    given, found = run.params, []
    predictions = parquet.read_all(run.input.predictions, parquet.PREDICTIONS)
    for model, tables in each_model(predictions, given.policies, given.predictors, given.ratios, given.redrawn):
        found += rows(tables, model, published, given.sources)
    csv_tables.write(found, run.output[0], COLUMNS, form="%.4f")
