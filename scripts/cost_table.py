"""Estimate the cost of the configuration, next to the measurements of its finished jobs."""

from pathlib import Path

from reward_memory.cost.jobs import configured
from reward_memory.cost.model import Model
from reward_memory.cost.table import cost_table
from reward_memory.jobs.job import job
from reward_memory.settings import Configuration
from reward_memory.storage import csv_tables

with job(snakemake) as run:
    given, lent = run.params, snakemake.resources
    limits = {"gpu": lent.lent_gpu, "mem_mb": lent.lent_mem_mb, "cores": lent.lent_cores}
    jobs = configured(given.snakefile, given.config)
    model = Model(Configuration.model_validate(given.config), Path(given.reference), limits["gpu"])
    csv_tables.write(cost_table(jobs, model, limits=limits), run.output[0], form="%.6g")
