"""Check that a policy given by path loads."""

from pathlib import Path

from reward_memory.jobs.job import job
from reward_memory.policies.loading import load
from reward_memory.storage.files import write_json

with job(snakemake) as run:
    write_json(run.output[0], load(run.wildcards.policy, Path(run.input.policy)))
