"""Compare the rewards of a training run with the hidden truth."""

import pandas as pd

from reward_memory.evaluation.reward_agreement import COLUMNS, agreement
from reward_memory.jobs.job import job
from reward_memory.storage import csv_tables, parquet
from reward_memory.training.objectives.predicted import FromPrediction
from reward_memory.training.responses import STEP_RESPONSES

with job(snakemake) as run:
    queries = parquet.read_all(run.input.queries, parquet.QUERIES)
    truths = parquet.read_all(run.input.truths, parquet.TRUTHS)
    predicted = FromPrediction.of(run.params.predicted_rewards)
    responses = parquet.read(run.input.responses, STEP_RESPONSES)
    rows = agreement(queries, truths, responses, run.params.grading, predicted.threshold)
    table = pd.DataFrame(rows, columns=COLUMNS).assign(**run.names)
    csv_tables.write(table[[*run.names, *COLUMNS]], run.output[0], form="%.4f")
