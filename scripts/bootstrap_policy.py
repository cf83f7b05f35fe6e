"""Pre-train a tiny policy."""

from pathlib import Path

from reward_memory.jobs.job import job
from reward_memory.policies.bootstrap.pretraining import bootstrap
from reward_memory.settings import Bootstrap

with job(snakemake, lasting="bootstrap_policy") as run:
    figures = bootstrap(Path(run.output[0]), Bootstrap.model_validate(run.params.bootstrap), run.state)
    print(figures)
