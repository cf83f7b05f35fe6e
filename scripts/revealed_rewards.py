"""Keep the verdicts on labelled queries."""

from reward_memory import schemas
from reward_memory.labels import reveal
from reward_memory.runtime import job

with job(snakemake) as run:
    verdicts = schemas.read(run.input.verdicts, schemas.VERDICTS)
    labels = schemas.read(run.input.labels, schemas.LABELS)
    schemas.write(reveal(verdicts, labels), run.output[0], schemas.VERDICTS)
