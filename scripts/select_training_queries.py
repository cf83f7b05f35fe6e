"""Write the training rows of a method; rows whose labels it may not use carry no ground truth."""

from reward_memory.jobs.job import job
from reward_memory.storage import parquet
from reward_memory.training.rows import LEAKING_ROWS, ROWS, training_queries, verl_rows
from reward_memory.training.turns import EMPTY_TURN

with job(snakemake) as run:
    queries = parquet.read_all(run.input.queries, parquet.QUERIES)
    truths = parquet.read_all(run.input.truths, parquet.TRUTHS)
    labels = parquet.read(run.input.labels, parquet.LABELS) if run.input.labels else None
    if run.params.unlabeled:
        labels = labels.assign(labeled=False)
    visible = training_queries(queries, truths, labels, run.wildcards.rewards)
    leaking = run.params.leaking
    ending = EMPTY_TURN if run.params.empty_turn else ()
    rows = verl_rows(visible, "train", truths if leaking else None, ending)
    parquet.write(rows, run.output[0], LEAKING_ROWS if leaking else ROWS)
