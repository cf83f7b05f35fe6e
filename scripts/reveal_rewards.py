"""Keep the verdicts on labeled queries."""

from reward_memory.data.labels import reveal
from reward_memory.jobs.job import job
from reward_memory.storage import parquet

with job(snakemake) as run:
    verdicts = parquet.read(run.input.verdicts, parquet.VERDICTS)
    labels = parquet.read(run.input.labels, parquet.LABELS)
    parquet.write(reveal(verdicts, labels), run.output[0], parquet.VERDICTS)
