"""Write the validation rows of a suite."""

from reward_memory.jobs.job import job
from reward_memory.storage import parquet
from reward_memory.training.rows import ROWS, verl_rows
from reward_memory.training.turns import EMPTY_TURN

with job(snakemake) as run:
    queries = parquet.read_all(run.input.queries, parquet.QUERIES)
    truths = parquet.read_all(run.input.truths, parquet.TRUTHS)
    ending = EMPTY_TURN if run.params.empty_turn else ()
    parquet.write(verl_rows(parquet.with_truths(queries, truths), "valid", ending=ending), run.output[0], ROWS)
