"""Load a policy that the user brings once, before anything else does."""

from pathlib import Path

from reward_memory.jobs.job import job
from reward_memory.policies.loading import load
from reward_memory.storage.files import write_json

with job(snakemake) as run:
    write_json(run.output[0], load(run.wildcards.policy, Path(run.input.policy)))
