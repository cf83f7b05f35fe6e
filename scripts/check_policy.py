"""Load a policy that the user brings once, before anything else does."""

from pathlib import Path

from reward_memory.policies.loading import load
from reward_memory.provenance import write_json
from reward_memory.runtime import job

with job(snakemake) as run:
    write_json(run.output[0], load(run.wildcards.policy, Path(run.input.policy)))
