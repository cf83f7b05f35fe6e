"""Choose the labeled training queries of a suite."""

from reward_memory.data.labels import route
from reward_memory.jobs.job import job
from reward_memory.storage import parquet

with job(snakemake) as run:
    queries = parquet.read_all(run.input, parquet.QUERIES)
    labels = route(queries, int(run.wildcards.ratio), run.params.seed, run.params.fidelity)
    parquet.write(labels, run.output[0], parquet.LABELS)
