"""Pre-train a tiny policy."""

from pathlib import Path

from reward_memory.jobs.job import job
from reward_memory.policies.bootstrap.pretraining import bootstrap

with job(snakemake, lasting="bootstrap_policy") as run:
    figures = bootstrap(Path(run.output[0]), state=run.state, **run.params.bootstrap)
    print(figures)
