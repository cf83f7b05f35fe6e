"""Build the calibration table of the reward models."""

from reward_memory.evaluation.calibration import COLUMNS, reliability_rows
from reward_memory.jobs.job import job
from reward_memory.report.tables.reward_models import each_model
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    given, rows = run.params, []
    predictions = parquet.read_all(run.input.predictions, parquet.PREDICTIONS)
    for model, tables in each_model(predictions, given.policies, given.predictors, given.ratios, given.redrawn):
        rows += reliability_rows(tables, model)
    csv_tables.write(rows, run.output[0], COLUMNS, form="%.4f")
