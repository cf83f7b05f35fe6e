"""Build the table of the quality of predicted rewards over thresholds."""

from reward_memory.jobs.job import job
from reward_memory.report.tables.reward_models import each_model
from reward_memory.report.tables.thresholds import COLUMNS, GRID, threshold_rows
from reward_memory.storage import csv_tables, parquet

with job(snakemake) as run:
    given, rows = run.params, []
    thresholds = sorted({*GRID, *given.thresholds})
    predictions = parquet.read_all(run.input.predictions, parquet.PREDICTIONS)
    for model, tables in each_model(predictions, given.policies, given.predictors, given.ratios, given.redrawn):
        rows += threshold_rows(tables, model, thresholds)
    csv_tables.write(rows, run.output[0], COLUMNS, form="%.4f")
