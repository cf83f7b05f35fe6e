"""Pre-train a tiny policy."""

from pathlib import Path

from reward_memory.policies.pretraining import bootstrap
from reward_memory.runtime import job

with job(snakemake, lasting="bootstrap_policy") as run:
    figures = bootstrap(Path(run.output[0]), state=run.state, **run.params.bootstrap)
    print(figures)
